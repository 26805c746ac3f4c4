/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: all */
/* Interrupt messages through the IOMMU: whose entries they raise, with a unit that remembers whatever it is not told to forget. */
#include "iommu_machine.h"

#include "core/iommu_irte.h"
#include "devices/vpci.h"
#include "devices/vpci_function.h"

#define SOURCE    (VECTOR_IRQ_BASE + IOAPIC_PINS + 3U)
#define FIRST     IOMMU_REMAP_SHARED /* of the RTVM's function */
#define NEIGHBOUR (FIRST + 512U)     /* of the function of the exclusive VM behind it */

static bool raises(uint16_t bdf, uint32_t index, uint32_t vector, pcpu_id_t pcpu)
{
    struct fake_iommu_irq irq = { .vector = 0U };
    return fake_iommu_message(bdf, iommu_remap_address(index), 0U, &irq) && (irq.vector == vector) && (irq.apic_id == platform.apic_id[pcpu]);
}

static void set(uint32_t index, uint16_t bdf, pcpu_id_t pcpu, uint32_t vector)
{
    iommu_irq_set(index, bdf, pcpu, vector, false);
    iommu_irq_settle();
}

static bool blocked(uint16_t bdf, uint64_t address, uint32_t data, uint32_t reason)
{
    struct fake_iommu_irq irq;
    struct iommu_fault fault = { .bdf = 0U };
    return !fake_iommu_message(bdf, address, data, &irq) && hw_iommu_fault_next(&fault) && (fault.bdf == bdf) && (fault.reason == reason) && fault.interrupt;
}

/* REQ-ISO-041 REQ-ISO-101 */
static void a_message_raises_what_its_entry_says_and_only_for_its_function(void **state)
{
    (void)state;
    for (uint32_t index = 0U; index < IOMMU_REMAP_ENTRIES; index++) {
        assert_true(blocked(DISK, iommu_remap_address(index), 0U, 0x22U));
    }
    assert_true(blocked(DISK, 0xFEE00000U, 0x40U, 0x25U)); /* it says itself where it goes */
    assert_true(blocked(DISK, iommu_remap_address(IOMMU_REMAP_ENTRIES), 0U, 0x21U));
    set(SOURCE, DISK, 1U, 0x51U);
    assert_true(raises(DISK, SOURCE, 0x51U, 1U));
    assert_true(blocked(NIC, iommu_remap_address(SOURCE), 0U, 0x26U));
    assert_true(blocked(DISK, iommu_remap_address(SOURCE + 1U), 0U, 0x22U));
    set(SOURCE, DISK, 0U, 0x52U);
    assert_true(raises(DISK, SOURCE, 0x52U, 0U));
    assert_true(iommu_remap_set(SOURCE, NIC, 0U, 0x52U, false)); /* another function, everything else the same */
    assert_true(iommu_remap_set(SOURCE, DISK, 0U, 0x52U, false));
    const uint32_t flushes = fake_iommu_irq_flushes;
    set(SOURCE, DISK, 0U, 0x52U);
    assert_int_equal(fake_iommu_irq_flushes, flushes); /* nobody waits when nothing changes */
    iommu_irq_set(SOURCE, DISK, 0U, 0U, false);
    assert_true(raises(DISK, SOURCE, 0x52U, 0U)); /* the unit remembers, until the core goes on */
    (void)core_next(0U);
    assert_true(blocked(DISK, iommu_remap_address(SOURCE), 0U, 0x22U));
    const uint32_t settled = fake_iommu_irq_flushes;
    (void)core_next(0U);
    assert_int_equal(fake_iommu_irq_flushes, settled); /* once */
}

