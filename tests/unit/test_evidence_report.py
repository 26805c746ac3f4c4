# SPDX-License-Identifier: Apache-2.0
"""The evidence report tells the truth: what failed, is missing or stale is shown as such, and figures are those of the results."""
import argparse
import html.parser
import json
import pathlib
import re
import types
import xml.etree.ElementTree as tree

import pytest

import evidence_samples as samples
from tools import testing
from tools.evidence import gates, machines, provenance, tests
from tools.evidence.report import chapters, claims, collect, command, documents, front, markup, page, pdf, pictures, sections, stored

def claim(found, name):
    return next(item for item in found["claims"] if item["name"] == name)


ONLY_TESTS = [entry for entry in samples.ENTRIES if entry.name == "tests"]


def row_of(text, name):
    """The row of a claim on the first page."""
    table = text[text.index('<table class="claims">'):]
    rows = re.findall(r"<tr>.*?</tr>", table[:table.index("</table>")], re.S)
    return next(row for row in rows if f'href="#{name}"' in row)


# REQ-EVI-025
def test_an_image_is_read_once_and_one_that_is_away_is_no_error(tmp_path):
    for item in collect.artefacts(tmp_path):
        assert (item["size"], item["sha256"], item["made"]) == (None, None, None)
    (tmp_path / "build" / "hv").mkdir(parents=True)
    (tmp_path / "build" / "hv" / "hv.elf").write_bytes(b"abc")
    item = collect.artefacts(tmp_path)[0]
    assert item["size"] == 3 and item["sha256"].startswith("ba7816bf") and re.fullmatch(r"\d{4}-.*Z", item["made"])


# ---- states ----

def test_all_passed_on_this_commit_holds(made):
    found = made(samples.one(), ONLY_TESTS)
    assert claim(found, "tests")["state"] == "passed" and collect.holds(found)
    assert "All 1 claims hold on this commit." in page.page(found)


# REQ-EVI-025
def test_a_failed_gate_is_shown_as_failed(made):
    found = made()
    assert claim(found, "misra")["state"] == "failed" and not collect.holds(found)
    text = page.page(found)
    assert "FAILED" in row_of(text, "misra") and "2 undeviated findings" in row_of(text, "misra")
    assert "hv/x86/window.c:61" in text


# REQ-EVI-025
def test_a_missing_result_is_shown_as_missing_with_its_command(made):
    found = made()
    assert claim(found, "stack")["state"] == "missing"
    row = row_of(page.page(found), "stack")
    assert "MISSING" in row and "no result" in row and "never" in row
    assert "<pre>/usr/bin/python3 tools/stack.py</pre>" in page.page(found)


def test_a_result_of_another_commit_is_stale(made):
    found = made(samples.one(commit=samples.OTHER), ONLY_TESTS)
    assert claim(found, "tests")["state"] == "stale" and not collect.holds(found)
    assert "fedcba0987" in claim(found, "tests")["reason"] and "STALE" in row_of(page.page(found), "tests")


def test_a_result_of_a_changed_tree_is_stale(made):
    assert "uncommitted" in claim(made(samples.one(dirty=True)), "tests")["reason"]
    assert claim(made(samples.one(dirty=True)), "tests")["state"] == "stale"


@pytest.mark.parametrize("commit", [None, "", "--output=x", 7])
def test_a_result_without_a_commit_is_stale(made, commit):
    assert claim(made(samples.one(commit=commit)), "tests")["state"] == "stale"


def test_a_failed_result_of_another_commit_stays_failed(made):
    found = claim(made(samples.one(passed=False, commit=samples.OTHER)), "tests")
    assert found["state"] == "failed" and "fedcba0987" in found["reason"]


@pytest.mark.parametrize("broken", ["", "{", "[]", "null", '{"gate": "tests"}', '{"gate":"tests","claim":"x","passed":true,"figures":[1],"findings":[]}'])
def test_a_result_that_cannot_be_read_is_missing_and_says_why(made, broken):
    found = claim(made({"tests": broken}), "tests")
    assert found["state"] == "missing" and "result" in found["reason"]


