/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/irq.c devices/vpci.c devices/vpci_scan.c devices/vpci_stop.c core/irq_exclusive.c devices/vpci_bars.c devices/vpci_bridge.c devices/vpci_given.c devices/vpci_given_bus.c devices/vpci_group.c devices/vpci_message.c devices/vpci_header.c devices/vpci_msi.c
     devices/vpci_msix.c devices/vpci_hv.c devices/vpci_lent_map.c devices/vpci_sriov.c devices/vpci_sriov_boot.c fake/pci.c */
/* Virtual functions that the partition table gives to pre-launched VMs: how they are switched on at boot, and that the Service VM, which has the card, cannot end them. */
#include "sriov_machine.h"

#define ROOM      (FAKE_MMIO + 0x10000U)
#define SIZE      0x4000U        /* of a BAR */
#define MINE      0x0010U        /* where its VM sees it: 00:02.0 */
#define FLR       0x8000U

static void room(vm_id_t vm, uint32_t range, hpa_t base, uint64_t size)
{
    partition.table.vm[vm].range[range] = (struct part_range){ base, base, size, PART_RANGE_MMIO, PART_RANGE_WRITE };
    partition.table.vm[vm].range_count = range + 1U;
}

/* The second VM has one, with room for its BARs alone. */
static int with_card(void **state)
{
    (void)setup(state);
    relax_step = 250000000U;
    iommu_active = false;
    card_add();
    fake_put(CARD, 0x48U, 4U, 0U, 0xFFFFU);
    fake_put(CARD, 0x180U, 4U, 0U, ALL_ONES);
    fake_put(CARD, PAGES, 4U, 0U, 0x553U); /* as after power-on */
    appear(VF0);
    appear(VF1);
    partition.table.vm[1].pci_count = 2U;
    partition.table.vm[1].pci[1] = VF0;
    room(1U, 0U, ROOM, 2U * SIZE);
    log_lines = 0U;
    return 0;
}

static enum status scan(void)
{
    irq_init();
    return vpci_scan();
}

static const struct vpci_function *row(uint16_t bdf)
{
    return &vpci_function[vpci_function_at(bdf)];
}

static bool on(uint32_t count)
{
    return (hw_pci_read(CARD, CONTROL, 2U) == ON) && (hw_pci_read(CARD, NUMBER, 2U) == count);
}

/* REQ-ISO-093 */
static void a_function_that_the_table_names_is_switched_on_for_its_vm(void **state)
{
    (void)state;
    assert_int_equal(scan(), STATUS_OK);
    assert_true(on(1U));
    assert_int_equal(row(VF0)->owner, 1U);
    assert_false(row(VF0)->silent);
    assert_int_equal(vpci_bar_base(row(VF0), 0U), ROOM);
    assert_int_equal(vpci_bar_base(row(VF0), 3U), ROOM + SIZE);
    assert_int_equal(hw_pci_read(CARD, BAR(0U), 4U), ROOM | 0xCU);
    assert_int_equal(hw_pci_read(CARD, BAR(3U), 4U), (ROOM + SIZE) | 0xCU);
    assert_int_equal(hw_pci_read(CARD, BAR(4U), 4U), 0U);
    assert_int_equal(row(VF0)->msix.table, ROOM + SIZE);
    assert_int_equal(vpci_function_at(VF1), ID_NONE);
    assert_int_equal(vpci_config_read(1U, MINE, 0U, 4U), VF_ID);
    assert_int_equal(vpci_config_read(1U, MINE, 0x10U, 4U), ROOM | 0xCU);
    vpci_config_write(1U, MINE, 0x10U, 4U, ALL_ONES);
    assert_int_equal(vpci_config_read(1U, MINE, 0x10U, 4U), 0xFFFFC00CU);
    assert_int_equal(hw_pci_read(CARD, BAR(0U), 4U), ROOM | 0xCU);
}

/* REQ-ISO-093 */
static void the_service_vm_sees_that_there_is_one_and_no_more(void **state)
{
    (void)state;
    assert_int_equal(scan(), STATUS_OK);
    assert_int_equal(rd(VF0, 8U, 4U), 0x02000000U);
    assert_int_equal(rd(VF0, 10U, 2U), 0x0200U);
    assert_int_equal(rd(VF0, 0U, 4U), 0U);
    assert_int_equal(rd(VF0, 0x70U, 4U), 0U);
    wr(VF0, 4U, 2U, 4U);
    assert_int_equal(hw_pci_read(VF0, 4U, 2U), 0U);
    assert_int_equal(rd(VF1, 8U, 4U), ALL_ONES);
    assert_int_equal(rd(GIVEN, 8U, 4U), ALL_ONES);
}

