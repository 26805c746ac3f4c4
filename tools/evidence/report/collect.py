# SPDX-License-Identifier: Apache-2.0
"""Reads the results and says what holds: the data that page, JSON, SARIF and JUnit are made of.

A claim is passed, failed, stale or missing. Stale: passed, but on another commit than this one, on a tree with
uncommitted changes, or in part only. Only passed counts.
"""
import datetime
import hashlib
import json
import os
import platform
import re
import shlex

from tools.evidence import gates, provenance
from tools.evidence.report import claims, documents, stored
from tools.evidence.result import RESULTS
from tools.progress import ROOT

FORM = 1
STATES = ("passed", "failed", "stale", "missing")
ARTEFACTS = ("build/hv/hv.elf", "build/rtvm/rtvm.elf")


def registered():
    """Gates and claims of tests, as one list."""
    return [*gates.GATES, *claims.CLAIMS]


def read_result(name, results, root):
    """(result, None), or (None, why not)."""
    path = results / f"{name}.json"
    try:
        reader = stored.READERS.get(name)
        result = reader(root) if reader and not path.exists() else json.loads(path.read_text(encoding="utf-8"))
        for key in ("gate", "claim", "passed", "figures", "findings"):
            if key not in result:
                return None, f"the result file has no '{key}'"
        for figure in result["figures"]:
            figure["name"], figure["value"]  # pylint: disable=pointless-statement
        return result, None
    except FileNotFoundError:
        return None, "no result: the command was not run, or it died"
    except (AttributeError, OSError, ValueError, TypeError, KeyError) as error:
        return None, f"the result file cannot be used: {error}"


def changes_since(commit, root):
    """What happened between that commit and this one, in words; '' when git cannot tell."""
    count = provenance.git("rev-list", "--count", f"{commit}..HEAD", root=root)
    files = provenance.git("diff", "--name-only", commit, "HEAD", "--", "hv", "rtvm", "abi", root=root)
    if count is None or files is None:
        return "this repository does not know that commit"
    number = len(files.splitlines())
    commits = f"{count} commit{'' if count == '1' else 's'}"
    changed = f"{number} file{'' if number == 1 else 's'}" if number else "no file"
    return f"{commits} before this one, {changed} of hv/, rtvm/ and abi/ changed since"


def stale_reason(result, source, root):
    """Why the result is not of this commit, or None."""
    if "stale" in result:   # a committed one, which knows what it stands on
        return result["stale"] or None
    commit = result.get("commit")
    if not isinstance(commit, str) or not re.fullmatch(r"[0-9a-f]{7,64}", commit):   # it becomes a word of a git command
        return "the result does not say on which commit it was made"
    if commit != source["commit"]:
        return f"made on commit {commit[:10]}: {changes_since(commit, root)}"
    if result.get("dirty", True):
        return "made on a tree with uncommitted changes"
    return None


def judge(result, source, root):
    """(state, reason) of a result that could be read."""
    stale = stale_reason(result, source, root) or result.get("partial")
    if result["passed"] is not True:
        return "failed", stale or ""
    return ("stale", stale) if stale else ("passed", "")


def claim_of(entry, results, source, root):
    """One claim of the report: what is registered, joined with what its run left."""
    result, problem = read_result(entry.name, results, root)
    words = claims.WORDS.get(entry.name)
    found = {"name": entry.name, "title": entry.title, "command": shlex.join(word for word in entry.command if word not in ("-B", "-u")),
             "is_gate": entry in gates.GATES,
             "group": next((group for group, names in claims.GROUPS if entry.name in names), claims.OTHER),
             "shows": words.shows if words else "", "standard": [list(pair) for pair in words.standard] if words else [],
             "limits": list(words.open) if words else []}
    found.update({"claim": entry.title[:1].upper() + entry.title[1:], "state": "missing", "reason": problem, "figures": [], "findings": [], "tables": [], "details": {},
                  "commit": None, "dirty": None, "made": None, "seconds": None, "tools": {}})
    if result is None:
        absent = gates.missing_tools(entry)
        found["reason"] += f"; not installed: {', '.join(absent)}" if absent else ""
        return found
    found["state"], found["reason"] = judge(result, source, root)
    for key in ("claim", "figures", "findings", "tables", "details", "commit", "dirty", "made", "seconds", "tools"):
        found[key] = result.get(key, found[key])
    found["limits"] += [note for note in result.get("notes", []) if note not in found["limits"]]
    return found


def unlisted(results, known):
    """Results that no list names: shown all the same."""
    names = sorted(path.stem for path in results.glob("*.json") if path.stem not in known) if results.is_dir() else []
    return [claims.Claim(name, f"result '{name}', which no list of gates names", [], ()) for name in names]


def in_order(found):
    order = [name for _, names in claims.GROUPS for name in names]
    return sorted(found, key=lambda claim: (order.index(claim["name"]) if claim["name"] in order else len(order)))


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def artefact(root, name):
    """Size, digest and time are of one open file: a build may take the image away or put another in its place meanwhile."""
    try:
        with open(root / name, "rb") as file:
            content, when = file.read(), os.fstat(file.fileno()).st_mtime
    except OSError:
        return {"file": name, "size": None, "sha256": None, "made": None}
    return {"file": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest(), "made": utc(when)}


def artefacts(root):
    """What the claims are about, as it lies in build/."""
    return [artefact(root, name) for name in ARTEFACTS]


def configuration(root):
    """Scenarios and boards of this commit with their digests."""
    paths = [*sorted((root / "configs" / "scenarios").glob("*.yaml")), *sorted((root / "configs" / "boards").glob("*.yaml"))]
    return [{"file": path.relative_to(root).as_posix(), "sha256": digest(path)} for path in paths]


def utc(seconds=None):
    when = datetime.datetime.now(datetime.timezone.utc) if seconds is None else datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def host():
    try:
        system = platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    except OSError:
        system = platform.system()
    return {"system": system, "kernel": platform.release(), "machine": platform.machine()}


def tools_used(found):
    """{program: {version: [claims]}} over all results."""
    used = {}
    for claim in found:
        for program, version in claim["tools"].items():
            used.setdefault(program, {}).setdefault(version, []).append(claim["name"])
    return dict(sorted(used.items()))


def collect(results=RESULTS, root=ROOT, entries=None):
    """All that the report says, as plain data."""
    source = provenance.source(root)
    entries = registered() if entries is None else list(entries)
    entries += unlisted(results, {entry.name for entry in entries})
    found = in_order([claim_of(entry, results, source, root) for entry in entries])
    version = root / "VERSION"
    return {"form": FORM, "made": utc(), "version": version.read_text(encoding="utf-8").strip() if version.exists() else "",
            "commit": source["commit"], "dirty": source["dirty"], "committed": provenance.git("log", "-1", "--format=%cI", root=root),
            "host": host(), "counts": {state: sum(claim["state"] == state for claim in found) for state in STATES},
            "claims": found, "tools": tools_used(found), "artefacts": artefacts(root), "configuration": configuration(root),
            "general_limits": list(claims.GENERAL_LIMITS), "documents": documents.collect(root)}


def holds(report):
    """All claims passed, on this commit."""
    return bool(report["claims"]) and report["counts"]["passed"] == len(report["claims"])
