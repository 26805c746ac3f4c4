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

/* REQ-ISO-007 */
uint32_t domain_of(vm_id_t vm)
{
    return (vm < VM_FIRST_USER) ? vm : VM_SERVICE;
}

bool domain_owns(uint32_t domain, hpa_t hpa, uint64_t size, uint32_t memory_type)
{
    bool owns = false;
    /*@ loop invariant 0 <= i <= domain_count[domain];
        loop invariant owns <==> \exists integer r; 0 <= r < i && domain_type[domain][r] == memory_type &&
          within(domain_base[domain][r], domain_size[domain][r], hpa, size);
        loop assigns i, owns;
        loop variant domain_count[domain] - i; */
    for (uint32_t i = 0U; (i < domain_count[domain]) && !owns; i++) {
        owns = (domain_type[domain][i] == memory_type) &&
               interval_within(domain_base[domain][i], domain_size[domain][i], hpa, size);
    }
    return owns;
}

/*@ requires domain < DOMAIN_COUNT && range < DOMAIN_RANGES;
    assigns \nothing;
    exits \false;
    ensures \result <==> domain_size[domain][range] > 0 && domain_base[domain][range] % 4096 == 0 &&
      domain_size[domain][range] % 4096 == 0 &&
      domain_base[domain][range] + domain_size[domain][range] <= 0x10000000000000; */
static bool domain_range_valid(uint32_t domain, uint32_t range)
{
    hpa_t base = domain_base[domain][range];
    uint64_t size = domain_size[domain][range];
    return (size != 0U) && ((base % PAGE_SIZE) == 0U) && ((size % PAGE_SIZE) == 0U) && (base < HPA_LIMIT) &&
           (size <= (HPA_LIMIT - base));
}

/*@ requires domain < DOMAIN_COUNT;
    assigns \nothing;
    exits \false;
    ensures \result ==> domain_ok(domain); */
static bool domain_valid(uint32_t domain)
{
    bool valid = (domain_count[domain] <= DOMAIN_RANGES);
    /*@ loop invariant 0 <= i && (valid ==> i <= domain_count[domain] <= DOMAIN_RANGES);
        loop invariant i <= DOMAIN_RANGES;
        loop invariant valid ==> \forall integer r; 0 <= r < i ==>
          domain_size[domain][r] > 0 && domain_base[domain][r] % 4096 == 0 && domain_size[domain][r] % 4096 == 0 &&
          domain_base[domain][r] + domain_size[domain][r] <= 0x10000000000000;
        loop assigns i, valid;
        loop variant DOMAIN_RANGES - i; */
    for (uint32_t i = 0U; valid && (i < domain_count[domain]); i++) {
        valid = domain_range_valid(domain, i);
    }
    return valid;
}

/* The range lies wholly in one declared region. */
/*@ requires domain < DOMAIN_COUNT && range < DOMAIN_RANGES;
    assigns \nothing;
    exits \false;
    ensures \result <==> declared(domain, range); */
static bool domain_range_declared(uint32_t domain, uint32_t range)
{
    bool declared = false;
    /*@ loop invariant 0 <= i <= DOMAIN_REGIONS;
        loop invariant declared <==> \exists integer s; 0 <= s < i &&
          within(domain_region_base[s], domain_region_size[s], domain_base[domain][range], domain_size[domain][range]);
        loop assigns i, declared;
        loop variant DOMAIN_REGIONS - i; */
    for (uint32_t i = 0U; (i < DOMAIN_REGIONS) && !declared; i++) {
        declared = interval_within(domain_region_base[i], domain_region_size[i], domain_base[domain][range],
                                   domain_size[domain][range]);
    }
    return declared;
}

/* Two ranges of different domains, a < b. The hypervisor's memory is shared read-only at most. */
/*@ requires a < b < DOMAIN_COUNT && i < DOMAIN_RANGES && k < DOMAIN_RANGES;
    requires domain_size[a][i] > 0 && domain_size[b][k] > 0;
    assigns \nothing;
    exits \false;
    ensures \result ==> pair_apart(a, i, b, k); */
/* REQ-ISO-005 */
static bool domain_pair_apart(uint32_t a, uint32_t i, uint32_t b, uint32_t k)
{
    bool apart = !interval_meets(domain_base[a][i], domain_size[a][i], domain_base[b][k], domain_size[b][k]);
    if (!apart && ((b != DOMAIN_HYPERVISOR) || (domain_type[a][i] == MEMORY_RAM_READ_ONLY))) {
        apart = domain_range_declared(a, i);
    }
    return apart;
}

/*@ requires a < b < DOMAIN_COUNT && domain_ok(a) && domain_ok(b) && i < domain_count[a];
    assigns \nothing;
    exits \false;
    ensures \result ==> \forall integer k; 0 <= k < domain_count[b] ==> pair_apart(a, i, b, k); */
static bool domain_range_apart(uint32_t a, uint32_t i, uint32_t b)
{
    bool apart = true;
    /*@ loop invariant 0 <= k <= domain_count[b];
        loop invariant apart ==> \forall integer q; 0 <= q < k ==> pair_apart(a, i, b, q);
        loop assigns k, apart;
        loop variant domain_count[b] - k; */
    for (uint32_t k = 0U; apart && (k < domain_count[b]); k++) {
        apart = domain_pair_apart(a, i, b, k);
    }
    return apart;
}

