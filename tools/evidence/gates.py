# SPDX-License-Identifier: Apache-2.0
"""The gates: the one list of them, and the command that runs them.

    python3 -m tools.evidence.gates [--list] [--fast] [GATE...]     (scons gates: all of them)

Prints one line for each gate; the exit status is 0 only when all that could run passed.
"""
import argparse
import collections
import json
import shutil
import subprocess
import sys
import time

from tools.evidence.result import RESULTS, Result
from tools.progress import GREEN, RED, ROOT, colour, say

PYTHON = ["/usr/bin/python3", "-B", "-u"]     # -u: what a gate prints and the error it dies of stay in order
# name: also its result file; title: what passes; command: to run it alone; needs: programs; fast: part of ./bulkhead test --fast.
Gate = collections.namedtuple("Gate", "name title command needs fast")
GATES = (
    Gate("parse", "core and devices parse with Frama-C", PYTHON + ["proofs/parse.py"], ("frama-c",), True),
    Gate("eva", "value analysis finds no run-time error", PYTHON + ["proofs/eva/check.py"], ("frama-c",), False),
    Gate("assumptions", "what the proofs trust is written down", PYTHON + ["proofs/assumptions.py"], ("frama-c",), True),
    Gate("proofs", "proofs replay", PYTHON + ["proofs/prove.py"], ("frama-c", "why3"), False),
    Gate("misra", "no undeviated MISRA C:2012 finding", PYTHON + ["misra/gate.py"], ("cppcheck", "clang-tidy", "clang", "gcc"), False),
    Gate("stack", "no stack overflows", PYTHON + ["-m", "tools.evidence.stack"], ("gcc", "objdump"), True),
    Gate("exclusive", "exclusive cores wait for nobody", PYTHON + ["-m", "tools.evidence.exclusive"], ("gcc", "objdump"), True),
    Gate("guard", "shared cores cannot delay exclusive ones", PYTHON + ["-m", "tools.evidence.guard"], ("gcc", "objdump"), True),
    Gate("controls", "each bit that decides about an exit has a policy", PYTHON + ["-m", "tools.evidence.controls"], ("gcc",), True),
    Gate("machines", "each system test is one of both machines, or says why not", PYTHON + ["-m", "tools.evidence.system_tests"], ("pytest-3",), True),
    Gate("trace", "requirements are traced both ways", PYTHON + ["-m", "tools.evidence.trace"], (), True),
    Gate("loops", "loops are bounded", PYTHON + ["-m", "tools.evidence.loops"], (), True),
    Gate("specification", "promised numbers are enforced", PYTHON + ["-m", "tools.evidence.specification"], (), True),
    Gate("size", "the hypervisor is no larger than promised", PYTHON + ["-m", "tools.evidence.size"], ("nm", "size"), True),
    Gate("budget", "exits and hypercalls keep their budgets", PYTHON + ["-m", "tools.evidence.budget"], ("gcc", "qemu-system-x86_64"), False),
    Gate("repro", "two builds are identical", PYTHON + ["-m", "tools.evidence.repro"], ("gcc", "objcopy"), False),
    Gate("coverage", "unit tests cover core and devices", PYTHON + ["-m", "tools.evidence.coverage"],
         ("clang-19", "llvm-cov-19"), False),
)


def missing_tools(gate):
    return [program for program in gate.needs if shutil.which(program) is None]


def headline(gate):
    """The first figure of the result file, in words."""
    path = RESULTS / f"{gate.name}.json"
    if not path.exists():
        return ""
    figures = json.loads(path.read_text())["figures"]
    return f"{figures[0]['value']} {figures[0]['unit']} {figures[0]['name']}".replace("  ", " ") if figures else ""


def leave_death(gate, status, log):
    """The result of a gate that ended before it left one."""
    lines = log.read_text(errors="replace").rstrip().splitlines()
    result = Result(gate.name, gate.title[:1].upper() + gate.title[1:])
    result.finding("gate-died", f"the gate ended with status {status} and left no result: {lines[-1] if lines else 'no output'}")
    result.note(f"The gate did not come to an end; its output is in {log.relative_to(ROOT)}.")
    result.finish(False)


def run_gate(gate):
    """passed, failed or skipped; prints the gate's line, and when it failed the end of its log."""
    missing = missing_tools(gate)
    if missing:
        say(f"  skipped  {gate.name:<12} this release has no {', '.join(missing)}")
        return "skipped"
    log = ROOT / "build" / "logs" / f"gate-{gate.name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    begin, result = time.monotonic(), RESULTS / f"{gate.name}.json"
    result.unlink(missing_ok=True)     # one of an earlier run must not stand for this one, whatever becomes of it
    with open(log, "wb") as output:
        status = subprocess.run(gate.command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, check=False).returncode
    if status != 0 and not result.exists():
        leave_death(gate, status, log)
    verdict = "passed" if status == 0 else "failed"
    say(f"  {colour(GREEN if status == 0 else RED, verdict)}   {gate.name:<12} {gate.title}: {headline(gate)} "
        f"({time.monotonic() - begin:.0f} s)")
    if status != 0:
        say("\n".join(f"  | {line}" for line in log.read_text(errors="replace").rstrip().splitlines()[-30:]))
    return verdict


def main():
    parser = argparse.ArgumentParser(prog="python3 -m tools.evidence.gates", description="Runs the gates of CI, one line each.")
    parser.add_argument("--list", action="store_true", help="only list them")
    parser.add_argument("--fast", action="store_true", help="only those that take seconds")
    parser.add_argument("gate", nargs="*", choices=[[], *(gate.name for gate in GATES)], metavar="GATE", help="only these")
    options = parser.parse_args()
    wanted = [gate for gate in GATES if (not options.gate or gate.name in options.gate) and (gate.fast or not options.fast)]
    if options.list:
        for gate in wanted:
            say(f"{gate.name:<12} {gate.title}\n{'':<12} {' '.join(gate.command)}")
        return 0
    verdicts = [run_gate(gate) for gate in wanted]
    say(f"gates: {verdicts.count('passed')} passed, {verdicts.count('failed')} failed, {verdicts.count('skipped')} skipped")
    return 1 if "failed" in verdicts or "passed" not in verdicts else 0


if __name__ == "__main__":
    sys.exit(main())
