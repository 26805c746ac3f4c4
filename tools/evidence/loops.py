# SPDX-License-Identifier: Apache-2.0
"""scons loops: every loop of the hypervisor ends after a bounded number of rounds, or it is known why not.

A loop is taken as bounded when it counts up to, or down from, a constant or a quantity of tools/evidence/loops.yaml, and its body does
not touch the counter. One in a function that the run loops do not reach runs at boot only, before there is a guest. Every
other loop stands in that file with its bound and the reason; a line of the file that no loop needs is a finding.
"""
import collections
import re
import sys

import yaml

from tools.evidence.result import Result
from tools.progress import ROOT

TABLE = "tools/evidence/loops.yaml"
# What loops.yaml may say, and what is found without it.
KINDS = {"bounded": "ends after a number of rounds that no guest can raise",
         "cut": "as long as what a hypercall asks for, which is cut into pieces",
         "wait": "waits for another core or for hardware, which does its part",
         "forever": "is meant not to end"}
FOUND = {"counted": "counts to a constant, or to a quantity with a limit",
         "boot": "in a function that the run loops do not reach",
         "restart": "in a function that they reach only to start the Service VM anew"}
CONSTANT = r"(?:sizeof\([^()]*\)|\(?\(uint32_t\)\s*)?(?:0x[0-9A-Fa-f]+U?|\d+U?L*|[A-Z][A-Z0-9_]*)?\)?"
# Where guests' exits, interrupts and exceptions come in, and what starts the Service VM anew.
ROOTS = ("run_shared", "run_exclusive", "idt_dispatch")
RESTART = "vm_boot_service"
Loop = collections.namedtuple("Loop", "file line function word head body")


def without_comments(text):
    """The same text with comments and the content of strings blank; lines keep their numbers."""
    blank = lambda found: re.sub(r"[^\n]", " ", found[0])
    return re.sub(r"\"(?:[^\"\\\n]|\\.)*\"|'[(){}\"]'", blank, re.sub(r"/\*.*?\*/", blank, text, flags=re.S))


def closing(text, at, pair):
    """Behind the bracket that closes the one at text[at]."""
    depth = 0
    for i in range(at, len(text)):
        depth += {pair[0]: 1, pair[1]: -1}.get(text[i], 0)
        if depth == 0:
            return i + 1
    raise ValueError("unbalanced brackets")


class Source:
    """One .c file: its functions, loops and calls."""

    def __init__(self, path):
        self.file = path.relative_to(ROOT).as_posix()
        self.text = without_comments(path.read_text())
        self.functions = []  # (name, first, last)
        for found in re.finditer(r"^(?!else|do)[A-Za-z_][\w \*\n]*?\b(\w+)\(([^;{}]*)\) *\n\{", self.text, re.M):
            self.functions.append((found[1], found.end() - 1, closing(self.text, found.end() - 1, "{}")))

    def loops(self):
        for found in re.finditer(r"\b(for|while|do)\b\s*([({])", self.text):
            name = next((name for name, first, last in self.functions if first < found.start() < last), "")
            line = self.text.count("\n", 0, found.start()) + 1
            if found[1] == "do":
                yield Loop(self.file, line, name, "do", "", "")
            else:
                end = closing(self.text, found.end() - 1, "()")
                rest = self.text[end:].lstrip()
                start = end + len(self.text[end:]) - len(rest)
                body = self.text[start:closing(self.text, start, "{}")] if rest.startswith("{") else ""
                head = " ".join(self.text[found.end():end - 1].split())
                if not (found[1] == "while" and rest.startswith(";")):  # the end of a do
                    yield Loop(self.file, line, name, found[1], head, body)

    def calls(self):
        """{(file, function): names that its body calls, fields of the vendor table included}"""
        return {(self.file, name): set(re.findall(r"\b(\w+)\(", self.text[first:last])) | set(re.findall(r"&?\b(\w+),$", self.text[first:last], re.M))
                for name, first, last in self.functions}


def reachable(sources, roots, cut=()):
    """{(file, function)} that can run once VMs do. A name is looked for in its own file first."""
    calls = {key: names for source in sources for key, names in source.calls().items()}
    places = collections.defaultdict(set)
    for file, name in calls:
        places[name].add(file)
    fields = collections.defaultdict(set)
    for source in sources:
        for body in re.findall(r"\bconst struct vendor \w+ = \{(.*?)\n\};", source.text, re.S):
            for field, target in re.findall(r"\.(\w+) = (\w+),", body):
                fields[field].add(target)
    seen, todo = set(), [(file, name) for name in roots for file in places[name]]
    while todo:
        key = todo.pop()
        if key in seen or key[1] in cut:
            continue
        seen.add(key)
        for name in calls[key]:
            for target in {name} | fields[name]:
                files = {key[0]} if key[0] in places[target] else places[target]
                todo += [(file, target) for file in files]
    return seen


