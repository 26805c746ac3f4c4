/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ranges that change hands between the Service VM and User VMs. Whoever has one has it alone. Nothing holds such a device to its VM's memory, as it has
 * no number that an IOMMU could know it by: so the scenario says which devices do no DMA, and no other is lent.
 */
#include "devices/mmio_lent.h"
#include "core/interval.h"
#include "core/iommu.h"
#include "core/log.h"
#include "core/partition.h"
#include "core/stage2.h"
#include "core/vm.h"
#include "devices/vpci_function.h"

#define GPA_END      0x8000000000U /* 512 GiB, as for memory (core/hypercall_memory.c) */
#define IOAPIC_PLACE 0xFEC00000U
#define MSI_PLACE    0xFEE00000U   /* of the local APICs and of messages */
#define MSI_ROOM     0x100000U
#define RANGE_MOST   0x1000000U    /* 16 MiB: what is walked in one hypercall */

struct mmio_lent {
    uint32_t attr; /* of its mapping in the Service VM; 0: not lent */
    vm_id_t vm;
    gpa_t gpa;
};

static struct mmio_lent mmio_lent_record[PART_MAX_RANGE]; /* of the range with that number in the Service VM's list */

static const struct part_range *range_of(uint32_t index)
{
    return &partition.table.vm[VM_SERVICE].range[index];
}

/* The listed range with that place and size, or PART_MAX_RANGE. */
static uint32_t range_listed(const struct hc_mmio_range *wanted)
{
    uint32_t found = PART_MAX_RANGE;

    for (uint32_t i = 0U; (i < PART_MAX_RANGE) && (i < partition.table.vm[VM_SERVICE].range_count); i++) {
        const struct part_range *range = range_of(i);

        if ((range->type == PART_RANGE_MMIO) && ((range->flags & PART_RANGE_LEND) != 0U) && (range->hpa == wanted->service_gpa) && (range->size == wanted->size) &&
            (range->size <= RANGE_MOST)) {
            found = i;
        }
    }
    return found;
}

/* Its number, if that VM has it there; else PART_MAX_RANGE. */
static uint32_t range_lent(vm_id_t v, const struct hc_mmio_range *wanted)
{
    const uint32_t i = range_listed(wanted);

    return ((i < PART_MAX_RANGE) && (mmio_lent_record[i].attr != 0U) && (mmio_lent_record[i].vm == v) && (mmio_lent_record[i].gpa == wanted->user_gpa)) ? i : PART_MAX_RANGE;
}

/* A function has an owner, a place behind the IOMMU and a way to be reset: it is lent as one. */
static bool is_pci(const struct part_range *range)
{
    bool meets = false;

    for (uint32_t k = 0U; k < vpci_function_count; k++) {
        for (uint32_t i = 0U; i < pci_bar_count(&vpci_function[k]); i++) {
            const hpa_t base = vpci_bar_base(&vpci_function[k], i);
            const hpa_t last = base + (vpci_bar_size(&vpci_function[k], i) - 1U);

            meets = meets || ((base != 0U) && (base < (range->hpa + range->size)) && (range->hpa <= last));
        }
    }
    return meets;
}

/* How the Service VM has the pages, or 0: not all. Interrupt controllers, MMCONFIG and what else the hypervisor keeps are holes of its map. */
static uint32_t attr_of(const struct part_range *range)
{
    uint32_t attr = 0U;
    bool has = true;
    uint64_t at = 0U;

    while (has && (at < range->size)) {
        const struct stage2_mapping leaf = stage2_lookup(VM_SERVICE, range->hpa + at);

        has = leaf.present && (leaf.hpa == (range->hpa + at));
        attr = leaf.attr;
        at += (leaf.span >= PAGE_SIZE) ? (leaf.span - ((range->hpa + at) % leaf.span)) : PAGE_SIZE;
    }
    return has ? attr : 0U;
}

static bool whole_pages(const struct hc_mmio_range *wanted)
{
    return ((wanted->user_gpa | wanted->service_gpa | wanted->size) % PAGE_SIZE) == 0U;
}

bool mmio_place_valid(gpa_t gpa, uint64_t size)
{
    return (size != 0U) && (gpa < GPA_END) && (size <= (GPA_END - gpa)) && !interval_meets(gpa, size, IOAPIC_PLACE, PAGE_SIZE) &&
           !interval_meets(gpa, size, MSI_PLACE, MSI_ROOM);
}

static void mmio_say(vm_id_t v, hpa_t at, const char *text)
{
    if (vm_may_log(v)) {
        log_begin("mmio");
        log_hex(at);
        log_text(text);
        log_end();
    }
}

