# SPDX-License-Identifier: Apache-2.0
"""What failed is on record after a warm reset: the next boot tells it, and the Service VM reads it."""
import json
import re
import subprocess

import pytest

from outside import Debugger, Monitor, hv_symbols
from tools.boot import BUILD

BOOT_S = 120
WARM = ["-action", "reboot=reset"]
UD2 = b"\x0f\x0b"
JUMP_TO_ITSELF = b"\xeb\xfe"
RTVM_RAM = 0x40000000               # of the demo; address 0 of the VM
TELEMETRY = 0x44100000
CRASH = TELEMETRY + 0x121000        # HV_CRASH_OFFSET
EXCEPTION = CRASH + 0xC00           # HV_CRASH_EXCEPTION
VECTOR_UD = 6
MACHINE_CHECK = "mce 0 4 0xb200000000070f0f 0x4 0 0" # uncorrected, processor context corrupt, on core 0


class Lost:
    """A machine whose shared side can be brought down, and that can be reset without loss of its memory."""

    def __init__(self, folder):
        self.monitor, self.debugger, self.symbols = Monitor(folder), Debugger(folder), hv_symbols()
        self.arguments = [*self.monitor.arguments, *self.debugger.arguments, *WARM]

    def fail(self, machine):
        """The next exit of a shared core meets an invalid instruction in the hypervisor. Returns its RIP."""
        with self.debugger.stopped():
            self.debugger.write(self.symbols["core_exit"][0], UD2)
        found = machine.wait_for("hypervisor", r"^panic: rip 0x([0-9a-f]+) ", BOOT_S)
        machine.wait_for("hypervisor", r"^panic: rsi .*\n", BOOT_S)
        return int(found.group(1), 16)

    def reset(self):
        self.monitor.say("system_reset")


@pytest.mark.not_on("bochs", "reset")
# REQ-LIF-032
def test_an_exception_of_the_hypervisor_outlives_a_warm_reset(linux, folder):
    lost = Lost(folder)
    machine = linux("demo", extra=lost.arguments)
    assert json.loads(machine.shell("bhctl crash --json"))["exceptions"] == []
    rip = lost.fail(machine)
    assert rip == lost.symbols["core_exit"][0]
    lost.reset()
    machine.wait_for("hypervisor", rf"crash: boot 1, \d+ s: exception of the hypervisor on core \d: vector {VECTOR_UD} error 0x0 .* rip 0x{rip:x}$", BOOT_S)
    machine.shell_ready_again(BOOT_S)
    crash = json.loads(machine.shell("bhctl crash --json"))
    assert crash["boot"] == 2
    [record] = crash["exceptions"]
    assert (record["boot"], record["exception"], record["exclusive"], record["vm"]) == (1, "invalid opcode", False, "service")
    assert int(record["registers"]["rip"], 16) == rip
    assert record["uptime_us"] > 0
    shown = machine.shell("bhctl crash --clear")
    assert "exception of the hypervisor on core" in shown and "this is boot 2" in shown
    assert json.loads(machine.shell("bhctl crash --json"))["exceptions"] == []
    assert json.loads(machine.shell("bhctl crash --json --all"))["exceptions"] == [record]
    lost.reset()
    machine.wait_for("hypervisor", r"boot: service: \d shared vCPU", BOOT_S, count=3)
    assert len(re.findall(r"crash: boot 1", machine.text("hypervisor"))) == 1, "what was seen is not told again"


@pytest.mark.not_on("bochs", "reset")
# REQ-LIF-032
def test_a_damaged_record_is_refused(start, folder):
    lost = Lost(folder)
    machine = start("rt-only", extra=lost.arguments)
    machine.wait_for("hypervisor", r"boot: service: \d shared vCPU", BOOT_S)
    lost.monitor.say(MACHINE_CHECK)
    machine.wait_for("hypervisor", r"^panic: rsi .*\n", BOOT_S)
    with lost.debugger.stopped():
        lost.debugger.write(EXCEPTION + 300, bytes([lost.debugger.read(EXCEPTION + 300, 1)[0] ^ 1]))
    lost.reset()
    machine.wait_for("hypervisor", r"crash: the record of exception 0 is damaged and does not count$", BOOT_S)
    machine.wait_for("hypervisor", r"boot: service: \d shared vCPU", BOOT_S, count=2)
    assert "exception of the hypervisor on core 0:" not in machine.text("hypervisor")


# REQ-LIF-046
@pytest.mark.not_on("bochs", "reset")
@pytest.mark.parametrize("end, text", [("t", "triple fault 0x0"), ("s", "access to unmapped address 0x90000000")], ids=["t", "s"])
def test_a_fault_of_a_real_time_vm_outlives_a_warm_reset(start, folder, end, text):
    lost = Lost(folder)
    machine = start("rt-only", images={"rtvm": BUILD / "tests" / "guests" / "crash.elf"}, append={"rtvm": f"ends={end}"}, extra=lost.arguments)
    machine.wait_for("hypervisor", rf"vm: rtvm: {text} at 0x([0-9a-f]+) tsc \d+: it stops", BOOT_S)
    lost.reset()
    found = machine.wait_for("hypervisor", rf"crash: boot 1, \d+ s: VM rtvm: {text} at 0x([0-9a-f]+), fault 1 of that boot$", BOOT_S)
    assert f"{text} at 0x{found.group(1)} tsc" in machine.text("hypervisor")


def rtvm_symbol(name):
    rows = subprocess.run(["nm", BUILD / "rtvm" / "rtvm.elf64"], stdout=subprocess.PIPE, text=True, check=True).stdout
    return int(re.search(rf"^([0-9a-f]+) \w {name}$", rows, re.M).group(1), 16)


@pytest.mark.long_on("bochs")
# REQ-LIF-035
# REQ-LIF-046
def test_the_demo_restarts_an_rtvm_that_hangs_and_bhctl_says_why(linux, debugger):
    """Its control loop is replaced by one that does not end; the restart brings its image again."""
    machine = linux("demo", more={"rtvm": "report=500"}, debugger=debugger)
    machine.wait_for("rtvm", r"^rtvm: running samples 500 ", BOOT_S)
    with debugger.stopped():
        debugger.write(RTVM_RAM + rtvm_symbol("timer_entry"), JUMP_TO_ITSELF)
    machine.wait_for("hypervisor", r"vm: rtvm: missed heartbeat 0x[0-9a-f]+ at .*: it restarts$", BOOT_S)
    machine.wait_for("hypervisor", r"vm: rtvm: restart 1 of 5, ", BOOT_S)
    machine.wait_for("rtvm", r"^rtvm: running samples 500 ", BOOT_S, count=2)
    [record] = json.loads(machine.shell("bhctl crash --json"))["vms"]
    assert (record["boot"], record["name"], record["fault"], record["action"], record["count"], record["restarts"]) == (
        1, "rtvm", "heartbeat", "restarted", 1, 0)
    assert int(record["rip"], 16) == rtvm_symbol("timer_entry")
    shown = machine.shell("bhctl crash")
    assert "VM rtvm: heartbeat 0x" in shown and ": restarted; fault 1 of that boot, 0 restarts before" in shown
    stats = json.loads(machine.shell("bhctl stats --json"))
    rtvm = next(vm for vm in stats["vms"] if vm["name"] == "rtvm")
    assert (rtvm["restarts"], rtvm["last_fault"], rtvm["missed_heartbeats"]) == (1, "heartbeat", 1)
