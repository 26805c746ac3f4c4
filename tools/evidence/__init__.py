# SPDX-License-Identifier: Apache-2.0
"""Gates, their results, and the report that collects them."""
