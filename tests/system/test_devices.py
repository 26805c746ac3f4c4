# SPDX-License-Identifier: Apache-2.0
"""Real devices in the Service VM: each kind of interrupt, and a kernel log without complaints about ACPI or PCI."""
import hashlib
import pathlib
import re

import pytest

from tools import setup
from tools.boot import ROOT
from tools.images import build, modules

NAMES = ["virtio_pci", "virtio_blk", "nvme", "ahci", "sd_mod", "e1000e"]
DISKS = ("vda", "nvme0n1", "sda")
SIZE = 2 << 20
BOOT_S = 240
BLOCK = "0000:00:02.0"


@pytest.fixture(scope="session")
def image(tmp_path_factory):
    """A Service VM image with the drivers of these devices."""
    kernel = setup.service_kernel()
    files = {f"modules/{path.name}": path for path in modules.load_order(kernel, NAMES)}
    for name in ("vm.sh", "motd"):
        files[f"etc/{name}"] = ROOT / "tools" / "images" / name
    path = tmp_path_factory.mktemp("image") / "service-initrd.gz"
    path.write_bytes(build.service(files))
    return path


@pytest.fixture
def machine(start, folder, image):
    """machine(words=''): the Service VM with a virtio, an NVMe and a SATA disk, and an e1000e behind a root port. more: other devices."""
    def start_machine(words="", scenario="minimal", virtio="", more=()):
        extra = []
        for i, device in enumerate((f"virtio-blk-pci,addr=2,drive=d0{virtio}", "nvme,serial=1,addr=3,drive=d1", "ide-hd,bus=ide.0,drive=d2")):
            path = folder / f"disk{i}"
            path.write_bytes(hashlib.shake_128(bytes([i])).digest(SIZE))
            extra += ["-drive", f"file={path},if=none,id=d{i},format=raw", "-device", device]
        extra += ["-device", "pcie-root-port,id=rp0,addr=4", "-device", "e1000e,bus=rp0,netdev=n0", "-netdev", "user,id=n0,restrict=on"]
        extra += more   # takes a slot that no other asked for
        # The initrd is a boot module of the loader: its path must be below the project's root.
        copy = folder / "service-initrd.gz"
        copy.write_bytes(pathlib.Path(image).read_bytes())
        running = start(scenario, append={"service": f"quiet bulkhead.mode=test {words}".strip()}, images={"service-initrd": copy},
                        extra=extra)
        running.shell_ready(BOOT_S)
        return running
    return start_machine


def use_devices(machine, folder):
    """Reads every disk whole and reaches the network."""
    for i, disk in enumerate(DISKS):
        wanted = hashlib.md5((folder / f"disk{i}").read_bytes()).hexdigest()
        machine.shell(f"until [ -b /dev/{disk} ]; do sleep 0.1; done")
        assert machine.shell(f"dd if=/dev/{disk} bs=16k iflag=direct 2>/dev/null | md5sum").split()[0] == wanted
    machine.shell("ip link set eth0 up && ip addr add 10.0.2.15/24 dev eth0")
    machine.shell("until ping -c 1 -W 2 10.0.2.2; do :; done")


def interrupts(machine):
    """{name: (kind, count)} from /proc/interrupts."""
    found = {}
    for line in machine.shell("cat /proc/interrupts").splitlines():
        match = re.match(r"^\s*\d+:((?:\s+\d+)+)\s+(IO-APIC|PCI-MSI)\s+(\S+)\s+(.*)$", line)
        if match:
            kind = "level" if "fasteoi" in match.group(3) else match.group(2)
            found[match.group(4)] = (kind, sum(map(int, match.group(1).split())))
    return found


def counted(table, name, kind):
    return sum(count for key, (its_kind, count) in table.items() if name in key and its_kind == kind)


def check_kernel_log(running, expected=None):
    """No complaint but an expected one about ACPI, PCI or interrupts; priority 4 (warning) and worse; <N> is facility * 8 + priority."""
    log = running.shell("dmesg -r")
    bad = [line for line in log.splitlines() if re.match(r"<\d+>", line) and int(line[1:line.index(">")]) % 8 <= 4]
    assert [line for line in bad if re.search(r"ACPI|PCI|pci|BAR|IRQ|irq|APIC|MSI\b|resource", line)
            and not (expected and expected in line)] == []
    assert "can't find IRQ" not in log and "can't assign" not in log


