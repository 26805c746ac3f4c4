#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Gate: runs the proofs (Frama-C WP) and decides whether they hold (scons proofs; fresh=1 proves from nothing).

    proofs/prove.py [--cache replay|update|none] [--timeout SECONDS] [UNIT...]

frama-c returns 0 whatever is unproved, so the verdict is taken from its JSON report. Fails on an unproved goal, on fewer goals
than proofs/floors.json asks for, on an axiom or admitted property, on a warning that means that something was assumed or
skipped, and when a unit proves the canary (false), which means that its annotations contradict each other.
The answers of the provers are committed (proofs/session/UNIT); replay takes them and runs provers only for goals without one.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from tools.evidence.result import Result  # noqa: E402

OUT = ROOT / "build" / "proofs"
SESSION = ROOT / "proofs" / "session"
FLOORS = ROOT / "proofs" / "floors.json"
FRAMAC = ["frama-c", "-c11", "-machdep", "gcc_x86_64"]
WRAPS = ["-warn-unsigned-overflow", "-warn-unsigned-downcast"]
PROVERS = "cvc4,z3,cvc5"

# Each unit is one translation unit. Inline functions of a header are proved once, in the unit named here.
UNITS = {
    "domain": "hv/core/domain.c",
    "domain_build": "hv/core/domain_build.c",
    "partition": "hv/core/partition.c",
    "partition_vm": "hv/core/partition_vm.c",
    "partition_policy": "hv/core/partition_policy.c",
    "partition_health": "hv/core/partition_health.c",
    "partition_memory": "hv/core/partition_memory.c",
    "format": "proofs/format.c",
    "stage2_table": "hv/core/stage2_table.c",
    "stage2": "hv/core/stage2.c",
    "walks_table": "proofs/walks_table.c",
    "walks": "proofs/walks.c",
    "hypercall": "hv/core/hypercall.c",
    "hypercall_memory": "hv/core/hypercall_memory.c",
    "hypercall_vm": "hv/core/hypercall_vm.c",
    "vm_user": "hv/core/vm_user.c",
    "iommu_table": "hv/core/iommu_table.c",
    "iommu_remap": "hv/core/iommu_remap.c",
    "iommu_irte": "hv/core/iommu_irte.c",
    "interrupts": "proofs/interrupts.c",
    "theorem": "proofs/theorem.c",
    "ioreq": "proofs/ioreq.c",
    "guest_copy": "proofs/guest_copy.c",
    "bitmap": "proofs/bitmap.c",
    "bitmap_vmx": "proofs/bitmap_vmx.c",
    "msr_policy": "proofs/msr_policy.c",
    "log": "proofs/log.c",
    "config_space": "proofs/config_space.c",
}
# Units that stand apart: their contracts of other modules' functions are not those of the dispatcher. These functions are proved.
APART = {
    "ioreq": ("slot_address", "ioreq_set_page", "ioreq_has_page", "ioreq_clear", "ioreq_release", "post", "ioreq_port", "ioreq_mmio",
              "ioreq_report_shutdown", "complete", "ioreq_finish"),
    "guest_copy": ("page_rest", "guest_page", "guest_check", "guest_read", "guest_write"),
    "bitmap": ("access_without_bit", "msr_index", "svm_msr_open", "svm_port_open", "svm_bitmaps_close"),
    "bitmap_vmx": ("access_without_bit", "vmx_msr_open", "vmx_port_open", "vmx_bitmaps_close"),
    "msr_policy": ("msr_open_bitmap",),
    "log": ("ring_distance", "ring_next", "ring_previous", "log_put"),
    "config_space": ("pci_ones", "pci_dword", "pci_extract", "pci_merge", "pci_data_access", "pci_register_valid", "pci_rom_offset", "pci_bar_count",
                     "vpci_command_allowed", "vpci_access_control_on", "bar_flags", "header_bar_read", "bar_write", "rom_read", "rom_write",
                     "vpci_bars_restore", "header_command_write", "command_status_write", "interrupt_write", "bar_at", "vpci_header_read",
                     "vpci_header_write", "data_offset", "capability_size", "vpci_msi_covers", "vpci_msi_read", "control_word", "hardware_control", "hardware_message",
                     "hardware_mask", "apply", "vpci_msi_write", "vpci_msix_covers", "vpci_msix_read", "msix_entry_write", "entry_of", "entry_apply",
                     "vpci_decodes_memory", "entries_free", "table_sync", "vpci_msix_write", "function_find", "is_hv_device", "closed_find", "closed_read",
                     "with_multifunction", "vpci_function_read", "chipset_register", "vpci_function_write", "service_read", "service_write", "given_count",
                     "vpci_given_bus", "given_find", "host_bridge", "vpci_given_read", "vpci_given_write", "vpci_config_read", "vpci_config_write",
                     "lent_function", "place_of", "lent_data_access", "shared_memory", "lent_addressed", "offset_of", "lent_read", "link_kept", "link_register",
                     "lent_write", "vpci_lent_port_read", "vpci_lent_port_write"),
}
# The properties named walk are proved in units of their own, with lemmas that would slow the other proofs down: together they
# prove all properties of these files.
WALKS = {"stage2_table": "walks_table", "stage2": "walks"}
INLINE = {
    "hv/core/crc32.h": "partition",
    "hv/core/interval.h": "domain",
    "hv/core/stage2_format.h": "format",
    "hv/core/stage2_table.h": "stage2_table",
    "hv/core/vm.h": "hypercall",
}
# Counters, guest addresses and guest values wrap around here, as C defines it; elsewhere that is a goal.
HYPERCALL = ("hypercall", "hypercall_memory", "hypercall_vm", "vm_user")
WRAPPING = (*HYPERCALL, "ioreq", "bitmap", "bitmap_vmx", "log", "config_space")
DISPATCHER = (*HYPERCALL, "theorem")
# Warnings of frama-c after which "proved" would say less than it seems.
HOLES = {
    r"Missing assigns clause": "a function without assigns clause",
    r"No 'assigns' specification": "a function without assigns clause",
    r"No code nor implicit assigns": "a function with neither body nor assigns clause",
    r"\[kernel:asm:clobber\]": "inline assembly whose effects are guessed",
    r"Cast with incompatible pointers types": "a cast that the memory model cannot follow",
    r"\[kernel:annot-error\]": "an annotation that was dropped",
}
UNKNOWN = re.compile(r"Neither code nor specification for function (\w+)")
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
    if not config.exists() or CVC5 not in config.read_text():
        config.unlink(missing_ok=True)
        subprocess.run(["why3", "config", "detect"], env=env, check=True, capture_output=True)
        with config.open("a") as file:
            file.write(CVC5)
    return env


