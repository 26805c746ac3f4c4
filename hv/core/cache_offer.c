/* SPDX-License-Identifier: Apache-2.0 */
/* What CPUID says about shares of caches and memory bandwidth (Intel SDM 2, CPUID 7 and 10H; AMD APM 3, E.4.15, E.4.17). */
#include "core/cache_share.h"
#include "core/hw.h"

#define LEAF_FEATURES     0x7U
#define LEAF_ALLOCATION   0x10U
#define LEAF_AMD_SIZES    0x80000008U
#define LEAF_AMD_QOS      0x80000020U

#define FEATURE_PQE       0x8000U /* 7:EBX */
#define ALLOCATION_MBA    0x8U    /* 10H:EBX; bit n: resource n */
#define RESOURCE_L3       1U
#define RESOURCE_L2       2U
#define RESOURCE_MBA      3U
#define CACHE_CDP         0x4U    /* 10H, L2 and L3:ECX */
#define CACHE_SPARSE      0x8U
#define MBA_LINEAR        0x4U    /* 10H, MBA:ECX */
#define AMD_BE            0x40U   /* 8000_0008H:EBX */
#define AMD_L3BE          0x2U    /* 8000_0020H:EBX */
#define MAX_CLASS         0xFFFFU

enum { EAX, EBX, ECX, EDX, REGISTERS };

struct cache_offer cache_offer;

/* A leaf beyond the highest one answers with some other leaf's data: it has no features. */
static void ask(uint32_t leaf, uint32_t subleaf, uint32_t out[REGISTERS])
{
    hw_cpuid(leaf & 0x80000000U, 0U, out);
    if (out[EAX] >= leaf) {
        hw_cpuid(leaf, subleaf, out);
    } else {
        for (uint32_t i = 0U; i < (uint32_t)REGISTERS; i++) {
            out[i] = 0U;
        }
    }
}

/* AMD and Hygon: masks with gaps without a bit that says so (AMD APM 2, 19.4.2.2). */
static bool sparse_by_vendor(void)
{
    uint32_t out[REGISTERS];
    hw_cpuid(0U, 0U, out);
    return (out[EBX] == 0x68747541U) || (out[EBX] == 0x6F677948U); /* "Auth", "Hygo" */
}

static void limit_classes(struct cache_offer *offer, uint32_t highest)
{
    const uint32_t classes = ((highest < MAX_CLASS) ? highest : MAX_CLASS) + 1U;
    offer->classes = (classes < offer->classes) ? classes : offer->classes;
}

static void ask_cache(struct cache_offer *offer, uint32_t index)
{
    struct cache_level *const level = &offer->level[index];
    uint32_t out[REGISTERS];
    ask(LEAF_ALLOCATION, (index == 0U) ? RESOURCE_L2 : RESOURCE_L3, out);
    level->length = (out[EAX] & 0x1FU) + 1U;
    level->foreign = out[EBX];
    level->sparse = sparse_by_vendor() || ((out[ECX] & CACHE_SPARSE) != 0U);
    level->split = ((out[ECX] & CACHE_CDP) != 0U) && hw_cache_split(index);
    limit_classes(offer, out[EDX] & MAX_CLASS);
}

static void ask_delay(struct cache_offer *offer)
{
    uint32_t out[REGISTERS];
    uint32_t most;
    ask(LEAF_ALLOCATION, RESOURCE_MBA, out);
    most = (out[EAX] & 0xFFFU) + 1U;
    if (((out[ECX] & MBA_LINEAR) != 0U) && (most < 100U)) {
        offer->bandwidth = BANDWIDTH_DELAY;
        offer->delay_most = most;
    } else {
        offer->bandwidth = BANDWIDTH_CURVE;
    }
    limit_classes(offer, out[EDX] & MAX_CLASS);
}

static void ask_rate(struct cache_offer *offer)
{
    uint32_t out[REGISTERS];
    bool present;
    ask(LEAF_AMD_SIZES, 0U, out);
    present = (out[EBX] & AMD_BE) != 0U;
    ask(LEAF_AMD_QOS, 0U, out);
    present = present && ((out[EBX] & AMD_L3BE) != 0U);
    ask(LEAF_AMD_QOS, 1U, out);
    if (present && (out[EAX] < 32U)) {
        offer->bandwidth = BANDWIDTH_RATE;
        offer->rate_bits = out[EAX];
        limit_classes(offer, out[EDX]);
    }
}

static struct cache_offer ask_all(void)
{
    struct cache_offer offer = { .classes = MAX_CLASS + 1U };
    uint32_t out[REGISTERS];
    ask(LEAF_FEATURES, 0U, out);
    if ((out[EBX] & FEATURE_PQE) != 0U) {
        ask(LEAF_ALLOCATION, 0U, out);
        if ((out[EBX] & (1U << RESOURCE_L2)) != 0U) {
            ask_cache(&offer, 0U);
        }
        if ((out[EBX] & (1U << RESOURCE_L3)) != 0U) {
            ask_cache(&offer, 1U);
        }
        if ((out[EBX] & ALLOCATION_MBA) != 0U) {
            ask_delay(&offer);
        } else {
            ask_rate(&offer);
        }
    }
    return offer;
}

static bool same_level(const struct cache_level *a, const struct cache_level *b)
{
    return (a->length == b->length) && (a->foreign == b->foreign) && (a->sparse == b->sparse) && (a->split == b->split);
}

/* REQ-RT-051 */
void cache_offer_add(void)
{
    struct cache_offer own;
    own = ask_all();
    if (!cache_offer.seen) {
        cache_offer = own;
        cache_offer.seen = true;
    } else {
        const bool same = same_level(&own.level[0], &cache_offer.level[0]) && same_level(&own.level[1], &cache_offer.level[1]) &&
                          (own.classes == cache_offer.classes) && (own.bandwidth == cache_offer.bandwidth) &&
                          (own.delay_most == cache_offer.delay_most) && (own.rate_bits == cache_offer.rate_bits);
        cache_offer.uneven = cache_offer.uneven || !same;
    }
}
