# SPDX-License-Identifier: Apache-2.0
"""Scenario and board -> the bytes of abi/partition_table.h."""
import ctypes
import zlib

from tools.config import acpi, pci, space
from tools.config.board import check_board
from tools.config.check import SERVICE_MIN_MEMORY, TELEMETRY_SIZE, Checker
from tools.config.errors import ConfigError
from tools.config.health import fill_health
from tools.config.ivshmem import records as ivshmem_records
from tools.config.ivshmem import windows as ivshmem_windows
from tools.config.layout import C, Ports, Range, Shared, Table
from tools.config.links import pins as link_pins
from tools.config.links import records as link_records
from tools.config.pci import bdf_number
from tools.config.source import ROOT, Document, parse_bytes
from tools.config.space import vms

ACPI_GPA = 0xE0000     # where PCs keep the RSDP (ACPI 5.2.5.1)
BOARDS = ROOT / "configs" / "boards"
FACES = {"kvm": C["PART_FACE_KVM"], "acrn": C["PART_FACE_ACRN"]}
IMAGES = {"bzimage": C["PART_IMAGE_BZIMAGE"], "multiboot": C["PART_IMAGE_MULTIBOOT"]}


class Scenario:
    """A checked scenario with its board."""

    def __init__(self, document, board):
        self.document, self.data, self.board = document, document.data, board

    @property
    def name(self):
        return self.data["name"]


def scenario_path(name):
    """A file, or the name of one in configs/scenarios."""
    text = str(name)
    return text if text.endswith((".yaml", ".yml")) or "/" in text else ROOT / "configs" / "scenarios" / f"{text}.yaml"


def load_scenario(name):
    """Reads, validates and checks; raises ConfigError with every problem found."""
    document = Document(scenario_path(name), "scenario")
    board_name = document.data["board"]
    board_path = document.path.parent / board_name if board_name.endswith(".yaml") else BOARDS / f"{board_name}.yaml"
    if not board_path.exists():
        known = ", ".join(sorted(p.stem for p in BOARDS.glob("*.yaml")))
        raise ConfigError([document.problem(("board",), f"there is no board {board_name}", f"use one of {known}")])
    return checked(document, Document(board_path, "board"), board_name)


def checked(document, board, board_name):
    problems = check_board(board) + Checker(document, document.data, board.data, board_name).run()
    if problems:
        raise ConfigError(problems)
    return Scenario(document, board.data)


def mask(cores):
    return sum(1 << core for core in set(cores))


def flags(part):
    return C["PART_RANGE_WRITE"] if part.get("access", "write") == "write" else 0


def service_windows(scenario):
    for start, size, window in space.service_windows(scenario.data, scenario.board):
        yield Range(start, start, size, C["PART_RANGE_MMIO"], C["PART_RANGE_WRITE"] if window.get("write", True) else 0)


# REQ-CFG-041
def lent_windows(vm):
    """What the Service VM may lend: ranges of their own, and the Service VM's also where the board lists nothing."""
    for part in vm.get("lend_mmio", []):
        yield Range(part["address"], part["address"], parse_bytes(part["size"]), C["PART_RANGE_MMIO"], flags(part) | C["PART_RANGE_LEND"])


def vm_ranges(scenario, path, vm):
    """Range records of one VM: its RAM, its device windows, its shared regions."""
    execute = C["PART_RANGE_WRITE"] | C["PART_RANGE_EXEC"]
    records = [Range(p["gpa"], p["address"], parse_bytes(p["size"]), C["PART_RANGE_RAM"], execute) for p in vm.get("memory", [])]
    for part in vm.get("mmio", []):
        extra = C["PART_RANGE_WC"] if part.get("write_combining") else 0
        records.append(Range(part.get("gpa", part["address"]), part["address"], parse_bytes(part["size"]), C["PART_RANGE_MMIO"], flags(part) | extra))
    # REQ-CFG-036
    for start, size in pci.windows(scenario.board, vm.get("pci", [])):
        records.append(Range(start, start, size, C["PART_RANGE_MMIO"], C["PART_RANGE_WRITE"]))
    if path == ("service_vm",):
        records += service_windows(scenario)
        records += lent_windows(vm)
    regions = {region["name"]: region for region in scenario.data.get("shared_memory", [])}
    for use in vm.get("shared", []):
        region = regions[use["name"]]
        records.append(Range(use.get("gpa", region["address"]), region["address"], parse_bytes(region["size"]), C["PART_RANGE_SHARED"], flags(use)))
    return records


