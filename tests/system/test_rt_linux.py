# SPDX-License-Identifier: Apache-2.0
"""A stock PREEMPT_RT kernel on exclusive cores finds its clocks without PIT, HPET and PM timer; once cyclictest runs, it takes no exit."""
import json
import re

import pytest

from test_acpi import complaints
from tools import setup
from tools.evidence import specification
from tools.images import programs
from tools.machine import ROOT

WAKEUPS = 3000
DECISION = ROOT / "docs" / "decisions" / "0012-clocks-of-a-stock-rt-kernel.md"
SPECIFICATION = specification.read()
FIRST, SECOND = r"C: +[1-9]\d{3,} ", r"C: +[1-9]\d{4,} "     # cyclictest has counted 1,000 wakeups, 10,000
SECONDS = 9    # between the two, at 1 kHz

pytestmark = pytest.mark.skipif(setup.rt_kernel() is None or programs.path(programs.NEEDED) is None,
                                reason="needs Debian's PREEMPT_RT kernel and rt-tests")


def exits(machine):
    """[{reason: count}] for each vCPU, as the Service VM reads them while the VM runs."""
    found = next(vm for vm in json.loads(machine.shell("bhctl stats --json"))["vms"] if vm["name"] == "rtlinux")
    assert found["state"] == "running" and found["exclusive"]
    return [{reason: count for reason, count in vcpu["exits"].items() if count} for vcpu in found["vcpus"]]


def more(before, after):
    return [{reason: count - old.get(reason, 0) for reason, count in new.items() if count != old.get(reason, 0)}
            for old, new in zip(before, after, strict=True)]


def documented():
    """{reason: (one vCPU, first of two, second of two)} as the decision lists the exits at start-up."""
    table = DECISION.read_text(encoding="utf-8").partition("**Exits at start-up**")[2].partition("\n\n**")[0]
    return {row[0]: tuple(int(cell.replace(",", "")) for cell in row[1:4])
            for row in (re.findall(r"[^|\s](?:[^|]*[^|\s])?", line) for line in table.splitlines() if re.match(r"\| `\w+` ", line))
            for row[0] in [row[0].strip("`")]}


def measure(linux, scenario, wait):
    """Exits up to cyclictest's wakeup 1,000, and those from there to wakeup 10,000."""
    machine = linux(scenario)
    machine.wait_for("rtvm", wait + FIRST, 240)
    first = exits(machine)
    machine.wait_for("rtvm", wait + SECOND, 240)
    second = exits(machine)
    print(f"{scenario}: exits at start-up {first}, then {more(first, second)}\n{machine.tail('rtvm', 3)}")
    return first, more(first, second)


def compare_start(first, columns):
    """What exits at start-up is in the decision's table, by reason, and not far from it."""
    table = documented()
    for vcpu, column in zip(first, columns, strict=True):
        for reason, count in vcpu.items():
            assert count <= 2 * table[reason][column] + 5, f"{reason}: {count}, the documentation has {table[reason][column]}"


@pytest.mark.long_on("bochs")
# REQ-RT-012
def test_preempt_rt_kernel_finds_its_clocks_and_takes_its_timer_without_exits(start):
    words = f"loglevel=7 apic=verbose bulkhead.loops={WAKEUPS} bulkhead.quiet bulkhead.then=reboot"
    machine = start("rt-linux", append={"rtlinux": words})
    # Its reboot stops a pre-launched VM.
    summary = machine.wait_for("hypervisor", r"summary: rtlinux exits=(\d+) ", timeout=150)
    text, log = machine.text("rtvm"), machine.text("hypervisor")
    assert "rtlinux: reset" in log
    tsc_khz = int(re.search(r"TSC (\d+) kHz", log).group(1))
    detected_mhz = float(re.search(r"tsc: Detected ([\d.]+) MHz processor", text).group(1))
    assert round(detected_mhz * 1000) == tsc_khz
    assert "calibrating APIC timer ..." in text
    assert "ACPI: RSDP" in text and complaints(text) == []
    assert "rt: clocksource tsc, clockevent lapic\n" in text
    assert re.search(r"ttyS2 at I/O 0x3e8 \(irq = 0,", text)
    # One column for the one thread; a wakeup that came later than the histogram reaches counts as overflow.
    assert sum(int(count) for count in re.findall(r"^# (?:Total|Histogram Overflows): (\d+)$", text, re.M)) == WAKEUPS
    assert re.search(r"^# Max Latencies: \d{5,}$", text, re.M)
    assert "rt: cyclictest ends with status 0\n" in text
    print("\n".join(re.findall(r"^# (?:Total|Min|Avg|Max|Histogram Overflows).*", text, re.M)))
    # A timer that exits would show: there was one interrupt for each wakeup.
    assert int(summary.group(1)) < sum(row[0] for row in documented().values()) + WAKEUPS / 2


@pytest.mark.long_on("bochs")
# REQ-RT-004 REQ-RT-014
def test_one_vcpu_runs_cyclictest_without_an_exit_beside_linux(linux):
    first, later = measure(linux, "rt-linux", "T: 0 .*")
    assert sum(later[0].values()) <= SPECIFICATION.number("exits.preempt_rt")
    compare_start(first, [0])


@pytest.mark.long_on("bochs")
# REQ-RT-021
def test_two_vcpus_run_cyclictest_with_no_exit_but_bounded_interprocessor_interrupts(linux):
    first, later = measure(linux, "rt-linux-smp", "T: 1 .*")
    for vcpu in later:
        commands = vcpu.pop("wrmsr", 0)      # once the VM is up, every other register that it writes is open
        assert sum(vcpu.values()) <= SPECIFICATION.number("exits.preempt_rt")
        assert commands <= SPECIFICATION.number("exits.preempt_rt.ipi") * SECONDS
    compare_start(first, [1, 2])


@pytest.mark.parametrize("mode,reason", [("poweroff", "power off"), ("crash", "reset")])
@pytest.mark.long_on("bochs")
# REQ-LIF-040
def test_preempt_rt_kernel_that_powers_off_or_panics_stops_its_vm_alone(linux, mode, reason):
    machine = linux("rt-linux-smp", more={"rtlinux": f"bulkhead.mode={mode}"})
    machine.wait_for("hypervisor", rf"rtlinux: {reason}", 120)
    machine.wait_for("hypervisor", r"summary: rtlinux ", 60)
    found = next(vm for vm in json.loads(machine.shell("bhctl stats --json"))["vms"] if vm["name"] == "rtlinux")
    assert found["state"] == "stopped"
    assert f"rt: {mode.replace('poweroff', 'power off')}\n" in machine.text("rtvm")


@pytest.mark.long_on("bochs")
def test_preempt_rt_vm_has_a_shell_on_its_console_once_the_measurement_is_broken_off(start):
    machine = start("rt-linux", terminal="rtvm")
    machine.wait_for("rtvm", FIRST, 150)
    machine.send("\3")      # Ctrl-C
    machine.wait_for("rtvm", r"^rt: cyclictest ends with status 0", 30)
    machine.wait_for("rtvm", r"^rt: shell on ttyS2", 30)
    machine.send("echo $((6 * 7)) from the shell\n")
    machine.wait_for("rtvm", r"^42 from the shell", 30)
    machine.send("rt_cyclictest 500 1000 -q\n")
    machine.wait_for("rtvm", r"^rt: cyclictest ends with status 0", 60, count=2)
    machine.send("poweroff -f\n")
    machine.wait_for("hypervisor", r"rtlinux: power off", 30)
