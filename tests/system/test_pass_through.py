# SPDX-License-Identifier: Apache-2.0
"""PCI functions of a Linux Service VM in User VMs: they move there and back under load, and come back from a User VM that was killed; what they reach there; what is refused."""
import hashlib
import json
import pathlib
import re

import pytest
import yaml

from outside import Debugger, hv_symbols
from tools import setup
from tools.boot import BUILD, ROOT, known_images
from tools.images import modules
from tools.images.cpio import Archive

HERE = pathlib.Path(__file__).parent / "guest"
GUESTS = BUILD / "tests" / "guests" / "user"
LINE, SAME_LINE = "0000:00:07.0", "0000:00:0b.0"     # controllers without messages, both on line 0x17
REGISTERS, READS = 0xFFFFF000, "0x5BEA"              # the last page of the firmware's flash, and what the CPU starts with there
MOVED, NEIGHBOUR, EDU, PORT, SATA = "0000:00:03.0", "0000:00:04.0", "0000:00:05.0", "0000:00:06.0", "0000:00:1f.2"
SIZE = 2 << 20
RTVM, SERVICE = 0x40000000, 0x30000000      # memory of the RTVM; of the Service VM
PATTERN = (0xD0D0BEEF).to_bytes(4, "little")
GUEST_SIZE = 32 << 20                       # of a test guest
DRIVER = f"/sys/bus/pci/devices/{MOVED}/driver"
MOVE_S = 30                                 # of each move, at most, on a busy host
BOOT_S = 240
pytestmark = pytest.mark.not_on("bochs", "iommu")


def content(name):
    return hashlib.shake_128(name.encode()).digest(SIZE)


def lending_scenario(folder):
    """The demo with an IOMMU, whose User VMs may get a page of the flash."""
    scenario = yaml.safe_load((ROOT / "configs" / "scenarios" / "demo-iommu.yaml").read_text(encoding="utf-8"))
    scenario["service_vm"]["lend_mmio"] = [{"address": REGISTERS, "size": "4 KiB"}]
    path = folder / "lends.yaml"
    path.write_text(yaml.safe_dump(scenario, sort_keys=False), encoding="utf-8")
    return path


@pytest.fixture
def machine(linux, folder):
    """machine(): a machine with an IOMMU, an RTVM, and two NVMe disks, an edu device and an empty root port of the Service VM's. scenario: another one."""
    def start_machine(scenario=None, **options):
        added = Archive()
        added.folder("test")
        order = modules.load_order(setup.service_kernel(), ["nvme"])
        for path in order:
            added.file(f"test/{modules.plain_name(path)}", modules.read(path))
        for name in ("nvme", "dma", "lent"):
            added.file(f"test/{name}.bz", (GUESTS / f"{name}.bz").read_bytes())
        added.file("test/functions.sh", (HERE / "pass_through.sh").read_bytes())
        initrd = folder / "initrd"
        initrd.write_bytes(known_images()["service-initrd"].read_bytes() + added.pack())
        extra = ["-device", f"edu,addr={EDU[8:10]},dma_mask=0xffffffffffffffff", "-device", f"pcie-root-port,id=rp0,addr={PORT[8:10]}"]
        for name, function in (("moved", MOVED), ("neighbour", NEIGHBOUR)):
            (folder / name).write_bytes(content(name))
            extra += ["-drive", f"file={folder / name},if=none,id={name},format=raw", "-device", f"nvme,serial={name},addr={function[8:10]},drive={name}"]
        extra += [word for function in (LINE, SAME_LINE) for word in ("-device", f"e1000,addr={function[8:10]},romfile=")]
        running = linux(scenario or lending_scenario(folder), words="iomem=relaxed", images={"service-initrd": initrd}, extra=extra + options.pop("extra", []), **options)
        running.shell("set +m; . /test/functions.sh")     # no words about jobs
        running.shell("".join(f"insmod /test/{modules.plain_name(path)}; " for path in order) + f"await has_disk {MOVED} && await has_disk {NEIGHBOUR}", 60)
        return running
    return start_machine


def expect_moves(running, count):
    running.shell(f"use_begin {NEIGHBOUR}")
    said = running.shell(f"moves {MOVED} {count}", count * MOVE_S)
    assert said == f"moved {count} times"
    sums = running.shell("use_end", 60).split()
    assert sums[1:] == [hashlib.md5(content("neighbour")).hexdigest(), "-"] and int(sums[0]) > 1, "the neighbour's reads"


