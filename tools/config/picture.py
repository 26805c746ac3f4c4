# SPDX-License-Identifier: Apache-2.0
"""The core and memory map of a scenario as text."""
from tools.config import pci
from tools.config.check import TELEMETRY_SIZE, image_tags, vms
from tools.config.ivshmem import doorbell_lines, user_ends
from tools.config.links import link_lines
from tools.config.source import parse_bytes


def human(size):
    for unit, name in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if size >= unit:
            return f"{size / unit:g} {name}" if size % unit == 0 else f"{size / unit:.1f} {name}"
    return f"{size} B"


def core_lines(scenario):
    for core in range(scenario.board["cores"]):
        users = [vm["name"] + (" (exclusive)" if vm.get("exclusive") else "") for _, vm in vms(scenario.data) if core in vm["cores"]]
        if core in scenario.data.get("user_vms", {}).get("cores", []):
            users.append("User VMs")
        yield f"  core {core:<2} | {', '.join(users) or '(idle)'}"


def memory_parts(scenario):
    hypervisor = scenario.board["hypervisor"]
    yield hypervisor["address"], parse_bytes(hypervisor["size"]), "hypervisor, boot modules; the rest Service VM"
    yield scenario.data["telemetry"]["address"], TELEMETRY_SIZE, "telemetry (Service VM reads)"
    for region in scenario.data.get("shared_memory", []):
        users = [vm["name"] for _, vm in vms(scenario.data) if any(s["name"] == region["name"] for s in vm.get("shared", []))]
        users += ["User VMs"] if any(s["name"] == region["name"] for s in user_ends(scenario.data)) else []
        yield region["address"], parse_bytes(region["size"]), f"shared region {region['name']}: {', '.join(users) or 'nobody'}"
    for _, vm in vms(scenario.data):
        for part in vm.get("memory", []):
            yield part["address"], parse_bytes(part["size"]), f"{vm['name']}, which sees it at {part['gpa']:#x}"


def memory_lines(scenario):
    rest = f"{scenario.data['service_vm']['name']} (Service VM)"
    for ram in scenario.board["ram"]:
        at, end = ram["address"], ram["address"] + parse_bytes(ram["size"])
        for start, size, what in sorted(p for p in memory_parts(scenario) if at <= p[0] < end):
            if start > at:
                yield memory_line(at, start - at, rest)
            yield memory_line(start, size, what)
            at = start + size
        if at < end:
            yield memory_line(at, end - at, rest)


def memory_line(start, size, what):
    return f"  {start:#013x} - {start + size - 1:#013x} {human(size):>10} | {what}"


def share_text(vm):
    share = vm.get("cache", {})
    words = [f"{level.upper()} ways {share[level][0]} to {share[level][1]}" for level in ("l2", "l3") if level in share]
    words += [f"{share['bandwidth']} % of the memory bandwidth"] if "bandwidth" in share else []
    return ", " + ", ".join(words) if words else ""


def device_lines(scenario):
    """Functions of pre-launched VMs, where each sees them, and their memory."""
    for _, vm in vms(scenario.data):
        for index, text in enumerate(vm.get("pci", []), 1):
            address = pci.address_of(scenario.board, text)
            known = next(iter(pci.matches(scenario.board, address)), {})
            at = ", ".join(f"{start:#x} {human(size)}" for start, size in pci.windows(scenario.board, [address]))
            yield f"  {address} | {vm['name']}, which sees it at 00:{index:02x}.0" + (f" | {known.get('name', known['id'])}" if known else "") + (f" | {at}" if at else "")


def draw(scenario):
    data = scenario.data
    lines = [f"scenario {scenario.name} on board {data['board']}", "", "cores"]
    lines += core_lines(scenario)
    lines += ["", "memory"]
    lines += memory_lines(scenario)
    devices = list(device_lines(scenario))
    lines += ["", "PCI functions; the others are the Service VM's", *devices] if devices else []
    doorbells = list(doorbell_lines(data, scenario.board))
    lines += ["", "shared-memory devices", *doorbells] if doorbells else []
    serial = list(link_lines(data))
    lines += ["", "serial lines between VMs", *serial] if serial else []
    user = data.get("user_vms")
    lines += ["", f"User VMs: at most {user['max_vms']}, {user['max_vcpus']} vCPUs each" if user else "User VMs: none"]
    for _, vm in vms(data):
        image = " + ".join(tag for _, tag in image_tags(vm))
        lines.append(f"{vm['name']}: {len(vm['cores'])} vCPU{'s' if len(vm['cores']) > 1 else ''}, {vm['image']['type']} image {image}"
                     + share_text(vm) + (f", command line: {vm['cmdline']}" if vm.get("cmdline") else ""))
    return "\n".join(lines)
