# SPDX-License-Identifier: Apache-2.0
"""The gate "exclusive" notices whatever could make an exclusive core wait, and lines of its table that are no longer true."""
EXCLUSIVE = "hv/core/exclusive.c"
TABLE = "tools/evidence/exclusive.yaml"
EXIT = "    exit_exclusive(id, exit);\n"


def exclusive(project):
    return project.run("-m", "tools.evidence.exclusive")


def fails(project, *words):
    status, text = exclusive(project)
    assert status == 1, text
    assert any(all(word in line for word in words) for line in text.splitlines()), text


def test_the_project_passes(project):
    status, text = exclusive(project)
    assert status == 0, text
    assert "functions reached from run_exclusive, 0 findings" in text


def test_a_wait_for_another_core(project):
    project.replace(EXCLUSIVE, EXIT, EXIT + "    while (!exclusive_stopped(0U)) {\n        hw_relax();\n    }\n")
    fails(project, "hw_relax waits in a loop", "core_exclusive_exit > hw_relax")


def test_a_function_with_a_lock_of_its_own(project):
    project.replace(EXCLUSIVE, EXIT, EXIT + "    hw_ioapic_mask(0U, true);\n")
    fails(project, "hw_ioapic_mask waits in a loop", "core_exclusive_exit > hw_ioapic_mask")


def test_an_atomic_operation_that_nobody_explained(project):
    project.replace(EXCLUSIVE, EXIT, EXIT + "    static uint32_t count;\n    (void)__atomic_fetch_add(&count, 1U, __ATOMIC_SEQ_CST);\n")
    fails(project, "core_exclusive_exit has an atomic operation")


def test_a_cut_that_hides_nothing(project):
    project.replace(TABLE, "atomic:\n", "  - {caller: msr_exit, callee: vm_boot_all, reason: none}\natomic:\n")
    fails(project, TABLE, "msr_exit does not call vm_boot_all")


def test_a_line_that_is_no_longer_true(project):
    project.replace(TABLE, "  hw_kick:", "  log_text: nothing\n  hw_kick:")
    fails(project, TABLE, "log_text is not on the way")


def test_a_graph_that_is_cut_off(project):
    project.replace(TABLE, "at_least: 40", "at_least: 4000")
    fails(project, "the graph looks cut off")


def test_a_start_that_does_not_exist(project):
    project.replace(TABLE, "start: run_exclusive", "start: run_nowhere")
    fails(project, "there is no function run_nowhere")
