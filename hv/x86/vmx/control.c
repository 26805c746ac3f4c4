/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One row a control. A bit without a row has no meaning for us: it keeps the value that the CPU demands (its default).
 * The table is what a reviewer of the exit policy reads; docs/decisions/0020-vt-x.md says how it is used.
 */
#include "x86/vmx/control.h"

#include <stddef.h>

/* REQ-ISO-019 REQ-ISO-026 REQ-RT-002 */
const struct vmx_control vmx_controls[VMX_CONTROL_COUNT] = {
    /* SDM 3, 24.6.1, table 24-5. */
    { FIELD_PIN, 0U, WANT_REQUIRED, WANT_OFF, "external-interrupt exiting", "24.6.1; an exclusive core's interrupts are its guest's" },
    { FIELD_PIN, 3U, WANT_REQUIRED, WANT_REQUIRED, "NMI exiting", "24.6.1; the kick" },
    { FIELD_PIN, 5U, WANT_REQUIRED, WANT_REQUIRED, "virtual NMIs", "24.6.1; says when a guest's NMI handler has returned" },
    { FIELD_PIN, 6U, WANT_PREFERRED, WANT_OFF, "activate VMX-preemption timer", "24.6.1, 25.5.1; ends a slice with IF=0, too" },
    { FIELD_PIN, 7U, WANT_OFF, WANT_OFF, "process posted interrupts", "24.6.1, 29.6" },
    /* SDM 3, 24.6.2, table 24-6. */
    { FIELD_PRIMARY, 2U, WANT_ON_DEMAND, WANT_ON_DEMAND, "interrupt-window exiting", "24.6.2" },
    { FIELD_PRIMARY, 3U, WANT_OFF, WANT_OFF, "use TSC offsetting", "24.6.2; all VMs see the machine's TSC" },
    { FIELD_PRIMARY, 7U, WANT_REQUIRED, WANT_OFF, "HLT exiting", "24.6.2; an exclusive core is its guest's to halt" },
    { FIELD_PRIMARY, 9U, WANT_OFF, WANT_OFF, "INVLPG exiting", "24.6.2; stage 2 does not need it" },
    { FIELD_PRIMARY, 10U, WANT_REQUIRED, WANT_REQUIRED, "MWAIT exiting", "24.6.2; hidden from guests" },
    { FIELD_PRIMARY, 11U, WANT_REQUIRED, WANT_REQUIRED, "RDPMC exiting", "24.6.2; counters are the host's" },
    { FIELD_PRIMARY, 12U, WANT_OFF, WANT_OFF, "RDTSC exiting", "24.6.2" },
    { FIELD_PRIMARY, 15U, WANT_OFF, WANT_OFF, "CR3-load exiting", "24.6.2, A.3.2; default 1 without the TRUE MSRs" },
    { FIELD_PRIMARY, 16U, WANT_OFF, WANT_OFF, "CR3-store exiting", "24.6.2, A.3.2" },
    { FIELD_PRIMARY, 17U, WANT_OFF, WANT_OFF, "activate tertiary controls", "24.6.2" },
    { FIELD_PRIMARY, 19U, WANT_NO_APIC, WANT_OFF, "CR8-load exiting", "24.6.2; TPR is the virtual APIC's" },
    { FIELD_PRIMARY, 20U, WANT_NO_APIC, WANT_OFF, "CR8-store exiting", "24.6.2" },
    { FIELD_PRIMARY, 21U, WANT_APIC, WANT_OFF, "use TPR shadow", "24.6.2, 29.1.2" },
    { FIELD_PRIMARY, 22U, WANT_ON_DEMAND, WANT_ON_DEMAND, "NMI-window exiting", "24.6.2" },
    { FIELD_PRIMARY, 23U, WANT_OFF, WANT_OFF, "MOV-DR exiting", "24.6.2; debug registers move with the vCPU" },
    { FIELD_PRIMARY, 24U, WANT_OFF, WANT_OFF, "unconditional I/O exiting", "24.6.2; the bitmaps decide" },
    { FIELD_PRIMARY, 25U, WANT_REQUIRED, WANT_REQUIRED, "use I/O bitmaps", "24.6.2, 24.6.4" },
    { FIELD_PRIMARY, 27U, WANT_OFF, WANT_OFF, "monitor trap flag", "24.6.2" },
    { FIELD_PRIMARY, 28U, WANT_REQUIRED, WANT_REQUIRED, "use MSR bitmaps", "24.6.2, 24.6.9" },
    { FIELD_PRIMARY, 29U, WANT_REQUIRED, WANT_REQUIRED, "MONITOR exiting", "24.6.2; hidden from guests" },
    { FIELD_PRIMARY, 30U, WANT_OFF, WANT_OFF, "PAUSE exiting", "24.6.2" },
    { FIELD_PRIMARY, 31U, WANT_REQUIRED, WANT_REQUIRED, "activate secondary controls", "24.6.2" },
    /* SDM 3, 24.6.2, table 24-7. */
    { FIELD_SECONDARY, 0U, WANT_OFF, WANT_OFF, "virtualize APIC accesses", "24.6.2, 29.4; guests use x2APIC" },
    { FIELD_SECONDARY, 1U, WANT_REQUIRED, WANT_REQUIRED, "enable EPT", "24.6.2, 28.2" },
    { FIELD_SECONDARY, 2U, WANT_OFF, WANT_OFF, "descriptor-table exiting", "24.6.2" },
    { FIELD_SECONDARY, 3U, WANT_PREFERRED, WANT_PREFERRED, "enable RDTSCP", "24.6.2" },
    { FIELD_SECONDARY, 4U, WANT_APIC, WANT_OFF, "virtualize x2APIC mode", "24.6.2, 29.5; the registers of the MSR map that it goes with are virtual" },
    { FIELD_SECONDARY, 5U, WANT_PREFERRED, WANT_PREFERRED, "enable VPID", "24.6.2, 28.1; without it every entry flushes" },
    { FIELD_SECONDARY, 6U, WANT_REQUIRED, WANT_REQUIRED, "WBINVD exiting", "24.6.2; empties caches of others" },
    { FIELD_SECONDARY, 7U, WANT_REQUIRED, WANT_REQUIRED, "unrestricted guest", "24.6.2, 26.6; guests start in real mode" },
    { FIELD_SECONDARY, 8U, WANT_APIC, WANT_OFF, "APIC-register virtualization", "24.6.2, 29.5" },
    { FIELD_SECONDARY, 9U, WANT_APIC, WANT_OFF, "virtual-interrupt delivery", "24.6.2, 29.2" },
    { FIELD_SECONDARY, 10U, WANT_OFF, WANT_OFF, "PAUSE-loop exiting", "24.6.2" },
    { FIELD_SECONDARY, 11U, WANT_OFF, WANT_OFF, "RDRAND exiting", "24.6.2" },
    { FIELD_SECONDARY, 12U, WANT_OFF, WANT_OFF, "enable INVPCID", "24.6.2; hidden from guests, #UD without it" },
    { FIELD_SECONDARY, 13U, WANT_OFF, WANT_OFF, "enable VM functions", "24.6.2; EPTP switching would be the guest's" },
    { FIELD_SECONDARY, 14U, WANT_OFF, WANT_OFF, "VMCS shadowing", "24.6.2" },
    { FIELD_SECONDARY, 15U, WANT_PREFERRED, WANT_PREFERRED, "enable ENCLS exiting", "24.6.2, 24.6.16; all leaves exit" },
    { FIELD_SECONDARY, 16U, WANT_OFF, WANT_OFF, "RDSEED exiting", "24.6.2" },
    { FIELD_SECONDARY, 17U, WANT_OFF, WANT_OFF, "enable PML", "24.6.2; the CPU would write memory" },
    { FIELD_SECONDARY, 18U, WANT_OFF, WANT_OFF, "EPT-violation #VE", "24.6.2; violations are ours" },
    { FIELD_SECONDARY, 19U, WANT_OFF, WANT_OFF, "conceal VMX from PT", "24.6.2" },
    { FIELD_SECONDARY, 20U, WANT_OFF, WANT_OFF, "enable XSAVES/XRSTORS", "24.6.2; hidden from guests, #UD without it" },
    { FIELD_SECONDARY, 21U, WANT_OFF, WANT_OFF, "PASID translation", "24.6.2" },
    { FIELD_SECONDARY, 22U, WANT_OFF, WANT_OFF, "mode-based execute control for EPT", "24.6.2" },
    { FIELD_SECONDARY, 23U, WANT_OFF, WANT_OFF, "sub-page write permissions for EPT", "24.6.2" },
    { FIELD_SECONDARY, 24U, WANT_OFF, WANT_OFF, "Intel PT uses guest physical addresses", "24.6.2" },
    { FIELD_SECONDARY, 25U, WANT_OFF, WANT_OFF, "use TSC scaling", "24.6.2" },
    { FIELD_SECONDARY, 26U, WANT_OFF, WANT_OFF, "enable user wait and pause", "24.6.2; hidden from guests" },
    { FIELD_SECONDARY, 27U, WANT_OFF, WANT_OFF, "enable PCONFIG", "24.6.2; #UD without it" },
    { FIELD_SECONDARY, 28U, WANT_OFF, WANT_OFF, "enable ENCLV exiting", "24.6.2" },
    { FIELD_SECONDARY, 30U, WANT_OFF, WANT_OFF, "VMM bus-lock detection", "24.6.2" },
    { FIELD_SECONDARY, 31U, WANT_OFF, WANT_OFF, "instruction timeout", "24.6.2" },
    /* SDM 3, 24.7.1. */
    { FIELD_EXIT, 2U, WANT_REQUIRED, WANT_REQUIRED, "save debug controls", "24.7.1" },
    { FIELD_EXIT, 9U, WANT_REQUIRED, WANT_REQUIRED, "host address-space size", "24.7.1; the host is 64-bit" },
    { FIELD_EXIT, 12U, WANT_OFF, WANT_OFF, "load IA32_PERF_GLOBAL_CTRL on exit", "24.7.1" },
    { FIELD_EXIT, 15U, WANT_OFF, WANT_OFF, "acknowledge interrupt on exit", "24.7.1; the run loop takes it from the APIC" },
    { FIELD_EXIT, 18U, WANT_REQUIRED, WANT_REQUIRED, "save IA32_PAT", "24.7.1" },
    { FIELD_EXIT, 19U, WANT_REQUIRED, WANT_REQUIRED, "load IA32_PAT on exit", "24.7.1" },
    { FIELD_EXIT, 20U, WANT_REQUIRED, WANT_REQUIRED, "save IA32_EFER", "24.7.1" },
    { FIELD_EXIT, 21U, WANT_REQUIRED, WANT_REQUIRED, "load IA32_EFER on exit", "24.7.1" },
    { FIELD_EXIT, 22U, WANT_PREFERRED, WANT_OFF, "save VMX-preemption timer value", "24.7.1, 25.5.1; it goes on over quick exits" },
    { FIELD_EXIT, 23U, WANT_OFF, WANT_OFF, "clear IA32_BNDCFGS", "24.7.1" },
    { FIELD_EXIT, 24U, WANT_OFF, WANT_OFF, "conceal VMX from PT on exit", "24.7.1" },
    { FIELD_EXIT, 25U, WANT_OFF, WANT_OFF, "clear IA32_RTIT_CTL", "24.7.1" },
    { FIELD_EXIT, 26U, WANT_OFF, WANT_OFF, "clear IA32_LBR_CTL", "24.7.1" },
    { FIELD_EXIT, 27U, WANT_OFF, WANT_OFF, "clear UINV", "24.7.1; user interrupts are hidden from guests" },
    { FIELD_EXIT, 28U, WANT_OFF, WANT_OFF, "load CET state on exit", "24.7.1; the host's CR4.CET is 0" },
    { FIELD_EXIT, 29U, WANT_OFF, WANT_OFF, "load PKRS on exit", "24.7.1; the host's CR4.PKS is 0" },
    { FIELD_EXIT, 30U, WANT_OFF, WANT_OFF, "save IA32_PERF_GLOBAL_CTRL", "24.7.1" },
    { FIELD_EXIT, 31U, WANT_OFF, WANT_OFF, "activate secondary exit controls", "24.7.1" },
    /* SDM 3, 24.8.1. */
    { FIELD_ENTRY, 2U, WANT_REQUIRED, WANT_REQUIRED, "load debug controls", "24.8.1" },
    { FIELD_ENTRY, 9U, WANT_ON_DEMAND, WANT_ON_DEMAND, "IA-32e mode guest", "24.8.1; as the guest's EFER.LMA" },
    { FIELD_ENTRY, 10U, WANT_OFF, WANT_OFF, "entry to SMM", "24.8.1" },
    { FIELD_ENTRY, 11U, WANT_OFF, WANT_OFF, "deactivate dual-monitor treatment", "24.8.1" },
    { FIELD_ENTRY, 13U, WANT_OFF, WANT_OFF, "load IA32_PERF_GLOBAL_CTRL on entry", "24.8.1" },
    { FIELD_ENTRY, 14U, WANT_REQUIRED, WANT_REQUIRED, "load IA32_PAT on entry", "24.8.1" },
    { FIELD_ENTRY, 15U, WANT_REQUIRED, WANT_REQUIRED, "load IA32_EFER on entry", "24.8.1" },
    { FIELD_ENTRY, 16U, WANT_OFF, WANT_OFF, "load IA32_BNDCFGS", "24.8.1" },
    { FIELD_ENTRY, 17U, WANT_OFF, WANT_OFF, "conceal VMX from PT on entry", "24.8.1" },
    { FIELD_ENTRY, 18U, WANT_OFF, WANT_OFF, "load IA32_RTIT_CTL", "24.8.1" },
    { FIELD_ENTRY, 19U, WANT_OFF, WANT_OFF, "load UINV", "24.8.1; user interrupts are hidden from guests" },
    { FIELD_ENTRY, 20U, WANT_OFF, WANT_OFF, "load CET state on entry", "24.8.1" },
    { FIELD_ENTRY, 21U, WANT_OFF, WANT_OFF, "load guest IA32_LBR_CTL", "24.8.1" },
    { FIELD_ENTRY, 22U, WANT_OFF, WANT_OFF, "load PKRS on entry", "24.8.1" },
};

