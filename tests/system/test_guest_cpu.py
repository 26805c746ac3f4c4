# SPDX-License-Identifier: Apache-2.0
"""What a guest sees of the CPU: tiny bare-metal guests (tests/guests) check it from inside, on exclusive and on shared cores."""
import pathlib
import re

import pytest

from tools.boot import BUILD

GUESTS = BUILD / "tests" / "guests"
HERE = pathlib.Path(__file__).parent / "guest"
SHARED = {"qemu": HERE / "shared.yaml", "bochs": HERE / "shared-bochs.yaml"}


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


# What Bochs' AMD-V does not do: write DR6 before an intercepted #DB.
BOCHS_AMD_LACKS = {"single-step-is-told-in-dr6", "watchpoint-is-told-in-dr6"}
# And what it dies of: an exit under a single step ("3rd (14) exception with no resolution").
BOCHS_AMD_WORDS = {"service": "console=0x2f8 steps=0"}


@pytest.mark.machines("qemu:EPYC,+svm,+npt,-x2apic", "bochs:ryzen")
@pytest.mark.parametrize("name", ["exits", "debug"])
# REQ-CFG-032
def test_guest_checks_pass_on_a_cpu_without_x2apic(start, on, name):
    """On two shared cores, the second of which is started and kicked by its local APIC in memory."""
    machine = start(SHARED[on.partition(":")[0]], images={"idle": GUESTS / f"{name}.elf"}, append=BOCHS_AMD_WORDS if on == "bochs:ryzen" else None)
    machine.wait_for("service", r"^done", timeout=60)
    lacks = BOCHS_AMD_LACKS if on == "bochs:ryzen" else set()
    assert set(re.findall(r"^not ok ([\w-]+)", machine.text("service"), re.M)) <= lacks
    assert len(re.findall(r"^ok ", machine.text("service"), re.M)) >= 5


@pytest.mark.machines("qemu:EPYC,+svm,+npt,-x2apic")
@pytest.mark.not_on("bochs", "v_irq")
# REQ-CFG-032 REQ-INT-011
def test_interrupts_arrive_on_a_cpu_without_x2apic(start, emulator):
    """The guest's own local APIC is an x2APIC, which is virtual."""
    machine = start(SHARED[emulator.name], images={"idle": GUESTS / "interrupts.elf"})
    machine.wait_for("service", r"^done", timeout=60)
    assert re.findall(r"^not ok .*", machine.text("service"), re.M) == []


@pytest.mark.machines("qemu", "qemu:EPYC,+svm,+npt,-x2apic", "bochs:skylake_x", "bochs:ryzen")
# REQ-CFG-032 REQ-INT-029 REQ-ISO-042
def test_a_second_vcpu_is_started_and_stopped(start, on):
    """By INIT and SIPI: its core has to be waked, and then to be kicked out of the guest, which never leaves by itself."""
    machine = start(SHARED[on.partition(":")[0]], images={"idle": GUESTS / "both.elf"})
    machine.wait_for("service", r"^done", timeout=60)
    assert "ok the-other-vcpu-runs\n" in machine.text("service") and "ok and-stops\n" in machine.text("service")


@pytest.mark.machines("qemu", "bochs:skylake_x", "bochs:sapphire_rapids", "bochs:haswell")
@pytest.mark.parametrize("core", ["exclusive", "shared"])
@pytest.mark.parametrize("name", ["exits", "interrupts", "debug"])
# REQ-ISO-019 REQ-ISO-026 REQ-ISO-042 REQ-INT-011
def test_guest_checks_pass(start, name, core):
    text = run_guest(start, name, core)
    assert re.findall(r"^not ok .*", text, re.M) == []
    assert len(re.findall(r"^ok ", text, re.M)) >= 7
