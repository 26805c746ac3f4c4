#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Builds the Linux modules against Debian's kernel headers that were unpacked, not installed.

The packages linux-headers-*-amd64, linux-headers-*-common and linux-kbuild-* go together into one
tree (dpkg-deb -x PACKAGE ROOT). Only one line in them names an installed path, the include in the
Makefile of linux-headers-*-amd64; it is rewritten to be relative to its own file.
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys

INSTALLED = re.compile(r"^include /\S*/(linux-headers-\S+)/Makefile$", re.M)
RELATIVE = r"include $(dir $(realpath $(lastword $(MAKEFILE_LIST))))../\1/Makefile"
# sparse has opinions on kernel headers that are not the modules'.
OURS = re.compile(r"^\S*/?([a-z_]+\.[ch]):\d+.*(warning|error):")


def find(root):
    """All unpacked header trees below root by kernel release, newest release last."""
    found = {}
    for pattern in ("usr/src/linux-headers-*-amd64", "*/usr/src/linux-headers-*-amd64"):
        for path in pathlib.Path(root).glob(pattern):
            if (path / "Module.symvers").is_file():
                found[path.name.removeprefix("linux-headers-")] = path
    return dict(sorted(found.items(), key=lambda item: [int(n) for n in re.findall(r"\d+", item[0])]))


def prepare(headers):
    """Makes an unpacked tree usable where it lies; does nothing the second time."""
    makefile = headers / "Makefile"
    text = makefile.read_text()
    changed = INSTALLED.sub(RELATIVE, text)
    if changed != text:
        makefile.write_text(changed)


def stage(output, sources):
    """Copies the modules' sources, with abi/ beside them as DKMS has it; keeps what did not change."""
    for source in sources:
        source = pathlib.Path(source)
        folder = output / "abi" if source.parent.name == "abi" else output
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / source.name
        if not target.exists() or target.read_bytes() != source.read_bytes():
            shutil.copyfile(source, target)


def build(headers, output, check):
    """Runs the kernel's build; returns its messages and whether they are without warnings."""
    # Type information for BPF would need pahole, which Debian's header packages do not depend on.
    command = ["make", "--no-print-directory", "-C", str(headers), f"M={output}", "W=1",
               "CONFIG_DEBUG_INFO_BTF_MODULES=", "modules"]
    if check:
        command[1:1] = ["C=2", "CF=-D__CHECK_ENDIAN__"]
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False)
    if done.returncode == 0 and not check:
        # Debug information is most of the file and goes into every Service VM's initrd.
        subprocess.run(["strip", "--strip-debug", *map(str, output.glob("*.ko"))], check=True)
    names = {path.name for path in output.rglob("*.[ch]")}
    bad = [line for line in done.stdout.splitlines()
           if (match := OURS.match(line)) and match.group(1) in names or "modpost" in line and "WARNING" in line]
    return done.stdout, done.returncode == 0 and not bad


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    lister = commands.add_parser("list", help="print the releases of the header trees below ROOT")
    lister.add_argument("root")
    preparer = commands.add_parser("prepare", help="rewrite the installed paths in all header trees below ROOT")
    preparer.add_argument("root")
    builder = commands.add_parser("build", help="build the modules from SOURCES into OUTPUT")
    builder.add_argument("--headers", required=True, help="an unpacked linux-headers-*-amd64 directory")
    builder.add_argument("--output", required=True, help="directory for sources, objects and the modules")
    builder.add_argument("--check", action="store_true", help="with sparse over all files")
    builder.add_argument("sources", nargs="+")
    arguments = parser.parse_args()
    if arguments.command == "build":
        headers = pathlib.Path(arguments.headers).resolve()
        output = pathlib.Path(arguments.output).resolve()
        prepare(headers)
        stage(output, arguments.sources)
        messages, good = build(headers, output, arguments.check)
        if not good:
            print(messages, end="")
            print(f"{output}: the modules have errors or warnings", file=sys.stderr)
        return 0 if good else 1
    for release, headers in find(arguments.root).items():
        if arguments.command == "prepare":
            prepare(headers)
        else:
            print(release)
    return 0


if __name__ == "__main__":
    sys.exit(main())
