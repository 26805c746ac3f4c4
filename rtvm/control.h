/* SPDX-License-Identifier: Apache-2.0 */
/* The control task: a PI controller on a simulated first-order plant, in 16.16 fixed point. */
#ifndef RTVM_CONTROL_H
#define RTVM_CONTROL_H

#include <stdint.h>

int32_t control_step(void); /* one period; returns the actuator value */

#endif
