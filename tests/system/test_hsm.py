# SPDX-License-Identifier: Apache-2.0
"""The Linux module in a running Service VM: hostile and orderly clients, unloading, what bhctl shows."""
import json
import re

import pytest

from tools import setup
from tools.boot import BUILD, known_images
from tools.images.cpio import Archive

DEVICE = "/sys/bus/pci/drivers/bulkhead_hsm/0000:00:1e.0"
CLIENT_TIMEOUT_S = 240
RTVM_CORE = {"qemu": 3, "bochs": 2}


@pytest.fixture
def with_client(linux, folder, emulator):
    """A Service VM with hsm_client in its image: Linux unpacks one archive after the other."""
    extra = Archive()
    extra.file("bin/hsm_client", (BUILD / "hsm" / "hsm_client").read_bytes(), 0o755)
    tag, version = {"qemu": ("service-initrd", setup.service_kernel().version), "bochs": ("cloud-initrd", setup.user_kernel().version)}[emulator.name]
    faulty = BUILD / "hsm" / f"fault-{version}" / "bulkhead_hsm.ko"
    extra.file("root/faulty.ko", faulty.read_bytes())
    initrd = folder / "initrd"
    initrd.write_bytes(known_images()[tag].read_bytes() + extra.pack())
    return linux("demo", images={tag: initrd})


def oopses(machine):
    """What the kernel complained of since the module was loaded; there are warnings about the CPU before."""
    return machine.shell("dmesg | sed -n '/bulkhead_hsm/,$p' | "
                         "grep -E 'BUG|WARNING|Oops|general protection|refused to destroy|hung task'", status=None)


def counters(machine):
    lines = machine.shell(f"grep -H . {DEVICE}/hsm/*").splitlines()
    return {line.split(":")[-2].rpartition("/")[2]: int(line.rpartition(":")[2]) for line in lines}


def tables_used(machine):
    vms = json.loads(machine.shell("bhctl stats --json"))["vms"]
    return {vm["name"]: vm["tables_used"] for vm in vms}


@pytest.mark.long_on("bochs")
# REQ-HSM-002
def test_clients_good_and_hostile(with_client):
    machine = with_client
    before = tables_used(machine)
    result = machine.shell("hsm_client", CLIENT_TIMEOUT_S, status=None)
    assert ", 0 failed" in result and "FAIL" not in result
    after = counters(machine)
    assert {name: after[name] for name in ("vms", "pinned_pages", "ioeventfds", "irqfds", "abandoned_pages")} == \
        {"vms": 0, "pinned_pages": 0, "ioeventfds": 0, "irqfds": 0, "abandoned_pages": 0}
    assert after["upcalls"] > 0 and after["requests"] > after["requests_in_kernel"] > 0
    assert tables_used(machine) == before, "the hypervisor's tables are back where they were"
    assert oopses(machine) == ""


@pytest.mark.long_on("bochs")
# REQ-HSM-001
def test_the_module_can_be_unloaded_and_loaded_again(with_client):
    machine = with_client
    for _ in range(5):
        machine.shell("rmmod bulkhead_hsm")
        machine.shell("[ ! -e /dev/acrn_hsm ]")
        machine.shell("bhctl list 2>&1 | grep -q 'no hypervisor device'")
        machine.shell("insmod /modules/bulkhead_hsm.ko")
        machine.shell("[ -c /dev/acrn_hsm ]")
    # An open file holds the module; closing it lets go.
    machine.shell("exec 9<>/dev/acrn_hsm")
    machine.shell("rmmod bulkhead_hsm", status=1)
    machine.shell("exec 9>&-")
    machine.shell("rmmod bulkhead_hsm")
    machine.shell("insmod /modules/bulkhead_hsm.ko")
    result = machine.shell("hsm_client life guest", CLIENT_TIMEOUT_S, status=None)
    assert ", 0 failed" in result
    assert oopses(machine) == ""


