/* SPDX-License-Identifier: Apache-2.0 */
/* eva-sources: core/exclusive.c core/exclusive_lapic.c core/cpuid.c core/instruction.c core/io.c core/msr.c core/kvmclock.c
   core/guest_walk.c core/decode.c core/mmio.c core/dispatch.c core/irq.c core/sched.c core/vm.c core/insn_apply.c core/ioreq.c
   core/hypercall.c core/hypercall_copy.c core/hypercall_memory.c core/hypercall_vm.c core/vm_user.c core/stats.c
   devices/vpic.c devices/vlapic.c devices/vlapic_regs.c devices/vlapic_access.c devices/vlapic_timer.c devices/vlapic_ipi.c
   devices/vioapic.c devices/platform.c devices/vpci.c devices/vpci_header.c devices/vpci_hv.c devices/vpci_msi.c
   devices/vpci_msix.c devices/vpci_scan.c */
/* eva-stubs: wp log power string */
/* eva-options: -eva-split-return-function vm_create_user:0,hypercall_errno:0 */
/* Exclusive cores: any exit, what comes next, and what other cores may ask of them. */
#include "core/dispatch.h"
#include "core/exclusive.h"
#include "core/exclusive_lapic.h"
#include "proofs/eva/eva.h"

int main(void)
{
    struct vm_exit exit = any_exit();
    assume_all();
    /*@ split exit.reason; */
    exit.number = (exit.reason == HV_EXIT_EXCEPTION) ? (exit.number & 31U) : exit.number;
    switch (any_below(6U)) {
    case 0U: (void)core_exclusive_exit(any_below(MAX_VCPU), &exit); break;
    case 1U: (void)core_exclusive_next(any_below(MAX_VCPU)); break;
    case 2U: exclusive_stop(any_below(MAX_VM)); break;
    case 3U: (void)exclusive_stopped(any_below(MAX_VM)); break;
    case 4U: exclusive_send_sipi(any_below(MAX_VCPU), (uint32_t)any); break;
    default: exclusive_lapic_reset(any_below(MAX_VCPU)); break;
    }
    check_all();
    return 0;
}
