# SPDX-License-Identifier: Apache-2.0
"""bhctl crash: records are shown if they are whole and not yet seen, and what is damaged is refused by name.

The region is made from abi/crash.h as the tests read it, so a layout that changes on one side only fails here."""
import json
import re
import struct
import subprocess
import zlib

import pytest

from tools.progress import ROOT

BHCTL = ROOT / "build" / "dm" / "bhctl"
HEADER = (ROOT / "abi" / "crash.h").read_text(encoding="utf-8")


def constant(name):
    return int(re.search(rf"#define {name}\s+(0x[0-9A-F]+|\d+)U", HEADER)[1], 0)


MAGIC, VERSION, SIZE = constant("HV_CRASH_MAGIC"), constant("HV_CRASH_VERSION"), constant("HV_CRASH_SIZE")
VM, EXCEPTION = constant("HV_CRASH_VM"), constant("HV_CRASH_EXCEPTION")
VM_SIZE, EXCEPTION_SIZE, LOG_SIZE = 256, 1024, constant("HV_CRASH_LOG")
FREE_TEXT = b"[    1.000000] boot: a line\n[    2.000000] vm: \x1b[2J\n"


def record(body):
    return struct.pack("<II", MAGIC, zlib.crc32(body)) + body


def header(boot=2, seen_boot=0, seen_tsc=0, version=VERSION):
    return record(struct.pack("<IIIIQ", version, boot, seen_boot, 0, seen_tsc))


def exception(boot=1, core=0, tsc=5, exclusive=0, vcpu=8, log=FREE_TEXT, lead=b"\0"):
    registers = [*range(1, 24), 0]
    registers[15] = 14      # the vector
    body = struct.pack("<IIQQIIQ16s24Q", boot, core, tsc, 12_345_678, exclusive, vcpu, 0, b"rtvm", *registers)
    return record(body + lead * (LOG_SIZE - len(log)) + log)


def vm_fault(vm=1, boot=1, tsc=5, fault=2, action=1, count=3):
    body = struct.pack("<IIQQ16sIIIIIIIIQQQ16Q3Q", boot, fault, tsc, 2_000_001, b"rtvm", vm, 1, 3, action, count, 2, 5, 0,
                       0x90000000, 0x4000, 0x202, *range(16), 0, 0, 0)
    return record(body)


