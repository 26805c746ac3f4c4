# SPDX-License-Identifier: Apache-2.0
"""The section of one claim: what it says, its figures against limits, details, findings, limits, how to run it again."""
from tools.evidence.report import pictures
from tools.evidence.report.markup import bullets, escape, facts, figure, grouped, is_number, paragraph, shown, state, table

MOST_FINDINGS = 100   # on paper; all are in the JSON and SARIF files
MOST_ROWS = 400


def made_on(claim, report):
    """Date and commit of a result, in words."""
    if claim["made"] is None and claim["commit"] is None:
        return "not made"
    commit = claim["commit"]
    where = ("an unknown commit" if not commit else f"commit <code>{escape(commit[:12])}</code>" + (" (this one)" if commit == report["commit"] else ""))
    changed = ", tree with uncommitted changes" if claim["dirty"] else ""
    if claim["state"] == "passed" and commit != report["commit"]:
        changed += "; nothing that it depends on has changed since"
    took = f", in {escape(shown(claim['seconds']))} s" if claim["seconds"] is not None else ""
    return f"{escape(claim['made'] or 'unknown date')} on {where}{changed}{took}"


def with_unit(value, unit):
    return f"{shown(value)} {grouped(unit)}" if unit else shown(value)


def figures_table(claim):
    rows = []
    for item in claim["figures"]:
        unit = item.get("unit") or ""
        limit = "–" if item.get("limit") is None else with_unit(item["limit"], "" if unit.startswith("of ") else unit)
        rows.append([item["name"], with_unit(item["value"], unit), limit])
    return table(["figure", "value", "held to"], rows) if rows else paragraph("The result has no figures.", "muted")


def finding_row(item):
    place = f"{item['file']}:{item['line']}" if item.get("file") and item.get("line") else item.get("file") or "–"
    return [item.get("level", "error"), item.get("rule", ""), place, item.get("message", "")]


def findings_table(claim):
    found = claim["findings"]
    if not found:
        return paragraph("None.") if claim["state"] != "missing" else paragraph("Unknown: there is no result.")
    more = len(found) - MOST_FINDINGS
    rest = paragraph(f"{more} more of {len(found)} are in evidence.json and evidence.sarif.") if more > 0 else ""
    return table(["level", "rule", "place", "finding"], [finding_row(item) for item in found[:MOST_FINDINGS]]) + rest


def titled_table(item):
    columns, rows = item["columns"], [list(row) + [None] * (len(item["columns"]) - len(row)) for row in item["rows"]]
    rest = paragraph(f"{len(rows) - MOST_ROWS} more rows are in evidence.json.") if len(rows) > MOST_ROWS else ""
    return f"<h4>{escape(item['title'])}</h4>" + table(columns, rows[:MOST_ROWS]) + rest


def plain(value):
    return value is None or isinstance(value, (str, int, float, bool))


def spelled(key):
    return str(key).replace("_", " ")


def details_tables(details, drawn):
    """Details that no chart of ours shows: values as facts, lists of records as tables, the rest by name."""
    parts, values, unseen = [], [], []
    for key, value in details.items():
        if key in drawn:
            continue
        if plain(value):
            values.append((spelled(key), escape(shown(value))))
        elif isinstance(value, list) and value and all(isinstance(row, dict) for row in value):
            columns = list(dict.fromkeys(name for row in value for name in row))
            parts.append(titled_table({"title": spelled(key).capitalize(), "columns": [spelled(name) for name in columns],
                                       "rows": [[cell(row.get(name)) for name in columns] for row in value]}))
        elif isinstance(value, list) and len(value) <= 60 and all(plain(item) for item in value):
            values.append((spelled(key), escape(", ".join(shown(item) for item in value)) or "none"))
        elif isinstance(value, dict) and value and all(plain(item) for item in value.values()):
            parts.append(titled_table({"title": spelled(key).capitalize(), "columns": ["", "value"],
                                       "rows": [[spelled(name), item] for name, item in value.items()]}))
        elif value:
            unseen.append(spelled(key))
    if values:
        parts.insert(0, facts(values))
    if unseen:
        parts.append(paragraph(f"In evidence.json besides: {escape(', '.join(unseen))}.", "muted small"))
    return "".join(parts)


def cell(value):
    return value if plain(value) or is_number(value) else shown(value)


def details(claim):
    drawn, tables, used = pictures.of(claim)
    parts = [figure(caption, drawing) for caption, drawing in drawn]
    parts += [titled_table(item) for item in claim["tables"] + tables]
    parts.append(details_tables(claim["details"] if isinstance(claim["details"], dict) else {"details": claim["details"]}, used))
    body = "".join(parts)
    return f"<h4>Details</h4>{body}" if body else ""


def rerun(claim):
    if not claim["command"]:
        return paragraph("No command is known for this result.")
    alone = f"<pre>scons {escape(claim['name'])}</pre>" if claim["is_gate"] else ""
    words = paragraph("or, the same through the build:", "small muted") if alone else ""
    return f"<pre>{escape(claim['command'])}</pre>{words}{alone}"


def head(claim, place):
    title = f"{place} {escape(claim['name'])}: {escape(claim['title'])}"
    sentence = claim["claim"] if claim["claim"].endswith(".") else f"{claim['claim']}."
    reason = f"{claim['reason'][:1].upper()}{claim['reason'][1:]}."
    return (f'<div class="claim-head">{state(claim["state"])}<h3>{title}</h3></div>' + paragraph(f"<strong>Claim.</strong> {escape(sentence)}")
            + (paragraph(f"<strong>{escape(reason)}</strong>") if claim["reason"] else "")
            + (paragraph(escape(claim["shows"])) if claim["shows"] else paragraph("How this is shown has not been written down.", "muted")))


def origin(claim, report):
    tools = ", ".join(version if version.split(" ")[0] == program else f"{program} ({version})" for program, version in claim["tools"].items())
    none = "not recorded" if claim["state"] == "missing" else "none but Python"
    clauses = "; ".join(f"table {number}: {technique}" for number, technique in claim["standard"])
    return facts([("result made", made_on(claim, report)), ("tools", escape(tools or none))] + ([("IEC 61508-3", escape(clauses))] if clauses else []))


def claim_section(claim, place, report):
    name = escape(claim["name"])
    figures = figures_table(claim) if claim["state"] != "missing" else paragraph("None: there is no result.")
    limits = bullets(claim["limits"]) or paragraph("The limits of this evidence have not been written down.", "muted")
    return (f'<section class="claim" id="{name}"><div class="top">{head(claim, place)}{origin(claim, report)}<h4>Figures against limits</h4>{figures}</div>'
            f'{details(claim)}<h4>Findings</h4>{findings_table(claim)}<div class="open"><h4>What this does not show</h4>{limits}</div>'
            f'<div class="again"><h4 id="{name}-rerun">How to run it again</h4>{rerun(claim)}</div></section>')
