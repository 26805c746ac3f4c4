/* SPDX-License-Identifier: Apache-2.0 */
/* ACPI fixed hardware (ACPI 6.3, 4.8): PM1 event and control blocks, PM timer, power button, and
 * the reset register. Always in ACPI mode: there is no SMI command port. */
#ifndef DM_PM_H
#define DM_PM_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "dm/iobus.h"

#define PM_EVENT_PORTS   4U
#define PM_CONTROL_PORTS 2U
#define PM_TIMER_PORTS   4U

/* What a guest can ask of its machine. */
enum power_request { POWER_NONE, POWER_OFF, POWER_RESET, POWER_CRASH };

struct pm {
    pthread_mutex_t lock;
    uint16_t status, enable, control;
    uint8_t reset_control;
    bool sci_high;
    void (*set_irq)(void *owner, bool high);
    void (*power)(void *owner, enum power_request request);
    void *owner;
};

extern const struct io_ops pm_event_ops;
extern const struct io_ops pm_control_ops;
extern const struct io_ops pm_timer_ops;
extern const struct io_ops pm_reset_ops;

void pm_create(struct pm *pm, void (*set_irq)(void *owner, bool high),
               void (*power)(void *owner, enum power_request request), void *owner);
void pm_reset(struct pm *pm);
bool pm_press_power_button(struct pm *pm); /* false: the guest does not listen */
uint32_t pm_timer_at(uint64_t monotonic_ns);

#endif
