/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/power_port.c */
/* Which port accesses switch an exclusive VM off or reset it: those that its ACPI tables name, and no other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "abi/partition_table.h"
#include "core/power_port.h"

#define OFF 0x34U /* SLP_EN, SLP_TYP 5 */

static enum power_request asked(uint32_t port, uint64_t value)
{
    struct vm_exit exit = { .reason = HV_EXIT_IO, .number = port, .size = 1U, .write = true };
    return power_port_request(&exit, value);
}

/* REQ-LIF-040 */
static void the_sleep_control_register_switches_off(void **state)
{
    (void)state;
    assert_int_equal(asked(PART_PORT_SLEEP_CONTROL, OFF), POWER_OFF);
    assert_int_equal(asked(PART_PORT_SLEEP_CONTROL, 0xFFFFFFFFFFFFFF00U | OFF), POWER_OFF); /* one byte counts */
    assert_int_equal(asked(PART_PORT_SLEEP_CONTROL, 0x14U), POWER_NONE);                    /* type only */
    assert_int_equal(asked(PART_PORT_SLEEP_CONTROL, 0x30U), POWER_NONE);                    /* S4 */
    assert_int_equal(asked(PART_PORT_SLEEP_CONTROL, 0x20U), POWER_NONE);
}

/* REQ-LIF-040 */
static void the_reset_register_resets(void **state)
{
    (void)state;
    assert_int_equal(asked(PART_PORT_RESET, PART_RESET_VALUE), POWER_RESET);
    assert_int_equal(asked(PART_PORT_RESET, 0x0EU), POWER_RESET);
    assert_int_equal(asked(PART_PORT_RESET, 0x02U), POWER_NONE); /* the first of the two writes to a PC's 0xCF9 */
}

static void anything_else_is_an_ordinary_port(void **state)
{
    struct vm_exit exit = { .reason = HV_EXIT_IO, .number = PART_PORT_SLEEP_CONTROL, .size = 1U };
    (void)state;
    assert_int_equal(power_port_request(&exit, OFF), POWER_NONE); /* a read */
    exit.write = true;
    exit.size = 2U;
    assert_int_equal(power_port_request(&exit, OFF), POWER_NONE);
    exit.size = 1U;
    exit.string = true;
    assert_int_equal(power_port_request(&exit, OFF), POWER_NONE);
    assert_int_equal(asked(PART_PORT_SLEEP_STATUS, OFF), POWER_NONE);
    assert_int_equal(asked(PART_PORT_SLEEP_CONTROL - 1U, OFF), POWER_NONE);
    assert_int_equal(asked(PART_PORT_RESET + 1U, PART_RESET_VALUE), POWER_NONE);
    assert_true(power_port_named(PART_PORT_RESET) && power_port_named(PART_PORT_SLEEP_CONTROL));
    assert_false(power_port_named(PART_PORT_RESET + 1U) || power_port_named(PART_PORT_SLEEP_STATUS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sleep_control_register_switches_off), cmocka_unit_test(the_reset_register_resets),
        cmocka_unit_test(anything_else_is_an_ordinary_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
