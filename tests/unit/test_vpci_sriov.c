/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/irq.c devices/vpci.c devices/vpci_scan.c devices/vpci_stop.c core/irq_exclusive.c devices/vpci_bars.c devices/vpci_bridge.c devices/vpci_given.c devices/vpci_given_bus.c devices/vpci_group.c devices/vpci_message.c devices/vpci_header.c devices/vpci_msi.c
     devices/vpci_msix.c devices/vpci_hv.c devices/vpci_lent_map.c devices/vpci_sriov.c devices/vpci_sriov_boot.c fake/pci.c */
/* A card with virtual functions, as a driver of the Service VM switches them on and off: which of its writes reach the hardware, and when. */
#include "sriov_machine.h"

#define TOTAL     (SRIOV + 0x0EU)
#define STRIDE    (SRIOV + 0x16U)
#define REGISTERS (FAKE_MMIO + 0x10000U) /* BAR 0 of the virtual functions, 16 KiB each */
#define TABLES    (FAKE_MMIO + 0x18000U) /* BAR 3: the table at 0, the pending bits at 0x2000 */

static void disappear(uint16_t bdf)
{
    struct fake_bus_function *f = fake_bus_find(bdf);
    if (f != NULL) {
        f->present = false;
    }
}

static void rescan(void)
{
    irq_init();
    assert_int_equal(vpci_scan(), STATUS_OK);
    call_count = 0U;
    shootdowns = 0U;
    log_lines = 0U;
}

static int with_card(void **state)
{
    (void)setup(state);
    iommu_active = true;
    card_add();
    rescan();
    return 0;
}

static void place(void)
{
    wr(CARD, BAR(0U), 4U, REGISTERS);
    wr(CARD, BAR(1U), 4U, 0U);
    wr(CARD, BAR(3U), 4U, TABLES);
    wr(CARD, BAR(4U), 4U, 0U);
}

static void enable(uint32_t number)
{
    wr(CARD, NUMBER, 2U, number);
    wr(CARD, CONTROL, 2U, ON);
}

static bool enabled(void)
{
    return (hw_pci_read(CARD, CONTROL, 2U) & 1U) != 0U;
}

/* Two of them, ready. */
static void two(void)
{
    place();
    enable(2U);
    assert_true(enabled());
    appear(VF0);
    appear(VF1);
    assert_int_equal(rd(VF0, 0U, 4U), VF_ID);
    assert_int_equal(rd(VF1, 0U, 4U), VF_ID);
}

static void off(void)
{
    wr(CARD, CONTROL, 2U, 0U);
    disappear(VF0);
    disappear(VF1);
}

/* Nothing of an attempt is left, and nothing is switched on. */
static void refused(void)
{
    wr(CARD, CONTROL, 2U, ON);
    assert_false(enabled());
    for (uint32_t i = 0U; i < vpci_function_count; i++) {
        assert_true((vpci_function[i].physical == 0U) || (vpci_function[i].physical == PCI_SLOT_FREE));
    }
}

/* REQ-ISO-090 */
static void a_function_is_its_vms_for_dma_before_it_exists(void **state)
{
    (void)state;
    place();
    enable(2U);
    assert_int_equal(hw_pci_read(CARD, CONTROL, 2U), ON);
    assert_int_equal(call_count, 2U);
    for (uint32_t i = 0U; i < 2U; i++) {
        assert_int_equal(calls[i].kind, GAVE);
        assert_int_equal(calls[i].what, (i == 0U) ? VF0 : VF1);
        assert_int_equal(calls[i].who_or_size, VM_SERVICE);
        assert_int_equal(calls[i].control & 1U, 0U);
    }
}

