/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ioreq.h"
#include "abi/ioreq.h"
#include "core/hw.h"
#include "core/io.h"
#include "core/ioreq_spec.h"
#include "core/mmio.h"
#include "core/request_wait.h"
#include "core/sched.h"
#include "core/stage2.h"
#include "core/vm.h"
#include "devices/vpci.h"

enum ioreq_kind { IOREQ_KIND_PORT, IOREQ_KIND_MMIO, IOREQ_KIND_SHUTDOWN };

static hpa_t ioreq_page[MAX_VM]; /* 0: none */
static enum ioreq_state ioreq_slot[MAX_VM][MAX_VCPU_PER_VM];
static enum ioreq_kind ioreq_kind[MAX_VM][MAX_VCPU_PER_VM];

static hpa_t slot_address(vm_id_t v, uint32_t slot)
{
    return ioreq_page[v] + ((hpa_t)slot * IOREQ_SLOT_SIZE);
}

/* The Service VM's stage 2 never loses RAM, so the page stays its own for the life of the VM. */
/* REQ-HYP-011 */
enum status ioreq_set_page(vm_id_t v, gpa_t service_gpa)
{
    struct stage2_mapping leaf = stage2_lookup(VM_SERVICE, service_gpa);
    bool ram = leaf.present && ((leaf.attr & (S2_UC | S2_WC)) == 0U)
               && ((leaf.attr & (S2_READ | S2_WRITE)) == (S2_READ | S2_WRITE));
    enum status result = STATUS_INVALID;
    if (ram && ((service_gpa % PAGE_SIZE) == 0U)) {
        ioreq_page[v] = leaf.hpa;
        ioreq_clear(v);
        result = STATUS_OK;
    }
    return result;
}

bool ioreq_has_page(vm_id_t v)
{
    return ioreq_page[v] != 0U;
}

void ioreq_clear(vm_id_t v)
{
    /*@ loop invariant slot <= MAX_VCPU_PER_VM;
        loop invariant \forall integer s; 0 <= s < slot ==> ioreq_slot[v][s] == IOREQ_SLOT_FREE;
        loop assigns slot, ioreq_slot[v][0 .. MAX_VCPU_PER_VM - 1];
        loop variant MAX_VCPU_PER_VM - slot; */
    for (uint32_t slot = 0U; slot < MAX_VCPU_PER_VM; slot++) {
        ioreq_slot[v][slot] = IOREQ_SLOT_FREE;
    }
    if (ioreq_page[v] != 0U) {
        /*@ loop invariant slot <= IOREQ_SLOTS;
            loop assigns slot, IOREQ_RECORD;
            loop variant IOREQ_SLOTS - slot; */
        for (uint32_t slot = 0U; slot < IOREQ_SLOTS; slot++) {
            hw_phys_write(slot_address(v, slot) + IOREQ_OFF_PROCESSED, 4U, IOREQ_FREE);
        }
    }
}

void ioreq_release(vm_id_t v)
{
    ioreq_clear(v);
    ioreq_page[v] = 0U;
}

struct ioreq_fields {
    uint32_t type;
    bool write;
    uint64_t address;
    uint32_t size;
    uint64_t value;
};

/* The state word last: the reader takes the other fields as valid once it says PENDING. */
/* REQ-IO-003 */
/*@ requires ioreq_ready(id) && \valid_read(fields);
    assigns IOREQ_RECORD, vcpus[0 .. MAX_VCPU - 1], ioreq_slot[id / MAX_VCPU_PER_VM][id % MAX_VCPU_PER_VM],
      ioreq_kind[id / MAX_VCPU_PER_VM][id % MAX_VCPU_PER_VM];
    exits \false;
    ensures pending: ioreq_is(id, IOREQ_SLOT_PENDING) && vcpus[id].state == VCPU_WAIT_IO;
    ensures posted: ioreq_posted(id); */
