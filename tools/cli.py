# SPDX-License-Identifier: Apache-2.0
"""./bulkhead: the commands and their help."""
import argparse
import os
import sys

from tools import bochs_package, setup
from tools.apt import AptError
from tools.config import cli as config_cli
from tools.config.errors import ConfigError
from tools.machine import MachineError
from tools.progress import ROOT, StepError, run_step, say

VERSION_FILE = ROOT / "VERSION"
BENCH_PARTS = ("bare", "alone", "linux", "loaded", "storm", "rt-linux", "nic", "cost", "ipi", "access", "linux-boot", "mapping", "work",
               "size")     # as in tools/bench/command.py, which needs more than help does
BENCH_PERCENT, BENCH_PERCENT_HARDWARE = 2.0, 10.0     # as in tools/bench/compare.py
BENCH_PORTS = ("0x3f8", "0x2f8", "0x3e8", "0x2e8")
MACHINES = ("qemu", "bochs")     # as in tools/boot.py
MODELS = ("skylake_x", "sapphire_rapids", "haswell", "ryzen")     # as in tools/bochs.py
BOCHS_VERSIONS = ("3.0", "2.7")     # as in tools/bochs_package.py


def jobs():
    return str(len(os.sched_getaffinity(0)))


def prepare(args, groups=("run",), targets=()):
    """Packages, kernels and a build, before a command that needs them."""
    if not getattr(args, "no_setup", False):
        for group in groups:
            setup.run(group, quiet=True)
    if not getattr(args, "no_build", False):
        run_step("building", ["scons", "-Q", "-j", jobs()] + list(targets), "build")


def parse_modules(entries):
    images = {}
    for entry in entries:
        tag, separator, path = entry.partition("=")
        if not separator:
            raise StepError(f"--module {entry}: write TAG=FILE")
        images[tag] = os.path.abspath(path)
    return images


def command_setup(args):
    setup.run(args.group)
    return 0


def command_build(args):
    prepare(args, targets=args.target)
    say("built; see build/")
    return 0


# REQ-TOO-016
def choose_bochs(args, machine):
    """What only Bochs has, and only where it is meant."""
    for option, value in (("--model", args.model), ("--bochs", args.bochs)):
        if value and machine != "bochs":
            raise StepError(f"{option} {value} is for Bochs; add --machine bochs")
    if args.bochs:
        os.environ[bochs_package.CHOICE] = args.bochs      # for what is started from here, too


def command_demo(args):
    choose_bochs(args, args.machine)
    prepare(args, groups=["run"] + ["bochs"] * (args.machine == "bochs"))
    from tools import demo
    return demo.run(args, parse_modules(args.module))


def command_run(args):
    if not args.no_setup:
        setup.need_python_packages()     # to read which VMs the scenario has
    from tools import run
    images = parse_modules(args.module)
    choose_bochs(args, run.machine_for_run(args.scenario, args.machine))
    prepare(args, groups=run.groups(args.scenario, images, args.machine))
    return run.run(args, images)


def command_test(args):
    if args.fast and args.machine:
        raise StepError("--fast leaves out system tests, and --machine means only these")
    if args.fast and args.long:
        raise StepError("--fast leaves out system tests, and --long adds some")
    choose_bochs(args, args.machine)
    if not args.no_setup:
        setup.run("test", quiet=True)
        if args.machine == "bochs":
            setup.run("bochs", quiet=True)      # of a whole run it is a part that may be missing; here it is what was asked for
    from tools import testing
    return testing.run(args)


def command_evidence(args):
    if not args.no_setup:
        try:
            setup.run("evidence", quiet=True)
        except (StepError, AptError) as error:
            say(f"{error}\nGoing on without a PDF.")
    from tools.evidence.report import command
    return command.run(args.run, args.run_missing)


def command_bench(args):
    if args.image and (args.compare or args.tolerance is not None):
        raise StepError("--image measures nothing: --compare and --tolerance go with the run that does, or with --import")
    if args.image:
        setup.need_python_packages()
        from tools.bench import stick
        prepare(args, groups=["stick"], targets=stick.TARGETS_OF_BUILD)
        return stick.run(args)
    if args.board or args.serial:
        raise StepError(f"{'--board' if args.board else '--serial'} goes with --image")
    if args.imports:
        from tools.bench import importing
        return importing.run(args)
    if args.machine == "bochs":
        if args.only or args.compare or args.quick:
            raise StepError("--only, --compare and --quick are for QEMU")
        from tools.bench import vtx
        prepare(args, groups=["bochs"], targets=vtx.TARGETS_OF_BUILD)
        return vtx.run(args)
    from tools.bench import command
    prepare(args, groups=["rt" if not args.only or "rt-linux" in args.only else "run"], targets=command.TARGETS_OF_BUILD)
    return command.run(args)