def cpp_words(unit):
    return ["-Ihv", "-I."] + (["-DPROOF_WP"] if unit in DISPATCHER else [])


def functions_of(path):
    """Functions that a file defines, inline ones of headers too."""
    text = re.sub(r"/\*.*?\*/", "", (ROOT / path).read_text(), flags=re.S)
    return re.findall(r"^(?!typedef|return|else)[a-z_]\w*[\w *]*?\b(\w+)\([^;{}]*\)\n\{", text, re.M) + \
        re.findall(r"^static inline [\w *]*?\b(\w+)\([^;{}]*\) \{", text, re.M)


def proved_files():
    """Sources of which every function is proved: units themselves, and what a unit that stands apart includes."""
    whole = set(UNITS.values())
    for unit, functions in APART.items():
        text = (ROOT / UNITS[unit]).read_text()
        whole |= {f"hv/{path}" for path in re.findall(r'^#include "(core/\w+\.c)"', text, re.M)
                  if set(functions_of(f"hv/{path}")) <= set(functions)}
    return {path for path in whole if path.startswith("hv/")}


def inline_functions(header):
    return re.findall(r"^static inline [\w ]*?(\w+)\(", (ROOT / header).read_text(), re.M)


def headers(unit):
    made = subprocess.run(["cpp", "-MM", "-D__FRAMAC__", *cpp_words(unit), UNITS[unit]], cwd=ROOT, capture_output=True, text=True, check=True)
    return made.stdout.replace("\\\n", " ").split()


def skipped(unit):
    included = headers(unit)
    return [name for header, owner in INLINE.items() if owner != unit and header in included
            for name in inline_functions(header)]


