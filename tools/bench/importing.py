# SPDX-License-Identifier: Apache-2.0
"""./bulkhead bench --import: the files of a benchmark out of what a machine printed."""
import pathlib
import sys

from tools.bench import compare, hardware, report_hardware
from tools.bench.command import print_comparison, write
from tools.bench.tables import cell
from tools.progress import say


def say_conditions(results):
    for name, one in results["conditions"].items():
        figures = " / ".join(cell(one["latency"][which]) for which in ("min", "p50", "p99", "p9999", "max"))
        exits = "" if one["exits"] is None else f", {one['exits']} VM exits"
        say(f"  {report_hardware.TITLES[name]}: min / p50 / p99 / p99.99 / max {figures} ns of {one['samples']:,} samples{exits}")


def say_costs(costs):
    for side, kinds in costs.items():
        say(f"  cost, {side}: " + ", ".join(f"{kind} {cell(kinds[kind]['least'])}" for kind in report_hardware.KINDS if kind in kinds) + " ns")


# REQ-TOO-013 REQ-TOO-008
def run(args):
    """Exit status 0: read, and nothing became worse; 1: something did; 2: a file is damaged or cannot be compared with."""
    folder, old = pathlib.Path(args.out).absolute(), None
    try:
        results = hardware.results_of(args.imports)
        if args.compare:
            old = compare.read(args.compare)
            compare.check_kind(old, results, args.compare)
            if old["quick"] != results["quick"]:
                raise compare.Unfit(f"{args.compare} has {'fewer' if old['quick'] else 'more'} than 10,000 samples in a condition, this run not; compare like with like")
    except (hardware.Unfit, compare.Unfit) as error:
        print(f"bulkhead: {error}", file=sys.stderr)
        return 2
    folder.mkdir(parents=True, exist_ok=True)
    say(f"{report_hardware.where(results['machine'])}: {report_hardware.machine_words(results['machine'])}".replace("**", ""))
    say_conditions(results)
    say_costs(results["costs"])
    write(results, folder, report_hardware)
    if old is None:
        return 0
    if old["machine"]["model"] != results["machine"]["model"] or old["machine"]["board"] != results["machine"]["board"]:
        say(f"Two machines are compared. The other one: {report_hardware.machine_words(old['machine'])}")
    return 0 if print_comparison(old, results, args.compare, compare.PERCENT_HARDWARE if args.tolerance is None else args.tolerance) else 1
