# SPDX-License-Identifier: Apache-2.0
"""./bulkhead bench without a machine: statistics, targets, comparison, files."""
import argparse
import copy
import gzip
import json
import re
import xml.etree.ElementTree as tree

import pytest

from tools import cli
from tools.bench import command, compare, mapping, measure, nic, overlay, paths, peers, report, report_nic, report_paths, rt_linux, single_steps, statistics, targets, vtx
from tools.evidence import provenance, size
from tools.evidence.report import charts
from tools.config.compile import load_scenario
from tools.machine import MachineError, board_devices
from tools.progress import ROOT

HISTOGRAM = [[26, 9990], [30, 9], [1024, 1]]


def one(histogram=None, exits=0, **more):
    histogram = histogram or [[26, 12000]]
    return {**measure.condition(histogram, max(ticks for ticks, _ in histogram), 0, "icount", exits=exits, boot_ticks=15_000_000,
                                exits_by_reason={"cpuid": 2, "io": 0}), **more}


def sample(quick=False):
    results = {"form": 1, "commit": "a" * 40, "dirty": False, "made": "2026-01-01T00:00:00Z", "command": "./bulkhead bench", "emulated": True,
               "quick": quick, "parts": list(command.NAMES), "tools": {"qemu-system-x86_64": "qemu 10"}, "problems": {},
               "conditions": {name: one() for name in report.TITLES}, "work": {"shared.cpuid": {"most": 3000, "times": 5}},
               "costs": {"bare": {"cpuid": {"least": 14, "mean": 14, "most": 14}},
                         "exclusive": {"cpuid": {"least": 558, "mean": 560, "most": 700}, "vmmcall": {"least": 331, "mean": 331, "most": 331}}},
               "timer": {"busy": {"exits": 3.0, "ticks": 7000.5}, "halted": {"exits": 3.0, "ticks": None}},
               "rt_linux": {"bare": {"samples": 9, "latency": {**dict.fromkeys(statistics.NAMES, 4000), "p9999": None}, "histogram": [[4000, 9]]},
                            "alone": {"samples": 9, "latency": dict.fromkeys(statistics.NAMES, 4100), "histogram": [[4100, 9]]}},
               "ipi": {side: {"least": 39, "mean": 40, "most": 900} for side in report_paths.SIDES},
               "access": {kind: {"least": 13, "mean": 14, "most": 15} for kind in paths.ACCESSES},
               "linux_boot": {"service": {"bare": 1000, "bulkhead": 990}, "user": {"bare": 1000, "bulkhead": 1021}},
               "mapping": {name: {"pages": case.pages, "map": 300 * case.pages, "unmap": 200 * case.pages} for name, case in mapping.CASES.items()}, "size": dict.fromkeys(report.SIZES, 1000)}
    for name in ("bare", "bare-exact"):
        results["conditions"][name].update(exits=None, exits_by_reason=None, boot_ticks=None)
    results["targets"] = targets.judge(results)
    return results


# ---- statistics ----

# REQ-TOO-007
def test_figures_of_a_histogram():
    assert statistics.latency(HISTOGRAM) == {"min": 26, "p50": 26, "p99": 26, "p9999": 30, "max": 1024}
    assert statistics.latency([[5, 50], [9, 50]]) == {"min": 5, "p50": 5, "p99": 9, "p9999": None, "max": 9}


@pytest.mark.parametrize("samples, known", [(1, []), (2, ["p50"]), (99, ["p50"]), (100, ["p50", "p99"]), (9999, ["p50", "p99"]), (10000, ["p50", "p99", "p9999"])])
def test_a_percentile_needs_a_sample_beyond_it(samples, known):
    found = statistics.latency([[26, samples]])
    assert [name for name in statistics.PERCENTILES if found[name] is not None] == known


def test_order_of_the_histogram_does_not_matter_and_empty_has_no_figures():
    assert statistics.latency(HISTOGRAM[::-1]) == statistics.latency(HISTOGRAM)
    assert set(statistics.latency([]).values()) == {None}


# ---- what machines print ----

