/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a vCPU switch carries besides the vendor's own state. One row an item:
 *
 *   item                     where between runs      when switched
 *   x87 .. PKRU (XSAVE)      xsave_area              vCPU switch
 *   XCR0                     saved_xcr0              vCPU switch; set by XSETBV's handler
 *   TSC_AUX                  saved_tsc_aux           vCPU switch
 *   DR0..DR3                 saved_debug             vCPU switch; DR6, DR7 by the vendor
 *   SPEC_CTRL                saved_spec_ctrl         vCPU switch, when the CPU has it
 *   FS, GS, KERNEL_GS, STAR, LSTAR, CSTAR, SFMASK, SYSENTER_*, PAT, EFER, CR0..4  vendor
 *
 * The hypervisor itself uses none of these registers, so they stay loaded between exits.
 */
#include "x86/vcpu_state.h"

#include "core/hw.h"
#include "core/vm.h"
#include "x86/asm.h"
#include "x86/features.h"
#include "x86/msr.h"
#include "x86/pcpu.h"
#include "x86/vendor.h"

#define XSAVE_SIZE       4096U
#define XSAVE_MXCSR      24U     /* offset in the legacy area (Intel SDM 1, 13.4.1) */
#define MXCSR_RESET      0x1F80U
#define XCR0_X87         1U

static uint8_t xsave_area[MAX_VCPU][XSAVE_SIZE] __attribute__((aligned(64)));
static uint64_t saved_xcr0[MAX_VCPU];
static uint64_t saved_tsc_aux[MAX_VCPU];
static uint64_t saved_debug[MAX_VCPU][4];
static uint64_t saved_spec_ctrl[MAX_VCPU];
static bool stale[MAX_VCPU]; /* reset, perhaps by another core, since its own core loaded it */
static pcpu_id_t loaded_by[MAX_VCPU]; /* core that loaded it last; a vCPU's next life may be on another */

static bool has_rdtscp(void)
{
    uint32_t leaf[4];
    asm_cpuid(0x80000001U, 0U, leaf);
    return (leaf[3] & 0x8000000U) != 0U;
}

/* AMD: 8000_0008 EBX[14] IBRS or EBX[12] IBPB brings SPEC_CTRL only with IBRS or STIBP (APM 2, 3.2.9).
 * Intel: leaf 7, EDX[26] IBRS and IBPB, EDX[27] STIBP, EDX[31] SSBD (SDM 2, CPUID); AMD has no bit there. */
static bool has_spec_ctrl(void)
{
    uint32_t highest[4];
    uint32_t leaf[4];
    bool intel = false;
    asm_cpuid(0U, 0U, highest);
    if (highest[0] >= 7U) {
        asm_cpuid(7U, 0U, leaf);
        intel = (leaf[3] & (0x4000000U | 0x8000000U | 0x80000000U)) != 0U;
    }
    asm_cpuid(0x80000008U, 0U, leaf);
    return intel || ((leaf[1] & (0x4000U | 0x8000U | 0x1000000U)) != 0U);
}

static bool optional_rdtscp;
static bool optional_spec_ctrl;

void vcpu_state_core_init(void)
{
    optional_rdtscp = has_rdtscp();
    optional_spec_ctrl = has_spec_ctrl();
    asm_xsetbv(0U, features_xcr0());
}

/* REQ-ISO-023 */
void vcpu_state_reset(vcpu_id_t vcpu)
{
    for (uint32_t i = 0U; i < XSAVE_SIZE; i++) {
        xsave_area[vcpu][i] = 0U; /* XSTATE_BV = 0: XRSTOR sets every component to its initial state */
    }
    xsave_area[vcpu][XSAVE_MXCSR] = (uint8_t)MXCSR_RESET;
    xsave_area[vcpu][XSAVE_MXCSR + 1U] = (uint8_t)(MXCSR_RESET >> 8);
    saved_xcr0[vcpu] = XCR0_X87;
    saved_tsc_aux[vcpu] = 0U;
    saved_spec_ctrl[vcpu] = 0U;
    for (uint32_t i = 0U; i < 4U; i++) {
        saved_debug[vcpu][i] = 0U;
    }
    stale[vcpu] = true;
}