/* Before anything is changed. */
/* REQ-INT-085 */
static const char *range_refused(vm_id_t v, const struct hc_mmio_range *wanted)
{
    const uint32_t i = range_listed(wanted);
    const char *why = "";

    if (vms[v].state == VM_RUNNING) {
        why = " is not lent: its VM has started; assign before START_VM, or reset the VM";
    } else if (i >= PART_MAX_RANGE) {
        why = " is not lent: the scenario's lend_mmio has no such range";
    } else if (mmio_lent_record[i].attr != 0U) {
        why = " is not lent: it is not the Service VM's, or is lent already";
    } else if (is_pci(range_of(i))) {
        why = " is not lent: a PCI function has registers there; lend that";
    } else if (attr_of(range_of(i)) == 0U) {
        why = " is not lent: not all of it is the Service VM's device memory";
    } else if (!mmio_place_valid(wanted->user_gpa, wanted->size)) {
        why = " is not lent: its place is an interrupt controller's, or none of the VM's";
    } else {
        /* can be lent */
    }
    return why;
}

static void range_to_service(uint32_t i)
{
    const struct part_range *range = range_of(i);

    if (stage2_map(VM_SERVICE, range->hpa, range->hpa, range->size, mmio_lent_record[i].attr) != STATUS_OK) {
        mmio_say(VM_SERVICE, range->hpa, " is lost: the Service VM's tables are used up");
    }
    iommu_flush_vm(VM_SERVICE); /* for units that do not look into caches */
    mmio_lent_record[i].attr = 0U;
}

/* REQ-ISO-083 */
static enum status range_lend(vm_id_t v, const struct hc_mmio_range *wanted)
{
    const char *why = range_refused(v, wanted);
    enum status result = STATUS_DENIED;

    if (why[0] == '\0') {
        const uint32_t i = range_listed(wanted) % PART_MAX_RANGE;
        const struct mmio_lent lent = { .attr = attr_of(range_of(i)), .vm = v, .gpa = wanted->user_gpa };

        (void)stage2_unmap(VM_SERVICE, wanted->service_gpa, wanted->size); /* mapped as a range of its own: nothing is split */
        vm_shootdown(VM_SERVICE);
        mmio_lent_record[i] = lent;
        result = stage2_map(v, lent.gpa, wanted->service_gpa, wanted->size, lent.attr & ~S2_EXEC);
        iommu_flush_vm(v);
        if (result != STATUS_OK) {
            range_to_service(i);
        }
        why = (result == STATUS_OK) ? " is lent" : " is not lent: its place is taken, or tables are used up";
    }
    mmio_say(v, wanted->service_gpa, why);
    return result;
}

/* What the Service VM has put into its place meanwhile, in place of the registers, stays. */
/* REQ-ISO-083 */
static void range_return(uint32_t i)
{
    const struct mmio_lent *lent = &mmio_lent_record[i];
    const struct part_range *range = range_of(i);
    uint64_t at = 0U;

    while (at < range->size) {
        const struct stage2_mapping leaf = stage2_lookup(lent->vm, lent->gpa + at);
        const uint64_t step = (leaf.span >= PAGE_SIZE) ? (leaf.span - ((lent->gpa + at) % leaf.span)) : PAGE_SIZE;

        if (leaf.present && (leaf.hpa == (range->hpa + at))) {
            (void)stage2_unmap(lent->vm, lent->gpa + at, step); /* one leaf of the range's own: nothing is split */
        }
        at += step;
    }
    vm_shootdown(lent->vm);
    range_to_service(i);
    mmio_say(lent->vm, range->hpa, " is the Service VM's again");
}

/* REQ-HYP-081 */
enum status mmio_lent_return(vm_id_t v, const struct hc_mmiodev *device)
{
    uint32_t found = 0U;
    uint32_t named = 0U;

    for (uint32_t k = 0U; k < HC_MMIODEV_RANGES; k++) {
        if (device->range[k].size != 0U) {
            named++;
            found += (range_lent(v, &device->range[k]) < PART_MAX_RANGE) ? 1U : 0U;
        }
    }
    for (uint32_t k = 0U; (k < HC_MMIODEV_RANGES) && (found == named) && (named != 0U); k++) {
        const uint32_t i = range_lent(v, &device->range[k]);

        if (i < PART_MAX_RANGE) {
            range_return(i);
        }
    }
    return ((found == named) && (named != 0U)) ? STATUS_OK : STATUS_NOT_FOUND;
}

/* REQ-HYP-081 REQ-INT-085 */
enum status mmio_lend(vm_id_t v, struct hc_mmiodev *device)
{
    enum status result = STATUS_OK;
    uint32_t named = 0U;

    for (uint32_t k = 0U; k < HC_MMIODEV_RANGES; k++) {
        if ((device->range[k].size != 0U) && (result == STATUS_OK)) {
            named++;
            result = whole_pages(&device->range[k]) ? range_lend(v, &device->range[k]) : STATUS_INVALID;
        }
        if (result != STATUS_OK) {
            device->range[k].size = 0U;
        }
    }
    if (result != STATUS_OK) {
        (void)mmio_lent_return(v, device);
    }
    return (named != 0U) ? result : STATUS_INVALID;
}

/* REQ-LIF-082 */
void mmio_lent_return_all(vm_id_t v)
{
    for (uint32_t i = 0U; i < PART_MAX_RANGE; i++) {
        if ((mmio_lent_record[i].attr != 0U) && (mmio_lent_record[i].vm == v)) {
            range_return(i);
        }
    }
}
