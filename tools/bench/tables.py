# SPDX-License-Identifier: Apache-2.0
"""Tables in Markdown."""
from tools.evidence.report import charts


def cell(value):
    """A number or words in a Markdown table."""
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:,.2f}"
    return charts.number(value) if charts.is_number(value) else str(value).replace("|", "\\|").replace("\n", " ")


def table(columns, rows):
    """Columns of numbers are aligned to the right."""
    right = [all(charts.is_number(row[index]) or row[index] is None for row in rows) for index in range(len(columns))]
    lines = ["| " + " | ".join(columns) + " |", "|" + "|".join("---:" if each else "---" for each in right) + "|"]
    return "\n".join(lines + ["| " + " | ".join(map(cell, row)) + " |" for row in rows]) + "\n"
