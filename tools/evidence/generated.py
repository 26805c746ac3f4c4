# SPDX-License-Identifier: Apache-2.0
"""Pages that are made of code or data: their tables, and whether what is committed is what is made."""


def markdown(columns, rows):
    return ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns), *("| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in rows), ""]


def is_kept(path, text, write):
    """Whether the file has this text; write: it gets it."""
    if write:
        path.write_text(text, encoding="utf-8")
    return path.exists() and path.read_text(encoding="utf-8") == text
