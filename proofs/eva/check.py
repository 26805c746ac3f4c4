#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Value analysis (Frama-C/Eva): no run-time error in hv/core and hv/devices for any input and any state within the invariants.

usage: proofs/eva/check.py [driver.c ...]     (without drivers: all of them, and what they leave out is checked)

A driver is a file here with a main(). Its comments say what it analyses:
  eva-sources: files below hv/, or "all" that stubs_wp.c does not stand in for
  eva-without: files to leave out again; "state": the step needs no shared state (state.c)
  eva-options: more options for Frama-C
  eva-stubs:   stubs_NAME.c here (stubs_hw.c always); a contract there without a body replaces the function's body
A module with invariants of its own is analysed through state_NAME.c, which includes it.

An alarm is a failure; so is a function without body and contract, and a driver whose end or whose sources are not reached.
Every function of hv/core and hv/devices is reached by a driver, proved by WP, or listed with a reason in uncovered.yaml.
"""
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import time

import yaml

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "proofs"))
from tools.evidence.result import Result  # noqa: E402
import prove  # noqa: E402

OUT = ROOT / "build" / "eva"
FRAMAC = ["frama-c", "-c11", "-machdep", "gcc_x86_64", "-cpp-extra-args=-Ihv -I."]
# Start from any state. Arrays of up to 300 elements are followed element by element. A bool is 0 or 1 because only
# assignments of truth values write one (MISRA C 10.3), which an unknown start state does not know.
EVA = ["-eva", "-lib-entry", "-eva-precision", "1", "-eva-plevel", "300", "-no-warn-invalid-bool"]
OPEN = ("unknown", "invalid", "invalid_under_hyp", "inconsistent")
MISSING = re.compile(r"Neither code nor specification for function (\w+)")
# Stood in for by stubs_wp.c: what the heart of the proofs promises is more than Eva could find out.
STOOD_IN = tuple(f"core/{name}.c" for name in ("domain", "domain_build", "iommu_irte", "iommu_remap", "iommu_table", "partition_memory", "stage2", "stage2_table"))
# Of the proofs: what WP looks at, file by file.
PROVED_FILES = prove.proved_files() | set(prove.INLINE)


def directive(text, name):
    found = re.search(rf"eva-{name}:(.*?)\*/", text, re.S)
    return found.group(1).split() if found else []


def hypervisor_files():
    return sorted(str(path.relative_to(ROOT)) for folder in ("core", "devices") for path in (ROOT / "hv" / folder).glob("*.c"))


def sources_of(text):
    """The files that a driver names, each by the wrapper that states its invariants where there is one."""
    named = directive(text, "sources")
    if named == ["all"]:
        named = [file.removeprefix("hv/") for file in hypervisor_files() if file.removeprefix("hv/") not in STOOD_IN]
    files = []
    for name in named:
        if name not in directive(text, "without"):
            state = HERE / f"state_{pathlib.Path(name).stem}.c"
            files.append(str(state.relative_to(ROOT)) if state.exists() else f"hv/{name}")
    return files


def contracts_of(stub):
    """Functions that a file of stubs only declares: the contract there stands for the body."""
    return re.findall(r"^(?!static)\w[\w *]*?(\w+)\([^;{}]*\);$", stub.read_text(), re.M)


def frama_c(words, log):
    # frama-c believes PWD, not the working directory
    with open(log, "w", encoding="utf-8") as output:
        return subprocess.run([*FRAMAC, *words], cwd=ROOT, env=dict(os.environ, PWD=str(ROOT), LC_ALL="C"), stdout=output,
                              stderr=subprocess.STDOUT, timeout=1500, check=False).returncode


def asked(requests, name):
    """A batch of requests to Frama-C's server: the words for the command line, and where the answers will be."""
    batch = OUT / f"{name}.json"
    answers = OUT / f"{name}.out.json"
    batch.write_text(json.dumps([{"id": str(i), "request": request, "data": data} for i, (request, data) in enumerate(requests)]))
    answers.unlink(missing_ok=True)
    return ["-then", "-server-batch", str(batch)], answers


def answers_in(path):
    return [entry.get("data") for entry in json.loads(path.read_text())] if path.exists() else None


def place(sloc):
    """(file relative to the project, line)"""
    file = sloc["file"]
    return (os.path.relpath(file, ROOT) if os.path.isabs(file) else file), sloc["line"]


def functions_of(files, name):
    """{Frama-C's name: (file, line)} of all functions with a body."""
    words, answers = asked([("kernel.ast.fetchFunctions", 100000)], f"{name}-functions")
    status = frama_c(["-kernel-warn-key", "annot:missing-spec=inactive", *files, *words], OUT / f"{name}-functions.log")
    data = answers_in(answers)
    if status != 0 or not data or data[0] is None:
        raise RuntimeError(f"frama-c cannot read the sources, see {OUT.relative_to(ROOT)}/{name}-functions.log")
    return {entry["name"]: place(entry["sloc"]) for entry in data[0]["updated"] if entry.get("defined")}


