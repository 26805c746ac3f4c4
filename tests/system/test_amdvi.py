# SPDX-License-Identifier: Apache-2.0
"""Devices behind AMD's IOMMU. QEMU's loses the IOAPIC's interrupts and logs no refused request: what is tested here is that nothing is reached."""
import pathlib
import re

import pytest

from outside import Debugger, hv_symbols
from test_iommu import CONFIGURATION, WINDOW, expect_nobody_was_interrupted, tell
from tools.boot import BUILD

SCENARIO = pathlib.Path(__file__).parent / "guest" / "dma-amdvi.yaml"
GUEST = BUILD / "tests" / "guests" / "dma.elf"
RTVM, TELEMETRY, SHARED = 0x40000000, 0x44100000, 0x44000000    # as the scenario has them
PATTERN = (0xD0D0BEEF).to_bytes(4, "little")
UNIT = ["-device", "amd-iommu,pt=off,intremap=off"]             # before any other device
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
                    extra=["-device", "amd-iommu,pt=off,intremap=on", "-device", "edu,addr=5,dma_mask=0xffffffffffffffff"] + debugger.arguments)
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
