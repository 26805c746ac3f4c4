# SPDX-License-Identifier: Apache-2.0
"""A User VM is created, booted, powered off and destroyed again and again, and nothing of it stays."""
import json

LIVES = 20
START_S = 150
SLACK_KIB = 2048  # what the Service VM's own caches may take: a leaked life would be 128 MiB, a leaked pin 4 KiB a page


def hsm_counter(machine, name):
    return int(machine.shell(f"cat /sys/bus/pci/drivers/bulkhead_hsm/*/hsm/{name}"))


def tables_used(machine):
    return {vm["name"]: vm["tables_used"] for vm in json.loads(machine.shell("bhctl stats --json"))["vms"]}


def free_kib(machine):
    machine.shell("sync; echo 3 >/proc/sys/vm/drop_caches")
    return int(machine.shell("awk '/^MemFree/ { print $2 }' /proc/meminfo"))


def one_life(machine):
    machine.shell(f"vm_start cat 1 128; vm_expect ready {START_S}", START_S)
    machine.shell("vm_stop", 90)


def test_twenty_lives_leave_everything_where_it_was(linux):
    machine = linux("service-only")
    one_life(machine)  # slabs and per-CPU lists of the Service VM's kernel grow once
    pages, memory = tables_used(machine), free_kib(machine)
    for _ in range(LIVES):
        one_life(machine)
    assert tables_used(machine) == pages
    assert hsm_counter(machine, "vms") == 0
    assert hsm_counter(machine, "pinned_pages") == 0
    assert free_kib(machine) >= memory - SLACK_KIB
    assert machine.text("hypervisor").count("FAILED") == 0
