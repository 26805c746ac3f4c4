/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What makes a guest exit. Every intercept can be asked for on every CPU; one whose instruction the CPU does not have is not
 * looked at, so that the wish for it is "preferred". Bits without a row are reserved and clear.
 */
#include "x86/svm/intercept.h"

#include "x86/exception.h"

/* REQ-ISO-019 REQ-ISO-026 REQ-RT-002 */
const struct svm_intercept svm_intercepts[SVM_INTERCEPT_COUNT] = {
    /* Offset 000h, low half. */
    { SVM_CR_READ, 0U, 7U, WANT_OFF, WANT_OFF, "read of CR0 to CR7", "15.9; the guest's" },
    { SVM_CR_READ, 8U, 8U, WANT_REQUIRED, WANT_OFF, "read of CR8", "15.9; TPR is the virtual APIC's" },
    { SVM_CR_READ, 9U, 15U, WANT_OFF, WANT_OFF, "read of CR9 to CR15", "15.9; no such registers" },
    /* High half. */
    { SVM_CR_WRITE, 0U, 7U, WANT_OFF, WANT_OFF, "write of CR0 to CR7", "15.9; VMRUN and #VMEXIT switch them" },
    { SVM_CR_WRITE, 8U, 8U, WANT_REQUIRED, WANT_OFF, "write of CR8", "15.9; TPR is the virtual APIC's, and a write while V_IRQ is pending stops QEMU 10" },
    { SVM_CR_WRITE, 9U, 15U, WANT_OFF, WANT_OFF, "write of CR9 to CR15", "15.9; no such registers" },
    /* Offset 004h. */
    { SVM_DR_READ, 0U, 15U, WANT_OFF, WANT_OFF, "read of DR0 to DR15", "15.9; debug registers move with the vCPU" },
    { SVM_DR_WRITE, 0U, 15U, WANT_OFF, WANT_OFF, "write of DR0 to DR15", "15.9" },
    /* Offset 00Ch. */
    { SVM_MISC1, 0U, 0U, WANT_REQUIRED, WANT_OFF, "INTR", "15.13.1; an exclusive core's interrupts are its guest's" },
    { SVM_MISC1, 1U, 1U, WANT_REQUIRED, WANT_REQUIRED, "NMI", "15.13.2; the kick" },
    { SVM_MISC1, 2U, 2U, WANT_REQUIRED, WANT_REQUIRED, "SMI", "15.13.3; else its handler runs on the guest's tables" },
    { SVM_MISC1, 3U, 3U, WANT_REQUIRED, WANT_REQUIRED, "INIT", "15.13.4" },
    { SVM_MISC1, 4U, 4U, WANT_ON_DEMAND, WANT_ON_DEMAND, "VINTR", "15.13.5; the interrupt window" },
    { SVM_MISC1, 5U, 5U, WANT_OFF, WANT_OFF, "write of CR0 but TS and MP", "15.9" },
    { SVM_MISC1, 6U, 9U, WANT_OFF, WANT_OFF, "read of IDTR, GDTR, LDTR, TR", "15.9" },
    { SVM_MISC1, 10U, 13U, WANT_OFF, WANT_OFF, "write of IDTR, GDTR, LDTR, TR", "15.9" },
    { SVM_MISC1, 14U, 14U, WANT_OFF, WANT_OFF, "RDTSC", "15.9; all VMs see the machine's TSC" },
    { SVM_MISC1, 15U, 15U, WANT_REQUIRED, WANT_REQUIRED, "RDPMC", "15.9; counters are the host's" },
    { SVM_MISC1, 16U, 17U, WANT_OFF, WANT_OFF, "PUSHF, POPF", "15.9" },
    { SVM_MISC1, 18U, 18U, WANT_REQUIRED, WANT_REQUIRED, "CPUID", "15.9; by the policy of core/cpuid.c" },
    { SVM_MISC1, 19U, 19U, WANT_OFF, WANT_OFF, "RSM", "15.9; #UD outside SMM" },
    { SVM_MISC1, 20U, 20U, WANT_ON_DEMAND, WANT_ON_DEMAND, "IRET", "15.9, 15.21.9; tells that a guest's NMI handler returns" },
    { SVM_MISC1, 21U, 21U, WANT_OFF, WANT_OFF, "INTn", "15.9" },
    { SVM_MISC1, 22U, 22U, WANT_REQUIRED, WANT_REQUIRED, "INVD", "15.9; throws away what others have in caches" },
    { SVM_MISC1, 23U, 23U, WANT_OFF, WANT_OFF, "PAUSE", "15.9, 15.14.4" },
    { SVM_MISC1, 24U, 24U, WANT_REQUIRED, WANT_OFF, "HLT", "15.9; an exclusive core is its guest's to halt" },
    { SVM_MISC1, 25U, 25U, WANT_OFF, WANT_OFF, "INVLPG", "15.9; stage 2 does not need it" },
    { SVM_MISC1, 26U, 26U, WANT_REQUIRED, WANT_REQUIRED, "INVLPGA", "15.9; virtualization is hidden from guests" },
    { SVM_MISC1, 27U, 27U, WANT_REQUIRED, WANT_REQUIRED, "IOIO_PROT", "15.10; the bitmap decides" },
    { SVM_MISC1, 28U, 28U, WANT_REQUIRED, WANT_REQUIRED, "MSR_PROT", "15.11; the bitmap decides" },
    { SVM_MISC1, 29U, 29U, WANT_OFF, WANT_OFF, "task switch", "15.14.1" },
    { SVM_MISC1, 30U, 30U, WANT_REQUIRED, WANT_REQUIRED, "FERR_FREEZE", "15.14.2; else a core freezes until an external interrupt" },
    { SVM_MISC1, 31U, 31U, WANT_REQUIRED, WANT_REQUIRED, "shutdown", "15.14.3; else the machine resets" },
    /* Offset 010h. */
    { SVM_MISC2, 0U, 0U, WANT_REQUIRED, WANT_REQUIRED, "VMRUN", "15.9; VMRUN demands it (15.5.1)" },
    { SVM_MISC2, 1U, 1U, WANT_REQUIRED, WANT_REQUIRED, "VMMCALL", "15.9; hypercalls" },
    { SVM_MISC2, 2U, 3U, WANT_REQUIRED, WANT_REQUIRED, "VMLOAD, VMSAVE", "15.9; they go to physical addresses" },
    { SVM_MISC2, 4U, 5U, WANT_REQUIRED, WANT_REQUIRED, "STGI, CLGI", "15.9; without GIF no kick reaches the core" },
    { SVM_MISC2, 6U, 6U, WANT_REQUIRED, WANT_REQUIRED, "SKINIT", "15.9" },
    { SVM_MISC2, 7U, 7U, WANT_OFF, WANT_OFF, "RDTSCP", "15.9" },
    { SVM_MISC2, 8U, 8U, WANT_OFF, WANT_OFF, "ICEBP", "15.9; its #DB exits" },
    { SVM_MISC2, 9U, 9U, WANT_REQUIRED, WANT_REQUIRED, "WBINVD, WBNOINVD", "15.9; empties caches of others" },
    { SVM_MISC2, 10U, 10U, WANT_REQUIRED, WANT_REQUIRED, "MONITOR, MONITORX", "15.9; hidden from guests" },
    { SVM_MISC2, 11U, 11U, WANT_REQUIRED, WANT_REQUIRED, "MWAIT, MWAITX", "15.9; hidden from guests" },
    { SVM_MISC2, 12U, 12U, WANT_OFF, WANT_OFF, "MWAIT, MWAITX if armed", "15.9; all exit" },
    { SVM_MISC2, 13U, 13U, WANT_REQUIRED, WANT_OFF, "XSETBV", "15.9; XCR0 of an exclusive core is its guest's" },
    { SVM_MISC2, 14U, 14U, WANT_PREFERRED, WANT_PREFERRED, "RDPRU", "15.9; counters are the host's" },
    { SVM_MISC2, 15U, 15U, WANT_OFF, WANT_OFF, "write of EFER, after it", "15.9; the MSR bitmap sees it before" },
    { SVM_MISC2, 16U, 31U, WANT_OFF, WANT_OFF, "write of CR0 to CR15, after it", "15.9" },
    /* Offset 014h. */
    { SVM_MISC3, 0U, 1U, WANT_OFF, WANT_OFF, "INVLPGB, all or illegal", "15.9; #UD, as bit 7 of 090h is clear" },
    { SVM_MISC3, 2U, 2U, WANT_OFF, WANT_OFF, "INVPCID", "15.9; stage 2 does not need it" },
    { SVM_MISC3, 3U, 3U, WANT_OFF, WANT_OFF, "MCOMMIT", "15.9; #UD, as a guest's EFER bit for it cannot be set" },
    { SVM_MISC3, 4U, 4U, WANT_OFF, WANT_OFF, "TLBSYNC", "15.9; #UD, as bit 7 of 090h is clear" },
    { SVM_MISC3, 5U, 5U, WANT_OFF, WANT_OFF, "bus lock threshold", "15.14.5" },
    { SVM_MISC3, 6U, 6U, WANT_OFF, WANT_OFF, "HLT without a virtual interrupt", "15.9; all exit on shared cores" },
};

/* REQ-ISO-019 */
void svm_intercepts_set(struct vmcb *vmcb, bool exclusive, bool service)
{
    uint32_t word[SVM_WORDS] = { 0 };
    for (uint32_t i = 0U; i < SVM_INTERCEPT_COUNT; i++) {
        const struct svm_intercept *const row = &svm_intercepts[i];
        if (want_set(exclusive ? row->exclusive : row->shared)) {
            word[row->word] |= want_mask(row->first, row->last);
        }
    }
    vmcb->intercept_cr_read = (uint16_t)word[SVM_CR_READ];
    vmcb->intercept_cr_write = (uint16_t)word[SVM_CR_WRITE];
    vmcb->intercept_dr_read = (uint16_t)word[SVM_DR_READ];
    vmcb->intercept_dr_write = (uint16_t)word[SVM_DR_WRITE];
    vmcb->intercept_exception = exception_bitmap(exclusive) | (service ? EXCEPTION_BIT_UD : 0U);
    vmcb->intercept_misc1 = word[SVM_MISC1];
    vmcb->intercept_misc2 = word[SVM_MISC2];
    vmcb->intercept_misc3 = word[SVM_MISC3];
}
