# SPDX-License-Identifier: Apache-2.0
"""Exceptions of a guest and exits for interrupts, one right behind the other."""
import re

import pytest

from tools.boot import BUILD

GUESTS = BUILD / "tests" / "guests"


@pytest.mark.machines("qemu", "bochs:skylake_x", "bochs:sapphire_rapids", "bochs:haswell")
# REQ-INT-016
def test_each_exception_is_delivered_once_while_a_timer_interrupts(start):
    """Bochs' usual loop fails here by itself, for some 20 of its 20,000 (tools/bochs.py)."""
    machine = start("rt-only", images={"idle": GUESTS / "exceptions.elf"}, append={"service": "console=0x2f8"}, exact=True)
    machine.wait_for("service", r"^done", timeout=120)
    text = machine.text("service")
    assert re.findall(r"^not ok .*", text, re.M) == []
    assert "ok each-exception-once\n" in text and "ok interrupts-came\n" in text