/* REQ-INT-192 */
static void a_function_answers_nothing_until_it_is_ready(void **state)
{
    (void)state;
    place();
    enable(2U);
    appear(VF0);
    fake_put(VF0, 8U, 4U, ALL_ONES, 0U);    /* as it reads while it resets itself */
    wr(VF0, 0x70U, 4U, 0x80000000U);
    assert_int_equal(rd(VF0, 0U, 4U), ALL_ONES);
    assert_int_equal(hw_pci_read(VF0, 0x70U, 4U) & 0x80000000U, 0U);
    fake_put(VF0, 8U, 4U, 0x02000000U, 0U);
    assert_int_equal(rd(VF0, 0U, 4U), VF_ID);
    assert_int_equal(rd(VF0, 2U, 2U), 0x10CAU);
    assert_int_equal(rd(VF1, 0U, 4U), ALL_ONES); /* the hardware does not answer there yet */
    appear(VF1);
    assert_int_equal(rd(VF1, 0U, 4U), VF_ID);
    assert_int_equal(rd(VF1, 0xBU, 1U), 2U);
    assert_int_equal(rd(VF0 + 1U, 0U, 4U), ALL_ONES);
}

/* REQ-INT-192 */
static void a_functions_bars_read_as_nothing_and_are_known(void **state)
{
    (void)state;
    two();
    for (uint32_t bar = 0U; bar < 6U; bar++) {
        wr(VF1, 0x10U + (4U * bar), 4U, ALL_ONES);
        assert_int_equal(rd(VF1, 0x10U + (4U * bar), 4U), 0U);
    }
    for (uint32_t i = 0U; i < vpci_function_count; i++) {
        if (vpci_function[i].bdf == VF1) {
            assert_int_equal(vpci_bar_base(&vpci_function[i], 0U), REGISTERS + 0x4000U);
            assert_int_equal(vpci_bar_base(&vpci_function[i], 3U), TABLES + 0x4000U);
            assert_int_equal(vpci_bar_size(&vpci_function[i], 3U), 0x4000U);
            assert_int_equal(vpci_function[i].owner, VM_SERVICE);
            assert_true(vpci_function[i].walled);
            assert_int_equal(vpci_function[i].group, i); /* nothing above them mixes them */
        }
    }
    assert_int_equal(hw_pci_read(VF0, 0x106U, 2U), 0x1DU); /* access control is on, */
    wr(VF0, 0x106U, 2U, 0U);
    assert_int_equal(hw_pci_read(VF0, 0x106U, 2U), 0x1DU); /* and hidden */
}

/* REQ-INT-192 */
static void a_functions_messages_are_virtual(void **state)
{
    (void)state;
    two();
    assert_int_equal(calls[2].kind, UNMAPPED);
    assert_int_equal(calls[2].what, TABLES);
    assert_int_equal(calls[2].who_or_size, PAGE_SIZE);
    assert_int_equal(shootdowns, 2U);
    assert_true(vpci_mmio_claims(VM_SERVICE, TABLES + 0x4000U));
    assert_false(vpci_mmio_claims(VM_SERVICE, REGISTERS));
    vpci_mmio_write(VM_SERVICE, TABLES + 0x4000U, 4U, 0xFEE00000U);
    vpci_mmio_write(VM_SERVICE, TABLES + 0x4008U, 4U, 0x55U);
    vpci_mmio_write(VM_SERVICE, TABLES + 0x400CU, 4U, 0U);
    wr(VF1, 0x72U, 2U, 0x8000U);
    assert_int_equal(vpci_mmio_read(VM_SERVICE, TABLES + 0x4008U, 4U), 0x55U);
    assert_int_not_equal(hw32(TABLES + 0x4008U), 0x55U); /* the hypervisor's vector */
    assert_int_equal(hw32(TABLES + 0x400CU), 0U);
    assert_int_equal(hw32(TABLES + 0x401CU), 1U);
    assert_int_equal(hw_pci_read(VF1, 4U, 2U), 0U);
    assert_int_not_equal(hw_pci_read(VF1, 0x72U, 2U) & 0x8000U, 0U);
}

/* REQ-ISO-090 REQ-LIF-090 */
static void switched_off_they_are_gone_and_nobodys(void **state)
{
    (void)state;
    two();
    call_count = 0U;
    shootdowns = 0U;
    wr(CARD, CONTROL, 2U, 0U);
    assert_int_equal(call_count, 4U);
    for (uint32_t i = 0U; i < call_count; i++) {
        assert_int_equal(calls[i].control & 1U, 0U); /* in hardware first */
    }
    assert_int_equal(calls[0].kind, MAPPED);
    assert_int_equal(calls[0].what, TABLES);
    assert_int_equal(calls[1].kind, GAVE);
    assert_int_equal(calls[1].who_or_size, IOMMU_NOBODY);
    assert_int_equal(shootdowns, 1U);
    assert_int_equal(rd(VF0, 0U, 4U), ALL_ONES);
    assert_false(vpci_mmio_claims(VM_SERVICE, TABLES));
}

