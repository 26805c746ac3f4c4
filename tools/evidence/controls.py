# SPDX-License-Identifier: Apache-2.0
"""Gate "controls": each bit that decides about an exit has a policy, and docs/exit-policy.md shows both vendors' side by side.

    python3 -m tools.evidence.controls [--write]     (scons controls)

The tables of the hypervisor (hv/x86/svm/intercept.c, hv/x86/vmx/control.c, hv/x86/exception.c) are compiled for the host and printed by
a small program, so that the page shows what the compiler saw. tools/evidence/controls.yaml lists the bits that the manuals define, by
subject. A bit of the manuals without a row, a row for a bit that no manual has, a bit with two rows, a row without a reason and a page that
is not what the code makes of it fail. The same for CPUID (cpuid_table.py). --write writes the page.
"""
import itertools
import re
import subprocess
import sys

import yaml

from tools.evidence import cpuid_table
from tools.evidence.generated import is_kept, markdown
from tools.evidence.result import Result
from tools.progress import ROOT

TABLE = ROOT / "tools" / "evidence" / "controls.yaml"
PAGE = ROOT / "docs" / "exit-policy.md"
OUT = ROOT / "build" / "evidence" / "controls"
COMMAND = "python3 -m tools.evidence.controls --write"
SOURCES = {"amd": "hv/x86/svm/intercept.c", "intel": "hv/x86/vmx/control.c", "exception": "hv/x86/exception.c"}
VENDORS = {"amd": "AMD-V", "intel": "VT-x"}
WANTS = ("off", "preferred", "required", "on demand", "with virtual APIC", "without virtual APIC")
AMD_WORDS = ("cr_read", "cr_write", "dr_read", "dr_write", "misc1", "misc2", "misc3")
INTEL_FIELDS = ("pin", "primary", "secondary", "exit", "entry")
# Where a bit stands: what the manual calls the field, and how many bits lie before it there.
PLACES = {"cr_read": ("000h", 0), "cr_write": ("000h", 16), "dr_read": ("004h", 0), "dr_write": ("004h", 16), "exception": ("exceptions", 0),
          "misc1": ("00Ch", 0), "misc2": ("010h", 0), "misc3": ("014h", 0), **{name: (name, 0) for name in INTEL_FIELDS}}
PROGRAM = r"""
#include <stdio.h>
#include "x86/exception.h"
#include "x86/svm/intercept.h"
#include "x86/vmx/vmx.h"
static void row(const char *vendor, uint32_t field, uint32_t first, uint32_t last, enum want shared, enum want exclusive, const char *name, const char *why)
{
    printf("%s\t%u\t%u\t%u\t%u\t%u\t%s\t%s\n", vendor, field, first, last, (unsigned)shared, (unsigned)exclusive, (name == NULL) ? "" : name, (why == NULL) ? "" : why);
}
int main(void)
{
    for (uint32_t i = 0U; i < SVM_INTERCEPT_COUNT; i++) {
        const struct svm_intercept *const r = &svm_intercepts[i];
        row("amd", (uint32_t)r->word, r->first, r->last, r->shared, r->exclusive, r->name, r->why);
    }
    for (uint32_t i = 0U; i < VMX_CONTROL_COUNT; i++) {
        const struct vmx_control *const r = &vmx_controls[i];
        row("intel", (uint32_t)r->field, r->bit, r->bit, r->shared, r->exclusive, r->name, r->why);
    }
    for (uint32_t i = 0U; i < EXCEPTION_POLICY_COUNT; i++) {
        const struct exception_policy *const r = &exception_policies[i];
        row("exception", 0U, r->first, r->last, r->shared, r->exclusive, r->name, r->why);
    }
    printf("mask\tCR0\t%x\nmask\tCR4\t%x\n", (unsigned)VMX_CR0_OWNED, (unsigned)VMX_CR4_OWNED);
    return 0;
}
"""
INTRODUCTION = """What makes a guest leave, on both vendors, for a vCPU on a shared core and for one on an exclusive core: every intercept bit of AMD-V's VMCB and every bit of VT-x's
control fields that the manuals define. The hypervisor sets its fields from the tables that this page is made of (`hv/x86/svm/intercept.c`, `hv/x86/vmx/control.c`,
`hv/x86/exception.c`); the gate `controls` fails when a bit is in none of them or the page is not what they say.

- **required**: set; a CPU without it is refused at boot, by name.
- **preferred**: set when the CPU has it.
- **on demand**: clear, and set while it is needed; the reason says when.
- **with virtual APIC**: clear, and set while the CPU has the vCPU's local APIC, which it gets in x2APIC mode when the CPU has all of these.
- **without virtual APIC**: as required, but clear while the CPU has the vCPU's local APIC.
- **off**: clear; on VT-x a CPU that demands it is refused.

Which MSRs and ports exit is decided by maps, all closed until opened (`hv/core/msr_table.h`, decision [0006](decisions/0006-interrupt-ownership-and-platform-controls.md)); which memory, by
the tables of stage 2. How the VT-x controls are used: decision [0020](decisions/0020-vt-x.md). CPUID always exits; the last table has what it answers, for each leaf and each bit of its registers
of features (`hv/core/cpuid.c`, `tools/evidence/cpuid.yaml`): **passed** as the machine says, **fixed** by the hypervisor, or **hidden** (0). MSRs follow it: those of hidden features are #GP."""


