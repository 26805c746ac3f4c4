# SPDX-License-Identifier: Apache-2.0
"""Devices behind an IOMMU: QEMU's edu device, aimed by a hostile Service VM at memory that is not its own."""
import hashlib
import pathlib
import re

import pytest
import yaml

from outside import Debugger, Monitor, hv_symbols
from test_devices import check_kernel_log, counted, image, interrupts, machine, use_devices  # noqa: F401
from tools.boot import BUILD, ROOT

GUESTS = BUILD / "tests" / "guests"
SCENARIO = pathlib.Path(__file__).parent / "guest" / "dma-iommu.yaml"
GUEST = GUESTS / "dma.elf"
CARD_BARS = (0xFEB00000, 0xFEB20000, 0xFEB90000)     # of the RTVM's card, where SeaBIOS puts them beside the edu device and the other card
RTVM, TELEMETRY, SHARED = 0x40000000, 0x44100000, 0x44000000    # as the scenario has them
PATTERN = (0xD0D0BEEF).to_bytes(4, "little")
EDU_SLOT = 5
EDU = f"{EDU_SLOT << 3:#x}"
RT_VCPU, MAX_VCPU, TAIL = 8, 64, 6      # words of struct vcpu_stats from exits_total on; last_exit_tsc is the next
UNIT = 0xFED90000
CONFIGURATION = 0xB0000000 + (EDU_SLOT << 15)   # of the device, in the board's MMCONFIG window
WINDOW, REMAPPED, WITH_DATA = 0xFEE00000, 0x10, 8  # with: the data is added to the entry's index
SOURCES, BLOCKS = 0x48, 512         # entries of the remapping table (hv/core/iommu_remap.h)
BEYOND, BLOCKED, NOT_ITS = 0x21, 0x22, 0x26    # reasons (VT-d 4.1, table 31)
STEADY_TSC = 96                         # in the RTVM's telemetry (abi/rt_telemetry.h)
LIMIT_S = 120
pytestmark = pytest.mark.not_on("bochs", "iommu")


@pytest.fixture
def aimed(start, folder):
    """aimed(write=[...], read=[...]): (machine, debugger) when the guest is done."""
    def run(**aims):
        debugger = Debugger(folder)
        words = " ".join(f"{kind}={','.join(f'{address:x}' for address in places)}" for kind, places in aims.items())
        machine = start(SCENARIO, images={"idle": GUEST}, append={"service": f"console=0x2f8 {words}", "rtvm": "warmup=20 report=0"},
                        extra=["-device", f"edu,addr={EDU_SLOT},dma_mask=0xffffffffffffffff"] + debugger.arguments)
        machine.wait_for("service", r"^done", timeout=LIMIT_S)
        return machine, debugger
    return run


def rtvm_exits(debugger):
    """(time of the RTVM's last exit, time at which its measurement began)"""
    stats, size = hv_symbols()["vcpu_stats"]
    words = size // MAX_VCPU // 8
    return (debugger.number(stats + (RT_VCPU * words + words - TAIL + 1) * 8, 8), debugger.number(SHARED + STEADY_TSC, 8))


def blocked(machine, kind):
    """{address: reason} of the log's lines about the device."""
    lines = re.findall(rf"iommu: PCI function {EDU} of service: DMA {kind} blocked, address (0x[0-9a-f]+), reason (0x[0-9a-f]+)$",
                       machine.text("hypervisor"), re.M)
    return {int(address, 16): int(reason, 16) for address, reason in lines}


# REQ-ISO-040 REQ-ISO-052
def test_a_device_reaches_the_memory_of_its_vm_and_no_other(aimed):
    symbols = hv_symbols()
    places = [symbols["stage2_table"][0], symbols["vms"][0] & ~0x3F, RTVM + 0x100000, TELEMETRY, SHARED]
    secret = RTVM + 0x100000
    machine, debugger = aimed(write=places, read=[secret])
    text = machine.text("service")
    assert re.findall(r"^not ok .*", text, re.M) == []
    assert "ok own-memory\n" in text and "ok own-memory-still\n" in text
    with debugger.stopped():
        for place in places:
            assert PATTERN not in debugger.read(place, 64), hex(place)
        left = int(re.search(r"^left at (\w+)", text, re.M)[1], 16)
        assert debugger.read(left, 64) != debugger.read(secret, 64)
        last, steady = rtvm_exits(debugger)
    assert 0 < last < steady, "the RTVM runs on without an exit"
    machine.wait_for("hypervisor", "DMA read blocked", timeout=LIMIT_S)
    assert set(blocked(machine, "write")) == {place & ~0xFFF for place in places}
    assert set(blocked(machine, "write").values()) == {5} and set(blocked(machine, "read").values()) == {6}
    assert machine.alive()


