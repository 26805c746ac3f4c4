# SPDX-License-Identifier: Apache-2.0
"""PCI functions of a board, and which of them a scenario gives to pre-launched VMs."""
import re

from tools.config.source import parse_bytes

PAGE = 4096
BY_ID = re.compile(r"^[0-9a-f]{4}:[0-9a-f]{4}$")
BUS_SIZE = 0x100000     # of MMCONFIG: what a pre-launched VM has of it
MEMORY = 4              # most entries that are listed in a message


def bdf_number(text):
    """'00:1e.0' -> bus << 8 | device << 3 | function"""
    bus, rest = text.split(":")
    device, function = rest.split(".")
    return int(bus, 16) << 8 | int(device, 16) << 3 | int(function)


def matches(board, text):
    """Functions of the board that 'vendor:device', 'class nnnn' or an address means."""
    text = text.lower()
    functions = board.get("pci", [])
    if text.startswith("class "):
        return [f for f in functions if f["class"].lower() == text.split()[1]]
    if BY_ID.match(text):
        return [f for f in functions if f["id"].lower() == text]
    return [f for f in functions if f["address"].lower() == text]


def is_address(text):
    return not text.lower().startswith("class ") and not BY_ID.match(text.lower())


def address_of(board, text):
    """'bb:dd.f', or None when nothing or several functions are meant."""
    if is_address(text):
        return text.lower()
    found = matches(board, text)
    return found[0]["address"].lower() if len(found) == 1 else None


def pages(bar):
    """(first, size) of the pages that a BAR touches."""
    first = bar["address"] // PAGE * PAGE
    return first, -(-(bar["address"] + parse_bytes(bar["size"])) // PAGE) * PAGE - first


def windows(board, texts):
    """[(start, size)]: device memory of these functions, neighbours joined, in order."""
    found = []
    for text in texts:
        address = address_of(board, text)
        for function in matches(board, address) if address else []:
            found += [pages(bar) for bar in function.get("bars", [])]
    joined = []
    for start, size in sorted(set(found)):
        if joined and start <= joined[-1][0] + joined[-1][1]:
            joined[-1][1] = max(joined[-1][1], start + size - joined[-1][0])
        else:
            joined.append([start, size])
    return [tuple(window) for window in joined]


def names(functions):
    text = ", ".join(f"{f['address']} ({f.get('name', f['id'])})" for f in functions[:MEMORY])
    return text + (", ..." if len(functions) > MEMORY else "")


def find_problem(board, board_name, text):
    """(what, change) when the entry means no function of the board, or several; else None."""
    found = matches(board, text)
    if is_address(text):
        if board.get("pci") and not found:
            return f"board {board_name} has no function {text}", f"use one of {names(board['pci'])}"
    elif not found:
        return f"board {board_name} has no function {text}", f"use one of {names(board.get('pci', [])) or '(none listed: run ./bulkhead config board on the machine)'}"
    elif len(found) > 1:
        return f"{len(found)} functions of board {board_name} are {text}", f"write the address of one: {names(found)}"
    return None


def neighbours(board, address):
    """Other functions of the group, which nothing keeps apart from it."""
    own = next((f for f in matches(board, address)), {})
    return [f for f in board.get("pci", []) if "group" in own and f.get("group") == own["group"] and f["address"].lower() != address and f["class"] != "0604"]


def page_sharers(board, address):
    """Other functions with a register in a page of its BARs."""
    own = windows(board, [address])
    return [f for f in board.get("pci", []) if f["address"].lower() != address and
            any(start < at + size and at < start + length for bar in f.get("bars", []) for at, size in [pages(bar)] for start, length in own)]