enum vmx_word { WORD_BASIC, WORD_MISC, WORD_EPT_VPID };
struct vmx_property {
    enum vmx_word word;
    uint32_t bit;
    const char *name;
};
/* REQ-CFG-010 */
static const struct vmx_property properties[] = {
    { WORD_BASIC, 54U, "INS/OUTS exit information" },  /* SDM 3, A.1 */
    { WORD_BASIC, 55U, "true VMX control MSRs" },      /* A.1, A.2 */
    { WORD_MISC, 6U, "HLT activity state" },           /* A.6; exclusive guests halt */
    { WORD_EPT_VPID, 6U, "4-level EPT" },              /* A.10 */
    { WORD_EPT_VPID, 14U, "write-back EPT" },
    { WORD_EPT_VPID, 16U, "2 MiB EPT pages" },
    { WORD_EPT_VPID, 17U, "1 GiB EPT pages" },
    { WORD_EPT_VPID, 20U, "INVEPT" },
    { WORD_EPT_VPID, 25U, "single-context INVEPT" },
};
#define PROPERTY_COUNT ((uint32_t)(sizeof(properties) / sizeof(properties[0])))

#define VPID_INVVPID        32U
#define VPID_SINGLE_CONTEXT 41U

static bool bit_of(uint64_t word, uint32_t bit)
{
    return ((word >> bit) & 1U) != 0U;
}

