# SPDX-License-Identifier: Apache-2.0
"""A requirement is as good as the worst of what verifies it; what did not run on this commit verifies nothing."""
import pytest

from tools.evidence.report import verdicts

ROW = {"status": "built", "proof": [], "analysis": [], "test": [], "review": []}
TEST = "tests/unit/test_stage2.c:12 maps"


def report(findings=(), **states):
    """A report of these claims; a state 'stale' is a passed result of another commit."""
    return {"claims": [{"name": name, "state": state, "reason": "another commit" if state == "stale" else "",
                        "findings": list(findings) if name == "tests" else []} for name, state in states.items()]}


def finding(verdict, file, name):
    return {"rule": f"test-{verdict}", "file": file, "message": f"{name}: what was said"}


# REQ-EVI-025
@pytest.mark.parametrize("row, states, expected", [
    ({"test": [TEST]}, {"tests": "passed"}, "passed"),
    ({"test": [TEST]}, {"tests": "stale"}, "not run"),
    ({"test": [TEST]}, {}, "not run"),
    ({"test": [TEST]}, {"tests": "failed"}, "not run"),  # it broke off, and names no test
    ({"proof": ["a"], "test": [TEST]}, {"tests": "passed", "proofs": "failed"}, "failed"),
    ({"proof": ["a"], "test": [TEST]}, {"tests": "passed"}, "not run"),
    ({"analysis": ["gate eva"]}, {"eva": "passed"}, "passed"),
    ({"analysis": ["gate eva"]}, {"eva": "missing"}, "not run"),
    ({"review": ["docs/safety/reviews.md#R-01"]}, {}, "by review"),
    ({"review": ["docs/safety/reviews.md#R-01"], "test": [TEST]}, {"tests": "passed"}, "passed"),
    ({}, {"tests": "passed"}, "not run"),
])
def test_the_worst_counts(row, states, expected):
    assert verdicts.of({**ROW, **row}, report(**states)) == expected


# REQ-EVI-025
@pytest.mark.parametrize("found, expected", [
    (finding("failed", "tests/unit/test_stage2.c", "maps"), "failed"), (finding("failed", "tests/unit/test_stage2.c", "maps[3]"), "failed"),
    (finding("skipped", "tests/unit/test_stage2.c", "maps"), "skipped"), (finding("failed", "tests/unit/test_stage2.c", "maps_more"), "passed"),
    (finding("failed", "tests/unit/test_domain.c", "maps"), "passed"),
])
def test_a_failed_test_is_found_by_file_and_name(found, expected):
    elsewhere = finding("failed", "tests/unit/test_other.c", "breaks")
    assert verdicts.of({**ROW, "test": [TEST]}, report([found, elsewhere], tests="failed")) == expected


def test_what_runs_inside_of_another_test_shares_its_verdict():
    found = finding("failed", "tests/system/test_hsm.py", "test_clients_good_and_hostile")
    row = {**ROW, "test": ["tests/system/guest/hsm_client_fuzz.c:78 test_fuzz"]}
    assert verdicts.of(row, report([found], tests="failed")) == "failed"
    assert verdicts.of(row, report(tests="passed")) == "passed"


def test_the_summary_leaves_nothing_out():
    rows = {"a": {**ROW, "test": [TEST]}, "b": {**ROW, "review": ["r"]}, "c": {**ROW, "proof": ["p"]}, "d": {**ROW, "status": "planned"}}
    said = verdicts.of_all(rows, report(tests="passed", proofs="failed"))
    assert set(said) == {"a", "b", "c"}
    assert verdicts.summary(said) == "1 failed, 1 passed, 1 verified by review alone"
