# SPDX-License-Identifier: Apache-2.0
"""Reads docs/specification.md: the promised numbers. Gates and tests take them from here and from nowhere else.

A promise is a table row: | `name` | words | number | unit | `command that enforces it` |
"""
import collections
import re

from tools.progress import ROOT

FILE = "docs/specification.md"
ROW = re.compile(r"^\| `([\w.-]+)` \| ([^|]+) \| ([\d,]+) \| ([^|]*) \| `([^|`]+)` \|$")
Promise = collections.namedtuple("Promise", "words number unit command line")


class Missing(Exception):
    """A number that the specification does not give."""


class Specification(dict):
    """{name: Promise}"""

    def number(self, name):
        if name not in self:
            raise Missing(f"{FILE} promises no {name}")
        return self[name].number


def read(path=ROOT / FILE):
    promises = Specification()
    for line, text in enumerate(path.read_text().splitlines(), 1):
        found = ROW.match(text)
        if found:
            name, words, number, unit, command = found.groups()
            if name in promises:
                raise Missing(f"{FILE}:{line}: {name} is promised twice")
            promises[name] = Promise(words.strip(), int(number.replace(",", "")), unit.strip(), command, line)
        elif re.match(r"^\| `", text):
            raise Missing(f"{FILE}:{line}: not a promise: | `name` | words | number | unit | `command` |")
    return promises
