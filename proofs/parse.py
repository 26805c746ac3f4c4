#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails when Frama-C cannot parse a file of hv/core or hv/devices, which is what makes them provable.

    proofs/parse.py [FILE...]     (scons parse: all of them)
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from tools.evidence.result import Result  # noqa: E402

FRAMAC = ["frama-c", "-c11", "-machdep", "gcc_x86_64", "-cpp-extra-args=-Ihv -I."]


def parse(file):
    """What Frama-C says against the file: [(file, line, message)]."""
    done = subprocess.run(FRAMAC + [file], cwd=ROOT, env=dict(os.environ, PWD=str(ROOT), LC_ALL="C"),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    if done.returncode == 0:
        return []
    said = re.findall(r"^\[[\w:]+\] ([\w./-]+):(\d+):\s*(.*(?:\n  .*)?)", done.stdout, re.M)         # Frama-C
    said += re.findall(r"^([\w./-]+):(\d+):\d+: (?:fatal )?error: (.*)", done.stdout, re.M)              # its preprocessor
    found = [(place, int(line), " ".join(message.split())) for place, line, message in said]
    last = done.stdout.rstrip().splitlines()[-1:] or ["no output"]
    return found or [(file, 0, f"frama-c ended with status {done.returncode}: {last[0]}")]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", nargs="*", metavar="FILE", help="only these files, as hv/core/irq.c")
    options = parser.parse_args()
    result = Result("parse", "Every file of hv/core and hv/devices is within the language that Frama-C analyses")
    files = options.file or [path.relative_to(ROOT).as_posix() for path in sorted([*ROOT.glob("hv/core/*.c"), *ROOT.glob("hv/devices/*.c")])]
    broken = 0
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        parsed = list(pool.map(parse, files))
    for found in parsed:
        broken += bool(found)
        for place, line, message in found:
            result.finding("parse", message, place, line)
            print(f"{place}:{line}: {message}")
    if options.file:
        result.partial("only these files were parsed: " + ", ".join(options.file))
    result.figure("files parsed", len(files) - broken, f"of {len(files)}", len(files))
    print(f"parse: {len(files) - broken} of {len(files)} files")
    return result.finish(bool(files) and not broken)


if __name__ == "__main__":
    sys.exit(main())
