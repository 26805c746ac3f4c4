# SPDX-License-Identifier: Apache-2.0
"""What the gate "guard" shows: docs/temporal-guard.md, its picture, and the tables of the evidence report."""
import html

from tools.evidence.generated import is_kept, markdown
from tools.progress import ROOT

PAGE = ROOT / "docs" / "temporal-guard.md"
PICTURE = ROOT / "docs" / "images" / "temporal-guard.svg"
COMMAND = "python3 -m tools.evidence.guard --write"
FONT = "Open Sans, Noto Sans, Segoe UI, Helvetica, Arial, DejaVu Sans, sans-serif"
INK, MUTED, RULE, ALERT = "#1a1f26", "#57606a", "#c9ced4", "#b3261e"
FILLS = {"event": "#eef1f4", "shared core": "#a9c7df", "exclusive core": "#d9a441", "any core": "#dfe3e8", "device": "#dfe3e8", "time": "#dfe3e8"}
STROKES = {"exclusive": "#b3261e", "arrival": "#b3261e", "shared": "#2f5d8a", "fatal": "#8a5d2f", "boot": "#8a8f98", "start": "#8a8f98"}
ROW, TOP, WIDTH = 30, 46, 940
LEFT, MIDDLE, RIGHT = (16, 150), (330, 250), (690, 234)     # x and width of the columns

INTRODUCTION = """An exclusive core runs one vCPU of a real-time VM and waits for nobody. Shared cores run the larger half of the hypervisor, under one lock; they may be
slow, stop with an exception, or hang with that lock in their hands. None of this delays an exclusive core, because there is nothing that one waits for and
the other could hold: no lock, no answer to a message between cores, no shoot-down of the TLB. This page is what the gate `guard` finds in the compiled
hypervisor (`scons guard`): it follows the compiler's call graph from each place where code begins, and finds each wait and who ends it. What the table of the gate
(`tools/evidence/guard.yaml`) says about them is compared with the code, and a wait, a lock, a kick or a writer of tables that is not in it fails.

That it holds is tried, too: `tests/system/test_hang.py` hangs every shared core inside the hypervisor, with the lock held, from outside the machine. The real-time VM
misses no deadline and takes no VM exit."""
GRAPH = """Left is where code begins; the middle is what waits, with for whom; right is who ends the wait. A line from the left means that the code can get there. The two red
places, which run on exclusive cores, have lines to one thing only: having nothing to do."""


def sides_of(sides, name):
    return [side for side, found in sides.items() if name in found]


def wait_rows(sides, table):
    """[wait, where it is reached from, for whom, who ends it, bound, why]."""
    return [[f"{row['source']}() in {name}()" if "source" in row else f"{name}()", ", ".join(sides_of(sides, name)) or "nobody", row["for"],
             ", ".join(f"{ender}()" for ender in row.get("ended_by", ())) or "itself", row["bound"], row["why"]] for name, row in table["waits"].items()]


def tables(sides, table, waits):
    """[(title, columns, rows)] for page and report."""
    callers = table["tables"]["callers"]
    return [
        ("Where code begins", ["side", "function", "may wait", "what it is"],
         [[side, f"{row['start']}()", "yes" if row["waits"] else "no", row["text"]] for side, row in table["sides"].items()]),
        ("Locks", ["lock", "taken by", "given back by", "reached from", "what it guards"],
         [[name, ", ".join(f"{f}()" for f in row["take"]), ", ".join(f"{f}()" for f in row["give"]),
           ", ".join(sorted({side for f in row["take"] for side in sides_of(sides, f)})), row["text"]] for name, row in table["locks"].items()]),
        ("Waits", ["wait", "reached from", "for", "ended by", "at most", "why it is right"], waits),
        ("Kicks: who makes a core leave its guest or its rest", ["function", "reached from", "kicks", "called by", "why"],
         [[f"{name}()", ", ".join(sides_of(sides, name)), f"{row['whom']} cores", ", ".join(f"{f}()" for f in row.get("by", ())) or "any", row["why"]]
          for name, row in table["kicks"].items()]),
        ("Who changes stage-2 tables, and of which VMs", ["function", "reached from", "tables of", "why"],
         [[f"{name}()", ", ".join(sides_of(sides, name)), row["vms"], row["why"]] for name, row in callers.items()])]


# --- the picture

def box(x, y, width, words, fill, note="", stroke=RULE):
    shown = f'<rect x="{x}" y="{y}" width="{width}" height="{ROW - 8}" rx="3" fill="{fill}" stroke="{stroke}"/>'
    shown += f'<text x="{x + 7}" y="{y + 15}" font-size="11" fill="{INK}">{html.escape(words)}</text>'
    return shown + (f'<text x="{x + width - 7}" y="{y + 15}" font-size="10" text-anchor="end" fill="{MUTED}">{html.escape(note)}</text>' if note else "")


