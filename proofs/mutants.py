#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Shows that the proofs notice mistakes: each mutant is one wrong line, and must leave a goal of the function named for it unproved.

    proofs/mutants.py [--store] [--no-smoke] [NAME...]

Then smoke tests: no contract and no branch of a unit may be contradictory (frama-c -wp-smoke-tests). --store writes
proofs/mutants.json, which the report shows: this takes too long to be run with every change (scons proof-mutants).
"""
import argparse
import datetime
import json
import shutil
import subprocess
import sys

import prove

sys.path.insert(0, str(prove.ROOT))
from tools.evidence import provenance  # noqa: E402

AREA = prove.OUT / "mutant"
STORED = prove.ROOT / "proofs" / "mutants.json"
TABLE, STAGE2, DOMAIN = "hv/core/stage2_table.c", "hv/core/stage2.c", "hv/core/domain.c"
# name, file, function whose proof must fail, unit, right, wrong
MUTANTS = [
    ("no-domain-check", TABLE, "stage2_set_leaf", "stage2_table", "!stage2_allowed(vm, hpa, stage2_span(level), rights, type)", "hpa == 1U"),
    ("no-alignment-check", TABLE, "stage2_set_leaf", "stage2_table", "(level > 3U) || (stage2_offset(hpa, level) != 0U)", "level > 3U"),
    ("read-only-becomes-writable", TABLE, "stage2_allowed", "stage2_table", "(((rights / S2_WRITE) % 2U) == 0U) &&", ""),
    ("table-not-zeroed", TABLE, "stage2_take", "stage2_table", "        stage2_zero(vm, table);\n        stage2_level", "        stage2_level"),
    ("freed-table-stays-linked", TABLE, "stage2_free", "stage2_table",
     "    stage2_table[vm][stage2_parent[vm][table]][stage2_slot[vm][table]] = 0U;\n", ""),
    ("parent-not-recorded", TABLE, "stage2_link", "stage2_table", "    stage2_parent[vm][child] = table;\n", ""),
    ("lookup-loses-the-offset", STAGE2, "stage2_lookup", "stage2",
     "stage2_entry_address(entry) + stage2_offset(gpa, end.level);", "stage2_entry_address(entry);"),
    ("range-end-ignored", "hv/core/interval.h", "interval_within", "domain", "(inner_size <= (outer_size - (inner - outer)))", "(inner_size != 0U)"),
    ("hypervisor-shared-writable", DOMAIN, "domain_pair_apart", "domain",
     "((b != DOMAIN_HYPERVISOR) || (domain_type[a][i] == MEMORY_RAM_READ_ONLY))", "true"),
    ("hypervisor-not-compared", DOMAIN, "domain_all_apart", "domain", "apart && (b < DOMAIN_COUNT)", "apart && (b < MAX_VM)"),
    ("pages-not-checked", "hv/core/partition_memory.c", "paged", "partition_memory", "((size % PAGE_SIZE) == 0U) && (size != 0U)", "(size != 0U)"),
    ("any-vm-is-a-target", "hv/core/hypercall.c", "hypercall_target", "hypercall",
     "(param >= VM_FIRST_USER) && (param < MAX_VM)", "param < MAX_VM"),
    ("target-not-checked", "hv/core/hypercall.c", "hypercall_dispatch", "hypercall", "(v == ID_NONE) ? -HC_EINVAL : call_on_vm", "(v == 5U) ? -HC_EINVAL : call_on_vm"),
    ("memory-of-the-service-vm", "hv/core/hypercall_memory.c", "delete_region", "hypercall_memory", "stage2_unmap(v, ", "stage2_unmap(VM_SERVICE, "),
    ("slot-of-a-prelaunched-vm", "hv/core/vm_user.c", "find_slot", "vm_user", "vm_id_t v = VM_FIRST_USER; (v < MAX_VM)", "vm_id_t v = 1U; (v < MAX_VM)"),
    ("too-many-vcpus", "hv/core/vm_user.c", "bind_vcpus", "vm_user", "(p < MAX_PCPU) && (index < MAX_VCPU_PER_VM)", "(p < MAX_PCPU)"),
    ("finish-when-nothing-is-pending", "hv/core/ioreq.c", "ioreq_finish", "ioreq", " && (ioreq_slot[v][slot] == IOREQ_SLOT_PENDING)", ""),
    ("finish-before-it-is-complete", "hv/core/ioreq.c", "ioreq_finish", "ioreq", "== IOREQ_COMPLETE", "!= IOREQ_PENDING"),
    ("finished-slot-stays-pending", "hv/core/ioreq.c", "ioreq_finish", "ioreq", "            ioreq_slot[v][slot] = IOREQ_SLOT_FREE;\n", ""),
    ("beyond-the-request-page", "hv/core/ioreq.c", "slot_address", "ioreq", "((hpa_t)slot * IOREQ_SLOT_SIZE)", "((hpa_t)slot * PAGE_SIZE)"),
]
assert len(MUTANTS) >= 12
OTHERS = "-@requires,-@ensures,-@assigns,-@exits,-@invariant,-@variant,-@assert,-@lemma"


def report_of(area, unit, words, env):
    report = area / "report.json"
    report.unlink(missing_ok=True)
    subprocess.run(prove.FRAMAC + [f"-cpp-extra-args={' '.join(prove.cpp_words(unit))}", "-wp", "-wp-rte", "-wp-par", "2", "-wp-cache", "none",
                                   "-wp-report-json", str(report), *words, prove.UNITS[unit]],
                   cwd=area, env=dict(env, PWD=str(area)), capture_output=True, check=True)
    return json.loads(report.read_text())


def copy_sources():
    shutil.rmtree(AREA, ignore_errors=True)
    AREA.mkdir(parents=True)
    for folder in ("hv", "abi"):
        shutil.copytree(prove.ROOT / folder, AREA / folder)
    (AREA / "proofs").mkdir()
    for source in (prove.ROOT / "proofs").glob("*.[ch]"):
        shutil.copy(source, AREA / "proofs")


def broken_goals(name, path, function, unit, right, wrong, env):
    """The function's goals that are not proved any more; it has goals."""
    copy_sources()
    text = (AREA / path).read_text()
    if text.count(right) != 1:
        sys.exit(f"{name}: the line to change is not in {path} exactly once")
    (AREA / path).write_text(text.replace(right, wrong))
    report = report_of(AREA, unit, ["-wp-prover", prove.PROVERS, "-wp-timeout", "5", "-wp-fct", function], env)
    goals = report["wp:functions"].get(function, {})
    if not goals:
        sys.exit(f"{name}: {function} has no goals in unit {unit}")
    return sorted(goal for goal, answers in goals.items()
                  if goal != "wp:section" and answers.get("wp:main", {}).get("valid", 0) != answers.get("wp:main", {}).get("total", 0))


