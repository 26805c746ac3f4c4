/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: all */
/* Devices that are no PCI functions: which ranges are lent, that one VM at a time has them, and that they come back. */
#include "lent_machine.h"

#define GPA 0xE8000000U

static vm_id_t user;
static struct hc_mmiodev device;

static int start(void **state)
{
    machine_lends = true;
    (void)machine_start(state);
    user = world_create(1U);
    assert_int_equal(world_region(user, HC_REGION_ADD, WORLD_RWX_WB, GUEST_RAM, LENT, 0x200000U), 0);
    memset(&device, 0, sizeof(device));
    return 0;
}

static int end(void **state)
{
    (void)state;
    mmio_lent_return_all(user);
    return 0;
}

static void range(uint32_t k, hpa_t at, uint64_t size, gpa_t gpa)
{
    device.range[k] = (struct hc_mmio_range){ .user_gpa = gpa, .service_gpa = at, .size = size, .mem_type = 6U };
}

static int64_t call(uint64_t id, vm_id_t v)
{
    hw_phys_copy_out(SCRATCH, (const uint8_t *)&device, sizeof(device));
    return hypercall(id, v, SCRATCH);
}

static int64_t lend_one(hpa_t at, uint64_t size, gpa_t gpa)
{
    memset(&device, 0, sizeof(device));
    range(1U, at, size, gpa);
    return call(HC_ASSIGN_MMIODEV, user);
}

static bool service_has(hpa_t at, uint64_t size)
{
    bool has = true;
    for (uint64_t page = 0U; page < size; page += PAGE_SIZE) {
        has = has && (where(VM_SERVICE, at + page) == at + page);
    }
    return has;
}

/* REQ-ISO-083 */
static void a_device_is_its_vms_alone_and_comes_back(void **state)
{
    (void)state;
    const uint64_t generation = vms[VM_SERVICE].generation;
    const uint32_t attr = stage2_lookup(VM_SERVICE, MMIO).attr;
    range(0U, MMIO, 0x2000U, GPA);
    range(2U, MMIO2, 0x1000U, MMIO2);
    assert_int_equal(call(HC_ASSIGN_MMIODEV, user), 0);
    assert_true(told("0xa0100000 is lent") && told("0xa0103000 is lent"));
    assert_int_equal(where(user, GPA), MMIO);
    assert_int_equal(where(user, GPA + 0x1000U), MMIO + 0x1000U);
    assert_int_equal(where(user, MMIO2), MMIO2);
    assert_int_equal(stage2_lookup(user, GPA).attr, S2_READ | S2_WRITE | S2_UC); /* whatever type was asked for */
    assert_int_equal(where(VM_SERVICE, MMIO), 0U);
    assert_int_equal(where(VM_SERVICE, MMIO + 0x1000U), 0U);
    assert_int_equal(where(VM_SERVICE, MMIO2), 0U);
    assert_true(vms[VM_SERVICE].generation > generation);
    assert_int_equal(call(HC_DEASSIGN_MMIODEV, user), 0);
    assert_true(told("0xa0100000 is the Service VM's again"));
    assert_true(service_has(MMIO, 0x2000U) && service_has(MMIO2, 0x1000U));
    assert_int_equal(stage2_lookup(VM_SERVICE, MMIO).attr, attr);
    assert_int_equal(where(user, GPA) + where(user, GPA + 0x1000U) + where(user, MMIO2), 0U);
    assert_int_equal(call(HC_DEASSIGN_MMIODEV, user), -HC_EINVAL);
}