def curve(begin, end, stroke, dash=""):
    (x1, y1), (x2, y2) = begin, end
    bend = (x2 - x1) / 2
    extra = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<path d="M{x1} {y1} C{x1 + bend:g} {y1} {x2 - bend:g} {y2} {x2} {y2}" fill="none" stroke="{stroke}" stroke-width="1.3"{extra}/>'


def spread(names, rows):
    """{name: y} of so many boxes over the height of rows."""
    return {name: round(TOP + (rows * (place + 0.5) / len(names) - 0.5) * ROW) for place, name in enumerate(names)}


def shown_waits(table):
    """({wait: the one in whose box it is shown}, [waits with a box]): what is the same wait in the source has one box, and so has having nothing to do."""
    merged, first = {}, {"event": "pcpu_wait"}
    for name, row in table["waits"].items():
        key = "event" if row["for"] == "event" and "word" not in row else (row.get("source", name), row.get("word"))
        if first.setdefault(key, name) != name:
            merged[name] = first[key]
    return merged, [name for name in table["waits"] if name not in merged]


def picture(sides, table):
    merged, names = shown_waits(table)
    names.sort(key=lambda name: (list(FILLS).index(table["waits"][name]["for"]), name))
    enders = list(dict.fromkeys(ender for name in names for ender in table["waits"][name].get("ended_by", ("time, or the device",))))
    left, middle, right = spread(list(sides), len(names)), spread(names, len(names)), spread(enders, len(names))
    lines, boxes, center = [], [], (ROW - 8) // 2
    for side in sides:
        boxes.append(box(LEFT[0], left[side], LEFT[1], side, "#ffffff", table["sides"][side]["start"], STROKES.get(side, MUTED)))
    for name in names:
        row = table["waits"][name]
        boxes.append(box(MIDDLE[0], middle[name], MIDDLE[1], row.get("source", name), FILLS[row["for"]], row["for"]))
        reached = {side for side in sides for one in [name, *(other for other, to in merged.items() if to == name)] if one in sides[side]}
        lines += [curve((LEFT[0] + LEFT[1], left[side] + center), (MIDDLE[0], middle[name] + center), STROKES.get(side, MUTED)) for side in sides if side in reached]
        lines += [curve((MIDDLE[0] + MIDDLE[1], middle[name] + center), (RIGHT[0], right[ender] + center), MUTED, "4 3")
                  for ender in row.get("ended_by", ("time, or the device",))]
    for ender in enders:
        reached = ", ".join(sides_of(sides, ender))
        boxes.append(box(RIGHT[0], right[ender], RIGHT[1], ender, "#ffffff", reached if len(reached) < 22 else "several sides"))
    heads = "".join(f'<text x="{x}" y="26" font-size="12.5" font-weight="bold" fill="{INK}">{words}</text>'
                    for (x, _), words in ((LEFT, "code begins"), (MIDDLE, "waits, and for what"), (RIGHT, "ended by, which runs on")))
    height = TOP + len(names) * ROW + 10
    title = "Locks and waits of the hypervisor: exclusive cores have lines to one wait only, that of a core with nothing to do"
    return (f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="guard-title" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
            f'font-family="{FONT}"><title id="guard-title">{title}</title><rect width="{WIDTH}" height="{height}" fill="#ffffff"/>\n'
            + "\n".join([heads, *lines, *boxes]) + "\n</svg>\n")


# --- the page

def page(sides, table):
    lines = ["<!-- SPDX-License-Identifier: Apache-2.0. Made of the compiled hypervisor and tools/evidence/guard.yaml by " + COMMAND + "; change these, not this page. -->",
             "# The temporal guard", "", INTRODUCTION, "", "![Locks and waits of the hypervisor](images/temporal-guard.svg)", "", GRAPH, ""]
    for title, columns, rows in tables(sides, table, wait_rows(sides, table)):
        lines += [f"## {title}", "", *markdown(columns, rows)]
    lines += ["The tables of a pre-launched VM are complete before it starts: what builds them runs at boot, before the first core enters a guest, and neither a run loop nor",
              "the (re)start of the Service VM reaches it. So no shoot-down ever has to wait for an exclusive core.", ""]
    return "\n".join(lines)


def keep(sides, table, write, complain):
    """Page and picture are what the code and the table make of them; write: make them so."""
    for path, text in ((PAGE, page(sides, table)), (PICTURE, picture(sides, table))):
        if not is_kept(path, text, write):
            complain("guard-page", f"is not what code and table make of it: run {COMMAND}", path.relative_to(ROOT), 1)
