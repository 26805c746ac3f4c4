/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core/vm_power.c as the other drivers see it: a reset or power-off of the Service VM starts within the
 * invariants and may change all state within them. service_vm_life.c here has
 * the bodies analysed.
 */
#include "core/vcpu_hw.h"
#include "core/vm.h"
#include "core/vm_reload.h"
#include "proofs/eva/eva.h"

/*@ assigns vms[0 .. MAX_VM - 1] \from vms[0 .. MAX_VM - 1];
    assigns vcpus[0 .. MAX_VCPU - 1] \from vcpus[0 .. MAX_VCPU - 1];
    assigns vcpu_regs[0 .. MAX_VCPU - 1] \from vcpu_regs[0 .. MAX_VCPU - 1];
    exits \false; */
void vms_change(void);

static void life_of_service_vm(void)
{
    check_all();
    vms_change();
    assume_all();
}

/* Of its own VM only. */
const char *vm_reload(vm_id_t v)
{
    /*@ assert vm_id: v < MAX_VM; */
    (void)v;
    life_of_service_vm();
    return any_bool() ? "" : "reason";
}

void vm_service_off(uint16_t pm1_value)
{
    (void)pm1_value;
    life_of_service_vm();
}

void vm_service_reset(void)
{
    life_of_service_vm();
}

bool vm_service_ends;

uint64_t vm_service_end(uint64_t now)
{
    life_of_service_vm();
    return now;
}
