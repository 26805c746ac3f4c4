# SPDX-License-Identifier: Apache-2.0
"""Which chart shows the details of which gate. A gate whose details have another form than expected gets tables instead."""
from tools.evidence.report import charts

def of(claim):
    """(drawn, tables, used): [(caption, SVG)], tables as in a result, and the keys of the details that these show."""
    draw = DRAWINGS.get(claim["name"])
    try:
        return draw(claim) if draw else NOTHING
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, ZeroDivisionError):
        return NOTHING


def table_named(claim, start):
    """Rows of the tables whose title starts so, as {column: cell}, with the title."""
    return [(table["title"], [dict(zip(table["columns"], row)) for row in table["rows"]])
            for table in claim["tables"] if table["title"].startswith(start)]


def latency(claim):
    """details['histograms']: {name: [[ticks, samples], ...]}."""
    series = [(name, [(int(value), int(count)) for value, count in points]) for name, points in claim["details"]["histograms"].items() if points]
    if not series:
        return NOTHING
    return [("Latency of the timer interrupt on the bare machine and on Bulkhead", charts.histograms(
        "Histogram of interrupt latency: " + " and ".join(name for name, _ in series), series, "latency in ticks; one tick is one instruction"))], [], ("histograms",)


def coverage(claim):
    """details['files']: {file, statement, branch, MC/DC: [covered, all, per cent], ...}."""
    names = ("statement", "branch", "MC/DC")
    files = claim["details"]["files"]
    rows = [(row["file"].removeprefix("hv/"), [float(row[name][2]) if row[name][1] else None for name in names]) for row in files]
    drawn = [("Coverage by file; bold where it is below 100 %", charts.multiples("Coverage by file", part, names)) for part in pages(rows, 56)]
    counts = [[row["file"], *(f"{row[name][0]} of {row[name][1]}" for name in names), row.get("justified"), row.get("open")] for row in files]
    table = {"title": "Coverage by file, counted", "columns": ["file", *names, "justified gaps", "open gaps"], "rows": counts}
    return drawn, [table], ("files",)


def pages(rows, most):
    """Parts of about the same size that fit on a page each."""
    count = -(-len(rows) // most)
    size = -(-len(rows) // max(count, 1))
    return [rows[start:start + size] for start in range(0, len(rows), size)] if rows else []


def stack(claim):
    """Tables 'Stacks of IMAGE, in bytes'; details: {entry: {bytes, path: [[function, bytes], ...]}}."""
    drawn = [(f"{title.partition(',')[0]}: worst case against the size of the stack", charts.against_limits(
        f"{title}: worst case against size", [(row["stack"], row["worst case"], row["size"]) for row in rows], "bytes", "size"))
        for title, rows in table_named(claim, "Stacks of ") if rows]
    paths = {name: entry for name, entry in claim["details"].items() if isinstance(entry, dict) and "path" in entry}
    table = {"title": "Deepest path of each entry point", "columns": ["entry point", "bytes", "path, with the bytes of each frame"],
             "rows": [[name, entry["bytes"], " > ".join(f"{step} {size}" for step, size in entry["path"])] for name, entry in paths.items()]}
    return drawn, [table] if paths else [], tuple(paths)


def proofs(claim):
    """details['units']: {file, goals, valid, provers: {name: goals or parts of goals that it proved}, ...}."""
    units = claim["details"]["units"]
    rows = [(unit["file"].removeprefix("hv/core/"), {**unit.get("provers", {"proved": unit["valid"]}), "unproved": unit["goals"] - unit["valid"]})
            for unit in units]
    names = sorted({name for _, parts in rows for name in parts} - {"unproved"}, key=lambda name: (name != "qed", name))
    unproved = ["unproved"] if any(parts["unproved"] for _, parts in rows) else []
    caption = ("Proof goals by file and prover" + (" (a goal that is split counts for each prover of a part)" if "qed" in names else "")
               + ("" if unproved else "; none is unproved"))
    chart = charts.stacked("Proof goals by file and prover", rows, names + unproved, alert=("unproved",))
    return [(caption, chart)], [], ("units",) if claim["tables"] else ()


def budget(claim):
    """Table 'Most instructions from exit to entry': kind, most, promised."""
    rows = [(row["kind"], row["most"], row["promised"]) for _, found in table_named(claim, "Most instructions") for row in found]
    rows = sorted((row for row in rows if charts.is_number(row[1])), key=lambda row: -row[1])
    return [("Most host instructions seen from an exit to the next entry, against the budget", charts.against_limits(
        "Instructions by kind of exit against the budget", part, "host instructions", "budget")) for part in pages(rows, 45)], [], ()


def misra(claim):
    """Table 'Guideline compliance': category and how many guidelines are in each state."""
    states = ["compliant", "deviations", "disapplied", "violations"]
    rows = [(row["category"], {state: row[state] for state in states}) for _, found in table_named(claim, "Guideline compliance") for row in found]
    return [("MISRA C:2012 guidelines by category", charts.stacked("Guidelines by category and compliance", rows, states, alert=("violations",)))], [], ("gcs",)


def eva(claim):
    """details['not_reached'] and ['dead_statements'] say for programs what the tables say."""
    return [], [], ("not_reached", "dead_statements") if claim["tables"] else ()


def guard(claim):
    """details['picture']: the SVG of docs/images/temporal-guard.svg."""
    return [("Locks and waits of the hypervisor: from where code begins to what waits, and to who ends the wait", claim["details"]["picture"])], [], ("picture",)


def trace(claim):
    """Table 'Requirements by area': how many are built and planned."""
    rows = [(row["area"], {"built": row["built"], "planned, not built": row["planned"]}) for _, found in table_named(claim, "Requirements by area") for row in found]
    return [("Requirements by area", charts.stacked("Requirements by area", rows, ["built", "planned, not built"]))] if rows else [], [], ("requirements",)


NOTHING = [], [], ()
DRAWINGS = {"budget": budget, "coverage": coverage, "eva": eva, "guard": guard, "misra": misra, "proofs": proofs, "rt-alone": latency, "rt-loaded": latency, "stack": stack, "trace": trace}
