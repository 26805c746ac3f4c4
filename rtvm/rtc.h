/* SPDX-License-Identifier: Apache-2.0 */
/* The PC's clock of the day: every one ticks once a second, whatever else the board has. */
#ifndef RTVM_RTC_H
#define RTVM_RTC_H

#include <stdint.h>

/* TSC ticks of one second; 0 when the clock does not go (the console says so). Takes up to two seconds. */
uint64_t rtc_tsc_hz(void);

#endif