/* REQ-ISO-041 */
static void entries_of_several_functions_are_forgotten_together(void **state)
{
    (void)state;
    for (uint32_t n = 0U; n < 2U; n++) { /* of one function, of two */
        set(SOURCE, DISK, 1U, 0x51U);
        set(SOURCE + 1U, (uint16_t)(DISK + n), 1U, 0x52U);
        assert_true(raises(DISK, SOURCE, 0x51U, 1U));
        assert_true(raises((uint16_t)(DISK + n), SOURCE + 1U, 0x52U, 1U));
        iommu_irq_set(SOURCE, DISK, 0U, 0U, false);
        iommu_irq_set(SOURCE + 1U, (uint16_t)(DISK + n), 0U, 0U, false);
        iommu_irq_settle();
        assert_true(blocked(DISK, iommu_remap_address(SOURCE), 0U, 0x22U));
        assert_true(blocked((uint16_t)(DISK + n), iommu_remap_address(SOURCE + 1U), 0U, 0x22U));
    }
}

/* REQ-ISO-041 */
static void a_level_is_one_in_its_entry(void **state)
{
    struct fake_iommu_irq irq = { .level = false };
    (void)state;
    iommu_irq_settle(); /* nothing to do */
    iommu_irq_set(VECTOR_IRQ_BASE + 9U, IOAPIC, 0U, VECTOR_IRQ_BASE + 9U, true);
    assert_true(fake_iommu_message(IOAPIC, iommu_remap_address(VECTOR_IRQ_BASE + 9U), 0U, &irq));
    assert_true(irq.level);
    assert_int_equal(irq.vector, VECTOR_IRQ_BASE + 9U);
}

/* REQ-ISO-041 */
static void what_is_no_vector_of_a_shared_core_is_blocked(void **state)
{
    static const uint32_t vectors[] = { 0U, 2U, VECTOR_IRQ_BASE - 1U, VECTOR_IRQ_LAST + 1U, 0x151U };
    (void)state;
    for (uint32_t i = 0U; i < 5U; i++) {
        set(SOURCE, DISK, 0U, 0x51U);
        assert_true(raises(DISK, SOURCE, 0x51U, 0U));
        set(SOURCE, DISK, 0U, vectors[i]);
        assert_true(blocked(DISK, iommu_remap_address(SOURCE), 0U, 0x22U));
    }
    set(SOURCE, DISK, 0U, VECTOR_IRQ_BASE);
    assert_true(raises(DISK, SOURCE, VECTOR_IRQ_BASE, 0U));
    set(SOURCE, DISK, 2U, 0x51U); /* the RTVM's core */
    assert_true(blocked(DISK, iommu_remap_address(SOURCE), 0U, 0x22U));
    set(SOURCE, DISK, 1U, VECTOR_IRQ_LAST);
    assert_true(raises(DISK, SOURCE, VECTOR_IRQ_LAST, 1U));
    set(SOURCE, DISK, MAX_PCPU, 0x51U);
    assert_true(blocked(DISK, iommu_remap_address(SOURCE), 0U, 0x22U));
    set(IOMMU_REMAP_ENTRIES, DISK, 0U, 0x51U); /* no such entry */
    assert_int_equal(fake_halts, 0);
}

/* REQ-ISO-041 */
static void a_function_of_an_exclusive_vm_raises_all_vectors_on_its_cores_and_no_other(void **state)
{
    (void)state;
    vpci_function[0] = (struct vpci_function){ .bdf = NIC, .owner = RTVM };
    vpci_function[1] = (struct vpci_function){ .bdf = DISK, .owner = VM_SERVICE };
    vpci_function_count = 2U;
    assert_int_equal(iommu_remap_first(RTVM, NIC), FIRST);
    vpci_dma_open(VM_SERVICE);
    assert_true(blocked(NIC, iommu_remap_address(FIRST + 0x40U), 0U, 0x22U));
    vpci_dma_open(RTVM);
    for (uint32_t vcpu = 0U; vcpu < 2U; vcpu++) {
        for (uint32_t vector = 0U; vector < 256U; vector++) {
            const uint32_t index = FIRST + (256U * vcpu) + vector;
            if (vector >= 16U) {
                assert_true(raises(NIC, index, vector, 2U + vcpu));
                assert_true(blocked(DISK, iommu_remap_address(index), 0U, 0x26U));
            } else {
                assert_true(blocked(NIC, iommu_remap_address(index), 0U, 0x22U));
            }
        }
    }
    for (uint32_t index = 0U; index < IOMMU_REMAP_ENTRIES; index++) {
        if ((index < FIRST) || (index >= (FIRST + 512U))) {
            assert_true(blocked(NIC, iommu_remap_address(index), 0U, 0x22U));
        }
    }
    vpci_function_count = 0U;
}

