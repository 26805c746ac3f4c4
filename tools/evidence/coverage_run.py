# SPDX-License-Identifier: Apache-2.0
"""Runs the unit tests with coverage instrumentation and reads what LLVM exports; the gate is coverage.py.

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

PROFDATA, COV = "llvm-profdata-19", "llvm-cov-19"
# A compiler with its instrumentation; name: of its folder.
Kit = collections.namedtuple("Kit", "name compiler flags link archiver")
LLVM = Kit("llvm", "clang-19", "-g -O1 -fprofile-instr-generate -fcoverage-mapping -fcoverage-mcdc".split(), ["-fprofile-instr-generate"],
           "llvm-ar-19")
FLAGS = "-std=c11 -Wall -Wextra -Werror -DUNIT_TEST -Ihv -I. -Itests/unit".split()
MEASURED = ("hv/core/", "hv/devices/")
OUT = ROOT / "build" / "evidence" / "coverage"
TEST_TIMEOUT_S = 120
CODE, EXPANSION, MCDC_BRANCH = 0, 1, 6  # region kinds in the export
CONSTANTS = ("true", "false")
LABEL, COMMENT = re.compile(r"(case [^:]*|default):"), re.compile(r"/\*.*?\*/")

# A thing to cover, at a place. what: "statement", "true: x > y", "false: x > y" or "pair: x > y" (MC/DC).
Item = collections.namedtuple("Item", "file function line column what")
# implied: it is in code that never runs, and that code has an item of its own. end: line and column.
Measured = collections.namedtuple("Measured", "covered implied end")


class GateError(Exception):
    """Nothing was measured; the message is for the reader."""


def run(command, **more):
    done = subprocess.run([str(word) for word in command], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", check=False, **more)
    if done.returncode != 0:
        raise GateError(f"{' '.join(str(word) for word in command[:6])} ... failed (status {done.returncode})\n{done.stdout[-3000:]}")
    return done.stdout


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


def object_of(kit, source):
    return OUT / kit.name / (source.replace("/", "_")[:-2] + ".o")


def link_and_run(kit, name, sources, library):
    """One program, run once; its executable."""
    program = OUT / kit.name / name
    run([kit.compiler, *kit.link, *(object_of(kit, source) for source in sources), *library, "-lcmocka", "-o", program])
    try:
        run([program], env={**os.environ, "LLVM_PROFILE_FILE": f"{program}.profraw"}, timeout=TEST_TIMEOUT_S)
    except subprocess.TimeoutExpired as error:
        raise GateError(f"{name} still runs after {TEST_TIMEOUT_S} s") from error
    return program


def run_tests(kit):
    """Compiles, links and runs all unit tests, two at a time; the executables."""
    shutil.rmtree(OUT / kit.name, ignore_errors=True)
    (OUT / kit.name).mkdir(parents=True)
    tests = programs()
    world = [path.relative_to(ROOT).as_posix() for folder in WORLD_FOLDERS for path in sorted((ROOT / "hv" / folder).glob("*.c"))
             if in_world(path)] if any(uses_world for _, uses_world in tests.values()) else []
    wanted = sorted({source for sources, _ in tests.values() for source in sources} | set(world))
    library = OUT / kit.name / "libworld.a"
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda source: run([kit.compiler, *FLAGS, *kit.flags, "-c", source, "-o", object_of(kit, source)]), wanted))
        if world:
            run([kit.archiver, "rcs", library, *(object_of(kit, source) for source in world)])
        return list(pool.map(lambda name: link_and_run(kit, name, tests[name][0], [library] if tests[name][1] else []), tests))


def measured_sources():
    return [path.relative_to(ROOT).as_posix() for folder in MEASURED for path in sorted((ROOT / folder).glob("*.c"))]


def export():
    """What llvm-cov exports of all tests together; leaves the sources with their counts in html/."""
    ran = run_tests(LLVM)
    merged = OUT / "tests.profdata"
    run([PROFDATA, "merge", "-o", merged, *(f"{program}.profraw" for program in ran)])
    objects = [word for program in ran for word in ("-object", program)][1:]
    shutil.rmtree(OUT / "html", ignore_errors=True)
    run([COV, "show", f"-instr-profile={merged}", "-format=html", "-show-branches=count", "-show-mcdc", f"-output-dir={OUT / 'html'}",
         *objects, "-sources", *MEASURED])
    # It warns of inline functions that files of one name in two folders have, one of them without a call: the profile of these has one name.
    text = run([COV, "export", f"-instr-profile={merged}", *objects])
    (OUT / "export.json").write_text(text[text.index("{"):])
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
        self.labels = {tuple(region[:2]): region for region in self.code if LABEL.match(self.lines[region[0] - 1][region[1] - 1:])}
        for begin, region in self.labels.items():  # LLVM's reaches on to the next break: here to the next label of the switch
            region[2:4] = min([place for place in self.labels if place[1] == begin[1] and place > begin] + [tuple(region[2:4])])

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
        """(begin, end, what, covered, implied) of all that is to be covered."""
        for region in self.code:
            begin, end = self.place(region, 0)
            if begin in self.labels and LABEL.fullmatch(COMMENT.sub("", self.text(begin, end)).strip()):
                continue  # only the label: the statements are behind another one
            yield begin, end, "statement", region[4] > 0, not self.runs(begin, end, region)
        conditions = []
        for branch in self.record["branches"]:
            begin, end = self.place(branch, branch[6])
            text, implied = self.text(begin, end), not self.runs(begin, end, self.labels.get(begin))
            conditions.append((begin, end, text, branch[8]))
            if text not in CONSTANTS:
                yield begin, end, f"true: {text}", branch[4] > 0, implied
                yield begin, end, f"false: {text}", branch[5] > 0, implied
        for decision in self.record["mcdc_records"]:
            first, last = self.place(decision, decision[4])
            inside = sorted(one for one in conditions if first <= one[0] and one[1] <= last and one[3] == MCDC_BRANCH)
            if len(inside) != len(decision[6]):
                raise GateError(f"{self.file}:{first[0]}: {len(inside)} conditions are not the decision's {len(decision[6])}")
            for (begin, end, text, _), shown in zip(inside, decision[6]):
                yield begin, end, f"pair: {text}", shown, not self.runs(first, last)


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
        for (line, column), end, what, covered, implied in function.items():
            item = Item(function.file, function.name, line, column, what)
            old = found.get(item, Measured(False, True, end))
            found[item] = Measured(old.covered or covered, old.implied and implied, end)
    missing = sorted(set(measured_sources()) - {item.file for item in found})
    if missing:
        raise GateError("no unit test links " + ", ".join(missing) + ": name it in a unit-sources line")
    return found
