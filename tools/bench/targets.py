# SPDX-License-Identifier: Apache-2.0
"""What ./bulkhead bench holds the figures against. A target is an aim; what is promised stands in docs/specification.md and is enforced by tests.

A target that is not met, or that no run measures yet, is shown as such and fails nothing."""
import collections

TURN = 40           # ticks by which the longest latency may exceed the bare machine's
MIB = 1024 * 1024
TICKS_PER_MS = 1_000_000
LATER = "not measured by this version"

# measured(results): a number, or None when this run has no such figure. limit: the most that is good. why: for a target without a measurement.
Target = collections.namedtuple("Target", "name words limit unit measured why", defaults=(None, LATER))


def nested(results, *path):
    """The value at that path, or None when a part of it is not there."""
    for step in path:
        if not isinstance(results, dict) or results.get(step) is None:
            return None
        results = results[step]
    return results


def value(*path):
    return lambda results: nested(results, *path)


def beyond_bare(results, name, bare, which):
    """Ticks by which that figure exceeds the bare machine's; 0 when it is not longer."""
    here, there = nested(results, "conditions", name, "latency", which), nested(results, "conditions", bare, "latency", which)
    return None if here is None or there is None else max(0, here - there)


def excess(name, which):
    return lambda results: beyond_bare(results, name, "bare", which)


def largest_difference(results):
    """Between alone and bare, one instruction to a block: minimum, percentiles and maximum."""
    here, there = (nested(results, "conditions", f"{name}-exact") for name in ("alone", "bare"))
    if here is None or there is None:
        return None
    both = [(here["latency"][which], there["latency"][which]) for which in here["latency"]]
    return max(abs(one - other) for one, other in both if one is not None and other is not None)


def rt_linux_difference(results):
    here, there = (nested(results, "rt_linux", side, "latency", "p50") for side in ("alone", "bare"))
    return None if here is None or there is None else here - there


def nic_difference(results):
    """Of the medians, one instruction to a block; the one of polling or of messages that differs more."""
    sides = [nested(results, "nic", wait, "icount-exact") for wait in ("poll", "msix")]
    return None if None in sides else max((one["alone"]["latency"]["p50"] - one["bare"]["latency"]["p50"] for one in sides), key=abs)


def beyond_percent(one):
    """Negative when Bulkhead takes less."""
    return 100 * (one["bulkhead"] - one["bare"]) / one["bare"]


def beyond_bare_boot(name):
    def measured(results):
        one = nested(results, "linux_boot", name)
        return None if one is None else beyond_percent(one)
    return measured


def milliseconds(*path):
    def measured(results):
        ticks = nested(results, *path)
        return None if ticks is None else ticks / TICKS_PER_MS
    return measured


def page_of(case):
    """Ticks to map and to unmap a page in that case of tools/bench/mapping.py."""
    def measured(results):
        one = nested(results, "mapping", case)
        return None if one is None else (one["map"] + one["unmap"]) / one["pages"]
    return measured


