# SPDX-License-Identifier: Apache-2.0
"""What the config compiler accepts the hypervisor accepts: random scenarios, many with one value moved to where something begins or ends,
are compiled for the boards that are here, and the tables are judged by the hypervisor's own validator. Seeded: each run sees the same ones."""
import copy
import ctypes
import pathlib
import random
import subprocess

import pytest
import yaml

from tools.config import space
from tools.config.board import LEGACY
from tools.config.compile import BOARDS, checked, compile_scenario
from tools.config.errors import ConfigError
from tools.config.source import ROOT, Document, parse_bytes

SEEDS, EACH = range(8), 100
PAGE, MIB = space.PAGE, space.MIB
NAMES = sorted(path.stem for path in BOARDS.glob("*.yaml"))
GIVEN = {name: yaml.safe_load((BOARDS / f"{name}.yaml").read_text(encoding="utf-8")) for name in NAMES}


class Made(Document):
    """A document that was never a file."""

    def __init__(self, data, schema):      # pylint: disable=super-init-not-called
        self.path, self.lines, self.data = pathlib.Path("made.yaml"), {}, data
        self._validate(schema)


@pytest.fixture(scope="module")
def oracle(tmp_path_factory):
    library = tmp_path_factory.mktemp("oracle") / "oracle.so"
    sources = sorted((ROOT / "hv" / "core").glob("partition*.c"))
    subprocess.run(["gcc", "-std=c11", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", f"-I{ROOT}", f"-I{ROOT}/hv",
                    str(ROOT / "tests" / "unit" / "partition_oracle.c"), *map(str, sources), "-o", str(library)], check=True)
    found = ctypes.CDLL(str(library))
    found.oracle_reason.restype = ctypes.c_char_p
    return found


def verdict(oracle, board, table):
    """The hypervisor's reason on the machine that the board file describes, "" when it accepts."""
    u64, hypervisor = ctypes.c_uint64, board["hypervisor"]
    oracle.oracle_machine(board["cores"], u64(board.get("mmconfig", 0)), board.get("mmconfig_buses", 256), int(board["iommu"]),
                          board["platform_ports"][0], u64(hypervisor["address"]), u64(parse_bytes(hypervisor["size"])))
    for whole in board["ram"]:
        for start, size in space.without(whole["address"], parse_bytes(whole["size"]), [LEGACY]):
            oracle.oracle_ram(u64(start), u64(size))
    return oracle.oracle_reason(table, len(table)).decode()


def some(dice, least, most, make):
    return [make() for _ in range(dice.randint(least, most))]


