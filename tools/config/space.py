# SPDX-License-Identifier: Apache-2.0
"""Where things are in a VM's addresses and in the machine's, and where nothing may be."""
from tools.config import pci
from tools.config.source import parse_bytes

PAGE, MIB, GIB = 1 << 12, 1 << 20, 1 << 30
FOUR_GIB = 4 * GIB
GPA_LIMIT, HPA_LIMIT = 1 << 48, 1 << 52     # PART_GPA_LIMIT and PART_HPA_LIMIT in hv/core/partition_check.h
MSI_WINDOW = (0xFEE00000, 0x100000)
IOAPIC = (0xFEC00000, 0x1000)
BUSES = 256         # of MMCONFIG, when the board does not say


def overlap(a, b):
    return a[0] < b[0] + b[1] and b[0] < a[0] + a[1]


def within(part, whole):
    return whole[0] <= part[0] and part[0] + part[1] <= whole[0] + whole[1]


def align(value, step):
    return -(-value // step) * step


def mmconfig(board):
    """[(start, size)] of the PCI configuration window; none when the board names none, or 0."""
    base = board.get("mmconfig", 0)
    return [(base, board.get("mmconfig_buses", BUSES) * pci.BUS_SIZE)] if base else []


# REQ-TOO-001
def controller(board, start, size):
    """What of the machine, which no VM's memory or device may hide, is in there, as in partition_meets_controller(); None: nothing."""
    kept = [("the local APIC and MSI window", *MSI_WINDOW), ("the IOAPIC", *IOAPIC)]
    kept += [(f"PCI configuration (MMCONFIG, {base:#x} to {base + length:#x})", base, length) for base, length in mmconfig(board)]
    return next((what for what, base, length in kept if overlap((start, size), (base, length))), None)


def room(size, taken, windows):
    """The first place of this size in the windows, aligned to it, that meets nothing of taken; None: there is none."""
    for start, length in windows:
        at = align(start, size)
        while within((at, size), (start, length)):
            met = [one for one in taken if overlap((at, size), one)]
            if not met:
                return at
            at = align(max(one[0] + one[1] for one in met), size)
    return None


def kept_ranges(board):
    return [MSI_WINDOW, IOAPIC, *mmconfig(board)]


def without(start, size, holes):
    """The parts of [start, start + size) outside the holes [(start, size)], in order."""
    at, end = start, start + size
    for hole, length in sorted(holes):
        if hole < end and at < hole + length:
            if hole > at:
                yield at, hole - at
            at = max(at, hole + length)
    if at < end:
        yield at, end - at


def vms(scenario):
    """Every VM of the table with its path in the file."""
    yield ("service_vm",), scenario["service_vm"]
    for index, vm in enumerate(scenario.get("prelaunched_vms", [])):
        yield ("prelaunched_vms", index), vm


def service_windows(data, board):
    """(start, size, window): the board's device windows less what pre-launched VMs have, and less what is listed to be lent."""
    given = [(part["address"], parse_bytes(part["size"])) for _, vm in vms(data) for part in vm.get("mmio", [])]
    given += [(part["address"], parse_bytes(part["size"])) for part in data["service_vm"].get("lend_mmio", [])]
    given += [window for _, vm in vms(data) for window in pci.windows(board, vm.get("pci", []))]
    for window in board["mmio"]:
        for start, size in without(window["address"], parse_bytes(window["size"]), given):
            yield start, size, window


def guest_ranges(data, board, vm):
    """[(path in the VM, guest address, size, key to move it by or "")] of what the VM has, but for the Service VM's RAM and windows, and for devices of the hypervisor's."""
    regions = {region["name"]: region for region in data.get("shared_memory", [])}
    parts = [(("memory", i), part["gpa"], parse_bytes(part["size"]), "gpa") for i, part in enumerate(vm.get("memory", []))]
    for key, by in (("mmio", "gpa"), ("lend_mmio", "")):
        parts += [((key, i), part.get("gpa", part["address"]), parse_bytes(part["size"]), by) for i, part in enumerate(vm.get(key, []))]
    last = len(vm.get("pci", [])) - 1
    parts += [(("pci", min(i, last)), *window, "") for i, window in enumerate(pci.windows(board, vm.get("pci", [])))]
    for i, use in enumerate(vm.get("shared", [])):
        if use["name"] in regions:
            region = regions[use["name"]]
            parts.append((("shared", i), use.get("gpa", region["address"]), parse_bytes(region["size"]), "gpa" if "memory" in vm else ""))
    return parts


def ram_needed(data, board, telemetry, service):
    """Bytes that the scenario takes of the machine's RAM; service: what the Service VM needs when the scenario does not say."""
    needed = parse_bytes(board["hypervisor"]["size"]) + telemetry + parse_bytes(data["service_vm"].get("min_memory", service))
    needed += sum(parse_bytes(region["size"]) for region in data.get("shared_memory", []))
    return needed + sum(parse_bytes(part["size"]) for _, vm in vms(data) for part in vm.get("memory", []))
