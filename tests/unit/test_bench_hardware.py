# SPDX-License-Identifier: Apache-2.0
"""./bulkhead bench --image and --import without a machine: records that are read or refused, reports of a machine, the image's menu and scenarios."""
import json
import xml.etree.ElementTree as tree
import zlib

import pytest

from tools import cli, setup
from tools.bench import command, compare, hardware, importing, record, report_hardware, stick
from tools.config.compile import BOARDS, compile_scenario, load_scenario
from tools.config.source import Document
from tools.progress import ROOT, StepError

TICKS = {"histogram": [[30, 9990], [60, 9], [3000, 1]], "least": 30, "most": 3001}


def texts(condition="bare", whole=True, build="0123456789ab", model="Acme Core 9", under=None, hz=3_000_000_000, machine=("Acme", "X1 Rev. 2"), samples=None,
          date="2026-1-5T7:3"):
    """The texts of a record's lines, without the last."""
    histogram = TICKS["histogram"] if samples is None else [[30, samples]]
    count = sum(number for _, number in histogram)
    found = [f"begin {'whole' if whole else 'short'} {condition}", f"build {build}", f"date {date}", "cpu AuthenticAMD 00a20f12 0a201210", f"model {model}"]
    found += [f"under {under}"] * (under is not None) + [f"machine {part}" for part in machine]
    found += [f"rate {hz} 100000000 {hz // 1000}", f"took {count} 0", f"ticks {TICKS['least']} 30 30 60 {TICKS['most']}"]
    found += [] if condition == "bare" else ["exits 0 14", "boot 45000000"]
    return found + ["h " + " ".join(f"{ticks}:{number}" for ticks, number in histogram)] * whole


def printed(lines):
    """What the machine prints of these: checksums, and the last line."""
    total = zlib.crc32("".join(f"{line}\n" for line in lines).encode())
    return "".join(f"bhb1 {line} *{zlib.crc32(line.encode()) & 0xFFFF:04x}\r\n" for line in [*lines, f"end {len(lines)} {total:08x}"])


def one(*words, **more):
    return printed(texts(*words, **more))


def costs(condition, least, **more):
    lines = [line for line in texts(condition, machine=(), **more) if line.partition(" ")[0] not in ("rate", "took", "ticks", "exits", "boot", "h")]
    return printed([*lines, "clock 3000000000", f"cost cpuid {least} {least + 3} 9000", "cost nothing 30 30 30"])


ALL = "".join(one(name) for name in record.LATENCY)


def refusal(text):
    with pytest.raises(record.Damaged) as caught:
        record.read(text, "log")
    return str(caught.value)


# ---- records ----

# REQ-TOO-012
def test_a_record_is_found_among_everything_else_on_the_line():
    text = "boot: Bulkhead\n\x1b[0m" + one("loaded").replace("bhb1 rate", "[   3.1] noise bhb1 rate") + "service: done\n"
    found, = record.read(text, "log")
    assert (found["condition"], found["whole"], found["samples"], found["exits"], found["exits_total"]) == ("loaded", True, 10000, 0, 14)
    assert found["histogram"] == TICKS["histogram"] and found["ticks"] == {"min": 30, "p50": 30, "p99": 30, "p9999": 60, "max": 3001}
    assert (found["model"], found["signature"], found["microcode"], found["machine"]) == ("Acme Core 9", "00a20f12", "0a201210", ["Acme", "X1 Rev. 2"])


# REQ-TOO-012
@pytest.mark.parametrize("change, words", [
    (lambda text: text.replace("took 10000 0", "took 10000 1"), "log:9: the line does not fit its checksum"),
    (lambda text: text.replace("Acme Core 9", "Acme Core 8"), "log:5: the line does not fit its checksum"),
    (lambda text: text.partition("bhb1 took")[0], "the record of line 1 has no end: it is not complete"),
    (lambda text: text[:text.index("*", text.index("bhb1 took"))], "log:9: the line is cut off"),
    (lambda text: "".join(line for line in text.splitlines(True) if "build" not in line), "the record has 11 lines, 10 are there"),
    (lambda text: "".join(line for line in text.splitlines(True) if "begin" not in line), "outside a record: the line 'begin' is missing"),
    (lambda text: text.partition("bhb1 end")[0] + text, "a new record begins, but the one of line 1 has no end"),
    (lambda text: text.replace("bhb1", "bhb2"), "a record of form 2; this version reads 1"),
    (lambda text: "nothing\n", "there is no record"),
])
def test_a_log_that_is_broken_cut_off_or_edited_is_refused_with_the_place(change, words):
    assert words in refusal(change(one()))


