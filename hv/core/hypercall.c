/* SPDX-License-Identifier: Apache-2.0 */
#include "core/hypercall.h"
#include "abi/hypercall.h"
#include "core/hypercall_copy.h"
#include "core/hypercall_parts.h"
#include "core/hypercall_spec.h"
#include "core/ioreq.h"
#include "core/sched.h"
#include "core/vm.h"
#include "devices/vioapic.h"
#include "devices/vlapic.h"
#include "devices/vpci.h"
#include "devices/vpic.h"

int64_t hypercall_errno(enum status status)
{
    int64_t result;
    switch (status) {
    case STATUS_OK:
        result = 0;
        break;
    case STATUS_NO_MEMORY:
        result = -HC_ENOMEM;
        break;
    case STATUS_FAULT:
        result = -HC_EFAULT;
        break;
    case STATUS_NO_DEVICE:
        result = -HC_ENODEV;
        break;
    case STATUS_INVALID:
    case STATUS_DENIED:
    case STATUS_NOT_FOUND:
    case STATUS_BUSY:
    case STATUS_UNKNOWN:
    default:
        result = -HC_EINVAL;
        break;
    }
    return result;
}

/* A target is a User VM that exists; anything else is no VM to the caller. */
/* REQ-HYP-003 */
vm_id_t hypercall_target(uint64_t param)
{
    vm_id_t found = ID_NONE;
    if ((param >= VM_FIRST_USER) && (param < MAX_VM)) {
        found = (vms[param].state != VM_FREE) ? (vm_id_t)param : ID_NONE;
    }
    return found;
}

/* REQ-HYP-014 */
/*@ requires sane;
    assigns MACHINE;
    exits \false;
    ensures sane: sane; */
static int64_t offline_cpu(uint64_t lapic_id)
{
    int64_t result = -HC_EINVAL;
    if ((lapic_id != 0U) && (lapic_id < vms[VM_SERVICE].vcpu_count)) {
        vcpu_id_t id = vcpu_id(VM_SERVICE, (uint32_t)lapic_id);
        vcpu_stop(id);
        vcpus[id].sipi_wait = true; /* INIT and SIPI bring it back */
        result = 0;
    }
    return result;
}

/* REQ-HYP-012 */
/*@ requires is_user(v) && sane;
    assigns MACHINE;
    exits \false;
    ensures sane: sane; */
static int64_t inject_msi(vm_id_t v, uint64_t gpa)
{
    struct hc_msi msi = { 0U, 0U };
    int64_t result = -HC_EFAULT;
    if (hypercall_read_msi(gpa, &msi) == STATUS_OK) {
        vlapic_deliver_msi(v, msi.address, (uint32_t)msi.data);
        result = 0;
    }
    return result;
}

/*@ requires is_user(v) && gsi < IOAPIC_PINS && sane;
    assigns MACHINE;
    exits \false;
    ensures sane: sane; */
static void set_line(vm_id_t v, uint32_t gsi, bool high)
{
    if (gsi < 16U) {
        vpic_set_line(v, gsi, high);
    }
    vioapic_set_line(v, gsi, high);
}

/* By value: gsi | operation << 32; 0 high, 1 low, 2 rising pulse, 3 falling pulse. */
/* REQ-HYP-012 */
/*@ requires is_user(v) && sane;
    assigns MACHINE;
    exits \false;
    ensures sane: sane; */
static int64_t set_irqline(vm_id_t v, uint64_t operation)
{
    uint32_t gsi = (uint32_t)operation;
    int64_t result = (gsi < IOAPIC_PINS) ? 0 : -HC_EINVAL;
    if (result == 0) {
        switch (operation >> 32) {
        case 0U:
            set_line(v, gsi, true);
            break;
        case 1U:
            set_line(v, gsi, false);
            break;
        case 2U:
            set_line(v, gsi, true);
            set_line(v, gsi, false);
            break;
        case 3U:
            set_line(v, gsi, false);
            set_line(v, gsi, true);
            break;
        default:
            result = -HC_EINVAL;
            break;
        }
    }
    return result;
}

/* struct acrn_intr_monitor begins {u32 command; u32 count}: command 0 asks for counters of
 * passed-through interrupts, of which a User VM has none; command 1 would delay them. */
/* REQ-HYP-015 */
/*@ requires sane;
    assigns MACHINE;
    exits \false;
    ensures sane: sane; */
static int64_t intr_monitor(uint64_t gpa)
{
    uint64_t begin = 0U;
    int64_t result = -HC_EFAULT;
    if (hypercall_read_word(gpa, &begin) == STATUS_OK) {
        bool asks = (begin & 0xFFFFFFFFU) == 0U;
        result = asks ? hypercall_errno(hypercall_write_word(gpa, 0U)) : -HC_EINVAL; /* count 0 */
    }
    return result;
}

