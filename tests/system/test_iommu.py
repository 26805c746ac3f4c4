# SPDX-License-Identifier: Apache-2.0
"""Devices behind an IOMMU: QEMU's edu device, aimed by a hostile Service VM at memory that is not its own."""
import pathlib
import re

import pytest

from outside import Debugger, hv_symbols
from test_devices import check_kernel_log, image, machine, use_devices  # noqa: F401
from tools.boot import BUILD

SCENARIO = pathlib.Path(__file__).parent / "guest" / "dma-iommu.yaml"
GUEST = BUILD / "tests" / "guests" / "dma.elf"
RTVM, TELEMETRY, SHARED = 0x40000000, 0x44100000, 0x44000000    # as the scenario has them
PATTERN = (0xD0D0BEEF).to_bytes(4, "little")
EDU_SLOT = 5
EDU = f"{EDU_SLOT << 3:#x}"
RT_VCPU, MAX_VCPU, TAIL = 8, 64, 6      # words of struct vcpu_stats from exits_total on; last_exit_tsc is the next
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


# REQ-ISO-040
def test_disks_and_network_of_a_linux_service_vm_work_through_the_iommu(machine, folder):
    running = machine(scenario="demo-iommu", virtio=",iommu_platform=on,disable-legacy=on")
    use_devices(running, folder)
    check_kernel_log(running)
    assert "units translate and remap interrupts" in running.text("hypervisor") and "blocked" not in running.text("hypervisor")
    assert running.shell("ls /sys/firmware/acpi/tables").find("DMAR") == -1, "the Service VM sees no IOMMU"
