# SPDX-License-Identifier: Apache-2.0
"""The config compiler: layout against the C header, ACPI against iasl, one test for each kind of mistake."""
import ctypes
import pathlib
import re
import shutil
import struct
import subprocess
import zlib

import pytest
import yaml

from tools.boot import tags
from tools.config import acpi
from tools.config.board import KEPT_PORTS
from tools.config.check import Checker
from tools.config.compile import compile_scenario, load_scenario
from tools.config.errors import ConfigError
from tools.config.layout import C, STRUCTS, Table
from tools.config.picture import draw
from tools.config.source import ROOT, Document
from tools.config.space import without

SCENARIOS = sorted(path.stem for path in (ROOT / "configs" / "scenarios").glob("*.yaml"))
DEMO = yaml.safe_load((ROOT / "configs" / "scenarios" / "demo.yaml").read_text(encoding="utf-8"))
for key in ("heartbeat", "on_fault", "restart_limit"):   # each test says of them what it is about
    DEMO["prelaunched_vms"][0].pop(key)
DEMO["service_vm"]["shared"][0].pop("access")


def demo_with(tmp_path, change):
    """The errors of the demo scenario after change(data)."""
    data = yaml.safe_load(yaml.safe_dump(DEMO))
    change(data)
    path = tmp_path / "changed.yaml"
    path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        compile_scenario(load_scenario(path))
    return str(caught.value)


# REQ-CFG-023 REQ-LIF-034
@pytest.mark.parametrize("name, timeout_us", [("demo", 5_000_000), ("demo-onecore", 5_000_000), ("demo-bochs", 100_000)])
def test_the_demo_has_a_watchdog_and_restarts_its_rtvm(name, timeout_us):
    vm = Table.from_buffer_copy(compile_scenario(load_scenario(name))).vm[1]
    assert (vm.heartbeat_us, vm.heartbeat_gpa, vm.restart_limit) == (timeout_us, 0x44000000 + 40, 5)
    actions = {"PART_FAULT_SHUTDOWN": "RESTART", "PART_FAULT_STAGE2": "RESTART", "PART_FAULT_HEARTBEAT": "RESTART", "PART_FAULT_MACHINE_CHECK": "SAFE_STATE"}
    assert all(vm.on_fault[C[fault]] == C[f"PART_ON_FAULT_{action}"] for fault, action in actions.items())


# REQ-TOO-002
def test_layout_equals_the_c_header(tmp_path):
    lines = ['#include <stdio.h>', '#include <stddef.h>', '#include "abi/partition_table.h"', "int main(void) {"]
    expected = []
    for c_name, struct_type in STRUCTS.items():
        lines.append(f'printf("{c_name} %zu\\n", sizeof(struct {c_name}));')
        expected.append(f"{c_name} {ctypes.sizeof(struct_type)}")
        for field, _ in struct_type._fields_:
            lines.append(f'printf("{c_name}.{field} %zu %zu\\n", offsetof(struct {c_name}, {field}), sizeof(((struct {c_name} *)0)->{field}));')
            expected.append(f"{c_name}.{field} {getattr(struct_type, field).offset} {getattr(struct_type, field).size}")
    source = tmp_path / "layout.c"
    source.write_text("\n".join(lines + ["return 0; }"]), encoding="utf-8")
    subprocess.run(["gcc", "-std=c11", "-Wall", "-Werror", f"-I{ROOT}", str(source), "-o", str(tmp_path / "layout")], check=True)
    printed = subprocess.run([str(tmp_path / "layout")], check=True, capture_output=True, text=True).stdout.split("\n")
    assert printed[:-1] == expected


# REQ-TOO-002
def test_modules_of_a_multiboot_image_are_in_the_table_in_order(tmp_path):
    data = yaml.safe_load(yaml.safe_dump(DEMO))
    data["prelaunched_vms"][0]["image"]["modules"] = ["first", "second"]
    path = tmp_path / "modules.yaml"
    path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    scenario = load_scenario(path)
    vm = Table.from_buffer_copy(compile_scenario(scenario)).vm[1]
    assert vm.module_count == 2 and [tag.value for tag in vm.module] == [b"first", b"second", b"", b""]
    assert {"first", "second", "rtvm"} < tags(scenario)
    assert "multiboot image rtvm + first + second" in draw(scenario)