def properties(unit):
    """Words that say which properties of these functions are proved here."""
    return ["-wp-prop=-walk"] if unit in WALKS else ["-wp-prop=walk"] if unit in WALKS.values() else []


def chosen(unit):
    """Words that say which functions of the unit are proved here. With any, WP leaves the lemmas out."""
    skip = skipped(unit)
    if unit in APART:
        skip = [name for path in headers(unit) if path.endswith((".c", ".h")) for name in functions_of(path) if name not in APART[unit]]
    return ["-wp-skip-fct", ",".join(skip)] if skip else []


def wp_words(unit):
    """The words that every run of WP on the unit begins with."""
    return FRAMAC + [f"-cpp-extra-args={' '.join(cpp_words(unit))}", "-wp", "-wp-rte", *([] if unit in WRAPPING else WRAPS)]


def holes(unit, log):
    """What was assumed or skipped. Of a unit that stands apart only the functions count that the proved ones name."""
    found = {what for pattern, what in HOLES.items() if re.search(pattern, log)}
    unknown = set(UNKNOWN.findall(log))
    if unit in APART:
        texts = [(ROOT / path).read_text() for path in headers(unit) if path.endswith((".c", ".h"))]
        bodies = [body for text in texts for name, body in re.findall(r"^\w[\w *]*?\b(\w+)\([^;{}]*\)\n\{(.*?)^\}", text, re.M | re.S) if name in APART[unit]]
        if len(bodies) != len(APART[unit]):
            raise RuntimeError(f"{unit}: {len(bodies)} bodies were found, {len(APART[unit])} functions are to be proved")
        unknown &= set(re.findall(r"\b\w+\b", " ".join(bodies)))
    return sorted(found | {"a function without assigns clause" for _ in unknown})


def run_wp(name, unit, files, words, env):
    """(report of frama-c, what it printed); name: of its report and log."""
    report = OUT / f"{name}.json"
    report.unlink(missing_ok=True)
    command = wp_words(unit) + ["-wp-prover", PROVERS, "-wp-par", "3", "-wp-report-json", str(report)] + words + files
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    (OUT / f"{name}.log").write_text(done.stdout + done.stderr)
    if done.returncode != 0 or not report.exists():
        raise RuntimeError(f"{unit}: frama-c failed, see {OUT / name}.log\n" + done.stdout[-2000:])
    return json.loads(report.read_text()), done.stdout


def totals(report):
    """(goals, proved); the report is null when there is no goal at all"""
    goals = (report or {}).get("wp:global", {}).get("wp:main", {})
    return goals.get("total", 0), goals.get("valid", 0)


def provers(reports):
    """{name: goals, or parts of a goal that was split, that it proved}"""
    counts = {}
    for report in reports:
        for name, count in (report or {}).get("wp:global", {}).items():
            if name != "wp:main" and count.get("valid"):
                known = name.partition(":")[0].lower()
                counts[known] = counts.get(known, 0) + count["valid"]
    return counts


def slowest(log):
    """(seconds, goal) of the goal that a prover took longest for."""
    found = [(float(time) / (1000 if unit == "ms" else 1), goal) for goal, time, unit in
             re.findall(r"Goal (\S+) : Valid \(Qed:[^)]*\) \(([\d.]+)(ms|s)\)", log)]
    minutes = [(60.0 * int(time) + int(rest), goal) for goal, time, rest in re.findall(r"Goal (\S+) : Valid \(Qed:[^)]*\) \((\d+)'(\d+)s\)", log)]
    return max([*found, *minutes], default=(0.0, ""))


def keep_proofs_only(session):
    """A stored failure depends on the machine's load; only answers "valid" are kept."""
    for path in session.glob("cache/*.json"):
        if '"verdict": "valid"' not in path.read_text():
            path.unlink()


def has_lemmas(unit):
    return any(re.search(r"^[ \t]*(?:/\*@)?[ \t]*lemma\b", (ROOT / path).read_text(), re.M) for path in headers(unit) if path.endswith((".c", ".h")))


