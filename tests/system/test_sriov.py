# SPDX-License-Identifier: Apache-2.0
"""A network card with virtual functions (QEMU's igb) in a Linux Service VM with its stock drivers, behind an IOMMU. QEMU 10.0.2 forgets the upper half
of a virtual function's BAR address, also without a hypervisor, so the machine's host bridge has no window above 4 GiB."""
import pathlib
import re

import pytest

from test_devices import check_kernel_log, config_read, config_write
from tools import setup
from tools.boot import ROOT
from tools.images import build, modules

NAMES = ["igb", "igbvf"]
CARD, SLOT = "0000:00:05.0", 5
FUNCTIONS = ("0000:00:15.0", "0000:00:15.2")    # First VF Offset 0x80, VF Stride 2
SRIOV = 0x160                                   # of QEMU's igb
CONTROL, NUMBER, BAR0 = SRIOV + 0x08, SRIOV + 0x10, SRIOV + 0x24
LOW = ["-global", "q35-pcihost.pci-hole64-size=0"]
GATEWAY = "10.0.2.2"
BOOT_S = 240
pytestmark = pytest.mark.not_on("bochs", "iommu")


@pytest.fixture
def machine(start, folder):
    """The Service VM of the demo with an igb on the host's network."""
    kernel = setup.service_kernel()
    files = {f"modules/{path.name}": path for path in modules.load_order(kernel, NAMES)}
    files |= {f"etc/{name}": ROOT / "tools" / "images" / name for name in ("vm.sh", "motd")}
    image = folder / "service-initrd.gz"        # below the project's root, as the loader wants it
    image.write_bytes(build.service(files))
    running = start("demo-iommu", append={"service": "quiet bulkhead.mode=test"}, images={"service-initrd": image},
                    extra=LOW + ["-device", f"igb,addr={SLOT},netdev=n0", "-netdev", "user,id=n0,restrict=on"])
    running.shell_ready(BOOT_S)
    running.shell("ip link set eth0 up")        # virtual functions have no link while the physical one is down
    return running


def switch(machine, number):
    """The card resets itself after that; a virtual function's driver that comes before it has a link gets no address (so it is on bare QEMU)."""
    machine.shell(f"cd /sys/bus/pci/devices/{CARD}; echo 0 >sriov_drivers_autoprobe; echo {number} >sriov_numvfs && echo 1 >sriov_drivers_autoprobe && cd /", timeout=60)
    machine.shell("until [ \"$(cat /sys/class/net/eth0/carrier)\" = 1 ]; do sleep 0.2; done", timeout=60)


def use(machine, function):
    """Its stock driver takes it, with three message interrupts of its own in the table that the hypervisor keeps."""
    machine.shell(f"echo {function} >/sys/bus/pci/drivers/igbvf/bind", timeout=60)
    name = machine.shell(f"ls /sys/bus/pci/devices/{function}/net")
    machine.shell(f"ip addr flush dev {name}; ip addr add 10.0.2.15/24 dev {name} && ip link set {name} up")
    machine.shell(f"until ping -c 1 -W 2 -I {name} {GATEWAY}; do :; done", timeout=120)
    machine.shell(f"ip addr flush dev {name}")
    table = machine.shell("cat /proc/interrupts")
    assert len(re.findall(rf"^ *\d+:(?: +\d+)+ +PCI-MSI.*\b{name}(?:-\S+)?$", table, re.M)) == 3, table
    assert machine.shell(f"ls /sys/bus/pci/devices/{function}/msi_irqs | wc -l") == "3"


# REQ-INT-190 REQ-INT-191 REQ-INT-192 REQ-ISO-090
def test_virtual_functions_come_work_and_go(machine):
    for _ in range(2):
        switch(machine, 2)
        for function in FUNCTIONS:
            assert config_read(machine, function, 0, 4) == "8680ca10"
            assert config_read(machine, function, 16, 24) == "00" * 24
            use(machine, function)
        switch(machine, 0)
        assert machine.shell("ls /sys/bus/pci/devices | grep 0000:00:15 || true") == ""
        assert config_read(machine, CARD, CONTROL, 1) == "00"
    text = machine.text("hypervisor")
    assert "units translate" in text and "blocked" not in text and "refused" not in text
    check_kernel_log(machine)
    # What no driver does. Bus addresses of RAM, of the configuration window, and more than there are.
    config_write(machine, CARD, NUMBER, r"\011\000\000\000")
    assert config_read(machine, CARD, NUMBER, 2) == "0000"
    assert machine.text("hypervisor").count("virtual functions do not fit") == 1
    config_write(machine, CARD, NUMBER, r"\001\000\000\000")
    for place in (r"\000\000\000\020", r"\000\000\000\260"):
        config_write(machine, CARD, BAR0, place)
        config_write(machine, CARD, BAR0 + 4, r"\000\000\000\000")
        config_write(machine, CARD, CONTROL, r"\011\000\000\000")
        assert config_read(machine, CARD, CONTROL, 1) == "00"
    assert machine.alive()


# REQ-LIF-090
def test_a_new_life_of_the_service_vm_finds_them_switched_off(machine):
    switch(machine, 2)
    use(machine, FUNCTIONS[0])
    machine.send("reboot -f\n")
    machine.wait_for("service", r"^service: shell ready", BOOT_S, count=2)
    machine.shell("ip link set eth0 up")
    assert config_read(machine, CARD, CONTROL, 1) == "00"
    switch(machine, 2)
    use(machine, FUNCTIONS[1])
    assert "blocked" not in machine.text("hypervisor")
