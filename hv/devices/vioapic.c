/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Virtual IOAPIC (Intel 82093AA data sheet). Lines are given as asserted or not:
 * polarity is kept for the guest to read and for the physical pin, and means
 * nothing here.
 *
 * A line is lowered by whoever raised it. The physical lines of the Service VM are
 * core/irq.c's: nobody sees a device lower its line, so a level stays raised here, and
 * its pin masked, until the virtual EOI (irq_pin_eoi) or until the guest makes the
 * entry an edge (irq_pin_update). If the device still asserts it then, the unmasked
 * pin brings it again.
 *
 * A pulse is nobody's line: it raises and lowers none, so what else is at the pin stays
 * as it is. Where the guest made the entry a level, it counts until it was sent once.
 */
#include "devices/vioapic.h"

#include "core/irq.h"
#include "devices/vlapic.h"

#define WINDOW_INDEX 0x00U
#define WINDOW_DATA  0x10U

#define REG_ID          0x00U
#define REG_VERSION     0x01U
#define REG_ARBITRATION 0x02U
#define REG_ENTRIES     0x10U /* two registers a pin */
#define REG_END         (REG_ENTRIES + (2U * IOAPIC_PINS))

#define VERSION_VALUE ((((uint32_t)IOAPIC_PINS - 1U) << 16U) | 0x11U)
#define ID_WRITABLE   0x0F000000U

#define ENTRY_VECTOR     0x000000FFU
#define ENTRY_LOGICAL    0x00000800U
#define ENTRY_ACTIVE_LOW 0x00002000U
#define ENTRY_REMOTE_IRR 0x00004000U
#define ENTRY_LEVEL      0x00008000U
#define ENTRY_MASKED     0x00010000U
#define ENTRY_WRITABLE   0x0001AFFFU /* without delivery status and remote IRR */
#define ENTRY_DEST       0xFF000000U /* high word */

#define MODE_FIXED  0U
#define MODE_LOWEST 1U

struct vioapic {
    uint32_t index;
    uint32_t id;
    uint32_t low[IOAPIC_PINS];
    uint32_t high[IOAPIC_PINS];
    uint64_t lines; /* bit n: line n is asserted */
    uint32_t pulses; /* bit n: a pulse at pin n waits until a level can be sent */
};
static struct vioapic vioapic[MAX_VM];

static bool entry_has(vm_id_t vm, uint32_t pin, uint32_t bits)
{
    return (vioapic[vm].low[pin] & bits) == bits;
}

static bool is_high(vm_id_t vm, uint32_t pin)
{
    return (((vioapic[vm].lines | (vioapic[vm].lines >> VIOAPIC_LENT)) >> pin) & 1U) != 0U;
}

static uint32_t entry_mode(vm_id_t vm, uint32_t pin)
{
    return (vioapic[vm].low[pin] >> 8U) & 7U;
}

/* NMI, INIT and the like are edges, whatever the trigger bit says. */
static bool is_level(vm_id_t vm, uint32_t pin)
{
    uint32_t mode = entry_mode(vm, pin);

    return entry_has(vm, pin, ENTRY_LEVEL) && ((mode == MODE_FIXED) || (mode == MODE_LOWEST));
}

static vcpu_id_t entry_target(vm_id_t vm, uint32_t pin)
{
    return vlapic_target(vm, vioapic[vm].high[pin] >> 24U, entry_has(vm, pin, ENTRY_LOGICAL));
}

static void vioapic_send(vm_id_t vm, uint32_t pin, bool level)
{
    vlapic_deliver(vm, vioapic[vm].high[pin] >> 24U, entry_has(vm, pin, ENTRY_LOGICAL), entry_mode(vm, pin),
                   vioapic[vm].low[pin] & ENTRY_VECTOR, level);
}

/* A level that may be sent is sent, and not again until its EOI. Without a receiver there would
 * never be one: the entry stays ready, and the next change of it tries again. */
static void evaluate_level(vm_id_t vm, uint32_t pin)
{
    bool ready = (is_high(vm, pin) || (((vioapic[vm].pulses >> pin) & 1U) != 0U)) && is_level(vm, pin) && !entry_has(vm, pin, ENTRY_MASKED) &&
                 !entry_has(vm, pin, ENTRY_REMOTE_IRR);

    if (ready && (entry_target(vm, pin) != ID_NONE)) {
        vioapic[vm].low[pin] |= ENTRY_REMOTE_IRR;
        vioapic[vm].pulses &= ~(1U << pin);
        vioapic_send(vm, pin, true);
    }
}

void vioapic_refresh(vm_id_t vm, uint32_t pin)
{
    if (irq_has_line(vm, pin)) {
        irq_pin_update(vm, pin, entry_has(vm, pin, ENTRY_MASKED), is_level(vm, pin),
                       entry_has(vm, pin, ENTRY_ACTIVE_LOW), entry_target(vm, pin));
    }
}