/* REQ-INT-085 */
static void what_the_scenario_does_not_list_and_what_others_have_is_refused(void **state)
{
    static const struct { hpa_t at; uint64_t size; gpa_t gpa; const char *why; } cases[] = {
        { 0x1000000U, 0x1000U, GPA, "0x1000000 is not lent: the scenario's lend_mmio" },        /* RAM */
        { RTVM_HPA, 0x1000U, GPA, "0x2000000 is not lent: the scenario's lend_mmio" },
        { IMAGE_HPA, 0x1000U, GPA, "0x200000 is not lent: the scenario's lend_mmio" },
        { REGS, 0x10000000U, GPA, "0x80000000 is not lent: the scenario's lend_mmio" },         /* device memory, but not listed */
        { 0xA0500000U, 0x1000U, GPA, "0xa0500000 is not lent: the scenario's lend_mmio" },
        { 0xA2000000U, 0x1001000U, GPA, "0xa2000000 is not lent: the scenario's lend_mmio" },   /* too large */
        { MMIO, 0x1000U, GPA, "0xa0100000 is not lent: the scenario's lend_mmio" },             /* part of one */
        { MMIO + 0x1000U, 0x2000U, GPA, "0xa0101000 is not lent: the scenario's lend_mmio" },
        { 0xA0000000U, 0x1000U, GPA, "0xa0000000 is not lent: a PCI function has registers" },
        { HPET, 0x1000U, GPA, "0xfed00000 is not lent: not all of it" },
        { MMIO2, 0x1000U, 0x8000000000U, "0xa0103000 is not lent: its place is an interrupt" },
        { MMIO, 0x2000U, 0x7FFFFFF000U, "0xa0100000 is not lent: its place is an interrupt" },
        { MMIO, 0x2000U, 0xFEBFF000U, "0xa0100000 is not lent: its place is an interrupt" },
        { MMIO, 0x2000U, 0xFEEFF000U, "0xa0100000 is not lent: its place is an interrupt" },
        { MMIO2, 0x1000U, 0x1000U, "0xa0103000 is not lent: its place is taken" },
    };
    (void)state;
    for (uint32_t i = 0U; i < (sizeof(cases) / sizeof(cases[0])); i++) {
        fake_tsc += fake_tsc_hz; /* another second of the log */
        assert_int_equal(lend_one(cases[i].at, cases[i].size, cases[i].gpa), -HC_EINVAL);
        assert_true(told(cases[i].why));
    }
    assert_true(service_has(MMIO, 0x2000U) && service_has(MMIO2, 0x1000U));
    partition.table.vm[VM_SERVICE].range[3].type = PART_RANGE_SHARED;
    assert_int_equal(lend_one(MMIO2, 0x1000U, GPA), -HC_EINVAL);
    partition.table.vm[VM_SERVICE].range_count = 100U; /* read to its end */
    assert_int_equal(lend_one(0xB0000000U, 0x1000U, GPA), -HC_EINVAL);
    assert_int_equal(lend_one(MMIO2, 0U, GPA), -HC_EINVAL); /* nothing is named */
    assert_int_equal(lend_one(MMIO2, 0x1000U, GPA + 1U), -HC_EINVAL); /* parts of pages */
    assert_int_equal(lend_one(MMIO2 + 1U, 0x1000U, GPA), -HC_EINVAL);
    assert_int_equal(lend_one(MMIO2, 0x1001U, GPA), -HC_EINVAL);
    assert_int_equal(call(HC_DEASSIGN_MMIODEV, user), -HC_EINVAL);
    assert_int_equal(hypercall(HC_ASSIGN_MMIODEV, user, 0x8000000000U), -HC_EFAULT);
    assert_int_equal(hypercall(HC_ASSIGN_MMIODEV, RTVM, SCRATCH), -HC_EINVAL);
    assert_int_equal(hypercall_call(vcpu_id(user, 0U), HC_ASSIGN_MMIODEV, user, SCRATCH), -HC_ENOTTY);
}

/* REQ-INT-085 */
static void registers_that_the_service_vm_has_otherwise_are_refused(void **state)
{
    (void)state;
    assert_int_equal(stage2_unmap(VM_SERVICE, MMIO + 0x1000U, 0x1000U), STATUS_OK);
    assert_int_equal(lend_one(MMIO, 0x2000U, GPA), -HC_EINVAL);
    assert_true(told("0xa0100000 is not lent: not all of it"));
    assert_int_equal(stage2_map(VM_SERVICE, MMIO + 0x1000U, LENT + 0x400000U, 0x1000U, S2_READ | S2_WRITE | S2_WB), STATUS_OK);
    assert_int_equal(lend_one(MMIO, 0x2000U, GPA), -HC_EINVAL);
    assert_int_equal(stage2_unmap(VM_SERVICE, MMIO, 0x2000U), STATUS_OK);
    assert_int_equal(lend_one(MMIO, 0x2000U, GPA), -HC_EINVAL);
    assert_int_equal(stage2_map(VM_SERVICE, MMIO, MMIO, 0x2000U, S2_READ | S2_WC), STATUS_OK);
    assert_int_equal(lend_one(MMIO, 0x2000U, GPA), 0); /* with the Service VM's rights and type */
    assert_int_equal(stage2_lookup(user, GPA).attr, S2_READ | S2_WC);
}