def expect_peace(running):
    """The RTVM saw no exit, no device missed its memory, Linux complains of nothing."""
    report = json.loads(running.shell("bhctl rt --once --json"))
    assert report["state"] == "steady" and report["steady_exits"] == 0 and report["steady_exits_exact"]
    assert "blocked" not in running.text("hypervisor")
    assert running.shell("dmesg | sed -n '/bulkhead_hsm/,$p' | grep -E 'BUG|WARNING:|Oops|hung task'", status=None) == ""


# REQ-DM-013 REQ-DM-014 REQ-DM-016 REQ-INT-084 REQ-ISO-081 REQ-ISO-083
def test_a_disk_moves_to_a_user_vm_and_back_under_load(machine):
    running = machine()
    expect_moves(running, 5)
    expect_to_come_back_from_a_killed_device_model(running)
    expect_moves(running, 1)
    expect_refusals(running)
    expect_registers_and_a_line_of_the_machine(running)
    expect_peace(running)


@pytest.mark.long_on("qemu")
# REQ-DM-014 REQ-ISO-081
def test_a_disk_moves_a_hundred_times(machine):
    running = machine()
    expect_moves(running, 100)
    expect_peace(running)


def expect_to_come_back_from_a_killed_device_model(running):
    """While the disk is the User VM's it is not there for the Service VM; then the hypervisor resets it, and the driver has it again."""
    running.shell(f"(guest victim {MOVED} nvme 'read=x write=user-dies-block count=0x7fffffff'; echo $? >/run/victim.status) & await grep -qs started /run/victim.events", 60)
    running.shell(f"await grep -qs 'what was written' /run/victim.txt; [ ! -e {DRIVER} ]", 60)
    assert running.shell(f"hexdump -v -n 4 -e '1/1 \"%02x\"' /sys/bus/pci/devices/{MOVED}/config") == "ffffffff"
    running.shell("kill -KILL $(cat /run/victim.pid)")
    running.shell(f"await has_disk {MOVED}; [ $(basename $(readlink {DRIVER})) = nvme ]", 90)
    assert running.shell(f"cat /sys/bus/pci/devices/{MOVED}/driver_override") == "(null)"
    assert {vm["name"] for vm in json.loads(running.shell("bhctl stats --json"))["vms"]} == {"service", "rtvm"}


def expect_registers_and_a_line_of_the_machine(running):
    """They are the User VM's until it was killed, and then the Service VM's again; what is not to be had is refused."""
    there = f"busybox devmem {REGISTERS + 0xFF0:#x} 16"
    assert running.shell(there) == READS
    running.shell(f"(guest lent {LINE},as-is lent 'line=yes stay=yes mmio=e8000ff0' --mmio {REGISTERS:#x},4K,guest=0xe8000000) >/run/lent.said 2>&1 & await grep -qs ^done /run/lent.txt", 60)
    said = running.shell("cat /run/lent.txt /run/lent.said")
    assert "not ok" not in said and "ok interrupts-by-its-line" in said and READS[2:].lower() in said, said
    assert running.shell(there) == "0xFFFF"
    refused(running, f"{SAME_LINE},as-is", "its interrupt line cannot be given .*busy.*it comes without interrupts", "lent")
    assert "0x58: its interrupt line is another VM's, or its VM has one there: 0x17" in running.shell("bhctl log -n 8")
    running.shell(f"kill -KILL $(cat /run/lent.pid); wait; await all_is_back; reads {REGISTERS + 0xFF0:#x} {READS}", 60)
    refused(running, f"{LINE},as-is", "the hypervisor does not give it to a User VM; the scenario must list it", "lent", "--mmio 0xfffff000,4K,guest=0xe8000000 --mmio 0xffffe000,4K,guest=0xe9000000")
    assert "0xffffe000 is not lent: the scenario's lend_mmio has no such range" in running.shell("bhctl log -n 8")
    assert running.shell(there) == READS


def refused(running, function, why, kernel="nvme", more=""):
    said = running.shell(f"guest none {function} {kernel} '' {more} 2>&1", 60, status=None)
    assert re.search(why, said), said


def expect_refusals(running):
    """By the device model, before it creates anything; by the hypervisor, with the reason in its log; all that was taken is back."""
    for function, why in (("00:19.0", "no such PCI function"), (PORT, "is a bridge"), ("00:1e.0", "the hypervisor's own device"), ("nvme0", "bad value")):
        refused(running, function, why)
        assert running.shell("cat /run/none.events", status=None).startswith("cat: can't open"), "nothing was created"
    for function, why in ((SATA, "reset|apart"), ("00:1f.0", "is a bridge"), (EDU, "no function-level reset")):
        refused(running, function, "the hypervisor does not give it to a User VM; 'bhctl log' says more")
        assert re.search(f" is not lent: .*({why})", running.shell("bhctl log -n 3"))
    running.shell(f"(guest first {MOVED} nvme 'read=x write=user-sits-block count=0x7fffffff') >/dev/null 2>&1 & await grep -qs started /run/first.events", 60)
    refused(running, MOVED, "another User VM has it")
    running.shell(f"kill -KILL $(cat /run/first.pid); await has_disk {MOVED}", 90)


