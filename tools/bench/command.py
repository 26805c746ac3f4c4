# SPDX-License-Identifier: Apache-2.0
"""./bulkhead bench: measures part by part, writes the files, compares with an earlier run."""
import collections
import datetime
import json
import os
import pathlib
import shlex
import sys

from tools.bench import compare, mapping, measure, nic, paths, report, rt_linux
from tools.bench.progress import measuring
from tools.bench.targets import judge
from tools.evidence import provenance
from tools.machine import MachineError
from tools.progress import BOLD, GREEN, RED, ROOT, StepError, colour, say

# Not below --out: a boot loader's module carries its file's name, and a longer one takes more instructions to read.
MACHINES = ROOT / "build" / "bench" / "machines"
SAMPLES, SAMPLES_QUICK = 12000, 500
PROGRAMS = ("qemu-system-x86_64", "gcc")
TARGETS_OF_BUILD = ("hv", "rtvm", "images", "guests", "qemu-plugin", "budget-plugin")
# name: what --only takes; measure(settings, results): puts what it finds into results, returns it in a few words.
Part = collections.namedtuple("Part", "name words measure")


def keep(results, name, found):
    results["conditions"][name] = found
    return latency_line(found)


def latency_line(one):
    figures = " / ".join(report.cell(one["latency"][which]) for which in ("min", "p50", "p99", "p9999", "max"))
    exits = "" if one["exits"] is None else f", {one['exits']} VM exits"
    return f"latency min / p50 / p99 / p99.99 / max {figures} ticks of {one['samples']:,} samples{exits}"


def on_both(name):
    def measured(settings, results):
        function = getattr(measure, name)
        keep(results, name, function(settings, measure.PLAIN))
        keep(results, f"{name}-exact", function(settings, measure.EXACT))
        return latency_line(results["conditions"][name])
    return measured


def with_linux(name, load):
    def measured(settings, results):
        return keep(results, name, measure.beside_linux(settings, name, load, results["conditions"].get("bare")))
    return measured


def costs(settings, results):
    results["costs"], results["timer"] = measure.costs(settings), measure.timer(settings)
    return ", ".join(f"{kind} {ticks['least']}" for kind, ticks in results["costs"]["exclusive"].items()) + " ticks on an exclusive core"


def work(_, results):
    results["work"] = measure.work()
    return f"{len(results['work'])} kinds of exits and hypercalls"


def ipi(settings, results):
    results["ipi"] = paths.ipi(settings)
    return ", ".join(f"{side} {ticks['least']}" for side, ticks in results["ipi"].items()) + " ticks"


def access(settings, results):
    results["access"] = paths.access(settings)
    return f"{results['access']['dm_mmio']['least']} ticks for a read that bhdm answers"


def linux_boot(settings, results):
    results["linux_boot"] = paths.linux_boot(settings)
    return ", ".join(f"{vm} VM {one['bulkhead']:,} ticks, bare machine {one['bare']:,}" for vm, one in results["linux_boot"].items())


def map_pages(settings, results):
    results["mapping"] = mapping.mapping(settings)
    return ", ".join(f"{mapping.CASES[name].words} {results['mapping'][name]['map']:,} and {results['mapping'][name]['unmap']:,} ticks" for name in ("4k_1", "2m_1", "1g_1"))


def preempt_rt(settings, results):
    results["rt_linux"] = rt_linux.measure(settings)
    return ", ".join(f"{side} p50 {one['latency']['p50']} max {one['latency']['max']}" for side, one in results["rt_linux"].items()) + " ticks"


def round_trip(settings, results):
    results["nic"] = nic.measure(settings)
    return ", ".join(f"{wait} {side} p50 {one['latency']['p50']}" for wait, modes in results["nic"].items() for side, one in modes[measure.EXACT].items()) + " ticks"


def size(_, results):
    results["size"] = measure.size()
    return f"text {results['size']['text']:,} bytes, memory {results['size']['memory']:,} bytes"


PARTS = (
    Part("bare", "latency on the bare machine", on_both("bare")),
    Part("alone", "latency on Bulkhead alone", on_both("alone")),
    Part("linux", "latency beside a Linux Service VM", with_linux("linux", "none")),
    Part("loaded", "latency beside a loaded Service VM and User VMs", with_linux("loaded", "full")),
    Part("storm", "latency beside a storm of hypercalls, interrupts and User VMs", with_linux("storm", "storm")),
    Part("rt-linux", "latency of PREEMPT_RT Linux, bare and on Bulkhead", preempt_rt),
    Part("nic", "round trip of a frame, bare and on Bulkhead", round_trip),
    Part("cost", "what exits cost a guest", costs),
    Part("ipi", "interrupts between halted vCPUs", ipi),
    Part("access", "accesses of a User VM", access),
    Part("linux-boot", "boot of Linux in Service VM and User VM", linux_boot),
    Part("mapping", "memory that is lent to a User VM", map_pages),
    Part("work", "instructions of the hypervisor for each exit and hypercall", work),
    Part("size", "size of the hypervisor", size),
)
NAMES = tuple(part.name for part in PARTS)


