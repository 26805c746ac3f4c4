# SPDX-License-Identifier: Apache-2.0
"""Small pieces of HTML. What comes from a result goes through escape() here and nowhere else."""
import html
import re

from tools.evidence.report.charts import is_number, number

PAGE_LETTERS, LONG_NAME, WIDE_COLUMN = 105, 27, 60    # letters: a line on paper, a name that may be broken, a column that need not be wider
STATE_WORDS = {"passed": "PASSED", "failed": "FAILED", "stale": "STALE", "missing": "MISSING"}


def escape(value):
    return html.escape(str(value), quote=True)


def state(name):
    return f'<span class="state {escape(name)}">{STATE_WORDS[name]}</span>'


def link(target, words):
    return f'<a href="#{escape(target)}">{words}</a>'


def paragraph(words, kind=""):
    return f'<p class="{kind}">{words}</p>' if kind else f"<p>{words}</p>"


def prose(text):
    """A sentence of a result; what stands in backticks is code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def bullets(items):
    return "<ul>" + "".join(f"<li>{prose(item)}</li>" for item in items) + "</ul>" if items else ""


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


def widths(texts, kinds):
    """Shares of the columns in per cent where the longest names beside each other would reach beyond the page; else None."""
    room = PAGE_LETTERS - 3 * len(texts)
    longest = [max((len(word) for text in column for word in text.split()), default=1) for column in texts]
    if sum(longest) <= room:
        return None
    lengths = [max(map(len, column)) for column in texts]
    least = [length if kind else min(word, LONG_NAME) for kind, word, length in zip(kinds, longest, lengths)]      # numbers and short words stay whole
    wish = [max(0, min(length, WIDE_COLUMN) - part) for length, part in zip(lengths, least)]
    rest = max(0, room - sum(least)) / max(1, sum(wish))
    shares = [part + rest * more + 3 for part, more in zip(least, wish)]
    return [100 * share / sum(shares) for share in shares]


def table(columns, rows, kind="", raw=()):
    """Cells are escaped but those of the columns in raw. A column of numbers is aligned to the right, one of short words not broken."""
    kinds = ["" if index in raw else column_kind([row[index] for row in rows]) for index in range(len(columns))]
    shares = None if raw else widths([[str(name), *(shown(row[index]) for row in rows)] for index, name in enumerate(columns)], kinds)
    styles = [f' style="width: {share:.1f}%"' for share in shares] if shares else [""] * len(columns)
    head = "".join(f'<th scope="col"{" class=number" if kinds[index] == "number" else ""}{styles[index]}>{escape(name)}</th>' for index, name in enumerate(columns))
    body = "".join("<tr>" + "".join(
        f'<td{f" class={kinds[index]}" if kinds[index] else ""}>{cell if index in raw else escape(shown(cell))}</td>'
        for index, cell in enumerate(row)) + "</tr>" for row in rows)
    return f'<table class="{kind}{" fixed" if shares else ""}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def facts(rows):
    """Name and value, the value being HTML."""
    return '<table class="facts"><tbody>' + "".join(f'<tr><th scope="row">{escape(name)}</th><td>{value}</td></tr>' for name, value in rows) + "</tbody></table>"


def figure(caption, drawing):
    return f"<figure><figcaption>{escape(caption)}</figcaption>{drawing}</figure>"


def grouped(unit):
    """'of 4,267 goals': a number in a unit is written as all others are."""
    return re.sub(r"(?<![\w.])\d{4,}(?![\w.])", lambda found: number(int(found.group())), str(unit))


def quantity(item):
    """'1,234 goals proved' of one figure of a result."""
    unit = grouped(item.get("unit") or "")
    space = "" if unit == "%" else " "
    return f"{shown(item['value'])}{space + unit if unit else ''} {item['name']}"
