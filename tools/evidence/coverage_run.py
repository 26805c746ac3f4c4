# SPDX-License-Identifier: Apache-2.0
"""Runs the unit tests with clang's coverage instrumentation and reads what LLVM exports; the gate is coverage.py.

A test that reads build products is left out (what it covers, others must), and so are those of the device model.
"""
import collections
import concurrent.futures
import json
import os
import re
import shutil
import subprocess

from tools.progress import ROOT
from tools.unit_tests import WORLD_FOLDERS, in_world, needs_of, sources_of

CLANG, PROFDATA, COV = "clang-19", "llvm-profdata-19", "llvm-cov-19"
FLAGS = ("-std=c11 -g -O1 -Wall -Wextra -Werror -DUNIT_TEST -fprofile-instr-generate -fcoverage-mapping -fcoverage-mcdc "
         "-Ihv -I. -Itests/unit").split()
MEASURED = ("hv/core/", "hv/devices/")
OUT = ROOT / "build" / "evidence" / "coverage"
TEST_TIMEOUT_S = 120
CODE, EXPANSION, MCDC_BRANCH = 0, 1, 6  # region kinds in the export
CONSTANTS = ("true", "false")

# A thing to cover, at a place. what: "statement", "true: x > y", "false: x > y" or "pair: x > y" (MC/DC).
Item = collections.namedtuple("Item", "file function line column what")
# implied: it is in code that never runs, and that code has an item of its own.
Measured = collections.namedtuple("Measured", "covered implied")


class GateError(Exception):
    """Nothing was measured; the message is for the reader."""


def run(command, **more):
    done = subprocess.run([str(word) for word in command], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", check=False, **more)
    if done.returncode != 0:
        raise GateError(f"{' '.join(str(word) for word in command[:6])} ... failed (status {done.returncode})\n{done.stdout[-3000:]}")
    return done.stdout


def object_of(source):
    return OUT / "objects" / (source.replace("/", "_")[:-2] + ".o")


def programs():
    """{name: (sources, links the library)} of the tests that this measures."""
    found = {}
    for test in sorted((ROOT / "tests" / "unit").glob("test_*.c")):
        text = test.read_text()
        sources, world = sources_of(text)
        if not needs_of(text) and not any(source.startswith(("dm/", "build/")) for source in sources):
            found[test.stem] = ([f"tests/unit/{test.name}"] + sources, world)
    if not found:
        raise GateError("no unit test was found")
    return found


def build_and_run(name, sources, library):
    """One program, run once; its executable and its raw profile."""
    program, profile = OUT / "programs" / name, OUT / "profiles" / f"{name}.profraw"
    run([CLANG, "-fprofile-instr-generate", *(object_of(source) for source in sources), *library, "-lcmocka", "-o", program])
    try:
        run([program], env={**os.environ, "LLVM_PROFILE_FILE": str(profile)}, timeout=TEST_TIMEOUT_S)
    except subprocess.TimeoutExpired as error:
        raise GateError(f"{name} still runs after {TEST_TIMEOUT_S} s") from error
    if not profile.exists():
        raise GateError(f"{name} left no profile")
    return program, profile


def measured_sources():
    return [path.relative_to(ROOT).as_posix() for folder in MEASURED for path in sorted((ROOT / folder).glob("*.c"))]


def export():
    """Compiles, links and runs everything; the JSON that llvm-cov exports, and the programs."""
    for folder in ("objects", "programs", "profiles", "html"):
        shutil.rmtree(OUT / folder, ignore_errors=True)
        (OUT / folder).mkdir(parents=True)
    tests = programs()
    world = [path.relative_to(ROOT).as_posix() for folder in WORLD_FOLDERS for path in sorted((ROOT / "hv" / folder).glob("*.c"))
             if in_world(path)]
    wanted = sorted({source for sources, _ in tests.values() for source in sources} | set(world if any(t[1] for t in tests.values()) else []))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda source: run([CLANG, *FLAGS, "-c", source, "-o", object_of(source)]), wanted))
        library = OUT / "objects" / "libworld.a"
        if any(uses for _, uses in tests.values()):
            run(["llvm-ar-19", "rcs", library, *map(object_of, world)])
        ran = list(pool.map(lambda name: build_and_run(name, tests[name][0], [library] if tests[name][1] else []), tests))
    merged = OUT / "tests.profdata"
    run([PROFDATA, "merge", "-o", merged, *(profile for _, profile in ran)])
    objects = [word for program, _ in ran for word in ("-object", program)][1:]
    (OUT / "export.json").write_text(run([COV, "export", f"-instr-profile={merged}", *objects]))
    run([COV, "show", f"-instr-profile={merged}", "-format=html", "-show-branches=count", "-show-mcdc", f"-output-dir={OUT / 'html'}",
         *objects, "-sources", *MEASURED])
    return json.loads((OUT / "export.json").read_text())