def test_console_of_the_real_time_image_is_read():
    text = "rtvm: steady\nrtvm: latency 26 samples 499\nrtvm: latency 31 samples 1\nrtvm: finished samples 500 overruns 2 latency ticks min 26 p50 26 p99 26 max 31\n"
    assert measure.console_histogram(text) == [[26, 499], [31, 1]]
    assert measure.number(text.splitlines()[-1], "max") == 31 and measure.number(text.splitlines()[-1], "overruns") == 2


def test_figures_of_test_guests_are_read():
    text = "cost\ncpuid 000000000000022e\ncpuid mean 0000000000000230\nok hypervisor found\ndone\n"
    assert measure.hex_figures(text) == {"cpuid": 0x22e, "cpuid mean": 0x230}


@pytest.mark.parametrize("last, exits", [(99, 0), (100, 1), (200, 1)])
def test_an_exit_after_the_warm_up_is_one_of_the_steady_state(last, exits):
    assert measure.steady_exits({"last_exit_tsc": last, "steady_tsc": 100}) == exits


def test_report_of_bhctl_becomes_a_condition():
    rt = {"vm": "rtvm", "latency_ticks": {"min": 26, "p50": 26, "p99": 26, "max": 1025, "mean": 26}, "steady_exits": 0, "overruns": 0, "histogram": HISTOGRAM}
    stats = {"boot_tsc": 100, "vms": [{"name": "service"}, {"name": "rtvm", "start_tsc": 350, "vcpus": [{"exits": {"cpuid": 2}}]}]}
    text = "service: x\n{broken\n" + json.dumps({"latency_ticks": {}}) + "\n" + json.dumps(stats) + "\n" + json.dumps(rt) + "\n"
    found = measure.of_bhctl(*measure.printed_objects(text), "icount")
    assert (found["boot_ticks"], found["exits"], found["samples"]) == (250, 0, 10000)
    assert found["latency"]["max"] == 1025      # exact, where the histogram's buckets are coarse


def test_sizes_are_those_of_sections_and_symbols():
    found = size.size_of(".text 100 0\n.rodata 20 0\n.bss 4000 0\n",
                            "0000000000001000 T image_start\n0000000000003000 B image_end\n0000000000002000 0000000000000800 B stage2_table\n", 77, 4)
    assert (found["text"], found["data"], found["memory"], found["memory_without_pool"]) == (100, 0, 0x2000, 0x1800)
    assert (found["page_table_pool"], found["page_table_pool_per_vm"], found["elf_file"]) == (0x800, 0x200, 77)


def test_cost_of_a_timer_interrupt_is_without_the_guests_own_share():
    shared = {"rounds": 1000, "exits nothing": 2, "exits busy": 3002, "exits halted": 2502, "ticks busy": 8_000_000}
    assert measure.timer_of(shared, {"ticks busy": 1_000_000}) == {"busy": {"exits": 3.0, "ticks": 7000.0}, "halted": {"exits": 2.5, "ticks": None}}


class Said:
    """A machine that has said this."""
    def __init__(self, text):
        self.said = text

    def wait_for(self, *_):
        pass

    def text(self, _):
        return self.said


MAPPED = "".join(f"map {name} {5:016x}\nunmap {name} {6:016x}\n" for name in mapping.CASES) + "ok every hypercall was done\ndone\n"


# REQ-TOO-007
def test_cost_of_mapping_is_what_the_guest_says():
    found = mapping.mapping_of(MAPPED)
    assert found["4k_256"] == {"pages": 256, "map": 5, "unmap": 6} and list(found) == list(mapping.CASES)
    assert "| 4 KiB | 256 |" in mapping.words(found) and mapping.words({}) == ""
    with pytest.raises(MachineError):
        mapping.mapping_of(MAPPED.replace("ok every", "not ok every"))


def round_trips(alone, interrupts=1):
    """What tools/bench/nic.py measures, with medians on Bulkhead that differ from the bare machine's 33 by so much."""
    def one(p50, exits):
        return {"samples": 9, "latency": dict.fromkeys(statistics.NAMES, p50), "exits": exits, "interrupts": interrupts}
    return {wait: {mode: {"bare": one(33, None), "alone": one(33 + more, 0)} for mode in ("icount", "icount-exact")} for wait, more in alone.items()}


