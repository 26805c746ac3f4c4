# SPDX-License-Identifier: Apache-2.0
"""The trace rings (abi/trace.h) seen from the Service VM, and what recording costs the real-time VM: nothing that it could notice."""
import base64
import io
import json
import re
import shutil
import struct
import subprocess
import tarfile

import pytest

DEVICE = "/sys/bus/pci/drivers/bulkhead_hsm/0000:00:1e.0"
ALL = 0x3FF
RTVM_CORE = {"qemu": 3, "bochs": 2}       # behind those of the Service VM


def counts(machine):
    """Records ever written, of each core that the scenario uses."""
    words = machine.shell(f"dd if={DEVICE}/region_trace bs=64 count=17 2>/dev/null | od -An -v -t u4").split()
    header = struct.pack("<272I", *map(int, words))
    assert header[:4] == b"BHTR"
    return [struct.unpack_from("<Q", header, 64 + 64 * core)[0] for core in range(RTVM_CORE[machine.name] + 1)]


def rtvm(machine):
    return next(vm for vm in json.loads(machine.shell("bhctl stats --json"))["vms"] if vm["name"] == "rtvm")


@pytest.mark.long_on("bochs")
# REQ-RT-031 REQ-HSM-009
def test_the_trace_is_off_until_it_is_asked_for_and_read_only(linux):
    machine = linux("demo")
    assert machine.shell(f"cat {DEVICE}/trace_events") == "0x0"
    assert set(counts(machine)) == {0}
    machine.shell(f"echo x > {DEVICE}/region_trace", status=1)
    machine.shell(f"echo 0x400 > {DEVICE}/trace_events", status=1)
    machine.shell(f"echo {ALL:#x} > {DEVICE}/trace_events")
    assert machine.shell(f"cat {DEVICE}/trace_events") == f"{ALL:#x}"
    machine.shell(f"echo 0 > {DEVICE}/trace_events")
    before = counts(machine)
    assert all(before[:-1]), "each core of the Service VM had something to tell"
    machine.shell("bhctl stats >/dev/null")   # which is an exit
    assert counts(machine) == before


@pytest.mark.long_on("bochs")
# REQ-RT-031 REQ-RT-004
def test_recording_costs_the_rtvm_no_exit(linux):
    machine = linux("demo")
    machine.wait_for("rtvm", "rtvm: steady")
    before = rtvm(machine)
    machine.shell(f"echo {ALL:#x} > {DEVICE}/trace_events")
    machine.shell("for i in $(seq 50); do bhctl stats >/dev/null; done")
    machine.shell(f"echo 0 > {DEVICE}/trace_events")
    written = counts(machine)
    assert min(written[:-1]) > 100 and written[-1] == 0
    assert rtvm(machine)["exits_total"] == before["exits_total"]
    report = json.loads(machine.shell("bhctl rt --once --json"))
    assert report["steady_exits"] == 0 and report["steady_exits_exact"]


def fetch(machine, path, to):
    """A file or folder of the Service VM, by way of its console."""
    text = machine.shell(f"tar -czf - -C {path.rpartition('/')[0]} {path.rpartition('/')[2]} | base64", 120)
    with tarfile.open(fileobj=io.BytesIO(base64.b64decode(text))) as archive:
        archive.extractall(to)
    return to / path.rpartition("/")[2]


def load(machine):
    """Something to see on every core of the Service VM, and a User VM that comes and goes meanwhile."""
    machine.shell("(while :; do bhctl stats >/dev/null; done) & (vm_start user1 1 128; vm_stop) >/dev/null 2>&1 &")


@pytest.mark.long_on("bochs")
# REQ-DM-012
def test_a_trace_of_the_demo_opens_in_perfetto_and_chrome(linux, folder):
    machine = linux("demo")
    machine.wait_for("rtvm", "rtvm: steady")
    load(machine)
    summary = json.loads(machine.shell("bhctl trace --json --seconds 0.2 --output /tmp/trace.json", 60))
    trace = json.loads(fetch(machine, "/tmp/trace.json", folder).read_text())
    events, rtvm_core = trace["traceEvents"], RTVM_CORE[machine.name]
    assert all(summary["cores"][core]["records"] > 10 for core in range(rtvm_core)) and summary["cores"][rtvm_core]["records"] == 0
    assert trace["otherData"]["lost_records"] == sum(core["lost"] for core in summary["cores"])
    tracks = {(e["pid"], e["tid"]): e["args"]["name"] for e in events if e["ph"] == "M" and e["name"] == "thread_name"}
    assert {name for (pid, _), name in tracks.items() if pid == 1} == {f"core {core}" for core in range(rtvm_core + 1)}
    length = summary["duration_us"] + 1
    by_track = {}
    for event in events:
        assert event["ph"] in "MXi" and (event["pid"], event["tid"]) in tracks or event["ph"] == "M"
        if event["ph"] != "M":
            assert 0 <= event["ts"] <= length and event["ts"] + event.get("dur", 0) <= length
        if event["ph"] == "X":
            by_track.setdefault((event["pid"], event["tid"]), []).append(event)
    # what a core did is known but for a moment at the start
    assert all(sum(e["dur"] for e in by_track[1, core + 1]) > 0.9 * summary["duration_us"] for core in range(rtvm_core + 1))
    # the RTVM runs from the first moment to the last, and no core is in two states at once
    alone = by_track[1, rtvm_core + 1]
    assert [event["name"] for event in alone] == ["rtvm/0"] and alone[0]["dur"] > 0.99 * summary["duration_us"]
    for parts in by_track.values():
        assert all(a["ts"] + a["dur"] <= b["ts"] + 0.002 for a, b in zip(parts, parts[1:]))
    names = {event["name"] for event in events}
    assert {"service/0", "idle", "hypervisor", "guest", "exit: io", "interrupt", "switch", "wake"} <= names


# REQ-DM-012 REQ-RT-031
@pytest.mark.skipif(shutil.which("babeltrace2") is None, reason="babeltrace2 is not installed")
@pytest.mark.long_on("bochs")
def test_a_trace_of_the_demo_is_ctf_that_babeltrace_reads_whole(linux, folder):
    machine = linux("demo")
    load(machine)
    summary = json.loads(machine.shell("rm -rf /tmp/ctf; bhctl trace --json --seconds 0.2 --format ctf --output /tmp/ctf", 60))
    shutil.rmtree(folder / "ctf", ignore_errors=True)
    done = subprocess.run(["babeltrace2", "--clock-cycles", str(fetch(machine, "/tmp/ctf", folder))], capture_output=True, text=True,
                          timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == sum(core["records"] for core in summary["cores"])
    discarded = sum(map(int, re.findall(r"discarded (\d+) events", done.stderr)))
    assert discarded == sum(core["lost"] for core in summary["cores"])
    times = [int(re.match(r"\[0*(\d+)\]", line)[1]) for line in lines]
    assert times == sorted(times)
    # an entry is followed by an exit of the same vCPU, or was refused, before the core does anything else
    for core in range(RTVM_CORE[machine.name]):
        inside = None
        for line in lines:
            match = re.match(rf"\[\d+\] .*?(\w+): \{{ cpu_id = {core} \}}, \{{ vm = (\d+), vcpu = (\d+)", line)
            if match and discarded == 0:
                assert inside in (None, match.groups()[1:]) or match[1] not in ("exit", "entry", "refused"), line
                inside = match.groups()[1:] if match[1] == "entry" else None if match[1] in ("exit", "refused") else inside
                assert match[1] not in ("idle", "busy") or inside is None, line
