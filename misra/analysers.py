# SPDX-License-Identifier: Apache-2.0
"""Runs the analysers over a set of C files and returns what they say, in one form.

A finding is (tool, id, file, line, column, message). No analyser looks at suppressions in the code: the gate alone
decides what a tag excuses. A tool that did not look at a file raises ToolError.
"""
import collections
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[1]
WORK = ROOT / "build" / "evidence" / "misra"
JOBS = max(1, len(os.sched_getaffinity(0)))
Finding = collections.namedtuple("Finding", "tool id file line column message")

COMMON = "-std=c11 -m64 -ffreestanding -fno-pic -mno-red-zone -mgeneral-regs-only -fno-common".split()
GCC = COMMON + ("-O2 -mcmodel=small -fno-strict-aliasing -fmax-errors=0 -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Warith-conversion "
    "-Wcast-qual -Wcast-align=strict -Wshadow -Wvla -Wundef -Wstrict-prototypes -Wold-style-definition -Wmissing-prototypes -Wmissing-declarations "
    "-Wredundant-decls -Wnested-externs -Wunused-macros -Wlogical-op -Wduplicated-cond -Wswitch-default -Wimplicit-fallthrough=5 -Wwrite-strings "
    "-Wbad-function-cast -Wnull-dereference -Wfloat-equal -Winit-self -Warray-bounds=2 -Wstringop-overflow=4 -Wshift-overflow=2 -Wjump-misses-init "
    "-Wenum-conversion -Wunused-const-variable=2 -Wtrigraphs -Woverlength-strings").split()
CLANG = COMMON + ("-fsyntax-only -ferror-limit=0 -Weverything -Wno-padded -Wno-declaration-after-statement -Wno-switch-enum "
    "-Wno-covered-switch-default").split()
# offsetof: cppcheck does not know its type; sizeof has the same. The platform's own headers are left out: cppcheck knows them by name.
CPPCHECK = ("--std=c11 --platform=unix64 --enable=all --suppress=missingIncludeSystem --suppress=unusedFunction --max-ctu-depth=4 "
    "-U__FRAMAC__ -U__KERNEL__ -Doffsetof(type,member)=sizeof(type)").split()
CPPCHECK_BROKEN = {"syntaxError", "internalError", "internalAstError", "unknownMacro", "preprocessorErrorDirective", "missingInclude", "cppcheckError",
                   "noValidConfiguration", "toomanyconfigs", "misra-config", "ConfigurationNotChecked"}
DIAGNOSTIC = re.compile(r"^([^:\n]+):(\d+):(?:(\d+):)? (?:fatal )?(warning|error): (.*?)(?: \[([\w.,=+#-]+)\])?$", re.M)


class ToolError(Exception):
    """An analyser did not do its work; the message says which and why."""


def relative(name):
    path = pathlib.Path(name)
    path = path if path.is_absolute() else ROOT / path
    return str(path.resolve().relative_to(ROOT)) if path.resolve().is_relative_to(ROOT) else name


def includes(folders):
    return [f"-I{folder}" for folder in folders]


def run(command):
    return subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False,
                          env=dict(os.environ, LC_ALL="C.UTF-8"))


def rule_texts(guidelines):
    """The file that the addon reads its messages from. With one message for all, cppcheck drops all but one finding of a line."""
    WORK.mkdir(parents=True, exist_ok=True)
    lines = ["Appendix A Summary of guidelines"]
    for name, text in guidelines.items():
        if not name.startswith("D"):
            lines += [f"Rule {name} Required", f"C2012-{name}: {text}"]
    (WORK / "rules.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    addon = WORK / "addon.json"
    addon.write_text(json.dumps({"script": "misra.py", "args": [f"--rule-texts={WORK / 'rules.txt'}"]}), encoding="utf-8")
    return addon


def cppcheck(files, folders, addon, broken_ok=()):
    """The core and the MISRA addon, over all files together: some rules are about the whole program."""
    done = subprocess.run(["cppcheck", f"-j{JOBS}", *CPPCHECK, f"--addon={addon}", *includes(folders), "--template={file}\t{line}\t{column}\t{id}\t{message}",
                           *files], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace", check=False)
    looked = set(re.findall(r"^Checking (\S+) \.\.\.", done.stdout, re.M))
    missing = [file for file in files if file not in looked]
    if done.returncode != 0 or missing:
        raise ToolError(f"cppcheck ended with status {done.returncode} and did not look at {missing[:3]}: {done.stderr[-500:]}")
    found = []
    for line in done.stderr.splitlines():
        parts = line.split("\t", 4)
        if len(parts) != 5:
            continue
        file, number, column, name, message = parts
        if name in CPPCHECK_BROKEN and relative(file) not in broken_ok:
            raise ToolError(f"cppcheck could not read {file}:{number}: {name}: {message}")
        if name.startswith("misra-c2012-"):
            found.append(Finding("addon", name[len("misra-c2012-"):], relative(file), int(number), int(column), message))
        else:
            found.append(Finding("cppcheck", name, relative(file) if file != "nofile" else "", int(number), int(column), message))
    return found


def diagnostics(tool, text):
    found = []
    for file, line, column, kind, message, name in DIAGNOSTIC.findall(text):
        found.append(Finding(tool, name.split(",")[0] if name else kind, relative(file), int(line), int(column or 0), message))
    return found


def compiler(tool, command, file, folders, broken_ok):
    done = run([*command, *includes(folders), file])
    found = diagnostics(tool, done.stdout)
    if done.returncode != 0 and (file not in broken_ok or not found):
        raise ToolError(f"{tool} does not compile {file}:\n{done.stdout[-800:]}")
    return found


def gcc(file, folders, broken_ok=()):
    return compiler("gcc", ["gcc", *GCC, "-c", "-o", "/dev/null"], file, folders, broken_ok)


def clang(file, folders, broken_ok=()):
    return compiler("clang", ["clang", *CLANG], file, folders, broken_ok)


def tidy(files, folders, checks, broken_ok=()):
    done = run(["clang-tidy", "--quiet", f"--checks=-*,{','.join(sorted(checks))}", *files, "--", *COMMON, *includes(folders)])
    if done.returncode != 0 and not any(file in broken_ok for file in files):
        raise ToolError(f"clang-tidy failed on {' '.join(files)}:\n{done.stdout[-800:]}")
    return [finding for finding in diagnostics("tidy", done.stdout) if finding.id in checks]


def analyse(files, folders, addon, tidy_checks, broken_ok=()):
    """All analysers over the files of one program; findings in a fixed order, each once."""
    found = []
    # cppcheck uses all cores by itself, so it does not run beside the others.
    found += cppcheck(files, folders, addon, broken_ok)
    batches = [[file] for file in files if file in broken_ok]
    sound = [file for file in files if file not in broken_ok]
    batches += [sound[i:i + 8] for i in range(0, len(sound), 8)]
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        jobs = [pool.submit(tidy, batch, folders, tidy_checks, broken_ok) for batch in batches]
        for file in files:
            jobs += [pool.submit(gcc, file, folders, broken_ok), pool.submit(clang, file, folders, broken_ok)]
        for job in jobs:
            found += job.result()
    return sorted(set(found))
