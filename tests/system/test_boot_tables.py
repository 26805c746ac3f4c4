# SPDX-License-Identifier: Apache-2.0
"""Tables that are well formed but wrong, and images that are no images: the hypervisor refuses, whoever made them."""
import ctypes
import zlib

import pytest

from tools.boot import BUILD, boot_modules, load_for
from tools.config.compile import compile_scenario
from tools.config.layout import C, Table

HALTED = r"boot: cannot start: no VM was started, machine halted"

pytestmark = pytest.mark.long_on("bochs")     # many boots, and the CPU has no part in what is refused


def changed_table(folder, change, scenario):
    """The table of a scenario after change(table), with a good checksum: what a faulty compiler would write."""
    content = compile_scenario(scenario)
    table = Table.from_buffer_copy(content)
    change(table)
    table.crc32 = 0
    body = bytes(table) + content[ctypes.sizeof(table):]
    table.crc32 = zlib.crc32(body)
    path = folder / "changed.part"
    path.write_bytes(bytes(table) + content[ctypes.sizeof(table):])
    return path


@pytest.fixture
def scenario(emulator):
    return load_for("rt-only", emulator.name)


def boot_with(start, folder, files, scenario):
    """Boots the scenario with some modules replaced: {tag: file}."""
    return start(None, modules=[(files.get(tag, path), tag) for path, tag in boot_modules(scenario, folder)])


def memory_of_hypervisor(table):
    table.vm[1].range[0].hpa = 0x200000


def memory_of_telemetry(table):
    table.vm[1].range[0].hpa = table.telemetry_hpa - 0x1000


def memory_of_shared_region(table):
    table.vm[1].range[0].hpa = table.shared[0].hpa - 0x1000
    table.vm[1].range[0].size = 0x100000    # the ACPI tables at 0xE0000 stay inside


def device_of_interrupt_controller(table):
    table.vm[1].range[1].type = C["PART_RANGE_MMIO"]
    table.vm[1].range[1].hpa = table.vm[1].range[1].gpa = 0xFEC00000
    table.vm[1].range[1].size = 0x1000


def core_shared_and_exclusive(table):
    table.board.shared_pcpu_mask |= 1 << table.vm[1].pcpu[0]


def core_of_another(table):
    table.vm[1].pcpu[0] = 0


def ports_of_hypervisor(table):
    table.vm[1].ports[0].base = 0x3F8


def ports_of_pci(table):
    table.vm[1].ports[0].base = 0xCF8


@pytest.mark.parametrize("change, reason", [
    (memory_of_hypervisor, "a memory range overlaps the hypervisor or a boot module"),
    (memory_of_telemetry, "a memory range overlaps the telemetry range"),
    (memory_of_shared_region, "a memory range overlaps a shared region"),
    (device_of_interrupt_controller, "hides the interrupt controllers|covers the IOAPIC"),
    (core_shared_and_exclusive, "an exclusive vCPU is on a shared core"),
    (core_of_another, "an exclusive vCPU is on a shared core"),
    (ports_of_hypervisor, "covers ports that the hypervisor keeps"),
    (ports_of_pci, "covers ports that the hypervisor keeps"),
], ids=lambda value: getattr(value, "__name__", "refused"))
# REQ-CFG-002 REQ-CFG-005
def test_overlap_is_refused_by_name(start, folder, scenario, change, reason):
    machine = boot_with(start, folder, {"partition-table": changed_table(folder, change, scenario)}, scenario)
    machine.wait_for("hypervisor", reason, 20)
    machine.wait_for("hypervisor", HALTED, 20)
    assert machine.text("rtvm") == ""


def bad_images():
    kernel = (BUILD / "rtvm" / "rtvm.elf").read_bytes()
    return {
        "empty": b"\0",
        "garbage": bytes(range(256)) * 64,
        "cut off": kernel[:200],
        "segment outside the memory": kernel.replace((0x100000).to_bytes(4, "little"), (0x7FF00000).to_bytes(4, "little")),
    }


@pytest.mark.parametrize("kind", ["empty", "garbage", "cut off", "segment outside the memory"])
# REQ-CFG-017
def test_bad_kernel_image_is_refused(start, folder, scenario, kind):
    image = folder / "image"
    image.write_bytes(bad_images()[kind])
    machine = boot_with(start, folder, {"rtvm": image}, scenario)
    machine.wait_for("hypervisor", r"boot: .*rtvm.*: .+", 20)
    machine.wait_for("hypervisor", HALTED, 20)
    assert machine.text("rtvm") == ""


@pytest.mark.parametrize("size", [100, 4096])
# REQ-CFG-017
def test_bad_linux_image_is_refused(start, folder, emulator, size):
    image = folder / "image"
    image.write_bytes(bytes(size))
    files = {tag: image for tag in ("service-kernel", "cloud-kernel", "cloud-initrd")}      # what is not Linux needs no initrd
    machine = boot_with(start, folder, files, load_for("minimal", emulator.name))
    machine.wait_for("hypervisor", r"boot: .*service.*: .+", 20)
    machine.wait_for("hypervisor", HALTED, 20)
