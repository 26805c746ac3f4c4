/* SPDX-License-Identifier: Apache-2.0 */
/* The record of a measurement on the bare machine: whole on the console, in short on the screen. */
#ifndef RTVM_OUTCOME_H
#define RTVM_OUTCOME_H

#include "abi/rt_telemetry.h"

void outcome_record(const volatile struct rt_telemetry *telemetry);

#endif
