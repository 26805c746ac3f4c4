# SPDX-License-Identifier: Apache-2.0
"""With one instruction = 1 ns of virtual time, two runs of four cores, Linux and RTVM are the same to the last byte."""
import pytest

from tools.boot import boot_modules, load_for


def run_once(start, modules):
    machine = start(None, modules=modules, mode="icount", exact=True)
    machine.shell_ready(timeout=240)
    machine.wait_for("rtvm", r"^rtvm: running samples 5000", timeout=240)
    machine.stop()
    return {console: machine.log(console).read_bytes() for console in ("hypervisor", "service", "rtvm")}


@pytest.mark.long_on("bochs")
# REQ-EVI-004
def test_two_counted_runs_say_the_same(start, folder, emulator):
    # The same files for both: even the length of a boot module's name takes time to read.
    modules = boot_modules(load_for("demo", emulator.name), folder, {"service": "nokaslr quiet bulkhead.mode=test"})
    first, second = run_once(start, modules), run_once(start, modules)
    for console, text in first.items():
        common = min(len(text), len(second[console])) # stopped from outside, not at the same instant
        assert common > 0
        assert text[:common] == second[console][:common], console
