# SPDX-License-Identifier: Apache-2.0
"""Other programs can read what the report leaves: SARIF 2.1.0 for code hosts, JUnit XML for build servers."""
import copy
import json
import xml.etree.ElementTree as tree

import pytest

import evidence_formats as formats
import evidence_samples as samples
from tools.evidence import tests
from tools.evidence.report import junit, sarif

CASES = [tests.Case("tests/unit/test_sched", "fair", "passed", 0.5, ""), tests.Case("tests/unit/test_sched", "idle", "failed", 0.1, "expected 1\nsaw 2\x1b"),
         tests.Case("tests/system/test_demo", "demo", "skipped", 1234.5, "no kernel")]
PLACES = [{"rule": "r", "message": "m", "level": level, **place} for level, place in (
    ("error", {"file": "hv/x86/a b.c", "line": 3}), ("none", {"file": "/usr/include/x.h", "line": 0}), ("note", {"file": "a:b.c"}), ("warning", {}))]


def written(report):
    return json.loads(json.dumps(sarif.sarif(report)))


# REQ-EVI-025
@pytest.mark.parametrize("given", [None, {}, samples.HOSTILE, samples.one(passed=False), samples.one(findings=PLACES), samples.one(made="yesterday")])
def test_sarif_keeps_to_the_standard(made, given):
    assert formats.sarif_faults(written(made(given))) == []


# REQ-EVI-025
@pytest.mark.parametrize("given", [None, {}, samples.HOSTILE, samples.one(passed=False), samples.one(findings=PLACES), samples.one(seconds=None)])
def test_junit_of_claims_keeps_to_the_schema(made, given):
    assert formats.junit_faults(junit.claims_xml(made(given))) == []


# REQ-EVI-025
def test_junit_of_tests_keeps_to_the_schema():
    assert formats.junit_faults(tests.junit_xml(CASES)) == [] and formats.junit_faults(tests.junit_xml([])) == []


def without(*path):
    def change(data):
        for step in path[:-1]:
            data = data[step]
        del data[path[-1]]
    return change


def put(value, *path):
    def change(data):
        for step in path[:-1]:
            data = data[step]
        data[path[-1]] = value
    return change


RUN = ("runs", 0)
PLACE = RUN + ("results", 0, "locations", 0, "physicalLocation")


@pytest.mark.parametrize("change", [
    put("2.0.0", "version"), without("version"), without("runs"), put("misra", *RUN, "name"), without(*RUN, "results"), without(*RUN, "tool", "driver", "name"),
    put("yes", *RUN, "invocations", 0, "executionSuccessful"), without(*RUN, "invocations", 0, "executionSuccessful"),
    put("31.1.2026", *RUN, "invocations", 0, "endTimeUtc"), without(*RUN, "results", 0, "message"), put("fatal", *RUN, "results", 0, "level"),
    put("none", *RUN, "results", 0, "level"), put(7, *RUN, "results", 0, "ruleIndex"), put(0, *PLACE, "region", "startLine"),
    put("/etc/passwd", *PLACE, "artifactLocation", "uri"), put("a b.c", *PLACE, "artifactLocation", "uri"), put("a:b.c", *PLACE, "artifactLocation", "uri"),
    put(3, *RUN, "results", 0, "line"), lambda data: data["runs"].append(data["runs"][0])])
def test_what_is_no_sarif_is_noticed(made, change):
    given = {"misra": samples.SAMPLES["misra"]}
    data = written(made(given, [entry for entry in samples.ENTRIES if entry.name == "misra"]))
    assert formats.sarif_faults(data) == []
    broken = copy.deepcopy(data)
    change(broken)
    assert formats.sarif_faults(broken) != []


@pytest.mark.parametrize("old, new", [
    ("<testsuites>", '<testsuites colour="red">'), ('tests="2"', 'tests="3"'), ('failures="1"', ""), ('failures="1"', 'failures="0"'), ('name="fair" ', ""),
    ('time="0.500"', 'time="long"'), ("failure", "broken"), ('type="failed" ', ""), ("testsuites", "suites"), ("testcase", "testsuite")])
def test_what_is_no_junit_is_noticed(old, new):
    text = tests.junit_xml(CASES)
    assert old in text
    assert formats.junit_faults(text.replace(old, new)) != []


def test_sarif_has_what_the_standard_asks_for(made):
    found = written(made())
    assert found["version"] == "2.1.0" and len(found["runs"]) == len(samples.ENTRIES)
    for run in found["runs"]:
        driver = run["tool"]["driver"]
        assert driver["name"] and len({rule["id"] for rule in driver["rules"]}) == len(driver["rules"])
        assert isinstance(run["invocations"][0]["executionSuccessful"], bool)
        for item in run["results"]:
            assert item["message"]["text"] and item["level"] in ("note", "warning", "error")
            assert driver["rules"][item["ruleIndex"]]["id"] == item["ruleId"]
            where = item["locations"][0]["physicalLocation"]
            assert not where["artifactLocation"]["uri"].startswith("/") and where.get("region", {"startLine": 1})["startLine"] > 0
    misra = next(run for run in found["runs"] if run["automationDetails"]["id"] == "bulkhead/misra/")
    assert [item["ruleId"] for item in misra["results"]] == ["misra-c2012-11.4", "misra-c2012-15.5"]


def test_sarif_never_shows_a_missing_or_a_failed_claim_as_nothing_found(made):
    runs = {run["automationDetails"]["id"]: run for run in sarif.sarif(made(samples.one(passed=False)))["runs"]}
    missing = runs["bulkhead/stack/"]["invocations"][0]
    assert missing["executionSuccessful"] is False and "missing" in missing["toolExecutionNotifications"][0]["message"]["text"]
    assert runs["bulkhead/tests/"]["results"][0]["level"] == "error"


def test_junit_of_claims_counts_failures_and_errors(made):
    suite = tree.fromstring(junit.claims_xml(made())).find("testsuite")
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("15", "1", "3")
    cases = {case.get("classname"): case for case in suite.iter("testcase")}
    assert "hv/x86/window.c:61" in cases["misra"].find("failure").text
    assert cases["stack"].find("error").get("type") == "missing" and cases["parse"].find("error").get("type") == "stale"
