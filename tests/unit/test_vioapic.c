/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: devices/vioapic.c devices/vlapic.c devices/vlapic_regs.c devices/vlapic_access.c
   devices/vlapic_timer.c devices/vlapic_ipi.c */
/* The virtual IOAPIC, in front of real virtual local APICs. */
#include "device_stubs.h"
#include "vlapic_helpers.h"

#include "core/irq.h"
#include "devices/vioapic.h"
#include "devices/vpic.h"

#define MASKED  0x10000U
#define LEVEL   0x8000U
#define REMOTE_IRR 0x4000U
#define ACTIVE_LOW 0x2000U
#define LOGICAL 0x800U
#define VECTOR  0x51U
#define SERVICE_CPU(n) vcpu_id(VM_SERVICE, (n))

bool vpic_pending(vm_id_t v) { (void)v; return false; }

/* The physical side, as core/irq.c keeps it: the virtual EOI lowers the line. */
static struct { uint32_t updates; bool masked, level, active_low; vcpu_id_t target; } physical[IOAPIC_PINS];
static uint32_t pin_eois;
static uint32_t guest_updates;
static bool guest_has; /* pin 10 is a line of the machine's */

bool irq_has_line(vm_id_t v, uint32_t own)
{
    return (v == VM_SERVICE) || (guest_has && (v == GUEST) && (own == 10U));
}

void irq_pin_update(vm_id_t v, uint32_t pin, bool masked, bool level, bool active_low, vcpu_id_t target)
{
    if (v != VM_SERVICE) {
        assert_int_equal(v, GUEST);
        guest_updates++;
    }
    physical[pin].updates++;
    physical[pin].masked = masked;
    physical[pin].level = level;
    physical[pin].active_low = active_low;
    physical[pin].target = target;
}

void irq_pin_eoi(vm_id_t v, uint32_t pin)
{
    if (v == VM_SERVICE) {
        pin_eois++;
        vioapic_set_line(v, pin, false);
    } else {
        pin_eois++;
        vioapic_set_line(v, VIOAPIC_LENT + pin, false);
    }
}

static int setup(void **state)
{
    (void)state;
    stubs_reset();
    apics_start(GUEST);
    apics_start(VM_SERVICE);
    vioapic_reset(GUEST);
    vioapic_reset(VM_SERVICE);
    memset(physical, 0, sizeof(physical));
    pin_eois = 0U;
    guest_updates = 0U;
    guest_has = false;
    return 0;
}

static uint32_t reg_read(vm_id_t v, uint32_t reg)
{
    vioapic_mmio_write(v, 0x00U, reg);
    return vioapic_mmio_read(v, 0x10U);
}

static void reg_write(vm_id_t v, uint32_t reg, uint32_t value)
{
    vioapic_mmio_write(v, 0x00U, reg);
    vioapic_mmio_write(v, 0x10U, value);
}

static void entry_write(vm_id_t v, uint32_t pin, uint32_t dest, uint32_t low)
{
    reg_write(v, 0x11U + (2U * pin), dest << 24U);
    reg_write(v, 0x10U + (2U * pin), low);
}

static uint32_t entry_read(vm_id_t v, uint32_t pin) { return reg_read(v, 0x10U + (2U * pin)); }

static void pulse(vm_id_t v, uint32_t pin)
{
    vioapic_set_line(v, pin, true);
    vioapic_set_line(v, pin, false);
}

static void eoi(vcpu_id_t id) { apic_write(id, 0xB0U, 0U); }

/* ---- registers ---- */

static void reset_masks_every_entry(void **state)
{
    (void)state;
    for (uint32_t pin = 0U; pin < IOAPIC_PINS; pin++) {
        assert_int_equal(entry_read(GUEST, pin), MASKED);
        assert_int_equal(reg_read(GUEST, 0x11U + (2U * pin)), 0U);
    }
}

static void version_says_24_pins(void **state)
{
    (void)state;
    assert_int_equal(reg_read(GUEST, 1U), 0x170011U);
    reg_write(GUEST, 1U, 0U);
    assert_int_equal(reg_read(GUEST, 1U), 0x170011U);
}

static void id_keeps_four_bits_and_arbitration_follows(void **state)
{
    (void)state;
    reg_write(GUEST, 0U, 0xFFFFFFFFU);
    assert_int_equal(reg_read(GUEST, 0U), 0x0F000000U);
    assert_int_equal(reg_read(GUEST, 2U), 0x0F000000U);
}

