# SPDX-License-Identifier: Apache-2.0
"""What breaks on the shared side stays there: the RTVM runs on."""
import re
import socket

from tools.boot import BUILD

GUESTS = BUILD / "tests" / "guests"

MACHINE_CHECK = "mce 0 4 0xb200000000070f0f 0x4 0 0" # uncorrected, processor context corrupt, on core 0


class Monitor:
    """QEMU's monitor, to do to the machine what no guest can."""

    def __init__(self, folder):
        self.path = folder / "monitor"
        self.path.unlink(missing_ok=True)
        self.arguments = ["-monitor", f"unix:{self.path},server=on,wait=off"]

    def say(self, command):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(10)
            connection.connect(str(self.path))
            self.read_prompt(connection)
            connection.sendall(command.encode() + b"\n")
            self.read_prompt(connection)

    @staticmethod
    def read_prompt(connection):
        text = b""
        while not text.endswith(b"(qemu) "):
            text += connection.recv(4096)


def samples(machine):
    return int(re.findall(r"^rtvm: running samples (\d+)", machine.text("rtvm"), re.M)[-1])


def start_rtvm(start, folder):
    monitor = Monitor(folder)
    machine = start("rt-only", append={"rtvm": "report=500"}, extra=monitor.arguments)
    machine.wait_for("rtvm", r"^rtvm: running samples 500 ")
    return machine, monitor


def expect_it_runs_on(machine):
    before = samples(machine)
    machine.wait_for("rtvm", rf"^rtvm: running samples {before + 2000} ", timeout=60)


# REQ-LIF-012
# REQ-LIF-017
def test_rtvm_survives_the_end_of_the_shared_side(start, folder):
    machine, monitor = start_rtvm(start, folder)
    monitor.say(MACHINE_CHECK)
    machine.wait_for("hypervisor", r"^panic: exception of the hypervisor on core 0x0+$")
    machine.wait_for("hypervisor", r"^panic: vector 0x0*12 error")
    machine.wait_for("hypervisor", r"^panic: rip 0x[0-9a-f]+ rsp")
    expect_it_runs_on(machine)


# REQ-INT-028
def test_a_stray_nmi_on_every_core_changes_nothing(start, folder):
    machine, monitor = start_rtvm(start, folder)
    for _ in range(20):
        monitor.say("nmi")
    expect_it_runs_on(machine)
    assert "panic" not in machine.text("hypervisor")


# REQ-IO-024
def test_a_guest_whose_page_tables_are_nowhere_shuts_down(start):
    """Its #GP cannot be delivered, nor its double fault; the log does not fill with the attempts."""
    machine = start("rt-only", images={"idle": GUESTS / "lost_tables.elf"}, append={"service": "console=0x2f8", "rtvm": "report=500"})
    machine.wait_for("hypervisor", r"vm: service: triple fault on vCPU 0 at 0x")
    machine.wait_for("rtvm", r"^rtvm: running samples 500 ")
    expect_it_runs_on(machine)
    assert machine.text("hypervisor").count("has page tables at") <= 3
