# SPDX-License-Identifier: Apache-2.0
"""User VMs come and go, and leave nothing behind."""
import json

import pytest

TIMES = {"qemu": 20, "bochs": 3}      # a life takes two minutes on Bochs
MEMORY_SLACK_KIB = 32768    # per-CPU page lists of the Service VM move up and down by megabytes; a life holds 128 MiB


def held(machine):
    """What is in use: table pages of User VMs, HSM's counters, the Service VM's free memory in KiB."""
    machine.shell("sync; echo 3 > /proc/sys/vm/drop_caches")
    stats = json.loads(machine.shell("bhctl stats --json"))
    users = [vm for vm in stats["vms"] if vm["kind"] == "user" and vm["state"] != "free"]
    pools = {vm["name"]: vm["tables_used"] for vm in stats["vms"] if vm["kind"] != "user"}
    counters = {name: machine.shell(f"cat /sys/bus/pci/drivers/bulkhead_hsm/*/hsm/{name}") for name in ("vms", "pinned_pages", "ioeventfds", "irqfds", "abandoned_pages")}
    free = int(machine.shell("awk '/MemFree/ { print $2 }' /proc/meminfo"))
    return users, pools, counters, free


def one_life(machine, number):
    machine.shell(f"vm_start user{number} 1 128; vm_expect ready 300", 400)
    machine.shell(f"vm_ask 'ping {number}' 'pong {number}' 60", 100)
    machine.shell("vm_stop", 200)
    machine.wait_for("user", r"^user: power off", 60, count=number)


@pytest.mark.long_on("bochs")
# REQ-LIF-002
def test_twenty_lives_leave_everything_where_it_was(linux, emulator):
    machine = linux("demo")
    one_life(machine, 1)    # what the first use allocates for good is no leak
    users, pools, counters, free = held(machine)
    assert users == [] and counters["vms"] == counters["pinned_pages"] == "0"
    for number in range(2, TIMES[emulator.name] + 2):
        one_life(machine, number)
    after = held(machine)
    assert after[:3] == (users, pools, counters)
    assert abs(after[3] - free) < MEMORY_SLACK_KIB
