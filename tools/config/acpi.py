# SPDX-License-Identifier: Apache-2.0
"""ACPI tables of a pre-launched VM (ACPI 6.4): RSDP, XSDT, FADT, MADT, DSDT in one blob.

The VM is hardware-reduced (ACPI 4.1): no PM timer, no PIC, no PIT, no SCI. An exclusive one has registers to reset itself and to switch itself off. A stock Linux kernel then
takes its TSC frequency from the KVM clock page and calibrates its local APIC timer against the TSC."""
import dataclasses
import struct

from tools.config.layout import C

OEM, OEM_TABLE = b"BHEAD ", b"BULKHEAD"
FADT_SIZE = 276                        # revision 6.4
FADT_WBINVD, FADT_RESET, FADT_HW_REDUCED = 1 << 0, 1 << 10, 1 << 20
BOOT_NO_VGA, BOOT_NO_CMOS_RTC = 1 << 2, 1 << 5
IOAPIC_ADDRESS, LAPIC_ADDRESS = 0xFEC00000, 0xFEE00000
UART_BASES, UART_PORTS = (0x3F8, 0x2F8, 0x3E8, 0x2E8), 8   # where a PC has them


@dataclasses.dataclass
class PciBus:
    """Bus 0 of a VM with PCI functions: base of its MMCONFIG window, 0 for none, and (start, size) of the memory that its BARs are in."""
    mmconfig: int
    windows: list


@dataclasses.dataclass
class Devices:
    """uarts: first ports of those the VM has. power: it has registers for reset and soft-off. bus: its PciBus. pins: {first port: interrupt line} of UARTs that have one."""
    uarts: tuple = ()
    power: bool = True
    bus: PciBus = None
    pins: dict = dataclasses.field(default_factory=dict)


def checksum(data):
    return -sum(data) & 0xFF


def table(signature, revision, body):
    """Header (ACPI 5.2.6) and body, checksum filled in."""
    header = struct.pack("<4sIBB6s8sI4sI", signature, 36 + len(body), revision, 0, OEM, OEM_TABLE, 1, b"BHCC", 1)
    data = bytearray(header + body)
    data[9] = checksum(data)
    return bytes(data)


def rsdp(xsdt_address):
    """ACPI 5.2.5.3, revision 2: no RSDT."""
    data = bytearray(struct.pack("<8sB6sBIIQB3x", b"RSD PTR ", 0, OEM, 2, 0, 36, xsdt_address, 0))
    data[8] = checksum(data[:20])
    data[32] = checksum(data)
    return bytes(data)


def port_register(port):
    """Generic address of one byte of I/O space (ACPI 5.2.3.2)."""
    return struct.pack("<BBBBQ", 1, 8, 0, 1, port)


def fadt(dsdt_address, power):
    """ACPI 5.2.9; every register block is absent in a hardware-reduced machine. power: it has reset and sleep registers."""
    data = bytearray(FADT_SIZE - 36)

    def put(form, offset, value):
        struct.pack_into(form, data, offset - 36, value)
    put("<B", 45, 4)                                   # preferred profile: enterprise server
    put("<H", 109, BOOT_NO_VGA | BOOT_NO_CMOS_RTC)
    put("<I", 112, FADT_WBINVD | FADT_HW_REDUCED | (FADT_RESET if power else 0))
    if power:
        put("<12s", 116, port_register(C["PART_PORT_RESET"]))
        put("<B", 128, C["PART_RESET_VALUE"])
        put("<12s", 244, port_register(C["PART_PORT_SLEEP_CONTROL"]))
        put("<12s", 256, port_register(C["PART_PORT_SLEEP_STATUS"]))
    put("<B", 131, 4)                                  # minor version
    put("<Q", 140, dsdt_address)
    put("<8s", 268, OEM_TABLE)
    return table(b"FACP", 6, bytes(data))


def madt(vcpu_count, with_ioapic):
    """ACPI 5.2.12: local APIC ids are the vCPU's index."""
    body = struct.pack("<II", LAPIC_ADDRESS, 0)
    for index in range(vcpu_count):
        body += struct.pack("<BBBBI", 0, 8, index, index, 1)
    if with_ioapic:
        body += struct.pack("<BBBBII", 1, 12, 0, 0, IOAPIC_ADDRESS, 0)
    return table(b"APIC", 5, body)


def package(opcode, content):
    """An AML object with PkgLength (ACPI 20.2.4), which counts its own bytes."""
    size = len(content) + 1
    if size < 0x40:
        return opcode + bytes([size]) + content
    size += 1
    return opcode + bytes([0x40 | (size & 0xF), size >> 4]) + content


