# SPDX-License-Identifier: Apache-2.0
"""scons budget: how many instructions the hypervisor takes at most for each kind of exit and each hypercall.

Two guests (tests/guests/load_*.c) make them all, with the arguments that cost most, on a machine whose time is the count of
instructions; a QEMU plugin (tests/bench/exitcost.c) counts from the exit to the next entry or idle wait. Each count is held to
docs/specification.md. A kind that is not promised, and a promise that nothing was seen of, fail too.
"""
import pathlib
import re
import subprocess
import sys

from tools.evidence import specification
from tools.evidence.result import Result
from tools.progress import ROOT

BUILD = ROOT / "build"
FOLDER = BUILD / "tests" / "budget"
TIMEOUT_S = 400
PREFIX = "budget."
VCPUS_PER_VM = 8  # MAX_VCPU_PER_VM; the Service VM is VM 0
# Exit codes of AMD-V by the reason that hv/x86/svm/exit.c makes of them; the plugin marks MSR writes and idle waits.
REASONS = {0x60: "interrupt", 0x61: "nmi", 0x64: "window", 0x74: "window", 0x72: "cpuid", 0x78: "hlt", 0x7B: "io", 0x7C: "msr_read",
           0x1007C: "msr_write", 0x7F: "shutdown", 0x81: "hypercall", 0x8D: "xsetbv", 0x89: "wbinvd", 0x76: "wbinvd", 0x400: "mmio",
           0xFFFE: "wake", **{code: "cr" for code in range(0x20)}, **{code: "exception" for code in range(0x40, 0x60)},
           **{code: "exception" for code in (0x6F, 0x7A, 0x80, 0x82, 0x83, 0x84, 0x85, 0x86, 0x8A, 0x8B, 0x8C, 0x8E)}}
# Kinds that need not be seen, and why.
NOT_SEEN = {
    "shared.nmi": "kicks between shared cores: one shared core runs, so that counts are exact; the exit does no more than `interrupt`",
    "shared.shutdown": "a triple fault of the Service VM resets it or the machine; a User VM's is one I/O request, as `io`",
    "shared.other": "no exit of an intercept that is set",
    "exclusive.nmi": "kicks by another core, of which none has anything to do, so that counts are exact; the exit does no more than `window`",
    "exclusive.hlt": "not intercepted", "exclusive.interrupt": "not intercepted", "exclusive.cr": "not intercepted",
    "exclusive.xsetbv": "not intercepted", "exclusive.other": "no exit of an intercept that is set",
    "exclusive.mmio": "ends the VM, as `shutdown` does", "exclusive.wake": "an exclusive core waits only before its VM starts and after it ended",
}


class Problem(Exception):
    """The measurement did not come about."""


def run(*command):
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise Problem(f"{' '.join(map(str, command))} failed:\n{done.stdout[-2000:]}")
    return done.stdout


def addresses():
    found = {}
    for line in run("nm", str(BUILD / "hv" / "hv.elf64")).splitlines():
        words = line.split()
        found[words[-1]] = words[0]
    return found


def hypercalls():
    """{number: name} of abi/hypercall.h"""
    text = (ROOT / "abi" / "hypercall.h").read_text()
    return {int(number, 16): name.lower() for name, number in re.findall(r"^#define HC_(\w+)\s+0x(8[0-9A-F]{7})U", text, re.M)
            if name != "BASE"}


def reasons():
    """Names of abi/hv_info.h's exit reasons."""
    body = re.search(r"enum hv_exit_reason \{(.*?)\}", (ROOT / "abi" / "hv_info.h").read_text(), re.S)[1]
    return [name.lower() for name in re.findall(r"HV_EXIT_(\w+)", body) if name != "REASONS"]


def counts(side, guests, wait_for):
    """[(vcpu, exit code, R8, times, most)] of one run. wait_for: console and text that end it."""
    from tools.boot import machine_for
    from tools.machine import MachineError
    at, place = addresses(), FOLDER / side
    place.mkdir(parents=True, exist_ok=True)
    out = place / "counts"
    out.unlink(missing_ok=True)
    plugin = (f"{BUILD}/tests/bench/exitcost.so,out={out},text=0x{at['image_start']},end=0x{at['rodata_start']},"
              f"vmcb=0x{at['svm_vmcb']},regs=0x{at['vcpu_regs']},vcpus=64")
    images = {tag: BUILD / "tests" / "guests" / f"{name}.elf" for tag, name in guests.items()}
    machine = machine_for("tests/bench/budget.yaml", place, {"service": "console=0x2f8"}, images, mode="icount", extra=["-plugin", plugin])
    try:
        with machine:
            machine.wait_for(*wait_for, TIMEOUT_S)
            if "not ok" in machine.text("service") + machine.text("rtvm"):
                raise Problem(f"a guest of the {side} run says: {machine.tail('service', 5)} {machine.tail('rtvm', 5)}")
    except MachineError as error:
        raise Problem(f"the {side} run: {error}; {machine.tail('qemu', 3)}") from None
    lines = out.read_text().splitlines() if out.exists() else []
    if not lines or lines[-1] != "end":
        raise Problem(f"the plugin left no complete record of the {side} run: {lines[-1:]}")
    return [tuple(int(word, 16) for word in line.split()[:3]) + tuple(int(word) for word in line.split()[3:]) for line in lines[:-1]]


