# SPDX-License-Identifier: Apache-2.0
"""The report as one HTML file: summary on the first page, then contents, reading guide, claims, tools, clauses, limits."""
import collections
import pathlib

from tools.evidence import annexes, charts
from tools.evidence import claims as texts
from tools.evidence.collect import holds
from tools.evidence.markup import bullets, escape, facts, figure, link, paragraph, quantity, shown, state, table
from tools.evidence.sections import claim_section

STYLE = pathlib.Path(__file__).with_name("report.css")


def plural(count, word):
    return f"{count} {word}{'' if count == 1 else 's'}"


def tree_words(report):
    commit = f"<code>{escape(report['commit'])}</code>" if report["commit"] else "unknown (no repository)"
    return commit + (f", of {escape(report['committed'])}" if report["committed"] else "") + (
        "; <strong>the tree has changes that are in no commit</strong>" if report["dirty"] else "; tree without uncommitted changes")


def verdict(report):
    counts, total = report["counts"], len(report["claims"])
    parts = [f"{counts[name]} {words}" for name, words in (("failed", "failed"), ("stale", "stale (made on another state of the source)"), ("missing", "missing")) if counts[name]]
    if holds(report):
        return f'<div class="verdict holds"><strong>All {total} claims hold on this commit.</strong></div>'
    return (f'<div class="verdict broken"><strong>{counts["passed"]} of {plural(total, "claim")} '
            f'{"hold" if counts["passed"] != 1 else "holds"} on this commit.</strong> {"; ".join(parts)}.</div>')


def figure_cell(claim):
    """The first figures, each a link to the command that makes it again."""
    if claim["state"] == "missing":
        return link(f"{claim['name']}-rerun", "no result")
    lines = []
    for item in claim["figures"][:2]:
        limit = f' <span class="muted">(held to {escape(shown(item["limit"]))})</span>' if item.get("limit") is not None else ""
        lines.append(f'<div>{link(claim["name"] + "-rerun", f"<b>{escape(quantity(item))}</b>")}{limit}</div>')
    return "".join(lines) or link(f"{claim['name']}-rerun", "no figure")


def made_cell(claim, report):
    if claim["made"] is None and claim["commit"] is None:
        return "never"
    date = escape((claim["made"] or "")[:10] or "unknown date")
    if claim["commit"] and claim["commit"] == report["commit"]:
        return f"{date}, this commit" + (" + changes" if claim["dirty"] else "")
    return f"{date}, <code>{escape((claim['commit'] or 'unknown')[:8])}</code>"


def claims_table(report):
    head = "<thead><tr>" + "".join(f'<th scope="col">{name}</th>' for name in ("Claim", "Figure (links to its command)", "Result", "Made on", "Section")) + "</tr></thead>"
    rows, group = [], None
    for index, claim in enumerate(report["claims"], 1):
        if claim["group"] != group:
            group = claim["group"]
            rows.append(f'<tr class="group"><td colspan="5">{escape(group)}</td></tr>')
        rows.append(f"<tr><td>{escape(claim['claim'])}</td><td>{figure_cell(claim)}</td><td class=\"word\">{state(claim['state'])}</td>"
                    f"<td class=\"small\">{made_cell(claim, report)}</td><td class=\"word\"><a class=\"place\" href=\"#{escape(claim['name'])}\">4.{index}</a></td></tr>")
    return f'<table class="claims">{head}<tbody>{"".join(rows)}</tbody></table>'


def tool_versions(report):
    names = ("frama-c", "z3", "cvc4", "cvc5", "cppcheck", "gcc", "clang", "clang-19", "qemu-system-x86_64")
    known = [(name, " / ".join(version.split(" ", 1)[-1] for version in report["tools"][name])) for name in names if name in report["tools"]]
    return escape(", ".join(f"{name} {version}" for name, version in known)) or "no result names a tool"


def configuration_words(report):
    scenarios = [item["file"].rsplit("/", 1)[-1].removesuffix(".yaml") for item in report["configuration"] if "/scenarios/" in item["file"]]
    return (f"one binary for every configuration, no build options; the tests use the scenarios {escape(', '.join(scenarios))} "
            f"(digests in {link('item', 'section 3')})" if scenarios else "no scenario files found")


