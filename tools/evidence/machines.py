# SPDX-License-Identifier: Apache-2.0
"""What ran where: which system test was run on which emulated machine, and how it ended there."""
import collections
import re


def counted(verdicts):
    """'passed', '3 passed', '2 passed, 1 failed', '-' when there are none."""
    if len(verdicts) == 1:
        return verdicts[0]
    return ", ".join(f"{count} {verdict}" for verdict, count in collections.Counter(verdicts).items()) or "-"


def of_machine(cases):
    """{machine: [verdict]}, in the order in which they come."""
    found = {}
    for case in cases:
        for machine in case.machines:
            found.setdefault(machine, []).append(case.verdict)
    return found


# REQ-TOO-011
def table(cases):
    """Columns and rows: a line for each test, all its parameters together, and a column for each machine."""
    machines, tests = list(of_machine(cases)), {}
    for case in cases:
        if case.machines:
            tests.setdefault((case.suite, re.sub(r"\[.*", "", case.name)), []).append(case)
    rows = []
    for (suite, name), members in tests.items():
        ended = of_machine(members)
        rows.append([suite, name] + [counted(ended.get(machine, [])) for machine in machines])
    return ["file", "test"] + machines, rows


def summary(cases):
    """Lines for the terminal."""
    return [f"  on {machine}: {counted(verdicts)}" for machine, verdicts in of_machine(cases).items()]
