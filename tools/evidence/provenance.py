# SPDX-License-Identifier: Apache-2.0
"""Where a result comes from: the commit, whether the tree was changed, the versions of the programs used."""
import functools
import os
import shutil
import subprocess

from tools.progress import ROOT


def git(*words, root=None):
    """What git prints, or None where there is no repository."""
    try:
        done = subprocess.run(["git", *words], cwd=root or ROOT, env=dict(os.environ, LC_ALL="C"), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              text=True, check=False)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def source(root=None):
    """{commit, dirty}; commit is None where there is no repository. A file that git does not know counts as a change."""
    return {"commit": git("rev-parse", "HEAD", root=root), "dirty": git("status", "--porcelain", root=root) != ""}


def needs_of(name):
    """The programs that a gate names in the list of gates."""
    from tools.evidence.gates import GATES  # the list stands on result.py
    return next((gate.needs for gate in GATES if gate.name == name), ())


@functools.cache
def version(program):
    """'package version' of an installed program, as Debian names it; None when it is not there."""
    path = shutil.which(program)
    if path is None:
        return None
    real = os.path.realpath(path)
    for name in (real, real.removeprefix("/usr"), path):
        done = subprocess.run(["dpkg-query", "-S", name], env=dict(os.environ, LC_ALL="C"), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              text=True, check=False)
        if done.returncode == 0:
            package = done.stdout.partition(": ")[0].partition(",")[0]
            shown = subprocess.run(["dpkg-query", "-W", "-f=${Version}", package], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                   text=True, check=False)
            return f"{package.partition(':')[0]} {shown.stdout.strip()}"
    return f"{path}, of no Debian package"


def versions(programs):
    return {program: version(program) or "not installed" for program in programs}
