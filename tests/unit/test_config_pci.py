# SPDX-License-Identifier: Apache-2.0
"""PCI functions in board and scenario: how they are named, what memory goes with them, what a VM's ACPI tables say, each mistake."""
import shutil
import struct
import subprocess

import pytest
import yaml

from tests.unit.test_config import DEMO, acpi_tables
from tools.config import acpi, pci
from tools.config.compile import compile_scenario, load_scenario
from tools.config.errors import ConfigError
from tools.config.layout import C, Table
from tools.config.picture import draw
from tools.config.source import ROOT

BOARD = yaml.safe_load((ROOT / "configs" / "boards" / "qemu-q35.yaml").read_text(encoding="utf-8"))
BOARD["iommu"] = True
BOARD["pci"] = [
    {"address": "00:02.0", "id": "8086:10d3", "class": "0200", "name": "e1000e", "group": 1,
     "bars": [{"address": 0xFEB80000, "size": "128 KiB"}, {"address": 0xFEBA0000, "size": "128 KiB"}, {"address": 0xFEBD0000, "size": "16 KiB"}]},
    {"address": "00:03.0", "id": "1234:11e8", "class": "00ff", "name": "edu", "group": 2, "bars": [{"address": 0xFEA00000, "size": "1 MiB"}]},
    {"address": "00:04.0", "id": "1af4:1000", "class": "0200", "group": 3, "bars": [{"address": 0xFEBF0000, "size": 256}]},
    {"address": "00:04.1", "id": "1af4:1005", "class": "00ff", "group": 3, "bars": [{"address": 0xFEBF0100, "size": 256}]},
    {"address": "00:05.0", "id": "1af4:1001", "class": "0100", "bars": [{"address": 0xFEBF1800, "size": 2048}]},
    {"address": "00:06.0", "id": "1af4:1001", "class": "0100", "bars": [{"address": 0xFEBF1000, "size": 2048}]},
]


def scenario(tmp_path, functions, change=lambda data, board: None):
    data, board = (yaml.safe_load(yaml.safe_dump(each)) for each in (DEMO, BOARD))
    data["board"] = "board.yaml"
    data["prelaunched_vms"][0]["pci"] = functions
    change(data, board)
    (tmp_path / "board.yaml").write_text(yaml.safe_dump(board), encoding="utf-8")
    path = tmp_path / "scenario.yaml"
    path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    return load_scenario(path)


def devices(vm):
    return [(r.gpa, r.hpa, r.size, r.flags) for r in vm.range[:vm.range_count] if r.type == C["PART_RANGE_MMIO"]]


# REQ-CFG-036
@pytest.mark.parametrize("name", ["00:02.0", "8086:10d3", "8086:10D3"])
def test_a_function_brings_the_pages_of_its_registers(tmp_path, name):
    table = Table.from_buffer_copy(compile_scenario(scenario(tmp_path, [name])))
    vm = table.vm[1]
    write = C["PART_RANGE_WRITE"]
    assert list(vm.pci[:vm.pci_count]) == [0x10]
    assert devices(vm) == [(0xFEB80000, 0xFEB80000, 0x40000, write), (0xFEBD0000, 0xFEBD0000, 0x4000, write)]
    for start, size in ((0xFEB80000, 0x40000), (0xFEBD0000, 0x4000)):
        assert all(hpa + length <= start or hpa >= start + size for _, hpa, length, _ in devices(table.vm[0]))
    assert any(hpa + length == 0xFEB80000 for _, hpa, length, _ in devices(table.vm[0]))


# REQ-CFG-036
def test_functions_keep_their_order_and_a_class_names_one(tmp_path):
    table = Table.from_buffer_copy(compile_scenario(scenario(tmp_path, ["class 00FF", "00:02.0"], lambda d, b: b["pci"].pop(3))))
    assert list(table.vm[1].pci[:2]) == [0x18, 0x10]


def test_small_registers_take_their_page_once(tmp_path):
    table = Table.from_buffer_copy(compile_scenario(scenario(tmp_path, ["00:05.0", "00:06.0"])))
    assert devices(table.vm[1]) == [(0xFEBF1000, 0xFEBF1000, 0x1000, C["PART_RANGE_WRITE"])]


# REQ-CFG-036
def test_a_board_without_a_list_takes_addresses(tmp_path):
    table = Table.from_buffer_copy(compile_scenario(scenario(tmp_path, ["00:02.0"], lambda d, b: b.pop("pci"))))
    assert (table.vm[1].pci_count, devices(table.vm[1])) == (1, [])


def test_the_picture_says_where_a_vm_sees_its_functions(tmp_path):
    text = draw(scenario(tmp_path, ["00:03.0", "8086:10d3"]))
    assert "00:03.0 | rtvm, which sees it at 00:01.0 | edu | 0xfea00000 1 MiB" in text
    assert "00:02.0 | rtvm, which sees it at 00:02.0 | e1000e | 0xfeb80000 256 KiB, 0xfebd0000 16 KiB" in text


# REQ-CFG-023
def test_a_safe_state_may_write_to_registers_of_a_function(tmp_path):
    def change(data, board):
        data["prelaunched_vms"][0].update(safe_state=[{"address": 0xFEA00064, "value": 1, "size": 4}])
    assert Table.from_buffer_copy(compile_scenario(scenario(tmp_path, ["00:03.0"], change))).vm[1].safe_count == 1