/* REQ-ISO-093 */
static void the_service_vm_cannot_end_or_move_it(void **state)
{
    (void)state;
    assert_int_equal(scan(), STATUS_OK);
    log_lines = 0U;
    wr(CARD, CONTROL, 2U, 0U);
    wr(CARD, NUMBER, 2U, 2U);
    wr(CARD, BAR(0U), 4U, 0xFD000000U);
    wr(CARD, 0x48U, 2U, FLR);
    assert_int_equal(log_lines, 1U);
    assert_true(on(1U));
    assert_int_equal(hw_pci_read(CARD, BAR(0U), 4U), ROOM | 0xCU);
    assert_int_equal(hw_pci_read(CARD, 0x48U, 2U), 0U);
    wr(CARD, 0x180U, 4U, 5U);                  /* the card's own */
    assert_int_equal(hw_pci_read(CARD, 0x180U, 4U), 5U);
    wr(NIC, 0x80U, 4U, 5U);                    /* and another's */
    assert_int_equal(hw_pci_read(NIC, 0x80U, 4U), 5U);
    wr(CARD, CONTROL, 2U, ON);                 /* what its driver does to count on it */
    vpci_reset();
    assert_true(on(1U));
    assert_int_equal(row(VF0)->owner, 1U);
}

/* REQ-ISO-093 */
static void its_registers_can_be_sized_in_the_card(void **state)
{
    (void)state;
    assert_int_equal(scan(), STATUS_OK);
    wr(CARD, BAR(0U), 4U, ALL_ONES);
    assert_int_equal(rd(CARD, BAR(0U), 4U), 0xFFFFC00CU);
    assert_int_equal(rd(CARD, BAR(3U), 4U), (ROOM + SIZE) | 0xCU);
    wr(CARD, BAR(1U), 4U, ALL_ONES);
    assert_int_equal(rd(CARD, BAR(1U), 4U), ALL_ONES);
    wr(CARD, BAR(1U), 4U, 0U);
    assert_int_equal(rd(CARD, BAR(1U), 4U), 0U);
    wr(CARD, BAR(0U), 4U, ROOM | 0xCU);
    assert_int_equal(rd(CARD, BAR(0U), 4U), ROOM | 0xCU);
    wr(CARD, SRIOV + 0x3CU, 4U, ALL_ONES);     /* behind the BARs */
    assert_int_equal(rd(CARD, SRIOV + 0x3CU, 4U), 0U);
    assert_int_equal(vpci_config_read(1U, MINE, 0x10U, 4U), ROOM | 0xCU); /* which its VM has nothing of */
}

/* REQ-ISO-093 REQ-INT-051 */
static void two_of_a_card_may_be_two_vms(void **state)
{
    (void)state;
    partition.table.vm_count = 3U;
    partition.table.vm[2].pci_count = 1U;
    partition.table.vm[2].pci[0] = VF1;
    room(1U, 0U, ROOM, SIZE);
    room(1U, 1U, ROOM + 0x8000U, SIZE);
    room(2U, 0U, ROOM + SIZE, SIZE);
    room(2U, 1U, ROOM + 0x8000U + SIZE, SIZE);
    assert_int_equal(scan(), STATUS_OK);
    assert_true(on(2U));
    assert_int_equal(row(VF1)->owner, 2U);
    assert_int_equal(vpci_bar_base(row(VF1), 0U), ROOM + SIZE);
    assert_int_equal(vpci_bar_base(row(VF0), 3U), ROOM + 0x8000U);
    assert_int_equal(vpci_bar_base(row(VF1), 3U), ROOM + 0x8000U + SIZE);
    room(2U, 1U, ROOM + 0xC000U + SIZE, SIZE); /* not where the second one's must be */
    assert_int_equal(scan(), STATUS_DENIED);
    assert_non_null(strstr(log_last, "not in its VM's device memory"));
}

