/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a virtualization extension must provide: AMD-V and VT-x behind the same
 * table (docs/decisions/0001-vendor-interface.md). core/ sees none of this.
 */
#ifndef X86_VENDOR_H
#define X86_VENDOR_H

#include "core/exit.h"
#include "core/vcpu_hw.h"
#include "x86/atomic.h"

enum event_kind { EVENT_INTERRUPT, EVENT_NMI, EVENT_EXCEPTION };
struct event {
    enum event_kind kind;
    uint32_t vector;
    bool has_error;
    uint32_t error;
};

/* What the delivery of this exception is to a fault in the middle of it (AMD APM 2, table 8-6). */
static inline enum exit_cut vendor_cut_exception(uint32_t vector)
{
    enum exit_cut cut = CUT_BENIGN;
    if (vector == 8U) {
        cut = CUT_DOUBLE_FAULT;
    } else if ((vector == 0U) || ((vector >= 10U) && (vector <= 14U))) {
        cut = CUT_CONTRIBUTORY;
    } else {
        /* another exception */
    }
    return cut;
}

struct vendor_ops {
    const char *name;
    uint32_t entry_format;                 /* S2_FORMAT_* */
    /* Names what the calling core lacks for this backend, one a call; NULL at the end. *cursor: 0 at first. */
    const char *(*missing)(uint32_t *cursor);
    void (*core_enable)(void);              /* calling core: extension on */
    void (*core_leave)(void);               /* calling core: INIT is taken again; no guest runs there any more */

    /* Where an NMI that interrupted the hypervisor there returns to; in NMI context. */
    uint64_t (*nmi_return)(uint64_t rip);

    /* Power-on state of the vCPU and the intercepts of its kind. */
    void (*vcpu_init)(vcpu_id_t vcpu, bool exclusive);
    /* The vCPU becomes the calling core's current one, or stops being it: called only while the core has its present state. */
    void (*vcpu_load)(vcpu_id_t vcpu);
    void (*vcpu_unload)(vcpu_id_t vcpu);
    /* Enters unless *kick is set at the point of no return; false: did not enter. On return host
     * state is back, interrupts are off, and an event whose delivery was cut short is queued again. */
    bool (*enter)(vcpu_id_t vcpu, const shared_u32_t *kick, struct vm_exit *exit);

    uint64_t (*get)(vcpu_id_t vcpu, enum vcpu_reg reg);
    void (*set)(vcpu_id_t vcpu, enum vcpu_reg reg, uint64_t value);
    struct segment (*get_segment)(vcpu_id_t vcpu, enum segment_id seg);
    void (*set_segment)(vcpu_id_t vcpu, enum segment_id seg, struct segment value);
    void (*set_stage2)(vcpu_id_t vcpu, hpa_t root, uint32_t asid);
    void (*flush)(vcpu_id_t vcpu);

    bool (*can_accept)(vcpu_id_t vcpu);
    bool (*event_queued)(vcpu_id_t vcpu);
    bool (*can_accept_nmi)(vcpu_id_t vcpu);
    void (*inject)(vcpu_id_t vcpu, struct event event);
    void (*clear_shadow)(vcpu_id_t vcpu);
    void (*single_step)(vcpu_id_t vcpu);    /* a #DB with DR6.BS before the next instruction, and before any other event */
    void (*request_window)(vcpu_id_t vcpu, bool wanted);

    /* core/vcpu_hw.h, hw_vcpu_apic_*(). NULL: this extension never has it. */
    bool (*apic_present)(void);
    void (*apic_lend)(vcpu_id_t vcpu, uint32_t tpr, const uint32_t isr[8], const uint32_t tmr[8], const uint32_t irr[8]);
    uint32_t (*apic_take)(vcpu_id_t vcpu, uint32_t isr[8], uint32_t irr[8]);

    void (*msr_open)(vm_id_t vm, uint32_t msr, bool read, bool write);
    void (*port_open)(vm_id_t vm, uint16_t port);
    void (*bitmaps_close)(vm_id_t vm);
};

extern const struct vendor_ops *vendor; /* fixed once vendor_select() has run */
extern const struct vendor_ops svm_vendor;
extern const struct vendor_ops vmx_vendor;
void vendor_select(void);               /* boot core, first: by what its CPU says it has */

#endif
