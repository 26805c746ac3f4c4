# SPDX-License-Identifier: Apache-2.0
"""Charts as inline SVG: bars against limits, stacked bars, small multiples, histograms, outlines. No script, no external resource.

Each returns a string. Numbers stand beside the bars and series differ in lightness and hatching, so that a chart is
read without colour; its title is the text for those who cannot see it.
"""
import html
import itertools
import math

WIDTH = 680
FONT = "Open Sans, Noto Sans, Segoe UI, Helvetica, Arial, DejaVu Sans, sans-serif"
INK, MUTED, RULE, ALERT, BAR = "#1a1f26", "#57606a", "#c9ced4", "#b3261e", "#2f5d8a"
SERIES = ("#1f4468", "#5b8db8", "#a9c7df", "#d9a441", "#8a8f98", "#dfe3e8")
_numbers = itertools.count(1)


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def number(value):
    """1234567.5 as '1,234,567.5'."""
    if not is_number(value):
        return str(value)
    return f"{value:,}" if isinstance(value, int) or value != int(value) else f"{int(value):,}"


def text(x, y, words, anchor="start", size=10.5, fill=INK, weight="normal"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{fill}" font-weight="{weight}">'
            f"{html.escape(str(words))}</text>")


def rect(x, y, width, height, fill, stroke="none"):
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{height:.1f}" fill="{fill}" stroke="{stroke}"/>'


def line(x1, y1, x2, y2, stroke=RULE, width=1.0, dash=""):
    return (f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{stroke}" stroke-width="{width}"'
            + (f' stroke-dasharray="{dash}"' if dash else "") + "/>")


def drawing(title, height, parts):
    name = f"chart-{next(_numbers)}"
    return (f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="{name}" viewBox="0 0 {WIDTH} {height:.0f}" '
            f'width="{WIDTH}" height="{height:.0f}" font-family="{FONT}"><title id="{name}">{html.escape(title)}</title>{"".join(parts)}</svg>')


def shortened(label, most=44):
    """The end of a long name says more than its beginning."""
    label = str(label)
    return label if len(label) <= most else "…" + label[-(most - 1):]


def gutter(labels, least=70, most=44):
    """Room for labels of at most so many letters at the left."""
    return max([least, *(len(shortened(label, most)) * 5.7 + 12 for label in labels)])


def legend(names, fills, x, y):
    parts = []
    for name, fill in zip(names, fills):
        parts += [rect(x, y - 8, 10, 10, fill, MUTED), text(x + 15, y + 1, name)]
        x += 30 + 6.2 * len(str(name))
    return parts


def stacked(title, rows, series, alert=(), most=44):
    """rows: [(label, {series: count})]. alert: series that are shown in the colour of failure. most: letters of a label."""
    fills = [ALERT if name in alert else SERIES[index % len(SERIES)] for index, name in enumerate(series)]
    left, step, top = gutter([label for label, _ in rows], most=most), 20, 30
    totals = [sum(parts.get(name, 0) for name in series) for _, parts in rows]
    scale = (WIDTH - left - 70) / max([1, *totals])
    drawn = legend(series, fills, left, 12)
    for index, ((label, parts), total) in enumerate(zip(rows, totals)):
        x, y = left, top + index * step
        drawn.append(text(left - 8, y + 11, shortened(label, most), "end"))
        for name, fill in zip(series, fills):
            width = parts.get(name, 0) * scale
            if width > 0:
                drawn.append(rect(x, y, width, 14, fill, "#ffffff"))
                shown = number(parts[name])
                if width > 7.0 * len(shown) + 4:
                    dark = fill in (SERIES[0], SERIES[1], SERIES[4], ALERT)
                    drawn.append(text(x + width / 2, y + 11, shown, "middle", 9.5, "#ffffff" if dark else INK))
            x += width
        drawn.append(text(x + 6, y + 11, number(total), weight="600"))
    return drawing(title, top + len(rows) * step + 4, drawn)


