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


def said_of(machine, members):
    """Why a test has no verdict in the column of this machine: 'long' when it was left out, 'no: it needs ...', '-'."""
    emulator = machine.partition(" ")[0]
    told = [line.partition(": ")[2] for case in members for line in case.where if line.partition(":")[0] == emulator]
    return next((f"no: {line.partition(', ')[2]}" for line in told if line.startswith("not")), "long" if told and all(line == "with --long" for line in told) else "-")


# REQ-TOO-011 REQ-TOO-015
def table(cases):
    """Columns and rows: a line for each test, all its parameters together, and a column for each machine."""
    machines, tests = list(of_machine(cases)), {}
    for case in cases:
        if case.machines or case.where:
            tests.setdefault((case.suite, re.sub(r"\[.*", "", case.name)), []).append(case)
    rows = []
    for (suite, name), members in tests.items():
        ended = of_machine(members)
        rows.append([suite, name] + [counted(ended[machine]) if machine in ended else said_of(machine, members) for machine in machines])
    return ["file", "test"] + machines, rows


def summary(cases):
    """Lines for the terminal."""
    return [f"  on {machine}: {counted(verdicts)}" for machine, verdicts in of_machine(cases).items()]
