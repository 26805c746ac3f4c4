/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/stage2.c core/stage2_table.c core/domain.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/domain.h"
#include "core/iommu_hw.h"
#include "core/stage2.h"
#include "core/stage2_format.h"
#include "core/stage2_table.h"

#define POOL 0x10000000U
#define RAM  0x100000000U
#define RAM_SIZE 0x100000000U
#define DEVICE 0xC0000000U
#define READ_ONLY 0x80000000U
#define RWX (S2_READ | S2_WRITE | S2_EXEC)
#define RW (S2_READ | S2_WRITE)
#define VM 1U
#define USER 5U

/* What leads to a table does so after it went out to memory. */
void hw_iommu_write_back(hpa_t base, uint32_t size)
{
    const vm_id_t vm = (vm_id_t)((base - POOL) / (STAGE2_PAGES * PAGE_SIZE));
    const uint32_t child = (uint32_t)((base - POOL) / PAGE_SIZE) % STAGE2_PAGES;
    const uint64_t entry = stage2_table[vm][stage2_parent[vm][child]][stage2_slot[vm][child]];
    assert_int_equal(size, PAGE_SIZE);
    assert_false(((entry & 1U) != 0U) && ((entry & PAGE_MASK & (S2_HPA_LIMIT - 1U)) == base));
}

static void own(uint32_t domain, hpa_t base, uint64_t size, uint32_t type)
{
    uint32_t n = domain_count[domain];
    domain_base[domain][n] = base;
    domain_size[domain][n] = size;
    domain_type[domain][n] = type;
    domain_count[domain] = n + 1U;
}

static int setup_with(uint32_t format)
{
    stage2_format = format;
    memset(domain_count, 0, sizeof(domain_count));
    own(VM, RAM, RAM_SIZE, MEMORY_RAM);
    own(VM, DEVICE, 0x10000000U, MEMORY_DEVICE);
    own(VM, READ_ONLY, 0x400000U, MEMORY_RAM_READ_ONLY);
    own(VM_SERVICE, 0x200000000U, RAM_SIZE, MEMORY_RAM);
    own(VM_SERVICE, 0xD0000000U, 0x1000U, MEMORY_DEVICE);
    own(VM_SERVICE, 0xD0001000U, 0x1000U, MEMORY_RAM_READ_ONLY);
    stage2_init(POOL);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    return setup_with(S2_FORMAT_NPT);
}

static int setup_ept(void **state)
{
    (void)state;
    return setup_with(S2_FORMAT_EPT);
}

static int setup_amdvi(void **state)
{
    (void)state;
    return setup_with(S2_FORMAT_NPT_AMDVI);
}

/* What an AMD IOMMU reads in the same entry (AMD IOMMU 3.08, 2.2.3): level of the next table, 0 in a leaf, and rights; the processor's rights. */
static void expect_amdvi_bits(uint64_t entry, uint32_t next)
{
    assert_int_equal((entry >> 9) & 7U, next);
    assert_int_equal((entry >> 61) & 1U, 1U);
    assert_int_equal((entry >> 62) & 1U, (entry >> 1) & 1U);
    assert_int_equal((entry >> 52) & 0x1FFU, 0U);
}

/* What the hardware sees beyond the address. EPT (Intel SDM 3, 28.3.2): bits that are reserved, and A and D, which are not in use. */
static void expect_constant_bits(uint64_t entry, bool leaf, uint32_t level)
{
    if (stage2_format != S2_FORMAT_EPT) {
        assert_int_equal(entry & 0x24U, 0x24U); /* user, accessed */
        if (stage2_format == S2_FORMAT_NPT_AMDVI) {
            expect_amdvi_bits(entry, leaf ? 0U : (level - 1U));
        } else {
            assert_int_equal(entry & 0x7FF0000000000E00U, 0U);
        }
    } else if (leaf) {
        assert_int_equal(entry & 0xFFF0000000000F40U, 0U);
    } else {
        assert_int_equal(entry & 0xFFF0000000000FFFU, 7U);
    }
}

/* Rights and type as the hardware takes them, against what was asked for. */
static void expect_attr(uint64_t leaf, uint32_t attr)
{
    if (stage2_format == S2_FORMAT_EPT) {
        static const uint64_t types[3] = { 6U << 3, 0U, 1U << 3 }; /* WB, UC, WC */
        assert_int_equal(leaf & 0x7U, ((attr & S2_READ) != 0U ? 1U : 0U) | (attr & S2_WRITE) | (attr & S2_EXEC));
        assert_int_equal(leaf & 0x38U, types[attr / S2_UC]);
    } else {
        static const uint64_t types[3] = { 0U, 0x18U, 0x8U };
        assert_int_equal(leaf & 0x2U, attr & S2_WRITE);
        assert_int_equal(leaf >> 63, ((attr & S2_EXEC) != 0U) ? 0U : 1U);
        assert_int_equal(leaf & 0x18U, types[attr / S2_UC]);
    }
}

