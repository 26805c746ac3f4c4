/* SPDX-License-Identifier: Apache-2.0 */
/* How a guest drives its local APIC, in words. Needs device_stubs.h. */
#ifndef UNIT_VLAPIC_HELPERS_H
#define UNIT_VLAPIC_HELPERS_H

#include "devices/vlapic.h"

#define MSR_APIC_BASE 0x1BU
#define MSR_TSC_DEADLINE 0x6E0U
#define BASE_XAPIC  (VLAPIC_BASE | 0x800U)
#define BASE_X2APIC (VLAPIC_BASE | 0xC00U)

static inline uint32_t apic_read(vcpu_id_t id, uint32_t offset)
{
    uint32_t value = 0xDEADBEEFU;

    assert_int_equal(vlapic_mmio_read(id, offset, &value), STATUS_OK);
    return value;
}

static inline void apic_write(vcpu_id_t id, uint32_t offset, uint32_t value)
{
    assert_int_equal(vlapic_mmio_write(id, offset, value), STATUS_OK);
}

static inline uint64_t msr_read(vcpu_id_t id, uint32_t msr)
{
    uint64_t value = 0xDEADBEEFU;

    assert_int_equal(vlapic_msr_read(id, msr, &value), STATUS_OK);
    return value;
}

static inline void msr_write(vcpu_id_t id, uint32_t msr, uint64_t value)
{
    assert_int_equal(vlapic_msr_write(id, msr, value), STATUS_OK);
}

static inline bool msr_write_faults(vcpu_id_t id, uint32_t msr, uint64_t value)
{
    return vlapic_msr_write(id, msr, value) == STATUS_INVALID;
}

static inline bool msr_read_faults(vcpu_id_t id, uint32_t msr)
{
    uint64_t value = 0U;

    return vlapic_msr_read(id, msr, &value) == STATUS_INVALID;
}

static inline void enter_x2apic(vcpu_id_t id)
{
    msr_write(id, MSR_APIC_BASE, BASE_X2APIC);
}

/* Reset and software-enabled, spurious vector FF, LINT0 masked. */
static inline void apics_start(vm_id_t v)
{
    for (uint32_t i = 0U; i < MAX_VCPU_PER_VM; i++) {
        vlapic_reset(vcpu_id(v, i));
        apic_write(vcpu_id(v, i), 0xF0U, 0x1FFU);
        apic_write(vcpu_id(v, i), 0x350U, 0x10000U);
    }
}

static inline bool requested(vcpu_id_t id, uint32_t vector)
{
    uint32_t value = 0U;
    uint64_t wide = 0U;

    if (vlapic_mmio_read(id, 0x200U + ((vector >> 5U) * 16U), &value) != STATUS_OK) {
        assert_int_equal(vlapic_msr_read(id, 0x820U + (vector >> 5U), &wide), STATUS_OK);
        value = (uint32_t)wide;
    }
    return ((value >> (vector & 31U)) & 1U) != 0U;
}

/* Takes what is pending, as the entry to the guest does. */
static inline uint32_t take_interrupt(vcpu_id_t id)
{
    uint32_t vector = vlapic_pending(id);

    vlapic_accepted(id, vector);
    return vector;
}

#endif
