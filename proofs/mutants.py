#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Shows that the proofs notice mistakes: each mutant is one wrong line, and must leave the goal named for it unproved.

    proofs/mutants.py [--store] [--keep] [UNIT...|NAME...]

All goals of the functions to be changed must be proved without a mistake first, by the same command. Then smoke tests: no contract
and no branch of a unit may be contradictory (proofs/smoke.py). --store writes the answers to proofs/mutants.json, which the report
shows: this takes too long to be run with every change (scons proof-mutants). --keep: only units whose stored answer does not stand
for what is here now. With the name of a mutant only that one is run.
"""
import argparse
import datetime
import json
import shutil
import subprocess
import sys

import answers
import prove
import smoke

sys.path.insert(0, str(prove.ROOT))
from tools.evidence import provenance  # noqa: E402

AREA = prove.OUT / "mutant"
WORDS = ["-wp-prover", prove.PROVERS, "-wp-timeout", "10", "-wp-par", "2", "-wp-cache", "none"]
TOOLS = ["frama-c", "why3", "z3", "cvc4", "cvc5"]
TABLE, STAGE2, DOMAIN, IOMMU = "hv/core/stage2_table.c", "hv/core/stage2.c", "hv/core/domain.c", "hv/core/iommu_table.c"
REMAP, IRTE = "hv/core/iommu_remap.c", "hv/core/iommu_irte.c"
HEADER = "hv/devices/vpci_header.c"
# name, file, function whose proof must fail, unit, right, wrong, goal that must not be proved any more
MUTANTS = [
    ("no-domain-check", TABLE, "stage2_set_leaf", "stage2_table", "!stage2_allowed(vm, hpa, stage2_span(level), rights, type)", "hpa == 1U",
     "stage2_set_leaf_ensures_wf"),
    ("no-alignment-check", TABLE, "stage2_set_leaf", "stage2_table", "(level > 3U) || (stage2_offset(hpa, level) != 0U)", "level > 3U",
     "stage2_make_leaf_requires_4"),
    ("read-only-becomes-writable", TABLE, "stage2_allowed", "stage2_table", "(((rights / S2_WRITE) % 2U) == 0U) &&", "",
     "stage2_allowed_ensures"),
    ("table-not-zeroed", TABLE, "stage2_take", "stage2_table", "        stage2_zero(vm, table);\n        stage2_level", "        stage2_level",
     "stage2_take_ensures_zero"),
    ("freed-table-stays-linked", TABLE, "stage2_free", "stage2_table",
     "    stage2_table[vm][stage2_parent[vm][table]][stage2_slot[vm][table]] = 0U;\n", "",
     "stage2_free_ensures_wf"),
    ("parent-not-recorded", TABLE, "stage2_link", "stage2_table", "    stage2_parent[vm][child] = table;\n", "",
     "stage2_link_ensures_wf"),
    ("ept-device-becomes-memory", "hv/core/stage2_format.h", "stage2_ept_flags", "format", "        flags += S2_EPT_WC;\n    } else {",
     "        flags += S2_EPT_WC;\n    } else {\n        flags += S2_EPT_WB;", "stage2_ept_flags_ensures"),
    ("ept-code-always", "hv/core/stage2_format.h", "stage2_ept_flags", "format", "((rights / S2_EXEC) % 2U) == 1U", "rights != 0U",
     "stage2_ept_flags_ensures"),
    ("ept-type-read-as-npt", "hv/core/stage2_format.h", "stage2_entry_type", "format", "((entry / S2_EPT_TYPE) % 8U) * S2_EPT_TYPE",
     "((entry / S2_EPT_TYPE) % 4U) * S2_EPT_TYPE", "stage2_entry_type_ensures"),
    ("lookup-loses-the-offset", STAGE2, "stage2_lookup", "stage2",
     "stage2_entry_address(entry) + stage2_offset(gpa, end.level);", "stage2_entry_address(entry);",
     "stage2_lookup_ensures_mapped"),
    ("map-writes-the-next-entry", STAGE2, "stage2_map_leaf", "walks", "stage2_put_leaf(vm, end.table, end.slot, hpa, attr)",
     "stage2_put_leaf(vm, end.table, (end.slot + 1U) % S2_SLOTS, hpa, attr)",
     "stage2_map_leaf_assert_walk_kept"),
    ("map-repeats-the-first-page", STAGE2, "stage2_map_commit", "walks",
     "stage2_map_leaf(vm, gpa + done, hpa + done, level, attr)", "stage2_map_leaf(vm, gpa + done, hpa, level, attr)",
     "stage2_map_commit_loop_invariant_walk_mapped"),
    ("busy-pages-are-mapped-over", STAGE2, "stage2_map_check", "walks",
     "(end.level < level) || stage2_entry_present(stage2_table[vm][end.table][end.slot])", "end.level < level",
     "stage2_map_check_assert_walk_open"),
    ("range-end-ignored", "hv/core/interval.h", "interval_within", "domain", "(inner_size <= (outer_size - (inner - outer)))", "(inner_size != 0U)",
     "interval_within_ensures"),
    ("hypervisor-shared-writable", DOMAIN, "domain_pair_apart", "domain",
     "((b != DOMAIN_HYPERVISOR) || (domain_type[a][i] == MEMORY_RAM_READ_ONLY))", "true",
     "domain_pair_apart_ensures"),
    ("hypervisor-not-compared", DOMAIN, "domain_all_apart", "domain", "apart && (b < DOMAIN_COUNT)", "apart && (b < MAX_VM)",
     "domain_all_apart_ensures"),
    ("pages-not-checked", "hv/core/partition_memory.c", "paged", "partition_memory", "((size % PAGE_SIZE) == 0U) && (size != 0U)", "(size != 0U)",
     "paged_ensures"),
    ("function-of-a-neighbour", IOMMU, "iommu_table_set", "iommu_table", "words() * ((uint32_t)bdf % FUNCTIONS_OF_BUS);\n    const bool valid",
     "words() * ((bdf + 1U) % FUNCTIONS_OF_BUS);\n    const bool valid", "iommu_table_set_assert_entry"),
    ("interrupts-of-a-function-in-the-word-of-its-tables", IOMMU, "iommu_table_irqs", "iommu_table", "[at + AMDVI_IRQS] = word", "[at] = word",
     "iommu_table_irqs_assert_same"),
    ("function-given-to-nobody-stays", IOMMU, "iommu_table_set", "iommu_table", "        iommu_entry[bus][at] = nothing();\n", "", "iommu_table_set_assert_entry"),
    ("root-of-another-vm", IOMMU, "low_word", "iommu_table", "stage2_root(vm) +", "stage2_root(VM_SERVICE) +", "low_word_ensures"),
    ("domain-id-of-another-vm", IOMMU, "high_word", "iommu_table", "(uint64_t)vm + 1U", "(uint64_t)vm + 2U", "high_word_ensures"),
    ("amd-entry-of-nobody-lets-all-pass", IOMMU, "nothing", "iommu_table", "? AMDVI_NOTHING : 0U", "? 0U : 0U", "nothing_ensures"),
    ("amd-unit-and-tables-without-its-bits", IOMMU, "reads_stage2", "iommu_table", "== (stage2_format == S2_FORMAT_NPT_AMDVI)",
     "== (stage2_format != S2_FORMAT_EPT)", "reads_stage2_ensures"),
    ("amd-next-level-one-too-high", "hv/core/stage2_format.h", "stage2_make_table", "format", "S2_AMDVI_NEXT * ((uint64_t)level - 1U)",
     "S2_AMDVI_NEXT * (uint64_t)level", "stage2_make_table_ensures"),
    ("amd-device-may-write-read-only", "hv/core/stage2_format.h", "stage2_amdvi_rights", "format", "        if (write) {\n            rights += S2_AMDVI_WRITE;\n        }\n",
     "        rights += S2_AMDVI_WRITE;\n", "stage2_amdvi_rights_ensures"),
    ("buses-share-a-table", IOMMU, "iommu_table_init", "iommu_table", "(uint64_t)bus * IOMMU_BUS_WORDS * 8U", "(uint64_t)bus * IOMMU_BUS_WORDS * 4U",
     "iommu_table_init_loop_invariant"),
    ("bus-beyond-the-tables", IOMMU, "iommu_table_set", "iommu_table", "(bus < IOMMU_BUSES) && ((vm == IOMMU_NOBODY)", "((vm == IOMMU_NOBODY)",
     "iommu_table_set_assert_rte_index_bound"),
    ("interrupt-on-a-neighbours-core", REMAP, "iommu_remap_may", "iommu_remap", " && in_one_vm(index / IOMMU_REMAP_BLOCK, bdf, pcpu)", "", "iommu_remap_may_ensures_may"),
    ("interrupt-of-a-neighbours-function", REMAP, "in_one_vm", "iommu_remap", " && vm_has_function(v, bdf)", "", "in_one_vm_loop_invariant_found"),
    ("interrupt-by-a-neighbours-entry", REMAP, "in_one_vm", "iommu_remap", " && (block < end)", "", "in_one_vm_loop_invariant_found"),
    ("blocks-of-the-vm-before", REMAP, "iommu_remap_first", "iommu_remap", "            at += blocks_of(v);\n", "", "iommu_remap_first_loop_invariant_start"),
    ("more-functions-than-blocks", REMAP, "iommu_remap_first", "iommu_remap", " && ((at + each) <= BLOCK_END)", "", "iommu_remap_first_loop_invariant_own"),
    ("vector-of-the-hypervisor", REMAP, "iommu_remap_may", "iommu_remap", " && (vector <= VECTOR_IRQ_LAST)", "", "iommu_remap_may_ensures_may"),
    ("requester-not-asked-for", REMAP, "iommu_remap_set", "iommu_remap", "high = VERIFY + ", "high = ", "iommu_remap_set_assert_names"),
    ("route-not-checked", REMAP, "iommu_remap_set", "iommu_remap", " && iommu_remap_may(index, bdf, pcpu, vector)", " && (pcpu < MAX_PCPU)", "iommu_remap_set_assert_route"),
    ("amd-route-not-checked", IRTE, "iommu_irte_set", "iommu_irte", "if (iommu_remap_may(index, bdf, pcpu, vector)) {", "if ((pcpu < MAX_PCPU) && (vector < 256U)) {",
     "iommu_irte_set_assert_names"),
    ("amd-nmi-in-place-of-an-interrupt", IRTE, "target_low", "iommu_irte", "return IRTE_ON + ", "return IRTE_ON + 12U + ", "target_low_ensures"),
    ("amd-core-of-another-id", IRTE, "target_high", "iommu_irte", "platform.apic_id[pcpu] / IRTE_IDS", "platform.apic_id[pcpu] / IRTE_TARGET", "target_high_ensures"),
    ("amd-view-of-a-neighbours-entries", IRTE, "iommu_irte_view", "iommu_irte", "(two ? VIEW_TWO : VIEW_ONE)", "VIEW_TWO", "iommu_irte_view_assert_own"),
    ("amd-view-begins-elsewhere", IRTE, "iommu_irte_view", "iommu_irte", "(IRTE_SIZE * (uint64_t)first)", "(uint64_t)first", "iommu_irte_view_assert_own"),
    ("amd-messages-pass-as-they-are", IRTE, "iommu_irte_view", "iommu_irte", "uint64_t view = VIEW_VALID;", "uint64_t view = 0U;", "iommu_irte_view_ensures_view"),
    ("amd-view-of-another-function", IRTE, "iommu_irq_view", "iommu_irte", "iommu_irte_view(vm, bdf));", "iommu_irte_view(vm, (uint16_t)(bdf / 2U)));", "iommu_irq_view_ensures_view"),
    ("amd-last-functions-messages-pass", IRTE, "iommu_irte_init", "iommu_irte", "bdf < (IOMMU_BUSES * 256U)", "bdf < ((IOMMU_BUSES * 256U) - 1U)", "iommu_irte_init_ensures_views"),
    ("any-vm-is-a-target", "hv/core/hypercall.c", "hypercall_target", "hypercall",
     "(param >= VM_FIRST_USER) && (param < MAX_VM)", "param < MAX_VM",
     "hypercall_target_ensures"),
    ("target-not-checked", "hv/core/hypercall.c", "hypercall_dispatch", "hypercall", "(v == ID_NONE) ? -HC_EINVAL : call_on_vm", "(v == 5U) ? -HC_EINVAL : call_on_vm",
     "call_on_vm_requires"),
    ("memory-of-the-service-vm", "hv/core/hypercall_memory.c", "delete_region", "hypercall_memory", "stage2_unmap(v, ", "stage2_unmap(VM_SERVICE, ",
     "delete_region_assigns"),
    ("slot-of-a-prelaunched-vm", "hv/core/vm_user.c", "find_slot", "vm_user", "vm_id_t v = VM_FIRST_USER; (v < MAX_VM)", "vm_id_t v = 1U; (v < MAX_VM)",
     "find_slot_loop_invariant"),
    ("too-many-vcpus", "hv/core/vm_user.c", "bind_vcpus", "vm_user", "(p < MAX_PCPU) && (index < MAX_VCPU_PER_VM)", "(p < MAX_PCPU)",
     "vcpu_id_requires"),
    ("finish-when-nothing-is-pending", "hv/core/ioreq.c", "ioreq_finish", "ioreq", " && (ioreq_slot[v][slot] == IOREQ_SLOT_PENDING)", "",
     "ioreq_finish_refused_ensures"),
    ("finish-before-it-is-complete", "hv/core/ioreq.c", "ioreq_finish", "ioreq", "== IOREQ_COMPLETE", "!= IOREQ_PENDING",
     "ioreq_finish_looked_at_ensures_by_the_word"),
    ("finished-slot-stays-pending", "hv/core/ioreq.c", "ioreq_finish", "ioreq", "            ioreq_slot[v][slot] = IOREQ_SLOT_FREE;\n", "",
     "complete_requires_free"),
    ("beyond-the-request-page", "hv/core/ioreq.c", "slot_address", "ioreq", "((hpa_t)slot * IOREQ_SLOT_SIZE)", "((hpa_t)slot * PAGE_SIZE)",
     "slot_address_ensures"),
    ("copy-across-the-page", "hv/core/guest_copy.c", "page_rest", "guest_copy", "(rest < size) ? rest : size", "size",
     "page_rest_ensures"),
    ("device-is-guest-memory", "hv/core/guest_copy.c", "guest_page", "guest_copy", "(leaf.attr < S2_UC)", "(leaf.attr != S2_UC)",
     "guest_page_ensures_page"),
    ("pages-checked-on-the-way", "hv/core/guest_copy.c", "guest_read", "guest_copy", "guest_check(v, gpa, size, S2_READ)", "guest_check(v, gpa, 1U, S2_READ)",
     "guest_read_loop_invariant_mapped"),
    ("write-needs-no-right", "hv/core/guest_copy.c", "guest_write", "guest_copy",
     "guest_check(v, gpa, size, S2_READ | S2_WRITE)", "guest_check(v, gpa, size, S2_READ)",
     "guest_write_loop_invariant_mapped"),
    ("bars-move", HEADER, "bar_write", "config_space", "PCI_BAR0 + (4U * index), 4U, bar->value)", "PCI_BAR0 + (4U * index), 4U, value)",
     "hw_pci_write_requires_allowed"),
    ("reserved-bits-of-the-command-register", HEADER, "header_command_write", "config_space", "(command & COMMAND_WRITABLE)", "command",
     "hw_pci_write_requires_allowed"),
    ("function-of-another-vm", "hv/devices/vpci_given.c", "given_find", "config_space", "(vpci_function[i].owner == vm) && ", "",
     "given_find_loop_invariant_2"),
    ("closed-capability-is-open", "hv/devices/vpci.c", "vpci_function_write", "config_space", "(closed_find(fn, offset) != ID_NONE) {\n        vpci_refuse", "(offset == 1U) {\n        vpci_refuse",
     "hw_pci_write_requires_allowed"),
    ("message-of-the-guest", "hv/devices/vpci_msi.c", "hardware_message", "config_space", "MSI_ADDRESS, 4U, (uint32_t)message->address)", "MSI_ADDRESS, 4U, (uint32_t)fn->msi.address)",
     "hw_pci_write_requires_allowed"),
    ("write-opens-the-read", "hv/x86/svm/bitmap.c", "svm_msr_open", "bitmap", "bit + 1U", "bit",
     "svm_msr_open_ensures_write"),
    ("msr-ranges-overlap", "hv/x86/svm/bitmap.c", "msr_index", "bitmap", "(2U * MSR_RANGE) + ", "MSR_RANGE + ",
     "msr_index_ensures"),
    ("half-of-the-map-stays-open", "hv/x86/svm/bitmap.c", "svm_bitmaps_close", "bitmap", "i < ACCESS_MSR_BYTES; i++", "i < 4096U; i++",
     "svm_bitmaps_close_ensures_msrs"),
    ("neighbour-port-opens", "hv/x86/access_maps.h", "access_without_bit", "bitmap", "0xF7U", "0xE7U",
     "access_without_bit_ensures_bit_3"),
    ("vmx-msr-ranges-overlap", "hv/x86/vmx/bitmap.c", "vmx_msr_open", "bitmap_vmx", "high ? MSR_BYTES : 0U", "0U",
     "vmx_msr_open_ensures_read"),
    ("vmx-write-opens-the-read", "hv/x86/vmx/bitmap.c", "vmx_msr_open", "bitmap_vmx", "#define WRITE_HALF (2U * MSR_BYTES)", "#define WRITE_HALF 0U",
     "vmx_msr_open_ensures_write"),
    ("vmx-writes-stay-open", "hv/x86/vmx/bitmap.c", "vmx_bitmaps_close", "bitmap_vmx", "i < (2U * MSRMAP_SIZE); i++", "i < 2048U; i++",
     "vmx_bitmaps_close_ensures_msrs"),
    ("exclusive-by-the-shared-column", "hv/core/msr.c", "msr_open_bitmap", "msr_policy",
     "vms[v].exclusive ? msr_rules[i].x_write : msr_rules[i].write", "msr_rules[i].write",
     "msr_open_bitmap_loop_invariant"),
    ("last-msr-of-a-range-forgotten", "hv/core/msr.c", "msr_open_bitmap", "msr_policy", "(msr <= msr_rules[i].last); msr++", "(msr < msr_rules[i].last); msr++",
     "msr_open_bitmap_loop_invariant"),
    ("full-ring-is-overwritten", "hv/core/log.c", "log_put", "log",
     "ring_distance(log_tail[core], log_at[core]) < LOG_RING;", "ring_distance(log_tail[core], log_at[core]) <= LOG_RING;",
     "log_put_ensures_ok"),
    ("loss-is-not-counted", "hv/core/log.c", "log_put", "log", "        log_lost[core]++;\n", "",
     "log_put_ensures_lost"),
    ("position-wraps-too-early", "hv/core/ring.h", "ring_next", "log", "(at + 1ULL) % RING_WRAP", "(at + 1ULL) % 0xFFFFFFFFU",
     "ring_next_ensures"),
]


def words_of(unit):
    return [*WORDS, *prove.properties(unit)]


def copy_sources():
    shutil.rmtree(AREA, ignore_errors=True)
    AREA.mkdir(parents=True)
    for folder in ("hv", "abi"):
        shutil.copytree(prove.ROOT / folder, AREA / folder)
    (AREA / "proofs").mkdir()
    for source in (prove.ROOT / "proofs").glob("*.[ch]"):
        shutil.copy(source, AREA / "proofs")


def goals_of(unit, functions, env):
    """{function: {goal: whether it is proved}} in the copy."""
    report = AREA / "report.json"
    report.unlink(missing_ok=True)
    subprocess.run(prove.wp_words(unit) + [*words_of(unit), "-wp-report-json", str(report), "-wp-fct", ",".join(functions),
                                            prove.UNITS[unit]],
                   cwd=AREA, env=dict(env, PWD=str(AREA)), capture_output=True, check=True)
    found = json.loads(report.read_text())["wp:functions"]
    counts = {function: {goal: by["wp:main"] for goal, by in found.get(function, {}).items() if goal != "wp:section"} for function in functions}
    return {function: {goal: count.get("valid", 0) == count["total"] for goal, count in goals.items()} for function, goals in counts.items()}


def baseline(unit, seeds, env):
    """What is not proved without a mistake of what the mistakes must break."""
    functions = sorted({seed[2] for seed in seeds})
    copy_sources()
    proved = goals_of(unit, functions, env) if functions else {}
    absent = {seed[6] for seed in seeds if seed[6] not in proved[seed[2]]}
    return sorted(absent | {goal for goals in proved.values() for goal, valid in goals.items() if not valid})


def broken_goals(seed, env):
    """The function's goals that are not proved with the mistake."""
    name, path, function, unit, right, wrong, _ = seed
    copy_sources()
    text = (AREA / path).read_text()
    if text.count(right) != 1:
        raise RuntimeError(f"{name}: the line to change is not in {path} exactly once")
    (AREA / path).write_text(text.replace(right, wrong))
    return sorted(goal for goal, valid in goals_of(unit, [function], env)[function].items() if not valid)


