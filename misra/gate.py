#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The gate scons misra: hv/ and rtvm/ against MISRA C:2012 (misra/README.md).

Fails on a finding without a deviation, a tag without a record, a tag without a finding, a record without a use, a deviation from
a mandatory guideline, as many deviation sites as the limit, an analyser switched off in the code, and on a seeded violation that its tool no longer finds.

    misra/gate.py [--seeds] [FILE...]     everything; only the corpus; only these C files, without rules about the whole program
"""
import argparse
import collections
import csv
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.dont_write_bytecode = True

import analysers
import noise
import plan as plans
import scope
import script
import seeds
from tools.evidence.result import Result

SITES = 40  # deviation sites stay below this
TAG = re.compile(r"\bDEV-\d{3}\b")


def tags(files):
    """{(file, line): [id]}: the tags that stand in comments."""
    found = collections.defaultdict(list)
    for file in files:
        _, comments = script.split((analysers.ROOT / file).read_text(encoding="utf-8"))
        for line, comment in comments:
            for offset, text in enumerate(comment.splitlines()):
                found[(file, line + offset)] += TAG.findall(text)
    return {place: names for place, names in found.items() if names}


def collect(guide, addon, tidy_checks, only):
    """(files, findings): of all programs, without what is no finding by the guideline's words. only: these files, or all."""
    repository, files, found = script.Repository(), scope.headers(), []
    lines = {}
    for program in scope.PROGRAMS:
        sources = scope.sources(program)
        files += sources
        sources = [file for file in sources if not only or file in only]
        for finding in analysers.analyse(sources, program.include, addon, tidy_checks) if sources else ():
            if (finding.tool, finding.id) not in guide or not finding.file:
                continue
            if finding.file not in lines:
                lines[finding.file] = (analysers.ROOT / finding.file).read_text(encoding="utf-8").splitlines()
            if not noise.is_noise(finding, lines[finding.file][finding.line - 1], f"{program.name}/", repository):
                found.append(finding)
    for file in files:
        if not only or file in only:
            found += script.of_file(file)
    found += script.unused_macros(repository, [file for file in files if file.endswith(".h") and not file.startswith("abi/")])
    return sorted(set(files)), sorted(finding for finding in set(found) if not only or finding.file in only)


def match(found, guide, changed, records, tagged):
    """(problems, used): problems as (rule, message, file, line); used: {id: {(file, line)}}."""
    problems, used = [], collections.defaultdict(set)
    said = set()
    for finding in found:
        names = [name for name in guide.get((finding.tool, finding.id), []) if changed.get(name) != "disapplied"]
        if finding.tool == "script" and finding.id == "suppression":
            problems.append(("suppression", finding.message, finding.file, finding.line))
        if not names:
            continue
        names.sort(key=lambda name: name != finding.id)  # the addon's own number first
        excused = [tag for tag in tagged.get((finding.file, finding.line), []) if tag in records and set(records[tag]["guideline"]) & set(names)]
        for tag in excused:
            used[tag].add((finding.file, finding.line))
        if not excused and (names[0], finding.file, finding.line) not in said:
            said.add((names[0], finding.file, finding.line))
            problems.append((names[0], f"{finding.message} ({finding.tool}: {finding.id})", finding.file, finding.line))
    return problems, used


def tag_problems(tagged, records, used, only):
    problems, places = [], collections.defaultdict(set)
    for (file, line), names in sorted(tagged.items()):
        for name in names:
            places[name].add((file, line))
            if name not in records:
                problems.append(("tag", f"{name} has no record: write misra/deviations/{name}.yaml, or remove the tag", file, line))
            elif (not only or file in only) and (file, line) not in used[name] and records[name].get("found_by") != "review":
                problems.append(("tag", f"{name} excuses nothing here: no tool finds {' or '.join(records[name]['guideline'])}; remove the tag", file, line))
    for name in records:
        if name not in places:
            problems.append(("record", f"{name} is used nowhere: move its id to misra/deviations/retired.yaml", f"misra/deviations/{name}.yaml", 1))
    sites = sum(len(found) for found in places.values())
    if sites >= SITES:
        problems.append(("sites", f"{sites} deviation sites; fewer than {SITES} are allowed: change the code instead", "misra/deviations", 0))
    return problems, places, sites


def compliance(plan, changed, records, places, problems, items):
    """Rows of the guideline compliance summary."""
    broken = collections.Counter(problem[0] for problem in problems)
    rows = []
    for name, guideline in plan.items():
        deviating = sorted(tag for tag, record in records.items() if name in record["guideline"] and places.get(tag))
        if changed.get(name) == "disapplied":
            state = "disapplied"
        elif broken[name] or any(tool == "checklist" and not items[item]["held"] for tool, item in guideline.checks):
            state = "violations"
        else:
            state = "deviations" if deviating else "compliant"
        how = ", ".join(dict.fromkeys(tool for tool, _ in guideline.checks))
        rows.append([name, guideline.category, changed.get(name, guideline.category), state, " ".join(deviating), how, guideline.text])
    return rows


