/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reset of a function between two owners, in steps: PCI Express 5.0, 6.6.2 (function-level reset); PCI ECN "Advanced Capabilities for
 * Conventional PCI" (the same for conventional PCI); PCI Power Management 1.2, 3.2.4 and 5.4 (D3hot to D0).
 */
#include "core/hw.h"
#include "devices/vpci_lent_state.h"

#define CAPABILITIES_MAX   48U
#define STATUS_HAS_LIST    0x10U
#define CAP_POWER          0x01U
#define CAP_ADVANCED       0x13U
#define CAP_NONE           0U
#define POWER_CONTROL      4U
#define POWER_STATE        3U     /* D3hot; 0: D0 */
#define POWER_KEEPS_STATE  8U     /* No_Soft_Reset */
#define ADVANCED_OFFERS    3U
#define ADVANCED_RESET     2U     /* in the register of what it offers */
#define ADVANCED_CONTROL   4U
#define ADVANCED_STATUS    5U
#define EXPRESS_CONTROL_FLR 0x8000U
#define POWER_PER_SECOND   100U   /* 10 ms until a function answers again in D0 */
#define RESET_PER_SECOND   10U    /* 100 ms */

static uint32_t capability_find(const struct vpci_function *fn, uint32_t id)
{
    uint32_t found = CAP_NONE;
    uint32_t offset = 0U;

    if ((hw_pci_read(fn->bdf, PCI_STATUS, 2U) & STATUS_HAS_LIST) != 0U) {
        offset = hw_pci_read(fn->bdf, PCI_CAPABILITIES, 1U) & 0xFCU;
    }
    for (uint32_t n = 0U; (n < CAPABILITIES_MAX) && (offset >= PCI_DEVICE_AREA) && (found == CAP_NONE); n++) {
        uint32_t entry = hw_pci_read(fn->bdf, offset, 2U);

        found = ((entry & 0xFFU) == id) ? offset : CAP_NONE;
        offset = (entry >> 8U) & 0xFCU;
    }
    return found;
}

static bool has_advanced(const struct vpci_function *fn)
{
    uint32_t at = capability_find(fn, CAP_ADVANCED);

    return (at != CAP_NONE) && ((hw_pci_read(fn->bdf, at + ADVANCED_OFFERS, 1U) & ADVANCED_RESET) != 0U);
}

static bool power_resets(const struct vpci_function *fn)
{
    uint32_t at = capability_find(fn, CAP_POWER);

    return (at != CAP_NONE) && ((hw_pci_read(fn->bdf, at + POWER_CONTROL, 2U) & POWER_KEEPS_STATE) == 0U);
}

/* REQ-LIF-080 */
bool lent_can_reset(const struct vpci_function *fn)
{
    return vpci_flr_offered(fn) || has_advanced(fn) || power_resets(fn);
}

static void power_set(const struct vpci_function *fn, uint32_t state)
{
    uint32_t at = capability_find(fn, CAP_POWER);

    if (at != CAP_NONE) {
        uint32_t control = hw_pci_read(fn->bdf, at + POWER_CONTROL, 2U);

        hw_pci_write(fn->bdf, at + POWER_CONTROL, 2U, (control & ~POWER_STATE) | state);
    }
}

static bool lent_pending(const struct vpci_function *fn)
{
    return vpci_pending(fn) ||
           (has_advanced(fn) && ((hw_pci_read(fn->bdf, capability_find(fn, CAP_ADVANCED) + ADVANCED_STATUS, 1U) & 1U) != 0U));
}

void lent_registers_save(struct lent *l)
{
    const struct vpci_function *fn = lent_function(l);

    if (fn->pcie != 0U) {
        l->device_control = (uint16_t)hw_pci_read(fn->bdf, fn->pcie + PCI_EXPRESS_CONTROL, 2U);
    }
    l->line = hw_pci_read(fn->bdf, PCI_INTERRUPT, 1U);
    l->cache = hw_pci_read(fn->bdf, PCI_HEADER, 2U);
}

/* Also a function that sleeps is awake from here on: what is not reset must answer. */
/* REQ-LIF-080 */
void lent_reset_begin(struct lent *l)
{
    struct vpci_function *fn = lent_function(l);

    hw_pci_write(fn->bdf, PCI_COMMAND, 2U, PCI_COMMAND_INTX_OFF);
    vpci_function_restart(fn);
    power_set(fn, 0U);
    l->state = LENT_DRAINS;
    l->since = hw_tsc();
}

/* The state after it. */
static enum lent_state reset_start(const struct vpci_function *fn)
{
    enum lent_state next = LENT_RESETS;

    if (vpci_flr_offered(fn)) {
        vpci_flr_start(fn);
    } else if (has_advanced(fn)) {
        hw_pci_write(fn->bdf, capability_find(fn, CAP_ADVANCED) + ADVANCED_CONTROL, 1U, 1U);
    } else if (power_resets(fn)) {
        power_set(fn, POWER_STATE);
        next = LENT_POWERED_DOWN;
    } else {
        /* taken as it is */
    }
    return next;
}

/* REQ-LIF-080 */
bool lent_reset_over(struct lent *l)
{
    const struct vpci_function *fn = lent_function(l);
    const uint64_t now = hw_tsc();
    const bool short_over = (now - l->since) >= (hw_tsc_hz() / POWER_PER_SECOND);
    const bool long_over = (now - l->since) >= (hw_tsc_hz() / RESET_PER_SECOND);
    bool over = false;

    if (l->state == LENT_RESETS) {
        over = long_over;
    } else if (!short_over) {
        /* nothing can be done yet */
    } else if (l->state == LENT_POWERED_DOWN) {
        power_set(fn, 0U);
        l->state = LENT_RESETS;
        l->since = now;
    } else if (long_over || !lent_pending(fn)) {
        l->state = reset_start(fn);
        l->since = now;
    } else {
        /* something is still under way */
    }
    return over;
}

/* What software sets up once, and a reset loses. */
void lent_registers_restore(const struct lent *l)
{
    struct vpci_function *fn = lent_function(l);

    vpci_function_restart(fn);
    hw_pci_write(fn->bdf, PCI_HEADER, 2U, l->cache);
    hw_pci_write(fn->bdf, PCI_INTERRUPT, 1U, l->line);
    if (fn->pcie != 0U) {
        hw_pci_write(fn->bdf, fn->pcie + PCI_EXPRESS_CONTROL, 2U, (uint32_t)l->device_control & ~EXPRESS_CONTROL_FLR);
    }
    hw_pci_write(fn->bdf, PCI_COMMAND, 2U, (fn->owner == VM_SERVICE) ? 0U : PCI_COMMAND_INTX_OFF);
}
