# SPDX-License-Identifier: Apache-2.0
"""The requirements of docs/safety/requirements/*.yaml, read and checked one by one."""
import pathlib
import re

import yaml

ID = re.compile(r"\bREQ-[A-Z]{2,3}-\d{3}\b")
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
METHODS = ("proof", "analysis", "test", "review")
ALWAYS = {"id", "text", "rationale", "source"}
BY_STATUS = {  # status: (fields that it must have, fields that it may have)
    "built": ({"verification"}, {"gates", "review", "code", "status"}),
    "planned": ({"status", "missing"}, set()),
    "retired": ({"status", "missing"}, set()),
}
PATH = re.compile(r"^(docs|abi|hv|tests|proofs|tools)/[\w./-]*\w")


def key_lines(text):
    """{id: line} of the entries of a YAML list, the last one of each id."""
    return {found.group(1): number for number, line in enumerate(text.splitlines(), 1)
            if (found := re.match(r"\s*(?:- )?\{?id: ([\w-]+)", line))}


def load_list(path, report):
    """The entries of a YAML list, with the file and line of each; two entries of one id are a finding."""
    text = path.read_text(encoding="utf-8")
    try:
        entries = yaml.load(text, Loader=LOADER) or []
    except yaml.YAMLError as error:
        report("yaml", f"cannot be read: {str(error).splitlines()[0]}", path, 1)
        return []
    lines = key_lines(text)
    for entry in entries:
        entry["file"], entry["line"] = path, lines.get(entry.get("id"), 1)
    return entries


def status_of(requirement):
    return requirement.get("status", "built")


def check_shape(requirement, report):
    """Whether the entry is usable; every mistake in it is a finding."""
    place = requirement["file"], requirement["line"]
    before = len(report.findings)
    name = requirement.get("id", "")
    fields = set(requirement) - {"file", "line"}
    must, may = BY_STATUS.get(status_of(requirement), (set(), set()))
    if not ID.fullmatch(name):
        report("bad-id", f"'{name}' is no id: REQ-, two or three capitals, three digits", *place)
    if status_of(requirement) not in BY_STATUS:
        report("bad-status", f"{name}: status is one of {', '.join(BY_STATUS)}", *place)
    for missing in sorted((ALWAYS | must) - fields):
        report("bad-field", f"{name}: '{missing}' is missing", *place)
    for extra in sorted(fields - ALWAYS - must - may):
        report("bad-field", f"{name}: '{extra}' does not belong to status {status_of(requirement)}", *place)
    check_words(requirement, place, report)
    return len(report.findings) == before


def check_words(requirement, place, report):
    name, text = requirement.get("id", ""), requirement.get("text", "")
    if " shall " not in text or not text.endswith(".") or ". " in text:
        report("no-shall", f"{name}: the text is one sentence with 'shall'", *place)
    for method in requirement.get("verification", []):
        if method not in METHODS:
            report("bad-method", f"{name}: '{method}' is none of {', '.join(METHODS)}", *place)
    check_source(requirement, place, report)


def check_source(requirement, place, report):
    """A source FILE exists; in a source FILE, HEADING the file has that heading, or that many promises."""
    name, text = requirement.get("id", ""), requirement.get("source", "")
    source = PATH.match(text)
    if not source:
        return
    path, where = report.root / source.group(0), text[source.end():].removeprefix(", ")
    if not path.exists():
        report("bad-source", f"{name}: its source {source.group(0)} does not exist", *place)
    elif where.startswith("promise "):
        if f"\n{where.removeprefix('promise ')}. **" not in path.read_text(encoding="utf-8"):
            report("bad-source", f"{name}: {source.group(0)} has no {where}", *place)
    elif where and not re.search(rf"^#+ {re.escape(where)}$", path.read_text(encoding="utf-8"), re.M):
        report("bad-source", f"{name}: {source.group(0)} has no heading '{where}'", *place)


def load(report):
    """{id: requirement} of all usable entries."""
    found = {}
    for path in sorted((report.root / "docs/safety/requirements").glob("*.yaml")):
        for requirement in load_list(path, report):
            if not check_shape(requirement, report):
                continue
            name = requirement["id"]
            if name in found:
                first = found[name]["file"].relative_to(report.root)
                report("duplicate-id", f"{name} stands in {first}, too: an id is used once, also after it is retired", path, requirement["line"])
            found.setdefault(name, requirement)
    return found


def relative(path, root):
    return str(pathlib.Path(path).relative_to(root))