# REQ-TOO-007
def test_round_trips_of_a_frame_are_reported_for_both_machines():
    found = round_trips({"poll": 0, "msix": -2})
    assert "| polling | Bulkhead, the other cores halted | one instruction to a block | 9 | 33 | 33 | 33 | 33 | 33 | 0 | 1 |" in report_nic.words(found)
    assert report_nic.words({}) == ""
    assert targets.nic_difference({"nic": found}) == -2 and targets.nic_difference({"nic": {}}) is None
    names = compare.figures({"conditions": {}, "costs": {}, "timer": {}, "work": {}, "size": {}, "nic": found})
    assert names["latency.nic.poll.icount-exact.bare.p50"] == 33 and names["exits.nic.msix.icount"] == 0


def test_a_machine_has_the_devices_of_its_board():
    assert board_devices(load_scenario(nic.SCENARIO).board) == ["-device", "intel-iommu,intremap=on,eim=on", "-device", "e1000e,id=nic0,addr=04.0,romfile="]
    assert board_devices(load_scenario("demo").board) == []


# REQ-TOO-007
def test_a_lost_frame_fails_the_measurement():
    text = "rtvm: latency 33 samples 9\nrtvm: finished samples 9 overruns 0 round trip ticks min 33 p50 33 p99 33 max 33\nrtvm: nic: sent 9 back {} lost {} interrupts 18 other frames 0 broken 0\n"

    class Finished(Said):
        def wait_for(self, _, pattern, *__):
            return re.search(pattern, self.said, re.M)
    assert nic.of_console(Finished(text.format(9, 0)), "icount")["interrupts"] == 18
    with pytest.raises(MachineError):
        nic.of_console(Finished(text.format(8, 1)), "icount")


IPI = "ok each was answered\nipi 0000000000000027\nipi mean 0000000000000028\nipi most 0000000000000029\ndone\n"


def test_round_trip_of_interrupts_is_read_and_a_guest_that_failed_is_told():
    assert paths.ipi_of(Said(IPI), "rtvm") == {"least": 0x27, "mean": 0x28, "most": 0x29}
    with pytest.raises(MachineError, match="each was answered: 5"):
        paths.ipi_of(Said(IPI.replace("ok each was answered", "not ok each was answered: 5")), "rtvm")


def test_histogram_of_cyclictest_is_read_whole_or_not_at_all():
    text = "rt: latency 004108 samples 000002\nrt: latency 010000 samples 000001\nrt: Histogram Overflows 00000\nrt: finished\n"
    assert rt_linux.latency_of(text)["histogram"] == [[4108, 2], [10000, 1]]
    for broken in (text.replace("00000\n", "00001\n"), text.replace("rt: Histogram", ""), "rt: Histogram Overflows 00000\n"):
        with pytest.raises(MachineError, match="no whole histogram"):
            rt_linux.latency_of(broken)


class Stub:
    """A GDB stub that answers in pieces."""
    def __init__(self, *pieces):
        self.pieces, self.sent = list(pieces), b""

    def sendall(self, data):
        self.sent += data

    def recv(self, _):
        return self.pieces.pop(0) if self.pieces else b""


def test_a_command_of_the_gdb_stub_is_framed_and_its_answer_is_waited_for():
    stub = Stub(b"+$O", b"K#9a")
    assert single_steps.ask(stub, "Z0,fff,1") == "OK" and stub.sent == b"$Z0,fff,1#45+"
    with pytest.raises(ConnectionError):
        single_steps.ask(Stub(b"+$O"), "Z0,fff,1")


def test_boot_of_linux_is_from_each_vms_start():
    stats = {"boot_tsc": 1, "vms": [{"name": "service", "start_tsc": 0x100}, {"name": "rtvm", "start_tsc": 0x200}, {"name": "user", "start_tsc": 0x300}]}
    text = f"shell 0000000000001100\nservice: x\nuser shell 0000000000002300\n{json.dumps(stats)}\n"
    assert paths.linux_of(text) == {"service": 0x1000, "user": 0x2000}


