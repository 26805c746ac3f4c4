# SPDX-License-Identifier: Apache-2.0
"""A boot that cannot succeed says why in one line, on the log and on the screen, and starts nothing."""
import re

import pytest
import yaml

from tools.boot import boot_modules, load_for

WITHOUT_LONG_MODE = {"qemu": {"cpu": "qemu32"}, "bochs": {"extra": ['cpu: exclude_features="longmode"']}}
HALTED = r"boot: cannot start: no VM was started, machine halted"


def refused(machine, reason):
    machine.wait_for("hypervisor", reason, timeout=20)
    machine.wait_for("hypervisor", HALTED, timeout=20)
    assert machine.alive(), "the machine halts; it does not switch off or reset"
    assert machine.text("rtvm") == ""
    assert machine.text("hypervisor").count("boot: cannot start") == 1


@pytest.mark.not_on("bochs", "cpu words")
@pytest.mark.parametrize("cpu, missing", [
    ("EPYC,-svm,+x2apic", "svm npt"),
    ("EPYC,+svm,-npt,+x2apic", "npt"),
    ("EPYC,+svm,+npt,+x2apic,-xsave", "xsave"),
    ("EPYC,-svm,+x2apic,-xsave,-pge", "pge xsave svm npt"),
    ("Skylake-Client,-vmx,+x2apic", "vmx"),
])
# REQ-CFG-010
def test_missing_cpu_features_are_named(start, cpu, missing):
    refused(start("rt-only", cpu=cpu), rf"boot: this CPU lacks: {missing} *$")


@pytest.mark.not_on("qemu", "vt-x")
# REQ-CFG-010
def test_an_intel_cpu_without_vt_x_is_named(start):
    refused(start("rt-only", extra=['cpu: exclude_features="vmx"']), r"boot: this CPU lacks: vmx *$")


@pytest.mark.machines("qemu:EPYC,+svm,+npt,-x2apic", "bochs:ryzen")
# REQ-CFG-010 REQ-CFG-032
def test_an_exclusive_vm_on_a_cpu_without_x2apic(start):
    refused(start("rt-only"), r"boot: partition table refused: an exclusive VM needs a CPU with x2APIC")


# REQ-CFG-010
def test_a_cpu_without_long_mode_is_named(start, emulator):
    machine = start("rt-only", **WITHOUT_LONG_MODE[emulator.name])
    machine.wait_for("hypervisor", "cannot start: this CPU lacks long mode or NX", timeout=20)


@pytest.fixture
def modules(folder, emulator):
    """The boot modules of the scenario rt-only: {tag: file}."""
    return {tag: path for path, tag in boot_modules(load_for("rt-only", emulator.name), folder)}


def start_with(start, modules):
    return start(None, modules=[(path, tag) for tag, path in modules.items()])


# REQ-CFG-003
def test_no_partition_table(start, modules):
    del modules["partition-table"]
    refused(start_with(start, modules), r"boot: no boot module is tagged partition-table")


# REQ-CFG-002
def test_table_with_one_bit_changed(start, modules):
    table = bytearray(modules["partition-table"].read_bytes())
    table[1000] ^= 0x10
    modules["partition-table"].write_bytes(table)
    refused(start_with(start, modules), r"boot: partition table refused: .*")


# REQ-CFG-002
def test_truncated_table(start, modules):
    modules["partition-table"].write_bytes(modules["partition-table"].read_bytes()[:500])
    refused(start_with(start, modules), r"boot: partition table refused: .*")


# REQ-CFG-003
def test_table_larger_than_its_limit(start, modules):
    modules["partition-table"].write_bytes(bytes(70000))
    refused(start_with(start, modules), r"boot: the partition table is larger than its limit")


@pytest.mark.long_on("bochs")
@pytest.mark.parametrize("name, share, reason", [
    ("rtvm", {"l2": [0, 3]}, "this CPU has no L2 cache allocation: remove cache.l2 of VM rtvm"),
    ("rtvm", {"l3": [0, 3]}, "this CPU has no L3 cache allocation: remove cache.l3 of VM rtvm"),
    ("service", {"bandwidth": 40}, "this CPU has no allocation of memory bandwidth: remove cache.bandwidth of VM service"),
])
# REQ-RT-051
def test_share_that_the_cpu_cannot_give(start, folder, emulator, name, share, reason):
    """No emulator can: tests/unit/test_cache_share.c has the CPUs that do."""
    data = load_for("rt-only", emulator.name).data
    (data["service_vm"] if name == "service" else data["prelaunched_vms"][0])["cache"] = share
    scenario = folder / "share.yaml"
    scenario.write_text(yaml.safe_dump(data), encoding="utf-8")
    refused(start(scenario), rf"boot: {re.escape(reason)} *$")


# REQ-CFG-011
def test_kernel_module_missing(start, modules):
    del modules["rtvm"]
    refused(start_with(start, modules), r"boot: partition table refused: no boot module has the tag of this VM's kernel")


# REQ-CFG-011 REQ-RT-013
def test_a_service_vm_that_cannot_be_loaded_stops_alone(start, modules, folder):
    """The RTVM runs by then, and runs on; the log says what is wrong, and the shared cores still write it."""
    modules["idle"] = folder / "no-image.elf"
    modules["idle"].write_bytes(b"no image" * 1000)
    machine = start_with(start, modules)
    machine.wait_for("hypervisor", r"boot: service: image is not ELF32 for x86$", timeout=20)
    machine.wait_for("rtvm", r"^rtvm: started$", timeout=20)
    machine.wait_for("rtvm", r"^rtvm: running samples", timeout=60)
    assert "cannot start" not in machine.text("hypervisor")


# REQ-CFG-011
def test_too_few_cores(start, modules):
    machine = start(None, modules=[(path, tag) for tag, path in modules.items()], cores=2)
    refused(machine, r"boot: partition table refused: .*")


# REQ-CFG-011
def test_too_little_memory(start, modules):
    machine = start(None, modules=[(path, tag) for tag, path in modules.items()], memory="512M")
    refused(machine, r"boot: partition table refused: .*")