static void post(vcpu_id_t id, const struct ioreq_fields *fields, enum ioreq_kind kind)
{
    vm_id_t v = vcpu_vm(id);
    uint32_t index = vcpu_index(id);
    if (ioreq_page[v] != 0U) {
        hpa_t slot = slot_address(v, index);
        hw_phys_write(slot + IOREQ_OFF_TYPE, 8U, fields->type); /* and POLLING behind it: 0 */
        hw_phys_write(slot + IOREQ_OFF_DIRECTION, 4U, fields->write ? IOREQ_WRITE : IOREQ_READ);
        hw_phys_write(slot + IOREQ_OFF_ADDRESS, 8U, fields->address);
        hw_phys_write(slot + IOREQ_OFF_SIZE, 8U, fields->size);
        hw_phys_write(slot + IOREQ_OFF_VALUE, 8U, fields->value);
        hw_phys_write(slot + IOREQ_OFF_KERNEL_HANDLED, 4U, 0U);
        hw_phys_write(slot + IOREQ_OFF_PROCESSED, 4U, IOREQ_PENDING);
        if (!request_wait_end(v)) {
            vpci_upcall();
        }
    }
    /* Without a page nobody can answer; a VM does not start without one. */
    ioreq_slot[v][index] = IOREQ_SLOT_PENDING;
    ioreq_kind[v][index] = kind;
    vcpus[id].state = VCPU_WAIT_IO;
}

void ioreq_port(vcpu_id_t id, uint16_t port, uint32_t size, bool write, uint32_t value)
{
    uint32_t mask = (size < 4U) ? (((uint32_t)1U << (size * 8U)) - 1U) : 0xFFFFFFFFU;
    struct ioreq_fields fields = { IOREQ_TYPE_PIO, write, port, size, write ? (value & mask) : 0U };
    post(id, &fields, IOREQ_KIND_PORT);
}

/* REQ-IO-004 */
void ioreq_mmio(vcpu_id_t id, gpa_t gpa, uint32_t size, bool write, uint64_t value)
{
    struct ioreq_fields fields = { IOREQ_TYPE_MMIO, write, gpa, size, write ? value : 0U };
    post(id, &fields, IOREQ_KIND_MMIO);
}

/* REQ-LIF-010 */
void ioreq_report_shutdown(vcpu_id_t id)
{
    struct ioreq_fields fields = { IOREQ_TYPE_PIO, true, IOREQ_SHUTDOWN_PORT, 1U, IOREQ_SHUTDOWN_VALUE };
    post(id, &fields, IOREQ_KIND_SHUTDOWN);
}

/* The answer may lead to a second request: a read-modify-write, or the next string element. */
/* REQ-IO-003 */
/*@ requires ioreq_ready(id);
    requires free: ioreq_is(id, IOREQ_SLOT_FREE);
    assigns IOREQ_RECORD, vcpus[0 .. MAX_VCPU - 1], ioreq_slot[id / MAX_VCPU_PER_VM][id % MAX_VCPU_PER_VM],
      ioreq_kind[id / MAX_VCPU_PER_VM][id % MAX_VCPU_PER_VM];
    exits \false; */
static void complete(vcpu_id_t id, enum ioreq_kind kind, uint64_t value)
{
    sched_wake(id);
    switch (kind) {
    case IOREQ_KIND_PORT:
        io_complete(id, (uint32_t)value);
        break;
    case IOREQ_KIND_MMIO:
        mmio_complete(id, value);
        break;
    case IOREQ_KIND_SHUTDOWN:
    default:
        vcpus[id].state = VCPU_OFF;
        break;
    }
    if (vcpus[id].init_latched && (vcpus[id].state != VCPU_WAIT_IO)) {
        vcpu_receive_init(id);
    }
    vcpu_notify(id);
}

/* REQ-IO-001 REQ-IO-002 */
enum status ioreq_finish(vm_id_t v, uint32_t slot)
{
    enum status result = STATUS_INVALID;
    if ((slot < vms[v].vcpu_count) && (ioreq_slot[v][slot] == IOREQ_SLOT_PENDING) && (ioreq_page[v] != 0U)) {
        hpa_t at = slot_address(v, slot);
        if (hw_phys_read(at + IOREQ_OFF_PROCESSED, 4U) == IOREQ_COMPLETE) {
            uint64_t value = hw_phys_read(at + IOREQ_OFF_VALUE, 8U);
            hw_phys_write(at + IOREQ_OFF_PROCESSED, 4U, IOREQ_FREE);
            ioreq_slot[v][slot] = IOREQ_SLOT_FREE;
            complete(vcpu_id(v, slot), ioreq_kind[v][slot], value);
            result = STATUS_OK;
        }
    }
    return result;
}
