#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Shows that the proofs notice mistakes: each mutant is one wrong line, and must leave a goal unproved.

    proofs/mutants.py [NAME...]
"""
import json
import shutil
import subprocess
import sys

import prove

AREA = prove.OUT / "mutant"
# name, file, function whose proof must fail, unit's source, right, wrong
MUTANTS = [
    ("no-domain-check", "hv/core/stage2_table.c", "stage2_set_leaf", "hv/core/stage2_table.c",
     "!stage2_allowed(vm, hpa, stage2_span(level), rights, type)", "hpa == 1U"),
    ("no-alignment-check", "hv/core/stage2_table.c", "stage2_set_leaf", "hv/core/stage2_table.c",
     "(level > 3U) || (stage2_offset(hpa, level) != 0U)", "level > 3U"),
    ("read-only-becomes-writable", "hv/core/stage2_table.c", "stage2_allowed", "hv/core/stage2_table.c",
     "(((rights / S2_WRITE) % 2U) == 0U) &&", ""),
    ("table-not-zeroed", "hv/core/stage2_table.c", "stage2_take", "hv/core/stage2_table.c",
     "        stage2_zero(vm, table);\n        stage2_level", "        stage2_level"),
    ("freed-table-stays-linked", "hv/core/stage2_table.c", "stage2_free", "hv/core/stage2_table.c",
     "    stage2_table[vm][stage2_parent[vm][table]][stage2_slot[vm][table]] = 0U;\n", ""),
    ("parent-not-recorded", "hv/core/stage2_table.c", "stage2_link", "hv/core/stage2_table.c",
     "    stage2_parent[vm][child] = table;\n", ""),
    ("lookup-loses-the-offset", "hv/core/stage2.c", "stage2_lookup", "hv/core/stage2.c",
     "stage2_entry_address(entry) + stage2_offset(gpa, end.level);", "stage2_entry_address(entry);"),
    ("range-end-ignored", "hv/core/interval.h", "interval_within", "hv/core/domain.c",
     "(inner_size <= (outer_size - (inner - outer)))", "(inner_size != 0U)"),
    ("hypervisor-shared-writable", "hv/core/domain.c", "domain_pair_apart", "hv/core/domain.c",
     "((b != DOMAIN_HYPERVISOR) || (domain_type[a][i] == MEMORY_RAM_READ_ONLY))", "true"),
    ("hypervisor-not-compared", "hv/core/domain.c", "domain_all_apart", "hv/core/domain.c",
     "apart && (b < DOMAIN_COUNT)", "apart && (b < MAX_VM)"),
    ("pages-not-checked", "hv/core/partition_memory.c", "paged", "hv/core/partition_memory.c",
     "((size % PAGE_SIZE) == 0U) && (size != 0U)", "(size != 0U)"),
]


def survives(name, path, function, unit, right, wrong, env):
    shutil.rmtree(AREA, ignore_errors=True)
    AREA.mkdir(parents=True)
    for folder in ("hv", "abi"):
        shutil.copytree(prove.ROOT / folder, AREA / folder)
    text = (AREA / path).read_text()
    if text.count(right) != 1:
        sys.exit(f"{name}: the line to change is not in {path} exactly once")
    (AREA / path).write_text(text.replace(right, wrong))
    report = AREA / "report.json"
    subprocess.run(prove.FRAMAC + ["-wp", "-wp-rte", "-wp-prover", "cvc4,z3,cvc5", "-wp-par", "2", "-wp-timeout", "5",
                                   "-wp-cache", "none", "-wp-fct", function, "-wp-report-json", str(report), unit],
                   cwd=AREA, env=dict(env, PWD=str(AREA)), capture_output=True, check=True)
    goals = json.loads(report.read_text())["wp:global"]["wp:main"]
    return goals["valid"] == goals["total"]


def main():
    env = prove.why3_config()
    wanted = [m for m in MUTANTS if not sys.argv[1:] or m[0] in sys.argv[1:]]
    alive = 0
    for mutant in wanted:
        lives = survives(*mutant, env)
        alive += lives
        print(f"{mutant[0]}: {'NOT NOTICED' if lives else 'noticed'} in {mutant[2]}", flush=True)
    print(f"mutants: {len(wanted) - alive} of {len(wanted)} noticed")
    return 1 if alive or not wanted else 0


if __name__ == "__main__":
    sys.exit(main())
