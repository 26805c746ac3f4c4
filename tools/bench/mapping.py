# SPDX-License-Identifier: Apache-2.0
"""What it costs to lend memory to a User VM and to take it back, by size of the pages and by how many are asked for at once."""
import collections

from tools.bench.measure import GUESTS, PLAIN, TIMEOUT_S, hex_figures
from tools.bench.tables import table
from tools.boot import machine_for
from tools.machine import MachineError

Case = collections.namedtuple("Case", "words pages")
# By the names that tests/guests/map_cost.c prints.
CASES = {
    **{f"4k_{count}": Case("4 KiB", count) for count in (1, 16, 256, 4096, 65536)},
    **{f"2m_{count}": Case("2 MiB", count) for count in (1, 16, 256)},
    "1g_1": Case("1 GiB", 1),
    "4k_full": Case("4 KiB, with 400 other tables in use", 1),
    "2m_full": Case("2 MiB, with 400 other tables in use", 1),
}
WORDS = """Around VM_SET_MEMORY_REGIONS with one region, as the Service VM sees it, of memory that lies together; the User VM does not run. The hypervisor changes at most 2 MiB in one go and lets
interrupts in between, and so never uses a page of 1 GiB: 1 GiB is 512 pages of 2 MiB. Each go costs the same apart from its pages: hypercall, copy and check of the request. The first page of 2 MiB needs a new table,
which is cleared."""


def mapping_of(text):
    """{case: {pages, map, unmap}} of what tests/guests/map_cost.c prints."""
    if "not ok" in text:
        raise MachineError("a hypercall of the guest failed", "service")
    found = hex_figures(text)
    return {name: {"pages": case.pages, "map": found[f"map {name}"], "unmap": found[f"unmap {name}"]} for name, case in CASES.items()}


# REQ-TOO-007
def mapping(settings):
    images = {"idle": GUESTS / "map_cost.elf", "rtvm": GUESTS / "idle.elf"}
    with machine_for("tests/bench/budget.yaml", settings.folder / "mapping", {"service": "console=0x2f8"}, images, mode=PLAIN) as machine:
        machine.wait_for("service", r"^done", TIMEOUT_S)
        return mapping_of(machine.text("service"))


def words(found):
    """The section of bench.md."""
    if not found:
        return ""
    rows = [[CASES[name].words, one["pages"], one["map"], one["map"] / one["pages"], one["unmap"], one["unmap"] / one["pages"]] for name, one in found.items()]
    return f"## Memory of a User VM, in ticks\n\n{WORDS}\n\n" + table(["pages of", "at once", "map", "a page", "unmap", "a page"], rows)
