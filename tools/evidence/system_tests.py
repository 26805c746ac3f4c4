# SPDX-License-Identifier: Apache-2.0
"""Gate "machines": each system test is one of both emulated machines, or says why not; docs/system-tests.md shows all of them.

    python3 -m tools.evidence.system_tests [--write]

What a test says (tests/system/where.py) is checked while pytest collects; this gate collects, runs nothing, and makes the page of it."""
import json
import subprocess
import sys
import tempfile

from tools.evidence.generated import is_kept, markdown
from tools.evidence.result import Result
from tools.progress import ROOT

PAGE = ROOT / "docs" / "system-tests.md"
COMMAND = "python3 -m tools.evidence.system_tests --write"
EMULATORS = {"qemu": "QEMU (AMD-V)", "bochs": "Bochs (Intel VT-x)"}
INTRODUCTION = """Each system test is a test of both emulated machines, unless its source gives one of a few reasons (`tests/system/where.py`); a reason
whose sign is not in the source of the test fails, and so does a test that names neither a machine nor a reason. This page is what the gate `machines` finds; how
each of them ended, and on which model of CPU, is in the evidence report ("System tests by machine").

`./bulkhead test` runs what says "every run". What says "long" takes minutes there, as everything with Linux in it does on Bochs, and runs with
`./bulkhead test --long`, or only on Bochs with `./bulkhead test --machine bochs --long` (`-k WORDS` chooses among them, `--model` another CPU)."""


class Problem(Exception):
    """Collecting failed."""


def collect():
    """{file: {test: [[machine, when, why not]]}}"""
    with tempfile.NamedTemporaryFile("r", suffix=".json") as place:
        done = subprocess.run([sys.executable, "-B", "-m", "pytest", "-p", "no:cacheprovider", "-q", "--collect-only", "--where", place.name, "tests/system"],
                              cwd=ROOT, capture_output=True, text=True, check=False)
        said = place.read()
    if done.returncode != 0 or not said:
        lines = [line.removeprefix("E ").strip() for line in done.stdout.splitlines() if line.startswith("E ")] or (done.stdout + done.stderr).splitlines()[-5:]
        raise Problem("; ".join(lines))
    return json.loads(said)


def cell(rows, emulator):
    """'every run', 'long', 'every run (haswell: long)', 'no: it needs ...'."""
    mine = [row for row in rows if row[0].partition(":")[0] == emulator]
    if mine[0][1] == "not":
        return f"no: it {mine[0][2]}"
    parts = {}
    for name, when, _ in mine:
        parts.setdefault({"with --long": "long"}.get(when, when), []).append(name.partition(":")[2].partition(",+svm")[0] + ", no x2APIC" * ("-x2apic" in name))
    models = any(model for names in parts.values() for model in names)
    return "; ".join(when + (f" ({', '.join(name or 'the usual CPU' for name in names)})" if models else "") for when, names in parts.items())


def tables(found):
    """[(title, columns, rows)] for page and report."""
    rows = [[file, test.removeprefix("test_").replace("_", " "), *(cell(decision, emulator) for emulator in EMULATORS)] for file, tests in found.items() for test, decision in tests.items()]
    return [("What is tested where", ["file", "test", *EMULATORS.values()], rows)]


def counts(found):
    """[(name of a figure, how many)]"""
    decisions = [decision for tests in found.values() for decision in tests.values()]

    def on(emulator, decision):
        return any(row[0].partition(":")[0] == emulator and row[1] != "not" for row in decision)
    return [("system tests", len(decisions)), ("of these on both machines", sum(all(on(one, decision) for one in EMULATORS) for decision in decisions)),
            ("on QEMU alone", sum(not on("bochs", decision) for decision in decisions)), ("on Bochs alone", sum(not on("qemu", decision) for decision in decisions)),
            ("on Bochs in each run", sum(any(row[0].startswith("bochs") and row[1] == "every run" for row in decision) for decision in decisions))]


def page(found):
    lines = [f"<!-- SPDX-License-Identifier: Apache-2.0. Made of the system tests by {COMMAND}; change these, not this page. -->",
             "# System tests: what is tested where", "", INTRODUCTION, "", ", ".join(f"{name}: {count}" for name, count in counts(found)).capitalize() + ".", ""]
    for title, columns, rows in tables(found):
        lines += [f"## {title}", "", *markdown(columns, rows)]
    return "\n".join(lines)


# REQ-TOO-015
def main():
    result = Result("machines", "Each system test is a test of both emulated machines, or says why not")

    def complain(message, file, rule="machines"):
        result.finding(rule, message, str(file), 1)
        print(f"{file}: {message}")

    try:
        found = collect()
    except Problem as problem:
        complain(str(problem), "tests/system", "where")
        return result.finish(False)
    text = page(found)
    if not is_kept(PAGE, text, "--write" in sys.argv[1:]):
        complain(f"is not what the tests say: run {COMMAND}", PAGE.relative_to(ROOT), "machines-page")
    for name, count in counts(found):
        result.figure(name, count)
    for title, columns, rows in tables(found):
        result.table(title, columns, rows)
    print(f"machines: {', '.join(f'{count} {name}' for name, count in counts(found))}")
    return result.finish(not result.findings)


if __name__ == "__main__":
    sys.exit(main())