/* REQ-HYP-081 */
static void all_ranges_are_lent_or_none(void **state)
{
    (void)state;
    range(0U, MMIO, 0x2000U, GPA);
    range(1U, MMIO2, 0x1000U, GPA + 0x1000U); /* where the first one is */
    assert_int_equal(call(HC_ASSIGN_MMIODEV, user), -HC_EINVAL);
    assert_true(service_has(MMIO, 0x2000U) && service_has(MMIO2, 0x1000U));
    assert_int_equal(where(user, GPA), 0U);
    range(1U, MMIO, 0x2000U, GPA + 0x10000U); /* twice the same */
    assert_int_equal(call(HC_ASSIGN_MMIODEV, user), -HC_EINVAL);
    assert_true(told("0xa0100000 is not lent: it is not the Service VM's, or is lent"));
    assert_true(service_has(MMIO, 0x2000U));
    range(1U, MMIO2, 0x1000U, GPA + 0x10000U);
    assert_int_equal(call(HC_ASSIGN_MMIODEV, user), 0);
    range(1U, MMIO2, 0x1000U, GPA + 0x20000U); /* not there */
    assert_int_equal(call(HC_DEASSIGN_MMIODEV, user), -HC_EINVAL);
    assert_int_equal(where(user, GPA), MMIO);
    assert_int_equal(call(HC_DEASSIGN_MMIODEV, world_create(2U)), -HC_EINVAL);
    assert_int_equal(call(HC_ASSIGN_MMIODEV, user + 1U), -HC_EINVAL);
    assert_int_equal(where(user, GPA), MMIO);
    mmio_lent_return_all(user + 1U);
    assert_int_equal(where(user, GPA), MMIO);
    world_destroy(user + 1U);
    device.range[1].size = 0U; /* some of them, as often as it takes */
    assert_int_equal(call(HC_DEASSIGN_MMIODEV, user), 0);
    assert_int_equal(where(user, GPA + 0x10000U), MMIO2);
}

/* REQ-LIF-082 */
static void it_comes_back_when_its_vm_ends_and_stays_when_that_resets(void **state)
{
    (void)state;
    assert_int_equal(lend_one(MMIO3, 0x201000U, 0xC0000000U), 0);
    assert_int_equal(world_ioreq_page(user, IOREQ_PAGE), 0);
    assert_int_equal(hypercall(HC_START_VM, user, 0U), 0);
    memset(&device, 0, sizeof(device));
    range(0U, MMIO, 0x2000U, GPA);
    fake_tsc += fake_tsc_hz;
    assert_int_equal(call(HC_ASSIGN_MMIODEV, user), -HC_EINVAL);
    assert_true(told("0xa0100000 is not lent: its VM has started"));
    assert_int_equal(hypercall(HC_DESTROY_VM, user, 0U), -HC_EINVAL); /* it runs, and keeps it */
    assert_int_equal(where(user, 0xC0000000U), MMIO3);
    assert_int_equal(hypercall(HC_PAUSE_VM, user, 0U), 0);
    assert_int_equal(hypercall(HC_RESET_VM, user, 0U), 0);
    assert_int_equal(where(user, 0xC0200000U), MMIO3 + 0x200000U);
    assert_int_equal(hypercall(HC_DESTROY_VM, user, 0U), 0);
    assert_true(service_has(MMIO3, 0x201000U));
    for (uint32_t n = 0U; n < 50U; n++) {
        const uint32_t pages = stage2_pages_used(VM_SERVICE);
        user = world_create(1U);
        assert_int_equal(lend_one(MMIO, 0x2000U, GPA), 0);
        world_destroy(user);
        assert_true(service_has(MMIO, 0x2000U));
        assert_int_equal(stage2_pages_used(VM_SERVICE), pages);
    }
    user = world_create(1U);
    assert_int_equal(lend_one(MMIO, 0x2000U, GPA), 0);
    if (fake_catch() == FAKE_NONE) {
        vm_service_off(0U); /* its User VMs end with it */
    }
    assert_int_equal(vms[user].state, VM_FREE);
    assert_true(service_has(MMIO, 0x2000U));
}