static void entries_keep_their_writable_bits(void **state)
{
    (void)state;
    for (uint32_t pin = 0U; pin < IOAPIC_PINS; pin++) {
        entry_write(GUEST, pin, 0xFFU, 0xFFFFFFFFU);
        assert_int_equal(entry_read(GUEST, pin), 0x1AFFFU);
        assert_int_equal(reg_read(GUEST, 0x11U + (2U * pin)), 0xFF000000U);
    }
}

static void registers_beyond_the_pins_do_not_exist(void **state)
{
    (void)state;
    for (uint32_t reg = 0x10U + (2U * IOAPIC_PINS); reg < 0x100U; reg++) {
        reg_write(GUEST, reg, 0xFFFFFFFFU);
        assert_int_equal(reg_read(GUEST, reg), 0U);
    }
    reg_write(GUEST, 0x3U, 0xFFFFFFFFU);
    assert_int_equal(reg_read(GUEST, 0x3U), 0U);
}

static void the_index_is_eight_bits_and_other_offsets_are_empty(void **state)
{
    (void)state;
    vioapic_mmio_write(GUEST, 0U, 0xFFFFFF01U);
    assert_int_equal(vioapic_mmio_read(GUEST, 0U), 1U);
    vioapic_mmio_write(GUEST, 0x40U, 0xFFFFFFFFU);
    vioapic_mmio_write(GUEST, 0x14U, 0xFFFFFFFFU);
    assert_int_equal(vioapic_mmio_read(GUEST, 0x40U), 0U);
    assert_int_equal(vioapic_mmio_read(GUEST, 0x10U), 0x170011U);
}

/* REQ-INT-013 */
static void vms_do_not_share_entries(void **state)
{
    (void)state;
    entry_write(GUEST, 3U, 0U, VECTOR);
    assert_int_equal(entry_read(VM_SERVICE, 3U), MASKED);
    assert_int_equal(entry_read(GUEST + 1U, 3U) & 0xFFU, 0U);
}

/* ---- edges ---- */

/* REQ-INT-013 */
static void a_rising_edge_sends_the_vector(void **state)
{
    (void)state;
    entry_write(GUEST, 4U, 2U, VECTOR);
    vioapic_set_line(GUEST, 4U, true);
    assert_int_equal(take_interrupt(CPU(2)), VECTOR);
    assert_int_equal(notified[CPU(2)], 1U);
    eoi(CPU(2));
    vioapic_set_line(GUEST, 4U, true); /* still high: no edge */
    vioapic_set_line(GUEST, 4U, false);
    assert_int_equal(vlapic_pending(CPU(2)), VECTOR_NONE);
    pulse(GUEST, 4U);
    assert_int_equal(vlapic_pending(CPU(2)), VECTOR);
}

static void an_edge_leaves_no_remote_irr(void **state)
{
    (void)state;
    entry_write(GUEST, 4U, 0U, VECTOR);
    pulse(GUEST, 4U);
    assert_int_equal(entry_read(GUEST, 4U), VECTOR);
}

static void a_masked_edge_is_lost(void **state)
{
    (void)state;
    entry_write(GUEST, 4U, 0U, VECTOR | MASKED);
    pulse(GUEST, 4U);
    entry_write(GUEST, 4U, 0U, VECTOR);
    assert_int_equal(vlapic_pending(CPU(0)), VECTOR_NONE);
}

static void logical_destinations_reach_their_set(void **state)
{
    (void)state;
    apic_write(CPU(1), 0xD0U, 0x02000000U);
    apic_write(CPU(2), 0xD0U, 0x04000000U);
    entry_write(GUEST, 4U, 0x06U, VECTOR | LOGICAL);
    pulse(GUEST, 4U);
    assert_true(requested(CPU(1), VECTOR) && requested(CPU(2), VECTOR));
    assert_false(requested(CPU(0), VECTOR));
}

static void lowest_priority_goes_to_one(void **state)
{
    (void)state;
    apic_write(CPU(0), 0x80U, 0x90U);
    entry_write(GUEST, 4U, 0xFFU, VECTOR | 0x100U);
    pulse(GUEST, 4U);
    assert_true(requested(CPU(1), VECTOR));
    assert_false(requested(CPU(0), VECTOR) || requested(CPU(2), VECTOR));
}

