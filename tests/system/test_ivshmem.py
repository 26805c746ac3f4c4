# SPDX-License-Identifier: Apache-2.0
"""A stock Linux and a real-time VM exchange messages through shared memory and doorbells; what exits is counted, and a hostile sender harms nobody."""
import json
import pathlib
import re

import pytest
import yaml

from tools import setup
from tools.boot import BUILD, ROOT
from tools.images import build, modules

SCENARIO = pathlib.Path(__file__).parent / "guest" / "doorbells.yaml"
GUESTS = BUILD / "tests" / "guests"
DEVICE = "/sys/bus/pci/devices/0000:00:1e.1"
INTERVAL_US = 2000
BOOT_S = 240


def scenario_for(on, folder):
    """Bochs has three cores, and unpacks Debian's cloud kernel faster."""
    if on == "qemu":
        return SCENARIO
    scenario = yaml.safe_load(SCENARIO.read_text(encoding="utf-8"))
    scenario["board"] = "bochs"
    scenario["service_vm"].update(cores=[0], image={"type": "bzimage", "kernel": "cloud-kernel", "initrd": "service-initrd"})
    scenario["prelaunched_vms"][0]["cores"] = [2]
    path = folder / "doorbells.yaml"
    path.write_text(yaml.safe_dump(scenario), encoding="utf-8")
    return path


@pytest.fixture
def machine(start, folder, on):
    kernel = setup.service_kernel() if on == "qemu" else setup.user_kernel()
    files = {"modules/bulkhead_hsm.ko": BUILD / "hsm" / kernel.version / "bulkhead_hsm.ko"}
    if on == "qemu":
        files.update({f"modules/{path.name}": path for path in modules.load_order(kernel, ["uio_pci_generic"])})
        files["modules/bulkhead_ivshmem.ko"] = BUILD / "hsm" / kernel.version / "bulkhead_ivshmem.ko"
    files.update({f"etc/{name}": ROOT / "tools" / "images" / name for name in ("vm.sh", "motd")})
    files.update({"bin/doorbell": GUESTS / "linux" / "doorbell", "bin/bhctl": BUILD / "dm" / "bhctl"})
    image = folder / "service-initrd.gz"    # the initrd is a boot module of the loader: its path must be below the project's root
    image.write_bytes(build.service(files))
    running = start(scenario_for(on, folder), append={"service": "quiet bulkhead.mode=test"}, images={"service-initrd": image, "rtvm": GUESTS / "doorbell.elf"})
    running.shell_ready(BOOT_S)
    if on == "qemu":
        running.shell("rmmod bulkhead_ivshmem")    # until its turn comes
    return running


def rtvm_exits(machine):
    stats = json.loads(machine.shell("bhctl stats --json"))
    return sum(cpu["exits_total"] for vm in stats["vms"] if vm["name"] == "rtvm" for cpu in vm["vcpus"])


def say(machine, command, count, place=DEVICE):
    text = machine.shell(f"doorbell {place} {command} {count}", 120)
    return text, dict(zip(("peer", "asked", "taken", "others", "answered"), map(int, re.search(r"^peer (\d+) asked (\d+) taken (\d+) others (\d+) answered (\d+)", text, re.M).groups())))


# REQ-IO-020 REQ-RT-070 REQ-INT-070 REQ-INT-071 REQ-ISO-070
@pytest.mark.long_on("bochs")
def test_linux_and_a_real_time_vm_ring_each_other(machine, on):
    """One boot, in the order in which what fails first tells most."""
    assert [machine.shell(f"cat {DEVICE}/{name}") for name in ("vendor", "device", "revision", "class")] == ["0x1af4", "0x1110", "0x01", "0x050000"]
    assert not re.findall(r".*0000:00:1e\.1.*(?:can't|no space|failed|conflict|error).*", machine.shell("dmesg"))
    machine.wait_for("rtvm", r"^waiting", 60)
    assert "not ok" not in machine.text("rtvm")

    before = rtvm_exits(machine)
    _, counts = say(machine, "send", 200)
    assert (counts["peer"], counts["taken"], counts["answered"]) == (0, 200, 0)
    assert rtvm_exits(machine) == before, "a doorbell and a message make no exit of the receiver"

    _, counts = say(machine, "echo", 100)
    assert (counts["taken"], counts["answered"]) == (300, 100)
    assert rtvm_exits(machine) == before + 100, "the answer's doorbell is its only exit"

    text, counts = say(machine, "flood", 20000)
    taken, us = map(int, re.search(r"flood of 20000: (\d+) interrupts in (\d+) us", text).groups())
    assert 1 <= taken <= 1.02 * us / INTERVAL_US + 3, "no two of them come closer than the receiver's interval"

    begun = counts["taken"]
    _, counts = say(machine, "hostile", 2000)
    assert counts["taken"] <= begun + 1 and counts["others"] == 0, "none of these values was a doorbell, but the message at the end"
    assert rtvm_exits(machine) == before + 100
    machine.wait_for("hypervisor", "ivshmem: service: nobody has the doorbell", 30)

    if on == "qemu":
        stock_driver(machine, begun)
        events(machine)
    machine.send("poweroff -f\n")
    machine.wait_exit(60)


def stock_driver(machine, begun):
    machine.shell("echo 1af4 1110 > /sys/bus/pci/drivers/uio_pci_generic/new_id; test -c /dev/uio0")
    _, counts = say(machine, "send", 10)
    assert counts["taken"] >= begun + 10, "with the stock uio driver bound, too"


def events(machine):
    """Our UIO driver gives user space the interrupts, after another driver, a second time, and while nobody listens."""
    machine.shell("echo 0000:00:1e.1 > /sys/bus/pci/drivers/uio_pci_generic/unbind")
    for count in (50, 10):
        machine.shell("insmod /modules/bulkhead_ivshmem.ko && test $(cat /sys/class/uio/uio0/name) = bulkhead_ivshmem")
        text, _ = say(machine, "events", count, "/dev/uio0")
        assert f"events {count}" in text
        machine.shell("rmmod bulkhead_ivshmem")
    assert not re.findall(r".*0000:00:1e\.1.*(?:can't|no space|failed|conflict|error|MSI).*", machine.shell("dmesg"))
