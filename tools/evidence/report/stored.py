# SPDX-License-Identifier: Apache-2.0
"""Results that are committed, because their command takes too long for every change: the seeded mistakes of the proofs."""
import json

MUTANTS = "proofs/mutants.json"
# What a stored result depends on; it stands for this commit only when none of it changed since.
INPUTS = ("abi", "hv", "proofs", f":!{MUTANTS}", ":!proofs/session", ":!proofs/eva")


def mutants(root):
    """proofs/mutants.json in the form of a result; raises what reading it raises."""
    kept = json.loads((root / MUTANTS).read_text(encoding="utf-8"))
    rows = [[mutant["name"], mutant["file"], mutant["function"], ", ".join(mutant["broken"]) or "NOT NOTICED"] for mutant in kept["mutants"]]
    alive = [mutant for mutant in kept["mutants"] if not mutant["broken"]]
    smoke = kept["smoke"]
    run, contradictions = (sum(test[key] for test in smoke.values()) for key in ("run", "failed"))
    shown = [{"name": "contradictions found by smoke tests", "value": contradictions, "unit": f"in {run} tests", "limit": 0}] if run else []
    left_out = [] if run else ["Smoke tests (no contract and no branch may be contradictory) were not part of this run."]
    return {"gate": "mutants", "claim": "Each mistake that is seeded into the proved code breaks a goal of the function named for it",
            "passed": kept["passed"] is True and bool(rows) and not alive and not contradictions and bool(run or not smoke),
            "commit": kept["commit"], "dirty": kept["dirty"], "made": kept["made"], "tools": kept["tools"], "inputs": INPUTS,
            "figures": [{"name": "seeded mistakes noticed", "value": len(rows) - len(alive), "unit": f"of {len(rows)}", "limit": len(rows)},
                        *shown],
            "findings": [{"rule": "mutant", "message": f"{mutant['name']}: no goal of {mutant['function']} noticed it", "file": mutant["file"], "line": 0,
                          "level": "error"} for mutant in alive],
            "tables": [{"title": "Seeded mistakes", "columns": ["mistake", "file", "function", "goals that it breaks"], "rows": rows},
                       *([{"title": "Smoke tests: no contract and no branch may be contradictory", "columns": ["unit", "run", "failed"],
                           "rows": [[unit, test["run"], test["failed"]] for unit, test in smoke.items()]}] if run else [])],
            "notes": [f"The last long run; its result is committed as {MUTANTS}.", *left_out], "details": {}, "seconds": None}


READERS = {"mutants": mutants}
