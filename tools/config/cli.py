# SPDX-License-Identifier: Apache-2.0
"""./bulkhead config check|compile|show SCENARIO"""
import argparse
import pathlib
import sys

from tools.config.errors import ConfigError
from tools.progress import ROOT

SCENARIO_HELP = "name of a file in configs/scenarios, or the path of a YAML file"


def add_commands(parser):
    commands = parser.add_subparsers(dest="config_command", metavar="COMMAND", required=True, help="see COMMAND --help")
    check = commands.add_parser("check", help="validate scenarios and print every problem with its file and line")
    check.add_argument("scenario", nargs="+", help=SCENARIO_HELP)
    build = commands.add_parser("compile", help="write the partition table of a scenario")
    build.add_argument("scenario", help=SCENARIO_HELP)
    build.add_argument("-o", "--output", metavar="FILE", help="where to write it (default: build/configs/SCENARIO.part)")
    build.add_argument("--append", action="append", default=[], metavar="VM=WORDS", help="add words to the command line of a VM; may be repeated")
    show = commands.add_parser("show", help="print which VM has which cores and memory")
    show.add_argument("scenario", help=SCENARIO_HELP)
    board = commands.add_parser("board", help="write the board file of a machine, from what tools/config/inspect.sh found on it")
    board.add_argument("facts", metavar="FACTS", help="what 'sh inspect.sh' printed there as root, or a file or serial log of the stick that bench --image writes")
    board.add_argument("-o", "--output", metavar="FILE.yaml", required=True, help="the board file; its name without .yaml becomes the board's")


def parse_append(entries):
    """['service=a b'] -> {'service': 'a b'}"""
    append = {}
    for entry in entries:
        name, _, words = entry.partition("=")
        append[name] = f"{append[name]} {words}" if name in append else words
    return append


def run(args):
    from tools.config.compile import compile_scenario, load_scenario    # needs PyYAML, the parser does not
    from tools.config.picture import draw
    try:
        if args.config_command == "board":
            return make_board(args.facts, pathlib.Path(args.output))
        if args.config_command == "check":
            return check_all(args.scenario)
        scenario = load_scenario(args.scenario)
        if args.config_command == "show":
            print(draw(scenario))
        else:
            output = pathlib.Path(args.output or ROOT / "build" / "configs" / f"{scenario.name}.part")
            output.parent.mkdir(parents=True, exist_ok=True)
            output.write_bytes(compile_scenario(scenario, parse_append(args.append)))
            print(f"{output}: {output.stat().st_size} bytes")
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def make_board(facts, output):
    from tools.config.inspect import write_board
    if output.suffix != ".yaml":
        print(f"bulkhead: {output}: a board file ends in .yaml", file=sys.stderr)
        return 2
    notes = write_board(facts, output)
    print(f"{output}: written; read it before you use it")
    for note in notes:
        print(f"look: {note}")
    return 0


def check_all(names):
    from tools.config.compile import compile_scenario, load_scenario
    failed = False
    for name in names:
        try:
            compile_scenario(load_scenario(name))
            print(f"{name}: good")
        except ConfigError as error:
            print(error, file=sys.stderr)
            failed = True
    return 2 if failed else 0


def main(argv):
    parser = argparse.ArgumentParser(prog="bulkhead config", description="The config compiler: scenario.yaml and board.yaml in, partition table out.")
    add_commands(parser)
    return run(parser.parse_args(argv))