class Row:
    """One row of a table in C."""

    def __init__(self, vendor, field, first, last, shared, exclusive, name, why):
        self.vendor = vendor
        self.field = "exception" if vendor == "exception" else (AMD_WORDS if vendor == "amd" else INTEL_FIELDS)[int(field)]
        self.first, self.last, self.name, self.why = int(first), int(last), name, why
        self.shared, self.exclusive = WANTS[int(shared)], WANTS[int(exclusive)]

    def bits(self):
        return {(self.field, bit) for bit in range(self.first, self.last + 1)}

    def place(self):
        name, shift = PLACES[self.field]
        return f"{name}[{self.first + shift}]" if self.first == self.last else f"{name}[{self.last + shift}:{self.first + shift}]"


def compiled():
    """([Row], {register: mask}): what the hypervisor's tables are."""
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "print.c").write_text(PROGRAM, encoding="utf-8")
    subprocess.run(["gcc", "-std=c11", "-Ihv", "-I.", "-o", str(OUT / "print"), str(OUT / "print.c"), *SOURCES.values()], cwd=ROOT, check=True)
    lines = [line.split("\t") for line in subprocess.run([OUT / "print"], check=True, capture_output=True, text=True).stdout.splitlines()]
    return [Row(*words) for words in lines if words[0] != "mask"], {words[1]: int(words[2], 16) for words in lines if words[0] == "mask"}


def bits_of(reference):
    """{(field, bit)} of FIELD.BIT or FIELD.FIRST-LAST."""
    field, first, last = re.fullmatch(r"(\w+)\.(\d+)(?:-(\d+))?", reference).groups()
    return {(field, bit) for bit in range(int(first), int(last or first) + 1)}


def rows_of(rows, vendor):
    return [row for row in rows if row.vendor in (vendor, "exception")]


def compare(rows, subjects, complain):
    """Each bit stands once in the manuals' list and once in the code."""
    for vendor, name in VENDORS.items():
        listed, coded = {}, {}
        for subject in subjects:
            for bit in itertools.chain.from_iterable(bits_of(reference) for reference in subject.get(vendor, ())):
                if listed.setdefault(bit, subject["subject"]) != subject["subject"]:
                    complain(f"{name} {bit[0]}.{bit[1]} is in two subjects", TABLE.relative_to(ROOT))
        for row in rows_of(rows, vendor):
            source = SOURCES[row.vendor]
            if not row.name or not row.why:
                complain(f"{name} {row.field}.{row.first} has no name or no reason", source)
            for bit in row.bits():
                if coded.setdefault(bit, row) is not row:
                    complain(f"{name} {bit[0]}.{bit[1]} has two rows", source)
        for field, bit in sorted(set(listed) - set(coded)):
            complain(f"{name} {field}.{bit} has no policy: a row is missing", SOURCES["exception" if field == "exception" else vendor])
        for field, bit in sorted(set(coded) - set(listed)):
            complain(f"{name} {field}.{bit} has a policy, and {TABLE.relative_to(ROOT)} does not know it", SOURCES[coded[field, bit].vendor])


