/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupt messages: which vCPUs a destination names (Intel SDM 3, 10.6.2 and
 * 10.12.10) and what each delivery mode does to them. A message stays within its
 * VM: a destination is only ever compared with the ids of the VM's own vCPUs.
 */
#include "core/vm.h"
#include "devices/vlapic.h"
#include "devices/vlapic_state.h"

#define BROADCAST     0xFFFFFFFFU
#define BROADCAST_8   0xFFU
#define DFR_FLAT      0xF0000000U
#define DFR_MODEL     0xF0000000U

#define ICR_LOGICAL   0x800U
#define ICR_ASSERT    0x4000U
#define ICR_LEVEL     0x8000U

#define SHORTHAND_NONE   0U
#define SHORTHAND_SELF   1U
#define SHORTHAND_ALL    2U

#define MSI_PAGE_SHIFT   20U
#define MSI_PAGE         0xFEEU
#define MSI_LOGICAL      0x4U
#define MSI_REDIRECTION  0x8U
#define MSI_LEVEL        0x8000U
#define MSI_ASSERT       0x4000U

/* xAPIC: the flat model compares 8 bits, the cluster model 4 bits of cluster and 4 of members. */
static bool matches_logical_xapic(vcpu_id_t id, uint32_t dest)
{
    uint32_t ldr = vlapic[id].ldr >> 24U;
    bool match = false;

    if (dest > 0xFFU) {
        match = false;
    } else if ((vlapic[id].dfr & DFR_MODEL) == DFR_FLAT) {
        match = (ldr & dest) != 0U;
    } else {
        bool same_cluster = ((dest >> 4U) == 0xFU) || ((dest >> 4U) == (ldr >> 4U));
        match = same_cluster && ((ldr & dest & 0xFU) != 0U);
    }
    return match;
}

static bool matches(vcpu_id_t id, uint32_t dest, bool logical)
{
    bool match = false;

    if (!vlapic_enabled(id)) {
        match = false;
    } else if (dest == BROADCAST) {
        match = true;
    } else if (!logical) {
        match = (dest == vcpu_index(id));
    } else if (vlapic_in_x2apic(id)) {
        match = ((dest >> 16U) == (vlapic[id].ldr >> 16U)) && ((dest & vlapic[id].ldr & 0xFFFFU) != 0U);
    } else {
        match = matches_logical_xapic(id, dest);
    }
    return match;
}

/* Bit i: vCPU i of the VM. */
/* REQ-INT-008 */
static uint32_t destination_set(vm_id_t v, uint32_t dest, bool logical)
{
    uint32_t set = 0U;

    for (uint32_t i = 0U; (i < vms[v].vcpu_count) && (i < MAX_VCPU_PER_VM); i++) {
        if (matches(vcpu_id(v, i), dest, logical)) {
            set |= 1U << i;
        }
    }
    return set;
}

/* IOAPIC entries, MSIs and xAPIC IPIs carry eight bits. */
static uint32_t widen(uint32_t dest)
{
    return (dest == BROADCAST_8) ? BROADCAST : dest;
}

static bool is_on(vcpu_id_t id)
{
    return vcpus[id].state != VCPU_OFF;
}

/* The member with the lowest processor priority that takes fixed interrupts, or none. */
static uint32_t lowest_priority(vm_id_t v, uint32_t set)
{
    uint32_t chosen = 0U;
    uint32_t least = 0x100U;

    for (uint32_t i = 0U; i < MAX_VCPU_PER_VM; i++) {
        vcpu_id_t id = vcpu_id(v, i);
        if ((((set >> i) & 1U) != 0U) && is_on(id) && vlapic_software_enabled(id) && (vlapic_ppr(id) < least)) {
            least = vlapic_ppr(id);
            chosen = 1U << i;
        }
    }
    return chosen;
}

static void deliver_one(vcpu_id_t id, uint32_t mode, uint32_t vector, bool level)
{
    switch (mode) {
    case DELIVERY_FIXED:
    case DELIVERY_LOWEST:
        if (is_on(id)) {
            vlapic_post(id, vector, level);
            vcpu_notify(id);
        }
        break;
    case DELIVERY_NMI:
        if (is_on(id)) {
            vcpu_receive_nmi(id);
        }
        break;
    case DELIVERY_INIT:
        vcpu_receive_init(id);
        break;
    case DELIVERY_SIPI:
        vcpu_receive_sipi(id, vector & 0xFFU);
        break;
    default:
        break; /* SMI: there is none. ExtINT: the PIC's own line does it (vlapic_pending) */
    }
}

