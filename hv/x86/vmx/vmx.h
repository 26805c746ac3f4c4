/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of the VT-x backend. */
#ifndef X86_VMX_VMX_H
#define X86_VMX_VMX_H

#include "x86/vendor.h"
#include "x86/vmx/control.h"
#include "x86/vmx/vmcs.h"

/* Guest state that the VMCS holds, one word a field (state.c has the encodings). Segments as in enum segment_id:
 * ES .. TR have four fields each, GDTR and IDTR a base and a limit. */
enum {
    SLOT_SELECTOR = 0, SLOT_BASE = 8, SLOT_LIMIT = 18, SLOT_ACCESS = 28,
    SLOT_CR0 = 36, SLOT_CR3, SLOT_CR4, SLOT_DR7, SLOT_RSP, SLOT_RIP, SLOT_RFLAGS, SLOT_PENDING_DEBUG,
    SLOT_SYSENTER_CS, SLOT_SYSENTER_ESP, SLOT_SYSENTER_EIP, SLOT_EFER, SLOT_PAT, SLOT_DEBUGCTL,
    SLOT_SHADOW, SLOT_ACTIVITY, SLOT_PDPTE, SLOT_PDPTE1, SLOT_PDPTE2, SLOT_PDPTE3, SLOT_COUNT
};
_Static_assert((uint32_t)SLOT_COUNT <= 64U, "one bit a slot");

struct vmx_vcpu {
    uint64_t guest[SLOT_COUNT];
    uint64_t dirty;       /* bit n: the VMCS does not have guest[n] yet */
    bool live;            /* between an exit and the save: the VMCS of the calling core has the registers */
    bool exclusive;
    bool controls_dirty;  /* the core's VMCS has another vCPU's controls, or old ones */
    bool nmi_window;      /* asked for since an NMI went in */
    bool window;
    bool apic;            /* the CPU has the vCPU's local APIC from the next entry on */
    bool apic_stored;     /* the core's VMCS has the controls for that */
    uint64_t cr0_shadow;  /* the guest's values of the host-owned bits */
    uint64_t cr4_shadow;
    uint64_t cr2;
    uint32_t pin;         /* of the controls, what each entry looks at: as the VMCS has it, windows and long mode left out */
    uint32_t primary;
    uint32_t entry;
    uint64_t eptp;
    uint32_t vpid;
    uint32_t event;       /* VM-entry interruption information of the next entry */
    uint32_t event_error;
};
extern struct vmx_vcpu vmx_vcpu[MAX_VCPU];
extern struct vmx_caps vmx_caps; /* of every core: core.c checks */
extern bool vmx_has_apic;        /* follows from these and from what is wanted: apic.c */
extern const bool vmx_apic_wanted;

/* The virtual-APIC page (29.1.1): register n of 256 in the first of four words. */
struct vmx_apic_page {
    uint32_t reg[256][4];
};
extern struct vmx_apic_page vmx_apic_page[MAX_VCPU]; /* link.ld: the pages that hold the VMCBs with AMD-V */

/* One vCPU's stay on a core, from an entry to the exit that ends it; enter.S reads the first three. */
struct vmx_run {
    struct vcpu_regs *regs;
    const shared_u32_t *kick;
    uint32_t launched;    /* the core's VMCS is: VMRESUME */
    uint32_t ran;         /* the guest was entered at least once */
    struct vcpu_stats *stats;
    vcpu_id_t vcpu;
    uint64_t left;        /* TSC of the last exit */
};
enum vmx_ended { VMX_ENDED_EXIT, VMX_ENDED_KICK, VMX_ENDED_REFUSED };
uint32_t vmx_run_guest(struct vmx_run *run); /* enter.S: enum vmx_ended */
/* After each VM exit. Not 0: the exit is dealt with, enter again. */
uint32_t vmx_quick(struct vmx_run *run);
/* Places in enter.S. */
enum vmx_mark { VMX_MARK_WINDOW, VMX_MARK_WINDOW_END, VMX_MARK_KICKED, VMX_MARK_EXIT, VMX_MARKS };
extern const uint64_t vmx_marks[VMX_MARKS];

/* insn.c: the instructions; only on the core whose VMCS is meant. */
void vmx_on(hpa_t region);                 /* fatal when refused */
void vmx_clear_and_load(hpa_t vmcs);
void vmx_off(void);                        /* a failure, which only dual-monitor treatment has, changes nothing */
uint64_t vmx_read(uint32_t field);
void vmx_write(uint32_t field, uint64_t value);
void vmx_invept_one(uint64_t eptp);
void vmx_invvpid_one(uint32_t vpid);