/* REQ-LIF-090 */
static void switching_on_and_off_a_thousand_times_uses_nothing_up(void **state)
{
    (void)state;
    two();
    const uint32_t functions = vpci_function_count;
    uint32_t first = 0U;
    for (uint32_t n = 0U; n < 1000U; n++) {
        off();
        two();
        wr(VF1, 0x72U, 2U, 0x8000U);
        for (uint32_t i = 0U; i < vpci_function_count; i++) {
            if (vpci_function[i].bdf == VF1) {
                first = vpci_function[i].msix.first;
            }
        }
        assert_true(first <= (ENTRIES + VF_ENTRIES));
        assert_int_equal(vpci_function_count, functions);
    }
    assert_int_equal(log_lines, 0U);
}

/* REQ-INT-190 */
static void a_number_beyond_what_the_card_has_is_refused(void **state)
{
    (void)state;
    place();
    wr(CARD, NUMBER, 2U, 9U);
    assert_int_equal(rd(CARD, NUMBER, 2U), 0U);
    refused();                              /* none at all */
    wr(CARD, NUMBER, 2U, 8U);
    assert_int_equal(rd(CARD, NUMBER, 2U), 8U);
    assert_int_equal(call_count, 0U);
}

/* REQ-INT-190 */
static void while_they_are_on_nothing_of_them_changes(void **state)
{
    (void)state;
    two();
    call_count = 0U;
    wr(CARD, NUMBER, 2U, 1U);
    wr(CARD, BAR(0U), 4U, 0x80000000U);
    wr(CARD, CONTROL, 2U, ON | 0x16U);
    assert_int_equal(rd(CARD, NUMBER, 2U), 2U);
    assert_int_equal(rd(CARD, BAR(0U), 4U) & ~15U, REGISTERS);
    assert_int_equal(rd(CARD, CONTROL, 2U), ON);
    wr(CARD, CONTROL + 1U, 1U, 0U);         /* the other half of the register */
    assert_true(enabled());
    assert_int_equal(call_count, 0U);
}

/* REQ-INT-190 */
static void migration_and_other_pages_are_not_offered(void **state)
{
    (void)state;
    wr(CARD, CONTROL, 2U, 0x16U);
    assert_int_equal(hw_pci_read(CARD, CONTROL, 2U), 0x10U); /* only the hierarchy's way to count */
    wr(CARD, PAGES, 4U, 2U);
    assert_int_equal(rd(CARD, PAGES, 4U), 1U);
    wr(CARD, PAGES, 4U, 1U);
    wr(CARD, SRIOV + 0x3CU, 4U, 5U);
    wr(CARD, SRIOV + 0x04U, 4U, 5U);
    assert_int_equal(rd(CARD, SRIOV + 0x04U, 4U), 2U);
    assert_int_equal(rd(CARD, SRIOV, 4U), 0x00010010U);
    fake_put(CARD, PAGES, 4U, 2U, 0x553U);  /* the firmware's choice does not stay */
    place();
    enable(1U);
    assert_int_equal(hw_pci_read(CARD, PAGES, 4U), 1U);
}

/* REQ-INT-191 */
static void bars_that_are_not_placed_are_refused(void **state)
{
    (void)state;
    wr(CARD, NUMBER, 2U, 2U);
    refused();
    wr(CARD, BAR(0U), 4U, REGISTERS);
    refused();
    fake_put(CARD, BAR(5U), 4U, 0x1001U, 0xFFFC0000U); /* ports, which there are none of */
    place();
    refused();
    assert_int_equal(call_count, 0U);
}

