# SPDX-License-Identifier: Apache-2.0
"""Section of bench.md on what tools/bench/nic.py measures."""
from tools.bench import statistics
from tools.bench.tables import table

SIDES = {"bare": "bare machine", "alone": "Bulkhead, the other cores halted"}
WAITS = {"poll": "polling", "msix": "MSI-X, in HLT"}
MODES = {"icount": "blocks of instructions", "icount-exact": "one instruction to a block"}
WORDS = """A frame of 60 bytes each millisecond through QEMU's 82574, whose PHY loops it back: from before the register write that hands it over until the real-time VM reads it in memory, or its handler of
the message begins. QEMU's controller takes no time in between, so these are instructions of the real-time image, and of the hypervisor where it has a part: interrupts are remapped by the IOMMU to the core, registers are
mapped. Both machines have `intel-iommu`. There is no target: the figure is reported."""


def words(found):
    if not found:
        return ""
    rows = [[WAITS[wait], SIDES[side], MODES[mode], one["samples"], *(one["latency"][which] for which in statistics.NAMES), one["exits"], one["interrupts"]]
            for wait, modes in found.items() for mode, sides in modes.items() for side, one in sides.items()]
    return f"## Round trip of a frame through an Ethernet controller, in ticks\n\n{WORDS}\n\n" + table(
        ["seen by", "where", "emulation", "samples", "min", "p50", "p99", "p99.99", "max", "VM exits", "interrupts"], rows)
