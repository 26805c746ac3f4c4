# SPDX-License-Identifier: Apache-2.0
"""A bash completion script made from the argument parser, so that it never differs from it."""
import argparse


def subparsers(parser):
    """{name: parser} of the commands below this one."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return action.choices
    return {}


def words(parser):
    """Options, commands and fixed choices of one parser."""
    found = list(subparsers(parser))
    for action in parser._actions:
        found += action.option_strings
        if action.choices and not isinstance(action, argparse._SubParsersAction):
            found += [str(choice) for choice in action.choices]
    return found


def takes_scenario(parser):
    return any(action.dest == "scenario" for action in parser._actions)


def cases(parser, path=()):
    """One shell case for each command: what may follow."""
    lines = []
    for name, sub in subparsers(parser).items():
        here = path + (name,)
        more = " $(cd \"${COMP_WORDS[0]%/*}/configs/scenarios\" 2>/dev/null && ls | sed -n 's/[.]yaml$//p')" if takes_scenario(sub) else ""
        lines.append(f"        '{' '.join(here)}') words=\"{' '.join(words(sub))}{more}\" ;;")
        lines += cases(sub, here)
    return lines


def script(parser):
    commands = sorted({name for name in _all_names(parser)})
    return "\n".join([
        "# bash completion for ./bulkhead; use: source <(./bulkhead completion)",
        "_bulkhead() {",
        "    local current=${COMP_WORDS[COMP_CWORD]} path= words= word",
        "    for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do",
        f"        case \" {' '.join(commands)} \" in *\" $word \"*) path=\"${{path:+$path }}$word\" ;; esac",
        "    done",
        "    case \"$path\" in",
        f"        '') words=\"{' '.join(words(parser))}\" ;;",
        *cases(parser),
        "    esac",
        "    COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))",
        "    [ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- \"$current\"))",
        "}",
        "complete -F _bulkhead bulkhead ./bulkhead",
    ])


def _all_names(parser):
    for name, sub in subparsers(parser).items():
        yield name
        yield from _all_names(sub)
