/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One VMCS a core: made current here, and never moved (docs/decisions/0020-vt-x.md). Host state is what the core runs with, and
 * the same at every exit.
 */
#include "x86/vmx/core.h"

#include <stddef.h>

#include "core/hw.h"
#include "x86/address.h"
#include "x86/asm.h"
#include "x86/core_pages.h"
#include "x86/cpu.h"
#include "x86/fatal.h"
#include "x86/layout.h"
#include "x86/msr.h"
#include "x86/vmx/vmx.h"

#define VMXON_REGION          0U /* of the core's pages */
#define VMCS_REGION           1U
#define CPUID1_ECX_VMX        0x20U
#define CR4_VMXE              0x2000U
#define FEATURE_LOCKED        0x1U /* Intel SDM 3, 23.7 */
#define FEATURE_VMX           0x4U
#define REVISION_MASK         0x7FFFFFFFU
#define NO_LINK               UINT64_MAX
#define TIMER_RATE            0x1FU /* of IA32_VMX_MISC (A.6) */

struct vmx_caps vmx_caps;

/* The TRUE MSRs where there are any (appendix A.2): a CPU without them is refused, by that name. */
static struct vmx_caps caps_read(void)
{
    struct vmx_caps caps;
    caps.basic = asm_rdmsr(MSR_VMX_BASIC);
    const uint32_t controls = (((caps.basic >> 55) & 1U) != 0U) ? MSR_VMX_TRUE_PIN : MSR_VMX_PIN;
    caps.misc = asm_rdmsr(MSR_VMX_MISC);
    caps.controls[FIELD_PIN] = asm_rdmsr(controls);
    caps.controls[FIELD_PRIMARY] = asm_rdmsr(controls + 1U);
    caps.controls[FIELD_EXIT] = asm_rdmsr(controls + 2U);
    caps.controls[FIELD_ENTRY] = asm_rdmsr(controls + 3U);
    caps.controls[FIELD_SECONDARY] = 0U;
    caps.ept_vpid = 0U;
    if (((caps.controls[FIELD_PRIMARY] >> 63) & 1U) != 0U) { /* activate secondary controls */
        caps.controls[FIELD_SECONDARY] = asm_rdmsr(MSR_VMX_SECONDARY);
        if (((caps.controls[FIELD_SECONDARY] >> 33) & 1U) != 0U) { /* enable EPT (A.10) */
            caps.ept_vpid = asm_rdmsr(MSR_VMX_EPT_VPID);
        }
    }
    return caps;
}

/* Without VMX there are no MSRs that tell of more. */
/* REQ-CFG-010 */
const char *vmx_core_missing(uint32_t *cursor)
{
    const char *name = (*cursor == 0U) ? "vmx" : NULL;
    uint32_t leaf[4];
    asm_cpuid(1U, 0U, leaf);
    if ((leaf[2] & CPUID1_ECX_VMX) != 0U) {
        const struct vmx_caps caps = caps_read();
        name = vmx_control_missing(&caps, cursor);
    } else {
        *cursor = 1U;
    }
    return name;
}

/* The firmware locks the choice; where it did not, the choice is ours. */
static void firmware_check(void)
{
    const uint64_t control = asm_rdmsr(MSR_FEATURE_CONTROL);
    if ((control & FEATURE_LOCKED) == 0U) {
        asm_wrmsr(MSR_FEATURE_CONTROL, control | FEATURE_VMX | FEATURE_LOCKED);
    } else if ((control & FEATURE_VMX) == 0U) {
        fatal_boot("VT-x is disabled by the firmware", "");
    } else {
        /* on */
    }
}

