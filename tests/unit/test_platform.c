/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: devices/platform.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/boot_info.h"
#include "core/hw.h"
#include "core/partition.h"
#include "core/vm.h"
#include "devices/platform.h"
#include "stub_log.h"

union partition_storage partition;
struct platform platform;

static uint32_t port_value[0x10000];
static unsigned int port_writes;
static uint16_t last_port;
static uint32_t last_value;
static unsigned int offs;
static uint16_t off_value;
static unsigned int resets;

uint32_t hw_port_read(uint16_t port, uint32_t size) { (void)size; return port_value[port]; }
void hw_port_write(uint16_t port, uint32_t size, uint32_t value)
{
    (void)size;
    port_writes++;
    last_port = port;
    last_value = value;
    port_value[port] = value;
}
void vm_service_off(uint16_t value)
{
    offs++;
    off_value = value;
}
void vm_service_reset(void) { resets++; }

static void wr(uint16_t port, uint32_t size, uint32_t value) { platform_port_write(VM_SERVICE, port, size, value); }
static uint32_t rd(uint16_t port, uint32_t size) { return platform_port_read(VM_SERVICE, port, size); }

static int setup(void **state)
{
    (void)state;
    memset(port_value, 0, sizeof(port_value));
    memset(&partition, 0, sizeof(partition));
    platform = (struct platform){ .pm1a_event = 0x600U, .pm1a_control = 0x604U, .pm_timer_port = 0x608U,
        .reset_port = 0xCF9U, .reset_value = 0x0FU, .ich_pm_base = 0x600U, .qemu = true };
    port_value[0x604] = 1U;
    wr(0xCF9U, 1U, 0U);
    wr(0x64U, 1U, 0xAAU);
    wr(0x604U, 2U, 0U);
    port_writes = 0U;
    offs = 0U;
    resets = 0U;
    log_lines = 0U;
    return 0;
}

/* REQ-INT-021 */
static void exactly_the_controls_are_claimed(void **state)
{
    (void)state;
    static const uint16_t claimed[] = { 0x60U, 0x64U, 0x92U, 0xB2U, 0xB3U, 0x604U, 0x605U, 0x610U, 0x617U, 0x630U, 0x660U, 0x67FU, 0x510U, 0x51BU, 0xCC0U, 0xCD8U, 0xCF9U };
    static const uint16_t open[] = { 0x20U, 0x40U, 0x61U, 0x63U, 0x70U, 0x3F8U, 0x600U, 0x602U, 0x608U, 0x620U, 0x680U, 0xCF8U, 0xCFCU, 0xCE4U };

    for (size_t i = 0U; i < sizeof(claimed) / sizeof(claimed[0]); i++) {
        assert_true(platform_port_claims(claimed[i], 1U));
    }
    for (size_t i = 0U; i < sizeof(open) / sizeof(open[0]); i++) {
        assert_false(platform_port_claims(open[i], 1U));
    }
    assert_false(platform_port_claims(0xCF8U, 4U)); /* the PCI address register */
    assert_true(platform_port_claims(0xCF8U, 2U));
    assert_true(platform_port_claims(0x602U, 4U));
    assert_false(platform_port_claims(0x608U, 4U)); /* the timer is read directly */
    assert_false(platform_port_claims(0xFFFFU, 4U));
}

/* REQ-INT-019 */
static void soft_off_is_asked_of_the_hypervisor(void **state)
{
    (void)state;
    wr(0x604U, 2U, 0x2001U);
    assert_int_equal(offs, 1U);
    assert_int_equal(off_value, 0x2001U);
    assert_int_equal(port_writes, 0U);
}

static void soft_off_by_its_high_byte(void **state)
{
    (void)state;
    wr(0x605U, 1U, 0x20U);
    assert_int_equal(offs, 1U);
    wr(0x604U, 4U, 0x2000U);
    assert_int_equal(offs, 2U);
}

/* REQ-INT-019 */
static void other_sleep_states_are_refused_and_logged_once(void **state)
{
    (void)state;
    wr(0x604U, 2U, 0x2401U);
    wr(0x604U, 2U, 0x3C01U);
    assert_int_equal(offs, 0U);
    assert_int_equal(port_writes, 0U);
    assert_int_equal(log_lines, 1U);
}