class Driver:
    """One driver and what its analysis found."""

    def __init__(self, path):
        self.path, self.name = path, path.stem
        self.alarms, self.problems, self.reached, self.dead, self.seconds = [], [], {}, {}, 0.0
        self.statements, self.end_is_dead = 0, False

    def run(self):
        begin = time.monotonic()
        try:
            self.analyse()
        except (RuntimeError, OSError, ValueError, KeyError, subprocess.TimeoutExpired) as error:
            self.problems.append(str(error))
        self.seconds = time.monotonic() - begin
        return self

    def analyse(self):
        text = self.path.read_text()
        stubs = [HERE / f"stubs_{name}.c" for name in ["hw", *directive(text, "stubs")]]
        wanted = sources_of(text)
        shared = [] if "state" in directive(text, "without") else [HERE / "state.c"]
        files = [*(str(path) for path in (self.path, *shared, *stubs)), *wanted]
        names = functions_of(files, self.name)
        words, answers = asked([("plugins.eva.general.fetchFunctionStats", 100000), ("kernel.properties.fetchStatus", 100000),
                                *(("plugins.eva.general.getDeadCode", name) for name in names),
                                ("kernel.ast.fetchMarkerInfo", 1000000)], self.name)
        contracts = [name for stub in stubs for name in contracts_of(stub)]
        contracts += [name for name, where in names.items() if where[0] in prove.INLINE]
        log = OUT / f"{self.name}.log"
        status = frama_c([*EVA, *directive(text, "options"), *(["-eva-use-spec", ",".join(contracts)] if contracts else []), *files, *words], log)
        output, data = log.read_text(errors="replace"), answers_in(answers)
        if status != 0 or data is None or "[eva:summary]" not in output:
            raise RuntimeError(f"frama-c failed, see {log.relative_to(ROOT)}: " + output[-300:])
        self.take_alarms(output, data[1]["updated"])
        self.take_coverage(names, data[0]["updated"], dict(zip(names, data[2:-1])), data[-1]["updated"])
        for name in sorted(set(MISSING.findall(output))):
            self.problems.append(f"{name}() has neither body nor contract: name its source, or add it to a stubs_*.c")
        if not any(file.startswith("hv/") and file.endswith(".c") for file, _ in self.reached):
            self.problems.append("it reaches no function of its sources")
        if self.end_is_dead:
            self.problems.append("part of its main() is never reached, so that what stands there is not checked")

    def take_alarms(self, output, properties):
        """The properties that Eva could not show: run-time errors, assertions, and what a callee requires. What a function
        ensures and the invariants of loops are WP's: Eva meets them as annotations that it cannot always follow."""
        said = {}
        for file, line, message in re.findall(r"^\[eva:alarm\] ([^\s:]+):(\d+): Warning:(.*?)(?=^\S|\Z)", output, re.S | re.M):
            said.setdefault((os.path.relpath(file, ROOT) if os.path.isabs(file) else file, int(line)), []).append(" ".join(message.split()))
        open_ones = [entry for entry in properties if entry["status"] in OPEN
                     and (entry["alarm"] is not None or entry["kind"] in ("assert", "check", "instance"))]
        for where in sorted({place(entry["source"]) for entry in open_ones}):
            texts = said.pop(where, None) or [" ".join(entry["descr"].split()) for entry in open_ones if place(entry["source"]) == where]
            self.alarms += [(*where, text) for text in texts]
        for where, texts in sorted(said.items()):
            self.alarms += [(*where, text) for text in texts if not re.search(r"(postcondition|loop invariant|assigns|variant).*got status", text)]

    def take_coverage(self, names, stats, dead, markers):
        statement = {entry["key"]: entry for entry in markers}
        for entry in stats:
            where = names.get(entry["key"])
            if where is None:
                continue
            gone = (dead.get(entry["key"]) or {}).get("unreachable", [])
            if entry["key"] == "main":
                self.end_is_dead = bool(entry["coverage"]["dead"])
            self.reached[where] = entry["coverage"]["reachable"] + entry["coverage"]["dead"]
            self.dead[where] = {(*place(statement[key]["sloc"]), " ".join(statement[key]["descr"].split())) for key in gone
                                if statement.get(key, {}).get("sloc")}


def source_name(name, where):
    """As the source has it: Frama-C numbers static functions that share a name."""
    lines = (ROOT / where[0]).read_text().splitlines()
    near = " ".join(lines[where[1] - 1:where[1] + 1])
    bare = re.sub(r"_\d+$", "", name)
    return f"{where[0].removeprefix('hv/')}:{name if re.search(rf'{name}[(]', near) else bare}"


