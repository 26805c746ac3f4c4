# SPDX-License-Identifier: Apache-2.0
"""Modules of an unpacked Debian kernel with what they depend on, in the order to load them."""
import gzip
import lzma
import os
import pathlib
import subprocess

KMOD = {**os.environ, "LC_ALL": "C", "PATH": "/usr/sbin:/sbin:" + os.environ.get("PATH", "/usr/bin:/bin")}


def index(kernel):
    """Debian's package has no modules.dep before its installation; make it in the unpacked tree."""
    if not (kernel.folder / "lib").exists():
        (kernel.folder / "lib").symlink_to("usr/lib")       # Debian 13 ships /usr/lib/modules
    if not (kernel.modules / "modules.dep").exists():
        subprocess.run(["depmod", "-b", str(kernel.folder), kernel.version], check=True, env=KMOD)


def load_order(kernel, names):
    """Paths of the modules named and of all they need. A built-in one needs no file."""
    index(kernel)
    paths = []
    for name in names:
        text = subprocess.run(["modprobe", "-d", str(kernel.folder), "-S", kernel.version, "--show-depends", "--ignore-install", name],
                              check=True, env=KMOD, stdout=subprocess.PIPE, text=True).stdout
        for line in text.splitlines():
            words = line.split()
            if words[0] == "insmod":
                path = pathlib.Path(os.path.normpath(words[1]))
                if path not in paths:
                    paths.append(path)
    return paths


def read(path):
    """A module's bytes, decompressed."""
    if path.suffix == ".xz":
        return lzma.decompress(path.read_bytes())
    if path.suffix == ".gz":
        return gzip.decompress(path.read_bytes())
    return path.read_bytes()


def plain_name(path):
    return path.name.removesuffix(".xz").removesuffix(".gz")
