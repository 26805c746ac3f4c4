# SPDX-License-Identifier: Apache-2.0
"""./bulkhead bench --import: records of a machine become a bench.json, whose times are nanoseconds of that machine's clock."""
import datetime
import os
import re
import shlex

from tools.bench import compare, record, statistics

# By which two measurements of one clock may differ; those of an emulator stand still while its host does something else.
RATE_PERCENT, RATE_PERCENT_EMULATED = 0.1, 10.0
EMULATORS = {"TCGTCGTCGTCG": "QEMU without hardware virtualization", "KVMKVMKVM": "a virtual machine of KVM", "Microsoft Hv": "a virtual machine of Hyper-V",
             "VMwareVMware": "a virtual machine of VMware", "XenVMMXenVMM": "a virtual machine of Xen", "VBoxVBoxVBox": "a virtual machine of VirtualBox"}
EMULATED_MAKERS = ("QEMU", "Bochs")


class Unfit(Exception):
    """Records that cannot be one measurement of one machine."""


def read_files(paths):
    found = []
    for path in paths:
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                text = file.read()
        except OSError as error:
            raise Unfit(f"{path} cannot be read: {error.strerror}") from None
        try:
            found += record.read(text, path)
        except record.Damaged as error:
            raise Unfit(str(error)) from None
    return found


def latest(records):
    """({condition: record} in the order of a report, how many earlier ones were left out). A whole record stands before a short one of the same run."""
    chosen = {}
    for one in records:
        before = chosen.get(one["condition"])
        same_run = before and all(before.get(key) == one.get(key) for key in ("date", "samples", "ticks", "costs"))
        if not (same_run and before["whole"]):
            chosen[one["condition"]] = one
    return {name: chosen[name] for name in record.CONDITIONS if name in chosen}, len(records) - len(chosen)


def check_alike(chosen):
    """All of one CPU, one clock and one build."""
    first, percent = next(iter(chosen.values())), RATE_PERCENT_EMULATED if emulator_of(chosen) else RATE_PERCENT
    for name, one in chosen.items():
        for key, words in (("build", "the commit of the image"), ("vendor", "the CPU's vendor"), ("signature", "the CPU's family, model and stepping"),
                           ("model", "the CPU's name")):
            if one[key] != first[key]:
                raise Unfit(f"the records are not of one measurement: {words} is {first[key]} in '{first['condition']}' and {one[key]} in '{name}'")
        if abs(one["tsc_hz"] - first["tsc_hz"]) * 100 > percent * first["tsc_hz"]:
            raise Unfit(f"the records are not of one machine, or its clock is not steady: {first['tsc_hz']:,} Hz in '{first['condition']}' and "
                        f"{one['tsc_hz']:,} Hz in '{name}'")


def emulator_of(chosen):
    """What says that this is no hardware, in words; "" when the bare machine says nothing of the kind; None when the bare machine did not say."""
    bare = chosen.get("bare") or chosen.get("cost-bare")
    if bare is not None and bare["under"]:
        return EMULATORS.get(bare["under"], f"a virtual machine of '{bare['under']}'")
    for one in chosen.values():
        for maker in EMULATED_MAKERS:
            if any(part.startswith(maker) for part in one["machine"]):
                return f"an emulated board of {maker}"
    return "" if bare is not None else None


def date_of(text):
    """GRUB writes 2026-1-5T7:3."""
    numbers = re.findall(r"\d+", text)
    return "{}-{:0>2}-{:0>2} {:0>2}:{:0>2}".format(*numbers) if len(numbers) == 5 else text


def machine_of(chosen):
    """What the report says of the machine."""
    first, bare = next(iter(chosen.values())), chosen.get("bare") or chosen.get("cost-bare")
    boards = [one["machine"] for one in ([bare] if bare else []) + list(chosen.values()) if one["machine"]]
    microcode = next((one["microcode"] for one in chosen.values() if int(one["microcode"], 16)), None)
    dates = {name: date_of(one["date"]) for name, one in chosen.items() if one["date"] != record.UNKNOWN}
    return {"model": first["model"] or f"{first['vendor']} CPU without a name", "vendor": first["vendor"], "signature": first["signature"],
            "microcode": microcode, "board": [part for part in boards[0] if part] if boards else [], "tsc_hz": (bare or first)["tsc_hz"],
            "emulator": emulator_of(chosen), "dates": dates}


def nanoseconds(ticks, hz):
    """With one digit below 100 ns, where a tick is about a third of one."""
    if ticks is None:
        return None
    time = ticks * 1e9 / hz
    return round(time, 1) if time < 100 else round(time)


def early_of(one):
    """Samples whose interrupt came before its time, which a latency of 0 stands for. At least one when only the figures came home."""
    return sum(count for ticks, count in one["histogram"] if ticks == 0) if one["whole"] else int(one["ticks"]["min"] == 0)


def condition_of(one):
    hz, histogram = one["tsc_hz"], {}
    for ticks, count in one["histogram"]:
        time = nanoseconds(ticks, hz)
        histogram[time] = histogram.get(time, 0) + count
    figures = statistics.latency(one["histogram"]) if one["whole"] else dict(one["ticks"])
    figures.update({which: one["ticks"][which] for which in ("min", "max")})     # exact, where the histogram's buckets are coarse
    return {"mode": "hardware", "samples": one["samples"], "latency": {which: nanoseconds(ticks, hz) for which, ticks in figures.items()},
            "overruns": one["overruns"], "exits": one["exits"], "exits_total": one["exits_total"], "exits_by_reason": None,
            "boot_ticks": nanoseconds(one["boot_ticks"], hz), "turns": 0, "early": early_of(one), "histogram": sorted([time, count] for time, count in histogram.items())}


def costs_in_ns(one):
    return {kind: {which: nanoseconds(ticks, one["tsc_hz"]) for which, ticks in cost.items()} for kind, cost in one["costs"].items()}


# REQ-TOO-013
def results_of(paths):
    """A bench.json of these files; Unfit when they cannot be one."""
    chosen, left_out = latest(read_files(paths))
    check_alike(chosen)
    machine, first = machine_of(chosen), next(iter(chosen.values()))
    build, latencies = first["build"] or "", {name: one for name, one in chosen.items() if name in record.LATENCY}
    return {"form": compare.FORM, "hardware": True, "unit": "ns", "machine": machine, "commit": build.rstrip("+"), "dirty": build.endswith("+"),
            "made": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "command": shlex.join(["./bulkhead", "bench"] + [word for path in paths for word in ("--import", os.path.basename(path))]),
            "emulated": bool(machine["emulator"]), "quick": any(one["samples"] < 10000 for one in latencies.values()), "left_out": left_out,
            "parts": list(chosen), "tools": {}, "conditions": {name: condition_of(one) for name, one in latencies.items()},
            "round_trips": {name: condition_of(one) for name, one in chosen.items() if name in record.ROUND_TRIPS},
            "costs": {name.removeprefix("cost-"): costs_in_ns(one) for name, one in chosen.items() if name in record.COSTS}, "timer": {}, "work": {}, "size": {}, "problems": {}, "targets": []}