/* REQ-HYP-011 */
/*@ requires is_user(v) && sane;
    assigns MACHINE;
    exits \false;
    ensures sane: sane; */
static int64_t set_ioreq_buffer(vm_id_t v, uint64_t gpa)
{
    uint64_t page = 0U;
    int64_t result = -HC_EINVAL;
    if (vms[v].state == VM_CREATED) {
        result = -HC_EFAULT;
        if (hypercall_read_word(gpa, &page) == STATUS_OK) {
            result = hypercall_errno(ioreq_set_page(v, page));
        }
    }
    return result;
}

/* command = vmid << 24 | vcpu << 16 | number << 8 | type; 0 and 2 ask how many P- and C-states a
 * guest may use: none. The answer is a byte. */
/* REQ-HYP-015 */
/*@ requires sane;
    assigns MACHINE;
    exits \false;
    ensures sane: sane; */
static int64_t pm_get_cpu_state(uint64_t command, uint64_t gpa)
{
    uint32_t type = (uint32_t)command & 0xFFU;
    uint8_t none = 0U;
    int64_t result = -HC_EINVAL;
    if ((hypercall_target((command >> 24) & 0xFFU) != ID_NONE) && ((type == 0U) || (type == 2U))) {
        result = hypercall_errno(guest_write(VM_SERVICE, gpa, &none, 1U));
    }
    return result;
}

/* Hypercalls whose first parameter is the VM. */
/* REQ-HYP-013 */
/*@ requires is_user(v) && sane;
    assigns MACHINE, USER_TABLES;
    exits \false;
    ensures sane: sane; */
static int64_t call_on_vm(vm_id_t v, uint64_t id, uint64_t param2)
{
    int64_t result;
    switch (id) {
    case HC_DESTROY_VM:
        result = hypercall_errno(vm_destroy(v));
        break;
    case HC_START_VM:
        result = hypercall_errno(vm_start(v));
        break;
    case HC_PAUSE_VM:
        result = hypercall_errno(vm_pause(v));
        break;
    case HC_RESET_VM:
        result = hypercall_errno(vm_reset(v));
        break;
    case HC_SET_VCPU_REGS:
        result = hypercall_set_vcpu_regs(v, param2);
        break;
    case HC_INJECT_MSI:
        result = inject_msi(v, param2);
        break;
    case HC_VM_INTR_MONITOR:
        result = intr_monitor(param2);
        break;
    case HC_SET_IRQLINE:
        result = set_irqline(v, param2);
        break;
    case HC_SET_IOREQ_BUFFER:
        result = set_ioreq_buffer(v, param2);
        break;
    case HC_NOTIFY_REQUEST_FINISH:
    case HC_FINISH_AND_WAIT: /* whose wait is the caller's */
        result = hypercall_errno((param2 < MAX_VCPU_PER_VM) ? ioreq_finish(v, (uint32_t)param2) : STATUS_INVALID);
        break;
    default:
        result = -HC_ENOTTY;
        break;
    }
    return result;
}

/*@ assigns \nothing;
    exits \false; */
static bool names_vm(uint64_t id)
{
    bool lifecycle = (id >= HC_DESTROY_VM) && (id <= HC_SET_VCPU_REGS) && (id != 0x80000014U);
    bool interrupts = (id >= HC_INJECT_MSI) && (id <= HC_SET_IRQLINE);
    bool requests = (id == HC_SET_IOREQ_BUFFER) || (id == HC_NOTIFY_REQUEST_FINISH) || (id == HC_FINISH_AND_WAIT);
    return lifecycle || interrupts || requests;
}

/* REQ-ISO-021 REQ-ISO-043 REQ-HYP-001 REQ-HYP-002 */
int64_t hypercall_dispatch(vcpu_id_t caller, uint64_t id, uint64_t param1, uint64_t param2)
{
    int64_t result = -HC_ENOTTY;
    if (vms[vcpu_vm(caller)].kind != VM_KIND_SERVICE) {
        /* nobody else has hypercalls */
    } else if (names_vm(id)) {
        vm_id_t v = hypercall_target(param1);
        result = (v == ID_NONE) ? -HC_EINVAL : call_on_vm(v, id, param2);
    } else if (id == HC_SERVICE_VM_OFFLINE_CPU) {
        result = offline_cpu(param1);
    } else if (id == HC_SET_CALLBACK_VECTOR) {
        result = hypercall_errno((param1 <= 0xFFU) ? vpci_set_callback_vector((uint32_t)param1) : STATUS_INVALID);
    } else if (id == HC_CREATE_VM) {
        result = hypercall_create_vm(param1);
    } else if (id == HC_VM_SET_MEMORY_REGIONS) {
        result = hypercall_set_memory_regions(param1);
    } else if (id == HC_PM_GET_CPU_STATE) {
        result = pm_get_cpu_state(param1, param2);
    } else {
        /* not a hypercall of ours */
    }
    return result;
}