static void nmi_entries_are_edges_whatever_the_trigger_bit(void **state)
{
    (void)state;
    entry_write(GUEST, 4U, 1U, 0x400U | LEVEL);
    vioapic_set_line(GUEST, 4U, true);
    assert_int_equal(nmis[CPU(1)], 1U);
    assert_int_equal(entry_read(GUEST, 4U) & REMOTE_IRR, 0U);
}

static void pins_that_do_not_exist_are_ignored(void **state)
{
    (void)state;
    vioapic_set_line(GUEST, IOAPIC_PINS, true);
    vioapic_set_line(GUEST, 0xFFFFFFFFU, true);
    for (uint32_t i = 0U; i < GUEST_VCPUS; i++) {
        assert_int_equal(notified[CPU(i)], 0U);
    }
}

/* REQ-INT-013 */
static void a_pulse_is_an_edge_of_its_own(void **state)
{
    (void)state;
    entry_write(GUEST, 4U, 2U, VECTOR | MASKED);
    vioapic_pulse(GUEST, 4U); /* lost */
    entry_write(GUEST, 4U, 2U, VECTOR);
    assert_int_equal(vlapic_pending(CPU(2)), VECTOR_NONE);
    vioapic_set_line(GUEST, 4U, true);
    assert_int_equal(take_interrupt(CPU(2)), VECTOR);
    eoi(CPU(2));
    vioapic_pulse(GUEST, 4U); /* somebody else holds the line */
    assert_int_equal(take_interrupt(CPU(2)), VECTOR);
    eoi(CPU(2));
    vioapic_set_line(GUEST, 4U, true); /* and has held it all the time */
    assert_int_equal(vlapic_pending(CPU(2)), VECTOR_NONE);
}

/* ---- levels ---- */

/* REQ-INT-013 REQ-INT-090 */
static void a_pulse_at_a_level_is_sent_once_and_lowers_nobodys_line(void **state)
{
    (void)state;
    entry_write(GUEST, 10U, 0U, VECTOR | LEVEL | MASKED);
    vioapic_set_line(GUEST, 10U, true);
    vioapic_pulse(GUEST, 10U);
    vioapic_pulse(GUEST, 10U);
    entry_write(GUEST, 10U, 0U, VECTOR | LEVEL);
    assert_int_equal(take_interrupt(CPU(0)), VECTOR);
    eoi(CPU(0));
    assert_int_equal(take_interrupt(CPU(0)), VECTOR); /* the line is still high */
    vioapic_pulse(GUEST, 10U); /* too late for the handler that runs */
    vioapic_set_line(GUEST, 10U, false);
    assert_false(requested(CPU(0), VECTOR));
    eoi(CPU(0));
    assert_int_equal(take_interrupt(CPU(0)), VECTOR);
    eoi(CPU(0));
    assert_false(requested(CPU(0), VECTOR));
}

static void a_pulse_that_waits_goes_with_the_next_edge(void **state)
{
    (void)state;
    entry_write(GUEST, 10U, 0U, VECTOR | LEVEL | MASKED);
    vioapic_pulse(GUEST, 10U);
    vioapic_pulse(GUEST, IOAPIC_PINS);
    entry_write(GUEST, 10U, 0U, VECTOR);
    vioapic_set_line(GUEST, 10U, true);
    assert_int_equal(take_interrupt(CPU(0)), VECTOR);
    eoi(CPU(0));
    vioapic_set_line(GUEST, 10U, false);
    entry_write(GUEST, 10U, 0U, VECTOR | LEVEL);
    assert_false(requested(CPU(0), VECTOR));
}

/* REQ-INT-013 */
static void a_level_is_sent_once_until_its_eoi(void **state)
{
    (void)state;
    entry_write(GUEST, 10U, 0U, VECTOR | LEVEL);
    vioapic_set_line(GUEST, 10U, true);
    assert_int_equal(entry_read(GUEST, 10U), VECTOR | LEVEL | REMOTE_IRR);
    assert_int_equal(take_interrupt(CPU(0)), VECTOR);
    vioapic_set_line(GUEST, 10U, true);
    vioapic_set_line(GUEST, 10U, false);
    vioapic_set_line(GUEST, 10U, true);
    assert_false(requested(CPU(0), VECTOR));
}

