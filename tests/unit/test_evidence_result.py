# SPDX-License-Identifier: Apache-2.0
"""What a gate leaves: its verdict with the commit, the date and the tools that it was made with."""
import json
import re
import subprocess

import pytest

from tools.evidence import provenance, result


@pytest.fixture
def results(monkeypatch, tmp_path):
    monkeypatch.setattr(result, "RESULTS", tmp_path)
    return tmp_path


def repository(folder):
    run = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@b"]
    (folder / "file").write_text("one\n", encoding="utf-8")
    for words in (["init", "-q"], ["add", "file"], ["commit", "-q", "-m", "first"]):
        subprocess.run(run + words, check=True)


# REQ-EVI-008
def test_result_says_commit_date_and_tools(results, monkeypatch):
    monkeypatch.setattr(provenance, "source", lambda: {"commit": "a" * 40, "dirty": False})
    one = result.Result("sample", "It holds")
    one.figure("goals", 3, limit=3)
    one.table("Goals", ["file", "goals"], [("a.c", 3)])
    one.note("Nothing is said about b.c.")
    assert one.finish(True, needs=["sh", "no-such-program"]) == 0
    found = json.loads((results / "sample.json").read_text(encoding="utf-8"))
    assert (found["commit"], found["dirty"], found["passed"]) == ("a" * 40, False, True)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", found["made"])
    assert found["tools"]["no-such-program"] == "not installed" and re.match(r"dash \d", found["tools"]["sh"])
    assert found["tables"] == [{"title": "Goals", "columns": ["file", "goals"], "rows": [["a.c", 3]]}]
    assert found["notes"] == ["Nothing is said about b.c."]


def test_a_tree_that_changed_while_the_gate_ran_counts_as_changed(results, monkeypatch):
    states = iter([{"commit": "a" * 40, "dirty": False}, {"commit": "b" * 40, "dirty": False}])
    monkeypatch.setattr(provenance, "source", lambda: next(states))
    assert result.Result("sample", "It holds").finish(False, needs=()) == 1
    assert json.loads((results / "sample.json").read_text(encoding="utf-8"))["dirty"] is True


def test_an_old_result_is_gone_as_soon_as_the_gate_starts(results):
    (results / "sample.json").write_text("{}", encoding="utf-8")
    result.Result("sample", "It holds")
    assert not (results / "sample.json").exists()


def test_source_knows_a_changed_and_an_unknown_file(tmp_path):
    repository(tmp_path)
    clean = provenance.source(tmp_path)
    assert re.fullmatch(r"[0-9a-f]{40}", clean["commit"]) and clean["dirty"] is False
    (tmp_path / "other").write_text("two\n", encoding="utf-8")
    assert provenance.source(tmp_path) == {"commit": clean["commit"], "dirty": True}


def test_without_a_repository_the_commit_is_unknown(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert provenance.source(tmp_path) == {"commit": None, "dirty": True}
