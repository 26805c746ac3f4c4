/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registers that VT-x leaves in the core at entry and exit, and that the hypervisor does not use: they stay
 * the guest's until the core changes vCPU. CR2 moves at each exit, since core/ reads and writes it.
 */
#include "x86/asm.h"
#include "x86/msr.h"
#include "x86/vmx/vmx.h"

#define SWITCHED   5U
#define DR6_RESET  0xFFFF0FF0U
#define DR6_CAUSES 0xFU
#define DR6_SET    0x6000U /* BD, BS */
#define DR6_RTM    0x10000U /* active low (Intel SDM 3, 17.2.3) */

static const uint32_t switched_msr[SWITCHED] = { MSR_STAR, MSR_LSTAR, MSR_CSTAR, MSR_SFMASK, MSR_KERNEL_GS_BASE };
static uint64_t saved_msr[MAX_VCPU][SWITCHED];
static uint64_t saved_dr6[MAX_VCPU];

void vmx_switch_reset(vcpu_id_t vcpu)
{
    for (uint32_t i = 0U; i < SWITCHED; i++) {
        saved_msr[vcpu][i] = 0U;
    }
    saved_dr6[vcpu] = DR6_RESET;
}

/* REQ-ISO-024 */
void vmx_switch_load(vcpu_id_t vcpu)
{
    for (uint32_t i = 0U; i < SWITCHED; i++) {
        asm_wrmsr(switched_msr[i], saved_msr[vcpu][i]);
    }
    asm_write_dr6(saved_dr6[vcpu]);
}

void vmx_switch_save(vcpu_id_t vcpu)
{
    for (uint32_t i = 0U; i < SWITCHED; i++) {
        saved_msr[vcpu][i] = asm_rdmsr(switched_msr[i]);
    }
    saved_dr6[vcpu] = asm_read_dr6();
}

/* Table 27-1: causes in bits 0 to 3, BD, BS, and RTM with the opposite sense of DR6's. */
void vmx_switch_debug(vcpu_id_t vcpu, uint64_t qualification)
{
    const uint64_t kept = asm_read_dr6() & ~(uint64_t)DR6_CAUSES;
    const uint64_t added = qualification & (DR6_CAUSES | DR6_SET);
    const uint64_t rtm = ((qualification & DR6_RTM) != 0U) ? 0U : DR6_RTM;
    (void)vcpu;
    asm_write_dr6(((kept | added | DR6_RESET) & ~(uint64_t)DR6_RTM) | rtm);
}

uint64_t vmx_cr2_read(void)
{
    return asm_read_cr2();
}

void vmx_cr2_write(uint64_t value)
{
    asm_write_cr2(value);
}

/* The exit of an NMI leaves NMIs blocked (27.5.5) until an IRET: that of the handler to which this goes. */
/* REQ-INT-029 */
void vmx_nmi_open(void)
{
    asm_int_nmi();
}
