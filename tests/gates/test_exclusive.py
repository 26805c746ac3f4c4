# SPDX-License-Identifier: Apache-2.0
"""The gate "exclusive" notices whatever could make an exclusive core wait, and lines of its table that are no longer true."""
GATE = ("-m", "tools.evidence.exclusive")
EXCLUSIVE = "hv/core/exclusive.c"
TABLE = "tools/evidence/exclusive.yaml"
EXIT = "    exit_exclusive(id, exit);\n"


def test_the_project_passes(gate):
    gate.passes("functions reached from run_exclusive, 0 findings")


def test_a_wait_for_another_core(gate, project):
    project.replace(EXCLUSIVE, EXIT, EXIT + "    while (!exclusive_stopped(0U)) {\n        hw_relax();\n    }\n")
    gate.fails("hw_relax waits in a loop", "core_exclusive_exit > hw_relax")


def test_a_function_with_a_lock_of_its_own(gate, project):
    project.replace(EXCLUSIVE, EXIT, EXIT + "    hw_ioapic_mask(0U, true);\n")
    gate.fails("hw_ioapic_mask waits in a loop", "core_exclusive_exit > hw_ioapic_mask")


def test_an_atomic_operation_that_nobody_explained(gate, project):
    project.replace(EXCLUSIVE, EXIT, EXIT + "    static uint32_t count;\n    (void)__atomic_fetch_add(&count, 1U, __ATOMIC_SEQ_CST);\n")
    gate.fails("core_exclusive_exit has an atomic operation")


def test_a_cut_that_hides_nothing(gate, project):
    project.replace(TABLE, "atomic:\n", "  - {caller: msr_exit, callee: vm_boot_all, reason: none}\natomic:\n")
    gate.fails(TABLE, "msr_exit does not call vm_boot_all")


def test_a_line_that_is_no_longer_true(gate, project):
    project.replace(TABLE, "  hw_kick:", "  log_text: nothing\n  hw_kick:")
    gate.fails(TABLE, "log_text is not on the way")


def test_a_graph_that_is_cut_off(gate, project):
    project.replace(TABLE, "at_least: 40", "at_least: 4000")
    gate.fails("the graph looks cut off")


def test_a_start_that_does_not_exist(gate, project):
    project.replace(TABLE, "start: run_exclusive", "start: run_nowhere")
    gate.fails("there is no function run_nowhere")
