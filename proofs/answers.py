# SPDX-License-Identifier: Apache-2.0
"""Answers of the long run (proofs/mutants.py), kept in proofs/mutants.json by unit: what each stands on, and what is wrong with it.

An answer of a unit holds while everything that it was made from is the same: the unit as frama-c reads it (with all that it
includes and uses, and proofs/doomed.c), the words of the commands, the mistakes seeded into it. So a change of one unit, and a
change in a header that the others do not use, leave the answers of the others.
"""
import hashlib
import json
import os
import subprocess

import prove
import smoke

FILE = "proofs/mutants.json"
LEAST = 12


def inputs(unit, seeds, words, root=prove.ROOT):
    """Digest of what the answer of the unit depends on, but for the versions of the tools."""
    printed = subprocess.run([*prove.FRAMAC, f"-cpp-extra-args={' '.join(prove.cpp_words(unit))}", "-kernel-verbose", "0", "-print",
                              prove.UNITS[unit], smoke.DOOMED], cwd=root, env=dict(os.environ, PWD=str(root)), capture_output=True, check=True)
    how = [prove.wp_words(unit), prove.chosen(unit), words, smoke.search(unit), smoke.OTHERS, sorted(smoke.MUST_FAIL), seeds]
    return hashlib.sha256(printed.stdout + json.dumps(how).encode()).hexdigest()


def load(root=prove.ROOT):
    path = root / FILE
    return json.loads(path.read_text(encoding="utf-8")).get("units", {}) if path.exists() else {}


def store(units, root=prove.ROOT):
    (root / FILE).write_text(json.dumps({"units": dict(sorted(units.items()))}, indent=1) + "\n", encoding="utf-8")


def faults_of_unit(unit, answer, seeds):
    """(rule, message, file, line) of each thing that is wrong with the answer of one unit."""
    file = prove.UNITS[unit]
    for goal in answer["unproved"]:
        yield "baseline", f"{goal} is not proved without a mistake, so mistakes there prove nothing", file, 0
    for name, place in answer["smoke"]["contradictions"]:
        where, _, line = place.partition(":")
        yield "contradiction", f"false can be proved here ({name}): what is known in this place cannot be", where or file, int(line or 0)
    if answer["smoke"]["run"] == 0:
        yield "no-smoke", f"no smoke test was run in unit {unit}", file, 0
    broken = {name: goals for name, goals in answer["mutants"]}
    for name, path, function, _, _, _, goal in seeds:
        if name not in broken:
            yield "mutant", f"{name}: not run", path, 0
        elif goal not in broken[name]:
            yield "mutant", f"{name}: goal {goal} of {function} did not notice it", path, 0


def faults(units, mutants):
    """What is wrong with all answers together."""
    if len(mutants) < LEAST:
        yield "mutant", f"{len(mutants)} mutants, at least {LEAST} are asked for", "proofs/mutants.py", 0
    for unit, file in prove.UNITS.items():
        if unit not in units:
            yield "missing", f"unit {unit} has no answer: proofs/mutants.py --store {unit}", file, 0
        else:
            yield from faults_of_unit(unit, units[unit], [seed for seed in mutants if seed[3] == unit])
