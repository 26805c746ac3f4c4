# SPDX-License-Identifier: Apache-2.0
"""The runner of the gates: what a gate leaves is of this run, and a gate that dies leaves a failure."""
import json

import pytest

from tools.evidence import gates, result


@pytest.fixture
def run(monkeypatch, tmp_path):
    """run(python code): (verdict, result or None) of a gate that is this code."""
    monkeypatch.setattr(result, "RESULTS", tmp_path)
    monkeypatch.setattr(gates, "RESULTS", tmp_path)
    monkeypatch.setattr(gates, "ROOT", tmp_path)     # of the log

    def run_code(code, needs=()):
        verdict = gates.run_gate(gates.Gate("sample", "samples hold", gates.PYTHON + ["-c", code], needs, True))
        path = tmp_path / "sample.json"
        return verdict, json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
    return run_code


# REQ-EVI-007
def test_a_gate_that_dies_leaves_a_failure_with_its_last_words(run):
    verdict, left = run("print('so far so good'); raise SystemExit('out of memory')")
    assert verdict == "failed" and left["passed"] is False
    assert "out of memory" in left["findings"][0]["message"] and left["claim"] == "Samples hold"


# REQ-EVI-007
def test_a_result_of_an_earlier_run_does_not_outlive_a_gate_that_dies(run, tmp_path):
    (tmp_path / "sample.json").write_text('{"passed": true}', encoding="utf-8")
    assert run("raise SystemExit(3)")[1]["passed"] is False
    (tmp_path / "sample.json").write_text('{"passed": true}', encoding="utf-8")
    assert run("pass") == ("passed", None)


# REQ-EVI-007
def test_the_result_that_a_failing_gate_left_stays(run, tmp_path):
    text = '{"passed": false, "figures": [{"name": "open", "value": 2, "unit": ""}], "findings": []}'
    assert run(f"open({str(tmp_path / 'sample.json')!r}, 'w').write({text!r}); raise SystemExit(1)")[1]["findings"] == []


# REQ-EVI-007
def test_a_gate_without_its_tools_is_skipped_and_not_run(run):
    assert run("raise SystemExit(1)", ("no-such-program",))[0] == "skipped"
