# SPDX-License-Identifier: Apache-2.0
"""./bulkhead bench from end to end; the parts that take seconds."""
import json
import subprocess
import sys

import pytest

from tools import setup
from tools.progress import ROOT

SAME = ("min", "p50", "p99", "max")


@pytest.mark.not_on("bochs", "bench")
# REQ-TOO-007 REQ-TOO-008
def test_a_quick_benchmark_measures_and_compares_with_itself(folder):
    words = [sys.executable, "-B", "bulkhead", "bench", "--no-setup", "--no-build", "--quick", "--out", str(folder), "--only", "bare"]
    first = subprocess.run(words + ["--only", "alone", "--only", "cost", "--only", "size"], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert first.returncode == 0, first.stdout + first.stderr
    found = json.loads((folder / "bench.json").read_text(encoding="utf-8"))
    conditions = found["conditions"]
    assert list(conditions) == ["bare", "bare-exact", "alone", "alone-exact"]
    for one in conditions.values():
        assert one["samples"] == 500 and one["overruns"] == 0 and one["latency"]["p9999"] is None
    for mode in ("", "-exact"):
        assert [conditions[f"alone{mode}"]["latency"][which] for which in SAME] == [conditions[f"bare{mode}"]["latency"][which] for which in SAME]
        assert conditions[f"alone{mode}"]["exits"] == 0 and conditions[f"alone{mode}"]["boot_ticks"] > 0
    assert all(found["costs"]["exclusive"][kind]["least"] > found["costs"]["bare"]["nothing"]["least"] for kind in ("cpuid", "rdmsr", "in", "vmmcall"))
    assert "vmmcall" not in found["costs"]["bare"] and "vmmcall" in found["costs"]["shared"]
    assert found["timer"]["busy"]["exits"] > 0 and found["timer"]["busy"]["ticks"] > 0
    assert found["size"]["memory"] > found["size"]["page_table_pool"] > 0
    old = folder / "old.json"
    (folder / "bench.json").rename(old)
    again = subprocess.run(words + ["--compare", str(old), "--tolerance", "0"], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert again.returncode == 0 and " 0 worse," in again.stdout, again.stdout + again.stderr


@pytest.mark.not_on("bochs", "bench")
# REQ-TOO-007
def test_paths_through_two_vcpus_and_through_the_device_model_are_measured(folder):
    words = [sys.executable, "-B", "bulkhead", "bench", "--no-setup", "--no-build", "--quick", "--out", str(folder), "--only", "ipi", "--only", "access"]
    run = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    found = json.loads((folder / "bench.json").read_text(encoding="utf-8"))
    least = {side: ticks["least"] for side, ticks in found["ipi"].items()}
    assert 0 < least["bare"] < least["exclusive"] < least["shared"]
    reads = {kind: ticks["least"] for kind, ticks in found["access"].items()}
    assert reads["nothing"] < reads["port"] < reads["dm_port"] and reads["nothing"] < reads["mmio"] < reads["dm_mmio"]


@pytest.mark.skipif(setup.rt_kernel() is None, reason="needs Debian's PREEMPT_RT kernel")
@pytest.mark.not_on("bochs", "bench")
# REQ-TOO-007
def test_cyclictest_in_counted_time_is_measured_on_both_machines(folder):
    words = [sys.executable, "-B", "bulkhead", "bench", "--no-setup", "--no-build", "--quick", "--out", str(folder), "--only", "rt-linux"]
    run = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=900, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    found = json.loads((folder / "bench.json").read_text(encoding="utf-8"))["rt_linux"]
    assert found["bare"]["samples"] == found["alone"]["samples"] == 500
    assert 0 < found["alone"]["latency"]["p50"] < 2 * found["bare"]["latency"]["p50"]
