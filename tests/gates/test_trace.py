# SPDX-License-Identifier: Apache-2.0
"""The trace gate notices each kind of loose end. Ids that must not exist are put together here, so that they stand nowhere."""
import json

import pytest

GATE = ("-m", "tools.evidence.trace")
ISOLATION = "docs/safety/requirements/isolation.yaml"
ORPHAN = "REQ-ISO-" + "998"
ENTRY = f"""
- id: {ORPHAN}
  text: The hypervisor shall do what nobody has written.
  rationale: To be found.
  source: docs/architecture.md
  verification: [METHODS]
"""
STAGE2 = "tests/unit/test_stage2.c"


def add_requirement(project, methods, extra=""):
    path = project.keep(ISOLATION)
    path.write_text(path.read_text() + ENTRY.replace("METHODS", methods) + extra)


def test_the_project_as_it_is_passes(gate, project):
    gate.passes()
    result = json.loads((project.root / "build/evidence/results/trace.json").read_text())
    assert result["passed"] and result["findings"] == []
    assert (project.root / "build/evidence/trace/matrix.csv").read_text().startswith("id,status")


def test_a_requirement_without_code_and_test(gate, project):
    add_requirement(project, "test")
    text = gate.fails(ISOLATION, ORPHAN, "no code names it")
    assert f"{ORPHAN}: no test names it" in text


def test_a_requirement_that_no_safety_constraint_needs(gate, project):
    add_requirement(project, "test")
    gate.fails(ISOLATION, ORPHAN, "no safety constraint needs it")


def test_a_proof_that_is_promised_and_not_there(gate, project):
    add_requirement(project, "proof")
    project.replace("hv/core/sched.c", "void sched_add(", f"/* {ORPHAN} */\n/* proves {ORPHAN} */\nvoid sched_add(")
    gate.fails(ORPHAN, "[no-proof]")  # sched.c is no unit of proofs/prove.py


def test_an_analysis_by_a_gate_that_does_not_exist(gate, project):
    add_requirement(project, "analysis", "  gates: [crystal-ball]\n  code: none\n")
    gate.fails("'crystal-ball' is no gate")


def test_a_review_without_a_checklist(gate, project):
    add_requirement(project, "review", '  review: "docs/safety/reviews.md#R-99"\n  code: none\n')
    gate.fails(ORPHAN, "is no heading of a checklist")


@pytest.mark.parametrize("file", [STAGE2, "hv/core/sched.c", "proofs/theorem.c", "docs/safety/reviews.md"])
def test_an_id_that_is_no_requirement(gate, project, file):
    path = project.keep(file)
    path.write_text(path.read_text() + f"\n/* {ORPHAN} */\n")
    gate.fails(file, f"{ORPHAN} is no requirement")


def test_a_duplicate_id(gate, project):
    add_requirement(project, "test")
    path = project.keep("docs/safety/requirements/tools.yaml")
    path.write_text(path.read_text() + ENTRY.replace("METHODS", "test"))
    gate.fails(ORPHAN, "an id is used once")


def test_two_entries_of_one_id_in_one_file(gate, project):
    add_requirement(project, "test")
    add_requirement(project, "test")
    gate.fails(ISOLATION, ORPHAN, "an id is used once")


def test_a_planned_requirement_that_code_names(gate, project):
    path = project.keep(ISOLATION)
    path.write_text(path.read_text() + ENTRY.replace("verification: [METHODS]", "status: planned\n  missing: all of it"))
    project.replace("hv/core/sched.c", "void sched_add(", f"/* {ORPHAN} */\nvoid sched_add(")
    gate.fails("hv/core/sched.c", f"{ORPHAN} is planned")


def test_a_test_of_a_requirement_that_lists_no_test(gate, project):
    add_requirement(project, "review", '  review: "docs/safety/reviews.md#R-01"\n  code: none\n')
    path = project.keep(STAGE2)
    path.write_text(path.read_text() + f"\n/* {ORPHAN} */\n")
    gate.fails(STAGE2, "does not list 'test'")


def test_a_test_file_without_a_requirement(gate, project):
    project.write("tests/unit/test_nothing.c", "int main(void) { return 0; }\n")
    gate.fails("tests/unit/test_nothing.c", "names no requirement")


def test_an_id_at_a_helper_that_no_runner_starts(gate, project):
    project.write("tests/unit/test_nothing.c", "/* REQ-ISO-001 */\nstatic void forgotten(void **state)\n{\n    (void)state;\n}\nint main(void) { return 0; }\n")
    gate.fails("tests/unit/test_nothing.c:1", "REQ-ISO-001 stands at forgotten, which no runner starts")


def test_a_file_of_the_hypervisor_without_a_requirement(gate, project):
    project.write("hv/core/nothing.c", "int nothing(void) { return 0; }\n")
    gate.fails("hv/core/nothing.c", "names no requirement")


