/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/irq.c */
/* Physical interrupts of pins: who owns them, where they go, when they are masked. */
#include "irq_machine.h"

/* REQ-CFG-020 */
static void all_pins_start_masked(void **state)
{
    (void)state;
    for (uint32_t pin = 0U; pin < IOAPIC_PINS; pin++) {
        assert_true(hw_pin[pin].masked);
    }
}

static void a_pin_goes_to_the_core_of_its_first_target(void **state)
{
    (void)state;
    irq_pin_update(VM_SERVICE, 4U, false, false, false, vcpu_id(VM_SERVICE, 2U));
    assert_false(hw_pin[4].masked);
    assert_int_equal(hw_pin[4].target, 2U);
    assert_false(hw_pin[4].level);
    irq_arrived(2U, hw_pin[4].vector);
    assert_int_equal(rises[4], 1U);
    assert_false(line[4]);
}

/* REQ-INT-003 */
static void a_level_line_stays_masked_until_the_virtual_eoi(void **state)
{
    (void)state;
    irq_pin_update(VM_SERVICE, 17U, false, true, true, vcpu_id(VM_SERVICE, 0U));
    assert_true(hw_pin[17].active_low);
    assert_int_equal(irq_level_pin(hw_pin[17].vector), 17U);
    irq_arrived(0U, hw_pin[17].vector);
    assert_true(hw_pin[17].masked);
    assert_true(line[17]);
    /* a guest that rewrites its entry meanwhile does not unmask the line */
    irq_pin_update(VM_SERVICE, 17U, false, true, true, vcpu_id(VM_SERVICE, 1U));
    assert_true(hw_pin[17].masked);
    irq_pin_eoi(VM_SERVICE, 17U);
    assert_false(line[17]);
    assert_false(hw_pin[17].masked);
    assert_int_equal(hw_pin[17].target, 1U);
}

/* REQ-INT-003 */
static void an_eoi_does_not_unmask_what_the_guest_masked(void **state)
{
    (void)state;
    irq_pin_update(VM_SERVICE, 17U, false, true, false, vcpu_id(VM_SERVICE, 0U));
    irq_arrived(0U, hw_pin[17].vector);
    irq_pin_update(VM_SERVICE, 17U, true, true, false, vcpu_id(VM_SERVICE, 0U));
    irq_pin_eoi(VM_SERVICE, 17U);
    assert_true(hw_pin[17].masked);
    irq_pin_update(VM_SERVICE, 17U, false, true, false, vcpu_id(VM_SERVICE, 0U));
    assert_false(hw_pin[17].masked);
}

static void turning_a_level_entry_to_edge_ends_its_service(void **state)
{
    (void)state;
    irq_pin_update(VM_SERVICE, 17U, false, true, false, vcpu_id(VM_SERVICE, 0U));
    irq_arrived(0U, hw_pin[17].vector);
    irq_pin_update(VM_SERVICE, 17U, true, false, false, vcpu_id(VM_SERVICE, 0U));
    assert_false(line[17]);
    assert_int_equal(irq_level_pin(hw_pin[17].vector), ID_NONE);
    irq_pin_update(VM_SERVICE, 17U, false, true, false, vcpu_id(VM_SERVICE, 0U));
    assert_false(hw_pin[17].masked);
}

static void a_second_eoi_changes_nothing(void **state)
{
    (void)state;
    unsigned int routes;

    irq_pin_update(VM_SERVICE, 17U, false, true, false, vcpu_id(VM_SERVICE, 0U));
    irq_arrived(0U, hw_pin[17].vector);
    irq_pin_eoi(VM_SERVICE, 17U);
    routes = hw_pin[17].routes;
    irq_pin_eoi(VM_SERVICE, 17U);
    irq_pin_eoi(VM_SERVICE, IOAPIC_PINS);
    assert_int_equal(hw_pin[17].routes, routes);
}

/* REQ-INT-004 */
static void pins_of_others_cannot_be_programmed(void **state)
{
    (void)state;
    irq_pin_update(VM_SERVICE, 20U, false, true, false, vcpu_id(VM_SERVICE, 0U));
    irq_pin_update(VM_FIRST_USER, 5U, false, true, false, vcpu_id(VM_FIRST_USER, 0U));
    irq_pin_update(VM_SERVICE, IOAPIC_PINS, false, true, false, vcpu_id(VM_SERVICE, 0U));
    assert_true(hw_pin[20].masked);
    assert_true(hw_pin[5].masked);
    irq_arrived(0U, VECTOR_IRQ_BASE + 20U);
    assert_false(line[20]);
    assert_int_equal(irq_stray_count(), 1U);
}

