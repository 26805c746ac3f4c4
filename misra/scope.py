# SPDX-License-Identifier: Apache-2.0
"""What the gate looks at: each program's C files, the folders of its headers, and the words that only others use."""
import collections

from analysers import ROOT

Program = collections.namedtuple("Program", "name folders include")
PROGRAMS = (
    Program("hv", ("hv/boot", "hv/core", "hv/devices", "hv/x86", "hv/x86/svm", "hv/x86/vmx"), ("hv", ".")),
    Program("rtvm", ("rtvm",), ("rtvm", ".")),
)


def sources(program):
    found = sorted(str(path.relative_to(ROOT)) for folder in program.folders for path in (ROOT / folder).glob("*.c"))
    if not found:
        raise RuntimeError(f"no C files in {program.folders}")
    return found


def headers():
    """All headers of the programs; those of abi/ too."""
    folders = ["abi"] + [folder for program in PROGRAMS for folder in program.folders]
    return sorted(str(path.relative_to(ROOT)) for folder in folders for path in (ROOT / folder).glob("*.h"))
