# SPDX-License-Identifier: Apache-2.0
"""scons specification fails on a number that nothing holds, and on one that is not the source's."""
FILE = "docs/specification.md"


def fails(project, *words):
    status, text = project.run("-m", "tools.evidence.specification")
    assert status == 1, text
    for word in words:
        assert word in text, text


def test_the_project_passes(project):
    assert project.run("-m", "tools.evidence.specification") == (0, "")


def test_a_capacity_that_is_not_the_sources(project):
    project.replace("hv/core/limits.h", "#define MAX_PCI_FUNCTION  128U", "#define MAX_PCI_FUNCTION  64U")
    fails(project, "limit.MAX_PCI_FUNCTION is promised as 128; hv/ defines [64]")


def test_a_capacity_that_is_not_promised(project):
    project.replace("hv/core/limits.h", "#define MAX_VCPU ", "#define MAX_NEW 3U\n#define MAX_VCPU ")
    fails(project, "hv/core/limits.h has MAX_NEW, but no limit.MAX_NEW is promised")


def test_a_number_that_no_test_reads(project):
    project.replace(FILE, "| `exits.loaded` |", "| `exits.other` |")
    fails(project, "exits.other: tests/system/test_rt_latency.py does not read exits.other")


def test_a_row_that_cannot_be_read(project):
    project.replace(FILE, "| `exits.loaded` | exits of the running RTVM in that time | 0 |", "| `exits.loaded` | exits of the running RTVM in that time | none |")
    fails(project, "not a promise")
