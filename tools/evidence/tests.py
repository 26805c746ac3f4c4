# SPDX-License-Identifier: Apache-2.0
"""What a run of ./bulkhead test leaves: build/evidence/junit.xml with every test, and the result of the claim that all pass."""
import collections
import contextlib
import xml.etree.ElementTree as tree

from tools.evidence import machines
from tools.evidence.report import claims, junit
from tools.evidence.result import Result
from tools.progress import ROOT

OUTPUT = ROOT / "build" / "evidence" / "junit.xml"
Case = collections.namedtuple("Case", "suite name verdict seconds message machines where", defaults=[(), ()])    # machines: emulators it ran on; where: what it says of others


def pytest_cases(path):
    """The cases of pytest's own JUnit file."""
    for case in tree.parse(path).getroot().iter("testcase"):
        suite = case.get("classname", "").replace(".", "/")
        broken = case.find("failure") if case.find("failure") is not None else case.find("error")
        skipped = case.find("skipped")
        verdict = "failed" if broken is not None else "skipped" if skipped is not None else "passed"
        told = broken if broken is not None else skipped
        message = "" if told is None else "\n".join(part for part in (told.get("message"), told.text) if part)
        machines = tuple(told.get("value", "") for told in case.iter("property") if told.get("name") == "machine")
        where = tuple(told.get("value", "") for told in case.iter("property") if told.get("name") == "where")
        yield Case(suite, case.get("name", ""), verdict, float(case.get("time", 0)), message, machines, where)


def junit_xml(cases):
    """One suite for each file of tests."""
    suites = tree.Element("testsuites")
    for name, members in by_suite(cases).items():
        count = collections.Counter(case.verdict for case in members)
        suite = tree.SubElement(suites, "testsuite", name=junit.clean(name), tests=str(len(members)), failures=str(count["failed"]), errors="0",
                                skipped=str(count["skipped"]), time=f"{sum(case.seconds for case in members):.3f}")
        for case in members:
            element = tree.SubElement(suite, "testcase", classname=junit.clean(name.replace("/", ".")), name=junit.clean(case.name), time=f"{case.seconds:.3f}")
            if case.verdict != "passed":
                tag, message = "failure" if case.verdict == "failed" else "skipped", junit.clean(case.message)
                tree.SubElement(element, tag, type=case.verdict, message=message.partition("\n")[0]).text = message
    return junit.packed(suites)


def by_suite(cases):
    suites = {}
    for case in cases:
        suites.setdefault(case.suite, []).append(case)
    return suites


@contextlib.contextmanager
def claimed(name, sentence, leave=True):
    """The result of a claim that one test stands for: passed only when the block ends without an exception. leave: whether this run is
    the one that the claim is about."""
    result, passed = Result(name, sentence), False
    try:
        yield result
        passed = True
    except BaseException as error:
        result.finding(f"{name}-failed", f"{type(error).__name__}: {error}".partition("\n")[0])
        raise
    finally:
        if leave:
            result.finish(passed, needs=needs_of(name))


def needs_of(name):
    return next(claim.needs for claim in claims.CLAIMS if claim.name == name)


class Record:
    """Of one run. whole: nothing is left out, so that it is a result for the report; a selection leaves that as it was."""

    def __init__(self, whole):
        self.result = Result("tests", "All unit, system and gate tests pass") if whole else None

    def finish(self, cases, output=None):
        output = output or OUTPUT
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(junit_xml(cases), encoding="utf-8")
        if self.result is not None:
            self.leave_result(cases)

    def leave_result(self, cases):
        count = collections.Counter(case.verdict for case in cases)
        self.result.figure("tests passed", count["passed"])
        self.result.figure("failed", count["failed"], limit=0)
        self.result.figure("skipped", count["skipped"])
        rows = []
        for name, members in by_suite(cases).items():
            verdicts = collections.Counter(case.verdict for case in members)
            rows.append([name, verdicts["passed"], verdicts["failed"], verdicts["skipped"], round(sum(case.seconds for case in members), 1)])
        where, columns = machines.table(cases)[::-1]
        if where:
            self.result.table("System tests by machine", columns, where)
        self.result.table("Tests by file", ["file", "passed", "failed", "skipped", "seconds"], rows)
        for case in cases:
            if case.verdict != "passed":
                file = next((f"{case.suite}{end}" for end in (".py", ".c") if (ROOT / f"{case.suite}{end}").exists()), "")
                self.result.finding(f"test-{case.verdict}", f"{case.name}: {case.message.partition(chr(10))[0]}", file,
                                    level="error" if case.verdict == "failed" else "note")
        self.result.finish(count["failed"] == 0 and count["passed"] > 0, needs=needs_of("tests"))
