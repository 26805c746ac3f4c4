# SPDX-License-Identifier: Apache-2.0
"""scons stack: the deepest that each stack of the hypervisor and of the runtime can get, from GCC's call graph.

Builds both images with --call-graph into build/stack. Rejects recursion, frames of unknown size, calls that the graph does
not show (the objects are disassembled and compared), and indirect calls and assembly that tools/evidence/stack.yaml does not
explain. The bounds promised in docs/specification.md must hold, and the stacks must have that much room and guard pages.
"""
import collections
import re
import subprocess
import sys

import yaml

from tools.evidence import specification
from tools.evidence.result import Result
from tools.progress import ROOT

OUT = ROOT / "build" / "stack"
TABLE = ROOT / "tools" / "evidence" / "stack.yaml"
INDIRECT = "__indirect_call"
CPU_H = "hv/x86/cpu.h"
Function = collections.namedtuple("Function", "size kind file line")


class Problem(Exception):
    """What ends the analysis at once; (rule, message, file, line)."""


def run(*command):
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise Problem("stack-tool", f"{' '.join(map(str, command[:3]))} ... failed:\n{done.stdout[-3000:]}", "", 0)
    return done.stdout


def location(text):
    """("hv/x86/run.c", 45) of "hv/x86/run.c:45:22"."""
    parts = text.split(":")
    return (parts[0], int(parts[1])) if len(parts) > 1 and parts[1].isdigit() else ("", 0)


def plain(title):
    """A static function's title is file:name."""
    return title.rsplit(":", 1)[-1]