# REQ-TOO-012
def test_a_line_of_another_record_with_a_good_checksum_is_refused():
    text = one().replace(printed(["took 10000 0"]).partition("\r\n")[0], printed(["took 20000 0"]).partition("\r\n")[0])
    assert "do not belong together" in refusal(text)


# REQ-TOO-012
@pytest.mark.parametrize("change, words", [
    (lambda lines: [line for line in lines if not line.startswith("rate")], "it has no line 'rate'"),
    (lambda lines: [line.replace("10000 0", "20000 0") for line in lines], "the latencies that were seen are 10000, the samples 20000"),
    (lambda lines: [line if not line.startswith("ticks") else "ticks 30 30" for line in lines], "'ticks' has 2 values, not 5"),
    (lambda lines: [line if not line.startswith("ticks") else "ticks 40 30 30 60 39" for line in lines], "shortest latency is longer than the longest"),
    (lambda lines: [line if not line.startswith("rate") else "rate 0 1 1" for line in lines], "the rate of the clock is 0"),
    (lambda lines: [line.replace("whole bare", "whole flight") for line in lines], "the condition 'flight' is not known"),
])
def test_a_record_that_no_machine_prints_is_refused(change, words):
    assert words in refusal(printed(change(texts())))


def test_a_record_without_samples_is_refused():
    assert "there are no samples" in refusal(printed([line.replace("took 10000 0", "took 0 0") for line in texts(whole=False)]))


# ---- what becomes of them ----

def imported(tmp_path, text=ALL):
    path = tmp_path / "log.txt"
    path.write_text(text, encoding="utf-8")
    return hardware.results_of([str(path)])


# REQ-TOO-013
def test_ticks_become_nanoseconds_of_the_machines_clock(tmp_path):
    found = imported(tmp_path)
    assert list(found["conditions"]) == list(record.LATENCY)
    alone = found["conditions"]["alone"]
    assert alone["latency"] == {"min": 10.0, "p50": 10.0, "p99": 10.0, "p9999": 20.0, "max": 1000}
    assert alone["histogram"] == [[10.0, 9990], [20.0, 9], [1000, 1]]
    assert (alone["boot_ticks"], alone["exits"], found["conditions"]["bare"]["exits"]) == (15_000_000, 0, None)
    assert found["hardware"] and not found["emulated"] and not found["quick"] and found["unit"] == "ns" and found["targets"] == []


# REQ-TOO-013
def test_round_trips_of_a_frame_stand_beside_the_latencies(tmp_path):
    found = imported(tmp_path, one() + "".join(one(name) for name in record.ROUND_TRIPS))
    assert list(found["conditions"]) == ["bare"] and list(found["round_trips"]) == list(record.ROUND_TRIPS)
    rows = [line for line in report_hardware.markdown(found).splitlines() if line.startswith(("| polling |", "| MSI"))]
    assert rows == [f"| {name} | 10,000 | 10.00 | 10.00 | 10.00 | 20.00 | 1,000 | 0 |" for name in ("polling", "MSI", "MSI-X")]
    assert "Round trip" not in report_hardware.markdown(imported(tmp_path))


# REQ-TOO-013
def test_costs_stand_beside_those_of_the_bare_machine(tmp_path):
    found = imported(tmp_path, costs("cost-bare", 60) + costs("cost-exclusive", 600) + one())
    assert found["costs"]["exclusive"]["cpuid"] == {"least": 200, "mean": 201, "most": 3000} and found["costs"]["bare"]["nothing"]["least"] == 10.0
    text = report_hardware.markdown(found)
    assert "| CPUID | 20.00 / 21.00 / 3,000 | 200 / 201 / 3,000 |" in text and "| VMMCALL, no such hypercall | – | – |" in text
    only = imported(tmp_path, costs("cost-bare", 60))
    assert only["conditions"] == {} and "Latency of the timer" not in report_hardware.markdown(only) and "Measured on hardware" in report_hardware.markdown(only)