def fill(scenario, path, field, limit, records, target):
    """Copies records into a fixed array and returns their number."""
    if len(records) > limit:
        raise ConfigError([scenario.document.problem(path, f"{len(records)} {field}, more than {limit}", "describe fewer")])
    for index, record in enumerate(records):
        target[index] = record
    return len(records)


def fill_vm(scenario, path, vm, out, append):
    service = path == ("service_vm",)
    out.name = vm["name"].encode()
    out.kind = C["PART_VM_SERVICE"] if service else C["PART_VM_PRELAUNCH"]
    out.face = FACES[vm.get("face", "kvm")]
    out.flags = (C["PART_VM_EXCLUSIVE"] if vm.get("exclusive") else 0) | (C["PART_VM_FORBID_POWEROFF"] if vm.get("forbid_poweroff") else 0)
    out.image_type = IMAGES[vm["image"]["type"]]
    out.weight = vm.get("weight", 100)
    out.vcpu_count = fill(scenario, path + ("cores",), "cores", C["PART_MAX_VCPU"], vm["cores"], out.pcpu)
    out.kernel = vm["image"]["kernel"].encode()
    out.initrd = vm["image"].get("initrd", "").encode()
    modules = vm["image"].get("modules", [])
    for index, tag in enumerate(modules):
        out.module[index].value = tag.encode()
    out.module_count = len(modules)
    cmdline = " ".join(filter(None, [vm.get("cmdline", ""), append.get(vm["name"], "")]))
    if len(cmdline) >= C["PART_CMDLINE_SIZE"]:
        raise ConfigError([scenario.document.problem(path + ("cmdline",), f"{len(cmdline)} characters", "use at most 1023")])
    out.cmdline = cmdline.encode()
    out.range_count = fill(scenario, path, "memory ranges", C["PART_MAX_RANGE"], vm_ranges(scenario, path, vm), out.range)
    ports = [Ports(p["base"], p["count"]) for p in vm.get("ports", [])]
    out.ports_count = fill(scenario, path + ("ports",), "port ranges", C["PART_MAX_PORTS"], ports, out.ports)
    out.gsi_count = fill(scenario, path + ("gsi",), "interrupt lines", C["PART_MAX_GSI"], vm.get("gsi", []), out.gsi)
    devices = [bdf_number(pci.address_of(scenario.board, text)) for text in vm.get("pci", [])]
    shared = {region["name"]: region["address"] for region in scenario.data.get("shared_memory", [])}
    fill_health(vm, [use.get("gpa", shared[use["name"]]) for use in vm.get("shared", [])], out)
    out.pci_count = fill(scenario, path + ("pci",), "devices", C["PART_MAX_PCI"], devices, out.pci)
    fill_cache(vm, out.cache)


def ways_mask(ways):
    """[first, last] -> capacity bit mask"""
    return mask(range(ways[0], ways[1] + 1)) if ways else 0


# REQ-RT-050
def fill_cache(vm, out):
    share = vm.get("cache", {})
    out.l2_mask, out.l3_mask = ways_mask(share.get("l2")), ways_mask(share.get("l3"))
    out.bandwidth = share.get("bandwidth", 0)