def uart(index, port, line=0):
    """A 16550A (PNP0501) with its ports (IO descriptor 6.4.2.5) and an interrupt by edges (extended interrupt descriptor 6.4.3.6); line 0: none, and Linux polls it."""
    resources = b"\x47\x01" + struct.pack("<HHBB", port, port, 1, UART_PORTS)
    resources += (b"\x89\x06\x00\x03\x01" + struct.pack("<I", line) if line else b"") + b"\x79\x00"
    names = b"\x08_HID\x0c\x41\xd0\x05\x01" + b"\x08_UID\x0a" + bytes([index])
    names += b"\x08_CRS" + package(b"\x11", b"\x0a" + bytes([len(resources)]) + resources)
    return package(b"\x5b\x82", b"COM%d" % index + names)


MMCONFIG_BUS = 0x100000
PNP0A08, PNP0A03, PNP0C02 = b"\x0c\x41\xd0\x0a\x08", b"\x0c\x41\xd0\x0a\x03", b"\x0c\x41\xd0\x0c\x02"


def mcfg(bus):
    """MMCONFIG of segment 0, bus 0 (PCI Firmware 3.2, 4.1.2)."""
    return table(b"MCFG", 1, bytes(8) + struct.pack("<QHBB4x", bus.mmconfig, 0, 0, 0))


def memory_window(start, size):
    """QWord address space descriptor (ACPI 6.4.3.5.1): memory that the bridge produces, fixed, read-write."""
    return struct.pack("<BHBBBQQQQQ", 0x8A, 43, 0, 0x0C, 1, 0, start, start + size - 1, 0, size)


def resources(content):
    data = content + b"\x79\x00"
    return b"\x08_CRS" + package(b"\x11", (b"\x0a" + bytes([len(data)]) if len(data) < 0x100 else b"\x0b" + struct.pack("<H", len(data))) + data)


# REQ-TOO-004
def pci_devices(bus):
    """The root bridge with bus 0, its configuration ports and its windows; then the MMCONFIG window as a resource of the board, without which
    Linux does not believe the MCFG. No _PRT: the functions have no pins."""
    content = struct.pack("<BHBBBHHHHH", 0x88, 13, 2, 0x0C, 0, 0, 0, 0, 0, 1)     # word descriptor: bus numbers 0 to 0
    content += b"\x47\x01" + struct.pack("<HHBB", 0xCF8, 0xCF8, 1, 8)
    content += b"".join(memory_window(start, size) for start, size in bus.windows)
    names = b"\x08_HID" + PNP0A08 + b"\x08_CID" + PNP0A03 + b"\x08_UID\x00" + b"\x08_BBN\x00"
    bridge = package(b"\x5b\x82", b"PCI0" + names + resources(content))
    if not bus.mmconfig:
        return bridge
    board = b"\x08_HID" + PNP0C02 + b"\x08_UID\x0a\x50" + resources(struct.pack("<BHBII", 0x86, 9, 1, bus.mmconfig, MMCONFIG_BUS))
    return bridge + package(b"\x5b\x82", b"MCF0" + board)


def soft_off():
    """Name (\\_S5, Package () { SLP_TYP, SLP_TYP }) (ACPI 7.4.2.6): what goes into the sleep control register."""
    return b"\x08\\_S5_" + package(b"\x12", b"\x02" + 2 * (b"\x0a" + bytes([C["PART_SLEEP_TYPE_OFF"]])))


def dsdt(vcpu_count, has):
    """One processor device for each vCPU, then the UARTs and the PCI bus: Scope (\\_SB) { Device (C000) { _HID "ACPI0007", _UID 0 } ... }"""
    devices = b""
    for index in range(vcpu_count):
        names = b"\x08_HID\x0dACPI0007\x00" + b"\x08_UID\x0a" + bytes([index])
        devices += package(b"\x5b\x82", b"C%03d" % index + names)
    for index, port in enumerate(has.uarts, 1):
        devices += uart(index, port, has.pins.get(port, 0))
    devices += pci_devices(has.bus) if has.bus else b""
    return table(b"DSDT", 2, package(b"\x10", b"\\_SB_" + devices) + (soft_off() if has.power else b""))


# REQ-RT-012 REQ-TOO-004
def build(gpa, vcpu_count, with_ioapic, has=Devices()):
    """The blob for guest address gpa; the RSDP comes first."""
    blob = bytearray(64)

    def add(data):
        blob.extend(bytes(-len(blob) % 16))
        address = gpa + len(blob)
        blob.extend(data)
        return address
    tables = [add(fadt(add(dsdt(vcpu_count, has)), has.power)), add(madt(vcpu_count, with_ioapic))]
    tables += [add(mcfg(has.bus))] if has.bus and has.bus.mmconfig else []
    xsdt = add(table(b"XSDT", 1, struct.pack(f"<{len(tables)}Q", *tables)))
    blob[0:36] = rsdp(xsdt)
    return bytes(blob)