/* REQ-INT-191 */
static void bars_over_what_is_not_the_service_vms_device_memory_are_refused(void **state)
{
    (void)state;
    place();
    wr(CARD, NUMBER, 2U, 2U);
    wr(CARD, BAR(0U), 4U, 0x10000000U);     /* RAM */
    refused();
    wr(CARD, BAR(0U), 4U, 0xB0000000U);     /* the configuration window */
    refused();
    wr(CARD, BAR(0U), 4U, 0xFEE00000U);     /* messages */
    refused();
    wr(CARD, BAR(0U), 4U, FAKE_MMIO);       /* another card */
    refused();
    wr(CARD, BAR(0U), 4U, 0x00000000U);     /* and its other one, above 4 GiB */
    wr(CARD, BAR(1U), 4U, 0x38U);
    refused();
    wr(CARD, BAR(1U), 4U, 0U);
    wr(CARD, BAR(0U), 4U, TABLES - 0x4000U);/* the second one's registers where the first one's table is */
    refused();
    wr(CARD, BAR(0U), 4U, TABLES);          /* its own tables */
    refused();
    fake_put(CARD, BAR(0U), 4U, REGISTERS | 0xCU, 0U); /* more than there are addresses */
    fake_put(CARD, BAR(1U), 4U, 0U, 0x80000000U);
    refused();
    for (uint32_t i = 0U; i < call_count; i++) { /* who got an entry has none in the end */
        assert_int_equal(calls[i].kind, GAVE);
        assert_true((calls[i].what != VF0) || (calls[i].who_or_size == IOMMU_NOBODY) || (calls[i + 1U].who_or_size == IOMMU_NOBODY));
    }
}

/* REQ-INT-190 */
static void places_that_are_taken_or_not_reached_are_refused(void **state)
{
    (void)state;
    place();
    wr(CARD, NUMBER, 2U, 2U);
    fake_put(CARD, FIRST, 4U, 0x000000C8U, 0U);  /* the ISA bridge's place */
    refused();
    fake_put(CARD, FIRST, 4U, 0x000000C0U, 0U);  /* the hypervisor's device */
    refused();
    fake_put(CARD, FIRST, 4U, 0x00000080U, 0U);  /* all at one place */
    refused();
    fake_put(CARD, FIRST, 4U, 0x000200D0U, 0U);  /* bus 1, which is behind the bridge */
    refused();
    fake_put(CARD, FIRST, 4U, 0x0002FFF0U, 0U);  /* no bus */
    refused();
    fake_put(CARD, FIRST, 4U, 0x00020080U, 0U);
    ivshmem_stub_at = VF1;                       /* a shared-memory device */
    refused();
    ivshmem_stub_at = 0U;
    give_fails = VF1;                            /* no unit, or no table */
    refused();
    give_fails = 0U;
    wr(CARD, CONTROL, 2U, ON);
    assert_true(enabled());
}

/* REQ-INT-190 */
static void no_more_functions_than_the_limit(void **state)
{
    (void)state;
    place();
    for (uint32_t bus = 2U; vpci_function_count < (MAX_PCI_FUNCTION - 1U); bus++) {
        for (uint32_t device = 0U; (device < 32U) && (vpci_function_count < (MAX_PCI_FUNCTION - 1U)); device++) {
            vpci_function[vpci_function_count] = (struct vpci_function){ .bdf = (uint16_t)((bus << 8U) | (device << 3U)), .owner = ID_NONE };
            vpci_function_count++;
        }
    }
    wr(CARD, NUMBER, 2U, 2U);
    refused();
    wr(CARD, NUMBER, 2U, 1U);
    wr(CARD, CONTROL, 2U, ON);
    assert_true(enabled());
    assert_int_equal(vpci_function_count, MAX_PCI_FUNCTION);
}

/* REQ-INT-190 */
static void without_an_iommu_they_are_as_other_functions(void **state)
{
    (void)state;
    iommu_active = false;
    give_fails = VF0;
    two();
    assert_int_equal(calls[0].kind, UNMAPPED);
}

