# SPDX-License-Identifier: Apache-2.0
"""A network card with virtual functions (QEMU's igb) in a Linux Service VM with its stock drivers, behind an IOMMU, and one of them lent to a User VM. QEMU 10.0.2 forgets the upper half
of a virtual function's BAR address, also without a hypervisor, so the machine's host bridge has no window above 4 GiB."""
import pathlib
import re

import pytest

from test_devices import check_kernel_log, config_read, config_write
from tools import setup
from tools.boot import BUILD, known_images
from tools.images import modules
from tools.images.cpio import Archive

NAMES = ["igb", "igbvf"]
CARD, SLOT = "0000:00:05.0", 5
FUNCTIONS = ("0000:00:15.0", "0000:00:15.2")    # First VF Offset 0x80, VF Stride 2
SRIOV = 0x160                                   # of QEMU's igb
CONTROL, NUMBER, BAR0 = SRIOV + 0x08, SRIOV + 0x10, SRIOV + 0x24
EXPRESS_CONTROL, POWER_CONTROL = 0xA8, 0x44     # of the card: function-level reset, and sleep
LAST_WORD, RUNG = 0x83C, 0x600D                 # in the card's registers: of the mailbox with its first virtual function; as tests/guests/vf.c has it
RING, FIRST_OF_FIRST = 0x1520, 1 << 22          # and the first message of that one
LOW = ["-global", "q35-pcihost.pci-hole64-size=0"]
GATEWAY = "10.0.2.2"
BOOT_S = 240
pytestmark = pytest.mark.not_on("bochs", "iommu")


@pytest.fixture
def machine(start, folder):
    """The Service VM of the demo with an igb on the host's network."""
    added = Archive()
    added.folder("test")
    for path in modules.load_order(setup.service_kernel(), NAMES):
        added.file(f"test/{modules.plain_name(path)}", modules.read(path))
    added.file("test/vf.bz", (BUILD / "tests" / "guests" / "user" / "vf.bz").read_bytes())
    added.file("test/functions.sh", (pathlib.Path(__file__).parent / "guest" / "pass_through.sh").read_bytes())
    image = folder / "service-initrd.gz"        # below the project's root, as the loader wants it
    image.write_bytes(known_images()["service-initrd"].read_bytes() + added.pack())
    running = start("demo-iommu", append={"service": "quiet bulkhead.mode=test iomem=relaxed"}, images={"service-initrd": image},
                    extra=LOW + ["-device", f"igb,addr={SLOT},netdev=n0", "-netdev", "user,id=n0,restrict=on"])
    running.shell_ready(BOOT_S)
    load(running)
    return running


def load(machine):
    names = [modules.plain_name(path) for path in modules.load_order(setup.service_kernel(), NAMES)]
    machine.shell("".join(f"insmod /test/{name} && " for name in names) + "ip link set eth0 up", 60)   # virtual functions have no link while the physical one is down


def switch(machine, number):
    """The card resets itself after that; a virtual function's driver that comes before it has a link gets no address (so it is on bare QEMU)."""
    machine.shell(f"cd /sys/bus/pci/devices/{CARD}; echo 0 >sriov_drivers_autoprobe; echo {number} >sriov_numvfs && echo 1 >sriov_drivers_autoprobe && cd /", timeout=60)
    machine.shell("until [ \"$(cat /sys/class/net/eth0/carrier)\" = 1 ]; do sleep 0.2; done", timeout=60)


def use(machine, function):
    """Its stock driver takes it, with three message interrupts of its own in the table that the hypervisor keeps."""
    machine.shell(f"echo {function} >/sys/bus/pci/drivers/igbvf/bind", timeout=60)
    use_again(machine, function)


def use_again(machine, function):
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


def lend(machine, function):
    """A User VM asks the card's driver, gets its messages, sends, and reaches no memory but its own; it goes on then."""
    machine.shell(f". /test/functions.sh; set +m; rm -f /run/user.status; (guest user {function} vf user=y; echo status $? >/run/user.status) >/run/user.said 2>&1 &")
    said = machine.shell("await grep -qs ^sent /run/user.txt; cat /run/user.txt /run/user.said", 120)
    assert "not ok" not in said and "ok nothing else" in said and "ok an interrupt by the driver of the card" in said and said.count("ok a frame goes out") == 1, said
    machine.wait_for("hypervisor", r"iommu: PCI function 0xa8 of user: DMA read blocked, address 0x8000000, ", BOOT_S)     # beside its memory
    assert config_read(machine, function, 0, 4) == "ffffffff"


def expect_the_card_to_stay(machine):
    """While one of its virtual functions is lent: they are on, and by configuration space it is not reset, does not sleep and is no User VM's."""
    before = config_read(machine, CARD, CONTROL, 32)
    for at, text in ((CONTROL, r"\000\000\000\000"), (NUMBER, r"\001\000\000\000"), (BAR0, r"\000\000\000\375"), (EXPRESS_CONTROL, r"\000\200\000\000"), (POWER_CONTROL, r"\003\000\000\000")):
        config_write(machine, CARD, at, text)
    assert config_read(machine, CARD, CONTROL, 32) == before and before.startswith("09")
    assert config_read(machine, CARD, POWER_CONTROL, 1) == "00"
    said = machine.shell(f"guest none {CARD} vf '' 2>&1", 60, status=None)
    assert "its virtual functions are on; write 0 to its sriov_numvfs first" in said, said


def ring(machine):
    """The User VM's function still is as it was, and comes back when the VM has ended."""
    registers = machine.shell(f"head -n 1 /sys/bus/pci/devices/{CARD}/resource").split()[0]
    machine.shell(f"busybox devmem $(({registers} + {LAST_WORD})) 32 {RUNG} && busybox devmem $(({registers} + {RING})) 32 {FIRST_OF_FIRST}")
    said = machine.shell("await test -e /run/user.status; await all_is_back; cat /run/user.txt /run/user.said /run/user.status", 60)
    assert "not ok" not in said and "ok a frame goes out still" in said and "status 0" in said, said


# REQ-INT-082 REQ-INT-190 REQ-ISO-040 REQ-ISO-080 REQ-LIF-090
def test_a_user_vm_has_one_and_a_new_life_of_the_service_vm_finds_them_switched_off(machine):
    switch(machine, 2)
    use(machine, FUNCTIONS[0])
    lend(machine, FUNCTIONS[0])
    expect_the_card_to_stay(machine)
    ring(machine)
    use_again(machine, FUNCTIONS[0])
    lend(machine, FUNCTIONS[0])
    machine.send("reboot -f\n")
    machine.wait_for("service", r"^service: shell ready", BOOT_S, count=2)
    load(machine)
    assert config_read(machine, CARD, CONTROL, 1) == "00"
    switch(machine, 2)
    use(machine, FUNCTIONS[1])
    assert machine.text("hypervisor").count("blocked") == 2      # those of the User VMs
