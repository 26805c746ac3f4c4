# SPDX-License-Identifier: Apache-2.0
"""The hypervisor's own page tables, read out of the running machine: rights by section, nothing under a stack, no more mapped."""
import re
import socket
import struct
import subprocess
import time

import pytest

from tools.boot import BUILD

ELF = BUILD / "hv" / "hv.elf64"
PAGE = 4096
PRESENT, WRITE, LARGE, NX, ADDRESS = 1, 2, 1 << 7, 1 << 63, 0x000FFFFFFFFFF000


def symbols():
    """{name: (address, size)}"""
    found = {}
    for line in subprocess.run(["nm", "-S", ELF], capture_output=True, text=True, check=True).stdout.splitlines():
        words = line.split()
        if len(words) in (3, 4):
            found[words[-1]] = (int(words[0], 16), int(words[1], 16) if len(words) == 4 else 0)
    return found


def constant(file, name):
    return int(re.search(rf"^#define {name}\s+(\d+)", (BUILD.parent / file).read_text(), re.M).group(1))


class Memory:
    """Physical memory, through QEMU's monitor."""

    def __init__(self, folder):
        self.folder = folder
        self.monitor = socket.socket(socket.AF_UNIX)
        for _ in range(100):
            try:
                self.monitor.connect(str(folder / "monitor"))
                break
            except OSError:
                time.sleep(0.1)
        self.answer()

    def answer(self):
        text = b""
        while not text.endswith(b"(qemu) "):
            more = self.monitor.recv(4096)
            assert more, "the machine closed its monitor"
            text += more
        return text

    def words(self, address, count):
        file = self.folder / "memory"
        self.monitor.sendall(f'pmemsave {address:#x} {count * 8} "{file}"\n'.encode())
        self.answer()
        return struct.unpack(f"<{count}Q", file.read_bytes())


@pytest.fixture
def tables(start, folder):
    """({page address: its entry} of all that is mapped below 1 GiB, symbols)"""
    (folder / "monitor").unlink(missing_ok=True)
    # A relative path, since a socket's may not be long.
    place = (folder / "monitor").relative_to(BUILD.parent)
    machine = start("rt-only", extra=["-monitor", f"unix:{place},server=on,wait=off"])
    machine.wait_for("rtvm", r"^rtvm: ")
    memory, found = Memory(place.parent), symbols()
    pml4 = memory.words(found["host_pml4"][0], 512)
    pdpt = memory.words(found["host_pdpt"][0], 512)
    pages = {}
    for i, entry in enumerate(memory.words(found["image_pd"][0], 512)):
        if entry & PRESENT and entry & LARGE:
            for k in range(512):
                pages[i * 512 * PAGE + k * PAGE] = (entry & ~LARGE) + k * PAGE
        elif entry & PRESENT:
            for k, leaf in enumerate(memory.words(entry & ADDRESS, 512)):
                if leaf & PRESENT:
                    pages[i * 512 * PAGE + k * PAGE] = leaf
    return pml4, pdpt, pages, found


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