def image_words(report):
    return "<br>".join(f"{escape(item['file'])}: " + (f"SHA-256 <code>{item['sha256']}</code>" if item["sha256"] else "<strong>not built</strong>") for item in report["artefacts"])


def front(report):
    return (f'<header class="title"><h1>Bulkhead hypervisor: evidence report</h1>'
            f'<p class="muted item">Bulkhead {escape(report["version"])}, commit {escape((report["commit"] or "unknown")[:12])}, report of {escape(report["made"])}</p></header>'
            + verdict(report) + claims_table(report)
            + facts([("Commit", tree_words(report)), ("Images", image_words(report)), ("Configuration", configuration_words(report)),
                     ("Tools", tool_versions(report) + f"; all versions in {link('tools', 'section 5')}"),
                     ("Made again by", "<code>./bulkhead evidence --run</code> runs every command of this report on the present commit and writes it anew")]))


def contents(report, entries):
    items = []
    for place, anchor, title in entries:
        below = ""
        if anchor == "claims":
            below = "<ol>" + "".join(f"<li>{link(claim['name'], f'4.{index} ' + escape(claim['name']) + ': ' + escape(claim['title']))}</li>"
                                     for index, claim in enumerate(report["claims"], 1)) + "</ol>"
        items.append(f"<li>{link(anchor, f'{place} {escape(title)}')}{below}</li>")
    return f'<h2 id="contents">Contents</h2><nav class="contents"><ol>{"".join(items)}</ol></nav>'


GUIDE = """
<p>This report is made by a program from the results that the checks left behind. Nobody wrote a figure into it by hand; every figure can be made again
with the command in its section. Its own source is in <code>tools/evidence</code>.</p>
<table><thead><tr><th scope="col">Result</th><th scope="col">Meaning</th></tr></thead><tbody>
<tr><td class="word"><span class="state passed">PASSED</span></td><td>The check ran on exactly this commit, without uncommitted changes, and all its figures were within their limits. Only this counts.</td></tr>
<tr><td class="word"><span class="state failed">FAILED</span></td><td>The check ran and the claim does not hold, or could not be established. Its findings say where.</td></tr>
<tr><td class="word"><span class="state stale">STALE</span></td><td>The check passed, but on another commit, on a tree with uncommitted changes, or only a part of it was run. The section says which, and how much changed since. It says nothing certain about this commit.</td></tr>
<tr><td class="word"><span class="state missing">MISSING</span></td><td>There is no result: the check was not run, or it died. A missing piece is never left out of this report.</td></tr>
</tbody></table>
<p><strong>Claim, figure, limit.</strong> A claim is one sentence that can be false. Its figures are what was counted; <em>held to</em> is the limit that the check compares a figure with. Figures
without a limit are given for information. <strong>Findings</strong> are places to look at, even in a check that passed (then as notes).</p>
<p><strong>To check this report</strong>, take the commit named on the first page, run the command of any section, and compare. To check a result file, see
<code>build/evidence/results</code>; the same data is in <code>evidence.json</code>, <code>evidence.sarif</code> (SARIF 2.1.0, for code hosts), <code>claims.xml</code> and <code>junit.xml</code> (JUnit: claims, tests) beside this page.</p>
<p><strong>Where to begin.</strong> What is claimed and whether it holds: first page. Whether a figure means what it seems to mean: <em>What this does not show</em> in each section, and all of them together in section 7.
Whether the tools can be trusted: section 5. What a clause of IEC 61508-3 asks for: section 6.</p>
"""


def reproduced(item, report):
    """Whether the gate for reproducible builds made this very file."""
    found = [row for claim in report["claims"] if claim["name"] == "repro" and claim["state"] == "passed"
             for one in claim["tables"] for row in one["rows"] if row and row[0] == item["file"]]
    return "unknown" if not found or item["sha256"] is None else "yes" if item["sha256"] in found[0] else "NO: another build"


