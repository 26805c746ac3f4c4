# SPDX-License-Identifier: Apache-2.0
"""What every emulated machine is to demo, run and tests: a process that leaves a log for each console.

Four UARTs, each with its own log: COM1 hypervisor, COM2 Service VM, COM3 RTVM, COM4 User VM (through the Service VM).
tools/machine.py is QEMU, tools/bochs.py is Bochs."""
import os
import pathlib
import re
import signal
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
HV = ROOT / "build" / "hv" / "hv.elf"
CONSOLES = ("hypervisor", "service", "rtvm", "user")
POLL_S = 0.05
ENDS_WITH_US = ["setpriv", "--pdeathsig", "KILL"]      # however we end; a machine left alone would keep cores of the host busy for ever


class MachineError(Exception):
    """Something that was waited for did not come; .console names where to look."""

    def __init__(self, message, console):
        super().__init__(message)
        self.console = console


def relative(path):
    """QEMU splits module lists at blanks and commas, so paths in them are relative to ROOT."""
    return os.path.relpath(path, ROOT)


class Emulator:
    """One process. folder gets CONSOLE.log for each console, the emulator's own messages and its command line.

    An emulator says how it is started (command, environment, directory), what it needs first (check), and how one types on it
    (send, run_interactive)."""
    pm_timer = pm_control = 0   # I/O ports of the machine's ACPI timer and power-off
    exact = False           # as true to the hardware as it can be, whatever it costs (Bochs)
    counted = False         # time is instructions; what the host does is not seen in it
    patience = 1            # time limits are meant for QEMU; times this for the others
    name = "emulator"       # also of the log of its own messages, and of the machine in tables of tests

    def __init__(self, folder, modules=(), kernel=HV, append="", interactive=False, terminal="service"):
        self.folder = pathlib.Path(folder)
        self.modules, self.kernel, self.append = list(modules), kernel, append
        self.interactive, self.terminal = interactive, terminal
        self.process = None
        self.started = 0.0

    def command(self):
        raise NotImplementedError

    def environment(self):
        return None

    def directory(self):
        return ROOT

    def check(self):
        """MachineError when the emulator is not there."""

    def needed(self):
        """Files without which it cannot start."""
        return [self.kernel] * (self.kernel is not None) + [path for path, _ in self.modules]

    def describe(self):
        """For people."""
        return self.name

    def model(self):
        """Which CPU; for tables of tests."""
        return ""

    def log(self, console):
        return self.folder / f"{console}.log"

    def prepare(self):
        self.check()
        self.folder.mkdir(parents=True, exist_ok=True)
        for path in self.needed():
            if not pathlib.Path(path).exists():
                raise MachineError(f"{relative(path)} does not exist; run ./bulkhead build", self.name)
        for console in CONSOLES:
            self.log(console).write_bytes(b"")
        self.write_files()
        (self.folder / "command").write_text(" ".join(f"'{w}'" if re.search(r"[^\w@%+=:,./-]", w) else w for w in self.command()) + "\n")
        self.started = time.monotonic()

    def write_files(self):
        """What the command line refers to."""

    def start(self):
        self.prepare()
        with open(self.log(self.name), "wb") as errors:
            self.process = subprocess.Popen(ENDS_WITH_US + self.command(), cwd=self.directory(), env=self.environment(), stdin=subprocess.PIPE,
                                            stdout=subprocess.DEVNULL, stderr=errors, start_new_session=True)
        return self

    @property
    def seconds(self):
        return time.monotonic() - self.started

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def text(self, console):
        """What a console has said so far; carriage returns and colours removed."""
        path = self.log(console)
        text = path.read_bytes().decode("utf-8", "replace") if path.exists() else ""
        return re.sub(r"\r|\x1b\[[0-9;?]*[A-Za-z]", "", text)

    def tail(self, console, lines=20):
        return "\n".join(self.text(console).rstrip().splitlines()[-lines:])

    def wait_for(self, console, pattern, timeout=60.0, count=1):
        """The count-th match of pattern on that console. MachineError when the machine ends or time runs out first."""
        deadline = time.monotonic() + timeout * self.patience
        while True:
            ended = not self.alive()
            found = list(re.finditer(pattern, self.text(console), re.M))
            if len(found) >= count:
                return found[count - 1]
            if ended:
                raise MachineError(f"the machine stopped (status {self.process.returncode}) before the {console} console said "
                                   f"'{pattern}'", console)
            if time.monotonic() > deadline:
                raise MachineError(f"the {console} console did not say '{pattern}' within {timeout * self.patience:g} s", console)
            time.sleep(POLL_S)

    def wait_exit(self, timeout=60.0):
        """The emulator's exit status: the machine was powered off, or reset."""
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
