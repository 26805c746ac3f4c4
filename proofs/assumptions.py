#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Gate: everything that the proofs trust is written down (scons assumptions).

    proofs/assumptions.py [--write]

Holds proofs/assumptions.yaml against the sources: functions that WP knows by contract only, predicates that the theorem
requires, stubs of the value analysis, axioms, writers of the protected state. docs/proof-boundary.md must be what --write makes of it.
"""
import argparse
import os
import re
import subprocess
import sys

import yaml

import boundary
import prove

sys.path.insert(0, str(prove.ROOT))
from tools.evidence.generated import is_kept  # noqa: E402
from tools.evidence.result import Result  # noqa: E402

ROOT = prove.ROOT
LIST = ROOT / "proofs" / "assumptions.yaml"
DOCUMENT = ROOT / "docs" / "proof-boundary.md"
FIELDS = {"id", "says", "because", "tested", "words", "functions", "frame", "apart", "own", "stubs"}
# Who may write what the theorem speaks of; elsewhere these names may only be read.
OWNERS = {
    "hv/core/stage2.c hv/core/stage2_table.c": ("stage2_table", "stage2_level", "stage2_parent", "stage2_slot", "stage2_pool"),
    "hv/core/domain.c hv/core/domain_build.c": ("domain_base", "domain_size", "domain_type", "domain_count", "domain_region_base",
                                                "domain_region_size"),
    "hv/core/vm_user.c hv/core/vm_boot.c": ("vcpu_count",),
    "hv/boot/main.c": ("stage2_format",),
    "hv/core/iommu_table.c": ("iommu_root", "iommu_entry", "iommu_base"),
    "hv/core/iommu_irte.c": ("iommu_irte", "iommu_irte_base"),
    "hv/core/iommu.c hv/core/iommu_irq.c": ("iommu_remaps",),
    "hv/core/iommu.c": ("iommu_format",),
    "hv/core/iommu_remap.c": ("iommu_remap", "iommu_remap_wide"),
}
FULL_INDEX = {"stage2_table": 3, "stage2_level": 2, "stage2_parent": 2, "stage2_slot": 2, "domain_base": 2, "domain_size": 2, "domain_type": 2,
              "domain_count": 1, "domain_region_base": 1, "domain_region_size": 1, "iommu_root": 1, "iommu_entry": 2, "iommu_remap": 2, "iommu_irte": 2}
# Once, before the first entry is written: A-FORMAT.
FORMAT = "stage2_format = iommu_entry_format(vendor->entry_format);"
# The one place that needs the addresses of tables: A-POOL.
ADDRESS = {("hv/boot/main.c", "stage2_table"), ("hv/boot/main.c", "iommu_root"), ("hv/boot/main.c", "iommu_entry"), ("hv/boot/main.c", "iommu_remap"),
           ("hv/boot/main.c", "iommu_irte")}
WRITER_FILES = ("hv/core/stage2.c", "hv/core/stage2_table.c", "hv/core/domain_build.c", "hv/core/iommu_table.c")


# Functions of proofs/config_space.c that take what a VM writes to a function's registers.
FROM_GUESTS = {"vpci_function_write", "vpci_header_write", "vpci_msi_write", "vpci_msix_write"}


class Findings(list):
    def add(self, file, line, rule, message):
        self.append((str(file), line, rule, message))


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def without_comments(text):
    """Comments and strings become blanks; lines stay where they are."""
    blank = lambda found: re.sub(r"[^\n]", " ", found.group())  # noqa: E731
    return re.sub(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"", blank, text, flags=re.S)


def call_graph(files, words, least=20):
    """({function: functions that it calls}, functions without a body), by Frama-C; core/ has no function pointers."""
    out = prove.OUT / "callgraph.dot"
    prove.OUT.mkdir(parents=True, exist_ok=True)
    out.unlink(missing_ok=True)
    done = subprocess.run(prove.FRAMAC + [f"-cpp-extra-args={' '.join(words)}", "-no-annot", "-cg", str(out), *files], cwd=ROOT,
                          env=dict(os.environ, PWD=str(ROOT)), capture_output=True, text=True, check=False)
    if done.returncode != 0 or not out.exists():
        raise RuntimeError("frama-c -cg failed:\n" + done.stdout[-1500:])
    text = out.read_text()
    nodes = {name: (label, style) for name, label, style in
             re.findall(r'"([^"]+)"\s*\[color="[^"]*",\s*label="(\w+)",(?:\s*shape=\w+,)?\s*style="(\w+)"', text)}
    calls = {}
    for caller, callee in re.findall(r'"([^"]+)"\s*->\s*"([^"]+)"', text):
        if caller in nodes and callee in nodes:
            calls.setdefault(nodes[caller][0], set()).add(nodes[callee][0])
    if len(nodes) < least or not calls:
        raise RuntimeError("the call graph of frama-c was not understood")
    return calls, {label for label, style in nodes.values() if style == "dotted"}, {label for label, _ in nodes.values()}


def reached(calls, start):
    seen, todo = set(), [start]
    while todo:
        for callee in calls.get(todo.pop(), ()):
            if callee not in seen:
                seen.add(callee)
                todo.append(callee)
    return seen


def contracts(path):
    """{function: its contract} of a header or source."""
    pattern = r"/\*@((?:(?!\*/).)*)\*/\s*(?:/\*(?:(?!\*/).)*\*/\s*)*(?:extern |static |inline )*(?:struct |enum )?\w+[ *]+(\w+)\("
    return {name: text for text, name in re.findall(pattern, (ROOT / path).read_text(), re.S)}


def writers():
    """Functions of the writer files that others can call and whose contract lets them write."""
    known = {}
    for header in ("hv/core/stage2_table.h", "hv/core/partition_spec.h", "hv/core/domain.h", "hv/core/iommu_table_spec.h"):
        known.update(contracts(header))
    names = set()
    for file in WRITER_FILES:
        for name in re.findall(r"^(?!static)\w[\w *]*?\b(\w+)\([^;{]*\)\n\{", (ROOT / file).read_text(), re.M):
            if "assigns \\nothing" not in known.get(name, ""):
                names.add(name)
    if not {"stage2_map", "stage2_reset", "stage2_set_leaf", "domain_build", "iommu_table_set"} <= names:
        raise RuntimeError("the writers of stage 2 were not found")
    return names


def check_functions(entries, found):
    """Every function that a unit knows by contract only is in the list, and nothing else is."""
    named = {name: entry["id"] for entry in entries for name in entry.get("functions", [])}
    _, bodiless, present = call_graph([path for unit, path in prove.UNITS.items() if unit not in prove.APART and unit not in prove.WALKS.values()],
                                         ["-Ihv", "-I.", "-DPROOF_WP"])
    proved = present - bodiless
    for unit, functions in prove.APART.items():
        calls, _, _ = call_graph([prove.UNITS[unit]], ["-Ihv", "-I."], len(functions))
        named_there = set().union(*(words for name, words in bodies(prove.headers(unit)).items() if name in functions))
        called = set().union(*(calls.get(name, set()) for name in functions)) & named_there - set(functions)
        inline = {name for header in prove.INLINE for name in prove.inline_functions(header)}
        bodiless |= {name for name in called if name not in proved and name not in inline}
    for name in sorted(bodiless - set(named)):
        found.add("proofs/assumptions.yaml", 1, "undeclared",
                  f"{name}() has a contract that no unit proves: prove it, or add it to the functions of an entry with its reason and test")
    for name in sorted(set(named) - bodiless):
        what = "it is proved" if name in present else "no unit uses it"
        found.add("proofs/assumptions.yaml", 1, "unused", f"{named[name]} lists {name}(), but {what}: take it out")
    return bodiless


def check_frame(entries, found):
    """No function of a frame entry reaches a writer, but by a call that never happens there (apart, with the reason)."""
    files = sorted(str(path.relative_to(ROOT)) for folder in ("core", "devices") for path in ROOT.glob(f"hv/{folder}/*.c"))
    calls, bodiless, present = call_graph(files, ["-Ihv", "-I."])
    forbidden = writers()
    for entry in entries:
        apart = entry.get("apart", {})
        within = {name: set(called) - set(apart) for name, called in calls.items()}
        for name in sorted(set(apart) - present):
            found.add("proofs/assumptions.yaml", 1, "frame", f"{entry['id']}: {name}() is not there to be set apart")
        for name in entry.get("functions", []) if entry.get("frame") else []:
            if name not in present or name in bodiless:
                found.add("proofs/assumptions.yaml", 1, "frame", f"{entry['id']}: {name}() has no body in hv/core or hv/devices")
            for writer in sorted(reached(within, name) & forbidden):
                found.add("proofs/assumptions.yaml", 1, "frame", f"{entry['id']}: {name}() reaches {writer}(), which writes stage 2, domains or the IOMMU's tables")
    check_config_space(entries, bodies(files), found)
    check_views(bodies(files), found)
    return {name for name in present if name not in forbidden and reached(calls, name) & forbidden}


def bodies(paths):
    """{function: words of its body}. The call graph of frama-c also has edges that stand for several calls."""
    texts = [without_comments((ROOT / path).read_text()) for path in paths if path.endswith((".c", ".h"))]
    return {name: set(re.findall(r"\w+", body)) for text in texts
            for name, body in re.findall(r"^\w[\w *]*?\b(\w+)\([^;{}]*\)\n\{(.*?)^\}", text, re.M | re.S)}


def check_config_space(entries, calls, found):
    """Who writes configuration space is proved, or does it for the hypervisor itself; what a VM writes comes by proved functions only."""
    proved = set(prove.APART["config_space"])
    own = {name: entry["id"] for entry in entries for name in entry.get("own", [])}
    writing = {name for name, called in calls.items() if "hw_pci_write" in called} - proved
    for name in sorted(writing - set(own)):
        found.add("proofs/assumptions.yaml", 1, "config-space", f"{name}() writes configuration space: prove it in proofs/config_space.c, or add it to the own functions of "
                  "an entry if no VM chooses what it writes")
    for name in sorted(set(own) - writing):
        found.add("proofs/assumptions.yaml", 1, "unused", f"{own[name]} lists {name}(), which does not write configuration space, or is proved: take it out")
    for name in sorted(caller for caller, called in calls.items() for callee in sorted(called & FROM_GUESTS) if caller not in proved):
        found.add("proofs/config_space.c", 1, "config-space", f"{name}() hands on what a VM writes, and is not proved there")


def check_views(calls, found):
    """What the theorem of interrupts says of AMD's units rests on each word about interrupts being a view of its own function."""
    for name in sorted(caller for caller, called in calls.items() if "iommu_table_irqs" in called and caller != "iommu_irq_view"):
        found.add("proofs/interrupts.c", 1, "view", f"{name}() writes by which entries a function raises interrupts: only iommu_irq_view() is proved to give it its own")