# REQ-TOO-001
def test_only_a_multiboot_image_has_modules_and_only_a_bzimage_an_initrd(tmp_path):
    text = demo_with(tmp_path, lambda data: data["service_vm"]["image"].update(modules=["a"]))
    assert "service_vm.image.modules: a bzimage has no modules" in text and "give it an initrd" in text
    text = demo_with(tmp_path, lambda data: data["prelaunched_vms"][0]["image"].update(initrd="a"))
    assert "prelaunched_vms[0].image.initrd: a multiboot image has no initrd" in text and "list it under modules" in text
    assert "5 entries, more than 4" in demo_with(tmp_path, lambda data: data["prelaunched_vms"][0]["image"].update(modules=["a", "b", "c", "d", "e"]))


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_compiles(name):
    content = compile_scenario(load_scenario(name))
    table = Table.from_buffer_copy(content)
    assert table.magic == C["PART_MAGIC"]
    assert table.scenario.decode() == name
    assert table.total_size == len(content) <= C["PART_MAX_SIZE"]
    crc, table.crc32 = table.crc32, 0
    assert crc == zlib.crc32(bytes(table) + content[ctypes.sizeof(table):])


# REQ-TOO-003
def test_compiling_twice_gives_the_same_bytes():
    assert compile_scenario(load_scenario("demo")) == compile_scenario(load_scenario("demo"))


# REQ-TOO-002
def test_demo_table_says_what_the_scenario_says():
    table = Table.from_buffer_copy(compile_scenario(load_scenario("demo"), {"service": "more words"}))
    service, rtvm = table.vm[0], table.vm[1]
    assert table.board.shared_pcpu_mask == 0b0111
    assert list(service.pcpu[:service.vcpu_count]) == [0, 1, 2]
    assert service.cmdline.decode() == DEMO["service_vm"]["cmdline"] + " more words"
    assert (rtvm.flags, rtvm.image_type, rtvm.vcpu_count, rtvm.pcpu[0]) == (C["PART_VM_EXCLUSIVE"], C["PART_IMAGE_MULTIBOOT"], 1, 3)
    assert (rtvm.range[0].gpa, rtvm.range[0].hpa, rtvm.range[0].size) == (0, 0x40000000, 64 << 20)
    assert (rtvm.range[1].type, rtvm.range[1].hpa) == (C["PART_RANGE_SHARED"], 0x44000000)
    assert (rtvm.ports[0].base, rtvm.ports[0].count) == (0x3E8, 8)
    assert (table.user.max_vms, table.user.pcpu_mask) == (2, 0b0111)


def test_service_vm_windows_leave_out_what_was_given_away():
    assert list(without(0x1000, 0x9000, [(0x8000, 0x1000), (0x2000, 0x2000)])) == [(0x1000, 0x1000), (0x4000, 0x4000), (0x9000, 0x1000)]
    assert list(without(0x1000, 0x1000, [(0, 0x10000)])) == []


# REQ-CFG-041
def test_what_may_be_lent_is_a_range_of_its_own(tmp_path):
    data = yaml.safe_load(yaml.safe_dump(DEMO))
    data["service_vm"]["lend_mmio"] = [{"address": 0xFE000000, "size": "4 KiB"}, {"address": 0xFED40000, "size": "20 KiB", "access": "read"}]
    path = tmp_path / "lends.yaml"
    path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    service = Table.from_buffer_copy(compile_scenario(load_scenario(path))).vm[0]
    mmio, write, lend = C["PART_RANGE_MMIO"], C["PART_RANGE_WRITE"], C["PART_RANGE_LEND"]
    ranges = {entry.hpa: (entry.gpa, entry.size, entry.type, entry.flags) for entry in service.range[:service.range_count]}
    assert ranges[0xC0000000] == (0xC0000000, 0x3E000000, mmio, write) and ranges[0xFE001000][3] == write, "the board's window around it"
    assert ranges[0xFE000000] == (0xFE000000, 0x1000, mmio, write | lend)
    assert ranges[0xFED40000] == (0xFED40000, 0x5000, mmio, lend), "no window of the board's"


def test_picture_names_every_vm_and_core():
    text = draw(load_scenario("demo"))
    for words in ("core 3", "rtvm (exclusive)", "service, User VMs", "shared region rt0: service, rtvm", "64 MiB"):
        assert words in text


# ---- ACPI ----

