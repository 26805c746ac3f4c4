# SPDX-License-Identifier: Apache-2.0
"""The NMI of a kick in the one moment where nothing holds it back on VT-x: behind the test of the kick flag, before the entry.

Bochs takes events between turns only, and none of them ends there. Its debugger can: it stops core 1 at VMRESUME and lets core 0 alone go on
until that one has sent its kick."""
import re
import subprocess

import pytest

from outside_bochs import Debugger
from tools.boot import BUILD

GUESTS = BUILD / "tests" / "guests"
KICKS = 20          # in the window
STEPS = 6000        # of core 0: more than from its look at the other vCPU's sign to the NMI
LOST = 200          # stops of core 0 in a row, which asks again and again when no answer comes


def entry_address():
    text = subprocess.run(["objdump", "-d", "--disassemble=vmx_run_guest", str(BUILD / "hv" / "hv.elf64")], capture_output=True, text=True, check=True).stdout
    return int(re.search(r"^\s*([0-9a-f]+):.*\bvmresume", text, re.M).group(1), 16)


@pytest.mark.not_on("qemu", "vt-x")
# REQ-INT-029
def test_a_kick_between_the_last_test_and_the_entry_is_not_lost(start, folder):
    debugger = Debugger(folder, [f"lb {entry_address():#x}", "c"])
    machine = start("tests/bench/kick-bochs.yaml", append={"service": "console=0x2f8 busy"}, images={"rtvm": GUESTS / "idle.elf", "idle": GUESTS / "ipi.elf"},
                    debugger=debugger)
    stopped, kicks, alone = None, 0, 0
    while kicks < KICKS:
        stopped = re.search(r"^\((\d)\) Breakpoint", debugger.answer(), re.M).group(1)
        alone = alone + 1 if stopped == "0" else 0
        assert alone < LOST, f"the kick after {kicks} was lost: core 1 runs its guest and has not heard of it"
        if stopped == "1":
            debugger.ask(f"s 0 {STEPS}")
            kicks += 1
        debugger.say("c")
    debugger.answer()
    debugger.say("d 1")
    debugger.say("c")
    machine.wait_for("service", r"^done", timeout=60)
    assert "ok no kick is lost" in machine.text("service")