class Image:
    """Call graph, symbols and disassembly of one image."""

    def __init__(self, name, table, result):
        self.name, self.table, self.result = name, table, result
        self.functions, self.calls = {}, collections.defaultdict(dict)  # title: Function; title: {callee: location}
        self.used, self.failed = set(), False
        self.sources = {path.relative_to(ROOT).as_posix(): path.read_text() for folder in (name, "abi")
                        for path in sorted((ROOT / folder).rglob("*.[chS]"))}
        self.objects = [path for path in sorted((OUT / name).rglob("*.o"))  # not those of sources that are gone
                        if any(path.relative_to(OUT).with_suffix(suffix).as_posix() in self.sources for suffix in (".c", ".S"))]
        self.indirect_callers = set()
        self.depths = {}

    def complain(self, rule, message, file="", line=0):
        self.result.finding(rule, message, file, line)
        print(f"{file or self.name}:{line}: {message}")
        self.failed = True

    # --- what the compiler says

    def read_graphs(self):
        for path in self.objects:
            source = path.with_suffix(".c").relative_to(OUT).as_posix()
            graph = path.with_suffix(".ci")
            if source not in self.sources:
                continue
            if not graph.exists():
                raise Problem("stack-graph", f"has an object but no call graph: remove {OUT.relative_to(ROOT)}", source, 0)
            self.read_graph(graph.read_text())
        if not self.functions:
            raise Problem("stack-graph", f"no function of {self.name} has a frame size", "", 0)

    def read_graph(self, text):
        for title, label in re.findall(r'^node: \{ title: "([^"]+)" label: "([^"]*)"', text, re.M):
            found = re.search(r"\\n(\d+) bytes \(([\w,]+)\)", label)
            if found:
                if title in self.functions:
                    self.complain("stack-graph", f"{title} is defined twice")
                self.functions[title] = Function(int(found[1]), found[2], *location(label.split("\\n")[1]))
        for source, target, where in re.findall(r'^edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"(?: label: "([^"]*)")?', text, re.M):
            key = (target, where) if target == INDIRECT else target
            self.calls[source][key] = location(where or "")

    # --- indirect calls

    def field_targets(self, kind, field):
        """What the initialisers of this type name for this field."""
        targets = set()
        for text in self.sources.values():
            for body in re.findall(rf"\bconst {kind} \w+ = \{{(.*?)\n\}};", text, re.S):
                found = re.search(rf"\.{field} = (\w+),", body)
                targets |= {found[1]} if found else set()
        return targets

    def resolve_indirect(self):
        for caller, callees in self.calls.items():
            for target, where in [key for key in list(callees) if isinstance(key, tuple)]:
                file, line = location(where)
                self.indirect_callers.add(caller)
                text = self.sources.get(file, "").splitlines()
                text = text[line - 1] if 0 < line <= len(text) else ""
                found = set()
                for entry in self.table["indirect"]:
                    pattern = re.escape(entry["call"]).replace("FIELD", r"(\w+)")
                    for field in re.findall(pattern, text):
                        self.used.add(entry["call"])
                        found |= self.field_targets(entry["type"], field)
                del callees[(target, where)]
                titles = {title for title in self.functions if plain(title) in found}
                if not found or {plain(title) for title in titles} != found:
                    self.complain("stack-indirect", f"{plain(caller)} calls through a pointer that tools/evidence/stack.yaml does not explain",
                                  file, line)
                for title in titles:
                    callees[title] = (file, line)

    # --- assembly

    def disassembled(self, path):
        """{function: [(instruction, operand)]} of one object; a call's operand is its target's name."""
        functions, current = collections.defaultdict(list), None
        for text in run("objdump", "-dr", "--no-show-raw-insn", str(path)).splitlines():
            head = re.match(r"^[0-9a-f]+ <([\w.$]+)>:$", text)
            reloc = re.match(r"^\s+[0-9a-f]+: R_X86_64_(?:PLT32|PC32)\s+([\w.$]+)-0x4", text)
            code = re.match(r"^\s+[0-9a-f]+:\s+(\w+)\s*(.*)$", text)
            if head:
                current = functions[head[1]]
            elif reloc and current and not current[-1][1].startswith("*"):
                current[-1] = (current[-1][0], reloc[1])
            elif code and current is not None:
                target = re.search(r"<([\w.$]+)>$", code[2])
                current.append((code[1], target[1] if target and not code[2].startswith("*") else code[2]))
        return functions

    def compare_with_objects(self):
        """Each call in the machine code is in the graph."""
        entries = set()
        for path in self.objects:
            source = path.with_suffix(".c").relative_to(OUT).as_posix()
            for name, code in self.disassembled(path).items():
                targets = {operand for word, operand in code if word in ("call", "jmp") and re.fullmatch(r"[A-Za-z_][\w.$]*", operand)}
                targets.discard(name)
                if source in self.sources:
                    whole = re.sub(r"\.cold$", "", name)  # what seldom runs is split off
                    title = f"{source}:{whole}" if f"{source}:{whole}" in self.functions else whole
                    if title not in self.functions:
                        self.complain("stack-graph", f"{name} is in the object but not in the call graph", source, 0)
                    known = {plain(callee) for callee in self.calls[title]}
                    through_pointer = any(operand.startswith("*") and (word == "call" or "(%rip)" in operand) for word, operand in code
                                          if word in ("call", "jmp"))
                    if through_pointer and title not in self.indirect_callers:
                        self.complain("stack-graph", f"{name} calls through a pointer, which the call graph does not show", source, 0)
                    for target in sorted(targets - known - {whole, f"{whole}.cold"}):
                        self.complain("stack-graph", f"{name} calls {target}, which the call graph does not show", source, 0)
                else:
                    entries |= self.check_assembly(path.relative_to(OUT).with_suffix(".S").as_posix(), name, code, targets)
        missing = set(self.table["entries"]) - entries
        for name in sorted(missing):
            self.complain("stack-table", f"entry {name}: no assembly calls it", TABLE.relative_to(ROOT), 0)

    def check_assembly(self, source, name, code, targets):
        """The C functions that this piece of assembly calls; its own use of the stack is as the table says."""
        depth = deepest = 8
        pushed = {}  # bytes at each call
        for word, operand in code:
            depth += {"push": 8, "pushq": 8, "pop": -8, "popq": -8}.get(word, 0)
            deepest = max(deepest, depth)
            if word == "call":
                pushed[operand] = max(depth - 8, 0)
        row = self.table["assembly"].get(name)
        if row and (row["file"] != source or row["bytes"] != deepest):
            self.complain("stack-table", f"{name} is in {source} and takes {deepest} bytes, not {row['bytes']} in {row['file']}", source, 0)
        reached = {target for target in targets if target in {plain(title) for title in self.functions}}
        if row and row.get("calls") in reached:
            self.calls[name][row["calls"]] = (source, 0)
            reached -= {row["calls"]}
        elif row and "calls" in row:
            self.complain("stack-table", f"{name} does not call {row['calls']}", source, 0)
        for target in sorted(reached - set(self.table["entries"])):
            self.complain("stack-table", f"{name} calls {target}, which tools/evidence/stack.yaml does not list as an entry", source, 0)
        for target in reached & set(self.table["entries"]):
            row = self.table["entries"][target]
            if row["file"] != source or row["pushed"] != pushed.get(target):
                self.complain("stack-table", f"entry {target} is called by {name} after {pushed.get(target)} bytes of pushes, "
                              f"not {row['pushed']} in {row['file']}", source, 0)
        return reached

    def add_assembly(self):
        for name, row in self.table["assembly"].items():
            self.functions[name] = Function(row["bytes"], "static", row["file"], 0)
        for title in self.used_by_code():
            if title not in self.functions:
                raise Problem("stack-unknown", f"{plain(title)} has no known frame size; tools/evidence/stack.yaml must tell it", self.name, 0)
        for name in self.table["assembly"]:
            if name not in self.used_by_code():
                self.complain("stack-table", f"assembly {name}: nothing calls it", TABLE.relative_to(ROOT), 0)
        for entry in self.table["indirect"]:
            if entry["call"] not in self.used:
                self.complain("stack-table", f"indirect call {entry['call']}: there is none", TABLE.relative_to(ROOT), 0)

    def used_by_code(self):
        return {callee for callees in self.calls.values() for callee in callees}

    def inline_bytes(self):
        """Inline assembly that moves the stack pointer must be in the table; all of it counts once."""
        for file, text in self.sources.items():
            for found in re.finditer(r"__asm__[^;]*?\(\s*\"(.*?)(?=\"\s*:|\"\s*\))", text, re.S):
                if re.search(r"\b(push|call|enter|sub\w* [^\"]*rsp)", found[1]):
                    line = text.count("\n", 0, found.start()) + 1
                    before = re.findall(r"^[\w *]*?(\w+)\([^;]*\)[^\n;]*\n\{", text[:found.start()], re.M)
                    name = before[-1] if before else "?"
                    row = self.table["inline"].get(name)
                    pushes = 8 * len(re.findall(r"\bpush", found[1]))
                    if row is None or row["file"] != file or row["bytes"] != pushes:
                        self.complain("stack-inline", f"{name} moves the stack pointer in inline assembly by {pushes} bytes; "
                                      "tools/evidence/stack.yaml must say so", file, line)
                    self.used.add(name)
        for name in sorted(set(self.table["inline"]) - self.used):
            self.complain("stack-table", f"inline assembly of {name}: there is none that pushes", TABLE.relative_to(ROOT), 0)
        return sum(row["bytes"] for row in self.table["inline"].values())

    # --- depth

    def depth(self, title, path=()):
        if title in path:
            circle = " > ".join(plain(name) for name in path[path.index(title):] + (title,))
            where = self.functions[title]
            raise Problem("stack-recursion", f"recursion: {circle}", where.file, where.line)
        if title not in self.depths:
            below = [self.depth(callee, path + (title,)) for callee in self.calls[title]]
            self.depths[title] = self.functions[title].size + max(below, default=0)
        return self.depths[title]

    def deepest_path(self, title):
        """[(function, its frame)] down the deepest way."""
        steps = [(plain(title), self.functions[title].size)]
        while self.calls[title]:
            title = max(sorted(self.calls[title]), key=lambda callee: self.depths[callee])
            steps.append((plain(title), self.functions[title].size))
        return steps

    def measure(self):
        for title, function in sorted(self.functions.items()):
            if function.kind != "static":
                self.complain("stack-dynamic", f"{plain(title)} has a frame of {function.kind} size", function.file, function.line)
            self.depth(title)


