/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/irq.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/dispatch.h"
#include "core/hw.h"
#include "core/irq.h"
#include "core/partition.h"
#include "core/vm.h"
#include "devices/vioapic.h"
#include "devices/vlapic.h"
#include "stub_log.h"

union partition_storage partition;
struct vm vms[MAX_VM];
struct vcpu vcpus[MAX_VCPU];

static struct { uint32_t vector; pcpu_id_t target; bool level, active_low, masked; unsigned int routes; } hw_pin[IOAPIC_PINS];
static bool line[IOAPIC_PINS];
static unsigned int rises[IOAPIC_PINS];
static unsigned int delivered;
static uint64_t delivered_address;
static uint32_t delivered_data;

void hw_port_write(uint16_t port, uint32_t size, uint32_t value) { (void)port; (void)size; (void)value; }
void hw_ioapic_mask(uint32_t pin, bool masked) { hw_pin[pin].masked = masked; }
void hw_ioapic_route(uint32_t pin, uint32_t vector, pcpu_id_t target, bool level, bool active_low)
{
    hw_pin[pin].vector = vector;
    hw_pin[pin].target = target;
    hw_pin[pin].level = level;
    hw_pin[pin].active_low = active_low;
    hw_pin[pin].masked = false;
    hw_pin[pin].routes++;
}
uint64_t hw_msi_address(pcpu_id_t target) { return 0xFEE00000U | ((uint64_t)target << 12U); }
uint32_t hw_msi_data(uint32_t vector) { return vector; }
void vioapic_set_line(vm_id_t v, uint32_t pin, bool high)
{
    assert_int_equal(v, VM_SERVICE);
    rises[pin] += (high && !line[pin]) ? 1U : 0U;
    line[pin] = high;
}
void vlapic_deliver_msi(vm_id_t v, uint64_t address, uint32_t data)
{
    assert_int_equal(v, VM_SERVICE);
    delivered++;
    delivered_address = address;
    delivered_data = data;
}
vcpu_id_t vlapic_target(vm_id_t v, uint32_t dest, bool logical)
{
    return ((dest < 3U) && !logical) ? vcpu_id(v, dest) : ID_NONE;
}

static pcpu_id_t core_of(const struct irq_msi_message *m) { return (pcpu_id_t)((m->address >> 12U) & 0xFFU); }

static int setup(void **state)
{
    (void)state;
    memset(&partition, 0, sizeof(partition));
    memset(hw_pin, 0, sizeof(hw_pin));
    memset(line, 0, sizeof(line));
    memset(rises, 0, sizeof(rises));
    partition.table.vm_count = 2U;
    partition.table.vm[1].gsi_count = 1U;
    partition.table.vm[1].gsi[0] = 20U;
    vms[VM_SERVICE].vcpu_count = 3U;
    for (uint32_t i = 0U; i < 3U; i++) {
        vcpus[i].pcpu = i;
    }
    delivered = 0U;
    log_lines = 0U;
    irq_init();
    return 0;
}

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

/* REQ-INT-001 */
static void a_message_is_kept_and_the_hardware_gets_another(void **state)
{
    (void)state;
    uint32_t s;
    struct irq_msi_message m;

    assert_int_equal(irq_msi_alloc(VM_SERVICE, &s), STATUS_OK);
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

    assert_int_equal(irq_msi_alloc(VM_SERVICE, &s), STATUS_OK);
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

    assert_int_equal(irq_msi_alloc(VM_SERVICE, &s), STATUS_OK);
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

    assert_int_equal(irq_msi_alloc(VM_SERVICE, &s), STATUS_OK);
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

    assert_int_equal(irq_msi_alloc(VM_SERVICE, &s), STATUS_OK);
    m = irq_msi_update(s, 0xFEE00000U, 0x31U, true);
    irq_msi_free(s);
    irq_arrived(0U, m.data);
    irq_arrived(0U, m.data);
    irq_arrived(0U, 0xE0U);
    irq_arrived(MAX_PCPU, m.data);
    assert_int_equal(delivered, 0U);
    assert_int_equal(irq_stray_count(), 4U);
    assert_int_equal(log_lines, 1U);
}