/* The walk of the hardware (AMD APM 2, 5.3; Intel SDM 3, 28.3.2), written without the module's helpers. */
static bool walk(vm_id_t vm, gpa_t gpa, hpa_t *hpa, uint64_t *leaf)
{
    hpa_t table = stage2_root(vm);
    for (unsigned shift = 39;; shift -= 9) {
        uint64_t index = (table - POOL) / 4096U;
        assert_true(index / STAGE2_PAGES == vm);
        uint64_t entry = stage2_table[vm][index % STAGE2_PAGES][(gpa >> shift) & 511U];
        if ((entry & 1U) == 0) {
            return false;
        }
        expect_constant_bits(entry, (shift == 12) || ((shift < 39) && ((entry & 0x80U) != 0)), (shift - 3U) / 9U);
        if (shift == 12 || (entry & 0x80U) != 0) {
            uint64_t mask = ((uint64_t)1 << shift) - 1U;
            assert_int_equal(entry & 0x000FFFFFFFFFF000U & mask, 0); /* aligned, PAT bit clear */
            *hpa = (entry & 0x000FFFFFFFFFF000U & ~mask) | (gpa & mask);
            *leaf = entry;
            return true;
        }
        table = entry & 0x000FFFFFFFFFF000U;
    }
}

static void expect_mapped(vm_id_t vm, gpa_t gpa, hpa_t hpa, uint64_t span, uint32_t attr)
{
    hpa_t reached = 0;
    uint64_t leaf = 0;
    struct stage2_mapping found = stage2_lookup(vm, gpa);
    assert_true(found.present);
    assert_int_equal(found.hpa, hpa);
    assert_int_equal(found.span, span);
    assert_int_equal(found.attr, attr);
    assert_true(walk(vm, gpa, &reached, &leaf));
    assert_int_equal(reached, hpa);
    expect_attr(leaf, attr);
}

static void expect_absent(vm_id_t vm, gpa_t gpa)
{
    hpa_t hpa;
    uint64_t leaf;
    assert_false(stage2_lookup(vm, gpa).present);
    assert_false(walk(vm, gpa, &hpa, &leaf));
}

/* REQ-ISO-011 */
static void maps_with_the_largest_pages_that_fit(void **state)
{
    (void)state;
    gpa_t gpa = 0x40000000U - 0x200000U - 0x1000U;
    hpa_t hpa = RAM + 0x40000000U - 0x200000U - 0x1000U;
    assert_int_equal(stage2_map(VM, gpa, hpa, 0x1000U + 0x200000U + 0x40000000U + 0x200000U + 0x1000U, RWX), STATUS_OK);
    expect_mapped(VM, gpa, hpa, PAGE_SIZE, RWX);
    expect_mapped(VM, gpa + 0x1000U + 0x1234U, hpa + 0x1000U + 0x1234U, PAGE_SIZE_2M, RWX);
    expect_mapped(VM, 0x40000000U + 0x3FFFFFFFU, RAM + 0x40000000U + 0x3FFFFFFFU, PAGE_SIZE_1G, RWX);
    expect_mapped(VM, 0x80000000U, RAM + 0x80000000U, PAGE_SIZE_2M, RWX);
    expect_mapped(VM, 0x80200000U, RAM + 0x80200000U, PAGE_SIZE, RWX);
    expect_absent(VM, gpa - 1U);
    expect_absent(VM, 0x80201000U);
    expect_absent(USER, 0x80000000U);
}

/* REQ-ISO-011 */
static void uses_small_pages_when_addresses_are_not_congruent(void **state)
{
    (void)state;
    assert_int_equal(stage2_map(VM, 0x200000U, RAM + 0x1000U, 0x400000U, RWX), STATUS_OK);
    expect_mapped(VM, 0x200000U, RAM + 0x1000U, PAGE_SIZE, RWX);
    expect_mapped(VM, 0x5FFFFFU, RAM + 0x400FFFU, PAGE_SIZE, RWX);
}

/* REQ-ISO-011 */
static void writes_the_bits_of_nested_page_tables(void **state)
{
    (void)state;
    hpa_t hpa;
    uint64_t leaf;
    assert_int_equal(stage2_map(VM, 0x0U, RAM, 0x1000U, S2_READ), STATUS_OK);
    assert_true(walk(VM, 0x0U, &hpa, &leaf));
    assert_int_equal(leaf, RAM | 0x8000000000000065U); /* NX, D, A, U, P */
    assert_int_equal(stage2_map(VM, 0x1000U, RAM, 0x1000U, RWX), STATUS_OK);
    assert_true(walk(VM, 0x1000U, &hpa, &leaf));
    assert_int_equal(leaf, RAM | 0x67U);
    assert_int_equal(stage2_map(VM, 0x2000U, DEVICE, 0x1000U, RW | S2_UC), STATUS_OK);
    assert_true(walk(VM, 0x2000U, &hpa, &leaf));
    assert_int_equal(leaf, DEVICE | 0x800000000000007FU);
    assert_int_equal(stage2_map(VM, 0x200000U, DEVICE, 0x200000U, RW | S2_WC), STATUS_OK);
    assert_true(walk(VM, 0x200000U, &hpa, &leaf));
    assert_int_equal(leaf, DEVICE | 0x80000000000000EFU);
    assert_int_equal(stage2_lookup(VM, 0x2000U).attr, RW | S2_UC);
    assert_int_equal(stage2_lookup(VM, 0x200000U).attr, RW | S2_WC);
}