# REQ-ISO-040
def test_without_its_iommu_the_machine_starts_no_vm(start):
    machine = start(SCENARIO, images={"idle": GUEST}, extra=["-global", "intel-iommu.aw-bits=39"])
    machine.wait_for("hypervisor", "cannot start: no VM was started", timeout=LIMIT_S)
    assert "lacks: 48-bit addresses in four levels" in machine.text("hypervisor")
    assert "this machine has no IOMMU" in machine.text("hypervisor")


# REQ-ISO-040 REQ-ISO-091
def test_disks_and_network_of_a_linux_service_vm_work_through_the_iommu(machine, folder):
    """One disk is behind a bridge to conventional PCI, which asks for it."""
    words = ",iommu_platform=on,disable-legacy=on"
    behind = folder / "behind"
    behind.write_bytes(hashlib.shake_128(b"behind").digest(2 << 20))
    running = machine(scenario="demo-iommu", virtio=words,
                      more=["-device", "pcie-pci-bridge,id=old,addr=6", "-drive", f"file={behind},if=none,id=behind,format=raw",
                            "-device", "virtio-blk-pci,bus=old,addr=3,drive=behind" + words])
    use_devices(running, folder)
    place = running.shell("cd /sys/bus/pci/devices/0000:00:06.0/*:03.0/virtio*/block/vd?; pwd; cd /")
    wanted = hashlib.md5(behind.read_bytes()).hexdigest()
    assert running.shell(f"dd if=/dev/{place[-3:]} bs=16k iflag=direct 2>/dev/null | md5sum").split()[0] == wanted
    assert counted(interrupts(running), re.findall(r"virtio\d", place)[0] + "-req", "PCI-MSI") > 0
    check_kernel_log(running, "shpchp")     # of the bridge: two slots of one name
    assert "units translate and remap interrupts" in running.text("hypervisor") and "blocked" not in running.text("hypervisor")
    assert running.shell("ls /sys/firmware/acpi/tables").find("DMAR") == -1, "the Service VM sees no IOMMU"


def tell(machine, debugger, told, msi, number, address, data):
    """From outside, into the device: a message that its driver has no way to write there. The device then sends it, the numberth of all."""
    with debugger.stopped():
        for at, value in ((4, address), (8, 0), (12, data)):
            debugger.write(CONFIGURATION + msi + at, value.to_bytes(4, "little"))
        debugger.write(told, number.to_bytes(4, "little"))
    machine.wait_for("service", rf"^raised 0*{number:x}$", timeout=LIMIT_S)


def expect_nobody_was_interrupted(machine, debugger, told):
    """Lets the guest end; neither the hypervisor nor the RTVM has noticed anything."""
    with debugger.stopped():
        debugger.write(told, b"\xff" * 4)
    machine.wait_for("service", r"^done", timeout=LIMIT_S)
    assert re.findall(r"^not ok .*", machine.text("service"), re.M) == []
    with debugger.stopped():
        last, steady = rtvm_exits(debugger)
        assert debugger.number(hv_symbols()["stray_count"][0], 8) == 0, "no core of the hypervisor was interrupted"
    assert 0 < last < steady, "the RTVM runs on without an exit"
    assert machine.alive()


def with_a_card(folder):
    """The scenario, with an Ethernet controller of the RTVM."""
    board = yaml.safe_load((ROOT / "configs" / "boards" / "qemu-q35-nic.yaml").read_text(encoding="utf-8"))
    data = yaml.safe_load(SCENARIO.read_text(encoding="utf-8"))
    for bar, address in zip(board["pci"][0]["bars"], CARD_BARS):
        bar["address"] = address
    data["board"], data["prelaunched_vms"][0]["pci"] = "board.yaml", ["8086:10d3"]
    (folder / "board.yaml").write_text(yaml.safe_dump(board), encoding="utf-8")
    (folder / "scenario.yaml").write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    return folder / "scenario.yaml"


