# SPDX-License-Identifier: Apache-2.0
"""The unit test of flushes notices each one that is missing: it fails, in the test that is named, on the backend that is named."""
import os
import subprocess

import pytest

VM, MEMORY, USER = "hv/core/vm.c", "hv/core/hypercall_memory.c", "hv/core/vm_user.c"
SVM, VMX, FLUSH = "hv/x86/svm/svm.c", "hv/x86/vmx/vmx.c", "hv/x86/flush.c"
PROGRAM = "build/tests/unit/test_flush"
BOTH = ("AMD-V", "VT-x")
NOTE = "    wanted[vcpu] = cause;\n"
SEEDS = {
    "a shoot-down that no later entry hears of": (
        [(VM, "    vms[v].generation++;\n    for", "    for")], BOTH, "deleted_memory_is_gone_for_a_vcpu_that_ran_before"),
    "a shoot-down that leaves running guests alone": (
        [(VM, "        leave_guest(vcpus[vcpu_id(v, i)].pcpu);\n", "")], BOTH, "deleted_memory_is_gone_for_a_vcpu_in_its_guest"),
    "a shoot-down of the first core only": (
        [(VM, "        leave_guest(vcpus[vcpu_id(v, i)].pcpu);\n", "        leave_guest(vcpus[vcpu_id(v, 0U)].pcpu);\n")], BOTH, "deleted_memory_is_gone_on_every_core_of_the_vm"),
    "deleted memory": (
        [(MEMORY, "    vm_shootdown(v);\n    if (result == 0)", "    if (result == 0)")], BOTH, "a_table_that_serves_another_place_is_forgotten"),
    "restricted memory": (
        [(MEMORY, "        vm_shootdown(v);\n", "")], BOTH, "a_page_restricted_out_of_a_large_one_is_restricted"),
    "a pause": (
        [(USER, "        vms[v].state = VM_PAUSED;\n        vm_shootdown(v);\n", "        vms[v].state = VM_PAUSED;\n")], BOTH, "a_paused_vm_has_left_its_guest"),
    "an end in the guest, three times": (
        [(USER, "        vms[v].state = VM_PAUSED;\n        vm_shootdown(v);\n", "        vms[v].state = VM_PAUSED;\n"),
         (USER, "        vm_shootdown(v);\n        ioreq_release", "        ioreq_release"),
         (VM, "    leave_guest(vcpus[id].pcpu);\n", "")], BOTH, "a_vm_is_destroyed_while_it_is_in_its_guest"),
    "an entry that does not look": (
        [("hv/core/dispatch.c", "        hw_vcpu_flush(id);\n        vcpus[id].seen", "        vcpus[id].seen")], BOTH,
        "what_one_step_of_a_long_hypercall_deletes_is_gone_before_the_next"),
    "what core/ asks for": (
        [(FLUSH, NOTE, NOTE.replace("cause;", "(cause == FLUSH_CHANGED) ? wanted[vcpu] : cause;"))], BOTH,
        "memory_put_in_the_place_of_other_memory_is_what_is_seen"),
    "all that a vCPU's start notes": (
        [(FLUSH, NOTE, NOTE.replace("cause;", "(cause == FLUSH_CHANGED) ? cause : wanted[vcpu];"))], BOTH, "init_of_an_exclusive_vcpu_ends_the_guests_own_translations"),
    "a core that changes vCPU": (
        [(SVM, "    flush_note(id, FLUSH_CORE);\n", "    (void)id;\n")], ("AMD-V",), "vms_that_share_a_tag_see_their_own_memory"),
    "a flush that was owed when a kick came": (
        [(SVM, "TLB_FLUSH_ASID : TLB_FLUSH_ALL;\n", "TLB_FLUSH_ASID : TLB_FLUSH_ALL;\n        flush_done(id);\n")], ("AMD-V",), "a_flush_is_owed_until_the_guest_was_entered"),
    "TLB control": (
        [(SVM, "    if (flush_wanted(id)) {", "    if (false && flush_wanted(id)) {")], ("AMD-V",), "a_vcpu_that_comes_back_to_a_core_finds_nothing_of_an_earlier_stay"),
    "INVEPT": (
        [(VMX, "        vmx_invept_one(vmx_vcpu[id].eptp);\n", "")], ("VT-x",), "a_new_vm_sees_nothing_of_the_one_that_had_its_number"),
    "INVEPT and INVVPID": (
        [(VMX, "    if (flush_wanted(id)) {", "    if (false && flush_wanted(id)) {")], ("VT-x",), "a_reset_vm_has_nothing_of_its_guests_own_translations"),
    "the state of a core": (
        [("hv/x86/vcpu_state.c", "        vendor->vcpu_load(vcpu);\n", "")], ("VT-x",), "vms_that_take_turns_on_a_core_see_their_own_memory"),
}


SEEDED = sorted({file for edits, _, _ in SEEDS.values() for file, _, _ in edits})
LONG_AGO = 1_000_000_000


def run(project):
    """(exit status, what it printed, then what the build did) of the unit test, built from the copy as it is. All copies are of the same
    second, so that only their contents can tell the build what to do."""
    for file in SEEDED:
        os.utime(project.root / file, (LONG_AGO, LONG_AGO))
    built = subprocess.run(["scons", "-Q", "-j2", PROGRAM], cwd=project.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert built.returncode == 0, built.stdout[-2000:]
    done = subprocess.run([f"./{PROGRAM}"], cwd=project.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode, f"{done.stdout}built by:\n{built.stdout}"


def test_nothing_is_missing(project):
    assert run(project)[0] == 0


@pytest.mark.parametrize("missing", SEEDS)
def test_a_missing_flush(project, missing):
    edits, vendors, noticed = SEEDS[missing]
    for file, old, new in edits:
        project.replace(file, old, new)
    status, text = run(project)
    assert status != 0
    for vendor in vendors:
        assert f"[  FAILED  ] {vendor}: {noticed}\n" in text, text
