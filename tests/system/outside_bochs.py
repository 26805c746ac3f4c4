# SPDX-License-Identifier: Apache-2.0
"""Bochs' own debugger: memory and cores of a machine that stands still. As outside.Debugger, which is QEMU's.

Bochs prints its prompt to a file, so what it answers is what that file has up to the next prompt."""
import contextlib
import re
import signal
import time

PROMPT = re.compile(r"<bochs:\d+>")
ANSWER_S = 60
AGAIN_S = 3
LOOK_S = 0.002
CHUNK = 4096            # bytes that one command shows


class Debugger:
    """commands: before the machine runs; the last one has it run."""

    def __init__(self, folder, commands=("c",)):
        self.folder, self.commands = folder, list(commands)
        self.machine, self.read_to, self.said = None, 0, ""

    def options(self, _):
        return {"debugger": self.commands}

    def stop(self):
        """A signal that comes when Bochs has read the last "continue" and does not run yet is lost."""
        for _ in range(ANSWER_S // AGAIN_S):
            self.machine.process.send_signal(signal.SIGINT)
            said = self.answer(AGAIN_S, None)
            if said is not None:
                return said
        raise AssertionError("the debugger did not stop")

    def answer(self, timeout=ANSWER_S, otherwise="the debugger did not answer"):
        """What was printed up to the next prompt. otherwise: what is wrong when none comes; None is no error."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            text = self.machine.raw("bochs-output")
            found = PROMPT.search(text, self.read_to)
            if found:
                said, self.read_to = text[self.read_to:found.start()], found.end()
                return said
            time.sleep(LOOK_S)
        assert otherwise is None, otherwise
        return None

    def go_on(self):
        """Until Bochs has echoed the line: a signal in the middle of it would leave it in front of its prompt for ever."""
        self.say("c")
        deadline = time.monotonic() + ANSWER_S
        while "c\n" not in self.machine.raw("bochs-output")[self.read_to:]:
            assert time.monotonic() < deadline, "the debugger does not go on"
            time.sleep(LOOK_S)

    def say(self, command):
        self.machine.process.stdin.write(f"{command}\n".encode())
        self.machine.process.stdin.flush()

    def ask(self, command):
        self.say(command)
        return self.answer()

    @contextlib.contextmanager
    def stopped(self):
        self.said = self.stop()
        yield self
        self.go_on()

    def read(self, address, size):
        """Physical memory."""
        data = b""
        while len(data) < size:
            count = min(CHUNK, size - len(data))
            rows = re.findall(r"^0x[0-9a-f]+ <[^>]*>:((?:\t0x[0-9a-f]{2})+)", self.ask(f"xp /{count}bx {address + len(data):#x}"), re.M)
            data += bytes(int(byte, 16) for row in rows for byte in row.split())
        return data

    def number(self, address, size):
        return int.from_bytes(self.read(address, size), "little")

    def write(self, address, data):
        for at, byte in enumerate(data):
            self.ask(f"setpmem {address + at:#x} 1 {byte:#x}")

    def rip(self, core):
        """Where it stood when the machine was stopped."""
        return int(re.findall(rf"^\({core}\) \[0x[0-9a-f]+\] [0-9a-f]+:([0-9a-f]+) ", self.said, re.M)[-1], 16)
