/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Doorbells. One that rings is noted first. That of an exclusive VM is then delivered at once, if the receiver's interval since the
 * last one of the same sender and vector has passed. What must wait, and what is for a VM on shared cores, is delivered by
 * ivshmem_look() under the lock, so no doorbell is lost; those that ring while one waits are one with it.
 *
 * An exclusive VM gets its interrupt as a message of the local APIC to the core of its vCPU: it does not exit. Where its own cores
 * and senders meet without a lock, each stores what it has to say, then a fence, then looks at what the other said (held and route):
 * an interrupt may come once too often, and never not at all. A sender marks its doorbell and sees in the same step whether it was
 * marked (hw_raise()): so either ivshmem_look() still takes this one, or the sender sets ivshmem_waiting and calls a shared core.
 */
#include "core/hw.h"
#include "core/log.h"
#include "core/vm.h"
#include "devices/ivshmem.h"
#include "devices/ivshmem_state.h"
#include "devices/vlapic.h"

#define ROUTE_NONE  0U          /* dropped: MSI-X is off, or the message is none that a VM may send itself */
#define ROUTE_HOLD  0x40000000U /* masked */
#define ROUTE_SEND  0x80000000U /* vCPU in bits 8.., vector - VECTOR_FIRST below */
#define ROUTE_INDEX 8U

/* Intel SDM 3, 11.11: destination in bits 19:12, logical mode in bit 2; data: mode in bits 10:8, vector in 7:0. */
#define MSI_BASE_MASK  0xFFFFFFFFFFF00000U
#define MSI_BASE       0xFEE00000U
#define MSI_LOGICAL    4U
#define MSI_BROADCAST  0xFFU
#define MSI_MODE_FIXED 1U /* the highest that delivers a vector: fixed, lowest priority */
#define VECTOR_FIRST   16U
#define VECTOR_COUNT   240U /* that a local APIC delivers */

static volatile bool doorbell[PART_MAX_IVSHMEM][PART_MAX_IVSHMEM][PART_IVSHMEM_VECTORS]; /* receiver, sender */
static volatile uint64_t due[PART_MAX_IVSHMEM][PART_MAX_IVSHMEM][PART_IVSHMEM_VECTORS];  /* not before this */
static volatile bool held[PART_MAX_IVSHMEM][PART_IVSHMEM_VECTORS];
static volatile uint32_t route[PART_MAX_IVSHMEM][PART_IVSHMEM_VECTORS]; /* of an exclusive VM's devices; its own cores write it */
static volatile bool hears[PART_MAX_VM + 1U]; /* of exclusive VMs; the last, for PART_IVSHMEM_USER, is none of them */
volatile bool ivshmem_waiting;
static volatile bool doorbell_refused[PART_MAX_IVSHMEM]; /* sender */
static pcpu_id_t look_core;    /* the first shared core */

void ivshmem_doorbells_init(void)
{
    uint32_t mask = partition.table.board.shared_pcpu_mask;

    look_core = 0U;
    while ((look_core < (MAX_PCPU - 1U)) && (((mask >> look_core) & 1U) == 0U)) {
        look_core++;
    }
    ivshmem_waiting = false;
    for (uint32_t r = 0U; r < PART_MAX_IVSHMEM; r++) {
        ivshmem_doorbells_reset(r);
        for (uint32_t s = 0U; s < PART_MAX_IVSHMEM; s++) {
            for (uint32_t i = 0U; i < PART_IVSHMEM_VECTORS; i++) {
                due[r][s][i] = 0U;
            }
        }
    }
}

void ivshmem_doorbells_open(vm_id_t v, bool open)
{
    if (v < PART_MAX_VM) {
        hears[v] = open;
    }
}

void ivshmem_doorbells_reset(uint32_t device)
{
    doorbell_refused[device] = false;
    for (uint32_t i = 0U; i < PART_IVSHMEM_VECTORS; i++) {
        route[device][i] = ROUTE_NONE;
        held[device][i] = false;
        for (uint32_t s = 0U; s < PART_MAX_IVSHMEM; s++) {
            doorbell[device][s][i] = false;
        }
    }
}

bool ivshmem_held(uint32_t device, uint32_t vector)
{
    return held[device][vector];
}

