# SPDX-License-Identifier: Apache-2.0
"""The chapters around the claims: reading guide, words, item, tools, clauses of the standard, limits, how to run all again."""
import collections

from tools.evidence.report import charts, documents
from tools.evidence.report import claims as texts
from tools.evidence.report.front import tree_words
from tools.evidence.report.markup import bullets, escape, facts, figure, link, paragraph, prose, shown, state, table

STATES = (
    ("passed", "The check ran on exactly this commit, without uncommitted changes, and all its figures were within their limits. A stored result "
               "(those with a command of hours) counts, too, when nothing that it depends on has changed since its commit, which is then named. Only this counts."),
    ("failed", "The check ran and the claim does not hold, or could not be established. Its findings say where."),
    ("stale", "The check passed, but on another commit, on a tree with uncommitted changes, or only a part of it was run. The section says which, "
              "and how much changed since. It says nothing certain about this commit."),
    ("missing", "There is no result: the check was not run, or it died. A missing piece is never left out of this report."),
)
WORDS = (
    ("partition", "what the hypervisor keeps apart: its cores, pages, devices, interrupts and ports"),
    ("real-time VM, RTVM", "a VM on cores of its own, started at boot, independent of all others"),
    ("Service VM, User VM", "the Linux VM that owns the devices, and the VMs that it creates; none of them is trusted"),
    ("exclusive core, shared core", "a core that runs one vCPU of one real-time VM and nothing else; a core whose time several vCPUs share"),
    ("VM exit", "the moment at which the processor leaves a VM and enters the hypervisor"),
    ("stage 2", "the page tables that map what a VM takes for physical memory to the machine's memory"),
    ("proof goal", "one statement that must be proved; a contract of a function gives many of them"),
    ("canary goal, smoke test", "statements that are false, and that no prover may prove: if one is proved, the annotations contradict each other"),
    ("gate", "a program that fails when a claim does not hold; continuous integration runs them all for every change"),
    ("tick", "one nanosecond of virtual time, in which the emulated processor executes one instruction"),
    ("deviation", "a place where a coding guideline is not followed, with a record that says why and at what risk"),
    ("MC/DC", "modified condition/decision coverage: each condition was seen to decide its decision"),
)


def guide():
    return (
        paragraph("This report is made by a program from the results that the checks left behind. Nobody wrote a figure into it by hand; every figure "
                  "can be made again with the command in its section. Its own source is in <code>tools/evidence/report</code>.")
        + table(["Result", "Meaning"], [[state(name), words] for name, words in STATES], raw=(0,))
        + paragraph("<strong>Claim, figure, limit.</strong> A claim is one sentence that can be false. Its figures are what was counted; <em>held to</em> is "
                    "the limit that the check compares a figure with. Figures without a limit are given for information. <strong>Findings</strong> are "
                    "places to look at, even in a check that passed (then as notes).")
        + paragraph("<strong>To check this report</strong>, take the commit named on the first page, run the command of any section, and compare. Result "
                    "files are in <code>build/evidence/results</code>; the same data stands beside this page in <code>evidence.json</code>, "
                    "<code>evidence.sarif</code> (SARIF 2.1.0, for code hosts), <code>claims.xml</code> and <code>junit.xml</code> (JUnit: claims, tests).")
        + paragraph("<strong>Where to begin.</strong> What is claimed and whether it holds: first page. Whether a figure means what it seems to mean: "
                    "<em>What this does not show</em> in each section, and all of them together in " + link("limits", "section 7")
                    + ". What the integrator has to make true: there as well. Whether the tools can be trusted: " + link("tools", "section 5")
                    + ". What IEC 61508-3 asks for and how far it is met: " + link("clauses", "section 6") + "."))


def words():
    return table(["word", "meaning"], WORDS)


def reproduced(image, report):
    """Whether the gate for reproducible builds made this very file."""
    rows = [row for claim in report["claims"] if claim["name"] == "repro" and claim["state"] == "passed" for one in claim["tables"] for row in one["rows"]]
    found = [row for row in rows if row and row[0] == image["file"]]
    return "unknown" if not found or image["sha256"] is None else "yes" if image["sha256"] in found[0] else "NO: another build"


def image_row(image, report):
    size = f"{shown(image['size'])} bytes" if image["size"] is not None else "not built"
    return [image["file"], size, image["made"] or "–", f"<code>{image['sha256']}</code>" if image["sha256"] else "–", reproduced(image, report)]


def item(report):
    host = report["host"]
    return (
        paragraph("Bulkhead is a type-1 hypervisor for x86-64. The item that this report speaks of is the source of the commit below, in <code>hv/</code> "
                  "(the hypervisor), <code>rtvm/</code> (the runtime of real-time VMs) and <code>abi/</code> (what they share). Device model, kernel module "
                  "and tools are outside the safety claim, as far as a section does not say otherwise. The safety manual is <code>SAFETY.md</code>.")
        + facts([("name and version", f"Bulkhead {escape(report['version'])}"), ("commit", tree_words(report)), ("report made", escape(report["made"])),
                 ("on", escape(f"{host['system']}, Linux {host['kernel']}, {host['machine']}"))])
        + "<h4>Images, as they lie in build/ while this report is made</h4>"
        + table(["file", "size", "built", "SHA-256", "as the reproducible build"], [image_row(image, report) for image in report["artefacts"]], raw=(3,))
        + "<h4>Configuration data</h4>"
        + paragraph("The hypervisor is not configured at build time. A scenario is compiled to a partition table, which the hypervisor checks at boot "
                    "before anything starts.")
        + table(["file", "SHA-256"], [[one["file"], f"<code>{one['sha256']}</code>"] for one in report["configuration"]], raw=(1,)))