class Maker:
    """One scenario that is sound, mostly."""

    def __init__(self, dice, board):
        self.dice, self.board = dice, board
        self.ram = board["hypervisor"]["address"] + parse_bytes(board["hypervisor"]["size"])
        self.device = 0xC0000000
        self.cores = list(range(1, board["cores"]))
        self.ports = iter(range(0x100, 0x200, 8))
        self.gsi = iter(range(16, 24))

    def place(self, size):
        at = space.align(self.ram, max(size, MIB))
        self.ram = at + size
        return at

    def window(self):
        self.device += self.dice.choice((PAGE, MIB, 16 * MIB))
        at, size = self.device, self.dice.choice((PAGE, 4 * PAGE, MIB))
        self.device += size
        return {"address": at, "size": size}

    def use(self, region, vm):
        use = {"name": region["name"]}
        if self.dice.random() < 0.3:
            use["access"] = "read"
        if region["name"] in self.belled and (vm or "virtual_bars" in self.board):
            use["doorbells"] = self.dice.choice(({}, {"vectors": 8}, {"interval_us": 1}))
            if self.dice.random() < 0.3:
                use["doorbells"] = dict(use["doorbells"])
                use["doorbells"]["registers"] = self.dice.choice((0xD0000000, 0xFE802000, 0xFE000000)) + self.dice.choice((0, 0x2000, 0x4000, 0x6000))
        if vm and self.dice.random() < 0.2:
            use["gpa"] = self.dice.choice((0x80000000, 0x100000000, 0x8000000000)) + self.dice.choice((0, 64 * MIB, 128 * MIB))
        return use

    def vm(self, index, regions):
        dice, size = self.dice, self.dice.choice((16 * MIB, 64 * MIB))
        exclusive = bool(self.cores) and dice.random() < 0.7
        vm = {"name": f"vm{index}", "exclusive": exclusive, "cores": [self.cores.pop()] if exclusive else [0], "image": {"type": "multiboot", "kernel": "kernel"},
              "memory": [{"gpa": 0, "address": self.place(size), "size": size}]}
        if dice.random() < 0.4:
            vm["memory"].append({"gpa": dice.choice((0x8000000, 0x100000000, 0xFE000000)), "address": self.place(8 * MIB), "size": 8 * MIB})
        vm["shared"] = [self.use(region, True) for region in regions if dice.random() < 0.8]
        vm["mmio"] = some(dice, 0, 2, self.window)
        if vm["mmio"] and dice.random() < 0.3:
            vm["mmio"][0]["gpa"] = dice.choice((0xFE800000, 0xFE7FF000, 0xA0000000))
        vm["ports"] = some(dice, 0, 2, lambda: {"base": next(self.ports), "count": 8})
        vm["gsi"] = some(dice, 0, 2, lambda: next(self.gsi))
        vm["acpi"] = dice.random() < 0.7
        if exclusive and dice.random() < 0.3:
            vm["cache"] = {"l3": [2 * index, 2 * index + 1]}
        if exclusive and dice.random() < 0.4:
            vm["heartbeat"] = {"timeout_us": 1000, "counter": dice.choice((0x1000, vm["memory"][-1]["gpa"] + 8))}
            vm["on_fault"] = {"heartbeat": "stop"}
        if dice.random() < 0.4:
            vm["safe_state"] = [{"port": part["base"], "value": 0} for part in vm["ports"]] + [{"address": part["address"], "value": 1, "size": 4} for part in vm["mmio"]]
        return vm

    def scenario(self):
        dice = self.dice
        regions = some(dice, 0, 3, lambda: (lambda size: {"name": f"r{self.ram:x}", "address": self.place(size), "size": size})(dice.choice((PAGE, MIB, 4 * MIB, 12 * MIB))))
        self.belled = {region["name"] for region in regions if not region["size"] & (region["size"] - 1) and dice.random() < 0.7}
        data = {"name": "random", "board": self.board["name"], "allow_no_iommu": True, "telemetry": {"address": self.place(2 * MIB)}, "shared_memory": regions}
        data["prelaunched_vms"] = [self.vm(index, regions) for index in range(dice.randint(0, 3))]
        data["service_vm"] = {"name": "service", "cores": [0, *self.cores], "image": {"type": "bzimage", "kernel": "kernel", "initrd": "initrd"},
                              "shared": [self.use(region, False) for region in regions if dice.random() < 0.9],
                              "lend_mmio": some(dice, 0, 1, self.window), "ports": some(dice, 0, 1, lambda: {"base": next(self.ports), "count": 4})}
        if dice.random() < 0.3:
            data["service_vm"]["min_memory"] = 512 * MIB
        if dice.random() < 0.5:
            data["user_vms"] = {"max_vms": dice.randint(0, 4), "max_vcpus": 2, "cores": [0]}
            data["user_vms"]["shared"] = [{"name": use["name"]} for use in data["service_vm"]["shared"] if use.get("access") != "read" and use["name"] in self.belled]
        self.drop_lonely(data)
        if data["prelaunched_vms"]:
            if dice.random() < 0.3:
                data["links"] = [{"uart": ["service:com2", f"vm0:{dice.choice(('com1', 'com3', 'com4'))}"]}]
            if self.board["iommu"] and dice.random() < 0.5:
                data["prelaunched_vms"][0]["pci"] = [dice.choice(("00:04.0", "00:04.0", "00:04.0", "00:1e.1", "00:00.0"))]
            if dice.random() < 0.1 and data["prelaunched_vms"][0]["shared"]:
                data["prelaunched_vms"][0]["shared"].append({**data["prelaunched_vms"][0]["shared"][0], "gpa": 0x4000000000})
        return data

    def drop_lonely(self, data):
        """A region with doorbells connects at least two."""
        users = [use for _, vm in space.vms(data) for use in vm["shared"] if "doorbells" in use]
        for use in users:
            if [other["name"] for other in users + data.get("user_vms", {}).get("shared", [])].count(use["name"]) < 2:
                use.pop("doorbells")
        ends = data.get("user_vms", {}).get("shared", [])
        ends[:] = [end for end in ends if any(use["name"] == end["name"] and "doorbells" in use for use in users)]


