/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest on an Intel CPU with L1TF reads the first-level data cache of its core by speculation, whatever EPT says; on one with MDS and
 * its kin (TAA, MMIO stale data, RFDS) what passed through fill buffers, store buffers and load ports. Both hold what the VM before it
 * on that core has left. Intel: Deep Dive: L1 Terminal Fault; Deep Dive: MDS; SDM 4, IA32_ARCH_CAPABILITIES, IA32_FLUSH_CMD.
 */
#include "x86/speculation.h"

#include "core/hw.h"
#include "core/log.h"
#include "x86/asm.h"
#include "x86/msr.h"
#include "x86/msr_safe.h"
#include "x86/vendor.h"

#define FEATURE_MD_CLEAR     0x400U      /* 7:EDX */
#define FEATURE_L1D_FLUSH    0x10000000U
#define FEATURE_CAPABILITIES 0x20000000U
#define L1TF_NONE  0x9U                  /* RDCL_NO, SKIP_L1DFL_VMENTRY */
#define MDS_NONE   0x800E120ULL          /* MDS_NO, TAA_NO, SBDR_SSDP_NO, FBSDP_NO, PSDP_NO, RFDS_NO: all of them */
#define ITLB_NONE  0x40U                 /* IF_PSCHANGE_MC_NO */
#define L1D_FLUSH  1U                    /* IA32_FLUSH_CMD */

#define CLEARS_L1D     1U                /* pcpu.clears */
#define CLEARS_BUFFERS 2U

/* EDX of leaf 7; nothing on AMD CPUs, which have a flush for this cache and none of these flaws. */
static uint32_t leaf_7_edx(void)
{
    uint32_t highest[4];
    uint32_t leaf[4] = { 0U, 0U, 0U, 0U };
    asm_cpuid(0U, 0U, highest);
    if ((vendor == &vmx_vendor) && (highest[0] >= 7U)) {
        asm_cpuid(7U, 0U, leaf);
    }
    return leaf[3];
}

/* REQ-ISO-055 */
bool hw_arch_capabilities(uint64_t *value)
{
    const bool present = (leaf_7_edx() & FEATURE_CAPABILITIES) != 0U;
    *value = 0U;
    if (present) {
        (void)msr_read_safe(MSR_CAPABILITIES, value); /* an emulator may show the bit without the register */
    }
    return present;
}

/* REQ-ISO-056 */
void speculation_init(struct pcpu *self)
{
    const uint32_t edx = leaf_7_edx();
    uint64_t says = 0U;
    (void)hw_arch_capabilities(&says);
    self->clears = 0U;
    if (((edx & FEATURE_L1D_FLUSH) != 0U) && ((says & L1TF_NONE) == 0U)) {
        self->clears |= CLEARS_L1D;
    }
    if (((edx & FEATURE_MD_CLEAR) != 0U) && ((says & MDS_NONE) != MDS_NONE)) {
        self->clears |= CLEARS_BUFFERS;
    }
}

/* REQ-ISO-056 */
void speculation_say(const struct pcpu *boot)
{
    uint64_t says = 0U;
    (void)hw_arch_capabilities(&says);
    if (boot->clears != 0U) {
        log_begin("cpu");
        log_text("between two VMs, a shared core drops its");
        log_text(((boot->clears & CLEARS_L1D) != 0U) ? " first-level cache" : "");
        log_text(((boot->clears & CLEARS_BUFFERS) != 0U) ? " buffers" : "");
        log_end();
    }
    if (vendor == &vmx_vendor) {
        if (((boot->clears & CLEARS_L1D) == 0U) && ((says & L1TF_NONE) == 0U)) {
            log_line("cpu", "no word that it is free of L1TF, and no flush of the first-level cache: a VM may read what another left there");
        }
        if ((says & ITLB_NONE) == 0U) {
            log_line("cpu", "no word that it is free of iTLB multihit: a VM may stop the machine by a machine check");
        }
    }
}

/* The flush also drops the buffers where it knows of them; VERW does in any case, and is small beside it. */
/* REQ-ISO-056 */
void speculation_clear(const struct pcpu *self)
{
    if ((self->clears & CLEARS_L1D) != 0U) {
        asm_wrmsr(MSR_FLUSH_CMD, L1D_FLUSH);
    }
    if ((self->clears & CLEARS_BUFFERS) != 0U) {
        asm_verw();
    }
}
