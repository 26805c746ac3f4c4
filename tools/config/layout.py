# SPDX-License-Identifier: Apache-2.0
"""abi/partition_table.h for Python. Constants are read from the header; tests/unit/test_config.py
compiles a C program that compares every offset and size below with the header's structs."""
import ctypes
import pathlib
import re

HEADER = pathlib.Path(__file__).resolve().parents[2] / "abi" / "partition_table.h"
CONSTANT = re.compile(r"^#define (PART_\w+)\s+(0x[0-9A-Fa-f]+|[0-9]+)U\b", re.M)
U8, U16, U32, U64 = ctypes.c_uint8, ctypes.c_uint16, ctypes.c_uint32, ctypes.c_uint64

C = {name: int(value, 0) for name, value in CONSTANT.findall(HEADER.read_text(encoding="utf-8"))}


class Range(ctypes.LittleEndianStructure):
    _fields_ = [("gpa", U64), ("hpa", U64), ("size", U64), ("type", U32), ("flags", U32)]


class Ports(ctypes.LittleEndianStructure):
    _fields_ = [("base", U16), ("count", U16)]


class Shared(ctypes.LittleEndianStructure):
    _fields_ = [("name", ctypes.c_char * C["PART_NAME_SIZE"]), ("hpa", U64), ("size", U64)]


class Ivshmem(ctypes.LittleEndianStructure):
    _fields_ = [("registers_gpa", U64), ("memory_gpa", U64), ("vm", U16), ("region", U16), ("vectors", U16), ("reserved", U16),
                ("interval_us", U32), ("reserved2", U32)]


class Uart(ctypes.LittleEndianStructure):
    _fields_ = [("vm", U16), ("port", U16), ("gsi", U16), ("reserved", U16)]


class Board(ctypes.LittleEndianStructure):
    _fields_ = [("name", ctypes.c_char * C["PART_TAG_SIZE"]), ("ram_size", U64), ("tsc_hz", U64),
                ("mmconfig_base", U64), ("pcpu_count", U32), ("shared_pcpu_mask", U32), ("log_port", U16),
                ("s5_slp_typ", U16), ("hv_device_bdf", U16), ("memory_gbps", U16)]


class Safe(ctypes.LittleEndianStructure):
    _fields_ = [("address", U64), ("value", U32), ("kind", U16), ("size", U16)]


class Cache(ctypes.LittleEndianStructure):
    _fields_ = [("l2_mask", U32), ("l3_mask", U32), ("bandwidth", U32), ("reserved", U32)]


class Vm(ctypes.LittleEndianStructure):
    _fields_ = [("name", ctypes.c_char * C["PART_NAME_SIZE"]), ("kind", U32), ("face", U32), ("flags", U32),
                ("image_type", U32), ("weight", U32), ("vcpu_count", U32), ("pcpu", U32 * C["PART_MAX_VCPU"]),
                ("kernel", ctypes.c_char * C["PART_TAG_SIZE"]), ("initrd", ctypes.c_char * C["PART_TAG_SIZE"]),
                ("cmdline", ctypes.c_char * C["PART_CMDLINE_SIZE"]), ("range_count", U32), ("ports_count", U32),
                ("gsi_count", U32), ("pci_count", U32), ("range", Range * C["PART_MAX_RANGE"]),
                ("ports", Ports * C["PART_MAX_PORTS"]), ("gsi", U32 * C["PART_MAX_GSI"]),
                ("pci", U16 * C["PART_MAX_PCI"]), ("module", (ctypes.c_char * C["PART_TAG_SIZE"]) * C["PART_MAX_MODULE"]),
                ("module_count", U32), ("safe_count", U32), ("safe", Safe * C["PART_MAX_SAFE"]),
                ("on_fault", U8 * C["PART_FAULTS"]), ("restart_limit", U32), ("heartbeat_gpa", U64), ("heartbeat_us", U32),
                ("reserved", U32), ("cache", Cache), ("acpi_gpa", U64), ("acpi_offset", U32), ("acpi_size", U32)]


class UserPolicy(ctypes.LittleEndianStructure):
    _fields_ = [("max_vms", U32), ("max_vcpus", U32), ("pcpu_mask", U32), ("weight", U32)]


class Table(ctypes.LittleEndianStructure):
    _fields_ = [("magic", U32), ("version", U16), ("reserved", U16), ("total_size", U32), ("crc32", U32),
                ("scenario", ctypes.c_char * C["PART_TAG_SIZE"]), ("flags", U32), ("vm_count", U32),
                ("shared_count", U32), ("ivshmem_count", U32), ("telemetry_hpa", U64), ("telemetry_size", U64),
                ("board", Board), ("user", UserPolicy), ("shared", Shared * C["PART_MAX_SHARED"]),
                ("vm", Vm * C["PART_MAX_VM"]), ("ivshmem", Ivshmem * C["PART_MAX_IVSHMEM"]), ("link_count", U32), ("reserved2", U32),
                ("link_end", Uart * (2 * C["PART_MAX_LINK"]))]


STRUCTS = {"part_safe": Safe, "part_cache": Cache, "part_range": Range, "part_ports": Ports, "part_shared": Shared, "part_ivshmem": Ivshmem, "part_uart": Uart,
           "part_board": Board, "part_vm": Vm,
           "part_user_policy": UserPolicy, "part_table": Table}
