# SPDX-License-Identifier: Apache-2.0
"""A real-time VM fails again and again; the one beside it takes no exit and misses no deadline."""
import pathlib
import re
import time

import yaml

from outside import Debugger, hv_symbols
from tools.boot import BUILD
from tools.machine import POLL_S

SCENARIO = pathlib.Path(__file__).parent / "guest" / "two-rtvms.yaml"
FAILING = BUILD / "tests" / "guests" / "crash.elf"
RT_VCPU, MAX_VCPU = 16, 64  # of the one that does not fail; core/limits.h
TELEMETRY = 0x44800000      # its struct rt_telemetry (abi/rt_telemetry.h)
SAMPLES, OVERRUNS, LATENCY_MAX, STEADY_TSC = 48, 56, 72, 96
TAIL = 6                    # words of struct vcpu_stats (core/stats.h) from exits_total on; last_exit_tsc is the next
RTVM = "timer_hz=1000000000 warmup=20 report=0"     # what it would measure beside a busy core is QEMU's turns
LIFE_COUNT = 20
LIMIT_S = 300


class Neighbour:
    """What the stopped machine shows of the RTVM beside."""

    def __init__(self, debugger, symbols):
        stats, size = symbols["vcpu_stats"]
        words = size // MAX_VCPU // 8
        numbers = [debugger.number(stats + (RT_VCPU * words + i) * 8, 8) for i in range(words)]
        self.exits, self.last_exit_tsc = numbers[words - TAIL], numbers[words - TAIL + 1]
        self.samples, self.overruns, self.longest, self.steady_tsc = (
            debugger.number(TELEMETRY + at, 8) for at in (SAMPLES, OVERRUNS, LATENCY_MAX, STEADY_TSC))

    def undisturbed(self):
        assert self.exits > 0, "exits were counted while it started"
        assert 0 < self.last_exit_tsc < self.steady_tsc, "no exit since its warm-up"
        assert self.overruns == 0, vars(self)


class Outside:
    def __init__(self, folder):
        self.debugger, self.symbols = Debugger(folder), hv_symbols()
        self.arguments = self.debugger.arguments

    def neighbour(self):
        with self.debugger.stopped():
            return Neighbour(self.debugger, self.symbols)

    def neighbour_after(self, samples):
        until, view = time.monotonic() + LIMIT_S, self.neighbour()
        while view.samples < samples:
            assert time.monotonic() < until, f"it does not run: {vars(view)}"
            time.sleep(POLL_S)
            view = self.neighbour()
        return view


def run(start, folder, outside, words, **policy):
    scenario = yaml.safe_load(SCENARIO.read_text(encoding="utf-8"))
    scenario["prelaunched_vms"][0].update(policy)
    path = folder / "two-rtvms.yaml"
    path.write_text(yaml.safe_dump(scenario), encoding="utf-8")
    return start(path, images={"failing": FAILING}, append={"failing": words, "rtvm": RTVM}, mode="icount", extra=outside.arguments)


# REQ-LIF-030
# REQ-LIF-034
def test_a_vm_that_fails_again_and_again_does_not_disturb_the_one_beside_it(start, folder):
    """In counted time, in which a deadline that is missed is missed by the system, not by the host (docs/decisions/0013-counted-time.md)."""
    outside = Outside(folder)
    machine = run(start, folder, outside, "ends=" + "ts" * (LIFE_COUNT // 2), restart_limit=LIFE_COUNT,
                  on_fault={"triple_fault": "restart", "stage2_violation": "restart"})
    machine.wait_for("user", rf"^life {LIFE_COUNT:016x} [^#]*?^stays", LIMIT_S)
    view = outside.neighbour()
    view = outside.neighbour_after(view.samples + 100)
    view.undisturbed()
    faults = [int(tsc) for tsc in re.findall(r"vm: failing: .* tsc (\d+): it restarts$", machine.text("hypervisor"), re.M)]
    assert len(faults) == LIFE_COUNT
    assert sum(tsc > view.steady_tsc for tsc in faults) >= LIFE_COUNT // 2
    assert "not ok" not in machine.text("user")
