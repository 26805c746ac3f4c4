/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/irq.c */
/* Physical interrupts of messages: sources, vectors, and what the hardware gets. */
#include "irq_machine.h"

/* REQ-INT-001 */
static void a_message_is_kept_and_the_hardware_gets_another(void **state)
{
    (void)state;
    uint32_t s;
    struct irq_msi_message m;

    assert_int_equal(irq_msi_alloc(VM_SERVICE, BDF, &s), STATUS_OK);
    m = irq_msi_update(s, 0xFEE01000U, 0x4123U, true);
    assert_true(m.enabled);
    assert_int_equal(core_of(&m), 1U);
    assert_true((m.data >= VECTOR_IRQ_BASE + IOAPIC_PINS) && (m.data <= VECTOR_IRQ_LAST));
    irq_arrived(1U, m.data);
    assert_int_equal(delivered, 1U);
    assert_int_equal(delivered_address, 0xFEE01000U);
    assert_int_equal(delivered_data, 0x4123U);
}

/* REQ-INT-005 */
static void addresses_that_are_no_message_stay_disabled(void **state)
{
    (void)state;
    static const uint64_t bad[] = { 0U, 0x1000U, 0xFED00000U, 0xFEF00000U, 0x1FEE00000U, 0xFFFFFFFFFFFFFFFCU };
    uint32_t s;

    assert_int_equal(irq_msi_alloc(VM_SERVICE, BDF, &s), STATUS_OK);
    for (size_t i = 0U; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct irq_msi_message m = irq_msi_update(s, bad[i], 0x30U, true);
        assert_false(m.enabled);
        assert_int_equal(m.address & ~0xFF000ULL, 0xFEE00000U);
    }
}

static void an_enabled_message_does_not_change_in_hardware(void **state)
{
    (void)state;
    uint32_t s;
    struct irq_msi_message first;
    struct irq_msi_message second;

    assert_int_equal(irq_msi_alloc(VM_SERVICE, BDF, &s), STATUS_OK);
    first = irq_msi_update(s, 0xFEE00000U, 0x31U, true);
    second = irq_msi_update(s, 0xFEE02000U, 0x32U, true);
    assert_int_equal(first.address, second.address);
    assert_int_equal(first.data, second.data);
    irq_arrived(core_of(&second), second.data);
    assert_int_equal(delivered_data, 0x32U);
}

/* REQ-INT-002 */
static void a_message_in_flight_survives_a_move(void **state)
{
    (void)state;
    uint32_t s;
    struct irq_msi_message old;
    struct irq_msi_message moved;

    assert_int_equal(irq_msi_alloc(VM_SERVICE, BDF, &s), STATUS_OK);
    old = irq_msi_update(s, 0xFEE00000U, 0x31U, true);
    (void)irq_msi_update(s, 0xFEE00000U, 0x31U, false);
    /* disabled, but sent before: still counts, with the last whole message */
    irq_arrived(core_of(&old), old.data);
    assert_int_equal(delivered, 1U);
    moved = irq_msi_update(s, 0xFEE02000U, 0x32U, true);
    assert_int_equal(core_of(&moved), 2U);
    irq_arrived(core_of(&old), old.data);
    assert_int_equal(delivered, 2U);
    assert_int_equal(delivered_data, 0x32U);
    assert_int_equal(irq_stray_count(), 0U);
    /* and back again: its old vector */
    (void)irq_msi_update(s, 0xFEE02000U, 0x32U, false);
    moved = irq_msi_update(s, 0xFEE00000U, 0x33U, true);
    assert_int_equal(moved.data, old.data);
}

