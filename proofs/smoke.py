# SPDX-License-Identifier: Apache-2.0
"""Smoke tests of a unit: no contract, no branch and no loop may be contradictory (frama-c -wp-smoke-tests).

A smoke test passes when a prover cannot prove false in that place: it is a search, not a proof. So the search is shown to work:
proofs/doomed.c has a contradiction of each kind, and all of them must be found in each unit. The prover stops after a number
of steps, not of seconds, so that the answer does not depend on the machine.
"""
import re
import subprocess

import prove

DOOMED = "proofs/doomed.c"
MUST_FAIL = {"doomed_requires_wp_smoke_default_requires", "doomed_branch_wp_smoke_dead_code", "doomed_callee_wp_smoke_dead_call",
             "doomed_loop_wp_smoke_dead_loop"}
SEARCH = ["-wp-prover", "cvc4", "-wp-steps", "30000", "-wp-smoke-timeout", "60", "-wp-timeout", "1", "-wp-par", "2", "-wp-cache", "none"]
# Units whose lemmas lead the prover astray for longer.
STEPS = {"walks_table": "100000", "iommu_remap": "100000", "interrupts": "100000"}
# What is not of interest here; but a function of which nothing is proved gets no smoke tests, so the assigns clauses stay.
OTHERS = "-@requires,-@ensures,-@exits,-@invariant,-@variant,-@assert,-@lemma"


def search(unit):
    """The words of the search in this unit."""
    return [STEPS.get(unit, word) if before == "-wp-steps" else word for before, word in zip([None, *SEARCH], SEARCH)]


def run(root, unit, words, env):
    """What frama-c prints."""
    command = prove.wp_words(unit) + ["-wp-smoke-tests", *prove.chosen(unit), *words, prove.UNITS[unit], DOOMED]
    done = subprocess.run(command, cwd=root, env=dict(env, PWD=str(root)), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{unit}: frama-c failed in the smoke tests\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def listed(log):
    """The smoke tests that there are, by name."""
    return set(re.findall(r"^\[wp\] (?:Goal|\[\w+\] Smoke-test) typed_(\w+_wp_smoke_\w+)", log, re.M))


def failed(log):
    """{name: file:line} of the contradictions found."""
    found = {}
    for part in re.split(r"^(?=\[wp\] \[)", log, flags=re.M):
        name = re.match(r"\[wp\] \[Failed\] Smoke-test typed_(\w+)", part)
        if name:
            place = re.search(r"^\[wp\] (\S+:\d+): Warning: Failed smoke-test", part, re.M)
            found[name.group(1)] = place.group(1) if place else ""
    return found


def judge(unit, there, log):
    """{run, contradictions} from the names that there are and what the search printed; raises when it cannot be trusted."""
    ran, found = set(re.findall(r"^\[wp\] \[\w+\] Smoke-test typed_(\w+)", log, re.M)), failed(log)
    if ran != there:
        raise RuntimeError(f"{unit}: {len(there - ran)} of {len(there)} smoke tests were not run: {', '.join(sorted(there - ran)[:5])}")
    unseen = MUST_FAIL - {re.sub(r"_s\d+$", "", name) for name in found}
    if unseen:
        raise RuntimeError(f"{unit}: the smoke tests do not find the contradictions of {DOOMED}: {', '.join(sorted(unseen))}")
    return {"run": sum(not name.startswith("doomed_") for name in ran),
            "contradictions": sorted([name, place] for name, place in found.items() if not name.startswith("doomed_"))}


def test(root, unit, env):
    """{run, contradictions: [[name, file:line]]} of a unit in root."""
    there = listed(run(root, unit, ["-wp-prover", "none"], env))
    return judge(unit, there, run(root, unit, [*search(unit), f"-wp-prop={OTHERS}"], env))