def tell(seed, goals):
    print(f"{seed[0]}: {'noticed by ' + ', '.join(goals) if seed[6] in goals else f'NOT NOTICED by {seed[6]}'} in {seed[2]}", flush=True)


def answer_of(unit, env):
    """The answer of one unit, from nothing."""
    seeds, source = seeds_of(unit), provenance.source()
    unproved, mutants = baseline(unit, seeds, env), []
    print(f"{unit}: " + (f"NOT PROVED without a mistake: {', '.join(unproved)}" if unproved else f"proved without a mistake, {len(seeds)} to seed"), flush=True)
    for seed in seeds:
        mutants.append([seed[0], broken_goals(seed, env)])
        tell(seed, mutants[-1][1])
    copy_sources()
    standing = answers.inputs(unit, seeds, words_of(unit), AREA)
    tests = smoke.test(AREA, unit, env)
    print(f"smoke tests of {unit}: {tests['run'] - len(tests['contradictions'])} of {tests['run']} passed", flush=True)
    return {"made": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"), "commit": source["commit"],
            "tools": provenance.versions(TOOLS), "inputs": standing, "unproved": unproved, "mutants": mutants, "smoke": tests}


def seeds_of(unit):
    return [seed for seed in MUTANTS if seed[3] == unit]


def stands(unit, kept, root=prove.ROOT):
    """Whether the stored answer of the unit was made from what is here now."""
    try:
        return kept.get("inputs") == answers.inputs(unit, seeds_of(unit), words_of(unit), root)
    except (OSError, subprocess.CalledProcessError):   # the unit is not there any more, or no frama-c to read it
        return False


