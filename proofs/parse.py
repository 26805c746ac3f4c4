#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails when Frama-C cannot parse a file of hv/core or hv/devices, which is what makes them provable."""
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def main():
    failed = []
    files = sorted([*ROOT.glob("hv/core/*.c"), *ROOT.glob("hv/devices/*.c")])
    for path in files:
        done = subprocess.run(["frama-c", "-c11", "-machdep", "gcc_x86_64", "-cpp-extra-args=-Ihv -I.", str(path)],
                              cwd=ROOT, env=dict(os.environ, PWD=str(ROOT)), capture_output=True, text=True)
        if done.returncode != 0:
            failed.append(path)
            print(done.stdout + done.stderr)
    print(f"frama-parse: {len(files) - len(failed)} of {len(files)} files parse")
    return 1 if failed or not files else 0


if __name__ == "__main__":
    sys.exit(main())