static bool is_exclusive(uint32_t device)
{
    return vms[partition.table.ivshmem[device].vm].exclusive;
}

/* The vCPU that the address names; the first one where it names several, or their number for none. */
static uint32_t route_vcpu(vm_id_t v, uint64_t address)
{
    uint32_t dest = (uint32_t)(address >> 12U) & MSI_BROADCAST;
    bool logical = (address & MSI_LOGICAL) != 0U;
    uint32_t count = vms[v].vcpu_count;
    uint32_t found = count;

    for (uint32_t i = 0U; (i < count) && (i < MAX_VCPU_PER_VM) && (found == count); i++) {
        bool by_id = (dest == i) || (dest == MSI_BROADCAST);
        bool by_set = ((dest >> i) & 1U) != 0U;

        found = (logical ? by_set : by_id) ? i : count;
    }
    return found;
}

static bool message_valid(const struct ivshmem_vector *entry)
{
    return (entry->address & MSI_BASE_MASK) == MSI_BASE;
}

/* REQ-INT-070 */
static uint32_t route_of(uint32_t device, uint32_t vector)
{
    const struct ivshmem_device *d = &ivshmem_device[device];
    const struct ivshmem_vector *entry = &d->vector[vector];
    vm_id_t v = partition.table.ivshmem[device].vm;
    uint32_t index = route_vcpu(v, entry->address);
    bool fixed = ((entry->data >> 8U) & 7U) <= MSI_MODE_FIXED;
    uint32_t result = ROUTE_NONE;

    if (!d->enabled) {
        /* nowhere to send it */
    } else if (d->masked || entry->masked) {
        result = ROUTE_HOLD;
    } else if (message_valid(entry) && fixed && ((entry->data & 0xFFU) >= VECTOR_FIRST) && (index < vms[v].vcpu_count)) {
        result = ROUTE_SEND | (index << ROUTE_INDEX) | ((entry->data & 0xFFU) - VECTOR_FIRST);
    } else {
        /* not an interrupt for one of its vCPUs */
    }
    return result;
}

/* The VM's own vector on its own core. */
static void send_exclusive(uint32_t device, uint32_t there)
{
    vm_id_t v = partition.table.ivshmem[device].vm;
    uint32_t index = (there >> ROUTE_INDEX) & (MAX_VCPU_PER_VM - 1U);

    hw_send_ipi(vcpus[vcpu_id(v, index)].pcpu, VECTOR_FIRST + ((there & 0xFFU) % VECTOR_COUNT));
}

/* REQ-RT-070 */
static void interrupt_exclusive(uint32_t device, uint32_t vector)
{
    uint32_t there;

    held[device][vector] = true;
    hw_fence();
    there = route[device][vector];
    if (!hears[partition.table.ivshmem[device].vm] || (there != ROUTE_HOLD)) {
        held[device][vector] = false;
        if (hears[partition.table.ivshmem[device].vm] && (there != ROUTE_NONE)) {
            send_exclusive(device, there);
        }
    }
}

/* REQ-INT-070 */
void ivshmem_routes_update(uint32_t device)
{
    for (uint32_t i = 0U; i < PART_IVSHMEM_VECTORS; i++) {
        uint32_t there = route_of(device, i);

        if (is_exclusive(device)) {
            route[device][i] = there;
            hw_fence();
            if (held[device][i] && (there >= ROUTE_SEND)) {
                held[device][i] = false;
                send_exclusive(device, there);
            }
        } else if (held[device][i]) {
            ivshmem_waiting = true; /* ivshmem_look() is the next thing on this core */
        } else {
            /* nothing rang */
        }
    }
}

/* The doorbell is about to be delivered. */
static void doorbell_take(uint32_t receiver, uint32_t sender, uint32_t vector, uint64_t now)
{
    uint64_t interval = (uint64_t)partition.table.ivshmem[receiver].interval_us * (hw_tsc_hz() / 1000000U);

    due[receiver][sender][vector] = now + interval;
    doorbell[receiver][sender][vector] = false;
    hw_fence();
}

