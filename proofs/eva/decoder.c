/* SPDX-License-Identifier: Apache-2.0 */
/* eva-sources: core/decode.c core/insn_apply.c core/guest_walk.c */
/* Any bytes, any registers, any guest page tables. Assumed: the id is in range. */
#include "core/decode.h"
#include "core/vm.h"

struct vm vms[MAX_VM];
struct vcpu vcpus[MAX_VCPU];
struct vcpu_regs vcpu_regs[MAX_VCPU];
static volatile uint64_t any;

uint64_t hw_vcpu_get(vcpu_id_t id, enum vcpu_reg reg) { (void)id; (void)reg; return any; }
struct segment hw_vcpu_segment(vcpu_id_t id, enum segment_id seg)
{
    struct segment segment = { (uint16_t)any, (uint16_t)any, (uint32_t)any, any };
    (void)id; (void)seg;
    return segment;
}
enum status guest_read(vm_id_t v, gpa_t gpa, uint8_t *dst, uint32_t size)
{
    (void)v; (void)gpa;
    for (uint32_t i = 0U; i < size; i++) {
        dst[i] = (uint8_t)any;
    }
    return (any != 0U) ? STATUS_OK : STATUS_FAULT;
}

static void decode_and_apply(vcpu_id_t id)
{
    uint8_t bytes[INSN_MAX];
    uint32_t count = guest_fetch(id, bytes);
    struct insn insn;

    for (uint32_t i = 0U; i < INSN_MAX; i++) {
        bytes[i] = (uint8_t)any;
    }
    insn = insn_decode(bytes, count, (any != 0U) ? guest_code_mode(id) : (uint32_t)any);
    if (insn.op != INSN_INVALID) {
        (void)insn_memory_value(id, &insn, any);
        insn_complete_read(id, &insn, any);
    }
}

int main(void)
{
    uint32_t id = (uint32_t)any;
    gpa_t gpa;

    if (id < MAX_VCPU) {
        for (uint32_t i = 0U; i < GPR_COUNT; i++) {
            vcpu_regs[id].gpr[i] = any;
        }
        vcpu_regs[id].rip = any;
        vcpu_regs[id].rflags = any;
        (void)guest_translate(id, any, &gpa);
        decode_and_apply(id);
    }
    return 0;
}