/* REQ-ISO-050 */
static void writes_the_bits_that_an_amd_iommu_reads(void **state)
{
    (void)state;
    hpa_t hpa;
    uint64_t leaf;
    assert_int_equal(stage2_map(VM, 0x0U, RAM, 0x1000U, S2_READ), STATUS_OK);
    assert_true(walk(VM, 0x0U, &hpa, &leaf));
    assert_int_equal(leaf, RAM | 0xA000000000000065ULL); /* NX, IR */
    assert_int_equal(stage2_map(VM, 0x1000U, RAM, 0x1000U, RWX), STATUS_OK);
    assert_true(walk(VM, 0x1000U, &hpa, &leaf));
    assert_int_equal(leaf, RAM | 0x6000000000000067ULL); /* IR, IW */
    assert_int_equal(stage2_map(VM, 0x200000U, RAM, 0x200000U, RWX), STATUS_OK);
    assert_true(walk(VM, 0x200000U, &hpa, &leaf));
    assert_int_equal(leaf, RAM | 0x60000000000000E7ULL);
    assert_int_equal(stage2_table[VM][S2_ROOT][0] >> 52, 0x600U);
    assert_int_equal(stage2_table[VM][S2_ROOT][0] & 0xFFFU, 0x627U); /* leads to a table of level 3 */
}

/* REQ-ISO-011 REQ-ISO-042 */
static void writes_the_bits_of_ept(void **state)
{
    (void)state;
    hpa_t hpa;
    uint64_t leaf;
    assert_int_equal(stage2_map(VM, 0x0U, RAM, 0x1000U, S2_READ), STATUS_OK);
    assert_true(walk(VM, 0x0U, &hpa, &leaf));
    assert_int_equal(leaf, RAM | 0x31U); /* WB, R */
    assert_int_equal(stage2_map(VM, 0x1000U, RAM, 0x1000U, RWX), STATUS_OK);
    assert_true(walk(VM, 0x1000U, &hpa, &leaf));
    assert_int_equal(leaf, RAM | 0x37U);
    assert_int_equal(stage2_map(VM, 0x2000U, DEVICE, 0x1000U, RW | S2_UC), STATUS_OK);
    assert_true(walk(VM, 0x2000U, &hpa, &leaf));
    assert_int_equal(leaf, DEVICE | 0x3U);
    assert_int_equal(stage2_map(VM, 0x3000U, DEVICE, 0x1000U, RW | S2_WC), STATUS_OK);
    assert_true(walk(VM, 0x3000U, &hpa, &leaf));
    assert_int_equal(leaf, DEVICE | 0xBU);
    assert_int_equal(stage2_lookup(VM, 0x3000U).attr, RW | S2_WC);
    assert_int_equal(stage2_map(VM, 0x200000U, RAM, 0x200000U, RWX), STATUS_OK);
    assert_true(walk(VM, 0x200000U, &hpa, &leaf));
    assert_int_equal(leaf, RAM | 0xB7U);
}

/* REQ-ISO-009 */
static void refuses_what_is_not_a_page_range(void **state)
{
    (void)state;
    assert_int_equal(stage2_map(MAX_VM, 0x0U, RAM, 0x1000U, RWX), STATUS_INVALID);
    assert_int_equal(stage2_map(VM, 0x800U, RAM, 0x1000U, RWX), STATUS_INVALID);
    assert_int_equal(stage2_map(VM, 0x0U, RAM + 1U, 0x1000U, RWX), STATUS_INVALID);
    assert_int_equal(stage2_map(VM, 0x0U, RAM, 0x1001U, RWX), STATUS_INVALID);
    assert_int_equal(stage2_map(VM, 0x0U, RAM, 0x0U, RWX), STATUS_INVALID);
    assert_int_equal(stage2_map(VM, S2_GPA_LIMIT, RAM, 0x1000U, RWX), STATUS_INVALID);
    assert_int_equal(stage2_map(VM, S2_GPA_LIMIT - 0x1000U, RAM, 0x2000U, RWX), STATUS_INVALID);
    assert_int_equal(stage2_map(VM, 0x0U, S2_HPA_LIMIT - 0x1000U, 0x2000U, RWX), STATUS_INVALID);
    assert_int_equal(stage2_map(VM, 0x0U, RAM, UINT64_MAX - 0xFFFU, RWX), STATUS_INVALID);
    assert_int_equal(stage2_map(VM, 0x0U, RAM, 0x1000U, S2_WRITE), STATUS_INVALID);
    assert_int_equal(stage2_map(VM, 0x0U, RAM, 0x1000U, RW | S2_UC | S2_WC), STATUS_INVALID);
    assert_int_equal(stage2_unmap(MAX_VM, 0x0U, 0x1000U), STATUS_INVALID);
    assert_int_equal(stage2_unmap(VM, 0x1U, 0x1000U), STATUS_INVALID);
    assert_int_equal(stage2_protect(MAX_VM, 0x0U, 0x1000U, RW), STATUS_INVALID);
    assert_int_equal(stage2_protect(VM, 0x0U, 0x1000U, S2_WRITE), STATUS_INVALID);
    assert_false(stage2_lookup(MAX_VM, 0x0U).present);
    assert_false(stage2_lookup(VM, S2_GPA_LIMIT).present);
    assert_int_equal(stage2_pages_used(VM), 1);
}

