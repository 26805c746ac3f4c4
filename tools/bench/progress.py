# SPDX-License-Identifier: Apache-2.0
"""Says that a long measurement goes on: its title, then the seconds."""
import contextlib
import sys
import threading
import time

from tools.progress import say

EVERY_S = 10.0


def tell(title, begin, ended):
    """Until ended is set. On a terminal the line is renewed, else there is a line now and then."""
    live = sys.stdout.isatty()
    while not ended.wait(0.5 if live else EVERY_S):
        passed = time.monotonic() - begin
        if live:
            print(f"\r\033[K  {title} ... {passed:3.0f} s", end="", flush=True)
        else:
            say(f"    {passed:.0f} s")


@contextlib.contextmanager
def measuring(title):
    """A list that the block may append to: what was found, for the last line."""
    begin, ended, found = time.monotonic(), threading.Event(), []
    if not sys.stdout.isatty():
        say(f"  {title} ...")
    teller = threading.Thread(target=tell, args=(title, begin, ended), daemon=True)
    teller.start()
    good = False
    try:
        yield found
        good = True
    finally:
        ended.set()
        teller.join()
        words = "; ".join(found) if good else "failed"
        start = f"\r\033[K  {title}: " if sys.stdout.isatty() else "    "
        print(f"{start}{words or 'done'} ({time.monotonic() - begin:.0f} s)", flush=True)
