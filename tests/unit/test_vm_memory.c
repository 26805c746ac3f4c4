/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/vm_memory.c */
/* What is put into stage 2 and the port bitmap of the VMs in the partition table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "core/boot_info.h"
#include "core/domain.h"
#include "core/io.h"
#include "core/partition.h"
#include "core/stage2.h"
#include "core/vcpu_hw.h"
#include "core/vm.h"
#include "core/vm_memory.h"
#include "devices/vpci.h"

#define RTVM     1U
#define HOLES    80U /* as in vm_memory.c: two are the interrupt controllers */
#define MAPPINGS 16U
#define LINK_BASE 0xD0000000U

union partition_storage partition;
struct platform platform;
struct vm vms[MAX_VM];
hpa_t domain_base[DOMAIN_COUNT][DOMAIN_RANGES];
uint64_t domain_size[DOMAIN_COUNT][DOMAIN_RANGES];
uint32_t domain_type[DOMAIN_COUNT][DOMAIN_RANGES];
uint32_t domain_count[DOMAIN_COUNT];

static struct { vm_id_t v; gpa_t gpa; hpa_t hpa; uint64_t size; uint32_t attr; } mapping[MAPPINGS];
static uint32_t mapping_count;
static uint32_t mapping_fails;      /* this call, counted from 1; 0: none */
static struct { gpa_t base; uint64_t size; } device_hole[HOLES];
static uint32_t device_hole_count;
static uint32_t link_hole_count;    /* of shared-memory devices: pages from LINK_BASE on */
static uint16_t withheld[4];        /* ports */
static uint32_t withheld_count;
static struct { vm_id_t v; uint32_t base; uint32_t count; } opened[8];
static uint32_t opened_count;
static uint32_t resets;

void stage2_reset(vm_id_t v) { resets |= 1U << v; }
enum status stage2_map(vm_id_t v, gpa_t gpa, hpa_t hpa, uint64_t size, uint32_t attr)
{
    assert_true(mapping_count < MAPPINGS);
    mapping[mapping_count].v = v;
    mapping[mapping_count].gpa = gpa;
    mapping[mapping_count].hpa = hpa;
    mapping[mapping_count].size = size;
    mapping[mapping_count].attr = attr;
    mapping_count++;
    return (mapping_count == mapping_fails) ? STATUS_DENIED : STATUS_OK;
}
bool ivshmem_hole(uint32_t index, gpa_t *base, uint64_t *size)
{
    bool there = index < link_hole_count;
    if (there) {
        *base = LINK_BASE + (index * 0x1000U);
        *size = 0x1000U;
    }
    return there;
}
enum status ivshmem_map(void) { return STATUS_OK; }
bool vpci_hole(vm_id_t vm, uint32_t index, gpa_t *base, uint64_t *size)
{
    (void)vm;
    bool there = index < device_hole_count;
    if (there) {
        *base = device_hole[index].base;
        *size = device_hole[index].size;
    }
    return there;
}
bool io_port_withheld(uint16_t port)
{
    bool found = false;
    for (uint32_t i = 0U; i < withheld_count; i++) {
        found = found || (withheld[i] == port);
    }
    return found;
}
void hw_port_open(vm_id_t v, uint16_t base, uint32_t count)
{
    assert_true(opened_count < 8U);
    opened[opened_count].v = v;
    opened[opened_count].base = base;
    opened[opened_count].count = count;
    opened_count++;
}

static int setup(void **state)
{
    (void)state;
    memset(&partition, 0, sizeof(partition));
    memset(domain_count, 0, sizeof(domain_count));
    platform.ioapic_base = 0xFEC00000U;
    mapping_count = 0U;
    mapping_fails = 0U;
    device_hole_count = 0U;
    link_hole_count = 0U;
    withheld_count = 0U;
    opened_count = 0U;
    resets = 0U;
    return 0;
}

