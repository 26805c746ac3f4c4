# SPDX-License-Identifier: Apache-2.0
"""The evidence report: python3 -m tools.evidence.report, or ./bulkhead evidence, or scons evidence.

Reads build/evidence/results and writes build/evidence: index.html, evidence.pdf, evidence.json, evidence.sarif, claims.xml.
"""
import argparse
import json
import subprocess
import sys

from tools.evidence import gates
from tools.evidence.report import claims, junit, pdf, stored
from tools.evidence.report.collect import collect, holds
from tools.evidence.report.page import page
from tools.evidence.report.sarif import sarif
from tools.progress import GREEN, RED, ROOT, colour, say

OUT = ROOT / "build" / "evidence"


def dumped(data):
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


def write(report, out=OUT):
    """Writes all files; returns what is missing, in words, or None."""
    out.mkdir(parents=True, exist_ok=True)
    text = page(report)
    files = {"index.html": text, "evidence.json": dumped(report), "evidence.sarif": dumped(sarif(report)), "claims.xml": junit.claims_xml(report)}
    for name, content in files.items():
        (out / name).write_text(content, encoding="utf-8")
    (out / "evidence.pdf").unlink(missing_ok=True)
    if not pdf.available():
        return "no PDF: weasyprint is not installed (./bulkhead evidence installs it)"
    pdf.write_pdf(text, out / "evidence.pdf")
    return None


def run_tests():
    """Every gate and every test; each leaves its result."""
    subprocess.run(["./bulkhead", "test"], cwd=ROOT, check=False)


def run_missing(report):
    """What has no passed result of this commit, each by its own command; not what is committed, which takes long and changes the tree."""
    wanted = [claim["name"] for claim in report["claims"] if claim["state"] != "passed" and claim["name"] not in stored.READERS]
    if "tests" in wanted:
        run_tests()     # has all others in it
        return
    for gate in gates.GATES:
        if gate.name in wanted:
            gates.run_gate(gate)
    for claim in claims.CLAIMS:
        if claim.name in wanted:
            subprocess.run(claim.command, cwd=ROOT, check=False)


def print_claims(report):
    for claim in report["claims"]:
        word = colour(GREEN if claim["state"] == "passed" else RED, f"{claim['state']:<8}")
        say(f"  {word} {claim['name']:<12} {claim['claim']}" + (f" ({claim['reason']})" if claim["reason"] else ""))
        if claim["state"] in ("stale", "missing") and claim["command"]:
            say(f"           {'':<12} run: {claim['command']}")


def run(everything=False, missing=False):
    """everything, missing: what to run first."""
    if everything:
        run_tests()
    elif missing:
        run_missing(collect())
    report = collect()
    lacking = write(report)
    print_claims(report)
    counts = report["counts"]
    say(f"evidence: {counts['passed']} of {len(report['claims'])} claims hold, {counts['failed']} failed, {counts['stale']} stale, {counts['missing']} missing")
    say("written: build/evidence/index.html, evidence.json, evidence.sarif, claims.xml" + (f"; {lacking}" if lacking else ", evidence.pdf"))
    return 0 if holds(report) else 1


# REQ-EVI-025
def main():
    parser = argparse.ArgumentParser(prog="python3 -m tools.evidence.report", description=__doc__.splitlines()[0])
    parser.add_argument("--run", action="store_true", help="run all gates and tests first")
    parser.add_argument("--run-missing", action="store_true", help="run first what has no passed result of this commit")
    options = parser.parse_args()
    return run(options.run, options.run_missing)


if __name__ == "__main__":
    sys.exit(main())