/* REQ-ISO-001 */
static void maps_only_what_the_domain_owns(void **state)
{
    (void)state;
    assert_int_equal(stage2_map(VM, 0x0U, RAM - 0x1000U, 0x2000U, RWX), STATUS_DENIED);
    assert_int_equal(stage2_map(VM, 0x0U, RAM + RAM_SIZE - 0x1000U, 0x2000U, RWX), STATUS_DENIED);
    assert_int_equal(stage2_map(VM, 0x0U, POOL, 0x1000U, S2_READ), STATUS_DENIED);
    assert_int_equal(stage2_map(VM, 0x0U, 0x200000000U, 0x1000U, S2_READ), STATUS_DENIED);
    assert_int_equal(stage2_map(VM_SERVICE, 0x0U, RAM, 0x1000U, S2_READ), STATUS_DENIED);
    assert_int_equal(stage2_pages_used(VM), 1);
}

/* REQ-ISO-002 */
static void checks_the_memory_type_against_the_domain(void **state)
{
    (void)state;
    assert_int_equal(stage2_map(VM, 0x0U, RAM, 0x1000U, RW | S2_UC), STATUS_DENIED);
    assert_int_equal(stage2_map(VM, 0x0U, RAM, 0x1000U, RW | S2_WC), STATUS_DENIED);
    assert_int_equal(stage2_map(VM, 0x0U, DEVICE, 0x1000U, RW), STATUS_DENIED);
    assert_int_equal(stage2_map(VM, 0x0U, READ_ONLY, 0x1000U, RW), STATUS_DENIED);
    assert_int_equal(stage2_map(VM, 0x0U, READ_ONLY, 0x1000U, S2_READ | S2_UC), STATUS_DENIED);
    assert_int_equal(stage2_map(VM, 0x0U, READ_ONLY, 0x1000U, S2_READ), STATUS_OK);
}

/* REQ-ISO-007 */
static void user_vms_get_ram_and_devices_of_the_service_vm_only(void **state)
{
    (void)state;
    assert_int_equal(stage2_map(USER, 0x0U, 0x200000000U, 0x200000U, RWX), STATUS_OK);
    assert_int_equal(stage2_map(USER, 0x200000U, RAM, 0x1000U, RW), STATUS_DENIED);
    assert_int_equal(stage2_map(USER, 0x200000U, 0xD0000000U, 0x1000U, RW), STATUS_DENIED); /* not cached */
    assert_int_equal(stage2_map(USER, 0x200000U, 0xE0000000U, 0x1000U, RW | S2_UC), STATUS_DENIED); /* nobody's */
    assert_int_equal(stage2_map(USER, 0x201000U, 0xD0000000U, 0x1000U, RW | S2_UC), STATUS_OK);
    assert_int_equal(stage2_map(USER, 0x200000U, 0xD0001000U, 0x1000U, S2_READ), STATUS_DENIED);
    assert_int_equal(stage2_map(VM_SERVICE, 0xD0000000U, 0xD0000000U, 0x1000U, RW | S2_UC), STATUS_OK);
    assert_int_equal(stage2_map(VM_SERVICE, 0xD0001000U, 0xD0001000U, 0x1000U, S2_READ), STATUS_OK);
}

/* REQ-ISO-009 */
static void does_not_map_twice(void **state)
{
    (void)state;
    assert_int_equal(stage2_map(VM, 0x201000U, RAM, 0x1000U, RWX), STATUS_OK);
    uint32_t used = stage2_pages_used(VM);
    assert_int_equal(stage2_map(VM, 0x201000U, RAM, 0x1000U, RWX), STATUS_BUSY);
    assert_int_equal(stage2_map(VM, 0x200000U, RAM, 0x2000U, RWX), STATUS_BUSY);
    assert_int_equal(stage2_map(VM, 0x200000U, RAM, 0x200000U, RWX), STATUS_BUSY);
    assert_int_equal(stage2_map(VM, 0x0U, RAM, 0x40000000U, RWX), STATUS_BUSY);
    expect_absent(VM, 0x200000U);
    assert_int_equal(stage2_pages_used(VM), used);
    assert_int_equal(stage2_map(VM, 0x40000000U, RAM, 0x40000000U, RWX), STATUS_OK);
    assert_int_equal(stage2_map(VM, 0x40005000U, RAM, 0x1000U, RWX), STATUS_BUSY);
}

