# SPDX-License-Identifier: Apache-2.0
"""The lines that a machine prints of a measurement (rtvm/record.h), out of a serial log, a file from the stick or what somebody copied from
the screen: found, checked, and read into plain values. Whatever is lost or changed is refused, with the line that shows it."""
import re
import zlib

FORM = "bhb1"
LINE = re.compile(rf"{FORM} (.*?) \*([0-9a-f]{{4}})\s*$")
BEGUN = re.compile(rf"\b{FORM} ")
LATENCY = ("bare", "alone", "linux", "loaded", "storm")
COSTS = ("cost-bare", "cost-exclusive")
ROUND_TRIPS = ("nic-poll", "nic-msi", "nic-msix")
CONDITIONS = LATENCY + ROUND_TRIPS + COSTS
UNKNOWN = "-"


class Damaged(Exception):
    """The text is not what a machine printed."""


def line_sum(text):
    return f"{zlib.crc32(text.encode()) & 0xFFFF:04x}"


def checked_lines(text, name):
    """[(number in the file, text)] of all record lines; their checksums fit."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        line = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line)
        match = LINE.search(line)
        if match and line_sum(match.group(1)) == match.group(2):
            found.append((number, match.group(1)))
        elif match:
            raise Damaged(f"{name}:{number}: the line does not fit its checksum *{match.group(2)} (it would be *{line_sum(match.group(1))}): "
                          "a character was lost or changed; copy it again")
        elif BEGUN.search(line):
            raise Damaged(f"{name}:{number}: the line is cut off: it does not end in * and four digits")
    return found


def blocks(lines, name):
    """[[(number, text)]] from each begin to its end; the end is there, and with it every line."""
    found, block = [], None
    for number, text in lines:
        words = text.split(" ")
        if words[0] == "begin":
            if block:
                raise Damaged(f"{name}:{number}: a new record begins, but the one of line {block[0][0]} has no end: it is not complete")
            block = []
        if block is None:
            raise Damaged(f"{name}:{number}: '{words[0]}' outside a record: the line 'begin' is missing before it")
        if words[0] != "end":
            block.append((number, text))
            continue
        check_end(block, words, name, number)
        found.append(block)
        block = None
    if block:
        raise Damaged(f"{name}: the record of line {block[0][0]} has no end: it is not complete")
    return found


def check_end(block, words, name, number):
    try:
        count, total = int(words[1]), words[2]
    except (IndexError, ValueError):
        raise Damaged(f"{name}:{number}: 'end' lacks the number of lines or the checksum") from None
    if count != len(block):
        raise Damaged(f"{name}:{number}: the record has {count} lines, {len(block)} are there: lines are missing or stand twice")
    here = f"{zlib.crc32(''.join(text + chr(10) for _, text in block).encode()):08x}"
    if here != total:
        raise Damaged(f"{name}:{number}: the lines of this record do not belong together: its checksum is {total}, theirs {here}")


def number_or_none(word):
    return None if word == UNKNOWN else int(word)


def histogram_of(texts):
    return [[int(part) for part in pair.split(":")] for text in texts for pair in text.split(" ")[1:]]


def costs_of(texts):
    found = {}
    for text in texts:
        _, kind, least, mean, most = text.split(" ")
        found[kind] = {"least": int(least), "mean": int(mean), "most": int(most)}
    return found


def values(block):
    """The record as plain values."""
    texts = {}
    for _, text in block:
        texts.setdefault(text.split(" ")[0], []).append(text)

    def words(key, count=None):
        found = texts[key][0].split(" ")[1:]
        if count is not None and len(found) != count:
            raise ValueError(f"'{key}' has {len(found)} values, not {count}")
        return found

    def rest(key):
        return texts[key][0].partition(" ")[2] if key in texts else None
    kind, condition = words("begin", 2)
    vendor, signature, microcode = words("cpu", 3)
    about = {"condition": condition, "whole": kind == "whole", "build": rest("build"), "date": rest("date"), "vendor": vendor, "signature": signature,
             "microcode": microcode, "model": rest("model"), "under": rest("under"), "machine": [text.partition(" ")[2] for text in texts.get("machine", [])]}
    if condition in COSTS:
        return {**about, "tsc_hz": int(words("clock", 1)[0]), "costs": costs_of(texts["cost"])}
    tsc_hz, timer_hz, period_ticks = map(int, words("rate", 3))
    samples, overruns = map(int, words("took", 2))
    least, p50, p99, p9999, most = map(number_or_none, words("ticks", 5))
    exits = [int(word) for word in words("exits", 2)] if "exits" in texts else [None, None]
    return {**about, "tsc_hz": tsc_hz, "timer_hz": timer_hz, "period_ticks": period_ticks, "samples": samples, "overruns": overruns,
            "ticks": {"min": least, "p50": p50, "p99": p99, "p9999": p9999, "max": most}, "exits": exits[0], "exits_total": exits[1],
            "boot_ticks": int(words("boot", 1)[0]) if "boot" in texts else None, "histogram": histogram_of(texts.get("h", []))}


def check_values(one):
    """What a machine that measured cannot have printed."""
    if one["condition"] not in CONDITIONS:
        raise ValueError(f"the condition '{one['condition']}' is not known to this version")
    if one["tsc_hz"] == 0:
        raise ValueError("the rate of the clock is 0")
    if "costs" in one:
        return
    if one["samples"] == 0:
        raise ValueError("there are no samples")
    if one["ticks"]["min"] > one["ticks"]["max"]:
        raise ValueError("the shortest latency is longer than the longest")
    seen = sum(count for _, count in one["histogram"])
    if one["whole"] and seen != one["samples"]:
        raise ValueError(f"the latencies that were seen are {seen}, the samples {one['samples']}")


# REQ-TOO-012
def read(text, name):
    """[record] in the order of the text; Damaged when anything is wrong, or when there is none."""
    found = []
    for block in blocks(checked_lines(text, name), name):
        try:
            one = values(block)
            check_values(one)
        except (KeyError, ValueError, IndexError, TypeError) as error:
            what = f"it has no line {error}" if isinstance(error, KeyError) else error
            raise Damaged(f"{name}:{block[0][0]}: this record cannot be read: {what}") from None
        found.append(one)
    if not found:
        other = re.search(r"\bbhb(\d+) begin", text)
        raise Damaged(f"{name}: " + (f"a record of form {other.group(1)}; this version reads {FORM[-1]}" if other else
                                     f"there is no record: no line begins with '{FORM} begin'"))
    return found