/* REQ-ISO-041 */
static void an_entry_of_a_block_is_for_a_core_and_a_function_of_one_exclusive_vm(void **state)
{
    static const struct { uint16_t bdf; pcpu_id_t pcpu; uint32_t vector; } others[] = {
        { NIC, 0U, 0x40U }, { NIC, 4U, 0x40U }, { DISK, 2U, 0x40U }, { NIC, 2U, 0x41U }, { 0U, 2U, 0x40U }, { NIC, 2U, 0x140U } };
    (void)state;
    set(FIRST + 0x40U, NIC, 3U, 0x40U);
    assert_true(raises(NIC, FIRST + 0x40U, 0x40U, 3U));
    set(FIRST + 0xFU, NIC, 3U, 0xFU); /* an error for a local APIC */
    assert_true(blocked(NIC, iommu_remap_address(FIRST + 0xFU), 0U, 0x22U));
    for (uint32_t i = 0U; i < 6U; i++) {
        set(FIRST + 0x40U, others[i].bdf, others[i].pcpu, others[i].vector);
        assert_true(blocked(NIC, iommu_remap_address(FIRST + 0x40U), 0U, 0x22U));
    }
    partition.table.vm[RTVM].flags = 0U; /* its cores are shared */
    set(FIRST + 0x40U, NIC, 3U, 0x40U);
    assert_true(blocked(NIC, iommu_remap_address(FIRST + 0x40U), 0U, 0x22U));
    assert_int_equal(iommu_remap_first(RTVM, NIC), 0U);
    partition.table.vm[RTVM].flags = PART_VM_EXCLUSIVE;
    partition.table.vm_count = 1U; /* it is not in the table */
    set(FIRST + 0x40U, NIC, 3U, 0x40U);
    assert_true(blocked(NIC, iommu_remap_address(FIRST + 0x40U), 0U, 0x22U));
    assert_int_equal(iommu_remap_first(RTVM, NIC), 0U);
    partition.table.vm_count = 2U;
}

/* A second exclusive VM on cores 4 and 5, which has the disk. */
static void add_neighbour(void)
{
    partition.table.vm[2] = partition.table.vm[RTVM];
    partition.table.vm[2].pci[0] = DISK;
    partition.table.vm[2].pcpu[0] = 4U;
    partition.table.vm[2].pcpu[1] = 5U;
    partition.table.vm_count = 3U;
    assert_int_equal(iommu_remap_first(2U, DISK), NEIGHBOUR);
}

/* REQ-ISO-041 REQ-ISO-101 */
static void an_entry_of_a_block_is_for_the_vm_that_has_the_block(void **state)
{
    (void)state;
    add_neighbour();
    set(NEIGHBOUR + 0x40U, NIC, 2U, 0x40U);
    assert_true(blocked(NIC, iommu_remap_address(NEIGHBOUR + 0x40U), 0U, 0x22U));
    set(FIRST + 0x40U, DISK, 4U, 0x40U);
    assert_true(blocked(DISK, iommu_remap_address(FIRST + 0x40U), 0U, 0x22U));
    set(NEIGHBOUR + 0x40U, DISK, 4U, 0x40U);
    assert_true(raises(DISK, NEIGHBOUR + 0x40U, 0x40U, 4U));
    partition.table.vm_count = 2U;
}