static void owned(hpa_t base, hpa_t end, uint32_t type)
{
    uint32_t i = domain_count[VM_SERVICE];
    domain_base[VM_SERVICE][i] = base;
    domain_size[VM_SERVICE][i] = end - base;
    domain_type[VM_SERVICE][i] = type;
    domain_count[VM_SERVICE]++;
}

static void listed(vm_id_t v, hpa_t hpa, uint32_t type, uint32_t flags)
{
    struct part_vm *config = &partition.table.vm[v];
    struct part_range range = { .gpa = hpa - 0x1000U, .hpa = hpa, .size = 0x2000U, .type = type, .flags = flags };
    config->range[config->range_count] = range;
    config->range_count++;
}

static void range_at(vm_id_t v, gpa_t gpa, hpa_t hpa, uint64_t size, uint32_t type)
{
    struct part_vm *config = &partition.table.vm[v];
    struct part_range range = { .gpa = gpa, .hpa = hpa, .size = size, .type = type, .flags = PART_RANGE_WRITE };
    config->range[config->range_count] = range;
    config->range_count++;
}

static void hole(gpa_t base, uint64_t size)
{
    device_hole[device_hole_count].base = base;
    device_hole[device_hole_count].size = size;
    device_hole_count++;
}

static void expect_mapping(uint32_t i, gpa_t gpa, gpa_t end, uint32_t attr)
{
    assert_true(i < mapping_count);
    assert_int_equal(mapping[i].gpa, gpa);
    assert_int_equal(mapping[i].gpa + mapping[i].size, end);
    assert_int_equal(mapping[i].attr, attr);
}

static void the_service_vms_memory_is_mapped_where_it_is(void **state)
{
    (void)state;
    owned(0x100000U, 0x200000U, MEMORY_RAM);
    owned(0xA0000U, 0xC0000U, MEMORY_DEVICE);
    owned(0x300000U, 0x301000U, MEMORY_RAM_READ_ONLY);

    assert_int_equal(vm_memory_build(VM_SERVICE), STATUS_OK);

    assert_int_equal(resets, 1U << VM_SERVICE);
    assert_int_equal(mapping_count, 3U);
    expect_mapping(0U, 0x100000U, 0x200000U, S2_READ | S2_WRITE | S2_EXEC);
    expect_mapping(1U, 0xA0000U, 0xC0000U, S2_READ | S2_WRITE | S2_UC);
    expect_mapping(2U, 0x300000U, 0x301000U, S2_READ);
    assert_int_equal(mapping[0].hpa, mapping[0].gpa);
    assert_int_equal(mapping[0].v, VM_SERVICE);
    assert_int_equal(vms[VM_SERVICE].memory_size, 0x100000U); /* RAM only */
}

static void what_the_table_says_of_a_range_beats_its_type(void **state)
{
    (void)state;
    owned(0xE0000000U, 0xE0002000U, MEMORY_DEVICE);
    owned(0x400000U, 0x402000U, MEMORY_RAM);
    listed(VM_SERVICE, 0xE0000000U, PART_RANGE_MMIO, PART_RANGE_WRITE | PART_RANGE_WC);

    assert_int_equal(vm_memory_build(VM_SERVICE), STATUS_OK);

    expect_mapping(0U, 0xE0000000U, 0xE0002000U, S2_READ | S2_WRITE | S2_WC);
    expect_mapping(1U, 0x400000U, 0x402000U, S2_READ | S2_WRITE | S2_EXEC);
}

/* REQ-ISO-028 */
static void interrupt_controllers_are_left_out_of_the_identity_map(void **state)
{
    (void)state;
    owned(0xFE000000U, 0x100000000U, MEMORY_DEVICE);

    assert_int_equal(vm_memory_build(VM_SERVICE), STATUS_OK);

    assert_int_equal(mapping_count, 3U);
    expect_mapping(0U, 0xFE000000U, 0xFEC00000U, S2_READ | S2_WRITE | S2_UC);
    expect_mapping(1U, 0xFEC01000U, 0xFEE00000U, S2_READ | S2_WRITE | S2_UC);
    expect_mapping(2U, 0xFEF00000U, 0x100000000U, S2_READ | S2_WRITE | S2_UC);
}