# REQ-TOO-013
def test_the_report_says_which_machine_it_was(tmp_path):
    text = report_hardware.markdown(imported(tmp_path))
    assert "Measured on hardware: Acme Core 9 (AuthenticAMD 00a20f12, microcode 0a201210), TSC 3,000.000 MHz; board Acme / X1 Rev. 2; by the machine's clock 2026-01-05 07:03." in text
    assert "commit 0123456789ab" in text and "in ns" in text and "target" in text and "not met" not in text
    assert all(title in text for title in report_hardware.TITLES.values())


# REQ-TOO-013
@pytest.mark.parametrize("text, words", [
    (one(under="TCGTCGTCGTCG"), "**Not hardware**: the machine says that it is QEMU without hardware virtualization"),
    (one(under="KVMKVMKVM"), "**Not hardware**: the machine says that it is a virtual machine of KVM"),
    (one(under="Other"), "a virtual machine of 'Other'"),
    (one("linux", machine=("QEMU", "Standard PC")), "**Not hardware**: the machine says that it is an emulated board of QEMU"),
    (one("alone", machine=()), "Whether this is hardware cannot be told"),
])
def test_a_report_of_an_emulator_says_so(tmp_path, text, words):
    found = imported(tmp_path, text)
    assert words in report_hardware.markdown(found) and "Measured on hardware" not in report_hardware.markdown(found)


@pytest.mark.parametrize("text, words", [
    (one() + one("alone", build="ba9876543210"), "the commit of the image is 0123456789ab in 'bare' and ba9876543210 in 'alone'"),
    (one() + one("alone", model="Acme Core 7"), "the CPU's name is Acme Core 9 in 'bare' and Acme Core 7 in 'alone'"),
    (one() + one("alone", hz=3_004_000_000), "its clock is not steady: 3,000,000,000 Hz in 'bare' and 3,004,000,000 Hz in 'alone'"),
])
# REQ-TOO-013
def test_records_of_two_machines_or_two_builds_are_no_measurement(tmp_path, text, words):
    with pytest.raises(hardware.Unfit) as caught:
        imported(tmp_path, text)
    assert words in str(caught.value)


def test_the_last_record_of_a_condition_counts_and_the_screens_short_form_does_not_replace_the_whole(tmp_path):
    again = imported(tmp_path, one(samples=20000) + one() + one(whole=False))
    assert again["conditions"]["bare"]["samples"] == 10000 and again["conditions"]["bare"]["histogram"] and again["left_out"] == 2
    assert "2 earlier or shorter records" in report_hardware.markdown(again)


# REQ-TOO-013
def test_a_timer_that_fires_early_is_told(tmp_path):
    late = imported(tmp_path)
    early = imported(tmp_path, printed([line.replace("30:9990", "0:9990") for line in texts()]))
    assert early["conditions"]["bare"]["early"] == 9990 and "**Measure again**" in report_hardware.markdown(early)
    assert "9,990 of 10,000 (bare machine)" in report_hardware.markdown(early) and "Measure again" not in report_hardware.markdown(late)


def test_what_was_copied_from_the_screen_has_figures_and_no_drawing(tmp_path):
    found = imported(tmp_path, one(whole=False))
    assert found["conditions"]["bare"]["latency"]["p9999"] == 20.0 and report_hardware.plot(found["conditions"]) is None
    assert "bench.svg" not in report_hardware.markdown(found)


def test_the_drawing_is_small_for_any_number_of_latencies(tmp_path):
    svg = report_hardware.plot({"bare": {"histogram": [[ticks, 1] for ticks in range(1, 20000)]}})
    tree.fromstring(svg)
    assert len(svg) < 200_000


# ---- the command ----

def run(tmp_path, capsys, *words, text=ALL):
    path = tmp_path / "log.txt"
    path.write_text(text, encoding="utf-8")
    args = cli.build_parser().parse_args(["bench", "--import", str(path), "--out", str(tmp_path / "out"), *words])
    return importing.run(args), "".join(capsys.readouterr())


