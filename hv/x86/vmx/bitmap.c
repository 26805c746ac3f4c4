/* SPDX-License-Identifier: Apache-2.0 */
/* The MSR and I/O bitmaps of each VM: a set bit makes the access exit (Intel SDM 3, 24.6.4, 24.6.9). */
#include "core/limits.h"
#include "x86/access_maps.h"
#include "x86/address.h"
#include "x86/vmx/vmx.h"

#define MSR_RANGE  0x2000U /* MSRs in each of the two ranges that a bitmap covers */
#define MSR_HIGH   0xC0000000U
#define MSR_BYTES  0x400U  /* of a range */
#define WRITE_HALF (2U * MSR_BYTES)
#define MSRMAP_SIZE 4096U
#define APIC_READ  (MSRMAP_SIZE + 0x101U) /* MSRs 808 to 80F, in the second map */
#define APIC_WRITE (APIC_READ + WRITE_HALF)
#define IOMAP_SIZE  8192U  /* A: ports 0 to 7FFF, B: the rest */

_Static_assert(((2U * MSRMAP_SIZE) <= ACCESS_MSR_BYTES) && (IOMAP_SIZE <= ACCESS_IO_BYTES), "the maps have room for it");

/*
 * A VM has two MSR maps. In the second the registers are open that the CPU's virtual local APIC answers for (29.5), from its page: it is
 * in use only with the controls that make them virtual, or a guest would reach the physical APIC (vmx.c stores both together).
 */
/* REQ-ISO-017 REQ-INT-033 */
void vmx_bitmaps_attach(vm_id_t vm, bool apic)
{
    vmx_write(VMCS_MSR_BITMAP, address_of(access_msr_map[vm]) + (apic ? MSRMAP_SIZE : 0U));
    vmx_write(VMCS_IO_BITMAP_A, address_of(access_io_map[vm]));
    vmx_write(VMCS_IO_BITMAP_B, address_of(access_io_map[vm]) + (IOMAP_SIZE / 2U));
}

/* One bit an MSR; reads of the low and of the high range, then writes of both. An MSR outside the ranges stays closed. */
/* REQ-ISO-017 */
void vmx_msr_open(vm_id_t vm, uint32_t msr, bool read, bool write)
{
    const bool high = (msr >= MSR_HIGH) && (msr < (MSR_HIGH + MSR_RANGE));
    if ((msr < MSR_RANGE) || high) {
        const uint32_t index = high ? (msr - MSR_HIGH) : msr;
        const uint32_t range = high ? MSR_BYTES : 0U;
        const uint32_t byte = range + (index / 8U);
        if (read) {
            access_msr_map[vm][byte] = access_without_bit(access_msr_map[vm][byte], index % 8U);
            access_msr_map[vm][MSRMAP_SIZE + byte] = access_without_bit(access_msr_map[vm][MSRMAP_SIZE + byte], index % 8U);
        }
        if (write) {
            access_msr_map[vm][WRITE_HALF + byte] = access_without_bit(access_msr_map[vm][WRITE_HALF + byte], index % 8U);
            access_msr_map[vm][MSRMAP_SIZE + WRITE_HALF + byte] = access_without_bit(access_msr_map[vm][MSRMAP_SIZE + WRITE_HALF + byte], index % 8U);
        }
    }
}

/* REQ-ISO-017 */
void vmx_port_open(vm_id_t vm, uint16_t port)
{
    access_io_map[vm][port / 8U] = access_without_bit(access_io_map[vm][port / 8U], port % 8U);
}

/* REQ-ISO-017 */
void vmx_bitmaps_close(vm_id_t vm)
{
    /*@ loop invariant i <= 2 * MSRMAP_SIZE && \forall integer k; 0 <= k < i ==> access_msr_map[vm][k] == 0xFF;
        loop assigns i, access_msr_map[vm][0 .. 2 * MSRMAP_SIZE - 1];
        loop variant 2 * MSRMAP_SIZE - i; */
    for (uint32_t i = 0U; i < (2U * MSRMAP_SIZE); i++) {
        access_msr_map[vm][i] = 0xFFU;
    }
    access_msr_map[vm][APIC_READ] = 0xFAU;      /* TPR, PPR */
    access_msr_map[vm][APIC_READ + 1U] = 0U;    /* ISR */
    access_msr_map[vm][APIC_READ + 2U] = 0U;    /* TMR */
    access_msr_map[vm][APIC_READ + 3U] = 0U;    /* IRR */
    access_msr_map[vm][APIC_WRITE] = 0xF6U;     /* TPR, EOI */
    access_msr_map[vm][APIC_WRITE + 6U] = 0x7FU; /* SELF_IPI */
    /*@ loop invariant i <= IOMAP_SIZE && \forall integer k; 0 <= k < i ==> access_io_map[vm][k] == 0xFF;
        loop assigns i, access_io_map[vm][0 .. IOMAP_SIZE - 1];
        loop variant IOMAP_SIZE - i; */
    for (uint32_t i = 0U; i < IOMAP_SIZE; i++) {
        access_io_map[vm][i] = 0xFFU;
    }
}
