# SPDX-License-Identifier: Apache-2.0
"""Says what is going on: one line for each step, seconds while it lasts, its log when it fails."""
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
LOGS = ROOT / "build" / "logs"
BOLD, DIM, RED, GREEN, OFF = "\033[1m", "\033[2m", "\033[31m", "\033[32m", "\033[0m"


class StepError(Exception):
    """A step failed; the message is complete."""


def colour(code, text):
    return f"{code}{text}{OFF}" if sys.stdout.isatty() else text


def say(text=""):
    print(text, flush=True)


def run_step(title, command, log_name, cwd=ROOT, env=None, watch=None):
    """Runs a command with its output in build/logs; shows the title, then the seconds as they pass.
    watch(): a few words about how far it is, or None."""
    LOGS.mkdir(parents=True, exist_ok=True)
    path = LOGS / f"{log_name}.log"
    begin, live = time.monotonic(), sys.stdout.isatty()
    if not live:
        say(f"  {title} ...")
    with open(path, "wb") as log:
        process = subprocess.Popen(command, cwd=cwd, env=env, stdin=None, stdout=log, stderr=subprocess.STDOUT)
        next_note = 10.0
        while True:
            try:
                status = process.wait(0.5)
                break
            except subprocess.TimeoutExpired:
                passed = time.monotonic() - begin
                words = f"{passed:3.0f} s" + (f", {watch()}" if watch else "")
                if live:
                    print(f"\r\033[K  {title} ... {words}", end="", flush=True)
                elif passed >= next_note:
                    say(f"    {words}")
                    next_note += 10.0
            except BaseException:
                process.terminate()
                raise
    passed = time.monotonic() - begin
    if live:
        print(f"\r\033[K  {title}: {'done' if status == 0 else 'failed'} in {passed:.1f} s", flush=True)
    elif passed >= 10.0:
        say(f"    done in {passed:.0f} s")
    if status != 0:
        tail = path.read_text(errors="replace").rstrip().splitlines()[-25:]
        raise StepError(f"{title} failed (status {status}). Last lines of {path.relative_to(ROOT)}:\n" + "\n".join(f"  | {line}" for line in tail))