/* REQ-LIF-090 */
static void after_a_reset_of_the_card_they_are_forgotten(void **state)
{
    (void)state;
    two();
    fake_put(CARD, CONTROL, 2U, 0U, 0x1FU);
    fake_put(CARD, NUMBER, 2U, 0U, 0xFFFFU);
    fake_put(CARD, BAR(0U), 4U, 0xCU, 0xFFFFC000U);
    disappear(VF0);
    disappear(VF1);
    call_count = 0U;
    wr(CARD, BAR(0U), 4U, REGISTERS);
    assert_int_equal(call_count, 4U);
    assert_int_equal(rd(CARD, BAR(0U), 4U) & ~15U, REGISTERS);
    two();
}

static uint32_t index_of(uint16_t bdf)
{
    uint32_t found = ID_NONE;
    for (uint32_t i = 0U; i < vpci_function_count; i++) {
        found = (vpci_function[i].bdf == bdf) ? i : found;
    }
    assert_true(found < MAX_PCI_FUNCTION);
    return found;
}

/* REQ-INT-190 */
static void one_that_is_lent_keeps_all_switched_on(void **state)
{
    (void)state;
    two();
    call_count = 0U;
    for (uint32_t n = 0U; n < 2U; n++) {
        vpci_function[index_of(VF1)].owner = (n == 0U) ? VM_FIRST_USER : ID_NONE; /* lent, or on its way */
        wr(CARD, CONTROL, 2U, 0U);
        assert_true(enabled());
        assert_int_equal(call_count, 0U);
    }
    assert_int_equal(rd(VF1, 0U, 4U), ALL_ONES);
    fake_put(CARD, CONTROL, 2U, 0U, 0x1FU);      /* nor is it forgotten */
    wr(CARD, CONTROL, 2U, ON);
    assert_false(enabled());
    assert_int_equal(call_count, 0U);
    vpci_function[index_of(VF1)].owner = VM_SERVICE;
    wr(CARD, CONTROL, 2U, ON);
    assert_true(enabled());
}

/* REQ-LIF-090 */
static void the_next_life_of_the_service_vm_begins_without_them(void **state)
{
    (void)state;
    two();
    call_count = 0U;
    vpci_reset();
    assert_false(enabled());
    assert_int_equal(call_count, 4U);
    vpci_reset();
    assert_int_equal(call_count, 4U);
}

/* REQ-INT-192 */
static void one_whose_table_cannot_be_hidden_stays_silent(void **state)
{
    (void)state;
    unmap_status = STATUS_NO_MEMORY;
    place();
    enable(1U);
    appear(VF0);
    assert_int_equal(rd(VF0, 0U, 4U), ALL_ONES);
    unmap_status = STATUS_OK;
    assert_int_equal(rd(VF0, 0U, 4U), ALL_ONES);
    off();
    two();
}

/* REQ-INT-192 */
static void one_without_usable_msix_has_none(void **state)
{
    (void)state;
    place();
    enable(2U);
    appear(VF0);
    appear(VF1);
    fake_put(VF0, 0x34U, 4U, 0xA0U, 0U);    /* no such capability */
    fake_put(VF1, 0x74U, 4U, 4U, 0U);       /* the table in the upper half of a BAR */
    assert_int_equal(rd(VF0, 0x34U, 1U), 0xA0U);
    assert_int_equal(rd(VF1, 0x70U, 1U), 0U);
    assert_int_equal(shootdowns, 0U);
    off();
    assert_int_equal(rd(VF0, 0U, 4U), ALL_ONES);
}

