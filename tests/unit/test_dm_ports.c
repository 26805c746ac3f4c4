/* SPDX-License-Identifier: Apache-2.0 */
/* UART, clock, ACPI power control and legacy ports.
 * unit-sources: /dm/uart.c /dm/rtc.c /dm/pm.c /dm/legacy.c /dm/iobus.c */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "dm/legacy.h"
#include "dm/machine.h"
#include "dm/pm.h"
#include "dm/rtc.h"
#include "dm/uart.h"

static struct uart uart;
static struct pm pm;
static struct rtc rtc;
static uint8_t system_b;
static struct io_bus bus;
static bool irq;
static unsigned irq_changes;
static enum power_request asked;
static char written[64];
static size_t written_size;

void console_write(struct console *console, const uint8_t *data, size_t size)
{
    (void)console;
    memcpy(written + written_size, data, size);
    written_size += size;
}

static void set_irq(void *owner, bool high)
{
    (void)owner;
    irq = high;
    irq_changes++;
}

static void power(void *owner, enum power_request request)
{
    (void)owner;
    asked = request;
}

static time_t fixed_time(void)
{
    return 1767225599; /* 2025-12-31 23:59:59, a Wednesday */
}

static int setup(void **state)
{
    (void)state;
    bus.count = 0;
    irq = false;
    irq_changes = 0;
    written_size = 0;
    asked = POWER_NONE;
    uart_create(&uart, NULL, set_irq, NULL);
    pm_create(&pm, set_irq, power, NULL);
    rtc_create(&rtc);
    rtc.now = fixed_time;
    io_bus_add(&bus, 0x3F8, UART_PORTS, &uart_ops, &uart);
    io_bus_add(&bus, 0x600, PM_EVENT_PORTS, &pm_event_ops, &pm);
    io_bus_add(&bus, 0x604, PM_CONTROL_PORTS, &pm_control_ops, &pm);
    io_bus_add(&bus, 0x608, PM_TIMER_PORTS, &pm_timer_ops, &pm);
    io_bus_add(&bus, 0xCF9, 1, &pm_reset_ops, &pm);
    io_bus_add(&bus, 0x70, RTC_PORTS, &rtc_ops, &rtc);
    io_bus_add(&bus, 0x64, 1, &legacy_i8042_ops, &pm);
    io_bus_add(&bus, 0x61, 1, &legacy_system_b_ops, &system_b);
    io_bus_add(&bus, 0x40, 4, &legacy_zero_ops, NULL);
    return 0;
}

static uint64_t in(uint16_t port, uint32_t size) { return io_bus_read(&bus, port, size); }
static void out(uint16_t port, uint32_t size, uint64_t value) { io_bus_write(&bus, port, size, value); }

/* REQ-DM-007 */
static void nobody_answers_with_all_ones(void **state)
{
    (void)state;
    assert_int_equal(in(0x1234, 1), 0xFF);
    assert_int_equal(in(0x1234, 2), 0xFFFF);
    assert_int_equal(in(0x1234, 4), 0xFFFFFFFF);
    assert_int_equal(in(0x3FF, 2), 0xFFFF); /* half in the UART */
    assert_int_equal(io_bus_read(&bus, UINT64_MAX, 8), UINT64_MAX);
    out(0x1234, 4, 1);
}

static void uart_sends_and_interrupts(void **state)
{
    (void)state;
    out(0x3F8, 1, 'H');
    assert_int_equal(written[0], 'H');
    assert_false(irq);
    out(0x3FC, 1, 0x08); /* OUT2 */
    out(0x3F9, 1, 0x02);
    assert_true(irq);
    assert_int_equal(in(0x3FA, 1) & 0x0F, 0x02);
    assert_false(irq); /* reading the cause acknowledged it */
    out(0x3F8, 1, 'i');
    assert_true(irq);
    assert_int_equal(in(0x3FD, 1), 0x60);
}

static void uart_receives(void **state)
{
    (void)state;
    out(0x3FC, 1, 0x08);
    out(0x3F9, 1, 0x01);
    uart_receive(&uart, (const uint8_t *)"ab", 2);
    assert_true(irq);
    assert_int_equal(in(0x3FA, 1) & 0x0F, 0x04);
    assert_int_equal(in(0x3FD, 1) & 1U, 1);
    assert_int_equal(in(0x3F8, 1), 'a');
    assert_int_equal(in(0x3F8, 1), 'b');
    assert_false(irq);
    assert_int_equal(in(0x3F8, 1), 0);
}

