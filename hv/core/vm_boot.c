/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Boot of the VMs in the partition table, by one core and without the lock. Nothing runs yet but, while the Service VM is
 * loaded, the exclusive VMs: these touch nothing of it, and their own was complete before.
 */
#include "core/acpi_filter.h"
#include "core/acpi_relocate.h"
#include "core/boot_info.h"
#include "core/exclusive_life.h"
#include "core/guest_map.h"
#include "core/health.h"
#include "core/hw.h"
#include "core/kvmclock.h"
#include "core/loader.h"
#include "core/log.h"
#include "core/msr.h"
#include "core/partition.h"
#include "core/sched.h"
#include "core/stats.h"
#include "core/vcpu_hw.h"
#include "core/vm.h"
#include "core/vm_memory.h"
#include "core/vm_reload.h"
#include "devices/ivshmem.h"
#include "devices/vioapic.h"
#include "devices/vpci.h"
#include "devices/vpci_given.h"
#include "devices/vpic.h"

#define ACPI_BLOCK PAGE_SIZE
#define TABLES_TOP 0x80000000U

static void log_failure(vm_id_t v, const char *reason)
{
    log_begin("boot");
    log_chars(partition.table.vm[v].name, PART_NAME_SIZE);
    log_text(": ");
    log_text(reason);
    log_end();
}

static void set_identity(vm_id_t v)
{
    const struct part_vm *config = &partition.table.vm[v];
    vms[v].kind = (config->kind == PART_VM_SERVICE) ? VM_KIND_SERVICE : VM_KIND_PRELAUNCH;
    vms[v].exclusive = (config->flags & PART_VM_EXCLUSIVE) != 0U;
    vms[v].face = config->face;
    vms[v].vcpu_count = config->vcpu_count;
    vms[v].generation++;
    vms[v].start_tsc = 0U;
    for (uint32_t i = 0U; i < PART_NAME_SIZE; i++) {
        vms[v].name[i] = config->name[i];
    }
    vms[v].state = VM_CREATED;
}

static void set_vcpus(vm_id_t v)
{
    const struct part_vm *config = &partition.table.vm[v];
    vm_rights_open(v);
    for (uint32_t i = 0U; i < config->vcpu_count; i++) {
        vcpu_id_t id = vcpu_id(v, i);
        vcpus[id].pcpu = config->pcpu[i];
        msr_reset(id);
        sched_add(id, config->weight);
        vcpu_power_on(id);
    }
    vioapic_reset(v);
    vpic_reset(v);
}

/* Copies of the firmware's tables high in the Service VM's memory, where they disturb nothing. */
static const char *copy_tables(void)
{
    uint64_t size = acpi_relocate_size();
    gpa_t where = (size == 0U) ? GUEST_MAP_NONE : guest_map_highest(VM_SERVICE, size, TABLES_TOP, 0U, 0U);
    const char *reason = "no room for the machine's ACPI tables";
    if ((where != GUEST_MAP_NONE) && guest_map_carve(VM_SERVICE, where, size, BOOT_ACPI)) {
        acpi_relocate(where);
        reason = "";
    }
    return reason;
}

static const char *service_acpi(gpa_t *rsdp)
{
    const char *reason = copy_tables();
    if (reason[0] != '\0') {
        /* said */
    } else if (!guest_map_carve(VM_SERVICE, LOADER_ACPI, ACPI_BLOCK, BOOT_ACPI)) {
        reason = "no RAM for the filtered ACPI tables";
    } else if (acpi_filter_build(vms[VM_SERVICE].vcpu_count, LOADER_ACPI, ACPI_BLOCK, rsdp) != STATUS_OK) {
        reason = "the machine's ACPI tables cannot be filtered";
    } else {
        /* ready */
    }
    return reason;
}