/* REQ-ISO-041 */
static void functions_have_blocks_of_their_own_until_the_table_is_full(void **state)
{
    static const uint32_t vcpus_of[] = { 1U, 2U, 3U, 4U, 5U, 8U };
    static const uint32_t blocks[] = { 1U, 2U, 4U, 4U, 8U, 8U };
    (void)state;
    partition.table.vm[RTVM].pci_count = PART_MAX_PCI;
    for (uint32_t i = 0U; i < PART_MAX_PCI; i++) {
        partition.table.vm[RTVM].pci[i] = (uint16_t)(NIC + i);
    }
    for (uint32_t n = 0U; n < 6U; n++) {
        partition.table.vm[RTVM].vcpu_count = vcpus_of[n];
        for (uint32_t i = 0U; i < PART_MAX_PCI; i++) {
            const uint32_t first = FIRST + (256U * blocks[n] * i);
            assert_int_equal(iommu_remap_first(RTVM, (uint16_t)(NIC + i)), ((first + (256U * blocks[n])) <= IOMMU_REMAP_ENTRIES) ? first : 0U);
        }
    }
    assert_int_equal(iommu_remap_first(RTVM, NIC + PART_MAX_PCI), 0U);
    assert_int_equal(iommu_remap_first(VM_SERVICE, NIC), 0U);
    iommu_irq_open(RTVM, NIC + PART_MAX_PCI - 1U);
    log_flush();
    assert_non_null(strstr(fake_log(), "PCI function 0x2f: more functions and vCPUs"));
    partition.table.vm[2] = partition.table.vm[RTVM]; /* behind another VM's */
    partition.table.vm[RTVM].pci_count = 1U;
    partition.table.vm_count = 3U;
    assert_int_equal(iommu_remap_first(2U, NIC + 1U), FIRST + (256U * 8U * 2U));
    partition.table.vm[RTVM].vcpu_count = 2U;
    partition.table.vm_count = 2U;
}

/* REQ-ISO-041 */
static void a_table_that_claims_too_many_is_read_to_its_limits(void **state)
{
    (void)state;
    partition.table.vm[RTVM].vcpu_count = PART_MAX_VCPU + 1U;
    partition.table.vm[RTVM].pci_count = PART_MAX_PCI + 1U;
    iommu_irq_open(RTVM, NIC);
    assert_true(raises(NIC, FIRST + 0x40U, 0x40U, 2U));
    assert_true(blocked(NIC, iommu_remap_address(FIRST + (256U * PART_MAX_VCPU) + 0x40U), 0U, 0x22U));
    assert_int_equal(iommu_remap_first(RTVM, NIC + 1U), 0U);
    partition.table.vm[RTVM].vcpu_count = 2U;
    partition.table.vm[RTVM].pci_count = 1U;
}

/* REQ-ISO-041 */
static void units_of_eight_bits_reach_no_core_with_a_larger_id(void **state)
{
    (void)state;
    fake_iommu_wide = false;
    assert_int_equal(iommu_init(ROOT, ENTRIES, REMAP), STATUS_OK);
    set(SOURCE, DISK, 1U, 0x51U);
    assert_true(blocked(DISK, iommu_remap_address(SOURCE), 0U, 0x22U));
    platform.apic_id[1] = 255U;
    set(SOURCE, DISK, 1U, 0x51U);
    assert_true(raises(DISK, SOURCE, 0x51U, 1U));
    platform.apic_id[1] = 256U;
    set(SOURCE, DISK, 1U, 0x51U);
    assert_true(blocked(DISK, iommu_remap_address(SOURCE), 0U, 0x22U));
}

