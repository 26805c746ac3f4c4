/* SPDX-License-Identifier: Apache-2.0 */
/* The MSR and I/O permission maps of each VM: a set bit makes the access exit (APM 2, 15.10, 15.11). */
#include "core/limits.h"
#include "x86/access_maps.h"
#include "x86/address.h"
#include "x86/svm/svm.h"

#define MSR_RANGE  0x2000U /* MSRs in each of the three ranges that the map covers */
#define MSR_NONE   0xFFFFFFFFU

void svm_bitmaps_attach(struct vmcb *vmcb, vm_id_t vm)
{
    vmcb->msrpm_base = address_of(access_msr_map[vm]);
    vmcb->iopm_base = address_of(access_io_map[vm]);
}

/* Place of an MSR in the map, MSR_NONE: it has none. */
static uint32_t msr_index(uint32_t msr)
{
    uint32_t index = MSR_NONE;
    if (msr < MSR_RANGE) {
        index = msr;
    } else if ((msr >= 0xC0000000U) && (msr < (0xC0000000U + MSR_RANGE))) {
        index = MSR_RANGE + (msr - 0xC0000000U);
    } else if ((msr >= 0xC0010000U) && (msr < (0xC0010000U + MSR_RANGE))) {
        index = (2U * MSR_RANGE) + (msr - 0xC0010000U);
    } else {
        /* always exits */
    }
    return index;
}

/* Two bits an MSR: read, then write. An MSR outside the ranges stays closed. */
/* REQ-ISO-017 */
void svm_msr_open(vm_id_t vm, uint32_t msr, bool read, bool write)
{
    const uint32_t index = msr_index(msr);
    const uint32_t bit = (index % 4U) * 2U;
    if ((index != MSR_NONE) && read) {
        access_msr_map[vm][index / 4U] = access_without_bit(access_msr_map[vm][index / 4U], bit);
    }
    if ((index != MSR_NONE) && write) {
        access_msr_map[vm][index / 4U] = access_without_bit(access_msr_map[vm][index / 4U], bit + 1U);
    }
}

/* REQ-ISO-017 */
void svm_port_open(vm_id_t vm, uint16_t port)
{
    access_io_map[vm][port / 8U] = access_without_bit(access_io_map[vm][port / 8U], port % 8U);
}

/* REQ-ISO-017 */
void svm_bitmaps_close(vm_id_t vm)
{
    /*@ loop invariant i <= ACCESS_MSR_BYTES && \forall integer k; 0 <= k < i ==> access_msr_map[vm][k] == 0xFF;
        loop assigns i, access_msr_map[vm][0 .. ACCESS_MSR_BYTES - 1];
        loop variant ACCESS_MSR_BYTES - i; */
    for (uint32_t i = 0U; i < ACCESS_MSR_BYTES; i++) {
        access_msr_map[vm][i] = 0xFFU;
    }
    /*@ loop invariant i <= ACCESS_IO_BYTES && \forall integer k; 0 <= k < i ==> access_io_map[vm][k] == 0xFF;
        loop assigns i, access_io_map[vm][0 .. ACCESS_IO_BYTES - 1];
        loop variant ACCESS_IO_BYTES - i; */
    for (uint32_t i = 0U; i < ACCESS_IO_BYTES; i++) {
        access_io_map[vm][i] = 0xFFU;
    }
}
