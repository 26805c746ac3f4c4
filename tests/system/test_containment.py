# SPDX-License-Identifier: Apache-2.0
"""What breaks on the shared side stays there: the RTVM runs on."""
import re
import time

import pytest

from outside import Debugger, Monitor, hv_symbols
from tools.boot import BUILD
from tools.machine import POLL_S

GUESTS = BUILD / "tests" / "guests"

MACHINE_CHECK = "mce 0 4 0xb200000000070f0f 0x4 0 0" # uncorrected, processor context corrupt, on core 0
MMCONFIG = 0xB0000000
MASTERS = (0xFA, 0x28)      # the board's SATA controller at 00:1f.2, and a random number generator at 00:05.0
BUS_MASTER = 4              # of the command register, PCI_COMMAND
UD2 = b"\x0f\x0b"


def samples(machine):
    return int(re.findall(r"^rtvm: running samples (\d+)", machine.text("rtvm"), re.M)[-1])


def start_rtvm(start, folder, extra=()):
    monitor = Monitor(folder)
    machine = start("rt-only", append={"rtvm": "report=500"}, extra=[*monitor.arguments, *extra])
    machine.wait_for("rtvm", r"^rtvm: running samples 500 ")
    return machine, monitor


def break_shared_side(debugger):
    """The next exit of a shared core meets an invalid instruction in the hypervisor."""
    debugger.write(hv_symbols()["core_exit"][0], UD2)


def expect_it_runs_on(machine):
    before = samples(machine)
    machine.wait_for("rtvm", rf"^rtvm: running samples {before + 2000} ", timeout=60)


@pytest.mark.not_on("bochs", "monitor")
# REQ-LIF-012
# REQ-LIF-017
def test_rtvm_survives_the_end_of_the_shared_side(start, folder):
    machine, monitor = start_rtvm(start, folder)
    monitor.say(MACHINE_CHECK)
    machine.wait_for("hypervisor", r"^panic: exception of the hypervisor on core 0x0+$")
    machine.wait_for("hypervisor", r"^panic: vector 0x0*12 error")
    machine.wait_for("hypervisor", r"^panic: rip 0x[0-9a-f]+ rsp")
    expect_it_runs_on(machine)


def command_register(bdf):
    return MMCONFIG + (bdf << 12) + 4


@pytest.mark.not_on("bochs", "monitor")
# REQ-LIF-033
def test_bus_masters_stop_with_the_shared_side(start, folder):
    debugger = Debugger(folder)
    machine, monitor = start_rtvm(start, folder, [*debugger.arguments, "-device", "virtio-rng-pci,addr=5"])
    with debugger.stopped():
        for bdf in MASTERS:     # as a driver would
            debugger.write(command_register(bdf), (debugger.number(command_register(bdf), 2) | BUS_MASTER).to_bytes(2, "little"))
        before = [debugger.number(command_register(bdf), 2) for bdf in MASTERS]
    assert all(command & BUS_MASTER for command in before)
    monitor.say(MACHINE_CHECK)
    machine.wait_for("hypervisor", r"^panic: exception of the hypervisor")
    with debugger.stopped():
        assert [debugger.number(command_register(bdf), 2) for bdf in MASTERS] == [command & ~BUS_MASTER for command in before]
    expect_it_runs_on(machine)


def start_busy(start, debugger):
    """A Service VM that makes exits, beside the RTVM."""
    machine = start("rt-only", images={"idle": GUESTS / "exits_everywhere.elf"}, append={"service": "console=0x2f8", "rtvm": "report=500"}, debugger=debugger)
    machine.wait_for("rtvm", r"^rtvm: running samples 500 ")
    return machine


# REQ-LIF-012
def test_rtvm_survives_an_exception_of_the_hypervisor(start, debugger):
    machine = start_busy(start, debugger)
    with debugger.stopped():
        break_shared_side(debugger)
    machine.wait_for("hypervisor", r"^panic: exception of the hypervisor on core 0x0+$")
    machine.wait_for("hypervisor", r"^panic: vector 0x0*6 error")
    machine.wait_for("hypervisor", rf"^panic: rip 0x0*{hv_symbols()['core_exit'][0]:x} rsp")
    expect_it_runs_on(machine)


# REQ-LIF-045
def test_a_fault_of_the_report_ends_there(start, debugger):
    """What prints the report faults itself, and so does the line about that: the third time the core just stops."""
    symbols = hv_symbols()
    machine = start_busy(start, debugger)
    with debugger.stopped():
        debugger.write(symbols["hw_log_char"][0], UD2)
        break_shared_side(debugger)
    entered, until = 0, time.monotonic() + 60
    while entered < 3 and time.monotonic() < until:
        with debugger.stopped():
            entered = debugger.number(symbols["fatal_entered"][0], 4)
        time.sleep(POLL_S)
    expect_it_runs_on(machine)
    with debugger.stopped():
        assert debugger.number(symbols["fatal_entered"][0], 4) == 3
    assert "panic" not in machine.text("hypervisor")


@pytest.mark.not_on("bochs", "monitor")
# REQ-INT-028
def test_a_stray_nmi_on_every_core_changes_nothing(start, folder):
    machine, monitor = start_rtvm(start, folder)
    for _ in range(20):
        monitor.say("nmi")
    expect_it_runs_on(machine)
    assert "panic" not in machine.text("hypervisor")


# REQ-IO-024
def test_a_guest_whose_page_tables_are_nowhere_shuts_down(start):
    """Its #GP cannot be delivered, nor its double fault; the log does not fill with the attempts."""
    machine = start("rt-only", images={"idle": GUESTS / "lost_tables.elf"}, append={"service": "console=0x2f8", "rtvm": "report=500"})
    machine.wait_for("hypervisor", r"vm: service: triple fault on vCPU 0 at 0x")
    machine.wait_for("rtvm", r"^rtvm: running samples 500 ")
    expect_it_runs_on(machine)
    assert machine.text("hypervisor").count("has page tables at") <= 3
