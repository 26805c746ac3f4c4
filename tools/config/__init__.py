# SPDX-License-Identifier: Apache-2.0
"""The config compiler: scenario.yaml and board.yaml in, partition table out."""
