# SPDX-License-Identifier: Apache-2.0
import sys

from tools.evidence.report.command import main

sys.exit(main())
