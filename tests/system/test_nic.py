# SPDX-License-Identifier: Apache-2.0
"""The real-time image drives an Ethernet controller of Intel's: on the bare machine, and unchanged in a real-time VM."""
import contextlib
import json
import pathlib
import re
import socket
import tempfile
import threading

import pytest
import yaml

from test_service_crash import BOOT_S, expect_the_same_rtvm_after_a_new_start, live_long_enough, rtvm
from tools import setup
from tools.bench import overlay
from tools.bench.measure import hex_figures
from tools.boot import BUILD, ROOT
from tools.images import modules, programs

# Given, not measured: a measured rate differs by its rounding.
RATES = "tsc_hz=1000000000 timer_hz=1000000000"
PATIENT = "nic_wait_us=20000000"    # a frame that took 20 s is lost, whatever the host does
END_S = 120
HERE = pathlib.Path(__file__).parent / "guest"
SCENARIO = "tests/bench/bench-nic.yaml"

pytestmark = pytest.mark.not_on("bochs", "devices")


def bare(start, words, nic="e1000e", mode="mttcg", extra=()):
    """The bare machine with the real-time image, which ended."""
    device = ["-device", nic] if nic else []
    machine = start(None, kernel=BUILD / "rtvm" / "rtvm.elf", mode=mode, extra=[*device, *extra],
                    append=f"console=0x3e8 poweroff=0x604 {RATES} {words}")
    machine.wait_exit(END_S)
    return machine


def counts(machine):
    """{sent, back, lost, interrupts, other frames, broken} of the last report."""
    line = re.findall(r"^rtvm: nic: (sent .*)$", machine.text("rtvm"), re.M)[-1]
    return {name.strip(): int(count) for name, count in re.findall(r"([a-z ]+) (\d+)", line)}


def round_trip(machine):
    """(min, p50, p99, max) in ticks of a run that finished."""
    found = re.search(r"^rtvm: finished samples \d+ overruns \d+ round trip ticks min (\d+) p50 (\d+) p99 (\d+) max (\d+)$", machine.text("rtvm"), re.M)
    return tuple(map(int, found.groups()))