# REQ-TOO-013
def test_import_writes_the_three_files(tmp_path, capsys):
    status, said = run(tmp_path, capsys)
    assert status == 0 and "Measured on hardware: Acme Core 9" in said and "10,000 samples" in said
    assert json.loads((tmp_path / "out" / "bench.json").read_text(encoding="utf-8"))["machine"]["model"] == "Acme Core 9"
    assert (tmp_path / "out" / "bench.md").exists() and (tmp_path / "out" / "bench.svg").exists()


def test_a_damaged_file_or_none_writes_nothing(tmp_path, capsys):
    status, said = run(tmp_path, capsys, text=one().replace("took", "book"))
    assert status == 2 and "does not fit its checksum" in said and not (tmp_path / "out").exists()
    args = cli.build_parser().parse_args(["bench", "--import", str(tmp_path / "none")])
    assert importing.run(args) == 2 and "cannot be read" in capsys.readouterr().err


# REQ-TOO-008 REQ-TOO-013
def test_two_machines_are_compared_and_both_are_named(tmp_path, capsys):
    old = tmp_path / "old.json"
    old.write_text(json.dumps(imported(tmp_path, "".join(one(name, model="Acme Core 7", machine=("Acme", "W9")) for name in record.LATENCY))), encoding="utf-8")
    status, said = run(tmp_path, capsys, "--compare", str(old))
    assert status == 0 and "Two machines are compared. The other one: Acme Core 7" in said and " 0 worse," in said
    slow = json.loads(old.read_text(encoding="utf-8"))
    slow["conditions"]["alone"]["latency"]["p99"] = 9.0
    old.write_text(json.dumps(slow), encoding="utf-8")
    status, said = run(tmp_path, capsys, "--compare", str(old))
    assert status == 1 and "latency.alone.p99: 10.00, was 9.00" in said
    assert run(tmp_path, capsys, "--compare", str(old), "--tolerance", "20")[0] == 0


# REQ-TOO-008 REQ-TOO-013
def test_ticks_of_the_emulator_and_times_of_a_machine_are_not_compared(tmp_path, capsys):
    kept = str(ROOT / "docs" / "benchmark" / "bench.json")
    status, said = run(tmp_path, capsys, "--compare", kept)
    assert status == 2 and "has instructions counted in the emulator, this run times of a machine: they cannot be compared" in said
    emulated = tmp_path / "emulated.json"
    emulated.write_text(json.dumps(imported(tmp_path, one(under="KVMKVMKVM"))), encoding="utf-8")
    assert "times of an emulated machine" in run(tmp_path, capsys, "--compare", str(emulated))[1]
    machine = tmp_path / "machine.json"
    machine.write_text(json.dumps(imported(tmp_path)), encoding="utf-8")
    args = cli.build_parser().parse_args(["bench", "--only", "size", "--compare", str(machine), "--out", str(tmp_path / "new")])
    assert command.run(args) == 2 and "they cannot be compared" in capsys.readouterr().err


def test_a_comparison_of_many_and_few_samples_is_refused(tmp_path, capsys):
    old = tmp_path / "old.json"
    old.write_text(json.dumps(imported(tmp_path, one(samples=500))), encoding="utf-8")
    status, said = run(tmp_path, capsys, "--compare", str(old))
    assert status == 2 and "fewer than 10,000 samples" in said


@pytest.mark.parametrize("words, message", [(["--board", "x"], "--board goes with --image"), (["--import", "x", "--serial", "0x2f8"], "--serial goes with --image")])
def test_words_for_the_image_are_refused_without_it(words, message):
    with pytest.raises(StepError, match=message):
        cli.command_bench(cli.build_parser().parse_args(["bench", *words]))


