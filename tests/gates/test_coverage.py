# SPDX-License-Identifier: Apache-2.0
"""The coverage gate notices what no test covers, and entries that are no longer true."""
import json
import shutil
import subprocess

import pytest

from tools.evidence import coverage_gcov, coverage_run
from tools.progress import ROOT

pytestmark = pytest.mark.skipif(shutil.which("clang-19") is None, reason="this release has no clang-19")

CODE = """\
#include "core/gate.h"
int gate(int key, int card, int alarm)
{
    int open = 0;
    if ((key > 0) && (card > 0) && (alarm == 0)) {
        open = 1;
    }
    return open;
}
"""
TEST = """\
/* unit-sources: core/gate.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "core/gate.h"
static void opens_with_key_and_card(void **state)
{
    (void)state;
    CALLS
}
int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(opens_with_key_and_card) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
"""
ALL = ((1, 1, 0), (0, 1, 0), (1, 0, 0), (1, 1, 1))
NO_CARD = ((1, 1, 0), (0, 1, 0), (1, 1, 1))  # that the card is needed, nothing shows
CARD_GAP = {"function": "gate", "line": "if ((key > 0) && (card > 0) && (alarm == 0)) {", "why": "a card is always there",
            "uncovered": ["false: (card > 0)", "pair: (card > 0)"]}


@pytest.fixture
def project(tmp_path):
    """A project of one function: project(calls, justified=..., open=..., code=...) gives the gate's status, output and result."""
    shutil.copytree(ROOT / "tools", tmp_path / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    for folder in ("hv/core", "hv/devices", "tests/unit"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "hv/core/gate.h").write_text("int gate(int key, int card, int alarm);\n")

    def run(calls, justified=(), code=CODE, test=TEST, **more):
        checks = "\n".join(f"    assert_int_equal(gate{call}, {int(call == (1, 1, 0))});" for call in calls)
        (tmp_path / "hv/core/gate.c").write_text(code)
        (tmp_path / "tests/unit/test_gate.c").write_text(test.replace("CALLS", checks))
        gaps = {"justified": {"hv/core/gate.c": list(justified)}, **more}
        (tmp_path / "tests/unit/coverage-gaps.yaml").write_text(json.dumps(gaps))
        done = subprocess.run(["/usr/bin/python3", "-B", "-m", "tools.evidence.coverage"], cwd=tmp_path, text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        result = tmp_path / "build/evidence/results/coverage.json"
        return done.returncode, done.stdout, json.loads(result.read_text()) if result.exists() else None

    return run


def test_passes_when_all_is_covered(project):
    status, output, result = project(ALL)
    assert status == 0, output
    assert [figure["value"] for figure in result["figures"]] == [100.0, 100.0, 100.0, 0, 0, 5]


def test_fails_on_an_uncovered_branch(project):
    status, output, result = project(NO_CARD)
    assert status == 1 and not result["passed"]
    assert "hv/core/gate.c:5: gate: false: (card > 0)" in output
    assert "hv/core/gate.c:5: gate: pair: (card > 0)" in output
    assert "(key > 0)" not in output and "(alarm == 0)" not in output


def test_fails_on_an_uncovered_statement(project):
    status, output, _ = project(ALL[1:])
    assert status == 1
    assert "hv/core/gate.c:5: gate: statement" in output


SWITCH = """\
#include "core/gate.h"
int gate(int key, int card, int alarm)
{
    int open = 0;
    switch (key + card - alarm) {
    case 2:
        open = 1;
        break;
    case 3:
    case 4:
        open = 2;
        break;
    default:
        break;
    }
    return open;
}
"""


def test_fails_on_a_case_that_is_never_taken(project):
    status, output, _ = project(ALL, code=SWITCH)
    assert status == 1
    for line, what in ((9, "true: case 3"), (10, "true: case 4"), (10, "statement")):
        assert f"hv/core/gate.c:{line}: gate: {what}" in output
    assert "3 places are neither" in output


def test_passes_when_the_gap_is_justified(project):
    status, output, result = project(NO_CARD, [CARD_GAP])
    assert status == 0, output
    assert {"name": "justified gaps", "value": 2, "unit": "", "limit": None} in result["figures"]


def test_fails_on_a_gap_that_is_covered_now(project):
    status, output, _ = project(ALL, [CARD_GAP])
    assert status == 1
    assert 'gate: "pair: (card > 0)"' in output and "is covered or gone" in output


def test_fails_on_a_gap_whose_code_is_gone(project):
    status, output, _ = project(NO_CARD, [CARD_GAP], code=CODE.replace("card > 0", "card != 0"))
    assert status == 1
    assert "is covered or gone" in output and "false: (card != 0)" in output


def test_fails_on_a_gap_without_a_reason(project):
    status, output, _ = project(NO_CARD, [{**CARD_GAP, "why": " "}])
    assert status == 1
    assert "an entry of hv/core/gate.c" in output


def test_holds_a_file_to_its_open_number(project):
    assert project(NO_CARD, open={"hv/core/gate.c": 2})[0] == 0
    status, output, _ = project(NO_CARD, open={"hv/core/gate.c": 1})
    assert status == 1 and "2 places" in output
    status, output, _ = project(NO_CARD, open={"hv/core/gate.c": 3})
    assert status == 1 and "open: 3 must become 2" in output


def test_fails_on_a_file_that_no_test_links(project):
    status, output, result = project(ALL, test=TEST.replace("core/gate.c", "").replace('#include "core/gate.h"', "#define gate(k, c, a) ((k) && (c) && !(a))"))
    assert status == 1 and result is None
    assert "no unit test links hv/core/gate.c" in output


def test_fails_when_a_unit_test_fails(project):
    status, output, result = project(ALL, code=CODE.replace("open = 1;", "open = 2;"))
    assert status == 1 and result is None
    assert "test_gate" in output


def test_notices_that_two_tools_differ(monkeypatch):
    """LLVM: line 6 never ran, 4 did; gcov: the other way round."""
    measured = {coverage_run.Item("hv/core/gate.c", "gate", 5, 57, "statement"): coverage_run.Measured(False, False, (7, 6))}
    monkeypatch.setattr(coverage_gcov, "line_counts", lambda: {"hv/core/gate.c": {4: 0, 5: 3, 6: 3, 8: 3}})
    found, compared = coverage_gcov.disagreements(measured)
    assert [line for _, line, _ in found] == [4, 6] and compared == 4
