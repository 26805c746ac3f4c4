# SPDX-License-Identifier: Apache-2.0
"""The runs of ./bulkhead bench. Each is a machine in counted time: one instruction of any of its cores is one tick is 1 ns."""
import collections
import json
import re

from tools.bench import overlay, statistics
from tools.bench.targets import TURN
from tools.boot import BUILD, boot_modules, machine_for
from tools.config.compile import load_scenario
from tools.evidence import budget
from tools.evidence.size import size    # one of the parts, as those below
from tools.machine import Machine, MachineError
from tools.progress import StepError

GUESTS = BUILD / "tests" / "guests"
RTVM = BUILD / "rtvm" / "rtvm.elf"
STORM = GUESTS / "linux" / "storm"
# Rates are given, not measured: a measured rate differs by its rounding, and latency is compared to the instruction.
WORDS = "period_us=1000 report=0 histogram=1 tsc_hz=1000000000 timer_hz=1000000000"
# Shifts of the real-time VM by some instructions: see docs/decisions/0013-counted-time.md.
SHIFTS = ("warmup=100", "warmup=99", "warmup=00098")
PLAIN, EXACT = "icount", "icount-exact"
COSTS = ("cpuid", "rdmsr", "in", "in_3e8", "vmmcall", "nothing")
REASONS = ("cpuid", "hlt", "io", "rdmsr", "wrmsr", "mmio", "hypercall", "interrupt", "nmi", "window", "cr", "xsetbv", "shutdown", "exception",
           "wbinvd", "other")    # enum hv_exit_reason, with bhctl's names
TIMEOUT_S = 1800.0
Settings = collections.namedtuple("Settings", "folder samples quick")


def finished(machine, timeout=TIMEOUT_S):
    """The last line of a run of the real-time image that came to its end."""
    return machine.wait_for("rtvm", r"^(rtvm: finished .*)\n", timeout).group(1)     # the whole line, not what of it is out yet


def number(text, name):
    return int(re.search(rf"\b{name} (\d+)", text).group(1))


def console_histogram(text):
    return [[int(ticks), int(count)] for ticks, count in re.findall(r"^rtvm: latency (\d+) samples (\d+)$", text, re.M)]


def hex_figures(text):
    """{name: value} of a test guest's lines 'name 0123456789abcdef'; a second word belongs to the name."""
    return {name: int(value, 16) for name, value in re.findall(r"^(\w+(?: \w+)?) ([0-9a-f]{16})$", text, re.M)}


def condition(histogram, longest, overruns, mode, **more):
    """What each condition gives. The histogram is exact to 1,023 ticks and to 0.2 % above; longest: the exact maximum."""
    figures = statistics.latency(histogram)
    figures["max"] = longest if longest is not None else figures["max"]
    return {"mode": mode, "samples": statistics.samples(histogram), "latency": figures, "overruns": overruns, "exits": None, "exits_by_reason": None,
            "boot_ticks": None, "turns": 0, "histogram": histogram, **more}


def of_console(machine, mode, **more):
    line, text = finished(machine), machine.text("rtvm")
    return condition(console_histogram(text), number(line, "max"), number(line, "overruns"), mode, **more)


def bare(settings, mode):
    """The image without the hypervisor, on the same machine."""
    words = f"console=0x3e8 poweroff=0x604 count={settings.samples} {WORDS}"
    with Machine(settings.folder / f"bare-{mode}", kernel=RTVM, mode=mode, append=words) as machine:
        return of_console(machine, mode)


def steady_exits(figures):
    """Exits after the end of warm-up; at least one when the last came later, since only that one is known."""
    return 0 if figures["last_exit_tsc"] < figures["steady_tsc"] else 1


def alone(settings, mode):
    """On Bulkhead; the Service VM sleeps until all samples are taken."""
    append = {"rtvm": f"count={settings.samples} {WORDS}", "service": "console=0x2f8"}
    with machine_for("tests/bench/bench-alone.yaml", settings.folder / f"alone-{mode}", append, {"idle": GUESTS / "watch_rt.elf"}, mode=mode) as machine:
        finished(machine)
        machine.wait_for("service", r"^done", TIMEOUT_S)
        figures = hex_figures(machine.text("service"))
        return of_console(machine, mode, exits=steady_exits(figures), boot_ticks=figures["start_tsc"] - figures["boot_tsc"],
                          exits_by_reason={name: figures[f"exits_{index:x}"] for index, name in enumerate(REASONS)})


def printed_objects(text):
    """The JSON objects that bhctl printed: ({real-time report}, {statistics}), the last of each."""
    report = stats = None
    for line in text.splitlines():
        if line.startswith("{"):
            try:
                found = json.loads(line)
            except ValueError:
                continue
            report, stats = (found if "latency_ticks" in found else report), (found if "vms" in found else stats)
    return report, stats


