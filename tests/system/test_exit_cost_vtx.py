# SPDX-License-Identifier: Apache-2.0
"""What an exit costs with VT-x, in ticks of Bochs: instructions of the core that executed most in a turn of five (tools/bochs.py, exact)."""
import re

import pytest

from tools.boot import BUILD
from tools.evidence import specification

GUESTS = BUILD / "tests" / "guests"
COST, TIMER, IPI, IDLE = (GUESTS / f"{name}.elf" for name in ("cost", "timer_cost", "ipi", "idle"))
SERVICE = {"service": "console=0x2f8"}

pytestmark = pytest.mark.not_on("qemu", "vt-x")


def costs(machine, console):
    machine.wait_for(console, r"^done", timeout=120)
    return {name: int(value, 16) for name, value in re.findall(r"^([\w ]+) ([0-9a-f]{16})\r?$", machine.text(console), re.M)}


# REQ-RT-020
def test_exit_stays_within_its_budget(start):
    """On VT-x, in both VMs at once: neither waits for the other."""
    promised = specification.read()
    machine = start("rt-only", images={"rtvm": COST, "idle": COST}, append=SERVICE, exact=True)
    over = {}
    for console, names in (("rtvm", ["cost.vtx.exclusive.cpuid", "cost.vtx.exclusive.rdmsr", "cost.vtx.exclusive.in", "cost.vtx.exclusive.vmcall"]),
                           ("service", ["cost.vtx.shared.cpuid", "cost.vtx.shared.rdmsr", "cost.vtx.shared.vmcall", "cost.vtx.shared.in_3e8"])):
        found = costs(machine, console)
        over.update({name: found[name.split(".")[-1]] for name in names if found[name.split(".")[-1]] > promised.number(name)})
    assert over == {}


# REQ-INT-031 REQ-RT-060
def test_a_timer_interrupt_of_a_shared_vcpu_takes_two_exits(start):
    """On VT-x."""
    promised = specification.read()
    found = costs(start("rt-only", images={"idle": TIMER, "rtvm": IDLE}, append=SERVICE, exact=True), "service")
    assert found["exits busy"] - found["exits nothing"] <= promised.number("cost.vtx.shared.timer_exits") * found["rounds"], found
    assert found["ticks busy"] <= promised.number("cost.vtx.shared.timer") * found["rounds"], found


@pytest.mark.parametrize("promise, scenario, console, images, append", [
    ("cost.vtx.exclusive.ipi", "tests/bench/ipi-bochs.yaml", "rtvm", {"rtvm": IPI, "idle": IDLE}, None),
    ("cost.vtx.shared.ipi", "tests/bench/kick-bochs.yaml", "service", {"rtvm": IDLE, "idle": IPI}, SERVICE),
])
# REQ-RT-060
def test_an_interrupt_between_halted_vcpus_and_its_answer(start, promise, scenario, console, images, append):
    """On VT-x."""
    found = costs(start(scenario, images=images, append=append, exact=True), console)
    assert found["ipi mean"] <= specification.read().number(promise), found