@pytest.mark.parametrize("text, words", [
    ("The hypervisor does it.", "one sentence with 'shall'"), ("It shall do it. It shall do more.", "one sentence with 'shall'"),
])
def test_a_text_that_is_no_requirement(gate, project, text, words):
    path = project.keep(ISOLATION)
    path.write_text(path.read_text() + ENTRY.replace("METHODS", "test").replace("The hypervisor shall do what nobody has written.", text))
    gate.fails(ORPHAN, words)


@pytest.mark.parametrize("source, words", [
    ("docs/nowhere.md", "docs/nowhere.md does not exist"), ("docs/architecture.md, Weather", "has no heading 'Weather'"),
    ('"docs/safety/README.md, promise 9"', "has no promise 9"),
])
def test_a_source_that_does_not_exist(gate, project, source, words):
    path = project.keep(ISOLATION)
    path.write_text(path.read_text() + ENTRY.replace("METHODS", "test").replace("docs/architecture.md", source))
    gate.fails(ORPHAN, words)


def test_a_file_that_cannot_be_read(gate, project):
    project.write("docs/safety/requirements/broken.yaml", "- id: [\n")
    gate.fails("docs/safety/requirements/broken.yaml", "cannot be read")


def append(project, file, text):
    path = project.keep(f"docs/safety/{file}")
    path.write_text(path.read_text() + text)


@pytest.mark.parametrize("file, text, words", [
    ("hazards.yaml", "- {id: H-99, text: A new one., losses: [L-1]}\n", "H-99: no safety constraint covers it"),
    ("losses.yaml", "- {id: L-99, text: A new one.}\n", "L-99: no hazard leads to it"),
    ("constraints.yaml", "- {id: SC-99, text: A new one., hazards: [H-1], requirements: []}\n", "SC-99: no requirement that is built"),
    ("constraints.yaml", "- {id: SC-98, text: A new one., hazards: [H-1], requirements: [REQ-CFG-030]}\n", "SC-98: no requirement that is built"),
    ("constraints.yaml", "- {id: SC-97, text: A new one., hazards: [H-96], requirements: [REQ-ISO-001]}\n", "SC-97: H-96 is none of the hazards"),
    ("control-actions.yaml", "- {id: CA-99, controller: a, process: b, action: c}\n", "CA-99: no unsafe control action"),
    ("unsafe-actions.yaml", "- {id: UCA-99, action: CA-1, how: provided, text: d., hazards: [H-1], constraints: [SC-1]}\n", "UCA-99: no loss scenario"),
    ("unsafe-actions.yaml", "- {id: UCA-98, action: CA-1, how: badly, text: d., hazards: [H-1], constraints: [SC-1]}\n", "UCA-98: 'how' is one of"),
    ("scenarios.yaml", "- {id: LS-99, unsafe: [UCA-1], text: e., requirements: [], assumptions: [AoU-999]}\n", "LS-99: AoU-999 is none of the assumptions"),
    ("fmea.yaml", "- {id: FM-999, interface: a, mode: b, effect: c, detection: d, mitigation: e, requirements: []}\n", "FM-999: no requirement that is built"),
    ("fmea.yaml", "- {id: FM-001, interface: a, mode: b, effect: c, detection: d, mitigation: e, requirements: [REQ-ISO-001]}\n", "FM-001 stands twice"),
    ("assumptions.yaml", "- {id: AoU-999, text: f, why: g}\n", "AoU-999: 'check' is missing"),
    ("techniques.yaml", "- {id: X-1, table: a, technique: b, grade: R, met: met, how: c}\n", "X-1: is said to be met, and links no evidence"),
    ("techniques.yaml", "- {id: X-2, table: a, technique: b, grade: R, met: met, how: c, links: [hv/gone.c]}\n", "X-2: hv/gone.c does not exist"),
    ("techniques.yaml", "- {id: X-3, table: a, technique: b, grade: R, met: surely, how: c}\n", "X-3: 'met' is one of"),
])
def test_a_loose_end_of_the_safety_documents(gate, project, file, text, words):
    append(project, file, text)
    gate.fails(f"docs/safety/{file}", words)


def test_an_unknown_requirement_in_a_safety_document(gate, project):
    append(project, "constraints.yaml", f"- {{id: SC-99, text: A new one., hazards: [H-1], requirements: [{ORPHAN}]}}\n")
    gate.fails("docs/safety/constraints.yaml", f"SC-99: {ORPHAN} is none of the requirements")


def test_a_page_that_is_not_what_the_data_say(gate, project):
    path = project.keep("docs/safety/hazards.md")
    path.write_text(path.read_text() + "A word by hand.\n")
    gate.fails("docs/safety/hazards.md", "is not what the data make of it")


def test_no_requirements_at_all(gate, project):
    for path in sorted((project.root / "docs/safety/requirements").glob("*.yaml")):
        project.write(path.relative_to(project.root), "[]\n")
    gate.fails()
