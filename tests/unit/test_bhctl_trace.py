# SPDX-License-Identifier: Apache-2.0
"""bhctl trace on regions that are plain files: what it collects while they change, and what its exports say of it."""
import collections
import json
import mmap
import pathlib
import re
import shutil
import signal
import struct
import subprocess
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BHCTL = ROOT / "build" / "dm" / "bhctl"
HEADER = (ROOT / "abi" / "trace.h").read_text(encoding="utf-8")
INFO = (ROOT / "abi" / "hv_info.h").read_text(encoding="utf-8")
KINDS = [name.lower() for name in re.findall(r"^    HV_TRACE_([A-Z]+),", HEADER, re.M)]
RINGS, RING, CAPACITY = 0x1000, 0x10000, 4096
HZ = 1_000_000_000
START = 50_000
REASON_HLT, REASON_IO = 1, 2
INFO_VERSION = int(re.search(r"HV_INFO_VERSION\s+(\d+)U", INFO).group(1))
VM_SIZE, VCPU_SIZE = (int(re.search(rf"sizeof\(struct hv_{name}_stats\) == (\d+)U", INFO).group(1)) for name in ("vm", "vcpu"))
NO_FAULTS = bytes(40)    # of struct hv_vm_stats: the last fault, restarts, how often each
Event = collections.namedtuple("Event", "tsc kind vcpu arg value", defaults=(255, 0, 0))


def vm(name, vcpus, exclusive=0):
    """struct hv_vm_stats; vcpus: (core, last_exit_tsc) each."""
    record = struct.pack("<16sIIIIIIQQ", name.encode(), 2, 1, len(vcpus), 0, 0, exclusive, 100, 1 << 20) + NO_FAULTS
    for core, last_exit in vcpus:
        record += struct.pack("<QQQ", 1, last_exit, 0) + bytes(VCPU_SIZE - 32) + struct.pack("<II", core, 1)
    return record.ljust(VM_SIZE, b"\0")


class Regions:
    """The hypervisor's side of a directory of region files."""

    def __init__(self, folder, written=0):
        self.folder = folder
        stats = struct.pack("<IIIIQQQ", 0x54534842, INFO_VERSION, 2, 8, START, HZ, 0)
        stats += vm("service", [(0, 1), (1, 1)]) + vm("rtvm", [(2, 10)], exclusive=1)
        (folder / "region_stats").write_bytes(stats.ljust(0xF000, b"\0"))
        trace = bytearray(RINGS + 16 * RING)
        struct.pack_into("<IIIIIIQ", trace, 0, 0x52544842, 1, 16, CAPACITY, 16, 0, HZ)
        for core in range(16):
            struct.pack_into("<Q", trace, 64 + 64 * core, written)
        (folder / "region_trace").write_bytes(trace)
        (folder / "trace_events").write_text("0\n")
        self.written = [written] * 16
        with open(folder / "region_trace", "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), 0)

    def record(self, core, event, publish=True):
        at = RINGS + core * RING + self.written[core] % CAPACITY * 16
        self.memory[at:at + 16] = struct.pack("<QIHBB", event.tsc, event.value, event.arg, event.vcpu, KINDS.index(event.kind))
        self.written[core] += 1
        if publish:
            self.publish(core)

    def publish(self, core):
        struct.pack_into("<Q", self.memory, 64 + 64 * core, self.written[core])

    def mask(self):
        return (self.folder / "trace_events").read_text().strip()


def wait_for(condition, what):
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.001)


@pytest.fixture
def traced(tmp_path):
    """traced(write, *words, written=0): what bhctl said of a trace during which write(regions) ran."""
    def run(write, *words, written=0):
        folder = tmp_path / "regions"
        folder.mkdir()
        regions = Regions(folder, written)
        command = [str(BHCTL), "--dir", str(folder), "trace", "--json", "--seconds", "60", *words]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                wait_for(lambda: regions.mask() not in ("0", ""), "recording was never switched on")
                seen = regions.mask()
                write(regions)
                process.send_signal(signal.SIGINT)
                output = process.communicate(timeout=20)[0]
            finally:
                process.kill()
        assert process.returncode == 0
        assert regions.mask() == "0", "recording is switched off again"
        return json.loads(output), int(seen, 16)
    return run