static void deliver_set(vm_id_t v, uint32_t set, uint32_t mode, uint32_t vector, bool level)
{
    uint32_t receivers = (mode == DELIVERY_LOWEST) ? lowest_priority(v, set) : set;

    for (uint32_t i = 0U; i < MAX_VCPU_PER_VM; i++) {
        if (((receivers >> i) & 1U) != 0U) {
            deliver_one(vcpu_id(v, i), mode, vector, level);
        }
    }
}

/* Shorthands with self take fixed mode only (SDM 3, table 10-3): zero for the rest. */
static uint32_t shorthand_set(vcpu_id_t sender, uint32_t shorthand, uint32_t mode)
{
    uint32_t self = 1U << vcpu_index(sender);
    uint32_t all = destination_set(vcpu_vm(sender), BROADCAST, false);
    uint32_t set = 0U;

    if (shorthand == SHORTHAND_SELF) {
        set = (mode == DELIVERY_FIXED) ? self : 0U;
    } else if (shorthand == SHORTHAND_ALL) {
        set = (mode == DELIVERY_FIXED) ? all : 0U;
    } else {
        set = all & ~self;
    }
    return set;
}

/* dest: eight bits in xAPIC mode, 32 in x2APIC mode. IPIs are edge-triggered but for INIT. */
void vlapic_send_ipi(vcpu_id_t sender, uint32_t icr_low, uint32_t dest)
{
    vm_id_t v = vcpu_vm(sender);
    uint32_t mode = (icr_low >> 8U) & 7U;
    uint32_t vector = icr_low & 0xFFU;
    uint32_t shorthand = (icr_low >> 18U) & 3U;
    bool deassert = (mode == DELIVERY_INIT) && ((icr_low & (ICR_LEVEL | ICR_ASSERT)) == ICR_LEVEL);
    bool has_vector = (mode == DELIVERY_FIXED) || (mode == DELIVERY_LOWEST);

    if (has_vector && (vector < 16U)) {
        vlapic_error(sender, ESR_SEND_ILLEGAL_VECTOR);
    } else if (deassert) {
        /* synchronises arbitration ids of old processors: nothing to do (SDM 3, 10.6.1) */
    } else if (shorthand != SHORTHAND_NONE) {
        deliver_set(v, shorthand_set(sender, shorthand, mode), mode, vector, false);
    } else {
        uint32_t wide = vlapic_in_x2apic(sender) ? dest : widen(dest);
        deliver_set(v, destination_set(v, wide, (icr_low & ICR_LOGICAL) != 0U), mode, vector, false);
    }
}

/* Start-up messages come from ICRs only. */
void vlapic_deliver(vm_id_t vm_id, uint32_t dest, bool logical, uint32_t mode, uint32_t vector, bool level)
{
    if (mode != DELIVERY_SIPI) {
        deliver_set(vm_id, destination_set(vm_id, widen(dest), logical), mode, vector, level);
    }
}

/* SDM 3, 10.11. With the redirection hint one of the logical destinations is enough. */
void vlapic_deliver_msi(vm_id_t vm_id, uint64_t address, uint32_t data)
{
    bool logical = (address & MSI_LOGICAL) != 0U;
    bool redirect = (address & MSI_REDIRECTION) != 0U;
    bool level = (data & MSI_LEVEL) != 0U;
    bool deassert = level && ((data & MSI_ASSERT) == 0U);
    uint32_t mode = (data >> 8U) & 7U;

    if (logical && redirect && (mode == DELIVERY_FIXED)) {
        mode = DELIVERY_LOWEST;
    }
    if (((address >> MSI_PAGE_SHIFT) == MSI_PAGE) && !deassert) {
        vlapic_deliver(vm_id, (uint32_t)((address >> 12U) & 0xFFU), logical, mode, data & 0xFFU, level);
    }
}

vcpu_id_t vlapic_target(vm_id_t vm_id, uint32_t dest, bool logical)
{
    uint32_t set = destination_set(vm_id, widen(dest), logical);
    vcpu_id_t target = ID_NONE;

    for (uint32_t i = 0U; (i < MAX_VCPU_PER_VM) && (target == ID_NONE); i++) {
        if ((((set >> i) & 1U) != 0U) && is_on(vcpu_id(vm_id, i))) {
            target = vcpu_id(vm_id, i);
        }
    }
    return target;
}
