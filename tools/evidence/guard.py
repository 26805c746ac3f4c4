# SPDX-License-Identifier: Apache-2.0
"""Gate "guard", the temporal guard: shared cores cannot delay an exclusive one.

    python3 -m tools.evidence.guard [--write]     (scons guard)

Takes from the compiled hypervisor which functions wait, which lock words and tables each function touches, and who calls whom; compares that
with tools/evidence/guard.yaml, which says for whom each wait is and who ends it. Fails when an exclusive core could meet a lock or
a wait for another core, when somebody waits for an exclusive core that was not told to stop, when one is kicked from elsewhere, when a running
core could change the tables of a pre-launched VM, and when a wait, kick or table writer stands in no line. --write renews docs/temporal-guard.md
and its picture.
"""
import argparse
import collections
import re
import sys

import yaml

from tools.evidence import exclusive, guard_page, loops, stack
from tools.evidence.result import Result
from tools.progress import ROOT

TABLE = ROOT / "tools" / "evidence" / "guard.yaml"
NAME = TABLE.relative_to(ROOT)
RELOCATION = re.compile(r"^\s+[0-9a-f]+: R_X86_64_\w+\s+(?:\.(?:bss|data|rodata)\.)?([A-Za-z_][\w.]*)")
FOR_NOBODY = ("event", "device", "time")


class Graph:
    """Who calls whom, who waits, who touches which variable; by plain names."""

    def __init__(self, image):
        self.image, self.touched = image, collections.defaultdict(set)
        self.calls = {stack.plain(title): {stack.plain(str(callee)) for callee in callees} for title, callees in image.calls.items()}
        self.place = {stack.plain(title): (function.file, function.line) for title, function in image.functions.items()}
        self.code = {stack.plain(title): code for title, code in exclusive.machine_code(image).items()}
        for path in image.objects:
            self.read_relocations(path)

    def read_relocations(self, path):
        function = None
        for text in stack.run("objdump", "-dr", "--no-show-raw-insn", str(path)).splitlines():
            head, found = re.match(r"^[0-9a-f]+ <([\w.$]+)>:$", text), RELOCATION.match(text)
            if head:
                function = re.sub(r"\.cold$", "", head[1])
            elif found and function:
                self.touched[re.sub(r"\.\d+$", "", found[1])].add(function)

    def callers(self, name):
        return {caller for caller, callees in self.calls.items() if name in callees}

    def reached(self, start, without=()):
        """{function: who calls it} from the start on, by the shortest way."""
        found, todo = {start: None}, [start]
        while todo:
            caller = todo.pop(0)
            for callee in sorted(self.calls.get(caller, ())):
                if callee not in found and callee not in without:
                    found[callee] = caller
                    todo.append(callee)
        return found

    def waits(self):
        """Functions that wait: with PAUSE, or that call what stands for it."""
        paused = {name for name, code in self.code.items() if any(word == "pause" for word, _ in code)}
        return (paused | self.callers("hw_relax") | self.callers("pcpu_wait") | {"pcpu_wait"}) - {"hw_relax"}


def way(found, name):
    names = []
    while name is not None:
        names.append(name)
        name = found[name]
    return " > ".join(reversed(names))