def ticks(most):
    """Round numbers from 0 to at least most."""
    raw = max(most, 1e-9) / 4
    base = 10 ** math.floor(math.log10(raw))
    step = next(base * factor for factor in (1, 2, 2.5, 5, 10) if base * factor >= raw)
    step = max(1, int(step)) if most >= 4 else step
    return [index * step for index in range(int(math.ceil(most / step - 1e-9)) + 1)]


def axis(drawn, marks, place, top, bottom, unit):
    for mark in marks:
        drawn += [line(place(mark), top, place(mark), bottom), text(place(mark), bottom + 13, number(mark), "middle", 9.5, MUTED)]
    drawn.append(text(WIDTH - 4, bottom + 26, unit, "end", 9.5, MUTED))


def against_limits(title, rows, unit, word="limit"):
    """rows: [(label, value, limit or None)]: a bar to the value, a mark at the limit, the share in words. word: what the limit is."""
    most = max([1, *(number_ for _, value, limit in rows for number_ in (value, limit or 0))])
    left, step, top = gutter([label for label, _, _ in rows]), 18, 22
    marks, bottom = ticks(most), top + len(rows) * step + 2
    room = WIDTH - left - 128
    drawn = []

    def place(value):
        return left + value * room / marks[-1]
    axis(drawn, marks, place, top - 4, bottom, unit)
    drawn += [rect(left, 2, 10, 10, BAR), text(left + 15, 11, "seen"), line(left + 60, 1, left + 60, 13, INK, 2), text(left + 67, 11, word),
              rect(left + 110, 2, 10, 10, ALERT), text(left + 125, 11, f"over its {word}")]
    for index, (label, value, limit) in enumerate(rows):
        y, over = top + index * step, limit is not None and value > limit
        drawn += [text(left - 8, y + 10, shortened(label), "end"), rect(left, y + 1, place(value) - left, 11, ALERT if over else BAR)]
        if limit is not None:
            drawn.append(line(place(limit), y - 1, place(limit), y + 14, INK, 2))
        share = "" if not limit else f"OVER: {value / limit:.0%}" if over else f"{value / limit:.0%} of {number(limit)}"
        drawn.append(text(WIDTH - 124, y + 10, number(value), weight="600"))
        drawn.append(text(WIDTH - 76, y + 10, share, size=9.5, fill=ALERT if over else MUTED))
    return drawing(title, bottom + 30, drawn)


def multiples(title, rows, columns):
    """rows: [(label, [percent or None, ...])], one small bar for each column, to be compared down the page."""
    left, step, top = gutter([label for label, _ in rows]), 15, 24
    slot = (WIDTH - left) / len(columns)
    bar = slot - 62
    drawn = [text(left + index * slot, 12, name, weight="600") for index, name in enumerate(columns)]
    for row, (label, values) in enumerate(rows):
        y = top + row * step
        drawn.append(text(left - 8, y + 9, shortened(label), "end", 9.5))
        for index, value in enumerate(values):
            x = left + index * slot
            if value is None:
                drawn.append(text(x, y + 9, "none", size=9.5, fill=MUTED))
                continue
            drawn += [rect(x, y + 1, bar, 9, "#eceff2"), rect(x, y + 1, bar * value / 100, 9, BAR),
                      text(x + bar + 5, y + 9, percent(value), size=9.5, weight="normal" if value >= 100 else "600")]
    return drawing(title, top + len(rows) * step + 4, drawn)


def percent(value):
    """Never rounded up to 100."""
    return "100 %" if value >= 100 else f"{math.floor(value * 10) / 10:.1f} %"


