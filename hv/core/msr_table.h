/* SPDX-License-Identifier: Apache-2.0 */
/* The MSR policy as data, for core/msr.c. Numbers: Intel SDM 4; AMD APM 2, appendix A; Linux, kvm_para.h. */
#ifndef CORE_MSR_TABLE_H
#define CORE_MSR_TABLE_H

#include "core/msr_number.h"
#include "core/types.h"

enum msr_way {
    MSR_FAULT,   /* #GP(0) */
    MSR_OPEN,    /* no exit: part of the guest state that the backend switches, or passed through */
    MSR_CONST,   /* read: the rule's value; write: ignored */
    MSR_STORED,  /* kept in memory for the vCPU, no other effect */
    MSR_SPECIAL, /* msr.c: shared registers with an effect */
    MSR_LAPIC,   /* devices/vlapic.h */
    MSR_XLAPIC   /* exclusive_lapic.h: registers of a passed-through local APIC that stay closed */
};

struct msr_rule {
    uint32_t first;
    uint32_t last;
    uint32_t slot;            /* STORED: of the first */
    uint64_t value;           /* CONST; STORED: at power-on */
    enum msr_way read;        /* vCPU on a shared core */
    enum msr_way write;
    enum msr_way x_read;      /* vCPU on an exclusive core */
    enum msr_way x_write;
};

#define MSR_SLOTS           48U
#define MSR_WB              0x0606060606060606U

#define MSR_SAME(r, w)      (r), (w), (r), (w)