@pytest.mark.long_on("bochs")
# REQ-HSM-004
def test_failures_of_the_hypervisor_leak_nothing(with_client):
    machine = with_client
    machine.shell("rmmod bulkhead_hsm && insmod /root/faulty.ko")
    result = machine.shell("hsm_client fault", CLIENT_TIMEOUT_S, status=None)
    assert ", 0 failed" in result and "abandoned on purpose" in result
    machine.shell("rmmod bulkhead_hsm && insmod /modules/bulkhead_hsm.ko")
    assert ", 0 failed" in machine.shell("hsm_client guest", CLIENT_TIMEOUT_S, status=None)
    # The kernel was told of VMs that could not be destroyed, twice; nothing else went wrong.
    assert oopses(machine).count("\n") == 1 and oopses(machine).count("refused to destroy") == 2


@pytest.mark.long_on("bochs")
# REQ-IO-012 REQ-HSM-009 REQ-RT-030
def test_regions_and_bhctl(with_client, emulator):
    machine = with_client
    regions_are_read_only_unless_the_scenario_says_otherwise(machine)
    bhctl_reads_what_the_hypervisor_publishes(machine, RTVM_CORE[emulator.name])


def regions_are_read_only_unless_the_scenario_says_otherwise(machine):
    machine.shell(f"echo x > {DEVICE}/region_stats", status=1)
    machine.shell(f"echo x > {DEVICE}/region_log", status=1)
    assert machine.shell(f"dd if={DEVICE}/region_stats bs=4 count=1 2>/dev/null") == "BHST"
    assert machine.shell(f"dd if={DEVICE}/region_log bs=4 count=1 2>/dev/null") == "BHLG"
    assert machine.shell(f"dd if={DEVICE}/region_rt0 bs=4 count=1 2>/dev/null") == "BHRT"


def bhctl_reads_what_the_hypervisor_publishes(machine, rtvm_core):
    machine.wait_for("rtvm", "rtvm: steady")
    stats = json.loads(machine.shell("bhctl stats --json"))
    names = {vm["name"]: vm for vm in stats["vms"]}
    assert names["service"]["state"] == "running" and names["rtvm"]["exclusive"]
    for vm in stats["vms"]:
        for vcpu in vm["vcpus"]:
            assert vcpu["exits_total"] == sum(vcpu["exits"].values())
            # each reason that came up took some time, and the longest of them is named
            assert {name for name, ticks in vcpu["worst_ticks"].items() if ticks} <= {name for name, n in vcpu["exits"].items() if n}
            assert vcpu["worst_exit_ticks"] == max(vcpu["worst_ticks"].values())
            assert (vcpu["worst_exit_ticks"] > 0) == (vcpu["worst_exit_tsc"] > 0) == (vcpu["exits_total"] > 0)
    report = json.loads(machine.shell("bhctl rt --once --json"))
    assert report["vm"] == "rtvm" and report["state"] == "steady"
    assert report["steady_exits"] == 0 and report["steady_exits_exact"]
    latency = report["latency_ticks"]
    assert 0 <= latency["min"] <= latency["p50"] <= latency["p99"] <= latency["max"]
    assert "boot:" in machine.shell("bhctl log")
    assert [json.loads(line)["line"] for line in machine.shell("bhctl log --json -n 2").splitlines()] == \
        machine.shell("bhctl log -n 2").splitlines()
    assert machine.shell("bhctl top -b -n 1 -d 0.1").count("rtvm/0") == 1
    top = [json.loads(line) for line in machine.shell("bhctl top --json -n 2 -d 0.1").splitlines()]
    assert len(top) == 2 and {vcpu["vm"] for vcpu in top[0]["vcpus"]} == set(names)
    assert all(0 <= vcpu["busy_percent"] <= 100.1 for vcpu in top[0]["vcpus"])
    assert sum(vcpu["exits_per_second"] for vcpu in top[0]["vcpus"]) > 0
    listed = {vm["name"]: vm for vm in json.loads(machine.shell("bhctl vm --json"))["vms"]}
    assert listed["rtvm"]["cores"] == [rtvm_core] and listed["rtvm"]["memory_bytes"] == 64 << 20 and listed["rtvm"]["start_us"] > 0
    assert re.search(r"^ +\d+ +[0-9.]+ \|#+ \d+$", machine.shell("bhctl rt --once"), re.M), "a histogram"
    machine.shell("bhctl nonsense", status=2)
