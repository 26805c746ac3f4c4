# SPDX-License-Identifier: Apache-2.0
"""The files of ./bulkhead bench: bench.json, bench.md, bench.svg."""
from tools.bench import mapping, peers, report_nic, report_paths, report_rt_linux, statistics
from tools.bench.tables import cell, table
from tools.evidence.report import charts

TITLES = {
    "bare": "bare machine", "alone": "Bulkhead alone", "linux": "Bulkhead, Linux Service VM", "loaded": "Bulkhead, loaded Service VM and User VMs",
    "storm": "Bulkhead, storm of hypercalls, interrupts and User VMs",
    "bare-exact": "bare machine", "alone-exact": "Bulkhead alone",
}
MODES = {"icount": "blocks of instructions", "icount-exact": "one instruction to a block"}
KINDS = {"cpuid": "CPUID", "rdmsr": "RDMSR of EFER", "in": "IN from port 0x500", "in_3e8": "IN from port 0x3E8, the RTVM's console",
         "vmmcall": "VMMCALL, no such hypercall", "nothing": "nothing (what the measurement itself takes)"}
SIZES = {"text": "code (`.text`)", "rodata": "constants (`.rodata`)", "data": "initialised data (`.data`)", "bss": "data that starts as zeros (`.bss`)",
         "elf_file": "the file `hv.elf`, with its debug information", "memory": "memory, from the first to the last byte",
         "page_table_pool": "of these, pools of page tables for all VMs", "page_table_pool_per_vm": "of these, for one VM",
         "iommu_tables": "tables that only an IOMMU reads", "memory_without_pool": "memory without these pools and tables"}
WORDS = {True: "met", False: "**not met**", None: "–"}
CAVEATS = (
    "One tick is one instruction that any core of the emulated machine executes, and 1 ns of its time. These figures are lengths of software paths in "
    "QEMU: compare them with each other, never with hardware. Caches, memory bandwidth and firmware are not in them.",
    "Latency is from the programmed expiry of the timer to the reading of the clock in its handler, the real-time VM waiting in HLT, the same image in "
    "each condition. The bare machine has no other busy core: QEMU lets busy cores take turns, which may put a turn of the other core into a sample "
    "(docs/decisions/0013-counted-time.md). So where the longest latency is beyond the target, the condition is "
    "measured again with the real-time VM shifted by some instructions, in at most three runs; the column *turns* says how many had such a sample. Median, "
    "99th percentile and exits are the worst of these runs.",
    "A percentile is left out when there are too few samples for one to lie beyond it.",
)


def target_rows(judged):
    for one in judged:
        limit = "report it" if one["limit"] is None else f"at most {cell(one['limit'])} {one['unit']}" if one["limit"] else f"0 {one['unit']}"
        measured = one["why"] if one["measured"] is None else f"{cell(one['measured'])} {one['unit']}"
        yield [one["words"], limit, measured, WORDS[one["met"]], *peers.figures(one["name"])]


def latency_rows(conditions):
    for name, one in conditions.items():
        yield [TITLES[name], MODES[one["mode"]], one["samples"], *(one["latency"][which] for which in statistics.NAMES), one["exits"], one["overruns"], one["turns"]]


def reason_rows(conditions):
    """Start-up exits by reason, since the real-time VM's first instruction."""
    with_exits = {name: one for name, one in conditions.items() if one["exits_by_reason"]}
    reasons = [reason for reason in next(iter(with_exits.values()), {"exits_by_reason": {}})["exits_by_reason"]
               if any(one["exits_by_reason"][reason] for one in with_exits.values())]
    return ["reason", *(TITLES[name] + (", exact" if name.endswith("-exact") else "") for name in with_exits)], \
        [[reason, *(one["exits_by_reason"][reason] for one in with_exits.values())] for reason in reasons]


def cost_rows(costs):
    for kind, words in KINDS.items():
        here = [costs.get(side, {}).get(kind) for side in ("bare", "exclusive", "shared")]
        yield [words, *("no such thing" if one is None else one["least"] if one["least"] == one["most"] else
                        f"{cell(one['least'])} / {cell(one['mean'])} / {cell(one['most'])}" for one in here)]


