# SPDX-License-Identifier: Apache-2.0
"""./bulkhead demo: boots the demo scenario, tells what happens as it happens, and sums it up."""
import json
import re
import time

from tools.boot import BUILD, check_model, load_for, machine_for
from tools.config.picture import human
from tools.machine import POLL_S, MachineError, relative
from tools.progress import BOLD, DIM, GREEN, RED, colour, say

# (name, console, pattern, what to say). They are looked for all at once and told in the order in which they come.
EVENTS = [
    ("hypervisor", "hypervisor", r"boot: Bulkhead hypervisor", "hypervisor speaks on its log UART"),
    ("table", "hypervisor", r"boot: (\S+: \d+ shared vCPU.*)$", "partition table accepted, first VM is built"),
    ("rtvm", "rtvm", r"rtvm: started", "RTVM runs on its exclusive core"),
    ("steady", "rtvm", r"rtvm: steady", "RTVM in its steady state: the control task runs every millisecond"),
    ("service", "service", r"^service: (Linux .* is up.*)$", "Service VM: {1}"),
    ("hsm", "service", r"^service: HSM ready", "HSM loaded: /dev/acrn_hsm is there"),
    ("launch", "service", r"^service: starting a User VM", "device model starts a User VM"),
    ("user", "user", r"^user: (shell .*)$", "User VM: {1}"),
    ("disk", "user", r"^user: (disk says: .*)$", "User VM: {1}"),
    ("console", "service", r"^service: User VM answered.*", "User VM answered on its virtio-console"),
    ("user-off", "service", r"^service: User VM is off.*", "User VM switched itself off; device model ended"),
    ("done", "service", r"^service: demo done", "Service VM is done and powers off"),
]
FAILED = {"service": r"^service: FAILED.*|Kernel panic.*", "user": r"^user: FAILED.*|Kernel panic.*", "hypervisor": r".*\b(?:panic|fatal): .*|boot: .*(?=\n.*boot: cannot start)"}
LIMIT_S = 300.0     # a busy host is slow; two minutes are usual on QEMU. Times the machine's patience
SILENCE_S = 60.0    # after so long without an event, what it waits for


class DemoError(MachineError):
    pass


def watch(machine):
    """{event: seconds} once all have come."""
    times, pending, told = {}, list(EVENTS), 0.0
    while pending:
        alive = machine.alive()
        texts = {console: whole_lines(machine.text(console)) for console in {event[1] for event in pending} | set(FAILED)}
        for event in list(pending):
            name, console, pattern, words = event
            found = re.search(pattern, texts[console], re.M)
            if found:
                times[name] = machine.seconds
                say(f"  {colour(BOLD, f't+{times[name]:6.1f} s')}  {words.format(found.group(0), *found.groups())}")
                pending.remove(event)
                told = machine.seconds
        for console, pattern in FAILED.items():
            found = re.search(pattern, texts[console], re.M)
            if found:
                raise DemoError(f"the {console} console says: {found.group(0)}", console)
        if pending and not alive:
            raise DemoError(f"the machine stopped before: {wording(pending[0])}", pending[0][1])
        if pending and machine.seconds > LIMIT_S * machine.patience:
            raise DemoError(f"{LIMIT_S * machine.patience:g} s are over before: {wording(pending[0])}", pending[0][1])
        if pending and machine.seconds - told > SILENCE_S:
            told = machine.seconds
            say(colour(DIM, f"  t+{told:6.1f} s  ... still to come: {wording(pending[0])}{rtvm_runs(texts.get('rtvm') or machine.text('rtvm'))}"))
        time.sleep(POLL_S)
    return times


def rtvm_runs(text):
    """How far the RTVM is, as a sign of life of a slow machine."""
    samples = re.findall(r"^rtvm: .*\bsamples (\d+)", text, re.M)
    return f"; the RTVM counts {int(samples[-1]):,} periods" if samples else ""


def whole_lines(text):
    """Without a last line that is still being written."""
    return text[:text.rfind("\n") + 1]


def wording(event):
    return event[3].split(": {")[0].split(" {")[0]