def test_files_are_added_to_an_initial_ram_disk_that_stays_as_it_is(tmp_path):
    (tmp_path / "initrd").write_bytes(b"shipped")
    (tmp_path / "tool").write_bytes(b"#!tool")
    packed = overlay.with_files(tmp_path / "initrd", {"bench/tool": tmp_path / "tool"}, tmp_path / "new" / "initrd").read_bytes()
    assert packed.startswith(b"shipped")
    content = gzip.decompress(packed.removeprefix(b"shipped"))
    assert b"bench\0" in content and b"bench/tool\0" in content and b"#!tool" in content


def runs_of(monkeypatch, *found):
    rest = [copy.deepcopy(run) for run in found]
    monkeypatch.setattr(measure, "beside_linux_once", lambda *_: rest.pop(0))
    return rest


def test_a_long_latency_is_measured_again_with_shifts_and_counted(monkeypatch):
    rest = runs_of(monkeypatch, one([[26, 11999], [500, 1]]), one(), one())
    found = measure.beside_linux(None, "loaded", "full", one())
    assert (found["latency"]["max"], found["turns"], len(rest)) == (26, 1, 1)


def test_a_long_latency_that_stays_is_reported(monkeypatch):
    runs_of(monkeypatch, *[one([[26, 11999], [500, 1]])] * 3)
    found = measure.beside_linux(None, "loaded", "full", one())
    assert (found["latency"]["max"], found["turns"]) == (500, 3)


def test_shifts_hide_neither_exits_nor_a_worse_median(monkeypatch):
    runs_of(monkeypatch, one([[30, 11999], [500, 1]], exits=3), one())
    found = measure.beside_linux(None, "loaded", "full", one())
    assert (found["exits"], found["latency"]["p50"], found["latency"]["max"]) == (3, 30, 26)


# ---- targets ----

def judged(results):
    return {row["name"]: row for row in targets.judge(results)}


# REQ-TOO-007
def test_a_target_is_met_not_met_or_not_measured():
    rows = judged(sample())
    assert rows["latency-alone"]["met"] is True and rows["exits-loaded"]["met"] is True and rows["cost-cpuid"]["met"] is False
    assert (rows["cost-port"]["met"], rows["cost-port"]["why"]) == (None, "left out of this run")
    assert (rows["latency-preempt-rt"]["met"], rows["latency-preempt-rt"]["measured"]) == (None, 100)
    assert targets.judge({}, [targets.Target("x", "", 1, "")])[0]["why"] == targets.LATER
    assert (rows["ipi-exclusive"]["measured"], rows["cost-device-model"]["measured"]) == (40, 14)
    assert (rows["boot-linux-service"]["measured"], rows["boot-linux-service"]["met"], rows["boot-linux-user"]["met"]) == (-1.0, True, False)
    assert rows["boot-rtvm"]["measured"] == 15.0
    assert (rows["map-4k"]["measured"], rows["map-1g"]["measured"], rows["map-2m"]["met"]) == (500, 500, None)


@pytest.mark.parametrize("ticks, met", [(26, True), (66, True), (67, False)])
def test_longest_latency_is_held_to_the_bare_machines(ticks, met):
    results = sample()
    results["conditions"]["loaded"] = one([[26, 11999], [ticks, 1]])
    assert judged(results)["latency-loaded-max"]["met"] is met


def test_alone_a_shorter_latency_is_a_difference_too():
    results = sample()
    results["conditions"]["alone-exact"] = one([[25, 12000]])
    assert judged(results)["latency-alone"]["measured"] == 1


def test_nothing_is_judged_without_figures():
    nothing = {**sample(), "conditions": {}, "costs": {}, "timer": {}, "rt_linux": {}, "ipi": {}, "access": {}, "linux_boot": {}, "mapping": {}, "work": {}, "size": {}}
    assert all(row["met"] is None and row["why"] for row in targets.judge(nothing))


def test_names_of_targets_are_unique_and_what_is_quoted_beside_them_has_one():
    names = {target.name for target in targets.TARGETS}
    assert len(names) == len(targets.TARGETS) and set(peers.FIGURES) <= names


# ---- comparison ----

def changed(path, value):
    results = sample()
    place = results
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return results


def worse(new, percent=2.0, old=None):
    return [found.name for found in compare.regressions(old or sample(), new, percent)[0]]


def test_the_same_figures_are_no_regression():
    assert compare.regressions(sample(), sample(), 0) == ([], [])