/* REQ-INT-013 */
static void a_level_that_is_still_high_at_eoi_comes_again(void **state)
{
    (void)state;
    entry_write(GUEST, 10U, 0U, VECTOR | LEVEL);
    vioapic_set_line(GUEST, 10U, true);
    (void)take_interrupt(CPU(0));
    eoi(CPU(0));
    assert_int_equal(take_interrupt(CPU(0)), VECTOR);
    vioapic_set_line(GUEST, 10U, false);
    eoi(CPU(0));
    assert_int_equal(vlapic_pending(CPU(0)), VECTOR_NONE);
    assert_int_equal(entry_read(GUEST, 10U), VECTOR | LEVEL);
}

static void a_masked_level_comes_when_unmasked(void **state)
{
    (void)state;
    entry_write(GUEST, 10U, 0U, VECTOR | LEVEL | MASKED);
    vioapic_set_line(GUEST, 10U, true);
    assert_int_equal(vlapic_pending(CPU(0)), VECTOR_NONE);
    entry_write(GUEST, 10U, 0U, VECTOR | LEVEL);
    assert_int_equal(vlapic_pending(CPU(0)), VECTOR);
}

static void eoi_of_another_vector_changes_nothing(void **state)
{
    (void)state;
    entry_write(GUEST, 10U, 0U, VECTOR | LEVEL);
    vioapic_set_line(GUEST, 10U, true);
    vioapic_set_line(GUEST, 10U, false);
    vioapic_eoi(GUEST, VECTOR + 1U);
    assert_int_equal(entry_read(GUEST, 10U) & REMOTE_IRR, REMOTE_IRR);
}

static void pins_that_share_a_vector_are_all_ended(void **state)
{
    (void)state;
    entry_write(GUEST, 10U, 0U, VECTOR | LEVEL);
    entry_write(GUEST, 11U, 0U, VECTOR | LEVEL);
    vioapic_set_line(GUEST, 10U, true);
    vioapic_set_line(GUEST, 11U, true);
    vioapic_set_line(GUEST, 10U, false);
    vioapic_set_line(GUEST, 11U, false);
    (void)take_interrupt(CPU(0));
    eoi(CPU(0));
    assert_int_equal(entry_read(GUEST, 10U) & REMOTE_IRR, 0U);
    assert_int_equal(entry_read(GUEST, 11U) & REMOTE_IRR, 0U);
}

static void remote_irr_cannot_be_written(void **state)
{
    (void)state;
    entry_write(GUEST, 10U, 0U, VECTOR | LEVEL | REMOTE_IRR);
    assert_int_equal(entry_read(GUEST, 10U) & REMOTE_IRR, 0U);
    vioapic_set_line(GUEST, 10U, true);
    entry_write(GUEST, 10U, 0U, VECTOR | LEVEL);
    assert_int_equal(entry_read(GUEST, 10U) & REMOTE_IRR, REMOTE_IRR);
}

static void turning_to_edge_and_back_clears_remote_irr(void **state)
{
    (void)state;
    entry_write(GUEST, 10U, 0U, VECTOR | LEVEL);
    vioapic_set_line(GUEST, 10U, true);
    vioapic_set_line(GUEST, 10U, false);
    entry_write(GUEST, 10U, 0U, VECTOR | MASKED);
    entry_write(GUEST, 10U, 0U, VECTOR | LEVEL | MASKED);
    assert_int_equal(entry_read(GUEST, 10U), VECTOR | LEVEL | MASKED);
}

static void a_level_without_a_receiver_waits_for_one(void **state)
{
    (void)state;
    entry_write(GUEST, 10U, 9U, VECTOR | LEVEL);
    vioapic_set_line(GUEST, 10U, true);
    assert_int_equal(entry_read(GUEST, 10U) & REMOTE_IRR, 0U);
    reg_write(GUEST, 0x11U + 20U, 1U << 24U);
    assert_int_equal(vlapic_pending(CPU(1)), VECTOR);
}

/* ---- physical lines of the Service VM ---- */

static void entries_of_the_service_vm_program_the_physical_pin(void **state)
{
    (void)state;
    entry_write(VM_SERVICE, 10U, 2U, VECTOR | LEVEL | ACTIVE_LOW);
    assert_int_equal(physical[10].updates, 2U);
    assert_false(physical[10].masked);
    assert_true(physical[10].level);
    assert_true(physical[10].active_low);
    assert_int_equal(physical[10].target, SERVICE_CPU(2));
    entry_write(VM_SERVICE, 10U, 9U, VECTOR | MASKED);
    assert_true(physical[10].masked);
    assert_false(physical[10].level);
    assert_false(physical[10].active_low);
    assert_int_equal(physical[10].target, ID_NONE);
}