/* REQ-ISO-009 */
static void a_short_quota_leaves_nothing_behind(void **state)
{
    (void)state;
    uint64_t most = (uint64_t)(STAGE2_PAGES - 4U) * 0x200000U; /* root, one level 3, two of level 2 */
    assert_int_equal(stage2_map(VM, 0x0U, RAM + 0x1000U, most + 0x1000U, RWX), STATUS_NO_MEMORY);
    assert_int_equal(stage2_pages_used(VM), 1);
    expect_absent(VM, 0x0U);
    assert_int_equal(stage2_map(VM, 0x0U, RAM + 0x1000U, most, RWX), STATUS_OK);
    assert_int_equal(stage2_pages_used(VM), STAGE2_PAGES);
    assert_int_equal(stage2_map(VM, most, RAM, 0x1000U, RWX), STATUS_NO_MEMORY);
    assert_int_equal(stage2_unmap(VM, 0x0U, most), STATUS_OK);
    assert_int_equal(stage2_pages_used(VM), 1);
}

/* REQ-ISO-010 */
static void unmap_splits_at_both_ends(void **state)
{
    (void)state;
    assert_int_equal(stage2_map(VM, 0x0U, RAM, 0x80000000U, RWX), STATUS_OK);
    assert_int_equal(stage2_pages_used(VM), 2);
    assert_int_equal(stage2_unmap(VM, 0x3FFFF000U, 0x2000U), STATUS_OK);
    expect_mapped(VM, 0x0U, RAM, PAGE_SIZE_2M, RWX);
    expect_mapped(VM, 0x3FFFEFFFU, RAM + 0x3FFFEFFFU, PAGE_SIZE, RWX);
    expect_absent(VM, 0x3FFFF000U);
    expect_absent(VM, 0x40000FFFU);
    expect_mapped(VM, 0x40001000U, RAM + 0x40001000U, PAGE_SIZE, RWX);
    expect_mapped(VM, 0x7FFFFFFFU, RAM + 0x7FFFFFFFU, PAGE_SIZE_2M, RWX);
    assert_int_equal(stage2_pages_used(VM), 6);
    assert_int_equal(stage2_unmap(VM, 0x0U, 0x80000000U), STATUS_OK);
    assert_int_equal(stage2_pages_used(VM), 1);
}

/* REQ-ISO-009 */
static void unmap_without_tables_to_split_has_no_effect(void **state)
{
    (void)state;
    assert_int_equal(stage2_map(VM, 0x40000000U, RAM, 0x40000000U, RWX), STATUS_OK);
    /* Beside it: a level-3 table, two of level 2, and small pages until one table is left. */
    uint64_t rest = (uint64_t)(STAGE2_PAGES - 6U) * 0x200000U;
    assert_int_equal(stage2_map(VM, 0x8000000000U, RAM + 0x1000U, rest, RWX), STATUS_OK);
    assert_int_equal(stage2_pages_used(VM), STAGE2_PAGES - 1U);
    assert_int_equal(stage2_unmap(VM, 0x40001000U, 0x1000U), STATUS_NO_MEMORY);
    assert_int_equal(stage2_protect(VM, 0x40001000U, 0x1000U, S2_READ), STATUS_NO_MEMORY);
    expect_mapped(VM, 0x40001000U, RAM + 0x1000U, PAGE_SIZE_1G, RWX);
    assert_int_equal(stage2_unmap(VM, 0x40200000U, 0x200000U), STATUS_NO_MEMORY); /* the two ends are costed apart */
    assert_int_equal(stage2_unmap(VM, 0x40000000U, 0x40000000U), STATUS_OK);
}

static void unmap_of_nothing_is_fine_and_bounded(void **state)
{
    (void)state;
    assert_int_equal(stage2_unmap(VM, 0x0U, S2_GPA_LIMIT), STATUS_OK);
    assert_int_equal(stage2_map(VM, 0x7F0000000000U, RAM, 0x1000U, RWX), STATUS_OK);
    assert_int_equal(stage2_pages_used(VM), 4);
    assert_int_equal(stage2_unmap(VM, 0x0U, S2_GPA_LIMIT), STATUS_OK);
    assert_int_equal(stage2_pages_used(VM), 1);
}