# REQ-EVI-025
def test_a_check_that_ran_in_part_does_not_pass(made):
    found = claim(made(samples.one(partial="only the unit domain was run")), "tests")
    assert (found["state"], found["reason"]) == ("stale", "only the unit domain was run")


@pytest.mark.parametrize("value", ["false", 1, "yes", None])
def test_only_true_passes(made, value):
    assert claim(made(samples.one(passed=value)), "tests")["state"] == "failed"


def test_nothing_at_all_does_not_hold(made):
    assert not collect.holds(made({}, []))
    assert made({})["counts"]["missing"] == len(samples.ENTRIES)


def test_a_result_that_no_list_names_is_shown(made):
    found = made({"stray": samples.SAMPLES["tests"]}, ONLY_TESTS)
    assert claim(found, "stray")["state"] == "passed" and "no list of gates names" in page.page(found)


def test_missing_tools_are_named(made):
    entry = claims.Claim("tests", "title", ["true"], ("no-such-program",))
    assert "not installed: no-such-program" in claim(made({}, [entry]), "tests")["reason"]


def test_stale_says_how_much_changed_since(tmp_path, monkeypatch):
    answers = {"rev-list": "3", "diff": "hv/core/irq.c\nabi/log.h"}
    monkeypatch.setattr(provenance, "git", lambda *words, root=None: answers[words[0]])
    assert collect.changes_since("abc", tmp_path) == "3 commits before this one, 2 files of hv/, rtvm/ and abi/ changed since"
    monkeypatch.setattr(provenance, "git", lambda *words, root=None: None)
    assert "does not know" in collect.changes_since("abc", tmp_path)


def test_every_gate_and_claim_has_its_words_and_a_place():
    placed = [name for _, names in claims.GROUPS for name in names]
    assert len(placed) == len(set(placed))
    assert {entry.name for entry in claims.CLAIMS} <= set(claims.WORDS) and set(claims.WORDS) == set(placed)
    assert [gate.name for gate in gates.GATES if gate.name not in claims.WORDS] == []


# ---- the page ----

class Outside(html.parser.HTMLParser):
    """Collects what the page would fetch or run, and checks that tags close."""
    VOID = {"meta", "br", "rect", "line", "img", "link"}

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.found, self.open, self.ids, self.targets = [], [], [], []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if tag not in self.VOID:
            self.open.append(tag)
        if tag in ("script", "link", "img", "iframe", "object", "embed", "use", "image", "base", "form"):
            self.found.append(tag)
        self.found += [f"{tag} {name}" for name in values if name.startswith("on") or name in ("src", "srcset", "data", "xlink:href")]
        if "id" in values:
            self.ids.append(values["id"])
        if "href" in values:
            self.targets.append(values["href"])

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag


def parsed(text):
    parser = Outside()
    parser.feed(text)
    parser.close()
    assert parser.open == []
    return parser


def test_the_page_refers_to_nothing_outside_itself(made):
    parser = parsed(page.page(made()))
    assert parser.found == []
    assert all(target.startswith("#") and target[1:] in parser.ids for target in parser.targets)
    assert len(parser.ids) == len(set(parser.ids))
    style = page.STYLE.read_text(encoding="utf-8")
    assert "url(" not in style and "@import" not in style


def test_figures_on_the_page_are_those_of_the_results(made):
    found, text = made(), page.page(made())
    for name, sample in samples.SAMPLES.items():
        for item in sample["figures"][:2]:
            shown = f"{item['value']:,}"
            assert shown in row_of(text, name), (name, shown)
        assert claim(found, name)["figures"] == sample["figures"]


def test_numbers_in_units_are_written_as_all_others():
    assert markup.quantity({"name": "proved", "value": 4267, "unit": "of 4267 goals"}) == "4,267 of 4,267 goals proved"
    assert markup.grouped("of 999 at 2.1000 GHz of x1234") == "of 999 at 2.1000 GHz of x1234"


