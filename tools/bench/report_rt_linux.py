# SPDX-License-Identifier: Apache-2.0
"""Section of bench.md on what tools/bench/rt_linux.py measures."""
from tools.bench import statistics
from tools.bench.tables import table

SIDES = {"bare": "bare machine", "alone": "Bulkhead, exclusive core, the other cores halted"}
WORDS = """cyclictest with one thread at priority 90 that wakes every millisecond: from the time that it asked for to its own reading of the clock, so Linux's interrupt entry, timer and scheduler are in it.
Debian's PREEMPT_RT kernel with the same command line, 512 MiB and one vCPU. Both machines have `intel-iommu` with `eim=on`, without which Linux on the bare machine would not use
x2APIC; Bulkhead does not show it to the VM. The bare machine's Linux also sees PCI, IOAPIC and ACPI tables of a PC, and has what that starts. On both, QEMU runs one page of the
kernel one instruction to a block, since Linux reads the timer's count there (tools/bench/single_steps.py). There is no target: the figure is reported."""


def words(found):
    if not found:
        return ""
    rows = [[SIDES[side], one["samples"], *(one["latency"][which] for which in statistics.NAMES)] for side, one in found.items()]
    return f"## Latency of PREEMPT_RT Linux, in ticks\n\n{WORDS}\n\n" + table(["where", "samples", "min", "p50", "p99", "p99.99", "max"], rows)