def run_part(name, unit, words, session, options, env):
    """(report, log, goals without a committed answer) of one run of WP on the unit."""
    words = words + ["-wp-timeout", str(options.timeout)]
    if options.cache == "none":
        report, log = run_wp(name, unit, [UNITS[unit]], words + ["-wp-cache", "none"], env)
        return report, log, 0
    words += ["-wp-session", str(session)]
    if options.cache == "update":
        (session / "cache").mkdir(parents=True, exist_ok=True)
        report, log = run_wp(name, unit, [UNITS[unit]], words + ["-wp-cache", "cleanup"], env)
        keep_proofs_only(session)
        return report, log, 0
    report, log = run_wp(name, unit, [UNITS[unit]], words + ["-wp-cache", "offline"], env)
    total, valid = totals(report)
    if valid != total:
        report, log = run_wp(name, unit, [UNITS[unit]], words + ["-wp-cache", "replay"], env)
    return report, log, total - valid


def run_goals(unit, options, env):
    """[(report, log, goals without a committed answer)] of the unit: its functions, and its lemmas, which WP leaves out as soon as
    functions are chosen."""
    parts = [run_part(unit, unit, chosen(unit) + properties(unit), SESSION / unit, options, env)]
    if chosen(unit) and has_lemmas(unit):
        parts.append(run_part(f"{unit}-lemmas", unit, ["-wp-prop=@lemma"], SESSION / unit / "lemmas", options, env))
        if totals(parts[1][0])[0] == 0:
            raise RuntimeError(f"{unit}: has lemmas, but WP made no goal of them")
    return parts


def prove(unit, options, env):
    parts = run_goals(unit, options, env)
    log = "".join(part[1] for part in parts)
    canary, _ = run_wp(f"{unit}-canary", unit, [UNITS[unit], "proofs/canary.c"],
                       ["-wp-prop", "canary", "-wp-cache", "none", "-wp-timeout", "20" if options.cache == "none" else "3"], env)
    total, valid = (sum(count) for count in zip(*(totals(part[0]) for part in parts)))
    return {"unit": unit, "file": UNITS[unit], "goals": total, "valid": valid, "without_answer": sum(part[2] for part in parts),
            "functions": sorted(parts[0][0].get("wp:functions", {})), "provers": provers([part[0] for part in parts]), "slowest": slowest(log),
            "holes": holes(unit, log),
            "canary_refused": totals(canary) == (1, 0),
            "unproved": re.findall(r"\[(?:Failed|Timeout|Unknown|Stepout|NoResult|Unsuccess)\] Goal (\S+)", log)}


def assumed():
    """Axioms and admitted properties, which a proof must not contain: (file, line, word)."""
    for path in sorted([*ROOT.glob("hv/**/*.[ch]"), *ROOT.glob("proofs/**/*.[ch]")]):
        text = path.read_text()
        for block in re.finditer(r"/\*@.*?\*/|//@[^\n]*", text, re.S):
            for word in re.finditer(r"\b(axiom|axiomatic|admit)\b", block.group()):
                yield str(path.relative_to(ROOT)), text.count("\n", 0, block.start() + word.start()) + 1, word.group()


def faults(unit, floors):
    """What is wrong with the result of a unit, as (rule, message)."""
    floor = floors.get(unit["file"])
    if floor is None:
        yield "floor", f"no goal-count floor: add \"{unit['file']}\": {unit['goals']} to proofs/floors.json"
    elif unit["goals"] < floor:
        yield "floor", f"{unit['goals']} goals, the floor is {floor}: contracts were lost; if that is meant, lower proofs/floors.json"
    for goal in unit["unproved"]:
        yield "unproved", f"goal {goal} is not proved"
    if unit["valid"] != unit["goals"] and not unit["unproved"]:
        yield "unproved", f"{unit['goals'] - unit['valid']} goals are not proved, see build/proofs/{unit['unit']}.log"
    for hole in unit["holes"]:
        yield "hole", f"{hole}, see build/proofs/{unit['unit']}.log"
    if not unit["canary_refused"]:
        yield "canary", "the canary (false) was proved or not tried: the annotations contradict each other"


def raise_floors(units):
    floors = json.loads(FLOORS.read_text()) if FLOORS.exists() else {}
    for unit in units:
        floors[unit["file"]] = max(unit["goals"], floors.get(unit["file"], 0))
    FLOORS.write_text(json.dumps(dict(sorted(floors.items())), indent=1) + "\n")