/* switch.c: what VT-x leaves in the core. */
void vmx_switch_reset(vcpu_id_t vcpu);
void vmx_switch_load(vcpu_id_t vcpu);
void vmx_switch_save(vcpu_id_t vcpu);
void vmx_switch_debug(vcpu_id_t vcpu, uint64_t qualification); /* DR6 as the #DB that exited would have left it */
uint64_t vmx_cr2_read(void);
void vmx_cr2_write(uint64_t value);
void vmx_nmi_open(void);                   /* after an NMI exit */

/* state.c */
uint64_t vmx_slot_read(vcpu_id_t vcpu, uint32_t slot);
void vmx_slot_write(vcpu_id_t vcpu, uint32_t slot, uint64_t value);
void vmx_state_reset(vcpu_id_t vcpu);
void vmx_state_store(vcpu_id_t vcpu);      /* before an entry: what is dirty goes into the VMCS */
void vmx_state_fetch(vcpu_id_t vcpu);      /* after the last exit: all of it comes back */
bool vmx_shadow_changed(vcpu_id_t vcpu);   /* the exit was a MOV to CR0 or CR4 that only changed shadowed bits: run it again */
uint64_t vmx_rip_of_mode(vcpu_id_t vcpu, uint64_t rip); /* the address after an instruction: outside 64-bit code it has 32 bits */
uint64_t vmx_get(vcpu_id_t vcpu, enum vcpu_reg reg);
void vmx_set(vcpu_id_t vcpu, enum vcpu_reg reg, uint64_t value);
struct segment vmx_get_segment(vcpu_id_t vcpu, enum segment_id seg);
void vmx_set_segment(vcpu_id_t vcpu, enum segment_id seg, struct segment value);
#define VMX_CR0_OWNED  0x60000020ULL /* PG's neighbours CD and NW, and NE */
#define VMX_CR4_VMXE   0x2000ULL
#define VMX_CR4_MCE    0x40ULL
/* Of features that CPUID shows to guests: up to OSXMMEXCPT, UMIP, FSGSBASE PCIDE OSXSAVE, SMEP SMAP. No other bit is there for them. */
#define VMX_CR4_SHOWN  0x370FFFULL
#define VMX_CR4_HIDDEN 0xFFFFFFFFFFC8F000ULL /* the others */
_Static_assert((VMX_CR4_SHOWN ^ VMX_CR4_HIDDEN) == UINT64_MAX, "each bit is one or the other");
#define VMX_CR4_OWNED  (VMX_CR4_HIDDEN | VMX_CR4_MCE)

/* exit.c */
void vmx_exit_decode(vcpu_id_t vcpu, struct vm_exit *exit);
const char *vmx_entry_failure(uint32_t reason); /* why the last entry failed; reason: the exit reason, 0: VMLAUNCH or VMRESUME refused */

/* event.c */
bool vmx_can_accept(vcpu_id_t vcpu);
bool vmx_event_queued(vcpu_id_t vcpu);
bool vmx_can_accept_nmi(vcpu_id_t vcpu);
void vmx_inject(vcpu_id_t vcpu, struct event event);
void vmx_clear_shadow(vcpu_id_t vcpu);
void vmx_single_step(vcpu_id_t vcpu);
void vmx_request_window(vcpu_id_t vcpu, bool wanted);
void vmx_event_requeue(vcpu_id_t vcpu);
void vmx_event_reset(vcpu_id_t vcpu);

/* apic.c */
bool vmx_apic_present(void);
void vmx_apic_lend(vcpu_id_t vcpu, uint32_t tpr, const uint32_t isr[8], const uint32_t tmr[8], const uint32_t irr[8]);
uint32_t vmx_apic_take(vcpu_id_t vcpu, uint32_t isr[8], uint32_t irr[8]);
void vmx_apic_store(vcpu_id_t vcpu);       /* at each entry while it is lent */
void vmx_apic_store_controls(vcpu_id_t vcpu);
void vmx_apic_undo_write(vcpu_id_t vcpu, uint32_t reg, uint32_t eoi_vector, struct vm_exit *exit); /* eoi_vector 0: not an EOI */

/* bitmap.c */
void vmx_bitmaps_attach(vm_id_t vm, bool apic); /* into the core's VMCS; apic: with the registers open that the CPU answers for */
void vmx_msr_open(vm_id_t vm, uint32_t msr, bool read, bool write);
void vmx_port_open(vm_id_t vm, uint16_t port);
void vmx_bitmaps_close(vm_id_t vm);

#endif
