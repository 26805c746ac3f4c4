# SPDX-License-Identifier: Apache-2.0
"""Small pieces of HTML. What comes from a result goes through escape() here and nowhere else."""
import html

from tools.evidence.report.charts import is_number, number

STATE_WORDS = {"passed": "PASSED", "failed": "FAILED", "stale": "STALE", "missing": "MISSING"}


def escape(value):
    return html.escape(str(value), quote=True)


def state(name):
    return f'<span class="state {escape(name)}">{STATE_WORDS[name]}</span>'


def link(target, words):
    return f'<a href="#{escape(target)}">{words}</a>'


def paragraph(words, kind=""):
    return f'<p class="{kind}">{words}</p>' if kind else f"<p>{words}</p>"


def bullets(items):
    return "<ul>" + "".join(f"<li>{escape(item)}</li>" for item in items) + "</ul>" if items else ""


def shown(value):
    """A value of a result in words."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ", ".join(shown(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{key}: {shown(item)}" for key, item in value.items())
    return number(value)


def column_kind(cells):
    """number, word or ''."""
    if cells and all(is_number(cell) or cell is None for cell in cells):
        return "number"
    return "word" if cells and all(isinstance(cell, str) and len(cell) <= 16 for cell in cells) else ""


def table(columns, rows, kind="", raw=()):
    """Cells are escaped but those of the columns in raw. A column of numbers is aligned to the right, one of short words not broken."""
    kinds = ["" if index in raw else column_kind([row[index] for row in rows]) for index in range(len(columns))]
    head = "".join(f'<th scope="col"{" class=number" if kinds[index] == "number" else ""}>{escape(name)}</th>' for index, name in enumerate(columns))
    body = "".join("<tr>" + "".join(
        f'<td{f" class={kinds[index]}" if kinds[index] else ""}>{cell if index in raw else escape(shown(cell))}</td>'
        for index, cell in enumerate(row)) + "</tr>" for row in rows)
    return f'<table class="{kind}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def facts(rows):
    """Name and value, the value being HTML."""
    return '<table class="facts"><tbody>' + "".join(f'<tr><th scope="row">{escape(name)}</th><td>{value}</td></tr>' for name, value in rows) + "</tbody></table>"


def figure(caption, drawing):
    return f"<figure><figcaption>{escape(caption)}</figcaption>{drawing}</figure>"


def quantity(item):
    """'1,234 goals proved' of one figure of a result."""
    unit = item.get("unit") or ""
    space = "" if unit == "%" else " "
    return f"{shown(item['value'])}{space + unit if unit else ''} {item['name']}"
