# SPDX-License-Identifier: Apache-2.0
"""What system tests stand on: machines that stop by themselves and leave their logs in build/tests/TEST/.

A test runs on QEMU, unless it says where: @pytest.mark.machines("qemu", "bochs", "bochs:haswell") makes one test of it for each. What takes
minutes on an emulator, @pytest.mark.long_on("bochs"), runs there only when that emulator is asked for, with --machine."""
import re

import pytest

from tools.boot import BUILD, MACHINES, machine_for
from tools.bochs import Bochs
from tools.machine import CONSOLES, ROOT, Machine, MachineError


class Shell:
    """For a machine with a shell in its Service VM."""
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


class TestMachine(Shell, Machine):
    """QEMU."""


class TestBochs(Shell, Bochs):
    """Bochs."""


TEST_MACHINES = {"qemu": TestMachine, "bochs": TestBochs}


def pytest_addoption(parser):
    parser.addoption("--machine", choices=MACHINES, help="only tests that run on this emulator")


def pytest_configure(config):
    config.addinivalue_line("markers", "machines(*names): the emulators, each with a CPU model behind a colon or without, that the test runs on")
    config.addinivalue_line("markers", "long_on(*names): of these, those on which it takes minutes")


def pytest_generate_tests(metafunc):
    marker = metafunc.definition.get_closest_marker("machines")
    if marker is not None:
        metafunc.parametrize("on", marker.args, indirect=True)


def pytest_collection_modifyitems(config, items):
    """--machine bochs leaves what runs there; a test that does not say where runs on QEMU."""
    wanted = config.getoption("--machine")
    kept = [item for item in items if (not is_long(item) if wanted is None else where(item) == wanted)]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


def machine_name(item):
    return getattr(item, "callspec", None) and item.callspec.params.get("on") or "qemu"


def where(item):
    return machine_name(item).partition(":")[0]


def is_long(item):
    """On its emulator, or on that model of it."""
    return any({where(item), machine_name(item)} & set(marker.args) for marker in item.iter_markers("long_on"))


@pytest.fixture
def on(request):
    """The emulator that the test runs on: 'qemu', 'bochs', 'bochs:haswell'. REQ-TOO-011"""
    return getattr(request, "param", "qemu")


@pytest.fixture
def emulator(on):
    """Its class, with what is known of the machine before it starts."""
    return TEST_MACHINES[on.partition(":")[0]]


@pytest.fixture
def folder(request):
    """build/tests/TEST, empty."""
    path = BUILD / "tests" / re.sub(r"[^\w.-]+", "_", request.node.name)
    path.mkdir(parents=True, exist_ok=True)
    for old in path.glob("*.log"):
        old.unlink()
    return path


@pytest.fixture
def start(request, folder, on, emulator):
    """start(scenario='demo', append={VM: words}, images={tag: file}, ...): a running machine.
    start(None, kernel=FILE, modules=[(file, tag)], append='words', ...): boot modules by hand, or with no modules a
    bare image without the hypervisor. Other arguments: those of tools.machine.Machine, as mode='icount', extra=[...].
    exact: as if it had Linux in it (tools/bochs.py)."""
    machines = request.node.machines = []
    model = {"cpu": on.partition(":")[2]} if ":" in on else {}

    def start_machine(scenario="demo", append=None, images=None, exact=False, **options):
        place = folder if not machines else folder / str(len(machines) + 1)
        options = {**model, **options}
        if scenario is None:
            machine = emulator(place, append=append or "", **options)
        else:
            prepared = machine_for(scenario, place, append, images, machine=emulator.name, **options)
            machine = emulator(place, prepared.modules, **options)
            machine.exact = exact or prepared.exact
        missing = lack(machine)
        ran = ("machine", f"{machine.name} {machine.model()}")
        if ran not in request.node.user_properties:
            request.node.user_properties.append(ran)
        if missing and emulator.name != "qemu":
            pytest.skip(missing)
        machines.append(machine)
        return machine.start()
    yield start_machine
    for machine in machines:
        machine.stop()


def lack(machine):
    """Why the emulator cannot be started. Bochs may be nowhere to be had; QEMU is what ./bulkhead needs for anything at all."""
    try:
        machine.check()
    except MachineError as error:
        return str(error)
    return None


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
        for console in CONSOLES + (machine.name,):
            text = machine.tail(console, 25)
            if text:
                report.sections.append((f"{machine.folder.relative_to(ROOT)}/{console}.log, last lines", text))


__all__ = ["MachineError"]
