# SPDX-License-Identifier: Apache-2.0
"""./bulkhead config board: what inspect.sh found on a machine becomes a board file."""
import hashlib
import pathlib
import re

import yaml

from tools.config.errors import ConfigError
from tools.config.source import Document
from tools.config.space import BUSES, without

FORM = "bhi1"
PAGE, MIB = 4096, 1 << 20
MOST_CORES = 16
FOUR_GIB = 1 << 32
HYPERVISOR = (0x200000, 254 * MIB)          # the image, then what a boot loader puts behind it
LOW_WINDOWS = ({"name": "VGA", "address": 0xA0000, "size": "128 KiB"}, {"name": "BIOS ROM", "address": 0xC0000, "size": "256 KiB", "write": False})
OWNED = (0xFEC00000, FOUR_GIB - 0xFEC00000)  # IOAPIC, HPET, local APIC and MSI window, flash: not the Service VM's
DEVICES = range(0x1E, 0, -1)
BRIDGES = ("0600", "0604")                  # classes of PCI functions
# ACPI 6.5, 5.2.9: PM1a_CNT_BLK, PM1b_CNT_BLK, and the addresses in X_PM1a_CNT_BLK, X_PM1b_CNT_BLK
PM1_CONTROL = ((64, 176), (68, 188))
ZERO_OP, ONE_OP, BYTE_PREFIX = 0x00, 0x01, 0x0A


def fail(name, what, change):
    raise ConfigError([f"{name}: {what}; {change}"])


def read_facts(text, name):
    """{key: [values]} of the last complete set of facts in a text that may hold anything else, such as a serial log."""
    lines = re.findall(rf"{FORM} ([^\r\n]*)", text)
    ends = [index for index, line in enumerate(lines) if line.startswith("end ")]
    if not ends:
        fail(name, f"there are no facts: no line begins with '{FORM} end'", "run tools/config/inspect.sh on the machine, as root, to its end")
    begins = [index for index, line in enumerate(lines[:ends[-1]]) if line == "begin"]
    if not begins:
        fail(name, "the beginning of the facts is missing", "copy the file again")
    body = lines[begins[-1] + 1:ends[-1]]
    data = "".join(f"{line}\n" for line in body).encode()
    if lines[ends[-1]].split()[1:] != [hashlib.sha256(data).hexdigest()]:
        fail(name, "the facts do not fit their checksum: lines were lost or changed", "copy the file again")
    found = {}
    for line in body:
        key, _, value = line.partition(" ")
        found.setdefault(key, []).append(value.strip())
    return found


