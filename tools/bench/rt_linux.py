# SPDX-License-Identifier: Apache-2.0
"""Latency of PREEMPT_RT Linux: cyclictest in counted time, on the bare machine and on Bulkhead, which both have an IOMMU that lets Linux use x2APIC."""
import pathlib
import re
import tempfile

from tools import setup
from tools.bench import overlay, single_steps, statistics
from tools.bench.measure import PLAIN, TIMEOUT_S
from tools.boot import BUILD, machine_for
from tools.machine import ROOT, Machine, MachineError
from tools.progress import StepError

LOOPS, LOOPS_QUICK = 10000, 500
SCENARIO = "tests/bench/bench-rt-linux.yaml"
# As in the scenario, but for PCI, which the bare machine has.
WORDS = "console=ttyS2,115200 quiet panic=-1 reboot=t tsc=reliable mce=off nowatchdog sysctl.kernel.sched_rt_runtime_us=-1"
IOMMU = ("-device", "intel-iommu,intremap=on,eim=on")
PAGE = 0x1000
LINE = r"^rt: (finished)|^.*Kernel panic.*$"


def append(loops):
    return f"nokaslr rdinit=/bench/cyclictest.sh bench.loops={loops}"


def finished(machine):
    said = machine.wait_for("rtvm", LINE, TIMEOUT_S)
    if said.group(1) is None:
        raise MachineError(f"PREEMPT_RT Linux says: {said.group(0)}", "rtvm")
    return machine.text("rtvm")


def bare(place, initrd, loops, mode, extra=()):
    return Machine(place, kernel=setup.rt_kernel().image, mode=mode, cores=1, memory="512M", append=f"{WORDS} {append(loops)}",
                   extra=["-initrd", str(initrd), *IOMMU, *extra])


def page_of_msr_reads(place, initrd):
    """Where this kernel reads MSRs, in a run without counted time; see single_steps."""
    with bare(place, initrd, 0, "mttcg") as machine:
        found = re.search(r"^rt: native_read_msr ([0-9a-f]+)$", finished(machine), re.M)
    if not found:
        raise MachineError("PREEMPT_RT Linux does not say where it reads MSRs", "rtvm")
    return int(found.group(1), 16) & ~(PAGE - 1)


def latency_of(text):
    """What cyclictest's histogram says: latency, samples, and that none fell outside it."""
    histogram = [[int(ticks), int(count)] for ticks, count in re.findall(r"^rt: latency (\d+) samples (\d+)$", text, re.M)]
    overflows = re.search(r"^rt: Histogram Overflows 0*(\d+)$", text, re.M)
    if not histogram or overflows is None or int(overflows.group(1)):
        raise MachineError("cyclictest gave no whole histogram", "rtvm")
    return {"samples": statistics.samples(histogram), "latency": statistics.latency(histogram), "histogram": histogram}


# REQ-TOO-007
def measure(settings):
    """{bare, alone: {samples, latency, histogram}}, in ticks."""
    if setup.rt_kernel() is None or not (BUILD / "images" / "rt-initrd.gz").exists():
        raise StepError("no PREEMPT_RT kernel or no cyclictest; ./bulkhead setup --group rt fetches them")
    place, loops = settings.folder, LOOPS_QUICK if settings.quick else LOOPS
    script = {"bench/cyclictest.sh": ROOT / "tests" / "bench" / "cyclictest.sh"}
    initrd = overlay.with_files(BUILD / "images" / "rt-initrd.gz", script, place / "rt-linux" / "initrd.gz")
    page = page_of_msr_reads(place / "rt-linux-page", initrd)
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "gdb"       # a socket's path must be short
        stands = [*IOMMU, *single_steps.options(path)]
        machines = {"bare": bare(place / "rt-linux-bare", initrd, loops, PLAIN, single_steps.options(path)),
                    "alone": machine_for(SCENARIO, place / "rt-linux-alone", {"rtlinux": append(loops)}, {"rt-initrd": initrd}, mode=PLAIN, extra=stands)}
        for name, machine in machines.items():
            with machine, single_steps.begin(path, page):
                found[name] = latency_of(finished(machine))
            path.unlink(missing_ok=True)
    return found
