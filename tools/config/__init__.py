# SPDX-License-Identifier: Apache-2.0
"""The config compiler: scenario.yaml and board.yaml in, partition table out."""
from tools.config.compile import compile_scenario, load_scenario
from tools.config.source import ConfigError

__all__ = ["ConfigError", "compile_scenario", "load_scenario"]
