# SPDX-License-Identifier: Apache-2.0
"""The gate "parse" sees what Frama-C cannot read."""
import json
import shutil

import pytest

pytestmark = pytest.mark.skipif(shutil.which("frama-c") is None, reason="frama-c is not installed")
FILE = "hv/core/interval_sample.c"


def left(project):
    return json.loads((project.root / "build/evidence/results/parse.json").read_text())


# REQ-EVI-002
def test_a_construct_outside_the_subset_fails_with_its_place(project):
    project.write(FILE, "/* sample */\nunsigned sample(void);\nunsigned sample(void) { return (unsigned)_Alignof(int); }\n")
    status, text = project.run("proofs/parse.py", FILE)
    assert status == 1 and f"{FILE}:3: " in text, text
    assert left(project)["passed"] is False and left(project)["findings"][0]["line"] == 3


# REQ-EVI-002
def test_a_missing_header_fails_with_its_place(project):
    project.write(FILE, '#include "core/no_such.h"\n')
    status, text = project.run("proofs/parse.py", FILE)
    assert status == 1 and f"{FILE}:1: " in text, text


# REQ-EVI-002
def test_a_selection_of_files_does_not_count_for_all(project):
    status, _ = project.run("proofs/parse.py", "hv/core/string.c")
    assert status == 0 and "only these files" in left(project)["partial"]
