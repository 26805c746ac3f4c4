# SPDX-License-Identifier: Apache-2.0
"""python3 -m tools.config: the same as ./bulkhead config, for the build."""
import sys

from tools.config.cli import main

sys.exit(main(sys.argv[1:]))
