# SPDX-License-Identifier: Apache-2.0
"""The gate "machines" notices a test that decides nothing, a reason that is none or not true, and a page that is not what the tests say."""
import json

import pytest

GATE = ("-m", "tools.evidence.system_tests")
FILE, PAGE = "tests/system/test_sample.py", "docs/system-tests.md"
SAMPLE = """import pytest


{marks}
def test_sample({arguments}):
    {body}
"""


def sample(marks="", arguments="start", body="start('rt-only')"):
    return SAMPLE.format(marks=marks or "VALUE = 1", arguments=arguments, body=body)


def test_the_project_passes(gate, project):
    gate.passes("machines: ")
    result = json.loads((project.root / "build/evidence/results/machines.json").read_text())
    table = next(table for table in result["tables"] if table["title"] == "What is tested where")
    assert table["columns"] == ["file", "test", "QEMU (AMD-V)", "Bochs (Intel VT-x)"]
    assert ["test_demo.py", "demo runs three kinds of vm from start to end", "every run", "long"] in table["rows"]
    figures = {figure["name"]: figure["value"] for figure in result["figures"]}
    assert figures["system tests"] == len(table["rows"]) > figures["of these on both machines"] > 0


@pytest.mark.parametrize("marks, words", [
    ('@pytest.mark.not_on("bochs", "weather")', "write an emulator"),
    ('@pytest.mark.not_on("vmware", "devices")', "write an emulator"),
    ('@pytest.mark.not_on("bochs")', "write an emulator"),
    ('@pytest.mark.not_on("bochs", "devices")', "nothing of that is in its source"),
    ('@pytest.mark.machines("qemu")', "bochs: it must run there or have a reason"),
    ('@pytest.mark.machines("qemu", "bochs", "vmware")', "each with a CPU model behind a colon or without"),
    ('@pytest.mark.long_on("bochs:haswell")', "it does not run there"),
])
def test_a_decision_that_is_none(gate, project, marks, words):
    project.write(FILE, sample(marks))
    gate.fails("tests/system", "test_sample", words)


def test_a_reason_beside_a_run_on_that_machine(gate, project):
    project.write(FILE, sample('@pytest.mark.machines("qemu", "bochs")\n@pytest.mark.not_on("bochs", "uefi")', body="return OVMF_CODE"))
    gate.fails("tests/system", "bochs: it must run there or have a reason")


def test_a_reason_of_a_helper_counts_and_one_of_another_test_does_not(gate, project):
    helper = "def prepare(start):\n    return start(extra=['-device', 'edu'])\n\n\n"
    project.write(FILE, helper + sample('@pytest.mark.not_on("bochs", "devices")', body="prepare(start)"))
    gate.fails(PAGE, "is not what the tests say")
    project.write(FILE, helper + sample('@pytest.mark.not_on("bochs", "devices")'))
    gate.fails("tests/system", "nothing of that is in its source")


def test_a_new_test_is_on_the_page(gate, project):
    project.write(FILE, sample())
    gate.fails(PAGE, "is not what the tests say: run python3 -m tools.evidence.system_tests --write")
