/* SPDX-License-Identifier: Apache-2.0 */
/* The MSR and I/O permission maps of each VM: a set bit makes the access exit (APM 2, 15.10, 15.11). */
#include "core/limits.h"
#include "x86/address.h"
#include "x86/svm/svm.h"

#define MSRPM_SIZE 8192U
#define IOPM_SIZE  12288U
#define MSR_RANGE  0x2000U /* MSRs in each of the three ranges that the map covers */

static uint8_t msr_map[MAX_VM][MSRPM_SIZE] __attribute__((aligned(4096)));
static uint8_t io_map[MAX_VM][IOPM_SIZE] __attribute__((aligned(4096)));

static const uint32_t msr_range_base[3] = { 0x00000000U, 0xC0000000U, 0xC0010000U };

void svm_bitmaps_attach(struct vmcb *vmcb, vm_id_t vm)
{
    vmcb->msrpm_base = address_of(msr_map[vm]);
    vmcb->iopm_base = address_of(io_map[vm]);
}

/* Two bits an MSR: read, then write. An MSR outside the ranges always exits and stays closed. */
/* REQ-ISO-017 */
void svm_msr_open(vm_id_t vm, uint32_t msr, bool read, bool write)
{
    for (uint32_t range = 0U; range < 3U; range++) {
        const uint32_t index = msr - msr_range_base[range];
        if ((msr >= msr_range_base[range]) && (index < MSR_RANGE)) {
            const uint32_t bit = ((range * MSR_RANGE) + index) * 2U;
            uint32_t open = 0U;
            open |= read ? 1U : 0U;
            open |= write ? 2U : 0U;
            msr_map[vm][bit / 8U] &= (uint8_t)~(open << (bit % 8U));
        }
    }
}

void svm_port_open(vm_id_t vm, uint16_t port)
{
    io_map[vm][port / 8U] &= (uint8_t)~(1U << (port % 8U));
}

/* REQ-ISO-017 */
void svm_bitmaps_close(vm_id_t vm)
{
    for (uint32_t i = 0U; i < MSRPM_SIZE; i++) {
        msr_map[vm][i] = 0xFFU;
    }
    for (uint32_t i = 0U; i < IOPM_SIZE; i++) {
        io_map[vm][i] = 0xFFU;
    }
}
