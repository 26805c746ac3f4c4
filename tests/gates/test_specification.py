# SPDX-License-Identifier: Apache-2.0
"""scons specification fails on a number that nothing holds, and on one that is not the source's."""
GATE = ("-m", "tools.evidence.specification")
FILE = "docs/specification.md"


def test_the_project_passes(gate):
    assert gate.passes() == ""


def test_a_capacity_that_is_not_the_sources(gate, project):
    project.replace("hv/core/limits.h", "#define MAX_PCI_FUNCTION  128U", "#define MAX_PCI_FUNCTION  64U")
    gate.fails("limit.MAX_PCI_FUNCTION is promised as 128; hv/ defines [64]")


def test_a_capacity_that_is_not_promised(gate, project):
    project.replace("hv/core/limits.h", "#define MAX_VCPU ", "#define MAX_NEW 3U\n#define MAX_VCPU ")
    gate.fails("hv/core/limits.h has MAX_NEW, but no limit.MAX_NEW is promised")


def test_a_number_that_no_test_reads(gate, project):
    project.replace(FILE, "| `exits.loaded` |", "| `exits.other` |")
    gate.fails("exits.other: tests/system/test_rt_latency.py does not read exits.other")


def test_a_row_that_cannot_be_read(gate, project):
    project.replace(FILE, "| `exits.loaded` | exits of the running RTVM in that time | 0 |", "| `exits.loaded` | exits of the running RTVM in that time | none |")
    gate.fails("not a promise")
