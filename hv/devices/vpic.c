/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Virtual pair of 8259A interrupt controllers (Intel 8259A data sheet), the
 * second one on input 2 of the first, with the edge/level registers of PCI
 * chipsets (ports 0x4D0, 0x4D1). The cascade input follows the second chip's
 * output, so a request that goes away again leaves nothing behind.
 */
#include "devices/vpic.h"

#include "core/vm.h"

#define MASTER 0U
#define SLAVE  1U
#define CASCADE 2U
#define SPURIOUS 7U
#define NO_REQUEST 8U

#define ICW1_INIT   0x10U
#define ICW1_SINGLE 0x02U
#define ICW1_IC4    0x01U
#define ICW4_AUTO_EOI 0x02U
#define ICW4_NESTED   0x10U
#define OCW3        0x08U

enum init_step { STEP_READY, STEP_ICW2, STEP_ICW3, STEP_ICW4 };

struct chip {
    uint32_t irr;
    uint32_t isr;
    uint32_t imr;
    uint32_t line;    /* inputs as they are */
    uint32_t elcr;    /* level-triggered inputs */
    uint32_t base;    /* vector of input 0 */
    uint32_t highest; /* input with the highest priority */
    enum init_step step;
    bool single;
    bool needs_icw4;
    bool auto_eoi;
    bool rotate_auto;
    bool special_mask;
    bool special_nested;
    bool read_isr;
    bool poll;
};
static struct chip chips[MAX_VM][2];

static const uint32_t elcr_writable[2] = { 0xF8U, 0xDEU }; /* timer, keyboard, cascade, RTC, FPU: edge */

/* 0: highest priority ... 7; NO_REQUEST for the empty set. */
static uint32_t best_rank(const struct chip *chip, uint32_t set)
{
    uint32_t rank = 0U;

    while ((rank < NO_REQUEST) && (((set >> ((chip->highest + rank) & 7U)) & 1U) == 0U)) {
        rank++;
    }
    return rank;
}

/* What in service holds back requests of its priority and below. In special mask mode a masked
 * input does not; in special fully nested mode the cascade does not. */
static uint32_t blocking_set(const struct chip *chip, uint32_t which)
{
    uint32_t set = chip->isr;

    if (chip->special_mask) {
        set &= ~chip->imr;
    }
    if ((which == MASTER) && chip->special_nested) {
        set &= ~(1U << CASCADE);
    }
    return set;
}

/* Input that the chip would interrupt for, or NO_REQUEST. */
static uint32_t chip_request(const struct chip *chip, uint32_t which)
{
    uint32_t wanted = chip->irr & ~chip->imr;
    uint32_t input = NO_REQUEST;

    if (((wanted & 0xFFU) != 0U) && (chip->step == STEP_READY)) { /* seldom: this is asked at every entry of vCPU 0 */
        uint32_t rank = best_rank(chip, wanted);
        if (rank < best_rank(chip, blocking_set(chip, which))) {
            input = (chip->highest + rank) & 7U;
        }
    }
    return input;
}

static void chip_set_input(struct chip *chip, uint32_t input, bool high)
{
    uint32_t bit = 1U << input;
    bool level = (chip->elcr & bit) != 0U;

    if (high) {
        if (level || ((chip->line & bit) == 0U)) {
            chip->irr |= bit;
        }
        chip->line |= bit;
    } else {
        /* An edge stays latched: callers may send pulses. */
        if (level) {
            chip->irr &= ~bit;
        }
        chip->line &= ~bit;
    }
}

bool vpic_pending(vm_id_t vm_id)
{
    return chip_request(&chips[vm_id][MASTER], MASTER) != NO_REQUEST;
}

static void cascade_update(vm_id_t vm_id)
{
    struct chip *master = &chips[vm_id][MASTER];

    if (chip_request(&chips[vm_id][SLAVE], SLAVE) != NO_REQUEST) {
        master->irr |= 1U << CASCADE;
    } else {
        master->irr &= ~(1U << CASCADE);
    }
}