@pytest.mark.parametrize("path, value, name", [
    (("conditions", "alone", "latency", "p50"), 27, "latency.alone.p50"),
    (("conditions", "loaded", "latency", "max"), 67, "latency.loaded.max"),
    (("conditions", "linux", "exits"), 1, "exits.linux"),
    (("conditions", "linux", "overruns"), 1, "overruns.linux"),
    (("costs", "exclusive", "cpuid", "least"), 570, "cost.exclusive.cpuid"),
    (("work", "shared.cpuid", "most"), 3061, "work.shared.cpuid"),
    (("timer", "busy", "ticks"), 7200, "timer.busy.ticks"),
    (("timer", "halted", "exits"), 3.1, "timer.halted.exits"),
    (("conditions", "alone", "boot_ticks"), 15_300_001, "boot.alone"),
    (("size", "text"), 1021, "size.text"),
    (("ipi", "shared", "least"), 40, "ipi.shared"),
    (("rt_linux", "alone", "latency", "p99"), 4183, "rt_linux.alone.p99"),
    (("access", "dm_mmio", "least"), 14, "access.dm_mmio"),
    (("linux_boot", "user", "bulkhead"), 1042, "linux_boot.user"),
    (("mapping", "4k_16", "unmap"), 3265, "mapping.4k_16.unmap"),
])
# REQ-TOO-008
def test_what_became_worse_beyond_the_tolerance_is_named(path, value, name):
    assert worse(changed(path, value)) == [name]


@pytest.mark.parametrize("path, value", [
    (("conditions", "loaded", "latency", "max"), 66), (("costs", "exclusive", "cpuid", "least"), 569), (("costs", "exclusive", "cpuid", "least"), 100),
    (("work", "shared.cpuid", "most"), 3060), (("size", "text"), 1020), (("conditions", "alone", "latency", "p50"), 25),
])
def test_less_or_within_the_tolerance_is_no_regression(path, value):
    assert worse(changed(path, value)) == []


def test_tolerance_is_for_amounts_and_not_for_latency():
    assert worse(changed(("costs", "exclusive", "cpuid", "least"), 600), percent=10) == []
    assert worse(changed(("conditions", "alone", "latency", "p50"), 27), percent=10) == ["latency.alone.p50"]


def test_a_figure_that_is_gone_is_named():
    new = sample()
    del new["conditions"]["linux"]
    assert "latency.linux.p50" in compare.regressions(sample(), new, 2.0)[1]


@pytest.mark.parametrize("content, words", [("{", "is not a bench.json"), ("[]", "is not a bench.json"), ("{}", "is not a bench.json"), (None, "cannot be read")])
def test_a_file_that_is_no_earlier_run_is_refused(tmp_path, content, words):
    path = tmp_path / "old.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(compare.Unfit, match=words):
        compare.read(path)


def test_another_form_and_another_number_of_samples_are_refused(tmp_path):
    path = tmp_path / "old.json"
    path.write_text(json.dumps({**sample(), "form": 0}), encoding="utf-8")
    with pytest.raises(compare.Unfit, match="form 0"):
        compare.read(path)
    with pytest.raises(compare.Unfit, match="--quick"):
        compare.check_alike(sample(quick=True), False, path)


# ---- the command ----

def arguments(tmp_path, *words):
    return cli.build_parser().parse_args(["bench", "--no-setup", "--no-build", "--out", str(tmp_path / "out"), *words])


@pytest.fixture
def measured(monkeypatch):
    """measured(size): parts that give made-up figures at once."""
    monkeypatch.setattr(provenance, "source", lambda: {"commit": "a" * 40, "dirty": False})

    def give(text=1000):
        monkeypatch.setattr(measure, "size", lambda: {**dict.fromkeys(report.SIZES, 1000), "text": text})
        monkeypatch.setattr(measure, "bare", lambda settings, mode: one(exits=None, exits_by_reason=None))
    give()
    return give


