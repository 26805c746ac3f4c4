/* SPDX-License-Identifier: Apache-2.0 */
/* Guest registers after a reset. */
#include "x86/vmx/vmx.h"

#define SLOT_COUNT_U ((uint32_t)SLOT_COUNT)
#define ALL_DIRTY    ((SLOT_COUNT_U == 64U) ? UINT64_MAX : (((uint64_t)1U << SLOT_COUNT_U) - 1U))
#define PAT_RESET    0x0007040600070406ULL
#define CR0_RESET    0x60000010U

#define DATA_SEGMENTS 5U
static const enum segment_id data_segments[DATA_SEGMENTS] = { SEG_ES, SEG_SS, SEG_DS, SEG_FS, SEG_GS };

/* Intel SDM 3, table 9-1. All of it is dirty: the core's VMCS has an earlier life, or another vCPU. */
/* REQ-ISO-033 */
void vmx_state_reset(vcpu_id_t vcpu)
{
    struct vmx_vcpu *const v = &vmx_vcpu[vcpu];
    v->live = false;
    for (uint32_t slot = 0U; slot < SLOT_COUNT_U; slot++) {
        v->guest[slot] = 0U;
    }
    for (uint32_t i = 0U; i < DATA_SEGMENTS; i++) {
        vmx_set_segment(vcpu, data_segments[i], (struct segment){ 0U, 0x93U, 0xFFFFU, 0U });
    }
    vmx_set_segment(vcpu, SEG_CS, (struct segment){ 0xF000U, 0x9BU, 0xFFFFU, 0xFFFF0000U });
    vmx_set_segment(vcpu, SEG_LDTR, (struct segment){ 0U, 0x82U, 0xFFFFU, 0U });
    vmx_set_segment(vcpu, SEG_TR, (struct segment){ 0U, 0x8BU, 0xFFFFU, 0U });
    vmx_set_segment(vcpu, SEG_GDTR, (struct segment){ 0U, 0U, 0xFFFFU, 0U });
    vmx_set_segment(vcpu, SEG_IDTR, (struct segment){ 0U, 0U, 0xFFFFU, 0U });
    vmx_set(vcpu, REG_CR0, CR0_RESET);
    vmx_set(vcpu, REG_CR4, 0U);
    v->guest[SLOT_DR7] = 0x400U;
    v->guest[SLOT_PAT] = PAT_RESET;
    v->cr2 = 0U;
    v->dirty = ALL_DIRTY;
}
