# SPDX-License-Identifier: Apache-2.0
"""Doorbells in a scenario: what the table says, what the picture shows, and each mistake."""
import pytest
import yaml

from tools.config.acpi import memory_window
from tools.config.compile import compile_scenario, load_scenario
from tools.config.errors import ConfigError
from tools.config.layout import Table
from tools.config.picture import draw
from tools.config.source import ROOT

BASE = yaml.safe_load((ROOT / "configs" / "scenarios" / "rt-only.yaml").read_text(encoding="utf-8"))


def written(tmp_path, change=lambda data: None):
    data = yaml.safe_load(yaml.safe_dump(BASE))
    data["shared_memory"].append({"name": "link", "address": 0x44400000, "size": "4 MiB"})
    data["service_vm"]["shared"] = [{"name": "rt0", "doorbells": {}}, {"name": "link", "doorbells": {"vectors": 2}, "access": "read"}]
    data["prelaunched_vms"][0]["shared"] = [{"name": "rt0", "doorbells": {"vectors": 8, "interval_us": 250}}, {"name": "link", "doorbells": {}}]
    change(data)
    path = tmp_path / "doorbells.yaml"
    path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    return path


# REQ-TOO-020
def test_each_user_of_a_region_has_its_device(tmp_path):
    table = Table.from_buffer_copy(compile_scenario(load_scenario(written(tmp_path))))
    found = [(d.vm, d.region, d.vectors, d.interval_us, d.registers_gpa, d.memory_gpa) for d in table.ivshmem[:table.ivshmem_count]]
    assert found == [(0, 0, 1, 100, 0x90800000, 0x90000000), (0, 1, 2, 100, 0x90802000, 0x90400000),
                     (1, 0, 8, 250, 0xFE800000, 0x44000000), (1, 1, 1, 100, 0xFE802000, 0x44400000)]


def user_ends(data):
    data["service_vm"]["shared"][1].pop("access")
    data["user_vms"] = {"max_vms": 1, "max_vcpus": 1, "cores": data["service_vm"]["cores"][:1],
                        "shared": [{"name": "link"}, {"name": "rt0", "doorbells": {"vectors": 3, "interval_us": 7}}]}


# REQ-TOO-020
def test_ends_for_user_vms_come_last_and_have_no_place(tmp_path):
    scenario = load_scenario(written(tmp_path, user_ends))
    table = Table.from_buffer_copy(compile_scenario(scenario))
    found = [(d.vm, d.region, d.vectors, d.interval_us, d.registers_gpa, d.memory_gpa) for d in table.ivshmem[:table.ivshmem_count]]
    assert found == [(0, 0, 1, 100, 0x90800000, 0x90000000), (0, 1, 2, 100, 0x90802000, 0x90400000),
                     (1, 0, 8, 250, 0xFE800000, 0x44000000), (1, 1, 1, 100, 0xFE802000, 0x44400000), (4, 1, 1, 100, 0, 0), (4, 0, 3, 7, 0, 0)]
    text = draw(scenario)
    assert "User VMs, one at a time: peer 4, region rt0 (bhdm --ivshmem rt0), 3 doorbells, each sender's at least 7 us apart" in text
    assert "shared region link: service, rtvm, User VMs" in text


# REQ-TOO-020
def test_a_region_may_join_a_vm_and_user_vms_alone(tmp_path):
    def change(data):
        user_ends(data)
        data["service_vm"]["shared"] = [{"name": "rt0"}, {"name": "link"}]     # it can reach them, and has no device
    table = Table.from_buffer_copy(compile_scenario(load_scenario(written(tmp_path, change))))
    assert [d.vm for d in table.ivshmem[:table.ivshmem_count]] == [1, 1, 4, 4]


def with_ends(change):
    def both(data):
        user_ends(data)
        change(data)
    return both


# REQ-TOO-020
def test_registers_may_be_placed_by_hand(tmp_path):
    def change(data):
        data["prelaunched_vms"][0]["shared"][0]["doorbells"]["registers"] = 0xD0000000
        data["service_vm"]["shared"][1]["doorbells"]["registers"] = 0xC0000000
    table = Table.from_buffer_copy(compile_scenario(load_scenario(written(tmp_path, change))))
    assert [d.registers_gpa for d in table.ivshmem[:4]] == [0x90800000, 0xC0000000, 0xD0000000, 0xFE802000]


