# SPDX-License-Identifier: Apache-2.0
"""Which chart shows the details of which gate. A gate whose details have another form than expected gets tables instead."""
from tools.evidence import charts

def of(claim):
    """([(caption, svg)], keys of the details that the charts show in full)."""
    draw = DRAWINGS.get(claim["name"])
    if draw is None or not claim["details"]:
        return [], ()
    try:
        drawn, used = draw(claim["details"])
        return [item for item in drawn if item], used
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        return [], ()


def latency(details):
    """details['histograms']: {name: [[ticks, samples], ...]}."""
    series = [(name, [(int(value), int(count)) for value, count in points]) for name, points in details["histograms"].items() if points]
    if not series:
        return [], ()
    return [("Latency of the timer interrupt, bare machine against Bulkhead", charts.histograms(
        "Histogram of interrupt latency: " + " and ".join(name for name, _ in series), series, "latency in ticks, 1 tick is 1 instruction"))], ("histograms",)


def coverage(details):
    """details['files']: {file, statement, branch, MC/DC: [covered, all, per cent], ...}; details['measured']: folders."""
    names = ("statement", "branch", "MC/DC")
    rows = [(row["file"].removeprefix("hv/"), [float(row[name][2]) if row[name][1] else None for name in names]) for row in details["files"]]
    drawn = [("Coverage by file, per cent; bold: below 100", charts.multiples("Coverage by file", part, names)) for part in pages(rows, 50)]
    return drawn, ()


def pages(rows, most):
    """Charts that fit on a page each."""
    return [rows[start:start + most] for start in range(0, len(rows), most)]


DRAWINGS = {"coverage": coverage, "rt-loaded": latency, "rt-alone": latency}