def parts_of(only):
    return [part for part in PARTS if not only or part.name in only]


def empty(args, parts):
    source = provenance.source()
    return {"form": compare.FORM, "commit": source["commit"], "dirty": source["dirty"],
            "made": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"), "command": command_line(args),
            "emulated": True, "quick": args.quick, "parts": [part.name for part in parts], "tools": provenance.versions(PROGRAMS),
            "conditions": {}, "costs": {}, "timer": {}, "rt_linux": {}, "nic": {}, "ipi": {}, "access": {}, "linux_boot": {}, "mapping": {}, "work": {}, "size": {}, "problems": {}, "targets": []}


def command_line(args):
    """What repeats this measurement."""
    words = ["./bulkhead", "bench"] + ["--quick"] * args.quick + [word for name in args.only for word in ("--only", name)]
    return shlex.join(words)


def run_part(part, settings, results):
    """A part that fails is written down, and the others are measured."""
    try:
        with measuring(part.words) as found:
            found.append(part.measure(settings, results))
    except (MachineError, StepError) as error:
        results["problems"][part.name] = str(error).partition("\n")[0]
        say(f"    {colour(RED, 'failed')}: {error}; consoles: {os.path.relpath(settings.folder, ROOT)}/*/*.log")


def write(results, folder, writer=report):
    """bench.json, bench.md and, when there are latencies, bench.svg."""
    names = ["bench.json", "bench.md"]
    (folder / "bench.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    (folder / "bench.md").write_text(writer.markdown(results), encoding="utf-8")
    drawn = writer.plot(results["conditions"])
    (folder / "bench.svg").unlink(missing_ok=True)
    if drawn:
        (folder / "bench.svg").write_text(f"<!-- SPDX-License-Identifier: Apache-2.0 -->\n{drawn}", encoding="utf-8")
        names.append("bench.svg")
    say(f"written: {os.path.relpath(folder, ROOT)}/" + ", ".join(names))


def print_targets(judged):
    marks = {True: colour(GREEN, "met    "), False: colour(RED, "not met"), None: "-      "}
    for one in judged:
        if one["measured"] is not None:
            limit = "" if one["limit"] is None else f" of at most {report.cell(one['limit'])}"
            say(f"  {marks[one['met']]} {one['words']}: {report.cell(one['measured'])}{limit} {one['unit']}")
    count = collections.Counter(one["met"] for one in judged)
    say(colour(BOLD, f"{count[True]} targets met, {count[False]} not met, {count[None]} not measured"))


# REQ-TOO-008
def print_comparison(old, results, path, percent):
    """True when nothing became worse."""
    worse, gone = compare.regressions(old, results, percent)
    left_out = gone if set(results["parts"]) >= set(old["parts"]) else []
    for one in worse:
        say(f"  {colour(RED, 'worse')}  {one.name}: {report.cell(one.new)}, was {report.cell(one.old)}, allowed {report.cell(one.allowed)}")
    for name in left_out:
        say(f"  {colour(RED, 'gone')}   {name}: was {report.cell(compare.figures(old)[name])}")
    compared = len(compare.figures(old)) - len(gone)
    say(f"compared with {path} ({report.source_words(old)}): {compared} figures, {len(worse)} worse, {len(gone)} not measured this time")
    return compared > 0 and not worse and not left_out


def run(args):
    """Exit status 0: all was measured, and nothing became worse; 1 else; 2: the earlier run cannot be compared with."""
    parts, folder, old = parts_of(args.only), pathlib.Path(args.out).absolute(), None
    try:
        if args.compare:
            old = compare.read(args.compare)
            compare.check_kind(old, {}, args.compare)
            compare.check_alike(old, args.quick, args.compare)
    except compare.Unfit as error:
        print(f"bulkhead: {error}", file=sys.stderr)
        return 2
    folder.mkdir(parents=True, exist_ok=True)
    settings = measure.Settings(MACHINES, SAMPLES_QUICK if args.quick else SAMPLES, args.quick)
    results = empty(args, parts)
    say(f"Measuring in counted time: {', '.join(part.name for part in parts)}")
    for part in parts:
        run_part(part, settings, results)
    after = provenance.source()     # a tree that changed meanwhile is of no one commit
    results["dirty"] = results["dirty"] or after["dirty"] or after["commit"] != results["commit"]
    results["targets"] = judge(results)
    print_targets(results["targets"])
    write(results, folder)
    good = not results["problems"]
    if old is not None:
        good = print_comparison(old, results, args.compare, compare.PERCENT if args.tolerance is None else args.tolerance) and good
    return 0 if good else 1
