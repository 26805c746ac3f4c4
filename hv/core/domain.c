/* SPDX-License-Identifier: Apache-2.0 */
/* The ranges of all domains, the question who owns what, and the check that walls stand between them. */
#include "core/domain.h"

#include "core/interval.h"

#define HPA_LIMIT 0x0010000000000000U /* 2^52 */

hpa_t domain_base[DOMAIN_COUNT][DOMAIN_RANGES];
uint64_t domain_size[DOMAIN_COUNT][DOMAIN_RANGES];
uint32_t domain_type[DOMAIN_COUNT][DOMAIN_RANGES];
uint32_t domain_count[DOMAIN_COUNT];
hpa_t domain_region_base[DOMAIN_REGIONS];
uint64_t domain_region_size[DOMAIN_REGIONS];

uint32_t domain_of(vm_id_t vm)
{
    return (vm < VM_FIRST_USER) ? vm : VM_SERVICE;
}

bool domain_owns(uint32_t domain, hpa_t hpa, uint64_t size, uint32_t memory_type)
{
    bool owns = false;
    for (uint32_t i = 0U; (i < domain_count[domain]) && !owns; i++) {
        owns = (domain_type[domain][i] == memory_type) &&
               interval_within(domain_base[domain][i], domain_size[domain][i], hpa, size);
    }
    return owns;
}

static bool domain_range_valid(uint32_t domain, uint32_t range)
{
    hpa_t base = domain_base[domain][range];
    uint64_t size = domain_size[domain][range];
    return (size != 0U) && ((base % PAGE_SIZE) == 0U) && ((size % PAGE_SIZE) == 0U) && (base < HPA_LIMIT) &&
           (size <= (HPA_LIMIT - base));
}

static bool domain_valid(uint32_t domain)
{
    bool valid = (domain_count[domain] <= DOMAIN_RANGES);
    for (uint32_t i = 0U; valid && (i < domain_count[domain]); i++) {
        valid = domain_range_valid(domain, i);
    }
    return valid;
}

/* The range lies wholly in one declared region. */
static bool domain_range_declared(uint32_t domain, uint32_t range)
{
    bool declared = false;
    for (uint32_t i = 0U; (i < DOMAIN_REGIONS) && !declared; i++) {
        declared = interval_within(domain_region_base[i], domain_region_size[i], domain_base[domain][range],
                                   domain_size[domain][range]);
    }
    return declared;
}

/* Two ranges of different domains, a < b. The hypervisor's memory is shared read-only at most. */
static bool domain_pair_apart(uint32_t a, uint32_t i, uint32_t b, uint32_t k)
{
    bool apart = !interval_meets(domain_base[a][i], domain_size[a][i], domain_base[b][k], domain_size[b][k]);
    if (!apart && ((b != DOMAIN_HYPERVISOR) || (domain_type[a][i] == MEMORY_RAM_READ_ONLY))) {
        apart = domain_range_declared(a, i);
    }
    return apart;
}

static bool domain_range_apart(uint32_t a, uint32_t i, uint32_t b)
{
    bool apart = true;
    for (uint32_t k = 0U; apart && (k < domain_count[b]); k++) {
        apart = domain_pair_apart(a, i, b, k);
    }
    return apart;
}

static bool domains_apart(uint32_t a, uint32_t b)
{
    bool apart = true;
    for (uint32_t i = 0U; apart && (i < domain_count[a]); i++) {
        apart = domain_range_apart(a, i, b);
    }
    return apart;
}

/* No byte has two memory types in one domain. */
static bool domain_range_single(uint32_t domain, uint32_t range)
{
    bool single = true;
    for (uint32_t k = 0U; single && (k < range); k++) {
        single = !interval_meets(domain_base[domain][range], domain_size[domain][range], domain_base[domain][k],
                                 domain_size[domain][k]);
    }
    return single;
}

static bool domain_ranges_single(uint32_t domain)
{
    bool single = true;
    for (uint32_t i = 0U; single && (i < domain_count[domain]); i++) {
        single = domain_range_single(domain, i);
    }
    return single;
}

static bool domain_all_valid(void)
{
    bool valid = true;
    for (uint32_t d = 0U; valid && (d < DOMAIN_COUNT); d++) {
        valid = domain_valid(d);
    }
    return valid;
}

static bool domain_all_single(void)
{
    bool single = true;
    for (uint32_t d = 0U; single && (d < DOMAIN_COUNT); d++) {
        single = domain_ranges_single(d);
    }
    return single;
}

/* From every domain with a smaller number. */
static bool domain_apart_from_lower(uint32_t b)
{
    bool apart = true;
    for (uint32_t a = 0U; apart && (a < b); a++) {
        apart = domains_apart(a, b);
    }
    return apart;
}

static bool domain_all_apart(void)
{
    bool apart = true;
    for (uint32_t b = 0U; apart && (b < DOMAIN_COUNT); b++) {
        apart = domain_apart_from_lower(b);
    }
    return apart;
}

bool domain_verify(void)
{
    return domain_all_valid() && domain_all_single() && domain_all_apart();
}