def acpi_tables(blob, gpa):
    """{signature: bytes}, found the way an operating system does."""
    assert blob[:8] == b"RSD PTR " and sum(blob[:20]) & 0xFF == 0 and sum(blob[:36]) & 0xFF == 0
    found = {}

    def load(address):
        offset = address - gpa
        size = struct.unpack_from("<I", blob, offset + 4)[0]
        data = blob[offset:offset + size]
        assert len(data) == size and sum(data) & 0xFF == 0
        found[data[:4].decode()] = data
        return data
    xsdt = load(struct.unpack_from("<Q", blob, 24)[0])
    for (address,) in struct.iter_unpack("<Q", xsdt[36:]):
        table = load(address)
        if table[:4] == b"FACP":
            load(struct.unpack_from("<Q", table, 140)[0])
    return found


@pytest.mark.parametrize("vcpus,ioapic", [(1, False), (8, True)])
# REQ-TOO-004
def test_acpi_tables_are_found_and_sound(vcpus, ioapic):
    tables = acpi_tables(acpi.build(0xE0000, vcpus, ioapic), 0xE0000)
    assert set(tables) == {"XSDT", "FACP", "APIC", "DSDT"}
    assert len(tables["FACP"]) == acpi.FADT_SIZE
    assert len(tables["APIC"]) == 44 + 8 * vcpus + (12 if ioapic else 0)


# REQ-LIF-040
def test_only_an_exclusive_vm_has_registers_for_power_off_and_reset():
    def registers(power):
        tables = acpi_tables(acpi.build(0xE0000, 1, False, acpi.Devices(power=power)), 0xE0000)
        facp = tables["FACP"]
        flags = struct.unpack_from("<I", facp, 112)[0]
        return [struct.unpack_from("<BBBBQ", facp, offset) for offset in (116, 244, 256)], facp[128], bool(flags & 1 << 10), b"_S5_" in tables["DSDT"]
    assert registers(False) == ([(0, 0, 0, 0, 0)] * 3, 0, False, False)
    assert registers(True) == ([(1, 8, 0, 1, C[f"PART_PORT_{name}"]) for name in ("RESET", "SLEEP_CONTROL", "SLEEP_STATUS")],
                               C["PART_RESET_VALUE"], True, True)
    assert {C["PART_PORT_RESET"], C["PART_PORT_SLEEP_CONTROL"], C["PART_PORT_SLEEP_STATUS"]} <= KEPT_PORTS     # so nobody else has them


@pytest.mark.skipif(shutil.which("iasl") is None, reason="needs acpica-tools")
@pytest.mark.parametrize("vcpus,ioapic,uarts", [(1, False, []), (1, False, [0x3E8]), (8, True, [0x3F8, 0x2F8, 0x3E8, 0x2E8])])
# REQ-TOO-004
def test_iasl_disassembles_acpi_tables(tmp_path, vcpus, ioapic, uarts):
    for signature, data in acpi_tables(acpi.build(0xE0000, vcpus, ioapic, acpi.Devices(uarts)), 0xE0000).items():
        path = tmp_path / f"{signature}.aml"
        path.write_bytes(data)
        done = subprocess.run(["iasl", "-d", str(path)], cwd=tmp_path, capture_output=True, text=True, check=False)
        text = done.stdout + done.stderr
        assert done.returncode == 0 and "Error" not in text and "Warning" not in text, text
        source = path.with_suffix(".dsl").read_text(encoding="utf-8")
        assert "ACPI Warning" not in source and "Invalid" not in source
        if signature == "DSDT":
            assert source.count("ACPI0007") == vcpus
            assert source.count('EisaId ("PNP0501")') == len(uarts)
            for port in uarts:
                assert re.search(rf"IO \(Decode16,\s+0x{port:04X},", source)
            assert "IRQ" not in source  # a UART with none is polled
        if signature == "FACP":
            assert "Hardware Reduced (V5) : 1" in source
        if signature == "DSDT":
            assert re.search(r"Name \(\\?_S5, Package \(0x02\)", source)


