# SPDX-License-Identifier: Apache-2.0
"""./bulkhead test: everything that can be checked, the fast things first, one line of result at the end."""
import importlib.util
import os
import pathlib
import re
import subprocess
import sys
import time
import xml.etree.ElementTree

from tools.evidence import gates, machines, tests
from tools.progress import BOLD, GREEN, RED, ROOT, StepError, colour, run_step, say

UNIT_TIMEOUT_S = 300
PYTEST_PASSED, PYTEST_FAILED, PYTEST_NOTHING = 0, 1, 5
PYTHON = ["/usr/bin/python3", "-B"]
MACHINE_BYTES = 6 * 1024 ** 3    # what one emulated machine may take of the memory here, with its tools (docs/user-guide.md)


class Tally:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.names, self.cases = [], []

    def add(self, passed=0, failed=0, skipped=0, names=()):
        self.passed, self.failed, self.skipped = self.passed + passed, self.failed + failed, self.skipped + skipped
        self.names += names

    def case(self, suite, name, verdict, seconds=0.0, message="", shown=None, machines=(), where=()):
        """One test, for the count and for the JUnit file. shown: its name in the last lines; machines: what it ran on; where: what it says of others."""
        self.cases.append(tests.Case(suite, name, verdict, seconds, message, machines, where))
        self.add(**{verdict: 1}, names=[shown or name] if verdict == "failed" else [])

    def line(self):
        return f"{self.passed} passed, {self.failed} failed" + (f", {self.skipped} skipped" if self.skipped else "")


def selected(name, keyword):
    """Whether -k keeps this; the same simple words that pytest understands, without its operators."""
    return not keyword or any(word in name for word in keyword.replace(" or ", " ").split())


def heading(text):
    say(colour(BOLD, text))


def check(tally, keyword, name, command):
    """One command is one test."""
    if not selected(name, keyword):
        return
    begin = time.monotonic()
    try:
        run_step(name, command, "check-" + re.sub(r"\W+", "-", name))
        tally.case("checks", name, "passed", time.monotonic() - begin)
    except StepError as error:
        say(str(error))
        tally.case("checks", name, "failed", time.monotonic() - begin, str(error))


# REQ-EVI-007
def run_gates(tally, keyword, fast):
    """Each gate is one test; a gate whose tools this release lacks is skipped."""
    for gate in gates.GATES:
        if gate.fast == fast and selected(gate.title, keyword):
            begin, verdict = time.monotonic(), gates.run_gate(gate)
            tally.case("gates", gate.name, verdict, time.monotonic() - begin, f"see build/logs/gate-{gate.name}.log", f"gate {gate.name}")


def scons(*words):
    return ["scons", "-Q"] + list(words)


def static_checks(tally, keyword):
    heading("Static checks")
    scenarios = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "configs" / "scenarios").glob("*.yaml"))
    check(tally, keyword, "scenarios are valid", PYTHON + ["-m", "tools.config", "check"] + scenarios)
    check(tally, keyword, "hypervisor and runtime compile with strict warnings with clang",
          scons("-j2", "--cc=clang", "--out=build/clang", "hv", "rtvm"))
    if (ROOT / "hsm" / "SConscript").exists():
        check(tally, keyword, "kernel module passes sparse", scons("hsm-check"))
    run_gates(tally, keyword, fast=True)


def unit_programs(tally, keyword):
    """Each cmocka program counts its tests."""
    heading("Unit tests")
    check(tally, "", "unit tests compile", scons("-j2", "-k", "unit-build"))
    for source in sorted((ROOT / "tests" / "unit").glob("test_*.c")):
        name = source.stem
        if not selected(name, keyword):
            continue
        program = ROOT / "build" / "tests" / "unit" / name
        if not program.exists():
            tally.case(f"tests/unit/{name}", name, "failed", message="does not compile")
            say(f"  {name}: does not compile")
            continue
        run_unit_program(tally, name, program)


