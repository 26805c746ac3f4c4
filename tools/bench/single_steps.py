# SPDX-License-Identifier: Apache-2.0
"""One instruction to a block for the code of one page, in a machine that otherwise runs blocks.

QEMU 10.0 ends with "Bad icount read" when a guest reads its x2APIC timer's count from within a block, as Linux does once, to calibrate. A breakpoint in a page makes
QEMU translate that page one instruction to a block, where the read is allowed; it need not ever be hit. It is set through QEMU's GDB stub."""
import socket
import time

PATIENCE_S = 20.0


def packet(words):
    """GDB remote serial protocol: $words#checksum."""
    return f"${words}#{sum(words.encode()) & 0xFF:02x}".encode()


def options(path):
    """For Machine(extra=...): it stands until begin() lets it go."""
    return ["-S", "-gdb", f"unix:{path},server=on,wait=off"]


def connected(path):
    """QEMU makes the socket in its own time."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        stub = socket.socket(socket.AF_UNIX)
        try:
            stub.connect(str(path))
            return stub
        except OSError:
            stub.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def ask(stub, words):
    """The answer to one command, without its frame."""
    stub.sendall(packet(words))
    answer = b""
    while not (len(answer) >= 3 and answer[-3:-2] == b"#"):
        got = stub.recv(4096)
        if not got:
            raise ConnectionError("QEMU closed its GDB stub")
        answer += got
    stub.sendall(b"+")
    return answer.partition(b"$")[2].rpartition(b"#")[0].decode()


def begin(path, page):
    """Lets the machine go. The result must be kept until its end: QEMU forgets the breakpoint when it is closed."""
    stub = connected(path)
    stub.settimeout(PATIENCE_S)
    if ask(stub, f"Z0,{page + 0xFFF:x},1") != "OK":
        raise ConnectionError("QEMU sets no breakpoint")
    stub.sendall(packet("c"))
    return stub