# REQ-TOO-020 REQ-TOO-004
def test_acpi_shows_a_bridge_with_windows_for_them(tmp_path):
    content = compile_scenario(load_scenario(written(tmp_path)))
    vm = Table.from_buffer_copy(content).vm[1]
    blob = content[vm.acpi_offset:vm.acpi_offset + vm.acpi_size]
    assert b"PCI0" in blob and b"MCFG" in blob and b"MCF0" in blob, "by ports and by MMCONFIG"
    for start, size in ((0xFE800000, 0x2000), (0xFE802000, 0x2000), (0x44000000, 0x100000), (0x44400000, 0x400000)):
        assert memory_window(start, size) in blob
    assert b"PCI0" not in compile_scenario(load_scenario("rt-only"))


# REQ-TOO-020
def test_the_picture_names_peers_and_places(tmp_path):
    text = draw(load_scenario(written(tmp_path)))
    assert "service: peer 0, PCI 00:1e.2, region link at 0x90400000, registers at 0x90802000, 2 doorbells, each sender's at least 100 us apart" in text
    assert "rtvm: peer 1, PCI 00:1e.0, region rt0 at 0x44000000" in text
    assert "shared-memory devices" not in draw(load_scenario("demo"))


# REQ-TOO-020 REQ-TOO-004
def test_without_mmconfig_the_bus_has_its_ports_only(tmp_path):
    board = yaml.safe_load((ROOT / "configs" / "boards" / "qemu-q35.yaml").read_text(encoding="utf-8"))
    del board["mmconfig"]
    (tmp_path / "ports.yaml").write_text(yaml.safe_dump(board), encoding="utf-8")
    content = compile_scenario(load_scenario(written(tmp_path, lambda data: data.update(board="ports.yaml"))))
    vm = Table.from_buffer_copy(content).vm[1]
    blob = content[vm.acpi_offset:vm.acpi_offset + vm.acpi_size]
    assert b"PCI0" in blob and b"MCFG" not in blob and b"MCF0" not in blob


def at(registers, vm=lambda data: data["prelaunched_vms"][0]):
    """A change that puts the registers of a VM's first device there."""
    return lambda data: vm(data)["shared"][0]["doorbells"].update(registers=registers)


def service(data):
    return data["service_vm"]


# REQ-TOO-020
def test_the_compiler_chooses_a_place_that_is_free(tmp_path):
    def change(data):
        vm = data["prelaunched_vms"][0]
        vm["mmio"] = [{"address": 0xFE800000, "size": "4 KiB"}, {"address": 0xFE805000, "size": "4 KiB"}]
        vm["shared"][1]["doorbells"]["registers"] = 0xFE802000
    table = Table.from_buffer_copy(compile_scenario(load_scenario(written(tmp_path, change))))
    assert [d.registers_gpa for d in table.ivshmem[2:4]] == [0xFE806000, 0xFE802000]
    full = {"gpa": 0xFE000000, "address": 0x50000000, "size": "12 MiB"}      # up to the IOAPIC
    table = Table.from_buffer_copy(compile_scenario(load_scenario(written(tmp_path, lambda data: data["prelaunched_vms"][0]["memory"].append(full)))))
    assert [d.registers_gpa for d in table.ivshmem[2:4]] == [0x4000000, 0x4002000], "behind the VM's RAM"


# REQ-TOO-020
@pytest.mark.parametrize("given", [0x90000000, 0x9C000000])
def test_bars_of_the_service_vm_lie_where_it_has_a_window(tmp_path, given):
    def change(data):
        data["prelaunched_vms"][0]["mmio"] = [{"address": given, "size": "4 KiB"}]
    if given == 0x9C000000:                  # beyond what the devices take
        assert compile_scenario(load_scenario(written(tmp_path, change)))
        return
    with pytest.raises(ConfigError) as caught:
        load_scenario(written(tmp_path, change))
    assert "service_vm.shared[0]: virtual_bars of board qemu-q35 has the device for region rt0 at 0x90000000 to 0x90100000, which is in no device window" in str(caught.value)