TARGETS = (
    Target("latency-alone", "Latency alone: largest difference to the bare machine at any percentile", 0, "ticks", largest_difference),
    Target("exits-alone", "VM exits in the steady state, alone", 0, "exits", value("conditions", "alone", "exits")),
    Target("latency-linux-p50", "Median latency beside the Linux Service VM, above the bare machine's", 0, "ticks", excess("linux", "p50")),
    Target("latency-linux-max", "Longest latency beside the Linux Service VM, above the bare machine's", TURN, "ticks", excess("linux", "max")),
    Target("exits-linux", "VM exits in the steady state, beside the Linux Service VM", 0, "exits", value("conditions", "linux", "exits")),
    Target("latency-loaded-p50", "Median latency beside loaded Service VM and User VMs, above the bare machine's", 0, "ticks", excess("loaded", "p50")),
    Target("latency-loaded-max", "Longest latency beside loaded Service VM and User VMs, above the bare machine's", TURN, "ticks", excess("loaded", "max")),
    Target("exits-loaded", "VM exits in the steady state, beside loaded Service VM and User VMs", 0, "exits", value("conditions", "loaded", "exits")),
    Target("latency-storm-p50", "Median latency beside a storm of hypercalls, interrupts and User VMs, above the bare machine's", 0, "ticks", excess("storm", "p50")),
    Target("latency-storm-max", "Longest latency beside that storm, above the bare machine's", TURN, "ticks", excess("storm", "max")),
    Target("exits-storm", "VM exits in the steady state, beside that storm", 0, "exits", value("conditions", "storm", "exits")),
    Target("latency-preempt-rt", "Median latency of PREEMPT_RT Linux as real-time VM, less the bare machine's", None, "ticks", rt_linux_difference),
    Target("nic-round-trip", "Median round trip of a frame through the RTVM's Ethernet controller, less the bare machine's", None, "ticks", nic_difference),
    Target("cost-cpuid", "CPUID exit, exclusive core", 200, "ticks", value("costs", "exclusive", "cpuid", "least")),
    Target("cost-hypercall", "Null hypercall, exclusive core (it is refused there)", 150, "ticks", value("costs", "exclusive", "vmmcall", "least")),
    Target("cost-hypercall-shared", "Null hypercall, shared core", 150, "ticks", value("costs", "shared", "vmmcall", "least")),
    Target("cost-port", "Port exit handled in the hypervisor, exclusive core", 250, "ticks", value("costs", "exclusive", "in", "least")),
    Target("cost-msr", "MSR exit, exclusive core", 250, "ticks", value("costs", "exclusive", "rdmsr", "least")),
    Target("cost-device-model", "MMIO read answered by the device model, round trip", 7000, "ticks", value("access", "dm_mmio", "mean")),
    Target("timer-shared-exits", "VM exits for a timer interrupt of a shared vCPU", 2, "exits", value("timer", "busy", "exits")),
    Target("timer-shared", "Host instructions for a timer interrupt of a shared vCPU", 2000, "ticks", value("timer", "busy", "ticks")),
    Target("ipi-exclusive", "IPI round trip between halted vCPUs on exclusive cores", 250, "ticks", value("ipi", "exclusive", "mean")),
    Target("ipi-shared", "IPI round trip between halted vCPUs on shared cores", 8000, "ticks", value("ipi", "shared", "mean")),
    Target("map-4k", "Mapping and unmapping a page of 4 KiB, one of 65,536", None, "ticks", page_of("4k_65536")),
    Target("map-2m", "Mapping and unmapping a page of 2 MiB, one of 256", None, "ticks", page_of("2m_256")),
    Target("map-1g", "Mapping and unmapping 1 GiB, in pages of 2 MiB", None, "ticks", page_of("1g_1")),
    Target("boot-linux-service", "Service VM's Linux boot path, beyond the bare machine's", 2, "%", beyond_bare_boot("service")),
    Target("boot-linux-user", "User VM's Linux boot path, beyond the bare machine's", 2, "%", beyond_bare_boot("user")),
    Target("boot-rtvm", "Hypervisor's entry to the first instruction of a 64 MiB RTVM, alone", 20, "ms", milliseconds("conditions", "alone", "boot_ticks")),
    Target("boot-rtvm-linux", "The same, with a Linux Service VM to load", 20, "ms", milliseconds("conditions", "linux", "boot_ticks")),
    Target("memory", "Hypervisor's memory without the pools of page tables", 2 * MIB, "bytes", value("size", "memory_without_pool")),
    Target("text", "Hypervisor's text", 160 * 1024, "bytes", value("size", "text")),
)


# REQ-TOO-007
def judge(results, targets=TARGETS):
    """[{name, words, limit, unit, measured, met, why}]; met is None when there is nothing to judge, and why says why."""
    rows = []
    for target in targets:
        measured = target.measured(results) if target.measured else None
        met = None if measured is None or target.limit is None else measured <= target.limit
        why = None if measured is not None else target.why if target.measured is None else "left out of this run"
        rows.append({"name": target.name, "words": target.words, "limit": target.limit, "unit": target.unit, "measured": measured, "met": met, "why": why})
    return rows
