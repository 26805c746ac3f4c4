# SPDX-License-Identifier: Apache-2.0
"""The proofs and their assumptions fail when they must: an unproved goal, lost contracts, an axiom, an undeclared contract."""
import json
import shutil

import pytest

pytestmark = pytest.mark.skipif(not all(map(shutil.which, ("frama-c", "why3"))), reason="this release has no frama-c or why3")
TINY = """/* SPDX-License-Identifier: Apache-2.0 */
/*@ requires 0 <= a < 9;
    assigns \\nothing;
    ensures \\result == a + 1; */
static int next(int a) { return a + STEP; }
/*@ assigns \\nothing; */
int tiny(void) { return next(1); }
"""


def tiny(project, step, floor=1, words=""):
    """One small unit in place of the real ones."""
    project.one_unit(words + TINY.replace("STEP", str(step)))
    project.write("proofs/floors.json", json.dumps({"hv/core/tiny.c": floor}))
    return project.run("proofs/prove.py", "--cache", "none", "--timeout", "3")


def test_a_proved_unit_passes(project):
    status, output = tiny(project, 1)
    assert status == 0, output


def test_an_unproved_goal_fails(project):
    status, output = tiny(project, 2)
    assert status == 1 and "typed_next_ensures is not proved" in output, output


def test_lost_goals_fail(project):
    status, output = tiny(project, 1, floor=99)
    assert status == 1 and "the floor is 99" in output, output


def test_a_wrong_lemma_fails_where_functions_are_chosen(project):
    words = '#include "core/interval.h"\n/*@ lemma wrong: \\forall integer x; x * x != 25; */\n'
    status, output = tiny(project, 1, words=words)
    assert status == 1 and "typed_lemma_wrong is not proved" in output, output


def test_an_axiom_fails(project):
    status, output = tiny(project, 1, words="/*@ axiomatic A { axiom free: \\true; } */\n")
    assert status == 1 and "hv/core/tiny.c:1: axiom" in output, output


def test_a_contradiction_fails(project):
    status, output = tiny(project, 1, words="/*@ axiomatic A { axiom wrong: \\false; } */\n")
    assert status == 1 and "the canary (false) was proved" in output, output


def test_a_function_without_assigns_clause_fails(project):
    words = "void unknown(void);\n/*@ assigns \\nothing; */\nvoid calls(void);\nvoid calls(void) { unknown(); }\n"
    status, output = tiny(project, 1, words=words)
    assert status == 1 and "a function without assigns clause" in output


def test_written_assumptions_pass(project):
    status, output = project.run("proofs/assumptions.py")
    assert status == 0, output


@pytest.mark.parametrize("file, old, new, message", [
    ("hv/core/stage2.c", "/* The largest level", "/*@ assigns \\nothing; */\nextern uint32_t oracle(void);\n/* The largest level",
     None),
    ("proofs/assumptions.yaml", "  functions: [any32, any64]", "  functions: [any32]", "any64() has a contract that no unit proves"),
    ("proofs/assumptions.yaml", "  functions: [any32, any64]", "  functions: [any32, any64, any128]", "lists any128(), but no unit uses it"),
    ("proofs/assumptions.yaml", "  words: [boot_ok]", "  words: [counts_ok]", "the theorem requires boot_ok"),
    ("hv/core/guest_map.c", "    guest_map[v].count = 0U;\n", "    guest_map[v].count = 0U;\n    domain_count[0] = 1U;\n", "domain_count is written"),
    ("hv/core/sched.c", "void sched_wake(vcpu_id_t id)\n{", "void stage2_reset(vm_id_t v);\nvoid sched_wake(vcpu_id_t id)\n{\n    stage2_reset(1U);",
     "sched_wake() reaches stage2_reset()"),
    ("hv/boot/main.c", "static void boot_devices(void)\n{\n", "static void boot_devices(void)\n{\n    stage2_init(0U);\n", "in this order"),
    ("proofs/format.c", "#include <stdint.h>", "#include <stdint.h>\n/*@ axiomatic Free { axiom free: \\true; } */", "axiomatic"),
    ("docs/proof-boundary.md", "# What is proved, and what is not", "# What is proved", "is not what the sources say"),
])
def test_an_undeclared_assumption_fails(project, file, old, new, message):
    if message is None:
        project.replace(file, "    uint32_t level = 1U;\n    if (((gpa % SPAN_3)", "    uint32_t level = 1U + (oracle() * 0U);\n    if (((gpa % SPAN_3)")
        message = "oracle() has a contract that no unit proves"
    project.replace(file, old, new)
    status, output = project.run("proofs/assumptions.py")
    assert status == 1 and message in output, output
