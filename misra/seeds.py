# SPDX-License-Identifier: Apache-2.0
"""The corpus of seeded violations: what each tool finds of it.

A line marked VIOLATES breaks the guidelines that follow. Some tool of the plan must find each, and the tool that the
plan names first must find one line at least of each guideline.
A line marked MISSED breaks them as well, and is known not to be found by any tool.
"""
import collections
import re

import analysers
import script

FOLDER = analysers.ROOT / "misra" / "seeds"
MARK = re.compile(r"\b(VIOLATES|MISSED) ((?:D?\d+\.\d+ ?)+)")
Seed = collections.namedtuple("Seed", "guideline file line missed")


def files(suffix):
    return sorted(str(path.relative_to(analysers.ROOT)) for path in FOLDER.glob(f"*{suffix}"))


def seeds():
    found = []
    for file in files(".c") + files(".h"):
        for number, line in enumerate((analysers.ROOT / file).read_text(encoding="utf-8").splitlines(), 1):
            mark = MARK.search(line)
            if mark:
                found += [Seed(name, file, number, mark.group(1) == "MISSED") for name in mark.group(2).split()]
    return found


def run(addon, tidy_checks):
    """{(file, line): {(tool, id)}}"""
    sources = files(".c")
    found = analysers.analyse(sources, (".",), addon, tidy_checks, set(sources) | set(files(".h")))
    for file in sources + files(".h"):
        found += script.of_file(file)
    places = collections.defaultdict(set)
    for finding in found:
        places[(finding.file, finding.line)].add((finding.tool, finding.id))
    return places


def judge(plan, places):
    """(rows, problems): for each seed [guideline, place, tool of the plan, tools that found it]."""
    rows, problems, seen, wanted = [], [], set(), {}
    for seed in seeds():
        checks = plan[seed.guideline].checks
        first = plan[seed.guideline].tool
        tools = list(dict.fromkeys(tool for tool, name in checks if (tool, name) in places[(seed.file, seed.line)]))
        rows.append([seed.guideline, f"{seed.file}:{seed.line}", first, ", ".join(tools) or "none"])
        if seed.missed and tools:
            problems.append(f"{seed.file}:{seed.line}: {', '.join(tools)} finds this now: mark it VIOLATES {seed.guideline}")
        elif not seed.missed and not tools:
            problems.append(f"{seed.file}:{seed.line}: no tool finds the violation of {seed.guideline}: a tool or its flags changed")
        if not seed.missed:
            wanted.setdefault(seed.guideline, f"{seed.file}:{seed.line}")
        if first in tools:
            seen.add(seed.guideline)
    for name, guideline in plan.items():
        if guideline.tool != "checklist" and name not in seen:
            problems.append(f"{wanted.get(name, 'misra/seeds')}: {guideline.tool}, which misra/gep.csv names, finds no line marked VIOLATES {name}")
    return rows, problems
