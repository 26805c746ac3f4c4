# SPDX-License-Identifier: Apache-2.0
"""Long tables at the end of the report: the requirements one by one, the MISRA guidelines one by one."""
from tools.evidence.report import verdicts
from tools.evidence.report.markup import escape, link, paragraph, table


def claim_named(report, name):
    return next((claim for claim in report["claims"] if claim["name"] == name), None)


def places(found):
    """The first places, and how many more there are."""
    shown = [str(item).replace(" ", " ") for item in found[:2]]
    return "<br>".join(escape(item) for item in shown) + (f"<br>and {len(found) - 2} more" if len(found) > 2 else "") if found else "–"


def counted(row):
    """'proof 1, test 3' of a row of the matrix."""
    return ", ".join(f"{kind} {len(row[kind])}" for kind in ("proof", "analysis", "test", "review") if row.get(kind)) or "none"


def requirement_row(name, row, verdict):
    if row["status"] == "built":
        return [name, row["text"], places(row["code"]), counted(row), verdict]
    return [name, f"{row['text']} ({row['status'].upper()}, not built: {row.get('missing') or 'nothing said'})", places(row["code"]), "", ""]


def requirements(report):
    """details['requirements'] of the gate trace: {id: {text, status, code, proof, test, analysis, review}}."""
    claim = claim_named(report, "trace")
    try:
        found = claim["details"]["requirements"]
        said = verdicts.of_all(found, report)
        rows = [requirement_row(name, row, said.get(name, "")) for name, row in sorted(found.items())]
    except (AttributeError, KeyError, TypeError):
        return paragraph("Missing: there is no result of the gate trace that has the requirements.")
    return (paragraph(f"{len(rows)} requirements, those that are planned and not built included; from the result of {link('trace', 'trace')}. The numbers "
                      "say how many proofs, gates, tests and reviews name the requirement; the places are in <code>build/evidence/trace/matrix.html</code>. "
                      f"What these said on this commit, the worst of each: {verdicts.summary(said)}.")
            + table(["id", "requirement", "code", "verified by", "here"], rows, "long", raw=(2,)))


def guidelines(report):
    """details['gcs'] of the gate misra: the guideline compliance summary."""
    claim = claim_named(report, "misra")
    try:
        rows = [[row["guideline"], row["text"], row["category"] + ("" if row["recategorized"] == row["category"] else f", here {row['recategorized']}"),
                 f"<strong>{escape(row['compliance'])}</strong>" + (f" {escape(row['deviations'])}" if row["deviations"] else ""), row["checked by"]]
                for row in claim["details"]["gcs"]]
    except (AttributeError, KeyError, TypeError):
        return paragraph("Missing: there is no result of the gate misra that has the summary.")
    return (paragraph(f"{len(rows)} guidelines of MISRA C:2012 with amendments 1 and 2, in our own words; from the result of {link('misra', 'misra')}.")
            + table(["guideline", "what it asks for", "category", "compliance", "checked by"], rows, "long", raw=(3,)))


def deviations(report):
    document = report["documents"]["deviations"]
    if document["problem"]:
        return paragraph(f"<strong>Missing: {escape(document['problem'])}.</strong>")
    rows = [[one["id"], one["guideline"], one["use_case"], one["reason"], one["risk"], one["mitigation"]] for one in document["entries"]]
    return (paragraph("From <code>misra/deviations</code>; the code names the record at each place.")
            + table(["record", "guideline", "use case", "reason", "risk", "mitigation"], rows))


def all_of(report):
    """[(letter, anchor, title, HTML)]"""
    return [("A", "annex-requirements", "Requirements", requirements(report)),
            ("B", "annex-guidelines", "MISRA C:2012 guideline compliance summary", guidelines(report)),
            ("C", "annex-deviations", "Deviations from MISRA C:2012", deviations(report))]