def command_config(args):
    setup.need_python_packages()
    return config_cli.run(args)


def command_image(args):
    prepare(args, targets=["images"])
    from tools.images import listing
    return listing.run(args)


def command_completion(args):
    from tools import completion
    print(completion.script(build_parser()))
    return 0


def percentage(text):
    value = float(text)
    if not 0 <= value < 1000:
        raise ValueError(text)
    return value


def add_machine(parser, text, model):
    parser.add_argument("--machine", choices=MACHINES, help=text)
    parser.add_argument("--model", choices=MODELS, help=f"with Bochs: {model} (default: skylake_x)")
    parser.add_argument("--bochs", choices=BOCHS_VERSIONS, metavar="VERSION", help="with Bochs: this version of it; 2.7 is Debian 12's own, whose VT-x has faults (default: the newest that is there)")


def add_shared(parser, modules=True):
    parser.add_argument("--no-setup", action="store_true", help="do not look for missing packages and kernels")
    parser.add_argument("--no-build", action="store_true", help="use what is in build/ as it is")
    if modules:
        parser.add_argument("--module", action="append", default=[], metavar="TAG=FILE", help="use FILE as the boot module TAG; may be repeated")


def build_parser():
    parser = argparse.ArgumentParser(prog="./bulkhead", description="Bulkhead: a real-time partitioning hypervisor for x86-64.",
                                     epilog="Start with './bulkhead demo', then './bulkhead test'. Each command has its own --help. Everything that is made goes to build/.")
    parser.add_argument("--version", action="version", version=f"bulkhead {version()}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def command(name, function, text, details=None):
        sub = commands.add_parser(name, help=text, description=details or text[0].upper() + text[1:] + ".")
        sub.set_defaults(function=function)
        return sub
    sub = command("demo", command_demo, "boot an RTVM, a Linux Service VM and a Linux User VM, and show what happens",
                  "Installs what is missing, builds, boots QEMU (or Bochs) with the demo scenario, prints what happens as it happens, and sums it up in a table. "
                  "The exit status is 0 only when every step succeeded.")
    add_machine(sub, "the emulator: qemu (default) has AMD-V; bochs has Intel's VT-x, takes minutes, and boots the scenario demo-bochs",
                "the CPU; ryzen has AMD-V and no x2APIC, so that no RTVM starts on it")
    add_shared(sub)
    sub = command("test", command_test, "run all tests; the last line is 'N passed, M failed'",
                  "Installs what is missing, then runs static checks, unit tests, proofs and system tests, the fast ones first. Logs of system tests are in build/tests.")
    sub.add_argument("-k", dest="keyword", default="", metavar="WORDS", help="only tests whose name contains WORDS (pytest expression)")
    sub.add_argument("--fast", action="store_true", help="leave out system tests and proofs")
    add_machine(sub, "only the system tests, and of these what runs on this emulator",
                "the CPU; with ryzen, which no exclusive VM runs on, the tests that name it")
    sub.add_argument("--long", action="store_true", help="also tests that take minutes: on Bochs, all with Linux in them, as the demo (an hour and more; -k chooses)")
    sub.add_argument("--no-setup", action="store_true", help="do not look for missing packages and kernels")
    sub = command("evidence", command_evidence, "write the evidence report: each claim, its figures, whether it holds, how to rerun it",
                  "Collects the results that gates and tests left in build/evidence/results, and writes build/evidence/index.html, evidence.pdf, and the "
                  "same as JSON, SARIF and JUnit XML. Without options it runs nothing: a result that is missing or of another commit is shown as such. "
                  "The exit status is 0 only when every claim holds on this commit.")
    sub.add_argument("--run", action="store_true", help="run './bulkhead test' first, which makes every result anew (35 minutes and more)")
    sub.add_argument("--run-missing", action="store_true", help="first run what has no passed result of this commit")
    sub.add_argument("--no-setup", action="store_true", help="do not look for missing packages; without WeasyPrint there is no PDF")
    sub = command("run", command_run, "boot a scenario with the Service VM's console on this terminal",
                  "Boots a scenario in QEMU or Bochs with the Service VM's console, or the real-time VM's, on this terminal; the other consoles go to files under build/run. Ctrl-A x leaves.")
    sub.add_argument("scenario", nargs="?", default="demo", help=config_cli.SCENARIO_HELP + " (default: demo)")
    sub.add_argument("--console", choices=["service", "rtvm"], default="service", help="whose console this terminal becomes (default: service)")
    add_machine(sub, "the emulator; on another than that of SCENARIO's board, boots SCENARIO-MACHINE (default: the board's)",
                "the CPU")
    sub.add_argument("--icount", action="store_true", help="deterministic virtual time: one instruction is one nanosecond (slower)")
    sub.add_argument("--qemu", action="append", default=[], metavar="WORD", help="add a word to QEMU's command line, as --qemu=WORD; may be repeated")
    add_shared(sub)
    sub = command("bench", command_bench, "measure latency, exits, boot and size in counted time, on the bare emulator and on Bulkhead",
                  "Runs the same real-time image on the bare emulator, on Bulkhead alone, beside a Linux Service VM, and beside loaded Service VM and User VMs, "
                  "in counted time (one instruction is one tick), and measures what exits cost, boot and size. Writes bench.json, bench.md "
                  "(with each target and whether it is met) and bench.svg. The exit status is 0 when all was measured and, with --compare, nothing became worse; "
                  "a target that is not met is shown and does not count. With --image it measures nothing, and writes an image that measures latency on a machine of yours; "
                  "with --import it makes the same files of what that machine printed. docs/benchmark/hardware.md goes through it step by step.")
    sub.add_argument("--quick", action="store_true", help="few samples, for a first look")
    what = sub.add_mutually_exclusive_group()
    what.add_argument("--image", metavar="FILE", help="write an image for a USB stick: a menu (BIOS and UEFI) with latency on the bare machine and on Bulkhead in four conditions, a frame's round trip, and what exits cost")
    what.add_argument("--import", dest="imports", action="append", default=[], metavar="FILE",
                      help="make the report of results.txt from the stick, of a serial log, or of lines copied from the screen; may be repeated")
    what.add_argument("--only", action="append", default=[], choices=BENCH_PARTS, metavar="NAME", help=f"only this part; may be repeated: {', '.join(BENCH_PARTS)}")
    sub.add_argument("--machine", choices=MACHINES, help="the emulator: qemu (default) has AMD-V and counts time; bochs has Intel's VT-x, where what exits cost is measured, alone, into vt-x.json and vt-x.md")
    sub.add_argument("--board", metavar="NAME", help="with --image: the machine, the name of a file in configs/boards or the path of a FILE.yaml (default: qemu-q35)")
    sub.add_argument("--serial", choices=BENCH_PORTS, metavar="PORT", help=f"with --image: where the machine prints results: {', '.join(BENCH_PORTS)} (default: 0x3f8, COM1)")
    sub.add_argument("--compare", metavar="OLD.json", help="list what became worse since that run, with exit status 1: latency, exits and overruns at all "
                     "(the rarest latencies beside Linux by more than 40 ticks), everything else by more than the tolerance; after --import, latency by more than the tolerance; ticks of the emulator and times of a machine are never compared")
    sub.add_argument("--tolerance", type=percentage, metavar="PERCENT", help=f"what costs, boot and sizes may grow by (default: {BENCH_PERCENT:g}; after --import {BENCH_PERCENT_HARDWARE:g}, latency too)")
    sub.add_argument("--out", default="build/bench", metavar="FOLDER", help="where the files go (default: build/bench)")
    add_shared(sub, modules=False)
    sub = command("config", command_config, "check, compile or show a scenario; write a board file", "The config compiler: scenario.yaml and board.yaml in, partition table out.")
    config_cli.add_commands(sub)
    sub = command("image", command_image, "build the images of the Linux VMs and list what is in them",
                  "Builds the images and lists every file in them.")
    sub.add_argument("image", nargs="?", choices=["service", "user", "rt", "cloud"], default="service",
                     help="which initramfs to list; cloud is the Service VM's on Bochs (default: service)")
    add_shared(sub, modules=False)
    sub = command("build", command_build, "build everything, or the targets named",
                  "Builds with SCons into build/. 'scons -h' lists targets: hv, rtvm, hsm, dm, configs, images, unit.")
    sub.add_argument("target", nargs="*", help="SCons target (default: all)")
    sub.add_argument("--no-setup", action="store_true", help="do not look for missing packages and kernels")
    sub = command("setup", command_setup, "install missing Debian packages and unpack kernels; does nothing the second time",
                  "Installs missing Debian packages (as root or with sudo) and unpacks Debian kernels under build/kernels. The other commands do this themselves.")
    sub.add_argument("--group", choices=["run", "rt", "bochs", "stick", "test", "evidence"], default="test",
                     help="run: what demo and run need; rt: and what the PREEMPT_RT VM needs; bochs: and Bochs, and headers of the cloud kernel that is the Service VM's there; stick: and what bench --image needs; test: and what the tests need (default); evidence: what the report's PDF needs")
    command("completion", command_completion, "print a bash completion script", "Prints a completion script for bash. Use: source <(./bulkhead completion)")
    return parser


def version():
    return VERSION_FILE.read_text(encoding="utf-8").strip() if VERSION_FILE.exists() else "0"


# REQ-TOO-005
def main(argv):
    args = build_parser().parse_args(argv)
    try:
        return args.function(args)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    except (StepError, AptError, MachineError) as error:
        print(f"bulkhead: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nbulkhead: interrupted", file=sys.stderr)
        return 130
