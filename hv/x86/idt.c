/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host interrupts and exceptions. An interrupt only leaves its vector in the core's
 * "arrived" set and stays in service; the run loop handles and acknowledges it under the
 * lock. An NMI is a kick and needs no more than to have interrupted the guest, or the last
 * steps before its entry (vendor->nmi_return). Any exception of the hypervisor's own is fatal for this core.
 */
#include "core/hw.h"
#include "x86/address.h"
#include "x86/asm.h"
#include "x86/cpu.h"
#include "x86/fatal.h"
#include "x86/layout.h"
#include "x86/msr_safe.h"
#include "x86/pcpu.h"
#include "x86/vendor.h"

#define VECTOR_NMI  2U
#define VECTOR_DF   8U
#define VECTOR_GP   13U
#define VECTOR_MC   18U
#define FIRST_APIC_VECTOR 16U /* that a local APIC delivers (Intel SDM 3, 11.5.2) */
#define FIRST_INTERRUPT 32U
#define VECTOR_SPURIOUS 0xFFU

struct idt_gate { /* Intel SDM 3, figure 6-8 */
    uint16_t offset0;
    uint16_t selector;
    uint8_t ist;
    uint8_t type;
    uint16_t offset16;
    uint32_t offset32;
    uint32_t reserved;
};
_Static_assert(sizeof(struct idt_gate) == 16U, "interrupt gate layout");

/* isr.S: only their addresses mean something. */
extern const uint8_t idt_stubs; /* the first of 256, in rows of IDT_ROW */
extern const uint8_t idt_sink;
extern const uint8_t idt_sink_mc;
static struct idt_gate idt[256] __attribute__((aligned(4096)));
static struct idt_gate idt_sinks[256] __attribute__((aligned(4096)));

static uint64_t stub_offset(uint64_t vector)
{
    return ((vector / (uint64_t)IDT_ROW) * (uint64_t)IDT_ROW_BYTES) + ((vector % (uint64_t)IDT_ROW) * (uint64_t)IDT_STUB_BYTES);
}

static void gate_set(struct idt_gate *gate, uint64_t stub, uint8_t ist)
{
    gate->offset0 = (uint16_t)stub;
    gate->selector = GDT_CODE;
    gate->ist = ist;
    gate->type = 0x8EU; /* present interrupt gate */
    gate->offset16 = (uint16_t)(stub >> 16);
    gate->offset32 = (uint32_t)(stub >> 32);
}

void idt_init(void)
{
    for (uint32_t vector = 0U; vector < 256U; vector++) {
        const uint64_t stub = address_of(&idt_stubs) + stub_offset(vector);
        uint64_t sink = stub;
        uint8_t ist = 0U;
        if ((vector == VECTOR_DF) || (vector == VECTOR_MC)) {
            ist = 1U;
        } else if (vector == VECTOR_NMI) {
            ist = 2U;
        } else {
            /* on the stack that is interrupted */
        }
        if (vector == VECTOR_MC) {
            sink = address_of(&idt_sink_mc);
        } else if (vector >= FIRST_APIC_VECTOR) {
            sink = address_of(&idt_sink);
        } else {
            /* no interrupt has such a vector */
        }
        gate_set(&idt[vector], stub, ist);
        gate_set(&idt_sinks[vector], sink, ist);
    }
}

void idt_load(void)
{
    const struct asm_table_pointer pointer = { (uint16_t)(sizeof(idt) - 1U), address_of(idt) };
    asm_lidt(&pointer);
}

uint64_t idt_base(void)
{
    return address_of(idt);
}

void idt_load_sinks(void)
{
    const struct asm_table_pointer pointer = { (uint16_t)(sizeof(idt_sinks) - 1U), address_of(idt_sinks) };
    asm_lidt(&pointer);
}

void idt_dispatch(struct hv_crash_frame *frame);
/* REQ-INT-028 REQ-INT-029 REQ-CFG-033 */
void idt_dispatch(struct hv_crash_frame *frame)
{
    const uint32_t vector = (uint32_t)frame->vector;
    if (vector >= FIRST_INTERRUPT) {
        if (vector != VECTOR_SPURIOUS) { /* spurious: nothing is in service (Intel SDM 3, 10.9) */
            pcpus[hw_pcpu()].arrived[vector / 32U] |= (uint32_t)1U << (vector % 32U);
        }
    } else if ((vector == VECTOR_GP) && (frame->rip == address_of(&msr_safe_at))) {
        frame->rip = address_of(&msr_safe_fault);
    } else if (vector != VECTOR_NMI) {
        fatal_exception(frame);
    } else {
        frame->rip = vendor->nmi_return(frame->rip);
    }
}
