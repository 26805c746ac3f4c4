# SPDX-License-Identifier: Apache-2.0
"""Devices behind AMD's IOMMU, in all kinds of VM. QEMU's logs no refused request: what is tested here is that nothing is reached."""
import pathlib
import re

import pytest

import test_pci
import tools.machine
from outside import Debugger, Monitor, hv_symbols
from test_iommu import CONFIGURATION, WINDOW, expect_nobody_was_interrupted, tell
from test_pass_through import EDU, GUEST_SIZE, LINE, SERVICE, expect_moves, expect_peace, machine, refused  # noqa: F401
from tools.boot import BUILD

SCENARIO = pathlib.Path(__file__).parent / "guest" / "dma-amdvi.yaml"
GUEST = BUILD / "tests" / "guests" / "dma.elf"
RTVM, TELEMETRY, SHARED = 0x40000000, 0x44100000, 0x44000000    # as the scenario has them
PATTERN = (0xD0D0BEEF).to_bytes(4, "little")
UNIT = ["-device", "amd-iommu,pt=off,intremap=off"]             # before any other device
REMAPS = ["-device", "amd-iommu,pt=off,intremap=on"]
LIMIT_S = 120
SOURCES, ENTRIES, RT_CORE = 0x48, 512, 3        # entries of the remapping table (hv/core/iommu_remap.h)
pytestmark = pytest.mark.not_on("bochs", "iommu")


# REQ-ISO-040 REQ-ISO-050 REQ-ISO-058
def test_a_device_behind_amds_iommu_reaches_the_memory_of_its_vm_and_no_other(start, folder):
    symbols, secret = hv_symbols(), RTVM + 0x100000
    places = [symbols["stage2_table"][0], symbols["iommu_entry"][0], symbols["vms"][0] & ~0x3F, secret, TELEMETRY, SHARED]
    debugger = Debugger(folder)
    words = f"write={','.join(f'{place:x}' for place in places)} read={secret:x}"
    machine = start(SCENARIO, images={"idle": GUEST}, append={"service": f"console=0x2f8 {words}", "rtvm": "warmup=20 report=0"},
                    extra=UNIT + ["-device", "edu,addr=5,dma_mask=0xffffffffffffffff"] + debugger.arguments)
    machine.wait_for("service", r"^done", timeout=LIMIT_S)
    text = machine.text("service")
    assert "AMD-Vi, 1 units translate; interrupts are not remapped" in machine.text("hypervisor")
    assert re.findall(r"^not ok .*", text, re.M) == []
    assert "ok own-memory\n" in text and "ok own-memory-still\n" in text
    with debugger.stopped():
        for place in places:
            assert PATTERN not in debugger.read(place, 64), hex(place)
        left = int(re.search(r"^left at (\w+)", text, re.M)[1], 16)
        assert debugger.read(left, 64) != debugger.read(secret, 64)
    assert machine.alive()


# REQ-ISO-041
def test_what_a_device_forges_interrupts_nobody_behind_amds_iommu_either(start, folder):
    debugger, symbols = Debugger(folder), hv_symbols()
    machine = start(SCENARIO, images={"idle": BUILD / "tests" / "guests" / "forge.elf"}, append={"service": "console=0x2f8", "rtvm": "warmup=20 report=0"},
                    extra=REMAPS + ["-device", "edu,addr=5,dma_mask=0xffffffffffffffff"] + debugger.arguments)
    told, msi = (int(word, 16) for word in machine.wait_for("service", r"^told at (\w+) msi (\w+)", timeout=LIMIT_S).groups())
    with debugger.stopped():
        address, data = (debugger.number(CONFIGURATION + msi + at, 4) for at in (4, 12))
        assert (address, SOURCES <= data < ENTRIES) == (WINDOW, True), "its message names an entry of shared cores"
        assert debugger.number(symbols["iommu_irte"][0] + 16 * data, 8) & 0xFF == 1
    forged = [(WINDOW, ENTRIES - 1), (WINDOW, 0x41), (WINDOW, ENTRIES + 0x41), (WINDOW, 0x400), (WINDOW, 0x500), (WINDOW | RT_CORE << 12, 0x41),
              (WINDOW | RT_CORE << 12, 0x400)]      # blocked entries, an SMI, an NMI, an INIT, and the RTVM's core by its number
    for number, (address, data) in enumerate(forged, 1):
        tell(machine, debugger, told, msi, number, address, data)
    expect_nobody_was_interrupted(machine, debugger, told)