MISTAKES = {
    "not there": (["00:09.0"], None, "board board.yaml has no function 00:09.0; use one of 00:02.0 (e1000e), 00:03.0 (edu), 00:04.0 (1af4:1000)"),
    "no such id": (["8086:1533"], None, "has no function 8086:1533; use one of 00:02.0 (e1000e)"),
    "no list": (["8086:1533"], lambda d, b: b.pop("pci"), "use one of (none listed: run ./bulkhead config board on the machine)"),
    "several": (["class 0200"], None, "2 functions of board board.yaml are class 0200; write the address of one: 00:02.0 (e1000e), 00:04.0 (1af4:1000)"),
    "not an entry": (["nic"], None, "'nic' does not fit; a quoted PCI address"),
    "twice": (["00:02.0", "8086:10d3"], None, "8086:10d3 belongs to rtvm already"),
    "group": (["00:04.0"], None, "nothing keeps 00:04.0 apart from 00:04.1 (1af4:1005): they can reach each other without the IOMMU; give all of them to this VM"),
    "page": (["00:05.0"], None, "a page of the registers of 00:05.0 holds registers of 00:06.0 (1af4:1001); give both to this VM"),
    "hypervisor's": (["00:1e.0"], lambda d, b: b.pop("pci"), "00:1e.0 is the hypervisor's own device"),
    "beside the hypervisor's": (["00:1e.3"], lambda d, b: b.pop("pci"), "00:1e.3 is the hypervisor's own device, or where its functions are"),
    "host bridge": (["00:00.0"], lambda d, b: b.pop("pci"), "00:00.0 is the host bridge; leave it out"),
    "no window": (["00:02.0"], lambda d, b: b.pop("mmconfig"), "does not say where PCI MMCONFIG is, which a VM with a function needs; add mmconfig to the board"),
    "no window of its own": (["00:02.0"], lambda d, b: b.update(mmconfig=0), "does not say where PCI MMCONFIG is"),
    "guest memory there": (["00:03.0"], lambda d, b: d["prelaunched_vms"][0]["memory"].append({"gpa": 0xFEA80000, "address": 0x4A000000, "size": "4 KiB"}),
                           "guest addresses 0xfea00000 to 0xfeb00000 overlap memory[1] of the same VM"),
    "guest memory at the window": (["00:03.0"], lambda d, b: d["prelaunched_vms"][0]["memory"].append({"gpa": 0xB0080000, "address": 0x4A000000, "size": "4 KiB"}),
                                   "memory[1]: guest addresses 0xb0080000 to 0xb0081000 meet PCI configuration (MMCONFIG, 0xb0000000 to 0xc0000000)"),
    "window given as well": (["00:03.0"], lambda d, b: d["prelaunched_vms"][0].update(mmio=[{"address": 0xFEA00000, "size": "4 KiB"}]), "overlaps device window 0xfea00000"),
    "no IOMMU": (["00:03.0"], lambda d, b: b.update(iommu=False), "a PCI device given to a VM needs an IOMMU"),
}


# REQ-CFG-036
@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistake_is_explained(tmp_path, mistake):
    functions, change, expected = MISTAKES[mistake]
    with pytest.raises(ConfigError) as caught:
        scenario(tmp_path, functions, change or (lambda d, b: None))
    assert expected in str(caught.value)


# REQ-TOO-004
def test_a_vm_with_functions_has_an_mcfg_of_one_bus(tmp_path):
    bus = acpi.PciBus(0xB0000000, [(0xFEA00000, 0x100000)])
    tables = acpi_tables(acpi.build(0xE0000, 1, False, acpi.Devices((0x3E8,), True, bus)), 0xE0000)
    assert struct.unpack_from("<QHBB", tables["MCFG"], 44) == (0xB0000000, 0, 0, 0)
    assert "MCFG" not in acpi_tables(acpi.build(0xE0000, 1, False), 0xE0000)


@pytest.mark.skipif(shutil.which("iasl") is None, reason="needs acpica-tools")
@pytest.mark.parametrize("windows", [[], [(0xFEA00000, 0x100000)], [(0xFEA00000 + 0x1000 * i, 0x1000) for i in range(0, 12, 2)] + [(0x380000000000, 0x4000)]])
# REQ-TOO-004
def test_iasl_reads_the_bus_as_it_is_meant(tmp_path, windows):
    for signature, data in acpi_tables(acpi.build(0xE0000, 1, False, acpi.Devices((), True, acpi.PciBus(0xB0000000, windows))), 0xE0000).items():
        path = tmp_path / f"{signature}.aml"
        path.write_bytes(data)
        done = subprocess.run(["iasl", "-d", str(path)], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0 and "Error" not in done.stdout + done.stderr and "Warning" not in done.stdout + done.stderr, done.stdout + done.stderr
    source = (tmp_path / "DSDT.dsl").read_text(encoding="utf-8")
    assert 'EisaId ("PNP0A08")' in source and "WordBusNumber" in source and source.count("QWordMemory") == len(windows)
    for start, size in windows:
        assert f"0x{start:016X}" in source and f"0x{size:016X}" in source
    assert "Memory32Fixed" in source and "0xB0000000" in source
    done = subprocess.run(["iasl", str(tmp_path / "DSDT.dsl")], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert " 0 Errors" in done.stdout, done.stdout + done.stderr


def test_pages_of_a_register_block_are_whole():
    assert pci.pages({"address": 0xFEBF1800, "size": 2048}) == (0xFEBF1000, 0x1000)
    assert pci.pages({"address": 0xFEBF1F00, "size": 512}) == (0xFEBF1000, 0x2000)
