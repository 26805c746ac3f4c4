# SPDX-License-Identifier: Apache-2.0
"""The image of ./bulkhead bench --image, from a USB stick on a machine whose time is the host's, and what ./bulkhead bench --import makes of it."""
import json
import re
import shutil
import struct
import subprocess
import sys

import pytest

from tools.bench import record
from tools.config.compile import BOARDS
from tools.config.source import Document
from tools.progress import ROOT

OVMF_CODE = "/usr/share/OVMF/OVMF_CODE_4M.fd"
OVMF_VARS = "/usr/share/OVMF/OVMF_VARS_4M.fd"
FACTS = ["-smbios", "type=2,manufacturer=Acme,product=X1 Rev. 2", "-smbios", "type=0,version=F9"]
END = r"bhb1 end \d+ [0-9a-f]{8} \*[0-9a-f]{4}"


def bulkhead(*words, command="bench"):
    return subprocess.run([sys.executable, "-B", "bulkhead", command, *words], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def make_image(path, *words):
    made = bulkhead("--no-setup", "--no-build", "--quick", "--image", str(path), *words)
    assert made.returncode == 0, made.stdout + made.stderr
    assert "sudo dd if=" in made.stdout
    return path


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    return make_image(tmp_path_factory.mktemp("stick") / "stick.img")


@pytest.fixture
def from_stick(start, image):
    """from_stick(key, file): a machine that boots the stick and has that key pressed in its menu; no UART but COM1."""
    def boot(key, stick=None, firmware=(), **options):
        machine = start(None, kernel=None, terminal="hypervisor", **options, extra=[
            "-drive", f"if=none,id=stick,format=raw,file={stick or image},snapshot={'off' if stick else 'on'}",
            "-device", "qemu-xhci", "-device", "usb-storage,drive=stick,bootindex=0", *FACTS, *firmware])
        machine.wait_for("hypervisor", "Start the machine again", 60)
        machine.send(key)
        return machine
    return boot


@pytest.fixture
def uefi(folder):
    variables = folder / "vars.fd"
    shutil.copy(OVMF_VARS, variables)
    return ["-drive", f"if=pflash,format=raw,readonly=on,file={OVMF_CODE}", "-drive", f"if=pflash,format=raw,file={variables}"]


def log_of(machine):
    machine.wait_for("hypervisor", END, 90)
    return machine.log("hypervisor")


def file_of(stick, name, folder):
    """A file out of the third partition (MBR: 16 bytes an entry from 446, the first sector 8 into it)."""
    first = struct.unpack_from("<I", stick.read_bytes()[:512], 446 + 2 * 16 + 8)[0]
    path = folder / name
    subprocess.run(["mcopy", "-n", "-i", f"{stick}@@{first * 512}", f"::{name}", str(path)], check=True, capture_output=True)
    return path


def report_of(folder, logs):
    """bench.json that --import makes of these."""
    done = bulkhead("--out", str(folder / "report"), *(word for log in logs for word in ("--import", str(log))))
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((folder / "report" / "bench.json").read_text(encoding="utf-8"))


def expect_report(folder, logs, conditions):
    found = report_of(folder, logs)
    text = (folder / "report" / "bench.md").read_text(encoding="utf-8")
    assert list(found["conditions"]) == conditions and found["unit"] == "ns" and found["hardware"] and found["emulated"]
    assert "**Not hardware**: the machine says that it is QEMU" in text and "in ns" in text
    assert "AMD EPYC Processor (AuthenticAMD 00800f12, microcode 01000065)" in text
    assert "board Acme / X1 Rev. 2 / Standard PC (Q35 + ICH9, 2009) / F9" in text
    for name, one in found["conditions"].items():
        assert one["samples"] >= 500 and 0 <= one["latency"]["min"] <= one["latency"]["p50"] <= one["latency"]["max"] > 0, name     # 0: a busy host, told in the report
        assert sum(count for _, count in one["histogram"]) == one["samples"], name
        assert one["exits"] == (None if name == "bare" else 0), name
    return found


@pytest.mark.not_on("bochs", "usb")
# REQ-TOO-012 REQ-TOO-013
def test_the_stick_measures_on_bios_and_its_results_become_a_report(from_stick, image, folder):
    stick = folder / "stick.img"
    shutil.copy(image, stick)
    machine = from_stick("b")
    bare = log_of(machine)
    machine.stop()
    machine = from_stick("l", stick)
    said = machine.wait_for("hypervisor", r"^service: (the record is in results.txt|the stick was not found|FAILED.*)|Kernel panic", 120)
    assert said.group(1) == "the record is in results.txt", said.group(0)
    machine.stop()
    found = expect_report(folder, [bare, file_of(stick, "results.txt", folder)], ["bare", "linux"])
    assert found["conditions"]["linux"]["boot_ticks"] > 0 and found["machine"]["dates"]["linux"].startswith("20")
    assert record.read(machine.text("hypervisor"), "log")[0]["samples"] == found["conditions"]["linux"]["samples"]


@pytest.mark.not_on("bochs", "usb")
# REQ-TOO-012 REQ-TOO-013
def test_the_stick_measures_on_uefi(from_stick, folder, uefi):
    logs = []
    for key in ("b", "a"):
        machine = from_stick(key, firmware=uefi)
        logs.append(log_of(machine))
        machine.stop()
    expect_report(folder, logs, ["bare", "alone"])


@pytest.mark.not_on("bochs", "usb")
# REQ-TOO-012 REQ-TOO-013
def test_the_stick_measures_what_exits_cost(from_stick, folder):
    logs = []
    for key in ("n", "x"):
        machine = from_stick(key)
        logs.append(log_of(machine))
        machine.stop()
    found = report_of(folder, logs)
    assert found["conditions"] == {} and list(found["costs"]) == ["bare", "exclusive"] and "vmmcall" not in found["costs"]["bare"]
    assert all(found["costs"]["exclusive"][kind]["least"] > found["costs"]["exclusive"]["nothing"]["least"] > 0 for kind in ("cpuid", "rdmsr", "in", "vmmcall"))


@pytest.mark.not_on("bochs", "usb")
# REQ-TOO-012 REQ-TOO-013
def test_the_stick_measures_the_round_trip_of_a_frame(from_stick, folder):
    machine = from_stick("f", firmware=["-device", "e1000e,romfile="])
    log = log_of(machine)
    machine.stop()
    found = report_of(folder, [log])
    assert found["conditions"] == {} and list(found["round_trips"]) == ["nic-msix"]
    assert found["round_trips"]["nic-msix"]["samples"] >= 500 and found["round_trips"]["nic-msix"]["latency"]["min"] > 0


@pytest.mark.not_on("bochs", "usb")
# REQ-CFG-031 REQ-TOO-012
def test_the_stick_finds_out_what_a_board_file_says_and_measures_with_that_board(from_stick, image, folder):
    stick, board = folder / "stick.img", folder / "found.yaml"
    board.unlink(missing_ok=True)
    shutil.copy(image, stick)
    machine = from_stick("i", stick)
    machine.wait_for("hypervisor", r"^service: the facts are in machine.txt on the stick", 120)
    machine.stop()
    made = bulkhead("board", str(file_of(stick, "machine.txt", folder)), "-o", str(board), command="config")
    looks = re.findall(r"look: (.*)", made.stdout)
    assert made.returncode == 0 and [look for look in looks if not look.startswith("isolation groups of PCI functions are unknown")] == [], made.stdout + made.stderr
    found, kept = (Document(path, "board").data for path in (board, BOARDS / "qemu-q35.yaml"))
    assert all(found[key] == kept[key] for key in ("cores", "mmconfig", "log_port", "s5_slp_typ", "platform_ports", "hv_device"))
    machine = from_stick("a", make_image(folder / "found.img", "--board", str(board)))
    assert [one["condition"] for one in record.read(log_of(machine).read_text(encoding="utf-8", errors="replace"), "log")] == ["alone"]


@pytest.mark.not_on("bochs", "usb")
# REQ-TOO-012
def test_a_machine_that_does_not_fit_the_board_is_refused_by_name(from_stick):
    machine = from_stick("a", cores=2)
    machine.wait_for("hypervisor", "boot: partition table refused: the board file asks for more cores than this machine has", 30)
    machine.wait_for("hypervisor", "no VM was started, machine halted", 30)
    machine.stop()
    machine = from_stick("b", cpu="EPYC,+svm,-x2apic")
    machine.wait_for("hypervisor", "rtvm: this CPU has no x2APIC", 30)