/* REQ-INT-004 */
static void pre_launched_vms_reach_no_physical_pin(void **state)
{
    (void)state;
    entry_write(1U, 10U, 0U, VECTOR | LEVEL);
    vioapic_eoi(1U, VECTOR);
    vioapic_refresh(1U, 10U);
    vioapic_reset(1U);
    for (uint32_t pin = 0U; pin < IOAPIC_PINS; pin++) {
        assert_int_equal(physical[pin].updates, 0U);
    }
    assert_int_equal(pin_eois, 0U);
}

/* REQ-INT-084 */
static void a_pin_of_a_user_vm_is_high_while_its_device_model_or_a_lent_line_drives_it(void **state)
{
    (void)state;
    guest_has = true;
    entry_write(GUEST, 10U, 0U, VECTOR | LEVEL);
    assert_int_equal(guest_updates, 2U);
    assert_false(physical[10].masked);
    vioapic_set_line(GUEST, VIOAPIC_LENT + 10U, true);
    assert_int_equal(take_interrupt(CPU(0)), VECTOR);
    eoi(CPU(0));
    assert_int_equal(pin_eois, 1U);
    assert_int_equal(vlapic_pending(CPU(0)), VECTOR_NONE); /* the line is low */
    vioapic_set_line(GUEST, 10U, true);
    vioapic_set_line(GUEST, VIOAPIC_LENT + 10U, true);
    assert_int_equal(take_interrupt(CPU(0)), VECTOR);
    eoi(CPU(0));
    assert_int_equal(take_interrupt(CPU(0)), VECTOR);      /* the device model's is still high */
    vioapic_set_line(GUEST, 10U, false);
    eoi(CPU(0));
    assert_int_equal(vlapic_pending(CPU(0)), VECTOR_NONE);
    vioapic_set_line(GUEST, VIOAPIC_LENT + IOAPIC_PINS, true);
    vioapic_set_line(GUEST, (2U * VIOAPIC_LENT) + 10U, true); /* no lines at all */
    vioapic_set_line(GUEST, IOAPIC_PINS, true);
    assert_int_equal(vlapic_pending(CPU(0)), VECTOR_NONE);
    vioapic_refresh(GUEST, 10U);
    assert_int_equal(guest_updates, 3U);
}

/* REQ-LIF-009 */
static void reset_of_the_service_vm_masks_every_physical_pin(void **state)
{
    (void)state;
    entry_write(VM_SERVICE, 10U, 0U, VECTOR);
    vioapic_reset(VM_SERVICE);
    for (uint32_t pin = 0U; pin < IOAPIC_PINS; pin++) {
        assert_true(physical[pin].masked);
    }
}

/* REQ-INT-003 */
static void the_eoi_of_a_physical_level_ends_it(void **state)
{
    (void)state;
    entry_write(VM_SERVICE, 10U, 1U, VECTOR | LEVEL);
    vioapic_set_line(VM_SERVICE, 10U, true);
    assert_int_equal(take_interrupt(SERVICE_CPU(1)), VECTOR);
    assert_int_equal(pin_eois, 0U);
    eoi(SERVICE_CPU(1));
    assert_int_equal(pin_eois, 1U);
    assert_int_equal(vlapic_pending(SERVICE_CPU(1)), VECTOR_NONE); /* not again: the line is low */
    vioapic_set_line(VM_SERVICE, 10U, true); /* the unmasked pin brought it again */
    assert_int_equal(vlapic_pending(SERVICE_CPU(1)), VECTOR);
}

static void the_eoi_counts_though_the_entry_was_masked_meanwhile(void **state)
{
    (void)state;
    entry_write(VM_SERVICE, 10U, 1U, VECTOR | LEVEL);
    vioapic_set_line(VM_SERVICE, 10U, true);
    (void)take_interrupt(SERVICE_CPU(1));
    entry_write(VM_SERVICE, 10U, 1U, VECTOR | LEVEL | MASKED);
    eoi(SERVICE_CPU(1));
    assert_int_equal(pin_eois, 1U);
}