bool vmx_vpid_usable(const struct vmx_caps *caps)
{
    return bit_of(caps->ept_vpid, VPID_INVVPID) && bit_of(caps->ept_vpid, VPID_SINGLE_CONTEXT);
}

/* Timer saved but not active makes the entry fail (26.2.1.2): what depends on another bit is put right at the end. */
static uint32_t without_dependents(const struct vmx_caps *caps, enum vmx_field field, uint32_t value)
{
    uint32_t ret = value;
    if ((field == FIELD_EXIT) && (!bit_of(caps->controls[FIELD_PIN], 32U + 6U))) {
        ret &= ~EXIT_SAVE_TIMER;
    }
    if ((field == FIELD_SECONDARY) && (!vmx_vpid_usable(caps))) {
        ret &= ~SECONDARY_VPID;
    }
    return ret;
}

/* REQ-ISO-019 */
uint32_t vmx_control_value(const struct vmx_caps *caps, enum vmx_field field, bool exclusive)
{
    const uint32_t must = (uint32_t)caps->controls[field];
    const uint32_t may = (uint32_t)(caps->controls[field] >> 32);
    uint32_t want = 0U;
    for (uint32_t i = 0U; i < VMX_CONTROL_COUNT; i++) {
        const struct vmx_control *const row = &vmx_controls[i];
        if ((row->field == field) && want_set(exclusive ? row->exclusive : row->shared)) {
            want |= (uint32_t)1U << row->bit;
        }
    }
    return without_dependents(caps, field, want & may) | must;
}

