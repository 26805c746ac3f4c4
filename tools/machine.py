# SPDX-License-Identifier: Apache-2.0
"""The emulated industrial PC: the one place that knows QEMU's command line.

./bulkhead demo, run and the system tests all start it here. Four UARTs, each with its own log:
COM1 hypervisor, COM2 Service VM, COM3 RTVM, COM4 User VM (through the Service VM)."""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
HV = ROOT / "build" / "hv" / "hv.elf"
CONSOLES = ("hypervisor", "service", "rtvm", "user")
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
POLL_S = 0.05


class MachineError(Exception):
    """Something that was waited for did not come; .console names where to look."""

    def __init__(self, message, console):
        super().__init__(message)
        self.console = console


def relative(path):
    """QEMU splits module lists at blanks and commas, so paths in them are relative to ROOT."""
    return os.path.relpath(path, ROOT)


class Machine:
    """One QEMU process. folder gets CONSOLE.log for each console, qemu.log and the command line.

    modules: [(file, "words tag")], handed to the hypervisor as boot modules. kernel: a multiboot image;
    with modules=() this is also how a bare image runs without the hypervisor. kernel=None: the firmware boots
    what extra names (a disk, a CD). terminal: the console that can be typed on."""

    def __init__(self, folder, modules=(), kernel=HV, mode="mttcg", cores=4, memory="4G", cpu=CPU, append="",
                 extra=(), interactive=False, terminal="service"):
        self.folder = pathlib.Path(folder)
        self.modules, self.kernel, self.mode = list(modules), kernel, mode
        self.cores, self.memory, self.cpu, self.append = cores, memory, cpu, append
        self.extra, self.interactive, self.terminal = list(extra), interactive, terminal
        self.process = None
        self.started = 0.0

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

    def log(self, console):
        return self.folder / f"{console}.log"

    def start(self):
        self.prepare()
        with open(self.folder / "qemu.log", "wb") as errors:
            self.process = subprocess.Popen(self.command(), cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                            stderr=errors, start_new_session=True)
        return self

    def prepare(self):
        if shutil.which("qemu-system-x86_64") is None:
            raise MachineError("qemu-system-x86_64 is not installed; run ./bulkhead setup", "qemu")
        self.folder.mkdir(parents=True, exist_ok=True)
        needed = [self.kernel] * (self.kernel is not None) + [path for path, _ in self.modules] + [PLUGINS[self.mode]]
        for path in needed:
            if not pathlib.Path(path).exists():
                raise MachineError(f"{relative(path)} does not exist; run ./bulkhead build", "qemu")
        for console in CONSOLES:
            self.log(console).write_bytes(b"")
        (self.folder / "command").write_text(" ".join(f"'{w}'" if re.search(r"[^\w@%+=:,./-]", w) else w for w in self.command()) + "\n")
        self.started = time.monotonic()

    def run_interactive(self):
        """Hands the user's terminal to that console until QEMU ends."""
        self.prepare()
        with open(self.folder / "qemu.log", "wb") as errors:
            return subprocess.run(self.command(), cwd=ROOT, stderr=errors, check=False).returncode

    @property
    def seconds(self):
        return time.monotonic() - self.started

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def text(self, console):
        """What a console has said so far; carriage returns and colours removed."""
        path = self.folder / "qemu.log" if console == "qemu" else self.log(console)
        text = path.read_bytes().decode("utf-8", "replace") if path.exists() else ""
        if console == "qemu":
            text = re.sub(r"^.*warning: TCG doesn't support requested feature.*\n", "", text, flags=re.M)
        return re.sub(r"\r|\x1b\[[0-9;?]*[A-Za-z]", "", text)

    def tail(self, console, lines=20):
        return "\n".join(self.text(console).rstrip().splitlines()[-lines:])

    def wait_for(self, console, pattern, timeout=60.0, count=1):
        """The count-th match of pattern on that console. MachineError when QEMU ends or time runs out first."""
        deadline = time.monotonic() + timeout
        while True:
            ended = not self.alive()
            found = list(re.finditer(pattern, self.text(console), re.M))
            if len(found) >= count:
                return found[count - 1]
            if ended:
                raise MachineError(f"the machine stopped (status {self.process.returncode}) before the {console} console said "
                                   f"'{pattern}'", console)
            if time.monotonic() > deadline:
                raise MachineError(f"the {console} console did not say '{pattern}' within {timeout:g} s", console)
            time.sleep(POLL_S)

    def wait_exit(self, timeout=60.0):
        """QEMU's exit status: the machine was powered off, or reset (-no-reboot)."""
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise MachineError(f"the machine was still on after {timeout:g} s", "hypervisor") from None

    def send(self, text):
        """Types on the console that is the terminal, the Service VM's if nothing else was said."""
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def stop(self):
        if self.alive():
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.process is not None and self.process.stdin:
            try:
                self.process.stdin.close()
            except BrokenPipeError:
                pass

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
