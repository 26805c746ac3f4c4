# SPDX-License-Identifier: Apache-2.0
"""Gate: the unit tests cover hv/core and hv/devices: statements, branches, MC/DC (scons coverage).

    python3 -m tools.evidence.coverage [--missing]

What they leave out stands in tests/unit/coverage-gaps.yaml with its reason, or is counted there as open in its file; anything
else fails, and so does an entry for what is covered or gone. --missing prints entries, without reason, for all that has none.

Statement: a run of statements with one counter (a "code region" of clang). Branch: both outcomes of every condition and every
case of a switch. MC/DC: every condition of a decision with && or || is shown to change its outcome alone (a decision of one
condition has it with its two branches). Functions in headers: covered where any file that includes them covers them.
A second measurement, by gcc and gcov, must agree on which lines were executed.
Listing: build/evidence/coverage/uncovered.txt, and each source with its counts in build/evidence/coverage/html.
"""
import argparse
import collections
import sys

import yaml

from tools.evidence.coverage_gcov import disagreements
from tools.evidence.coverage_run import MEASURED, OUT, GateError, measure
from tools.evidence.result import Result
from tools.progress import ROOT

GAPS = ROOT / "tests" / "unit" / "coverage-gaps.yaml"
KINDS = {"statement": "statement", "true": "branch", "false": "branch", "pair": "MC/DC"}

NOTES = (
    "The tests run on the host, compiled by clang and gcc for coverage, not on the image that is shipped.",
    "hw_poweroff() and hw_reset() of the fake machine leave by longjmp; a statement behind a call that came back this way counts "
    "as executed.",
    "A decision without && and || has no MC/DC figure: its two branches are it.",
)


def place(item):
    return item.file, item.line, item.column, item.what


def kind(item):
    return KINDS[item.what.split(":")[0]]


def source_line(item, texts={}):
    """The line of an item without its indentation: what an entry quotes."""
    if item.file not in texts:
        texts[item.file] = (ROOT / item.file).read_text().splitlines()
    return texts[item.file][item.line - 1].strip()


def key(item):
    return item.file, item.function, source_line(item), item.what


def read_gaps():
    """{key: how often} of what is justified, {file: number} of what is open, and rows for a table of the reasons."""
    try:
        data = yaml.safe_load(GAPS.read_text()) or {}
    except (OSError, yaml.YAMLError) as error:
        raise GateError(f"{GAPS.relative_to(ROOT)}: {error}") from error
    unknown = set(data) - {"justified", "open"}
    if unknown:
        raise GateError(f"{GAPS.relative_to(ROOT)}: unknown word {', '.join(sorted(unknown))}")
    justified, reasons = collections.Counter(), []
    for file, entries in (data.get("justified") or {}).items():
        for entry in entries:
            if set(entry) != {"function", "line", "uncovered", "why"} or not str(entry["why"]).strip():
                raise GateError(f"{GAPS.relative_to(ROOT)}: an entry of {file} has other fields than function, line, uncovered, why")
            justified.update((file, entry["function"], entry["line"], what) for what in entry["uncovered"])
            reasons.append([f"{file} {entry['function']}", entry["line"], "; ".join(entry["uncovered"]), entry["why"]])
    return justified, data.get("open") or {}, reasons


def check(uncovered, justified, allowed, finding):
    """Reports what does not stand in the gaps file, and what does and should not; yields what is open."""
    rest, remaining = collections.defaultdict(list), justified.copy()
    for item in uncovered:
        if remaining[key(item)] > 0:
            remaining[key(item)] -= 1
        else:
            rest[item.file].append(item)
    for file, function, line, what in sorted(+remaining):
        finding("stale gap", f"{file}: {function}: \"{what}\" of \"{line}\" is covered or gone, or the line reads differently now", GAPS.relative_to(ROOT), 0)
    for file in sorted(set(rest) | set(allowed)):
        count, ceiling = len(rest[file]), allowed.get(file, 0)
        if count > ceiling:
            finding("uncovered", f"{count} places are neither covered nor justified, {ceiling} are allowed; write tests, or "
                    "entries (--missing prints them) with the reason", file, 0)
            for item in rest[file]:
                finding("uncovered", f"{item.function}: {item.what}", file, item.line)
        elif count < ceiling:
            finding("stale gap", f"{file}: open: {ceiling} must become {count or 'nothing'}", GAPS.relative_to(ROOT), 0)
    return [item for items in rest.values() for item in items]


def missing_entries(items):
    """Entries for the gaps file, to be given a reason each."""
    entries = collections.defaultdict(lambda: collections.defaultdict(list))
    for item in items:
        entries[item.file][(item.function, item.line)].append(item)
    return yaml.safe_dump({file: [
        {"function": function, "line": source_line(on_line[0]), "uncovered": [item.what for item in on_line], "why": ""}
        for (function, _), on_line in places.items()] for file, places in entries.items()}, sort_keys=False, width=1000)


def share(measured, wanted):
    """[covered, all, per cent, rounded down]"""
    chosen = [value.covered for item, value in measured.items() if kind(item) == wanted]
    return [sum(chosen), len(chosen), (10000 * sum(chosen) // len(chosen)) / 100 if chosen else 100.0]


def table(measured, opened, justified):
    """One row for each file."""
    by_file, rows = collections.defaultdict(dict), []
    for item, value in measured.items():
        by_file[item.file][item] = value
    for file, values in sorted(by_file.items()):
        rows.append({"file": file, **{name: share(values, name) for name in ("statement", "branch", "MC/DC")},
                     "justified": sum(count for place, count in justified.items() if place[0] == file),
                     "open": sum(1 for item in opened if item.file == file)})
    return rows


def main():
    parser = argparse.ArgumentParser(prog="python3 -m tools.evidence.coverage", description="Coverage by the unit tests.")
    parser.add_argument("--missing", action="store_true", help="print entries for all that has none")
    options = parser.parse_args()
    result = Result("coverage", "Unit tests cover every statement, branch and condition of hv/core and hv/devices, or the gap is justified")

    def finding(rule, message, file, line):
        result.finding(rule, message, file, line)
        print(f"{file}:{line}: {message}")

    try:
        measured = measure()
        justified, allowed, reasons = read_gaps()
        differences, compared = disagreements(measured)
    except GateError as error:
        print(error)
        return 1
    uncovered = sorted((item for item, value in measured.items() if not value.covered and not value.implied), key=place)
    opened = check(uncovered, justified, allowed, finding)
    for file, line, message in differences:
        finding("two tools differ", message, file, line)
    (OUT / "uncovered.txt").write_text("".join(f"{item.file}:{item.line}: {item.function}: {item.what}\n" for item in uncovered))
    if options.missing:
        print(missing_entries(opened))
    for name in ("statement", "branch", "MC/DC"):
        result.figure(f"{name} coverage", share(measured, name)[2], "%")
    result.figure("justified gaps", sum(justified.values()))
    result.figure("open gaps", len(opened))
    result.figure("lines compared with gcov", compared)
    result.details = {"measured": list(MEASURED), "files": table(measured, opened, justified),
                      "listing": OUT.relative_to(ROOT).as_posix()}
    result.table("Gaps and why they stay", ["file and function", "source line", "not covered", "reason"], reasons)
    for text in NOTES:
        result.note(text)
    print(", ".join(f"{figure['name']} {figure['value']}{figure['unit']}" for figure in result.figures))
    return result.finish(not result.findings)


if __name__ == "__main__":
    sys.exit(main())
