# SPDX-License-Identifier: Apache-2.0
"""A stock Linux, as Service VM and as User VM, and a real-time VM exchange messages through shared memory and doorbells; what exits is counted, and a hostile sender harms nobody."""
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
USER_MODULE = "/modules/bulkhead_ivshmem.ko"


def scenario_for(on, folder):
    """Bochs has three cores, and unpacks Debian's cloud kernel faster."""
    if on == "qemu":
        return SCENARIO
    scenario = yaml.safe_load(SCENARIO.read_text(encoding="utf-8"))
    scenario["board"] = "bochs"
    scenario["service_vm"].update(cores=[0], image={"type": "bzimage", "kernel": "cloud-kernel", "initrd": "service-initrd"})
    scenario["prelaunched_vms"][0]["cores"] = [2]
    scenario["user_vms"]["cores"] = [0]
    path = folder / "doorbells.yaml"
    path.write_text(yaml.safe_dump(scenario), encoding="utf-8")
    return path


def user_files(folder):
    """A User VM's Linux with the doorbell program and the driver, and what starts it."""
    kernel = setup.user_kernel()
    archive = build.base(kernel, "user.sh", build.USER_MODULES + ["uio"], [BUILD / "hsm" / kernel.version / "bulkhead_ivshmem.ko"])
    archive.file("bin/doorbell", (GUESTS / "linux" / "doorbell").read_bytes(), 0o755)
    initrd = folder / "user-initrd.gz"
    initrd.write_bytes(archive.pack())
    return {"vm/kernel": kernel.image, "vm/initrd.gz": initrd, "vm/disk.img": BUILD / "images" / "user-disk.img", "bin/bhdm": BUILD / "dm" / "bhdm"}


@pytest.fixture
def machine(start, folder, on):
    kernel = setup.service_kernel() if on == "qemu" else setup.user_kernel()
    files = {"modules/bulkhead_hsm.ko": BUILD / "hsm" / kernel.version / "bulkhead_hsm.ko"}
    if on == "qemu":
        files.update({f"modules/{path.name}": path for path in modules.load_order(kernel, ["uio_pci_generic"])})
        files["modules/bulkhead_ivshmem.ko"] = BUILD / "hsm" / kernel.version / "bulkhead_ivshmem.ko"
        files.update(user_files(folder))
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


# REQ-IO-020 REQ-IO-021 REQ-RT-070 REQ-INT-070 REQ-INT-071 REQ-ISO-070 REQ-ISO-071 REQ-LIF-061 REQ-DM-015
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
        user_vms(machine)
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


def user_start(machine, name):
    """Its place on its bus, and a console that answers."""
    machine.shell(f"VM_SERIAL=file:/run/{name}.txt vm_start {name} 1 128 --ivshmem link; vm_expect ready {BOOT_S}", BOOT_S)
    return json.loads(machine.shell(f"grep 'shared memory given' /run/{name}.events"))["as"]


def user_says(machine, place, command, count):
    """As say(), by a User VM."""
    return machine.shell(f"vm_ask 'run doorbell {place} {command} {count} | tail -n 1' 'peer 4 asked' 120 && echo \"$line\"; vm_expect 'status 0'", 150)


def taken_of(text):
    return int(re.search(r"taken (\d+) others 0", text)[1])


def user_vms(machine):
    """Peer 4 is whichever User VM holds the end: one at a time, and what it leaves is nothing."""
    place = user_start(machine, "first")
    machine.shell("vm_ask 'run rmmod bulkhead_ivshmem' 'status 0'")
    before = rtvm_exits(machine)
    taken = taken_of(user_says(machine, f"/sys/bus/pci/devices/0000:{place}", "send", 10))
    assert taken_of(user_says(machine, f"/sys/bus/pci/devices/0000:{place}", "send", 100)) == taken + 100
    assert rtvm_exits(machine) == before, "a message of a User VM makes no exit of the real-time VM"
    machine.shell(f"vm_ask 'run insmod {USER_MODULE}' 'status 0'")
    assert taken_of(user_says(machine, "/dev/uio0", "events", 50)) == taken + 150
    assert rtvm_exits(machine) == before + 50, "its answer's doorbell is its only exit"

    for region, status, why in (("link", 3, "--ivshmem link: another User VM has it"), ("lnk", 2, "no such region of shared memory; there are: link")):
        said = machine.shell(f"bhdm --name second --memory 128M --kernel /vm/kernel --console none --ivshmem {region} 2>&1; echo status $?")
        assert why in said and f"status {status}" in said
    assert "ivshmem: second: a User VM holds that end already" in machine.shell("bhctl log -n 20")

    machine.shell("kill -KILL $(cat /run/first.pid); wait $vm_job; exec 8>&- 9<&-; until ! bhctl stats --json | grep -q first; do usleep 50000; done", 60, status=None)
    say(machine, "stray", 20)
    assert "nobody has the doorbell" not in machine.shell("bhctl log | grep rtvm", status=None), "a User VM that is gone is no mistake of its peer"
    user_start(machine, "again")
    user_says(machine, "/dev/uio0", "events", 10)
    machine.shell("vm_stop")
    say(machine, "send", 10)