def tool_row(program, versions):
    known = texts.TOOLS.get(program, texts.Tool("not classified", "", "not written down"))
    names = sorted({name for used in versions.values() for name in used})
    differ = " (results differ in version)" if len(versions) > 1 else ""
    return [program, " / ".join(versions) + differ, known.tool_class, known.role, ", ".join(names), known.error]


def tools(report):
    rows = [tool_row(program, versions) for program, versions in report["tools"].items()]
    rows += [[program, "named by no result", tool.tool_class, tool.role, "–", tool.error] for program, tool in texts.TOOLS.items() if program not in report["tools"]]
    columns = ["program", "package and version", "class", "role", "used by", "how an error of the tool would be noticed"]
    return (paragraph("IEC 61508-3, 7.4.4 asks for the class of each off-line tool and for how its errors would be noticed. T1: its output cannot reach the "
                      "executable; T2: it may fail to reveal a defect; T3: its output is part of the executable. No tool here is certified. Versions are "
                      "those that the results were made with.")
            + ("" if report["tools"] else paragraph("No result names a tool.")) + table(columns, rows))


def clauses(report):
    found = {}
    for claim in report["claims"]:
        for clause in map(tuple, claim["standard"]):
            found.setdefault(clause, []).append(f"<div>{link(claim['name'], escape(claim['name']))} {state(claim['state'])}</div>")
    rows = [[f"table {number}", technique, "".join(used)] for (number, technique), used in sorted(found.items())]
    return ("<h3>6.1 Techniques for SIL 3, and how far each is met</h3>" + techniques(report["documents"]["techniques"])
            + "<h3>6.2 Claims of this report by technique</h3>"
            + paragraph("What this report has figures for. It is evidence for an assessment, not its outcome.")
            + table(["IEC 61508-3:2010", "technique", "evidence and its result"], rows, raw=(2,)))


MET = ("met", "partly", "not met", "not applicable")


def missing(document):
    return paragraph(f"<strong>Missing: {escape(document['problem'])}.</strong>")


def techniques_table(name, entries):
    rows = [[entry["id"], entry["technique"], entry["grade"], f"<strong>{escape(entry['met'])}</strong>", entry["how"]] for entry in entries]
    return f"<h4>{escape(name)}</h4>" + table(["", "technique", "grade", "state", "how, or why not"], rows, "techniques", raw=(3,))


def techniques(document):
    if document["problem"]:
        return missing(document)
    tables = {}
    for entry in document["entries"]:
        tables.setdefault(entry["table"], []).append(entry)
    total = collections.Counter(entry["met"] for entry in document["entries"])
    counts = ", ".join(f"{total[word]} {word}" for word in (*MET, *sorted(set(total) - set(MET))) if total[word])
    bars = [(name.removeprefix("IEC 61508-3, "), collections.Counter(entry["met"] for entry in found)) for name, found in tables.items()]
    return (paragraph(f"{escape(documents.TECHNIQUES)} Of {len(document['entries'])} techniques, {escape(counts)}; from <code>docs/safety/techniques.yaml</code>.")
            + figure("Techniques by table of the standards", charts.stacked("Techniques by table", bars, MET, alert=("not met",), most=60))
            + "".join(techniques_table(name, found) for name, found in tables.items()))


def assumptions_of_use(document):
    if document["problem"]:
        return missing(document)
    return (paragraph("The claims hold for a system whose integrator makes these true. From <code>docs/safety/assumptions.yaml</code>: the integrator shall")
            + table(["", "assumption", "how to check it"], [[entry["id"], entry["text"], entry["check"]] for entry in document["entries"]], "assumptions"))


def limits(report):
    gone = [f"{claim['name']} is {claim['state']}" + (f": {claim['reason']}" if claim["reason"] else "") for claim in report["claims"] if claim["state"] != "passed"]
    of_claims = [[link(claim["name"], escape(claim["name"])), "<br>".join(prose(limit) for limit in claim["limits"]) or "not written down"]
                 for claim in report["claims"]]
    return ("<h4>Of all of it</h4>" + bullets(report["general_limits"])
            + ("<h4>Of this report: claims without a valid result</h4>" + bullets(gone) if gone else "")
            + "<h4>Assumptions of use</h4>" + assumptions_of_use(report["documents"]["assumptions"])
            + "<h4>Of each claim</h4>" + table(["claim", "what it does not show"], of_claims, raw=(0, 1)))


def rerun(report):
    rows = [[link(claim["name"], escape(claim["name"])), f"<code>{escape(claim['command'] or 'unknown')}</code>", claim["seconds"]] for claim in report["claims"]]
    return (paragraph("On Debian 12 or 13, x86-64, with root or sudo for the packages:")
            + f"<pre>git checkout {escape(report['commit'] or 'COMMIT')}\n./bulkhead setup\n./bulkhead evidence --run</pre>"
            + paragraph("The last line runs every command below and writes this report anew. One alone:")
            + table(["claim", "command", "last took, s"], rows, raw=(0, 1)))
