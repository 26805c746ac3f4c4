/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "dm/rtc.h"

#define REG_STATUS_A 0x0AU
#define REG_STATUS_B 0x0BU
#define REG_STATUS_C 0x0CU
#define REG_STATUS_D 0x0DU
#define REG_RAM      0x0EU
#define REG_CENTURY  0x32U

#define STATUS_A_DIVIDER 0x26U /* 32.768 kHz; never "update in progress" */
#define STATUS_B_24H     0x02U /* 24 h, BCD, no interrupts */
#define STATUS_D_VALID   0x80U

static uint8_t bcd(int value)
{
    return (uint8_t)(((value / 10) << 4) | (value % 10));
}

static uint8_t read_register(const struct rtc *rtc, uint8_t index)
{
    time_t now = rtc->now();
    struct tm tm;
    uint8_t value;

    gmtime_r(&now, &tm);
    switch (index) {
    case 0x00U:
        value = bcd(tm.tm_sec % 60);
        break;
    case 0x02U:
        value = bcd(tm.tm_min);
        break;
    case 0x04U:
        value = bcd(tm.tm_hour);
        break;
    case 0x06U:
        value = (uint8_t)(tm.tm_wday + 1);
        break;
    case 0x07U:
        value = bcd(tm.tm_mday);
        break;
    case 0x08U:
        value = bcd(tm.tm_mon + 1);
        break;
    case 0x09U:
        value = bcd(tm.tm_year % 100);
        break;
    case REG_STATUS_A:
        value = STATUS_A_DIVIDER;
        break;
    case REG_STATUS_B:
        value = STATUS_B_24H;
        break;
    case REG_STATUS_C:
        value = 0;
        break;
    case REG_STATUS_D:
        value = STATUS_D_VALID;
        break;
    case REG_CENTURY:
        value = bcd((tm.tm_year + 1900) / 100);
        break;
    default: /* alarms and RAM */
        value = rtc->ram[index];
        break;
    }
    return value;
}

static uint64_t rtc_read(void *device, uint64_t offset, uint32_t size)
{
    const struct rtc *rtc = device;

    (void)size;
    return (offset == 0U) ? rtc->index : read_register(rtc, rtc->index);
}

static void rtc_write(void *device, uint64_t offset, uint32_t size, uint64_t value)
{
    struct rtc *rtc = device;

    (void)size;
    if (offset == 0U) {
        rtc->index = (uint8_t)value & 0x7FU; /* bit 7 masks NMIs, which nobody sends */
    } else if (rtc->index >= REG_RAM) {
        rtc->ram[rtc->index] = (uint8_t)value;
    } else {
        /* the clock is the Service VM's: not to be set from here */
    }
}

const struct io_ops rtc_ops = {.read = rtc_read, .write = rtc_write};

static time_t current_time(void)
{
    return time(NULL);
}

void rtc_create(struct rtc *rtc)
{
    *rtc = (struct rtc){.now = current_time};
}