def measured():
    """{name: (most instructions, how often seen)}"""
    known, found = hypercalls(), {}
    runs = (("shared", {"idle": "load_shared", "rtvm": "idle"}, ("service", r"^done")),
            ("exclusive", {"idle": "idle", "rtvm": "load_exclusive"}, ("hypervisor", r"summary: rtvm")))
    for side, guests, wait_for in runs:
        for vcpu, code, r8, times, most in counts(side, guests, wait_for):
            if side == "exclusive" and vcpu < VCPUS_PER_VM:
                continue  # the Service VM, woken to write the log of the real-time VM's end
            reason = REASONS.get(code, f"code_{code:x}")
            if reason == "hypercall" and side == "shared":
                name = f"hypercall.{known.get(r8, 'unknown')}"
            else:
                name = f"{side}.{reason}"
            before = found.get(name, (0, 0))
            found[name] = (max(most, before[0]), times + before[1])
    return found


def judge(found, promised, result):
    """Findings; True when there is none."""
    complaints = []
    wanted = {f"{side}.{reason}" for side in ("shared", "exclusive") for reason in reasons()} | {"shared.wake"}
    wanted = (wanted - {"shared.hypercall"}) | {f"hypercall.{name}" for name in hypercalls().values()} | {"hypercall.unknown"}
    for name in sorted(wanted - set(found) - set(NOT_SEEN)):
        complaints.append((f"{name} was not measured: let tests/guests/load_*.c make it", 0))
    for name in sorted(set(NOT_SEEN) & set(found) - {"exclusive.wake"}):
        complaints.append((f"{name} was measured and need no longer be excused in tools/evidence/budget.py", 0))
    limits = {name[len(PREFIX):]: promise for name, promise in promised.items() if name.startswith(PREFIX)}
    for name in sorted(set(limits) - set(found)):
        complaints.append((f"{PREFIX}{name} is promised, but no such exit was seen", limits[name].line))
    for name, (most, times) in sorted(found.items()):
        if name in NOT_SEEN:
            continue
        if name not in limits:
            complaints.append((f"{PREFIX}{name} is not promised; it takes up to {most} instructions", 0))
        elif most > limits[name].number:
            complaints.append((f"{PREFIX}{name} takes up to {most} instructions, promised are {limits[name].number}", limits[name].line))
    for message, line in complaints:
        result.finding("budget", message, specification.FILE, line)
        print(f"{specification.FILE}:{line}: {message}")
    rows = [[name, times, most, limits[name].number if name in limits else ""] for name, (most, times) in sorted(found.items()) if name not in NOT_SEEN]
    for row in rows:
        print(f"{row[0]:<40} {row[2]:>8} of {row[3]:>8}  ({row[1]} times)")
    result.figure("kinds of exits and hypercalls within their budget", len(rows) - len(complaints))
    result.figure("kinds beyond it", len(complaints), limit=0)
    result.table("Most instructions from exit to entry", ["kind", "times seen", "most", "promised"], rows)
    for name, why in NOT_SEEN.items():
        result.note(f"{name} is not measured: {why}.")
    return not complaints


def main():
    result = Result("budget", "Every exit and every hypercall takes a bounded number of instructions")
    result.note("Counted in QEMU for AMD-V with one busy core: waiting for the shared lock or for another core to leave its guest is not in it.")
    try:
        run("scons", "-Q", "-j2", "hv", "guests", "budget-plugin", "qemu-plugin")
        if not (pathlib.Path(BUILD) / "tests" / "bench" / "exitcost.so").exists():
            raise Problem("the plugin was not built")
        passed = judge(measured(), specification.read(), result)
    except (Problem, specification.Missing) as problem:
        result.finding("budget", str(problem))
        print(problem)
        passed = False
    return result.finish(passed)


if __name__ == "__main__":
    sys.exit(main())