static void doorbell_refuse(uint32_t sender, uint32_t value)
{
    if (!doorbell_refused[sender]) {
        doorbell_refused[sender] = true;
        log_begin("ivshmem");
        log_chars(vms[ivshmem_end[sender].vm % MAX_VM].name, sizeof(vms[0].name));
        log_text(": nobody has the doorbell ");
        log_hex(value);
        log_end();
    }
}

/* Only an exclusive sender has to call a shared core: a shared one looks itself before it goes on. Any shared core will do; best is the receiver's. */
static void call_shared_core(uint32_t receiver)
{
    const vm_id_t v = ivshmem_end[receiver].vm;

    hw_kick(((v >= MAX_VM) || vms[v % MAX_VM].exclusive) ? (look_core % MAX_PCPU) : vcpus[vcpu_id(v, 0U)].pcpu);
}

static void ring(uint32_t receiver, uint32_t sender, uint32_t vector)
{
    uint64_t now = hw_tsc();
    bool told = hw_raise(&doorbell[receiver][sender][vector]); /* a shared core that takes it meanwhile takes this one, or it was not told of it */

    if (is_exclusive(receiver) && (now >= due[receiver][sender][vector])) {
        doorbell_take(receiver, sender, vector, now);
        interrupt_exclusive(receiver, vector);
    } else if (!told) {
        ivshmem_waiting = true;
        if (is_exclusive(sender)) {
            call_shared_core(receiver);
        }
    } else {
        /* one with the one that waits */
    }
}

/* REQ-IO-020 REQ-INT-071 */
void ivshmem_ring(uint32_t sender, uint32_t value)
{
    uint32_t peer = value >> 16U;
    uint32_t vector = value & 0xFFFFU;
    uint32_t receiver = ivshmem_peer(sender, peer);

    if ((receiver < PART_MAX_IVSHMEM) && (vector < PART_IVSHMEM_VECTORS) &&
        (vector < partition.table.ivshmem[receiver].vectors)) {
        ring(receiver, sender, vector);
    } else {
        doorbell_refuse(sender, value);
    }
}

static void interrupt_shared(uint32_t device, uint32_t vector)
{
    const struct ivshmem_device *d = &ivshmem_device[device];
    const struct ivshmem_vector *entry = &d->vector[vector];
    bool masked = d->masked || entry->masked;

    held[device][vector] = d->enabled && masked;
    if (d->enabled && !masked && message_valid(entry)) {
        vlapic_deliver_msi(ivshmem_end[device].vm % MAX_VM, entry->address, entry->data);
    }
}

static void interrupt(uint32_t device, uint32_t vector)
{
    if (is_exclusive(device)) {
        interrupt_exclusive(device, vector);
    } else {
        interrupt_shared(device, vector);
    }
}

/* What was masked when it rang, and may be so no more. */
static void look_at_held(uint32_t device)
{
    for (uint32_t i = 0U; i < PART_IVSHMEM_VECTORS; i++) {
        if (held[device][i]) {
            interrupt_shared(device, i);
        }
    }
}

/* Those of one receiver: when the next is due. */
static uint64_t look_at(uint32_t receiver, uint64_t now)
{
    uint64_t next = TIME_NEVER;

    for (uint32_t s = 0U; s < partition.table.ivshmem_count; s++) {
        for (uint32_t i = 0U; i < PART_IVSHMEM_VECTORS; i++) {
            if (doorbell[receiver][s][i] && (now >= due[receiver][s][i])) {
                doorbell_take(receiver, s, i, now);
                interrupt(receiver, i);
            } else if (doorbell[receiver][s][i] && (due[receiver][s][i] < next)) {
                next = due[receiver][s][i];
            } else {
                /* silent, or later than another */
            }
        }
    }
    return next;
}

/* REQ-INT-071 */
uint64_t ivshmem_look(uint64_t now)
{
    uint64_t next = TIME_NEVER;

    if (ivshmem_waiting) {
        ivshmem_waiting = false;
        hw_fence();
        for (uint32_t r = 0U; r < partition.table.ivshmem_count; r++) {
            uint64_t at;

            if (!is_exclusive(r)) {
                look_at_held(r);
            }
            at = look_at(r, now);
            next = (at < next) ? at : next;
        }
        if (next != TIME_NEVER) {
            ivshmem_waiting = true;
        }
    }
    return next;
}
