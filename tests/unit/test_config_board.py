# SPDX-License-Identifier: Apache-2.0
"""./bulkhead config board: facts of a machine become a board file, or are refused with what is wrong."""
import hashlib
import subprocess

import pytest
import yaml

from tools import cli
from tools.bench import stick
from tools.config import inspect
from tools.config.compile import BOARDS, compile_scenario, load_scenario
from tools.config.errors import ConfigError
from tools.config.source import ROOT, Document, parse_bytes

# A PC whose RAM comes in four ranges, with a hole of the firmware in the low one.
FADT = bytearray(276)
FADT[64:68] = (0x804).to_bytes(4, "little")
FADT[188:196] = (0x904).to_bytes(8, "little")
LINES = ["cores 8", "model Acme Core 9", "machine Acme / X1 / X1-B / F9", "has svm", "has npt", "has x2apic",
         "memory 0x0 0x9fbff System RAM", "memory 0x100000 0x9bfffff System RAM", "memory 0x9c00000 0x9ffffff Reserved", "memory 0xa000000 0x7fffffff System RAM",
         "memory 0x80000000 0x800fffff ACPI Tables", "memory 0x100000000 0x17fffffff System RAM", "memory 0x180000000 0x1ffffffff System RAM",
         "window 0x000a0000 0x000bffff", "window 0x90000000 0xfec2ffff", "window 0x4000000000 0x7fffffffff", "mmconfig 0xe0000000",
         "pci 00:00.0", "pci 00:1e.0", "pci 00:1d.0", "uart 0x000003F8", "uart 0x000002F8", f"fadt {FADT.hex()}", "s5 06040a0500000000ffff", "iommu IVRS"]


def printed(lines):
    digest = hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()
    return "".join(f"bhi1 {line}\r\n" for line in ["begin", *lines, f"end {digest}"])


def made(tmp_path, lines=None, name="acme.yaml", noise=""):
    facts = tmp_path / "facts.txt"
    facts.write_text(noise + printed(LINES if lines is None else lines), encoding="utf-8")
    notes = inspect.write_board(facts, tmp_path / name)
    return yaml.safe_load((tmp_path / name).read_text(encoding="utf-8")), notes


def without_line(word):
    return [line for line in LINES if not line.startswith(word)]


def refusal(tmp_path, **more):
    with pytest.raises(ConfigError) as caught:
        made(tmp_path, **more)
    return str(caught.value)


# REQ-CFG-031
def test_facts_become_a_board(tmp_path):
    board, notes = made(tmp_path, noise="boot: noise\nservice: bhi is no fact\n")
    assert notes == []
    assert (board["name"], board["cores"], board["mmconfig"], board["log_port"], board["tsc_hz"]) == ("acme", 8, 0xE0000000, 0x3F8, 0)
    assert [(part["address"], parse_bytes(part["size"])) for part in board["ram"]] == \
        [(0x100000, 0x9B00000), (0xA000000, 0x76000000), (0x100000000, 0x100000000)]     # pages of RAM, neighbours joined
    assert (board["platform_ports"], board["s5_slp_typ"], board["hv_device"], board["iommu"]) == ([0x804, 0x805, 0x904, 0x905], 5, "00:1c.0", False)
    assert board["description"] == "Acme Core 9; Acme / X1 / X1-B / F9"


# REQ-CFG-036
def test_functions_that_a_vm_can_be_given_are_listed_with_group_and_registers(tmp_path):
    lines = LINES + ["function 00:00.0 8086:29c0 0600 0", "function 00:1c.0 8086:a33c 0604 4 0x90000000-0x90000fff",
                     "function 02:00.0 8086:1533 0200 14 0x0000000091200000-0x000000009127ffff 0x0000000091280000-0x0000000091283fff", "function 00:1f.4 8086:a323 0c05 9 0x0-0xff"]
    board, notes = made(tmp_path, lines=lines)
    assert notes == []
    assert board["pci"] == [{"address": "02:00.0", "id": "8086:1533", "class": "0200", "group": 14,
                             "bars": [{"address": 0x91200000, "size": 0x80000}, {"address": 0x91280000, "size": 0x4000}]},
                            {"address": "00:1f.4", "id": "8086:a323", "class": "0c05", "group": 9, "bars": []}]


def test_groups_that_are_not_known_are_said(tmp_path):
    board, notes = made(tmp_path, lines=LINES + ["function 02:00.0 8086:1533 0200 - 0x91200000-0x9127ffff"])
    assert "group" not in board["pci"][0] and "isolation groups" in notes[0]


# REQ-CFG-031
def test_the_service_vm_gets_no_window_of_what_the_hypervisor_owns(tmp_path):
    windows = [(part["address"], parse_bytes(part["size"])) for part in made(tmp_path)[0]["mmio"]]
    for start, size in ((0xFEC00000, 0x1400000), (0xE0000000, 0x10000000)):
        assert not any(start < at + length and at < start + size for at, length in windows)
    assert windows[2:] == [(0x90000000, 0x50000000), (0xF0000000, 0xEC00000), (0x4000000000, 0x4000000000)]


