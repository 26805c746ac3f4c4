# SPDX-License-Identifier: Apache-2.0
"""The long run of the proofs fails when it must: a mistake that is not noticed, a goal that was never proved, a contradiction, no smoke tests."""
import json
import shutil

import pytest

pytestmark = pytest.mark.skipif(not all(map(shutil.which, ("frama-c", "why3", "cvc4"))), reason="this release has no frama-c, why3 or cvc4")
SPDX = "/* SPDX-License-Identifier: Apache-2.0 */\n"
NEXT = SPDX + """/*@ requires 0 <= a < 9;
    assigns \\nothing;
    ensures \\result == a + 1; */
static int next(int a) { return a + 1; }
/*@ requires a == 1;
    assigns \\nothing; */
int tiny(int a) { return next(a); }
"""
STEP = ("wrong-step", "hv/core/tiny.c", "next", "tiny", "return a + 1;", "return a + 2;", "next_ensures")
# Each function has its own contradiction; the search for them names these lines.
CONTRADICTIONS = SPDX + """/*@ requires a == 1 && a > 3;
    assigns \\nothing; */
int caller(int a) { return a; }
/*@ requires a == 1;
    assigns \\nothing; */
int branch(int a) { int b = 0; if (a > 1) { b = 1; } return b; }
/*@ assigns \\nothing; */
int loop(int a) { int b = a;
    /*@ loop invariant b < a; loop assigns b; loop variant 5 - b; */
    while (b < 5) { b = b + 1; }
    return b; }
/*@ assigns \\nothing; exits \\false; ensures \\result < a && \\result > a; */
extern int oracle(int a);
/*@ assigns \\nothing; */
int call(int a) { return oracle(a); }
"""
CONTRADICTORY_LINES = (4, 7, 11, 16)
GATE = ["proofs/mutants.py"]


@pytest.fixture
def long_run(project, gate):
    """long_run(text, seeds): the gate, with one small unit and these mistakes in place of the project's."""
    def prepare(text=NEXT, seeds=(STEP,)):
        project.one_unit(text)
        script = (project.root / "proofs" / "mutants.py").read_text()
        begin, end = script.index("MUTANTS = ["), script.index("\n]\n", script.index("MUTANTS = ["))
        project.write("proofs/mutants.py", script[:begin] + f"MUTANTS = [\n{', '.join(map(repr, seeds))}" + script[end:])
        return gate
    project.write("proofs/mutants.json", '{"units": {}}')
    project.replace("proofs/answers.py", "LEAST = 12", "LEAST = 1")
    return prepare


def test_a_noticed_mistake_passes_and_is_kept_while_nothing_changes(project, gate, long_run):
    gate.words = [*GATE, "--store", "--keep"]
    long_run().passes("tiny: proved without a mistake, 1 to seed", "wrong-step: noticed by next_ensures")
    stored = json.loads((project.root / "proofs" / "mutants.json").read_text())["units"]["tiny"]
    assert stored["unproved"] == [] and stored["mutants"] == [["wrong-step", ["next_ensures"]]] and stored["smoke"]["run"] == 4
    assert "wrong-step: noticed" not in long_run().passes("mutants: 1 of 1 run; smoke tests: 4 run")
    assert "wrong-step: noticed" not in long_run(NEXT + "/* another comment */\n").passes()
    long_run(NEXT.replace("0 <= a < 9", "0 <= a < 8")).passes("wrong-step: noticed by next_ensures")


def test_mistakes_that_show_nothing_fail(long_run):
    wrong = NEXT.replace("assigns \\nothing; */\nint tiny", "assigns \\nothing;\n    ensures \\result == 3; */\nint tiny")
    text = long_run(wrong, [STEP[:5] + ("return 1 + a;", "next_ensures"), ("gone", *STEP[1:6], "next_ensures_gone"),
                            ("unproved", *STEP[1:2], "tiny", *STEP[3:4], "next(a)", "a", "tiny_ensures")]).fails()
    for message in ("wrong-step: goal next_ensures of next did not notice it", "next_ensures_gone is not proved without a mistake",
                    "tiny_ensures is not proved without a mistake"):
        assert message in text, text


def test_a_mistake_that_cannot_be_seeded_fails(long_run):
    long_run(seeds=[STEP[:4] + ("return a + 9;", "", "next_ensures")]).fails("wrong-step: the line to change is not in hv/core/tiny.c exactly once")


def test_contradictions_fail_where_they_are(long_run):
    text = long_run(CONTRADICTIONS, [("wrong", "hv/core/tiny.c", "branch", "tiny", "b = 1", "b = *(int *)0", "branch_assigns")]).fails()
    for line in CONTRADICTORY_LINES:
        assert f"hv/core/tiny.c:{line}: false can be proved here" in text, text


def test_no_smoke_test_fails(long_run):
    text = SPDX + "/*@ assigns \\nothing;\n    ensures \\result == 1; */\nint tiny(void) { return 1; }\n"
    seed = ("wrong", "hv/core/tiny.c", "tiny", "tiny", "return 1;", "return 2;", "tiny_ensures")
    long_run(text, [seed]).fails("hv/core/tiny.c:1: no smoke test was run in unit tiny")


@pytest.mark.parametrize("file, old, new, message", [
    ("proofs/doomed.c", "doomed_at[n % 10U] > 9", "doomed_at[n % 10U] < 9", "do not find the contradictions of proofs/doomed.c: doomed_requires"),
    ("proofs/smoke.py", '"-wp-prover", "cvc4"', '"-wp-prover", "none"', "smoke tests were not run"),
    ("proofs/smoke.py", 'OTHERS = "-@requires', 'OTHERS = "-@assigns,-@requires', "smoke tests were not run"),
])
def test_a_search_that_finds_nothing_fails(project, long_run, file, old, new, message):
    project.replace(file, old, new)
    long_run().fails(message)