class Check:
    """Compares the graph with the table; sides: {side: {function: who calls it}}."""

    def __init__(self, graph, table):
        self.graph, self.table, self.complain = graph, table, graph.image.complain
        self.sides = {}
        for side, row in table["sides"].items():
            if row["start"] not in graph.place:
                raise stack.Problem("guard-start", f"{side}: there is no function {row['start']}", NAME, 0)
            self.sides[side] = graph.reached(row["start"], row.get("without", ()))

    def fault(self, rule, message, function=None):
        self.complain(rule, message, *self.graph.place.get(function, (NAME, 0)))

    def same(self, rule, what, listed, found):
        """Each name is in the table and in the code."""
        for name in sorted(set(found) - set(listed)):
            self.fault(rule, f"{name} {what}, and {NAME} does not say why it may", name)
        for name in sorted(set(listed) - set(found)):
            self.fault("guard-stale", f"{name}: no longer {what}: remove the line")

    def locks(self):
        for name, row in self.table["locks"].items():
            users = set(row["take"]) | set(row["give"])
            self.same("guard-lock", f"touches the word of the lock {name}", users, self.graph.touched[row["word"]])
            for side, found in self.sides.items():
                for function in sorted(set(row["take"]) & set(found)):
                    if not self.table["sides"][side]["waits"]:
                        self.fault("guard-lock", f"{side}: takes the lock {name}, which a shared core can hold: {way(found, function)}", function)

    def waits(self):
        rows, touched = self.table["waits"], self.graph.touched
        self.same("guard-wait", "waits", rows, self.graph.waits())
        for name, row in rows.items():
            for function in (name, *row.get("ended_by", ())):
                if function not in touched[row.get("word", "")] and row.get("word") and not self.looks_at(function, row["word"]):
                    self.fault("guard-wait", f"{name}: {function} does not touch {row['word']}", name)
            if row["for"] == "exclusive core" and not (re.fullmatch(r"\d+ [mu]s", row["bound"]) and row.get("after") in self.graph.calls.get(name, ())):
                self.fault("guard-wait", f"{name} waits for an exclusive core that it has not told what it waits for, or without a limit of time", name)
            for side, found in self.sides.items():
                if name in found and row["for"] not in FOR_NOBODY and not self.table["sides"][side]["waits"]:
                    self.fault("guard-wait", f"{side}: waits for a {row['for']}: {way(found, name)}", name)

    def looks_at(self, function, word):
        """It calls something that touches the word: an accessor such as hw_pcpu_in_guest()."""
        return bool(self.graph.calls.get(function, set()) & self.graph.touched[word])

    def source_loops(self):
        """Each loop that tools/evidence/loops.yaml calls a wait stands in a function of this table."""
        named = {row.get("source", name) for name, row in self.table["waits"].items()}
        listed = yaml.safe_load((ROOT / loops.TABLE).read_text(encoding="utf-8"))["loops"]
        waiting = {(file, row["loop"]) for file, rows in listed.items() for row in rows if row["kind"] == "wait"}
        for path in sorted((ROOT / "hv").rglob("*.c")):
            for loop in loops.Source(path).loops():
                if (loop.file, f"{loop.word} ({loop.head})") in waiting and loop.function not in named:
                    self.complain("guard-wait", f"{loop.function} waits, and {NAME} has no line for it", loop.file, loop.line)

    def kicks(self):
        rows = self.table["kicks"]
        self.same("guard-kick", "kicks a core", rows, self.graph.callers("hw_kick"))
        for name, row in rows.items():
            if row["whom"] == "exclusive":
                for caller in sorted(self.graph.callers(name) ^ set(row["by"])):
                    self.fault("guard-kick", f"{name} makes an exclusive core leave its guest: {caller} calls it and may not, or no longer does", caller)

    def tables(self):
        rows, writers = self.table["tables"]["callers"], set(self.table["tables"]["writers"])
        called = {caller for writer in writers for caller in self.graph.callers(writer)} - writers
        self.same("guard-table", "changes stage-2 tables", rows, called)
        inside = {name for name, place in self.graph.place.items() if place[0].startswith("hv/core/stage2")}
        for name in sorted(self.graph.touched[self.table["tables"]["word"]] - inside - {"boot_main"}):
            self.fault("guard-table", f"{name} reaches the stage-2 tables past their writers", name)
        for side in ("exclusive", "arrival"):
            for writer in sorted(writers & set(self.sides[side])):
                self.fault("guard-table", f"{side}: changes stage-2 tables: {way(self.sides[side], writer)}", writer)
        for name, row in rows.items():
            ways = [self.sides[side] for side in self.sides if side not in row["only"]] + [self.graph.reached(start) for start in row.get("never", ())]
            for found in ways:
                if name in found:
                    self.fault("guard-table", f"a running core changes the tables of {row['vms']}: {way(found, name)}", name)
                    break

    def everything(self):
        for part in (self.locks, self.waits, self.source_loops, self.kicks, self.tables):
            part()


def report(result, check, table):
    waits = guard_page.wait_rows(check.sides, table)
    met = [name for side, row in table["sides"].items() if not row["waits"] for name in check.sides[side] if name in table["waits"]]
    held_up = [name for name in met if table["waits"][name]["for"] != "event" and not table["waits"][name].get("restart")]
    result.figure("waits and locks that an exclusive core can meet while its VM runs, besides having nothing to do", len(held_up), limit=0)
    result.figure("waits of the hypervisor", len(table["waits"]))
    result.figure("functions of exclusive cores", len(check.sides["exclusive"]))
    for title, columns, rows in guard_page.tables(check.sides, table, waits):
        result.table(title, columns, rows)
    result.details = {"picture": guard_page.picture(check.sides, table)}
    result.note("A wait is found by PAUSE, hw_relax() or pcpu_wait(), and by the loops that the gate \"loops\" cannot bound. A loop that "
                "was called bounded there, and is not, would not be seen.")


def main():
    parser = argparse.ArgumentParser(prog="python3 -m tools.evidence.guard", description="Checks the temporal guard.")
    parser.add_argument("--write", action="store_true", help="renew docs/temporal-guard.md and its picture")
    options = parser.parse_args()
    result, passed = Result("guard", "Shared cores cannot delay an exclusive core, not even when they hang"), False
    try:
        stack.run("scons", "-Q", "-j2", "--out=build/stack", "--call-graph", "hv")
        image = stack.Image("hv", yaml.safe_load(stack.TABLE.read_text(encoding="utf-8"))["hv"], result)
        image.read_graphs()
        image.resolve_indirect()
        image.compare_with_objects()
        exclusive.cut(image, yaml.safe_load(exclusive.TABLE.read_text(encoding="utf-8")))
        table = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
        check = Check(Graph(image), table)
        check.everything()
        report(result, check, table)
        guard_page.keep(check.sides, table, options.write, image.complain)
        passed = not image.failed
        print(f"guard: {len(table['waits'])} waits, {len(check.sides['exclusive'])} functions of exclusive cores, {len(result.findings)} findings")
    except stack.Problem as problem:
        rule, message, file, line = problem.args
        result.finding(rule, message, str(file), line)
        print(f"{file}:{line}: {message}")
    return result.finish(passed)


if __name__ == "__main__":
    sys.exit(main())
