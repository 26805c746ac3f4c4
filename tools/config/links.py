# SPDX-License-Identifier: Apache-2.0
"""Serial lines between VMs: links: [{uart: [service:com4, rtvm:com2]}]."""
from tools.config.layout import C, Uart

# What a PC calls them: first port, and the interrupt line of a VM on shared cores (an exclusive VM polls).
PORTS = {"com1": (0x3F8, 4), "com2": (0x2F8, 3), "com3": (0x3E8, 4), "com4": (0x2E8, 3)}


def everyone(data):
    return [data["service_vm"], *data.get("prelaunched_vms", [])]


def ends(data):
    """(path, VM's name, name of the port) of each end, line by line."""
    for index, link in enumerate(data.get("links", [])):
        for end, text in enumerate(link["uart"]):
            yield ("links", index, "uart", end), *text.split(":")


# REQ-TOO-030
def check_links(fail, data):
    known = {vm["name"]: vm for vm in everyone(data)}
    taken = {}
    for path, name, port in ends(data):
        base = PORTS[port][0]
        if name not in known:
            fail(path, f"there is no VM {name}", f"use one of {', '.join(known)}; a User VM's UART is its device model's")
            continue
        if any(part["base"] < base + C["PART_UART_PORTS"] and base < part["base"] + part["count"] for part in known[name].get("ports", [])):
            fail(path, f"{name} has ports of the machine at {port}, {base:#x} to {base + C['PART_UART_PORTS'] - 1:#x}", "use another one of com1 to com4, or take these ports from it")
        other = taken.get((name, port))
        if other:
            fail(path, f"{name}:{port} is an end of links[{other[1]}] already", "use another one of com1 to com4; a line has two ends")
        elif path[-1] and name == data["links"][path[1]]["uart"][0].split(":")[0]:
            fail(path, f"the line connects {name} with itself", "name another VM at one end")
        taken[(name, port)] = path


def pin(vm, port):
    return 0 if vm.get("exclusive") else PORTS[port][1]


# REQ-TOO-030
def records(data):
    """Of each line its two ends, one behind the other."""
    number = {vm["name"]: index for index, vm in enumerate(everyone(data))}
    return [Uart(number[name], PORTS[port][0], pin(everyone(data)[number[name]], port), 0) for _, name, port in ends(data)]


def pins(data, vm):
    """{first port: interrupt line, 0 for none} of this VM's ends."""
    return {PORTS[port][0]: pin(vm, port) for _, name, port in ends(data) if name == vm["name"]}


def link_lines(data):
    """For the picture."""
    known = {vm["name"]: vm for vm in everyone(data)}
    for link in data.get("links", []):
        both = [text.split(":") for text in link["uart"]]
        yield "  " + " <-> ".join(f"{name} {port}, {PORTS[port][0]:#x}, " + (f"interrupt {pin(known[name], port)}" if pin(known[name], port) else "polled") for name, port in both)