/* REQ-INT-006 */
static void a_freed_source_is_a_stray_and_logged_once(void **state)
{
    (void)state;
    uint32_t s;
    struct irq_msi_message m;

    assert_int_equal(irq_msi_alloc(VM_SERVICE, BDF, &s), STATUS_OK);
    m = irq_msi_update(s, 0xFEE00000U, 0x31U, true);
    irq_msi_free(s);
    irq_arrived(0U, m.data);
    irq_arrived(0U, m.data);
    irq_arrived(0U, 0xE0U);
    irq_arrived(MAX_PCPU, m.data);
    irq_arrived(0U, VECTOR_IRQ_LAST); /* has never been a message's */
    assert_int_equal(delivered, 0U);
    assert_int_equal(irq_stray_count(), 5U);
    assert_int_equal(log_lines, 1U);
}

/* REQ-INT-002 */
static void sources_run_out_without_harm(void **state)
{
    (void)state;
    uint32_t s = 0U;
    uint32_t enabled = 0U;

    for (uint32_t i = 0U; i < MAX_MSI_SOURCE; i++) {
        assert_int_equal(irq_msi_alloc(VM_SERVICE, BDF, &s), STATUS_OK);
        enabled += irq_msi_update(s, 0xFEE00000U, 0x31U, true).enabled ? 1U : 0U;
    }
    assert_int_equal(enabled, MAX_MSI_SOURCE); /* what core 0 cannot take goes to core 1 */
    assert_int_equal(irq_msi_alloc(VM_SERVICE, BDF, &s), STATUS_NO_MEMORY);
    assert_int_equal(s, ID_NONE);
    assert_false(irq_msi_update(ID_NONE, 0xFEE00000U, 0x31U, true).enabled);
    irq_msi_free(ID_NONE);
}

/* REQ-INT-002 */
static void vectors_run_out_without_harm(void **state)
{
    (void)state;
    uint32_t s = 0U;
    uint32_t enabled = 0U;

    vms[VM_SERVICE].vcpu_count = 1U;
    for (uint32_t i = 0U; i < MAX_MSI_SOURCE; i++) {
        assert_int_equal(irq_msi_alloc(VM_SERVICE, BDF, &s), STATUS_OK);
        enabled += irq_msi_update(s, 0xFEE00000U, 0x31U, true).enabled ? 1U : 0U;
    }
    assert_int_equal(enabled, VECTOR_IRQ_LAST - (VECTOR_IRQ_BASE + IOAPIC_PINS) + 1U);
    assert_int_equal(log_lines, 1U);
}

/* REQ-INT-002 */
static void no_two_live_sources_share_a_vector(void **state)
{
    (void)state;
    static uint32_t owner[3][256];
    uint32_t source[64];

    for (uint32_t i = 0U; i < 64U; i++) {
        assert_int_equal(irq_msi_alloc(VM_SERVICE, BDF, &source[i]), STATUS_OK);
    }
    for (uint32_t round = 0U; round < 200U; round++) {
        memset(owner, 0xFF, sizeof(owner));
        for (uint32_t i = 0U; i < 64U; i++) {
            uint64_t address = 0xFEE00000U | (((i * 7U + round * 3U) % 3U) << 12U);
            (void)irq_msi_update(source[i], address, i, false);
            struct irq_msi_message m = irq_msi_update(source[i], address, i, true);
            assert_true(m.enabled);
            assert_int_equal(owner[core_of(&m)][m.data], 0xFFFFFFFFU);
            owner[core_of(&m)][m.data] = i;
            irq_arrived(core_of(&m), m.data);
            assert_int_equal(delivered_data, i);
        }
        irq_msi_free(source[round % 64U]);
        assert_int_equal(irq_msi_alloc(VM_SERVICE, BDF, &source[round % 64U]), STATUS_OK);
    }
}

/* REQ-INT-004 */
static void exclusive_vms_get_no_sources(void **state)
{
    (void)state;
    uint32_t s;

    vms[1].exclusive = true;
    assert_int_equal(irq_msi_alloc(1U, BDF, &s), STATUS_UNKNOWN);
    assert_int_equal(irq_msi_alloc(MAX_VM, BDF, &s), STATUS_UNKNOWN);
    assert_int_equal(s, ID_NONE);
    vms[1].exclusive = false;
    assert_int_equal(irq_msi_alloc(1U, BDF, &s), STATUS_OK);
}

