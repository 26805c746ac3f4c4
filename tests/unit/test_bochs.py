# SPDX-License-Identifier: Apache-2.0
"""The second machine without starting it: where Bochs comes from, its configuration, the CD that it boots, how its end is read."""
import re
import subprocess
import types

import pytest
import yaml

from tools import apt, apt_foreign, bochs_package, boot, boot_cd, cli, demo, run, setup
from tools.bochs import MODELS, REGISTERS, RESET, SWITCHED_OFF, Bochs
from tools.bochs_package import Installation
from tools.config.errors import ConfigError
from tools.machine import CONSOLES, ROOT, Machine, MachineError
from tools.progress import StepError

# ---- where it comes from ----

INDEX = "http://mirror.example/debian/|bookworm|main|Debian\nhttp://security.example/debian-security/|bookworm-security|main|Debian\n"
SIMULATED = """Inst libc6 (2.41 Debian:13/stable [amd64])
Inst mawk (1.3 Debian:13/stable [amd64])
Inst libgtk-3-common (3.24 Debian:13/stable [all])
Inst libx11-data (1.8 Debian:13/stable [all])
Inst libgtk-3-0t64 (3.24 Debian:13/stable [amd64])
Inst libstdc++6 (14 Debian:13/stable [amd64])
Inst bochs (3.0 Debian:13/stable [amd64])
Conf bochs (3.0 Debian:13/stable [amd64])
"""


@pytest.fixture
def host(tmp_path, monkeypatch):
    """A Debian 12 whose apt knows a mirror; nothing leaves the machine."""
    asked = []

    def answer(command):
        asked.append(command)
        return INDEX if "indextargets" in command else SIMULATED
    monkeypatch.setattr(apt, "APT", tmp_path / "apt")
    monkeypatch.setattr(apt, "release", lambda: ("12", "bookworm"))
    monkeypatch.setattr(apt, "output", answer)
    return asked


# REQ-TOO-010
def test_the_other_release_comes_from_the_mirror_that_apt_uses(host, tmp_path):
    apt_foreign.write_sources("trixie")
    lines = (tmp_path / "apt" / "trixie" / "sources.list").read_text(encoding="utf-8").splitlines()
    assert [line.rpartition("] ")[2].removeprefix("deb ") for line in lines] == ["http://mirror.example/debian/ trixie main"]


# REQ-TOO-010
def test_apt_sees_neither_the_hosts_sources_nor_its_packages(host, tmp_path):
    words = apt_foreign.options("trixie")
    own = dict(word.split("=", 1) for word in words if word != "-o")
    assert own["Dir::Etc::SourceParts"] == own["Dir::Etc::Preferences"] == own["Dir::Etc::PreferencesParts"] == "/dev/null"
    for key in ("Dir::Etc::SourceList", "Dir::State", "Dir::State::Lists", "Dir::State::status", "Dir::Cache::archives"):
        assert own[key].startswith(f"{tmp_path}/apt/trixie"), key
    assert (tmp_path / "apt" / "trixie" / "status").read_text(encoding="utf-8") == ""


# REQ-TOO-010
def test_of_what_a_program_needs_only_libraries_are_taken(host):
    assert apt_foreign.closure("trixie", ("bochs",)) == ["libc6", "libgtk-3-0t64", "libstdc++6", "bochs"]
    assert {"-s", "install", "bochs"} <= set(host[-1]), "apt only simulates"


def test_a_private_one_runs_with_its_own_loader_libraries_and_plugins(tmp_path):
    one = Installation(tmp_path, "3.0")
    assert one.program()[0] == f"{tmp_path}/usr/lib64/ld-linux-x86-64.so.2" and one.program()[-1] == f"{tmp_path}/usr/bin/bochs-bin"
    assert f"{tmp_path}/usr/lib/x86_64-linux-gnu" in one.program()[2].split(":")
    assert one.environment()["LTDL_LIBRARY_PATH"] == f"{tmp_path}/usr/lib/x86_64-linux-gnu/bochs/plugins"
    system = Installation("/", "3.0")
    assert system.program() == ["/usr/bin/bochs-bin"] and "LTDL_LIBRARY_PATH" not in system.environment()


@pytest.fixture
def present(tmp_path, monkeypatch):
    """present(private=VERSION, system=VERSION): what is there."""
    def make(private=None, system=None):
        if private:
            (tmp_path / "version").write_text(f"{private}\n", encoding="utf-8")
        monkeypatch.setattr(bochs_package, "FOLDER", tmp_path)
        monkeypatch.setattr(bochs_package, "ask_version", lambda program, environment=None: system)
    return make


def test_the_newest_is_used_wherever_it_lies(present):
    present(private="3.0", system="2.7")
    assert bochs_package.newest().private and bochs_package.ready()
    present(private="3.9", system="3.10")
    assert not bochs_package.newest().private and bochs_package.newest().version == "3.10"