def a_life(regions):
    """Core 0: a guest runs, exits, runs again; core 1: idle, wakes."""
    for event in (Event(51_000, "exit", 0, REASON_IO, 0x3F8), Event(51_200, "kick", arg=1, value=3), Event(51_500, "entry", 0),
                  Event(52_500, "exit", 0, REASON_HLT), Event(52_600, "idle"), Event(53_000, "busy"),
                  Event(53_100, "wake", 0), Event(53_200, "switch", 0, 255), Event(53_300, "interrupt", 0, 0x51),
                  Event(53_500, "entry", 0), Event(53_500, "refused", 0), Event(53_600, "hypercall", 0, 0x32, 7)):
        regions.record(0, event)
    for event in (Event(51_300, "busy"), Event(51_400, "entry", 1), Event(54_000, "exit", 1, REASON_IO, 0xCF8)):
        regions.record(1, event)


def names(events):
    """(process, thread) -> name"""
    found = {(e["pid"], e["tid"]): e["args"]["name"] for e in events if e["ph"] == "M" and e["name"] == "thread_name"}
    processes = {e["pid"]: e["args"]["name"] for e in events if e["ph"] == "M" and e["name"] == "process_name"}
    return {key: f"{processes[key[0]]}/{name}" for key, name in found.items()}


def slices(events):
    """track -> [(begin, end, name)] in microseconds since the start"""
    found, track = collections.defaultdict(list), names(events)
    for event in events:
        if event["ph"] == "X":
            found[track[event["pid"], event["tid"]]].append((event["ts"], round(event["ts"] + event["dur"], 3), event["name"]))
    return found


# REQ-DM-012
def test_perfetto_has_a_track_for_each_core_and_vcpu(traced, tmp_path):
    output = tmp_path / "trace.json"
    summary, mask = traced(a_life, "--output", str(output))
    assert mask == (1 << len(KINDS)) - 1
    assert [(c["core"], c["records"], c["lost"]) for c in summary["cores"]] == [(0, 12, 0), (1, 3, 0), (2, 0, 0)]
    trace = json.loads(output.read_text())
    events = trace["traceEvents"]
    assert {e["ph"] for e in events} == {"M", "X", "i"}
    found = slices(events)
    assert found["cores/core 0"] == [(0, 1, "service/0"), (1, 1.5, "exit: io"), (1.5, 2.5, "service/0"), (2.5, 2.6, "exit: hlt"),
                                     (2.6, 3, "idle"), (3, 3.5, "hypervisor"), (3.5, 4, "hypervisor")]
    assert found["cores/core 1"] == [(0, 1.3, "idle"), (1.3, 1.4, "hypervisor"), (1.4, 4, "service/1"), (4, 4, "exit: io")]
    assert found["VM service/vCPU 0"][:2] == [(0, 1, "guest"), (1, 1.5, "exit: io")]
    assert found["cores/core 2"] == [(0, 4, "rtvm/0")], "it never left the guest"
    instants = {e["name"]: e for e in events if e["ph"] == "i"}
    assert set(instants) == {"kick", "wake", "switch", "interrupt", "refused", "hypercall"}
    assert instants["interrupt"]["args"]["vector"] == 0x51 and instants["kick"]["args"]["to"] == 1
    assert instants["hypercall"]["args"] == {"core": 0, "number": 0x32, "parameter": 7}
    assert trace["otherData"]["lost_records"] == 0


# REQ-DM-012
def test_slices_of_a_track_do_not_overlap(traced, tmp_path):
    output = tmp_path / "trace.json"
    traced(a_life, "--output", str(output))
    for track, parts in slices(json.loads(output.read_text())["traceEvents"]).items():
        for (_, end, _), (begin, _, _) in zip(parts, parts[1:]):
            assert end <= begin, track