@pytest.mark.not_on("bochs", "devices")
# REQ-INT-007
def test_message_interrupts_arrive(machine, folder):
    running = machine()
    use_devices(running, folder)
    table = interrupts(running)
    for name in ("virtio0-req", "nvme0q", "ahci", "eth0"):
        assert counted(table, name, "PCI-MSI") > 0, table
    check_kernel_log(running)
    assert "stray" not in running.text("hypervisor")


@pytest.mark.not_on("bochs", "devices")
# REQ-ISO-040 REQ-ISO-041 REQ-ISO-058
def test_devices_work_behind_amds_iommu(machine, folder):
    running = machine(more=("-device", "amd-iommu,pt=off,intremap=on"))
    assert re.search(r"AMD-Vi, 1 units translate\s*$", running.text("hypervisor"), re.M)   # and interrupts are remapped
    use_devices(running, folder)
    check_kernel_log(running)


@pytest.mark.not_on("bochs", "devices")
# REQ-INT-003
def test_pin_interrupts_arrive(machine, folder):
    running = machine("pci=nomsi")
    use_devices(running, folder)
    table = interrupts(running)
    for name in ("virtio0", "nvme0q", "ahci", "eth0"):
        assert counted(table, name, "level") > 0, table
    check_kernel_log(running, "Failed to initialize MSI")
    assert "stray" not in running.text("hypervisor")
    running.send("reboot -f\n")
    assert running.wait_exit(BOOT_S) == 0
    assert "Service VM asked for a reset" in running.text("hypervisor")


@pytest.mark.not_on("bochs", "devices")
# REQ-INT-007
def test_interrupts_survive_changes_of_affinity_under_load(machine, folder):
    running = machine(scenario="service-only")
    running.shell("until [ -b /dev/vda ] && [ -b /dev/nvme0n1 ] && [ -b /dev/sda ]; do sleep 0.1; done")
    running.shell("for d in vda nvme0n1 sda; do (for i in 1 2 3; do dd if=/dev/$d of=/dev/null bs=4k iflag=direct 2>/dev/null; done;"
                  " echo finished $d >>/tmp/finished) & done")
    running.shell("i=0; while [ $(grep -c finished /tmp/finished 2>/dev/null || echo 0) -lt 3 ] && [ $i -lt 400 ]; do"
                  " for n in /proc/irq/[0-9]*; do echo $((1 << (i % 3))) >$n/smp_affinity; done 2>/dev/null; i=$((i + 1)); done; wait;"
                  " sort /tmp/finished", timeout=120)
    assert running.shell("sort /tmp/finished").split() == ["finished", "nvme0n1", "finished", "sda", "finished", "vda"]
    assert "stray" not in running.text("hypervisor")


def config_write(machine, function, offset, text):
    machine.shell(f"printf '{text}' | dd of=/sys/bus/pci/devices/{function}/config bs=4 seek={offset // 4} conv=notrunc 2>/dev/null", status=None)


def config_read(machine, function, offset, size):
    return machine.shell(f"dd if=/sys/bus/pci/devices/{function}/config bs=1 skip={offset} count={size} 2>/dev/null | hexdump -v -e '1/1 \"%02x\"'")


@pytest.mark.not_on("bochs", "devices")
# REQ-INT-023
def test_hostile_configuration_writes_move_nothing(machine, folder):
    running = machine()
    assert config_read(running, "0000:00:1e.0", 0, 4) == "4db00100"  # the hypervisor's own device
    assert config_read(running, "0000:00:1e.0", 88, 8) == "0000104400000000"
    watched = [(BLOCK, 16, 24), ("0000:00:00.0", 96, 4), ("0000:00:04.0", 24, 16), ("0000:00:1f.0", 64, 4)]
    before = [config_read(running, *place) for place in watched]
    for offset in range(16, 40, 4):
        config_write(running, BLOCK, offset, r"\000\000\000\100")
    config_write(running, "0000:00:00.0", 96, r"\001\000\000\300")
    config_write(running, "0000:00:04.0", 24, r"\000\002\003\000")
    config_write(running, "0000:00:1f.0", 64, r"\001\010\000\000")
    assert [config_read(running, *place) for place in watched] == before
    for function, reason in ((0x10, "BARs do not move"), (0x20, "bridges are not reprogrammed"), (0x00, "chipset registers are the hypervisor's"),
                             (0xF8, "chipset registers are the hypervisor's")):  # each function says each reason once
        assert len(re.findall(rf"write refused, function 0x{function:x} register 0x[0-9a-f]+: {reason}", running.text("hypervisor"))) == 1
    use_devices(running, folder)
    running.send("poweroff -f\n")
    assert running.wait_exit(BOOT_S) == 0
    assert "Service VM asked for soft-off" in running.text("hypervisor")
