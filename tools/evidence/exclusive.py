# SPDX-License-Identifier: Apache-2.0
"""Gate "exclusive": what an exclusive core does between two entries of its guest waits for no other core.

    python3 -m tools.evidence.exclusive     (scons exclusive)

Follows the compiler's call graph from run_exclusive(). Nothing that it reaches may contain PAUSE, which marks every waiting
loop of the hypervisor, and atomic operations may stand only in the functions that tools/evidence/exclusive.yaml lists with
their reason. A lock is both; so none can be on the way. Calls that the policy tables rule out for exclusive vCPUs are cut first,
each with its reason there. Objects and graph are those of the gate "stack".
"""
import re
import sys

import yaml

from tools.evidence import stack
from tools.evidence.result import Result
from tools.progress import ROOT

TABLE = ROOT / "tools" / "evidence" / "exclusive.yaml"
MEMORY = re.compile(r"\(|%gs:")


def cut(image, table):
    """Takes the calls out of the graph that are never made for an exclusive vCPU; each must be there."""
    titles = {stack.plain(title): title for title in image.functions}
    for row in table["cuts"]:
        caller, callee = titles.get(row["caller"]), titles.get(row["callee"])
        if callee not in image.calls.get(caller, {}):
            image.complain("exclusive-stale", f"{row['caller']} does not call {row['callee']}: remove the line", TABLE.relative_to(ROOT), 0)
        else:
            del image.calls[caller][callee]


def reached(image, start):
    """{title: the title that calls it} of all that the function reaches, by the shortest way."""
    found, open_ends = {start: None}, [start]
    while open_ends:
        caller = open_ends.pop(0)
        for callee in sorted(image.calls[caller], key=str):
            if callee not in found:
                found[callee] = caller
                open_ends.append(callee)
    return found


def way(found, title):
    """How it is reached: the callers from the start on."""
    names = []
    while title is not None:
        names.append(stack.plain(title))
        title = found[title]
    return " > ".join(reversed(names))


def is_atomic(word, operand):
    return word == "lock" or (word == "xchg" and MEMORY.search(operand) is not None)


def machine_code(image):
    """{title: [(instruction, operand)]}; a part that the compiler split off belongs to its function."""
    code = {}
    for path in image.objects:
        source = path.with_suffix(".c").relative_to(stack.OUT).as_posix()
        for name, instructions in image.disassembled(path).items():
            whole = re.sub(r"\.cold$", "", name)
            title = f"{source}:{whole}" if f"{source}:{whole}" in image.functions else whole
            code.setdefault(title, []).extend(instructions)
    return code


def check(image, found, table):
    """Complains about each waiting loop and atomic operation; returns how many functions were looked at."""
    code, used, seen = machine_code(image), set(), 0
    for title in sorted(found, key=str):
        name, function = stack.plain(title), image.functions.get(title)
        place = (function.file, function.line) if function else ("", 0)
        if title not in code:
            image.complain("exclusive-unknown", f"{name} is reached, and no object has its code", *place)
            continue
        seen += 1
        if any(word == "pause" for word, _ in code[title]):
            image.complain("exclusive-waits", f"{name} waits in a loop; an exclusive core must not: {way(found, title)}", *place)
        if any(is_atomic(word, operand) for word, operand in code[title]):
            used.add(name)
            if name not in table["atomic"]:
                image.complain("exclusive-atomic", f"{name} has an atomic operation that {TABLE.relative_to(ROOT)} does not explain: {way(found, title)}", *place)
    for name in sorted(set(table["atomic"]) - used):
        image.complain("exclusive-stale", f"{name} is not on the way, or has no atomic operation: remove the line", TABLE.relative_to(ROOT), 0)
    return seen


def main():
    result = Result("exclusive", "An exclusive core waits for no other core between two entries of its guest")
    try:
        stack.run("scons", "-Q", "-j2", "--out=build/stack", "--call-graph", "hv")
        table = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
        image = stack.Image("hv", yaml.safe_load(stack.TABLE.read_text(encoding="utf-8"))["hv"], result)
        image.read_graphs()
        image.resolve_indirect()
        image.compare_with_objects()
        titles = {stack.plain(title): title for title in image.functions}
        if table["start"] not in titles:
            raise stack.Problem("exclusive-start", f"there is no function {table['start']}", TABLE.relative_to(ROOT), 0)
        cut(image, table)
        found = reached(image, titles[table["start"]])
        seen = check(image, found, table)
        result.figure("functions on the way, none of which waits", seen)
        result.figure("of these with an explained atomic operation", len(table["atomic"]))
        result.figure("calls never made for an exclusive vCPU", len(table["cuts"]))
        result.table("Calls never made for an exclusive vCPU", ["function", "does not call", "why"],
                     [[row["caller"], row["callee"], row["reason"]] for row in table["cuts"]])
        result.table("Atomic operations on the way", ["function", "why it does not wait"], sorted(table["atomic"].items()))
        result.details = {"functions": sorted(stack.plain(title) for title in found)}
        print(f"exclusive: {seen} functions reached from {table['start']}, {len(result.findings)} findings")
        passed = not image.failed and seen > table["at_least"]
        if seen <= table["at_least"]:
            image.complain("exclusive-empty", f"only {seen} functions are reached; the graph looks cut off", TABLE.relative_to(ROOT), 0)
    except stack.Problem as problem:
        rule, message, file, line = problem.args
        result.finding(rule, message, str(file), line)
        print(f"{file}:{line}: {message}")
        passed = False
    return result.finish(passed)


if __name__ == "__main__":
    sys.exit(main())
