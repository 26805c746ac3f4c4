# SPDX-License-Identifier: Apache-2.0
"""scons loops fails on a loop that nothing bounds, and on a reason that no loop needs."""
GATE = ("-m", "tools.evidence.loops")
LOG = "hv/core/log.c"
HEX = "void log_hex(uint64_t value)\n{\n"
TABLE = "tools/evidence/loops.yaml"


def test_the_project_passes(gate):
    gate.passes(" counted")


def test_a_loop_that_waits_for_a_guest(gate, project):
    project.replace(LOG, HEX, HEX + "    while (hw_phys_read(value, 4U) == 0U) {\n    }\n")
    gate.fails(LOG, "log_hex: nothing says why this ends: while (hw_phys_read(value, 4U) == 0U)")


def test_a_loop_of_a_function_with_a_comment_behind_its_head(gate, project):
    project.replace(LOG, HEX, HEX.replace("\n{", " /* of 64 bits */\n{") + "    while (hw_phys_read(value, 4U) == 0U) {\n    }\n")
    gate.fails("log_hex: nothing says why this ends: while (hw_phys_read(value, 4U) == 0U)")


def test_a_loop_as_long_as_a_guest_says(gate, project):
    project.replace(LOG, HEX, HEX + "    for (uint64_t i = 0U; i < value; i++) {\n        log_dec(i);\n    }\n")
    gate.fails("log_hex: nothing says why this ends: for (uint64_t i = 0U; i < value; i++)")


def test_a_loop_whose_body_turns_the_counter_back(gate, project):
    project.replace(LOG, HEX, HEX + "    for (uint64_t i = 0U; i < 4U; i++) {\n        i -= value;\n    }\n")
    gate.fails("log_hex: nothing says why this ends: for (uint64_t i = 0U; i < 4U; i++)")


def test_a_loop_of_the_boot_that_a_guest_can_reach(gate, project):
    project.replace(LOG, HEX, HEX + "    (void)partition_text_ends(\"image\", 6U);\n")
    gate.fails("hv/core/partition.c", "partition_text_ends: nothing says why this ends")


def test_a_reason_that_no_loop_needs(gate, project):
    project.replace(TABLE, "  hv/core/cpuid.c:\n", "  hv/core/vcpu.c:\n    - {loop: while (true), kind: bounded, bound: 1, why: none}\n  hv/core/cpuid.c:\n")
    gate.fails("hv/core/vcpu.c has no such loop that needs a reason: while (true)")


def test_a_quantity_that_no_loop_counts_to(gate, project):
    project.replace(TABLE, "quantities:\n", "quantities:\n  - {limit: 'nothing', bound: 1, why: none}\n")
    gate.fails("no loop counts to nothing")