@pytest.fixture
def with_edu(start, folder, monkeypatch):
    """with_edu(change): the machine of test_pci.py, whose board has AMD's unit."""
    monkeypatch.setattr(tools.machine, "IOMMU", REMAPS)
    return lambda change=lambda data, board: None: test_pci.boot(start, test_pci.scenario(folder, change=change), 16)


# REQ-ISO-041 REQ-ISO-058 REQ-INT-055
def test_an_exclusive_vm_has_its_function_with_messages_behind_amds_iommu(with_edu):
    machine = with_edu()
    machine.wait_for("service", r"^seen$", LIMIT_S)
    test_pci.exits_of(machine)
    test_pci.expect_good(machine)
    assert re.search(r"AMD-Vi, 1 units translate\s*$", machine.text("hypervisor"), re.M)     # and interrupts are remapped
    assert "ok each interrupt" in machine.text("rtvm") and "ok DMA in its own memory" in machine.text("rtvm")


def of_shared_cores(data, board):
    rtvm = data["prelaunched_vms"][0]
    rtvm["exclusive"] = False
    for name in ("on_fault", "heartbeat", "restart_limit"):
        rtvm.pop(name, None)


# REQ-CFG-008
def test_a_vm_on_shared_cores_gets_no_function_behind_amds_iommu(with_edu):
    machine = with_edu(of_shared_cores)
    machine.wait_for("hypervisor", r"boot: partition table refused: AMD's IOMMU cannot keep the interrupts of a VM on shared cores apart from the Service VM's: "
                                   r"remove its PCI function, or make the VM exclusive", LIMIT_S)
    machine.wait_for("hypervisor", r"boot: cannot start: no VM was started, machine halted", LIMIT_S)


# REQ-DM-013 REQ-INT-084 REQ-ISO-041 REQ-ISO-058
def test_a_user_vm_has_functions_behind_amds_iommu(machine, folder, monkeypatch):  # noqa: F811
    """A disk with its messages, which moves there and back; a device that is aimed at others' memory; and a line, which the IOAPIC has as an entry of the table."""
    monkeypatch.setattr(tools.machine, "IOMMU", REMAPS)
    debugger, monitor = Debugger(folder), Monitor(folder)
    running = machine(extra=debugger.arguments + monitor.arguments)
    assert re.search(r"AMD-Vi, 1 units translate\s*$", running.text("hypervisor"), re.M)
    expect_moves(running, 1)
    places = [hv_symbols()["vms"][0] & ~0x3F, RTVM + 0x100000, SERVICE]
    assert min(places) >= GUEST_SIZE, "below that is memory of the User VM's own"
    running.shell(f"(guest aimed {EDU},as-is dma 'write={','.join(f'{place:x}' for place in places)} sits=1') >/dev/null 2>&1 & await grep -qs ^done /run/aimed.txt", 120)
    said = running.shell("cat /run/aimed.txt; kill -KILL $(cat /run/aimed.pid)")
    assert "not ok" not in said and "ok own-memory" in said and said.count("aimed at") == len(places)
    with debugger.stopped():
        assert [place for place in places if PATTERN in debugger.read(place, 64)] == []
    running.shell(f"(guest line {LINE},as-is lent 'line=yes stay=yes') >/run/line.said 2>&1 & await grep -qs ^done /run/line.txt", 120)
    said = running.shell("cat /run/line.txt /run/line.said")
    assert "not ok" not in said and "ok interrupts-by-its-line" in said and "ok none-before-the-end-of-the-last" in said, said
    running.wait_for("hypervisor", r"pci: 0x38: its VM has its interrupt line 0x17$", LIMIT_S)
    pin = int(re.search(r"pin 23 +0x([0-9a-f]{16})", monitor.say("info pic"))[1], 16)
    with debugger.stopped():
        entry = [debugger.number(hv_symbols()["iommu_irte"][0] + 16 * (pin & 0x7FF) + at, 8) for at in (0, 8)]
    assert pin & 0x1A000 == 0xA000 and entry[0] & 1 and entry[1] & 0xFF == pin & 0x7FF < SOURCES, "level, low, an entry of a pin, which has the number of its vector"
    running.shell("kill -KILL $(cat /run/line.pid); await all_is_back", 60)
    assert int(re.search(r"pin 23 +0x([0-9a-f]{16})", monitor.say("info pic"))[1], 16) & 0x10000, "masked"
    expect_peace(running)
