# SPDX-License-Identifier: Apache-2.0
"""What KVM and Xen take on the same paths, in the same emulator and the same counted time. Measured once, by hand (2026-11-22), not by ./bulkhead bench;
they are quoted with what makes them unlike Bulkhead's figures."""

# By name of the target: (KVM, Xen). KVM: Debian's 6.1 tuned as for real time (isolated core, no halt polling) unless said. Xen: 4.17, PVH guest.
FIGURES = {
    "latency-alone": ("latency p50 5,385; 268 with the TSC deadline timer (bare machine: 13)", "latency p50 7,587"),
    "exits-alone": ("3 an interrupt", "3 an interrupt"),
    "cost-cpuid": ("3,417", "5,441"),
    "cost-hypercall": ("3,679", "5,562"),
    "cost-hypercall-shared": ("3,679", "5,562"),
    "cost-port": ("2,019; untuned 1,731", "1,133"),
    "cost-msr": ("3,495", "5,352"),
    "cost-device-model": ("6,998; untuned 6,343", "no device model"),
    "timer-shared-exits": ("3", "3"),
    "timer-shared": ("11,365", "14,519"),
    "ipi-exclusive": ("p50 37,948", "p50 41,055"),
    "ipi-shared": ("p50 38,632; untuned 22,375", "p50 41,055"),
    "boot-linux-user": ("−0.5 %", ""),
}
CAVEATS = """
KVM and Xen: measured once, apart from this run, with QEMU 10.0.2, Debian's Linux 6.1 and Xen 4.17 and a guest of their own; the bare machine's timer latency is 13 ticks in that guest.
The **port exit is the fair row**: QEMU offers neither NRIP save nor decode assists, so that KVM and Xen decode the instruction of a CPUID, MSR, VMMCALL or MMIO exit in software, most of
the difference between their CPUID and port rows (1,398 and 4,308 ticks); on a processor that has them they are cheaper. KVM's device model is a program of a few lines on the
same core, called straight from the exit; bhdm is another VM's program. KVM with the TSC deadline timer, which the emulated processor has not got, arms early and waits in a loop. A round
trip between halted vCPUs is the work of both cores, which real cores partly do at the same time. KVM's guest boots without firmware, PCI and ACPI, against a bare machine without PCI and ACPI.
"""


def figures(name):
    """Two cells of the table of targets."""
    return FIGURES.get(name, ("", ""))