/* REQ-ISO-041 */
static void entries_go_out_to_memory_where_units_read_past_the_caches(void **state)
{
    (void)state;
    fake_iommu_snoops = false;
    assert_int_equal(iommu_init(ROOT, ENTRIES, REMAP), STATUS_OK);
    set(SOURCE, DISK, 1U, 0x51U);
    assert_int_equal(fake_iommu_written, REMAP + (16U * SOURCE));
    assert_int_equal(fake_iommu_written_size, 16U);
    assert_true(raises(DISK, SOURCE, 0x51U, 1U));
    iommu_irq_open(RTVM, NIC);
    assert_int_equal(fake_iommu_written, REMAP + (16U * (FIRST + 511U)));
    assert_true(raises(NIC, FIRST + 0xFFU, 0xFFU, 2U));
}

/* REQ-ISO-054 */
static void a_unit_that_forgets_no_entry_ends_the_shared_side(void **state)
{
    (void)state;
    fake_iommu_answers = false;
    iommu_irq_set(SOURCE, DISK, 1U, 0x51U, true);
    assert_int_equal(fake_halts, 0);
    (void)core_next(0U);
    assert_int_equal(fake_halts, 1);
}

static void where_interrupts_are_not_remapped_no_entry_is_set(void **state)
{
    (void)state;
    fake_iommu_remaps = false;
    assert_int_equal(iommu_init(ROOT, ENTRIES, REMAP), STATUS_OK);
    iommu_irq_set(SOURCE, DISK, 1U, 0x51U, true);
    iommu_irq_open(RTVM, NIC);
    assert_true(iommu_active);
    assert_false(iommu_remaps);
    assert_int_equal(fake_iommu_irq_flushes, 0U);
    for (uint32_t index = 0U; index < IOMMU_REMAP_ENTRIES; index++) {
        assert_int_equal(iommu_remap[index][0], 0U);
    }
    assert_int_equal(iommu_remap_data(5U), 0U);
    assert_true(iommu_irte_in_view(512U));
}

/* ---- AMD's units ---- */

static bool raises_amdvi(uint16_t bdf, uint32_t offset, uint32_t vector, pcpu_id_t pcpu)
{
    struct fake_iommu_irq irq = { .vector = 0U };
    return fake_iommu_message(bdf, iommu_remap_address(offset), iommu_remap_data(offset), &irq) && (irq.vector == vector) &&
           (irq.apic_id == platform.apic_id[pcpu]);
}

/* REQ-ISO-041 */
static void a_message_of_amds_raises_an_entry_of_shared_cores(void **state)
{
    (void)state;
    assert_true(blocked(DISK, 0xFEE00000U, SOURCE, 2U)); /* of nobody */
    assert_int_equal(iommu_give(DISK, VM_SERVICE), STATUS_OK);
    assert_int_equal(iommu_remap_address(SOURCE), 0xFEE00000U);
    for (uint32_t index = 0U; index < IOMMU_REMAP_SHARED; index++) {
        assert_true(blocked(DISK, 0xFEE00000U, index, 2U));
    }
    assert_true(blocked(DISK, 0xFEE00000U, IOMMU_REMAP_SHARED, 2U));          /* it would be an SMI */
    assert_true(blocked(DISK, 0xFEE00000U, 0x400U + SOURCE, 2U));             /* an NMI */
    iommu_irq_settle();
    set(SOURCE, DISK, 1U, 0x51U);
    assert_true(raises_amdvi(DISK, SOURCE, 0x51U, 1U));
    set(SOURCE, DISK, 1U, 0x52U);
    assert_true(raises_amdvi(DISK, SOURCE, 0x52U, 1U)); /* the same core */
    set(SOURCE, DISK, 1U, 0x51U);
    assert_true(raises_amdvi(DISK, SOURCE, 0x51U, 1U));
    set(IOMMU_REMAP_ENTRIES, DISK, 1U, 0x51U); /* no such entry */
    assert_false(iommu_remap_set(SOURCE, DISK, 1U, 0x51U, false)); /* the other kind's table stays blocked */
    assert_int_equal(iommu_remap[SOURCE][0], 0U);
    assert_true(blocked(NIC, 0xFEE00000U, SOURCE, 2U)); /* has no view */
    iommu_irq_set(SOURCE, DISK, 0U, 0U, false);
    assert_true(raises_amdvi(DISK, SOURCE, 0x51U, 1U)); /* the unit remembers, until the core goes on */
    (void)core_next(0U);
    assert_true(blocked(DISK, 0xFEE00000U, SOURCE, 2U));
    set(SOURCE, DISK, 2U, 0x51U); /* the RTVM's core */
    assert_true(blocked(DISK, 0xFEE00000U, SOURCE, 2U));
    assert_int_equal(iommu_give(DISK, IOMMU_NOBODY), STATUS_OK);
    set(SOURCE, DISK, 1U, 0x51U);
    assert_true(blocked(DISK, 0xFEE00000U, SOURCE, 2U));
    assert_int_equal(fake_halts, 0);
}