# REQ-CFG-031
@pytest.mark.parametrize("fact, expected", [("0xf8000000 0xfbffffff", (0xF8000000, 64)), ("0xe0000000 0xefffffff", (0xE0000000, None)), ("0xe0000000", (0xE0000000, None))])
def test_a_small_mmconfig_window_is_as_large_as_it_is(tmp_path, fact, expected):
    board, _ = made(tmp_path, lines=[*without_line("mmconfig"), f"mmconfig {fact}"])
    assert (board["mmconfig"], board.get("mmconfig_buses")) == expected
    assert ((0xFC000000, 0x2C00000) in [(part["address"], parse_bytes(part["size"])) for part in board["mmio"]]) == (expected[1] is not None)


BOARD_MISTAKES = [
    (lambda b: b["mmio"].append({"name": "x", "address": 0xB0000000, "size": "1 MiB"}), "mmio[7]: 0xb0000000 to 0xb0100000 meets PCI configuration (MMCONFIG, 0xb0000000 to 0xc0000000), which the hypervisor owns; split it around that"),
    (lambda b: b["mmio"].append({"name": "x", "address": 0xFEC00000, "size": "4 KiB"}), "meets the IOAPIC"),
    (lambda b: b["mmio"].append({"name": "x", "address": 0xFEEFF000, "size": "4 KiB"}), "meets the local APIC and MSI window"),
    (lambda b: b["mmio"].append({"name": "x", "address": 0xFED00800, "size": "4 KiB"}), "0xfed00800, 0x1000 bytes, is not made of whole 4 KiB pages"),
    (lambda b: b["mmio"].append({"name": "x", "address": (1 << 48) - 4096, "size": "8 KiB"}), "goes beyond 2^48"),
    (lambda b: b["mmio"].append({"name": "x", "address": 0x17FFFF000, "size": "4 KiB"}), "meets RAM of the board"),
    (lambda b: b["mmio"].append({"name": "x", "address": 0x9F000, "size": "4 KiB"}), "meets RAM of the board"),
    (lambda b: b["mmio"].append({"name": "x", "address": 0xC0001000, "size": "4 KiB"}), "overlaps a window before it"),
    (lambda b: b.pop("hv_device"), "hv_device: the hypervisor's PCI device is function 0 of a device other than 00:00; name one that the machine has not"),
    (lambda b: b.update(hv_device="00:1e.1"), "hv_device: the hypervisor's PCI device is function 0"),
    (lambda b: b.update(log_port=0xFFF9), "log_port: 0xfff9 is not the base of a 16550 UART"),
    (lambda b: b.update(log_port=0x60), "log_port: 0x60 is not the base of a 16550 UART"),
    (lambda b: b.update(tsc_hz=99_999_999), "tsc_hz: 99999999 is not 100 MHz to 20 GHz"),
    (lambda b: b.update(tsc_hz=20_000_000_001), "tsc_hz: 20000000001 is not 100 MHz to 20 GHz"),
]


# REQ-TOO-001
@pytest.mark.parametrize("change, words", BOARD_MISTAKES, ids=[f"{index} {words}" for index, (_, words) in enumerate(BOARD_MISTAKES)])
def test_what_the_hypervisor_would_refuse_of_a_board_is_said(tmp_path, change, words):
    board = yaml.safe_load((BOARDS / "qemu-q35.yaml").read_text(encoding="utf-8"))
    change(board)
    (tmp_path / "wrong.yaml").write_text(yaml.safe_dump(board, sort_keys=False), encoding="utf-8")
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text((ROOT / "configs" / "scenarios" / "rt-only.yaml").read_text(encoding="utf-8").replace("board: qemu-q35", "board: wrong.yaml"), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_scenario(scenario)
    assert words in str(caught.value) and "wrong.yaml:" in str(caught.value)


# REQ-CFG-031
def test_a_scenario_beside_the_board_compiles_with_it(tmp_path):
    board, _ = made(tmp_path)
    assert "0xe0000000" in (tmp_path / "acme.yaml").read_text(encoding="utf-8")
    for condition in (one for one in stick.CONDITIONS if one.name not in stick.BARE):
        scenario = tmp_path / "scenario.yaml"
        scenario.write_text(yaml.safe_dump(stick.scenario_of(board, "acme.yaml", condition, 0x2E8)), encoding="utf-8")
        assert compile_scenario(load_scenario(scenario))
    assert Document(stick.board_file(str(tmp_path / "acme.yaml")), "board").data == board


def test_a_board_that_is_not_beside_the_scenario_is_named(tmp_path):
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text((ROOT / "configs" / "scenarios" / "rt-only.yaml").read_text(encoding="utf-8").replace("qemu-q35", "moon.yaml"), encoding="utf-8")
    with pytest.raises(ConfigError, match="there is no board moon.yaml; use one of .*qemu-q35"):
        load_scenario(scenario)
    assert (BOARDS / "qemu-q35.yaml").exists()


@pytest.mark.parametrize("lines, words", [
    (without_line("has") + ["has x2apic"], "this CPU shows neither svm and npt nor vmx and ept"),
    (without_line("has") + ["has vmx", "has ept"], "this CPU does not show x2apic to Linux: no scenario with an exclusive VM"),
    (without_line("has") + ["has vmx", "has ept", "has x2apic", "root 0000:00", "root 0000:40"], "windows of the PCI root buses 0000:40 were not taken over"),
    (without_line("uart"), "no UART was found: log_port is 0"),
    (without_line("s5") + ["s5 "], "SLP_TYP of soft-off was not found"),
    (without_line("s5"), "SLP_TYP of soft-off was not found"),
    (LINES + ["has smt"], "hyper-threading is on"),
    (LINES + ["kind core 0-3", "kind atom 4-7"], "cores 0-3 are performance cores, 4-7 efficiency cores"),
    (without_line("cores") + ["cores 64"], "the machine has 64 cores; the board file says 16"),
])
def test_what_somebody_must_look_at_is_said_and_stands_in_the_file(tmp_path, lines, words):
    _, notes = made(tmp_path, lines)
    assert len(notes) == 1 and words in notes[0]
    assert f"# LOOK: {notes[0]}" in (tmp_path / "acme.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("code, value", [("06040a0500000000ffff", 5), ("06040000000000ffffff", 0), ("060401000000ffffffff", 1), ("4a0004000000ffffffff", 0),
                                         ("060a11000000ffffffff", None), ("", None)])
