# SPDX-License-Identifier: Apache-2.0
"""Faults of the emulator that the tools work around: what would go wrong without."""
from tools.boot import BUILD

GUESTS = BUILD / "tests" / "guests"


# REQ-EVI-004
def test_the_first_core_keeps_its_state_while_another_restores_its_fpu(start):
    """Without tools/qemu/ferr_race.so the machine is dead within a second or two."""
    machine = start("rt-only", images={"rtvm": GUESTS / "fpu_restore.elf", "idle": GUESTS / "exit_storm.elf"}, append={"service": "console=0x2f8"})
    machine.wait_for("rtvm", r"^fpu: restoring", timeout=30)
    machine.wait_for("service", r"^done", timeout=60)
