# SPDX-License-Identifier: Apache-2.0
"""scons budget fails on an exit that takes longer than promised, one that is not promised, and one that it did not see."""
import shutil

import pytest

from tools.evidence import budget, specification

CPUID = "hv/core/cpuid.c"
HEAD = "void cpuid_emulate(vcpu_id_t id)\n{\n"


class Result:
    """Takes what a gate says."""

    def __init__(self):
        self.findings = []

    def finding(self, _rule, message, *_):
        self.findings.append(message)

    def figure(self, *_, **__):
        """Not looked at here."""

    table = note = figure


def judged(found, promised):
    result = Result()
    return budget.judge(found, promised, result), "\n".join(result.findings)


@pytest.fixture
def promised():
    return specification.read()


@pytest.fixture
def found(promised):
    """Each promised kind, seen once and within its budget."""
    return {name[len(budget.PREFIX):]: (promise.number, 1) for name, promise in promised.items() if name.startswith(budget.PREFIX)}


def test_all_within_their_budgets(found, promised):
    assert judged(found, promised) == (True, "")


def test_one_instruction_too_many(found, promised):
    found["shared.cpuid"] = (promised.number("budget.shared.cpuid") + 1, 1)
    passed, text = judged(found, promised)
    assert not passed and "budget.shared.cpuid takes up to" in text


def test_an_exit_that_is_not_promised(found, promised):
    found["shared.code_7a"] = (1, 1)
    passed, text = judged(found, promised)
    assert not passed and "budget.shared.code_7a is not promised" in text


def test_an_exit_that_was_not_seen(found, promised):
    del found["hypercall.create_vm"]
    passed, text = judged(found, promised)
    assert not passed and "hypercall.create_vm was not measured" in text and "budget.hypercall.create_vm is promised" in text


def test_an_excuse_that_is_no_longer_needed(found, promised):
    found["shared.shutdown"] = (1, 1)
    passed, text = judged(found, promised)
    assert not passed and "shared.shutdown was measured and need no longer be excused" in text


@pytest.mark.skipif(shutil.which("qemu-system-x86_64") is None, reason="no QEMU")
def test_a_handler_that_has_become_slow(project):
    project.replace(CPUID, HEAD, HEAD + "    for (volatile uint32_t i = 0U; i < 5000U; i++) {\n    }\n")
    status, text = project.run("-m", "tools.evidence.budget")
    assert status == 1, text
    assert "budget.shared.cpuid takes up to" in text and "budget.exclusive.cpuid takes up to" in text
    assert "hypercall.create_vm " in text
