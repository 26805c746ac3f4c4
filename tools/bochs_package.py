# SPDX-License-Identifier: Apache-2.0
"""Where Bochs comes from: the system's package on Debian 13, the same package unpacked under build/bochs on Debian 12.

Debian 12 has Bochs 2.7, whose VT-x has faults; it is good enough for small guests. 3.0 runs there with the C library, the loader
and the plugins of its own release, beside it in the same folder."""
import os
import pathlib
import re
import shutil
import subprocess

from tools import apt, apt_foreign
from tools.emulator import MachineError
from tools.progress import ROOT, StepError, run_step, say

FOLDER = ROOT / "build" / "bochs"
RELEASE = "trixie"              # Debian 13
PACKAGES = ("bochs", "bochs-term", "bochsbios", "vgabios")
LEAST = "3.0"
OLD = {"2.7": "bookworm"}       # what else can be asked for, and the release that has it
CHOICE = "BULKHEAD_BOCHS"       # in the environment: the version to use, as ./bulkhead's --bochs sets it
PLUGINS = "usr/lib/x86_64-linux-gnu/bochs/plugins"
LIBRARIES = ("usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu")        # the second before Debian 13
LOADERS = ("usr/lib64/ld-linux-x86-64.so.2", "lib64/ld-linux-x86-64.so.2")
KEPT = ("bochs", "vgabios", "doc")      # of usr/share; doc for the licences


class Installation:
    """One Bochs. root: where its package lies unpacked; '/': as installed."""

    def __init__(self, root, version):
        self.root, self.version = pathlib.Path(root), version

    @property
    def private(self):
        return self.root != pathlib.Path("/")

    def program(self):
        """Words that start it."""
        program = [str(self.root / "usr/bin/bochs-bin")]
        if self.private:
            loader = next((self.root / name for name in LOADERS if (self.root / name).exists()), self.root / LOADERS[0])
            program = [str(loader), "--library-path", ":".join(str(self.root / name) for name in LIBRARIES)] + program
        return program

    def environment(self):
        own = {"LTDL_LIBRARY_PATH": str(self.root / PLUGINS)} if self.private else {}
        return {**os.environ, "LC_ALL": "C", **own}

    def share(self, name):
        return self.root / "usr" / "share" / name


def ask_version(program, environment=None):
    """'3.0', from what it says about itself; None when it does not run."""
    try:
        done = subprocess.run([*program, "--help"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, env=environment, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"Bochs x86 Emulator (\d+(?:\.\d+)*)", done.stdout + done.stderr)
    return found.group(1) if found else None


def order(version):
    return [int(part) for part in version.split(".")]


def choice():
    """The version that was asked for, None for the newest."""
    return os.environ.get(CHOICE)


def folder_of(version):
    """Where that one is unpacked."""
    return FOLDER.with_name(f"{FOLDER.name}-{version}") if version in OLD else FOLDER


def unpacked(folder=None):
    """The private one, or None. The stamp is written last."""
    folder = folder or FOLDER
    stamp = folder / "version"
    return Installation(folder, stamp.read_text(encoding="utf-8").strip()) if stamp.exists() else None


def installations():
    """All that are there, the newest first."""
    found = [one for one in map(unpacked, [FOLDER, *map(folder_of, OLD)]) if one]
    system = ask_version(["/usr/bin/bochs-bin"])
    found += [Installation("/", system)] if system else []
    return sorted(found, key=lambda one: order(one.version), reverse=True)


def newest(least="0"):
    """The newest Bochs, or the one that was asked for, or a MachineError that says what to do."""
    version = choice()
    found = [one for one in installations() if version is None or order(one.version)[:2] == order(version)]
    if not found and version is not None:
        raise MachineError(f"Bochs {version} is not there; run ./bulkhead setup --group bochs with {CHOICE}={version} in the environment, or use --bochs without --no-setup", "bochs")
    if not found or order(found[0].version) < order(least):
        have = f" (there is {found[0].version})" if found else ""
        wanted = f"Bochs {least} or newer" if least != "0" else "Bochs"
        raise MachineError(f"{wanted} is not installed{have}; run ./bulkhead setup --group bochs", "bochs")
    return found[0]


def ready():
    if choice() in OLD:
        return any(order(one.version)[:2] == order(choice()) for one in installations())
    found = installations()
    return bool(found) and order(found[0].version) >= order(LEAST)


# REQ-TOO-010
def fetch(codename=None, folder=None):
    """Downloads and unpacks the package with the libraries it loads; installs nothing."""
    codename, folder = codename or OLD.get(choice(), RELEASE), folder or folder_of(choice())
    shutil.rmtree(folder, ignore_errors=True)
    debs = folder / "debs"
    debs.mkdir(parents=True)
    say(f"Bochs of Debian {codename} (unpacked under {folder.relative_to(ROOT)}, not installed):")
    apt_foreign.write_sources(codename)
    run_step(f"reading the package lists of Debian {codename} on your mirror", ["apt-get"] + apt_foreign.options(codename) + ["-q", "update"],
             "apt-update-foreign", env=apt.LOCALE)
    names = apt_foreign.closure(codename, PACKAGES)
    if not set(PACKAGES) <= set(names):
        raise StepError(f"your Debian mirror does not have Bochs of {codename}; see {(apt.APT / codename / 'sources.list').relative_to(ROOT)}")
    run_step(f"downloading bochs and {len(names) - 1} more", ["apt-get"] + apt_foreign.options(codename) + ["-q", "download"] + names, "bochs-download",
             cwd=debs, env=apt.LOCALE, watch=lambda: f"{sum(path.stat().st_size for path in debs.glob('*.deb')) >> 20} MiB")
    run_step("unpacking them", ["sh", "-c", 'for deb in debs/*.deb; do dpkg-deb -x "$deb" . || exit 1; done'], "bochs-unpack", cwd=folder)
    shutil.rmtree(debs)
    prune(folder)
    one = Installation(folder, "0")
    version = ask_version(one.program(), one.environment())
    if version is None:
        raise StepError(f"Bochs of {codename} does not run here; try {' '.join(one.program())} --help")
    (folder / "version").write_text(f"{version}\n", encoding="utf-8")


def prune(folder):
    """What no emulator reads: configuration, translations, icons."""
    for path in [path for path in (folder / "etc", folder / "var") if path.exists()] + [path for path in (folder / "usr" / "share").iterdir() if path.name not in KEPT]:
        shutil.rmtree(path)
