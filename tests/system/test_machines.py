# SPDX-License-Identifier: Apache-2.0
"""The two emulated machines are one kind of thing to the tests: the same images run on both, bare, and end in the same way."""
import re

import pytest

from tools import setup
from tools.boot import BUILD

GUESTS = BUILD / "tests" / "guests"
RTVM = BUILD / "rtvm" / "rtvm.elf"
SAMPLES = 200
INTEL = ("bochs:skylake_x", "bochs:sapphire_rapids", "bochs:haswell")


def run_bare(start, emulator):
    """The real-time runtime to its end, in counted time."""
    words = f"console=0x3e8 count={SAMPLES} report=0 pmtimer={emulator.pm_timer:#x} poweroff={emulator.pm_control:#x}"
    machine = start(None, kernel=RTVM, append=words, mode="icount")
    machine.wait_for("rtvm", rf"^rtvm: finished samples {SAMPLES} overruns 0 ", timeout=60)
    assert machine.wait_exit(30) == 0, "it switched the machine off"
    return machine


@pytest.mark.machines("qemu", *INTEL)
# REQ-TOO-011
def test_the_real_time_runtime_runs_bare_and_switches_the_machine_off(start, emulator):
    machine = run_bare(start, emulator)
    assert "rtvm: ipi ok\n" in machine.text("rtvm") and machine.text("hypervisor") == ""


@pytest.mark.machines("qemu", *INTEL, "bochs:ryzen")
# REQ-TOO-011
def test_a_test_guest_runs_bare(start):
    machine = start(None, kernel=GUESTS / "debug.elf", append="console=0x3e8 steps=0")  # nobody answers a hypercall
    machine.wait_for("rtvm", r"^done", timeout=60)
    assert re.findall(r"^not ok .*", machine.text("rtvm"), re.M) == []
    assert "ok watchpoint-traps\n" in machine.text("rtvm")


# REQ-TOO-011
def test_a_machine_that_is_reset_does_not_start_again(start):
    machine = start(None, kernel=GUESTS / "controls.elf", append="console=0x3e8")
    assert machine.wait_exit(60) == 0
    assert machine.text("rtvm").count("controls\n") == 1


# REQ-TOO-011
def test_counted_time_gives_the_same_log_twice(start, emulator):
    first, second = run_bare(start, emulator), run_bare(start, emulator)
    assert first.log("rtvm").read_bytes() == second.log("rtvm").read_bytes()


@pytest.mark.machines("qemu", *INTEL)
# REQ-ISO-042 REQ-TOO-011
def test_one_hypervisor_runs_the_real_time_vm_with_either_extension(start, emulator):
    machine = start("rt-only", append={"rtvm": f"console=0x3e8 count={SAMPLES} report=0"}, mode="icount")
    extension = {"qemu": "AMD-V", "bochs": "VT-x"}[emulator.name]
    machine.wait_for("hypervisor", rf"boot: \d+ cores with {extension}, TSC ", timeout=60)
    machine.wait_for("rtvm", rf"^rtvm: finished samples {SAMPLES} overruns 0 ", timeout=60)


def with_initrd(emulator, initrd):
    """Arguments for a Linux kernel without the hypervisor. It reads MSRs that Bochs lacks before it can take the fault."""
    return {"qemu": {"extra": ["-initrd", str(initrd)]}, "bochs": {"modules": [(initrd, "")], "extra": ["cpu: ignore_bad_msrs=1"]}}[emulator.name]


@pytest.mark.machines("qemu", "bochs:haswell")
# REQ-TOO-011
def test_linux_runs_bare_and_can_be_typed_to(start, emulator):
    """The User VMs' kernel, which is the smaller one, with the Service VM's image: its module does not fit, and its shell comes all the same."""
    machine = start(None, kernel=setup.user_kernel().image, append="console=ttyS1,115200 panic=-1 quiet bulkhead.mode=test", cores=1, memory="512M",
                    **with_initrd(emulator, BUILD / "images" / "service-initrd.gz"))
    machine.shell_ready(timeout=300)
    assert machine.shell("echo $((6 * 7)) $(nproc)", timeout=60) == "42 1"
    machine.send("poweroff -f\n")
    assert machine.wait_exit(120) == 0
