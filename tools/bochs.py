# SPDX-License-Identifier: Apache-2.0
"""The second emulated machine: the one place that knows Bochs' configuration.

Bochs emulates VT-x, which QEMU does not. Its time is counted: one tick is one instruction of a core that runs, so two runs give
the same logs as long as nobody types. Hence one mode, whatever is asked for.

With several cores Bochs has two loops. The usual one lets a core execute a whole trace of instructions, or one string instruction with
all its repetitions, before the others' turn, and time moves by the mean; and a VM exit for an interrupt that comes right after an
exception saves the RIP from before the exception with the stack from after it, which ends Linux. Its debugger's loop, which needs no
debugger to be used, has neither fault: a turn is five instructions, and a repetition is one. It costs some two times as much,
and is slow while all cores are halted. machine.exact asks for it."""
import os
import re
import select
import signal
import socket
import subprocess
import sys
import termios
import threading
import time
import tty

from tools import boot_cd, bochs_package
from tools.emulator import CONSOLES, ENDS_WITH_US, HV, POLL_S, Emulator, MachineError

NEW_MODELS = ("sapphire_rapids",)     # not before 3.0
MODELS = {"skylake_x": "corei7_skylake_x", "sapphire_rapids": "sapphire_rapids", "haswell": "corei7_haswell_4770", "ryzen": "ryzen"}
CPU = "skylake_x"
CORES_MOST = 4                  # slow beyond: a halted core costs time, too
MEMORY_MOST_MIB = 2048          # what its chipset takes
TICKS_PER_SECOND = 50_000_000   # of the TSC as well
LEAVE = b"\x01"                 # Ctrl-A, then x, as in QEMU
RUN = "continue"                # the file that tells Bochs' debugger to go
OUTPUT = "bochs-output"         # what Bochs prints; bochs.log is what it logs
# A power-off ends Bochs as a panic, with status 1.
SWITCHED_OFF = re.compile(r">>PANIC<< (ACPI control: soft power off|Shutdown port: shutdown requested|.*3rd \(\d+\) exception with no resolution)")
RESET = re.compile(r"bx_pc_system_c::Reset\((?:HARDWARE|SOFTWARE)\) called")
REGISTERS = re.compile(r"^\d+i\[CPU\d+\s*\] (?:\||CPU is|CS\.mode|SS\.mode|EFER|XCR0|0x).*\n", re.M)


def mebibytes(text):
    number, unit = re.fullmatch(r"(\d+)([MG])", text).groups()
    return int(number) << (10 if unit == "G" else 0)


