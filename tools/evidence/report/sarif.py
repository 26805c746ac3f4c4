# SPDX-License-Identifier: Apache-2.0
"""The findings as SARIF 2.1.0, one run for each claim, so that a code host shows them at their lines.

A claim without a result, or with a stale one, is a run that did not succeed: an empty run would look like "nothing found".
"""
import re
import urllib.parse

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = ("error", "warning", "note")     # SARIF's "none" is for results that are no failure (3.27.10); a finding is one
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")    # date and time of RFC 3339 in UTC (3.9)


ELSEWHERE = "tools/evidence/gates.py"   # stands for findings without a place, which code hosts would not show


def location(item):
    region = {"region": {"startLine": item["line"]}} if isinstance(item.get("line"), int) and item["line"] > 0 else {}
    uri = urllib.parse.quote(str(item.get("file") or ELSEWHERE).lstrip("/"))
    return {"physicalLocation": {"artifactLocation": {"uri": uri, "uriBaseId": "%SRCROOT%"}, **region}}


def outcome(item, rules):
    rule = str(item.get("rule") or "finding")
    level = item.get("level", "error")
    return {"ruleId": rule, "ruleIndex": rules.index(rule), "level": level if level in LEVELS else "error",
            "message": {"text": str(item.get("message") or rule)}, "locations": [location(item)]}


def run(claim, report):
    rules = list(dict.fromkeys(str(item.get("rule") or "finding") for item in claim["findings"]))
    invocation = {"executionSuccessful": claim["state"] in ("passed", "failed"), "commandLine": claim["command"]}
    if DATE.fullmatch(str(claim["made"])):
        invocation["endTimeUtc"] = claim["made"]
    if claim["reason"]:
        invocation["toolExecutionNotifications"] = [{"level": "error" if claim["state"] in ("failed", "missing") else "warning",
                                                     "message": {"text": f"{claim['name']}: {claim['state']}: {claim['reason']}"}}]
    results = [outcome(item, rules) for item in claim["findings"]]
    if claim["state"] == "failed" and not any(item["level"] == "error" for item in results):
        rules = rules + ["claim-failed"]
        results.append(outcome({"rule": "claim-failed", "message": f"This claim does not hold: {claim['claim']}"}, rules))
    return {"tool": {"driver": {"name": f"bulkhead {claim['name']}", "version": report["version"] or "0",
                                "rules": [{"id": rule, "shortDescription": {"text": rule}} for rule in rules]}},
            "automationDetails": {"id": f"bulkhead/{claim['name']}/"}, "invocations": [invocation], "results": results,
            "columnKind": "utf16CodeUnits",
            "properties": {"claim": claim["claim"], "state": claim["state"], "commit": claim["commit"], "dirty": claim["dirty"]}}


def sarif(report):
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run(claim, report) for claim in report["claims"]]}
