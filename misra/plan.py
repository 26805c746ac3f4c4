# SPDX-License-Identifier: Apache-2.0
"""The enforcement plan (gep.csv), the re-categorization plan (grp.csv), the deviation records and the review checklist."""
import collections
import csv
import pathlib
import re

import yaml

HERE = pathlib.Path(__file__).resolve().parent
TOOLS = ("addon", "cppcheck", "gcc", "clang", "tidy", "script", "checklist")
CATEGORIES = ("mandatory", "required", "advisory")
FIELDS = ("id", "guideline", "use_case", "reason", "risk", "mitigation")
Guideline = collections.namedtuple("Guideline", "name category scope tool checks text note")


class PlanError(Exception):
    """A file of the plan is wrong; the message says where and what to change."""


def rows(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


def checks_of(row):
    """[(tool, id)]: what finds violations of the guideline. The addon's id is the rule's number when none is given."""
    checks = []
    for entry in [f"{row['tool']}:{row['flags']}"] + row["second"].split():
        tool, _, names = entry.partition(":")
        if tool not in TOOLS:
            raise PlanError(f"misra/gep.csv: {row['guideline']}: {tool} is none of {', '.join(TOOLS)}")
        checks += [(tool, name) for name in re.split(r"[,\s]+", names) if name] or [(tool, row["guideline"])]
    return checks


def guidelines(path=HERE / "gep.csv"):
    plan = {}
    for row in rows(path):
        name = row["guideline"]
        if name in plan or row["category"] not in CATEGORIES or not row["text"]:
            raise PlanError(f"misra/gep.csv: {name}: stands twice, or has no category or no text")
        plan[name] = Guideline(name, row["category"], row["scope"], row["tool"], checks_of(row), row["text"], row["note"])
    if len(plan) != 175:
        raise PlanError(f"misra/gep.csv: {len(plan)} guidelines; MISRA C:2012 with amendments 1 and 2 has 175")
    return plan


def recategorized(plan, path=HERE / "grp.csv"):
    """{guideline: new category}. Only advisory guidelines may be disapplied, and nothing may become weaker than that."""
    changed = {}
    for row in rows(path):
        name, to = row["guideline"], row["to"]
        if name not in plan or row["from"] != plan[name].category or not row["reason"]:
            raise PlanError(f"misra/grp.csv: {name}: not in the plan, another category there, or no reason")
        stronger = to in CATEGORIES and CATEGORIES.index(to) < CATEGORIES.index(plan[name].category)
        if not stronger and not (to == "disapplied" and plan[name].category == "advisory"):
            raise PlanError(f"misra/grp.csv: {name}: {plan[name].category} cannot become {to}")
        changed[name] = to
    return changed


def deviations(plan, changed, folder=HERE / "deviations"):
    """{id: record}. An id is never used again: a retired one stays in retired.yaml."""
    records = {}
    retired = yaml.safe_load((folder / "retired.yaml").read_text(encoding="utf-8"))["retired"]
    for path in sorted(folder.glob("DEV-*.yaml")):
        where, record = f"misra/deviations/{path.name}", yaml.safe_load(path.read_text(encoding="utf-8"))
        missing = [field for field in FIELDS if not record.get(field)]
        if missing or record["id"] != path.stem:
            raise PlanError(f"{where}: lacks {', '.join(missing)}" if missing else f"{where}: its id is {record['id']}")
        record["guideline"] = [str(name) for name in record["guideline"]] if isinstance(record["guideline"], list) else [str(record["guideline"])]
        for name in record["guideline"]:
            if name not in plan:
                raise PlanError(f"{where}: there is no guideline {name}")
            category = changed.get(name, plan[name].category)
            if category == "mandatory":
                raise PlanError(f"{where}: {name} is mandatory and cannot be deviated from")
            if category == "disapplied":
                raise PlanError(f"{where}: {name} is disapplied in grp.csv: remove one of the two")
        if record["id"] in retired:
            raise PlanError(f"{where}: {record['id']} is retired; take a new number")
        records[record["id"]] = record
    highest = max((int(name[4:]) for name in [*records, *retired]), default=0)
    gaps = [f"DEV-{number:03}" for number in range(1, highest + 1) if f"DEV-{number:03}" not in records and f"DEV-{number:03}" not in retired]
    if gaps:
        raise PlanError(f"misra/deviations: {', '.join(gaps)} is missing: put a record that is no longer used into retired.yaml")
    return records


def checklist(plan, path=HERE / "checklist.yaml"):
    """{id: item}; each question that the plan leaves to a review is there, with its last answer."""
    items = {item["id"]: item for item in yaml.safe_load(path.read_text(encoding="utf-8"))}
    for guideline in plan.values():
        for tool, name in guideline.checks:
            if tool == "checklist" and name not in items:
                raise PlanError(f"misra/checklist.yaml: {name}, which {guideline.name} wants, is not there")
    for name, item in items.items():
        if not all(item.get(field) for field in ("question", "answer", "reviewed")) or not isinstance(item.get("held"), bool):
            raise PlanError(f"misra/checklist.yaml: {name}: lacks question, answer, held or reviewed")
    return items


def mapping(plan):
    """{(tool, id): [guideline]}, in the plan's order."""
    found = collections.defaultdict(list)
    for guideline in plan.values():
        for check in guideline.checks:
            if guideline.name not in found[check]:
                found[check].append(guideline.name)
    return dict(found)