def all_functions():
    """{place: name} of what hv/core and hv/devices define, and what of it WP proves."""
    # Files whose annotations use the same names for different things cannot be read together.
    together = [file for file in hypervisor_files() if file.removeprefix("hv/") not in STOOD_IN]
    found = {}
    for group in (together, *([f"hv/{file}"] for file in STOOD_IN)):
        for name, where in functions_of(group, "all").items():
            found.setdefault(where, name)
    named = {where: source_name(name, where) for where, name in found.items() if where[0].startswith(("hv/core/", "hv/devices/"))}
    return named, {where for where in named if where[0] in PROVED_FILES}


def check_coverage(drivers, result):
    """What no driver reaches, against uncovered.yaml. Returns whether the two agree and the floors hold."""
    named, proved = all_functions()
    known = yaml.safe_load((HERE / "uncovered.yaml").read_text())
    ours = {where: name for where, name in named.items() if where not in proved}
    reached = {where for driver in drivers for where in driver.reached if where in ours}
    missing = {ours[where]: where for where in ours if where not in reached}
    listed = {entry["function"]: entry["because"] for entry in known["functions"]}
    good = True
    for name, where in sorted(missing.items()):
        if name not in listed:
            good = False
            result.finding("eva-uncovered", f"no driver reaches {name.partition(':')[2]}(): call it from one, or say why not in "
                           "proofs/eva/uncovered.yaml", *where)
    for name in sorted(set(listed) - set(missing)):
        good = False
        result.finding("eva-stale", f"{name} is reached, proved or gone: take it out", "proofs/eva/uncovered.yaml")
    dead, statements = set(), 0
    for where in reached:
        statements += max(driver.reached.get(where, 0) for driver in drivers)
        dead |= set.intersection(*(driver.dead[where] for driver in drivers if where in driver.dead))
    share = 100.0 * len(reached) / len(ours)
    alive = 100.0 * (1 - len(dead) / max(statements, 1))
    result.figure("functions analysed", len(reached), f"of {len(ours)}")
    result.figure("share of functions analysed", round(share, 1), "%", known["floor"]["functions"])
    result.figure("statements reached in them", round(alive, 1), "%", known["floor"]["statements"])
    result.figure("functions that WP proves instead", len(proved))
    for what, value in (("functions", share), ("statements", alive)):
        if value < known["floor"][what]:
            good = False
            result.finding("eva-floor", f"{value:.1f} % of the {what} are reached, less than {known['floor'][what]} %: extend a driver",
                           "proofs/eva/uncovered.yaml")
    result.details.update({
        "not_reached": [{"function": name, "because": listed.get(name, "")} for name in sorted(missing)],
        "dead_statements": [{"file": file, "line": line, "statement": text} for file, line, text in sorted(dead)]})
    result.table("Functions that no driver reaches", ["function", "reason"], [[name, listed.get(name, "")] for name in sorted(missing)])
    result.table("Statements that no input reaches", ["place", "statement"],
                 [[f"{file}:{line}", text[:80]] for file, line, text in sorted(dead)])
    return good


def drivers_here():
    return [path for path in sorted(HERE.glob("*.c")) if not path.name.startswith(("state", "stubs_"))]


def main():
    result = Result("eva", "No run-time error in hv/core and hv/devices for any guest input and any state within the invariants (Eva)")
    OUT.mkdir(parents=True, exist_ok=True)
    chosen = [pathlib.Path(name).resolve() for name in sys.argv[1:]]
    paths = chosen or drivers_here()
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        drivers = list(pool.map(lambda path: Driver(path).run(), paths))
    for driver in drivers:
        print(f"{driver.name}: {len(driver.alarms)} alarms, {len(driver.reached)} functions, {driver.seconds:.0f} s", flush=True)
        for file, line, message in driver.alarms:
            print(f"{file}:{line}: {message}")
            result.finding("eva-alarm", message, file, line)
        for problem in driver.problems:
            print(f"{driver.path.name}:1: {problem}")
            result.finding("eva-driver", problem, os.path.relpath(driver.path, ROOT), 1)
    alarms = sum(len(driver.alarms) for driver in drivers)
    result.figure("alarms", alarms, limit=0)
    good = not any(driver.alarms or driver.problems for driver in drivers)
    known = len(result.findings)
    if not chosen and not any(driver.problems for driver in drivers):
        good = check_coverage(drivers, result) and good
    for finding in result.findings[known:]:
        print(f"{finding['file']}:{finding['line']}: {finding['message']}")
    result.table("Drivers", ["driver", "functions", "alarms", "seconds"],
                 [[driver.name, len(driver.reached), len(driver.alarms), round(driver.seconds)] for driver in drivers])
    result.note("Within the contracts of proofs/eva/stubs_*.c. Unsigned arithmetic that wraps is defined in C and raises no alarm.")
    good = good and bool(drivers)
    print(f"eva: {alarms} alarms in {len(drivers)} drivers: " + ("passed" if good else "FAILED"))
    return result.finish(good)


if __name__ == "__main__":
    sys.exit(main())