/* What its own device model maps in its place is no register, and not taken away. */
/* REQ-ISO-083 */
static void only_registers_are_taken_from_the_vm(void **state)
{
    (void)state;
    assert_int_equal(lend_one(MMIO, 0x2000U, 0x5FF000U), 0); /* the last page below a multiple of 2 MiB, and the first one above */
    assert_int_equal(world_region(user, HC_REGION_DEL, 0U, 0x5FF000U, 0U, 0x1000U), 0);
    assert_int_equal(world_region(user, HC_REGION_ADD, WORLD_RWX_WB, 0x400000U, LENT + 0x400000U, 0x200000U), 0);
    assert_int_equal(call(HC_DEASSIGN_MMIODEV, user), 0);
    assert_int_equal(where(user, 0x5FF000U), LENT + 0x5FF000U);
    assert_int_equal(where(user, 0x600000U), 0U);
    assert_true(service_has(MMIO, 0x2000U));
    assert_int_equal(lend_one(MMIO, 0x2000U, 0xC00000U), 0);
    assert_int_equal(world_region(user, HC_REGION_DEL, 0U, 0xC00000U, 0U, 0x1000U), 0);
    assert_int_equal(call(HC_DEASSIGN_MMIODEV, user), 0);
    assert_int_equal(where(user, 0xC01000U), 0U);
    assert_true(service_has(MMIO, 0x2000U));
}

/* REQ-ISO-083 */
static void without_tables_nothing_is_lent_or_what_was_lost_is_told(void **state)
{
    static gpa_t filled[STAGE2_PAGES];
    uint32_t count = 0U;
    (void)state;
    while ((count < STAGE2_PAGES) && (stage2_map(user, 0x10000000000U + ((gpa_t)count << 30U), LENT, 0x1000U, S2_READ | S2_WB) == STATUS_OK)) {
        filled[count] = 0x10000000000U + ((gpa_t)count << 30U);
        count++;
    }
    assert_int_equal(lend_one(MMIO, 0x2000U, GPA), -HC_ENOMEM);
    assert_true(told("0xa0100000 is not lent: its place is taken, or tables are used up"));
    assert_true(service_has(MMIO, 0x2000U));
    for (uint32_t i = 0U; i < count; i++) {
        assert_int_equal(stage2_unmap(user, filled[i], 0x1000U), STATUS_OK);
        vm_shootdown(user);
    }
    assert_int_equal(lend_one(MMIO, 0x2000U, GPA), 0);
    assert_int_equal(stage2_map(VM_SERVICE, MMIO, MMIO, 0x1000U, S2_READ | S2_UC), STATUS_OK); /* nobody does */
    fake_tsc += fake_tsc_hz;
    assert_int_equal(call(HC_DEASSIGN_MMIODEV, user), 0);
    assert_true(told("0xa0100000 is lost"));
    assert_int_equal(stage2_unmap(VM_SERVICE, MMIO, 0x1000U), STATUS_OK);
    assert_int_equal(stage2_map(VM_SERVICE, MMIO, MMIO, 0x2000U, S2_READ | S2_WRITE | S2_UC), STATUS_OK);
    assert_int_equal(lend_one(MMIO, 0x2000U, GPA), 0);
}

/* REQ-ISO-083 */
static void what_is_lent_to_read_is_not_made_writable(void **state)
{
    (void)state;
    assert_int_equal(stage2_unmap(VM_SERVICE, MMIO2, 0x1000U), STATUS_OK);
    assert_int_equal(stage2_map(VM_SERVICE, MMIO2, MMIO2, 0x1000U, S2_READ | S2_UC), STATUS_OK); /* access: read */
    assert_int_equal(lend_one(MMIO2, 0x1000U, GPA), 0);
    const uint32_t attr = stage2_lookup(user, GPA).attr;
    assert_int_equal(attr & (S2_WRITE | S2_EXEC), 0U);
    assert_int_equal(world_region(user, HC_REGION_MODIFY, WORLD_RWX_WB, GPA, 0U, 0x1000U), -HC_EINVAL);
    assert_int_equal(stage2_lookup(user, GPA).attr, attr);
    assert_true(mmio_place_valid(GPA, 0x1000U));
    assert_false(mmio_place_valid(GPA, 0U));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_device_is_its_vms_alone_and_comes_back, start, end),
        cmocka_unit_test_setup_teardown(what_the_scenario_does_not_list_and_what_others_have_is_refused, start, end),
        cmocka_unit_test_setup_teardown(registers_that_the_service_vm_has_otherwise_are_refused, start, end),
        cmocka_unit_test_setup_teardown(all_ranges_are_lent_or_none, start, end),
        cmocka_unit_test_setup_teardown(what_is_lent_to_read_is_not_made_writable, start, end),
        cmocka_unit_test_setup_teardown(it_comes_back_when_its_vm_ends_and_stays_when_that_resets, start, end),
        cmocka_unit_test_setup_teardown(only_registers_are_taken_from_the_vm, start, end),
        cmocka_unit_test_setup_teardown(without_tables_nothing_is_lent_or_what_was_lost_is_told, start, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