def test_the_old_one_serves_where_no_newer_is_asked_for(present):
    present(system="2.7")
    assert bochs_package.newest().version == "2.7" and not bochs_package.ready()
    with pytest.raises(MachineError, match=r"Bochs 3.0 or newer is not installed \(there is 2.7\); run ./bulkhead setup --group bochs"):
        bochs_package.newest("3.0")


# REQ-TOO-016
def test_an_older_one_is_used_when_asked_for(present, tmp_path, monkeypatch):
    present(private="3.0")
    monkeypatch.setenv(bochs_package.CHOICE, "2.7")
    assert not bochs_package.ready()
    with pytest.raises(MachineError, match="Bochs 2.7 is not there; run ./bulkhead setup --group bochs with BULKHEAD_BOCHS=2.7"):
        bochs_package.newest()
    old = tmp_path.with_name(f"{tmp_path.name}-2.7")
    old.mkdir()
    (old / "version").write_text("2.7\n", encoding="utf-8")
    assert bochs_package.newest().root == old and bochs_package.ready()
    monkeypatch.delenv(bochs_package.CHOICE)
    assert bochs_package.newest().version == "3.0"


def test_no_bochs_is_an_error_that_says_what_to_do(present):
    present()
    with pytest.raises(MachineError, match="Bochs is not installed; run ./bulkhead setup --group bochs"):
        bochs_package.newest()


@pytest.mark.parametrize("text, version", [("Bochs x86 Emulator 3.0\n", "3.0"), ("Bochs x86 Emulator 2.7.1\n", "2.7.1"), ("nothing", None)])
def test_version_is_what_it_says_of_itself(text, version):
    assert bochs_package.ask_version(["sh", "-c", f"echo '{text}'; :"]) == version
    assert bochs_package.ask_version(["/nowhere/bochs-bin"]) is None


def test_packages_of_each_release():
    assert {"bochs", "bochsbios", "vgabios", "xorriso"} <= set(setup.wanted("bochs", "13")) & set(setup.wanted("test", "13"))
    assert not set(bochs_package.PACKAGES) & set(setup.wanted("test", "12")) and "xorriso" in setup.wanted("bochs", "12")
    assert not {"bochs", "xorriso"} & set(setup.wanted("rt", "13"))


# REQ-TOO-010
def test_without_a_mirror_of_the_release_only_who_asked_for_it_is_stopped(monkeypatch, capsys):
    def absent():
        raise StepError("no such release")
    monkeypatch.setattr(bochs_package, "fetch", absent)
    setup.fetch_bochs("test")
    assert "will be skipped" in capsys.readouterr().out
    with pytest.raises(StepError, match="no such release"):
        setup.fetch_bochs("bochs")


# ---- its configuration ----

@pytest.fixture
def lines(tmp_path):
    """lines(...): the configuration of a Bochs with these arguments."""
    def make(**options):
        machine = Bochs(tmp_path, installation=Installation("/", "3.0"), **options)
        machine.listener = types.SimpleNamespace(getsockname=lambda: ("127.0.0.1", 5))
        return machine.configuration()
    return make


@pytest.mark.parametrize("cpu", MODELS)
def test_each_model_has_the_name_that_bochs_gives_it(lines, cpu):
    found = next(line for line in lines(cpu=cpu) if line.startswith("cpu:"))
    assert f"model={MODELS[cpu]}, count=3," in found and "ignore_bad_msrs=0" in found


@pytest.mark.parametrize("terminal", CONSOLES)
def test_each_console_is_a_file_and_the_terminal_a_socket(lines, terminal):
    ports = [line for line in lines(terminal=terminal) if line.startswith("com")]
    for number, console in enumerate(CONSOLES, 1):
        place = "mode=socket-client, dev=localhost:5" if console == terminal else f"mode=file, dev={console}.log"
        assert f"com{number}: enabled=1, {place}" in ports


def test_memory_is_told_in_mebibytes_and_extra_lines_come_last(lines):
    found = lines(memory="1G", extra=["com1: enabled=0"])
    assert "memory: guest=1024, host=1024" in found and found[-1] == "com1: enabled=0"


@pytest.mark.parametrize("options, message", [({"cpu": "z80"}, "no CPU model z80 here; use one of skylake_x,"), ({"cores": 5}, "more than Bochs' 4"),
                                              ({"memory": "4G"}, "3 cores and 4G are more than")])
def test_what_bochs_cannot_be_is_refused(tmp_path, options, message):
    with pytest.raises(MachineError, match=re.escape(message)):
        Bochs(tmp_path, installation=Installation("/", "3.0"), **options).check()


# ---- how it ends ----