/* After every change: the cascade, and vCPU 0 when the output rises. */
static void output_update(vm_id_t vm_id, bool was_pending)
{
    cascade_update(vm_id);
    if (!was_pending && vpic_pending(vm_id)) {
        vcpu_notify(vcpu_id(vm_id, 0U));
    }
}

static void chip_acknowledge(struct chip *chip, uint32_t input)
{
    uint32_t bit = 1U << input;

    if ((chip->elcr & bit) == 0U) {
        chip->irr &= ~bit;
    }
    if (!chip->auto_eoi) {
        chip->isr |= bit;
    } else if (chip->rotate_auto) {
        chip->highest = (input + 1U) & 7U;
    } else {
        /* in service for no time at all */
    }
}

/* Without a request the answer is input 7 with nothing in service: spurious. */
static uint32_t chip_vector(struct chip *chip, uint32_t which, uint32_t *input)
{
    *input = chip_request(chip, which);
    if (*input == NO_REQUEST) {
        *input = SPURIOUS;
    } else {
        chip_acknowledge(chip, *input);
    }
    return chip->base + *input;
}

/* REQ-INT-014 */
uint32_t vpic_acknowledge(vm_id_t vm_id)
{
    uint32_t input = NO_REQUEST;
    bool cascaded = chip_request(&chips[vm_id][MASTER], MASTER) == CASCADE;
    uint32_t vector = chip_vector(&chips[vm_id][MASTER], MASTER, &input);

    if (cascaded) {
        vector = chip_vector(&chips[vm_id][SLAVE], SLAVE, &input);
    }
    output_update(vm_id, true);
    return vector;
}

void vpic_set_line(vm_id_t vm_id, uint32_t irq, bool high)
{
    bool was_pending = vpic_pending(vm_id);

    if ((irq < 16U) && (irq != CASCADE)) {
        chip_set_input(&chips[vm_id][irq >> 3U], irq & 7U, high);
        output_update(vm_id, was_pending);
    }
}

/* Edges are forgotten, levels are still there; the priorities are those of reset. */
static void icw1_write(struct chip *chip, uint32_t value)
{
    chip->irr = chip->line & chip->elcr;
    chip->isr = 0U;
    chip->imr = 0U;
    chip->highest = 0U;
    chip->auto_eoi = false;
    chip->rotate_auto = false;
    chip->special_mask = false;
    chip->special_nested = false;
    chip->read_isr = false;
    chip->poll = false;
    chip->single = (value & ICW1_SINGLE) != 0U;
    chip->needs_icw4 = (value & ICW1_IC4) != 0U;
    chip->step = STEP_ICW2;
}

static void end_of_interrupt(struct chip *chip, uint32_t input, bool rotate)
{
    chip->isr &= ~(1U << input);
    if (rotate) {
        chip->highest = (input + 1U) & 7U;
    }
}

/* Bits 7-5: rotate, specific, EOI. In special mask mode a masked input does not count as the
 * highest in service. */
static void ocw2_write(struct chip *chip, uint32_t value)
{
    uint32_t rank = best_rank(chip, chip->special_mask ? (chip->isr & ~chip->imr) : chip->isr);
    uint32_t named = value & 7U;

    switch (value >> 5U) {
    case 0U: chip->rotate_auto = false; break;
    case 4U: chip->rotate_auto = true; break;
    case 1U:
    case 5U:
        if (rank < NO_REQUEST) {
            end_of_interrupt(chip, (chip->highest + rank) & 7U, (value >> 5U) == 5U);
        }
        break;
    case 3U: end_of_interrupt(chip, named, false); break;
    case 7U: end_of_interrupt(chip, named, true); break;
    case 6U: chip->highest = (named + 1U) & 7U; break;
    default: break; /* 2: no operation */
    }
}

static void ocw3_write(struct chip *chip, uint32_t value)
{
    chip->poll = (value & 0x04U) != 0U;
    if ((value & 0x02U) != 0U) {
        chip->read_isr = (value & 0x01U) != 0U;
    }
    if ((value & 0x40U) != 0U) {
        chip->special_mask = (value & 0x20U) != 0U;
    }
}

static void chip_command_write(struct chip *chip, uint32_t value)
{
    if ((value & ICW1_INIT) != 0U) {
        icw1_write(chip, value);
    } else if ((value & OCW3) != 0U) {
        ocw3_write(chip, value);
    } else {
        ocw2_write(chip, value);
    }
}