def run(args, images=None):
    scenario = load_for("demo", args.machine)
    check_model(scenario, args.model)
    folder = BUILD / "run" / scenario.name
    service = scenario.data["service_vm"]["name"]
    machine = machine_for("demo", folder, {service: "quiet bulkhead.mode=demo"}, images, machine=args.machine, **({"cpu": args.model} if args.model else {}))
    try:
        machine.check()
        say(f"Booting {machine.describe()}. Consoles: {relative(folder)}/*.log")
        if machine.patience > 1:
            say(f"{machine.describe().split()[0]} takes minutes for this; the demo gives up after {LIMIT_S * machine.patience / 60:.0f}.")
        with machine:
            times = watch(machine)
            machine.wait_exit(20)
            total = machine.seconds
            say(f"  {colour(BOLD, f't+{total:6.1f} s')}  machine is off")
        stats, report = published(machine)
        say()
        print_summary(stats, report, times, machine.counted)
        exits_are_zero(report)
    except MachineError as error:
        say(f"\n{colour(RED, 'The demo failed')}: {error}")
        say(f"Last lines of {relative(folder)}/{error.console}.log:")
        say("\n".join(f"  | {line}" for line in machine.tail(error.console, 20).splitlines()))
        return 1
    other = f" {scenario.name}" if scenario.name != "demo" else ""
    hint = f"Try ./bulkhead run{other} for a shell in the Service VM, ./bulkhead config show {scenario.name} for the scenario."
    say(f"\n{colour(GREEN, 'The demo succeeded.')} {colour(DIM, hint)}")
    return 0


def published(machine):
    """What bhctl printed on the Service VM's console: (statistics, real-time report)."""
    objects = []
    for line in machine.text("service").splitlines():
        if line.startswith("{"):
            try:
                objects.append(json.loads(line))
            except ValueError:
                pass
    stats = next((o for o in objects if "vms" in o), None)
    report = next((o for o in objects if "latency_ticks" in o), None)
    if stats is None or report is None:
        raise DemoError(f"bhctl printed no {'statistics' if stats is None else 'real-time report'}", "service")
    return stats, report


def table(rows):
    """Lines of a table with a rule under its first row."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
    return ["  " + line for line in [lines[0], "  ".join("-" * width for width in widths)] + lines[1:]]


WALL_CLOCK = ("  Latency in wall-clock time under an emulator is the noise of this machine's scheduler; exits are exact.\n"
              "  ./bulkhead test measures latency in instructions, where it equals the bare machine's.")
COUNTED = ("  A tick of this machine is an instruction: latency has no noise of the host in it, and says nothing about hardware.\n"
           "  Exits are exact. Boot times are the host's.")
KINDS = {"service": "Service VM (Linux)", "pre-launched": "real-time VM", "user": "User VM (Linux)"}


def print_summary(stats, report, times, counted=False):
    """Who ran where, and how the real-time VM did. counted: the machine's time is instructions, not the wall clock."""
    ready = {"service": times["service"], "pre-launched": times["steady"], "user": times["user"] - times["launch"]}
    rows = [("VM", "kind", "cores", "memory", "boot time")]
    for vm in stats["vms"]:
        cores = ", ".join(str(core) for core in sorted({vcpu["core"] for vcpu in vm["vcpus"]}))
        rows.append((vm["name"], KINDS.get(vm["kind"], vm["kind"]), cores + (" (exclusive)" if vm["exclusive"] else ""),
                     human(vm["memory_bytes"]), f"{ready.get(vm['kind'], 0):.1f} s"))
    say("\n".join(table(rows)))
    say(colour(DIM, "  boot time: from power-on to its first output of its own; User VM: from its start by the Service VM"))
    latency, us = report["latency_ticks"], 1e6 / report["tsc_hz"]
    shown = (f"{latency[key]:,}" if counted else f"{latency[key] * us:,.1f}" for key in ("min", "p50", "p99", "max"))
    say()
    values = {"timer interrupts taken": f"{report['interrupts']:,}", "VM exits in steady state": f"{report['steady_exits']}",
              "latency min / p50 / p99 / max": " / ".join(shown) + (" ticks" if counted else " us")}
    say("  real-time VM")
    for what, value in values.items():
        say(f"    {what:<32}{colour(BOLD, value)}")
    say(colour(DIM, COUNTED if counted else WALL_CLOCK))


def exits_are_zero(report):
    if report["steady_exits"] != 0:
        raise DemoError(f"the real-time VM had {report['steady_exits']} VM exits in its steady state, 0 are allowed", "rtvm")