static void device_holes_may_overlap_and_reach_over_the_ends(void **state)
{
    (void)state;
    owned(0xE0000000U, 0xE0010000U, MEMORY_DEVICE);
    hole(0xE0004000U, 0x2000U);
    hole(0xE0005000U, 0x2000U);       /* overlaps it */
    hole(0xDFFFF000U, 0x2000U);       /* reaches in from below */
    hole(0xE000F000U, 0x2000U);       /* reaches out above */
    hole(0xE0020000U, 0x1000U);       /* elsewhere */
    hole(0xE0003000U, 0U);            /* skipped */

    assert_int_equal(vm_memory_build(VM_SERVICE), STATUS_OK);

    assert_int_equal(mapping[0].gpa, 0xE0001000U);
    for (uint32_t i = 0U; i < mapping_count; i++) {
        gpa_t end = mapping[i].gpa + mapping[i].size;
        for (uint32_t k = 0U; k < device_hole_count; k++) {
            assert_true((end <= device_hole[k].base) || (mapping[i].gpa >= (device_hole[k].base + device_hole[k].size)));
        }
    }
    assert_int_equal(mapping[mapping_count - 1U].gpa, 0xE0007000U);
    assert_int_equal(mapping[mapping_count - 1U].gpa + mapping[mapping_count - 1U].size, 0xE000F000U);
}

static void a_range_that_is_all_hole_is_not_mapped(void **state)
{
    (void)state;
    owned(0xE0000000U, 0xE0001000U, MEMORY_DEVICE);
    hole(0xE0000000U, 0x1000U);

    assert_int_equal(vm_memory_build(VM_SERVICE), STATUS_OK);

    assert_int_equal(mapping_count, 0U);
}

static void more_holes_than_can_be_kept_are_an_error(void **state)
{
    (void)state;
    owned(0x100000U, 0x200000U, MEMORY_RAM);
    for (uint32_t i = 0U; i < (HOLES - 2U); i++) {
        hole(0xE0000000U + (i * 0x1000U), 0x1000U);
    }
    assert_int_equal(vm_memory_build(VM_SERVICE), STATUS_OK);

    hole(0xF0000000U, 0x1000U);
    assert_int_equal(vm_memory_build(VM_SERVICE), STATUS_NO_MEMORY);
    hole(0xF0001000U, 0x1000U);                       /* as many as are asked for: not one more is */
    assert_int_equal(vm_memory_build(VM_SERVICE), STATUS_NO_MEMORY);
}

/* REQ-ISO-028 */
static void only_the_service_vm_has_holes_for_its_shared_memory_devices(void **state)
{
    (void)state;
    owned(LINK_BASE - 0x1000U, LINK_BASE + 0x3000U, MEMORY_DEVICE);
    range_at(RTVM, LINK_BASE - 0x1000U, LINK_BASE - 0x1000U, 0x4000U, PART_RANGE_MMIO);
    link_hole_count = 2U;

    assert_int_equal(vm_memory_build(VM_SERVICE), STATUS_OK);
    assert_int_equal(mapping_count, 2U);
    expect_mapping(0U, LINK_BASE - 0x1000U, LINK_BASE, S2_READ | S2_WRITE | S2_UC);
    expect_mapping(1U, LINK_BASE + 0x2000U, LINK_BASE + 0x3000U, S2_READ | S2_WRITE | S2_UC);

    mapping_count = 0U;
    assert_int_equal(vm_memory_build(RTVM), STATUS_OK);
    assert_int_equal(mapping_count, 1U);
    expect_mapping(0U, LINK_BASE - 0x1000U, LINK_BASE + 0x3000U, S2_READ | S2_WRITE | S2_UC);
}

