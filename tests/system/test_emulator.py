# SPDX-License-Identifier: Apache-2.0
"""Faults of the emulator that the tools work around: what would go wrong without."""
import re
import signal
import subprocess
import sys

import pytest

from tools.boot import BUILD
from tools.progress import ROOT

GUESTS = BUILD / "tests" / "guests"
HALTS = 50000


@pytest.mark.not_on("bochs", "fault")
# REQ-EVI-004
def test_the_first_core_keeps_its_state_while_another_restores_its_fpu(start):
    """Without tools/qemu/ferr_race.so the machine is dead within a second or two."""
    machine = start("rt-only", images={"rtvm": GUESTS / "fpu_restore.elf", "idle": GUESTS / "exit_storm.elf"}, append={"service": "console=0x2f8"})
    machine.wait_for("rtvm", r"^fpu: restoring", timeout=30)
    machine.wait_for("service", r"^done", timeout=60)


@pytest.mark.not_on("bochs", "fault")
# REQ-EVI-004
def test_counted_time_does_not_depend_on_the_host(start):
    """The bare machine halts, and each interrupt comes after the same number of instructions. A plugin that took a thread that was being woken for a
    sleeping one let some three in 50,000 come later, on a host with an idle core (docs/decisions/0013-counted-time.md)."""
    words = f"console=0x3e8 poweroff=0x604 count={HALTS} period_us=1000 report=0 histogram=1 tsc_hz=1000000000 timer_hz=1000000000"
    machine = start(None, kernel=BUILD / "rtvm" / "rtvm.elf", mode="icount", append=words)
    machine.wait_for("rtvm", r"^rtvm: finished", timeout=200)
    seen = re.findall(r"^rtvm: latency (\d+) samples (\d+)$", machine.text("rtvm"), re.M)
    assert [int(samples) for _, samples in seen] == [HALTS], seen


# REQ-TOO-005
def test_a_machine_ends_with_the_command_that_started_it(folder, emulator):
    """Even when that is killed and can tidy up nothing."""
    program = ("import pathlib, sys, time\n"
               "from tools.boot import MACHINES\n"
               f"machine = MACHINES[{emulator.name!r}](pathlib.Path({str(folder)!r}), kernel=pathlib.Path({str(BUILD / 'rtvm' / 'rtvm.elf')!r}), append='console=0x3e8').start()\n"
               "machine.wait_for('rtvm', '^rtvm: ', 30)\n"
               "print(machine.process.pid, flush=True)\n"
               "time.sleep(600)\n")
    with subprocess.Popen([sys.executable, "-B", "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True) as command:
        emulator = int(command.stdout.readline())
        waits = subprocess.Popen(["tail", f"--pid={emulator}", "-f", "/dev/null"])
        assert waits.poll() is None
        command.send_signal(signal.SIGKILL)
        assert command.wait(10) == -signal.SIGKILL
        try:
            assert waits.wait(30) == 0
        finally:
            waits.kill()
