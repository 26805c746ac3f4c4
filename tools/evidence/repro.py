# SPDX-License-Identifier: Apache-2.0
"""scons repro: the same sources make the same images, wherever, whenever and by whomever they are built.

Builds hv/ and rtvm/ in two copies that differ in all that must not matter: folder, date, time zone, locale, umask, user's
folder, number of jobs. Compares the images to the byte, looks for names of folders in them, and prints their sums.
"""
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile

from tools.evidence.result import Result
from tools.progress import ROOT

IMAGES = ("hv/hv.elf", "hv/hv.elf64", "rtvm/rtvm.elf", "rtvm/rtvm.elf64")
SOURCES = ("SConstruct", "VERSION", "abi", "hv", "rtvm")
CLOCK = re.compile(r"\b__(?:DATE|TIME|TIMESTAMP)__\b")
# A compiler told by this variable what time it is says so for __DATE__ and __TIME__ (reproducible-builds.org).
BUILDS = (
    {"folder": "a", "jobs": "1", "umask": 0o022, "env": {"LC_ALL": "C", "TZ": "UTC", "SOURCE_DATE_EPOCH": "0"}},
    {"folder": "some where else/hv/b", "jobs": "2", "umask": 0o077,
     "env": {"LC_ALL": "C.UTF-8", "TZ": "Asia/Tokyo", "SOURCE_DATE_EPOCH": "2000000000"}},
)


class BuildError(Exception):
    """A build failed; the message is complete."""


def build(place, how):
    """{image: bytes} of a build in a folder below place."""
    folder = place / how["folder"]
    folder.mkdir(parents=True)
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name)
        elif (ROOT / name).exists():
            shutil.copy(ROOT / name, folder / name)
    env = dict(os.environ, HOME=str(place), **how["env"])
    done = subprocess.run(["scons", "-Q", "-j", how["jobs"], "hv", "rtvm"], cwd=folder, env=env, umask=how["umask"],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    if done.returncode != 0:
        raise BuildError(f"the build in {how['folder']} failed:\n{done.stdout[-2000:]}")
    return {image: (folder / "build" / image).read_bytes() for image in IMAGES}


def source_findings():
    """(file, line) of each use of the clock at compile time."""
    for folder in ("abi", "hv", "rtvm"):
        for path in sorted((ROOT / folder).rglob("*.[chS]")):
            for line, text in enumerate(path.read_text().splitlines(), 1):
                if CLOCK.search(text):
                    yield path.relative_to(ROOT).as_posix(), line


def main():
    result = Result("repro", "Two builds of the same sources in different folders give identical images")
    with tempfile.TemporaryDirectory(prefix="repro-") as name:
        place = type(ROOT)(name)
        try:
            first, second = (build(place, how) for how in BUILDS)
        except BuildError as error:
            result.finding("repro-build", str(error))
            print(error)
            return result.finish(False)
    findings = [("repro-clock", "takes the date or time of the build", file, line) for file, line in source_findings()]
    rows = []
    for image in IMAGES:
        same = first[image] == second[image]
        rows.append([f"build/{image}", len(first[image]), hashlib.sha256(first[image]).hexdigest()])
        print(f"{rows[-1][2]}  build/{image}")
        if not same:
            at = next((i for i, (a, b) in enumerate(zip(first[image], second[image])) if a != b), min(len(first[image]), len(second[image])))
            findings.append(("repro-differs", f"two builds differ from byte {at} on: sizes {len(first[image])} and {len(second[image])}", image, 0))
        if str(place).encode() in first[image] + second[image]:
            findings.append(("repro-path", "contains the name of the folder that it was built in", image, 0))
        present = ROOT / "build" / image
        if same and present.exists() and present.read_bytes() != first[image]:
            result.note(f"build/{image} of this folder is another build: of other sources, or with another compiler.")
    for rule, message, file, line in findings:
        result.finding(rule, message, file, line)
        print(f"{file}:{line}: {message}")
    result.figure("differing images", len({file for rule, _, file, _ in findings if rule == "repro-differs"}), limit=0)
    result.table("Images", ["file", "bytes", "sha256"], rows)
    return result.finish(not findings)


if __name__ == "__main__":
    sys.exit(main())
