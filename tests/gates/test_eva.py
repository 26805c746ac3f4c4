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


# What is left out, against uncovered.yaml: two functions in place of the hypervisor's, one of them reached.
COVERAGE = """
import sys, types
sys.path.insert(0, "proofs/eva")
import check
reached, other = ("hv/core/string.c", 1), ("hv/core/string.c", 2)
check.all_functions = lambda: ({reached: "core/string.c:reached", other: "core/string.c:other"}, set())
driver = types.SimpleNamespace(reached={reached: 10}, dead={reached: {("hv/core/string.c", 1, "dead")}})
result = check.Result("eva", "coverage")
good = check.check_coverage([driver], result)
print(*(finding["message"] for finding in result.findings), sep="\\n")
sys.exit(0 if good else 1)
"""
LISTED = "  - {function: core/string.c:other, because: a reason}\n"


def coverage(project, floor, listed):
    project.write("proofs/eva/uncovered.yaml", f"floor: {floor}\nfunctions:\n{listed}")
    return project.run("-c", COVERAGE)


def test_what_is_left_out_with_a_reason_and_above_the_floors_passes(project):
    status, output = coverage(project, "{functions: 50, statements: 90}", LISTED)
    assert status == 0, output


def test_a_function_that_is_left_out_without_a_reason_fails(project):
    status, output = coverage(project, "{functions: 50, statements: 90}", LISTED.replace("other", "gone"))
    assert status == 1 and "no driver reaches other()" in output, output


def test_a_stale_entry_fails(project):
    status, output = coverage(project, "{functions: 50, statements: 90}", LISTED + LISTED.replace("other", "reached"))
    assert status == 1 and "core/string.c:reached is reached, proved or gone" in output, output


@pytest.mark.parametrize("floor, message", [
    ("{functions: 51, statements: 90}", "50.0 % of the functions are reached, less than 51 %"),
    ("{functions: 50, statements: 91}", "90.0 % of the statements are reached, less than 91 %")])
def test_a_share_below_its_floor_fails(project, floor, message):
    status, output = coverage(project, floor, LISTED)
    assert status == 1 and message in output, output
