/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: all */
/* Hypercalls that lend memory to a User VM: what is lent, in which pieces, with which rights. */
#include "world.h"

#define NO_ANSWER 0x8000000000U /* no memory there */

/* REQ-ISO-007 */
static void test_only_ram_of_the_service_vm_is_lent(void **state)
{
    vm_id_t v = world_create(1U);
    (void)state;
    assert_int_equal(world_region(v, HC_REGION_ADD, WORLD_RWX_WB, 0U, RTVM_HPA, 0x1000U), -HC_EINVAL);
    assert_int_equal(world_region(v, HC_REGION_ADD, WORLD_RWX_WB, 0U, IMAGE_HPA, 0x1000U), -HC_EINVAL);
    assert_int_equal(world_region(v, HC_REGION_ADD, WORLD_RWX_WB, 0U, MODULE_HPA, 0x1000U), -HC_EINVAL);
    assert_int_equal(world_region(v, HC_REGION_ADD, WORLD_RWX_WB, 0U, 0x100000000U, 0x1000U), -HC_EINVAL);
    assert_int_equal(world_region(v, HC_REGION_ADD, WORLD_RWX_WB, 0U, RTVM_HPA - 0x1000U, 0x2000U), -HC_EINVAL);
    assert_int_equal(world_region(v, HC_REGION_ADD, WORLD_RWX_WB, 0U, 0xFFFFFFFFFFFFF000U, 0x2000U), -HC_EINVAL);
    assert_false(stage2_lookup(v, 0U).present);
    world_destroy(v);
}

/* REQ-ISO-008 */
static void test_read_only_telemetry_is_not_lent(void **state)
{
    vm_id_t v = world_create(1U);
    (void)state;
    assert_int_equal(world_region(v, HC_REGION_ADD, WORLD_RWX_WB, 0U, TELEMETRY_HPA, 0x1000U), -HC_EINVAL);
    assert_int_equal(world_region(v, HC_REGION_ADD, HC_REGION_READ | HC_REGION_WB, 0U, TELEMETRY_HPA, 0x1000U), -HC_EINVAL);
    world_destroy(v);
}

/* REQ-HYP-005 */
static void test_region_addresses_are_checked(void **state)
{
    vm_id_t v = world_create(1U);
    (void)state;
    assert_int_equal(world_region(v, HC_REGION_ADD, WORLD_RWX_WB, 0U, LENT, 0U), -HC_EINVAL);
    assert_int_equal(world_region(v, HC_REGION_ADD, WORLD_RWX_WB, 1U, LENT, 0x1000U), -HC_EINVAL);
    assert_int_equal(world_region(v, HC_REGION_ADD, WORLD_RWX_WB, 0U, LENT + 4U, 0x1000U), -HC_EINVAL);
    assert_int_equal(world_region(v, HC_REGION_ADD, WORLD_RWX_WB, 0U, LENT, 0x1800U), -HC_EINVAL);
    assert_int_equal(world_region(v, HC_REGION_ADD, WORLD_RWX_WB, 0xFEE00000U, LENT, 0x1000U), -HC_EINVAL);
    assert_int_equal(world_region(v, HC_REGION_ADD, WORLD_RWX_WB, 0xFEBFF000U, LENT, 0x2000U), -HC_EINVAL);
    assert_int_equal(world_region(v, HC_REGION_ADD, WORLD_RWX_WB, 0x7FFFFFF000U, LENT, 0x2000U), -HC_EINVAL);
    assert_int_equal(world_region(v, HC_REGION_ADD, WORLD_RWX_WB, 0xFFFFFFFFFFFFF000U, LENT, 0x1000U), -HC_EINVAL);
    world_destroy(v);
}

