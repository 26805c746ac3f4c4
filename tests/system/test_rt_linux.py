# SPDX-License-Identifier: Apache-2.0
"""A stock PREEMPT_RT kernel on an exclusive core finds its clocks without PIT, HPET and PM timer, and its timer interrupts take no exit."""
import re

import pytest

from tools import setup
from tools.boot import BUILD
from tools.images.build import BUSYBOX
from tools.images.cpio import Archive

WAKEUPS = 3000
# Booting takes about 1,500: CPUID, probes of ports and MSRs. A timer that exits would show.
MOST_EXITS = 2000
INIT = f"""#!/bin/busybox sh
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t sysfs sysfs /sys
say() {{ echo "rt: $*" >/dev/kmsg; }}
say clocksource $($b cat /sys/devices/system/clocksource/clocksource0/current_clocksource)
say clockevent $($b cat /sys/devices/system/clockevents/clockevent0/current_device)
say $(/bin/rt_cycle {WAKEUPS})
say timer interrupts $($b grep LOC: /proc/interrupts)
$b sh -c 'echo "rt: shell says $((6 * 7))"'
# Sets the terminal as it is, after all output is sent: the reboot would cut off what the UART still has to send.
$b stty -F /dev/console "$($b stty -F /dev/console -g)"
$b reboot -f
"""


@pytest.fixture
def initrd(folder):
    archive = Archive()
    for name in ("proc", "sys", "dev"):
        archive.folder(name)
    archive.character_device("dev/console", 5, 1)
    archive.character_device("dev/kmsg", 1, 11)
    archive.file("bin/busybox", BUSYBOX.read_bytes(), 0o755)
    archive.file("bin/rt_cycle", (BUILD / "tests" / "guests" / "linux" / "rt_cycle").read_bytes(), 0o755)
    archive.file("init", INIT.encode(), 0o755)
    path = folder / "rt-initrd.gz"
    path.write_bytes(archive.pack(level=1))
    return path


@pytest.mark.skipif(setup.rt_kernel() is None, reason="needs Debian's PREEMPT_RT kernel")
# REQ-RT-012
def test_preempt_rt_kernel_finds_its_clocks_and_takes_its_timer_without_exits(start, initrd):
    machine = start("rt-linux", images={"rt-kernel": setup.rt_kernel().image, "rt-initrd": initrd}, append={"rtlinux": "apic=verbose"})
    # Its reboot is a triple fault, and that stops a pre-launched VM.
    summary = machine.wait_for("hypervisor", r"summary: rtlinux exits=(\d+) ", timeout=150)
    text, log = machine.text("rtvm"), machine.text("hypervisor")
    assert "rtlinux: stopped: triple fault" in log
    tsc_khz = int(re.search(r"TSC (\d+) kHz", log).group(1))
    detected_mhz = float(re.search(r"tsc: Detected ([\d.]+) MHz processor", text).group(1))
    assert round(detected_mhz * 1000) == tsc_khz
    assert "calibrating APIC timer ..." in text
    assert "rt: clocksource tsc\n" in text
    assert "rt: clockevent lapic\n" in text
    assert re.search(r"ttyS2 at I/O 0x3e8 \(irq = 0,", text)
    assert "rt: shell says 42" in text
    assert f"cycle: wakeups {WAKEUPS} " in text
    assert int(re.search(r"rt: timer interrupts LOC: (\d+)", text).group(1)) > WAKEUPS
    assert int(summary.group(1)) < MOST_EXITS
