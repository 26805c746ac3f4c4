# SPDX-License-Identifier: Apache-2.0
"""Gate "trace": requirements, code, tests, proofs and safety documents refer to each other without a loose end.

    python3 -m tools.evidence.trace [--write]     (scons trace)

Fails on a requirement that no code or no verification names, an id that is no requirement, a duplicate id, a file of tests
or of the hypervisor without a requirement, and on a hazard, constraint, failure mode or assumption that leads nowhere. Writes the matrix,
build/evidence/trace/matrix.html and matrix.csv. --write renews the pages that are made of YAML data.
"""
import argparse
import collections
import importlib
import re
import sys

from tools.evidence import matrix, mentions, pages, requirements, safety
from tools.evidence.result import Result
from tools.progress import ROOT

DOCUMENTS = ("docs/**/*.md", "docs/safety/*.yaml", "*.md")
OUT = ROOT / "build" / "evidence" / "trace"


class Report:
    """Collects findings; rule names are for machines, messages say what to change."""

    def __init__(self, root, result=None):
        self.root, self.result, self.findings = root, result, []

    def __call__(self, rule, message, file="", line=0):
        name = requirements.relative(file, self.root) if str(file).startswith(str(self.root)) else str(file)
        self.findings.append((rule, message, name, line))
        print(f"{name}:{line}: {message} [{rule}]")
        if self.result:
            self.result.finding(rule, message, name, line)


def gate_names():
    return {gate.name for gate in importlib.import_module("tools.evidence.gates").GATES}


def heading_exists(root, place):
    """Whether FILE#ANCHOR names a heading that begins with ANCHOR."""
    file, _, anchor = place.partition("#")
    path = root / file
    return anchor != "" and path.exists() and re.search(rf"^#+ {re.escape(anchor)}\b", path.read_text(encoding="utf-8"), re.M) is not None


class Trace:
    """What is required, and by whom it is named."""

    def __init__(self, report):
        self.report, self.root = report, report.root
        self.requirements = requirements.load(report)
        self.mentions = mentions.collect(self.root)
        self.by_id = collections.defaultdict(lambda: collections.defaultdict(list))
        for mention in self.mentions:
            self.by_id[mention.id][mention.kind].append(mention)

    def status(self, status):
        return [name for name, one in self.requirements.items() if requirements.status_of(one) == status]

    def check(self):
        self.check_mentions()
        for name in self.status("built"):
            self.check_built(name, self.requirements[name])
        self.check_tests()
        for path in self.without("code", mentions.item_files(self.root)):
            self.report("untraced-code", "names no requirement: put the id of what it fulfils above a function, or ask whether it is needed", path, 1)
        self.check_documents()

    def check_mentions(self):
        for mention in self.mentions:
            requirement = self.requirements.get(mention.id)
            if requirement is None:
                self.report("unknown-id", f"{mention.id} is no requirement of docs/safety/requirements", mention.file, mention.line)
            elif requirements.status_of(requirement) != "built":
                self.report("not-built", f"{mention.id} is {requirements.status_of(requirement)}, and this {mention.kind} names it: "
                            "say in the requirement that it is built, or name another", mention.file, mention.line)
            elif mention.kind in ("test", "proof") and mention.kind not in requirement["verification"]:
                self.report("other-method", f"this {mention.kind} names {mention.id}, whose verification does not list '{mention.kind}'",
                            mention.file, mention.line)

    def check_tests(self):
        files = mentions.test_files(self.root)
        for path in self.without("test", files):
            self.report("untraced-test", "names no requirement: put the id of what it checks in a comment above the test", path, 1)
        for mention in self.mentions:
            if mention.file in files and not mentions.is_test(self.root, mention):
                self.report("not-a-test", f"{mention.id} stands at {mention.name or 'no function'}, which no runner starts: put it above a test",
                            mention.file, mention.line)

    def check_built(self, name, requirement):
        place = requirement["file"], requirement["line"]
        named, methods = self.by_id[name], requirement["verification"]
        if not methods:
            self.report("no-verification", f"{name} says no way of verification", *place)
        if not named["code"] and requirement.get("code") != "none":
            self.report("no-code", f"{name}: no code names it; put the id above the function that fulfils it", *place)
        if named["code"] and requirement.get("code") == "none":
            self.report("has-code", f"{name} says 'code: none', and {named['code'][0].file} names it", *place)
        for method in ("test", "proof"):
            if method in methods and not named[method]:
                where = "test" if method == "test" else "unit of proofs/prove.py (with the word 'proves')"
                self.report(f"no-{method}", f"{name}: no {where} names it", *place)
        self.check_gates(name, requirement, place)
        if ("review" in methods) != ("review" in requirement):
            self.report("no-review", f"{name}: method 'review' and the field 'review' go together", *place)
        elif "review" in methods and not heading_exists(self.root, requirement["review"]):
            self.report("no-review", f"{name}: {requirement['review']} is no heading of a checklist", *place)

    def check_gates(self, name, requirement, place):
        if ("analysis" in requirement["verification"]) != bool(requirement.get("gates")):
            self.report("no-analysis", f"{name}: method 'analysis' and the field 'gates' go together", *place)
        for gate in requirement.get("gates", []):
            if gate not in gate_names():
                self.report("no-analysis", f"{name}: '{gate}' is no gate of tools/evidence/gates.py", *place)

    def without(self, kind, paths):
        """Those of the files in which nothing of that kind names a requirement."""
        named = {mention.file for mention in self.mentions if mention.kind == kind}
        return [path for path in paths if path not in named]

    def check_documents(self):
        for pattern in DOCUMENTS:
            for path in sorted(self.root.glob(pattern)):
                for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                    for name in set(requirements.ID.findall(line)) - set(self.requirements):
                        self.report("unknown-id", f"{name} is no requirement of docs/safety/requirements", path, number)


