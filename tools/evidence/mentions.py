# SPDX-License-Identifier: Apache-2.0
"""Where ids of requirements are named in code, tests and proofs.

A comment REQ-... above a function, or within it, names what the function fulfils or, in a test, checks. In a unit of
proofs/prove.py the comment "proves REQ-..." says that its contracts prove the requirement.
"""
import collections
import functools
import importlib.util
import re

from tools.evidence.requirements import ID

CODE = ("hv", "abi", "rtvm", "hsm", "dm", "misra", "tools", "configs")
ITEM = ("hv/boot", "hv/core", "hv/devices", "hv/x86")
SUFFIXES = {".c", ".h", ".S", ".py", ".sh", ".asl", ".ld"}
NEAR = 20  # lines between a comment and the function below it
C_DEFINITION = re.compile(r"^(?!extern|return|#|/|\*)[A-Za-z_][^;]*?\b(\w+)\s*(?:\(|\[|=|\{)")
PY_DEFINITION = re.compile(r"^\s*(?:def|class)\s+(\w+)")
ASM_DEFINITION = re.compile(r"^(\w+):")
DEFINITIONS = {".py": PY_DEFINITION, ".S": ASM_DEFINITION}

# kind: code, test or proof; name: of the function, or "" for the file as a whole.
Mention = collections.namedtuple("Mention", "id kind file line name")


def strings(value):
    """All strings in a nest of dictionaries and sequences."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for pair in value.items():
            yield from strings(pair)
    elif isinstance(value, (list, tuple, set)):
        for item in value:
            yield from strings(item)


def proof_units(root):
    """Files whose contracts proofs/prove.py proves."""
    spec = importlib.util.spec_from_file_location("prove", root / "proofs/prove.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    named = set(strings(module.UNITS)) | set(strings(module.INLINE))
    return {name for name in named if name.endswith((".c", ".h"))}


def definition_name(lines, at, suffix):
    """The function that the comment in line at (from 0) belongs to."""
    pattern = DEFINITIONS.get(suffix, C_DEFINITION)
    inside = lines[at][:1] in (" ", "\t") and not lines[at].startswith(" *")
    places = range(at, -1, -1) if inside else range(at, min(at + NEAR, len(lines)))
    for place in places:
        found = pattern.match(lines[place])
        if found and (place != at or not inside):
            return found.group(1)
    return ""


def mentions_of(path, name, kind, units):
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    for at, line in enumerate(lines):
        ids = ID.findall(line)
        if ids:
            proves = name in units and re.search(r"\bproves\b", line) is not None
            function = definition_name(lines, at, path.suffix)
            yield from (Mention(one, "proof" if proves else kind, name, at + 1, function) for one in ids)


def source_files(root, folder):
    return (path for path in sorted((root / folder).rglob("*")) if path.suffix in SUFFIXES and path.is_file() and "__pycache__" not in path.parts)


def collect(root):
    """Every mention. tests/gates is left out: its seeds name ids that must not exist."""
    units = proof_units(root)
    found = []
    for kind, folders in (("code", CODE), ("test", ("tests",)), ("proof", ("proofs",))):
        for folder in folders:
            for path in source_files(root, folder):
                name = str(path.relative_to(root))
                if not name.startswith("tests/gates/"):
                    found += mentions_of(path, name, kind, units)
    return found


def item_files(root):
    """Code of the hypervisor; every file of it must name a requirement."""
    return [str(path.relative_to(root)) for folder in ITEM for path in source_files(root, folder) if path.suffix in (".c", ".S")]


def test_files(root):
    """Tests; every file of them must name a requirement."""
    return [str(path.relative_to(root)) for folder in ("tests/unit", "tests/system") for pattern in ("test_*.c", "test_*.py")
            for path in sorted((root / folder).glob(pattern))]


@functools.cache
def registered(path):
    """Names that a file of tests hands to cmocka_unit_test(), or to a macro that does so."""
    return set(re.findall(r"\w\(\s*(\w+)\s*(?=[,)])", path.read_text(encoding="utf-8")))


def is_test(root, mention):
    """Whether the mention in a file of tests stands at a test that runs."""
    if mention.file.endswith(".py"):
        return mention.name.startswith("test")
    return mention.name in registered(root / mention.file)