void vioapic_reset(vm_id_t vm)
{
    vioapic[vm] = (struct vioapic){ 0 };
    for (uint32_t pin = 0U; pin < IOAPIC_PINS; pin++) {
        vioapic[vm].low[pin] = ENTRY_MASKED;
        vioapic_refresh(vm, pin);
    }
}

/* Turning an entry to edge clears its remote IRR: kernels that know no EOI register rely on it. */
static void vioapic_entry_write_low(vm_id_t vm, uint32_t pin, uint32_t value)
{
    uint32_t remote_irr = vioapic[vm].low[pin] & ENTRY_REMOTE_IRR;

    vioapic[vm].low[pin] = value & ENTRY_WRITABLE;
    if (is_level(vm, pin)) {
        vioapic[vm].low[pin] |= remote_irr;
    }
}

static void vioapic_entry_write(vm_id_t vm, uint32_t reg, uint32_t value)
{
    uint32_t pin = (reg - REG_ENTRIES) / 2U;

    if ((reg & 1U) == 0U) {
        vioapic_entry_write_low(vm, pin, value);
    } else {
        vioapic[vm].high[pin] = value & ENTRY_DEST;
    }
    vioapic_refresh(vm, pin);
    evaluate_level(vm, pin);
}

static uint32_t register_read(vm_id_t vm, uint32_t reg)
{
    uint32_t value = 0U;

    if ((reg == REG_ID) || (reg == REG_ARBITRATION)) {
        value = vioapic[vm].id;
    } else if (reg == REG_VERSION) {
        value = VERSION_VALUE;
    } else if ((reg >= REG_ENTRIES) && (reg < REG_END)) {
        uint32_t pin = (reg - REG_ENTRIES) / 2U;
        value = ((reg & 1U) == 0U) ? vioapic[vm].low[pin] : vioapic[vm].high[pin];
    } else {
        value = 0U;
    }
    return value;
}

uint32_t vioapic_mmio_read(vm_id_t vm, uint32_t offset)
{
    uint32_t value = 0U;

    if (offset == WINDOW_INDEX) {
        value = vioapic[vm].index;
    } else if (offset == WINDOW_DATA) {
        value = register_read(vm, vioapic[vm].index);
    } else {
        value = 0U;
    }
    return value;
}

/* REQ-ISO-022 */
void vioapic_mmio_write(vm_id_t vm, uint32_t offset, uint32_t value)
{
    uint32_t reg = vioapic[vm].index;

    if (offset == WINDOW_INDEX) {
        vioapic[vm].index = value & 0xFFU;
    } else if (offset != WINDOW_DATA) {
        /* nothing there */
    } else if (reg == REG_ID) {
        vioapic[vm].id = value & ID_WRITABLE;
    } else if ((reg >= REG_ENTRIES) && (reg < REG_END)) {
        vioapic_entry_write(vm, reg, value);
    } else {
        /* read-only or not there */
    }
}

/* An edge that finds its entry masked is lost, as on the 82093AA. */
/* REQ-INT-013 */
static void line_changed(vm_id_t vm, uint32_t pin, bool rises)
{
    if (is_level(vm, pin)) {
        evaluate_level(vm, pin);
    } else {
        vioapic[vm].pulses &= ~(1U << pin);
        if (rises && !entry_has(vm, pin, ENTRY_MASKED)) {
            vioapic_send(vm, pin, false);
        }
    }
}

void vioapic_set_line(vm_id_t vm, uint32_t line, bool high)
{
    const uint32_t pin = line % VIOAPIC_LENT;

    if ((pin < IOAPIC_PINS) && (line < (2U * VIOAPIC_LENT))) {
        const uint64_t bit = (uint64_t)1U << line;
        bool rises = high && !is_high(vm, pin);

        if (high) {
            vioapic[vm].lines |= bit;
        } else {
            vioapic[vm].lines &= ~bit;
        }
        line_changed(vm, pin, rises);
    }
}

/* REQ-INT-013 REQ-INT-090 */
void vioapic_pulse(vm_id_t vm, uint32_t pin)
{
    if (pin < IOAPIC_PINS) {
        vioapic[vm].pulses |= (uint32_t)1U << pin;
        line_changed(vm, pin, true);
    }
}

static void pin_eoi(vm_id_t vm, uint32_t pin)
{
    vioapic[vm].low[pin] &= ~ENTRY_REMOTE_IRR;
    if (irq_has_line(vm, pin)) {
        irq_pin_eoi(vm, pin);
    }
    evaluate_level(vm, pin);
}

/* REQ-INT-013 */
void vioapic_eoi(vm_id_t vm, uint32_t vector)
{
    for (uint32_t pin = 0U; pin < IOAPIC_PINS; pin++) {
        bool waits = is_level(vm, pin) && entry_has(vm, pin, ENTRY_REMOTE_IRR);
        if (waits && ((vioapic[vm].low[pin] & ENTRY_VECTOR) == vector)) {
            pin_eoi(vm, pin);
        }
    }
}