def after_index(text, position, depth):
    """Position behind that many [..] at least, and how many there were."""
    count = 0
    while True:
        found = re.compile(r"\s*\[").match(text, position)
        if found is None:
            return position, count
        level, position = 1, found.end()
        while level:
            level += {"[": 1, "]": -1}.get(text[position], 0)
            position += 1
        count += 1


def check_owners(found):
    """Names of the protected state elsewhere than with its owners: only read, only whole elements."""
    for path in sorted(ROOT.glob("hv/**/*.[chS]")):
        file = str(path.relative_to(ROOT))
        if file.startswith("hv/fake/"):
            continue
        text = without_comments(path.read_text())
        for owners, names in OWNERS.items():
            if file in owners.split():
                continue
            for name in re.finditer(r"(?<![\w\"/])(" + "|".join(names) + r")\b(?!\.h|/)", text):
                check_use(file, text, name, found)
        for pointer in re.finditer(r"(?<!const )\bstruct vm \*|(?<!= )&vms\[", text):
            found.add(file, line_of(text, pointer.start()), "writer", "a pointer to a VM: who writes its vcpu_count can no longer be seen")


def check_use(file, text, name, found):
    word, line_start = name.group(1), text.rfind("\n", 0, name.start()) + 1
    line = text[line_start:text.find("\n", name.start())]
    if word == "vcpu_count" and not re.search(r"\bvms\[[^\]]*\]\.$", text[line_start:name.start()]):
        return  # the partition table and the statistics have a field of that name
    if re.match(r"\s*extern\b", line) or re.match(r"\s*(u?int\d+_t|hpa_t)\s+\w+;", line) or (file, word) in ADDRESS:
        return
    if text[:name.start()].endswith("sizeof("):
        return
    depth = FULL_INDEX.get(word, 0)
    end, count = after_index(text, name.end(), depth)
    behind = re.compile(r"\s*(?:\+\+|--|(?:[-+*/%&|^]|<<|>>)?=(?!=))").match(text, end)
    before = re.compile(r"(?:&|\+\+|--)\s*(?:[\w.>\[\]-]*[.>])?$").search(text[line_start:name.start()])
    address = before is not None and not re.search(r"(?:&&|[\w)\]]\s*&)\s*(?:[\w.>\[\]-]*[.>])?$", text[line_start:name.start()])
    if behind or address or count < depth:
        found.add(file, line_of(text, name.start()), "writer",
                  f"{word} is written, or its address taken, outside its owner: the theorem rests on its having one")