def of_bhctl(report, stats, mode):
    """A condition of what bhctl said in the Service VM."""
    vm = next(one for one in stats["vms"] if one["name"] == report["vm"])
    return condition(report["histogram"], report["latency_ticks"]["max"], report["overruns"], mode, exits=report["steady_exits"],
                     exits_by_reason=vm["vcpus"][0]["exits"], boot_ticks=vm["start_tsc"] - stats["boot_tsc"])


def beside_linux_once(settings, name, load, shift):
    place = settings.folder / name
    words = f"nokaslr quiet bulkhead.mode=bench bulkhead.load={load} bulkhead.samples={settings.samples}"
    tools = {"service-initrd": overlay.with_files(BUILD / "images" / "service-initrd.gz", {"bench/storm": STORM}, place / "initrd.gz")} if load == "storm" else {}
    modules = boot_modules(load_scenario("tests/bench/bench.yaml"), place, {"rtvm": f"{WORDS} {shift}", "service": words}, tools)
    with Machine(place, modules, mode=PLAIN) as machine:
        said = machine.wait_for("service", r"^service: (bench done|FAILED.*)$|^.*Kernel panic.*$", TIMEOUT_S)
        if said.group(1) != "bench done":
            raise MachineError(f"the Service VM says: {said.group(0)}", "service")
        report, stats = printed_objects(machine.text("service"))
    if report is None or stats is None:
        raise MachineError("bhctl printed no report", "service")
    return of_bhctl(report, stats, PLAIN)


def beside_linux(settings, name, load, on_bare):
    """The first of up to three shifts without another core's turn in a sample, else the last; with how many had one. All must have the
    median, the 99th percentile and the exits, so the worst of these stands for all."""
    runs = []
    for shift in SHIFTS:
        runs.append(beside_linux_once(settings, name, load, shift))
        if on_bare is None or runs[-1]["latency"]["max"] <= on_bare["latency"]["max"] + TURN:
            break
    chosen = runs[-1]
    chosen["turns"] = sum(on_bare is not None and run["latency"]["max"] > on_bare["latency"]["max"] + TURN for run in runs)
    chosen["exits"] = max(run["exits"] for run in runs)
    for which in ("p50", "p99"):
        chosen["latency"][which] = max(run["latency"][which] for run in runs)
    return chosen


def cost_of(machine, console):
    """{kind: {least, mean, most}} as tests/guests/cost.c prints them."""
    machine.wait_for(console, r"^done", TIMEOUT_S)
    found = hex_figures(machine.text(console))
    return {kind: {"least": found[kind], "mean": found[f"{kind} mean"], "most": found[f"{kind} most"]} for kind in COSTS if kind in found}


def costs(settings):
    """Ticks around one instruction, as a guest sees it: on the bare machine, on an exclusive core, on a shared one."""
    cost, idle, place = GUESTS / "cost.elf", GUESTS / "idle.elf", settings.folder
    machines = {
        "bare": (Machine(place / "cost-bare", kernel=cost, mode=PLAIN, append="console=0x3e8"), "rtvm"),
        "exclusive": (machine_for("rt-only", place / "cost-exclusive", images={"rtvm": cost}, mode=PLAIN), "rtvm"),
        "shared": (machine_for("rt-only", place / "cost-shared", {"service": "console=0x2f8"}, {"idle": cost, "rtvm": idle}, mode=PLAIN), "service"),
    }
    found = {}
    for side, (machine, console) in machines.items():
        with machine:
            found[side] = cost_of(machine, console)
    return found


def timer_of(shared, bare):
    """{busy, halted}: exits and the hypervisor's instructions for one timer interrupt, from what tests/guests/timer_cost.c prints on both machines."""
    rounds, reading = shared["rounds"], shared["exits nothing"]
    return {"busy": {"exits": (shared["exits busy"] - reading) / rounds, "ticks": (shared["ticks busy"] - bare["ticks busy"]) / rounds},
            "halted": {"exits": (shared["exits halted"] - reading) / rounds, "ticks": None}}


def timer(settings):
    """What a timer interrupt costs a vCPU of a shared core, from arming to EOI."""
    image, place = GUESTS / "timer_cost.elf", settings.folder
    machines = [(Machine(place / "timer-bare", kernel=image, mode=PLAIN, append="console=0x2f8"), "bare"),
                (machine_for("rt-only", place / "timer-shared", {"service": "console=0x2f8"}, {"idle": image, "rtvm": GUESTS / "idle.elf"}, mode=PLAIN), "shared")]
    found = {}
    for machine, side in machines:
        with machine:
            machine.wait_for("service", r"^done", TIMEOUT_S)
            found[side] = hex_figures(machine.text("service"))
    return timer_of(found["shared"], found["bare"])


def work():
    """{kind: {most, times}}: the hypervisor's instructions from an exit to the next entry, as scons budget counts them."""
    try:
        return {kind: {"most": most, "times": times} for kind, (most, times) in sorted(budget.measured().items()) if kind not in budget.NOT_SEEN}
    except budget.Problem as problem:
        raise StepError(str(problem)) from None