/* REQ-HYP-005 */
static void test_region_rights_and_types_are_checked(void **state)
{
    vm_id_t v = world_create(1U);
    (void)state;
    assert_int_equal(world_region(v, HC_REGION_ADD, HC_REGION_WRITE | HC_REGION_WB, 0U, LENT, 0x1000U), -HC_EINVAL);
    assert_int_equal(world_region(v, HC_REGION_ADD, HC_REGION_READ | HC_REGION_UC, 0U, LENT, 0x1000U), -HC_EINVAL);
    assert_int_equal(world_region(v, HC_REGION_ADD, HC_REGION_READ, 0U, LENT, 0x1000U), -HC_EINVAL);
    assert_int_equal(world_region(v, 1U, WORLD_RWX_WB, 0U, LENT, 0x1000U), -HC_EINVAL);
    assert_int_equal(world_region(v, HC_REGION_ADD, WORLD_RWX_WB, 0U, LENT, 0x1000U), 0);
    assert_int_equal(world_region(v, HC_REGION_ADD, WORLD_RWX_WB, 0U, LENT, 0x1000U), -HC_EINVAL);
    world_destroy(v);
}

/* REQ-ISO-012 */
static void test_deleting_a_region_takes_it_from_a_running_vm(void **state)
{
    vm_id_t v = world_running(2U);
    uint64_t before = vms[v].generation;
    (void)state;
    fake_pcpu[1].in_guest = true;
    assert_int_equal(world_region(v, HC_REGION_DEL, 0U, 0x1000U, 0U, 0x1000U), 0);
    assert_false(stage2_lookup(v, 0x1000U).present);
    assert_true(stage2_lookup(v, 0U).present);
    assert_false(fake_pcpu[1].in_guest);
    assert_true(vms[v].generation > before);
    assert_int_equal(vms[v].memory_size, 0xFF000U);
    world_destroy(v);
}

/* REQ-ISO-012 */
static void test_taking_rights_away_flushes_at_the_next_entry(void **state)
{
    vm_id_t v = world_running(2U);
    vcpu_id_t bsp = vcpu_id(v, 0U);
    uint32_t flushes;
    (void)state;
    fake_current_pcpu = 1U;
    assert_int_equal(core_next(1U).vcpu, bsp);
    flushes = fake_vcpu[bsp].flushes;
    assert_int_equal(core_next(1U).vcpu, bsp);
    assert_int_equal(fake_vcpu[bsp].flushes, flushes);
    fake_current_pcpu = 0U;
    assert_int_equal(world_region(v, HC_REGION_MODIFY, HC_REGION_READ | HC_REGION_WB, 0U, LENT, 0x1000U), 0);
    assert_int_equal(stage2_lookup(v, 0U).attr & (S2_WRITE | S2_EXEC), 0U);
    fake_current_pcpu = 1U;
    assert_int_equal(core_next(1U).vcpu, bsp);
    assert_int_equal(fake_vcpu[bsp].flushes, flushes + 1U);
    fake_current_pcpu = 0U;
    world_destroy(v);
}

/* 200 regions of one page, 16 at a time: twelve calls that ask to be repeated, and one that ends. */
/* REQ-HYP-006 */
static void test_a_long_list_goes_on_where_it_was_left_off(void **state)
{
    vm_id_t v = world_create(1U);
    struct hc_memory_regions request = { (uint16_t)v, 0U, 0U, 200U, 0U, SCRATCH + 0x1000U };
    uint32_t calls = 0U;
    int64_t result = HYPERCALL_AGAIN;
    (void)state;
    hw_phys_copy_out(SCRATCH, (const uint8_t *)&request, sizeof(request));
    for (uint32_t i = 0U; i < 200U; i++) {
        struct hc_memory_region region = { HC_REGION_ADD, WORLD_RWX_WB, (uint64_t)i * 0x2000U, LENT + (i * 0x1000U), 0x1000U };
        hw_phys_copy_out(SCRATCH + 0x1000U + (i * sizeof(region)), (const uint8_t *)&region, sizeof(region));
    }
    while ((result == HYPERCALL_AGAIN) && (calls < 20U)) {
        result = hypercall_dispatch(calls % 2U, HC_VM_SET_MEMORY_REGIONS, SCRATCH, 0U);
        calls++;
    }
    assert_int_equal(result, 0);
    assert_int_equal(calls, 13U);
    assert_int_equal(stage2_lookup(v, 199U * 0x2000U).hpa, LENT + (199U * 0x1000U));
    world_destroy(v);
}