def check_order(found):
    """A-ORDER: boot goes the way of the theorem."""
    text = without_comments((ROOT / "hv" / "boot" / "main.c").read_text())
    steps = [text.find(call) for call in ("partition_validate(", "domain_build()", FORMAT, "stage2_init(", "iommu_init(", "vm_boot_all()")]
    if -1 in steps or steps != sorted(steps):
        found.add("hv/boot/main.c", 1, "order", "the theorem has the validator, domain_build(), the format of entries, stage2_init(), iommu_init() and then the VMs, in this order")
    for other in re.finditer(r"\bstage2_format\b(?!;)", text):
        if not text.startswith(FORMAT, other.start()) or text.find(FORMAT) != other.start():
            found.add("hv/boot/main.c", line_of(text, other.start()), "format", "boot says once, by the chosen backend, how entries look: every entry after it is read that way")


def check_words(entries, found):
    """Predicates that the theorem requires."""
    words = {word: entry["id"] for entry in entries for word in entry.get("words", [])}
    text = contracts("proofs/theorem.c")["isolation_theorem"]
    required = set(re.findall(r"\b[a-z]\w*_ok\b", " ".join(re.findall(r"requires([^;]*);", text))))
    for word in sorted(required - set(words)):
        found.add("proofs/theorem.c", 1, "undeclared", f"the theorem requires {word}, which no entry of proofs/assumptions.yaml names")
    for word in sorted(set(words) - required):
        found.add("proofs/assumptions.yaml", 1, "unused", f"{words[word]} names {word}, which the theorem does not require: take it out")