static const char *load_service(void)
{
    const char *reason = "its memory map has too many entries";
    gpa_t rsdp = 0U;
    if (guest_map_build(VM_SERVICE)) {
        reason = service_acpi(&rsdp);
        if (reason[0] == '\0') {
            reason = vm_load_image(VM_SERVICE, rsdp);
        }
    }
    return reason;
}

/* All of a pre-launched VM; of the Service VM its tables, so that all tables are complete before any VM runs. */
static const char *boot_one(vm_id_t v)
{
    const char *reason = "stage 2 cannot be built";
    set_identity(v);
    if (vm_memory_build(v) == STATUS_OK) {
        reason = "";
        vpci_dma_open(v);
        if (v != VM_SERVICE) {
            vpci_given_reset(v); /* it finds its functions as in each life, not as the firmware's drivers left them */
        }
        if (vms[v].exclusive) {
            vm_set_exclusive(v);
            reason = vm_load_listed(v);
        } else if (v != VM_SERVICE) {
            set_vcpus(v);
            reason = vm_load_listed(v);
        } else {
            /* loaded when the others run */
        }
    }
    return reason;
}

static void log_started(vm_id_t v)
{
    log_begin("boot");
    log_chars(vms[v].name, sizeof(vms[v].name));
    log_text(": ");
    log_dec(vms[v].vcpu_count);
    log_text(vms[v].exclusive ? " exclusive" : " shared");
    log_text(" vCPU, ");
    log_dec(vms[v].memory_size >> 20);
    log_text(" MiB, entry ");
    log_hex(vcpu_regs[vcpu_id(v, 0U)].rip);
    log_end();
}

/* Into stage 2 as it is: what was lent to User VMs is back by then. */
/* REQ-LIF-005 */
enum status vm_boot_service(void)
{
    const char *reason;
    set_identity(VM_SERVICE);
    set_vcpus(VM_SERVICE);
    reason = load_service();
    if (reason[0] != '\0') {
        log_failure(VM_SERVICE, reason);
        vms[VM_SERVICE].state = VM_STOPPED;
    } else {
        stats_reset_vm(VM_SERVICE);
        vms[VM_SERVICE].state = VM_RUNNING;
        log_started(VM_SERVICE);
        vcpu_notify(vcpu_id(VM_SERVICE, 0U));
    }
    return (reason[0] == '\0') ? STATUS_OK : STATUS_INVALID;
}

static enum status boot_each(void)
{
    enum status result = STATUS_OK;
    for (vm_id_t v = 0U; (v < partition.table.vm_count) && (v < PART_MAX_VM) && (result == STATUS_OK); v++) {
        const char *reason = (partition.table.vm[v].kind == 0U) ? "" : boot_one(v);
        if (reason[0] != '\0') {
            log_failure(v, reason);
            result = STATUS_INVALID;
        }
    }
    return result;
}

/* True: one of them runs on a core of its own. */
static bool start_prelaunched(void)
{
    bool exclusive = false;
    for (vm_id_t v = VM_SERVICE + 1U; (v < partition.table.vm_count) && (v < PART_MAX_VM); v++) {
        if (vms[v].state == VM_CREATED) {
            vms[v].state = VM_RUNNING;
            exclusive = exclusive || vms[v].exclusive;
            log_started(v);
        }
    }
    hw_exclusive_start();
    return exclusive;
}

/* A Service VM that cannot be loaded stops alone when an exclusive VM runs already. */
/* REQ-RT-013 REQ-RT-040 REQ-CFG-011 */
enum status vm_boot_all(void)
{
    enum status result;
    stats_init();
    kvmclock_init();
    exclusive_life_init();
    health_init();
    ivshmem_init();
    result = boot_each();
    if (result == STATUS_OK) {
        const bool exclusive = start_prelaunched();
        if (vms[VM_SERVICE].state == VM_CREATED) {
            result = vm_boot_service();
        }
        result = exclusive ? STATUS_OK : result;
    }
    if (result == STATUS_OK) {
        stats_publish();
    }
    return result;
}
