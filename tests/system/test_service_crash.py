# SPDX-License-Identifier: Apache-2.0
"""The Service VM crashes, is killed or stays dead: the real-time VM takes no exit and misses no deadline, and is found again."""
import json
import re

import pytest

from outside import hv_symbols

BOOT_S = 300
# Of three shared cores that are busy each may take a turn before the RTVM's, a quarter of the time to the next timer each; with a timer
# that reloads itself that is less than a period (docs/decisions/0013-counted-time.md).
RTVM = {"demo": "report=1000 periodic=1", "demo-onecore": "report=1000"}
RT_VCPU, MAX_VCPU = 8, 64   # of the RTVM; core/limits.h
SHORT_LIFE_S = 10   # a shorter life of the Service VM is not followed by another


def boot(start, words, scenario="demo", debugger=None):
    """Counted time, in which a deadline that is missed is missed by the system, not by the host."""
    machine = start(scenario, append={"service": f"quiet bulkhead.mode=test {words}".strip(), "rtvm": RTVM[scenario]}, mode="icount", debugger=debugger)
    machine.shell_ready(BOOT_S)
    return machine


def rtvm(machine):
    stats = json.loads(machine.shell("bhctl stats --json"))
    return next(vm for vm in stats["vms"] if vm["name"] == "rtvm")


def report(machine):
    """(samples, overruns) of the RTVM's last report."""
    return tuple(map(int, re.findall(r"^rtvm: running samples (\d+) overruns (\d+) ", machine.text("rtvm"), re.M)[-1]))


def expect_it_runs_on(machine, samples):
    """To the next but one report, with no deadline missed."""
    machine.wait_for("rtvm", rf"^rtvm: running samples {samples // 1000 * 1000 + 2000} ", BOOT_S)
    assert report(machine)[1] == 0


def live_long_enough(machine):
    machine.wait_for("rtvm", r"^rtvm: running samples 1000 ", BOOT_S)
    machine.shell(f'until [ "$(cut -d. -f1 /proc/uptime)" -gt {SHORT_LIFE_S} ]; do usleep 500000; done', BOOT_S)


def expect_the_same_rtvm_after_a_new_start(machine, before):
    """before: rtvm() of the Service VM's life before."""
    machine.shell_ready_again(BOOT_S)
    after = rtvm(machine)
    assert after["start_tsc"] == before["start_tsc"], "the RTVM was not started again"
    assert [cpu["exits_total"] for cpu in after["vcpus"]] == [cpu["exits_total"] for cpu in before["vcpus"]]
    expect_it_runs_on(machine, report(machine)[0])


@pytest.mark.long_on("bochs")
# REQ-LIF-005
# REQ-RT-004
def test_a_service_vm_that_crashes_starts_anew_and_finds_its_rtvm(start):
    machine = boot(start, "")
    live_long_enough(machine)
    before = rtvm(machine)
    machine.send("echo c > /proc/sysrq-trigger\n")
    machine.wait_for("hypervisor", "power: Service VM restarts, the others run on", BOOT_S)
    assert "Kernel panic - not syncing: sysrq triggered crash" in machine.text("service")
    expect_the_same_rtvm_after_a_new_start(machine, before)


# REQ-LIF-005
# REQ-RT-004
@pytest.mark.parametrize("scenario", RTVM)
@pytest.mark.long_on("bochs")
def test_a_service_vm_killed_by_a_triple_fault_starts_anew_and_finds_its_rtvm(start, scenario):
    machine = boot(start, "reboot=t", scenario)
    live_long_enough(machine)
    before = rtvm(machine)
    machine.send("reboot -f\n")
    machine.wait_for("hypervisor", "power: Service VM restarts, the others run on", BOOT_S)
    assert "vm: service: triple fault on vCPU " in machine.text("hypervisor")
    expect_the_same_rtvm_after_a_new_start(machine, before)


class Beside:
    """What is to be seen of the RTVM from outside the machine, when there is nobody inside to ask."""

    def __init__(self, debugger):
        self.debugger, self.symbols = debugger, hv_symbols()

    def exits(self):
        """By reason, in total, and when the last one was."""
        stats, size = self.symbols["vcpu_stats"]
        row = size // MAX_VCPU
        with self.debugger.stopped():
            return self.debugger.read(stats + RT_VCPU * row, row)


@pytest.mark.long_on("bochs")
# REQ-LIF-005
# REQ-RT-004
def test_a_service_vm_that_stays_dead_after_a_panic_disturbs_nobody(start, debugger):
    """panic=0: its kernel loops for ever. It is not restarted, and the machine stays up."""
    beside = Beside(debugger)
    machine = boot(start, "panic=0", "demo-onecore", debugger)
    machine.wait_for("rtvm", r"^rtvm: running samples 1000 ", BOOT_S)
    before = beside.exits()
    assert any(before), "the RTVM made exits while it started"
    machine.send("echo c > /proc/sysrq-trigger\n")
    machine.wait_for("service", r"end Kernel panic - not syncing", BOOT_S)
    expect_it_runs_on(machine, report(machine)[0])
    assert beside.exits() == before
    assert "Service VM restarts" not in machine.text("hypervisor")
