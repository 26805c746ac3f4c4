# SPDX-License-Identifier: Apache-2.0
"""python3 -m tools.images user|disk|rt|service -o FILE [--file NAME=PATH ...], for the build."""
import argparse
import pathlib
import sys

from tools.images import build


def main(argv):
    parser = argparse.ArgumentParser(prog="tools.images")
    parser.add_argument("image", choices=["user", "disk", "rt", "service"])
    parser.add_argument("-o", "--output", required=True, type=pathlib.Path)
    parser.add_argument("--file", action="append", default=[], metavar="NAME=PATH", help="put PATH into the image as NAME")
    args = parser.parse_args(argv)
    args.output.parent.mkdir(parents=True, exist_ok=True)
    if args.image == "disk":
        build.disk(args.output)
    elif args.image == "user":
        args.output.write_bytes(build.user())
    elif args.image == "rt":
        args.output.write_bytes(build.rt())
    else:
        files = {name: pathlib.Path(path) for name, path in (entry.split("=", 1) for entry in args.file)}
        args.output.write_bytes(build.service(files))
    return 0


sys.exit(main(sys.argv[1:]))