GCS = ("guideline", "category", "recategorized", "compliance", "deviations", "checked by", "text")


def write_csv(path, header, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


# REQ-EVI-020
def check(result, options):
    plan = plans.guidelines()
    changed = plans.recategorized(plan)
    records = plans.deviations(plan, changed)
    items = plans.checklist(plan)
    guide = plans.mapping(plan)
    addon = analysers.rule_texts({name: guideline.text for name, guideline in plan.items()})
    tidy_checks = {name for tool, name in guide if tool == "tidy"}

    problems, places, sites, files, seed_rows, blind = [], {}, 0, [], [], []
    if not options.seeds:
        if options.file:
            guide = {check: names for check, names in guide.items() if not all(plan[name].scope == "decidable, system" for name in names)}
        files, found = collect(guide, addon, tidy_checks, options.file)
        tagged = tags(files)
        problems, used = match(found, guide, changed, records, tagged)
        undeviated = len(problems)
        wrong, places, sites = tag_problems(tagged, records, used, options.file)
        problems += wrong
    if not options.file:
        seed_rows, blind = seeds.judge(plan, seeds.run(addon, tidy_checks))
    if options.seeds or options.file:
        result.partial("only the corpus of seeds" if options.seeds else f"only {', '.join(options.file)}")
        return report(result, plan, problems, blind)
    gcs = compliance(plan, changed, records, places, problems, items)
    problems += [("checklist", f"{name} is not held: {item['question']}", "misra/checklist.yaml", 1) for name, item in sorted(items.items()) if not item["held"]]
    write_csv(analysers.WORK / "gcs.csv", GCS, gcs)
    write_csv(analysers.WORK / "seeds.csv", ("guideline", "seed", "tool of the plan", "found by"), seed_rows)

    result.figure("undeviated findings", undeviated, limit=0)
    result.figure("deviation sites", sites, limit=SITES - 1)
    result.figure("guidelines", len(plan))
    result.figure("files", len(files))
    result.figure("seeded violations found by the tool of the plan", sum(row[2] in row[3].split(", ") for row in seed_rows), f"of {len(seed_rows)}")
    states = ("compliant", "deviations", "disapplied", "violations")
    result.table("Guideline compliance", ["category", *states], [[category] + [sum(row[1] == category and row[3] == state for row in gcs) for state in states]
                                                                for category in plans.CATEGORIES])
    result.table("Deviations", ["id", "guideline", "use case", "sites"], [[name, ", ".join(record["guideline"]), record["use_case"], len(places[name])]
                                                                        for name, record in sorted(records.items())])
    result.details = {"gcs": [dict(zip(GCS, row)) for row in gcs], "seeds": seed_rows}
    missed = sum(row[3] == "none" for row in seed_rows)
    result.note(f"{missed} seeded violations are known to be found by no tool; build/evidence/misra/seeds.csv lists what found which.")
    result.note("One seed or a few for a guideline show that a tool looks, not that it finds every violation.")
    print(f"misra: {undeviated} undeviated findings, {sites} deviation sites of {len(records)} records, {len(plan)} guidelines, {len(files)} files; "
          f"{sum(row[3] == 'deviations' for row in gcs)} guidelines with deviations, {sum(row[3] == 'disapplied' for row in gcs)} disapplied")
    return report(result, plan, problems, blind)


def report(result, plan, problems, blind):
    """Says what is wrong; whether nothing is."""
    for rule, message, file, line in sorted(problems, key=lambda problem: (problem[2], problem[3])):
        print(f"{file}:{line}: {rule}: {message}")
        result.finding(f"misra-{'c2012-' if rule in plan else ''}{rule}", message, file, line)
    for text in blind:
        print(text)
        file, line = (text.split(":")[0], int(text.split(":")[1])) if re.match(r"[^:]+:\d+:", text) else ("misra/seeds", 0)
        result.finding("misra-seed", text, file, line)
    return not problems and not blind


def main():
    parser = argparse.ArgumentParser(prog="misra/gate.py", description="Checks hv/ and rtvm/ against MISRA C:2012.")
    parser.add_argument("--seeds", action="store_true", help="only the corpus of seeded violations")
    parser.add_argument("file", nargs="*", metavar="FILE", help="only these C files and headers of hv/ and rtvm/")
    options = parser.parse_args()
    result = Result("misra", "hv/ and rtvm/ have no undeviated MISRA C:2012 finding, and every deviation is recorded and used")
    try:
        passed = check(result, options)
    except (plans.PlanError, analysers.ToolError) as error:
        print(f"misra: {error}")
        result.finding("misra-plan", str(error), "misra")
        passed = False
    return result.finish(passed)


if __name__ == "__main__":
    sys.exit(main())
