/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ends of shared memory that are open to User VMs. The device model chooses one for its VM before that starts, and where the VM sees it; the VM holds it
 * until its device model, its end or the Service VM's gives it back. Nobody's end hears nothing.
 */
#include "core/iommu.h"
#include "core/log.h"
#include "core/stage2.h"
#include "core/vm.h"
#include "devices/ivshmem.h"
#include "devices/ivshmem_state.h"
#include "devices/mmio_lent.h"
#include "devices/vpci_lent.h"

static const struct part_shared *region_of_end(uint32_t device)
{
    return &partition.table.shared[partition.table.ivshmem[device].region];
}

static bool has_name(const struct part_shared *region, const uint8_t *name)
{
    bool same = true;

    for (uint32_t i = 0U; i < PART_NAME_SIZE; i++) {
        same = same && ((uint8_t)region->name[i] == name[i]);
    }
    return same;
}

/* The open end of the region with that name, or ID_NONE. */
static uint32_t end_named(const uint8_t *name)
{
    uint32_t found = ID_NONE;

    for (uint32_t i = 0U; i < partition.table.ivshmem_count; i++) {
        if (ivshmem_open(i) && has_name(region_of_end(i), name)) {
            found = i;
        }
    }
    return found;
}

static void end_refuse(vm_id_t v, const char *why)
{
    if (vm_may_log(v)) {
        log_begin("ivshmem");
        log_chars(vms[v].name, sizeof(vms[0].name));
        log_text(why);
        log_end();
    }
}

/* The region where the VM has it: with the rights of the Service VM, which has it one to one, but not to execute it. */
/* REQ-ISO-071 */
static enum status end_map(vm_id_t v, uint32_t device, gpa_t memory)
{
    const hpa_t hpa = region_of_end(device)->hpa;
    const enum status result = stage2_map(v, memory, hpa, ivshmem_region_size(device), stage2_lookup(VM_SERVICE, hpa).attr & ~S2_EXEC);

    iommu_flush_vm(v); /* for units that do not look into caches */
    return (result == STATUS_BUSY) ? STATUS_DENIED : result; /* the VM's memory is there */
}

/* REQ-IO-021 REQ-ISO-071 */
enum status ivshmem_take(vm_id_t v, const struct ivshmem_request *request)
{
    const uint32_t device = end_named(request->name);
    enum status result = STATUS_DENIED;
    const char *why = "";

    if (device >= PART_MAX_IVSHMEM) {
        why = ": the scenario opens no region of that name to User VMs";
        result = STATUS_NOT_FOUND;
    } else if ((ivshmem_end[device].vm != ID_NONE) || vpci_lent_taken(v, request->place)) {
        why = ": a User VM holds that end already, or another device is in its place";
        result = STATUS_BUSY;
    } else if (vms[v].state != VM_CREATED) {
        why = ": shared memory comes before START_VM";
    } else if ((request->size != ivshmem_region_size(device)) || ((request->memory & (request->size - 1U)) != 0U) || !mmio_place_valid(request->memory, request->size) ||
               !mmio_place_valid(request->registers, 2U * (uint64_t)PAGE_SIZE) || ((request->registers % PAGE_SIZE) != 0U) || (request->table != (request->registers + PAGE_SIZE))) {
        why = ": BAR 2 is as large as the region and aligned to that, BAR 0 to a page, BAR 1 the next page, and none an interrupt controller's";
    } else {
        result = end_map(v, device, request->memory);
        if (result == STATUS_OK) {
            ivshmem_device_reset(device);
            ivshmem_end[device] = (struct ivshmem_end){ .vm = v, .place = request->place, .registers = request->registers, .memory = request->memory };
            vpci_user_count++;
        } else {
            why = ": BAR 2 meets other memory of the VM, or its tables are used up";
        }
    }
    if (why[0] != '\0') {
        end_refuse(v, why);
    }
    return result;
}

/* REQ-LIF-061 */
static void end_release(vm_id_t v, uint32_t device)
{
    ivshmem_end[device].vm = ID_NONE;
    ivshmem_device_reset(device);
    (void)stage2_unmap(v, ivshmem_end[device].memory, ivshmem_region_size(device)); /* one leaf or several, all its own: nothing to split */
    vm_shootdown(v);
    vpci_user_count--;
}

enum status ivshmem_drop(vm_id_t v, uint16_t place)
{
    const uint32_t device = ivshmem_find(v, place);

    if (device < PART_MAX_IVSHMEM) {
        end_release(v, device);
    }
    return (device < PART_MAX_IVSHMEM) ? STATUS_OK : STATUS_NOT_FOUND;
}

void ivshmem_drop_all(vm_id_t v)
{
    for (uint32_t i = 0U; i < partition.table.ivshmem_count; i++) {
        if (ivshmem_open(i) && (ivshmem_end[i].vm == v)) {
            end_release(v, i);
        }
    }
}
