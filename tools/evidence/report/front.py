# SPDX-License-Identifier: Apache-2.0
"""The first page: whether all holds, each claim with its figures and its verdict, and what item it is about."""
from tools.evidence.report.collect import holds
from tools.evidence.report.markup import escape, facts, link, quantity, shown, state

MOST_FIGURES = 2    # of each claim on this page; all are in its section
SHOWN_TOOLS = ("frama-c", "z3", "cvc4", "cvc5", "cppcheck", "gcc", "clang", "clang-19", "qemu-system-x86_64")


def tree_words(report):
    """Commit, its date, and whether the tree has changes."""
    commit = f"<code>{escape(report['commit'])}</code>" if report["commit"] else "unknown (no repository)"
    date = f", of {escape(report['committed'])}" if report["committed"] else ""
    tree = "<strong>the tree has changes that are in no commit</strong>" if report["dirty"] else "tree without uncommitted changes"
    return f"{commit}{date}; {tree}"


def verdict(report):
    counts, total = report["counts"], len(report["claims"])
    if holds(report):
        return f'<div class="verdict holds"><strong>All {total} claims hold on this commit.</strong></div>'
    words = {"failed": "failed", "stale": "stale (passed on another state of the source)", "missing": "missing"}
    rest = "; ".join(f"{counts[name]} {word}" for name, word in words.items() if counts[name])
    return (f'<div class="verdict broken"><strong>{counts["passed"]} of {total} claims {"holds" if counts["passed"] == 1 else "hold"} '
            f"on this commit.</strong> {rest}.</div>")


def figure_cell(claim):
    """The first figures, each a link to the command that makes it again."""
    target = f"{claim['name']}-rerun"
    if claim["state"] == "missing":
        return link(target, "no result")
    lines = []
    for item in claim["figures"][:MOST_FIGURES]:
        limit = f' <span class="muted">(held to {escape(shown(item["limit"]))})</span>' if item.get("limit") is not None else ""
        lines.append(f'<div>{link(target, f"<b>{escape(quantity(item))}</b>")}{limit}</div>')
    return "".join(lines) or link(target, "no figure")


def made_cell(claim, report):
    """Short: the date is in the claim's section."""
    if claim["made"] is None and claim["commit"] is None:
        return "never"
    if claim["commit"] and claim["commit"] == report["commit"]:
        return "this commit" + (" + changes" if claim["dirty"] else "")
    return f"<code>{escape((claim['commit'] or 'unknown')[:8])}</code>"


def claim_row(claim, index, report):
    return (f"<tr><td>{escape(claim['claim'])}</td><td>{figure_cell(claim)}</td><td class=\"word\">{state(claim['state'])}</td>"
            f"<td class=\"word small\">{made_cell(claim, report)}</td>"
            f"<td class=\"word\"><a class=\"place\" href=\"#{escape(claim['name'])}\">4.{index}</a></td></tr>")


def claims_table(report):
    columns = ("Claim", "Figure (links to its command)", "Result", "Made on", "Section")
    head = "".join(f'<th scope="col">{name}</th>' for name in columns)
    rows, group = [], None
    for index, claim in enumerate(report["claims"], 1):
        if claim["group"] != group:
            group = claim["group"]
            rows.append(f'<tr class="group"><td colspan="{len(columns)}">{escape(group)}</td></tr>')
        rows.append(claim_row(claim, index, report))
    return f'<table class="claims"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'


def tool_versions(report):
    known = [f"{name} {' / '.join(version.split(' ', 1)[-1] for version in report['tools'][name])}" for name in SHOWN_TOOLS if name in report["tools"]]
    return f"{escape(', '.join(known)) or 'no result names a tool'}; all versions in {link('tools', 'section 5')}"


def configuration_words(report):
    scenarios = [item["file"].rsplit("/", 1)[-1].removesuffix(".yaml") for item in report["configuration"] if "/scenarios/" in item["file"]]
    return (f"one binary for every configuration, no build options; scenarios of this commit: {escape(', '.join(scenarios) or 'none')} "
            f"(digests in {link('item', 'section 3')})")


def image_words(report):
    return "<br>".join(f"{escape(item['file'])}: " + (f"SHA-256 <code>{item['sha256']}</code>" if item["sha256"] else "<strong>not built</strong>")
                       for item in report["artefacts"])


def title(report):
    return f"Bulkhead {escape(report['version'])}, commit {escape((report['commit'] or 'unknown')[:12])}, report of {escape(report['made'])}"


def front(report):
    return (f'<header class="title"><h1>Bulkhead hypervisor: evidence report</h1><p class="muted item">{title(report)}</p></header>'
            + verdict(report) + claims_table(report)
            + facts([("Commit", tree_words(report)), ("Images", image_words(report)), ("Configuration", configuration_words(report)),
                     ("Tools", tool_versions(report)),
                     ("Standing", "not certified, not assessed by anybody independent; what this evidence does not show: " + link("limits", "section 7")),
                     ("Made again by", "<code>./bulkhead evidence --run</code>, which runs every check on the present commit")]))