# REQ-CFG-023
def test_policies_and_safe_states_are_in_the_table(tmp_path):
    data = yaml.safe_load(yaml.safe_dump(DEMO))
    rtvm(data).update(on_fault={"triple_fault": "restart", "stage2_violation": "safe_state", "machine_check": "halt", "heartbeat": "restart"}, restart_limit=7, heartbeat={"timeout_us": 5000},
                      mmio=[{"address": 0xC0000000, "size": "4 KiB"}],
                      safe_state=[{"port": 0x3E8, "value": 0x5A}, {"address": 0xC0000010, "value": 0x12345678, "size": 4}])
    data["service_vm"]["shared"][0]["access"] = "read"
    path = tmp_path / "policy.yaml"
    path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    vm = Table.from_buffer_copy(compile_scenario(load_scenario(path))).vm[1]
    assert (list(vm.on_fault), vm.restart_limit, vm.safe_count) == ([1, 2, 3, 1], 7, 2)
    assert (vm.heartbeat_us, vm.heartbeat_gpa) == (5000, 0x44000028)
    assert [(s.address, s.value, s.kind, s.size) for s in vm.safe[:2]] == [(0x3E8, 0x5A, 1, 1), (0xC0000010, 0x12345678, 2, 4)]


# ---- mistakes ----

def rtvm(data):
    return data["prelaunched_vms"][0]