def run_all(names, options, env):
    floors = json.loads(FLOORS.read_text()) if FLOORS.exists() else {}
    heavy_first = sorted(names, key=lambda name: -floors.get(UNITS[name], 0))
    units = []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for unit in pool.map(lambda name: prove(name, options, env), heavy_first):
            units.append(unit)
            print(f"{unit['unit']}: {unit['valid']} of {unit['goals']} goals proved"
                  + (f", {unit['without_answer']} had no committed answer" if unit["without_answer"] else ""), flush=True)
    return units


def report_slowest(result, units, timeout):
    """A goal near the limit would be a matter of luck on a slower machine."""
    seconds, goal, file = max((*unit["slowest"], unit["file"]) for unit in units)
    result.figure("slowest goal", seconds, "s", timeout)
    if seconds > timeout / 4:
        result.finding("slow", f"goal {goal} takes {seconds} s of {timeout}: split it, or say more in between", file, level="warning")
        print(f"{file}:1: goal {goal} takes {seconds} s of {timeout}")


def report_units(result, units, floors):
    """Findings, figures and table; whether all hold."""
    found = [(unit["file"], rule, message) for unit in units for rule, message in faults(unit, floors)]
    for file, rule, message in found:
        result.finding(rule, message, file)
        print(f"{file}:1: {message}")
    for unit in units:
        if unit["without_answer"]:
            result.finding("answers", f"{unit['without_answer']} goals have no committed answer: "
                           f"proofs/prove.py --cache update {unit['unit']}", unit["file"], level="warning")
    goals, valid = sum(unit["goals"] for unit in units), sum(unit["valid"] for unit in units)
    result.figure("proved", valid, f"of {goals} goals", goals)
    result.figure("units", len(units))
    result.figure("functions with proved contracts", sum(len(unit["functions"]) for unit in units))
    result.figure("goals without a committed answer", sum(unit["without_answer"] for unit in units))
    result.table("Proofs by file", ["file", "goals", "proved", "floor", "functions"],
                 [[u["file"], u["goals"], u["valid"], floors.get(u["file"], 0), len(u["functions"])] for u in units])
    result.details["units"] = units
    return not found and goals > 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", default="replay", choices=["replay", "update", "none"],
                        help="replay: committed answers, provers for the rest; update: store answers and raise floors; none: provers only")
    parser.add_argument("--timeout", type=int, help="seconds for each prover and goal (20; 60 without stored answers, where a busy machine must not "
                        "decide: the slowest goal needs a fraction of it)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="units at a time")
    parser.add_argument("unit", nargs="*", metavar="UNIT", help=", ".join(UNITS))
    options = parser.parse_args()
    options.timeout = options.timeout or (60 if options.cache == "none" else 20)
    if set(options.unit) - set(UNITS):
        parser.error(f"units are {', '.join(UNITS)}")
    result = Result("proofs", "Every goal of the contracts and of the isolation theorem is proved, without axioms")
    try:
        units = run_all(options.unit or list(UNITS), options, why3_config())
    except RuntimeError as error:
        print(error)
        result.finding("frama-c", str(error).partition("\n")[0], "proofs/prove.py")
        return result.finish(False)
    if options.cache == "update":
        raise_floors(units)
    good = report_units(result, units, json.loads(FLOORS.read_text()) if FLOORS.exists() else {})
    report_slowest(result, units, options.timeout)
    axioms = list(assumed())
    result.figure("axioms and admits", len(axioms), limit=0)
    for file, line, word in axioms:
        result.finding("axiom", f"{word}: prove it as a lemma or state it in a contract", file, line)
        print(f"{file}:{line}: {word}: prove it as a lemma or state it in a contract")
    if options.unit:
        result.partial("only these units were run: " + ", ".join(options.unit))
    result.note("Answers of provers were " + {"replay": "replayed from proofs/session.", "update": "stored.",
                "none": "not taken from anywhere: everything was proved anew."}[options.cache])
    good = good and not axioms
    print(f"proofs: {sum(u['valid'] for u in units)} of {sum(u['goals'] for u in units)} goals, {len(axioms)} axioms or admits: "
          + ("all hold" if good else "FAILED"))
    return result.finish(good)


if __name__ == "__main__":
    sys.exit(main())
