/* SPDX-License-Identifier: Apache-2.0 */
/* What makes a guest exit: one table for shared and one for exclusive vCPUs (APM 2, B-1). */
#include "x86/svm/svm.h"

/* Offset 00Ch. */
#define MISC1_INTR     0x1U
#define MISC1_NMI      0x2U
#define MISC1_SMI      0x4U
#define MISC1_INIT     0x8U
#define MISC1_RDPMC    0x8000U
#define MISC1_CPUID    0x40000U
#define MISC1_INVD     0x400000U
#define MISC1_HLT      0x1000000U
#define MISC1_INVLPGA  0x4000000U
#define MISC1_IOIO     0x8000000U
#define MISC1_MSR      0x10000000U
#define MISC1_FERR     0x40000000U
#define MISC1_SHUTDOWN 0x80000000U
/* Offset 010h. */
#define MISC2_VMRUN    0x1U
#define MISC2_VMMCALL  0x2U
#define MISC2_VMLOAD   0x4U
#define MISC2_VMSAVE   0x8U
#define MISC2_STGI     0x10U
#define MISC2_CLGI     0x20U
#define MISC2_SKINIT   0x40U
#define MISC2_WBINVD   0x200U
#define MISC2_MONITOR  0x400U
#define MISC2_MWAIT    0x800U
#define MISC2_XSETBV   0x2000U
#define MISC2_RDPRU    0x4000U

#define CR8            0x100U
#define EXCEPTION_DB   0x2U
#define EXCEPTION_UD   0x40U
#define EXCEPTION_AC   0x20000U
#define EXCEPTION_MC   0x40000U

struct intercepts {
    uint16_t cr_read;
    uint16_t cr_write;
    uint32_t exceptions;
    uint32_t misc1;
    uint32_t misc2;
};

#define MISC1_ALWAYS (MISC1_NMI | MISC1_SMI | MISC1_INIT | MISC1_RDPMC | MISC1_CPUID | MISC1_INVD | \
                      MISC1_INVLPGA | MISC1_IOIO | MISC1_MSR | MISC1_FERR | MISC1_SHUTDOWN)
#define MISC2_ALWAYS (MISC2_VMRUN | MISC2_VMMCALL | MISC2_VMLOAD | MISC2_VMSAVE | MISC2_STGI | MISC2_CLGI | \
                      MISC2_SKINIT | MISC2_WBINVD | MISC2_MONITOR | MISC2_MWAIT | MISC2_RDPRU)

/* #DB and #AC: a guest can make the CPU deliver them for ever, with no interrupt or NMI taken in between
 * (CVE-2015-5307, CVE-2015-8104): a core that could not be kicked. */
#define EXCEPTIONS_ALWAYS (EXCEPTION_DB | EXCEPTION_AC | EXCEPTION_MC)

/* CR8: TPR is the vLAPIC's, and a CR8 write while V_IRQ is pending stops QEMU 10. */
/* REQ-ISO-026 */
static const struct intercepts shared_intercepts = {
    CR8, CR8, EXCEPTIONS_ALWAYS,
    MISC1_ALWAYS | MISC1_INTR | MISC1_HLT, MISC2_ALWAYS | MISC2_XSETBV };

/* External interrupts, HLT, PAUSE, TPR and XSETBV are the guest's own: its core runs nothing else. */
/* REQ-RT-002 REQ-ISO-026 */
static const struct intercepts exclusive_intercepts = {
    0U, 0U, EXCEPTIONS_ALWAYS, MISC1_ALWAYS, MISC2_ALWAYS };

/* REQ-ISO-019 */
void svm_intercepts_set(struct vmcb *vmcb, bool exclusive, bool service)
{
    const struct intercepts *const set = exclusive ? &exclusive_intercepts : &shared_intercepts;
    vmcb->intercept_cr_read = set->cr_read;
    vmcb->intercept_cr_write = set->cr_write;
    vmcb->intercept_exception = set->exceptions;
    vmcb->intercept_misc1 = set->misc1;
    vmcb->intercept_misc2 = set->misc2;
    if (service) {
        vmcb->intercept_exception |= EXCEPTION_UD; /* Intel's VMCALL is the ACRN ABI's hypercall instruction */
    }
}