/* REQ-ISO-041 */
static void a_pin_of_amds_is_an_entry_of_its_vector(void **state)
{
    (void)state;
    iommu_irq_set(VECTOR_IRQ_BASE + 9U, SMBUS, 0U, VECTOR_IRQ_BASE + 9U, true);
    iommu_irq_settle();
    assert_true(raises_amdvi(SMBUS, VECTOR_IRQ_BASE + 9U, VECTOR_IRQ_BASE + 9U, 0U));
    assert_int_equal(iommu_irte_view(RTVM, SMBUS), iommu_irte_view(VM_SERVICE, DISK)); /* whoever has its function */
}

/* REQ-ISO-041 */
static void a_function_of_an_exclusive_vm_chooses_among_its_own_entries_on_amds(void **state)
{
    (void)state;
    vpci_function[0] = (struct vpci_function){ .bdf = NIC, .owner = RTVM };
    vpci_function_count = 1U;
    vpci_dma_open(RTVM);
    for (uint32_t offset = 0U; offset < 512U; offset++) {
        if ((offset % 256U) >= 16U) {
            assert_true(raises_amdvi(NIC, offset, offset % 256U, 2U + (offset / 256U)));
        } else {
            assert_true(blocked(NIC, 0xFEE00000U, offset, 2U));
        }
    }
    assert_true(iommu_irte_in_view(511U));
    assert_false(iommu_irte_in_view(512U));
    log_flush();
    assert_null(strstr(fake_log(), "first two vCPUs"));
    partition.table.vm[RTVM].vcpu_count = 3U; /* more than a message can tell apart */
    iommu_irq_open(RTVM, NIC);
    log_flush();
    assert_non_null(strstr(fake_log(), "PCI function 0x20: AMD-Vi: its messages reach the first two vCPUs"));
    partition.table.vm[RTVM].vcpu_count = 1U;
    assert_int_equal(iommu_give(NIC, IOMMU_NOBODY), STATUS_OK);
    assert_int_equal(iommu_give(NIC, RTVM), STATUS_OK);
    assert_true(raises_amdvi(NIC, 0x40U, 0x40U, 2U));
    assert_true(blocked(NIC, 0xFEE00000U, 0x140U, 1U)); /* beyond the one vCPU's */
    partition.table.vm[RTVM].vcpu_count = 2U;
    assert_int_equal(iommu_irte_view(RTVM, DISK), 1U); /* no function of it: none */
    vpci_function_count = 0U;
}

