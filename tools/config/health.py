# SPDX-License-Identifier: Apache-2.0
"""Partition health: what follows the faults of a pre-launched VM."""
from tools.config.layout import C
from tools.config.source import parse_bytes

FAULTS = {"triple_fault": C["PART_FAULT_SHUTDOWN"], "stage2_violation": C["PART_FAULT_STAGE2"],
          "machine_check": C["PART_FAULT_MACHINE_CHECK"], "heartbeat": C["PART_FAULT_HEARTBEAT"]}
ACTIONS = {"stop": C["PART_ON_FAULT_STOP"], "restart": C["PART_ON_FAULT_RESTART"],
           "safe_state": C["PART_ON_FAULT_SAFE_STATE"], "halt": C["PART_ON_FAULT_HALT"]}
FIELDS = ("on_fault", "restart_limit", "heartbeat")
RUNTIME_COUNTER = 40  # offset of interrupts in struct rt_telemetry (abi/rt_telemetry.h)


# REQ-CFG-023
def check_health(fail, path, vm, devices=()):
    """fail(path, what, change) for each field that says nothing, or not enough. devices: (start, size) of its PCI functions' registers."""
    if not vm.get("exclusive", False):
        for field in FIELDS:
            if field in vm:
                fail(path + (field,), f"{vm['name']} is not exclusive; only an exclusive VM has a policy for faults", "leave it out, or set exclusive: true")
    restarts = [fault for fault, action in vm.get("on_fault", {}).items() if action == "restart"]
    if restarts and "restart_limit" not in vm:
        fail(path + ("on_fault", restarts[0]), "restart has no limit", "add restart_limit, the number of restarts after which the VM stops in its safe state")
    if not restarts and "restart_limit" in vm:
        fail(path + ("restart_limit",), "nothing restarts this VM", "leave it out, or say restart for a fault in on_fault")
    beats = vm.get("heartbeat")
    if beats is None and "heartbeat" in vm.get("on_fault", {}):
        fail(path + ("on_fault", "heartbeat"), "there is no heartbeat to miss", "add heartbeat with timeout_us, or leave it out here")
    if beats is not None and "counter" not in beats and not vm.get("shared"):
        fail(path + ("heartbeat",), f"{vm['name']} has no shared region with the runtime's telemetry", "say where the counter is, or give it a shared region")
    if beats is not None and beats.get("counter", 0) % 8:
        fail(path + ("heartbeat", "counter"), f"{beats['counter']:#x} is not a multiple of 8", "align it")
    check_safe_state(fail, path, vm, devices)


def regions_of_counter(vm, scenario):
    """Names of the shared regions that hold the heartbeat counter."""
    counter, uses = vm["heartbeat"].get("counter"), vm.get("shared", [])
    if counter is None:
        return [use["name"] for use in uses[:1]]
    regions = {region["name"]: region for region in scenario.get("shared_memory", []) if "name" in region}
    found = []
    for use in uses:
        region = regions.get(use["name"])
        start = use.get("gpa", region["address"]) if region else 0
        if region and start <= counter < start + parse_bytes(region["size"]):
            found.append(use["name"])
    return found


# REQ-CFG-023
def check_counter(fail, path, vm, scenario):
    """Nobody else may write the counter: the writer could hide that the VM hangs, or stop it by holding the counter still."""
    names = regions_of_counter(vm, scenario) if "heartbeat" in vm else []
    counter = vm.get("heartbeat", {}).get("counter")
    ram = any(part["gpa"] <= counter < part["gpa"] + parse_bytes(part["size"]) for part in vm.get("memory", [])) if counter is not None else True
    if not ram and not names:
        fail(path + ("heartbeat", "counter"), f"{counter:#x} is neither in memory of {vm['name']} nor in a shared region of it", "say where in them the VM counts")
    for other in [scenario["service_vm"], *scenario.get("prelaunched_vms", [])]:
        for use in other.get("shared", []):
            if other is not vm and use["name"] in names and use.get("access", "write") == "write":
                fail(path + ("heartbeat",), f"{other['name']} may write the region {use['name']}, where the counter is",
                     f"give {other['name']} access: read there, or put the counter elsewhere")


def check_safe_state(fail, path, vm, devices):
    ports = [(part["base"], part["count"]) for part in vm.get("ports", [])]
    windows = [(part["address"], parse_bytes(part["size"])) for part in vm.get("mmio", []) if part.get("access", "write") == "write"]
    windows += devices
    for index, write in enumerate(vm.get("safe_state", [])):
        where, size = path + ("safe_state", index), write.get("size", 1)
        if ("port" in write) == ("address" in write):
            fail(where, "a write is to a port or to an address", "give one of the two")
            continue
        at, own, what = (write["port"], ports, "ports") if "port" in write else (write["address"], windows, "writable mmio windows")
        if at % size:
            fail(where, f"{at:#x} is not a multiple of the size {size}", "align it")
        if not any(start <= at and at + size <= start + count for start, count in own):
            fail(where, f"{at:#x}, {size} bytes, is not inside the {what} of {vm['name']}", "a safe state reaches the VM's own devices only")
        if write["value"] >> (8 * size):
            fail(where + ("value",), f"{write['value']:#x} has more than {size} bytes", "raise size, or lower value")


def fill_health(vm, regions, out):
    """regions: guest addresses of the VM's shared regions, in order."""
    if "heartbeat" in vm:
        out.heartbeat_us = vm["heartbeat"]["timeout_us"]
        out.heartbeat_gpa = vm["heartbeat"]["counter"] if "counter" in vm["heartbeat"] else regions[0] + RUNTIME_COUNTER
    writes = vm.get("safe_state", [])
    out.safe_count = len(writes)
    for record, write in zip(out.safe, writes):
        record.kind = C["PART_SAFE_PORT"] if "port" in write else C["PART_SAFE_MEMORY"]
        record.address, record.value, record.size = write.get("port", write.get("address")), write["value"], write.get("size", 1)
    for fault, action in vm.get("on_fault", {}).items():
        out.on_fault[FAULTS[fault]] = ACTIONS[action]
    out.restart_limit = vm.get("restart_limit", 0)