class Peer:
    """The other end of the wire, a pair of sockets: gets frames, and answers with what the test says."""

    def __init__(self, folder, answer):
        self.here, self.there, self.answer = folder / "peer", folder / "nic", answer
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.here))
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.arguments = ["-netdev", f"dgram,id=wire,local.type=unix,local.path={self.there},remote.type=unix,remote.path={self.here}"]

    def run(self):
        with contextlib.suppress(OSError):
            while frame := self.socket.recv(2048):
                for one in self.answer(frame):
                    self.socket.sendto(one, str(self.there))

    def stop(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join()


@contextlib.contextmanager
def peer(answer):
    with tempfile.TemporaryDirectory() as folder:   # a socket's path must be short
        one = Peer(pathlib.Path(folder), answer)
        one.thread.start()
        try:
            yield one
        finally:
            one.stop()


def returned(frame):
    """To whom it came from."""
    return frame[6:12] + b"\x02\0\0\0\0\x01" + frame[12:]


def pinged(frame):
    """A host that answers ARP (RFC 826) and echo requests (RFC 792): addresses swapped, the checksum by how much it changes."""
    kind, to = frame[12:14], b"\x02\0\0\0\0\x01"
    if kind == b"\x08\x06" and frame[20:22] == b"\0\1":
        return [frame[6:12] + to + frame[12:20] + b"\0\2" + to + frame[38:42] + frame[22:32]]
    if kind == b"\x08\0" and frame[23] == 1 and frame[34] == 8:
        total = int.from_bytes(frame[36:38], "big") + 0x800
        return [returned(frame)[:26] + frame[30:34] + frame[26:30] + b"\0\0" + (total % 0xFFFF).to_bytes(2, "big") + frame[38:]]
    return []


# REQ-RT-061
@pytest.mark.parametrize("nic,mode,path", [("e1000e", "poll", "phy"), ("e1000e", "msi", "phy"), ("e1000e", "msix", "mac"), ("igb", "poll", "mac"), ("igb", "msix", "phy")])
def test_frames_go_and_come_back_inside_the_controller(start, nic, mode, path):
    machine = bare(start, f"nic={mode} nic_path={path} {PATIENT} nic_bytes=128 count=300 warmup=50", nic)
    text, seen = machine.text("rtvm"), counts(machine)
    assert f"rtvm: nic: {'82574' if nic == 'e1000e' else '82576'} address 52:54:00:12:34:56 bytes 128\n" in text
    assert (seen["sent"], seen["back"], seen["lost"], seen["other frames"], seen["broken"]) == (350, 350, 0, 0, 0)
    # QEMU's throttling timer, which cannot be switched off, may send a second message for each.
    assert seen["interrupts"] == 0 if mode == "poll" else 350 <= seen["interrupts"] <= 700
    assert min(round_trip(machine)) > 0


# REQ-RT-061
def test_a_round_trip_in_counted_time_is_always_the_same(start):
    machine = bare(start, "nic=msix count=200 histogram=1 record=1", mode="icount-exact")
    least, *_, most = round_trip(machine)
    assert least == most
    text = machine.text("rtvm")
    assert re.findall(r"^rtvm: latency (\d+) samples (\d+)$", text, re.M) == [(str(least), "200")]
    assert "bhb1 begin whole nic-msix *" in text


# REQ-RT-061
def test_a_frame_that_others_return_is_told_from_other_frames(start):
    def answer(frame):
        changed = returned(frame)[:-1] + bytes([frame[-1] ^ 1])
        return [changed, b"\xff" * 6 + b"\x02\0\0\0\0\x02" + b"\x08\x06" + bytes(50), returned(frame)]
    with peer(answer) as other:
        machine = bare(start, f"nic=msix nic_path=wire {PATIENT} count=100 warmup=20", "e1000e,netdev=wire", extra=other.arguments)
    seen = counts(machine)
    assert (seen["sent"], seen["back"], seen["lost"], seen["other frames"]) == (120, 120, 0, 240)


# REQ-RT-061 REQ-RT-062
@pytest.mark.parametrize("nic,words,says", [
    (None, "nic=msix", "nic: no 82574 or 82576 here"),
    ("e1000e,addr=5", "nic=msix nic_at=0x20", "nic: no 82574 or 82576 here"),
    ("e1000e", "nic=msix nic_bytes=59", "nic: no such length of a frame"),
    ("e1000e", "nic=msix nic_path=wire count=10 warmup=3 nic_wait_us=2000", "no frame came back: samples 0 "),
    ("e1000e", "nic=poll nic_path=wire count=10 warmup=3 nic_wait_us=2000", "no frame came back: samples 0 "),
])
def test_a_controller_that_is_missing_or_silent_ends_the_measurement_by_name(start, nic, words, says):
    machine = bare(start, words, nic)
    assert f"rtvm: {says}" in machine.text("rtvm")


# ---- in a real-time VM ----

def with_igb(folder):
    """The scenario of the bench with an 82576, whose BARs are those of the 82574, but that its messages' table is far up."""
    board = yaml.safe_load((ROOT / "configs" / "boards" / "qemu-q35-nic.yaml").read_text(encoding="utf-8"))
    data = yaml.safe_load((ROOT / SCENARIO).read_text(encoding="utf-8"))
    board["pci"][0]["id"] = "8086:10c9"
    board["pci"][0]["bars"][2]["address"] = 0xC000000000
    data["board"], data["prelaunched_vms"][0]["pci"] = "board.yaml", ["8086:10c9"]
    (folder / "board.yaml").write_text(yaml.safe_dump(board), encoding="utf-8")
    (folder / "scenario.yaml").write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    return folder / "scenario.yaml"


def on_bulkhead(start, words, mode="mttcg", extra=(), scenario=SCENARIO):
    """An RTVM with the controller beside a test guest that sleeps until the RTVM has finished; {name: figure} that this guest then saw."""
    machine = start(scenario, append={"rtvm": f"{RATES} {words}", "service": "console=0x2f8"},
                    images={"idle": BUILD / "tests" / "guests" / "watch_rt.elf"}, mode=mode, extra=extra)
    machine.wait_for("service", r"^done", END_S)
    return machine, hex_figures(machine.text("service"))


# REQ-RT-004 REQ-RT-061 REQ-RT-063
@pytest.mark.parametrize("nic, mode", [("e1000e", "poll"), ("e1000e", "msi"), ("e1000e", "msix"), ("igb", "msix")])
def test_frames_of_a_real_time_vm_go_over_the_wire_and_come_back_without_exits(start, folder, nic, mode):
    with peer(lambda frame: [returned(frame)]) as other:
        machine, figures = on_bulkhead(start, f"nic={mode} nic_path=wire {PATIENT} count=200 warmup=20", extra=[*other.arguments, "-set", "device.nic0.netdev=wire"],
                                       scenario=with_igb(folder) if nic == "igb" else SCENARIO)
    seen = counts(machine)
    assert (seen["sent"], seen["back"], seen["lost"]) == (220, 220, 0)
    assert seen["interrupts"] == 0 if mode == "poll" else seen["interrupts"] >= 220
    assert figures["samples"] == 200 and 0 < figures["last_exit_tsc"] < figures["steady_tsc"]


def exits_of(machine):
    """Of the PREEMPT_RT VM, by reason, as the Service VM reads them."""
    return next(vm for vm in json.loads(machine.shell("bhctl stats --json"))["vms"] if vm["name"] == "rtlinux")["vcpus"][0]["exits"]


def pings(machine, received):
    """(sent, received, interrupts) of its first line with so many received."""
    line = r"^rt: sent (\d+), received (\d+), interrupts (\d+)$"
    count = 0
    while True:
        count += 1
        found = tuple(map(int, machine.wait_for("rtvm", line, END_S, count).groups()))
        if found[1] >= received:
            return found


# REQ-RT-004 REQ-RT-063
def test_the_network_of_a_real_time_vm_goes_on_without_exits_while_the_service_vm_restarts(start):
    """Frames, messages and exits are counted over the end of Linux and its new start."""
    machine = start("rt-nic", append={"service": "quiet bulkhead.mode=test reboot=t", "rtvm": "report=1000 periodic=1"}, mode="icount")
    machine.shell_ready(BOOT_S)
    live_long_enough(machine)
    before, frames = rtvm(machine), counts(machine)
    machine.send("reboot -f\n")
    machine.wait_for("hypervisor", "power: Service VM restarts, the others run on", BOOT_S)
    expect_the_same_rtvm_after_a_new_start(machine, before)
    after, report = counts(machine), json.loads(machine.shell("bhctl rt --once --json"))
    assert after["sent"] == after["back"] > frames["back"] + 2000 and after["lost"] == 0
    assert after["interrupts"] >= after["back"]
    assert (report["measured"], report["steady_exits"], report["steady_exits_exact"]) == ("round trip", 0, True)


@pytest.mark.skipif(setup.rt_network_module() is None or programs.path(programs.NEEDED) is None, reason="needs Debian's PREEMPT_RT kernel with its e1000e")
# REQ-RT-004 REQ-RT-063
def test_the_stock_driver_of_preempt_rt_linux_is_pinged_without_exits(linux, folder):
    """Linux's own e1000e, with MSI-X; exits are counted while 1,000 pings go out and are answered."""
    module = folder / "e1000e.ko"
    module.write_bytes(modules.read(setup.rt_network_module()))
    initrd = overlay.with_files(BUILD / "images" / "rt-initrd.gz", {"nic.sh": HERE / "rt_nic.sh", "modules/e1000e.ko": module}, folder / "initrd.gz")
    with peer(pinged) as other:
        machine = linux(HERE / "rt-linux-nic.yaml", images={"rt-initrd": initrd}, extra=[*other.arguments, "-set", "device.nic0.netdev=wire"])
        machine.wait_for("rtvm", r"^rt: e1000e at 0000:00:01\.0$", END_S)
        begun = pings(machine, 200)
        before = exits_of(machine)
        ended = pings(machine, begun[1] + 1200)
        after = exits_of(machine)
    assert after == before
    assert ended[2] - begun[2] >= 1200