/* REQ-LIF-009 */
static void a_reset_vm_has_no_interrupts(void **state)
{
    (void)state;
    uint32_t s;
    struct irq_msi_message m;

    irq_pin_update(VM_SERVICE, 17U, false, true, false, vcpu_id(VM_SERVICE, 0U));
    irq_arrived(0U, hw_pin[17].vector);
    assert_int_equal(irq_msi_alloc(VM_SERVICE, BDF, &s), STATUS_OK);
    m = irq_msi_update(s, 0xFEE00000U, 0x31U, true);
    irq_vm_reset(VM_SERVICE);
    assert_true(hw_pin[17].masked);
    irq_arrived(0U, m.data);
    assert_int_equal(delivered, 0U);
    irq_pin_update(VM_SERVICE, 17U, false, true, false, vcpu_id(VM_SERVICE, 0U));
    assert_false(hw_pin[17].masked);
}

static void a_table_that_claims_too_much_is_read_to_its_limits(void **state)
{
    struct part_vm *last = &partition.table.vm[PART_MAX_VM - 1U];
    (void)state;
    partition.table.vm_count = PART_MAX_VM + 1U;
    last->gsi_count = PART_MAX_GSI + 1U;
    for (uint32_t i = 0U; i < PART_MAX_GSI; i++) {
        last->gsi[i] = IOAPIC_PINS + i; /* no such line */
    }
    last->gsi[PART_MAX_GSI - 1U] = 5U;
    irq_init();

    irq_pin_update(VM_SERVICE, 5U, false, false, false, vcpu_id(VM_SERVICE, 0U));
    irq_pin_update(VM_SERVICE, 4U, false, false, false, vcpu_id(VM_SERVICE, 0U));

    assert_true(hw_pin[5].masked); /* the other VM's */
    assert_false(hw_pin[4].masked);
}

static void a_target_of_another_vm_or_core_is_replaced(void **state)
{
    (void)state;
    vcpus[vcpu_id(1U, 0U)].pcpu = 7U;
    irq_pin_update(VM_SERVICE, 4U, false, false, false, vcpu_id(1U, 0U));
    assert_int_equal(hw_pin[4].target, 0U);

    vcpus[vcpu_id(VM_SERVICE, 2U)].pcpu = MAX_PCPU; /* no such core */
    irq_pin_update(VM_SERVICE, 4U, false, false, false, vcpu_id(VM_SERVICE, 2U));
    assert_int_equal(hw_pin[4].target, 0U);
}

static void only_the_owner_ends_an_interrupt(void **state)
{
    (void)state;
    irq_pin_update(VM_SERVICE, 17U, false, true, false, vcpu_id(VM_SERVICE, 0U));
    irq_arrived(0U, hw_pin[17].vector);
    irq_pin_eoi(1U, 17U);
    assert_true(line[17]);
    assert_true(hw_pin[17].masked);
}

static void lines_and_vms_behind_the_lists_ends_stay_the_service_vms(void **state)
{
    (void)state;
    partition.table.vm[1].gsi[1] = 6U;      /* one is listed */
    partition.table.vm[2].gsi_count = 1U;   /* two VMs are listed */
    partition.table.vm[2].gsi[0] = 7U;
    irq_init();
    irq_pin_update(VM_SERVICE, 6U, false, false, false, vcpu_id(VM_SERVICE, 0U));
    irq_pin_update(VM_SERVICE, 7U, false, false, false, vcpu_id(VM_SERVICE, 0U));
    irq_pin_update(VM_SERVICE, 20U, false, false, false, vcpu_id(VM_SERVICE, 0U));
    assert_false(hw_pin[6].masked || hw_pin[7].masked);
    assert_true(hw_pin[20].masked);
}

static void a_line_of_another_vm_that_arrives_is_masked_and_counted(void **state)
{
    (void)state;
    hw_pin[20].masked = false;
    irq_arrived(0U, VECTOR_IRQ_BASE + 20U);
    assert_true(hw_pin[20].masked);
    assert_int_equal(irq_stray_count(), 1U);
    assert_int_equal(rises[20], 0U);
}

static void all_lines_are_edges_until_their_entry_says_otherwise(void **state)
{
    (void)state;
    irq_pin_update(VM_SERVICE, 0U, false, true, false, vcpu_id(VM_SERVICE, 0U));
    assert_int_equal(irq_level_pin(VECTOR_IRQ_BASE), 0U);
    irq_arrived(0U, VECTOR_IRQ_BASE);
    assert_true(line[0]);
    irq_init();
    assert_int_equal(irq_level_pin(VECTOR_IRQ_BASE), ID_NONE);
}