def expect_entries_of_its_own(words):
    """What the card of the Service VM has, whose guest wrote other messages there: two entries of shared cores, or masked."""
    message = [words[at:at + 4] for at in range(0, 16, 4)]
    address, _, data, masked = message[0]
    assert (address & ~0x1FFE0, data, masked & 1) == (WINDOW | REMAPPED, 0, 0) and SOURCES <= (address & ~WINDOW) >> 5 < BLOCKS, hex(address)
    for entry, (low, high, data, masked) in enumerate(message[1:], 1):
        own = (low & ~0x1FFE0, high, data) == (WINDOW | REMAPPED, 0, 0) and SOURCES <= (low & ~WINDOW) >> 5 < BLOCKS
        assert masked & 1 or own, (entry, hex(low), hex(high), hex(data))
    assert message[3][3] & 1, "a message that is a write to memory"


# REQ-ISO-041 REQ-ISO-052 REQ-INT-027
def test_what_a_device_forges_interrupts_nobody(start, folder):
    debugger, monitor, symbols = Debugger(folder), Monitor(folder), hv_symbols()
    machine = start(with_a_card(folder), images={"idle": GUESTS / "forge.elf"}, append={"service": "console=0x2f8", "rtvm": "warmup=20 report=0"},
                    extra=["-device", f"edu,addr={EDU_SLOT},dma_mask=0xffffffffffffffff", "-device", "e1000e,addr=6,romfile="] + debugger.arguments + monitor.arguments)
    told, msi = (int(word, 16) for word in machine.wait_for("service", r"^told at (\w+) msi (\w+)", timeout=LIMIT_S).groups())
    table = int(re.search(r"^table at (\w+)", machine.text("service"), re.M)[1], 16)
    expect_entries_of_its_own(monitor.words(table, 16))
    assert re.search(r"^shots 0*f$", machine.text("service"), re.M), "each was sent"
    with debugger.stopped():
        status, table = (debugger.number(UNIT + at, size) for at, size in ((0x1C, 4), (0xB8, 8)))
        assert status & 0x02800000 == 0x02000000 and table == symbols["iommu_remap"][0] | 0x80C, "messages that name no entry are blocked, ids have 32 bits"
        assert PATTERN not in debugger.read(RTVM, 64)
        address = debugger.number(CONFIGURATION + msi + 4, 4)
        assert address & ~0x1FFE0 == WINDOW | REMAPPED and SOURCES <= (address & ~WINDOW) >> 5 < BLOCKS, hex(address)
        present = debugger.number(symbols["iommu_remap"][0] + 16 * (BLOCKS + 0x41), 8)
        assert present & 0xFF0001 == 0x410001, "the RTVM's card may raise vector 0x41 there"
    entry = lambda index: WINDOW | REMAPPED | index << 5  # noqa: E731
    forged = [(entry(BLOCKS + 0x41), 0, BLOCKS + 0x41, NOT_ITS), (entry(BLOCKS) | WITH_DATA, 0x42, BLOCKS + 0x42, NOT_ITS),
              (entry(BLOCKS), 0x400, BLOCKS, BLOCKED), (entry(8192), 0x41, 8192, BEYOND)]
    for number, (address, data, index, reason) in enumerate(forged, 1):
        tell(machine, debugger, told, msi, number, address, data)
        machine.wait_for("hypervisor", rf"iommu: PCI function {EDU} of service: interrupt message blocked, entry {index:#x}, reason {reason:#x}$", timeout=LIMIT_S)
    expect_nobody_was_interrupted(machine, debugger, told)
    shots = re.findall(r"interrupt message blocked, entry (0x[0-9a-f]+), reason (0x[0-9a-f]+)$", machine.text("hypervisor"), re.M)[:5]
    assert {int(index, 16): int(reason, 16) for index, reason in shots} == {0: BLOCKED, 511: BLOCKED, 8191: BLOCKED, 8192: BEYOND, 32767: BEYOND}
