# SPDX-License-Identifier: Apache-2.0
"""Serial lines between VMs: a stock Linux talks with a real-time VM through its 8250 driver, and one that floods it without end disturbs nobody."""
import json
import pathlib
import re

import pytest
import yaml

from tools import setup
from tools.boot import BUILD, ROOT
from tools.images import build

SCENARIO = pathlib.Path(__file__).parent / "guest" / "lines.yaml"
GUESTS = BUILD / "tests" / "guests"
BOOT_S = 240
KIB = 64
ROUND = 0x8000      # bytes, in tests/guests/flood.c
ROUNDS = re.compile(r"^sent ([0-9a-f]+)", re.M)


def scenario_for(on, folder, service):
    """The Service VM becomes what service says; Bochs has three cores."""
    scenario = yaml.safe_load(SCENARIO.read_text(encoding="utf-8"))
    if on != "qemu":
        scenario["board"] = "bochs"
        scenario["service_vm"]["cores"] = [0]
        for vm, core in zip(scenario["prelaunched_vms"], (2, 1)):
            vm["cores"] = [core]
    scenario["service_vm"].update(service)
    path = folder / "lines.yaml"
    path.write_text(yaml.safe_dump(scenario), encoding="utf-8")
    return path


# REQ-IO-040 REQ-RT-080
def test_what_the_real_time_vm_echoes_comes_back_in_order_beside_a_flood(start, folder, on):
    """A guest in the Service VM's place, and the runtime: bytes go round while the line is full now and then, and another VM sends without end to a line that nobody reads."""
    path = scenario_for(on, folder, {"image": {"type": "multiboot", "kernel": "line"}, "cmdline": "console=0x2f8"})
    machine = start(path, images={"line": GUESTS / "line.elf", "flood": GUESTS / "flood.elf"})
    machine.wait_for("service", "^done", 240)
    assert "not ok" not in machine.text("service")
    assert machine.text("service").count("ok ") == 8
    floods_on(machine)      # the guest at the other end has finished


@pytest.fixture
def machine(start, folder, on):
    kernel = setup.service_kernel() if on == "qemu" else setup.user_kernel()    # Bochs unpacks Debian's cloud kernel faster
    path = scenario_for(on, folder, {} if on == "qemu" else {"image": {"type": "bzimage", "kernel": "cloud-kernel", "initrd": "service-initrd"}})
    files = {"modules/bulkhead_hsm.ko": BUILD / "hsm" / kernel.version / "bulkhead_hsm.ko", "bin/bhctl": BUILD / "dm" / "bhctl"}
    files.update({f"etc/{name}": ROOT / "tools" / "images" / name for name in ("vm.sh", "motd")})
    image = folder / "service-initrd.gz"    # the initrd is a boot module of the loader: its path must be below the project's root
    image.write_bytes(build.service(files))
    running = start(path, append={"service": "quiet bulkhead.mode=test"}, images={"service-initrd": image, "flood": GUESTS / "flood.elf"})
    running.shell_ready(BOOT_S)
    return running


def periods(machine):
    return json.loads(machine.shell("bhctl rt --json --once"))["interrupts"]


def exits(machine):
    stats = json.loads(machine.shell("bhctl stats --json"))
    return sum(cpu["exits_total"] for vm in stats["vms"] if vm["name"] == "rtvm" for cpu in vm["vcpus"])


def echo(machine, kib):
    """Random bytes out to the real-time VM and back, without loss."""
    machine.shell("stty -F /dev/ttyS3 raw -echo 115200")
    machine.shell(f"head -c {kib}k /dev/urandom > /tmp/out")
    machine.shell(f"cat /tmp/out > /dev/ttyS3 & writer=$!; head -c {kib}k /dev/ttyS3 > /tmp/in; wait $writer; cmp /tmp/out /tmp/in", 240)


def floods_on(machine):
    """The one that floods sends two more rounds from now on."""
    sent = int(ROUNDS.findall(machine.text("user"))[-1], 16)
    machine.wait_for("user", rf"^sent {sent + 2 * ROUND:016x}", 120)


# REQ-IO-040 REQ-INT-090 REQ-RT-080 REQ-LIF-070
@pytest.mark.long_on("bochs")
def test_linux_and_a_real_time_vm_talk_and_a_flood_harms_nobody(machine):
    """One boot, in the order in which what fails first tells most."""
    machine.wait_for("user", "^sent", 60)
    assert "not ok" not in machine.text("user")
    found = machine.shell("dmesg | grep ttyS")
    assert re.search(r"ttyS3 at I/O 0x2e8 \(irq = 3, base_baud = 115200\) is a 16550A", found), found
    assert re.search(r"ttyS2 at I/O 0x3e8 \(irq = 4, base_baud = 115200\) is a 16550A", found), found
    floods_on(machine)      # and nobody reads
    echo(machine, KIB)

    count = "awk '$1 == \"4:\" {print $2 + $3}' /proc/interrupts"
    machine.shell("stty -F /dev/ttyS2 raw -echo; exec 3< /dev/ttyS2")
    taken = int(machine.shell(count))
    machine.shell("head -c 65536 <&3 > /dev/null", 120)
    assert int(machine.shell(count)) > taken, "they came by interrupt"
    machine.shell("exec 3<&-; cat /dev/ttyS2 > /dev/null &")
    echo(machine, 4)        # while Linux takes what it can of the flood
    since, begun = periods(machine), exits(machine)
    floods_on(machine)
    made = exits(machine) - begun
    assert 0 < made <= periods(machine) - since + 16, "the one that only listens looks once a period, and nobody makes it exit"
    assert "panic" not in machine.text("hypervisor")

    machine.send("reboot -f\n")
    machine.wait_for("hypervisor", "Service VM restarts, the others run on", 60)
    floods_on(machine)      # the other end is gone
    machine.shell_ready_again(BOOT_S)
    echo(machine, 1)
    machine.send("poweroff -f\n")
    machine.wait_exit(60)
