# SPDX-License-Identifier: Apache-2.0
"""What an exit costs in host instructions, counted (one instruction = 1 ns of virtual time): guest, exit, policy, entry, guest."""
import re

import pytest

from tools.bench import paths
from tools.bench.measure import Settings
from tools.boot import BUILD
from tools.evidence import specification

COST = BUILD / "tests" / "guests" / "cost.elf"
TIMER = BUILD / "tests" / "guests" / "timer_cost.elf"
IPI = BUILD / "tests" / "guests" / "ipi.elf"
IDLE = BUILD / "tests" / "guests" / "idle.elf"


def costs(machine, console):
    machine.wait_for(console, r"^done", timeout=120)
    return {name: int(value, 16) for name, value in re.findall(r"^([\w ]+) ([0-9a-f]{16})$", machine.text(console), re.M)}


@pytest.mark.parametrize("core, names", [
    ("exclusive", ["cost.exclusive.cpuid", "cost.exclusive.rdmsr", "cost.exclusive.in", "cost.exclusive.vmmcall"]),
    ("shared", ["cost.shared.cpuid", "cost.shared.rdmsr", "cost.shared.vmmcall"]),
])
@pytest.mark.not_on("bochs", "figures")
# REQ-RT-020
def test_exit_stays_within_its_budget(start, core, names):
    promised = specification.read()
    limits = {name.split(".")[-1]: promised.number(name) for name in names}
    if core == "exclusive":
        machine, console = start("rt-only", images={"rtvm": COST}, mode="icount"), "rtvm"
    else:
        machine, console = start("rt-only", images={"idle": COST, "rtvm": IDLE}, append={"service": "console=0x2f8"}, mode="icount"), "service"
    found = costs(machine, console)
    over = {name: found[name] for name, limit in limits.items() if found[name] > limit}
    assert over == {}, found


@pytest.mark.not_on("bochs", "figures")
# REQ-INT-031 REQ-RT-060
def test_a_timer_interrupt_of_a_shared_vcpu_takes_two_exits(start):
    promised = specification.read()
    machine = start("rt-only", images={"idle": TIMER, "rtvm": IDLE}, append={"service": "console=0x2f8"}, mode="icount")
    found = costs(machine, "service")
    rounds = found["rounds"]
    exits = {state: found[f"exits {state}"] - found["exits nothing"] for state in ("busy", "halted")}
    assert all(count <= promised.number("cost.shared.timer_exits") * rounds for count in exits.values()), found
    assert found["ticks busy"] <= promised.number("cost.shared.timer") * rounds, found


@pytest.mark.parametrize("promise, console, images, append", [
    ("cost.exclusive.ipi", "rtvm", {"rtvm": IPI, "idle": IDLE}, None),
    ("cost.shared.ipi", "service", {"rtvm": IDLE, "idle": IPI}, {"service": "console=0x2f8"}),
])
@pytest.mark.not_on("bochs", "figures")
# REQ-RT-060
def test_an_interrupt_between_halted_vcpus_and_its_answer(start, promise, console, images, append):
    machine = start("tests/bench/bench-ipi.yaml", images=images, append=append, mode="icount")
    found = costs(machine, console)
    assert found["ipi mean"] <= specification.read().number(promise), found


@pytest.mark.not_on("bochs", "figures")
# REQ-IO-026
def test_an_access_that_the_device_model_answers(folder):
    """Without a wait in the hypervisor each request costs an upcall more, an interrupt of Linux and its scheduler: twice as much."""
    promised = specification.read()
    found = paths.access(Settings(folder, 0, False))
    limits = {"dm_port": promised.number("cost.user.dm_port"), "dm_mmio": promised.number("cost.user.dm_mmio")}
    over = {name: found[name]["mean"] for name, limit in limits.items() if found[name]["mean"] > limit}
    assert over == {}, found
