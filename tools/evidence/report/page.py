# SPDX-License-Identifier: Apache-2.0
"""The report as one HTML file that loads nothing: first page, contents, chapters, annexes."""
import pathlib

from tools.evidence.report import annexes, chapters
from tools.evidence.report.front import front
from tools.evidence.report.markup import escape, link
from tools.evidence.report.sections import claim_section

STYLE = pathlib.Path(__file__).with_name("style.css")
FLOWING = {"guide", "words", "item"}   # begin on the page on which the chapter before ends


def contents(report, entries):
    items = []
    for place, anchor, title in entries:
        below = ""
        if anchor == "claims":
            names = (f"4.{index} {escape(claim['name'])}: {escape(claim['title'])}" for index, claim in enumerate(report["claims"], 1))
            below = "<ol>" + "".join(f"<li>{link(claim['name'], name)}</li>" for claim, name in zip(report["claims"], names)) + "</ol>"
        items.append(f"<li>{link(anchor, f'{place} {escape(title)}')}{below}</li>")
    return f'<h2 id="contents">Contents</h2><nav class="contents"><ol>{"".join(items)}</ol></nav>'


def all_chapters(report):
    """[(number, anchor, title, HTML)]"""
    sections = "".join(claim_section(claim, f"4.{index}", report) for index, claim in enumerate(report["claims"], 1))
    return [("1", "guide", "How to read this report", chapters.guide()), ("2", "words", "Words", chapters.words()),
            ("3", "item", "The item and its configuration", chapters.item(report)), ("4", "claims", "The claims", sections),
            ("5", "tools", "Tools and confidence in them", chapters.tools(report)),
            ("6", "clauses", "Relation to IEC 61508-3", chapters.clauses(report)),
            ("7", "limits", "Limits of the evidence: what this report does not show", chapters.limits(report)),
            ("8", "rerun", "How to make all of it again", chapters.rerun(report)), *annexes.all_of(report)]


def page(report):
    """The whole file."""
    found = all_chapters(report)
    body = "".join(f'<h2 id="{anchor}"{" class=flow" if anchor in FLOWING else ""}>{place} {escape(title)}</h2>{text}' for place, anchor, title, text in found)
    return ('<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>Bulkhead {escape(report['version'])}: evidence report</title><style>{STYLE.read_text(encoding='utf-8')}</style></head><body>"
            f'<nav class="screen">{link("top", "first page")} · {link("contents", "contents")}</nav>'
            f'<div class="front" id="top">{front(report)}</div>{contents(report, [chapter[:3] for chapter in found])}{body}</body></html>\n')
