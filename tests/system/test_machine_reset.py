# SPDX-License-Identifier: Apache-2.0
"""The ways in which the hypervisor resets the machine. The image is patched so that those before one do nothing, as on a machine that lacks them."""
import re
import subprocess

import pytest

from tools.boot import BUILD

HV = BUILD / "hv"
SCENARIO = "tests/system/guest/shared-bochs.yaml"     # a Service VM alone: the machine follows its reset
CONTROLS = BUILD / "tests" / "guests" / "controls.elf"
NOP = b"\x90"


def without(folder, *dead):
    """The image with these instructions of hw_reset() made NOPs."""
    listing = subprocess.run(["objdump", "-d", "--disassemble=hw_reset", str(HV / "hv.elf64")], capture_output=True, text=True, check=True).stdout
    lines = re.findall(r"^\s*([0-9a-f]+):\t((?:[0-9a-f]{2} )+)\s*\t?(.*)$", listing, re.M)
    first = int(lines[0][0], 16)
    code = b"".join(bytes.fromhex(words) for _, words, _ in lines)
    data = bytearray((HV / "hv.elf").read_bytes())
    place = data.index(code)
    count = 0
    for address, words, text in lines:
        if re.sub(r"\s+", " ", text.strip()) in dead:
            at, length = place + int(address, 16) - first, len(bytes.fromhex(words))
            data[at:at + length] = NOP * length
            count += 1
    assert count >= len(dead), listing
    path = folder / "hv.elf"
    path.write_bytes(data)
    return path


pytestmark = pytest.mark.not_on("qemu", "vt-x")

CHIPSET, KEYBOARD = "out %al,(%dx)", "out %al,$0x64"


@pytest.mark.parametrize("dead, kind", [((), "HARDWARE"), ((CHIPSET,), "SOFTWARE")], ids=["chipset", "keyboard"])
# REQ-LIF-007
def test_the_machine_begins_anew(start, folder, dead, kind):
    """With VT-x on, as Bochs' log tells. Its BIOS does not get through a second start with it locked on."""
    folder.mkdir(parents=True, exist_ok=True)
    machine = start(SCENARIO, kernel=without(folder, *dead), images={"idle": CONTROLS})
    machine.wait_for("hypervisor", r"power: reset$")
    machine.wait_for("bochs", rf"bx_pc_system_c::Reset\({kind}\) called")


# REQ-LIF-007
def test_the_last_way_is_a_shutdown_of_the_cpu(start, folder):
    """Outside of VT-x. The chipset of a PC resets then; Bochs is told to end instead (reset_on_triple_fault=0)."""
    folder.mkdir(parents=True, exist_ok=True)
    machine = start(SCENARIO, kernel=without(folder, CHIPSET, KEYBOARD), images={"idle": CONTROLS})
    machine.wait_exit()
    assert re.search(r"power: reset$", machine.text("hypervisor"), re.M)
    assert "exception with no resolution" in machine.text("bochs")
