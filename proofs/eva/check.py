#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Value analysis (Frama-C/Eva): no run-time error for any input of the drivers beside this file.

A driver names what it analyses in a line "eva-sources:", relative to hv/. An alarm is a failure.
usage: proofs/eva/check.py [driver.c ...]
"""
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def analyse(driver):
    """Alarms that Eva raises for one driver, as text lines; a failure of the tool is one, too."""
    named = re.search(r"eva-sources:(.*?)\*/", driver.read_text(), re.S)
    sources = [str(ROOT / "hv" / name) for name in named.group(1).split()]
    run = subprocess.run(
        ["frama-c", "-eva", "-eva-precision", "2", "-c11", "-machdep", "gcc_x86_64",
         f"-cpp-extra-args=-I{ROOT}/hv -I{ROOT}", str(driver), *sources],
        capture_output=True, text=True, timeout=900, check=False)
    alarms = re.findall(r"\[eva:alarm\] (.*)", run.stdout)
    summary = re.search(r"(\d+) alarms? generated", run.stdout)
    if run.returncode != 0 or summary is None:
        alarms.append("frama-c failed: " + run.stdout[-500:] + run.stderr[-500:])
    elif int(summary.group(1)) != 0 and not alarms:
        alarms.append(summary.group(0))
    return alarms


def main():
    drivers = [pathlib.Path(name) for name in sys.argv[1:]] or sorted(HERE.glob("*.c"))
    failed = False
    for driver in drivers:
        alarms = analyse(driver)
        print(f"{driver.stem}: {len(alarms)} alarms")
        for alarm in alarms:
            print(f"  {alarm}")
        failed = failed or bool(alarms)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