MISTAKES = {
    "unknown key": (lambda d: d.update(colour="red"), "colour: unknown key colour"),
    "missing key": (lambda d: d["service_vm"].pop("cores"), "the key cores is missing; add it: a list of core numbers"),
    "wrong type": (lambda d: d["service_vm"].update(cores=3), "service_vm.cores: 3 is not of type array"),
    "unknown board": (lambda d: d.update(board="toaster"), "there is no board toaster; use one of bochs, qemu-q35"),
    "size without unit": (lambda d: rtvm(d)["memory"][0].update(size="64"), "memory[0].size: '64' does not fit; a size"),
    "core twice": (lambda d: d["service_vm"].update(cores=[0, 0]), "an entry stands twice"),
    "core missing on board": (lambda d: rtvm(d).update(cores=[9]), "core 9 does not exist, board qemu-q35 has 4; use 0 to 3"),
    "exclusive core shared": (lambda d: rtvm(d).update(cores=[2]), "core 2 belongs to service already and one of the two is exclusive"),
    "user core not shared": (lambda d: d["user_vms"].update(cores=[3]), "core 3 is not a shared core; use cores of the Service VM: [0, 1, 2]"),
    "memory unaligned": (lambda d: rtvm(d)["memory"][0].update(address=0x40000100), "not made of whole 4 KiB pages"),
    "memory outside RAM": (lambda d: rtvm(d)["memory"][0].update(address=0x90000000), "is not RAM of board qemu-q35"),
    "memory below 1 MiB": (lambda d: rtvm(d)["memory"][0].update(address=0, size="4 KiB"), "lies below 1 MiB"),
    "memory on hypervisor": (lambda d: rtvm(d)["memory"][0].update(address=0x1000000), "overlaps the hypervisor's memory (board)"),
    "memory on shared region": (lambda d: d["shared_memory"][0].update(address=0x43000000), "overlaps shared region rt0; move or shrink"),
    "telemetry on memory": (lambda d: d["telemetry"].update(address=0x40000000), "memory[0]: 0x40000000 to 0x44000000 overlaps telemetry"),
    "guest address twice": (lambda d: rtvm(d)["shared"][0].update(gpa=0x1000), "overlap memory[0] of the same VM"),
    "service VM not identity": (lambda d: d["service_vm"]["shared"][0].update(gpa=0x1000), "sees memory at its host-physical address"),
    "unknown region": (lambda d: rtvm(d)["shared"][0].update(name="rt1"), "there is no shared region rt1; use one of rt0"),
    "log port given": (lambda d: rtvm(d)["ports"][0].update(base=0x3F8), "port 0x3f8 belongs to the hypervisor"),
    "PCI configuration given": (lambda d: rtvm(d)["ports"][0].update(base=0xCF8), "port 0xcf8 belongs to the hypervisor"),
    "ports twice": (lambda d: d["service_vm"].update(ports=[{"base": 0x3E0, "count": 16}]), "overlap ports of service"),
    "ports too high": (lambda d: rtvm(d)["ports"][0].update(base=0xFFFF), "go beyond 0xFFFF"),
    "window is RAM": (lambda d: rtvm(d).update(mmio=[{"address": 0x50000000, "size": "4 KiB"}]), "is RAM, not a device"),
    "lent RAM": (lambda d: d["service_vm"].update(lend_mmio=[{"address": 0x50000000, "size": "4 KiB"}]), "is RAM, not a device"),
    "lent HPET": (lambda d: d["service_vm"].update(lend_mmio=[{"address": 0xFED00000, "size": "4 KiB"}]), "overlaps the HPET"),
    "lent part of a page": (lambda d: d["service_vm"].update(lend_mmio=[{"address": 0xFED40000, "size": 512}]), "not made of whole 4 KiB pages"),
    "lent too much": (lambda d: d["service_vm"].update(lend_mmio=[{"address": 0xFC000000, "size": "17 MiB"}]), "more than 16 MiB"),
    "lent twice": (lambda d: d["service_vm"].update(lend_mmio=[{"address": 0xFED40000, "size": "4 KiB"}] * 2), "overlaps device window 0xfed40000"),
    "lent and given": (lambda d: (d["service_vm"].update(lend_mmio=[{"address": 0xFED40000, "size": "4 KiB"}]), rtvm(d).update(mmio=[{"address": 0xFED40000, "size": "4 KiB"}])),
                       "overlaps device window 0xfed40000"),
    "lent by an RTVM": (lambda d: rtvm(d).update(lend_mmio=[{"address": 0xFED40000, "size": "4 KiB"}]), "lend_mmio"),
    "window is IOAPIC": (lambda d: rtvm(d).update(mmio=[{"address": 0xFEC00000, "size": "4 KiB"}]), "overlaps the IOAPIC"),
    "window in MMCONFIG": (lambda d: rtvm(d).update(mmio=[{"address": 0xBFFFF000, "size": "4 KiB"}]), "mmio[0]: 0xbffff000 overlaps PCI configuration (MMCONFIG, 0xb0000000 to 0xc0000000), which the hypervisor owns"),
    "lent MMCONFIG": (lambda d: d["service_vm"].update(lend_mmio=[{"address": 0xB8000000, "size": "4 KiB"}]), "lend_mmio[0]: 0xb8000000 overlaps PCI configuration"),
    "window seen in MMCONFIG": (lambda d: rtvm(d).update(mmio=[{"address": 0xFE000000, "gpa": 0xB8000000, "size": "4 KiB"}]), "mmio[0]: guest addresses 0xb8000000 to 0xb8001000 meet PCI configuration"),
    "memory in MMCONFIG": (lambda d: rtvm(d)["memory"].append({"gpa": 0xB8000000, "address": 0x48000000, "size": "16 MiB"}),
                           "memory[1]: guest addresses 0xb8000000 to 0xb9000000 meet PCI configuration (MMCONFIG, 0xb0000000 to 0xc0000000), where a VM has no memory and no device; "
                           "give it another gpa, such as 0x4000000"),
    "memory at the IOAPIC": (lambda d: rtvm(d)["memory"].append({"gpa": 0xFEBFF000, "address": 0x48000000, "size": "8 KiB"}), "meet the IOAPIC, where a VM has no memory"),
    "memory beyond 2^48": (lambda d: rtvm(d)["memory"].append({"gpa": (1 << 48) - 4096, "address": 0x48000000, "size": "8 KiB"}), "go beyond 2^48; give it a gpa below"),
    "window beyond 2^48": (lambda d: rtvm(d).update(mmio=[{"address": 1 << 48, "size": "4 KiB"}]), "mmio[0]: guest addresses 0x1000000000000 to 0x1000000001000 go beyond 2^48; give it a gpa below"),
    "lent beyond 2^48": (lambda d: d["service_vm"].update(lend_mmio=[{"address": 1 << 48, "size": "4 KiB"}]), "go beyond 2^48; leave it out"),
    "window beyond 2^52": (lambda d: rtvm(d).update(mmio=[{"address": (1 << 52) - 4096, "gpa": 0xFE000000, "size": "8 KiB"}]), "goes beyond 2^52, where no machine has addresses"),
    "memory of no size": (lambda d: rtvm(d)["memory"][0].update(size="0 MiB"), "memory[0].size: '0 MiB' does not fit; a size"),
    "region twice": (lambda d: rtvm(d)["shared"].append({"name": "rt0", "gpa": 0x60000000}), "shared[1].name: region rt0 stands twice; remove one"),
    "more than the board has": (lambda d: d["service_vm"].update(min_memory="4 GiB"), "service_vm.min_memory: the scenario needs 4673 MiB with the hypervisor's, board qemu-q35 has 4096"),
    "counter in no memory": (lambda d: rtvm(d).update(heartbeat={"timeout_us": 5000, "counter": 0x4000000}), "heartbeat.counter: 0x4000000 is neither in memory of rtvm nor in a shared region"),
    "device without IOMMU": (lambda d: rtvm(d).update(pci=["00:03.0"]), "needs an IOMMU"),
    "no IOMMU not accepted": (lambda d: d.pop("allow_no_iommu"), "set allow_no_iommu: true"),
    "name twice": (lambda d: rtvm(d).update(name="service"), "the name service is used by service_vm already"),
    "ACPI without memory": (lambda d: rtvm(d)["memory"][0].update(gpa=0x200000), "where the ACPI tables go"),
    "command line too long": (lambda d: rtvm(d).update(cmdline="x" * 1024), "at most 1023"),
    "restart without limit": (lambda d: rtvm(d).update(on_fault={"triple_fault": "restart"}), "on_fault.triple_fault: restart has no limit; add restart_limit"),
    "limit without restart": (lambda d: rtvm(d).update(on_fault={"triple_fault": "halt"}, restart_limit=3), "restart_limit: nothing restarts this VM"),
    "unknown action": (lambda d: rtvm(d).update(on_fault={"triple_fault": "panic"}), "on_fault.triple_fault: 'panic'"),
    "unknown fault": (lambda d: rtvm(d).update(on_fault={"fire": "stop"}), "unknown key fire"),
    "policy of a shared VM": (lambda d: rtvm(d).update(exclusive=False, cores=[0], on_fault={"triple_fault": "stop"}), "only an exclusive VM has a policy"),
    "heartbeat missed but not kept": (lambda d: rtvm(d).update(on_fault={"heartbeat": "halt"}), "there is no heartbeat to miss"),
    "heartbeat without region": (lambda d: (rtvm(d).pop("shared"), rtvm(d).update(heartbeat={"timeout_us": 5000})), "no shared region with the runtime's telemetry"),
    "heartbeat unaligned": (lambda d: rtvm(d).update(heartbeat={"timeout_us": 5000, "counter": 0x44000004}), "0x44000004 is not a multiple of 8"),
    "heartbeat that others may write": (lambda d: rtvm(d).update(heartbeat={"timeout_us": 5000}), "service may write the region rt0, where the counter is; give service access: read"),
    "counter that others may write": (lambda d: rtvm(d).update(heartbeat={"timeout_us": 5000, "counter": 0x44000040}), "service may write the region rt0"),
    "heartbeat too short": (lambda d: rtvm(d).update(heartbeat={"timeout_us": 99}), "heartbeat.timeout_us: 99 is below 100"),
    "heartbeat of a shared VM": (lambda d: rtvm(d).update(exclusive=False, cores=[0], heartbeat={"timeout_us": 5000}), "only an exclusive VM has a policy"),
    "safe state on others' port": (lambda d: rtvm(d).update(safe_state=[{"port": 0x2F8, "value": 1}]), "0x2f8, 1 bytes, is not inside the ports of rtvm"),
    "safe state on RAM": (lambda d: rtvm(d).update(safe_state=[{"address": 0x40000000, "value": 1, "size": 4}]), "is not inside the writable mmio windows of rtvm"),
    "safe state nowhere": (lambda d: rtvm(d).update(safe_state=[{"value": 1}]), "a write is to a port or to an address"),
    "safe state unaligned": (lambda d: rtvm(d).update(safe_state=[{"port": 0x3E9, "value": 1, "size": 2}]), "0x3e9 is not a multiple of the size 2"),
    "safe state too large": (lambda d: rtvm(d).update(safe_state=[{"port": 0x3E8, "value": 256}]), "0x100 has more than 1 bytes"),
    "ways backwards": (lambda d: rtvm(d).update(cache={"l3": [3, 0]}), "cache.l3: way 3 comes after way 0; write the lower one first"),
    "one way only": (lambda d: rtvm(d).update(cache={"l3": [3]}), "cache.l3: 1 entries, fewer than 2; first and last way"),
    "way beyond any mask": (lambda d: rtvm(d).update(cache={"l2": [0, 32]}), "cache.l2[1]: 32 is above 31"),
    "way of two VMs": (lambda d: (d["service_vm"].update(cache={"l3": [0, 4]}), rtvm(d).update(cache={"l3": [4, 7]})),
                       "prelaunched_vms[0].cache.l3: way 4 belongs to service already; give each way to one VM"),
    "share on shared cores": (lambda d: rtvm(d).update(cache={"bandwidth": 40}, exclusive=False, cores=[2]),
                              "cache: rtvm runs on shared cores, which have the Service VM's share; remove it"),
    "no bandwidth": (lambda d: d["service_vm"].update(cache={"bandwidth": 0}), "bandwidth: 0 is below 1; the most memory bandwidth"),
    "empty share": (lambda d: rtvm(d).update(cache={}), "cache: {} does not fit; share of the caches"),
    "weight zero": (lambda d: rtvm(d).update(weight=0), "weight: 0 is below 1; scheduler weight 1 to 10000"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
# REQ-TOO-001
def test_mistake_is_explained(tmp_path, mistake):
    change, expected = MISTAKES[mistake]
    assert expected in demo_with(tmp_path, change)


# REQ-RT-050
def test_ways_become_masks(tmp_path):
    data = yaml.safe_load(yaml.safe_dump(DEMO))
    data["service_vm"]["cache"] = {"l3": [4, 10], "bandwidth": 40}
    rtvm(data)["cache"] = {"l2": [0, 0], "l3": [0, 3]}
    path = tmp_path / "shares.yaml"
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    table = Table.from_buffer_copy(compile_scenario(load_scenario(path)))
    shares = [(vm.cache.l2_mask, vm.cache.l3_mask, vm.cache.bandwidth) for vm in table.vm[:2]]
    assert shares == [(0, 0x7F0, 40), (1, 0xF, 0)]
    picture = draw(load_scenario(path))
    assert "service-initrd, L3 ways 4 to 10, 40 % of the memory bandwidth, command line" in picture
    assert "image rtvm, L2 ways 0 to 0, L3 ways 0 to 3, command line" in picture


def shares_on_board(tmp_path, board, service, real_time):
    """What is wrong with these shares on a board that says what its caches are."""
    data = yaml.safe_load(yaml.safe_dump(DEMO))
    rtvm(data)["cache"] = real_time
    if service:
        data["service_vm"]["cache"] = service
    path = tmp_path / "shares.yaml"
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    document = Document(path, "scenario")
    known = dict(Document(ROOT / "configs" / "boards" / "qemu-q35.yaml", "board").data, **board)
    return Checker(document, document.data, known, "known").run()


# REQ-TOO-001
def test_a_board_may_say_what_its_caches_are(tmp_path):
    board = {"l3_ways": 8}
    assert shares_on_board(tmp_path, board, {}, {"l3": [0, 6]}) == []
    assert shares_on_board(tmp_path, board, {"l3": [7, 7]}, {"l3": [0, 6]}) == []
    assert "way 8 does not exist, board known has 8; use 0 to 7" in shares_on_board(tmp_path, board, {}, {"l3": [4, 8]})[0]
    assert "no way is left for service; leave some of 0 to 7" in shares_on_board(tmp_path, board, {}, {"l3": [0, 7]})[0]


# REQ-TOO-001
def test_error_names_file_and_line(tmp_path):
    path = tmp_path / "wrong.yaml"
    text = (ROOT / "configs" / "scenarios" / "demo.yaml").read_text(encoding="utf-8")
    path.write_text(text.replace("cores: [3]", "cores: [7]"), encoding="utf-8")
    line = 1 + next(i for i, t in enumerate(text.split("\n")) if "cores: [3]" in t)
    with pytest.raises(ConfigError) as caught:
        load_scenario(path)
    assert str(caught.value).startswith(f"{path}:{line}: prelaunched_vms[0].cores[0]: core 7 does not exist")


# REQ-TOO-001
def test_all_mistakes_are_listed_at_once(tmp_path):
    def change(data):
        rtvm(data)["cores"] = [9]
        rtvm(data)["ports"][0]["base"] = 0x3F8
    assert len(demo_with(tmp_path, change).splitlines()) == 2


@pytest.mark.parametrize("text,expected", [
    ("name: [", "YAML:"), ("", "the file is empty"), ("name: a\nname: b\n", ":2: name: the key stands twice"), ("- 1\n", "is not of type object"),
])
# REQ-TOO-001
def test_file_that_is_no_scenario(tmp_path, text, expected):
    path = tmp_path / "bad.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_scenario(path)
    assert expected in str(caught.value)


def test_file_that_does_not_exist():
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        load_scenario(pathlib.Path("/nonexistent/x.yaml"))