/*@ requires a < b < DOMAIN_COUNT && domain_ok(a) && domain_ok(b);
    assigns \nothing;
    exits \false;
    ensures \result ==> domain_apart(a, b); */
static bool domains_apart(uint32_t a, uint32_t b)
{
    bool apart = true;
    /*@ loop invariant 0 <= i <= domain_count[a];
        loop invariant apart ==> \forall integer p, q; 0 <= p < i && 0 <= q < domain_count[b] ==> pair_apart(a, p, b, q);
        loop assigns i, apart;
        loop variant domain_count[a] - i; */
    for (uint32_t i = 0U; apart && (i < domain_count[a]); i++) {
        apart = domain_range_apart(a, i, b);
    }
    return apart;
}

/* No byte has two memory types in one domain. */
/*@ requires domain < DOMAIN_COUNT && domain_ok(domain) && range < domain_count[domain];
    assigns \nothing;
    exits \false;
    ensures \result ==> \forall integer k; 0 <= k < range ==>
      !meets(domain_base[domain][range], domain_size[domain][range], domain_base[domain][k], domain_size[domain][k]); */
static bool domain_range_single(uint32_t domain, uint32_t range)
{
    bool single = true;
    /*@ loop invariant 0 <= k <= range;
        loop invariant single ==> \forall integer q; 0 <= q < k ==>
          !meets(domain_base[domain][range], domain_size[domain][range], domain_base[domain][q], domain_size[domain][q]);
        loop assigns k, single;
        loop variant range - k; */
    for (uint32_t k = 0U; single && (k < range); k++) {
        single = !interval_meets(domain_base[domain][range], domain_size[domain][range], domain_base[domain][k],
                                 domain_size[domain][k]);
    }
    return single;
}

/*@ requires domain < DOMAIN_COUNT && domain_ok(domain);
    assigns \nothing;
    exits \false;
    ensures \result ==> domain_single(domain); */
static bool domain_ranges_single(uint32_t domain)
{
    bool single = true;
    /*@ loop invariant 0 <= i <= domain_count[domain];
        loop invariant single ==> \forall integer p, q; 0 <= q < p < i ==>
          !meets(domain_base[domain][p], domain_size[domain][p], domain_base[domain][q], domain_size[domain][q]);
        loop assigns i, single;
        loop variant domain_count[domain] - i; */
    for (uint32_t i = 0U; single && (i < domain_count[domain]); i++) {
        single = domain_range_single(domain, i);
    }
    return single;
}

/*@ assigns \nothing;
    exits \false;
    ensures \result ==> domains_ok; */
static bool domain_all_valid(void)
{
    bool valid = true;
    /*@ loop invariant 0 <= d <= DOMAIN_COUNT;
        loop invariant valid ==> \forall integer e; 0 <= e < d ==> domain_ok(e);
        loop assigns d, valid;
        loop variant DOMAIN_COUNT - d; */
    for (uint32_t d = 0U; valid && (d < DOMAIN_COUNT); d++) {
        valid = domain_valid(d);
    }
    return valid;
}

/*@ requires domains_ok;
    assigns \nothing;
    exits \false;
    ensures \result ==> domains_single; */
static bool domain_all_single(void)
{
    bool single = true;
    /*@ loop invariant 0 <= d <= DOMAIN_COUNT;
        loop invariant single ==> \forall integer e; 0 <= e < d ==> domain_single(e);
        loop assigns d, single;
        loop variant DOMAIN_COUNT - d; */
    for (uint32_t d = 0U; single && (d < DOMAIN_COUNT); d++) {
        single = domain_ranges_single(d);
    }
    return single;
}

/* From every domain with a smaller number. */
/*@ requires domains_ok && b < DOMAIN_COUNT;
    assigns \nothing;
    exits \false;
    ensures \result ==> \forall integer a; 0 <= a < b ==> domain_apart(a, b); */
static bool domain_apart_from_lower(uint32_t b)
{
    bool apart = true;
    /*@ loop invariant 0 <= a <= b;
        loop invariant apart ==> \forall integer c; 0 <= c < a ==> domain_apart(c, b);
        loop assigns a, apart;
        loop variant b - a; */
    for (uint32_t a = 0U; apart && (a < b); a++) {
        apart = domains_apart(a, b);
    }
    return apart;
}

/*@ requires domains_ok;
    assigns \nothing;
    exits \false;
    ensures \result ==> domains_apart_all; */
static bool domain_all_apart(void)
{
    bool apart = true;
    /*@ loop invariant 0 <= b <= DOMAIN_COUNT;
        loop invariant apart ==> \forall integer a, c; 0 <= a < c < b ==> domain_apart(a, c);
        loop assigns b, apart;
        loop variant DOMAIN_COUNT - b; */
    for (uint32_t b = 0U; apart && (b < DOMAIN_COUNT); b++) {
        apart = domain_apart_from_lower(b);
    }
    return apart;
}

/* REQ-ISO-004 */
bool domain_verify(void)
{
    return domain_all_valid() && domain_all_single() && domain_all_apart();
}
