/* SPDX-License-Identifier: Apache-2.0 */
/* Publishing to the shared region (abi/rt_telemetry.h). */
#ifndef RTVM_TELEMETRY_H
#define RTVM_TELEMETRY_H

#include "abi/rt_telemetry.h"

void telemetry_init(uint64_t address, uint64_t tsc_hz, uint64_t timer_hz, uint64_t period_ticks, uint64_t start_tsc);
void telemetry_measured(enum rt_measured measured); /* the timer, if not called */
void telemetry_state(enum rt_state state);
void telemetry_warmup_interrupt(void);
void telemetry_sample(uint64_t tsc, uint64_t latency, int32_t output);
void telemetry_overrun(void);
const volatile struct rt_telemetry *telemetry_get(void);
uint64_t telemetry_percentile(uint32_t permille);

#endif
