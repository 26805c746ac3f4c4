# SPDX-License-Identifier: Apache-2.0
"""A second opinion on which lines the unit tests execute: gcc and gcov, whose measurement shares no code with LLVM's."""
import collections
import json
import os

from tools.evidence.coverage_run import MEASURED, OUT, ROOT, Kit, run, run_tests

GCC = Kit("gcov", "gcc", ["-O0", "--coverage"], ["--coverage"], "ar")


def line_counts():
    """{file: {line: how often it was executed}} of core/ and devices/."""
    run_tests(GCC)
    counts = collections.defaultdict(collections.Counter)
    data = sorted((OUT / GCC.name).glob("*.gcda"))
    for text in run(["gcov", "--json-format", "--stdout", *data]).splitlines():
        report = json.loads(text) if text.startswith("{") else {"files": []}
        for entry in report["files"]:
            file = os.path.relpath(os.path.join(report["current_working_directory"], entry["file"]), ROOT)
            if file.startswith(MEASURED):
                for line in entry["lines"]:
                    counts[file][line["line_number"]] += line["count"]
    return counts


def never_run(measured):
    """{file: (lines that LLVM's never executed code touches, lines that lie wholly in it)}"""
    touched, inside = collections.defaultdict(set), collections.defaultdict(set)
    for item, value in measured.items():
        if item.what == "statement" and not value.covered:
            touched[item.file].update(range(item.line, value.end[0] + 1))
            inside[item.file].update(range(item.line + 1, value.end[0]))
    return touched, inside


def disagreements(measured):
    """(file, line, message) of each line that only one of the two has as executed; how many lines were compared."""
    counts = line_counts()
    touched, inside = never_run(measured)
    found = []
    for file, lines in sorted(counts.items()):
        found += [(file, line, "gcov says never executed, llvm-cov says executed") for line, count in sorted(lines.items())
                  if count == 0 and line not in touched[file]]
        found += [(file, line, "gcov says executed, llvm-cov says never executed") for line, count in sorted(lines.items())
                  if count != 0 and line in inside[file]]
    return found, sum(len(lines) for lines in counts.values())
