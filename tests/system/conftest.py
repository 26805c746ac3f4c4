# SPDX-License-Identifier: Apache-2.0
"""What system tests stand on: machines that stop by themselves and leave their logs in build/tests/TEST/."""
import re

import pytest

from tools.boot import BUILD, machine_for
from tools.machine import CONSOLES, ROOT, Machine, MachineError


class TestMachine(Machine):
    """A Machine with a shell in its Service VM."""
    __test__ = False
    sequence = 0

    def shell_ready(self, timeout=90):
        return self.wait_for("service", r"^service: shell ready", timeout)

    def shell(self, command, timeout=30, status=0):
        """Runs a command in the Service VM and returns what it printed. status: what is expected, None for any."""
        self.sequence += 1
        mark = f"#{self.sequence}"
        begin = len(self.text("service"))
        self.send(f"{command}\necho '{mark}' status $?\n")
        found = self.wait_for("service", rf"^(.*){mark} status (\d+)$", timeout)
        printed = self.text("service")[begin:found.start() + len(found.group(1))]
        assert status is None or int(found.group(2)) == status, f"'{command}' ended with status {found.group(2)}:\n{printed}"
        return printed.strip("\n")


@pytest.fixture
def folder(request):
    """build/tests/TEST, empty."""
    path = BUILD / "tests" / re.sub(r"[^\w.-]+", "_", request.node.name)
    path.mkdir(parents=True, exist_ok=True)
    for old in path.glob("*.log"):
        old.unlink()
    return path


@pytest.fixture
def start(request, folder):
    """start(scenario='demo', append={VM: words}, images={tag: file}, ...): a running machine.
    start(None, kernel=FILE, modules=[(file, tag)], append='words', ...): boot modules by hand, or with no modules a
    bare image without the hypervisor. Other arguments: those of tools.machine.Machine, as mode='icount', extra=[...]."""
    machines = request.node.machines = []

    def start_machine(scenario="demo", append=None, images=None, **options):
        place = folder if not machines else folder / str(len(machines) + 1)
        if scenario is None:
            machine = TestMachine(place, append=append or "", **options)
        else:
            prepared = machine_for(scenario, place, append, images, **options)
            machine = TestMachine(place, prepared.modules, **options)
        machines.append(machine)
        return machine.start()
    yield start_machine
    for machine in machines:
        machine.stop()


@pytest.fixture
def linux(start):
    """linux(scenario='demo', ...): a machine whose Service VM has a shell: machine.shell('command').
    words: for its command line; more: {VM: words} for those of others."""
    def start_linux(scenario="demo", words="", more=None, **options):
        machine = start(scenario, append={"service": f"quiet bulkhead.mode=test {words}".strip(), **(more or {})}, **options)
        machine.shell_ready()
        return machine
    return start_linux


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Shows the last lines of every console of a test that failed."""
    outcome = yield
    report = outcome.get_result()
    if report.when != "call" or not report.failed:
        return
    for machine in getattr(item, "machines", []):
        for console in CONSOLES + ("qemu",):
            text = machine.tail(console, 25)
            if text:
                report.sections.append((f"{machine.folder.relative_to(ROOT)}/{console}.log, last lines", text))


__all__ = ["MachineError"]