static void more_holes_of_shared_memory_devices_than_can_be_kept_are_an_error(void **state)
{
    (void)state;
    owned(0x100000U, 0x200000U, MEMORY_RAM);
    link_hole_count = HOLES - 2U;
    assert_int_equal(vm_memory_build(VM_SERVICE), STATUS_OK);

    mapping_count = 0U;
    link_hole_count = HOLES - 1U;
    assert_int_equal(vm_memory_build(VM_SERVICE), STATUS_NO_MEMORY);
    link_hole_count = HOLES + 1U; /* not more are asked for than there is room for */
    assert_int_equal(vm_memory_build(VM_SERVICE), STATUS_NO_MEMORY);
    assert_int_equal(mapping_count, 0U);
}

static void what_cannot_be_mapped_ends_the_build(void **state)
{
    (void)state;
    owned(0xE0000000U, 0xE0010000U, MEMORY_DEVICE);
    owned(0x100000U, 0x200000U, MEMORY_RAM);
    hole(0xE0004000U, 0x1000U);
    mapping_fails = 1U;

    assert_int_equal(vm_memory_build(VM_SERVICE), STATUS_DENIED);

    assert_int_equal(mapping_count, 1U); /* neither behind the hole nor the next range */
}

/* REQ-ISO-029 */
static void an_rtvm_gets_the_ranges_of_its_list_with_their_rights(void **state)
{
    (void)state;
    listed(RTVM, 0x2000000U, PART_RANGE_RAM, PART_RANGE_WRITE | PART_RANGE_EXEC);
    listed(RTVM, 0x3000000U, PART_RANGE_SHARED, 0U);
    listed(RTVM, 0xE0000000U, PART_RANGE_MMIO, PART_RANGE_WRITE);

    assert_int_equal(vm_memory_build(RTVM), STATUS_OK);

    assert_int_equal(resets, 1U << RTVM);
    assert_int_equal(mapping_count, 3U);
    expect_mapping(0U, 0x1FFF000U, 0x2001000U, S2_READ | S2_WRITE | S2_EXEC);
    expect_mapping(1U, 0x2FFF000U, 0x3001000U, S2_READ);
    expect_mapping(2U, 0xDFFFF000U, 0xE0001000U, S2_READ | S2_WRITE | S2_UC);
    assert_int_equal(mapping[0].hpa, 0x2000000U);
    assert_int_equal(mapping[0].v, RTVM);
    assert_int_equal(vms[RTVM].memory_size, 0x2000U);
}

/* REQ-ISO-028 REQ-ISO-029 */
static void holes_are_left_out_of_what_a_list_maps_one_to_one(void **state)
{
    (void)state;
    range_at(RTVM, 0xE0000000U, 0xE0000000U, 0x4000U, PART_RANGE_MMIO);
    range_at(RTVM, 0xE0010000U, 0xE0020000U, 0x4000U, PART_RANGE_MMIO); /* not one to one */
    range_at(RTVM, 0x2000000U, 0x2000000U, 0x4000U, PART_RANGE_RAM);    /* no device */
    hole(0xE0001000U, 0x1000U);
    hole(0xE0011000U, 0x1000U);
    hole(0x2001000U, 0x1000U);

    assert_int_equal(vm_memory_build(RTVM), STATUS_OK);

    assert_int_equal(mapping_count, 4U);
    expect_mapping(0U, 0xE0000000U, 0xE0001000U, S2_READ | S2_WRITE | S2_UC);
    expect_mapping(1U, 0xE0002000U, 0xE0004000U, S2_READ | S2_WRITE | S2_UC);
    expect_mapping(2U, 0xE0010000U, 0xE0014000U, S2_READ | S2_WRITE | S2_UC);
    expect_mapping(3U, 0x2000000U, 0x2004000U, S2_READ | S2_WRITE);
    assert_int_equal(mapping[1].hpa, 0xE0002000U);
    assert_int_equal(mapping[2].hpa, 0xE0020000U);
}

static void a_list_with_more_holes_than_can_be_kept_is_not_mapped(void **state)
{
    (void)state;
    listed(RTVM, 0x2000000U, PART_RANGE_RAM, PART_RANGE_WRITE);
    for (uint32_t i = 0U; i < (HOLES - 1U); i++) {
        hole(0xE0000000U + (i * 0x1000U), 0x1000U);
    }

    assert_int_equal(vm_memory_build(RTVM), STATUS_NO_MEMORY);

    assert_int_equal(mapping_count, 0U);
    assert_int_equal(vms[RTVM].memory_size, 0U);
}