/* REQ-ISO-010 */
static void protect_changes_rights_and_nothing_else(void **state)
{
    (void)state;
    assert_int_equal(stage2_map(VM, 0x0U, RAM, 0x400000U, RWX), STATUS_OK);
    assert_int_equal(stage2_protect(VM, 0x1000U, 0x1000U, S2_READ), STATUS_OK);
    expect_mapped(VM, 0x0U, RAM, PAGE_SIZE, RWX);
    expect_mapped(VM, 0x1000U, RAM + 0x1000U, PAGE_SIZE, S2_READ);
    expect_mapped(VM, 0x2000U, RAM + 0x2000U, PAGE_SIZE, RWX);
    expect_mapped(VM, 0x200000U, RAM + 0x200000U, PAGE_SIZE_2M, RWX);
    assert_int_equal(stage2_protect(VM, 0x0U, 0x400000U, RW), STATUS_OK);
    expect_mapped(VM, 0x1000U, RAM + 0x1000U, PAGE_SIZE, RW);
    expect_mapped(VM, 0x200000U, RAM + 0x200000U, PAGE_SIZE_2M, RW);
    assert_int_equal(stage2_map(VM, 0x400000U, DEVICE, 0x1000U, RW | S2_UC), STATUS_OK);
    assert_int_equal(stage2_protect(VM, 0x400000U, 0x1000U, S2_READ), STATUS_DENIED); /* registers keep theirs */
    expect_mapped(VM, 0x400000U, DEVICE, PAGE_SIZE, RW | S2_UC);
}

/* REQ-ISO-003 */
static void protect_cannot_make_read_only_memory_writable(void **state)
{
    (void)state;
    assert_int_equal(stage2_map(VM, 0x0U, RAM, 0x1000U, S2_READ), STATUS_OK);
    assert_int_equal(stage2_map(VM, 0x1000U, READ_ONLY, 0x1000U, S2_READ), STATUS_OK);
    assert_int_equal(stage2_protect(VM, 0x0U, 0x2000U, RW), STATUS_DENIED);
    expect_mapped(VM, 0x0U, RAM, PAGE_SIZE, S2_READ); /* without effect */
    expect_mapped(VM, 0x1000U, READ_ONLY, PAGE_SIZE, S2_READ);
    assert_int_equal(stage2_protect(VM, 0x0U, 0x2000U, S2_READ | S2_EXEC), STATUS_OK);
}

/* REQ-ISO-014 */
static void tables_are_reused_for_ever(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        gpa_t gpa = (uint64_t)(i % 300U) * 0x40000000U;
        assert_int_equal(stage2_map(USER, gpa + 0x1000U, 0x200000000U, 0x300000U, RWX), STATUS_OK);
        assert_int_equal(stage2_unmap(USER, gpa + 0x1000U, 0x300000U), STATUS_OK);
        assert_int_equal(stage2_pages_used(USER), 1);
    }
}

/* REQ-ISO-014 */
static void reset_forgets_one_vm_only(void **state)
{
    (void)state;
    assert_int_equal(stage2_map(VM, 0x0U, RAM, 0x1000U, RWX), STATUS_OK);
    assert_int_equal(stage2_map(USER, 0x0U, 0x200000000U, 0x1000U, RWX), STATUS_OK);
    stage2_reset(USER);
    stage2_reset(MAX_VM);
    expect_absent(USER, 0x0U);
    expect_mapped(VM, 0x0U, RAM, PAGE_SIZE, RWX);
    assert_int_equal(stage2_root(VM), POOL + (uint64_t)STAGE2_PAGES * 4096U);
}

/* Random operations against a flat model of one entry a page. */
#define MODEL_PAGES 2048U
#define MODEL_BASE  (0x40000000U - 0x400000U)
static hpa_t model[MODEL_PAGES];
static uint32_t model_attr[MODEL_PAGES];

static void compare_with_model(void)
{
    for (unsigned p = 0; p < MODEL_PAGES; p++) {
        struct stage2_mapping found = stage2_lookup(USER, MODEL_BASE + (uint64_t)p * 4096U);
        assert_int_equal(found.present, model[p] != 0);
        if (found.present) {
            assert_int_equal(found.hpa, model[p]);
            assert_int_equal(found.attr, model_attr[p]);
        }
    }
}

/* REQ-ISO-010 REQ-ISO-030 REQ-ISO-045 */
static void behaves_like_a_flat_map(void **state)
{
    (void)state;
    memset(model, 0, sizeof(model));
    srand(7);
    for (unsigned step = 0; step < 600; step++) {
        unsigned first = (unsigned)rand() % MODEL_PAGES;
        unsigned count = 1U + (unsigned)rand() % (MODEL_PAGES - first);
        if (rand() % 3 != 0) { /* often the shape of a large page */
            first = first / 512U * 512U;
            count = 512U * (1U + (unsigned)rand() % ((MODEL_PAGES - first) / 512U));
        }
        gpa_t gpa = MODEL_BASE + (uint64_t)first * 4096U;
        hpa_t hpa = 0x240000000U + (uint64_t)first * 4096U + ((rand() % 2 != 0) ? 0U : 0x5000U) - 0x400000U;
        uint32_t attr = S2_READ | ((rand() % 2 != 0) ? S2_WRITE : 0U);
        enum status got;
        bool busy = false;
        switch (rand() % 3) {
        case 0:
            for (unsigned p = first; p < first + count; p++) {
                busy = busy || model[p] != 0;
            }
            got = stage2_map(USER, gpa, hpa, (uint64_t)count * 4096U, attr);
            assert_int_equal(got, busy ? STATUS_BUSY : STATUS_OK);
            for (unsigned p = first; p < first + count && !busy; p++) {
                model[p] = hpa + (uint64_t)(p - first) * 4096U;
                model_attr[p] = attr;
            }
            break;
        case 1:
            assert_int_equal(stage2_unmap(USER, gpa, (uint64_t)count * 4096U), STATUS_OK);
            memset(&model[first], 0, count * sizeof(model[0]));
            break;
        default:
            assert_int_equal(stage2_protect(USER, gpa, (uint64_t)count * 4096U, attr), STATUS_OK);
            for (unsigned p = first; p < first + count; p++) {
                model_attr[p] = attr;
            }
            break;
        }
        compare_with_model();
    }
    assert_int_equal(stage2_unmap(USER, MODEL_BASE, (uint64_t)MODEL_PAGES * 4096U), STATUS_OK);
    assert_int_equal(stage2_pages_used(USER), 1);
}