def item_section(report):
    images = [[item["file"], shown(item["size"]) + " bytes" if item["size"] is not None else "not built", item["made"] or "–", f"<code>{item['sha256']}</code>" if item["sha256"] else "–",
               reproduced(item, report)] for item in report["artefacts"]]
    files = [[item["file"], f"<code>{item['sha256']}</code>"] for item in report["configuration"]]
    host = report["host"]
    return (paragraph("Bulkhead is a type-1 hypervisor for x86-64. The item that this report speaks of is the source of the commit below, in <code>hv/</code> (the hypervisor), "
                      "<code>rtvm/</code> (the runtime of real-time VMs) and <code>abi/</code> (what they share). Device model, kernel module and tools are outside the safety claim, as far as a section does not say otherwise.")
            + facts([("name and version", f"Bulkhead {escape(report['version'])}"), ("commit", tree_words(report)), ("report made", escape(report["made"])),
                     ("on", escape(f"{host['system']}, Linux {host['kernel']}, {host['machine']}"))])
            + "<h4>Images, as they lie in build/ while this report is made</h4>" + table(["file", "size", "built", "SHA-256", "as the reproducible build"], images, raw=(3,))
            + "<h4>Configuration data</h4>" + paragraph("The hypervisor is not configured at build time. A scenario is compiled to a partition table, which the hypervisor checks at boot before anything starts.")
            + table(["file", "SHA-256"], files, raw=(1,)))


def tools_section(report):
    rows = []
    for program, versions in report["tools"].items():
        known = texts.TOOLS.get(program, texts.Tool("not classified", "", "not written down"))
        names = sorted({name for used in versions.values() for name in used})
        rows.append([program, " / ".join(versions) + (" (results differ in version)" if len(versions) > 1 else ""), known.tool_class, known.role, ", ".join(names), known.error])
    words = paragraph("IEC 61508-3, 7.4.4 asks for the class of each off-line tool and for how its errors would be noticed. T1: its output cannot reach the executable; T2: it may fail to reveal a defect; "
                      "T3: its output is part of the executable. No tool here is certified. Versions are those that the results were made with.")
    return words + (table(["program", "package and version", "class", "role", "used by", "how an error of the tool would be noticed"], rows) if rows else paragraph("No result names a tool."))


def clauses_section(report):
    found = {}
    for claim in report["claims"]:
        for clause in map(tuple, claim["standard"]):
            found.setdefault(clause, []).append(claim)
    rows = [[f"table {number}", technique, "".join(f"<div>{link(claim['name'], escape(claim['name']))} {state(claim['state'])}</div>" for claim in used)]
            for (number, technique), used in sorted(found.items())]
    return ("<h3>6.1 Techniques for SIL 3, and how far each is met</h3>" + techniques(report["documents"]["techniques"])
            + "<h3>6.2 Claims of this report by technique</h3>"
            + paragraph("What this report has figures for. It is evidence for an assessment, not its outcome.")
            + table(["IEC 61508-3:2010", "technique", "evidence and its result"], rows, raw=(2,)))


MET = ("met", "partly", "not met", "not applicable")


def techniques(document):
    if document["problem"]:
        return paragraph(f"<strong>Missing: {escape(document['problem'])}.</strong>")
    entries, tables = document["entries"], {}
    for entry in entries:
        tables.setdefault(entry["table"], []).append(entry)
    total = collections.Counter(entry["met"] for entry in entries)
    counts = ", ".join(f"{total[word]} {word}" for word in (*MET, *sorted(set(total) - set(MET))) if total[word])
    chart = charts.stacked("Techniques by table", [(name.removeprefix("IEC 61508-3, "), collections.Counter(entry["met"] for entry in found)) for name, found in tables.items()],
                           MET, alert=("not met",), most=60)
    return (paragraph(f"From <code>docs/safety/techniques.yaml</code>, written by the developers and judged by nobody else: of {len(entries)} techniques, {counts}.")
            + figure("Techniques by table of the standards", chart)
            + "".join(f"<h4>{escape(name)}</h4>" + table(["", "technique", "grade", "state", "how, or why not"], [
                [entry["id"], entry["technique"], entry["grade"], f"<strong>{escape(entry['met'])}</strong>", entry["how"]] for entry in found], "techniques", raw=(3,))
                for name, found in tables.items()))