/* REQ-ISO-041 */
static void a_pins_entry_is_the_ioapics_and_changes_before_the_pin_is_opened(void **state)
{
    const uint32_t index = VECTOR_IRQ_BASE + 17U;
    settled = 0U;
    (void)state;
    platform.ioapic_bdf = 0xFFA0U;
    irq_pin_update(VM_SERVICE, 17U, true, false, false, vcpu_id(VM_SERVICE, 1U));
    assert_int_equal(entry[index].sets, 0U); /* masked */
    irq_pin_update(VM_SERVICE, 17U, false, false, false, vcpu_id(VM_SERVICE, 1U));
    assert_int_equal(entry[index].bdf, 0xFFA0U);
    assert_int_equal(entry[index].vector, index);
    assert_int_equal(entry[index].pcpu, 1U);
    assert_false(entry[index].level);
    assert_int_equal(settled, 1U);
    irq_pin_update(VM_SERVICE, 17U, false, true, false, vcpu_id(VM_SERVICE, 2U));
    assert_true(entry[index].level);
    assert_true(entry[index].masked); /* pin and entry never say different things of a message */
    assert_int_equal(entry[index].pcpu, 2U);
    assert_false(hw_pin[17].masked);
    irq_pin_update(VM_SERVICE, 17U, false, true, false, vcpu_id(VM_SERVICE, 1U));
    assert_false(entry[index].masked); /* only its core changes */
    irq_pin_update(VM_SERVICE, 17U, false, false, false, vcpu_id(VM_SERVICE, 1U));
    assert_true(entry[index].masked);
    assert_int_equal(hw_pin[17].vector, index);
}

#define USER VM_FIRST_USER
#define AT(own) (VIOAPIC_LENT + (own))

/* REQ-INT-084 */
static void only_lines_of_pci_that_nobody_uses_are_lent(void **state)
{
    (void)state;
    assert_int_equal(irq_line_lend(USER, 15U, 17U), STATUS_INVALID);
    assert_int_equal(irq_line_lend(USER, IOAPIC_PINS, 17U), STATUS_INVALID);
    assert_int_equal(irq_line_lend(USER, 23U, IOAPIC_PINS), STATUS_INVALID);
    assert_int_equal(irq_line_lend(USER, 20U, 17U), STATUS_DENIED); /* the pre-launched VM's */
    irq_pin_update(VM_SERVICE, 22U, false, true, true, vcpu_id(VM_SERVICE, 0U));
    assert_int_equal(irq_line_lend(USER, 22U, 17U), STATUS_BUSY);
    irq_pin_update(VM_SERVICE, 22U, true, true, true, vcpu_id(VM_SERVICE, 0U));
    assert_int_equal(irq_line_lend(USER, 22U, 17U), STATUS_OK);
    assert_int_equal(irq_line_lend(USER + 1U, 22U, 17U), STATUS_DENIED);
    assert_int_equal(irq_line_lend(USER, 22U, 18U), STATUS_DENIED);
    assert_int_equal(irq_line_lend(USER, 23U, 17U), STATUS_DENIED); /* its pin 17 has a line */
    assert_int_equal(irq_line_lend(USER, 16U, 18U), STATUS_OK);
    irq_line_return(20U);
    assert_int_equal(irq_line_lend(USER, 20U, 19U), STATUS_DENIED);
    irq_line_return(IOAPIC_PINS);
}

/* REQ-INT-003 REQ-INT-084 */
static void a_lent_line_is_masked_until_its_vms_eoi(void **state)
{
    (void)state;
    assert_int_equal(irq_line_lend(USER, 23U, 17U), STATUS_OK);
    assert_int_equal(refreshed_vm, USER);
    assert_int_equal(refreshed_pin, 17U);
    assert_true(hw_pin[23].masked);
    irq_pin_update(USER, 17U, false, true, false, vcpu_id(USER, 1U));
    assert_false(hw_pin[23].masked);
    assert_true(hw_pin[23].level && hw_pin[23].active_low); /* as PCI's lines are */
    assert_int_equal(hw_pin[23].target, 2U);
    assert_int_equal(irq_level_pin(hw_pin[23].vector), 23U);
    irq_arrived(2U, hw_pin[23].vector);
    assert_true(hw_pin[23].masked && line[AT(17U)] && !line[23]);
    irq_pin_eoi(VM_SERVICE, 23U);
    irq_pin_eoi(USER, 16U);
    irq_pin_eoi(USER, 23U);
    assert_true(hw_pin[23].masked && line[AT(17U)]);
    irq_pin_eoi(USER, 17U);
    assert_false(hw_pin[23].masked || line[AT(17U)]);
    irq_pin_eoi(USER, 17U);
    assert_int_equal(rises[AT(17U)], 1U);
    assert_int_equal(irq_stray_count(), 0U);
    /* what the Service VM writes meanwhile has no effect */
    irq_pin_update(VM_SERVICE, 23U, true, false, false, vcpu_id(VM_SERVICE, 0U));
    assert_false(hw_pin[23].masked);
}

