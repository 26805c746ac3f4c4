# SPDX-License-Identifier: Apache-2.0
"""scons size: the hypervisor in memory is no larger than docs/specification.md promises.

Reads build/hv/hv.elf64, which scons hv makes. The pool of stage-2 page tables is not counted: its size is the product of two
capacities, which stand in the specification on their own. Nor are the tables that an IOMMU reads.
"""
import re
import subprocess
import sys

from tools.evidence import specification
from tools.evidence.result import Result
from tools.progress import ROOT

IMAGE = ROOT / "build" / "hv" / "hv.elf64"
FILE = ROOT / "build" / "hv" / "hv.elf"
LIMITS = ROOT / "hv" / "core" / "limits.h"
PROMISED = {"size.memory": "memory_without_pool", "size.text": "text"}
IOMMU_READS = ("iommu_root", "iommu_entry", "iommu_remap", "iommu_irte", "iommu_queue", "amdvi_command", "amdvi_event")  # tables of hv/core/iommu_table.c and hv/x86/iommu.c
SHOWN = 20      # of the largest objects


def output(*command):
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def lengths(symbols):
    """{name: bytes} of nm -S."""
    return {words[3]: int(words[1], 16) for words in map(str.split, symbols.splitlines()) if len(words) == 4}


def size_of(sections, symbols, file_bytes, vms):
    """sections: of size -A -d; symbols: of nm -S."""
    section = {name: int(size) for name, size in re.findall(r"^(\.\w+)\s+(\d+)", sections, re.M)}
    at = {words[-1]: int(words[0], 16) for words in map(str.split, symbols.splitlines()) if len(words) >= 3}
    found = lengths(symbols)
    pool = found["stage2_table"]
    unit = sum(found.get(name, 0) for name in IOMMU_READS)
    memory = at["image_end"] - at["image_start"]
    return {"text": section[".text"], "rodata": section.get(".rodata", 0), "data": section.get(".data", 0), "bss": section.get(".bss", 0),
            "elf_file": file_bytes, "memory": memory, "page_table_pool": pool, "page_table_pool_per_vm": pool // vms, "iommu_tables": unit,
            "memory_without_pool": memory - pool - unit}


def size():
    """Bytes of the hypervisor: sections, file, and what lies in memory from its first to its last byte."""
    vms = int(re.search(r"^#define MAX_VM\s+(\d+)U", LIMITS.read_text(), re.M).group(1))
    return size_of(output("size", "-A", "-d", str(IMAGE)), output("nm", "-S", str(IMAGE)), FILE.stat().st_size, vms)


def main():
    result = Result("size", "The hypervisor takes no more memory than is promised")
    problems = []
    try:
        found, promises = size(), specification.read()
        limits = {name: promises.number(name) for name in PROMISED}
    except (OSError, subprocess.CalledProcessError):
        found, limits = {}, {}
        problems.append(f"{IMAGE.relative_to(ROOT)} cannot be read; run scons hv")
    except specification.Missing as problem:
        found, limits = {}, {}
        problems.append(str(problem))
    for name, limit in limits.items():
        bytes_found = found[PROMISED[name]]
        result.figure(promises[name].words, bytes_found, "bytes", limit)
        print(f"{name}: {bytes_found:,} of {limit:,} bytes")
        if bytes_found > limit:
            problems.append(f"{name}: {bytes_found:,} bytes, promised are {limit:,}")
    if found:
        largest = sorted(lengths(output("nm", "-S", str(IMAGE))).items(), key=lambda item: (-item[1], item[0]))[:SHOWN]
        result.table("The largest objects", ["object", "bytes"], largest)
        result.table("All of it", ["part", "bytes"], found.items())
    for problem in problems:
        result.finding("size", problem)
        print(problem)
    return result.finish(not problems)


if __name__ == "__main__":
    sys.exit(main())
