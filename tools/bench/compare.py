# SPDX-License-Identifier: Apache-2.0
"""An earlier run against this one. In counted time the same build gives the same figures, so what differs is a change of the code."""
import collections
import json

from tools.bench.targets import TURN

FORM = 1
Regression = collections.namedtuple("Regression", "name old new allowed")
BESIDE_LINUX = ("latency.linux.", "latency.loaded.", "latency.storm.")
RARE = ("p9999", "max")
PERCENT, PERCENT_HARDWARE = 2.0, 10.0


class Unfit(Exception):
    """The earlier file cannot be compared with."""


def figures(results):
    """{name: number}: all that is compared; less is better for each."""
    found = {}
    for name, one in results["conditions"].items():
        found.update({f"latency.{name}.{which}": ticks for which, ticks in one["latency"].items()})
        found[f"exits.{name}"] = one["exits"]
        found[f"overruns.{name}"] = one["overruns"]
        found[f"boot.{name}"] = one["boot_ticks"]
    for side, kinds in results["costs"].items():
        found.update({f"cost.{side}.{kind}": ticks["least"] for kind, ticks in kinds.items()})
    for state, one in results["timer"].items():
        found.update({f"timer.{state}.exits": one["exits"], f"timer.{state}.ticks": one["ticks"]})
    found.update({f"rt_linux.{side}.{which}": one["latency"][which] for side, one in results.get("rt_linux", {}).items() for which in ("p50", "p99")})
    for wait, modes in results.get("nic", {}).items():
        for mode, sides in modes.items():
            found.update({f"latency.nic.{wait}.{mode}.{side}.{which}": sides[side]["latency"][which] for side in sides for which in sides[side]["latency"]})
            found[f"exits.nic.{wait}.{mode}"] = sides["alone"]["exits"]
    for group in ("ipi", "access"):
        found.update({f"{group}.{kind}": ticks["least"] for kind, ticks in results.get(group, {}).items()})
    found.update({f"linux_boot.{vm}": ticks["bulkhead"] for vm, ticks in results.get("linux_boot", {}).items()})
    for case, one in results.get("mapping", {}).items():
        found.update({f"mapping.{case}.{what}": one[what] for what in ("map", "unmap")})
    found.update({f"work.{kind}": one["most"] for kind, one in results["work"].items()})
    found.update({f"size.{name}": size for name, size in results["size"].items()})
    return {name: number for name, number in found.items() if number is not None}


def allowed_on_hardware(name, old, percent):
    """Exits and overruns must not grow; times of a machine are never twice the same."""
    return old if name.startswith(("exits.", "overruns.")) else old * (1 + percent / 100)


def allowed(name, old, percent):
    """The most that the new figure may be. Latency, exits and overruns must not grow; where QEMU gives another core's turn to a sample (decision
    0013), the rare ones may grow by as much as the targets allow. Everything else may grow by that many per cent."""
    if name.startswith(BESIDE_LINUX) and name.rpartition(".")[2] in RARE:
        return old + TURN
    if name.startswith(("latency.", "exits.", "overruns.")):
        return old
    return old * (1 + percent / 100)


# REQ-TOO-008
def regressions(old, new, percent):
    """([Regression], names only in the old run). A figure that the new run should have and lacks is not passed over: it is in the second list."""
    before, after = figures(old), figures(new)
    most = allowed_on_hardware if old.get("hardware") else allowed
    found = [Regression(name, before[name], after[name], most(name, before[name], percent)) for name in before if name in after]
    return [one for one in found if one.new > one.allowed], [name for name in before if name not in after]


def read(path):
    """An earlier bench.json."""
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
        figures(found)
    except OSError as error:
        raise Unfit(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Unfit(f"{path} is not a bench.json") from None
    if found.get("form") != FORM:
        raise Unfit(f"{path} has form {found.get('form')}; this version reads {FORM}")
    return found


KINDS = {(False, False): "instructions counted in the emulator", (True, False): "times of a machine", (True, True): "times of an emulated machine"}


def kind(results):
    return KINDS[bool(results.get("hardware")), bool(results.get("hardware") and results["emulated"])]


def check_kind(old, new, path):
    """Ticks of the emulator and times of a machine have nothing in common."""
    if kind(old) != kind(new):
        raise Unfit(f"{path} has {kind(old)}, this run {kind(new)}: they cannot be compared")


def check_alike(old, quick, path):
    """Quick runs have other numbers of samples, and so other rare latencies."""
    if old["quick"] != quick:
        raise Unfit(f"{path} was made {'with' if old['quick'] else 'without'} --quick; compare like with like")
