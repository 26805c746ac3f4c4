/* SPDX-License-Identifier: Apache-2.0 */
#include "control.h"

#define ONE           65536
#define PERIOD_SWITCH 500U      /* periods between set-point changes */
#define LIMIT         (100LL * ONE)

static int32_t plant;
static int32_t integral;
static uint32_t periods;

static int32_t clamp(int64_t value)
{
    int64_t result = value;

    if (value > LIMIT) {
        result = LIMIT;
    } else if (value < -LIMIT) {
        result = -LIMIT;
    } else {
        /* inside */
    }
    return (int32_t)result;
}

int32_t control_step(void)
{
    int32_t set_point = (((periods / PERIOD_SWITCH) % 2U) == 0U) ? (10 * ONE) : (20 * ONE);
    int32_t error = set_point - plant;

    periods++;
    integral = clamp(integral + ((int64_t)error / 64));
    int32_t actuator = clamp(((int64_t)error * 2) + integral);
    plant = clamp((int64_t)plant + (((int64_t)actuator - plant) / 32)); /* time constant: 32 periods */
    return actuator;
}
