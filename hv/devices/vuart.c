/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registers of a 16550A and its interrupt (TI TL16C550C data sheet, 8). The transmitter is empty when a whole FIFO can be sent; a byte
 * is there as soon as one is, whatever the trigger level. RTS and DTR are the peer's CTS, and its DSR and DCD.
 *
 * The interrupt of a VM on shared cores is an edge of its IOAPIC's pin. Where an exclusive peer meets it without a lock, each side
 * stores what it has to say, then a fence, then looks at what the other one said: an interrupt may come once too often, and never not at all.
 */
#include "devices/vuart.h"
#include "core/hw.h"
#include "core/partition.h"
#include "core/vm.h"
#include "devices/vioapic.h"
#include "devices/vuart_line.h"

#define REG_DATA     0U
#define REG_ENABLE   1U
#define REG_IDENTIFY 2U /* written: FIFO control */
#define REG_LINE     3U
#define REG_MODEM    4U
#define REG_STATUS   5U
#define REG_LINES    6U
#define REG_DIVISOR  8U /* and 9: in the place of data and enable while LCR.DLAB is set */
#define REG_COUNT    10U

#define ENABLE_RECEIVED 1U
#define ENABLE_EMPTY    2U
#define ENABLE_ERROR    4U
#define ENABLE_LINES    8U
#define ENABLE_BITS     15U

#define IDENTIFY_LINES    0U
#define IDENTIFY_NONE     1U
#define IDENTIFY_EMPTY    2U
#define IDENTIFY_RECEIVED 4U
#define IDENTIFY_ERROR    6U
#define IDENTIFY_FIFO     0xC0U

#define FIFO_ENABLE  1U
#define FIFO_CLEAR   2U /* the receiver's; what is sent is on the line */
#define LINE_DIVISOR 0x80U
#define MODEM_OUT2   0x08U /* lets the interrupt out, as on a PC */
#define MODEM_LOOP   0x10U
#define MODEM_BITS   0x1FU

#define STATUS_READY   1U
#define STATUS_OVERRUN 2U
#define STATUS_EMPTY   0x60U /* holding register and transmitter */

#define LINES_RING 0x40U

/* Written by the port's own VM alone; what its peer reads as well is in struct vuart_line. */
struct vuart {
    uint8_t kept[REG_COUNT]; /* LCR, scratch and divisor: without effect but for LCR.DLAB; FCR bit 0 */
    uint8_t lines;           /* MSR bits 7:4 when somebody last looked */
    uint8_t changed;         /* MSR bits 3:0 */
    bool empty;              /* the transmitter, when somebody last looked */
    bool emptied;            /* the interrupt for that is due */
    bool overrun;            /* in loop-back */
    uint8_t loop[VUART_FIFO];
    uint32_t loop_at;
    uint32_t loop_count;
    uint32_t lost;           /* of what the peer has lost, known here */
};
static struct vuart vuart[VUARTS];
volatile bool vuart_waiting;

static const struct part_uart *line_end(uint32_t port)
{
    return &partition.table.link_end[port];
}

/* The VM's port there, or ID_NONE. */
static uint32_t vuart_at(vm_id_t v, uint32_t port)
{
    uint32_t found = ID_NONE;

    for (uint32_t i = 0U; i < (2U * partition.table.link_count); i++) {
        uint32_t base = line_end(i)->port;

        if ((line_end(i)->vm == v) && (port >= base) && ((port - base) < PART_UART_PORTS)) {
            found = i;
        }
    }
    return found;
}

bool vuart_claims(vm_id_t v, uint32_t port)
{
    return vuart_at(v, port) != ID_NONE;
}

static bool loops(uint32_t i)
{
    return (vuart_line[i].modem & MODEM_LOOP) != 0U;
}

static bool received(uint32_t i)
{
    return (vuart[i].loop_count != 0U) || (!loops(i) && (vuart_waits(i) != 0U));
}

static bool overran(uint32_t i)
{
    return vuart[i].overrun || (vuart_line[vuart_peer(i)].lost != vuart[i].lost);
}

static bool can_send(uint32_t i)
{
    return loops(i) || vuart_has_room(i);
}

/* MSR bits 7:4, CTS, DSR, RI and DCD, are what RTS, DTR, OUT1 and OUT2 are in loop-back. The peer's outputs are off while it talks to itself. */
static uint32_t modem_lines(uint32_t i)
{
    uint32_t there = vuart_line[i].modem;

    if (!loops(i)) {
        uint32_t peer = vuart_peer(i);

        there = loops(peer) ? 0U : (vuart_line[peer].modem & 3U);
        there |= (there & 1U) << 3U;
    }
    return ((there & 2U) << 3U) | ((there & 1U) << 5U) | ((there & 0xCU) << 4U);
}