static uint32_t source_on(pcpu_id_t core)
{
    uint32_t source = ID_NONE;
    assert_int_equal(irq_msi_alloc(VM_SERVICE, BDF, &source), STATUS_OK);
    assert_true(irq_msi_update(source, 0xFEE00000U | ((uint64_t)core << 12U), 0x40U, true).enabled);
    return source;
}

static uint32_t move(uint32_t source, pcpu_id_t core)
{
    uint64_t address = 0xFEE00000U | ((uint64_t)core << 12U);
    (void)irq_msi_update(source, address, 0x40U, false);
    struct irq_msi_message message = irq_msi_update(source, address, 0x40U, true);
    assert_true(message.enabled);
    assert_int_equal(core_of(&message), core);
    return message.data;
}

/* Vectors of one core for messages: 0x48 to 0xDF. */
#define VECTORS (VECTOR_IRQ_LAST - (VECTOR_IRQ_BASE + IOAPIC_PINS) + 1U)

static void a_full_core_gives_away_vectors_whose_sources_moved(void **state)
{
    uint32_t source[VECTORS];
    uint32_t first;
    uint32_t second;
    (void)state;
    for (uint32_t i = 0U; i < VECTORS; i++) {
        source[i] = source_on(0U);
    }
    /* To the same vector of the other core, and to another one of it. */
    assert_int_equal(move(source[0], 1U), VECTOR_IRQ_BASE + IOAPIC_PINS);
    assert_int_equal(move(source[5], 1U), VECTOR_IRQ_BASE + IOAPIC_PINS + 1U);

    first = source_on(0U);
    second = source_on(0U);

    assert_int_equal(irq_msi_update(first, 0xFEE00000U, 0x40U, true).data, VECTOR_IRQ_BASE + IOAPIC_PINS);
    assert_int_equal(irq_msi_update(second, 0xFEE00000U, 0x40U, true).data, VECTOR_IRQ_BASE + IOAPIC_PINS + 5U);
}

static void a_vm_without_a_vector_left_on_any_core_gets_no_message(void **state)
{
    uint32_t source = ID_NONE;
    (void)state;
    vms[VM_SERVICE].vcpu_count = MAX_VCPU_PER_VM + 1U; /* no VM has so many */
    for (uint32_t i = 0U; i < MAX_VCPU_PER_VM; i++) {
        vcpus[vcpu_id(VM_SERVICE, i)].pcpu = 0U;
    }
    for (uint32_t i = 0U; i < VECTORS; i++) {
        (void)source_on(0U);
    }
    assert_int_equal(irq_msi_alloc(VM_SERVICE, BDF, &source), STATUS_OK);

    assert_false(irq_msi_update(source, 0xFEE00000U, 0x40U, true).enabled);

    assert_int_equal(log_lines, 1U);
}

static void a_source_that_nobody_has_is_never_enabled(void **state)
{
    (void)state;
    assert_false(irq_msi_update(3U, 0xFEE00000U, 0x40U, true).enabled);
    assert_false(irq_msi_update(MAX_MSI_SOURCE, 0xFEE00000U, 0x40U, true).enabled);
}

static void the_reset_of_another_vm_leaves_sources_alone(void **state)
{
    uint32_t source = source_on(1U);
    (void)state;
    irq_vm_reset(1U);
    irq_arrived(1U, irq_msi_update(source, 0xFEE01000U, 0x40U, true).data);
    assert_int_equal(delivered, 1U);
}

static void vectors_below_the_allocated_ones_are_strays(void **state)
{
    (void)state;
    irq_arrived(0U, VECTOR_IRQ_BASE - 1U);
    assert_int_equal(irq_stray_count(), 1U);
    assert_int_equal(irq_level_pin(VECTOR_IRQ_BASE - 1U), ID_NONE);
    assert_int_equal(irq_level_pin(VECTOR_IRQ_BASE + IOAPIC_PINS), ID_NONE);
}

