/* SPDX-License-Identifier: Apache-2.0 */
/* The VMX instructions (Intel SDM 3, 30.3). Only entries can fail for a reason that is not a mistake of ours. */
#include "x86/fatal.h"
#include "x86/vmx/vmx.h"

struct invalidation { /* 30.3, INVEPT and INVVPID descriptors */
    uint64_t subject;
    uint64_t address;
};
#define SINGLE_CONTEXT 1U /* type of both */

/* CF or ZF (30.2): not done. */
static void succeed(uint8_t failed, const char *what)
{
    if (failed != 0U) {
        fatal_boot("VT-x instruction failed: ", what);
    }
}

/* REQ-ISO-033 */
void vmx_on(hpa_t region)
{
    uint8_t failed;
    __asm__ volatile("vmxon %1; setna %0" : "=q"(failed) : "m"(region) : "cc", "memory");
    succeed(failed, "VMXON");
}

void vmx_clear_and_load(hpa_t vmcs)
{
    uint8_t failed;
    __asm__ volatile("vmclear %1; setna %0" : "=q"(failed) : "m"(vmcs) : "cc", "memory");
    succeed(failed, "VMCLEAR");
    __asm__ volatile("vmptrld %1; setna %0" : "=q"(failed) : "m"(vmcs) : "cc", "memory");
    succeed(failed, "VMPTRLD");
}

/* REQ-LIF-007 */
void vmx_off(void)
{
    __asm__ volatile("vmxoff" : : : "cc", "memory");
}

uint64_t vmx_read(uint32_t field)
{
    uint64_t value;
    __asm__ volatile("vmread %1, %0" : "=r"(value) : "r"((uint64_t)field) : "cc");
    return value;
}

void vmx_write(uint32_t field, uint64_t value)
{
    __asm__ volatile("vmwrite %1, %0" : : "r"((uint64_t)field), "r"(value) : "cc", "memory");
}

/* The core may still have translations that the guest has lost: nothing of ours goes on here. The exception that this is ends it (fatal.c). */
static void stop_if(uint8_t failed)
{
    if (failed != 0U) {
        __asm__ volatile("ud2");
    }
}

/* REQ-ISO-013 */
void vmx_invept_one(uint64_t eptp)
{
    uint8_t failed;
    const struct invalidation which = { eptp, 0U };
    __asm__ volatile("invept %1, %2; setna %0" : "=q"(failed) : "m"(which), "r"((uint64_t)SINGLE_CONTEXT) : "cc", "memory");
    stop_if(failed);
}

/* REQ-ISO-013 */
void vmx_invvpid_one(uint32_t vpid)
{
    uint8_t failed;
    const struct invalidation which = { vpid, 0U };
    __asm__ volatile("invvpid %1, %2; setna %0" : "=q"(failed) : "m"(which), "r"((uint64_t)SINGLE_CONTEXT) : "cc", "memory");
    stop_if(failed);
}
