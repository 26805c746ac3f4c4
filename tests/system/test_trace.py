# SPDX-License-Identifier: Apache-2.0
"""The trace rings (abi/trace.h) seen from the Service VM, and what recording costs the real-time VM: nothing that it could notice."""
import json
import struct

DEVICE = "/sys/bus/pci/drivers/bulkhead_hsm/0000:00:1e.0"
ALL = 0x3FF
RTVM_CORE = 3


def counts(machine):
    """Records ever written, of each core."""
    words = machine.shell(f"dd if={DEVICE}/region_trace bs=64 count=17 2>/dev/null | od -An -v -t u4").split()
    header = struct.pack("<272I", *map(int, words))
    assert header[:4] == b"BHTR"
    return [struct.unpack_from("<Q", header, 64 + 64 * core)[0] for core in range(4)]


def rtvm(machine):
    return next(vm for vm in json.loads(machine.shell("bhctl stats --json"))["vms"] if vm["name"] == "rtvm")


# REQ-RT-031 REQ-HSM-009
def test_the_trace_is_off_until_it_is_asked_for_and_read_only(linux):
    machine = linux("demo")
    assert machine.shell(f"cat {DEVICE}/trace_events") == "0x0"
    assert counts(machine) == [0, 0, 0, 0]
    machine.shell(f"echo x > {DEVICE}/region_trace", status=1)
    machine.shell(f"echo 0x400 > {DEVICE}/trace_events", status=1)
    machine.shell(f"echo {ALL:#x} > {DEVICE}/trace_events")
    assert machine.shell(f"cat {DEVICE}/trace_events") == f"{ALL:#x}"
    machine.shell(f"echo 0 > {DEVICE}/trace_events")
    before = counts(machine)
    assert all(before[:3]), "each core of the Service VM had something to tell"
    machine.shell("bhctl stats >/dev/null")   # which is an exit
    assert counts(machine) == before


# REQ-RT-031 REQ-RT-004
def test_recording_costs_the_rtvm_no_exit(linux):
    machine = linux("demo")
    machine.wait_for("rtvm", "rtvm: steady")
    before = rtvm(machine)
    machine.shell(f"echo {ALL:#x} > {DEVICE}/trace_events")
    machine.shell("for i in $(seq 50); do bhctl stats >/dev/null; done")
    machine.shell(f"echo 0 > {DEVICE}/trace_events")
    written = counts(machine)
    assert min(written[:3]) > 100 and written[RTVM_CORE] == 0
    assert rtvm(machine)["exits_total"] == before["exits_total"]
    report = json.loads(machine.shell("bhctl rt --once --json"))
    assert report["steady_exits"] == 0 and report["steady_exits_exact"]
