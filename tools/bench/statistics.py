# SPDX-License-Identifier: Apache-2.0
"""Figures of a histogram of latencies: [[ticks, samples], ...]."""

PERCENTILES = {"p50": 5000, "p99": 9900, "p9999": 9999}     # per ten thousand
NAMES = ("min", *PERCENTILES, "max")


def samples(histogram):
    return sum(count for _, count in histogram)


def percentile(histogram, share):
    """The latency at or below which that share of the samples lies. share: per ten thousand, 1 to 10,000. The rule of rt_percentile in
    abi/rt_telemetry.h. None when there are too few samples for one to lie beyond: of 100 samples, there is no 99.99th percentile."""
    total = samples(histogram)
    if total == 0 or (10000 - share) * total < 10000:
        return None
    wanted, seen = -(-total * share // 10000), 0
    for ticks, count in sorted(histogram):
        seen += count
        if seen >= wanted:
            return ticks
    return None


# REQ-TOO-007
def latency(histogram):
    """{min, p50, p99, p9999, max} in ticks."""
    seen = [ticks for ticks, count in histogram if count > 0]
    found = {name: percentile(histogram, share) for name, share in PERCENTILES.items()}
    return {"min": min(seen, default=None), **found, "max": max(seen, default=None)}
