# SPDX-License-Identifier: Apache-2.0
"""The gate "controls" notices a bit that nobody decided about, one that two rows decide, and a page that is not what the code says."""
import json

GATE = ("-m", "tools.evidence.controls")
INTERCEPT, CONTROL, EXCEPTION = "hv/x86/svm/intercept.c", "hv/x86/vmx/control.c", "hv/x86/exception.c"
MANUALS, PAGE = "tools/evidence/controls.yaml", "docs/exit-policy.md"
CPUID = "tools/evidence/cpuid.yaml"
HLT = '    { SVM_MISC1, 24U, 24U, WANT_REQUIRED, WANT_OFF, "HLT", "15.9; an exclusive core is its guest\'s to halt" },\n'
PAUSE = '    { FIELD_PRIMARY, 30U, WANT_OFF, WANT_OFF, "PAUSE exiting", "24.6.2" },\n'


def test_the_project_passes(gate, project):
    gate.passes("153 rows, 0 findings")
    result = json.loads((project.root / "build/evidence/results/controls.json").read_text())
    rows = next(table for table in result["tables"] if table["title"] == "The two side by side")["rows"]
    assert ["HLT", "HLT 00Ch[24]", "required", "off", "HLT exiting primary[7]", "required", "off"] in rows


def test_a_bit_of_amd_v_without_a_row(gate, project):
    project.replace(INTERCEPT, HLT, "")
    project.replace("hv/x86/svm/intercept.h", "SVM_INTERCEPT_COUNT 54U", "SVM_INTERCEPT_COUNT 53U")
    gate.fails(INTERCEPT, "AMD-V misc1.24 has no policy")


def test_a_bit_of_vt_x_without_a_row(gate, project):
    project.replace(CONTROL, PAUSE, "")
    project.replace("hv/x86/vmx/control.h", "VMX_CONTROL_COUNT 90U", "VMX_CONTROL_COUNT 89U")
    gate.fails(CONTROL, "VT-x primary.30 has no policy")


def test_a_row_that_is_missing_and_still_counted(gate, project):
    project.replace(CONTROL, PAUSE, "")
    gate.fails(CONTROL, "VT-x pin.0 has no name or no reason")


def test_an_exception_without_a_row(gate, project):
    project.replace(EXCEPTION, "{ 18U, 18U,", "{ 17U, 17U,")
    text = gate.fails(EXCEPTION, "VT-x exception.18 has no policy")
    assert "AMD-V exception.17 has two rows" in text


def test_a_row_for_a_bit_that_the_manuals_do_not_have(gate, project):
    project.replace(INTERCEPT, "{ SVM_MISC3, 6U, 6U,", "{ SVM_MISC3, 6U, 7U,")
    gate.fails(INTERCEPT, "AMD-V misc3.7 has a policy, and", "does not know it")


def test_a_row_without_a_reason(gate, project):
    project.replace(INTERCEPT, HLT, HLT.replace("15.9; an exclusive core is its guest's to halt", ""))
    gate.fails(INTERCEPT, "AMD-V misc1.24 has no name or no reason")


def test_a_bit_in_two_subjects(gate, project):
    project.replace(MANUALS, "amd: [misc1.18]", "amd: [misc1.18, misc1.24]")
    gate.fails(MANUALS, "AMD-V misc1.24 is in two subjects")


def test_a_policy_that_is_changed_in_the_code_alone(gate, project):
    project.replace(INTERCEPT, HLT, HLT.replace("WANT_REQUIRED, WANT_OFF", "WANT_REQUIRED, WANT_REQUIRED"))
    gate.fails(PAGE, "is not what the code makes of it")


def test_a_page_that_is_changed_by_hand(gate, project):
    project.replace(PAGE, "# Exit policy", "# Policy")
    gate.fails(PAGE, "is not what the code makes of it")


def test_a_bit_of_cpuid_that_is_shown_and_should_not_be(gate, project):
    project.replace("hv/core/cpuid.c", "0x20000410U", "0x24000410U")
    gate.fails("hv/core/cpuid.c", "CPUID 7H EDX: list and code differ in 0x4000000")


def test_a_bit_of_cpuid_without_a_row(gate, project):
    project.replace(CPUID, 'bits: "23", way: hidden, name: "key locker"', 'bits: "24", way: hidden, name: "key locker"')
    text = gate.fails(CPUID, "CPUID 7H ECX: bits 0x800000 have no row")
    assert "CPUID 7H ECX: a bit has two rows" in text


def test_a_row_of_cpuid_without_a_reason(gate, project):
    project.replace(CPUID, 'why: "tells machines apart"', 'why: ""')
    gate.fails(CPUID, "CPUID 3: way, name or reason is missing")
