# SPDX-License-Identifier: Apache-2.0
"""Round trip of a frame through an Ethernet controller that the real-time VM drives: the same image on the bare machine and on Bulkhead, both with an IOMMU."""
import re

from tools.bench.measure import EXACT, GUESTS, PLAIN, RTVM, WORDS, condition, console_histogram, finished, hex_figures, number, steady_exits
from tools.boot import machine_for
from tools.config.compile import load_scenario
from tools.machine import Machine, MachineError, board_devices

SCENARIO = "tests/bench/bench-nic.yaml"
MODES = ("poll", "msix")     # how the frame is seen
COUNTED = re.compile(r"^rtvm: nic: sent (\d+) back (\d+) lost (\d+) interrupts (\d+) ", re.M)


def of_console(machine, mode, **more):
    """A condition; every frame came back, or the run says nothing."""
    line, text = finished(machine), machine.text("rtvm")
    machine.wait_for("rtvm", COUNTED.pattern)
    sent, back, lost, interrupts = map(int, COUNTED.findall(machine.text("rtvm"))[-1])
    if lost or sent != back:
        raise MachineError(f"{lost} of {sent} frames were lost", "rtvm")
    return condition(console_histogram(text), number(line, "max"), number(line, "overruns"), mode, interrupts=interrupts, **more)


def bare(settings, mode, words):
    devices = board_devices(load_scenario(SCENARIO).board)
    with Machine(settings.folder / f"nic-bare-{mode}", kernel=RTVM, mode=mode, append=f"console=0x3e8 poweroff=0x604 {words}", extra=devices) as machine:
        return of_console(machine, mode)


def alone(settings, mode, words):
    append = {"rtvm": words, "service": "console=0x2f8"}
    with machine_for(SCENARIO, settings.folder / f"nic-alone-{mode}", append, {"idle": GUESTS / "watch_rt.elf"}, mode=mode) as machine:
        finished(machine)
        machine.wait_for("service", r"^done")
        return of_console(machine, mode, exits=steady_exits(hex_figures(machine.text("service"))))


# REQ-TOO-007
def measure(settings):
    """{wait: {emulation: {bare, alone: condition}}}"""
    found = {}
    for wait in MODES:
        words = f"nic={wait} count={settings.samples} {WORDS}"
        found[wait] = {mode: {"bare": bare(settings, mode, words), "alone": alone(settings, mode, words)} for mode in (PLAIN, EXACT)}
    return found