/* REQ-ISO-018 REQ-RT-003 REQ-RT-054 */
static const struct msr_rule msr_rules[] = {
    { MSR_TSC, MSR_TSC, 0U, 0U, MSR_SAME(MSR_SPECIAL, MSR_SPECIAL) },
    { 0x17U, 0x17U, 0U, 0U, MSR_SAME(MSR_CONST, MSR_FAULT) },               /* PLATFORM_ID */
    { MSR_APIC_BASE, MSR_APIC_BASE, 0U, 0U, MSR_LAPIC, MSR_LAPIC, MSR_XLAPIC, MSR_XLAPIC },
    { 0x3AU, 0x3AU, 0U, 1U, MSR_SAME(MSR_CONST, MSR_FAULT) },               /* FEATURE_CONTROL: locked, off */
    { 0x79U, 0x79U, 0U, 0U, MSR_SAME(MSR_FAULT, MSR_CONST) },               /* microcode update trigger */
    { 0x8BU, 0x8BU, 0U, 0U, MSR_SAME(MSR_CONST, MSR_CONST) },               /* microcode revision */
    { 0xFEU, 0xFEU, 0U, 0x508U, MSR_SAME(MSR_CONST, MSR_FAULT) },           /* MTRRcap: 8, fixed, WC */
    { MSR_ARCH_CAPABILITIES, MSR_ARCH_CAPABILITIES, 0U, 0U, MSR_SAME(MSR_SPECIAL, MSR_FAULT) },
    { 0x174U, 0x176U, 0U, 0U, MSR_SAME(MSR_OPEN, MSR_OPEN) },               /* SYSENTER */
    { 0x179U, 0x179U, 0U, 0U, MSR_SAME(MSR_CONST, MSR_FAULT) },             /* MCG_CAP: no banks */
    { 0x17AU, 0x17AU, 0U, 0U, MSR_SAME(MSR_STORED, MSR_STORED) },           /* MCG_STATUS */
    { 0x1A0U, 0x1A0U, 1U, 0x1801U, MSR_SAME(MSR_STORED, MSR_STORED) },      /* MISC_ENABLE */
    { 0x1D9U, 0x1D9U, 0U, 0U, MSR_SAME(MSR_CONST, MSR_CONST) },             /* DEBUGCTL */
    { 0x200U, 0x20FU, 2U, 0U, MSR_SAME(MSR_STORED, MSR_STORED) },           /* variable MTRRs */
    { 0x250U, 0x250U, 18U, MSR_WB, MSR_SAME(MSR_STORED, MSR_STORED) },      /* fixed MTRRs */
    { 0x258U, 0x259U, 19U, MSR_WB, MSR_SAME(MSR_STORED, MSR_STORED) },
    { 0x268U, 0x26FU, 21U, MSR_WB, MSR_SAME(MSR_STORED, MSR_STORED) },
    { MSR_PAT, MSR_PAT, 0U, 0U, MSR_SAME(MSR_SPECIAL, MSR_SPECIAL) },
    { 0x2FFU, 0x2FFU, 29U, 0xC06U, MSR_SAME(MSR_STORED, MSR_STORED) },      /* MTRRdefType: on, WB */
    { MSR_TSC_DEADLINE, MSR_TSC_DEADLINE, 0U, 0U, MSR_LAPIC, MSR_LAPIC, MSR_OPEN, MSR_OPEN },
    /* The local APIC of an exclusive core, register by register (Intel SDM 3, table 11-6). */
    { 0x800U, 0x807U, 0U, 0U, MSR_LAPIC, MSR_LAPIC, MSR_XLAPIC, MSR_XLAPIC },
    { 0x808U, 0x808U, 0U, 0U, MSR_LAPIC, MSR_LAPIC, MSR_OPEN, MSR_OPEN },   /* TPR */
    { 0x809U, 0x809U, 0U, 0U, MSR_LAPIC, MSR_LAPIC, MSR_FAULT, MSR_FAULT },
    { 0x80AU, 0x80AU, 0U, 0U, MSR_LAPIC, MSR_LAPIC, MSR_OPEN, MSR_FAULT },  /* PPR */
    { 0x80BU, 0x80BU, 0U, 0U, MSR_LAPIC, MSR_LAPIC, MSR_FAULT, MSR_OPEN },  /* EOI */
    { 0x80CU, 0x80FU, 0U, 0U, MSR_LAPIC, MSR_LAPIC, MSR_XLAPIC, MSR_XLAPIC }, /* LDR, SVR */
    { 0x810U, 0x827U, 0U, 0U, MSR_LAPIC, MSR_LAPIC, MSR_OPEN, MSR_FAULT },  /* ISR, TMR, IRR */
    { 0x828U, 0x831U, 0U, 0U, MSR_LAPIC, MSR_LAPIC, MSR_XLAPIC, MSR_XLAPIC }, /* ESR, CMCI, ICR */
    { 0x832U, 0x832U, 0U, 0U, MSR_LAPIC, MSR_LAPIC, MSR_OPEN, MSR_OPEN },   /* LVT timer */
    { 0x833U, 0x837U, 0U, 0U, MSR_LAPIC, MSR_LAPIC, MSR_XLAPIC, MSR_XLAPIC }, /* other LVTs */
    { 0x838U, 0x838U, 0U, 0U, MSR_LAPIC, MSR_LAPIC, MSR_OPEN, MSR_OPEN },   /* initial count */
    { 0x839U, 0x839U, 0U, 0U, MSR_LAPIC, MSR_LAPIC, MSR_OPEN, MSR_FAULT },  /* current count */
    { 0x83EU, 0x83EU, 0U, 0U, MSR_LAPIC, MSR_LAPIC, MSR_OPEN, MSR_OPEN },   /* divide configuration */
    { 0x83FU, 0x83FU, 0U, 0U, MSR_LAPIC, MSR_LAPIC, MSR_FAULT, MSR_OPEN },  /* SELF_IPI */
    { MSR_KVM_WALL_CLOCK, MSR_KVM_SYSTEM_TIME, 0U, 0U, MSR_SAME(MSR_SPECIAL, MSR_SPECIAL) },
    { MSR_KVM_PV_EOI, MSR_KVM_PV_EOI, 0U, 0U, MSR_SPECIAL, MSR_SPECIAL, MSR_FAULT, MSR_FAULT },
    { MSR_EFER, MSR_EFER, 0U, 0U, MSR_SAME(MSR_SPECIAL, MSR_SPECIAL) },
    { 0xC0000081U, 0xC0000084U, 0U, 0U, MSR_SAME(MSR_OPEN, MSR_OPEN) },     /* STAR LSTAR CSTAR SFMASK */
    { 0xC0000100U, 0xC0000102U, 0U, 0U, MSR_SAME(MSR_OPEN, MSR_OPEN) },     /* FS, GS, kernel GS base */
    { MSR_TSC_AUX, MSR_TSC_AUX, 0U, 0U, MSR_SAME(MSR_SPECIAL, MSR_SPECIAL) },
    /* Kernels probe these with a fault handler in place: a fault, as for any other, but no log line. */
    { 0xC0010000U, 0xC0010007U, 0U, 0U, MSR_SAME(MSR_FAULT, MSR_FAULT) },   /* performance counters */
    { 0xC0010010U, 0xC0010010U, 0U, 0U, MSR_SAME(MSR_CONST, MSR_CONST) },   /* SYSCFG */
    { 0xC0010015U, 0xC0010015U, 0U, 0x1000000U, MSR_SAME(MSR_CONST, MSR_CONST) }, /* HWCR: TscFreqSel */
    { 0xC001001AU, 0xC001001AU, 0U, 0U, MSR_SAME(MSR_CONST, MSR_FAULT) },   /* TOP_MEM */
    { 0xC001001DU, 0xC001001DU, 0U, 0U, MSR_SAME(MSR_CONST, MSR_FAULT) },   /* TOP_MEM2 */
    { 0xC001001FU, 0xC001001FU, 0U, 0U, MSR_SAME(MSR_CONST, MSR_CONST) },   /* NB_CFG */
    { 0xC0010020U, 0xC0010020U, 0U, 0U, MSR_SAME(MSR_FAULT, MSR_CONST) },   /* patch loader */
    { 0xC0010055U, 0xC0010055U, 0U, 0U, MSR_SAME(MSR_CONST, MSR_CONST) },   /* interrupt pending */
    { 0xC0010058U, 0xC0010058U, 0U, 0U, MSR_SAME(MSR_CONST, MSR_CONST) },   /* MMIO configuration base */
    { 0xC0011020U, 0xC0011028U, 0U, 0U, MSR_SAME(MSR_FAULT, MSR_FAULT) },   /* LS_CFG .. FP_CFG */
    { 0xC0011029U, 0xC0011029U, 0U, 2U, MSR_SAME(MSR_CONST, MSR_CONST) },   /* DE_CFG: LFENCE serialises */
};
#define MSR_RULES ((uint32_t)(sizeof(msr_rules) / sizeof(msr_rules[0])))

#endif