def outdated(kept):
    """Units whose answer was made from something else, or with other tools."""
    versions = provenance.versions(TOOLS)
    return {unit for unit, answer in kept.items() if answer["tools"] != versions or not stands(unit, answer)}


def run_names(names, env):
    """Only these mutants; 0 when all are noticed."""
    noticed = True
    for seed in [seed for seed in MUTANTS if seed[0] in names]:
        goals = broken_goals(seed, env)
        tell(seed, goals)
        noticed = noticed and seed[6] in goals
    return 0 if noticed else 1


def run_units(units, store, kept, env):
    """Runs these units; kept: the answers of the others."""
    for unit in units:
        kept[unit] = answer_of(unit, env)
        if store:
            answers.store(kept)
    faults = [*answers.faults(kept, MUTANTS), *(("outdated", f"the answer of unit {unit} is not of it as it is here", prove.UNITS[unit], 0)
                                                for unit in sorted(outdated(kept)))]
    for _, message, file, line in faults:
        print(f"{file}:{line or 1}: {message}")
    print(f"mutants: {sum(len(answer['mutants']) for answer in kept.values())} of {len(MUTANTS)} run; smoke tests: "
          f"{sum(answer['smoke']['run'] for answer in kept.values())} run; {len(faults)} faults")
    return 1 if faults else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", action="store_true", help="write proofs/mutants.json")
    parser.add_argument("--keep", action="store_true", help="leave out units whose stored answer stands")
    parser.add_argument("name", nargs="*", metavar="NAME", help=", ".join([*prove.UNITS, *(seed[0] for seed in MUTANTS)]))
    options = parser.parse_args()
    names, seeds = set(options.name), {seed[0] for seed in MUTANTS}
    if names - seeds - set(prove.UNITS) or (names & seeds and names - seeds):
        parser.error("give names of units, or of mutants")
    env = prove.why3_config()
    try:
        if names & seeds:
            return run_names(names, env)
        kept = {unit: answer for unit, answer in answers.load().items() if unit in prove.UNITS} if options.keep or names else {}
        units = [unit for unit in prove.UNITS if unit in (names or outdated(kept) | prove.UNITS.keys() - kept.keys())]
        return run_units(units, options.store, kept, env)
    except RuntimeError as error:
        print(error)
        return 1


if __name__ == "__main__":
    sys.exit(main())
