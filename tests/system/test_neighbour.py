# SPDX-License-Identifier: Apache-2.0
"""A real-time VM fails, by a machine check too, and gets what its policy says; the one beside it takes no exit and misses no deadline."""
import pathlib
import re
import time

import pytest
import yaml

from outside import Monitor, hv_symbols
from tools.boot import BUILD
from tools.machine import POLL_S

HERE = pathlib.Path(__file__).parent / "guest"
SCENARIO = {"qemu": HERE / "two-rtvms.yaml", "bochs": HERE / "two-rtvms-bochs.yaml"}
FAILING = BUILD / "tests" / "guests" / "crash.elf"
VCPU, CORE = 8, 3           # of the VM that fails
RT_VCPU, RT_CORE = 16, 2    # of the one beside it
MAX_VCPU = 64               # core/limits.h
TELEMETRY = 0x44800000      # its struct rt_telemetry (abi/rt_telemetry.h)
SAMPLES, OVERRUNS, LATENCY_MAX, STEADY_TSC = 48, 56, 72, 96
TAIL = 6                    # words of struct vcpu_stats (core/stats.h) from exits_total on; last_exit_tsc is the next
EXIT_CODE = 0x70            # in the VMCB (APM 2, table B-1)
MACHINE_CHECK = 0x40 + 18   # the exit of an intercepted exception (APM 2, appendix C)
STATUS = 0x9000000000000135  # of a machine-check bank: valid, enabled, a corrected error of a data cache
XSETBV = 0x8D               # the exit of that instruction
UD2 = b"\x0f\x0b"
HANG = b"\xeb\xfe"          # jmp to itself
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
    """What is done to the failing VM without its doing; monitor: only with one is there a machine check."""

    def __init__(self, debugger, monitor=None):
        self.debugger, self.monitor, self.symbols = debugger, monitor, hv_symbols()
        self.arguments = monitor.arguments if monitor else []

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

    def machine_check(self, core=CORE, vcpu=VCPU):
        """The next exit of the VM that fails is a machine check."""
        self.monitor.say(f"mce {core} 0 {STATUS:#x} 0 0 0")
        self.next_exit(core, vcpu, MACHINE_CHECK)

    def lost_core(self):
        """The next exit of the VM that fails is an XSETBV, and where the hypervisor deals with that it has an invalid instruction."""
        with self.debugger.stopped():
            self.debugger.write(self.symbols["instruction_xsetbv"][0], UD2)
        self.next_exit(CORE, VCPU, XSETBV)

    def next_exit(self, core, vcpu, exit_code):
        look = self.symbols["svm_quick"][0]
        with self.debugger.stopped():
            code = self.debugger.read(look, len(HANG))
            self.debugger.write(look, HANG)
        until = time.monotonic() + LIMIT_S
        while not self.turned(look, code, core, vcpu, exit_code):
            assert time.monotonic() < until, "it makes no exit"
            time.sleep(POLL_S)

    def turned(self, look, code, core, vcpu, exit_code):
        with self.debugger.stopped():
            there = self.debugger.rip(core) == look
            if there:
                vmcb, size = self.symbols["svm_vmcb"]
                self.debugger.write(vmcb + vcpu * (size // MAX_VCPU) + EXIT_CODE, exit_code.to_bytes(8, "little"))
                self.debugger.write(look, code)
        return there


def run(start, emulator, folder, outside, words, other=None, **policy):
    """other: fields of the VM beside, which then runs the same guest as the one that fails."""
    scenario = yaml.safe_load(SCENARIO[emulator.name].read_text(encoding="utf-8"))
    scenario["prelaunched_vms"][0].update(policy)
    scenario["prelaunched_vms"][1].update(other or {})
    path = folder / "two-rtvms.yaml"
    path.write_text(yaml.safe_dump(scenario), encoding="utf-8")
    images = {"failing": FAILING, **({"rtvm": FAILING} if other else {})}
    return start(path, images=images, append={"failing": words, "rtvm": words if other else RTVM}, mode="icount", extra=outside.arguments, debugger=outside.debugger)


# REQ-LIF-030
# REQ-LIF-034
def test_a_vm_that_fails_again_and_again_does_not_disturb_the_one_beside_it(start, emulator, debugger, folder):
    """In counted time, in which a deadline that is missed is missed by the system, not by the host (docs/decisions/0013-counted-time.md)."""
    outside = Outside(debugger)
    machine = run(start, emulator, folder, outside, "ends=" + "ts" * (LIFE_COUNT // 2), restart_limit=LIFE_COUNT,
                  on_fault={"triple_fault": "restart", "stage2_violation": "restart"})
    machine.wait_for("user", rf"^life {LIFE_COUNT:016x} [^#]*?^stays", LIMIT_S)
    view = outside.neighbour()
    view = outside.neighbour_after(view.samples + 100)
    view.undisturbed()
    faults = [int(tsc) for tsc in re.findall(r"vm: failing: .* tsc (\d+): it restarts$", machine.text("hypervisor"), re.M)]
    assert len(faults) == LIFE_COUNT
    assert sum(tsc > view.steady_tsc for tsc in faults) >= LIFE_COUNT // 2
    assert "not ok" not in machine.text("user")


# REQ-LIF-011
# REQ-LIF-034
@pytest.mark.not_on("bochs", "vmcb")
@pytest.mark.parametrize("action, follows", [("restart", "it restarts"), ("stop", "it stops"), ("safe_state", "it stops in its safe state")])
def test_a_machine_check_has_its_consequence(start, emulator, debugger, folder, action, follows):
    """QEMU gives an injected #MC to the guest and does not look at the intercept. So the exit is made from outside:
    a guest that executes CPUID again and again is held where the hypervisor looks at its exit code, and that becomes the
    one of an intercepted #MC. What a bank holds is injected, as a corrected error, which interrupts nobody."""
    outside = Outside(debugger, Monitor(folder))
    policy = {"restart": {"restart_limit": 1}, "safe_state": {"safe_state": [{"port": 0x2E8, "value": ord(letter)} for letter in "SE\n"]}}
    machine = run(start, emulator, folder, outside, "ends=m", on_fault={"machine_check": action}, **policy.get(action, {}))
    begun = machine.wait_for("user", r"^life 0{16} tsc ([0-9a-f]+)[^#]*?^looked", LIMIT_S)
    machine.wait_for("rtvm", "^rtvm: steady", LIMIT_S)
    outside.machine_check()
    failed = machine.wait_for("hypervisor", rf"vm: failing: machine check {STATUS:#x} at 0x[0-9a-f]+ tsc (\d+): {follows}$", LIMIT_S)
    if action == "restart":
        again = machine.wait_for("user", r"^life 0{15}1 tsc ([0-9a-f]+)[^#]*?^stays", LIMIT_S)
        assert int(begun[1], 16) < int(failed[1]) < int(again[1], 16)
    elif action == "safe_state":
        machine.wait_for("user", r"^SE$", LIMIT_S)
    else:
        assert machine.text("user").endswith("looked\n")
    outside.neighbour_after(outside.neighbour().samples + 100).undisturbed()
    assert "vm: rtvm" not in machine.text("hypervisor")
    assert "not ok" not in machine.text("user")


@pytest.mark.not_on("bochs", "vmcb")
# REQ-LIF-047
def test_a_lost_core_ends_its_vm_in_its_safe_state_and_leaves_the_other_alone(start, emulator, debugger, folder):
    outside = Outside(debugger, Monitor(folder))
    machine = run(start, emulator, folder, outside, "ends=m", safe_state=[{"port": 0x2E8, "value": ord(letter)} for letter in "SE\n"])
    machine.wait_for("user", "^looked", LIMIT_S)
    machine.wait_for("rtvm", "^rtvm: steady", LIMIT_S)
    outside.lost_core()
    machine.wait_for("user", r"^SE$", LIMIT_S)
    machine.wait_for("hypervisor", rf"^panic: exception of the hypervisor on core {CORE:#018x}$", LIMIT_S)
    outside.neighbour_after(outside.neighbour().samples + 100).undisturbed()
    assert "vm: rtvm" not in machine.text("hypervisor")


@pytest.mark.not_on("bochs", "vmcb")
# REQ-LIF-036
# REQ-LIF-047
def test_a_halt_does_not_wait_for_a_vm_whose_core_is_lost(start, emulator, debugger, folder):
    """Both VMs make exits again and again, and count their lives in the same shared region."""
    outside = Outside(debugger, Monitor(folder))
    policy = {"shared": [{"name": "rt0"}], "on_fault": {"machine_check": "halt"}, "safe_state": [{"port": 0x3E8, "value": ord(letter)} for letter in "SE\n"]}
    machine = run(start, emulator, folder, outside, "ends=mm", other=policy)
    machine.wait_for("user", "^looked", LIMIT_S)
    machine.wait_for("rtvm", "^looked", LIMIT_S)
    outside.lost_core()
    machine.wait_for("hypervisor", r"^panic: rip", LIMIT_S)
    outside.machine_check(RT_CORE, RT_VCPU)
    machine.wait_for("hypervisor", r"vm: rtvm: machine check .*: the machine halts$", LIMIT_S)
    machine.wait_for("rtvm", r"^SE$", LIMIT_S)
    machine.wait_for("hypervisor", r"vm: all pre-launched VMs are in their safe states: the machine halts$", LIMIT_S)
