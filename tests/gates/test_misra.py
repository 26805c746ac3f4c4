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
LINE = "void log_line(const char *module, const char *text)\n{\n"
RECORD = {"id": "DEV-012", "guideline": "11.4", "use_case": "x", "reason": "x", "risk": "x", "mitigation": "x"}


def gate(project, *words):
    return project.run("misra/gate.py", *(words or (LOG,)))


def fails(project, *words):
    status, text = gate(project)
    assert status == 1, text
    for word in words:
        assert word in text, text


def record(project, **fields):
    project.write("misra/deviations/DEV-012.yaml", yaml.safe_dump({**RECORD, **fields}))


# REQ-EVI-020
def test_a_file_without_findings_passes(project):
    status, text = gate(project)
    assert status == 0, text


@pytest.mark.parametrize("code, found", [
    ("    uint8_t narrow = log_at[0];\n    (void)narrow;\n", "10.3"),         # addon
    ("    uint64_t unset;\n    log_at[0] += (uint32_t)unset;\n", "9.1"),    # cppcheck
    ("    goto end;\nend:\n", "15.1"),                                        # script and addon
    ("    /* log_end(); */\n", "D4.4"),                                       # script
    ("    __asm__ volatile(\"nop\");\n", "D4.3"),
    ("    if (text == 0) {\n        return;\n    }\n", "15.5"),
])
def test_a_new_finding(project, code, found):
    project.replace(LOG, LINE, LINE + code)
    fails(project, f"{LOG}:", f": {found}: ")


@pytest.mark.parametrize("words", ["/* cppcheck-suppress misra-c2012-11.4 */", "/* NOLINT */", "#pragma GCC diagnostic ignored \"-Wshadow\""])
def test_an_analyser_that_is_switched_off_in_the_code(project, words):
    project.replace(LOG, LINE, f"{words}\n" + LINE)
    fails(project, "suppression")


def test_a_tag_without_a_record(project):
    project.replace(LOG, LINE, LINE + "    uint8_t narrow = log_at[0]; /* DEV-099 */\n    (void)narrow;\n")
    fails(project, "DEV-099 has no record", ": 10.3: ")


def test_a_tag_of_another_guideline_excuses_nothing(project):
    project.replace(LOG, LINE, LINE + "    uint8_t narrow = log_at[0]; /* DEV-004 */\n    (void)narrow;\n")
    fails(project, ": 10.3: ", "DEV-004 excuses nothing here")


def test_a_tag_that_is_stale(project):
    project.replace(LOG, LINE, LINE.replace("\n{", " /* DEV-004 */\n{"))
    fails(project, "DEV-004 excuses nothing here")


def test_a_tag_in_a_text_is_none(project):
    project.replace(LOG, LINE, LINE + "    log_text(\"DEV-004\");\n")
    status, text = gate(project)
    assert status == 0, text


def test_a_tag_with_its_record_excuses(project):
    record(project, guideline="10.3")
    project.replace(LOG, LINE, LINE + "    uint8_t narrow = log_at[0]; /* DEV-012 */\n    (void)narrow;\n")
    status, text = gate(project)
    assert status == 0, text


def test_a_record_that_is_not_used(project):
    record(project)
    fails(project, "DEV-012 is used nowhere")


def test_a_deviation_of_a_mandatory_guideline(project):
    record(project, guideline="9.1")
    fails(project, "9.1 is mandatory")


def test_a_deviation_of_a_guideline_that_became_mandatory(project):
    record(project, guideline="15.1")
    fails(project, "15.1 is mandatory")


def test_a_record_without_a_reason(project):
    record(project, reason="")
    fails(project, "lacks reason")


def test_an_id_that_was_used_before(project):
    project.replace("misra/deviations/retired.yaml", "retired: []", "retired: [DEV-012]")
    record(project)
    fails(project, "DEV-012 is retired")


def test_a_record_that_went_away(project):
    project.keep("misra/deviations/DEV-003.yaml").unlink()
    fails(project, "DEV-003 is missing")


def test_too_many_sites(project):
    project.replace(LOG, LINE, "/* DEV-010 */\n" * 40 + LINE)
    fails(project, "deviation sites; fewer than 40 are allowed")


def test_a_required_guideline_cannot_be_disapplied(project):
    path = project.keep("misra/grp.csv")
    path.write_text(path.read_text() + "10.3,required,disapplied,tiresome\n")
    fails(project, "10.3: required cannot become disapplied")


def test_a_guideline_that_the_plan_forgets(project):
    path = project.keep("misra/gep.csv")
    path.write_text("".join(line for line in path.read_text().splitlines(True) if not line.startswith("12.3,")))
    fails(project, "174 guidelines")


def test_a_tool_that_does_not_understand_a_file(project):
    project.replace(LOG, LINE, LINE + "    )\n")
    fails(project, "misra: ")


def test_the_plan_has_175_guidelines_and_each_says_how_it_is_checked():
    with open(ROOT / "misra" / "gep.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    count = {category: sum(row["category"] == category for row in rows) for category in ("mandatory", "required", "advisory")}
    assert count == {"mandatory": 16, "required": 120, "advisory": 39}
    assert all(row["tool"] and row["text"] for row in rows)


def test_each_guideline_with_a_tool_has_a_seed_and_a_blind_tool_is_noticed(project):
    status, text = gate(project, "--seeds")
    assert status == 0, text
    project.replace("misra/analysers.py", "-Wno-covered-switch-default", "-Wno-covered-switch-default -Wno-comma")
    project.replace("misra/seeds/r11.c", "VIOLATES 11.2", "")
    status, text = gate(project, "--seeds")
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