class Bochs(Emulator):
    """One Bochs process. folder gets CONSOLE.log for each console, bochs.log, the configuration and the boot CD.

    kernel: a Multiboot image or a Linux kernel, with modules as for QEMU. extra: lines for the configuration. debugger: commands
    for Bochs' debugger instead of going on at once; more can be written to process.stdin."""
    name = "bochs"
    pm_timer, pm_control = 0xB008, 0xB004
    counted = True

    def __init__(self, folder, modules=(), kernel=HV, mode="counted", cores=3, memory="2G", cpu=CPU, append="", extra=(),
                 interactive=False, terminal="service", installation=None, debugger=()):
        super().__init__(folder, modules, kernel, append, interactive, terminal)
        self.mode, self.cores, self.memory, self.cpu, self.extra = mode, cores, memory, cpu, list(extra)
        self.installation, self.debugger, self.listener, self.line, self.reader = installation, list(debugger), None, None, None
        self.reset = False

    @property
    def patience(self):
        return 6 if self.exact else 1

    def check(self):
        if self.cpu not in MODELS:
            raise MachineError(f"Bochs has no CPU model {self.cpu} here; use one of {', '.join(MODELS)}", self.name)
        if self.cores > CORES_MOST or mebibytes(self.memory) > MEMORY_MOST_MIB:
            raise MachineError(f"{self.cores} cores and {self.memory} are more than Bochs' {CORES_MOST} and {MEMORY_MOST_MIB}M", self.name)
        self.installation = self.installation or bochs_package.newest()
        if self.cpu in NEW_MODELS and self.old():
            raise MachineError(f"Bochs {self.installation.version} has no CPU model {self.cpu}; use one of {', '.join(name for name in MODELS if name not in NEW_MODELS)}", self.name)

    def old(self):
        """Before 3.0: Debian's build has the debugger's loop alone."""
        return bochs_package.order(self.installation.version) < bochs_package.order(bochs_package.LEAST)

    def describe(self):
        return f"Bochs {self.installation.version}: {self.cpu}, {self.cores} cores, {mebibytes(self.memory)} MiB" if self.installation else "Bochs"

    def model(self):
        return f"{self.installation.version} {self.cpu}" if self.installation else self.cpu

    def command(self):
        return self.installation.program() + ["-q", "-f", "bochsrc", "-rc", RUN] + ["-debugger"] * ((self.exact or bool(self.debugger)) and not self.old())

    def environment(self):
        return self.installation.environment()

    def directory(self):
        return self.folder      # a blank in a path would end it in the configuration, so all are relative

    def configuration(self):
        """The lines of bochsrc."""
        def shared(name):
            return os.path.relpath(self.installation.share(name), self.folder.resolve())
        # The debugger's prompt is on the terminal's place, no window is wanted, and sound makes noise in the log.
        lines = ["plugin_ctrl: speaker=0, sb16=0, es1370=0, parallel=0, gameport=0", "config_interface: textconfig",
                 'display_library: rfb, options="timeout=0"', f"memory: guest={mebibytes(self.memory)}, host={mebibytes(self.memory)}",
                 f"romimage: file={shared('bochs/BIOS-bochs-latest')}, options=fastboot", f"vgaromimage: file={shared('vgabios/vgabios.bin')}",
                 # Every turn costs a halted core as many ticks as a running one has instructions in it.
                 f"cpu: model={MODELS[self.cpu]}, count={self.cores}, quantum={5 if self.cores <= 2 else 16}, ips={TICKS_PER_SECOND}, "
                 "reset_on_triple_fault=0, ignore_bad_msrs=0",
                 "clock: sync=none, time0=1", "ata0-master: type=cdrom, path=boot.iso, status=inserted", "boot: cdrom"]
        for number, console in enumerate(CONSOLES, 1):
            place = f"mode=socket-client, dev=localhost:{self.listener.getsockname()[1]}" if console == self.terminal else f"mode=file, dev={console}.log"
            lines.append(f"com{number}: enabled=1, {place}")
        # The signal that stops Bochs for its debugger writes a line of this level to the log: in the middle of another line, it waits for ever.
        info = "ignore" if self.debugger else "report"
        lines += ["log: bochs.log", "panic: action=fatal", "error: action=report", f"info: action={info}", "debug: action=ignore",
                  "magic_break: enabled=0", "print_timestamps: enabled=0", "port_e9_hack: enabled=0"]
        return lines + self.extra

    def write_files(self):
        boot_cd.make(self.folder, self.kernel, self.modules, self.append)
        self.listener = socket.create_server(("127.0.0.1", 0))
        (self.folder / "bochsrc").write_text("\n".join(self.configuration() + [""]), encoding="utf-8")
        (self.folder / RUN).write_text("\n".join(self.debugger or ["c"]) + "\n", encoding="utf-8")
        self.log(self.name).write_bytes(b"")

    def start(self):
        self.prepare()
        with open(self.log(OUTPUT), "wb") as output:
            self.process = subprocess.Popen(ENDS_WITH_US + self.command(), cwd=self.directory(), env=self.environment(), stdin=subprocess.PIPE if self.debugger else subprocess.DEVNULL, stdout=output,
                                            stderr=subprocess.STDOUT, start_new_session=True)
        self.accept()
        return self

    def accept(self):
        """Bochs connects the terminal's UART before it starts the machine."""
        while self.line is None and self.process.poll() is None:
            if select.select([self.listener], [], [], POLL_S)[0]:
                self.line = self.listener.accept()[0]
        self.listener.close()
        if self.line is not None:
            self.reader = threading.Thread(target=self.read_terminal, daemon=True)
            self.reader.start()

    def read_terminal(self):
        """Until Bochs closes it; nothing is lost, as Bochs waits for who reads."""
        with open(self.log(self.terminal), "ab", buffering=0) as log:
            while True:
                try:
                    received = self.line.recv(65536)
                except OSError:
                    received = b""
                if not received:
                    return
                log.write(received)
                if self.interactive:
                    os.write(sys.stdout.fileno(), received)

    def alive(self):
        """Until the last characters of the terminal are read, too. A machine that resets itself is stopped."""
        if self.process is None:
            return False
        if self.process.poll() is None and not self.reset and len(RESET.findall(self.raw(self.name))) > 1:
            self.reset = True
            self.end()
        return self.process.poll() is None or (self.reader is not None and self.reader.is_alive())

    def wait_exit(self, timeout=60.0):
        """0: the machine was powered off, or reset; else Bochs' exit status."""
        deadline = time.monotonic() + timeout * self.patience
        while self.alive():
            if time.monotonic() > deadline:
                raise MachineError(f"the machine was still on after {timeout * self.patience:g} s", "hypervisor")
            time.sleep(POLL_S)
        return 0 if self.reset or SWITCHED_OFF.search(self.raw(self.name)) else self.process.returncode

    def raw(self, console):
        path = self.log(console)
        return path.read_bytes().decode("utf-8", "replace") if path.exists() else ""

    def text(self, console):
        """bochs: what Bochs prints and what it logs, without the registers of every core at its end."""
        if console != self.name:
            return super().text(console)
        return self.raw(OUTPUT) + REGISTERS.sub("", self.raw(self.name))

    def send(self, text):
        self.line.sendall(text.encode())

    def run_interactive(self):
        """Hands the user's terminal to that console until the machine is off, or Ctrl-A x."""
        self.start()
        keyboard, before = sys.stdin.fileno(), None
        if os.isatty(keyboard):
            before = termios.tcgetattr(keyboard)
            tty.setraw(keyboard)
        try:
            left = self.relay(keyboard)
        finally:
            if before is not None:
                termios.tcsetattr(keyboard, termios.TCSADRAIN, before)
            self.stop()
        return 0 if left else self.wait_exit()

    def relay(self, keyboard):
        """True when the user left."""
        escaped, sources = False, [keyboard]
        while self.alive():
            if not select.select(sources, [], [], POLL_S)[0]:
                continue
            typed = os.read(keyboard, 1)
            if not typed:
                sources = []        # end of a file: the machine runs on
            elif escaped and typed == b"x":
                return True
            elif typed == LEAVE and not escaped:
                escaped = True
            else:
                escaped = False
                self.line.sendall(typed)
        return False

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.end()
        if self.reader is not None:
            self.reader.join(10)
            self.line.close()
            self.reader = None
