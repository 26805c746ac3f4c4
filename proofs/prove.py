#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the proofs (Frama-C WP) and decides whether they hold.

    proofs/prove.py [--cache replay|update|none] [--timeout SECONDS] [UNIT...]

Fails on an unproved goal, on an axiom or admitted property in any annotation, and when a unit
proves the canary (false), which means that its annotations contradict each other. frama-c itself
returns 0 whatever is unproved, so the verdict is taken from its JSON report.
"""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
OUT = ROOT / "build" / "proofs"
SESSION = ROOT / "proofs" / "session"
FRAMAC = ["frama-c", "-c11", "-machdep", "gcc_x86_64", "-cpp-extra-args=-Ihv -I."]

# Each unit is one translation unit. Inline functions of a header are proved once, in the unit named here.
UNITS = {
    "domain": "hv/core/domain.c",
    "domain_build": "hv/core/domain_build.c",
    "partition_memory": "hv/core/partition_memory.c",
    "format": "proofs/format.c",
    "stage2_table": "hv/core/stage2_table.c",
    "stage2": "hv/core/stage2.c",
    "theorem": "proofs/theorem.c",
}
INLINE = {
    "hv/core/interval.h": "domain",
    "hv/core/stage2_format.h": "format",
    "hv/core/stage2_table.h": "stage2_table",
}
# why3 1.5 does not know cvc5.
CVC5 = """
[prover]
name = "CVC5"
version = "1.0.3"
alternative = ""
command = "cvc5 --force-logic=ALL --tlimit-per=%t000 --lang=smt2 %f"
command_steps = "cvc5 --force-logic=ALL --rlimit=%S --lang=smt2 %f"
driver = "cvc4_17"
editor = ""
in_place = false
interactive = false
shortcut = "cvc5"
"""


def why3_config():
    OUT.mkdir(parents=True, exist_ok=True)
    config = OUT / "why3.conf"
    env = dict(os.environ, WHY3CONFIG=str(config), PWD=str(ROOT))  # frama-c believes PWD, not the working directory
    if not config.exists():
        subprocess.run(["why3", "config", "detect"], env=env, check=True, capture_output=True)
        with config.open("a") as file:
            file.write(CVC5)
    return env


def inline_functions(header):
    return re.findall(r"^static inline [\w ]*?(\w+)\(", (ROOT / header).read_text(), re.M)


def headers(unit):
    made = subprocess.run(["cpp", "-MM", "-Ihv", "-I.", UNITS[unit]], cwd=ROOT, capture_output=True, text=True, check=True)
    return made.stdout.replace("\\\n", " ").split()


def skipped(unit):
    included = headers(unit)
    return [name for header, owner in INLINE.items() if owner != unit and header in included
            for name in inline_functions(header)]


def run_wp(unit, files, extra, options, env):
    report = OUT / f"{unit}.json"
    report.unlink(missing_ok=True)
    command = FRAMAC + ["-wp", "-wp-rte", "-warn-unsigned-overflow", "-warn-unsigned-downcast",
                        "-wp-prover", "cvc4,z3,cvc5", "-wp-par", "2", "-wp-timeout", str(options.timeout),
                        "-wp-session", str(SESSION), "-wp-cache", options.cache,
                        "-wp-report-json", str(report)] + extra + files
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    (OUT / f"{unit}.log").write_text(done.stdout + done.stderr)
    if done.returncode != 0 or not report.exists():
        sys.exit(f"{unit}: frama-c failed, see {OUT / unit}.log\n" + done.stdout[-2000:])
    return json.loads(report.read_text()).get("wp:global", {}).get("wp:main", {}), done.stdout


def prove(unit, options, env):
    skip = skipped(unit)
    extra = ["-wp-skip-fct", ",".join(skip)] if skip else []
    goals, log = run_wp(unit, [UNITS[unit]], extra, options, env)
    missing = re.findall(r"Missing assigns clause \(assigns 'everything' instead\)|No code nor implicit assigns", log)
    canary, _ = run_wp(f"{unit}-canary", [UNITS[unit], "proofs/canary.c"], ["-wp-prop", "canary"], options, env)
    return {"unit": unit, "file": UNITS[unit], "goals": goals.get("total", 0), "valid": goals.get("valid", 0),
            "missing_assigns": len(missing), "canary_refused": canary.get("total", 0) == 1 and canary.get("valid", 0) == 0,
            "unproved": re.findall(r"\[(?:Failed|Timeout|Unknown|Stepout)\] Goal (\S+)", log)}


def annotations():
    for path in sorted([*ROOT.glob("hv/core/*.[ch]"), *ROOT.glob("hv/devices/*.[ch]"), *ROOT.glob("proofs/*.c")]):
        text = path.read_text()
        yield path, "\n".join(re.findall(r"/\*@.*?\*/", text, re.S) + re.findall(r"//@.*", text))


def assumed():
    """Axioms and admitted properties, which a proof must not contain."""
    found = []
    for path, text in annotations():
        found += [f"{path.relative_to(ROOT)}: {word}" for word in re.findall(r"\b(axiom|axiomatic|admit)\b", text)]
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", default="replay", choices=["replay", "update", "none"],
                        help="replay: committed answers first, provers for the rest; update: and store; none: provers only")
    parser.add_argument("--timeout", type=int, default=20, help="seconds for each prover and goal")
    parser.add_argument("unit", nargs="*", metavar="UNIT", help=", ".join(UNITS))
    options = parser.parse_args()
    env = why3_config()
    SESSION.mkdir(parents=True, exist_ok=True)
    results = []
    for unit in options.unit or UNITS:
        result = prove(unit, options, env)
        results.append(result)
        print(f"{unit}: {result['valid']} of {result['goals']} goals proved"
              + ("" if result["canary_refused"] else ", CONTRADICTION: the canary was proved")
              + "".join(f"\n  unproved: {goal}" for goal in result["unproved"]), flush=True)
    axioms = assumed()
    summary = {"units": results, "goals": sum(r["goals"] for r in results), "valid": sum(r["valid"] for r in results),
               "axioms_and_admits": axioms}
    (OUT / "summary.json").write_text(json.dumps(summary, indent=2) + "\n")
    good = all(r["goals"] > 0 and r["goals"] == r["valid"] and r["canary_refused"] and r["missing_assigns"] == 0
               for r in results) and not axioms
    print(f"proofs: {summary['valid']} of {summary['goals']} goals, {len(axioms)} axioms or admits: "
          + ("all hold" if good else "FAILED"))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