/* REQ-ISO-093 */
static void bars_find_the_lowest_place_that_fits(void **state)
{
    (void)state;
    room(1U, 0U, ROOM + 0x1000U, SIZE + 0x3000U);   /* one, aligned */
    room(1U, 1U, ROOM + 0x8000U, SIZE - 0x1000U);   /* none */
    room(1U, 2U, ROOM + 0xC000U, SIZE);
    assert_int_equal(scan(), STATUS_OK);
    assert_int_equal(vpci_bar_base(row(VF0), 0U), ROOM + SIZE);
    assert_int_equal(vpci_bar_base(row(VF0), 3U), ROOM + 0xC000U);
    room(1U, 0U, ROOM + 0x8000U, SIZE);             /* the second one lies before it */
    room(1U, 1U, ROOM, SIZE);
    fake_put(CARD, CONTROL, 4U, 0U, 0x1FU);
    assert_int_equal(scan(), STATUS_OK);
    assert_int_equal(vpci_bar_base(row(VF0), 0U), ROOM + 0x8000U);
    assert_int_equal(vpci_bar_base(row(VF0), 3U), ROOM);
}

static void refused(const char *why)
{
    assert_int_equal(scan(), STATUS_DENIED);
    assert_non_null(strstr(log_before, why));
    assert_non_null(strstr(log_last, "it does not exist"));
    assert_int_equal(hw_pci_read(CARD, CONTROL, 2U), 0U);
}

/* REQ-ISO-093 */
static void without_room_for_its_registers_the_machine_does_not_start(void **state)
{
    (void)state;
    room(1U, 0U, ROOM, SIZE);
    refused("At fault is register 0x24");
    fake_put(CARD, BAR(3U), 4U, 0x00000000U, 0xFFFFC000U); /* a BAR of 32 bits, and room beyond */
    fake_put(CARD, BAR(4U), 4U, 0U, 0U);
    room(1U, 1U, 0x100000000U, SIZE);
    refused("At fault is register 0x24");
    partition.table.vm[1].range[1] = partition.table.vm[1].range[0];
    partition.table.vm[1].range_count = 200U;
    refused("At fault is register 0x24");
    room(1U, 1U, ROOM + SIZE, SIZE);
    assert_int_equal(scan(), STATUS_OK);
}

/* REQ-ISO-093 */
static void one_that_does_not_answer_is_refused(void **state)
{
    (void)state;
    fake_bus_find(VF0)->present = false;
    refused("do not answer");
    partition.table.vm[1].pci_count = 3U;
    partition.table.vm[1].pci[2] = VF1;
    room(1U, 0U, ROOM, 4U * SIZE);
    refused("do not answer");
}

/* REQ-ISO-093 */
static void places_that_lead_elsewhere_are_no_virtual_functions(void **state)
{
    (void)state;
    room(1U, 0U, ROOM, 0x100000U);
    fake_put(CARD, FIRST, 4U, 0x00000080U, 0U);     /* all in one place */
    refused("At fault is register 0x14");
    fake_put(CARD, FIRST, 4U, 0x00020082U, 0U);
    fake_put(CARD, NUMBER, 4U, 0U, 0xFFFFU);
    assert_int_equal(scan(), STATUS_DENIED);        /* it is none of this card's */
    assert_int_equal(hw_pci_read(CARD, NUMBER, 2U), 0U);
    fake_put(VF0, 0U, 4U, 0x10001AF4U, 0U);         /* a function like others is there */
    fake_put(CARD, FIRST, 4U, 0x00020080U, 0U);
    fake_put(CARD, NUMBER, 4U, 0U, 0xFFFFU);
    assert_int_equal(scan(), STATUS_OK);
    assert_true(row(VF0)->physical == 0U);
    assert_int_equal(hw_pci_read(CARD, NUMBER, 2U), 0U);
    fake_put(VF0, 0U, 4U, ALL_ONES, 0U);
    fake_put(CARD, SRIOV + 0x0CU, 4U, 0U, 0U);      /* the card has none */
    assert_int_equal(scan(), STATUS_DENIED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_function_that_the_table_names_is_switched_on_for_its_vm, with_card),
        cmocka_unit_test_setup(the_service_vm_sees_that_there_is_one_and_no_more, with_card),
        cmocka_unit_test_setup(the_service_vm_cannot_end_or_move_it, with_card),
        cmocka_unit_test_setup(its_registers_can_be_sized_in_the_card, with_card),
        cmocka_unit_test_setup(two_of_a_card_may_be_two_vms, with_card),
        cmocka_unit_test_setup(bars_find_the_lowest_place_that_fits, with_card),
        cmocka_unit_test_setup(without_room_for_its_registers_the_machine_does_not_start, with_card),
        cmocka_unit_test_setup(one_that_does_not_answer_is_refused, with_card),
        cmocka_unit_test_setup(places_that_lead_elsewhere_are_no_virtual_functions, with_card),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
