# SPDX-License-Identifier: Apache-2.0
"""What no guest can do to a machine, and what none can see of it: QEMU's monitor and its debugger port."""
import contextlib
import re
import socket
import subprocess

from tools.boot import BUILD
from tools.machine import MachineError, relative

HV_SYMBOLS = BUILD / "hv" / "hv.elf64"
ANSWER_S = 30
CHUNK = 1024                # bytes in a packet
RIP = 16                    # the number of the register (QEMU's gdb-xml/i386-64bit.xml)


def hv_symbols():
    """{name: (address, size)} of the hypervisor; its image is mapped one to one. The linker's own have no size."""
    rows = [line.split() for line in subprocess.run(["nm", "-S", HV_SYMBOLS], stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()]
    return {row[-1]: (int(row[0], 16), int(row[1], 16) if len(row) == 4 else 0) for row in rows if len(row) in (3, 4)}


class Monitor:
    """QEMU's monitor, to do to the machine what no guest can."""

    def __init__(self, folder):
        self.path = folder / "monitor"
        self.path.unlink(missing_ok=True)
        self.arguments = ["-monitor", f"unix:{relative(self.path)},server=on,wait=off"]

    def say(self, command):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(ANSWER_S)
            connection.connect(relative(self.path))
            self.read_prompt(connection)
            connection.sendall(command.encode() + b"\n")
            return self.read_prompt(connection).decode(errors="replace")

    def words(self, address, count):
        """Of the physical address space: also of registers that read as others by the debugger port (MSI-X tables)."""
        rows = re.findall(r"^[0-9a-f]{16}:((?: 0x[0-9a-f]{8})+)", self.say(f"xp /{count}xw {address:#x}"), re.M)
        return [int(word, 16) for row in rows for word in row.split()]

    @staticmethod
    def read_prompt(connection):
        text = b""
        while not text.endswith(b"(qemu) "):
            text += connection.recv(4096)
        return text


class Debugger:
    """QEMU's debugger port (the GDB remote serial protocol). The machine stands still inside `with debugger.stopped()`. The fixture `debugger`
    is this one or Bochs' (outside_bochs.py)."""
    machine = None

    def __init__(self, folder):
        self.path = folder / "debugger"
        self.path.unlink(missing_ok=True)
        self.arguments = ["-chardev", f"socket,id=debugger,path={relative(self.path)},server=on,wait=off", "-gdb", "chardev:debugger"]
        self.connection, self.rest = None, b""

    def options(self, others):
        """Arguments for the machine, beside these."""
        return {"extra": [*others.get("extra", ()), *self.arguments]}

    @contextlib.contextmanager
    def stopped(self):
        with socket.socket(socket.AF_UNIX) as self.connection:
            self.rest = b""
            self.connection.settimeout(ANSWER_S)
            self.connection.connect(relative(self.path))
            self.ask("?")
            self.expect("Qqemu.PhyMemMode:1")
            yield self
            self.expect("D")

    def ask(self, words):
        """One packet and its answer (gdb's manual, appendix E)."""
        self.connection.sendall(f"${words}#{sum(words.encode()) % 256:02x}".encode())
        found = None
        while found is None:
            found = re.search(rb"\$([^#]*)#[0-9a-f]{2}", self.rest)
            if found is None:
                received = self.connection.recv(65536)
                if not received:
                    raise MachineError(f"the debugger port closed at '{words}'", "qemu")
                self.rest += received
        self.rest = self.rest[found.end():]
        self.connection.sendall(b"+")
        return found[1].decode()

    def expect(self, words):
        answer = self.ask(words)
        assert answer == "OK", f"{words}: {answer}"

    def read(self, address, size):
        """Physical memory. A packet has room for 4096 characters."""
        data = b""
        while len(data) < size:
            at, count = address + len(data), min(CHUNK, size - len(data))
            answer = self.ask(f"m{at:x},{count:x}")
            assert len(answer) == 2 * count, f"{at:#x}: {answer}"
            data += bytes.fromhex(answer)
        return data

    def number(self, address, size):
        return int.from_bytes(self.read(address, size), "little")

    def write(self, address, data):
        self.expect(f"M{address:x},{len(data):x}:{data.hex()}")

    def rip(self, core):
        self.expect(f"Hg{core + 1:x}")
        return int.from_bytes(bytes.fromhex(self.ask(f"p{RIP:x}")), "little")
