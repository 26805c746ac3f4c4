/* SPDX-License-Identifier: Apache-2.0 */
/* The policy for every VM-execution, VM-exit and VM-entry control, as data (docs/decisions/0020-vt-x.md). */
#ifndef X86_VMX_CONTROL_H
#define X86_VMX_CONTROL_H

#include "core/types.h"
#include "x86/want.h"

enum vmx_field { FIELD_PIN, FIELD_PRIMARY, FIELD_SECONDARY, FIELD_EXIT, FIELD_ENTRY, FIELD_COUNT };

/* What the CPU says of itself (Intel SDM 3, appendix A). Controls: low half bits that must be 1, high half bits that may be. */
struct vmx_caps {
    uint64_t basic;
    uint64_t misc;
    uint64_t ept_vpid;
    uint64_t controls[FIELD_COUNT];
};

struct vmx_control {
    enum vmx_field field;
    uint32_t bit;
    enum want shared;        /* vCPU on a shared core */
    enum want exclusive;
    const char *name;        /* as the SDM has it */
    const char *why;         /* clause, and the reason where it is not plain */
};
#define VMX_CONTROL_COUNT 90U
extern const struct vmx_control vmx_controls[VMX_CONTROL_COUNT];

/* Value of the field for a vCPU of that kind. */
uint32_t vmx_control_value(const struct vmx_caps *caps, enum vmx_field field, bool exclusive);
/* That value for a shared vCPU whose local APIC the CPU has. */
uint32_t vmx_control_with_apic(const struct vmx_caps *caps, enum vmx_field field, uint32_t value);
/* The CPU has all that this needs. */
bool vmx_apic_usable(const struct vmx_caps *caps);
/* Names what is missing, one a call; NULL when no more is. *cursor: 0 at first. */
const char *vmx_control_missing(const struct vmx_caps *caps, uint32_t *cursor);
/* INVVPID can drop one VPID: without it no VPID is used. */
bool vmx_vpid_usable(const struct vmx_caps *caps);

/* Bits that code sets and clears. */
#define PIN_PREEMPTION_TIMER  0x40U
#define PRIMARY_WINDOW        0x4U
#define PRIMARY_NMI_WINDOW    0x400000U
#define PRIMARY_CR8_EXITS     0x180000U
#define PRIMARY_TPR_SHADOW    0x200000U
#define SECONDARY_APIC        0x310U /* virtualize x2APIC mode, APIC-register virtualization, virtual-interrupt delivery */
#define SECONDARY_VPID        0x20U
#define SECONDARY_ENCLS       0x8000U
#define EXIT_SAVE_TIMER       0x400000U
#define ENTRY_LONG_MODE       0x200U

#endif
