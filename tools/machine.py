# SPDX-License-Identifier: Apache-2.0
"""The emulated industrial PC: the one place that knows QEMU's command line.

./bulkhead demo, run and the system tests all start it here, unless they ask for Bochs (tools/bochs.py)."""
import re
import shutil
import subprocess

from tools.emulator import CONSOLES, ENDS_WITH_US, HV, POLL_S, ROOT, Emulator, MachineError, relative

CPU = "EPYC,+svm,+npt,+x2apic"
MODES = {
    # One host thread for each core; wall-clock time. For function.
    "mttcg": ["-accel", "tcg,thread=multi"],
    # One instruction = 1 ns of virtual time; two runs give identical logs. For counts and latency.
    "icount": ["-accel", "tcg,thread=single", "-icount", "shift=0,sleep=off", "-seed", "1",
               "-rtc", "base=2026-01-01,clock=vm"],
    # The same, and a core gives way after every instruction: timer latency has no block-size noise.
    "icount-exact": ["-accel", "tcg,thread=single,one-insn-per-tb=on", "-icount", "shift=0,sleep=off", "-seed", "1",
                     "-rtc", "base=2026-01-01,clock=vm"],
}
# What takes faults of QEMU out of the way; the sources of the two say which.
PLUGINS = {mode: ROOT / "build" / "tools" / "qemu" / ("ferr_race.so" if mode == "mttcg" else "quiet_halt.so") for mode in MODES}


IOMMU = ["-device", "intel-iommu,intremap=on,eim=on"]   # before any other device
NICS = {"8086:10d3": "e1000e", "8086:10c9": "igb"}      # QEMU's names of controllers that a board may list


def board_devices(board):
    """What this board has beside QEMU's own: the IOMMU, and Ethernet controllers, where it lists them. '-set device.nic0.netdev=NAME' connects the first."""
    line = list(IOMMU) if board.get("iommu") else []
    for index, one in enumerate(function for function in board.get("pci", []) if function["id"].lower() in NICS):
        line += ["-device", f"{NICS[one['id'].lower()]},id=nic{index},addr={one['address'].partition(':')[2]},romfile="]
    return line


class Machine(Emulator):
    """One QEMU process. folder gets CONSOLE.log for each console, qemu.log and the command line.

    modules: [(file, "words tag")], handed to the hypervisor as boot modules. kernel: a multiboot image;
    with modules=() this is also how a bare image runs without the hypervisor. kernel=None: the firmware boots
    what extra names (a disk, a CD). terminal: the console that can be typed on."""
    name = "qemu"
    pm_timer, pm_control = 0x608, 0x604

    def __init__(self, folder, modules=(), kernel=HV, mode="mttcg", cores=4, memory="4G", cpu=CPU, append="",
                 extra=(), interactive=False, terminal="service"):
        super().__init__(folder, modules, kernel, append, interactive, terminal)
        self.mode, self.cores, self.memory, self.cpu, self.extra = mode, cores, memory, cpu, list(extra)

    def command(self):
        line = ["qemu-system-x86_64", "-machine", "q35,smm=off", "-cpu", self.cpu, "-smp", str(self.cores), "-m", self.memory]
        line += MODES[self.mode] + ["-plugin", relative(PLUGINS[self.mode])]
        line += ["-nodefaults", "-no-user-config", "-vga", "std", "-display", "none", "-no-reboot"]
        for console in CONSOLES:
            log = f"logfile={self.log(console)},logappend=off"
            if console == self.terminal and self.interactive:
                # Ctrl-A x leaves QEMU, Ctrl-C reaches the guest.
                line += ["-chardev", f"stdio,id={console},mux=on,signal=off,{log}"]
            elif console == self.terminal:
                line += ["-chardev", f"stdio,id={console},signal=off,{log}"]
            else:
                line += ["-chardev", f"null,id={console},{log}"]
            line += ["-serial", f"chardev:{console}"]
        if self.kernel is not None:
            line += ["-kernel", relative(self.kernel)]
        if self.modules:
            line += ["-initrd", ",".join(f"{relative(path)} {words}" for path, words in self.modules)]
        if self.append:
            line += ["-append", self.append]
        return line + self.extra

    def check(self):
        if shutil.which("qemu-system-x86_64") is None:
            raise MachineError("qemu-system-x86_64 is not installed; run ./bulkhead setup", self.name)

    def needed(self):
        return super().needed() + [PLUGINS[self.mode]]

    def describe(self):
        return f"QEMU: q35, {self.cores} cores, {self.memory.replace('G', ' GiB').replace('M', ' MiB')}"

    def model(self):
        return self.cpu.partition(",")[0]

    def run_interactive(self):
        """Hands the user's terminal to that console until QEMU ends."""
        self.prepare()
        with open(self.log(self.name), "wb") as errors:
            return subprocess.run(ENDS_WITH_US + self.command(), cwd=ROOT, stderr=errors, check=False).returncode

    def text(self, console):
        text = super().text(console)
        if console == self.name:
            text = re.sub(r"^.*warning: TCG doesn't support requested feature.*\n", "", text, flags=re.M)
        return text


__all__ = ["CONSOLES", "CPU", "HV", "MODES", "PLUGINS", "POLL_S", "ROOT", "Emulator", "Machine", "MachineError", "relative"]
