# SPDX-License-Identifier: Apache-2.0
"""The RTVM's timing is the bare machine's: the same image, counted in instructions (one is 1 ns of virtual time)."""
import json
import re

import pytest

from tools.boot import BUILD, boot_modules
from tools.config.compile import load_scenario
from tools.evidence import specification
from tools.evidence.tests import claimed
from tools.machine import CONSOLES

# Given, not measured: a measured rate differs by its rounding, and latency is compared to the instruction.
RATES = "tsc_hz=1000000000 timer_hz=1000000000"
PROMISED = specification.read()
SAME_MAXIMUM = PROMISED.number("latency.loaded")  # ticks between the longest latency here and on the bare machine


def latency(machine, timeout=200):
    """{min, p50, p99, max} in ticks of a run that finished."""
    line = machine.wait_for("rtvm", r"^(rtvm: finished .*)\n", timeout).group(1)
    return {name: int(re.search(rf" {name} (\d+)", line).group(1)) for name in ("min", "p50", "p99", "max")}


def histogram(machine):
    """[[ticks, samples], ...] of a run with histogram=1 that finished."""
    return [[int(ticks), int(samples)] for ticks, samples in re.findall(r"^rtvm: latency (\d+) samples (\d+)$", machine.text("rtvm"), re.M)]


def compare(result, here, on_bare, histograms, most):
    """Figures of both for the evidence report. most: what the longest latency is held to."""
    result.details = {"histograms": histograms}
    result.figure("longest latency", here["max"], "ticks", most)
    result.figure("longest latency on the bare machine", on_bare["max"], "ticks")
    result.table("Latency in ticks; one tick is one instruction", ["machine", *on_bare], [["bare", *on_bare.values()], ["Bulkhead", *(here[name] for name in on_bare)]])


def bare(start, mode, words):
    """The bare machine with the same real-time image, started."""
    return start(None, kernel=BUILD / "rtvm" / "rtvm.elf", mode=mode, append=f"console=0x3e8 poweroff=0x604 {words} {RATES}")


def bare_and_alone(start, words):
    """The bare machine, and Bulkhead, whose other cores are halted; both finished. A core gives way after each instruction."""
    machines = []
    for machine in (lambda: bare(start, "icount-exact", words), lambda: start("rt-only", append={"rtvm": f"{words} {RATES}"}, mode="icount-exact")):
        machines.append(machine())
        latency(machines[-1])
    return machines


@pytest.mark.not_on("bochs", "turns")
# REQ-RT-005 REQ-RT-013
def test_alone_it_has_exactly_the_bare_latency(start):
    with claimed("rt-alone", "Alone, the real-time VM has exactly the bare machine's interrupt latency") as result:
        machines = bare_and_alone(start, "count=1000 period_us=20 spin=1 histogram=1")
        on_bare, on_bulkhead = map(latency, machines)
        seen = list(map(histogram, machines))
        compare(result, on_bulkhead, on_bare, dict(zip(("bare machine", "Bulkhead, alone"), seen)), on_bare["max"])
        assert all(abs(on_bulkhead[name] - on_bare[name]) <= PROMISED.number("latency.alone") for name in on_bare), (on_bulkhead, on_bare)
        assert seen[1] == seen[0] and sum(samples for _, samples in seen[0]) == 1000


@pytest.mark.not_on("bochs", "turns")
# REQ-RT-005
def test_alone_and_waiting_in_hlt_it_has_exactly_the_bare_latency(start):
    """All cores are halted between two interrupts: QEMU moves the clock on (see tools/qemu/quiet_halt.c)."""
    on_bare, on_bulkhead = map(latency, bare_and_alone(start, "count=1000 period_us=1000"))
    assert on_bulkhead == on_bare


def loaded_twice(start, folder, words):
    """Two finished runs of the same files: Service VM boots, User VM boots and works, both on one shared core."""
    # The same files for both: even the length of a boot module's name takes time to read.
    modules = boot_modules(load_scenario("demo-onecore"), folder, {"rtvm": f"{words} {RATES}", "service": "nokaslr quiet bulkhead.mode=loaded"})
    runs = [start(None, modules=modules, mode="icount") for _ in range(2)]
    for machine in runs:
        machine.wait_for("service", r"^service: loaded done$", 900)
        machine.wait_exit(60)
    text = runs[0].text("service")
    assert "service: User VM under load" in text and "FAILED" not in text
    for console in CONSOLES:
        assert runs[0].log(console).read_bytes() == runs[1].log(console).read_bytes(), console
    return json.loads(re.search(r'^\{"vm".*"samples".*\}$', text, re.M).group(0))


@pytest.mark.not_on("bochs", "figures")
# REQ-RT-004 REQ-RT-005
def test_beside_linux_under_load_it_keeps_the_bare_latency_without_exits(start, folder):
    """Twice, with the same logs to the last byte. QEMU counts the instructions of all cores in one clock and lets the cores take turns: where a turn of
    the busy core happens to begin at a deadline of the RTVM, that sample has the other core's instructions in it. Shifting the RTVM by a few
    instructions ends that; a delay by the hypervisor would stay. So the maximum must hold for one of three shifts, all
    else for each (docs/decisions/0013-counted-time.md)."""
    with claimed("rt-loaded", "Beside loaded Linux VMs, the real-time VM takes no VM exit and keeps the bare machine's interrupt latency") as result:
        bare_machine = bare(start, "icount", "count=5000 period_us=1000 histogram=1")
        on_bare = latency(bare_machine)
        most = on_bare["max"] + SAME_MAXIMUM
        runs = []
        for shift in ("warmup=100", "warmup=99", "warmup=00098"):
            runs.append(loaded_twice(start, folder, shift))
            if runs[-1]["latency_ticks"]["max"] <= most:
                break
        last, exits = runs[-1], max(run["steady_exits"] for run in runs)
        result.figure("VM exits in the steady state", exits, limit=PROMISED.number("exits.loaded"))
        compare(result, last["latency_ticks"], on_bare, {"bare machine": histogram(bare_machine), "Bulkhead, Service VM and User VM under load": last["histogram"]}, most)
        result.figure("samples", last["samples"])
        result.figure("shifts of the real-time VM in which a sample had a turn of the other core in it", len(runs) - 1, limit=2)
        assert exits <= PROMISED.number("exits.loaded")
        for run in runs:
            assert run["samples"] >= 5000
            assert run["latency_ticks"]["p50"] == on_bare["p50"]
            assert run["latency_ticks"]["p99"] <= most
        assert last["latency_ticks"]["max"] <= most
