/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fills the domains at boot. The hypervisor and the pre-launched VMs take what is theirs; the
 * Service VM takes the remaining RAM. domain_verify() then checks the result without knowing how it came about.
 */
#include "abi/partition_table.h"
#include "core/boot_info.h"
#include "core/domain.h"
#include "core/interval.h"
#include "core/partition.h"

static hpa_t page_down(hpa_t address)
{
    return (address / PAGE_SIZE) * PAGE_SIZE;
}

static hpa_t page_up(hpa_t address)
{
    return page_down(address + (PAGE_SIZE - 1U));
}

static bool domain_add(uint32_t domain, hpa_t base, uint64_t size, uint32_t type)
{
    uint32_t n = domain_count[domain];
    bool added = (size == 0U);
    if (!added && (n < DOMAIN_RANGES)) {
        domain_base[domain][n] = base;
        domain_size[domain][n] = size;
        domain_type[domain][n] = type;
        domain_count[domain] = n + 1U;
        added = true;
    }
    return added;
}

/* All pages that the bytes touch. */
static bool domain_add_touched(uint32_t domain, hpa_t base, uint64_t size, uint32_t type)
{
    hpa_t first = page_down(base);
    return domain_add(domain, first, page_up(base + size) - first, type);
}

static void domain_remove_range(uint32_t domain, uint32_t range)
{
    uint32_t last = domain_count[domain] - 1U;
    domain_base[domain][range] = domain_base[domain][last];
    domain_size[domain][range] = domain_size[domain][last];
    domain_type[domain][range] = domain_type[domain][last];
    domain_count[domain] = last;
}

/* Cuts [base, base + size), which meets the range, out of it: none, one or two parts remain. */
static bool domain_cut_range(uint32_t domain, uint32_t range, hpa_t base, uint64_t size)
{
    hpa_t start = domain_base[domain][range];
    hpa_t end = start + domain_size[domain][range];
    uint32_t type = domain_type[domain][range];
    uint64_t before = (base > start) ? (base - start) : 0U;
    uint64_t after = (end > (base + size)) ? (end - (base + size)) : 0U;
    domain_remove_range(domain, range);
    bool fits = domain_add(domain, start, before, type);
    return domain_add(domain, base + size, after, type) && fits;
}

static bool domain_subtract(uint32_t domain, hpa_t base, uint64_t size)
{
    bool fits = true;
    uint32_t i = 0U;
    while (fits && (size != 0U) && (i < domain_count[domain])) {
        if (interval_meets(domain_base[domain][i], domain_size[domain][i], base, size)) {
            fits = domain_cut_range(domain, i, base, size);
        } else {
            i++;
        }
    }
    return fits;
}

static void domain_swap(uint32_t domain, uint32_t a, uint32_t b)
{
    hpa_t base = domain_base[domain][a];
    uint64_t size = domain_size[domain][a];
    uint32_t type = domain_type[domain][a];
    domain_base[domain][a] = domain_base[domain][b];
    domain_size[domain][a] = domain_size[domain][b];
    domain_type[domain][a] = domain_type[domain][b];
    domain_base[domain][b] = base;
    domain_size[domain][b] = size;
    domain_type[domain][b] = type;
}

static void domain_sort(uint32_t domain)
{
    for (uint32_t i = 1U; i < domain_count[domain]; i++) {
        for (uint32_t k = i; (k > 0U) && (domain_base[domain][k] < domain_base[domain][k - 1U]); k--) {
            domain_swap(domain, k, k - 1U);
        }
    }
}

/* Image and pools, the pristine boot modules, telemetry. */
static bool domain_build_hypervisor(void)
{
    bool fits = domain_add_touched(DOMAIN_HYPERVISOR, boot_info.image_base, boot_info.image_size, MEMORY_RAM);
    for (uint32_t i = 0U; fits && (i < boot_info.module_count); i++) {
        /* Loaders may pack modules without padding: a page that is owned already is not added twice. */
        hpa_t first = page_down(boot_info.module[i].base);
        hpa_t end = page_up(boot_info.module[i].base + boot_info.module[i].size);
        fits = domain_subtract(DOMAIN_HYPERVISOR, first, end - first) &&
               domain_add(DOMAIN_HYPERVISOR, first, end - first, MEMORY_RAM);
    }
    return fits && domain_add(DOMAIN_HYPERVISOR, partition.table.telemetry_hpa, partition.table.telemetry_size, MEMORY_RAM);
}