/* One region of 5 MiB whose addresses are no multiples of 2 MiB: no call maps more than one table of small pages. */
/* REQ-HYP-006 */
static void test_a_large_region_is_lent_in_pieces(void **state)
{
    vm_id_t v = world_create(1U);
    uint64_t before = 0U;
    uint32_t calls = 1U;
    int64_t result = world_region(v, HC_REGION_ADD, WORLD_RWX_WB, 0x1FF000U, LENT, 0x500000U);
    (void)state;
    assert_int_equal(vms[v].memory_size, 0x201000U);
    while ((result == HYPERCALL_AGAIN) && (calls < 10U)) {
        before = vms[v].memory_size;
        result = hypercall(HC_VM_SET_MEMORY_REGIONS, SCRATCH, 0U);
        assert_in_range(vms[v].memory_size - before, 0x1000U, 0x200000U);
        calls++;
    }
    assert_int_equal(result, 0);
    assert_int_equal(calls, 3U);
    assert_int_equal(vms[v].memory_size, 0x500000U);
    assert_int_equal(stage2_lookup(v, 0x1FF000U).hpa, LENT);
    assert_int_equal(stage2_lookup(v, 0x6FE000U).hpa, LENT + 0x4FF000U);
    assert_false(stage2_lookup(v, 0x6FF000U).present);
    assert_int_equal(world_region(v, HC_REGION_DEL, 0U, 0x1FF000U, 0U, 0x500000U), HYPERCALL_AGAIN);
    assert_true(stage2_lookup(v, 0x400000U).present);
    assert_int_equal(hypercall(HC_VM_SET_MEMORY_REGIONS, SCRATCH, 0U), HYPERCALL_AGAIN);
    assert_int_equal(hypercall(HC_VM_SET_MEMORY_REGIONS, SCRATCH, 0U), 0);
    assert_int_equal(vms[v].memory_size, 0U);
    assert_false(stage2_lookup(v, 0x6FE000U).present);
    world_destroy(v);
}

static void test_a_large_region_that_is_not_all_the_service_vms_has_no_effect(void **state)
{
    vm_id_t v = world_create(1U);
    (void)state;
    assert_int_equal(world_region(v, HC_REGION_ADD, WORLD_RWX_WB, 0U, RTVM_HPA - 0x800000U, 0x801000U), -HC_EINVAL);
    assert_false(stage2_lookup(v, 0U).present);
    assert_int_equal(vms[v].memory_size, 0U);
    world_destroy(v);
}

/* The caller may change the list between two calls: each step is checked anew. */
static void test_a_region_that_shrinks_while_it_is_lent_ends_there(void **state)
{
    vm_id_t v = world_create(1U);
    (void)state;
    assert_int_equal(world_region(v, HC_REGION_ADD, WORLD_RWX_WB, 0U, LENT, 0x400000U), HYPERCALL_AGAIN);
    hw_phys_write(SCRATCH + 0x100U + offsetof(struct hc_memory_region, size), 8U, 0x1000U);
    assert_int_equal(hypercall(HC_VM_SET_MEMORY_REGIONS, SCRATCH, 0U), 0);
    assert_int_equal(vms[v].memory_size, 0x200000U);
    assert_false(stage2_lookup(v, 0x200000U).present);
    world_destroy(v);
}