static void the_sleep_type_is_remembered_but_stays_here(void **state)
{
    (void)state;
    wr(0x604U, 2U, 0x1C06U); /* with GBL_RLS and without SCI_EN */
    assert_int_equal(last_port, 0x604U);
    assert_int_equal(last_value, 3U);
    assert_int_equal(rd(0x604U, 2U), 0x1C03U);
    assert_int_equal(rd(0x605U, 1U), 0x1CU);
}

/* REQ-INT-018 */
static void each_reset_control_resets_the_vm_only(void **state)
{
    (void)state;
    wr(0xCF9U, 1U, 0x02U);
    assert_int_equal(resets, 0U);
    wr(0xCF9U, 1U, 0x06U);
    assert_int_equal(resets, 1U);
    wr(0x64U, 1U, 0xFEU);
    assert_int_equal(resets, 2U);
    wr(0x92U, 1U, 0x01U);
    assert_int_equal(resets, 3U);
    wr(0x64U, 1U, 0xD1U);
    wr(0x60U, 1U, 0x02U);
    assert_int_equal(resets, 4U);
    platform.reset_port = 0x1000U;
    wr(0x1000U, 1U, 0x0EU);
    assert_int_equal(resets, 4U);
    wr(0x1000U, 1U, 0x0FU);
    assert_int_equal(resets, 5U);
    assert_int_equal(port_writes, 0U);
}

/* REQ-INT-020 */
static void the_a20_gate_stays_open(void **state)
{
    (void)state;
    wr(0x92U, 1U, 0x00U);
    wr(0x64U, 1U, 0xDDU);
    wr(0x64U, 1U, 0xDFU);
    wr(0x64U, 1U, 0xFDU);
    wr(0x64U, 1U, 0xD1U);
    wr(0x60U, 1U, 0x01U);
    assert_int_equal(port_writes, 0U);
    assert_int_equal(resets, 0U);
    assert_int_equal(rd(0x92U, 1U), 2U);
}

static void the_keyboard_works(void **state)
{
    (void)state;
    wr(0x64U, 1U, 0x20U);
    assert_int_equal(last_port, 0x64U);
    assert_int_equal(last_value, 0x20U);
    wr(0x60U, 1U, 0xF4U);
    assert_int_equal(last_port, 0x60U);
    assert_int_equal(last_value, 0xF4U);
    port_value[0x60] = 0x1CU;
    assert_int_equal(rd(0x60U, 1U), 0x1CU);
    /* another command cancels a pending output-port write */
    wr(0x64U, 1U, 0xD1U);
    wr(0x64U, 1U, 0x60U);
    wr(0x60U, 1U, 0x44U);
    assert_int_equal(last_value, 0x44U);
    assert_int_equal(resets, 0U);
}

/* REQ-INT-020 */
static void smi_watchdog_and_hot_plug_ports_do_nothing(void **state)
{
    (void)state;
    static const uint16_t port[] = { 0xB2U, 0xB3U, 0x630U, 0x634U, 0x660U, 0x668U, 0x514U, 0x518U, 0xCC8U, 0xCD8U, 0xCDCU };

    for (size_t i = 0U; i < sizeof(port) / sizeof(port[0]); i++) {
        wr(port[i], 1U, 0xFFU);
        assert_int_equal(rd(port[i], 1U), 0U);
    }
    assert_int_equal(port_writes, 0U);
    assert_int_equal(log_lines, 1U);
}

/* REQ-INT-021 */
static void straddling_accesses_are_refused(void **state)
{
    (void)state;
    wr(0x602U, 4U, 0x2000FFFFU);
    wr(0x63U, 2U, 0xFE00U);
    wr(0xCF8U, 2U, 0x0600U);
    wr(0x91U, 2U, 0x0100U);
    wr(0xCF6U, 4U, 0x06000000U);
    assert_int_equal(port_writes + offs + resets, 0U);
    assert_int_equal(rd(0x602U, 4U), 0xFFFFFFFFU);
}

/* REQ-INT-022 */
static void other_vms_reach_nothing(void **state)
{
    (void)state;
    platform_port_write(1U, 0x604U, 2U, 0x2000U);
    platform_port_write(VM_FIRST_USER, 0xCF9U, 1U, 6U);
    platform_port_write(1U, 0x64U, 1U, 0xFEU);
    assert_int_equal(port_writes + offs + resets, 0U);
    assert_int_equal(platform_port_read(1U, 0x604U, 2U), 0xFFFFU);
}