static void a_freed_source_loses_its_vector_and_no_other(void **state)
{
    uint32_t kept = source_on(0U);
    uint32_t freed = source_on(0U);
    uint32_t vector = irq_msi_update(freed, 0xFEE00000U, 0x40U, true).data;
    (void)state;
    irq_msi_free(freed);
    irq_arrived(0U, vector);
    assert_int_equal(delivered, 0U);
    assert_int_equal(irq_stray_count(), 1U);
    irq_arrived(0U, irq_msi_update(kept, 0xFEE00000U, 0x40U, true).data);
    assert_int_equal(delivered, 1U);
}

/* A message that is under way must not become another source's. */
static void a_freed_vector_is_used_again_last(void **state)
{
    uint32_t first = source_on(0U);
    uint32_t vector = irq_msi_update(first, 0xFEE00000U, 0x40U, true).data;
    (void)state;
    irq_msi_free(first);
    for (uint32_t i = 0U; i < (VECTORS - 1U); i++) {
        assert_int_not_equal(irq_msi_update(source_on(0U), 0xFEE00000U, 0x40U, true).data, vector);
    }
    assert_int_equal(irq_msi_update(source_on(0U), 0xFEE00000U, 0x40U, true).data, vector);
    assert_int_equal(log_lines, 0U);
}

static uint32_t try_on(pcpu_id_t core)
{
    uint32_t source = ID_NONE;
    assert_int_equal(irq_msi_alloc(VM_SERVICE, BDF, &source), STATUS_OK);
    return irq_msi_update(source, 0xFEE00000U | ((uint64_t)core << 12U), 0x40U, true).enabled ? entry[VECTOR_IRQ_BASE + IOAPIC_PINS + source].vector : 0U;
}

/* A unit may still raise it for the old source, and would interrupt another VM. */
/* REQ-INT-002 REQ-ISO-041 */
static void a_vector_is_given_up_only_when_units_have_forgotten_it(void **state)
{
    uint32_t source[VECTORS];
    (void)state;
    iommu_remaps = true;
    vms[VM_SERVICE].vcpu_count = 1U;
    for (uint32_t i = 0U; i < VECTORS; i++) {
        source[i] = source_on(0U);
    }
    iommu_irq_settle();
    irq_msi_free(source[3]);
    assert_int_equal(try_on(0U), 0U);
    iommu_irq_settle();
    assert_int_equal(try_on(0U), VECTOR_IRQ_BASE + IOAPIC_PINS + 3U);

    vms[VM_SERVICE].vcpu_count = 2U;
    iommu_irq_settle();
    (void)irq_msi_update(source[9], 0xFEE01000U, 0x40U, false);
    (void)irq_msi_update(source[9], 0xFEE01000U, 0x40U, true); /* to the other core */
    vms[VM_SERVICE].vcpu_count = 1U;
    assert_int_equal(try_on(0U), 0U);
    iommu_irq_settle();
    assert_int_equal(try_on(0U), VECTOR_IRQ_BASE + IOAPIC_PINS + 9U);
}

/* REQ-INT-002 REQ-ISO-041 */
static void a_source_is_given_away_only_when_units_have_forgotten_it(void **state)
{
    uint32_t freed = 0U;
    uint32_t next = 0U;
    (void)state;
    iommu_remaps = true;
    freed = source_on(0U);
    irq_msi_free(freed);
    assert_int_equal(irq_msi_alloc(VM_SERVICE, BDF, &next), STATUS_OK);
    assert_int_not_equal(next, freed);
    iommu_irq_settle();
    assert_int_equal(irq_msi_alloc(VM_SERVICE, BDF, &next), STATUS_OK);
    assert_int_equal(next, freed);
}

