/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trusted (A-EVA-POWER): core/vm_power.c as the drivers see it. A reset or power-off of the Service VM may
 * change all state, within the invariants.
 */
#include "core/vm.h"
#include "proofs/eva/eva.h"

void vm_service_off(uint16_t pm1_value)
{
    (void)pm1_value;
    assume_all();
}

void vm_service_reset(void)
{
    assume_all();
}