def test_a_table_of_long_names_stays_on_the_page():
    names = ["a_name_that_is_as_long_as_names_are", "another_name(OF_THE_SAME_KIND_OF_LENGTH,", "and_the_third_one_that_is_no_shorter", "reason"]
    assert "fixed" not in markup.table(["a", "b"], [["short", "cells of short words " * 20]])
    text = markup.table(["a", "b", "c", "why"], [names])
    shares = [float(share) for share in re.findall(r"width: ([0-9.]+)%", text)]
    assert 'class=" fixed"' in text and len(shares) == 4 and abs(sum(shares) - 100) < 0.5 and min(shares) > 5


def test_each_figure_links_to_its_command(made):
    found = made()
    text = page.page(found)
    for item in found["claims"]:
        assert f'href="#{item["name"]}-rerun"' in row_of(text, item["name"])
        after = text[text.index(f'id="{item["name"]}-rerun"'):]
        assert f"<pre>{item['command']}" in after[:200]


def test_the_first_page_names_commit_tools_configuration_and_images(made):
    text = page.page(made())
    front = text[:text.index('id="contents"')]
    tools = text[text.index('<h2 id="tools"'):]
    assert all(f">{program}<" in tools for program in claims.TOOLS) and "named by no result" in tools
    assert samples.COMMIT in front and "gcc 4:12.2.0-3" in front and "demo" in front and "build/hv/hv.elf" in front


def test_limits_stand_in_the_section_and_in_the_list_of_all(made):
    text = page.page(made())
    assert text.count("Exits that no test provokes: 3 of 41.") == 2
    assert all(limit.split("(")[0] in text for limit in claims.GENERAL_LIMITS)
    assert "stack is missing" in text[text.index('<h2 id="limits"'):]


def test_hostile_text_stays_text(made):
    assert parsed(page.page(made(samples.HOSTILE))).found == []


@pytest.mark.parametrize("details", [{"files": 3}, {"files": [{}]}, {"histograms": []}, {"histograms": {"a": [["x"]]}}, [1, 2], "text", {"deep": {"a": {"b": [1]}}}])
def test_details_of_an_unknown_form_do_no_harm(made, details):
    for name in pictures.DRAWINGS:
        parsed(page.page(made({name: {**samples.SAMPLES["tests"], "details": details}})))


def test_long_lists_say_how_much_is_elsewhere(made):
    many = [{"rule": "r", "message": f"m{index}", "file": "a.c", "line": index, "level": "error"} for index in range(250)]
    assert "150 more of 250 are in evidence.json" in page.page(made(samples.one(passed=False, findings=many)))


def test_charts_show_the_numbers(made):
    text = page.page(made())
    assert "Bulkhead, Service VM and User VM under load" in text and "samples, logarithmic" in text
    assert "core/hypercall.c" in text and "99.9 %" in text
    assert ">93% of 2,400<" in text
    assert "none is unproved" in text and ">qed</text>" in text and ">288</text>" in text
    text = page.page(made({"stack": samples.STACK}))
    assert ">26% of 8,192<" in text and "svm_exit 120 &gt; dispatch 1680" in text


def test_requirements_are_listed_one_by_one(made):
    rows = {"REQ-A-001": {"text": "It shall <hold>.", "status": "built", "code": ["hv/a.c:1 f", "hv/b.c:2 g", "hv/c.c:3 h"], "proof": ["p"], "test": ["t", "u"], "analysis": [], "review": []},
            "REQ-A-002": {"text": "It shall fly.", "status": "planned", "missing": "Wings.", "code": [], "proof": [], "test": [], "analysis": [], "review": []}}
    text = page.page(made({"trace": {**samples.SAMPLES["trace"], "details": {"requirements": rows}, "tables": [
        {"title": "Requirements by area", "columns": ["area", "built", "planned"], "rows": [["isolation", 41, 7]]}]}}))
    annex = text[text.index('<h2 id="annex-requirements"'):]
    assert ">planned, not built</text>" in text and ">48</text>" in text
    assert "It shall &lt;hold&gt;." in annex and "and 1 more" in annex and "proof 1, test 2" in annex and "PLANNED, not built: Wings." in annex
    assert "Missing: there is no result of the gate trace" in page.page(made({}))


