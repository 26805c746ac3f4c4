# SPDX-License-Identifier: Apache-2.0
"""The real-time promise in virtual time, one instruction = 1 ns: what the RTVM measures is what the bare machine gives."""
import json
import pathlib

from tools.boot import BUILD

RTVM_FIRST = pathlib.Path(__file__).resolve().parent / "scenarios" / "rtvm-first.yaml"
RTVM = BUILD / "rtvm" / "rtvm.elf"
# Rates are given, not measured, so that both runs use the same numbers.
RATES = "console=0x3e8 tsc_hz=1000000000 timer_hz=1000000000"
RESULT = r"rtvm: finished samples (\d+) overruns (\d+) latency ticks min (\d+) p50 (\d+) p99 (\d+) max (\d+)"


def measured(machine):
    """(samples, overruns, min, p50, p99, max)"""
    return tuple(map(int, machine.wait_for("rtvm", RESULT, 300).groups()))


def real_time_report(machine):
    """bhctl's report, read by the Service VM."""
    return json.loads(machine.shell("bhctl rt --once --json", 100))


def bare(start, mode, words):
    machine = start(None, kernel=RTVM, append=words, mode=mode)
    result = measured(machine)
    machine.stop()
    return result


def test_latency_alone_is_exactly_that_of_the_bare_machine(start):
    words = f"{RATES} period_us=100 warmup=100 count=1000"
    expected = bare(start, "icount-exact", words)
    assert expected[0] == 1000 and expected[1] == 0
    machine = start("rt-only", append={"rtvm": words}, mode="icount-exact")
    assert measured(machine) == expected


def test_beside_a_booting_and_busy_linux_no_exit_and_the_latency_of_the_bare_machine(start):
    words = f"{RATES} warmup=100"
    _, _, _, bare_p50, _, bare_max = bare(start, "icount", f"{words} count=5000")
    machine = start(RTVM_FIRST, append={"service": "nokaslr quiet bulkhead.mode=test", "rtvm": words}, mode="icount", cores=2)
    machine.shell_ready(300)
    machine.shell("(while true; do md5sum /bin/busybox; done) >/dev/null 2>&1 &", 100)
    begin = real_time_report(machine)
    # Two more seconds of virtual time under load, and 5,000 interrupts in all.
    machine.wait_for("rtvm", rf"rtvm: running samples {max(5000, 1000 * (begin['samples'] // 1000 + 2))} ", 300)
    report = real_time_report(machine)
    assert report["interrupts"] >= 5000 and report["overruns"] == 0
    assert (report["steady_exits"], report["steady_exits_exact"]) == (0, True)
    assert report["latency_ticks"]["p50"] == bare_p50
    assert report["latency_ticks"]["max"] <= bare_max + 40
