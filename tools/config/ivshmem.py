# SPDX-License-Identifier: Apache-2.0
"""Shared-memory devices: which VM has one for which region, and where it sees them."""
from tools.config import space
from tools.config.layout import C, Ivshmem
from tools.config.source import key_text, parse_bytes
from tools.config.space import align

REGISTERS_SIZE = C["PART_IVSHMEM_REGISTERS"]     # BAR 0 and BAR 1
REGISTERS_GPA = 0xFE800000         # of a pre-launched VM's first device, below the IOAPIC, when nothing else of the VM is there
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


def vm_at(data, path):
    """The VM that an entry of a shared list is of."""
    return data["service_vm"] if path[0] == "service_vm" else data["prelaunched_vms"][path[1]]


def free_registers(data, board, vm, more, first=REGISTERS_GPA):
    """Where a pre-launched VM has room for the registers of a device, at first or behind it when it is there; None: nowhere. more: what else is taken."""
    taken = [part[1:3] for part in space.guest_ranges(data, board, vm)] + space.kept_ranges(board) + more
    return space.room(REGISTERS_SIZE, taken, [(first, space.IOAPIC[0] - first), (space.MIB, space.FOUR_GIB - space.MIB)])


def places(data, board):
    """{path: (registers, memory)}: guest addresses of each device's BARs; the Service VM's are in the board's virtual_bars."""
    found = {}
    window = board.get("virtual_bars", {"address": 0, "size": 0})
    at = window["address"]
    by_hand = {path: use["doorbells"]["registers"] for path, _, _, use, _, _ in users(data) if "registers" in use["doorbells"]}
    for path, number, vm, use, _, region in users(data):
        size = parse_bytes(region["size"])
        memory = use.get("gpa", region["address"])
        if number == 0:
            memory = align(at, size)
            at = memory + size
        if number == USER:
            found[path] = (0, 0)        # the device model places them
            continue
        registers = by_hand.get(path)
        if registers is None and number:
            own = [found[other][0] for other in found if other[:-1] == path[:-1]]
            theirs = [(other, REGISTERS_SIZE) for other in own + [at for other, at in by_hand.items() if other[:-1] == path[:-1]]]
            first = REGISTERS_GPA + len(own) * REGISTERS_SIZE
            registers = free_registers(data, board, vm, theirs, first) or first
        found[path] = (registers, memory)
    for path, number, _, use, _, _ in users(data):
        if number == 0 and "registers" not in use["doorbells"]:
            found[path] = (at, found[path][1])
            at += REGISTERS_SIZE
    return found, max(0, at - window["address"] - parse_bytes(window["size"]))


def bars(places_of, path, region):
    """[(start, size)] of one device."""
    return [(places_of[path][0], REGISTERS_SIZE), (places_of[path][1], parse_bytes(region["size"]))]


def in_window(data, board, part):
    return any(space.within(part, (start, size)) for start, size, _ in space.service_windows(data, board))


# REQ-TOO-020
def registers_problem(data, board, path, registers, others):
    """What is wrong with where the registers of a device are, or None. others: [(BAR, region)] of the VM's other devices."""
    part = (registers, REGISTERS_SIZE)
    kept = space.controller(board, *part)
    if registers % space.PAGE or registers == 0 or registers + REGISTERS_SIZE > space.FOUR_GIB:
        return "are not two pages below 4 GiB, on a page boundary and not at 0"
    if kept:
        return f"meet {kept}"
    if path[0] == "service_vm" and not in_window(data, board, part):
        return "are in no device window that the board gives the Service VM"
    met = [key_text(where) for where, start, size, _ in space.guest_ranges(data, board, vm_at(data, path)) if space.overlap(part, (start, size))]
    met += [f"the device of region {name}" for bar, name in others if space.overlap(part, bar)]
    return f"meet {met[0]} of the same VM" if met else None


# REQ-TOO-020
def check_places(fail, data, board, board_name, service):
    """service: the Service VM's devices have places."""
    where, _ = places(data, board)
    devices = [(path, vm, use, region) for path, number, vm, use, _, region in users(data) if number != USER and (number or service)]
    for path, vm, use, region in devices:
        others = [(bar, other["name"]) for own, _, _, other in devices if own[:-1] == path[:-1] and own != path for bar in bars(where, own, other)]
        registers, memory = bars(where, path, region)
        problem = registers_problem(data, board, path, registers[0], others)
        if problem:
            taken = [bar for bar, _ in others]
            free = free_registers(data, board, vm, taken) if path[0] != "service_vm" else space.room(
                REGISTERS_SIZE, taken + [memory], [(start, min(size, space.FOUR_GIB - start)) for start, size, _ in space.service_windows(data, board) if space.MIB <= start < space.FOUR_GIB])
            fail(path + (("doorbells", "registers") if "registers" in use["doorbells"] else ()), f"the registers of the device for region {region['name']}, {registers[0]:#x} to {sum(registers):#x}, {problem}",
                 "give doorbells other registers" + (f", such as {free:#x}" if free else ""))
        if path[0] == "service_vm" and not in_window(data, board, memory):
            fail(path, f"virtual_bars of board {board_name} has the device for region {region['name']} at {memory[0]:#x} to {sum(memory):#x}, which is in no device window that the board gives the Service VM",
                 "correct virtual_bars, or give nothing in it to another VM")


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
        missing = True
    check_places(fail, data, board, board_name, not missing)


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
