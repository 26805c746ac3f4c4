# SPDX-License-Identifier: Apache-2.0
"""A real-time VM that fails gets what its policy says, and nobody else notices."""
import pytest
import yaml

from outside import Monitor
from test_boot_time import with_cleared_memory
from tools import boot
from tools.boot import BUILD
from tools.machine import ROOT

GUESTS = BUILD / "tests" / "guests"
# Ticks of the TSC in counted time: 20 ms; and Bochs counts each repetition of a string instruction, of which clearing 64 MiB takes 8 million.
RESTART_LIMIT = {"qemu": 20_000_000, "bochs": 10_000_000}
BEAT_US = {"qemu": 5000, "bochs": 50000}     # its console is as slow as a real one on Bochs: a line takes milliseconds


@pytest.fixture
def crashing(start, folder, emulator):
    """crashing(words, policy..., mode=...): rt-only with tests/guests/crash.c as its RTVM."""
    name = boot.load_for("rt-only", emulator.name).name

    def start_crashing(words, mode="mttcg", extra=(), images=None, append=None, **policy):
        scenario = yaml.safe_load((ROOT / "configs" / "scenarios" / f"{name}.yaml").read_text(encoding="utf-8"))
        scenario["prelaunched_vms"][0].update(policy)
        path = folder / "crashing.yaml"
        path.write_text(yaml.safe_dump(scenario), encoding="utf-8")
        return start(path, images={"rtvm": GUESTS / "crash.elf", **(images or {})}, append={"rtvm": words, **(append or {})}, mode=mode, extra=extra)
    return start_crashing


def life(machine, number):
    """Waits for this life's look at its registers and memory; returns the TSC of its first instruction in C."""
    found = machine.wait_for("rtvm", rf"^life {number:016x} tsc ([0-9a-f]+)", timeout=60)
    machine.wait_for("rtvm", rf"^life {number:016x} [^#]*?^looked", timeout=60)
    return int(found.group(1), 16)


def fault(machine, pattern):
    """Waits for the line of a fault; returns its TSC."""
    return int(machine.wait_for("hypervisor", rf"vm: rtvm: {pattern}.* tsc (\d+): .*$", timeout=60).group(1))


# REQ-LIF-030
# REQ-LIF-034
@pytest.mark.parametrize("end, policy, line", [("t", "triple_fault", "triple fault"), ("s", "stage2_violation", "access to unmapped address 0x90000000 at")])
def test_a_fault_restarts_it_as_if_for_the_first_time(crashing, emulator, end, policy, line):
    machine = crashing(f"ends={end}", mode="icount", on_fault={policy: "restart"}, restart_limit=3)
    life(machine, 0)
    failed = fault(machine, line)
    begun = life(machine, 1)
    machine.wait_for("hypervisor", r"vm: rtvm: restart 1 of 3, \d+ us after its fault$")
    assert "not ok" not in machine.text("rtvm")
    assert begun - failed < RESTART_LIMIT[emulator.name]


# REQ-LIF-031
# REQ-LIF-034
def test_beyond_its_limit_it_stops_in_its_safe_state(crashing):
    """The safe state writes an S, an E and a line feed to its own console."""
    machine = crashing("ends=tst", on_fault={"triple_fault": "restart", "stage2_violation": "restart"}, restart_limit=2,
                       safe_state=[{"port": 0x3E8, "value": ord(letter)} for letter in "SE\n"])
    for number in range(3):
        life(machine, number)
    machine.wait_for("hypervisor", r"vm: rtvm: triple fault 0x0 at .*: it stops in its safe state$")
    machine.wait_for("rtvm", r"^SE$")
    assert machine.text("hypervisor").count(": it restarts\n") == 2
    assert "not ok" not in machine.text("rtvm")


# REQ-LIF-034
def test_stop_leaves_its_devices_alone(crashing):
    machine = crashing("ends=t", on_fault={"triple_fault": "stop"}, safe_state=[{"port": 0x3E8, "value": ord("S")}])
    machine.wait_for("hypervisor", r"vm: rtvm: triple fault 0x0 at .*: it stops$")
    assert machine.text("rtvm").endswith("looked\n")


# REQ-LIF-036
def test_halt_stops_the_machine_with_its_log_written(crashing):
    machine = crashing("ends=s", on_fault={"stage2_violation": "halt"}, safe_state=[{"port": 0x3E8, "value": ord(letter)} for letter in "SE\n"])
    machine.wait_for("hypervisor", r"vm: all pre-launched VMs are in their safe states: the machine halts$")
    machine.wait_for("rtvm", r"^SE$")


# REQ-LIF-035
def test_a_missed_heartbeat_restarts_it(crashing, emulator):
    """It hangs in a handler with interrupts off; its next life beats on and is left alone."""
    machine = crashing("ends=h", mode="icount", on_fault={"heartbeat": "restart"}, restart_limit=3, heartbeat={"timeout_us": BEAT_US[emulator.name]})
    life(machine, 0)
    failed = fault(machine, "missed heartbeat 0x")
    begun = life(machine, 1)
    machine.wait_for("rtvm", r"^beats on$", count=2)
    assert begun - failed < RESTART_LIMIT[emulator.name]
    assert "not ok" not in machine.text("rtvm")
    assert machine.text("hypervisor").count("missed heartbeat") == 1


# REQ-LIF-055
def test_a_hang_is_noticed_while_the_service_vm_is_loaded(crashing, folder, emulator):
    """The load clears 512 MiB, 8 bytes a tick; the VM hangs within that time."""
    slow = folder / "slow.elf"
    slow.write_bytes(with_cleared_memory((GUESTS / "watch_rt.elf").read_bytes(), 512 << 20))
    machine = crashing("ends=h", mode="icount", images={"idle": slow}, append={"service": "console=0x2f8"}, on_fault={"heartbeat": "stop"},
                       heartbeat={"timeout_us": BEAT_US[emulator.name]})
    loaded = machine.wait_for("hypervisor", r"^\[ *([\d.]+)\] boot: service: 1 shared vCPU", timeout=120)
    missed = machine.wait_for("hypervisor", r"^\[ *([\d.]+)\] vm: rtvm: missed heartbeat .*: it stops$", timeout=120)
    assert float(missed.group(1)) < float(loaded.group(1))


@pytest.mark.not_on("bochs", "reset")
# REQ-LIF-048
def test_after_a_warm_reset_it_finds_nothing_of_the_boot_before(crashing, folder):
    """Its first life fills 1 MiB of RAM and its life's number in the shared region; each life looks at both."""
    monitor = Monitor(folder)
    machine = crashing("ends=t", extra=[*monitor.arguments, "-action", "reboot=reset"])
    machine.wait_for("hypervisor", r"vm: rtvm: triple fault 0x0 at .*: it stops$")
    monitor.say("system_reset")
    machine.wait_for("rtvm", r"^looked$", count=2)
    text = machine.text("rtvm")
    assert text.count(f"life {0:016x} tsc") == 2 and "not ok" not in text