/* REQ-INT-033 */
uint32_t vmx_control_with_apic(const struct vmx_caps *caps, enum vmx_field field, uint32_t value)
{
    uint32_t ret = value;
    for (uint32_t i = 0U; i < VMX_CONTROL_COUNT; i++) {
        const struct vmx_control *const row = &vmx_controls[i];
        if ((row->field == field) && (row->shared == WANT_APIC) && bit_of(caps->controls[field], 32U + row->bit)) {
            ret |= (uint32_t)1U << row->bit;
        } else if ((row->field == field) && (row->shared == WANT_NO_APIC) && (!bit_of(caps->controls[field], row->bit))) {
            ret &= ~((uint32_t)1U << row->bit);
        } else {
            /* as without */
        }
    }
    return ret;
}

/* Each of them without another makes the entry fail (26.2.1.1), or opens the physical APIC: all or none. */
/* REQ-INT-033 */
bool vmx_apic_usable(const struct vmx_caps *caps)
{
    const uint32_t primary = vmx_control_with_apic(caps, FIELD_PRIMARY, vmx_control_value(caps, FIELD_PRIMARY, false));
    const uint32_t secondary = vmx_control_with_apic(caps, FIELD_SECONDARY, 0U);
    return ((primary & (PRIMARY_TPR_SHADOW | PRIMARY_CR8_EXITS)) == PRIMARY_TPR_SHADOW) && ((secondary & SECONDARY_APIC) == SECONDARY_APIC);
}

