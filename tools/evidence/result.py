# SPDX-License-Identifier: Apache-2.0
"""What a gate leaves for the report: build/evidence/results/GATE.json.

    result = Result("misra", "No undeviated MISRA C:2012 finding in hv/ and rtvm/")
    result.figure("undeviated findings", 0, limit=0)
    result.finding("misra-11.4", "conversion between pointer and integer", "hv/x86/window.c", 61)
    result.table("Findings by category", ["category", "guidelines", "findings"], [["required", 120, 0]])
    result.note("Linkage across translation units is not looked at.")
    sys.exit(result.finish(passed))

A gate that dies leaves no file of this run, and the runner reports that as a failure. The file says on which
commit and when it was made, so that the report can tell a result of another commit.
"""
import datetime
import json
import time

from tools.evidence import provenance
from tools.progress import ROOT

RESULTS = ROOT / "build" / "evidence" / "results"


# REQ-EVI-008
class Result:
    """One gate's verdict, figures and findings. name: as in tools/evidence/gates.py; claim: one sentence."""

    def __init__(self, name, claim):
        self.name, self.claim, self.begin = name, claim, time.monotonic()
        self.figures, self.findings, self.details, self.tables, self.notes = [], [], {}, [], []
        self.source, self.part = provenance.source(), None
        self.path = RESULTS / f"{name}.json"
        self.path.unlink(missing_ok=True)

    def figure(self, name, value, unit="", limit=None):
        """A number that the claim stands on; the first one is shown in the gate's line. limit: what it is held to."""
        self.figures.append({"name": name, "value": value, "unit": unit, "limit": limit})

    def finding(self, rule, message, file="", line=0, level="error"):
        """A place to look at. file: relative to the project; level: error, warning or note, as in SARIF."""
        self.findings.append({"rule": rule, "message": message, "file": str(file), "line": line, "level": level})

    def table(self, title, columns, rows):
        """A table for the gate's section of the report; numbers stay numbers."""
        self.tables.append({"title": title, "columns": list(columns), "rows": [list(row) for row in rows]})

    def note(self, text):
        """A limit of this evidence, in one or two sentences: what a reader must not take from it."""
        self.notes.append(text)

    def partial(self, text):
        """Only a part of the check was asked for, and which; the report then does not count the result as passed."""
        self.part = text

    def finish(self, passed, needs=None):
        """Writes the file; returns the exit status of the gate. needs: programs whose versions go into it (default: the gate's)."""
        source = provenance.source()
        RESULTS.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps({
            "gate": self.name, "claim": self.claim, "passed": bool(passed),
            # A tree that changed under the gate is of no one commit.
            "commit": source["commit"], "dirty": source["dirty"] or source != self.source,
            "made": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "tools": provenance.versions(provenance.needs_of(self.name) if needs is None else needs),
            "partial": self.part, "figures": self.figures, "findings": self.findings, "tables": self.tables, "notes": self.notes,
            "details": self.details, "seconds": round(time.monotonic() - self.begin, 1)}, indent=1) + "\n", encoding="utf-8")
        return 0 if passed else 1