def conjuncts(condition):
    """What all must hold for another round."""
    parts, depth, start = [], 0, 0
    for i, c in enumerate(condition):
        depth += {"(": 1, ")": -1}.get(c, 0)
        if depth == 0 and condition[i:i + 2] in ("&&", "||"):
            if condition[i:i + 2] == "||":
                return []
            parts.append(condition[start:i])
            start = i + 2
    parts.append(condition[start:])
    stripped = [part.strip() for part in parts]
    return [part[1:-1].strip() if part.startswith("(") and closing(part, 0, "()") == len(part) else part for part in stripped]


def counted(loop, quantities):
    """The quantity's pattern or "constant" that this loop counts to; None when that does not show."""
    if loop.word != "for" or loop.head.count(";") != 2:
        return None
    first, condition, step = (part.strip() for part in loop.head.split(";"))
    begin = re.fullmatch(r"(?:\w+ )?(\w+) = (.+)", first)
    if not begin or re.search(rf"(?<![\w.>]){begin[1]}(?:\[[^]]*\])?\s*(?:=[^=]|[-+*/|&^]=|\+\+|--)", loop.body):
        return None
    counter, limit = begin[1], None
    for part in conjuncts(condition):
        up = re.fullmatch(rf"{counter} (?:<|<=) (.+)", part)
        if up and re.fullmatch(rf"{counter}(?:\+\+| \+= (?:{CONSTANT}|.*sizeof.*))", step):
            limit = limit or kind_of(up[1], quantities)
        if re.fullmatch(rf"{counter} > 0U", part) and step == f"{counter}--":
            limit = limit or kind_of(begin[2], quantities)
    return limit


def kind_of(text, quantities):
    """"constant", the pattern of a quantity, or None."""
    terms = [term for term in re.split(r"\s*[-+*/]\s*", text.replace("(uint32_t)", "").strip("()")) if term]
    if terms and all(re.fullmatch(r"sizeof\([^()]*(?:\[[^]]*\])?\)?|0x[0-9A-Fa-f]+U?|\d+U?|[A-Z][A-Z0-9_]*", term.strip("()") if "sizeof" not in term else term) for term in terms):
        return "constant"
    return next((row["limit"] for row in quantities if re.fullmatch(row["limit"], text)), None)


def main():
    result = Result("loops", "Every loop of the hypervisor is bounded, or known not to be")
    table = yaml.safe_load((ROOT / TABLE).read_text())
    sources = [Source(path) for folder in ("boot", "core", "devices", "x86") for path in sorted((ROOT / "hv" / folder).rglob("*.[ch]"))]
    running, without_restart = reachable(sources, ROOTS), reachable(sources, ROOTS, (RESTART,))
    listed = {(file, row["loop"]): row for file, rows in table["loops"].items() for row in rows}
    used, tally, problems = collections.Counter(), collections.Counter(), []
    for loop in (loop for source in sources for loop in source.loops()):
        if not loop.function:
            problems.append((loop.file, loop.line, "a loop outside of any function that this program recognises"))
        count = counted(loop, table["quantities"])
        head = f"{loop.word} ({loop.head})" if loop.head else loop.word
        row = listed.get((loop.file, head))
        if count:
            tally["counted"] += 1
            used[count] += 1
        elif (loop.file, loop.function) not in without_restart:
            tally["restart" if (loop.file, loop.function) in running else "boot"] += 1
        elif row is None:
            problems.append((loop.file, loop.line, f"{loop.function}: nothing says why this ends: {head}"))
        else:
            used[(loop.file, head)] += 1
            tally[row["kind"]] += 1
            if row["kind"] not in KINDS:
                problems.append((TABLE, 0, f"{loop.file}: {head}: kind is one of {', '.join(KINDS)}"))
    for file, head in sorted(set(listed) - set(used)):
        problems.append((TABLE, 0, f"{file} has no such loop that needs a reason: {head}"))
    for row in table["quantities"]:
        if not used[row["limit"]]:
            problems.append((TABLE, 0, f"no loop counts to {row['limit']}"))
    for file, line, message in problems:
        result.finding("loops", message, file, line)
        print(f"{file}:{line}: {message}")
    print(", ".join(f"{count} {kind}" for kind, count in sorted(tally.items())))
    result.figure("loops without a bound", len(problems), limit=0)
    result.figure("loops", sum(tally.values()))
    result.table("Loops by the reason why they end", ["kind", "loops", "what it means"],
                 [[kind, tally[kind], text] for kind, text in {**FOUND, **KINDS}.items()])
    result.table("Loops that do not just count", ["file", "loop", "kind", "at most", "why"],
                 [[file, row["loop"], row["kind"], row["bound"], row["why"]] for file, rows in table["loops"].items() for row in rows])
    result.note("Copies and string functions of the compiler's making are as long as the object. "
                "A loop of kind restart holds the shared lock while the Service VM's image is loaded again.")
    return result.finish(bool(tally) and not problems)


if __name__ == "__main__":
    sys.exit(main())