def symbols(elf):
    """{name: (address, size)}"""
    found = {}
    for line in run("nm", "-S", str(elf)).splitlines():
        words = line.split()
        if len(words) in (3, 4):
            found[words[-1]] = (int(words[0], 16), int(words[1], 16) if len(words) == 4 else 0)
    return found


def constant(text, name):
    found = re.search(rf"^#define {name}\s+(\d+)U?\b", text, re.M)
    if not found:
        raise Problem("stack-layout", f"no #define of {name}", CPU_H, 0)
    return int(found[1])


def hv_stacks(image, elf):
    """{array: size} of one core, after a look at the guard page below each and at paging.c, which unmaps it."""
    text, paging = image.sources[CPU_H], image.sources["hv/x86/paging.c"]
    body = re.search(r"struct pcpu_stacks \{(.*?)\n\};", text, re.S)
    if not body:
        raise Problem("stack-layout", "struct pcpu_stacks is not found", CPU_H, 0)
    members = re.findall(r"uint8_t (\w+)\[(\w+)\];", body[1])
    sizes = {name: 4096 if size == "PAGE_SIZE" else constant(text, size) for name, size in members}
    for index, (name, _) in enumerate(members):
        if not name.startswith("guard_"):
            guarded = index > 0 and members[index - 1][0] == f"guard_{name}" and sizes[name] % 4096 == 0
            unmapped = f"image_map(pcpu_stacks[i].guard_{name}, pcpu_stacks[i].{name}, 0U)" in paging
            if not guarded or not unmapped:
                image.complain("stack-guard", f"stack {name} has no guard page below it that paging.c leaves out", CPU_H, 0)
    address, size = symbols(elf)["pcpu_stacks"]
    cores = constant(image.sources["hv/core/limits.h"], "MAX_PCPU")
    if address % 4096 != 0 or size != cores * sum(sizes.values()):
        image.complain("stack-layout", f"pcpu_stacks is {size} bytes at {address:#x}: not page aligned or not {cores} times the struct", CPU_H, 0)
    others = [name for name in symbols(elf) if "stack" in name and name not in ("pcpu_stacks", "ap_stack")]
    if others:
        image.complain("stack-layout", f"a stack outside struct pcpu_stacks: {', '.join(others)}")
    return sizes