# REQ-DM-013 REQ-DM-014 REQ-INT-083
def test_without_an_iommu_no_function_is_lent_and_its_driver_has_it_back(machine):
    running = machine(scenario="demo")
    for function, kernel in ((MOVED, "nvme"), (f"{EDU},as-is", "dma")):
        refused(running, function, "the machine has no IOMMU that could hold it to the VM's memory; switch VT-d or AMD-Vi on in the firmware's setup; 'bhctl log' says more", kernel)
        assert re.search(r"pci: 0x(18|28) is not lent: the machine has no IOMMU that could hold it to its VM's memory", running.shell("bhctl log -n 3"))
        assert "what was written" not in running.shell("cat /run/none.txt", status=None), "no guest began"
    running.shell(f"await has_disk {MOVED}; [ $(basename $(readlink {DRIVER})) = nvme ]", 90)
    (kept,) = running.shell(f"dd if=$(disk_of {MOVED}) bs=64k iflag=direct 2>/dev/null | md5sum | cut -d ' ' -f 1").split()
    assert kept == hashlib.md5(content("moved")).hexdigest()
    running.shell(f"lines service-vm-back 4096 | dd of=$(disk_of {MOVED}) bs=4096 oflag=direct conv=notrunc 2>/dev/null")
    assert running.shell(f"dd if=$(disk_of {MOVED}) bs=4096 count=1 iflag=direct 2>/dev/null | sort -u") == "service-vm-back"
    expect_peace(running)


# REQ-DM-013 REQ-ISO-040 REQ-ISO-052
def test_a_device_of_a_user_vm_reaches_that_vms_memory_and_no_other(machine, folder):
    debugger = Debugger(folder)
    running = machine(extra=debugger.arguments)
    places = [hv_symbols()["vms"][0] & ~0x3F, RTVM + 0x100000, SERVICE]
    assert min(places) >= GUEST_SIZE, "below that is memory of the User VM's own"
    running.shell(f"(guest aimed {EDU},as-is dma 'write={','.join(f'{place:x}' for place in places)} sits=1') >/dev/null 2>&1 & await grep -qs ^done /run/aimed.txt", 120)
    said = running.shell("cat /run/aimed.txt")
    assert "not ok" not in said and "ok own-memory" in said and said.count("aimed at") == len(places)
    with debugger.stopped():
        assert [place for place in places if PATTERN in debugger.read(place, 64)] == []
    for place in places:
        running.wait_for("hypervisor", rf"iommu: PCI function 0x28 of aimed: DMA write blocked, address {place & ~0xFFF:#x}, reason 0x5", BOOT_S)
    counted = {vm["name"]: vm["dma_faults"] for vm in json.loads(running.shell("bhctl stats --json"))["vms"]}
    assert counted["aimed"] >= len(places) and sum(counted.values()) == counted["aimed"], counted
    running.shell(f"kill -KILL $(cat /run/aimed.pid); await is_there {EDU}", 60)
    expect_moves(running, 1)
    a_stock_linux_drives_the_disk(running)


def a_stock_linux_drives_the_disk(running):
    """Whose kernel has the driver built in; also after it has rebooted."""
    (kept,) = running.shell(f"dd if=$(disk_of {MOVED}) bs=64k iflag=direct 2>/dev/null | md5sum | cut -d ' ' -f 1").split()
    running.shell(f"vm_start linux 1 128 --pci {MOVED}; vm_expect ready {BOOT_S}", BOOT_S)
    running.shell(f"vm_ask 'run dd if=/dev/nvme0n1 bs=64k iflag=direct 2>/dev/null | md5sum' {kept} 60", 60)
    running.shell("vm_ask 'run grep -c PCI-MSI.*nvme0q /proc/interrupts' 2 60", 60)     # the administrative queue's and one for its one core
    running.shell(f"echo reboot >&8; vm_expect ready {BOOT_S}", BOOT_S)
    running.shell("vm_ask 'run yes linux-of-user-1 | head -c 4096 | dd of=/dev/nvme0n1 bs=4096 oflag=direct conv=notrunc' 'status 0' 60", 60)
    running.shell(f"vm_stop; await has_disk {MOVED}", 90)
    assert running.shell(f"dd if=$(disk_of {MOVED}) bs=4096 count=1 iflag=direct 2>/dev/null | sort -u") == "linux-of-user-1"