/* The writer of leaves checks all by itself, whoever calls it. */
/* REQ-ISO-001 */
static void the_writer_refuses_what_no_leaf_can_be(void **state)
{
    (void)state;
    assert_int_equal(stage2_map(VM, 0U, RAM, PAGE_SIZE_2M, RWX), STATUS_OK);
    assert_int_equal(stage2_level[VM][S2_ROOT], 4U);
    assert_int_equal(stage2_set_leaf(VM, S2_ROOT, 1U, RAM, RWX), STATUS_INVALID); /* 512 GiB */
    uint32_t directory = 1U;
    while (stage2_level[VM][directory] != 2U) {
        directory++;
    }
    assert_int_equal(stage2_set_leaf(VM, directory, 1U, RAM + 0x1000U, RWX), STATUS_INVALID);
    assert_int_equal(stage2_set_leaf(VM, directory, 1U, 0x200000000U, RWX), STATUS_DENIED); /* another's */
    expect_absent(VM, PAGE_SIZE_2M);
}

/* REQ-ISO-030 */
static void without_a_free_page_no_table_is_linked(void **state)
{
    (void)state;
    assert_int_equal(stage2_map(VM, 0U, RAM, PAGE_SIZE_2M, RWX), STATUS_OK);
    uint32_t directory = 1U;
    while (stage2_level[VM][directory] != 2U) {
        directory++;
    }
    for (uint32_t table = 0U; table < STAGE2_PAGES; table++) {
        stage2_level[VM][table] = (stage2_level[VM][table] == 0U) ? 1U : stage2_level[VM][table]; /* all taken */
    }
    assert_int_equal(stage2_grow(VM, S2_ROOT, 5U), STATUS_NO_MEMORY);
    assert_int_equal(stage2_split(VM, directory, 0U), STATUS_NO_MEMORY);
    assert_int_equal(stage2_table[VM][S2_ROOT][5], 0U);
    expect_mapped(VM, 0x1000U, RAM + 0x1000U, PAGE_SIZE_2M, RWX);
}

/* REQ-ISO-010 */
static void protection_that_is_denied_for_one_page_changes_none(void **state)
{
    (void)state;
    assert_int_equal(stage2_map(VM, 0x1000U, READ_ONLY + 0x1000U, 0x3000U, S2_READ), STATUS_OK);
    assert_int_equal(stage2_protect(VM, 0x1000U, 0x3000U, RW), STATUS_DENIED);
    expect_mapped(VM, 0x1000U, READ_ONLY + 0x1000U, PAGE_SIZE, S2_READ);
    expect_mapped(VM, 0x3000U, READ_ONLY + 0x3000U, PAGE_SIZE, S2_READ);
}

