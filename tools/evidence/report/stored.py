# SPDX-License-Identifier: Apache-2.0
"""Results that are committed, because their command takes too long for every change: the seeded mistakes of the proofs."""
import importlib
import json
import sys

from tools.progress import ROOT

MUTANTS = "proofs/mutants.json"


def long_run():
    """proofs/mutants.py, which knows what an answer stands on and what is wrong with it."""
    sys.path.insert(0, str(ROOT / "proofs"))
    return importlib.import_module("mutants")


def outdated(run, units, root):
    """Units of which something changed since their answer."""
    return [unit for unit in run.prove.UNITS if unit in units and not run.stands(unit, units[unit], root)]


def versions(units):
    """{program: its versions} over all units."""
    found = {}
    for answer in units.values():
        for program, version in answer["tools"].items():
            found.setdefault(program, set()).add(version)
    return {program: ", ".join(sorted(names)) for program, names in found.items()}


def mutant_rows(run, units):
    for name, path, function, unit, _, _, goal in run.MUTANTS:
        broken = dict(units.get(unit, {"mutants": []})["mutants"]).get(name)
        yield [name, path, function, goal, "not run" if broken is None else "yes" if goal in broken else "NO"]


def smoke_rows(run, units):
    for unit in run.prove.UNITS:
        tests = units[unit]["smoke"] if unit in units else {"run": 0, "contradictions": []}
        yield [unit, tests["run"] or "missing", len(tests["contradictions"]) if tests["run"] else "missing"]


def figures(units, mutants, smoke, missing):
    noticed, run = sum(row[4] == "yes" for row in mutants), sum(answer["smoke"]["run"] for answer in units.values())
    return [{"name": "seeded mistakes noticed", "value": noticed, "unit": f"of {len(mutants)}", "limit": len(mutants)},
            {"name": "units whose smoke tests are missing", "value": len(missing), "unit": f"of {len(smoke)}", "limit": 0} if missing else
            {"name": "contradictions found by smoke tests", "value": sum(row[2] for row in smoke), "unit": f"in {run} tests", "limit": 0}]


def mutants(root):
    """proofs/mutants.json in the form of a result; raises what reading it raises."""
    units = json.loads((root / MUTANTS).read_text(encoding="utf-8"))["units"]
    run = long_run()
    faults, changed = list(run.answers.faults(units, run.MUTANTS)), outdated(run, units, root)
    seeded, smoke = list(mutant_rows(run, units)), list(smoke_rows(run, units))
    missing = [row[0] for row in smoke if row[1] == "missing"]
    last = max(units.values(), key=lambda answer: answer["made"])
    return {"gate": "mutants", "claim": "Each mistake that is seeded into the proved code breaks the goal named for it, which is proved without the mistake; "
                                        "no contract and no branch is contradictory",
            "passed": not faults, "stale": f"not made of {', '.join(changed)} as they are here" if changed else "",
            "commit": last["commit"], "dirty": False, "made": last["made"], "tools": versions(units),
            "figures": figures(units, seeded, smoke, missing),
            "findings": [{"rule": rule, "message": message, "file": file, "line": line, "level": "error"} for rule, message, file, line in faults],
            "tables": [{"title": "Seeded mistakes", "columns": ["mistake", "file", "function", "goal named for it", "broken"], "rows": seeded},
                       {"title": "Smoke tests: no contract and no branch may be contradictory", "columns": ["unit", "run", "contradictions"], "rows": smoke}],
            "notes": [f"The last long run, kept by unit as {MUTANTS}; a unit's answer holds until the unit, or what it includes, changes.",
                      "A smoke test looks for a contradiction with one prover and a limited number of steps; that none is found is no proof that there is none."],
            "details": {}, "seconds": None}


READERS = {"mutants": mutants}