static void an_eoi_that_is_not_its_own_does_not_touch_a_pin(void **state)
{
    (void)state;
    entry_write(VM_SERVICE, 10U, 1U, VECTOR | LEVEL);
    entry_write(VM_SERVICE, 11U, 1U, VECTOR);
    vioapic_eoi(VM_SERVICE, VECTOR);
    assert_int_equal(pin_eois, 0U);
}

static void pin_0_is_ended_like_the_others(void **state)
{
    (void)state;
    entry_write(VM_SERVICE, 0U, 1U, VECTOR | LEVEL);
    vioapic_set_line(VM_SERVICE, 0U, true);
    vioapic_eoi(VM_SERVICE, VECTOR);
    assert_int_equal(pin_eois, 1U);
}

static void a_physical_edge_needs_no_eoi(void **state)
{
    (void)state;
    entry_write(VM_SERVICE, 4U, 0U, VECTOR);
    pulse(VM_SERVICE, 4U);
    (void)take_interrupt(SERVICE_CPU(0));
    eoi(SERVICE_CPU(0));
    assert_int_equal(pin_eois, 0U);
    pulse(VM_SERVICE, 4U);
    assert_int_equal(vlapic_pending(SERVICE_CPU(0)), VECTOR);
}

#define T(name) cmocka_unit_test_setup(name, setup)

static void a_lowest_priority_level_is_a_level(void **state)
{
    (void)state;
    entry_write(GUEST, 3U, 0U, VECTOR | LEVEL | 0x100U);
    vioapic_set_line(GUEST, 3U, true);
    assert_true(requested(CPU(0), VECTOR));
    assert_true((entry_read(GUEST, 3U) & REMOTE_IRR) != 0U);
}

static void a_line_that_is_high_sends_nothing_to_an_edge_entry(void **state)
{
    (void)state;
    entry_write(GUEST, 3U, 0U, VECTOR | MASKED);
    vioapic_set_line(GUEST, 3U, true);
    entry_write(GUEST, 3U, 0U, VECTOR); /* unmasked: the edge was before */
    assert_false(requested(CPU(0), VECTOR));
    assert_true((entry_read(GUEST, 3U) & REMOTE_IRR) == 0U);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(reset_masks_every_entry), T(version_says_24_pins), T(id_keeps_four_bits_and_arbitration_follows),
        T(entries_keep_their_writable_bits), T(registers_beyond_the_pins_do_not_exist),
        T(the_index_is_eight_bits_and_other_offsets_are_empty), T(vms_do_not_share_entries),
        T(a_rising_edge_sends_the_vector), T(an_edge_leaves_no_remote_irr), T(a_masked_edge_is_lost),
        T(logical_destinations_reach_their_set), T(lowest_priority_goes_to_one),
        T(nmi_entries_are_edges_whatever_the_trigger_bit), T(pins_that_do_not_exist_are_ignored),
        T(a_pulse_is_an_edge_of_its_own), T(a_pulse_at_a_level_is_sent_once_and_lowers_nobodys_line), T(a_pulse_that_waits_goes_with_the_next_edge),
        T(a_level_is_sent_once_until_its_eoi), T(a_level_that_is_still_high_at_eoi_comes_again),
        T(a_masked_level_comes_when_unmasked), T(eoi_of_another_vector_changes_nothing),
        T(pins_that_share_a_vector_are_all_ended), T(remote_irr_cannot_be_written),
        T(turning_to_edge_and_back_clears_remote_irr), T(a_level_without_a_receiver_waits_for_one),
        T(entries_of_the_service_vm_program_the_physical_pin), T(pre_launched_vms_reach_no_physical_pin),
        T(reset_of_the_service_vm_masks_every_physical_pin), T(the_eoi_of_a_physical_level_ends_it),
        T(the_eoi_counts_though_the_entry_was_masked_meanwhile), T(a_physical_edge_needs_no_eoi),
        T(an_eoi_that_is_not_its_own_does_not_touch_a_pin), T(pin_0_is_ended_like_the_others),
        T(a_pin_of_a_user_vm_is_high_while_its_device_model_or_a_lent_line_drives_it),
        cmocka_unit_test_setup(a_lowest_priority_level_is_a_level, setup),
        cmocka_unit_test_setup(a_line_that_is_high_sends_nothing_to_an_edge_entry, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
