# SPDX-License-Identifier: Apache-2.0
"""The gate misra fails on each thing that would leave a violation unseen. Whole runs take a minute: these look at one file."""
import csv
import pathlib
import re
import sys

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "misra"))
import noise

LOG = "hv/core/log.c"
GATE = ("misra/gate.py", LOG)
LINE = "void log_line(const char *module, const char *text)\n{\n"
RECORD = {"id": "DEV-012", "guideline": "11.4", "use_case": "x", "reason": "x", "risk": "x", "mitigation": "x"}


def record(project, **fields):
    project.write("misra/deviations/DEV-012.yaml", yaml.safe_dump({**RECORD, **fields}))


# REQ-EVI-020
def test_a_file_without_findings_passes(gate):
    gate.passes()


@pytest.mark.parametrize("code, found", [
    ("    uint8_t narrow = log_at[0];\n    (void)narrow;\n", "10.3"),         # addon
    ("    uint64_t unset;\n    log_at[0] += (uint32_t)unset;\n", "9.1"),    # cppcheck
    ("    goto end;\nend:\n", "15.1"),                                        # script and addon
    ("    /* log_end(); */\n", "D4.4"),                                       # script
    ("    __asm__ volatile(\"nop\");\n", "D4.3"),
    ("    if (text == 0) {\n        return;\n    }\n", "15.5"),
])
def test_a_new_finding(gate, project, code, found):
    project.replace(LOG, LINE, LINE + code)
    gate.fails(f"{LOG}:", f": {found}: ")


@pytest.mark.parametrize("words", ["/* cppcheck-suppress misra-c2012-11.4 */", "/* NOLINT */", "#pragma GCC diagnostic ignored \"-Wshadow\""])
def test_an_analyser_that_is_switched_off_in_the_code(gate, project, words):
    project.replace(LOG, LINE, f"{words}\n" + LINE)
    gate.fails("suppression")


def test_a_tag_without_a_record(gate, project):
    project.replace(LOG, LINE, LINE + "    uint8_t narrow = log_at[0]; /* DEV-099 */\n    (void)narrow;\n")
    assert ": 10.3: " in gate.fails("DEV-099 has no record")


def test_a_tag_of_another_guideline_excuses_nothing(gate, project):
    project.replace(LOG, LINE, LINE + "    uint8_t narrow = log_at[0]; /* DEV-004 */\n    (void)narrow;\n")
    assert ": 10.3: " in gate.fails("DEV-004 excuses nothing here")


def test_a_tag_that_is_stale(gate, project):
    project.replace(LOG, LINE, LINE.replace("\n{", " /* DEV-004 */\n{"))
    gate.fails("DEV-004 excuses nothing here")


def test_a_tag_in_a_text_is_none(gate, project):
    project.replace(LOG, LINE, LINE + "    log_text(\"DEV-004\");\n")
    gate.passes()


def test_a_tag_with_its_record_excuses(gate, project):
    record(project, guideline="10.3")
    project.replace(LOG, LINE, LINE + "    uint8_t narrow = log_at[0]; /* DEV-012 */\n    (void)narrow;\n")
    gate.passes()


def test_a_record_that_is_not_used(gate, project):
    record(project)
    gate.fails("DEV-012 is used nowhere")


def test_a_deviation_of_a_mandatory_guideline(gate, project):
    record(project, guideline="9.1")
    gate.fails("9.1 is mandatory")


def test_a_deviation_of_a_guideline_that_became_mandatory(gate, project):
    record(project, guideline="15.1")
    gate.fails("15.1 is mandatory")


def test_a_record_without_a_reason(gate, project):
    record(project, reason="")
    gate.fails("lacks reason")


def test_an_id_that_was_used_before(gate, project):
    project.replace("misra/deviations/retired.yaml", "retired: []", "retired: [DEV-012]")
    record(project)
    gate.fails("DEV-012 is retired")


def test_a_record_that_went_away(gate, project):
    project.keep("misra/deviations/DEV-003.yaml").unlink()
    gate.fails("DEV-003 is missing")


def test_too_many_sites(gate, project):
    project.replace(LOG, LINE, "/* DEV-010 */\n" * 40 + LINE)
    gate.fails("deviation sites; fewer than 40 are allowed")


def test_a_required_guideline_cannot_be_disapplied(gate, project):
    path = project.keep("misra/grp.csv")
    path.write_text(path.read_text() + "10.3,required,disapplied,tiresome\n")
    gate.fails("10.3: required cannot become disapplied")


def test_a_guideline_that_the_plan_forgets(gate, project):
    path = project.keep("misra/gep.csv")
    path.write_text("".join(line for line in path.read_text().splitlines(True) if not line.startswith("12.3,")))
    gate.fails("174 guidelines")


def test_a_tool_that_does_not_understand_a_file(gate, project):
    project.replace(LOG, LINE, LINE + "    )\n")
    gate.fails("misra: ")


def test_the_plan_has_175_guidelines_and_each_says_how_it_is_checked():
    with open(ROOT / "misra" / "gep.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    count = {category: sum(row["category"] == category for row in rows) for category in ("mandatory", "required", "advisory")}
    assert count == {"mandatory": 16, "required": 120, "advisory": 39}
    assert all(row["tool"] and row["text"] for row in rows)


def test_each_guideline_with_a_tool_has_a_seed_and_a_blind_tool_is_noticed(gate, project):
    status, text = project.run("misra/gate.py", "--seeds")
    assert status == 0, text
    project.replace("misra/analysers.py", "-Wno-covered-switch-default", "-Wno-covered-switch-default -Wno-comma")
    project.replace("misra/seeds/r11.c", "VIOLATES 11.2", "")
    status, text = project.run("misra/gate.py", "--seeds")
    assert status == 1 and "finds no line marked VIOLATES 12.3" in text and "VIOLATES 11.2" in text, text


@pytest.mark.parametrize("rule, text, is_noise", [
    ("10.7", "value |= (uint64_t)bytes[i] << (8U @* i);", True),
    ("10.7", "value = wide + (u @+ n);", False),
    ("10.7", "value = (wide << 2U) + (u @+ n);", False),
    ("10.6", "uint64_t base @= hex ? 16U : 10U;", True),
    ("10.6", "uint64_t base @= hex ? (a + b) : 10U;", False),
    ("10.6", "uint64_t base @= a + b;", False),
    ("12.1", "least = (floor > credit) ? (floor - credit) @: 0U;", True),
    ("12.1", "least = (floor > credit) ? floor - credit @: 0U;", False),
    ("12.1", "least = a @+ b << c;", False),
    ("2.4", "enum @{ A, B };", True),
    ("2.4", "enum @kind { A, B };", False),
])
def test_what_is_no_finding_by_the_guideline_and_what_stays_one(rule, text, is_noise):
    column = text.index("@") + 1
    assert noise.FILTERS[rule](text.replace("@", ""), column) == is_noise


def test_rule_texts_are_our_own_and_distinct():
    with open(ROOT / "misra" / "gep.csv", newline="", encoding="utf-8") as file:
        texts = [row["text"] for row in csv.DictReader(line for line in file if not line.startswith("#"))]
    assert len(set(texts)) == len(texts)
    assert not any(re.search(r"\bshall\b", text) for text in texts)