/* Whether that core, the calling one, carries this vCPU's present state, not that of an earlier life. */
static bool is_loaded_on(const struct pcpu *self, vcpu_id_t vcpu)
{
    return (self->loaded == vcpu) && (loaded_by[vcpu] == self->id) && (!stale[vcpu]);
}

static bool is_loaded_here(vcpu_id_t vcpu)
{
    return is_loaded_on(&pcpus[hw_pcpu()], vcpu);
}

static void state_save(vcpu_id_t vcpu)
{
    saved_xcr0[vcpu] = asm_xgetbv(0U); /* an exclusive guest changes it without an exit */
    asm_xsetbv(0U, features_xcr0());
    asm_xsave(xsave_area[vcpu], features_xcr0());
    saved_debug[vcpu][0] = asm_read_dr0();
    saved_debug[vcpu][1] = asm_read_dr1();
    saved_debug[vcpu][2] = asm_read_dr2();
    saved_debug[vcpu][3] = asm_read_dr3();
    if (optional_rdtscp) {
        saved_tsc_aux[vcpu] = asm_rdmsr(MSR_TSC_AUX);
    }
    if (optional_spec_ctrl) {
        saved_spec_ctrl[vcpu] = asm_rdmsr(MSR_SPEC_CTRL);
    }
}

static void state_restore(vcpu_id_t vcpu)
{
    asm_xsetbv(0U, features_xcr0());
    asm_xrstor(xsave_area[vcpu], features_xcr0());
    asm_xsetbv(0U, saved_xcr0[vcpu]);
    asm_write_dr0(saved_debug[vcpu][0]);
    asm_write_dr1(saved_debug[vcpu][1]);
    asm_write_dr2(saved_debug[vcpu][2]);
    asm_write_dr3(saved_debug[vcpu][3]);
    if (optional_rdtscp) {
        asm_wrmsr(MSR_TSC_AUX, saved_tsc_aux[vcpu]);
    }
    if (optional_spec_ctrl) {
        asm_wrmsr(MSR_SPEC_CTRL, saved_spec_ctrl[vcpu]);
    }
}

/* A core that held nothing yet has loaded images; a vCPU's first run in a life is that of another VM, even where its number is the same (each vCPU stays on its core). */
static bool comes_after_another(const struct pcpu *self, vcpu_id_t vcpu)
{
    return (self->loaded == ID_NONE) || stale[vcpu] || (vcpu_vm(self->loaded) != vcpu_vm(vcpu));
}

/* REQ-ISO-024 REQ-ISO-056 */
void vcpu_state_load(vcpu_id_t vcpu)
{
    struct pcpu *const self = &pcpus[hw_pcpu()];
    if (!is_loaded_on(self, vcpu)) {
        self->foreign = self->foreign || comes_after_another(self, vcpu);
        if (self->loaded != ID_NONE) {
            if (is_loaded_on(self, self->loaded)) {
                state_save(self->loaded);
                vendor->vcpu_unload(self->loaded);
            }
        }
        state_restore(vcpu);
        stale[vcpu] = false;
        loaded_by[vcpu] = self->id;
        vendor->vcpu_load(vcpu);
        self->loaded = vcpu;
    }
}

uint64_t vcpu_state_get(vcpu_id_t vcpu, enum vcpu_reg reg)
{
    uint64_t value;
    if (reg == REG_XCR0) {
        value = is_loaded_here(vcpu) ? asm_xgetbv(0U) : saved_xcr0[vcpu];
    } else {
        value = (is_loaded_here(vcpu) && optional_rdtscp) ? asm_rdmsr(MSR_TSC_AUX) : saved_tsc_aux[vcpu];
    }
    return value;
}

void vcpu_state_set(vcpu_id_t vcpu, enum vcpu_reg reg, uint64_t value)
{
    if (reg == REG_XCR0) {
        saved_xcr0[vcpu] = value;
        if (is_loaded_here(vcpu)) {
            asm_xsetbv(0U, value);
        }
    } else {
        saved_tsc_aux[vcpu] = value;
        if (is_loaded_here(vcpu) && optional_rdtscp) {
            asm_wrmsr(MSR_TSC_AUX, value);
        }
    }
}