def histograms(title, series, unit):
    """series: [(name, [(value, count)])]: one panel below the other on the same axes; counts on a logarithmic scale."""
    values = [value for _, points in series for value, _ in points]
    pad = max(0, 20 - (max(values) - min(values))) // 2    # one value alone is no scale
    low, high = max(0, min(values) - pad), max(values) + pad
    span = max(1, high - low)
    left, height, gap, top = 64, 92, 26, 20
    room = WIDTH - left - 24
    most = max(count for _, points in series for _, count in points)
    decades = max(1, math.ceil(math.log10(most + 1)))
    width = max(1.4, min(14.0, room / (span + 1)))
    drawn = []

    def place(value):
        return left + (value - low) * (room - width) / span
    for index, (name, points) in enumerate(series):
        base = top + index * (height + gap) + height
        drawn.append(text(left, base - height - 7, name, weight="600"))
        for decade in range(decades + 1):
            y = base - height * decade / decades
            drawn += [line(left, y, WIDTH - 24, y), text(left - 7, y + 3.5, number(10 ** decade), "end", 9.5, MUTED)]
        for value, count in points:
            tall = height * math.log10(count + 1) / math.log10(10 ** decades + 1)
            drawn.append(rect(place(value), base - tall, width, tall, SERIES[0]))
            if len(points) <= 8:
                drawn.append(text(place(value) + width + 4, base - tall + 9, number(count), size=9.5))
        drawn.append(line(left, base, WIDTH - 24, base, INK))
    bottom = top + len(series) * (height + gap) - gap
    for mark in sorted({round(low + span * part / 4) for part in range(5)}):
        drawn.append(text(place(mark) + width / 2, bottom + 14, number(mark), "middle", 9.5, MUTED))
    drawn.append(text(WIDTH - 24, bottom + 28, unit + "; height: number of samples, logarithmic", "end", 9.5, MUTED))
    return drawing(title, bottom + 34, drawn)


DASHES = ("", "7 3", "2 3", "9 3 2 3", "4 2")


def round_marks(low, high):
    """1, 2, 5, 10, ... that lie between."""
    return [factor * 10 ** decade for decade in range(math.ceil(math.log10(high)) + 1) for factor in (1, 2, 5) if low <= factor * 10 ** decade <= high]


def outlines(title, series, unit):
    """series: [(name, [(value, count)])]: one line for each on the same axes, values and counts on logarithmic scales. Lines stand side by side
    by some pixels, so that equal ones do not hide each other."""
    values = [max(value, 1) for _, points in series for value, _ in points]
    low, high = max(1, min(values) / 2), max(values) * 2
    left, top, height = 64, 22 + 16 * len(series), 220
    bottom, room = top + height, WIDTH - left - 30
    decades = max(1, math.ceil(math.log10(max(count for _, points in series for _, count in points) + 1)))
    drawn = []

    def place(value):
        return left + room * math.log(max(value, 1) / low) / math.log(high / low)

    def tall(count):
        return bottom - height * math.log10(count + 1) / math.log10(10 ** decades + 1)
    for decade in range(decades + 1):
        drawn += [line(left, tall(10 ** decade), WIDTH - 24, tall(10 ** decade)), text(left - 7, tall(10 ** decade) + 3.5, number(10 ** decade), "end", 9.5, MUTED)]
    ends = {min(values), max(values)}
    for mark in sorted(ends | {mark for mark in round_marks(low, high) if all(abs(place(mark) - place(end)) > 40 for end in ends)}):
        drawn += [line(place(mark), bottom, place(mark), bottom + 4, INK), text(place(mark), bottom + 16, number(mark), "middle", 9.5, MUTED)]
    for index, (name, points) in enumerate(series):
        colour, dash, y, shift = SERIES[index % 5], DASHES[index % len(DASHES)], 12 + 16 * index, (index - (len(series) - 1) / 2) * 4
        drawn += [line(left, y - 4, left + 34, y - 4, colour, 2.5, dash), text(left + 42, y, f"{name}: {number(sum(count for _, count in points))} samples")]
        for value, count in sorted(points):
            x = place(value) + shift
            drawn += [line(x, bottom, x, tall(count), colour, 2.5, dash), f'<circle cx="{x:.1f}" cy="{tall(count):.1f}" r="3" fill="{colour}"/>']
    drawn += [line(left, bottom, WIDTH - 24, bottom, INK), text(WIDTH - 24, bottom + 32, unit + "; height: number of samples; both logarithmic", "end", 9.5, MUTED)]
    return drawing(title, bottom + 40, drawn)