def run_unit_program(tally, name, program):
    begin = time.monotonic()
    try:
        done = subprocess.run([str(program)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                              timeout=UNIT_TIMEOUT_S, check=False)
        text, status = done.stdout, done.returncode
    except subprocess.TimeoutExpired:
        text, status = f"still running after {UNIT_TIMEOUT_S} s", 1
    pathlib.Path(f"{program}.log").write_text(text, encoding="utf-8")
    passed = re.findall(r"^\[       OK \] (.+?)$", text, re.M)
    broken = re.findall(r"^\[  FAILED  \] (?!\d+ test)([\w ]+?)$", text, re.M)
    broken = sorted(set(broken)) or ([name] if status != 0 else [])
    suite, each = f"tests/unit/{name}", (time.monotonic() - begin) / max(1, len(passed) + len(broken))
    for test in passed:
        tally.case(suite, test, "passed", each)
    for test in broken:
        tally.case(suite, test, "failed", each, "\n".join(text.rstrip().splitlines()[-30:]), f"{name}: {test}")
    say(f"  {name}: {len(passed)} passed" + (f", {len(broken)} failed" if broken else ""))
    if broken:
        say("\n".join(f"  | {line}" for line in text.rstrip().splitlines()[-30:]))


def at_a_time():
    """How many files of tests run at a time: a machine with Linux in it keeps one core busy and no more for most of its life."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(1, min(len(os.sched_getaffinity(0)), memory // MACHINE_BYTES))


def spread(keyword):
    """pytest's words for that. A file stays in one process: what its tests share is made once, and those of the demo use one folder. Chosen
    tests run one by one, each with its name before it."""
    return [] if keyword or importlib.util.find_spec("xdist") is None else ["-n", str(at_a_time()), "--dist", "loadfile"]


def run_pytest(tally, keyword, folder, options=()):
    heading(f"Tests in {folder}")
    report = ROOT / "build" / "logs" / f"pytest-{folder.replace('/', '-')}.xml"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    command = PYTHON + ["-m", "pytest", "-p", "no:cacheprovider", "-v", "--tb=short", "-ra", f"--junitxml={report}", folder, *spread(keyword)]
    status = subprocess.run(command + list(options) + (["-k", keyword] if keyword else []), cwd=ROOT, check=False).returncode
    if not report.exists():
        tally.case(folder, f"{folder}: pytest status {status}", "failed")
        return
    for case in tests.pytest_cases(report):
        tally.case(*case[:5], machines=case.machines, where=case.where)
    if status not in (PYTEST_PASSED, PYTEST_FAILED, PYTEST_NOTHING):
        tally.case(folder, f"{folder}: pytest status {status}", "failed", message="pytest broke off")


def write_report():
    """The evidence report of what this run left. It says itself what holds and what is missing; the verdict here is that of the tests."""
    log = ROOT / "build" / "logs" / "evidence.log"
    with open(log, "wb") as output:
        subprocess.run(PYTHON + ["-m", "tools.evidence.report"], cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, check=False)
    said = re.findall(r"^evidence: .*", log.read_text(errors="replace"), re.M)
    say(f"{said[0]}; build/evidence/index.html" if said else f"evidence: no report, see {log.relative_to(ROOT)}")


def run(args):
    begin, tally = time.monotonic(), Tally()
    chosen = [word for option in ("machine", "model") if getattr(args, option) for word in (f"--{option}", getattr(args, option))] + ["--long"] * args.long
    record = tests.Record(whole=not args.keyword and not args.fast and not args.machine)
    heading("Build")
    check(tally, "", "everything compiles with strict warnings with gcc", scons("-j2"))
    if args.machine:
        run_pytest(tally, args.keyword, "tests/system", chosen)
    else:
        static_checks(tally, args.keyword)
        unit_programs(tally, args.keyword)
        run_pytest(tally, args.keyword, "tests/unit")
        run_pytest(tally, args.keyword, "tests/gates")
    if not args.fast and not args.machine:
        heading("Gates")
        run_gates(tally, args.keyword, fast=False)
        run_pytest(tally, args.keyword, "tests/system", chosen)
    say()
    record.finish(tally.cases)
    if record.result is not None:
        write_report()
    for line in machines.summary(tally.cases):
        say(line)
    if tally.names:
        say("failed: " + ", ".join(tally.names))
    say(f"{time.monotonic() - begin:.0f} s; logs in build/logs, build/tests; all results in build/evidence/junit.xml")
    sys.stdout.flush()
    say(colour(RED if tally.failed else GREEN, tally.line()))
    return 1 if tally.failed or not tally.passed else 0