# REQ-TOO-007
def test_a_run_writes_its_three_files(tmp_path, measured, capsys):
    assert command.run(arguments(tmp_path, "--quick", "--only", "size", "--only", "bare")) == 0
    found = json.loads((tmp_path / "out" / "bench.json").read_text(encoding="utf-8"))
    assert (found["quick"], found["parts"], found["commit"]) == (True, ["bare", "size"], "a" * 40)
    assert list(found["conditions"]) == ["bare", "bare-exact"] and found["size"]["text"] == 1000
    assert "| Hypervisor's text | at most 163,840 bytes | 1,000 bytes | met |" in (tmp_path / "out" / "bench.md").read_text(encoding="utf-8")
    tree.parse(tmp_path / "out" / "bench.svg")
    assert "targets met" in capsys.readouterr().out


def test_a_tree_that_changed_meanwhile_counts_as_changed(tmp_path, measured, monkeypatch):
    states = iter([{"commit": "a" * 40, "dirty": False}, {"commit": "b" * 40, "dirty": False}])
    monkeypatch.setattr(provenance, "source", lambda: next(states))
    assert command.run(arguments(tmp_path, "--only", "size")) == 0
    assert json.loads((tmp_path / "out" / "bench.json").read_text(encoding="utf-8"))["dirty"] is True


# REQ-TOO-008
@pytest.mark.parametrize("text, status, words", [(1000, 0, "0 worse"), (1021, 1, "size.text: 1,021, was 1,000")])
def test_comparison_decides_about_the_exit_status(tmp_path, measured, capsys, text, status, words):
    old = tmp_path / "old.json"
    assert command.run(arguments(tmp_path, "--only", "size")) == 0
    (tmp_path / "out" / "bench.json").rename(old)
    measured(text)
    assert command.run(arguments(tmp_path, "--only", "size", "--compare", str(old))) == status
    assert words in capsys.readouterr().out


def test_parts_that_were_not_asked_for_are_not_missed(tmp_path, measured, capsys):
    old = tmp_path / "old.json"
    old.write_text(json.dumps(sample()), encoding="utf-8")
    assert command.run(arguments(tmp_path, "--only", "size", "--compare", str(old))) == 0
    assert "not measured this time" in capsys.readouterr().out


def test_an_earlier_run_that_does_not_fit_ends_before_anything_is_measured(tmp_path, measured, capsys):
    assert command.run(arguments(tmp_path, "--only", "size", "--compare", str(tmp_path / "none.json"))) == 2
    assert not (tmp_path / "out").exists() and "cannot be read" in capsys.readouterr().err


# REQ-TOO-007
def test_a_part_that_fails_is_told_and_fails_the_run(tmp_path, measured, monkeypatch, capsys):
    def broken(*_):
        raise MachineError("the machine stopped", "rtvm")
    monkeypatch.setattr(measure, "bare", broken)
    assert command.run(arguments(tmp_path, "--only", "bare", "--only", "size")) == 1
    found = json.loads((tmp_path / "out" / "bench.json").read_text(encoding="utf-8"))
    assert found["problems"] == {"bare": "the machine stopped"} and found["size"]
    assert "- bare: the machine stopped" in (tmp_path / "out" / "bench.md").read_text(encoding="utf-8")
    assert "failed" in capsys.readouterr().out


def test_the_parser_knows_every_part_and_refuses_others(tmp_path, capsys):
    assert cli.BENCH_PARTS == command.NAMES
    for words in (["--only", "flight"], ["--tolerance", "-1"], ["--tolerance", "much"]):
        with pytest.raises(SystemExit) as caught:
            arguments(tmp_path, *words)
        assert caught.value.code == 2
    assert "invalid choice: 'flight'" in capsys.readouterr().err


def test_the_file_says_how_to_repeat_it():
    assert command.command_line(argparse.Namespace(quick=True, only=["bare", "size"])) == "./bulkhead bench --quick --only bare --only size"


# ---- the files ----

# REQ-TOO-007
def test_the_page_that_is_kept_is_what_its_data_give():
    kept = ROOT / "docs" / "benchmark"
    results = compare.read(kept / "bench.json")
    assert results["dirty"] is False and results["quick"] is False and results["problems"] == {}
    assert results["parts"] == list(command.NAMES)
    assert (kept / "bench.md").read_text(encoding="utf-8") == report.markdown(results), "run ./bulkhead bench on a clean commit and keep its three files"