def check_stubs(entries, found):
    """Each stub of the value analysis is trusted by an entry, or names the driver that analyses what it stands for."""
    named = {name: entry["id"] for entry in entries for name in entry.get("stubs", [])}
    there = {str(path.relative_to(ROOT)): path for path in sorted(ROOT.glob("proofs/eva/stubs*"))}
    for file, path in there.items():
        driver = re.search(r"(\w+\.c) here has\s+\*?\s*the bodies analysed", path.read_text())
        analysed = driver is not None and (ROOT / "proofs" / "eva" / driver.group(1)).exists()
        if file not in named and not analysed:
            found.add(file, 1, "undeclared", "stubs that no entry of proofs/assumptions.yaml lists, and no driver is named that analyses the bodies")
        for wanted in re.findall(r"Trusted \((A-[A-Z0-9-]+)\)", path.read_text()):
            if named.get(file) != wanted:
                found.add(file, 1, "undeclared", f"says that {wanted} trusts it; that entry must list the file")
    for file in sorted(set(named) - set(there)):
        found.add("proofs/assumptions.yaml", 1, "unused", f"{named[file]} lists {file}, which does not exist")


def check_form(entries, found):
    ids = [entry.get("id") for entry in entries]
    for entry in entries:
        unknown = set(entry) - FIELDS
        missing = [field for field in ("id", "says", "because", "tested") if not str(entry.get(field, "")).strip()]
        if unknown or missing or ids.count(entry.get("id")) != 1:
            found.add("proofs/assumptions.yaml", 1, "form", f"{entry.get('id')}: each entry has an id of its own, says, because and tested"
                      + (f"; unknown: {', '.join(sorted(unknown))}" if unknown else ""))


def check_document(entries, reaching, write, found):
    text = boundary.text(entries, reaching)
    if not is_kept(DOCUMENT, text, write):
        found.add("docs/proof-boundary.md", 1, "document", "is not what the sources say: proofs/assumptions.py --write")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write docs/proof-boundary.md")
    options = parser.parse_args()
    result = Result("assumptions", "Everything that the proofs trust is written down, with its reason and its test")
    entries, found = yaml.safe_load(LIST.read_text()), Findings()
    check_form(entries, found)
    trusted = check_functions(entries, found)
    reaching = check_frame(entries, found)
    check_owners(found)
    check_order(found)
    check_words(entries, found)
    check_stubs(entries, found)
    for file, line, word in prove.assumed():
        found.add(file, line, "axiom", f"{word}: prove it as a lemma or state it in a contract")
    check_document(entries, sorted(reaching), options.write, found)
    for file, line, rule, message in found:
        print(f"{file}:{line}: {message}")
        result.finding(rule, message, file, line)
    result.figure("undeclared or unused", len(found), limit=0)
    result.figure("assumptions", len(entries))
    result.figure("functions trusted by contract", len(trusted))
    result.table("Assumptions", ["id", "says", "because", "tested"],
                 [[entry.get(field, "") for field in ("id", "says", "because", "tested")] for entry in entries])
    print(f"assumptions: {len(entries)} entries, {len(trusted)} functions trusted by contract, {len(found)} findings")
    return result.finish(not found)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except RuntimeError as failure:
        sys.exit(str(failure))
