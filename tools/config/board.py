# SPDX-License-Identifier: Apache-2.0
"""A board by itself: what of it the hypervisor would refuse with any scenario."""
from tools.config import space
from tools.config.pci import bdf_number
from tools.config.source import parse_bytes
from tools.config.space import PAGE

# Ports that no VM is given, as in hv/core/partition_device.c: PICs, reset, SMI, PCI configuration.
KEPT_PORTS = {0x20, 0x21, 0x64, 0x92, 0xA0, 0xA1, 0xB2, 0xB3, 0x4D0, 0x4D1, *range(0xCF8, 0xD00)}
UART_PORTS = 8
LEGACY = (0xA0000, 0x60000)             # of a PC: devices and firmware, although boards list RAM as beginning at 0
TSC_HZ = (100_000_000, 20_000_000_000)


# REQ-TOO-001
def check_board(document):
    """The problems of a board file, which has passed its schema."""
    board, problems = document.data, []

    def fail(path, what, change):
        problems.append(document.problem(path, what, change))
    check_windows(fail, board)
    check_values(fail, board)
    return problems


def check_windows(fail, board):
    ram = [part for whole in board["ram"] for part in space.without(whole["address"], parse_bytes(whole["size"]), [LEGACY])]
    before = []
    for index, window in enumerate(board["mmio"]):
        where, start, size = ("mmio", index), window["address"], parse_bytes(window["size"])
        kept = space.controller(board, start, size)
        if start % PAGE or size % PAGE:
            fail(where, f"{start:#x}, {size:#x} bytes, is not made of whole 4 KiB pages", "align address and size to 4096")
        if start + size > space.GPA_LIMIT:
            fail(where, f"{start:#x} to {start + size:#x} goes beyond 2^48, where no VM has addresses", "shrink it")
        if kept:
            fail(where, f"{start:#x} to {start + size:#x} meets {kept}, which the hypervisor owns", "split it around that")
        if any(space.overlap((start, size), part) for part in ram):
            fail(where, f"{start:#x} to {start + size:#x} meets RAM of the board", "shrink one of the two")
        if any(space.overlap((start, size), other) for other in before):
            fail(where, f"{start:#x} to {start + size:#x} overlaps a window before it", "list each address once")
        before.append((start, size))


def check_values(fail, board):
    device, log, tsc = bdf_number(board.get("hv_device", "00:00.0")), board.get("log_port", 0), board.get("tsc_hz", 0)
    if device == 0 or device % 8:
        fail(("hv_device",), "the hypervisor's PCI device is function 0 of a device other than 00:00", 'name one that the machine has not, such as "00:1e.0"')
    if log and (log + UART_PORTS > 0x10000 or KEPT_PORTS & set(range(log, log + UART_PORTS))):
        fail(("log_port",), f"{log:#x} is not the base of a 16550 UART", "correct it, or set 0 for none")
    if tsc and not TSC_HZ[0] <= tsc <= TSC_HZ[1]:
        fail(("tsc_hz",), f"{tsc} is not 100 MHz to 20 GHz", "correct it, or set 0 to measure it at boot")
