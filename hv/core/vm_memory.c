/* SPDX-License-Identifier: Apache-2.0 */
#include "core/vm_memory.h"
#include "core/boot_info.h"
#include "core/domain.h"
#include "core/io.h"
#include "core/partition.h"
#include "core/stage2.h"
#include "core/vcpu_hw.h"
#include "core/vm.h"
#include "devices/ivshmem.h"
#include "devices/vpci.h"

#define HOLES        80U
#define MSI_BASE     0xFEE00000U /* a store there is an interrupt message to any core */
#define MSI_SIZE     0x100000U
#define PORTS        0x10000U

struct hole { gpa_t base; uint64_t size; };
static struct hole holes[HOLES];
static uint32_t hole_count;

static bool add_hole(gpa_t base, uint64_t size)
{
    bool fits = hole_count < HOLES;
    if (fits) {
        holes[hole_count].base = base;
        holes[hole_count].size = size;
        hole_count++;
    }
    return fits;
}

/* REQ-ISO-028 */
static bool collect_holes(vm_id_t v)
{
    bool fits;
    bool more = true;
    hole_count = 0U;
    fits = add_hole(MSI_BASE, MSI_SIZE) && add_hole(platform.ioapic_base, PAGE_SIZE);
    for (uint32_t i = 0U; (i < HOLES) && more; i++) {
        gpa_t base = 0U;
        uint64_t size = 0U;
        more = vpci_hole(v, i, &base, &size);
        if (more) {
            fits = add_hole(base, size) && fits;
        }
    }
    more = (v == VM_SERVICE);
    for (uint32_t i = 0U; (i < HOLES) && more; i++) {
        gpa_t base = 0U;
        uint64_t size = 0U;
        more = ivshmem_hole(i, &base, &size);
        if (more) {
            fits = add_hole(base, size) && fits;
        }
    }
    return fits;
}

/* The first hole that reaches into [from, end), or ID_NONE. */
static uint32_t next_hole(gpa_t from, gpa_t end)
{
    uint32_t best = ID_NONE;
    for (uint32_t i = 0U; i < hole_count; i++) {
        bool reaches = ((holes[i].base + holes[i].size) > from) && (holes[i].base < end);
        if (reaches && ((best >= HOLES) || (holes[i].base < holes[best].base))) {
            best = i;
        }
    }
    return best;
}

/* Each round leaves one hole behind, so there are no more rounds than holes, and one. */
static enum status map_around_holes(vm_id_t v, hpa_t base, uint64_t size, uint32_t attr)
{
    enum status result = STATUS_OK;
    gpa_t at = base;
    gpa_t end = base + size;
    while ((at < end) && (result == STATUS_OK)) {
        uint32_t hole = next_hole(at, end);
        gpa_t until = end;
        gpa_t next = end;
        if (hole < HOLES) {
            until = (holes[hole].base > at) ? holes[hole].base : at;
            next = holes[hole].base + holes[hole].size;
        }
        if (until > at) {
            result = stage2_map(v, at, at, until - at, attr);
        }
        at = next;
    }
    return result;
}

static uint32_t listed_attributes(const struct part_range *range)
{
    uint32_t attr = S2_READ;
    attr |= ((range->flags & PART_RANGE_WRITE) != 0U) ? S2_WRITE : 0U;
    attr |= ((range->flags & PART_RANGE_EXEC) != 0U) ? S2_EXEC : 0U;
    if (range->type == PART_RANGE_MMIO) {
        attr |= ((range->flags & PART_RANGE_WC) != 0U) ? S2_WC : S2_UC;
    }
    return attr;
}

/* By what the table says of the range, else by the domain's type. */
static uint32_t service_attributes(uint32_t range)
{
    const struct part_vm *config = &partition.table.vm[VM_SERVICE];
    uint32_t attr = S2_READ;
    if (domain_type[VM_SERVICE][range] == MEMORY_RAM) {
        attr |= S2_WRITE | S2_EXEC;
    } else if (domain_type[VM_SERVICE][range] == MEMORY_DEVICE) {
        attr |= S2_WRITE | S2_UC;
    } else {
        /* read-only memory */
    }
    for (uint32_t i = 0U; i < config->range_count; i++) {
        if (config->range[i].hpa == domain_base[VM_SERVICE][range]) {
            attr = listed_attributes(&config->range[i]);
        }
    }
    return attr;
}

static enum status build_service(void)
{
    enum status result = collect_holes(VM_SERVICE) ? STATUS_OK : STATUS_NO_MEMORY;
    for (uint32_t i = 0U; (i < domain_count[VM_SERVICE]) && (result == STATUS_OK); i++) {
        result = map_around_holes(VM_SERVICE, domain_base[VM_SERVICE][i], domain_size[VM_SERVICE][i], service_attributes(i));
        if (domain_type[VM_SERVICE][i] == MEMORY_RAM) {
            vms[VM_SERVICE].memory_size += domain_size[VM_SERVICE][i];
        }
    }
    return (result == STATUS_OK) ? ivshmem_map() : result;
}

/* REQ-ISO-029 */
static enum status build_listed(vm_id_t v)
{
    const struct part_vm *config = &partition.table.vm[v];
    enum status result = collect_holes(v) ? STATUS_OK : STATUS_NO_MEMORY;
    for (uint32_t i = 0U; (i < config->range_count) && (result == STATUS_OK); i++) {
        const struct part_range *range = &config->range[i];
        if ((range->type == PART_RANGE_MMIO) && (range->gpa == range->hpa)) {
            result = map_around_holes(v, range->hpa, range->size, listed_attributes(range));
        } else {
            result = stage2_map(v, range->gpa, range->hpa, range->size, listed_attributes(range));
        }
        if (range->type == PART_RANGE_RAM) {
            vms[v].memory_size += range->size;
        }
    }
    return result;
}

/* REQ-RT-046 */
enum status vm_memory_build(vm_id_t v)
{
    stage2_reset(v);
    vms[v].memory_size = 0U;
    return (v == VM_SERVICE) ? build_service() : build_listed(v);
}

static void open_service_ports(void)
{
    uint32_t first = 0U; /* of the run of ports that may be opened */
    for (uint32_t port = 0U; port <= PORTS; port++) {
        bool withheld = (port == PORTS) || io_port_withheld((uint16_t)port);
        if (withheld) {
            if (port > first) {
                hw_port_open(VM_SERVICE, (uint16_t)first, port - first);
            }
            first = port + 1U;
        }
    }
}

void vm_ports_open(vm_id_t v)
{
    const struct part_vm *config = &partition.table.vm[v];
    if (v == VM_SERVICE) {
        open_service_ports();
    } else {
        for (uint32_t i = 0U; i < config->ports_count; i++) {
            hw_port_open(v, config->ports[i].base, config->ports[i].count);
        }
    }
}
