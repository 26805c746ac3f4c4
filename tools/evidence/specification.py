# SPDX-License-Identifier: Apache-2.0
"""Reads docs/specification.md: the promised numbers. Gates and tests take them from here and from nowhere else.

A promise is a table row: | `name` | words | number | unit | `command that enforces it` |

scons specification: each row's command exists and reads it, and the capacities are those of the source.
"""
import collections
import re
import sys

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


# Names in hv/core/limits.h that say where something is, not how much fits.
PLACES = {"VM_SERVICE", "VM_FIRST_USER"}


def defined(name):
    """The values that #define gives this name in hv/."""
    pattern = re.compile(rf"^#define {name}\s+(0x[0-9A-Fa-f]+|\d+)U?\b", re.M)
    return {int(value, 0) for path in sorted((ROOT / "hv").rglob("*.[ch]")) for value in pattern.findall(path.read_text())}


def reader(promise, name):
    """Why the command of this row does not hold anything to it, or None."""
    gate = re.fullmatch(r"scons (\w+)", promise.command)
    test = re.fullmatch(r"\./bulkhead test -k (\w+)", promise.command)
    problem = None
    if gate:
        program = ROOT / "tools" / "evidence" / f"{gate[1]}.py"
        if not program.exists() or f'"{name.split(".")[0]}.' not in program.read_text():
            problem = f"tools/evidence/{gate[1]}.py does not read {name.split('.')[0]}.*"
    elif test:
        program = ROOT / "tests" / "system" / f"{test[1]}.py"
        if not program.exists() or f'"{name}"' not in program.read_text():
            problem = f"tests/system/{test[1]}.py does not read {name}"
    else:
        problem = "the command is neither scons GATE nor ./bulkhead test -k TEST"
    return problem


def main():
    from tools.evidence.result import Result
    result = Result("specification", "Every promised number is enforced by a command that reads it from docs/specification.md")
    problems = []
    try:
        promises = read()
    except Missing as problem:
        promises, problems = Specification(), [(0, str(problem))]
    for name, promise in promises.items():
        why = reader(promise, name)
        if why:
            problems.append((promise.line, f"{name}: {why}"))
        if name.startswith("limit.") and defined(name[len("limit."):]) != {promise.number}:
            problems.append((promise.line, f"{name} is promised as {promise.number}; hv/ defines {sorted(defined(name[len('limit.'):]))}"))
    header = (ROOT / "hv" / "core" / "limits.h").read_text()
    for name in re.findall(r"^#define (\w+)\s+\d+U", header, re.M):
        if f"limit.{name}" not in promises and name not in PLACES:
            problems.append((0, f"hv/core/limits.h has {name}, but no limit.{name} is promised"))
    for line, message in problems:
        result.finding("specification", message, FILE, line)
        print(f"{FILE}:{line}: {message}")
    result.figure("promised numbers", len(promises))
    result.figure("numbers that nothing holds", len(problems), limit=0)
    result.table("Promises", ["name", "promise", "number", "unit", "enforced by"],
                 [[name, promise.words, promise.number, promise.unit, promise.command] for name, promise in promises.items()])
    return result.finish(bool(promises) and not problems)


if __name__ == "__main__":
    sys.exit(main())