OFF = "00099523127p[ACPI  ] >>PANIC<< ACPI control: soft power off\n"
TRIPLE = "00099316289p[CPU0  ] >>PANIC<< exception(): 3rd (13) exception with no resolution\n"
BROKEN = "00000000000p[      ] >>PANIC<< bochsrc:2: directive 'nonsense' not understood\n"
POWER_ON = "00000000000i[SYS   ] bx_pc_system_c::Reset(HARDWARE) called\n"


@pytest.mark.parametrize("log, status", [(OFF, 0), (TRIPLE, 0), (BROKEN, 1), ("", 1)])
def test_a_power_off_is_told_from_a_failure(tmp_path, log, status):
    machine = Bochs(tmp_path)
    machine.log("bochs").write_text(POWER_ON + log, encoding="utf-8")
    machine.process = subprocess.Popen(["false"])
    assert machine.wait_exit(10) == status


def test_a_reset_ends_the_machine(tmp_path):
    machine = Bochs(tmp_path)
    machine.log("bochs").write_text(POWER_ON, encoding="utf-8")
    machine.process = subprocess.Popen(["sleep", "60"])
    assert machine.alive()
    machine.log("bochs").write_text(POWER_ON + POWER_ON.replace("HARDWARE", "SOFTWARE"), encoding="utf-8")
    assert machine.wait_exit(10) == 0 and machine.process.poll() is not None


def test_registers_of_every_core_do_not_hide_the_reason():
    text = OFF + "00058226689i[CPU1  ] | EAX=00000005\n00058226689i[CPU2  ] CPU is in real mode (halted)\n1e[CPU0  ] VMENTER FAIL: x\n"
    assert REGISTERS.sub("", text) == OFF + "1e[CPU0  ] VMENTER FAIL: x\n"
    assert SWITCHED_OFF.search(OFF) and not RESET.search(OFF)


# ---- the CD ----

@pytest.mark.parametrize("head, load, module", [
    (b"\0" * 64 + b"\x02\xb0\xad\x1b", "multiboot", "module /boot/module0 rtvm"),
    (b"\x02\xb0\xad\x1b" + b"\0" * 64 + b"\xd6\x50\x52\xe8", "multiboot2", "module2 /boot/module0 rtvm"),
    (b"\0" * 0x202 + b"HdrS", "linux", "initrd /boot/module0")])
def test_the_header_says_how_an_image_is_loaded(tmp_path, head, load, module):
    kernel = tmp_path / "kernel"
    kernel.write_bytes(head)
    assert boot_cd.script(kernel, [("a", "rtvm")], "x=1 'y") == f"set timeout=0\n{load} /boot/kernel x=1 ''\\''y'\n{module}\nboot\n"


def test_an_image_without_a_header_is_refused(tmp_path):
    (tmp_path / "kernel").write_bytes(bytes(100))
    with pytest.raises(MachineError, match="neither a Multiboot header nor Linux's"):
        boot_cd.commands(tmp_path / "kernel")


# ---- which machine a scenario runs on ----

# REQ-TOO-011
def test_linux_on_several_cores_gets_bochs_exact_loop(tmp_path, monkeypatch):
    monkeypatch.setattr(boot, "boot_modules", lambda *_: [])
    for name, exact in (("demo-bochs", True), ("rt-only-bochs", False)):
        machine = boot.machine_for(name, tmp_path, installation=Installation("/", "3.0"))
        assert ("-debugger" in machine.command()) == exact, name
        assert machine.patience == (6 if exact else 1)


# REQ-TOO-011
def test_a_scenario_runs_on_the_emulator_of_its_board(tmp_path):
    assert boot.machine_of(boot.load_for("rt-only")) == "qemu" and boot.machine_of(boot.load_for("rt-only-bochs")) == "bochs"
    assert boot.load_for("rt-only", "bochs").name == "rt-only-bochs" and boot.load_for("rt-only-bochs", "bochs").name == "rt-only-bochs"
    assert run.groups("demo", {}, "bochs") == ["run", "bochs"] and run.groups("demo-bochs", {}) == ["run", "bochs"]
    assert set(cli.MACHINES) == set(boot.MACHINES)
    assert run.groups("rt-only", {}, "bochs") == ["run", "bochs"]
    assert boot.MACHINES == {kind.name: kind for kind in (Machine, Bochs)}


# REQ-TOO-011
@pytest.mark.parametrize("name, machine, reason", [("demo-bochs", "qemu", "bochs is no machine of qemu"),
                                                  (str(ROOT / "configs" / "scenarios" / "demo.yaml"), "bochs", "qemu-q35 is no machine of bochs")])
def test_a_scenario_that_another_emulator_cannot_run_is_refused_by_name(name, machine, reason):
    with pytest.raises(ConfigError, match=reason):
        boot.load_for(name, machine)


