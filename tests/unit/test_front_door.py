# SPDX-License-Identifier: Apache-2.0
"""The front door without a machine: help, completion, images, packages, the demo's summary."""
import argparse
import gzip
import pathlib
import re
import stat
import subprocess

import pytest

from tools import apt, boot, cli, completion, demo, progress, run, setup, testing
from tools.config.errors import ConfigError
from tools.images import build, listing, programs
from tools.images.cpio import Archive
from tools.machine import MODES, Machine, MachineError
from tools.progress import ROOT, StepError

COMMANDS = ["demo", "test", "evidence", "bench", "run", "config", "image", "build", "setup", "completion"]


def bulkhead(*words, status=0):
    done = subprocess.run([str(ROOT / "bulkhead"), *words], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_help_names_every_command():
    text = bulkhead("--help")
    assert all(re.search(rf"^    {name}\b", text, re.M) for name in COMMANDS)


@pytest.mark.parametrize("words", [[name] for name in COMMANDS] + [["config", "check"], ["config", "compile"], ["config", "show"], ["config", "board"]])
# REQ-TOO-005
def test_every_command_explains_itself_and_each_option(words):
    text = bulkhead(*words, "--help")
    assert "usage: ./bulkhead " + " ".join(words) in text
    parser = cli.build_parser()
    for word in words:
        parser = completion.subparsers(parser)[word]
    assert all(action.help for action in parser._actions if action.dest != "command")


# REQ-TOO-005
def test_unknown_command_is_refused():
    assert "invalid choice: 'fly'" in bulkhead("fly", status=2)


def test_version():
    assert bulkhead("--version").strip() == f"bulkhead {(ROOT / 'VERSION').read_text(encoding='utf-8').strip()}"


def test_config_show_and_errors_go_through_the_front_door(tmp_path):
    assert "core 3  | rtvm (exclusive)" in bulkhead("config", "show", "demo")
    assert "cannot be read" in bulkhead("config", "check", str(tmp_path / "missing.yaml"), status=2)
    output = tmp_path / "table.part"
    bulkhead("config", "compile", "demo", "-o", str(output), "--append", "service=quiet")
    assert b"panic=-1 quiet" in output.read_bytes()


@pytest.mark.parametrize("words", [("--compare", "old.json"), ("--tolerance", "3")])
# REQ-TOO-005
def test_a_stick_is_not_made_with_options_that_it_would_forget(words):
    assert "--image measures nothing" in bulkhead("bench", "--image", "stick.img", *words, status=1)


# REQ-TOO-005
def test_an_image_that_was_not_built_is_named_with_what_brings_it(tmp_path, monkeypatch):
    monkeypatch.setattr(listing, "ROOT", tmp_path)
    with pytest.raises(StepError, match=r"cloud-initrd.gz was not built.* --group bochs"):
        listing.run(argparse.Namespace(image="cloud"))


def complete(*words):
    """What bash offers for the last word."""
    line = " ".join(f"'{word}'" for word in ("./bulkhead",) + words)
    code = f"source <(./bulkhead completion); COMP_WORDS=({line}); COMP_CWORD={len(words)}; _bulkhead; echo \"${{COMPREPLY[@]}}\""
    return subprocess.run(["bash", "-c", code], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()


def test_completion_offers_commands_options_and_scenarios():
    assert complete("de") == ["demo"]
    assert complete("test", "--f") == ["--fast"]
    assert set(complete("config", "")) >= {"check", "compile", "show", "board"}
    assert set(complete("config", "show", "min")) == {"minimal", "minimal-bochs"}
    assert set(complete("demo", "--mo")) == {"--model", "--module"} and complete("demo", "sap") == ["sapphire_rapids"] and complete("test", "--l") == ["--long"]
    assert "rt-only" in complete("run", "")
    assert complete("bench", "--only", "lo") == ["loaded"] and complete("bench", "--q") == ["--quick"]


# ---- images ----

def test_archive_holds_what_was_put_in():
    archive = Archive()
    archive.file("bin/tool", b"12345", 0o755)
    archive.file("bin/other", b"", 0o644)
    archive.link("sbin", "bin")
    archive.character_device("dev/null", 1, 3)
    found = {name: (mode, size) for name, mode, size in listing.entries(gzip.decompress(archive.pack()))}
    assert list(found) == ["bin", "bin/tool", "bin/other", "sbin", "dev", "dev/null"]
    assert found["bin/tool"] == (stat.S_IFREG | 0o755, 5)
    assert stat.S_ISLNK(found["sbin"][0]) and stat.S_ISCHR(found["dev/null"][0]) and stat.S_ISDIR(found["bin"][0])


# REQ-TOO-003
def test_archive_is_the_same_every_time():
    def make():
        archive = Archive()
        archive.file("a", b"x" * 1000)
        return archive.pack()
    assert make() == make()


@pytest.mark.skipif(programs.path(programs.NEEDED) is None, reason="needs rt-tests")
# REQ-TOO-009
def test_real_time_image_has_its_programs_with_every_library_and_is_the_same_every_time():
    packed = build.rt()
    names = {name for name, _, _ in listing.entries(gzip.decompress(packed))}
    assert {"init", "bin/busybox", "usr/bin/cyclictest", "etc/rt_cyclictest.sh"} <= names
    for name in ("cyclictest", "rtla", "hackbench"):
        if f"usr/bin/{name}" in names:
            needed = re.findall(r"NEEDED +(\S+)", subprocess.run(["objdump", "-p", f"/usr/bin/{name}"], check=True, capture_output=True, text=True).stdout)
            assert needed and all(any(path.endswith("/" + library) for path in names) for library in needed)
    assert "lib64/ld-linux-x86-64.so.2" in names
    assert build.rt() == packed


def test_a_program_without_its_libraries_makes_no_image(tmp_path):
    (tmp_path / "ldd").write_text("#!/bin/sh\necho '  liblost.so.1 => not found'\n", encoding="utf-8")
    (tmp_path / "ldd").chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(programs.LOCALE, "PATH", str(tmp_path))
        patch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
        with pytest.raises(FileNotFoundError, match="liblost"):
            programs.with_libraries(pathlib.Path("/usr/bin/anything"))


# ---- packages ----

def test_nothing_is_missing_when_all_is_installed(monkeypatch):
    have = {name: "1:10.0" for name in setup.wanted("test", "12")}
    monkeypatch.setattr(apt, "installed", lambda: have)
    assert setup.missing_packages(setup.wanted("test", "12")) == {}


def test_old_qemu_counts_as_missing_and_says_why(monkeypatch):
    have = {name: "1:7.2+dfsg-7+deb12u1" for name in setup.wanted("test", "12")}
    monkeypatch.setattr(apt, "installed", lambda: have)
    missing = setup.missing_packages(setup.wanted("test", "12"))
    assert list(missing) == ["qemu-system-x86"] and "7.2" in missing["qemu-system-x86"]


def test_the_report_needs_no_more_than_its_own_packages():
    assert set(setup.wanted("evidence", "12")) == {"weasyprint", "fonts-open-sans"}
    assert "weasyprint" not in setup.wanted("test", "12")


def test_a_scenario_with_the_real_time_kernel_asks_for_it():
    assert run.groups("rt-linux", {}) == run.groups("rt-linux-smp", {}) == ["rt"]
    assert run.groups("demo", {}) == ["run"]
    assert run.groups("rt-linux", {"rt-kernel": "a", "rt-initrd": "b"}) == ["run"]     # with files of one's own
    assert set(setup.wanted("rt", "12")) - set(setup.wanted("run", "12")) == {"rt-tests", "rtla"}
    assert set(setup.wanted("rt", "12")) < set(setup.wanted("test", "12"))


def kernels(folder, monkeypatch):
    """What is unpacked: the User VMs' kernel is 6.1.0-1-cloud-amd64."""
    monkeypatch.setattr(setup, "KERNELS", folder)
    monkeypatch.setattr(setup, "STAMP", folder / "stamp.json")
    monkeypatch.setattr(setup, "CLOUD_STAMP", folder / "headers" / "cloud")
    (folder / "headers" / "usr" / "src" / "linux-headers-6.1.0-1-common").mkdir(parents=True)
    (folder / "stamp.json").write_text('{"form": 1, "service": "6.1.0-1-amd64", "user": "6.1.0-1-cloud-amd64"}', encoding="utf-8")


# REQ-TOO-014
def test_headers_of_the_cloud_kernel_come_beside_the_others_once(tmp_path, monkeypatch):
    kernels(tmp_path, monkeypatch)
    added = []
    monkeypatch.setattr(setup, "update_lists", lambda: None)
    monkeypatch.setattr(setup, "add_headers", added.append)
    monkeypatch.setattr(apt, "candidate", lambda _: "6.1")
    monkeypatch.setattr(apt, "depends", lambda _: ["linux-headers-6.1.0-1-common", "linux-kbuild-6.1", "linux-compiler-gcc-12-x86"])
    assert not setup.cloud_headers_ready()
    setup.fetch_cloud_headers()
    assert added == [["linux-headers-6.1.0-1-cloud-amd64", "linux-kbuild-6.1"]] and setup.cloud_headers_ready()
    (tmp_path / "stamp.json").write_text('{"user": "6.1.0-2-cloud-amd64"}', encoding="utf-8")
    assert not setup.cloud_headers_ready()      # of the kernel before


# REQ-TOO-014
def test_without_its_headers_the_cloud_kernel_is_no_image_and_the_group_that_brings_them_is_named(tmp_path, monkeypatch):
    kernels(tmp_path, monkeypatch)
    monkeypatch.setattr(setup, "kernel_ready", lambda: True)
    assert not {"cloud-kernel", "cloud-initrd"} & set(boot.known_images())
    with pytest.raises(ConfigError, match="no file is known for the tag cloud-kernel; .* or run ./bulkhead setup --group bochs"):
        boot.boot_modules(boot.load_for("demo-bochs"), tmp_path / "run")
    setup.CLOUD_STAMP.write_text("6.1.0-1-cloud-amd64\n", encoding="utf-8")
    known = boot.known_images()
    assert known["cloud-kernel"].name == "vmlinuz-6.1.0-1-cloud-amd64" and known["cloud-initrd"].name == "cloud-initrd.gz"


def test_package_names_of_debian_13():
    assert "libelf1t64" in setup.wanted("run", "13") and "libelf1" not in setup.wanted("run", "13")


INDEX = """http://mirror.example/debian/|bookworm|main|Debian
http://mirror.example/debian/|bookworm-updates|main|Debian
http://security.example/debian-security/|bookworm-security|main|Debian
https://third.example/apt|bookworm|main|Docker
"""
URIS = """'http://mirror.example/debian/dists/bookworm/InRelease' mirror_InRelease 0
'http://mirror.example/debian/dists/bookworm/main/binary-amd64/Packages.xz' mirror_Packages 0
"""


def sources_with(monkeypatch, tmp_path, index, uris):
    monkeypatch.setattr(apt, "APT", tmp_path)
    monkeypatch.setattr(apt, "release", lambda: ("12", "bookworm"))
    monkeypatch.setattr(apt, "output", lambda command: index if "indextargets" in command else uris)
    apt.write_sources(backports=True)
    return [line.split(" ", 1)[1].rpartition("] ")[2] for line in (tmp_path / "sources.list").read_text(encoding="utf-8").splitlines()]


def test_backports_come_from_the_mirror_that_apt_uses(monkeypatch, tmp_path):
    sources = sources_with(monkeypatch, tmp_path, INDEX, "")
    assert "http://mirror.example/debian/ bookworm-backports main" in sources
    assert "http://security.example/debian-security/ bookworm-security main" in sources
    assert not any("third.example" in line for line in sources)


def test_mirror_is_found_before_the_first_update(monkeypatch, tmp_path):
    sources = sources_with(monkeypatch, tmp_path, "", URIS)
    assert sources == ["http://mirror.example/debian/ bookworm main", "http://mirror.example/debian/ bookworm-backports main"] or \
        sources == ["http://mirror.example/debian bookworm main", "http://mirror.example/debian bookworm-backports main"]


def test_no_mirror_is_an_error_that_says_what_to_do(monkeypatch, tmp_path):
    with pytest.raises(apt.AptError, match="add your mirror"):
        sources_with(monkeypatch, tmp_path, "", "")


def test_failed_step_shows_its_last_lines(monkeypatch, tmp_path):
    monkeypatch.setattr(progress, "ROOT", tmp_path)
    monkeypatch.setattr(progress, "LOGS", tmp_path / "logs")
    with pytest.raises(progress.StepError, match="what went wrong"):
        progress.run_step("a step", ["sh", "-c", "echo what went wrong; exit 3"], "test-step")


# ---- the machine and the demo ----

@pytest.mark.parametrize("mode", MODES)
def test_command_line_has_four_consoles_and_tagged_modules(tmp_path, mode):
    machine = Machine(tmp_path, [(ROOT / "a b", "partition-table"), (ROOT / "c", "rtvm")], mode=mode)
    line = machine.command()
    assert line.count("-serial") == 4
    assert line[line.index("-initrd") + 1] == "a b partition-table,c rtvm"


def test_waiting_for_a_machine_that_ended_names_the_console(tmp_path):
    machine = Machine(tmp_path)
    machine.process = subprocess.Popen(["true"])
    machine.process.wait()
    with pytest.raises(MachineError, match="stopped") as caught:
        machine.wait_for("rtvm", "hello", 5)
    assert caught.value.console == "rtvm"


STATS = {"vms": [{"name": "service", "kind": "service", "exclusive": False, "memory_bytes": 4 << 30, "vcpus": [{"core": 0}, {"core": 1}, {"core": 2}]},
                 {"name": "rtvm", "kind": "pre-launched", "exclusive": True, "memory_bytes": 64 << 20, "vcpus": [{"core": 3}]},
                 {"name": "user1", "kind": "user", "exclusive": False, "memory_bytes": 128 << 20, "vcpus": [{"core": 1}]}]}
REPORT = {"interrupts": 12345, "steady_exits": 0, "tsc_hz": 1000000000, "latency_ticks": {"min": 1000, "p50": 2000, "p99": 30000, "max": 4000000}}


def test_summary_tells_cores_memory_and_latency(capsys):
    demo.print_summary(STATS, REPORT, {"service": 7.0, "steady": 0.5, "launch": 8.0, "user": 11.5})
    text = capsys.readouterr().out
    assert re.search(r"rtvm +real-time VM +3 \(exclusive\) +64 MiB +0\.5 s", text)
    assert re.search(r"user1 +User VM \(Linux\) +1 +128 MiB +3\.5 s", text)
    assert "12,345" in text and "1.0 / 2.0 / 30.0 / 4,000.0 us" in text and "wall-clock" in text


# REQ-TOO-014
def test_summary_of_counted_time_speaks_of_no_wall_clock(capsys):
    demo.print_summary(STATS, REPORT, {"service": 7.0, "steady": 0.5, "launch": 8.0, "user": 11.5}, counted=True)
    text = capsys.readouterr().out
    assert "1,000 / 2,000 / 30,000 / 4,000,000 ticks" in text and "is an instruction" in text and "wall-clock" not in text


def test_an_exit_in_the_steady_state_fails_the_demo():
    demo.exits_are_zero(REPORT)
    with pytest.raises(demo.DemoError, match="had 2 VM exits"):
        demo.exits_are_zero({**REPORT, "steady_exits": 2})


# REQ-EVI-007
def test_result_line_counts():
    tally = testing.Tally()
    tally.add(passed=3, failed=1, names=["x"])
    assert tally.line() == "3 passed, 1 failed"
    tally.add(skipped=2)
    assert tally.line() == "3 passed, 1 failed, 2 skipped"


# REQ-EVI-007
@pytest.mark.parametrize("cores, gigabytes, files", [(2, 24, 2), (8, 24, 4), (2, 8, 1), (2, 4, 1), (1, 64, 1)])
def test_files_of_tests_share_cores_and_memory(monkeypatch, cores, gigabytes, files):
    monkeypatch.setattr(testing.os, "sched_getaffinity", lambda _: set(range(cores)))
    monkeypatch.setattr(testing.os, "sysconf", {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": gigabytes << 18}.get)
    monkeypatch.setattr(testing.importlib.util, "find_spec", lambda _: "there")
    assert testing.spread("") == ["-n", str(files), "--dist", "loadfile"]
    assert testing.spread("name") == []


def test_without_xdist_tests_run_one_by_one(monkeypatch):
    monkeypatch.setattr(testing.importlib.util, "find_spec", lambda _: None)
    assert testing.spread("") == []


def test_every_file_of_the_front_door_has_a_licence_line():
    files = [ROOT / "bulkhead", ROOT / "SConstruct", *(ROOT / "tools").rglob("*.py"), *(ROOT / "tools").rglob("*.sh"), *(ROOT / "configs").rglob("*.yaml")]
    assert [path for path in map(pathlib.Path, files) if "SPDX-License-Identifier" not in path.read_text(encoding="utf-8")] == []
