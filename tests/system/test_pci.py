# SPDX-License-Identifier: Apache-2.0
"""A PCI function of an exclusive VM, also a virtual one of a card that the Service VM has: what it sees of its bus, DMA into its own memory only, message interrupts without exits."""
import re

import pytest
import yaml

from tools.boot import BUILD, ROOT

GUEST = BUILD / "tests" / "guests" / "pci.elf"
EDU = {"address": "00:03.0", "id": "1234:11e8", "class": "00ff", "name": "edu", "bars": [{"address": 0xFEA00000, "size": "1 MiB"}]}
VF_GUEST = BUILD / "tests" / "guests" / "vf.elf"
VF = {"address": "00:15.0", "id": "8086:10ca", "class": "0200", "name": "Intel 82576 virtual function",
      "bars": [{"address": 0xFE000000, "size": "16 KiB"}, {"address": 0xFE020000, "size": "16 KiB"}]}   # nothing is there, and eight of each have room
RTVM_HPA, RTVM_SIZE = 0x40000000, 64 << 20

pytestmark = pytest.mark.not_on("bochs", "devices")


def scenario(folder, on_fault="stop", change=lambda data, board: None):
    """Two test guests: the Service VM, and an exclusive VM with the device."""
    board = yaml.safe_load((ROOT / "configs" / "boards" / "qemu-q35-iommu.yaml").read_text(encoding="utf-8"))
    board["pci"] = [EDU]
    data = yaml.safe_load((ROOT / "configs" / "scenarios" / "rt-only.yaml").read_text(encoding="utf-8"))
    data["board"] = "board.yaml"
    rtvm = data["prelaunched_vms"][0]
    rtvm["pci"] = ["1234:11e8"]
    rtvm.update({"on_fault": {"triple_fault": on_fault}}, **({"restart_limit": 1} if on_fault == "restart" else {}))
    change(data, board)
    (folder / "board.yaml").write_text(yaml.safe_dump(board), encoding="utf-8")
    path = folder / "scenario.yaml"
    path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    return path


def boot(start, path, count=1):
    return start(path, images={"idle": GUEST, "rtvm": GUEST}, extra=["-device", "edu,addr=3"],
                 append={"service": "console=0x2f8 bar=0xfea00000", "rtvm": f"count=0x{count:x}"})


def exits_of(machine):
    """At its end, which the guest makes."""
    return int(machine.wait_for("hypervisor", r"summary: rtvm exits=(\d+) ").group(1))


def expect_good(machine):
    for console in ("rtvm", "service"):
        assert not re.findall(r"^not ok .*$", machine.text(console), re.M), machine.text(console)


# REQ-INT-052 REQ-INT-053 REQ-INT-054 REQ-INT-055 REQ-INT-025 REQ-ISO-040 REQ-CFG-036
def test_an_exclusive_vm_drives_its_function_without_exits(start, folder):
    path = scenario(folder)
    exits = []
    for count in (1, 2001):
        machine = boot(start, path, count)
        machine.wait_for("service", r"^seen$")
        exits.append(exits_of(machine))
        expect_good(machine)
        assert "ok each interrupt" in machine.text("rtvm") and "ok DMA in its own memory" in machine.text("rtvm")
        machine.wait_for("hypervisor", r"iommu: PCI function 0x18 of rtvm: DMA write blocked, address 0x8000000, ")   # beside its memory
        machine.stop()
    assert exits[0] == exits[1]


# REQ-LIF-050
def test_its_function_starts_again_with_it(start, folder):
    machine = boot(start, scenario(folder, "restart"), 3)
    machine.wait_for("hypervisor", r"vm: rtvm: restart 1 of 1, ")
    machine.wait_for("rtvm", r"(?s)triple fault.*triple fault")
    expect_good(machine)
    assert machine.text("rtvm").count("ok and no other") == 2


# REQ-INT-051 REQ-INT-055
@pytest.mark.parametrize("change, expected", [
    (lambda data, board: board["pci"][0].update(bars=[{"address": 0xFEA00000, "size": "512 KiB"}]), r"0x18: its registers are not in its VM's device memory"),
    (lambda data, board: (board.pop("pci"), data["prelaunched_vms"][0].update(pci=["00:1f.2"])), r"rtvm cannot have function 0xfa: nothing keeps it apart from a function of another VM"),
    (lambda data, board: (board.pop("pci"), data["prelaunched_vms"][0].update(pci=["00:09.0"])), r"rtvm cannot have function 0x48: it does not exist on this machine"),
], ids=["registers", "group", "absent"])
def test_what_cannot_be_given_is_refused_at_boot(start, folder, change, expected):
    machine = boot(start, scenario(folder, change=change))
    machine.wait_for("hypervisor", r"boot: cannot start: no VM was started, machine halted")
    assert re.search(rf"pci: {expected}", machine.text("hypervisor"), re.M), machine.text("hypervisor")


def boot_virtual(start, folder, function, board_has=True):
    def change(data, board):
        board.update(pci=[function]) if board_has else board.pop("pci")
        data["prelaunched_vms"][0]["pci"] = [function["address"]]
    return start(scenario(folder, change=change), images={"idle": VF_GUEST, "rtvm": VF_GUEST}, extra=["-device", "igb,addr=5"],
                 append={"service": f"console=0x2f8 bar=0x{VF['bars'][0]['address']:x}"})


# REQ-ISO-093
def test_an_exclusive_vm_has_a_virtual_function_and_the_service_vm_the_card(start, folder):
    machine = boot_virtual(start, folder, VF)
    machine.wait_for("service", r"^ready$")
    machine.wait_for("rtvm", r"^sent$")
    expect_good(machine)
    assert "ok a frame goes out" in machine.text("rtvm") and "ok an interrupt" in machine.text("rtvm")
    machine.wait_for("hypervisor", r"iommu: PCI function 0xa8 of rtvm: DMA read blocked, address 0x8000000, ")   # beside its memory
    assert machine.text("hypervisor").count("virtual functions do not fit, or are in use") == 1


# REQ-ISO-093
@pytest.mark.parametrize("board_has, bar, expected", [
    (True, "8 KiB", r"0x28: virtual functions of pre-launched VMs do not fit; .* At fault is register 0x24"),
    (False, "16 KiB", r"0x28: virtual functions of pre-launched VMs do not fit; .* At fault is register 0x24"),
], ids=["small", "none"])
def test_a_virtual_function_without_room_is_refused_at_boot(start, folder, board_has, bar, expected):
    machine = boot_virtual(start, folder, {**VF, "bars": [{"address": 0xFE000000, "size": bar}]}, board_has)
    machine.wait_for("hypervisor", r"boot: cannot start: no VM was started, machine halted")
    assert re.search(rf"pci: {expected}", machine.text("hypervisor"), re.M), machine.text("hypervisor")
    assert re.search(r"rtvm cannot have function 0xa8: it does not exist", machine.text("hypervisor"), re.M)
