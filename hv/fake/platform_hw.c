/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the machine that most tests do not look at: an IOAPIC, MSIs. */
#include "fake/fake.h"

uint32_t fake_ioapic_vector[IOAPIC_PINS];
bool fake_ioapic_masked[IOAPIC_PINS];

void hw_ioapic_route(uint32_t pin, uint32_t vector, pcpu_id_t target, bool level, bool active_low)
{
    (void)target;
    (void)level;
    (void)active_low;
    fake_ioapic_vector[pin] = vector;
    fake_ioapic_masked[pin] = false;
}

void hw_ioapic_mask(uint32_t pin, bool masked)
{
    fake_ioapic_masked[pin] = masked;
}

uint64_t hw_msi_address(pcpu_id_t target)
{
    return 0xFEE00000U | ((uint64_t)target << 12);
}

uint32_t hw_msi_data(uint32_t vector)
{
    return vector;
}