def bounds(image, elf, result, promised):
    """Compares each stack's worst use with its size and with the promise."""
    table, inline = image.table, image.inline_bytes()
    titles = {plain(title): title for title in image.functions}
    for name in sorted(set(table["entries"]) | set(table["shown"])):
        if name not in titles:
            raise Problem("stack-table", f"there is no function {name}", TABLE.relative_to(ROOT), 0)
    def with_frame(name):
        return table["entries"][name]["before"] + table["entries"][name]["pushed"] + image.depth(titles[name])

    frame = with_frame(table["trap"])
    sizes, rows = hv_stacks(image, elf) if image.name == "hv" else {}, []
    for stack, row in table["stacks"].items():
        if "array" in row:
            size = sizes[row["array"]]
        else:
            low, high = (symbols(elf).get(name, (0, 0))[0] for name in row["symbols"])
            size = high - low
        code = max((with_frame(name) for name in row["entries"]), default=0)
        worst, key = code + row["nested"] * frame + inline, f"stack.{image.name}.{stack}"
        limit = promised.number(key)
        result.figure(f"deepest of the {image.name} {stack} stack", worst, "bytes", limit)
        rows.append([stack, code, f"{row['nested']} of {frame}", inline, worst, limit, size])
        print(f"{image.name} {stack}: worst {worst} of {size} bytes (code {code}, {row['nested']} traps of {frame}, inline {inline}; promised {limit})")
        if worst > limit or limit > size:
            image.complain("stack-overflow", f"{stack} stack: worst case {worst} bytes, promised {limit} ({key} in {specification.FILE}), "
                           f"size {size}: use less stack, or change the promise")
    result.table(f"Stacks of {image.name}, in bytes", ["stack", "deepest code", "traps", "inline assembly", "worst case", "promised", "size"], rows)
    for name in list(table["entries"]) + table["shown"]:
        steps = image.deepest_path(titles[name])
        result.details[name] = {"bytes": image.depth(titles[name]), "path": steps}
        print(f"{image.name} {name}: {image.depth(titles[name])} bytes by " + " > ".join(f"{step} {size}" for step, size in steps))


def main():
    result = Result("stack", "No stack of the hypervisor or of the RTVM runtime can overflow")
    passed = True
    try:
        run("scons", "-Q", "-j2", "--out=build/stack", "--call-graph", "hv", "rtvm")
        promised = specification.read()
        for name, table in yaml.safe_load(TABLE.read_text()).items():
            image = Image(name, table, result)
            image.read_graphs()
            image.resolve_indirect()
            image.compare_with_objects()
            image.add_assembly()
            image.measure()
            bounds(image, OUT / name / f"{name}.elf64", result, promised)
            passed = passed and not image.failed
            result.details[f"{name} functions"] = len(image.functions)
    except (Problem, specification.Missing) as problem:
        rule, message, file, line = problem.args if len(problem.args) == 4 else ("stack", str(problem), specification.FILE, 0)
        result.finding(rule, message, file, line)
        print(f"{file}:{line}: {message}")
        passed = False
    result.note("The runtime's stack has no guard page: its bound alone protects it. It is a guest, and can harm only itself.")
    return result.finish(passed)


if __name__ == "__main__":
    sys.exit(main())
