# SPDX-License-Identifier: Apache-2.0
"""The main job, through the front door, as a newcomer would."""
import os
import pty
import re
import select
import subprocess
import time

import pytest
from conftest import lack

from tools.boot import BUILD
from tools.progress import ROOT

SCENARIO = {"qemu": "demo", "bochs": "demo-bochs"}
CORES = {"qemu": {"name": "demo", "count": 3, "shared": "0, 1, 2", "exclusive": 3}, "bochs": {"name": "demo-bochs", "count": 2, "shared": "0, 1", "exclusive": 2}}
FOLDER = {"qemu": "minimal", "bochs": "minimal-bochs"}
INITRD = {"qemu": "service-initrd", "bochs": "cloud-initrd"}
LIMIT_S = {"qemu": 400, "bochs": 1900}
EXPECTED = [
    r"t\+ +[0-9.]+ s  hypervisor speaks on its log UART",
    r"t\+ +[0-9.]+ s  RTVM in its steady state",
    r"t\+ +[0-9.]+ s  Service VM: Linux \S+ is up, %(count)d cores",
    r"t\+ +[0-9.]+ s  HSM loaded",
    r"t\+ +[0-9.]+ s  User VM: shell on \S+, 1 vCPU",
    r"t\+ +[0-9.]+ s  User VM: disk says: This line was read from a virtio-blk disk\.",
    r"t\+ +[0-9.]+ s  User VM answered on its virtio-console",
    r"t\+ +[0-9.]+ s  User VM switched itself off",
    r"t\+ +[0-9.]+ s  machine is off",
    r"^  service +Service VM \(Linux\) +%(shared)s ",
    r"^  rtvm +real-time VM +%(exclusive)d \(exclusive\) +64 MiB",
    r"^  user1 +User VM \(Linux\) +\d +128 MiB",
    r"timer interrupts taken +[0-9,]+$",
    r"VM exits in steady state +0$",
    r"latency min / p50 / p99 / max +[0-9.,]+ / [0-9.,]+ / [0-9.,]+ / [0-9.,]+ (us|ticks)",
    r"The demo succeeded\. .*\./bulkhead config show %(name)s for the scenario",
]


def bulkhead(*words, timeout=400):
    return subprocess.run([str(ROOT / "bulkhead"), *words], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=timeout, check=False)


@pytest.mark.long_on("bochs")
# REQ-RT-004 REQ-TOO-014
def test_demo_runs_three_kinds_of_vm_from_start_to_end(emulator, folder):
    reason = lack(emulator(folder))
    if reason and emulator.name != "qemu":
        pytest.skip(reason)
    done = bulkhead("demo", "--no-setup", "--no-build", "--machine", emulator.name, timeout=LIMIT_S[emulator.name])
    assert done.returncode == 0, done.stdout
    missing = [pattern for pattern in (line % CORES[emulator.name] for line in EXPECTED) if not re.search(pattern, done.stdout, re.M)]
    assert missing == [], done.stdout
    log = (BUILD / "run" / SCENARIO[emulator.name] / "hypervisor.log").read_text(encoding="utf-8")
    assert "power: " in log and "missed heartbeat" not in log


@pytest.mark.long_on("bochs")
# REQ-TOO-005
def test_demo_that_fails_says_where_and_shows_that_console(emulator, folder):
    broken = folder / "initrd.gz"
    broken.write_bytes(b"no archive")
    done = bulkhead("demo", "--no-setup", "--no-build", "--machine", emulator.name, "--module", f"{INITRD[emulator.name]}={broken}", timeout=LIMIT_S[emulator.name])
    assert done.returncode == 1
    assert "The demo failed" in done.stdout
    assert "service.log" in done.stdout and "Kernel panic" in done.stdout


def read_until(terminal, pattern, timeout):
    """What the program on the terminal wrote up to the pattern."""
    text, deadline = "", time.monotonic() + timeout
    while not re.search(pattern, text):
        assert time.monotonic() < deadline, f"'{pattern}' did not come:\n{text[-2000:]}"
        ready, _, _ = select.select([terminal], [], [], 1)
        if ready:
            try:
                text += os.read(terminal, 4096).decode(errors="replace")
            except OSError:
                break
    assert re.search(pattern, text), text[-2000:]
    return text


@pytest.mark.long_on("bochs")
def test_run_gives_a_terminal_and_ctrl_a_x_leaves(emulator):
    master, slave = pty.openpty()
    process = subprocess.Popen([str(ROOT / "bulkhead"), "run", "minimal", "--machine", emulator.name, "--no-setup", "--no-build"], cwd=ROOT, stdin=slave, stdout=slave,
                               stderr=slave, start_new_session=True)
    os.close(slave)
    try:
        text = read_until(master, r"service# ", LIMIT_S[emulator.name])
        assert "Ctrl-A x" in text and f"build/run/{FOLDER[emulator.name]}/hypervisor.log" in text
        os.write(master, b"echo $((6 * 7))\n")
        read_until(master, r"\b42\b", 60)
        os.write(master, b"\x01x")
        read_until(master, r"QEMU: Terminated|$", 10)
        assert process.wait(20) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        os.close(master)


@pytest.mark.not_on("bochs", "host")
# REQ-TOO-005
def test_bad_scenario_is_explained_before_anything_starts(folder):
    text = (ROOT / "configs" / "scenarios" / "minimal.yaml").read_text(encoding="utf-8")
    path = folder / "wrong.yaml"
    path.write_text(text.replace("cores: [0]", "cores: [5]"), encoding="utf-8")
    done = bulkhead("run", str(path), "--no-setup", "--no-build")
    assert done.returncode == 2
    assert re.search(r"wrong\.yaml:\d+: service_vm\.cores\[0\]: core 5 does not exist, board qemu-q35 has 4; use 0 to 3", done.stdout)
    assert not (BUILD / "run" / "wrong").exists()
