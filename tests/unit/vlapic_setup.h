/* SPDX-License-Identifier: Apache-2.0 */
/* The local APICs of a User VM after reset, and what they call. For one test program each. */
#ifndef UNIT_VLAPIC_SETUP_H
#define UNIT_VLAPIC_SETUP_H

#include "device_stubs.h"
#include "vlapic_helpers.h"

#include "devices/vioapic.h"
#include "devices/vpic.h"

static uint32_t eoi_count;
static uint32_t eoi_vector;
static bool pic_output;

void vioapic_eoi(vm_id_t v, uint32_t vector)
{
    assert_int_equal(v, GUEST);
    eoi_count++;
    eoi_vector = vector;
}

bool vpic_pending(vm_id_t v) { return (v == GUEST) && pic_output; }

static inline int setup(void **state)
{
    (void)state;
    stubs_reset();
    eoi_count = 0U;
    pic_output = false;
    apics_start(GUEST);
    return 0;
}

#define T(name) cmocka_unit_test_setup(name, setup)

#endif
