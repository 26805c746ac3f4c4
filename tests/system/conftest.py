# SPDX-License-Identifier: Apache-2.0
"""What system tests stand on: machines that stop by themselves and leave their logs in build/tests/TEST/.

A test runs on QEMU and on Bochs, unless it says where and why not (tests/system/where.py)."""
import json
import os
import pathlib
import re

import pytest

import outside
import outside_bochs
import where
from tools import bochs_package
from tools.boot import BUILD, MACHINES, machine_for
from tools.bochs import Bochs, MODELS
from tools.machine import CONSOLES, ROOT, Machine, MachineError


AT_A_TIME = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))    # machines that share the host


class Shell:
    """For a machine with a shell in its Service VM."""
    __test__ = False
    sequence = 0

    @property
    def patience(self):
        return AT_A_TIME * super().patience

    def shell_ready(self, timeout=90):
        return self.wait_for("service", r"^service: shell ready", timeout)

    def shell_ready_again(self, timeout=90):
        """In the Service VM's second life. As the first one ends, its shell may, and another one say that it is ready."""
        return self.wait_for("service", r"(?s)service: Linux .*service: Linux .*service: shell ready", timeout)

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
DEBUGGERS = {"qemu": outside.Debugger, "bochs": outside_bochs.Debugger}


def pytest_addoption(parser):
    parser.addoption("--machine", choices=MACHINES, help="only tests that run on this emulator")
    parser.addoption("--model", choices=MODELS, help="Bochs with this CPU model; with ryzen only tests that name it")
    parser.addoption("--long", action="store_true", help="also tests that take minutes")
    parser.addoption("--where", metavar="FILE", help="write there what each test says about where it runs, as JSON")


def pytest_configure(config):
    config.addinivalue_line("markers", "machines(*names): the emulators, each with a CPU model behind a colon or without, that the test runs on")
    config.addinivalue_line("markers", "not_on(emulator, reason): it does not run there; a reason of tests/system/where.py")
    config.addinivalue_line("markers", "long_on(*names): of these, those on which it takes minutes")


# REQ-TOO-011 REQ-TOO-015
def pytest_generate_tests(metafunc):
    try:
        decision = where.Decision(list(metafunc.definition.iter_markers()), where.closure(metafunc.function), metafunc.function.__name__)
    except where.Problem as problem:
        raise pytest.UsageError(str(problem)) from None
    metafunc.function.decision = decision
    metafunc.parametrize("on", dict.fromkeys(with_model(name, metafunc.config.getoption("--model")) for name in decision.names), indirect=True)


def with_model(name, model):
    """The usual model becomes the wanted one; but an exclusive VM needs x2APIC, which ryzen does not have."""
    return f"{name}:{model}" if name == "bochs" and model not in (None, "ryzen") else name


def pytest_collection_modifyitems(config, items):
    kept, said = [], {}
    for item in items:
        said.setdefault(item.path.name, {})[item.function.__name__] = item.function.decision.rows()
        item.user_properties += [("where", f"{name}: {when}{why and ', it ' + why}") for name, when, why in item.function.decision.rows()]
        if wanted(config, item):
            kept.append(item)
            expect_old_faults(item)
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept
    if config.getoption("--where"):
        pathlib.Path(config.getoption("--where")).write_text(json.dumps(said), encoding="utf-8")


def machine_name(item):
    return item.callspec.params["on"]


def wanted(config, item):
    machine, model, name = config.getoption("--machine"), config.getoption("--model"), machine_name(item)
    long = where.emulator_of(name) in item.function.decision.long if model else item.function.decision.is_long(name)
    return ((machine is None or where.emulator_of(name) == machine) and (model is None or name == f"bochs:{model}")
            and (config.getoption("--long") or not long))


def expect_old_faults(item):
    """Bochs 2.7 is run when it is asked for, and what its VT-x does wrong is no failure."""
    fault = where.FAULTS_OF_2_7.get(item.function.__name__)
    if fault and where.emulator_of(machine_name(item)) == "bochs" and bochs_package.choice() == "2.7":
        item.add_marker(pytest.mark.xfail(reason=f"Bochs 2.7: {fault}", strict=False))


@pytest.fixture(autouse=True)
def on(request):
    """The emulator that the test runs on: 'qemu', 'bochs', 'bochs:haswell'. REQ-TOO-011"""
    return request.param


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
    exact: as if it had Linux in it (tools/bochs.py). debugger: the fixture of that name, which then looks at this machine."""
    machines = request.node.machines = []
    model = {"cpu": on.partition(":")[2]} if ":" in on else {}

    def start_machine(scenario="demo", append=None, images=None, exact=False, debugger=None, **options):
        place = folder if not machines else folder / str(len(machines) + 1)
        options = {**model, **options}
        if debugger is not None:
            options.update(debugger.options(options))
        if scenario is None:
            machine = emulator(place, append=append or "", **options)
            machine.exact = exact
        else:
            prepared = machine_for(scenario, place, append, images, machine=emulator.name, **options)
            if emulator.name == "qemu":
                options["extra"] = prepared.extra   # with what the board has
            machine = emulator(place, prepared.modules, **options)
            machine.exact = exact or prepared.exact
        missing = lack(machine)
        ran = ("machine", f"{machine.name} {machine.model()}")
        if ran not in request.node.user_properties:
            request.node.user_properties.append(ran)
        if missing and emulator.name != "qemu":
            pytest.skip(missing)
        machines.append(machine)
        if debugger is not None:
            debugger.machine = machine
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
def debugger(folder, emulator):
    """For start(..., debugger=debugger): reads and writes the machine's memory while it stands still."""
    return DEBUGGERS[emulator.name](folder)


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
