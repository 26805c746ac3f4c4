# SPDX-License-Identifier: Apache-2.0
"""What goes into each image."""
import os
import pathlib
import subprocess
import tempfile

from tools import setup
from tools.images import modules, programs
from tools.images.cpio import Archive
from tools.images.modules import KMOD

HERE = pathlib.Path(__file__).resolve().parent
BUSYBOX = pathlib.Path("/bin/busybox")
USER_MODULES = ["virtio_pci", "virtio_blk", "virtio_console", "virtio_rng", "virtio_net"]
# What the demo expects to read from the User VM's disk.
DISK_TEXT = "This line was read from a virtio-blk disk.\n"
DISK_SIZE = 4 << 20


def busybox(script):
    """Busybox and an init script."""
    archive = Archive()
    for folder in ("proc", "sys", "dev", "run", "tmp", "mnt", "root", "etc"):
        archive.folder(folder)
    archive.character_device("dev/console", 5, 1)
    archive.character_device("dev/null", 1, 3, 0o666)
    archive.file("bin/busybox", BUSYBOX.read_bytes(), 0o755)
    archive.link("bin/sh", "busybox")
    archive.link("sbin", "bin")
    archive.file("init", (HERE / script).read_bytes(), 0o755)
    return archive


def base(kernel, script, module_names, extra_modules=()):
    """The same, and modules under /modules, listed in load order in /modules/order."""
    archive = busybox(script)
    order = []
    for path in modules.load_order(kernel, module_names) + list(extra_modules):
        name = modules.plain_name(path)
        archive.file(f"modules/{name}", modules.read(path))
        order.append(name)
    archive.file("modules/order", "".join(f"{name}\n" for name in order).encode())
    return archive


def user():
    return base(setup.user_kernel(), "user.sh", USER_MODULES).pack()


# REQ-TOO-006
def service(files):
    """files: {path in the image: file on the host}; *.ko are put under modules/ and loaded by the init script."""
    archive = base(setup.service_kernel(), "service.sh", [], [path for path in files.values() if path.suffix == ".ko"])
    for name, path in files.items():
        if path.suffix != ".ko":
            archive.file(name, path.read_bytes(), 0o755 if os.access(path, os.X_OK) else 0o644)
    # The kernel and the images in it are compressed already.
    return archive.pack(level=1)


# REQ-TOO-009
def rt():
    """The PREEMPT_RT VM's: busybox, and the measuring programs that this Debian release has. All drivers it needs are built in."""
    archive = busybox("rt.sh")
    archive.file("etc/rt_cyclictest.sh", (HERE / "rt_cyclictest.sh").read_bytes())
    for name in [programs.NEEDED] + [name for name in programs.WELCOME if programs.path(name)]:
        for path in programs.with_libraries(programs.path(name)):
            archive.once(path.as_posix().lstrip("/"), path.read_bytes(), 0o755)
    return archive.pack()


def disk(output):
    """A small ext4 file system with one file; no journal, fixed ids."""
    output.write_bytes(b"")
    os.truncate(output, DISK_SIZE)
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "greeting").write_text(DISK_TEXT, encoding="utf-8")
        subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-O", "^has_journal", "-b", "1024", "-U", "0b04d000-0000-4000-8000-000000000001",
                        "-E", "hash_seed=0b04d000-0000-4000-8000-000000000002,root_owner=0:0", "-L", "bulkhead", "-d", folder, str(output)],
                       check=True, env={**KMOD, "E2FSPROGS_FAKE_TIME": "1767225600"})
