# SPDX-License-Identifier: Apache-2.0
"""Every shared core hangs inside the hypervisor, one of them with the lock: the RTVM keeps its deadlines and takes no VM exit."""
import pathlib
import time

import pytest

from outside import hv_symbols
from tools.boot import BUILD
from tools.evidence import specification
from tools.evidence.tests import claimed

GUEST = BUILD / "tests" / "guests" / "exits_everywhere.elf"
HERE = pathlib.Path(__file__).parent / "guest"
SHARED_CORES = {"qemu": (3, HERE / "three-shared-cores.yaml"), "bochs": (2, HERE / "two-shared-cores-bochs.yaml")}
RT_VCPU = 8
MAX_VCPU = 64               # core/limits.h
TELEMETRY = 0x44000000      # struct rt_telemetry (abi/rt_telemetry.h) in the scenario's shared region
SAMPLES, OVERRUNS, LATENCY_MAX = 48, 56, 72
HANG = b"\xeb\xfe"          # jmp to itself
BEFORE, MEANWHILE = 20, 200     # samples
LIMIT_S = 300
LOOK_S = 0.25               # between two looks: few of them, as each holds the machine up


class View:
    """What a look at the stopped machine shows."""

    def __init__(self, debugger, symbols, cores):
        stats, size = symbols["vcpu_stats"]
        row = size // MAX_VCPU
        self.samples, self.overruns, self.longest = (debugger.number(TELEMETRY + at, 8) for at in (SAMPLES, OVERRUNS, LATENCY_MAX))
        self.exits = debugger.read(stats + RT_VCPU * row, row)      # by reason, in total, and when the last one was
        self.shared_exits = [debugger.read(stats + vcpu * row, row) for vcpu in range(cores)]
        rips = [debugger.rip(core) for core in range(cores)]
        lock, size = symbols["lock_shared"]
        holders = rips.count(symbols["core_next"][0])
        waiting = sum(lock <= rip < lock + size for rip in rips)
        self.hung = debugger.number(symbols["lock_held"][0], 4) == 1 and holders == 1 and waiting == cores - 1


class Outside:
    """Looks at a machine whose first cores are the shared ones."""

    def __init__(self, debugger, cores):
        self.debugger, self.symbols, self.cores = debugger, hv_symbols(), cores

    def look_until(self, good):
        """The first look at which this holds."""
        until = time.monotonic() + LIMIT_S
        while True:
            with self.debugger.stopped():
                view = View(self.debugger, self.symbols, self.cores)
            if good(view):
                return view
            assert time.monotonic() < until, f"it did not come: {vars(view)}"
            time.sleep(LOOK_S)

    def hang(self):
        """The core that takes the lock next never comes back from core_next(); the others wait for the lock."""
        with self.debugger.stopped():
            self.debugger.write(self.symbols["core_next"][0], HANG)
        return self.look_until(lambda view: view.hung)


def hung_run(start, outside, scenario, words):
    """Looks before, at the begin and at the end of a time in which all shared cores hang."""
    machine = start(str(scenario), append={"rtvm": f"warmup=20 report=0 {words}", "service": "console=0x2f8"}, images={"idle": GUEST}, mode="icount",
                    debugger=outside.debugger)
    machine.wait_for("rtvm", "^rtvm: steady", LIMIT_S)
    before = outside.look_until(lambda view: view.samples >= BEFORE and all(map(any, view.shared_exits)))
    begin = outside.hang()
    end = outside.look_until(lambda view: view.samples >= begin.samples + MEANWHILE)
    assert end.hung
    assert end.shared_exits == begin.shared_exits, "no shared core came out"
    assert end.exits == before.exits
    assert end.overruns == 0
    return before, begin, end


# REQ-RT-045
def test_all_shared_cores_hang(start, debugger, emulator):
    """Three busy cores take turns with the RTVM here, each up to a quarter of the time to the next timer (docs/decisions/0013-counted-time.md); the
    timer reloads itself, so that no turn is longer than that of a period."""
    cores, scenario = SHARED_CORES[emulator.name]
    with claimed("rt-hung", "With every shared core hung inside the hypervisor, the real-time VM keeps its deadlines and takes no VM exit", emulator.name == "qemu") as result:
        _, begin, end = hung_run(start, Outside(debugger, cores), scenario, "periodic=1")
        result.figure("VM exits while they hang", 0, limit=0)
        result.figure("deadlines missed", end.overruns, limit=0)
        result.figure("samples while they hang", end.samples - begin.samples)


@pytest.mark.long_on("bochs")  # the test above shows it with one core more
# REQ-RT-045
def test_the_only_shared_core_hangs(start, debugger):
    """With one busy core the deadline of the RTVM ends the other's turn, and latency can be compared with what it was before."""
    before, _, end = hung_run(start, Outside(debugger, 1), "rt-only", "")
    assert end.longest <= before.longest + specification.read().number("latency.loaded")