def figures(result, trace, data, orphans):
    built = trace.status("built")
    broken = {finding[1].split(":")[0].split()[0] for finding in trace.report.findings}
    verified = [name for name in built if name not in broken]
    by_review = [name for name in verified if trace.requirements[name]["verification"] == ["review"]]
    result.figure("requirements named by code and verification", len(verified), f"of {len(built)}")
    result.figure("of these verified by review alone", len(by_review))
    result.figure("planned, not counted", len(trace.status("planned")))
    result.figure("loose ends", orphans, limit=0)
    result.figure("hazards, all with constraints", len(data["hazards"]))
    result.figure("failure modes", len(data["fmea"]))
    result.figure("assumptions of use", len(data["assumptions"]))


def main():
    parser = argparse.ArgumentParser(prog="python3 -m tools.evidence.trace", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="renew the pages that are made of YAML data")
    options = parser.parse_args()
    result = Result("trace", "Every requirement is named by code and verification, every hazard leads to requirements, and no id leads nowhere")
    report = Report(ROOT, result)
    trace = Trace(report)
    data = safety.load(report, trace.requirements)
    pages.check(report, trace.requirements, data, options.write)
    trace.check()
    OUT.mkdir(parents=True, exist_ok=True)
    rows = matrix.rows(trace)
    matrix.write(OUT, rows)
    figures(result, trace, data, len(report.findings))
    result.table("Requirements by area", *matrix.summary(trace))
    result.table("Planned requirements and what is missing", ["requirement", "text", "missing"],
                 [[name, trace.requirements[name]["text"], trace.requirements[name]["missing"]] for name in trace.status("planned")])
    result.note("A requirement counts here when a verification names it; whether that verification passes is told by the tests and by the other gates.")
    result.note("Reviews of docs/safety/reviews.md are the developers' own; none was made by an independent person.")
    result.details = {"matrix": "build/evidence/trace/matrix.html", "requirements": {row["id"]: row for row in rows}}
    passed = not report.findings and bool(trace.requirements)
    print(f"trace: {len(trace.status('built'))} requirements, {len(trace.status('planned'))} planned, {len(trace.mentions)} places that name them, "
          f"{len(report.findings)} loose ends")
    return result.finish(passed)


if __name__ == "__main__":
    sys.exit(main())
