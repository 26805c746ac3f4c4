# SPDX-License-Identifier: Apache-2.0
"""Which emulated machines a system test is a test of: both, unless it gives a reason of the closed list below.

@pytest.mark.not_on("bochs", "monitor")              not there, and why
@pytest.mark.machines("qemu", "bochs:haswell")       these CPU models instead of the usual one of each
@pytest.mark.long_on("bochs", "qemu:MODEL")          takes minutes there; runs when asked for, with --long

A reason has a sign, which the source of the test (with the helpers and fixtures that it uses) must show; one that is no longer true fails."""
import ast
import collections
import inspect
import re

EMULATORS = ("qemu", "bochs")
Reason = collections.namedtuple("Reason", "words sign")
REASONS = {
    # Bochs lacks it.
    "monitor": Reason("needs QEMU's monitor, which raises machine checks, NMIs and resets from outside", r"\bMonitor\("),
    "reset": Reason("goes on after a reset of the machine; Bochs' BIOS stops at its test of the keyboard the second time", r"reboot=reset|\bWARM\b"),
    "devices": Reason("needs devices that Bochs does not have (MSI, virtio, NVMe, PCIe network)", r"'-device'|-pci\b|-nic\b"),
    "iommu": Reason("needs an IOMMU, which Bochs does not have", r"-iommu"),
    "usb": Reason("boots from a USB disk, which Bochs' BIOS cannot", r"usb-storage"),
    "uefi": Reason("needs UEFI; Bochs has a BIOS", r"\bOVMF_CODE\b"),
    "vmcb": Reason("changes AMD's VMCB from outside; a VMCS is not in memory in a known form", r"svm_vmcb"),
    "figures": Reason("is held to figures that are promised for QEMU's counted time (docs/specification.md)", r"\b(SPECIFICATION|PROMISED|promised|specification)\b"),
    "turns": Reason("compares latencies to the instruction; Bochs' clock counts turns of the cores, those of a halted one too", r"on_bare"),
    "bench": Reason("is about what ./bulkhead bench measures on QEMU", r"'bench'"),
    # It would say nothing there.
    "loader": Reason("is about QEMU's own boot loader", r"def test_qemu_"),
    "v_irq": Reason("waits for ever on Bochs' AMD-V, which loses sight of a virtual interrupt at VMRUN (docs/user-guide.md)", r"-x2apic"),
    "fault": Reason("is about a fault of QEMU that the tools work around", r"ferr_race|plugin"),
    "host": Reason("sees that no machine is started", r"not \(BUILD / 'run'"),
    "cpu words": Reason("names a CPU by QEMU's words; the test beside it does so by Bochs'", r"\bcpu\b"),
    # QEMU lacks it.
    "vt-x": Reason("is about VT-x", r"vmx|VT-x|VMRESUME"),
}


class Problem(Exception):
    """A decision that a test may not make."""


def closure(function):
    """The source of a test with what it uses of its file: helpers, fixtures by their names, constants. Its own not_on is no sign."""
    module = ast.parse(inspect.getsource(inspect.getmodule(function)))
    known = {}
    for node in module.body:
        for name in [node.name] if hasattr(node, "name") else [target.id for target in getattr(node, "targets", []) if isinstance(target, ast.Name)]:
            known[name] = node
    pending, seen, text = [function.__name__], set(), []
    while pending:
        name = pending.pop()
        if name in seen or name not in known:
            continue
        seen.add(name)
        node = known[name]
        if hasattr(node, "decorator_list"):
            node.decorator_list = [one for one in node.decorator_list if "not_on" not in ast.unparse(one)]
        text.append(ast.unparse(node))
        pending += [one.id for one in ast.walk(node) if isinstance(one, ast.Name)] + [one.arg for one in ast.walk(node) if isinstance(one, ast.arg)]
    return "\n".join(text)


def true_of(reason, source):
    return re.search(REASONS[reason].sign, source) is not None


def emulator_of(name):
    return name.partition(":")[0]


class Decision:
    """names: machines that it runs on; absent: {emulator: reason}; long: names of machines or emulators."""

    def __init__(self, markers, source, test):
        """markers: pytest's, the nearest first; a test's own not_on for an emulator comes before that of its file."""
        self.test, self.absent, self.long = test, {}, set()
        nearest = next((marker.args for marker in markers if marker.name == "machines"), None)
        for marker in markers:
            if marker.name == "not_on":
                self.exclude(marker.args, source)
            elif marker.name == "long_on":
                self.long |= set(marker.args)
        self.names = tuple(nearest or (one for one in EMULATORS if one not in self.absent))
        self.check()

    def exclude(self, arguments, source):
        if len(arguments) != 2 or arguments[0] not in EMULATORS or arguments[1] not in REASONS:
            raise Problem(f"{self.test}: not_on{arguments}: write an emulator ({', '.join(EMULATORS)}) and a reason ({', '.join(REASONS)})")
        if not true_of(arguments[1], source):
            raise Problem(f"{self.test}: not on {arguments[0]} because it {REASONS[arguments[1]].words}: nothing of that is in its source")
        self.absent.setdefault(*arguments)

    def check(self):
        runs = {emulator_of(name) for name in self.names}
        if not runs <= set(EMULATORS) or not runs:
            raise Problem(f"{self.test}: machines{self.names}: of {', '.join(EMULATORS)}, each with a CPU model behind a colon or without")
        for emulator in EMULATORS:
            if (emulator in runs) == (emulator in self.absent):
                raise Problem(f"{self.test}: {emulator}: it must run there or have a reason, not_on(\"{emulator}\", REASON)")
        unknown = self.long - set(self.names) - runs
        if unknown:
            raise Problem(f"{self.test}: long_on{tuple(sorted(unknown))}: it does not run there")

    def is_long(self, name):
        return bool({name, emulator_of(name)} & self.long)

    def rows(self):
        """[(machine or emulator, 'every run', 'with --long' or 'not', why not)]"""
        return [(name, "with --long" if self.is_long(name) else "every run", "") for name in self.names] + \
            [(emulator, "not", REASONS[reason].words) for emulator, reason in self.absent.items()]


# Tests that a Bochs 2.7 (Debian 12's) is not expected to pass. {function: fault}
NO_FEATURES = "its configuration takes no feature from a CPU"
FAULTS_OF_2_7 = {"test_an_intel_cpu_without_vt_x_is_named": NO_FEATURES, "test_a_cpu_without_long_mode_is_named": NO_FEATURES}
