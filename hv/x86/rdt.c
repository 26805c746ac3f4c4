/* SPDX-License-Identifier: Apache-2.0 */
/* Registers of classes of service: one accessor each (Intel SDM 4, table 2-2; AMD APM 2, 19.4). */
#include "core/hw.h"
#include "x86/asm.h"
#include "x86/msr.h"

#define QOS_CFG_SPLIT   1U
#define PQR_CLASS_SHIFT 32U /* the monitoring id below stays 0 */

/* REQ-RT-053 */
bool hw_cache_split(uint32_t index)
{
    return (asm_rdmsr((index == 0U) ? MSR_L2_QOS_CFG : MSR_L3_QOS_CFG) & QOS_CFG_SPLIT) != 0U;
}

void hw_cache_mask(uint32_t index, uint32_t number, uint32_t mask)
{
    asm_wrmsr(((index == 0U) ? MSR_L2_MASK_0 : MSR_L3_MASK_0) + number, mask);
}

void hw_bandwidth_delay(uint32_t number, uint32_t delay)
{
    asm_wrmsr(MSR_MBA_THROTTLE_0 + number, delay);
}

void hw_bandwidth_rate(uint32_t number, uint32_t rate)
{
    asm_wrmsr(MSR_AMD_L3_BANDWIDTH_0 + number, rate);
}

void hw_cache_class(uint32_t number)
{
    asm_wrmsr(MSR_PQR_ASSOC, (uint64_t)number << PQR_CLASS_SHIFT);
}