static bool satisfied(const struct vmx_caps *caps, const struct vmx_control *row, enum want want)
{
    const bool must = bit_of(caps->controls[row->field], row->bit);
    const bool may = bit_of(caps->controls[row->field], 32U + row->bit);
    bool good;
    switch (want) {
    case WANT_REQUIRED:
    case WANT_NO_APIC: good = may; break;
    case WANT_ON_DEMAND: good = may && (!must); break;
    case WANT_APIC:
    case WANT_OFF: good = !must; break;
    default: good = true; break;
    }
    return good;
}

static uint64_t word_of(const struct vmx_caps *caps, enum vmx_word word)
{
    uint64_t value;
    switch (word) {
    case WORD_BASIC: value = caps->basic; break;
    case WORD_MISC: value = caps->misc; break;
    default: value = caps->ept_vpid; break;
    }
    return value;
}

/* REQ-CFG-010 */
const char *vmx_control_missing(const struct vmx_caps *caps, uint32_t *cursor)
{
    const char *name = NULL;
    while ((name == NULL) && (*cursor < (VMX_CONTROL_COUNT + PROPERTY_COUNT))) {
        if (*cursor < VMX_CONTROL_COUNT) {
            const struct vmx_control *const row = &vmx_controls[*cursor];
            if (!(satisfied(caps, row, row->shared) && satisfied(caps, row, row->exclusive))) {
                name = row->name;
            }
        } else {
            const struct vmx_property *const property = &properties[*cursor - VMX_CONTROL_COUNT];
            if (!bit_of(word_of(caps, property->word), property->bit)) {
                name = property->name;
            }
        }
        *cursor += 1U;
    }
    return name;
}