class Function:
    """One function as one program has it: llvm-cov's numbers and the text that they speak of."""

    def __init__(self, record, sources):
        self.name = re.split("[:;]", record["name"])[-1]
        self.file = os.path.relpath(record["filenames"][0], ROOT)
        self.lines = sources(self.file)
        self.sites = {region[6]: region for region in record["regions"] if region[7] == EXPANSION}
        self.code = [region for region in record["regions"] if region[7] == CODE and region[5] == 0]
        self.record = record

    def place(self, entry, file_id):
        """Line and column of an entry's begin and end; what comes out of a macro stands where the macro is used."""
        while file_id != 0:
            entry = self.sites[file_id]
            file_id = entry[5]
        return tuple(entry[:2]), tuple(entry[2:4])

    def text(self, begin, end):
        rows = self.lines[begin[0] - 1:end[0]]
        rows[-1] = rows[-1][:end[1] - 1]
        rows[0] = rows[0][begin[1] - 1:]
        return " ".join(" ".join(rows).split())

    def runs(self, begin, end, itself=None):
        """Whether the innermost code around a place (other than itself) ever runs."""
        around = [region for region in self.code if region is not itself and tuple(region[:2]) <= begin and end <= tuple(region[2:4])]
        return not around or max(around, key=lambda region: (region[:2], [-region[2], -region[3]]))[4] > 0

    def items(self):
        """(place, what, covered, implied) of all that is to be covered."""
        for region in self.code:
            begin, end = self.place(region, 0)
            yield begin, "statement", region[4] > 0, not self.runs(begin, end, region)
        conditions = []
        for branch in self.record["branches"]:
            begin, end = self.place(branch, branch[6])
            text, implied = self.text(begin, end), not self.runs(begin, end)
            conditions.append((begin, end, text, branch[8]))
            if text not in CONSTANTS:
                yield begin, f"true: {text}", branch[4] > 0, implied
                yield begin, f"false: {text}", branch[5] > 0, implied
        for decision in self.record["mcdc_records"]:
            first, last = self.place(decision, decision[4])
            inside = sorted(one for one in conditions if first <= one[0] and one[1] <= last and one[3] == MCDC_BRANCH)
            if len(inside) != len(decision[6]):
                raise GateError(f"{self.file}:{first[0]}: {len(inside)} conditions are not the decision's {len(decision[6])}")
            for (begin, end, text, _), shown in zip(inside, decision[6]):
                yield begin, f"pair: {text}", shown, not self.runs(first, last)


def measure():
    """{Item: Measured} of everything in core/ and devices/."""
    found, texts = {}, {}

    def sources(path):
        if path not in texts:
            texts[path] = (ROOT / path).read_text().splitlines()
        return texts[path]

    for record in export()["data"][0]["functions"]:
        function = Function(record, sources) if f"{ROOT}/hv/" in record["filenames"][0] else None
        if function is None or not function.file.startswith(MEASURED):
            continue
        for (line, column), what, covered, implied in function.items():
            item = Item(function.file, function.name, line, column, what)
            old = found.get(item, Measured(False, True))
            found[item] = Measured(old.covered or covered, old.implied and implied)
    missing = sorted(set(measured_sources()) - {item.file for item in found})
    if missing:
        raise GateError("no unit test links " + ", ".join(missing) + ": name it in a unit-sources line")
    return found
