/* SPDX-License-Identifier: Apache-2.0 */
/* MC146818 clock: UTC of the Service VM, read-only; 114 bytes of CMOS RAM. No alarms. */
#ifndef DM_RTC_H
#define DM_RTC_H

#include <stdint.h>
#include <time.h>

#include "dm/iobus.h"

#define RTC_PORTS 2U

struct rtc {
    uint8_t index;
    uint8_t ram[128];
    time_t (*now)(void);
};

extern const struct io_ops rtc_ops;

void rtc_create(struct rtc *rtc);

#endif
