/* SPDX-License-Identifier: Apache-2.0 */
/* What devices/ calls in core/ and of the machine, recorded. For one test program each. */
#ifndef UNIT_DEVICE_STUBS_H
#define UNIT_DEVICE_STUBS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "core/hw.h"
#include "core/vm.h"

#define GUEST 4U            /* the VM most tests use: a User VM with four vCPUs */
#define GUEST_VCPUS 4U
#define CPU(n) vcpu_id(GUEST, (n))
#define TSC_HZ 1000000000U

struct vm vms[MAX_VM];
struct vcpu vcpus[MAX_VCPU];

static uint64_t stub_now;
static uint32_t notified[MAX_VCPU];
static uint32_t inits[MAX_VCPU];
static uint32_t nmis[MAX_VCPU];
static uint32_t sipis[MAX_VCPU];
static uint32_t sipi_vector;

uint64_t hw_tsc(void) { return stub_now; }
uint64_t hw_tsc_hz(void) { return TSC_HZ; }
void vcpu_notify(vcpu_id_t id) { notified[id]++; }
void vcpu_receive_init(vcpu_id_t id) { inits[id]++; }
void vcpu_receive_nmi(vcpu_id_t id) { nmis[id]++; }
void vcpu_receive_sipi(vcpu_id_t id, uint32_t vector)
{
    sipis[id]++;
    sipi_vector = vector;
}

static inline void stubs_reset(void)
{
    stub_now = 1000U;
    memset(notified, 0, sizeof(notified));
    memset(inits, 0, sizeof(inits));
    memset(nmis, 0, sizeof(nmis));
    memset(sipis, 0, sizeof(sipis));
    memset(vms, 0, sizeof(vms));
    memset(vcpus, 0, sizeof(vcpus));
    for (uint32_t v = 0U; v < MAX_VM; v++) {
        vms[v].vcpu_count = GUEST_VCPUS;
        vms[v].state = VM_RUNNING;
        for (uint32_t i = 0U; i < MAX_VCPU_PER_VM; i++) { /* also those that do not exist */
            vcpus[vcpu_id(v, i)].state = VCPU_RUNNABLE;
        }
    }
}

#endif