/* 24.5. CR3 and CR4 are final: the tables are those of paging_init(). */
static void host_state_store(pcpu_id_t self)
{
    vmx_write(VMCS_HOST_CR0, asm_read_cr0());
    vmx_write(VMCS_HOST_CR3, asm_read_cr3());
    vmx_write(VMCS_HOST_CR4, asm_read_cr4());
    vmx_write(VMCS_HOST_CS, GDT_CODE);
    vmx_write(VMCS_HOST_SS, GDT_DATA);
    vmx_write(VMCS_HOST_DS, GDT_DATA);
    vmx_write(VMCS_HOST_ES, GDT_DATA);
    vmx_write(VMCS_HOST_FS, 0U);
    vmx_write(VMCS_HOST_GS, 0U);
    vmx_write(VMCS_HOST_TR, GDT_TSS);
    vmx_write(VMCS_HOST_FS_BASE, 0U);
    vmx_write(VMCS_HOST_GS_BASE, asm_rdmsr(MSR_GS_BASE));
    vmx_write(VMCS_HOST_TR_BASE, gdt_tss_base(self));
    vmx_write(VMCS_HOST_GDTR_BASE, gdt_base(self));
    vmx_write(VMCS_HOST_IDTR_BASE, idt_base());
    vmx_write(VMCS_HOST_SYSENTER_CS, 0U);
    vmx_write(VMCS_HOST_SYSENTER_ESP, 0U);
    vmx_write(VMCS_HOST_SYSENTER_EIP, 0U);
    vmx_write(VMCS_HOST_PAT, asm_rdmsr(MSR_HOST_PAT));
    vmx_write(VMCS_HOST_EFER, asm_rdmsr(MSR_EFER));
    vmx_write(VMCS_HOST_RIP, vmx_marks[VMX_MARK_EXIT]);
}

/* Fields that are the same for every guest. A VMCS is not zero after VMCLEAR: each field in use is written once. */
static void constant_fields_store(void)
{
    vmx_write(VMCS_LINK_POINTER, NO_LINK); /* 24.4.2 */
    vmx_write(VMCS_PF_ERROR_MASK, 0U);
    vmx_write(VMCS_PF_ERROR_MATCH, 0U);
    vmx_write(VMCS_CR3_TARGET_COUNT, 0U);
    vmx_write(VMCS_EXIT_STORE_COUNT, 0U);
    vmx_write(VMCS_EXIT_LOAD_COUNT, 0U);
    vmx_write(VMCS_ENTRY_LOAD_COUNT, 0U);
}

/* A vCPU may run on any shared core, with what was chosen for the boot core. */
static bool caps_as_boot_core(const struct vmx_caps *caps)
{
    bool same = (((caps->misc ^ vmx_caps.misc) & TIMER_RATE) == 0U) && (caps->ept_vpid == vmx_caps.ept_vpid);
    for (uint32_t field = 0U; field < (uint32_t)FIELD_COUNT; field++) {
        same = same && (caps->controls[field] == vmx_caps.controls[field]);
    }
    return same;
}

void vmx_core_enable(void)
{
    const pcpu_id_t self = hw_pcpu();
    const struct vmx_caps caps = caps_read();
    const uint32_t revision = (uint32_t)caps.basic & REVISION_MASK; /* A.1 */
    uint32_t cursor = 0U;
    const char *missing = vmx_control_missing(&caps, &cursor);
    if (missing != NULL) {
        fatal_boot("a core lacks: ", missing);
    }
    if (self == 0U) {
        vmx_caps = caps;
        vmx_has_apic = vmx_apic_wanted && vmx_apic_usable(&caps);
    } else if (!caps_as_boot_core(&caps)) {
        fatal_boot("a core's VT-x capabilities differ from the boot core's", "");
    } else {
        /* alike */
    }
    firmware_check();
    asm_write_cr4(asm_read_cr4() | CR4_VMXE);
    for (uint32_t i = 0U; i < 4U; i++) {
        core_pages[self][VMXON_REGION][i] = (uint8_t)(revision >> (8U * i));
        core_pages[self][VMCS_REGION][i] = (uint8_t)(revision >> (8U * i));
    }
    vmx_on(address_of(core_pages[self][VMXON_REGION]));
    vmx_clear_and_load(address_of(core_pages[self][VMCS_REGION]));
    host_state_store(self);
    constant_fields_store();
}