static void test_a_list_under_way_ends_with_its_vm(void **state)
{
    vm_id_t v = world_create(1U);
    (void)state;
    assert_int_equal(world_region(v, HC_REGION_ADD, WORLD_RWX_WB, 0U, LENT, 0x400000U), HYPERCALL_AGAIN);
    world_destroy(v);
    assert_int_equal(world_create(1U), v);
    assert_int_equal(world_region(v, HC_REGION_ADD, WORLD_RWX_WB, 0U, LENT, 0x400000U), HYPERCALL_AGAIN);
    assert_int_equal(hypercall(HC_VM_SET_MEMORY_REGIONS, SCRATCH, 0U), 0);
    assert_int_equal(vms[v].memory_size, 0x400000U);
    assert_true(stage2_lookup(v, 0U).present);
    world_destroy(v);
}

/* Its own tables are complete after boot and do not change; whatever they were, no more is lent than they give. */
/* REQ-ISO-007 REQ-ISO-008 */
static void test_the_service_vm_lends_no_more_than_it_has(void **state)
{
    vm_id_t v = world_create(1U);
    (void)state;
    assert_int_equal(stage2_protect(VM_SERVICE, LENT, 0x1000U, S2_READ), STATUS_OK);
    assert_int_equal(world_region(v, HC_REGION_ADD, WORLD_RWX_WB, 0U, LENT, 0x1000U), -HC_EINVAL);
    assert_int_equal(world_region(v, HC_REGION_ADD, HC_REGION_READ | HC_REGION_WB, 0U, LENT, 0x1000U), 0);

    assert_int_equal(stage2_unmap(VM_SERVICE, LENT, 0x1000U), STATUS_OK);
    assert_int_equal(world_region(v, HC_REGION_ADD, WORLD_RWX_WB, 0x1000U, LENT, 0x2000U), -HC_EINVAL);

    assert_int_equal(stage2_map(VM_SERVICE, LENT, LENT + 0x1000U, 0x1000U, S2_READ | S2_WRITE | S2_EXEC), STATUS_OK);
    assert_int_equal(world_region(v, HC_REGION_ADD, WORLD_RWX_WB, 0x1000U, LENT, 0x1000U), -HC_EINVAL);

    assert_int_equal(stage2_unmap(VM_SERVICE, LENT, 0x1000U), STATUS_OK);
    assert_int_equal(stage2_map(VM_SERVICE, LENT, LENT, 0x1000U, S2_READ | S2_WRITE | S2_EXEC), STATUS_OK);
    world_destroy(v);
}

/* REQ-ISO-012 */
static void test_a_region_that_cannot_be_split_stays_whole(void **state)
{
    vm_id_t v = world_create(1U);
    int64_t result = 0;
    uint64_t size;
    (void)state;
    assert_int_equal(world_region(v, HC_REGION_ADD, WORLD_RWX_WB, 0U, LENT, 0x200000U), 0);
    for (uint64_t i = 1U; (i < 1000U) && (result == 0); i++) { /* a table each */
        result = world_region(v, HC_REGION_ADD, WORLD_RWX_WB, i * 0x200000U, LENT, 0x1000U);
    }
    assert_int_equal(result, -HC_ENOMEM);
    size = vms[v].memory_size;

    assert_int_equal(world_region(v, HC_REGION_DEL, 0U, 0x1000U, 0U, 0x1000U), -HC_ENOMEM);

    assert_int_equal(stage2_lookup(v, 0x1000U).span, 0x200000U);
    assert_int_equal(vms[v].memory_size, size);
    world_destroy(v);
}

/* REQ-HYP-004 */
static void test_a_list_that_is_not_memory_is_a_fault(void **state)
{
    vm_id_t v = world_create(1U);
    struct hc_memory_regions request = { (uint16_t)v, 0U, 0U, 1U, 0U, NO_ANSWER };
    (void)state;
    hw_phys_copy_out(SCRATCH, (const uint8_t *)&request, sizeof(request));
    assert_int_equal(hypercall(HC_VM_SET_MEMORY_REGIONS, SCRATCH, 0U), -HC_EFAULT);
    world_destroy(v);
}