/* What has happened since somebody last looked: RI counts when it falls, the transmitter when it becomes empty. */
static void take_note(uint32_t i)
{
    struct vuart *u = &vuart[i];
    uint32_t lines = modem_lines(i);
    bool empty = can_send(i);

    u->changed |= (uint8_t)(((lines ^ u->lines) & ~(lines & LINES_RING)) >> 4U);
    u->lines = (uint8_t)lines;
    u->emptied = u->emptied || (empty && !u->empty);
    u->empty = empty;
}

static uint32_t uart_cause(uint32_t i)
{
    uint32_t asked = vuart_line[i].asked;
    uint32_t found = IDENTIFY_NONE;

    if (((asked & ENABLE_ERROR) != 0U) && overran(i)) {
        found = IDENTIFY_ERROR;
    } else if (((asked & ENABLE_RECEIVED) != 0U) && received(i)) {
        found = IDENTIFY_RECEIVED;
    } else if (((asked & ENABLE_EMPTY) != 0U) && vuart[i].emptied) {
        found = IDENTIFY_EMPTY;
    } else if (((asked & ENABLE_LINES) != 0U) && (vuart[i].changed != 0U)) {
        found = IDENTIFY_LINES;
    } else {
        /* silent */
    }
    return found;
}

static bool is_wired(uint32_t i)
{
    return (vuart_line[i].modem & (MODEM_OUT2 | MODEM_LOOP)) == MODEM_OUT2;
}

static bool uart_interrupts(uint32_t i)
{
    take_note(i);
    return is_wired(i) && (uart_cause(i) != IDENTIFY_NONE);
}

/* REQ-INT-090 */
static void settle(uint32_t i)
{
    bool wants = uart_interrupts(i);

    if (!wants && vuart_line[i].raised) {
        vuart_line[i].raised = false;
        hw_fence();
        wants = uart_interrupts(i);
    }
    if (wants && !vuart_line[i].raised) {
        vuart_line[i].raised = true;
        if (line_end(i)->gsi != 0U) {
            vioapic_pulse(line_end(i)->vm, line_end(i)->gsi);
        }
    }
}

static bool is_polled(uint32_t i)
{
    return vms[line_end(i)->vm].exclusive;
}

/* An exclusive VM does not take the lock: a shared core looks. It is called once for all that wait, and for what it is asked to tell. */
/* REQ-RT-080 */
static void call_core(uint32_t i, uint32_t for_whom)
{
    hw_fence();
    if (((vuart_line[i].asked & for_whom) != 0U) && is_wired(i) && !vuart_line[i].raised && !vuart_waiting) {
        vuart_waiting = true;
        hw_kick(vcpus[vcpu_id(line_end(i)->vm, 0U)].pcpu);
    }
}

/* The port has done something that its peer may have an interrupt for. A VM on shared cores looks itself, before it goes on; one that polls will see. */
static void tell(uint32_t port, uint32_t for_whom)
{
    uint32_t peer = vuart_peer(port);

    if (is_polled(port) && !is_polled(peer)) {
        call_core(peer, for_whom);
    }
}

static void tell_of_room(uint32_t i)
{
    if (vuart_has_room(vuart_peer(i))) {
        tell(i, ENABLE_EMPTY);
    }
}

static uint32_t buffer_read(uint32_t i)
{
    struct vuart *u = &vuart[i];
    uint32_t value = 0U;

    if (u->loop_count != 0U) {
        value = u->loop[u->loop_at % VUART_FIFO];
        u->loop_at = (u->loop_at + 1U) % VUART_FIFO;
        u->loop_count--;
    } else if (received(i)) {
        value = vuart_take(i);
        tell_of_room(i);
    } else {
        /* nothing came */
    }
    return value;
}

static void holding_write(uint32_t i, uint32_t value)
{
    struct vuart *u = &vuart[i];

    if (!loops(i)) {
        vuart_send(i, value);
        tell(i, ENABLE_RECEIVED | ENABLE_ERROR);
    } else if (u->loop_count < VUART_FIFO) {
        u->loop[(u->loop_at + u->loop_count) % VUART_FIFO] = (uint8_t)value;
        u->loop_count++;
    } else {
        u->overrun = true;
    }
    u->emptied = false;
    u->empty = false;
}

static uint32_t identify(uint32_t i)
{
    uint32_t found = uart_cause(i);

    if (found == IDENTIFY_EMPTY) {
        vuart[i].emptied = false;
    }
    return found | ((vuart[i].kept[REG_IDENTIFY] != 0U) ? IDENTIFY_FIFO : 0U);
}

