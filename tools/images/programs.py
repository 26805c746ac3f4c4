# SPDX-License-Identifier: Apache-2.0
"""Programs of installed Debian packages, with the shared libraries that they load."""
import pathlib
import re
import shutil
import subprocess

from tools.apt import LOCALE

NEEDED = "cyclictest"                                   # package rt-tests
WELCOME = ("rtla", "cyclicdeadline", "hackbench")       # rtla is a package of its own, the others come with rt-tests


def path(name):
    """Where the program is, or None. Not the caller's PATH: what Debian installed."""
    found = shutil.which(name, path="/usr/bin:/usr/sbin")
    return pathlib.Path(found) if found else None


def with_libraries(program):
    """The program, its libraries and its loader, each under the path by which it is asked for."""
    text = subprocess.run(["ldd", str(program)], check=True, env=LOCALE, stdout=subprocess.PIPE, text=True).stdout
    if "not found" in text:
        raise FileNotFoundError(f"{program} lacks a library:\n{text}")
    return [program] + [pathlib.Path(name) for name in re.findall(r"(/\S+) \(0x", text)]