/* REQ-HYP-006 */
static void test_a_list_that_got_shorter_meanwhile_is_done(void **state)
{
    vm_id_t v = world_create(1U);
    struct hc_memory_regions request = { (uint16_t)v, 0U, 0U, 200U, 0U, SCRATCH + 0x1000U };
    (void)state;
    for (uint32_t i = 0U; i < 200U; i++) {
        struct hc_memory_region region = { HC_REGION_ADD, WORLD_RWX_WB, (uint64_t)i * 0x2000U, LENT + (i * 0x1000U), 0x1000U };
        hw_phys_copy_out(SCRATCH + 0x1000U + (i * sizeof(region)), (const uint8_t *)&region, sizeof(region));
    }
    hw_phys_copy_out(SCRATCH, (const uint8_t *)&request, sizeof(request));
    assert_int_equal(hypercall(HC_VM_SET_MEMORY_REGIONS, SCRATCH, 0U), HYPERCALL_AGAIN);
    request.count = 10U;
    hw_phys_copy_out(SCRATCH, (const uint8_t *)&request, sizeof(request));
    assert_int_equal(hypercall(HC_VM_SET_MEMORY_REGIONS, SCRATCH, 0U), 0);
    assert_false(stage2_lookup(v, 64U * 0x2000U).present);
    world_destroy(v);
}

/* REQ-HYP-006 */
static void test_another_list_begins_at_its_own_start(void **state)
{
    vm_id_t v = world_create(1U);
    struct hc_memory_regions other = { (uint16_t)v, 0U, 0U, 1U, 0U, SCRATCH + 0x900U };
    struct hc_memory_region region = { HC_REGION_ADD, WORLD_RWX_WB, 0x10000000U, LENT, 0x1000U };
    (void)state;
    assert_int_equal(world_region(v, HC_REGION_ADD, WORLD_RWX_WB, 0U, LENT, 0x400000U), HYPERCALL_AGAIN);
    hw_phys_copy_out(SCRATCH + 0x800U, (const uint8_t *)&other, sizeof(other));
    hw_phys_copy_out(SCRATCH + 0x900U, (const uint8_t *)&region, sizeof(region));
    assert_int_equal(hypercall(HC_VM_SET_MEMORY_REGIONS, SCRATCH + 0x800U, 0U), 0);
    assert_true(stage2_lookup(v, 0x10000000U).present);
    world_destroy(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_ram_of_the_service_vm_is_lent),
        cmocka_unit_test(test_read_only_telemetry_is_not_lent),
        cmocka_unit_test(test_region_addresses_are_checked),
        cmocka_unit_test(test_region_rights_and_types_are_checked),
        cmocka_unit_test(test_deleting_a_region_takes_it_from_a_running_vm),
        cmocka_unit_test(test_taking_rights_away_flushes_at_the_next_entry),
        cmocka_unit_test(test_a_long_list_goes_on_where_it_was_left_off),
        cmocka_unit_test(test_a_large_region_is_lent_in_pieces),
        cmocka_unit_test(test_a_large_region_that_is_not_all_the_service_vms_has_no_effect),
        cmocka_unit_test(test_a_region_that_shrinks_while_it_is_lent_ends_there),
        cmocka_unit_test(test_a_list_under_way_ends_with_its_vm),
        cmocka_unit_test(test_the_service_vm_lends_no_more_than_it_has),
        cmocka_unit_test(test_a_region_that_cannot_be_split_stays_whole),
        cmocka_unit_test(test_a_list_that_is_not_memory_is_a_fault),
        cmocka_unit_test(test_a_list_that_got_shorter_meanwhile_is_done),
        cmocka_unit_test(test_another_list_begins_at_its_own_start),
    };

    return cmocka_run_group_tests(tests, world_start, NULL);
}