/* REQ-INT-192 */
static void message_entries_are_taken_where_there_is_room(void **state)
{
    (void)state;
    two();
    const uint32_t first = vpci_function[index_of(VF0)].msix.first;
    assert_int_equal(first, ENTRIES);       /* behind the network card's */
    assert_int_equal(vpci_function[index_of(VF1)].msix.first, ENTRIES + VF_ENTRIES);
    vpci_function[index_of(CARD)].msix = (struct vpci_msix){ .offset = 0x50U, .first = ENTRIES + VF_ENTRIES - 1U, .count = 2030U };
    off();
    place();
    enable(1U);
    appear(VF0);
    assert_int_equal(rd(VF0, 0x70U, 1U), 0x11U);
    assert_int_equal(vpci_function[index_of(VF0)].msix.first, ENTRIES + VF_ENTRIES - 1U + 2030U); /* the gap is one too small */
    off();
    vpci_function[index_of(CARD)].msix.first = ENTRIES + VF_ENTRIES;
    vpci_function[index_of(CARD) + 1U].msix = (struct vpci_msix){ .offset = 0x50U, .first = VPCI_MSIX_POOL - 7U, .count = 7U };
    enable(1U);
    appear(VF0);
    assert_int_equal(rd(VF0, 0x70U, 1U), 0x11U);
    assert_int_equal(vpci_function[index_of(VF0)].msix.first, ENTRIES); /* a gap that suffices, though the last entry is in use */
    vpci_function[index_of(CARD)].msix = (struct vpci_msix){ .offset = 0x50U, .first = 0U, .count = VPCI_MSIX_POOL }; /* no room, whatever is said */
    off();
    enable(1U);
    appear(VF0);
    assert_int_equal(rd(VF0, 0U, 4U), VF_ID);
    assert_int_equal(rd(VF0, 0x70U, 1U), 0U);
}

/* REQ-INT-192 */
static void two_cards_that_take_turns_use_nothing_up(void **state)
{
    (void)state;
    for (uint32_t i = 0U; i < 1000U; i++) { /* something of the other one is always in use, behind what this one has had */
        two();
        assert_true(vpci_function[index_of(VF1)].msix.first <= (ENTRIES + (3U * VF_ENTRIES)));
        vpci_function[index_of(CARD)].msix = (struct vpci_msix){ .offset = 0x50U, .first = vpci_function[index_of(VF1)].msix.first, .count = VF_ENTRIES };
        off();
    }
    vpci_function[index_of(CARD)].msix.offset = 0U;
}

static void behind_the_bridge(uint16_t bdf, uint32_t access_control)
{
    fake_put(BRIDGE, 0x100U, 4U, access_control, 0U);
    fake_put(BRIDGE, 0x18U, 4U, 0x00020100U, ALL_ONES);
    fake_add(bdf, 0x10C98086U, 0x0200U);
    capability(bdf, SRIOV);
    rescan();
    wr(bdf, BAR(0U), 4U, REGISTERS);
    wr(bdf, BAR(3U), 4U, TABLES);
    wr(bdf, NUMBER, 2U, 1U);
    wr(bdf, CONTROL, 2U, ON);
    assert_int_equal(rd(bdf, CONTROL, 2U), ON);
}

/* REQ-INT-051 */
static void what_a_bridge_does_not_keep_apart_is_one_group(void **state)
{
    (void)state;
    behind_the_bridge(0x0100U, 0x0001000DU);
    assert_int_equal(vpci_function[index_of(0x0180U)].group, index_of(0x0180U));
    wr(0x0100U, CONTROL, 2U, 0U);
    fake_bus_find(0x0100U)->present = false;
    behind_the_bridge(0x0100U, 0U);
    assert_int_equal(vpci_function[index_of(0x0180U)].group, vpci_function[index_of(0x0100U)].group);
    assert_int_equal(vpci_function[index_of(0x0180U)].group, vpci_function[index_of(BRIDGE)].group);
    assert_false(vpci_bridge_shared(&vpci_function[index_of(BRIDGE)])); /* silent as it is */
}

/* REQ-INT-050 */
static void a_slot_without_a_function_is_behind_no_bridge(void **state)
{
    (void)state;
    place();
    enable(2U);
    wr(CARD, CONTROL, 2U, 0U);
    for (uint32_t i = 0U; i < vpci_function_count; i++) {
        if (vpci_function[i].physical != PCI_SLOT_FREE) {
            vpci_function[i].owner = VM_SERVICE;
        }
    }
    fake_put(BRIDGE, 0x18U, 4U, 0U, ALL_ONES); /* nobody has given it buses */
    assert_false(vpci_bridge_shared(&vpci_function[index_of(BRIDGE)]));
}