/* REQ-INT-020 */
static void nothing_written_reaches_a_global_control(void **state)
{
    (void)state;
    uint32_t seed = 7U;

    for (uint32_t n = 0U; n < 500000U; n++) {
        uint16_t port;
        uint32_t size;
        seed = (seed * 1664525U) + 1013904223U;
        port = (uint16_t)((seed >> 8U) % 0xD00U);
        size = 1U << ((seed >> 24U) % 3U);
        if (platform_port_claims(port, size)) {
            last_port = 0U;
            wr(port, size, seed * 2654435761U);
            (void)rd(port, size);
            /* what reaches the hardware: keyboard, or PM1 without a sleep request */
            assert_true((last_port == 0U) || (last_port == 0x60U) || (last_port == 0x64U) || (last_port == 0x604U));
            assert_true((last_port != 0x604U) || ((last_value & ~2U) == 1U));
            assert_true((last_port != 0x64U) || ((last_value < 0xF0U) && (last_value != 0xD1U)));
        }
    }
}

/* Throttling and the level registers of the chipset act on the cores of all VMs. */
/* REQ-INT-020 */
static void processor_clock_controls_are_inert(void **state)
{
    (void)state;
    for (uint16_t port = 0x610U; port <= 0x617U; port++) {
        assert_true(platform_port_claims(port, 1U));
        wr(port, 1U, 0x1FU);
        assert_int_equal(rd(port, 1U), 0U);
    }
    wr(0x610U, 4U, 0x10U);
    assert_int_equal(port_writes, 0U);
    assert_false(platform_port_claims(0x618U, 1U));
}

static void a_machine_without_pm1_control_has_no_port_for_it(void **state)
{
    (void)state;
    platform.pm1a_control = 0U;
    assert_false(platform_port_claims(0x604U, 2U));
    assert_false(platform_port_claims(0U, 2U));
}

/* No processor makes accesses of 8 bytes to ports. */
static void no_access_is_wider_than_four_ports(void **state)
{
    (void)state;
    assert_false(platform_port_claims(0x5AU, 8U)); /* the keyboard is behind its four */
    assert_true(platform_port_claims(0x5DU, 8U));
    port_value[0x604] = 1U;
    assert_int_equal(rd(0x602U, 8U), 0xFFFFFFFFU);
}

static void controls_of_the_machine_alone_read_zero(void **state)
{
    (void)state;
    platform.reset_port = 0x440U;
    port_value[0x440] = 0x55U;
    port_value[0xB2] = 0x55U;
    assert_int_equal(rd(0x440U, 1U), 0U);
    assert_int_equal(rd(0xB2U, 1U), 0U);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(exactly_the_controls_are_claimed, setup),
        cmocka_unit_test_setup(soft_off_is_asked_of_the_hypervisor, setup),
        cmocka_unit_test_setup(soft_off_by_its_high_byte, setup),
        cmocka_unit_test_setup(other_sleep_states_are_refused_and_logged_once, setup),
        cmocka_unit_test_setup(the_sleep_type_is_remembered_but_stays_here, setup),
        cmocka_unit_test_setup(each_reset_control_resets_the_vm_only, setup),
        cmocka_unit_test_setup(the_a20_gate_stays_open, setup),
        cmocka_unit_test_setup(the_keyboard_works, setup),
        cmocka_unit_test_setup(smi_watchdog_and_hot_plug_ports_do_nothing, setup),
        cmocka_unit_test_setup(processor_clock_controls_are_inert, setup),
        cmocka_unit_test_setup(straddling_accesses_are_refused, setup),
        cmocka_unit_test_setup(other_vms_reach_nothing, setup),
        cmocka_unit_test_setup(nothing_written_reaches_a_global_control, setup),
        cmocka_unit_test_setup(a_machine_without_pm1_control_has_no_port_for_it, setup),
        cmocka_unit_test_setup(no_access_is_wider_than_four_ports, setup),
        cmocka_unit_test_setup(controls_of_the_machine_alone_read_zero, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