/* REQ-INT-002 */
static void sources_run_out_without_harm(void **state)
{
    (void)state;
    uint32_t s = 0U;
    uint32_t enabled = 0U;

    for (uint32_t i = 0U; i < MAX_MSI_SOURCE; i++) {
        assert_int_equal(irq_msi_alloc(VM_SERVICE, &s), STATUS_OK);
        enabled += irq_msi_update(s, 0xFEE00000U, 0x31U, true).enabled ? 1U : 0U;
    }
    assert_int_equal(enabled, MAX_MSI_SOURCE); /* what core 0 cannot take goes to core 1 */
    assert_int_equal(irq_msi_alloc(VM_SERVICE, &s), STATUS_NO_MEMORY);
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
        assert_int_equal(irq_msi_alloc(VM_SERVICE, &s), STATUS_OK);
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
        assert_int_equal(irq_msi_alloc(VM_SERVICE, &source[i]), STATUS_OK);
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
        assert_int_equal(irq_msi_alloc(VM_SERVICE, &source[round % 64U]), STATUS_OK);
    }
}

/* REQ-INT-004 */
static void only_the_service_vm_gets_sources(void **state)
{
    (void)state;
    uint32_t s;

    assert_int_equal(irq_msi_alloc(1U, &s), STATUS_UNKNOWN);
    assert_int_equal(irq_msi_alloc(VM_FIRST_USER, &s), STATUS_UNKNOWN);
}

/* REQ-LIF-009 */
static void a_reset_vm_has_no_interrupts(void **state)
{
    (void)state;
    uint32_t s;
    struct irq_msi_message m;

    irq_pin_update(VM_SERVICE, 17U, false, true, false, vcpu_id(VM_SERVICE, 0U));
    irq_arrived(0U, hw_pin[17].vector);
    assert_int_equal(irq_msi_alloc(VM_SERVICE, &s), STATUS_OK);
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

static uint32_t source_on(pcpu_id_t core)
{
    uint32_t source = ID_NONE;
    assert_int_equal(irq_msi_alloc(VM_SERVICE, &source), STATUS_OK);
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
    assert_int_equal(irq_msi_alloc(VM_SERVICE, &source), STATUS_OK);

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
        cmocka_unit_test_setup(a_message_is_kept_and_the_hardware_gets_another, setup),
        cmocka_unit_test_setup(addresses_that_are_no_message_stay_disabled, setup),
        cmocka_unit_test_setup(an_enabled_message_does_not_change_in_hardware, setup),
        cmocka_unit_test_setup(a_message_in_flight_survives_a_move, setup),
        cmocka_unit_test_setup(a_freed_source_is_a_stray_and_logged_once, setup),
        cmocka_unit_test_setup(sources_run_out_without_harm, setup),
        cmocka_unit_test_setup(vectors_run_out_without_harm, setup),
        cmocka_unit_test_setup(no_two_live_sources_share_a_vector, setup),
        cmocka_unit_test_setup(only_the_service_vm_gets_sources, setup),
        cmocka_unit_test_setup(a_reset_vm_has_no_interrupts, setup),
        cmocka_unit_test_setup(a_table_that_claims_too_much_is_read_to_its_limits, setup),
        cmocka_unit_test_setup(a_target_of_another_vm_or_core_is_replaced, setup),
        cmocka_unit_test_setup(only_the_owner_ends_an_interrupt, setup),
        cmocka_unit_test_setup(a_full_core_gives_away_vectors_whose_sources_moved, setup),
        cmocka_unit_test_setup(a_vm_without_a_vector_left_on_any_core_gets_no_message, setup),
        cmocka_unit_test_setup(a_source_that_nobody_has_is_never_enabled, setup),
        cmocka_unit_test_setup(the_reset_of_another_vm_leaves_sources_alone, setup),
        cmocka_unit_test_setup(vectors_below_the_allocated_ones_are_strays, setup),
        cmocka_unit_test_setup(lines_and_vms_behind_the_lists_ends_stay_the_service_vms, setup),
        cmocka_unit_test_setup(a_line_of_another_vm_that_arrives_is_masked_and_counted, setup),
        cmocka_unit_test_setup(all_lines_are_edges_until_their_entry_says_otherwise, setup),
        cmocka_unit_test_setup(a_freed_source_loses_its_vector_and_no_other, setup),
        cmocka_unit_test_setup(a_freed_vector_is_used_again_last, setup),
        cmocka_unit_test_setup(the_last_vector_is_a_messages_and_the_next_a_stray, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