MISTAKES = [
    (at(0), "prelaunched_vms[0].shared[0].doorbells.registers: the registers of the device for region rt0, 0x0 to 0x2000, are not two pages below 4 GiB, on a page boundary and not at 0; "
     "give doorbells other registers, such as 0xfe800000"),
    (at(0xFE800800), "0xfe800800 to 0xfe802800, are not two pages below 4 GiB"),
    (at(0xFFFFF000), "0xfffff000 to 0x100001000, are not two pages below 4 GiB"),
    (at(0x100000000), "0x100000000 to 0x100002000, are not two pages below 4 GiB"),
    (at(0xFEE00000), "0xfee00000 to 0xfee02000, meet the local APIC and MSI window"),
    (at(0xFEBFF000), "0xfebff000 to 0xfec01000, meet the IOAPIC"),
    (at(0xB0000000), "0xb0000000 to 0xb0002000, meet PCI configuration (MMCONFIG, 0xb0000000 to 0xc0000000)"),
    (at(0xAFFFF000), "0xaffff000 to 0xb0001000, meet PCI configuration"),
    (at(0x3FFF000), "0x3fff000 to 0x4001000, meet memory[0] of the same VM"),
    (at(0x44400000), "0x44400000 to 0x44402000, meet shared[1] of the same VM"),
    (lambda d: [use["doorbells"].update(registers=0xD0000000) for use in d["prelaunched_vms"][0]["shared"]], "0xd0000000 to 0xd0002000, meet the device of region link of the same VM"),
    (at(0x50000000, service), "service_vm.shared[0].doorbells.registers: the registers of the device for region rt0, 0x50000000 to 0x50002000, are in no device window that the board gives the Service VM; "
     "give doorbells other registers, such as 0x80000000"),
    (at(0xB0000000, service), "0xb0000000 to 0xb0002000, meet PCI configuration"),
    (at(0x90400000, service), "0x90400000 to 0x90402000, meet the device of region link"),
    (lambda d: d["prelaunched_vms"][0]["memory"].append({"gpa": 0xB0000000, "address": 0x50000000, "size": "1 MiB"}), "memory[1]: guest addresses 0xb0000000 to 0xb0100000 meet PCI configuration"),
    (lambda d: d["shared_memory"][0].update(size="768 KiB"), "shared[0]: region rt0 has 768 KiB, and the size of a region with doorbells is a power of two; enlarge it"),
    (lambda d: d["prelaunched_vms"][0]["shared"][0].update(gpa=0x50080000), "rtvm sees region rt0 at 0x50080000, which is not a multiple of its size"),
    (lambda d: d["service_vm"]["shared"].pop(0), "prelaunched_vms[0].shared[0]: nobody but rtvm has doorbells for region rt0"),
    (lambda d: d["shared_memory"][1].update(size="1 GiB"), "the devices do not fit into virtual_bars of board qemu-q35"),
    (lambda d: d["service_vm"]["shared"][0]["doorbells"].update(vectors=9), "doorbells.vectors"),
    (with_ends(lambda d: d["user_vms"]["shared"][0].update(name="lnk")), "user_vms.shared[0].name: there is no shared region lnk; use one of rt0, link or add it to shared_memory"),
    (with_ends(lambda d: d["service_vm"]["shared"].pop(1)), "the Service VM does not share region link, and a User VM has nothing that the Service VM has not; add it to shared of service_vm"),
    (with_ends(lambda d: d["service_vm"]["shared"][1].update(access="read")), "the Service VM may only read region link, and User VMs have no memory of that kind; give it access: write in shared of service_vm"),
    (with_ends(lambda d: d["user_vms"]["shared"][1].update(name="link")), "region link stands twice; remove one"),
    (with_ends(lambda d: [vm["shared"][1].pop("doorbells") for vm in (d["service_vm"], d["prelaunched_vms"][0])]), "nobody but User VMs has doorbells for region link"),
    (with_ends(lambda d: d["user_vms"]["shared"][0].update(gpa=0)), "user_vms.shared[0]"),
    (lambda d: d["service_vm"]["shared"][0]["doorbells"].update(interval_us=0), "doorbells.interval_us"),
]


# REQ-TOO-020
@pytest.mark.parametrize("change, expected", MISTAKES, ids=[expected for _, expected in MISTAKES])
def test_a_mistake_is_explained(tmp_path, change, expected):
    with pytest.raises(ConfigError) as caught:
        load_scenario(written(tmp_path, change))
    assert expected in str(caught.value)


# REQ-TOO-020
def test_a_board_must_say_where_bars_may_be(tmp_path):
    board = yaml.safe_load((ROOT / "configs" / "boards" / "qemu-q35.yaml").read_text(encoding="utf-8"))
    del board["virtual_bars"]
    board["name"] = "bare"
    (tmp_path / "bare.yaml").write_text(yaml.safe_dump(board), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_scenario(written(tmp_path, lambda d: d.update(board="bare.yaml")))
    assert "board bare.yaml does not say where the BARs of virtual devices may be; add virtual_bars to it" in str(caught.value)
