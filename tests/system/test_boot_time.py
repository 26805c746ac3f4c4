# SPDX-License-Identifier: Apache-2.0
"""From the hypervisor's first instruction to the real-time VM's, in counted time: one instruction of any core is 1 ns."""
import re
import struct

import pytest

from tools.boot import BUILD
from tools.evidence import specification

SCENARIO = "tests/bench/bench-alone.yaml"   # a real-time VM of 64 MiB
WATCH = BUILD / "tests" / "guests" / "watch_rt.elf"
RATES = "tsc_hz=1000000000 timer_hz=1000000000"
TICKS_PER_MS = 1_000_000
AFTER_INIT_MS = 10                          # for which a core must be left alone: no boot is shorter


def with_cleared_memory(image, size):
    """A Multiboot image with one more segment of that size, to be cleared."""
    header = 28                             # e_phoff of ELF32
    data = bytearray(image)
    at, count = struct.unpack_from("<I", data, header)[0], struct.unpack_from("<H", data, 44)[0]
    table = data[at:at + 32 * count] + struct.pack("<8I", 1, 0, 0x50000000, 0x50000000, 0, size, 6, 4096)
    data += bytes(-len(data) % 4)
    struct.pack_into("<I", data, header, len(data))
    struct.pack_into("<H", data, 44, count + 1)
    return bytes(data + table)


def boot_ms(start, service):
    """Milliseconds, and the hypervisor's log: of a machine whose Service VM prints what was counted (tests/guests/watch_rt.c)."""
    machine = start(SCENARIO, append={"rtvm": f"count=10 {RATES}", "service": "console=0x2f8"}, images={"idle": service}, mode="icount")
    machine.wait_for("service", r"^done", 120)
    figure = {name: int(value, 16) for name, value in re.findall(r"^(\w+) ([0-9a-f]{16})$", machine.text("service"), re.M)}
    return (figure["start_tsc"] - figure["boot_tsc"]) / TICKS_PER_MS, machine.text("hypervisor")


@pytest.mark.not_on("bochs", "figures")
# REQ-RT-040 REQ-RT-013
def test_the_real_time_vm_starts_in_time(start, folder):
    """With a Service VM that is loaded at once, and with one that takes longer to load than the whole boot may take."""
    limit = specification.read().number("boot.rtvm")
    slow = folder / "slow.elf"
    slow.write_bytes(with_cleared_memory(WATCH.read_bytes(), 8 * limit * TICKS_PER_MS & -4096))   # a tick clears 8 bytes
    alone, log = boot_ms(start, WATCH)
    beside, slow_log = boot_ms(start, slow)
    service_started = float(re.search(r"^\[ *([\d.]+)\] boot: service: 1 shared vCPU", slow_log, re.M).group(1)) * 1000
    assert AFTER_INIT_MS < alone <= limit
    assert AFTER_INIT_MS < beside <= limit
    assert service_started > beside + limit - 1, "the slow Service VM is not slow"
    for text in (log, slow_log):        # no line is lost or cut, in this order
        said = re.findall(r"^\[ *[\d.]+\] (\w+: \w+)", text, re.M)[:5]
        assert said == ["boot: Bulkhead", "pci: 5", "boot: 4", "boot: rtvm", "boot: service"] and "[cut]" not in text
