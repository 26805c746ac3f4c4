# SPDX-License-Identifier: Apache-2.0
"""./bulkhead bench --machine bochs: what exits cost on VT-x. A tick is an instruction of the core that executed most in a turn of five."""
import datetime
import json
import os
import pathlib

from tools.bench.measure import GUESTS, TIMEOUT_S, hex_figures
from tools.bench.tables import table
from tools.boot import machine_for
from tools.evidence import provenance
from tools.machine import MachineError
from tools.progress import ROOT, say

FOLDER = ROOT / "build" / "bench" / "machines" / "vt-x"
TARGETS_OF_BUILD = ("hv", "rtvm", "guests")
SERVICE = {"service": "console=0x2f8"}
SCENARIO, IPI_EXCLUSIVE, IPI_SHARED = "rt-only-bochs", "tests/bench/ipi-bochs.yaml", "tests/bench/kick-bochs.yaml"
KINDS = {"cpuid": "CPUID", "rdmsr": "RDMSR of EFER", "in": "IN from a closed port (on the shared core: an open one, no exit)",
         "in_3e8": "IN from another VM's port (on the exclusive core: its own, no exit)", "vmcall": "VMCALL, refused", "nothing": "nothing (what the measurement itself takes)"}


def figures_of(scenario, name, images, consoles, append=None):
    """{console: figures} of guests that run to their ends, in the loop that Linux runs in (docs/decisions/0020-vt-x.md)."""
    machine = machine_for(scenario, FOLDER / name, append, {vm: GUESTS / f"{image}.elf" for vm, image in images.items()}, machine="bochs")
    machine.exact = True
    with machine:
        for console in consoles:
            machine.wait_for(console, r"^done", TIMEOUT_S)
        return {console: hex_figures(machine.text(console).replace("\r", "")) for console in consoles}


def measured():
    cost = figures_of(SCENARIO, "cost", {"rtvm": "cost", "idle": "cost"}, ("rtvm", "service"), SERVICE)
    timer = figures_of(SCENARIO, "timer", {"rtvm": "idle", "idle": "timer_cost"}, ("service",), SERVICE)["service"]
    exclusive = figures_of(IPI_EXCLUSIVE, "ipi-exclusive", {"rtvm": "ipi", "idle": "idle"}, ("rtvm",))["rtvm"]
    shared = figures_of(IPI_SHARED, "ipi-shared", {"rtvm": "idle", "idle": "ipi"}, ("service",), SERVICE)["service"]
    return {"costs": {"exclusive": {kind: cost["rtvm"][kind] for kind in KINDS}, "shared": {kind: cost["service"][kind] for kind in KINDS}},
            "timer": {"exits": (timer["exits busy"] - timer["exits nothing"]) / timer["rounds"], "ticks": timer["ticks busy"] / timer["rounds"]},
            "ipi": {"exclusive": exclusive["ipi mean"], "shared": shared["ipi mean"]}}


def markdown(results):
    costs = results["costs"]
    rows = [[words, costs["exclusive"][kind], costs["shared"][kind]] for kind, words in KINDS.items()]
    rows.append(["an interrupt to a halted vCPU of the same VM and its answer, the mean", results["ipi"]["exclusive"], results["ipi"]["shared"]])
    rows.append([f"a timer interrupt from arming to EOI, the mean; {results['timer']['exits']:.2f} exits", None, results["timer"]["ticks"]])
    return "\n".join([
        "<!-- SPDX-License-Identifier: Apache-2.0 -->", "# What exits cost on VT-x", "",
        f"Made {results['made']} of commit {results['commit']}{', changed' if results['dirty'] else ''}, by `./bulkhead bench --machine bochs`, model skylake_x.",
        "", "In ticks around one instruction of a guest, the least of 1,000. A tick is an instruction of the core that executed most in a turn of five, so figures are multiples of five; exit and entry",
        "themselves take none, and VMREAD and VMWRITE count as any other instruction. What is promised is in `docs/specification.md`. AMD-V: [bench.md](bench.md).", "",
        table(["what", "exclusive core", "shared core"], rows)])


# REQ-TOO-007
def run(args):
    """Exit status 0: measured."""
    folder = pathlib.Path(args.out).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    source = provenance.source()
    results = {"commit": source["commit"], "dirty": source["dirty"], "made": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")}
    say("Measuring on Bochs: what exits cost on VT-x")
    try:
        results.update(measured())
    except MachineError as error:
        say(f"failed: {error}; consoles: {os.path.relpath(FOLDER, ROOT)}/*/*.log")
        return 1
    (folder / "vt-x.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    text = markdown(results)
    (folder / "vt-x.md").write_text(text, encoding="utf-8")
    say(text.rpartition("\n\n")[2].rstrip())
    say(f"written: {os.path.relpath(folder, ROOT)}/vt-x.json, vt-x.md")
    return 0