# REQ-TOO-007
def test_the_page_on_vt_x_is_what_its_data_give():
    kept = ROOT / "docs" / "benchmark"
    results = json.loads((kept / "vt-x.json").read_text(encoding="utf-8"))
    assert results["dirty"] is False
    assert (kept / "vt-x.md").read_text(encoding="utf-8") == vtx.markdown(results), "run ./bulkhead bench --machine bochs on a clean commit and keep its two files"


class FakeBochs:
    """Prints what the guests of a scenario print."""
    def __init__(self, name):
        self.name, self.exact = name, False

    def __enter__(self):
        assert self.exact
        return self

    def __exit__(self, *_):
        pass

    def wait_for(self, console, pattern, timeout):
        if self.name == "broken":
            raise MachineError("no end", console)

    def text(self, console):
        figures = {"cost": {kind: 16 + (console == "service") for kind in vtx.KINDS}, "timer": {"exits busy": 26, "exits nothing": 6, "ticks busy": 5000, "rounds": 10}}
        return "".join(f"{name} {value:016x}\r\n" for name, value in figures.get(self.name, {"ipi mean": 7}).items())


# REQ-TOO-007
def test_what_exits_cost_on_vt_x_is_measured_alone(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(vtx, "machine_for", lambda _scenario, folder, *_, **__: FakeBochs(folder.name))
    assert vtx.run(argparse.Namespace(out=str(tmp_path))) == 0
    found = json.loads((tmp_path / "vt-x.json").read_text(encoding="utf-8"))
    assert found["costs"]["exclusive"]["cpuid"] == 16 and found["costs"]["shared"]["cpuid"] == 17
    assert found["timer"] == {"exits": 2.0, "ticks": 500.0} and found["ipi"] == {"exclusive": 7, "shared": 7}
    assert "| CPUID | 16 | 17 |" in (tmp_path / "vt-x.md").read_text(encoding="utf-8")
    monkeypatch.setattr(vtx, "machine_for", lambda *_, **__: FakeBochs("broken"))
    assert vtx.run(argparse.Namespace(out=str(tmp_path))) == 1
    assert "failed: " in capsys.readouterr().out


def test_markdown_has_every_target_and_every_condition():
    text = report.markdown(sample())
    assert all(f"| {target.words} |" in text for target in targets.TARGETS)
    assert all(title in text for title in report.TITLES.values()) and all(words in text for words in report_paths.ACCESSES.values())
    assert "| Service VM | 1,000 | 990 | -1.00 % |" in text
    assert "558 / 560 / 700" in text and "no such thing" in text and "| CPUID exit, exclusive core | at most 200 ticks | 558 ticks | **not met** |" in text


def test_markdown_tells_a_changed_tree_and_a_quick_run():
    text = report.markdown({**sample(quick=True), "dirty": True})
    assert "with uncommitted changes" in text and "`--quick`" in text
    assert "uncommitted" not in report.markdown(sample()) and "--quick" not in report.markdown(sample())


def test_a_cell_cannot_break_its_table():
    assert report.table(["a"], [["x|y\nz"]]) == "| a |\n|---|\n| x\\|y z |\n"
    assert report.table(["a"], [[1234567], [None]]) == "| a |\n|---:|\n| 1,234,567 |\n| – |\n"


def test_every_row_of_every_table_has_the_columns_of_its_head():
    width = None
    for line in report.markdown(sample()).splitlines():
        if line.startswith("|"):
            cells = line.replace("\\|", "").count("|")
            width = width or cells
            assert cells == width, line
        else:
            width = None


def test_plot_has_one_line_for_each_condition_of_one_emulation():
    svg = report.plot(sample()["conditions"])
    root = tree.fromstring(svg)
    words = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert sum("samples" in (word or "") and ":" in word for word in words) - 1 == 5    # the axis has the word as well
    assert report.plot({}) is None


def test_plot_stays_inside_its_frame_for_any_values():
    svg = charts.outlines("t", [("a", [(0, 1), (1, 100000)]), ("b", [(1_000_000, 3)]), ("c", [(26, 1)])], "ticks")
    for element in tree.fromstring(svg).iter("{http://www.w3.org/2000/svg}circle"):
        assert 0 <= float(element.get("cx")) <= charts.WIDTH and 0 <= float(element.get("cy")) <= 330