/* REQ-ISO-009 */
static void protection_takes_whole_pages_only(void **state)
{
    (void)state;
    assert_int_equal(stage2_map(VM, 0x1000U, RAM, 0x1000U, RWX), STATUS_OK);
    assert_int_equal(stage2_protect(VM, 0x1000U, 0x800U, RW), STATUS_INVALID);
    assert_int_equal(stage2_protect(VM, 0x1000U, 0U, RW), STATUS_INVALID);
    expect_mapped(VM, 0x1000U, RAM, PAGE_SIZE, RWX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(maps_with_the_largest_pages_that_fit, setup),
        cmocka_unit_test_setup(uses_small_pages_when_addresses_are_not_congruent, setup),
        cmocka_unit_test_setup(writes_the_bits_of_nested_page_tables, setup),
        cmocka_unit_test_setup(refuses_what_is_not_a_page_range, setup),
        cmocka_unit_test_setup(maps_only_what_the_domain_owns, setup),
        cmocka_unit_test_setup(checks_the_memory_type_against_the_domain, setup),
        cmocka_unit_test_setup(user_vms_get_ram_and_devices_of_the_service_vm_only, setup),
        cmocka_unit_test_setup(does_not_map_twice, setup),
        cmocka_unit_test_setup(a_short_quota_leaves_nothing_behind, setup),
        cmocka_unit_test_setup(unmap_splits_at_both_ends, setup),
        cmocka_unit_test_setup(unmap_without_tables_to_split_has_no_effect, setup),
        cmocka_unit_test_setup(unmap_of_nothing_is_fine_and_bounded, setup),
        cmocka_unit_test_setup(protect_changes_rights_and_nothing_else, setup),
        cmocka_unit_test_setup(protect_cannot_make_read_only_memory_writable, setup),
        cmocka_unit_test_setup(tables_are_reused_for_ever, setup),
        cmocka_unit_test_setup(reset_forgets_one_vm_only, setup),
        cmocka_unit_test_setup(behaves_like_a_flat_map, setup),
        cmocka_unit_test_setup(the_writer_refuses_what_no_leaf_can_be, setup),
        cmocka_unit_test_setup(without_a_free_page_no_table_is_linked, setup),
        cmocka_unit_test_setup(protection_that_is_denied_for_one_page_changes_none, setup),
        cmocka_unit_test_setup(protection_takes_whole_pages_only, setup),
        cmocka_unit_test_setup(writes_the_bits_of_ept, setup_ept),
        cmocka_unit_test_setup(maps_with_the_largest_pages_that_fit, setup_ept),
        cmocka_unit_test_setup(uses_small_pages_when_addresses_are_not_congruent, setup_ept),
        cmocka_unit_test_setup(refuses_what_is_not_a_page_range, setup_ept),
        cmocka_unit_test_setup(maps_only_what_the_domain_owns, setup_ept),
        cmocka_unit_test_setup(checks_the_memory_type_against_the_domain, setup_ept),
        cmocka_unit_test_setup(user_vms_get_ram_and_devices_of_the_service_vm_only, setup_ept),
        cmocka_unit_test_setup(does_not_map_twice, setup_ept),
        cmocka_unit_test_setup(a_short_quota_leaves_nothing_behind, setup_ept),
        cmocka_unit_test_setup(unmap_splits_at_both_ends, setup_ept),
        cmocka_unit_test_setup(unmap_without_tables_to_split_has_no_effect, setup_ept),
        cmocka_unit_test_setup(unmap_of_nothing_is_fine_and_bounded, setup_ept),
        cmocka_unit_test_setup(protect_changes_rights_and_nothing_else, setup_ept),
        cmocka_unit_test_setup(protect_cannot_make_read_only_memory_writable, setup_ept),
        cmocka_unit_test_setup(tables_are_reused_for_ever, setup_ept),
        cmocka_unit_test_setup(reset_forgets_one_vm_only, setup_ept),
        cmocka_unit_test_setup(behaves_like_a_flat_map, setup_ept),
        cmocka_unit_test_setup(the_writer_refuses_what_no_leaf_can_be, setup_ept),
        cmocka_unit_test_setup(without_a_free_page_no_table_is_linked, setup_ept),
        cmocka_unit_test_setup(protection_that_is_denied_for_one_page_changes_none, setup_ept),
        cmocka_unit_test_setup(protection_takes_whole_pages_only, setup_ept),
        cmocka_unit_test_setup(writes_the_bits_that_an_amd_iommu_reads, setup_amdvi),
        cmocka_unit_test_setup(maps_with_the_largest_pages_that_fit, setup_amdvi),
        cmocka_unit_test_setup(uses_small_pages_when_addresses_are_not_congruent, setup_amdvi),
        cmocka_unit_test_setup(refuses_what_is_not_a_page_range, setup_amdvi),
        cmocka_unit_test_setup(maps_only_what_the_domain_owns, setup_amdvi),
        cmocka_unit_test_setup(checks_the_memory_type_against_the_domain, setup_amdvi),
        cmocka_unit_test_setup(user_vms_get_ram_and_devices_of_the_service_vm_only, setup_amdvi),
        cmocka_unit_test_setup(does_not_map_twice, setup_amdvi),
        cmocka_unit_test_setup(a_short_quota_leaves_nothing_behind, setup_amdvi),
        cmocka_unit_test_setup(unmap_splits_at_both_ends, setup_amdvi),
        cmocka_unit_test_setup(unmap_without_tables_to_split_has_no_effect, setup_amdvi),
        cmocka_unit_test_setup(unmap_of_nothing_is_fine_and_bounded, setup_amdvi),
        cmocka_unit_test_setup(protect_changes_rights_and_nothing_else, setup_amdvi),
        cmocka_unit_test_setup(protect_cannot_make_read_only_memory_writable, setup_amdvi),
        cmocka_unit_test_setup(tables_are_reused_for_ever, setup_amdvi),
        cmocka_unit_test_setup(reset_forgets_one_vm_only, setup_amdvi),
        cmocka_unit_test_setup(behaves_like_a_flat_map, setup_amdvi),
        cmocka_unit_test_setup(the_writer_refuses_what_no_leaf_can_be, setup_amdvi),
        cmocka_unit_test_setup(without_a_free_page_no_table_is_linked, setup_amdvi),
        cmocka_unit_test_setup(protection_that_is_denied_for_one_page_changes_none, setup_amdvi),
        cmocka_unit_test_setup(protection_takes_whole_pages_only, setup_amdvi),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