def test_tables_of_the_standards_are_those_of_the_safety_documents(made):
    document = made()["documents"]["techniques"]
    text = page.page(made())
    assert document["problem"] is None and f"Of {len(document['entries'])} techniques" in text and "check them there" in text
    assert all(f">{entry['id']}<" in text for entry in document["entries"] + made()["documents"]["assumptions"]["entries"])


@pytest.mark.parametrize("content", [None, "", "[", "- 3", "- {id: A1-1}"])
def test_a_safety_document_that_cannot_be_read_shows_as_missing(tmp_path, content):
    (tmp_path / "docs" / "safety").mkdir(parents=True)
    if content is not None:
        (tmp_path / "docs" / "safety" / "techniques.yaml").write_text(content, encoding="utf-8")
    document = documents.collect(tmp_path)["techniques"]
    assert document["entries"] == [] and "techniques.yaml" in document["problem"]
    assert "Missing: docs/safety/techniques.yaml" in chapters.techniques(document)


# ---- other files ----

def test_all_files_are_written_and_agree(made, tmp_path, monkeypatch):
    monkeypatch.setattr(pdf, "available", lambda: False)
    found = made()
    assert "no PDF" in command.write(found, tmp_path / "out")
    assert json.loads((tmp_path / "out" / "evidence.json").read_text(encoding="utf-8"))["counts"] == found["counts"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["claims.xml", "evidence.json", "evidence.sarif", "index.html"]


@pytest.mark.skipif(not pdf.available(), reason="WeasyPrint is not installed")
def test_the_pdf_is_one(made, tmp_path):
    assert command.write(made(), tmp_path / "out") is None
    assert (tmp_path / "out" / "evidence.pdf").read_bytes().startswith(b"%PDF-")


def test_the_command_fails_unless_all_holds(made, tmp_path, monkeypatch, capsys):
    found = made()
    monkeypatch.setattr(command, "collect", lambda: found)
    monkeypatch.setattr(command, "write", lambda _: None)
    assert command.run() == 1
    told = capsys.readouterr().out
    assert "11 of 15 claims hold, 1 failed, 2 stale, 1 missing" in told and "run: /usr/bin/python3 tools/stack.py" in told
    whole = made(samples.one(), ONLY_TESTS)
    monkeypatch.setattr(command, "collect", lambda: whole)
    assert command.run() == 0


# REQ-EVI-025
def test_only_what_is_missing_is_run_and_a_stored_result_never(monkeypatch):
    ran = []
    monkeypatch.setattr(gates, "run_gate", lambda gate: ran.append(gate.name))
    monkeypatch.setattr(command.subprocess, "run", lambda words, **_: ran.append(words[-1]))
    command.run_missing({"claims": [{"name": name, "state": state} for name, state in (
        ("stack", "stale"), ("trace", "passed"), ("repro", "failed"), ("mutants", "missing"), ("rt-alone", "missing"), ("tests", "passed"))]})
    assert ran == ["stack", "repro", "test_alone_it_has_exactly_the_bare_latency"]
    ran.clear()
    command.run_missing({"claims": [{"name": "tests", "state": "stale"}, {"name": "stack", "state": "stale"}]})
    assert ran == ["test"]


# ---- what ./bulkhead test leaves ----

CASES = [tests.Case("tests/unit/test_sched", "fair", "passed", 0.5, ""), tests.Case("tests/unit/test_sched", "idle", "failed", 0.1, "expected 1\nsaw 2\x1b"),
         tests.Case("tests/system/test_demo", "demo", "skipped", 0.0, "no kernel")]


@pytest.fixture
def leave(tmp_path, monkeypatch):
    def run(whole, cases):
        monkeypatch.setattr("tools.evidence.result.RESULTS", tmp_path)
        tests.Record(whole).finish(cases, tmp_path / "junit.xml")
        left = tmp_path / "tests.json"
        return tree.parse(tmp_path / "junit.xml").getroot(), json.loads(left.read_text(encoding="utf-8")) if left.exists() else None
    return run


def test_one_junit_file_holds_every_test(leave):
    root, result = leave(True, CASES)
    assert [(suite.get("name"), suite.get("tests"), suite.get("failures"), suite.get("skipped")) for suite in root] == [
        ("tests/unit/test_sched", "2", "1", "0"), ("tests/system/test_demo", "1", "0", "1")]
    assert "saw 2?" in root.find(".//failure").text
    assert result["passed"] is False and [item["value"] for item in result["figures"]] == [1, 1, 1]
    assert [(item["level"], item["file"]) for item in result["findings"]] == [("error", "tests/unit/test_sched.c"), ("note", "tests/system/test_demo.py")]


def test_a_selection_of_tests_is_no_result_for_the_report(leave):
    assert leave(False, CASES[:1])[1] is None
    assert leave(True, CASES[:1])[1]["passed"] is True
    assert leave(True, [])[1]["passed"] is False


# REQ-EVI-025
@pytest.mark.parametrize("keyword, fast, machine, whole", [("", False, None, True), ("sched", False, None, False), ("", True, None, False), ("", False, "bochs", False)])
def test_only_a_whole_run_ends_with_the_report_and_after_its_own_result(tmp_path, monkeypatch, keyword, fast, machine, whole):
    monkeypatch.setattr("tools.evidence.result.RESULTS", tmp_path)
    monkeypatch.setattr(tests, "OUTPUT", tmp_path / "junit.xml")
    for name in ("static_checks", "unit_programs", "run_pytest", "run_gates"):
        monkeypatch.setattr(testing, name, lambda *_, **__: None)
    monkeypatch.setattr(testing, "check", lambda tally, *_: tally.case("checks", "one", "passed"))
    seen = []
    monkeypatch.setattr(testing, "write_report", lambda: seen.append(json.loads((tmp_path / "tests.json").read_text(encoding="utf-8"))["passed"]))
    assert testing.run(argparse.Namespace(keyword=keyword, fast=fast, machine=machine, model=None, long=False)) == 0
    assert seen == ([True] if whole else []) and (tmp_path / "junit.xml").exists()


def test_a_pytest_that_breaks_off_is_a_failure(tmp_path, monkeypatch):
    def broken_off(words, **_):
        pathlib.Path(next(word for word in words if word.startswith("--junitxml=")).partition("=")[2]).write_text("<testsuites><testcase classname='a' name='x'/></testsuites>", encoding="utf-8")
        return argparse.Namespace(returncode=2)
    monkeypatch.setattr(testing.subprocess, "run", broken_off)
    monkeypatch.setattr(testing, "ROOT", tmp_path)
    tally = testing.Tally()
    testing.run_pytest(tally, "", "tests/nowhere")
    assert tally.line() == "1 passed, 1 failed"


def test_cases_of_pytest_are_read(tmp_path):
    path = tmp_path / "pytest.xml"
    path.write_text('<testsuites><testsuite><testcase classname="tests.unit.test_a" name="x" time="0.25"/><testcase classname="tests.unit.test_a" name="y" time="1">'
                    '<failure message="no">why</failure></testcase><testcase classname="tests.unit.test_a" name="z"><skipped message="later"/></testcase></testsuite></testsuites>',
                    encoding="utf-8")
    assert [case[:5] for case in tests.pytest_cases(path)] == [
        ("tests/unit/test_a", "x", "passed", 0.25, ""), ("tests/unit/test_a", "y", "failed", 1.0, "no\nwhy"), ("tests/unit/test_a", "z", "skipped", 0.0, "later")]


def ran(name, verdict, *where):
    return tests.Case("tests/system/test_a", name, verdict, 1.0, "", where)


# REQ-TOO-011
def test_the_report_has_a_table_of_what_ran_where(leave, tmp_path):
    """From pytest's file to the table: one line a test, one column a machine."""
    path = tmp_path / "pytest.xml"
    path.write_text('<testsuites><testsuite><testcase classname="tests.system.test_a" name="x[qemu]" time="1"><properties><property name="machine" value="qemu EPYC"/>'
                    '<property name="other" value="y"/><property name="where" value="bochs: every run"/></properties></testcase></testsuite></testsuites>', encoding="utf-8")
    cases = [*tests.pytest_cases(path), ran("x[bochs]", "failed", "bochs skylake_x"), ran("y[1]", "passed", "qemu EPYC"), ran("y[2]", "skipped", "qemu EPYC"),
             ran("z", "passed")]
    found = next(table for table in leave(True, cases)[1]["tables"] if table["title"] == "System tests by machine")
    assert found["columns"] == ["file", "test", "qemu EPYC", "bochs skylake_x"]
    assert found["rows"] == [["tests/system/test_a", "x", "passed", "failed"], ["tests/system/test_a", "y", "1 passed, 1 skipped", "-"]]
    told = tests.Case("tests/system/test_a", "w[qemu]", "passed", 1.0, "", ("qemu EPYC",), ("qemu: every run", "bochs: not, it needs MSI"))
    late = told._replace(name="v[qemu]", where=("qemu: every run", "bochs:haswell: with --long"))
    assert machines.table([*cases, told, late])[1][2:] == [["tests/system/test_a", "w", "passed", "no: it needs MSI"], ["tests/system/test_a", "v", "passed", "long"]]
    assert machines.summary(cases) == ["  on qemu EPYC: 2 passed, 1 skipped", "  on bochs skylake_x: failed"]


def test_a_claim_of_a_test_passes_only_when_the_test_does(tmp_path, monkeypatch):
    monkeypatch.setattr("tools.evidence.result.RESULTS", tmp_path)
    with pytest.raises(AssertionError):
        with tests.claimed("rt-alone", "It holds") as result:
            result.figure("exits", 3, limit=0)
            assert result is None, "three exits"
    left = json.loads((tmp_path / "rt-alone.json").read_text(encoding="utf-8"))
    assert left["passed"] is False and "three exits" in left["findings"][0]["message"] and "qemu-system-x86_64" in left["tools"]
    with tests.claimed("rt-alone", "It holds"):
        pass
    assert json.loads((tmp_path / "rt-alone.json").read_text(encoding="utf-8"))["passed"] is True


# ---- results that are committed ----

class Run:
    """In place of proofs/mutants.py: one unit with one mistake, and what the long run left of it."""
    prove = types.SimpleNamespace(UNITS={"a": "hv/core/a.c"})
    MUTANTS = [("no-check", "hv/core/a.c", "f", "a", "x", "y", "f_ensures")]
    changed = False

    def stands(self, unit, kept, root):
        return not self.changed and unit == "a" and bool(kept) and root.is_dir()


MUTANTS = next(entry for entry in claims.CLAIMS if entry.name == "mutants")
ANSWER = {"made": "2026-01-31T09:30:00Z", "commit": samples.OTHER, "tools": {"z3": "z3 4.8.12-3.1"}, "inputs": "0", "unproved": [],
          "mutants": [["no-check", ["f_ensures"]]], "smoke": {"run": 9, "contradictions": []}}


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """kept(changed=False, **changes): the claim of the stored mutants; changes: of the unit's answer, None: it has none."""
    run = Run()
    run.answers = stored.long_run().answers
    monkeypatch.setattr(run.answers, "LEAST", 1)
    monkeypatch.setattr(run.answers, "prove", run.prove)
    monkeypatch.setattr(stored, "long_run", lambda: run)

    def claim_kept(changed=False, **changes):
        run.changed = changed
        (tmp_path / "proofs").mkdir(parents=True, exist_ok=True)
        units = {"gone": ANSWER} if changes.get("smoke", 0) is None else {"a": {**ANSWER, **changes}}
        (tmp_path / "proofs" / "mutants.json").write_text(json.dumps({"units": units}), encoding="utf-8")
        return collect.claim_of(MUTANTS, tmp_path / "results", {"commit": samples.COMMIT, "dirty": False}, tmp_path)
    return claim_kept


def figures(found):
    return {item["name"]: item["value"] for item in found["figures"]}


# REQ-EVI-025
def test_a_stored_result_stands_while_its_inputs_are_the_same(kept):
    assert kept()["state"] == "passed"
    assert "nothing that it depends on has changed since" in sections.made_on(kept(), {"commit": samples.COMMIT})
    found = kept(changed=True)
    assert found["state"] == "stale" and "not made of a as they are here" in found["reason"]


# REQ-EVI-025
def test_a_stored_mistake_that_the_named_goal_did_not_notice_fails(kept, monkeypatch):
    found = kept(mutants=[["no-check", ["g_ensures"]]])
    assert found["state"] == "failed" and found["findings"][0]["file"] == "hv/core/a.c" and figures(found)["seeded mistakes noticed"] == 0
    assert kept(mutants=[])["state"] == "failed" and kept(smoke=7)["state"] == "missing"
    monkeypatch.setattr(stored.long_run().answers, "LEAST", 2)
    assert kept()["state"] == "failed"


# REQ-EVI-025
def test_a_stored_mistake_whose_goal_is_not_proved_without_it_fails(kept):
    found = kept(unproved=["f_ensures"])
    assert found["state"] == "failed" and "f_ensures is not proved without a mistake" in found["findings"][0]["message"]


# REQ-EVI-025
def test_smoke_tests_that_were_not_run_are_shown_as_missing(kept):
    for found in (kept(smoke={"run": 0, "contradictions": []}), kept(smoke=None)):
        assert found["state"] == "failed" and "contradictions found by smoke tests" not in figures(found)
        assert figures(found)["units whose smoke tests are missing"] == 1 and found["tables"][1]["rows"] == [["a", "missing", "missing"]]
    assert figures(kept())["contradictions found by smoke tests"] == 0


# REQ-EVI-025
def test_a_stored_contradiction_fails_where_it_is(kept):
    found = kept(smoke={"run": 9, "contradictions": [["f_wp_smoke_dead_code_s3", "hv/core/a.h:12"]]})
    assert found["state"] == "failed" and (found["findings"][0]["file"], found["findings"][0]["line"]) == ("hv/core/a.h", 12)


# REQ-EVI-025
def test_without_a_stored_result_the_claim_is_missing(tmp_path):
    assert collect.claim_of(MUTANTS, tmp_path, {"commit": samples.COMMIT, "dirty": False}, tmp_path)["state"] == "missing"


# ---- annexes of MISRA ----

def test_guidelines_and_deviations_are_listed_one_by_one(made, tmp_path):
    row = {"guideline": "11.6", "category": "required", "recategorized": "mandatory", "compliance": "deviations", "deviations": "DEV-001", "checked by": "cppcheck",
           "text": "No <cast> to void"}
    counts = {"title": "Guideline compliance", "columns": ["category", "compliant", "deviations", "disapplied", "violations"], "rows": [["required", 101, 17, 3, 0]]}
    found = made({"misra": {**samples.SAMPLES["misra"], "details": {"gcs": [row]}, "tables": [counts]}})
    (tmp_path / "misra" / "deviations").mkdir(parents=True)
    record = {"id": "DEV-001", "guideline": ["11.6"], "use_case": "u", "reason": "r", "risk": "An address <x>", "mitigation": "m"}
    (tmp_path / "misra" / "deviations" / "DEV-001.yaml").write_text(json.dumps(record), encoding="utf-8")
    found["documents"] = {**found["documents"], "deviations": documents.collect(tmp_path)["deviations"]}
    text = page.page(found)
    assert "No &lt;cast&gt; to void" in text and "required, here mandatory" in text and "<strong>deviations</strong> DEV-001" in text
    assert "An address &lt;x&gt;" in text and ">101</text>" in text
    (tmp_path / "misra" / "deviations" / "DEV-002.yaml").write_text("id: DEV-002", encoding="utf-8")
    assert "cannot be used" in documents.collect(tmp_path)["deviations"]["problem"]