/* REQ-INT-084 */
static void an_entry_made_an_edge_delivers_nothing_and_ends_what_was_in_service(void **state)
{
    (void)state;
    assert_int_equal(irq_line_lend(USER, 23U, 17U), STATUS_OK);
    irq_pin_update(USER, 17U, false, true, false, vcpu_id(USER, 0U));
    irq_arrived(1U, hw_pin[23].vector);
    irq_pin_update(USER, 17U, false, false, false, vcpu_id(USER, 0U));
    assert_true(hw_pin[23].masked && !line[AT(17U)]);
    irq_pin_update(USER, 17U, false, true, false, vcpu_id(USER, 0U));
    assert_false(hw_pin[23].masked);
    irq_pin_update(USER, 17U, true, true, false, vcpu_id(USER, 0U));
    assert_true(hw_pin[23].masked);
}

/* REQ-INT-084 */
static void a_returned_line_is_the_service_vms_again(void **state)
{
    (void)state;
    irq_pin_update(VM_SERVICE, 23U, false, true, false, vcpu_id(VM_SERVICE, 0U));
    irq_arrived(0U, hw_pin[23].vector);
    irq_pin_update(VM_SERVICE, 23U, true, true, false, vcpu_id(VM_SERVICE, 0U)); /* in service, and masked */
    assert_int_equal(irq_line_lend(USER, 23U, 17U), STATUS_OK);
    assert_false(line[23]);
    irq_pin_update(USER, 17U, false, true, false, vcpu_id(USER, 0U));
    irq_arrived(1U, hw_pin[23].vector);
    irq_line_return(23U);
    assert_true(hw_pin[23].masked);
    assert_false(line[AT(17U)]);
    assert_int_equal(refreshed_vm, VM_SERVICE);
    assert_int_equal(refreshed_pin, 23U);
    irq_pin_update(USER, 17U, false, true, false, vcpu_id(USER, 0U));
    assert_true(hw_pin[23].masked);
    irq_pin_update(VM_SERVICE, 23U, false, true, false, vcpu_id(VM_SERVICE, 0U));
    assert_false(hw_pin[23].masked || hw_pin[23].active_low);
    irq_arrived(0U, hw_pin[23].vector);
    assert_true(line[23]);
    irq_line_return(23U); /* it is not lent */
    assert_true(line[23]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(all_pins_start_masked, setup),
        cmocka_unit_test_setup(a_pin_goes_to_the_core_of_its_first_target, setup),
        cmocka_unit_test_setup(a_level_line_stays_masked_until_the_virtual_eoi, setup),
        cmocka_unit_test_setup(an_eoi_does_not_unmask_what_the_guest_masked, setup),
        cmocka_unit_test_setup(turning_a_level_entry_to_edge_ends_its_service, setup),
        cmocka_unit_test_setup(a_second_eoi_changes_nothing, setup),
        cmocka_unit_test_setup(pins_of_others_cannot_be_programmed, setup),
        cmocka_unit_test_setup(a_reset_vm_has_no_interrupts, setup),
        cmocka_unit_test_setup(a_table_that_claims_too_much_is_read_to_its_limits, setup),
        cmocka_unit_test_setup(a_target_of_another_vm_or_core_is_replaced, setup),
        cmocka_unit_test_setup(only_the_owner_ends_an_interrupt, setup),
        cmocka_unit_test_setup(lines_and_vms_behind_the_lists_ends_stay_the_service_vms, setup),
        cmocka_unit_test_setup(a_line_of_another_vm_that_arrives_is_masked_and_counted, setup),
        cmocka_unit_test_setup(all_lines_are_edges_until_their_entry_says_otherwise, setup),
        cmocka_unit_test_setup(only_lines_of_pci_that_nobody_uses_are_lent, setup),
        cmocka_unit_test_setup(a_lent_line_is_masked_until_its_vms_eoi, setup),
        cmocka_unit_test_setup(an_entry_made_an_edge_delivers_nothing_and_ends_what_was_in_service, setup),
        cmocka_unit_test_setup(a_returned_line_is_the_service_vms_again, setup),
        cmocka_unit_test_setup(a_pins_entry_is_the_ioapics_and_changes_before_the_pin_is_opened, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
