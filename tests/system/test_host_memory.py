# SPDX-License-Identifier: Apache-2.0
"""The hypervisor's own page tables, read out of the running machine: rights by section, nothing under a stack, no more mapped."""
import re
import struct

import pytest

from outside import hv_symbols
from tools.boot import BUILD

PAGE = 4096
PRESENT, WRITE, LARGE, NX, ADDRESS = 1, 2, 1 << 7, 1 << 63, 0x000FFFFFFFFFF000


def constant(file, name):
    return int(re.search(rf"^#define {name}\s+(\d+)", (BUILD.parent / file).read_text(), re.M).group(1))


def words(debugger, address, count):
    return struct.unpack(f"<{count}Q", debugger.read(address, count * 8))


@pytest.fixture
def tables(start, debugger):
    """({page address: its entry} of all that is mapped below 1 GiB, symbols)"""
    machine, found = start("rt-only", debugger=debugger), hv_symbols()
    machine.wait_for("rtvm", r"^rtvm: ")
    with debugger.stopped():
        return *page_tables(debugger, found), found


def page_tables(debugger, found):
    """The two highest levels, and {page address: its entry}."""
    pml4 = words(debugger, found["host_pml4"][0], 512)
    pdpt = words(debugger, found["host_pdpt"][0], 512)
    pages = {}
    for i, entry in enumerate(words(debugger, found["image_pd"][0], 512)):
        if entry & PRESENT and entry & LARGE:
            for k in range(512):
                pages[i * 512 * PAGE + k * PAGE] = (entry & ~LARGE) + k * PAGE
        elif entry & PRESENT:
            for k, leaf in enumerate(words(debugger, entry & ADDRESS, 512)):
                if leaf & PRESENT:
                    pages[i * 512 * PAGE + k * PAGE] = leaf
    return pml4, pdpt, pages


# REQ-ISO-015 REQ-ISO-016
# REQ-ISO-016
def test_rights_follow_the_sections_and_each_stack_ends_at_a_hole(tables):
    pml4, pdpt, pages, found = tables
    at = {name: address for name, (address, _) in found.items()}
    assert [i for i, entry in enumerate(pml4) if entry & PRESENT] == [0]
    assert len([i for i, entry in enumerate(pdpt) if entry & PRESENT]) == 2  # the image and the windows
    assert all(leaf & ADDRESS == page for page, leaf in pages.items())
    assert all(not (leaf & WRITE and not leaf & NX) for leaf in pages.values())
    assert all(at["image_start"] <= page < at["image_end"] for page in pages)
    stack, ist = constant("hv/x86/cpu.h", "STACK_SIZE"), constant("hv/x86/cpu.h", "IST_STACK_SIZE")
    cores = constant("hv/core/limits.h", "MAX_PCPU")
    base, size = found["pcpu_stacks"]
    assert size == cores * (3 * PAGE + 2 * ist + stack)
    holes = set()
    for core in range(cores):
        first = base + core * (size // cores)
        holes |= {first, first + PAGE + ist, first + 2 * (PAGE + ist)}
    for page in range(at["image_start"], at["image_end"], PAGE):
        entry = pages.get(page, 0)
        if page in holes:
            assert entry == 0, f"guard page {page:#x} is mapped"
        elif page < at["rodata_start"]:
            assert entry & PRESENT and not entry & (WRITE | NX), f"text {page:#x}"
        elif page < at["data_start"] or at["sealed_start"] <= page < at["sealed_end"]:
            assert entry & PRESENT and entry & NX and not entry & WRITE, f"constant {page:#x}"
        else:
            assert entry & PRESENT and entry & NX and entry & WRITE, f"data {page:#x}"
