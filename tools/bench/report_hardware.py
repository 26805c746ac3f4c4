# SPDX-License-Identifier: Apache-2.0
"""bench.md and bench.svg of a machine whose records were imported."""
import math

from tools.bench import statistics
from tools.bench.tables import cell, table
from tools.evidence.report import charts

TITLES = {"bare": "bare machine", "alone": "Bulkhead alone", "linux": "Bulkhead, Linux Service VM", "loaded": "Bulkhead, loaded Service VM and User VMs",
          "storm": "Bulkhead, storm of hypercalls, interrupts and User VMs"}
KINDS = {"cpuid": "CPUID", "rdmsr": "RDMSR of EFER", "in": "IN from port 0x500", "vmmcall": "VMMCALL, no such hypercall", "vmcall": "VMCALL, no such hypercall",
         "nothing": "nothing (what the measurement itself takes)"}
WAITS = {"nic-poll": "polling", "nic-msi": "MSI", "nic-msix": "MSI-X"}
ROUND_TRIP_WORDS = """From before the register write that hands a frame to the Ethernet controller until it is back in memory, or its interrupt's handler begins: the path of nic_path=, its
buses and its memory are in it."""
CAVEATS = (
    "Times are nanoseconds, from the TSC and its measured rate. Latency is from the programmed expiry of the timer to the reading of the clock in its handler, "
    "the real-time VM waiting in HLT, the same image in each condition. Firmware is in it: a system management interrupt stops every core and no "
    "hypervisor can prevent it; so are power states that the firmware enters on HLT. Compare a condition with the bare machine above it.",
    "The targets of `./bulkhead bench` are instructions in counted time and are not applied here. VM exits are those since the end of warm-up; "
    "1 means at least one. A percentile is left out when there are too few samples for one to lie beyond it.",
)


def where(machine):
    """The sentence that says what was measured, and whether it is hardware at all."""
    if machine["emulator"]:
        return f"**Not hardware**: the machine says that it is {machine['emulator']}. Its times are those of a program on some host"
    if machine["emulator"] is None:
        return "Whether this is hardware cannot be told: the condition `bare` is not among the records. The rest is of"
    return "Measured on hardware"


def machine_words(machine):
    microcode = f"microcode {machine['microcode']}" if machine["microcode"] else "microcode unknown"
    board = " / ".join(machine["board"]) or "unknown"
    dates = sorted(set(machine["dates"].values()))
    when = ", ".join(dates[:1] + dates[-1:] if len(dates) > 1 else dates) or "unknown"
    return (f"{machine['model']} ({machine['vendor']} {machine['signature']}, {microcode}), TSC {machine['tsc_hz'] / 1e6:,.3f} MHz; board {board}; "
            f"by the machine's clock {when}")


def heading(results):
    left_out = f" {results['left_out']} earlier or shorter records of the same conditions were left out." if results["left_out"] else ""
    few = " Fewer than 10,000 samples: for a first look only." if results["quick"] else ""
    changed = ", with uncommitted changes" if results["dirty"] else ""
    return (f"# Bulkhead benchmark\n\n{where(results['machine'])}: {machine_words(results['machine'])}.\n\nThe image was made of commit "
            f"{results['commit'] or 'unknown'}{changed}. Imported {results['made']} by `{results['command']}`.{few}{left_out}\n")


def rows(conditions):
    for name, one in conditions.items():
        boot = None if one["boot_ticks"] is None else round(one["boot_ticks"] / 1e6, 2)
        yield [TITLES[name], one["samples"], *(one["latency"][which] for which in statistics.NAMES), one["exits"], one["exits_total"], one["overruns"], boot]


def early_words(conditions):
    """A timer that fires early shows a rate that was measured wrongly, and then the latencies are wrong by as much."""
    found = [f"{one['early']:,} of {one['samples']:,} ({TITLES[name]})" for name, one in conditions.items() if one["early"]]
    return (f"\n**Measure again**: interrupts came before their time: {', '.join(found)}. The rate of the timer was measured wrongly, as it is on a machine, or an "
            "emulator's host, that was held up meanwhile; the latencies above are too short by as much.\n") if found else ""


def cost_rows(costs):
    for kind, words in KINDS.items():
        here = [costs.get(side, {}).get(kind) for side in ("bare", "exclusive")]
        yield [words, *("–" if one is None else f"{cell(one['least'])} / {cell(one['mean'])} / {cell(one['most'])}" for one in here)]


def cost_words(costs):
    return ("\n## What an exit costs a guest, in ns\n\nAround one instruction, of 1,000 rounds: least / mean / most. VMMCALL on the bare machine is no instruction.\n\n"
            + table(["instruction", "bare machine", "exclusive core"], list(cost_rows(costs)))) if costs else ""


def round_trip_words(trips):
    return (f"\n## Round trip of a frame, in ns\n\n{ROUND_TRIP_WORDS}\n\n" + table(
        ["the frame is seen by", "samples", "min", "p50", "p99", "p99.99", "max", "overruns"],
        [[WAITS[name], one["samples"], *(one["latency"][which] for which in statistics.NAMES), one["overruns"]] for name, one in trips.items()])) if trips else ""


def latency_words(results):
    if not results["conditions"]:
        return ""
    text = "\n## Latency of the timer interrupt, in ns\n\n" + table(
        ["condition", "samples", "min", "p50", "p99", "p99.99", "max", "VM exits", "of these and before", "overruns", "boot to first instruction, ms"],
        list(rows(results["conditions"]))) + early_words(results["conditions"])
    return text + ("\n![Histogram of the latency in each condition](bench.svg)\n" if plot(results["conditions"]) else "")


# REQ-TOO-013
def markdown(results):
    return ("<!-- SPDX-License-Identifier: Apache-2.0 -->\n" + heading(results) + latency_words(results)
            + round_trip_words(results.get("round_trips")) + cost_words(results["costs"])
            + "\n" + "\n\n".join(CAVEATS) + "\n")


def coarse(histogram):
    """As many points as a drawing can show: latencies that differ by less than 3 % become one."""
    found = {}
    for time, count in histogram:
        place = round(1.03 ** round(math.log(max(time, 1), 1.03)))
        found[place] = found.get(place, 0) + count
    return sorted(found.items())


def plot(conditions):
    """All conditions whose latencies came home; None without any."""
    series = [(TITLES[name], coarse(one["histogram"])) for name, one in conditions.items() if one["histogram"]]
    return charts.outlines("Latency of the timer interrupt: samples by nanoseconds", series, "latency in ns") + "\n" if series else None
