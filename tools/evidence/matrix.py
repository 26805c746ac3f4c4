# SPDX-License-Identifier: Apache-2.0
"""The traceability matrix: one row for each requirement, as HTML, as CSV and for the report."""
import collections
import csv
import html

from tools.evidence import requirements

COLUMNS = ("id", "status", "text", "source", "code", "proof", "test", "analysis", "review")
STYLE = """body{font:14px/1.4 sans-serif;margin:2em}table{border-collapse:collapse}td,th{border:1px solid #999;padding:4px 6px;
vertical-align:top;text-align:left}th{background:#eee;position:sticky;top:0}code{font-size:12px}.planned{background:#fff6dd}.none{color:#999}
@media print{body{font-size:8px;margin:0}th{position:static}}"""


def place(mention):
    return f"{mention.file}:{mention.line}" + (f" {mention.name}" if mention.name else "")


def row(trace, name):
    requirement, named = trace.requirements[name], trace.by_id[name]
    reviews = [requirement["review"]] if "review" in requirement else []
    return {"id": name, "status": requirements.status_of(requirement), "text": requirement["text"], "source": requirement["source"],
            "code": [place(one) for one in named["code"]], "proof": [place(one) for one in named["proof"]],
            "test": [place(one) for one in named["test"]], "analysis": [f"gate {gate}" for gate in requirement.get("gates", [])],
            "review": reviews, "missing": requirement.get("missing", "")}


def rows(trace):
    return [row(trace, name) for name in sorted(trace.requirements)]


def summary(trace):
    """Columns and rows of a small table: how each area is verified."""
    methods = ("proof", "analysis", "test", "review")
    areas = collections.defaultdict(collections.Counter)
    for name, requirement in trace.requirements.items():
        area = requirement["file"].stem
        status = requirements.status_of(requirement)
        areas[area][status] += 1
        if status == "built":
            areas[area].update(requirement["verification"])
    return (["area", "built", *methods, "planned"],
            [[area, count["built"], *(count[method] for method in methods), count["planned"]] for area, count in sorted(areas.items())])


def cell(value):
    if isinstance(value, str):
        return f"<td>{html.escape(value)}</td>"
    text = "<br>".join(f"<code>{html.escape(item)}</code>" for item in value)
    return f"<td>{text}</td>" if value else "<td class=none>&ndash;</td>"


def write(folder, table):
    with open(folder / "matrix.csv", "w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(COLUMNS)
        out.writerows([one[column] if isinstance(one[column], str) else "; ".join(one[column]) for column in COLUMNS] for one in table)
    lines = ["<!doctype html><meta charset=utf-8><title>Bulkhead: traceability matrix</title>", f"<style>{STYLE}</style>",
             "<h1>Traceability matrix</h1><p>Which code fulfils a requirement, and what verifies it. Planned requirements are not built.</p>",
             "<table><tr>" + "".join(f"<th>{column}</th>" for column in COLUMNS) + "</tr>"]
    for one in table:
        text = dict(one, text=one["text"] + (f" Missing: {one['missing']}" if one["missing"] else ""))
        lines.append(f"<tr id={one['id']} class={one['status']}>" + "".join(cell(text[column]) for column in COLUMNS) + "</tr>")
    (folder / "matrix.html").write_text("\n".join([*lines, "</table>", ""]), encoding="utf-8")
