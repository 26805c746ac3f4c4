/* SPDX-License-Identifier: Apache-2.0 */
/* One binary for both vendors: which backend, decided once. */
#include "x86/vendor.h"

#include "x86/access_maps.h"
#include "x86/asm.h"
#include "x86/core_pages.h"

#define CPUID0_EBX_INTEL 0x756E6547U /* "Genu" */
#define CPUID1_ECX_VMX 0x20U

uint8_t core_pages[MAX_PCPU][2][PAGE_SIZE] __attribute__((aligned(4096)));
uint8_t access_msr_map[MAX_VM][ACCESS_MSR_BYTES] __attribute__((aligned(4096)));
uint8_t access_io_map[MAX_VM][ACCESS_IO_BYTES] __attribute__((aligned(4096)));

const struct vendor_ops *vendor; /* on the sealed pages (link.ld) */

/* No CPU has both. One that has neither gets its maker's, whose features are then named as missing. */
/* REQ-CFG-010 */
void vendor_select(void)
{
    uint32_t leaf[4];
    bool intel;
    asm_cpuid(0U, 0U, leaf);
    intel = leaf[1] == CPUID0_EBX_INTEL;
    asm_cpuid(1U, 0U, leaf);
    vendor = (intel || ((leaf[2] & CPUID1_ECX_VMX) != 0U)) ? &vmx_vendor : &svm_vendor;
}