static uint32_t domain_table_type(uint32_t part_type, uint32_t flags)
{
    uint32_t type;
    if (part_type == PART_RANGE_MMIO) {
        type = MEMORY_DEVICE;
    } else if ((flags & PART_RANGE_WRITE) != 0U) {
        type = MEMORY_RAM;
    } else {
        type = MEMORY_RAM_READ_ONLY;
    }
    return type;
}

/* The ranges that the table lists for this VM. */
static bool domain_build_listed(vm_id_t vm)
{
    bool fits = true;
    for (uint32_t i = 0U; fits && (i < partition.table.vm[vm].range_count); i++) {
        fits = domain_add(vm, partition.table.vm[vm].range[i].hpa, partition.table.vm[vm].range[i].size,
                          domain_table_type(partition.table.vm[vm].range[i].type, partition.table.vm[vm].range[i].flags));
    }
    return fits;
}

static bool service_may_use(uint32_t type)
{
    return (type == BOOT_RAM) || (type == BOOT_ACPI) || (type == BOOT_NVS);
}

/* The whole pages of each run of adjoining RAM and ACPI entries of the memory map. */
static bool domain_build_runs(void)
{
    bool fits = true;
    uint32_t i = 0U;
    while (fits && (i < boot_info.range_count)) {
        hpa_t base = boot_info.range[i].base;
        hpa_t end = base + boot_info.range[i].size;
        bool use = service_may_use(boot_info.range[i].type);
        i++;
        while (use && (i < boot_info.range_count) && (boot_info.range[i].base == end) &&
               service_may_use(boot_info.range[i].type)) {
            end = end + boot_info.range[i].size;
            i++;
        }
        if (use && (page_up(base) < page_down(end))) {
            fits = domain_add(VM_SERVICE, page_up(base), page_down(end) - page_up(base), MEMORY_RAM);
        }
    }
    return fits;
}

static bool domain_subtract_domain(uint32_t domain)
{
    bool fits = true;
    for (uint32_t i = 0U; fits && (i < domain_count[domain]); i++) {
        fits = domain_subtract(VM_SERVICE, domain_base[domain][i], domain_size[domain][i]);
    }
    return fits;
}

static bool domain_subtract_others(void)
{
    bool fits = domain_subtract_domain(DOMAIN_HYPERVISOR);
    for (vm_id_t vm = 1U; fits && (vm < partition.table.vm_count); vm++) {
        fits = domain_subtract_domain(vm);
    }
    for (uint32_t i = 0U; fits && (i < DOMAIN_REGIONS); i++) {
        fits = domain_subtract(VM_SERVICE, domain_region_base[i], domain_region_size[i]);
    }
    return fits;
}

static bool domain_build_service(void)
{
    bool absent = (partition.table.vm[VM_SERVICE].kind != PART_VM_SERVICE);
    return absent || (domain_build_runs() && domain_subtract_others() &&
                      domain_build_listed(VM_SERVICE) &&
                      domain_add(VM_SERVICE, partition.table.telemetry_hpa, partition.table.telemetry_size,
                                 MEMORY_RAM_READ_ONLY));
}

static void domain_build_regions(void)
{
    for (uint32_t i = 0U; i < PART_MAX_SHARED; i++) {
        bool used = (i < partition.table.shared_count);
        domain_region_base[i] = used ? partition.table.shared[i].hpa : 0U;
        domain_region_size[i] = used ? partition.table.shared[i].size : 0U;
    }
    domain_region_base[PART_MAX_SHARED] = partition.table.telemetry_hpa;
    domain_region_size[PART_MAX_SHARED] = partition.table.telemetry_size;
}

_Static_assert(DOMAIN_REGIONS == (PART_MAX_SHARED + 1U), "one region for each shared range, one for telemetry");

enum status domain_build(void)
{
    enum status ret = STATUS_OK;
    for (uint32_t d = 0U; d < DOMAIN_COUNT; d++) {
        domain_count[d] = 0U;
    }
    domain_build_regions();
    bool fits = domain_build_hypervisor();
    for (vm_id_t vm = 1U; fits && (vm < partition.table.vm_count); vm++) {
        fits = domain_build_listed(vm);
    }
    fits = fits && domain_build_service();
    for (uint32_t d = 0U; d < DOMAIN_COUNT; d++) {
        domain_sort(d);
    }
    if (!fits) {
        ret = STATUS_NO_MEMORY;
    } else if (!domain_verify()) {
        ret = STATUS_DENIED;
    } else {
        /* the walls stand */
    }
    return ret;
}