def ram_of(facts, name):
    """Whole pages of RAM above 1 MiB, neighbours joined."""
    found = []
    for value in sorted(facts.get("memory", []), key=lambda text: int(text.split()[0], 16)):
        start, last, kind = value.split(" ", 2)
        start, end = max(-(-int(start, 16) // PAGE) * PAGE, MIB), (int(last, 16) + 1) // PAGE * PAGE
        if kind == "System RAM" and end > start:
            if found and found[-1][1] == start:
                found[-1][1] = end
            else:
                found.append([start, end])
    if not found:
        fail(name, "there is no RAM among the facts", "run inspect.sh as root, on a kernel with CONFIG_FIRMWARE_MEMMAP")
    return [{"address": start, "size": size_text(end - start)} for start, end in found if end - start >= MIB]


def size_text(size):
    for unit, words in ((1 << 30, "GiB"), (MIB, "MiB"), (1 << 10, "KiB")):
        if size % unit == 0:
            return f"{size // unit} {words}"
    return size


def mmconfig_of(facts):
    """(address, buses), of which each has 1 MiB; facts of older sticks do not say the last address. None: there is none."""
    if "mmconfig" not in facts:
        return None
    first, *last = (int(word, 16) for word in facts["mmconfig"][0].split())
    return first, min(BUSES, -(-(last[0] + 1 - first) // MIB)) if last else BUSES


def windows_of(facts, mmconfig, name):
    holes = [OWNED] + ([(mmconfig[0], mmconfig[1] * MIB)] if mmconfig else [])
    found = list(LOW_WINDOWS)
    for value in facts.get("window", []):
        first, last = (int(word, 16) for word in value.split())
        if first == 0 and last == 0:
            fail(name, "the kernel hid the addresses", "run inspect.sh as root")
        if first >= MIB:
            for start, size in without(first, last + 1 - first, holes):
                start, end = -(-start // PAGE) * PAGE, (start + size) // PAGE * PAGE
                if end > start:
                    found.append({"name": "PCI" if start < FOUR_GIB else "PCI 64-bit", "address": start, "size": size_text(end - start)})
    return found


def power_ports(fadt):
    """Ports of PM1 control: two for each register block."""
    found = []
    for short, wide in PM1_CONTROL:
        port = int.from_bytes(fadt[short:short + 4], "little") or int.from_bytes(fadt[wide:wide + 8], "little")
        if 0 < port < 0xFFFF:
            found += [port, port + 1]
    return found


def soft_off(code):
    """SLP_TYPa out of the AML behind the package's opcode: its length, the number of elements, the first element. None when it is no constant."""
    body = code[1 + (code[0] >> 6) + 1:] if code else b""
    if body[:1] == bytes([BYTE_PREFIX]) and len(body) > 1:
        return body[1] & 7
    return body[0] if body[:1] in (bytes([ZERO_OP]), bytes([ONE_OP])) else None


# REQ-CFG-036
def functions_of(facts):
    """PCI functions that a VM can be given: all but host bridges and PCI bridges."""
    found = []
    for value in facts.get("function", []):
        address, ids, kind, group, *bars = value.split()
        if kind not in BRIDGES:
            entry = {"address": address, "id": ids, "class": kind}
            entry.update({"group": int(group)} if group.isdigit() else {})
            ends = [tuple(int(end, 16) for end in bar.split("-")) for bar in bars]
            found.append({**entry, "bars": [{"address": first, "size": last + 1 - first} for first, last in ends if first]})
    return found


def free_device(facts):
    taken = {value.partition(".")[0] for value in facts.get("pci", [])}
    return next((f"00:{device:02x}.0" for device in DEVICES if f"00:{device:02x}" not in taken), None)


# REQ-CFG-031
def board_of(facts, board, name):
    """(the board as a mapping, [what to look at])."""
    cores, notes = int(facts["cores"][0]), []
    mmconfig = mmconfig_of(facts)
    device, off = free_device(facts), soft_off(bytes.fromhex(facts.get("s5", [""])[0]))
    has, roots = set(facts.get("has", [])), [root for root in facts.get("root", []) if root != "0000:00"]
    if not ({"svm", "npt"} <= has or {"vmx", "ept"} <= has):
        notes.append("this CPU shows neither svm and npt nor vmx and ept to Linux: Bulkhead will not start; look into the firmware's settings")
    if "x2apic" not in has:
        notes.append("this CPU does not show x2apic to Linux: no scenario with an exclusive VM will start; look into the firmware's settings")
    if roots:
        notes.append(f"windows of the PCI root buses {' '.join(roots)} were not taken over: add to mmio what devices behind them need")
    kinds = dict(value.split(" ", 1) for value in facts.get("kind", []))
    if len(kinds) > 1:
        notes.append(f"cores {kinds['core']} are performance cores, {kinds['atom']} efficiency cores, by Linux's numbers: a scenario with both kinds in one exclusive VM does not start")
    if "smt" in has:
        notes.append("hyper-threading is on: what one thread does, the other of its core feels, and on some CPUs reads; switch it off in the firmware, or give both to one VM")
    if cores > MOST_CORES:
        notes.append(f"the machine has {cores} cores; the board file says {MOST_CORES}, the most that it may")
    if off is None:
        notes.append("SLP_TYP of soft-off was not found in the DSDT: s5_slp_typ is 5, the usual value; see the package \\_S5")
    if not facts.get("uart"):
        notes.append("no UART was found: log_port is 0, messages go to a text screen only")
    functions = functions_of(facts)
    if any("group" not in function for function in functions):
        notes.append("isolation groups of PCI functions are unknown, as this Linux used no IOMMU: boot it with intel_iommu=on, or see whether the hypervisor refuses")
    if device is None:
        fail(name, "no device number is free on PCI bus 0", "write the board file by hand")
    found = {"name": board, "description": f"{facts.get('model', ['unknown CPU'])[0]}; {facts.get('machine', ['unknown board'])[0]}",
             "cores": min(cores, MOST_CORES), "ram": ram_of(facts, name), "hypervisor": {"address": HYPERVISOR[0], "size": size_text(HYPERVISOR[1])}}
    found.update({"mmconfig": mmconfig[0]} if mmconfig else {})
    found.update({"mmconfig_buses": mmconfig[1]} if mmconfig and mmconfig[1] != BUSES else {})
    found.update({"tsc_hz": 0, "log_port": int(facts["uart"][0], 16) if facts.get("uart") else 0, "s5_slp_typ": 5 if off is None else off, "hv_device": device,
                  "iommu": False, "platform_ports": power_ports(bytes.fromhex(facts.get("fadt", [""])[0])), "mmio": windows_of(facts, mmconfig, name)})
    found.update({"pci": functions} if functions else {})
    return found, notes


class Hex(int):
    """An address: written in hexadecimal."""


class Dumper(yaml.SafeDumper):
    pass


Dumper.add_representer(Hex, lambda dumper, value: dumper.represent_scalar("tag:yaml.org,2002:int", f"{value:#x}"))


def in_hex(value, key=None):
    if isinstance(value, dict):
        return {name: in_hex(one, name) for name, one in value.items()}
    if isinstance(value, list):
        return [in_hex(one, key) for one in value]
    return Hex(value) if isinstance(value, int) and key in ("address", "mmconfig", "log_port", "platform_ports") else value


def board_text(board, notes):
    head = ["# SPDX-License-Identifier: Apache-2.0", "# Made by ./bulkhead config board. The hypervisor checks at boot what of it the machine contradicts."]
    return "\n".join(head + [f"# LOOK: {note}" for note in notes]) + "\n" + yaml.dump(in_hex(board), Dumper=Dumper, sort_keys=False, width=150)


def write_board(facts_path, output):
    """Writes the board file; returns what to look at."""
    try:
        text = pathlib.Path(facts_path).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        fail(facts_path, f"cannot be read: {error.strerror}", "check the file's name and rights")
    facts = read_facts(text, facts_path)
    if "cores" not in facts:
        fail(facts_path, "the number of cores is not among the facts", "run inspect.sh again")
    board, notes = board_of(facts, output.stem, facts_path)
    try:
        with output.open("x", encoding="utf-8") as file:
            file.write(board_text(board, notes))
    except FileExistsError:
        fail(output, "is there already", "name another file, or remove it: what was written in it by hand would be lost")
    except OSError as error:
        fail(output, f"cannot be written: {error.strerror}", "check the folder's name and rights")
    try:
        Document(output, "board")       # refuses what the compiler would refuse, such as the name
    except ConfigError:
        output.unlink()
        raise
    return notes