def source_words(results):
    changed = ", with uncommitted changes" if results["dirty"] else ""
    return f"commit {results['commit'] or 'unknown'}{changed}"


def quick_words(results):
    return "`--quick`: few samples, for a first look only. " if results["quick"] else ""


def heading(results):
    emulator = results["tools"].get("qemu-system-x86_64", "unknown")
    return (f"# Bulkhead benchmark\n\nMade {results['made']} of {source_words(results)}, by `{results['command']}`, in the emulator: {emulator}, counted time "
            f"(`-icount shift=0`). {quick_words(results)}Nothing here was measured on hardware.\n")


def problem_words(problems):
    return "## Parts that failed\n\n" + "\n".join(f"- {name}: {message}" for name, message in problems.items()) + "\n" if problems else ""


def latency_words(conditions):
    if not conditions:
        return ""
    columns, rows = reason_rows(conditions)
    text = "## Latency of the timer interrupt, in ticks\n\n" + table(
        ["condition", "emulation", "samples", "min", "p50", "p99", "p99.99", "max", "VM exits", "overruns", "turns"], list(latency_rows(conditions)))
    text += "\n![Histogram of the latency in each condition](bench.svg)\n\n" + "\n\n".join(CAVEATS) + "\n"
    return text + ("\nAll exits of the real-time VM since its first instruction; those of the steady state are in the table above:\n\n"
                   + table(columns, rows) if rows else "")


def cost_words(costs):
    if not costs:
        return ""
    return ("## What an exit costs a guest, in ticks\n\nAround one instruction, of 1,000 rounds: the least, or least / mean / most where they differ.\n\n"
            + table(["instruction", "bare machine", "exclusive core", "shared core"], list(cost_rows(costs))))


def timer_words(timer):
    if not timer:
        return ""
    rows = [[f"guest {'in a loop' if state == 'busy' else 'in HLT'}", one["exits"], one["ticks"]] for state, one in timer.items()]
    return ("## What a timer interrupt costs a vCPU of a shared core\n\nFrom arming to EOI, the mean of 1,000, the hypervisor's instructions alone. In HLT the clock "
            "runs by itself, so that instructions cannot be told from it.\n\n" + table(["state", "VM exits", "instructions"], rows))


def work_words(work):
    if not work:
        return ""
    return ("## Instructions of the hypervisor from an exit to the next entry\n\nThe most seen, with guests that use the arguments that cost most "
            "(`scons budget`).\n\n" + table(["kind", "times seen", "most"], [[kind, one["times"], one["most"]] for kind, one in work.items()]))


def size_words(size):
    if not size:
        return ""
    return "## Size of the hypervisor, in bytes\n\nWithout the RAM that a scenario gives for statistics and log (128 KiB).\n\n" + table(["what", "bytes"], [[words, size[name]] for name, words in SIZES.items() if name in size])


# REQ-TOO-007
def markdown(results):
    parts = [heading(results), problem_words(results["problems"]),
             "## Targets\n\nAims, not promises; what is promised is in `docs/specification.md`.\n\n"
             + table(["target", "aim", "measured", "", "KVM", "Xen"], list(target_rows(results["targets"]))) + peers.CAVEATS,
             latency_words(results["conditions"]), report_rt_linux.words(results.get("rt_linux")), report_nic.words(results.get("nic")), cost_words(results["costs"]),
             timer_words(results["timer"]), *report_paths.sections(results), mapping.words(results.get("mapping")), work_words(results["work"]), size_words(results["size"])]
    return "<!-- SPDX-License-Identifier: Apache-2.0 -->\n" + "\n".join(part for part in parts if part)


def plot(conditions):
    """The four conditions in the same emulation, as one SVG; None without samples."""
    series = [(TITLES[name], [(ticks, count) for ticks, count in one["histogram"]]) for name, one in conditions.items()
              if one["histogram"] and not name.endswith("-exact")]
    return charts.outlines("Latency of the timer interrupt: samples by ticks", series, "latency in ticks; one tick is one instruction") + "\n" if series else None