ADDRESSES, SIZES, PORTS = ("address", "gpa", "registers", "counter"), ("size", "min_memory"), ("base", "count", "log_port", "port")


def leaves(node, path=()):
    """Paths of the numbers in a document that say where something is."""
    if isinstance(node, (dict, list)):
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            yield from leaves(value, path + (key,))
    elif path[-1] in (*ADDRESSES, *SIZES, *PORTS, "tsc_hz"):
        yield path


def edges(data, board):
    """Addresses at which something begins or ends."""
    found = {0, MIB, *LEGACY, space.FOUR_GIB, 0xFED00000, 0xFE800000}
    lists = [board["ram"], board["mmio"], space.kept_ranges(board), [board["hypervisor"]], data["shared_memory"], [board.get("virtual_bars", {"address": 0, "size": 0})]]
    lists += [vm.get(key, []) for _, vm in space.vms(data) for key in ("memory", "mmio", "lend_mmio")]
    for part in (one for parts in lists for one in parts):
        start, size = part if isinstance(part, tuple) else (part["address"], parse_bytes(part["size"]))
        found |= {start, start + size // 2 // PAGE * PAGE, start + size, part.get("gpa", 0) if isinstance(part, dict) else 0}
    return sorted(found)


def moved(dice, key, value, numbers):
    """Another value of a key: where something else begins or ends, or a step from there or from where it was."""
    if key in SIZES:
        return dice.choice((PAGE, 3 * PAGE, MIB, 2 * MIB, 16 * MIB, 512 * MIB, 0x800, "0 MiB", "2 GiB", "4 GiB"))
    if key in PORTS:
        return dice.choice((0x1F, 0x60, 0x64, 0xCF8, 0x3F8, 0x2F8, 0x604, 0xFFF8, 0xFFF9, 0xFFFF, 0x100, 1, 8))
    if key == "tsc_hz":
        return dice.choice((0, 99_999_999, 100_000_000, 20_000_000_000, 20_000_000_001))
    if dice.random() < 0.15:
        return dice.choice((space.GPA_LIMIT, space.HPA_LIMIT)) - dice.choice((PAGE, PAGE, MIB, 0))
    step = dice.choice((0, 0, 0, 1, -1, 2, -2)) * dice.choice((PAGE, PAGE, MIB, 16 * MIB)) + dice.choice((0,) * 15 + (8,))
    return max(0, dice.choice((*numbers, value, value)) + step)


def move(dice, document, numbers):
    """One number of the document becomes another."""
    path = dice.choice(list(leaves(document)))
    node = document
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = moved(dice, path[-1], node[path[-1]], numbers)


def made(dice):
    board = copy.deepcopy(GIVEN[dice.choice(NAMES)])
    data = Maker(dice, board).scenario()
    numbers = edges(data, board)
    for _ in range(dice.choice((0, 1, 1, 1, 2))):
        if dice.random() < 0.15:
            fixed = {key: board.pop(key) for key in ("cores", "ram", "mmconfig", "platform_ports", "hypervisor")}   # these are the machine's
            if dice.random() < 0.2:
                board["hv_device"] = dice.choice(("00:1e.1", "00:00.0"))
            else:
                move(dice, board, numbers)
            board.update(fixed)
        else:
            move(dice, data, numbers)
    return data, board


# REQ-TOO-001 REQ-CFG-002
@pytest.mark.parametrize("seed", SEEDS)
def test_what_the_compiler_accepts_the_hypervisor_accepts(oracle, seed):
    dice, accepted, refused = random.Random(seed), 0, []
    for _ in range(EACH):
        data, board = made(dice)
        try:
            table = compile_scenario(checked(Made(data, "scenario"), Made(board, "board"), board["name"]))
        except ConfigError:
            continue
        accepted += 1
        reason = verdict(oracle, board, table)
        if reason:
            refused.append(f"{reason}: {data}, {board}")
    assert not refused, f"{len(refused)} of {accepted}:\n" + "\n".join(refused[:3])
    assert EACH // 5 <= accepted <= EACH * 4 // 5, f"{accepted} of {EACH} were accepted: too few to be a test, or nothing is ever wrong"