def assumptions_of_use(document):
    if document["problem"]:
        return paragraph(f"<strong>Missing: {escape(document['problem'])}.</strong>")
    return (paragraph("The claims hold for a system whose integrator makes these true. From <code>docs/safety/assumptions.yaml</code>: the integrator shall")
            + table(["", "assumption", "how to check it"], [[entry["id"], entry["text"], entry["check"]] for entry in document["entries"]]))


def limits_section(report):
    parts = ["<h4>Of all of it</h4>", bullets(report["general_limits"])]
    gone = [claim for claim in report["claims"] if claim["state"] != "passed"]
    if gone:
        parts.append("<h4>Of this report: claims without a valid result</h4>" + bullets(
            [f"{claim['name']} is {claim['state']}" + (f": {claim['reason']}" if claim["reason"] else "") for claim in gone]))
    parts.append("<h4>Assumptions of use</h4>" + assumptions_of_use(report["documents"]["assumptions"]))
    parts.append("<h4>Of each claim</h4>" + table(["claim", "what it does not show"], [
        [link(claim["name"], escape(claim["name"])), "<br>".join(escape(limit) for limit in claim["limits"]) or "not written down"] for claim in report["claims"]], raw=(0, 1)))
    return "".join(parts)


def rerun_section(report):
    rows = [[link(claim["name"], escape(claim["name"])), f"<code>{escape(claim['command'] or 'unknown')}</code>", claim["seconds"]] for claim in report["claims"]]
    return ("<p>On Debian 12 or 13, x86-64, with root or sudo for the packages:</p><pre>git checkout " + escape(report["commit"] or "COMMIT") + "\n./bulkhead setup\n./bulkhead evidence --run</pre>"
            + paragraph("The last line runs every command below, one after the other, and writes this report anew. One alone:")
            + table(["claim", "command", "last took, s"], rows, raw=(0, 1)))


FLOWING = {"guide", "words"}   # begin on the page on which the chapter before ends


def page(report):
    """The whole file."""
    chapters = [("1", "guide", "How to read this report", GUIDE), ("2", "words", "Words", WORDS_USED), ("3", "item", "The item and its configuration", item_section(report)),
                ("4", "claims", "The claims", "".join(claim_section(claim, f"4.{index}", report) for index, claim in enumerate(report["claims"], 1))),
                ("5", "tools", "Tools and confidence in them", tools_section(report)), ("6", "clauses", "Relation to IEC 61508-3", clauses_section(report)),
                ("7", "limits", "Limits of the evidence: what this report does not show", limits_section(report)), ("8", "rerun", "How to make all of it again", rerun_section(report)), *annexes.all_of(report)]
    body = "".join(f'<h2 id="{anchor}"{" class=flow" if anchor in FLOWING else ""}>{place} {title}</h2>{text}' for place, anchor, title, text in chapters)
    return (f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>Bulkhead {escape(report['version'])}: evidence report</title><style>{STYLE.read_text(encoding='utf-8')}</style></head><body>"
            f'<div class="front">{front(report)}</div>' + contents(report, [chapter[:3] for chapter in chapters]) + body + "</body></html>\n")


WORDS_USED = table(["word", "meaning"], [
    ["partition", "what the hypervisor keeps apart: its cores, pages, devices, interrupts and ports"],
    ["real-time VM, RTVM", "a VM on cores of its own, started at boot, independent of all others"],
    ["Service VM, User VM", "the Linux VM that owns the devices, and the VMs that it creates; none of them is trusted"],
    ["VM exit", "the moment at which the processor leaves a VM and enters the hypervisor"],
    ["stage 2", "the page tables that map what a VM takes for physical memory to the machine's memory"],
    ["proof goal", "one statement that must be proved; a contract of a function gives many of them"],
    ["deviation", "a place where a coding guideline is not followed, with a record that says why and at what risk"],
    ["MC/DC", "modified condition/decision coverage: each condition was seen to decide its decision"],
])