def overrun(regions):
    """One record that is read, then more than the ring holds before the reader sees any."""
    for n in range(CAPACITY + 100):
        regions.record(0, Event(51_000 + n, "kick", arg=n % 16, value=n), publish=False)
    regions.publish(0)


# REQ-DM-012 REQ-RT-031
def test_what_was_overwritten_is_counted_and_said(traced, tmp_path):
    output = tmp_path / "trace.json"
    summary, _ = traced(overrun, "--output", str(output))
    # the oldest slot is where the core would write next: what is there counts as lost, too
    assert summary["cores"][0] == {"core": 0, "records": CAPACITY - 1, "lost": 101}
    trace = json.loads(output.read_text())
    assert trace["otherData"]["lost_records"] == 101
    assert [e["args"]["lost"] for e in trace["traceEvents"] if e["name"] == "gap"] == [101]


# REQ-DM-012
def test_records_of_before_do_not_count_and_positions_may_be_large(traced, tmp_path):
    summary, mask = traced(a_life, "--output", str(tmp_path / "t"), "--events", "kick,exit", written=(1 << 33) + 5)
    assert mask == 1 << KINDS.index("kick") | 1 << KINDS.index("exit")
    assert summary["cores"][0]["records"] == 12 and summary["cores"][0]["lost"] == 0


def babeltrace(directory):
    done = subprocess.run(["babeltrace2", "--clock-cycles", str(directory)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines(), done.stderr


# REQ-DM-012
@pytest.mark.skipif(shutil.which("babeltrace2") is None, reason="babeltrace2 is not installed")
def test_babeltrace_reads_ctf(traced, tmp_path):
    output = tmp_path / "ctf"
    traced(a_life, "--format", "ctf", "--output", str(output))
    assert sorted(path.name for path in output.iterdir()) == ["core_0", "core_1", "core_2", "metadata"]
    lines, complaints = babeltrace(output)
    assert complaints == ""
    assert len(lines) == 15
    text = "\n".join(lines)
    assert re.search(r'\[0*51000\] .*exit: \{ cpu_id = 0 \}, \{ vm = 0, vcpu = 0, reason = \( "io" : container = 2 \), value = 1016 \}', text)
    assert re.search(r"\[0*53600\] .*hypercall: .*number = 50, parameter = 7", text)
    assert re.search(r"\[0*53200\] .*switch: .*vcpu = 0, from_vm = 255, from_vcpu = 255", text)
    assert re.search(r"\[0*51200\] .*kick: .*vm = 255, vcpu = 255, to_core = 1, was = 3", text)


# REQ-DM-012 REQ-RT-031
@pytest.mark.skipif(shutil.which("babeltrace2") is None, reason="babeltrace2 is not installed")
def test_babeltrace_tells_of_lost_records(traced, tmp_path):
    output = tmp_path / "ctf"
    traced(overrun, "--format", "ctf", "--output", str(output))
    lines, complaints = babeltrace(output)
    assert len(lines) == CAPACITY - 1
    assert re.search(r"discarded 101 events", complaints), complaints


# REQ-DM-012
def test_failures_have_an_exit_status_and_a_reason(tmp_path):
    def bhctl(*words):
        done = subprocess.run([str(BHCTL), "--dir", str(tmp_path), "trace", "--seconds", "0.05", *words], capture_output=True, text=True,
                              timeout=20, check=False)
        return done.returncode, done.stderr
    assert bhctl("--output", "x") == (1, f"bhctl: {tmp_path}/region_trace: No such file or directory\n")
    Regions(tmp_path)
    assert bhctl("--output", str(tmp_path / "a" / "b"))[0] == 1
    assert bhctl("--format", "ctf", "--output", str(tmp_path)) == (1, f"bhctl: {tmp_path}: File exists\n")
    with open(tmp_path / "region_trace", "r+b") as file:
        file.write(b"????")
    assert bhctl("--output", str(tmp_path / "x")) == (1, "bhctl: region_trace holds no trace of this version\n")