# REQ-TOO-016
def test_an_older_one_has_fewer_models_and_one_loop(tmp_path):
    old = Installation("/", "2.7")
    with pytest.raises(MachineError, match="Bochs 2.7 has no CPU model sapphire_rapids; use one of skylake_x, haswell, ryzen"):
        Bochs(tmp_path, cpu="sapphire_rapids", installation=old).check()
    machine = Bochs(tmp_path, cpu="haswell", installation=old)
    machine.check()
    machine.exact = True
    assert "-debugger" not in machine.command()


# REQ-TOO-016
def test_each_scenario_without_an_iommu_has_one_for_bochs():
    """Bochs has none, and so no device for a real-time VM."""
    scenarios = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))["board"] for path in (ROOT / "configs" / "scenarios").glob("*.yaml")}
    boards = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in (ROOT / "configs" / "boards").glob("*.yaml")}
    names = {name for name, board in scenarios.items() if not boards[board]["iommu"]}
    assert set(scenarios) - names == {"demo-iommu", "rt-nic"}
    assert {name for name in names if not name.endswith("-bochs")} == {name.removesuffix("-bochs") for name in names if name.endswith("-bochs")}


# REQ-TOO-016
def test_a_cpu_model_is_chosen_where_bochs_is_and_where_the_scenario_can_run_on_it(monkeypatch):
    assert cli.MODELS == tuple(MODELS) and set(cli.BOCHS_VERSIONS) == {bochs_package.LEAST, *bochs_package.OLD}
    parse = cli.build_parser().parse_args
    with pytest.raises(StepError, match="--model haswell is for Bochs; add --machine bochs"):
        cli.command_demo(parse(["demo", "--model", "haswell"]))
    with pytest.raises(StepError, match="--bochs 2.7 is for Bochs"):
        cli.command_test(parse(["test", "--machine", "qemu", "--bochs", "2.7"]))
    with pytest.raises(StepError, match="--fast leaves out system tests, and --long adds some"):
        cli.command_test(parse(["test", "--fast", "--long"]))
    with pytest.raises(ConfigError, match="an exclusive VM needs x2APIC, which Bochs' model ryzen lacks; use skylake_x, sapphire_rapids, haswell"):
        boot.check_model(boot.load_for("demo", "bochs"), "ryzen")
    boot.check_model(boot.load_for("service-only", "bochs"), "ryzen")
    boot.check_model(boot.load_for("demo", "bochs"), "haswell")


def test_a_cpu_model_that_is_none_is_told_with_those_that_are(capsys):
    with pytest.raises(SystemExit):
        cli.build_parser().parse_args(["demo", "--machine", "bochs", "--model", "i386"])
    assert re.search(r"invalid choice: 'i386' \(choose from '?skylake_x'?, '?sapphire_rapids'?, '?haswell'?, '?ryzen'?\)", capsys.readouterr().err)


# REQ-TOO-014
def test_a_slow_machine_has_more_time_and_says_what_it_waits_for(monkeypatch, capsys):
    monkeypatch.setattr(demo.time, "sleep", lambda _: None)
    consoles = {"hypervisor": "boot: Bulkhead hypervisor\n", "rtvm": "rtvm: steady samples 5000 overruns 0\nrtvm: steady samples 10000 overruns 0\n"}
    clock = iter(range(0, 10_000, 5))
    machine = SlowMachine(clock, consoles)
    with pytest.raises(demo.DemoError, match="1800 s are over before: partition table accepted"):
        demo.watch(machine)
    said = re.findall(r"t\+ *([\d.]+) s  \.\.\. still to come: partition table accepted, first VM is built; the RTVM counts 10,000 periods$", capsys.readouterr().out, re.M)
    assert len(said) > 10 and all(float(later) - float(earlier) > demo.SILENCE_S for earlier, later in zip(said, said[1:]))


class SlowMachine:
    """Five seconds pass whenever somebody looks at its clock."""
    patience, folder = 6, None

    def __init__(self, clock, consoles):
        self.clock, self.consoles = clock, consoles

    @property
    def seconds(self):
        return next(self.clock)

    def alive(self):
        return True

    def text(self, console):
        return self.consoles.get(console, "")


# REQ-TOO-011
def test_the_demo_says_at_once_why_the_hypervisor_did_not_start():
    refusal = "[ 0.0] boot: Bulkhead hypervisor\n[ 0.0] boot: this CPU lacks: unrestricted guest \n[ 0.0] boot: cannot start: no VM was started, machine halted\n"
    machine = types.SimpleNamespace(alive=lambda: True, text=lambda console: refusal if console == "hypervisor" else "", seconds=demo.LIMIT_S + 1, patience=1)
    with pytest.raises(demo.DemoError, match="boot: this CPU lacks: unrestricted guest"):
        demo.watch(machine)