/* REQ-INT-026 */
static void the_capability_stays_closed_where_it_is_not_the_service_vms(void **state)
{
    (void)state;
    capability(GIVEN, SRIOV);
    capability(HOST_BRIDGE, SRIOV);
    rescan();
    assert_int_equal(vpci_function[index_of(GIVEN)].sriov, 0U);
    assert_int_equal(vpci_function[index_of(HOST_BRIDGE)].sriov, 0U);
    vpci_given_write(1U, 8U, CONTROL, 2U, ON);
    wr(HOST_BRIDGE, CONTROL, 2U, ON);
    assert_int_equal(hw_pci_read(GIVEN, CONTROL, 2U), 0U);
    assert_int_equal(hw_pci_read(HOST_BRIDGE, CONTROL, 2U), 0U);
    place();
    enable(1U);
    appear(VF0);
    fake_put(VF0, 0x100U, 4U, 0U, 0U);
    capability(VF0, SRIOV);                 /* nonsense */
    assert_int_equal(rd(VF0, SRIOV, 2U), 0U);
    wr(VF0, CONTROL, 2U, ON);
    assert_int_equal(hw_pci_read(VF0, CONTROL, 2U), 0U);
}

/* REQ-INT-190 */
static void the_capability_ends_where_it_ends(void **state)
{
    (void)state;
    fake_put(CARD, SRIOV - 4U, 4U, 0U, ALL_ONES);
    fake_put(CARD, SRIOV + 0x40U, 4U, 0U, ALL_ONES);
    wr(CARD, SRIOV - 4U, 4U, 5U);
    wr(CARD, SRIOV + 0x40U, 4U, 6U);
    assert_int_equal(rd(CARD, SRIOV - 4U, 4U), 5U);
    assert_int_equal(rd(CARD, SRIOV + 0x40U, 4U), 6U);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_function_is_its_vms_for_dma_before_it_exists, with_card),
        cmocka_unit_test_setup(a_function_answers_nothing_until_it_is_ready, with_card),
        cmocka_unit_test_setup(a_functions_bars_read_as_nothing_and_are_known, with_card),
        cmocka_unit_test_setup(a_functions_messages_are_virtual, with_card),
        cmocka_unit_test_setup(switched_off_they_are_gone_and_nobodys, with_card),
        cmocka_unit_test_setup(switching_on_and_off_a_thousand_times_uses_nothing_up, with_card),
        cmocka_unit_test_setup(a_number_beyond_what_the_card_has_is_refused, with_card),
        cmocka_unit_test_setup(while_they_are_on_nothing_of_them_changes, with_card),
        cmocka_unit_test_setup(migration_and_other_pages_are_not_offered, with_card),
        cmocka_unit_test_setup(bars_that_are_not_placed_are_refused, with_card),
        cmocka_unit_test_setup(bars_over_what_is_not_the_service_vms_device_memory_are_refused, with_card),
        cmocka_unit_test_setup(places_that_are_taken_or_not_reached_are_refused, with_card),
        cmocka_unit_test_setup(no_more_functions_than_the_limit, with_card),
        cmocka_unit_test_setup(without_an_iommu_they_are_as_other_functions, with_card),
        cmocka_unit_test_setup(after_a_reset_of_the_card_they_are_forgotten, with_card),
        cmocka_unit_test_setup(one_that_is_lent_keeps_all_switched_on, with_card),
        cmocka_unit_test_setup(the_next_life_of_the_service_vm_begins_without_them, with_card),
        cmocka_unit_test_setup(one_whose_table_cannot_be_hidden_stays_silent, with_card),
        cmocka_unit_test_setup(one_without_usable_msix_has_none, with_card),
        cmocka_unit_test_setup(message_entries_are_taken_where_there_is_room, with_card),
        cmocka_unit_test_setup(what_a_bridge_does_not_keep_apart_is_one_group, with_card),
        cmocka_unit_test_setup(a_slot_without_a_function_is_behind_no_bridge, with_card),
        cmocka_unit_test_setup(the_capability_stays_closed_where_it_is_not_the_service_vms, with_card),
        cmocka_unit_test_setup(the_capability_ends_where_it_ends, with_card),
        cmocka_unit_test_setup(two_cards_that_take_turns_use_nothing_up, with_card),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
