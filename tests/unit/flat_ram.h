/* SPDX-License-Identifier: Apache-2.0 */
/* RAM of the guest whose addresses are those of the host, for tests of what reads instructions there. RAM_SIZE: before the include. */
#ifndef TESTS_UNIT_FLAT_RAM_H
#define TESTS_UNIT_FLAT_RAM_H

#include <string.h>

#include "core/guest_locate.h"
#include "core/hw.h"

static uint8_t ram[RAM_SIZE];

enum status guest_locate(vcpu_id_t id, uint32_t place, gpa_t gpa, hpa_t *hpa)
{
    (void)id;
    assert_true(place < GUEST_PLACES);
    *hpa = gpa;
    return (gpa < RAM_SIZE) ? STATUS_OK : STATUS_FAULT;
}

uint64_t hw_phys_read(hpa_t pa, uint32_t size)
{
    uint64_t value = 0U;

    assert_true((pa < RAM_SIZE) && (size <= (RAM_SIZE - pa)));
    memcpy(&value, &ram[pa], size);
    return value;
}

void hw_phys_copy_in(uint8_t *dst, hpa_t src, uint32_t size)
{
    assert_true((src < RAM_SIZE) && (size <= (RAM_SIZE - src)));
    memcpy(dst, &ram[src], size);
}

#endif
