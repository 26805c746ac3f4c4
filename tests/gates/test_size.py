# SPDX-License-Identifier: Apache-2.0
"""scons size fails on an image that is larger than promised, and without an image."""
import subprocess

import pytest

GATE = ("-m", "tools.evidence.size")
PAGING = "hv/x86/paging.c"
TABLE = "static uint64_t window_pd[ENTRIES] __attribute__((aligned(4096)));\n"


@pytest.fixture
def built(project):
    """build(): the hypervisor of the copy as it is now."""
    def build():
        (project.root / "build" / "hv" / "x86" / "paging.o").unlink(missing_ok=True)  # two texts of one second look alike to SCons
        done = subprocess.run(["scons", "-Q", "-j2", "hv"], cwd=project.root, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    return build


def test_the_project_passes(gate, built):
    built()
    gate.passes("size.memory: ", "size.text: ")


def test_state_that_grows_beyond_the_promise(gate, built, project):
    project.replace(PAGING, TABLE, TABLE + "extern uint8_t more_state[0x100000];\nuint8_t more_state[0x100000];\n")
    built()
    gate.fails("size.memory", "promised are 2,097,152")


def test_code_that_grows_beyond_the_promise(gate, built, project):
    project.replace(PAGING, TABLE, TABLE + '__asm__(".text\\n.skip 65536, 0x90\\n.previous");\n')
    built()
    gate.fails("size.text", "promised are 163,840")


def test_state_that_the_page_tables_do_not_reach(built, project):
    project.replace(PAGING, TABLE, TABLE + "extern uint8_t more_state[0x600000];\nuint8_t more_state[0x600000];\n")
    with pytest.raises(AssertionError, match="data fit three page tables"):
        built()


def test_no_image(gate, project):
    for name in ("hv.elf64", "hv.elf"):
        (project.root / "build" / "hv" / name).unlink(missing_ok=True)
    gate.fails("build/hv/hv.elf64 cannot be read")


def test_a_promise_that_is_missing(gate, built, project):
    built()
    project.replace("docs/specification.md", "`size.memory`", "`size.other`")
    gate.fails("promises no size.memory")
