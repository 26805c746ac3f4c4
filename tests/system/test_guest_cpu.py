# SPDX-License-Identifier: Apache-2.0
"""What a guest sees of the CPU: tiny bare-metal guests (tests/guests) check it from inside, on exclusive and on shared cores."""
import re

import pytest

from tools.boot import BUILD

GUESTS = BUILD / "tests" / "guests"


def run_guest(start, name, core):
    """The console text of that guest, run as the RTVM or in place of the Service VM."""
    if core == "exclusive":
        machine, console = start("rt-only", images={"rtvm": GUESTS / f"{name}.elf"}), "rtvm"
    else:
        machine, console = start("rt-only", images={"idle": GUESTS / f"{name}.elf"}, append={"service": "console=0x2f8"}), "service"
    machine.wait_for(console, r"^done", timeout=60)
    return machine.text(console)


# REQ-INT-022
def test_prelaunched_vm_does_not_reach_the_platform_controls(start):
    machine = start("rt-only", images={"rtvm": GUESTS / "controls.elf"})
    machine.wait_for("hypervisor", r"vm: rtvm: reset 0x0 at 0x[0-9a-f]+ tsc \d+: it stops$")
    assert machine.alive(), "its reset is its own"
    text = machine.text("rtvm")
    assert re.findall(r"^not ok .*", text, re.M) == []
    assert len(re.findall(r"^ok ", text, re.M)) == 7


@pytest.mark.parametrize("core", ["exclusive", "shared"])
@pytest.mark.parametrize("name", ["exits", "interrupts", "debug"])
# REQ-ISO-019 REQ-ISO-026 REQ-INT-011
def test_guest_checks_pass(start, name, core):
    text = run_guest(start, name, core)
    assert re.findall(r"^not ok .*", text, re.M) == []
    assert len(re.findall(r"^ok ", text, re.M)) >= 7
