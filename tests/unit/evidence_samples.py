# SPDX-License-Identifier: Apache-2.0
"""Results in the form that gates leave, made up: for tests of the report and for looking at its layout, never evidence."""
import json
import math

from tools.evidence.report.claims import Claim

COMMIT = "1234567890abcdef1234567890abcdef12345678"
OTHER = "fedcba0987654321fedcba0987654321fedcba09"
NEEDS = {"proofs": ("frama-c", "why3", "z3"), "misra": ("cppcheck", "gcc"), "coverage": ("gcc",), "rt-loaded": ("qemu-system-x86_64",)}


def figure(name, value, unit="", limit=None):
    return {"name": name, "value": value, "unit": unit, "limit": limit}


def proofs():
    units = [("domain", 61), ("domain_build", 122), ("partition_memory", 188), ("format", 54), ("stage2_table", 231), ("stage2", 412), ("theorem", 377)]
    return {"claim": "Every proof goal of the isolation proof is proved, without axiom or admitted property",
            "figures": [figure("goals proved", 1445, limit=1445), figure("axioms and admits", 0, limit=0)],
            "details": {"units": [{"unit": unit, "file": f"hv/core/{unit}.c", "goals": goals, "valid": goals, "provers": {
                "qed": goals * 7 // 10, "cvc4": goals * 2 // 10, "z3": goals // 10 - 1, "cvc5": goals - goals * 7 // 10 - goals * 2 // 10 - goals // 10 + 1}}
                for unit, goals in units]}}


def misra():
    return {"claim": "No undeviated MISRA C:2012 finding in hv/ and rtvm/", "passed": False,
            "figures": [figure("undeviated findings", 2, limit=0), figure("deviation sites", 31, limit=40)],
            "findings": [{"rule": "misra-c2012-11.4", "message": "conversion between pointer to object and integer", "file": "hv/x86/window.c", "line": 61, "level": "error"},
                         {"rule": "misra-c2012-15.5", "message": "a function should have a single point of exit", "file": "hv/boot/main.c", "line": 118, "level": "error"}]}


def coverage():
    files = [f"hv/core/{name}.c" for name in ("acpi_filter", "cpuid", "decode", "dispatch", "domain", "exclusive", "guest_walk", "hypercall", "instruction",
                                              "ioreq", "irq", "lifecycle", "loader", "mmio", "msr", "partition", "sched", "stage2", "vcpu_state")]
    return {"claim": "Unit tests reach every statement, branch and condition of core/ and devices/ that is not justified",
            "figures": [figure("MC/DC coverage", 98.4, "%"), figure("open gaps", 0, limit=0)],
            "details": {"files": [{"file": file, "statement": [100, 100, 100.0], "branch": [99, 100, 100.0 - index % 3], "MC/DC": [1, 1, 99.96 - 0.7 * index]}
                                  for index, file in enumerate(files)]}}


def latency():
    def bell(centre, width, count):
        return [[value, max(1, int(count * math.exp(-((value - centre) / width) ** 2)))] for value in range(centre - 3 * width, centre + 3 * width, 2)] + [[centre + 95, 2]]
    return {"claim": "Beside loaded Linux VMs the real-time VM takes no VM exit and keeps the bare machine's latency",
            "figures": [figure("VM exits in the steady state", 0, limit=0), figure("longest latency", 611, "ticks", 634), figure("longest latency on the bare machine", 594, "ticks")],
            "details": {"histograms": {"bare machine": bell(500, 12, 1900), "Bulkhead, Service VM and User VM under load": bell(500, 14, 1700)}}}


def budget():
    exits = [("cpuid", 412, 600), ("msr", 988, 1200), ("io", 1733, 2000), ("npf", 2240, 2400), ("hypercall set_memory", 4810, 6000)]
    return {"claim": "No exit takes more host instructions than its budget", "figures": [figure("share of the tightest budget", 93, "%", 100)],
            "tables": [{"title": "Most instructions from exit to entry", "columns": ["kind", "times seen", "most", "promised"],
                        "rows": [[name, 10, most, promised] for name, most, promised in exits]}],
            "notes": ["Exits that no test provokes: 3 of 41."]}


def simple(claim, *figures, **more):
    return {"claim": claim, "figures": [figure(*item) for item in figures], **more}


SAMPLES = {
    "proofs": proofs(), "misra": misra(), "coverage": coverage(), "rt-loaded": latency(), "budget": budget(),
    "assumptions": simple("Everything the proofs trust is listed with its reason and test", ("assumptions", 23), ("undeclared", 0, "", 0)),
    "mutants": simple("Each seeded mistake breaks the goal named for it", ("mutants noticed", 14, "of 14", 14), commit=OTHER),
    "eva": simple("The value analysis finds no possible run-time error in core/ and devices/", ("alarms", 0, "", 0), ("functions analysed", 612)),
    "parse": simple("Every file of core/ and devices/ can be analysed", ("files", 94), dirty=True),
    "rt-alone": simple("Alone, the real-time VM has exactly the bare machine's latency", ("longest latency", 488, "ticks", 488)),
    "tests": simple("All tests pass", ("tests passed", 1312), ("failed", 0, "", 0), ("skipped", 2)),
    "exclusive": simple("An exclusive core waits for no other core", ("functions on the way, none of which waits", 100)),
    "trace": simple("Every requirement is implemented and verified, and every id is a requirement's", ("requirements", 143), ("orphans", 0, "", 0)),
    "repro": simple("Two builds in different folders give the same images", ("images that differ", 0, "", 0)),
}   # stack: missing
ENTRIES = [Claim(name, f"title of {name}", ["/usr/bin/python3", "-B", f"tools/{name}.py"], NEEDS.get(name, ())) for name in [*SAMPLES, "stack"]]
STACK = {"claim": "No stack can overflow", "figures": [figure("deepest of the hv core stack", 2104, "bytes", 4096)],
         "tables": [{"title": "Stacks of hv, in bytes", "columns": ["stack", "deepest code", "traps", "inline assembly", "worst case", "promised", "size"],
                     "rows": [["core", 1800, "1 of 200", 104, 2104, 4096, 8192], ["nmi", 400, "0 of 200", 0, 400, 1024, 4096]]}],
         "details": {"svm_exit": {"bytes": 1800, "path": [["svm_exit", 120], ["dispatch", 1680]]}, "hv functions": 700}}


TEXT = '</td><script>alert(1)</script>"\'&<img src=http://evil.example/x.png onerror=1>\x00\x1b]0;\ud800'.encode("utf-8", "replace").decode()
HOSTILE = {name: {
    "claim": TEXT, "figures": [{"name": TEXT, "value": TEXT, "unit": TEXT, "limit": TEXT}], "made": TEXT, "commit": TEXT, "seconds": TEXT, "tools": {TEXT: TEXT},
    "notes": [TEXT], "tables": [{"title": TEXT, "columns": [TEXT], "rows": [[TEXT]]}],
    "findings": [{"rule": TEXT, "message": TEXT, "file": TEXT, "line": 3, "level": TEXT}],
    "details": {TEXT: TEXT, "list": [{TEXT: TEXT}], "histograms": {TEXT: [[1, 2]]}}} for name in ("tests", "rt-loaded")}


def one(**changes):
    """Results with only the sample 'tests', changed."""
    return {"tests": {**SAMPLES["tests"], **changes}}


def write(folder, samples=None):
    """Writes result files; a value that is a string is written as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, sample in (SAMPLES if samples is None else samples).items():
        whole = {"gate": name, "passed": True, "commit": COMMIT, "dirty": False, "made": "2026-01-31T09:30:00Z", "tools": {"gcc": "gcc 4:12.2.0-3"},
                 "findings": [], "tables": [], "notes": [], "details": {}, "seconds": 12.3}
        text = sample if isinstance(sample, str) else json.dumps({**whole, **sample})
        (folder / f"{name}.json").write_text(text, encoding="utf-8")


__all__ = ["COMMIT", "ENTRIES", "HOSTILE", "OTHER", "SAMPLES", "STACK", "one", "write"]
