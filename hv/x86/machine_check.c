/* SPDX-License-Identifier: Apache-2.0 */
/* What the machine-check banks hold (AMD APM 2, 9.3; Intel SDM 3, 16.3.2). */
#include "core/hw.h"
#include "x86/asm.h"
#include "x86/msr.h"
#include "x86/msr_safe.h"

#define CPUID_MCA   0x4000U
#define BANKS_MASK  0xFFU
#define BANKS_MOST  32U     /* registers of more are elsewhere, and not on every CPU */
#define BANK_STRIDE 4U
#define STATUS_VALID 0x8000000000000000ULL

/* MCG_STATUS is cleared last: a machine check before that would shut the core down. Bochs' CPUID tells of registers that it lacks. */
/* REQ-LIF-034 REQ-CFG-033 */
uint64_t hw_machine_check(void)
{
    uint64_t first = 0U;
    uint64_t capability = 0U;
    uint32_t leaf[4];
    asm_cpuid(1U, 0U, leaf);
    if (((leaf[3] & CPUID_MCA) != 0U) && msr_read_safe(MSR_MCG_CAP, &capability)) {
        const uint32_t banks = (uint32_t)capability & BANKS_MASK;
        for (uint32_t i = 0U; (i < banks) && (i < BANKS_MOST); i++) {
            const uint64_t status = asm_rdmsr(MSR_MC0_STATUS + (i * BANK_STRIDE));
            if ((status & STATUS_VALID) != 0U) {
                first = (first == 0U) ? status : first;
                asm_wrmsr(MSR_MC0_STATUS + (i * BANK_STRIDE), 0U);
            }
        }
        asm_wrmsr(MSR_MCG_STATUS, 0U);
    }
    return first;
}