static void a_listed_range_that_cannot_be_mapped_ends_the_build(void **state)
{
    (void)state;
    listed(RTVM, 0x2000000U, PART_RANGE_RAM, PART_RANGE_WRITE);
    listed(RTVM, 0x3000000U, PART_RANGE_RAM, PART_RANGE_WRITE);
    mapping_fails = 1U;

    assert_int_equal(vm_memory_build(RTVM), STATUS_DENIED);

    assert_int_equal(mapping_count, 1U);
}

/* REQ-ISO-017 */
static void the_service_vm_gets_every_port_that_is_not_withheld(void **state)
{
    (void)state;
    withheld[0] = 0x0U;
    withheld[1] = 0x61U;
    withheld[2] = 0x62U;
    withheld_count = 3U;

    vm_ports_open(VM_SERVICE);

    assert_int_equal(opened_count, 2U);
    assert_int_equal(opened[0].v, VM_SERVICE);
    assert_int_equal(opened[0].base, 0x1U);
    assert_int_equal(opened[0].count, 0x60U);
    assert_int_equal(opened[1].base, 0x63U);
    assert_int_equal(opened[1].base + opened[1].count, 0x10000U);
}

static void the_last_port_may_be_withheld(void **state)
{
    (void)state;
    withheld[0] = 0xFFFFU;
    withheld_count = 1U;

    vm_ports_open(VM_SERVICE);

    assert_int_equal(opened_count, 1U);
    assert_int_equal(opened[0].count, 0xFFFFU);
}

/* REQ-ISO-017 REQ-CFG-007 */
static void an_rtvm_gets_the_ports_of_its_list(void **state)
{
    struct part_vm *config = &partition.table.vm[RTVM];
    (void)state;
    config->ports_count = 1U;
    config->ports[0].base = 0x3E8U;
    config->ports[0].count = 8U;

    vm_ports_open(RTVM);

    assert_int_equal(opened_count, 1U);
    assert_int_equal(opened[0].v, RTVM);
    assert_int_equal(opened[0].base, 0x3E8U);
    assert_int_equal(opened[0].count, 8U);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_service_vms_memory_is_mapped_where_it_is, setup),
        cmocka_unit_test_setup(what_the_table_says_of_a_range_beats_its_type, setup),
        cmocka_unit_test_setup(interrupt_controllers_are_left_out_of_the_identity_map, setup),
        cmocka_unit_test_setup(device_holes_may_overlap_and_reach_over_the_ends, setup),
        cmocka_unit_test_setup(a_range_that_is_all_hole_is_not_mapped, setup),
        cmocka_unit_test_setup(more_holes_than_can_be_kept_are_an_error, setup),
        cmocka_unit_test_setup(only_the_service_vm_has_holes_for_its_shared_memory_devices, setup),
        cmocka_unit_test_setup(more_holes_of_shared_memory_devices_than_can_be_kept_are_an_error, setup),
        cmocka_unit_test_setup(what_cannot_be_mapped_ends_the_build, setup),
        cmocka_unit_test_setup(an_rtvm_gets_the_ranges_of_its_list_with_their_rights, setup),
        cmocka_unit_test_setup(holes_are_left_out_of_what_a_list_maps_one_to_one, setup),
        cmocka_unit_test_setup(a_list_with_more_holes_than_can_be_kept_is_not_mapped, setup),
        cmocka_unit_test_setup(a_listed_range_that_cannot_be_mapped_ends_the_build, setup),
        cmocka_unit_test_setup(the_service_vm_gets_every_port_that_is_not_withheld, setup),
        cmocka_unit_test_setup(the_last_port_may_be_withheld, setup),
        cmocka_unit_test_setup(an_rtvm_gets_the_ports_of_its_list, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
