# SPDX-License-Identifier: Apache-2.0
"""Whether a requirement is verified on this commit: what its proofs, gates and tests said, joined with who names it."""
import collections
import re

ORDER = ("failed", "not run", "skipped", "passed", "by review")  # the worst first
INSIDE = {"tests/system/guest/": "tests/system/test_hsm.py"}  # tests that run inside of another one


def claim_state(report, name):
    claim = next((claim for claim in report["claims"] if claim["name"] == name), None)
    if claim is None or claim["reason"] and claim["state"] != "passed":
        return "not run"  # missing, or of another commit
    return claim["state"] if claim["state"] in ("passed", "failed") else "not run"


def test_findings(report):
    """{file: [(failed or skipped, name of the test)]} of the claim that all tests pass."""
    found = collections.defaultdict(list)
    for claim in report["claims"]:
        for finding in claim["findings"] if claim["name"] == "tests" else []:
            verdict = finding["rule"].removeprefix("test-")
            if verdict in ("failed", "skipped"):
                found[finding["file"]].append((verdict, re.split(r"[\[:]", finding["message"])[0]))
    return found


def test_verdict(place, whole, findings):
    """place: 'FILE:LINE NAME' as the matrix has it; whole: the state of the claim that all tests pass."""
    file, _, name = place.partition(" ")
    file = file.rpartition(":")[0]
    outer = next((test for folder, test in INSIDE.items() if file.startswith(folder)), None)
    told = any(verdict == "failed" for group in findings.values() for verdict, _ in group)
    if whole == "not run" or (whole == "failed" and not told):  # a run that broke off says nothing of single tests
        return "not run"
    said = {verdict for verdict, test in findings[outer or file] if outer or test == name}
    return min(said, key=ORDER.index) if said else "passed"


def of(row, report, findings=None):
    """One of ORDER for a built requirement of details['requirements'] of the gate trace."""
    findings = test_findings(report) if findings is None else findings
    whole = claim_state(report, "tests")
    said = [claim_state(report, "proofs")] if row.get("proof") else []
    said += [claim_state(report, gate.removeprefix("gate ")) for gate in row.get("analysis", [])]
    said += [test_verdict(place, whole, findings) for place in row.get("test", [])]
    return min(said, key=ORDER.index) if said else "by review" if row.get("review") else "not run"


def of_all(rows, report):
    """{id: verdict} of the requirements that are built."""
    findings = test_findings(report)
    return {name: of(row, report, findings) for name, row in rows.items() if row["status"] == "built"}


def summary(verdicts):
    """'12 passed, 1 by review alone' in words, the worst first, nothing left out."""
    count = collections.Counter(verdicts.values())
    names = {"by review": "verified by review alone"}
    return ", ".join(f"{count[word]} {names.get(word, word)}" for word in ORDER if count[word]) or "none"