def test_soft_off_is_read_from_the_package(code, value):
    assert inspect.soft_off(bytes.fromhex(code)) == value


# REQ-CFG-031
@pytest.mark.parametrize("lines, words", [
    (without_line("memory"), "there is no RAM among the facts"),
    (without_line("window") + ["window 0x00000000 0x00000000"], "the kernel hid the addresses; run inspect.sh as root"),
    (without_line("cores"), "the number of cores is not among the facts"),
    (LINES + [f"pci 00:{device:02x}.0" for device in range(32)], "no device number is free on PCI bus 0"),
])
def test_facts_that_make_no_board_are_refused(tmp_path, lines, words):
    assert words in refusal(tmp_path, lines=lines)


# REQ-CFG-031
@pytest.mark.parametrize("change, words", [
    (lambda text: text.replace("cores 8", "cores 9"), "do not fit their checksum"),
    (lambda text: text.replace("bhi1 has npt\r\n", ""), "do not fit their checksum"),
    (lambda text: text.partition("bhi1 end")[0], "there are no facts"),
    (lambda text: "", "there are no facts"),
    (lambda text: text.replace("bhi1 begin", ""), "the beginning of the facts is missing"),
])
def test_a_file_that_lost_something_is_refused(tmp_path, change, words):
    path = tmp_path / "facts.txt"
    path.write_text(change(printed(LINES)), encoding="utf-8")
    with pytest.raises(ConfigError, match=words):
        inspect.write_board(path, tmp_path / "acme.yaml")
    assert not (tmp_path / "acme.yaml").exists()


def test_the_last_facts_of_a_log_count(tmp_path):
    earlier = printed([line.replace("cores 8", "cores 2") for line in LINES])
    board, _ = made(tmp_path, noise=earlier + earlier[:200] + "\n")
    assert board["cores"] == 8


def test_the_command_says_what_it_wrote_and_ends_with_status_2_for_mistakes(tmp_path, capsys):
    facts = tmp_path / "facts.txt"
    facts.write_text(printed(without_line("uart")), encoding="utf-8")
    assert cli.main(["config", "board", str(facts), "-o", str(tmp_path / "acme.yaml")]) == 0
    assert "look: no UART was found" in capsys.readouterr().out
    assert cli.main(["config", "board", str(facts), "-o", str(tmp_path / "acme")]) == 2
    assert cli.main(["config", "board", str(tmp_path / "none"), "-o", str(tmp_path / "acme.yaml")]) == 2
    assert "cannot be read" in capsys.readouterr().err


# REQ-CFG-031
def test_a_board_file_that_is_there_is_kept_and_a_refused_one_is_not_left(tmp_path):
    (tmp_path / "acme.yaml").write_text("by hand", encoding="utf-8")
    assert "acme.yaml: is there already" in refusal(tmp_path)
    assert (tmp_path / "acme.yaml").read_text(encoding="utf-8") == "by hand"
    assert "cannot be written: No such file" in refusal(tmp_path, name="none/x.yaml")
    refusal(tmp_path, name="My Board.yaml")
    assert not (tmp_path / "My Board.yaml").exists()


# REQ-CFG-031
def test_the_script_runs_on_this_machine_and_its_facts_are_whole():
    done = subprocess.run(["sh", str(ROOT / "tools" / "config" / "inspect.sh")], capture_output=True, text=True, timeout=60, check=True)
    assert int(inspect.read_facts(done.stdout, "here")["cores"][0]) >= 1