@pytest.fixture
def crash(tmp_path):
    """crash(head, {place: record}, *options): the status, the output and the messages of bhctl crash."""
    if not BHCTL.exists():
        subprocess.run(["scons", "-Q", "dm"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)

    def run(head, records, *options):
        region = bytearray(SIZE)
        region[:len(head)] = head
        for place, data in records.items():
            region[place:place + len(data)] = data
        (tmp_path / "region_crash").write_bytes(region)
        (tmp_path / "crash_seen").write_text("")
        done = subprocess.run([BHCTL, "--dir", tmp_path, "crash", *options], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr
    run.folder = tmp_path
    return run


# REQ-LIF-032
def test_without_a_record_it_says_so(crash):
    assert crash(header(), {}) == (0, "no failure is on record; this is boot 2\n", "")
    status, text, _ = crash(header(), {}, "--json")
    assert (status, json.loads(text)) == (0, {"boot": 2, "exceptions": [], "vms": [], "damaged_exceptions": [], "damaged_vms": []})


# REQ-LIF-032
def test_an_exception_is_shown_with_its_registers_and_log(crash):
    status, text, _ = crash(header(), {EXCEPTION: exception()})
    assert status == 0
    assert "boot 1, 12.345678 s: exception of the hypervisor on core 0 (shared): page fault, error 0x11, at 0x12\n" in text
    assert "the core carried vCPU 0 of VM rtvm\n" in text
    assert "    [    1.000000] boot: a line\n    [    2.000000] vm: ?[2J\n" in text
    status, text, _ = crash(header(), {EXCEPTION: exception(vcpu=0xFF, exclusive=1)}, "--json")
    [found] = json.loads(text)["exceptions"]
    assert (found["vcpu"], found["vm"], found["exclusive"], found["core"]) == (None, None, True, 0)
    assert (found["exception"], found["registers"]["r15"], found["registers"]["cr2"]) == ("page fault", "0x1", "0x17")
    assert found["log"] == FREE_TEXT.decode()


# REQ-LIF-032
def test_a_log_that_begins_amid_a_line_begins_with_the_next(crash):
    _, text, _ = crash(header(), {EXCEPTION: exception(lead=b"x", log=b"x\n[    1.0] a\n")}, "--json")
    assert json.loads(text)["exceptions"][0]["log"] == "[    1.0] a\n"


# REQ-LIF-046
def test_a_fault_of_a_vm_is_shown(crash):
    status, text, _ = crash(header(), {VM + VM_SIZE: vm_fault()})
    assert status == 0
    assert ("boot 1, 2.000001 s: VM rtvm: stage2_violation 0x90000000 of vCPU 1 at 0x4000: restarted; "
            "fault 3 of that boot, 2 restarts before, last exit mmio\n") in text
    _, text, _ = crash(header(), {VM + VM_SIZE: vm_fault()}, "--json")
    [found] = json.loads(text)["vms"]
    assert (found["fault"], found["action"], found["count"], found["detail"], found["registers"]["r15"]) == (
        "stage2_violation", "restarted", 3, "0x90000000", "0xf")


# REQ-LIF-032
def test_what_was_seen_is_shown_only_on_demand(crash):
    records = {EXCEPTION: exception(boot=1, tsc=100), EXCEPTION + EXCEPTION_SIZE: exception(boot=2, tsc=10), EXCEPTION + 2 * EXCEPTION_SIZE:
               exception(boot=2, tsc=11), VM + VM_SIZE: vm_fault(boot=1)}
    head = header(boot=2, seen_boot=2, seen_tsc=10)
    found = json.loads(crash(head, records, "--json")[1])
    assert ([r["tsc"] for r in found["exceptions"]], found["vms"]) == ([11], [])
    found = json.loads(crash(head, records, "--json", "--all")[1])
    assert ([r["tsc"] for r in found["exceptions"]], len(found["vms"])) == ([100, 10, 11], 1)


# REQ-LIF-032
def test_what_is_damaged_is_refused_by_name(crash):
    bad, odd = bytearray(exception()), vm_fault(vm=3)     # a record of another VM is none of this one's
    bad[200] ^= 1
    status, text, errors = crash(header(), {EXCEPTION + EXCEPTION_SIZE: bytes(bad), EXCEPTION: exception(), VM + VM_SIZE: odd}, "--json")
    assert status == 1
    assert errors == ("bhctl: the record of VM 1 is damaged and is not shown\n"
                      "bhctl: the record of exception 1 is damaged and is not shown\n")
    found = json.loads(text)
    assert (len(found["exceptions"]), found["vms"], found["damaged_exceptions"], found["damaged_vms"]) == (1, [], [1], [1])


# REQ-LIF-032
@pytest.mark.parametrize("head", [b"", header(version=VERSION + 1), header()[:20] + b"x"])
def test_without_a_header_nothing_is_shown(crash, head):
    assert crash(head, {EXCEPTION: exception()}) == (1, "", "bhctl: region_crash holds no records of this version, or their header is damaged\n")


# REQ-LIF-032
def test_what_could_not_be_shown_is_not_marked_as_seen(crash):
    assert crash(header(version=VERSION + 1), {EXCEPTION: exception()}, "--clear")[0] == 1
    assert (crash.folder / "crash_seen").read_text() == ""


# REQ-LIF-032
def test_clear_marks_all_as_seen_after_they_are_shown(crash):
    status, text, _ = crash(header(), {EXCEPTION: exception()}, "--clear")
    assert status == 0 and "page fault" in text
    assert (crash.folder / "crash_seen").read_text() == "1\n"
    assert crash(header(), {EXCEPTION: exception()})[0] == 0
    assert (crash.folder / "crash_seen").read_text() == ""