static uint32_t line_status(uint32_t i)
{
    uint32_t value = received(i) ? STATUS_READY : 0U;

    value |= can_send(i) ? STATUS_EMPTY : 0U;
    if (overran(i)) {
        value |= STATUS_OVERRUN;
        vuart[i].overrun = false;
        vuart[i].lost = vuart_line[vuart_peer(i)].lost;
    }
    return value;
}

static uint32_t modem_status(uint32_t i)
{
    uint32_t value = (uint32_t)vuart[i].lines | vuart[i].changed;

    vuart[i].changed = 0U;
    return value;
}

/* reg: as vuart_register() says. */
static uint32_t port_read(uint32_t i, uint32_t reg)
{
    uint32_t value;

    take_note(i);
    switch (reg) {
    case REG_DATA:
        value = buffer_read(i);
        break;
    case REG_ENABLE:
        value = vuart_line[i].asked;
        break;
    case REG_IDENTIFY:
        value = identify(i);
        break;
    case REG_MODEM:
        value = vuart_line[i].modem;
        break;
    case REG_STATUS:
        value = line_status(i);
        break;
    case REG_LINES:
        value = modem_status(i);
        break;
    default:
        value = vuart[i].kept[reg % REG_COUNT];
        break;
    }
    return value;
}

static void enable_write(uint32_t i, uint32_t value)
{
    vuart[i].emptied = vuart[i].emptied || (((value & ~vuart_line[i].asked & ENABLE_EMPTY) != 0U) && can_send(i));
    vuart_line[i].asked = value & ENABLE_BITS;
}

static void fifo_write(uint32_t i, uint32_t value)
{
    vuart[i].kept[REG_IDENTIFY] = (uint8_t)(value & FIFO_ENABLE);
    if ((value & FIFO_CLEAR) != 0U) {
        vuart[i].loop_count = 0U;
        vuart_take_all(i);
        tell_of_room(i);
    }
}

static void port_write(uint32_t i, uint32_t reg, uint32_t value)
{
    switch (reg) {
    case REG_DATA:
        holding_write(i, value);
        break;
    case REG_ENABLE:
        enable_write(i, value);
        break;
    case REG_IDENTIFY:
        fifo_write(i, value);
        break;
    case REG_MODEM:
        vuart_line[i].modem = value & MODEM_BITS;
        tell(i, ENABLE_LINES);
        break;
    default:
        vuart[i].kept[reg % REG_COUNT] = (uint8_t)value; /* the states are read-only: nobody reads it there */
        break;
    }
}

/* The interrupts of a VM on shared cores, its own and its peer's, are looked at on its way back into the guest. */
static void look_later(uint32_t i)
{
    if (!is_polled(i)) {
        vuart_waiting = true;
    }
}

static uint32_t vuart_register(uint32_t i, uint32_t port)
{
    uint32_t reg = (port - line_end(i)->port) % PART_UART_PORTS;

    if ((reg <= REG_ENABLE) && ((vuart[i].kept[REG_LINE] & LINE_DIVISOR) != 0U)) {
        reg += REG_DIVISOR;
    }
    return reg;
}

/* REQ-IO-040 */
bool vuart_port(vm_id_t v, const struct vm_exit *exit, uint32_t *value)
{
    uint32_t i = vuart_at(v, exit->number);

    if (i < VUARTS) {
        uint32_t reg = vuart_register(i, exit->number);

        if (exit->size != 1U) {
            *value = 0xFFFFFFFFU;
        } else if (exit->write) {
            port_write(i, reg, *value & 0xFFU);
        } else {
            *value = port_read(i, reg);
        }
        look_later(i);
    }
    return i < VUARTS;
}

/* REQ-LIF-070 */
void vuart_reset(vm_id_t v)
{
    for (uint32_t i = 0U; i < (2U * partition.table.link_count); i++) {
        if (line_end(i)->vm == v) {
            vuart_take_all(i);
            vuart_line[i].modem = 0U;
            vuart_line[i].asked = 0U;
            vuart_line[i].raised = false;
            vuart[i] = (struct vuart){ .lost = vuart_line[vuart_peer(i)].lost };
            tell(i, ENABLE_LINES | ENABLE_EMPTY);
            look_later(i);
        }
    }
}

/* REQ-INT-090 */
void vuart_look(void)
{
    vuart_waiting = false;
    hw_fence();
    for (uint32_t i = 0U; i < (2U * partition.table.link_count); i++) {
        if (!is_polled(i)) {
            settle(i);
        }
    }
}