static void uart_overruns_without_harm(void **state)
{
    uint8_t flood[1000] = {0};

    (void)state;
    uart_receive(&uart, flood, sizeof(flood));
    assert_int_equal(uart.count, UART_FIFO_SIZE);
    assert_int_equal(in(0x3FD, 1), 0x63);
    assert_int_equal(in(0x3FD, 1), 0x61);
    out(0x3FA, 1, 0x03);
    assert_int_equal(in(0x3FD, 1), 0x60);
}

/* As Linux's 8250 driver probes. */
static void uart_loops_back(void **state)
{
    (void)state;
    out(0x3FC, 1, 0x10 | 0x0A);
    assert_int_equal(in(0x3FE, 1) & 0xF0U, 0x90);
    out(0x3FF, 1, 0xA5);
    assert_int_equal(in(0x3FF, 1), 0xA5);
    out(0x3F8, 1, 'x');
    assert_int_equal(written_size, 0);
    assert_int_equal(in(0x3F8, 1), 'x');
    out(0x3FB, 1, 0x80);
    out(0x3F8, 1, 0x34);
    out(0x3F9, 1, 0x12);
    assert_int_equal(in(0x3F8, 1), 0x34);
    assert_int_equal(in(0x3F9, 1), 0x12);
}

/* REQ-DM-006 */
static void pm_powers_off_at_s5_only(void **state)
{
    (void)state;
    assert_int_equal(in(0x604, 2) & 1U, 1);
    out(0x604, 2, 0x2000);
    assert_int_equal(asked, POWER_NONE);
    out(0x604, 2, 0x2000 | (MACHINE_SLEEP_S5 << 10));
    assert_int_equal(asked, POWER_OFF);
    assert_int_equal(in(0x604, 2) & 0x2000U, 0);
}

/* REQ-DM-006 */
static void pm_resets(void **state)
{
    (void)state;
    out(0xCF9, 1, 2);
    assert_int_equal(asked, POWER_NONE);
    out(0xCF9, 1, MACHINE_RESET_VALUE);
    assert_int_equal(asked, POWER_RESET);
    asked = POWER_NONE;
    out(0x64, 1, 0xD1);
    assert_int_equal(asked, POWER_NONE);
    out(0x64, 1, 0xFE);
    assert_int_equal(asked, POWER_RESET);
}

static void pm_power_button(void **state)
{
    (void)state;
    assert_false(pm_press_power_button(&pm));
    out(0x602, 2, 0x0100);
    assert_true(pm_press_power_button(&pm));
    assert_true(irq);
    assert_int_equal(in(0x600, 2), 0x0100);
    assert_int_equal(in(0x600, 4), 0x01000100);
    out(0x600, 2, 0x0100);
    assert_false(irq);
    assert_int_equal(in(0x600, 2), 0);
}

static void pm_timer_counts_3_58_mhz(void **state)
{
    (void)state;
    assert_int_equal(pm_timer_at(0), 0);
    assert_int_equal(pm_timer_at(1000000000), 3579545);
    assert_int_equal(pm_timer_at(5000000000), 5U * 3579545U - 0x1000000U);
    assert_true(in(0x608, 4) <= 0xFFFFFF);
}

static void rtc_tells_utc(void **state)
{
    static const uint8_t expected[][2] = {{0, 0x59}, {2, 0x59}, {4, 0x23}, {6, 4}, {7, 0x31}, {8, 0x12}, {9, 0x25}, {0x32, 0x20}, {0x0B, 2}, {0x0D, 0x80}};

    (void)state;
    for (unsigned i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        out(0x70, 1, expected[i][0]);
        assert_int_equal(in(0x71, 1), expected[i][1]);
    }
    out(0x70, 1, 0xFF); /* NMI mask and the last byte of RAM */
    out(0x71, 1, 0x42);
    assert_int_equal(in(0x71, 1), 0x42);
}

/* REQ-DM-007 */
static void legacy_loops_come_to_an_end(void **state)
{
    uint64_t first = in(0x61, 1);

    (void)state;
    assert_true((first & 0x20U) != 0U);
    assert_int_equal(first ^ in(0x61, 1), 0x10);
    assert_int_equal(in(0x64, 1), 0);
    assert_int_equal(in(0x40, 1), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, setup)
    const struct CMUnitTest tests[] = {
        TEST(nobody_answers_with_all_ones), TEST(uart_sends_and_interrupts), TEST(uart_receives), TEST(uart_overruns_without_harm),
        TEST(uart_loops_back), TEST(pm_powers_off_at_s5_only), TEST(pm_resets), TEST(pm_power_button),
        TEST(pm_timer_counts_3_58_mhz), TEST(rtc_tells_utc), TEST(legacy_loops_come_to_an_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
