# SPDX-License-Identifier: Apache-2.0
"""A multiboot guest, as real-time operating systems such as Zephyr start: command line, memory map, modules, local APIC timer."""
import re

import pytest
import yaml

from tools.boot import BUILD, load_for

RTOS = BUILD / "tests" / "guests" / "rtos" / "rtos.elf"
FIRST = "the first module\n" + "x" * 5000
SECOND = "and the second\n"
RAM_MIB = 8


@pytest.fixture
def scenario(folder, emulator):
    """rt-only with that guest and two modules."""
    data = load_for("rt-only", emulator.name).data
    data["prelaunched_vms"][0].update(image={"type": "multiboot", "kernel": "rtos", "modules": ["devicetree", "settings"]},
                                      cmdline="console=uart2 threads=4")
    path = folder / "multiboot.yaml"
    path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    return path


# REQ-CFG-022
def test_multiboot_guest_gets_its_command_line_and_modules_and_runs_on_its_timer(start, folder, scenario):
    files = {"rtos": RTOS, "devicetree": folder / "first", "settings": folder / "second"}
    files["devicetree"].write_text(FIRST, encoding="ascii")
    files["settings"].write_text(SECOND, encoding="ascii")
    machine = start(scenario, images=files)
    machine.wait_for("rtvm", r"^done", timeout=60)
    text = machine.text("rtvm")
    assert re.findall(r"^not ok .*", text, re.M) == []
    assert "cmdline console=uart2 threads=4\n" in text
    modules = re.findall(r"^module (\S+) size (\w+) sum (\w+) says (.*)$", text, re.M)
    assert modules == [(tag, f"{len(content):08x}", f"{sum(content.encode()):08x}", content.split("\n")[0])
                       for tag, content in (("devicetree", FIRST), ("settings", SECOND))]
    assert "ok timer-ticks\n" in text and "ok no-pit-no-pic\n" in text


# REQ-CFG-017
def test_a_module_that_does_not_fit_stops_the_boot_by_name(start, folder, scenario):
    files = {"rtos": RTOS, "devicetree": folder / "first", "settings": folder / "second"}
    files["devicetree"].write_text(FIRST, encoding="ascii")
    files["settings"].write_bytes(bytes(RAM_MIB << 20))
    data = yaml.safe_load(scenario.read_text(encoding="utf-8"))
    data["prelaunched_vms"][0]["memory"][0]["size"] = f"{RAM_MIB} MiB"
    scenario.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    machine = start(scenario, images=files)
    machine.wait_for("hypervisor", r"rtvm.*no room for the image's modules", timeout=60)
