# SPDX-License-Identifier: Apache-2.0
"""Sections of bench.md on what tools/bench/paths.py measures."""
from tools.bench.tables import cell, table
from tools.bench.targets import beyond_percent

SIDES = {"bare": "bare machine", "exclusive": "Bulkhead, exclusive cores", "shared": "Bulkhead, shared cores"}
ACCESSES = {"port": "IN from port 0x21, a PIC in the hypervisor", "mmio": "read of the IOAPIC, in the hypervisor",
            "dm_port": "IN from port 0x604, the ACPI control register in bhdm", "dm_mmio": "read of MMCONFIG at 0xE0000000, in bhdm",
            "nothing": "nothing (what the measurement itself takes)"}
SPREAD = ("least", "mean", "most")
IPI_WORDS = """Both vCPUs in HLT. From before the write of the ICR, over the other vCPU's handler that acknowledges and answers with an interrupt of its own, to the
instruction behind HLT; 1,000 rounds of the same image. Ticks are instructions of both cores."""
ACCESS_WORDS = """Around one read in a User VM without an operating system, of 1,000 rounds. Where bhdm answers, a read is: exit, switch to the Service VM in the hypercall in which bhdm's
thread waits, HSM, return to bhdm, its system call with the answer, the hypercall that finishes and waits, switch back. Service VM and User VM share one core. The most is with a tick of the Service VM's timer, which ends the wait: then
the request comes by an interrupt."""
BOOT_WORDS = """From the kernel's first instruction to the first program of its initial RAM disk, by the TSC, with the same kernel, initial RAM disk and command line, one vCPU. The Service VM is
compared with the same machine without the hypervisor and with one core; bare, the kernel is entered in real mode, in a VM at its 64-bit entry point. The User VM is compared with a machine of the
same memory with virtio disk and entropy source, without HPET, keyboard controller, SATA, SMBus and VGA; it still has a PIT
and a chipset, which bhdm's machine has not, its console's port is the hardware's (bhdm answers each access to the User VM's), and the User VM's ticks contain what the Service VM does for it. On the bare machine part of the time is
spent waiting in calibrations (TSC and APIC timer against the PIT), which a guest of Bulkhead is told: a negative figure does not mean that Bulkhead makes Linux faster."""


def ipi_words(ipi):
    if not ipi:
        return ""
    rows = [[SIDES[side], *(ticks[which] for which in SPREAD)] for side, ticks in ipi.items()]
    return f"## Round trip of an interrupt between two halted vCPUs, in ticks\n\n{IPI_WORDS}\n\n" + table(["where", *SPREAD], rows)


def access_words(access):
    if not access:
        return ""
    rows = [[words, *(access[kind][which] for which in SPREAD)] for kind, words in ACCESSES.items()]
    return f"## What an access costs a User VM, in ticks\n\n{ACCESS_WORDS}\n\n" + table(["access", *SPREAD], rows)


def boot_words(boot):
    if not boot:
        return ""
    rows = [[f"{name.capitalize()} VM", one["bare"], one["bulkhead"], f"{cell(beyond_percent(one))} %"] for name, one in boot.items()]
    return f"## Boot of Linux, in ticks\n\n{BOOT_WORDS}\n\n" + table(["Linux of the", "bare machine", "Bulkhead", "difference"], rows)


def sections(results):
    return [ipi_words(results.get("ipi")), access_words(results.get("access")), boot_words(results.get("linux_boot"))]
