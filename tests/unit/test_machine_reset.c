/* SPDX-License-Identifier: Apache-2.0 */
/* The ways to reset the machine, one after the other: each is for a machine on which those before it did nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "core/types.h"

/* Instead of the privileged instructions of x86/asm.h. */
#define X86_ASM_H
static char done[256];
static jmp_buf halted;
static void note(const char *text) { strcat(done, text); }
static void asm_out8(uint16_t port, uint8_t value)
{
    char text[32];
    (void)snprintf(text, sizeof(text), "%x=%x ", port, value);
    note(text);
}
static void asm_out16(uint16_t port, uint16_t value) { asm_out8(port, (uint8_t)value); }
static void asm_triple_fault(void) { note("triple-fault "); }
static NORETURN void asm_halt_forever(void) { longjmp(halted, 1); }

#include "x86/power.c"

struct platform platform;
void tsc_wait_us(uint64_t us) { assert_int_equal(us, 100000U); note("wait "); }
static void core_leave(void) { note("leave "); }
static const struct vendor_ops fake_vendor = { .core_leave = core_leave };
const struct vendor_ops *vendor = &fake_vendor;

static const char *reset(uint16_t port, uint8_t value)
{
    memset(done, 0, sizeof(done));
    platform.reset_port = port;
    platform.reset_value = value;
    if (setjmp(halted) == 0) {
        hw_reset();
    }
    return done;
}

/* REQ-LIF-007 */
static void each_way_is_tried_and_the_last_ones_outside_of_vmx(void **state)
{
    (void)state;
    assert_string_equal(reset(0U, 0U), "cf9=2 cf9=6 wait leave 64=fe wait triple-fault ");
    assert_string_equal(reset(0x1804U, 0xAU), "1804=a wait cf9=2 cf9=6 wait leave 64=fe wait triple-fault ");
}

/* REQ-LIF-007 */
static void power_off_is_by_the_register_that_acpi_names(void **state)
{
    (void)state;
    memset(done, 0, sizeof(done));
    platform.pm1a_control = 0x604U;
    if (setjmp(halted) == 0) {
        hw_poweroff(0x20U);
    }
    assert_string_equal(done, "604=20 ");
    memset(done, 0, sizeof(done));
    platform.pm1a_control = 0U;
    if (setjmp(halted) == 0) {
        hw_poweroff(0x20U);
    }
    assert_string_equal(done, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(each_way_is_tried_and_the_last_ones_outside_of_vmx), cmocka_unit_test(power_off_is_by_the_register_that_acpi_names) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