static void the_last_vector_is_a_messages_and_the_next_a_stray(void **state)
{
    (void)state;
    for (uint32_t i = 0U; i < VECTORS; i++) {
        (void)source_on(2U);
    }
    irq_arrived(2U, VECTOR_IRQ_LAST);
    assert_int_equal(delivered, 1U);
    irq_arrived(2U, VECTOR_IRQ_LAST + 1U);
    irq_arrived(MAX_PCPU, VECTOR_IRQ_LAST);
    assert_int_equal(delivered, 1U);
    assert_int_equal(irq_stray_count(), 2U);
}

/* REQ-ISO-041 */
static void a_remapped_message_names_the_entry_of_its_source(void **state)
{
    uint32_t other = 0U;
    uint32_t source = 0U;
    struct irq_msi_message message;
    (void)state;
    iommu_remaps = true;
    assert_int_equal(irq_msi_alloc(VM_SERVICE, BDF + 1U, &other), STATUS_OK);
    assert_int_equal(irq_msi_alloc(VM_SERVICE, BDF, &source), STATUS_OK);
    message = irq_msi_update(source, 0xFEE02000U, 0x40U, true);
    const uint32_t index = VECTOR_IRQ_BASE + IOAPIC_PINS + source;
    assert_true(message.enabled);
    assert_int_equal(message.address, iommu_remap_address(index));
    assert_int_equal(message.data, iommu_remap_data(index));
    assert_int_equal(entry[index].bdf, BDF);
    assert_int_equal(entry[index].pcpu, 2U);
    assert_false(entry[index].level);
    irq_arrived(2U, entry[index].vector);
    assert_int_equal(delivered, 1U);
    irq_msi_free(source);
    assert_int_equal(entry[index].vector, 0U); /* blocked */
    assert_int_equal(entry[index - 1U].sets, 0U); /* not enabled yet */
    iommu_remaps = false;
    assert_int_equal(irq_msi_update(other, 0xFEE02000U, 0x40U, true).address, hw_msi_address(2U));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_message_is_kept_and_the_hardware_gets_another, setup),
        cmocka_unit_test_setup(addresses_that_are_no_message_stay_disabled, setup),
        cmocka_unit_test_setup(an_enabled_message_does_not_change_in_hardware, setup),
        cmocka_unit_test_setup(a_message_in_flight_survives_a_move, setup),
        cmocka_unit_test_setup(a_freed_source_is_a_stray_and_logged_once, setup),
        cmocka_unit_test_setup(sources_run_out_without_harm, setup),
        cmocka_unit_test_setup(vectors_run_out_without_harm, setup),
        cmocka_unit_test_setup(no_two_live_sources_share_a_vector, setup),
        cmocka_unit_test_setup(exclusive_vms_get_no_sources, setup),
        cmocka_unit_test_setup(a_full_core_gives_away_vectors_whose_sources_moved, setup),
        cmocka_unit_test_setup(a_vm_without_a_vector_left_on_any_core_gets_no_message, setup),
        cmocka_unit_test_setup(a_source_that_nobody_has_is_never_enabled, setup),
        cmocka_unit_test_setup(the_reset_of_another_vm_leaves_sources_alone, setup),
        cmocka_unit_test_setup(vectors_below_the_allocated_ones_are_strays, setup),
        cmocka_unit_test_setup(a_freed_source_loses_its_vector_and_no_other, setup),
        cmocka_unit_test_setup(a_freed_vector_is_used_again_last, setup),
        cmocka_unit_test_setup(a_vector_is_given_up_only_when_units_have_forgotten_it, setup),
        cmocka_unit_test_setup(a_source_is_given_away_only_when_units_have_forgotten_it, setup),
        cmocka_unit_test_setup(the_last_vector_is_a_messages_and_the_next_a_stray, setup),
        cmocka_unit_test_setup(a_remapped_message_names_the_entry_of_its_source, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
