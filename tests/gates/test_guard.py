# SPDX-License-Identifier: Apache-2.0
"""The gate "guard" notices what would let a shared core delay an exclusive one, and what its table does not say."""
GATE = ("-m", "tools.evidence.guard")
EXCLUSIVE = "hv/core/exclusive.c"
LIFE = "hv/core/exclusive_life.c"
EXIT = "    exit_exclusive(id, exit);\n"
STOP = "void exclusive_stop(vm_id_t v)\n{\n"
WAIT = "    while (hw_pcpu_in_guest(vcpus[vcpu_id(v, 0U)].pcpu)) {\n        hw_relax();\n    }\n"
LEAVES = "    may = !departure[id].leave;\n"
PUBLISH = "void stats_publish(void)\n{\n"
TABLE = "tools/evidence/guard.yaml"


def test_the_project_passes(gate):
    gate.passes("0 findings")


def test_an_exclusive_core_that_takes_the_shared_lock(gate, project):
    project.replace(EXCLUSIVE, EXIT, EXIT + "    extern void lock_shared(void);\n    lock_shared();\n")
    gate.fails("exclusive: takes the lock shared, which a shared core can hold", "core_exclusive_exit > lock_shared")


def test_an_exclusive_core_that_takes_the_lock_of_the_ioapic(gate, project):
    project.replace(EXCLUSIVE, EXIT, EXIT + "    hw_ioapic_mask(0U, true);\n")
    gate.fails("exclusive: takes the lock ioapic", "core_exclusive_exit > hw_ioapic_mask")


def test_a_wait_for_an_exclusive_core_that_was_kicked(gate, project):
    project.replace(LIFE, STOP, STOP + WAIT)
    gate.fails("exclusive_stop waits, and tools/evidence/guard.yaml does not say why it may")


def test_a_wait_for_an_exclusive_core_that_was_not_told_to_stop(gate, project):
    project.replace(TABLE, "bound: 100 ms, after: exclusive_stop", "bound: none, after: exclusive_stop")
    gate.fails("vm_service_end waits for an exclusive core that it has not told what it waits for, or without a limit of time")


def test_a_wait_that_an_exclusive_core_would_meet(gate, project):
    project.replace(LIFE, LEAVES, WAIT + LEAVES)
    project.replace(TABLE, "waits:\n  idle_wait:", "waits:\n  exclusive_may_run: {for: shared core, bound: none, why: none}\n  idle_wait:")
    gate.fails("exclusive: waits for a shared core: run_exclusive > ", " > exclusive_may_run")


def test_a_wait_without_pause(gate, project):
    project.replace(LIFE, STOP, STOP + "    while (hw_pcpu_in_guest(vcpus[vcpu_id(v, 0U)].pcpu)) {\n    }\n")
    project.replace("tools/evidence/loops.yaml", "  hv/core/guest_copy.c:\n",
                    "  hv/core/exclusive_life.c:\n    - {loop: 'while (hw_pcpu_in_guest(vcpus[vcpu_id(v, 0U)].pcpu))', kind: wait, bound: none, why: none}\n  hv/core/guest_copy.c:\n")
    gate.fails(LIFE, "exclusive_stop waits, and tools/evidence/guard.yaml has no line for it")


def test_an_exclusive_core_that_is_kicked_from_elsewhere(gate, project):
    project.replace("hv/core/stats.c", PUBLISH, PUBLISH + "    extern void exclusive_stop(vm_id_t v);\n    exclusive_stop(1U);\n")
    gate.fails("exclusive_stop makes an exclusive core leave its guest", "stats_publish calls it and may not")


def test_an_exclusive_core_that_changes_tables(gate, project):
    project.replace(EXCLUSIVE, EXIT, EXIT + "    stage2_reset(vcpu_vm(id));\n")
    gate.fails("exclusive: changes stage-2 tables", "core_exclusive_exit > stage2_reset")


def test_a_running_core_that_changes_the_tables_of_a_pre_launched_vm(gate, project):
    project.replace("hv/core/stats.c", PUBLISH, PUBLISH + "    extern enum status vm_memory_build(vm_id_t v);\n    (void)vm_memory_build(1U);\n")
    gate.fails("a running core changes the tables of pre-launched VMs", "> vm_memory_build")


def test_tables_that_are_written_past_their_writers(gate, project):
    project.replace("hv/core/stats.c", PUBLISH, PUBLISH + "    stage2_table[1][0][0] = 0U;\n")
    gate.fails("stats_publish reaches the stage-2 tables past their writers")


def test_a_line_that_is_no_longer_true(gate, project):
    project.replace(TABLE, "waits:\n", "waits:\n  log_text: {for: time, bound: none, why: none}\n")
    gate.fails("log_text: no longer waits: remove the line")


def test_a_page_that_is_not_what_the_code_makes_of_it(gate, project):
    project.replace("docs/temporal-guard.md", "# The temporal guard", "# The guard")
    gate.fails("docs/temporal-guard.md", "is not what code and table make of it")