static void data_write(struct chip *chip, uint32_t value)
{
    switch (chip->step) {
    case STEP_ICW2:
        chip->base = value & 0xF8U;
        if (!chip->single) {
            chip->step = STEP_ICW3;
        } else {
            chip->step = chip->needs_icw4 ? STEP_ICW4 : STEP_READY;
        }
        break;
    case STEP_ICW3: /* the wiring is what it is */
        chip->step = chip->needs_icw4 ? STEP_ICW4 : STEP_READY;
        break;
    case STEP_ICW4:
        chip->auto_eoi = (value & ICW4_AUTO_EOI) != 0U;
        chip->special_nested = (value & ICW4_NESTED) != 0U;
        chip->step = STEP_READY;
        break;
    case STEP_READY:
    default:
        chip->imr = value;
        break;
    }
}

/* An input that turns to level shows its line at once. */
static void elcr_write(struct chip *chip, uint32_t which, uint32_t value)
{
    uint32_t changed = chip->elcr ^ (value & elcr_writable[which]);

    chip->elcr = value & elcr_writable[which];
    chip->irr = (chip->irr & ~(changed & chip->elcr)) | (chip->line & chip->elcr);
}

/* REQ-ISO-022 */
void vpic_port_write(vm_id_t vm_id, uint16_t port, uint32_t value)
{
    bool was_pending = vpic_pending(vm_id);
    uint32_t byte = value & 0xFFU;

    switch (port) {
    case 0x20U: chip_command_write(&chips[vm_id][MASTER], byte); break;
    case 0x21U: data_write(&chips[vm_id][MASTER], byte); break;
    case 0xA0U: chip_command_write(&chips[vm_id][SLAVE], byte); break;
    case 0xA1U: data_write(&chips[vm_id][SLAVE], byte); break;
    case 0x4D0U: elcr_write(&chips[vm_id][MASTER], MASTER, byte); break;
    case 0x4D1U: elcr_write(&chips[vm_id][SLAVE], SLAVE, byte); break;
    default: break;
    }
    output_update(vm_id, was_pending);
}

/* The first read after a poll command acknowledges: bit 7 and the input, or zero. */
static uint32_t poll_read(struct chip *chip, uint32_t which)
{
    uint32_t input = chip_request(chip, which);
    uint32_t value = 0U;

    chip->poll = false;
    if (input != NO_REQUEST) {
        chip_acknowledge(chip, input);
        value = 0x80U | input;
    }
    return value;
}

static uint32_t chip_read(struct chip *chip, uint32_t which, bool data)
{
    uint32_t value = 0U;

    if (chip->poll) {
        value = poll_read(chip, which);
    } else if (data) {
        value = chip->imr;
    } else {
        value = chip->read_isr ? chip->isr : chip->irr;
    }
    return value;
}

uint32_t vpic_port_read(vm_id_t vm_id, uint16_t port)
{
    bool was_pending = vpic_pending(vm_id);
    uint32_t value = 0xFFU;

    switch (port) {
    case 0x20U: value = chip_read(&chips[vm_id][MASTER], MASTER, false); break;
    case 0x21U: value = chip_read(&chips[vm_id][MASTER], MASTER, true); break;
    case 0xA0U: value = chip_read(&chips[vm_id][SLAVE], SLAVE, false); break;
    case 0xA1U: value = chip_read(&chips[vm_id][SLAVE], SLAVE, true); break;
    case 0x4D0U: value = chips[vm_id][MASTER].elcr; break;
    case 0x4D1U: value = chips[vm_id][SLAVE].elcr; break;
    default: break;
    }
    output_update(vm_id, was_pending);
    return value;
}

/* Before software has set them up, both chips have every input masked. */
void vpic_reset(vm_id_t vm_id)
{
    for (uint32_t which = MASTER; which <= SLAVE; which++) {
        chips[vm_id][which] = (struct chip){ 0 };
        chips[vm_id][which].imr = 0xFFU;
        chips[vm_id][which].step = STEP_READY;
    }
}