/* REQ-ISO-041 REQ-ISO-101 */
static void amds_entries_are_for_the_vm_whose_functions_choose_among_them(void **state)
{
    (void)state;
    add_neighbour();
    assert_int_equal(iommu_give(NIC, RTVM), STATUS_OK);
    assert_int_equal(iommu_give(DISK, 2U), STATUS_OK);
    set(FIRST + 0x40U, DISK, 4U, 0x40U);
    assert_true(blocked(NIC, 0xFEE00000U, 0x40U, 2U));
    set(NEIGHBOUR + 0x40U, NIC, 2U, 0x40U);
    assert_true(blocked(DISK, 0xFEE00000U, 0x40U, 2U));
    set(FIRST + 0x40U, NIC, 2U, 0x40U);
    set(NEIGHBOUR + 0x40U, DISK, 4U, 0x40U);
    assert_true(raises_amdvi(NIC, 0x40U, 0x40U, 2U));
    assert_true(raises_amdvi(DISK, 0x40U, 0x40U, 4U));
    partition.table.vm_count = 2U;
}

/* REQ-ISO-041 */
static void amds_entries_of_nobody_are_blocked_at_first_or_pass_where_nothing_is_remapped(void **state)
{
    (void)state;
    assert_int_equal(iommu_entry[0][(4U * DISK) + 2U], 1U);
    iommu_table_irqs(FAR_AWAY, 5U); /* has no entry */
    fake_iommu_remaps = false;
    assert_int_equal(iommu_init(ROOT, ENTRIES, REMAP), STATUS_OK);
    assert_int_equal(iommu_entry[0][(4U * DISK) + 2U], 0U);
    assert_int_equal(iommu_give(DISK, VM_SERVICE), STATUS_OK);
    assert_int_equal(iommu_entry[0][(4U * DISK) + 2U], 0U);
    iommu_format = IOMMU_FORMAT_VTD;
    iommu_table_irqs(DISK, 5U); /* has no such word */
    assert_int_equal(iommu_entry[0][(4U * DISK) + 2U], 0U);
    iommu_format = IOMMU_FORMAT_AMDVI;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_message_raises_what_its_entry_says_and_only_for_its_function, boot),
        cmocka_unit_test_setup(entries_of_several_functions_are_forgotten_together, boot),
        cmocka_unit_test_setup(a_level_is_one_in_its_entry, boot),
        cmocka_unit_test_setup(what_is_no_vector_of_a_shared_core_is_blocked, boot),
        cmocka_unit_test_setup(a_function_of_an_exclusive_vm_raises_all_vectors_on_its_cores_and_no_other, boot),
        cmocka_unit_test_setup(an_entry_of_a_block_is_for_a_core_and_a_function_of_one_exclusive_vm, boot),
        cmocka_unit_test_setup(an_entry_of_a_block_is_for_the_vm_that_has_the_block, boot),
        cmocka_unit_test_setup(functions_have_blocks_of_their_own_until_the_table_is_full, boot),
        cmocka_unit_test_setup(a_table_that_claims_too_many_is_read_to_its_limits, boot),
        cmocka_unit_test_setup(units_of_eight_bits_reach_no_core_with_a_larger_id, boot),
        cmocka_unit_test_setup(entries_go_out_to_memory_where_units_read_past_the_caches, boot),
        cmocka_unit_test_setup(a_unit_that_forgets_no_entry_ends_the_shared_side, boot),
        cmocka_unit_test_setup(where_interrupts_are_not_remapped_no_entry_is_set, boot),
        cmocka_unit_test_setup_teardown(a_message_of_amds_raises_an_entry_of_shared_cores, boot_amdvi, as_usual),
        cmocka_unit_test_setup_teardown(a_pin_of_amds_is_an_entry_of_its_vector, boot_amdvi, as_usual),
        cmocka_unit_test_setup_teardown(a_function_of_an_exclusive_vm_chooses_among_its_own_entries_on_amds, boot_amdvi, as_usual),
        cmocka_unit_test_setup_teardown(amds_entries_are_for_the_vm_whose_functions_choose_among_them, boot_amdvi, as_usual),
        cmocka_unit_test_setup_teardown(amds_entries_of_nobody_are_blocked_at_first_or_pass_where_nothing_is_remapped, boot_amdvi, as_usual),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