def smoke(unit, env):
    """(smoke tests run, failed) of a unit; with one prover and one second, as they must not succeed. They have no
    category of their own: they are what is left when all others are taken away."""
    report = report_of(prove.ROOT, unit, ["-wp-smoke-tests", "-wp-prover", "cvc4", "-wp-smoke-timeout", "1", "-wp-timeout", "1", f"-wp-prop={OTHERS}",
                                          *prove.chosen(unit)], env)
    total, valid = prove.totals(report)
    return total, total - valid


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", action="store_true", help="write proofs/mutants.json")
    parser.add_argument("--no-smoke", action="store_true", help="mutants only")
    parser.add_argument("name", nargs="*", metavar="NAME", help=", ".join(m[0] for m in MUTANTS))
    options = parser.parse_args()
    env = prove.why3_config()
    source, results, smokes = provenance.source(), [], {}
    for mutant in [m for m in MUTANTS if not options.name or m[0] in options.name]:
        goals = broken_goals(*mutant, env)
        results.append({"name": mutant[0], "file": mutant[1], "function": mutant[2], "broken": goals})
        print(f"{mutant[0]}: {'noticed by ' + ', '.join(goals) if goals else 'NOT NOTICED'} in {mutant[2]}", flush=True)
    for unit in [] if options.no_smoke or options.name else prove.UNITS:
        run, failed = smoke(unit, env)
        smokes[unit] = {"run": run, "failed": failed}
        print(f"smoke tests of {unit}: {run - failed} of {run} passed", flush=True)
    alive = [result["name"] for result in results if not result["broken"]]
    good = bool(results) and not alive and not any(test["failed"] for test in smokes.values())
    print(f"mutants: {len(results) - len(alive)} of {len(results)} noticed; smoke tests: {sum(t['run'] for t in smokes.values())} run, "
          f"{sum(t['failed'] for t in smokes.values())} failed")
    if options.store:
        STORED.write_text(json.dumps({
            "made": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"), "commit": source["commit"],
            "dirty": source["dirty"], "tools": provenance.versions(["frama-c", "why3", "z3", "cvc4", "cvc5"]), "passed": good,
            "mutants": results, "smoke": smokes}, indent=1) + "\n")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
