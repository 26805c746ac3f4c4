# SPDX-License-Identifier: Apache-2.0
"""What guests see of CPUID, for the gate "controls": tools/evidence/cpuid.yaml against the masks of hv/core/cpuid.c.

Each bit that the list says is passed has to be in the code's mask for its register, and the other way round; of a register of
features each bit needs a row; no bit has two.
"""
import re

import yaml

from tools.progress import ROOT

TABLE = ROOT / "tools" / "evidence" / "cpuid.yaml"
SOURCE = "hv/core/cpuid.c"
REGISTERS = ("EAX", "EBX", "ECX", "EDX")
ALL = 0xFFFFFFFF
# Registers whose every bit means something of its own.
FEATURES = {(1, "ECX"), (1, "EDX"), (7, "EAX"), (7, "EBX"), (7, "ECX"), (7, "EDX"), (0x80000001, "ECX"), (0x80000008, "EBX")}
WAYS = ("passed", "fixed", "hidden")


def masks_of(text):
    """{(leaf, register): mask} of the rules in C."""
    found = {}
    body = re.search(r"cpuid_rules\[\] = \{(.*?)\n\};", text, re.S).group(1)
    for leaf, words in re.findall(r"\{ (0x[0-9A-F]+)U, 0U, \{([^}]*)\} \}", body):
        for register, word in zip(REGISTERS, words.split(",")):
            found[int(leaf, 16), register] = ALL if word.strip() == "ALL" else int(word.strip().rstrip("U"), 0)
    return found


def bits_of(text):
    """Mask of "0,3-5"."""
    mask = 0
    for first, last in re.findall(r"(\d+)(?:-(\d+))?", text):
        for bit in range(int(first), int(last or first) + 1):
            mask |= 1 << bit
    return mask


def place_of(at):
    """(leaf, register or None) of LEAF or LEAF.REGISTER."""
    leaf, _, register = str(at).partition(".")
    return int(leaf, 0), register or None


def registers_of(row):
    register = place_of(row["at"])[1]
    return row["registers"].split() if "registers" in row else [register] if register else []


def compare(rows, masks, complain):
    passed, seen = {}, {}
    for row in rows:
        leaf = place_of(row["at"])[0]
        if row.get("way") not in WAYS or not row.get("name") or not row.get("why"):
            complain(f"CPUID {row['at']}: way, name or reason is missing", TABLE.relative_to(ROOT))
        for register in registers_of(row):
            bits = bits_of(row.get("bits", "0-31"))
            if seen.get((leaf, register), 0) & bits:
                complain(f"CPUID {leaf:X}H {register}: a bit has two rows", TABLE.relative_to(ROOT))
            seen[leaf, register] = seen.get((leaf, register), 0) | bits
            if row.get("way") == "passed":
                passed[leaf, register] = passed.get((leaf, register), 0) | bits
    fixed = {(place_of(row["at"])[0], register): bits_of(row["bits"]) for row in rows if row.get("way") == "fixed" and "bits" in row for register in registers_of(row)}
    for place in sorted(set(masks) | set(passed)):
        leaf, register = place
        wrong = (masks.get(place, 0) ^ passed.get(place, 0)) & ~fixed.get(place, 0)
        if wrong:
            complain(f"CPUID {leaf:X}H {register}: list and code differ in {wrong:#x}", SOURCE)
    for leaf, register in sorted(FEATURES):
        rest = ALL ^ seen.get((leaf, register), 0)
        if rest:
            complain(f"CPUID {leaf:X}H {register}: bits {rest:#x} have no row", TABLE.relative_to(ROOT))


def spelled(row):
    leaf, register = place_of(row["at"])
    text = f"{leaf >> 16:04X}_{leaf & 0xFFFF:04X}H" if leaf >= 0x10000 else f"{leaf:02X}H"
    return text if register is None else f"{text} {' '.join(registers_of(row))}" + (f"[{row['bits']}]" if row.get("bits") not in (None, "0-31") else "")


def cells(rows):
    return [[spelled(row), row["name"], row["way"], row["why"]] for row in rows]


def load():
    return yaml.safe_load(TABLE.read_text(encoding="utf-8")), masks_of((ROOT / SOURCE).read_text(encoding="utf-8"))
