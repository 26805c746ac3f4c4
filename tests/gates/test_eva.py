# SPDX-License-Identifier: Apache-2.0
"""The gate of the value analysis notices what it is there for."""
import shutil

import pytest

pytestmark = pytest.mark.skipif(shutil.which("frama-c") is None, reason="no frama-c")

DRIVER = """/* SPDX-License-Identifier: Apache-2.0 */
/* eva-sources: core/string.c */
/* eva-without: state */
#include "core/string.h"
#include "proofs/eva/eva.h"

static uint8_t bytes[8];

int main(void)
{
    (void)memset(bytes, 0, any_below(9U));
    return 0;
}
"""


def check(project, driver):
    project.write("proofs/eva/seeded.c", driver)
    return project.run("proofs/eva/check.py", "proofs/eva/seeded.c")


def test_sound_code_passes(project):
    status, output = check(project, DRIVER)
    assert status == 0, output


def test_a_write_beyond_a_buffer_is_an_alarm(project):
    project.replace("hv/core/string.c", "        to[i] = (uint8_t)value;", "        to[i + 1U] = (uint8_t)value;")
    status, output = check(project, DRIVER)
    assert status == 1 and "hv/core/string.c" in output and "out of bounds write" in output, output


def test_a_driver_that_reaches_nothing_of_its_sources_fails(project):
    status, output = check(project, DRIVER.replace("    (void)memset(bytes, 0, any_below(9U));", "    bytes[0] = 1U;"))
    assert status == 1 and "reaches no function of its sources" in output, output


def test_a_driver_whose_end_is_not_reached_fails(project):
    status, output = check(project, DRIVER.replace("    return 0;", "    while (true) { }\n    return 0;"))
    assert status == 1 and "is never reached" in output, output


def test_a_function_without_body_or_contract_fails(project):
    status, output = check(project, DRIVER.replace("    return 0;", "    nobody();\n    return 0;").replace("static uint8_t", "void nobody(void);\nstatic uint8_t"))
    assert status == 1 and "nobody() has neither body nor contract" in output, output
