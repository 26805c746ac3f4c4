# SPDX-License-Identifier: Apache-2.0
"""Packages of another Debian release than the host's, from the host's own mirror: unpacked, never installed.

Each release has sources, lists and an empty list of installed packages of its own below build/apt, so that apt works out
what a program needs there, from the C library on."""
import re

from tools import apt


def area(codename):
    folder = apt.APT / codename
    for name in ("lists/partial", "archives/partial"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "status").write_text("", encoding="utf-8")
    return folder


def write_sources(codename):
    """The mirror that the host's apt has for the host's own release, asked for this one."""
    _, own = apt.release()
    site = next(site for site, suite, _ in apt.host_sources(own) if suite == own)
    (area(codename) / "sources.list").write_text(f"deb {apt.key_option()}{site} {codename} main\n", encoding="utf-8")


def options(codename):
    folder = area(codename)
    chosen = {"Dir::Etc::SourceList": folder / "sources.list", "Dir::Etc::SourceParts": "/dev/null",
              "Dir::Etc::Preferences": "/dev/null", "Dir::Etc::PreferencesParts": "/dev/null",     # the host's pins are for its own release
              "Dir::State": folder, "Dir::State::Lists": folder / "lists", "Dir::State::status": folder / "status", "Dir::Cache::archives": folder / "archives"}
    return apt.words({**apt.QUIET_CACHE, **chosen})


# Of what a program needs: the shared libraries and nothing that only serves a whole system.
LIBRARY = re.compile(r"lib(?!.*-(common|data|bin|modules)$)")


def closure(codename, names):
    """These packages and those with the libraries that they load."""
    command = ["apt-get"] + options(codename) + ["-q", "-s", "--no-install-recommends", "install", *names]
    needed = re.findall(r"^Inst (\S+) ", apt.output(command), re.M)
    return [name for name in needed if name in names or LIBRARY.match(name)]
