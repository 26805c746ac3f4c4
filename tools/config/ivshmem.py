# SPDX-License-Identifier: Apache-2.0
"""Shared-memory devices: which VM has one for which region, and where it sees them."""
from tools.config.layout import C, Ivshmem
from tools.config.source import parse_bytes

REGISTERS_SIZE = C["PART_IVSHMEM_REGISTERS"]     # BAR 0 and BAR 1
REGISTERS_GPA = 0xFE800000         # of a pre-launched VM's first device, below the IOAPIC
INTERVAL_US = 100                  # least time between two interrupts by one doorbell, unless the scenario says another


USER = C["PART_MAX_VM"]             # in place of a VM's index, and peer number: an end for User VMs (PART_IVSHMEM_USER)


def user_ends(data):
    return data.get("user_vms", {}).get("shared", [])


def users(data):
    """(path of the entry in a VM's shared list, VM's index, VM, entry, region's index, region) of each device, VM by VM, those of User VMs last."""
    regions = {region["name"]: (index, region) for index, region in enumerate(data.get("shared_memory", []))}
    for number, (path, vm) in enumerate([(("service_vm",), data["service_vm"])] +
                                        [(("prelaunched_vms", i), vm) for i, vm in enumerate(data.get("prelaunched_vms", []))]):
        for index, use in enumerate(vm.get("shared", [])):
            if "doorbells" in use and use["name"] in regions:
                yield path + ("shared", index), number, vm, use, *regions[use["name"]]
    for index, use in enumerate(user_ends(data)):
        if use["name"] in regions:
            yield ("user_vms", "shared", index), USER, {"name": "User VMs"}, {"doorbells": {}, **use}, *regions[use["name"]]


def align(value, step):
    return -(-value // step) * step


def places(data, board):
    """{path: (registers, memory)}: guest addresses of each device's BARs; the Service VM's are in the board's virtual_bars."""
    found = {}
    window = board.get("virtual_bars", {"address": 0, "size": 0})
    at = window["address"]
    for path, number, _, use, _, region in users(data):
        doorbells, size = use["doorbells"], parse_bytes(region["size"])
        memory = use.get("gpa", region["address"])
        if number == 0:
            memory = align(at, size)
            at = memory + size
        if number == USER:
            found[path] = (0, 0)        # the device model places them
            continue
        own = sum(1 for other in found if other[:-1] == path[:-1])
        found[path] = (doorbells.get("registers", REGISTERS_GPA + own * REGISTERS_SIZE), memory)
    for path, number, _, use, _, _ in users(data):
        if number == 0 and "registers" not in use["doorbells"]:
            found[path] = (at, found[path][1])
            at += REGISTERS_SIZE
    return found, max(0, at - window["address"] - parse_bytes(window["size"]))


def check_user_ends(fail, data):
    names = [region["name"] for region in data.get("shared_memory", [])]
    services = {use["name"]: use.get("access", "write") for use in data["service_vm"].get("shared", [])}
    seen = set()
    for index, use in enumerate(user_ends(data)):
        path = ("user_vms", "shared", index, "name")
        if use["name"] not in names:
            fail(path, f"there is no shared region {use['name']}", f"use one of {', '.join(names) or '(none defined)'} or add it to shared_memory")
        elif use["name"] not in services:
            fail(path, f"the Service VM does not share region {use['name']}, and a User VM has nothing that the Service VM has not", "add it to shared of service_vm")
        elif services[use["name"]] == "read":
            fail(path, f"the Service VM may only read region {use['name']}, and User VMs have no memory of that kind", "give it access: write in shared of service_vm")
        elif use["name"] in seen:
            fail(path, f"region {use['name']} stands twice", "remove one: one User VM at a time has it")
        seen.add(use["name"])


# REQ-TOO-020
def check_doorbells(fail, data, board, board_name):
    check_user_ends(fail, data)
    connected = {}
    missing = False
    for path, number, vm, use, _, region in users(data):
        connected.setdefault(region["name"], []).append((path, vm["name"]))
        size = parse_bytes(region["size"])
        memory = use.get("gpa", region["address"])
        if size & (size - 1):
            fail(path, f"region {region['name']} has {region['size']}, and the size of a region with doorbells is a power of two", "enlarge it")
        elif number not in (0, USER) and memory % size:
            fail(path, f"{vm['name']} sees region {region['name']} at {memory:#x}, which is not a multiple of its size", "give it a gpa that is")
        missing = missing or (number == 0 and "virtual_bars" not in board)
    for name, ends in connected.items():
        if len(ends) == 1:
            fail(ends[0][0], f"nobody but {ends[0][1]} has doorbells for region {name}", "give doorbells to another VM that shares it")
    if missing:
        fail(("service_vm", "shared"), f"board {board_name} does not say where the BARs of virtual devices may be", "add virtual_bars to it")
    elif places(data, board)[1]:
        fail(("service_vm", "shared"), f"the devices do not fit into virtual_bars of board {board_name}", "make regions smaller or the window larger")


# REQ-TOO-020
def records(data, board):
    where, _ = places(data, board)
    return [Ivshmem(*where[path], number, index, use["doorbells"].get("vectors", 1), 0, use["doorbells"].get("interval_us", INTERVAL_US), 0)
            for path, number, _, use, index, _ in users(data)]


def windows(data, board, path):
    """[(start, size)]: BARs of the devices of the VM at this path."""
    where, _ = places(data, board)
    found = []
    for own, _, _, _, _, region in users(data):
        if own[:-2] == path:
            found += [(where[own][0], REGISTERS_SIZE), (where[own][1], parse_bytes(region["size"]))]
    return found


def doorbell_lines(data, board):
    """For the picture: who has which device."""
    where, _ = places(data, board)
    functions = {}
    for path, number, vm, use, _, region in users(data):
        doorbells = f"{use['doorbells'].get('vectors', 1)} doorbells, each sender's at least {use['doorbells'].get('interval_us', INTERVAL_US)} us apart"
        if number == USER:
            yield f"  {vm['name']}, one at a time: peer {number}, region {region['name']} (bhdm --ivshmem {region['name']}), {doorbells}"
            continue
        function = functions.get(number, 0 if number else 1)
        functions[number] = function + 1
        slot = "00:1e" if number else board.get("hv_device", "00:00.0").partition(".")[0]
        yield f"  {vm['name']}: peer {number}, PCI {slot}.{function}, region {region['name']} at {where[path][1]:#x}, registers at {where[path][0]:#x}, {doorbells}"


assert C["PART_IVSHMEM_VECTORS"] == 8, "as in configs/schema/scenario.json"
