/* SPDX-License-Identifier: Apache-2.0 */
/* The MSR and I/O permission maps of each VM: a set bit makes the access exit (APM 2, 15.10, 15.11). */
#include "core/limits.h"
#include "x86/address.h"
#include "x86/svm/svm.h"

#define MSRPM_SIZE 8192U
#define IOPM_SIZE  12288U
#define MSR_RANGE  0x2000U /* MSRs in each of the three ranges that the map covers */
#define MSR_NONE   0xFFFFFFFFU

static uint8_t msr_map[MAX_VM][MSRPM_SIZE] __attribute__((aligned(4096)));
static uint8_t io_map[MAX_VM][IOPM_SIZE] __attribute__((aligned(4096)));

void svm_bitmaps_attach(struct vmcb *vmcb, vm_id_t vm)
{
    vmcb->msrpm_base = address_of(msr_map[vm]);
    vmcb->iopm_base = address_of(io_map[vm]);
}

static uint8_t without_bit(uint8_t byte, uint32_t bit)
{
    static const uint8_t keep[8] = { 0xFEU, 0xFDU, 0xFBU, 0xF7U, 0xEFU, 0xDFU, 0xBFU, 0x7FU };
    return byte & keep[bit];
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
        msr_map[vm][index / 4U] = without_bit(msr_map[vm][index / 4U], bit);
    }
    if ((index != MSR_NONE) && write) {
        msr_map[vm][index / 4U] = without_bit(msr_map[vm][index / 4U], bit + 1U);
    }
}

/* REQ-ISO-017 */
void svm_port_open(vm_id_t vm, uint16_t port)
{
    io_map[vm][port / 8U] = without_bit(io_map[vm][port / 8U], port % 8U);
}

/* REQ-ISO-017 */
void svm_bitmaps_close(vm_id_t vm)
{
    /*@ loop invariant i <= MSRPM_SIZE && \forall integer k; 0 <= k < i ==> msr_map[vm][k] == 0xFF;
        loop assigns i, msr_map[vm][0 .. MSRPM_SIZE - 1];
        loop variant MSRPM_SIZE - i; */
    for (uint32_t i = 0U; i < MSRPM_SIZE; i++) {
        msr_map[vm][i] = 0xFFU;
    }
    /*@ loop invariant i <= IOPM_SIZE && \forall integer k; 0 <= k < i ==> io_map[vm][k] == 0xFF;
        loop assigns i, io_map[vm][0 .. IOPM_SIZE - 1];
        loop variant IOPM_SIZE - i; */
    for (uint32_t i = 0U; i < IOPM_SIZE; i++) {
        io_map[vm][i] = 0xFFU;
    }
}