def fill_board(scenario, board):
    source, data = scenario.board, scenario.data
    board.name = source["name"].encode()
    board.tsc_hz = source.get("tsc_hz", 0)
    board.mmconfig_base = source.get("mmconfig", 0)
    board.pcpu_count = 1 + max(core for _, vm in vms(data) for core in vm["cores"])
    exclusive = mask(core for _, vm in vms(data) if vm.get("exclusive") for core in vm["cores"])
    board.shared_pcpu_mask = ((1 << board.pcpu_count) - 1) & ~exclusive
    board.log_port = source.get("log_port", 0)
    board.s5_slp_typ = source.get("s5_slp_typ", 0)
    board.hv_device_bdf = bdf_number(source.get("hv_device", "00:00.0"))
    board.memory_gbps = source.get("memory_gbps", 0)
    board.ram_size = space.ram_needed(data, source, TELEMETRY_SIZE, SERVICE_MIN_MEMORY)


def bus_of(scenario, path, vm):
    """The PCI bus of a pre-launched VM: of the functions that it was given, and its shared-memory devices. A board without MMCONFIG has its ports only."""
    given = vm.get("pci", [])
    windows = sorted(pci.windows(scenario.board, given) + ivshmem_windows(scenario.data, scenario.board, path))
    return acpi.PciBus(scenario.board.get("mmconfig", 0), windows) if windows or given else None


# REQ-TOO-002
def compile_scenario(scenario, append=None):
    """The partition table as bytes. append: {VM name: words to add to its command line}."""
    table, blob = Table(), bytearray()
    data = scenario.data
    table.magic, table.version = C["PART_MAGIC"], C["PART_VERSION"]
    table.scenario = scenario.name.encode()
    table.flags = C["PART_ALLOW_NO_IOMMU"] if data.get("allow_no_iommu") else 0
    table.telemetry_hpa, table.telemetry_size = data["telemetry"]["address"], TELEMETRY_SIZE
    fill_board(scenario, table.board)
    user = data.get("user_vms")
    if user:
        table.user.max_vms, table.user.max_vcpus = user["max_vms"], user["max_vcpus"]
        table.user.pcpu_mask, table.user.weight = mask(user["cores"]), user.get("weight", 100)
    shared = [Shared(r["name"].encode(), r["address"], parse_bytes(r["size"])) for r in data.get("shared_memory", [])]
    table.shared_count = fill(scenario, ("shared_memory",), "regions", C["PART_MAX_SHARED"], shared, table.shared)
    table.ivshmem_count = fill(scenario, ("shared_memory",), "shared-memory devices", C["PART_MAX_IVSHMEM"], ivshmem_records(data, scenario.board), table.ivshmem)
    table.link_count = fill(scenario, ("links",), "ends of serial lines", 2 * C["PART_MAX_LINK"], link_records(data), table.link_end) // 2
    table.vm_count = len(list(vms(data)))
    for out, (path, vm) in zip(table.vm, vms(data)):
        fill_vm(scenario, path, vm, out, append or {})
        if path != ("service_vm",) and vm.get("acpi", True):
            blob.extend(bytes(-len(blob) % 16))
            ports = [(part["base"], part["count"]) for part in vm.get("ports", [])]
            pins = link_pins(data, vm)
            uarts = [base for base in acpi.UART_BASES if (base, acpi.UART_PORTS) in ports or base in pins]
            bus = bus_of(scenario, path, vm)
            content = acpi.build(ACPI_GPA, len(vm["cores"]), bool(vm.get("gsi")) or any(pins.values()), acpi.Devices(uarts, vm["exclusive"], bus, pins))
            out.acpi_gpa, out.acpi_offset, out.acpi_size = ACPI_GPA, ctypes.sizeof(table) + len(blob) + ACPI_PAD, len(content)
            blob.extend(content)
    return seal(table, blob)


ACPI_PAD = -ctypes.sizeof(Table) % 16


# REQ-TOO-003
def seal(table, blob):
    """Fills total_size and crc32 (IEEE 802.3 over everything with this field zero)."""
    table.total_size, table.crc32 = ctypes.sizeof(table) + ACPI_PAD + len(blob), 0
    content = bytes(table) + bytes(ACPI_PAD) + bytes(blob)
    table.crc32 = zlib.crc32(content)
    return bytes(table) + bytes(ACPI_PAD) + bytes(blob)
