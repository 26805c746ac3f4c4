/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of the AMD-V backend. */
#ifndef X86_SVM_SVM_H
#define X86_SVM_SVM_H

#include "x86/svm/vmcb.h"
#include "x86/vendor.h"

/* What this CPU offers beyond the required (CPUID 8000_000A EDX). */
struct svm_features {
    bool next_rip;       /* bit 3 */
    bool flush_by_asid;  /* bit 6 */
    bool decode_assists; /* bit 7 */
    uint32_t asid_count;
};
/* One vCPU's stay on a core, from an entry to the exit that ends it; the first four fields are read by enter.S. */
struct svm_run {
    struct vcpu_regs *regs;
    struct vmcb *vmcb;          /* its address is also its physical address, as of all of the image */
    uint64_t host_vmcb;         /* physical address */
    const shared_u32_t *kick;
    struct vcpu_stats *stats;
    vcpu_id_t vcpu;
    bool settled;               /* an exit was answered: no event waits, none is injected, no flush is asked for, till the loop is left */
};
uint32_t svm_vmrun(struct svm_run *run);
/* After each #VMEXIT, with GIF=0. The VMCB: the exit is dealt with, enter again. NULL: leave the loop. */
struct vmcb *svm_left(struct svm_run *run);
struct vmcb *svm_quick(struct svm_run *run, uint64_t left); /* the same for what svm_left() does not deal with itself; left: its TSC value */

extern struct svm_features svm_features;
extern struct vmcb svm_vmcb[MAX_VCPU];

#define SVM_EXIT_MSR 0x7CU

/* Interrupt control word (APM 2, B-1, offset 060h). */
#define VINT_IRQ          (1ULL << 8)
#define VINT_PRIORITY     (0xFULL << 16)
#define VINT_IGNORE_TPR   (1ULL << 20)
#define VINT_VECTOR_SHIFT 32U
#define VINT_VECTOR       (0xFFULL << VINT_VECTOR_SHIFT)
#define VINT_MASKING      (1ULL << 24)

#define INTERRUPT_SHADOW  1ULL
#define SVM_TLB_KEEP      0U

/* Event injection and exit-interrupt-info (APM 2, 15.20). */
#define EVENT_TYPE_SHIFT  8U
#define EVENT_TYPE_MASK   7U
#define EVENT_TYPE_INTERRUPT 0U
#define EVENT_TYPE_NMI    2U
#define EVENT_TYPE_EXCEPTION 3U
#define EVENT_HAS_ERROR   (1ULL << 11)
#define EVENT_VALID       (1ULL << 31)

/* EXITINFO1 of IOIO (APM 2, 15.10.2). */
#define IO_IN             0x1U
#define IO_STRING         0x4U
#define IO_REPEAT         0x8U

#define MISC1_VINTR       0x10U
#define MISC1_IRET        0x100000U

void svm_exit_decode(vcpu_id_t vcpu, struct vm_exit *exit);

void svm_bitmaps_attach(struct vmcb *vmcb, vm_id_t vm);
void svm_msr_open(vm_id_t vm, uint32_t msr, bool read, bool write);
void svm_port_open(vm_id_t vm, uint16_t port);
void svm_bitmaps_close(vm_id_t vm);

bool svm_can_accept(vcpu_id_t vcpu);
bool svm_event_queued(vcpu_id_t vcpu);
bool svm_can_accept_nmi(vcpu_id_t vcpu);
void svm_nmi_reset(vcpu_id_t vcpu);
void svm_nmi_returning(vcpu_id_t vcpu); /* IRET is about to run */
void svm_inject(vcpu_id_t vcpu, struct event event);
void svm_clear_shadow(vcpu_id_t vcpu);
void svm_single_step(vcpu_id_t vcpu);
void svm_request_window(vcpu_id_t vcpu, bool wanted);
void svm_event_requeue(vcpu_id_t vcpu);

void svm_state_reset(struct vmcb *vmcb);
uint64_t svm_get(vcpu_id_t vcpu, enum vcpu_reg reg);
void svm_set(vcpu_id_t vcpu, enum vcpu_reg reg, uint64_t value);
struct segment svm_get_segment(vcpu_id_t vcpu, enum segment_id seg);
void svm_set_segment(vcpu_id_t vcpu, enum segment_id seg, struct segment value);

#endif