def side(rows, subject, vendor):
    """[[bit, shared, exclusive]] of one vendor's half of a subject, in the order of the manuals' list."""
    cells = []
    for reference in subject.get(vendor, ()):
        for row in rows_of(rows, vendor):
            if row.bits() & bits_of(reference) and [f"{row.name} `{row.place()}`", row.shared, row.exclusive] not in cells:
                cells.append([f"{row.name} `{row.place()}`", row.shared, row.exclusive])
    if vendor in subject.get("always", {}):
        cells.append([f"has no bit ({subject['always'][vendor]})", "always exits", "always exits"])
    return cells


def beside(rows, subjects):
    lines = []
    for subject in subjects:
        for at, (amd, intel) in enumerate(itertools.zip_longest(side(rows, subject, "amd"), side(rows, subject, "intel"), fillvalue=["", "", ""])):
            lines.append([subject["subject"] if at == 0 else "", *amd, *intel])
    return lines


def reasons(rows, vendor):
    return [[f"`{row.place()}`", row.name, row.why] for row in rows if row.vendor == vendor]


def tables(rows, masks, subjects):
    """[(title, columns, rows)] for page and report."""
    return [("The two side by side", ["subject", "AMD-V", "shared", "exclusive", "VT-x", "shared", "exclusive"], beside(rows, subjects)),
            ("What stands elsewhere", ["subject", "where"], [[one["subject"], one["note"]] for one in subjects if "note" in one]),
            ("Bits of control registers that exit on VT-x when a guest changes them", ["register", "mask"], [[name, f"{mask:#x}"] for name, mask in masks.items()]),
            ("AMD-V: clauses of the APM, volume 2, and reasons", ["VMCB", "what exits", "clause and reason"], reasons(rows, "amd")),
            ("VT-x: clauses of the SDM, volume 3, and reasons", ["field", "control", "clause and reason"], reasons(rows, "intel")),
            ("Exceptions of both (APM 2, 15.12; SDM 3, 24.6.3)", ["vectors", "exceptions", "reason"], reasons(rows, "exception"))]


def cpuid_of(complain):
    rows, masks = cpuid_table.load()
    cpuid_table.compare(rows, masks, complain)
    return [("CPUID: what guests see, and why", ["leaf", "what", "way", "reason"], cpuid_table.cells(rows))]


def page(made):
    lines = [f"<!-- SPDX-License-Identifier: Apache-2.0. Made of the hypervisor's tables and tools/evidence/controls.yaml by {COMMAND}; change these, not this page. -->",
             "# Exit policy", "", INTRODUCTION, ""]
    for title, columns, cells in made:
        lines += [f"## {title}", "", *markdown(columns, cells)]
    return "\n".join(lines)


# REQ-EVI-041
def main():
    result = Result("controls", "Each bit that decides about an exit has a policy for shared and for exclusive vCPUs, on both vendors")

    def complain(message, file, rule="controls"):
        result.finding(rule, message, str(file), 1)
        print(f"{file}: {message}")

    subjects = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    rows, masks = compiled()
    compare(rows, subjects, complain)
    made = tables(rows, masks, subjects) + cpuid_of(complain)
    text = page(made)
    if not is_kept(PAGE, text, "--write" in sys.argv[1:]):
        complain(f"is not what the code makes of it: run {COMMAND}", PAGE.relative_to(ROOT), "controls-page")
    for vendor, name in VENDORS.items():
        mine = rows_of(rows, vendor)
        result.figure(f"{name}: bits with a policy", sum(len(row.bits()) for row in mine))
        result.figure(f"{name}: of these set for shared vCPUs", sum(len(row.bits()) for row in mine if row.shared in ("required", "preferred", "without virtual APIC")))
        result.figure(f"{name}: of these set for exclusive vCPUs", sum(len(row.bits()) for row in mine if row.exclusive in ("required", "preferred")))
    for title, columns, cells in made:
        result.table(title, columns, [[cell.replace("`", "") for cell in row] for row in cells])
    result.note("The list of bits was made from the manuals by hand; a bit of a later edition is missing in it until somebody adds it.")
    print(f"controls: {len(rows)} rows, {len(result.findings)} findings")
    return result.finish(not result.findings)


if __name__ == "__main__":
    sys.exit(main())