def test_the_parser_refuses_two_things_at_once_and_other_ports(capsys):
    for words in (["--image", "a", "--import", "b"], ["--image", "a", "--only", "bare"], ["--image", "a", "--serial", "0x123"]):
        with pytest.raises(SystemExit) as caught:
            cli.build_parser().parse_args(["bench", *words])
        assert caught.value.code == 2
    assert set(cli.BENCH_PORTS) == {f"{port:#x}" for port in stick.TTYS} and stick.PORT in cli.BENCH_PORTS
    assert (cli.BENCH_PERCENT, cli.BENCH_PERCENT_HARDWARE) == (compare.PERCENT, compare.PERCENT_HARDWARE)
    capsys.readouterr()


# ---- the image ----

BOARD = Document(BOARDS / f"{stick.BOARD}.yaml", "board").data


@pytest.mark.parametrize("condition", [one for one in stick.CONDITIONS if one.name not in stick.BARE], ids=lambda one: one.name)
# REQ-TOO-012
def test_every_scenario_of_the_stick_compiles_with_its_words(tmp_path, condition):
    path = tmp_path / "scenario.yaml"
    (tmp_path / "board.yaml").write_text(json.dumps({**BOARD, "log_port": 0}), encoding="utf-8")
    path.write_text(json.dumps(stick.scenario_of(BOARD, "board.yaml", condition, 0x2F8)), encoding="utf-8")
    scenario = load_scenario(path)
    words = stick.words_of(condition, stick.place_of(BOARD, stick.BOARD), 0x2F8, 500, "0123456789ab+")
    assert compile_scenario(scenario, words)
    if condition.image == "cost":
        assert words == {"rtvm": "console=0x2f8 record=1 condition=cost-exclusive build=0123456789ab+"}
        return
    assert "console=0 " in words["rtvm"] and ("0x2f8" if condition.load is None else "console=ttyS1,115200") in words["service"]


def test_a_board_without_room_is_refused_by_name():
    with pytest.raises(StepError, match="board small has no 72 MiB of RAM"):
        stick.place_of({**BOARD, "ram": [{"address": 0, "size": "512 MiB"}]}, "small")
    with pytest.raises(StepError, match="board small has one core"):
        stick.scenario_of({**BOARD, "cores": 1}, "small", stick.CONDITIONS[1])
    with pytest.raises(StepError, match="there is no board moon.yaml"):
        stick.make("x", "moon.yaml", 0x3F8, 1)
    with pytest.raises(StepError, match="there is no board moon; the boards are .*qemu-q35"):
        stick.make("x", "moon", 0x3F8, 1)


# REQ-TOO-012
def test_the_menu_has_each_condition_with_a_key_of_its_own():
    text = stick.menu([(condition, ["true"]) for condition in stick.CONDITIONS], 0x2F8, "0123456789ab", "acme")
    assert all(f"menuentry 'Measure: {condition.words}' --hotkey={condition.key}" in text for condition in stick.CONDITIONS)
    assert len({condition.key for condition in stick.CONDITIONS} | {"r", "i", "c", "e"}) == len(stick.CONDITIONS) + 4 and "--hotkey=i" in text
    assert "--unit=1" in text and "for board acme" in text
    assert [condition.name for condition in stick.CONDITIONS] == [*record.LATENCY, "nic-msix", *record.COSTS]


def test_what_is_missing_for_an_image_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(stick.shutil, "which", lambda name: None if name == "mformat" else "/bin/x")
    monkeypatch.setattr(stick, "GRUB", {"UEFI": "none"})
    with pytest.raises(StepError, match="without mformat, GRUB for UEFI; run ./bulkhead setup --group stick"):
        stick.make(tmp_path / "x.img", stick.BOARD, 0x3F8, 1)
    assert {"mtools", "grub-efi-amd64-bin", "grub-pc-bin", "xorriso"} <= set(setup.wanted("stick", "12")) & set(setup.wanted("test", "12"))


def test_an_image_is_written_to_a_file_in_a_folder_that_is_there(tmp_path, monkeypatch):
    monkeypatch.setattr(stick, "missing_programs", list)
    with pytest.raises(StepError, match="there is no folder"):
        stick.make(tmp_path / "none" / "x.img", stick.BOARD, 0x3F8, 1)
    for device in (tmp_path, "/dev/null"):
        with pytest.raises(StepError, match="is no file: write the image to one, then copy it"):
            stick.make(device, stick.BOARD, 0x3F8, 1)
