/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The line of two ports. Each end has what it has sent, and how far it has read what the other one sent: one writer for each, so
 * neither waits for the other one. A port is named by its link and end in the partition table; its peer is the other end.
 * Only vuart*.c include this.
 */
#ifndef DEVICES_VUART_LINE_H
#define DEVICES_VUART_LINE_H

#include "abi/partition_table.h"
#include "core/types.h"

#define VUARTS     (2U * PART_MAX_LINK)
#define VUART_FIFO 16U
#define VUART_RING 64U

/* Written by the port's own VM alone. */
struct vuart_line {
    volatile uint8_t ring[VUART_RING];
    volatile uint32_t head;    /* bytes put into it */
    volatile uint32_t lost;    /* bytes that found it full */
    volatile uint32_t tail;    /* of the peer's ring: bytes taken from it */
    volatile uint32_t modem;   /* MCR */
    volatile uint32_t asked;   /* IER */
    volatile bool raised;      /* the interrupt line */
};
extern struct vuart_line vuart_line[VUARTS];

uint32_t vuart_peer(uint32_t port);
void vuart_send(uint32_t port, uint32_t byte);
uint32_t vuart_take(uint32_t port);          /* the next byte; one must be there */
void vuart_take_all(uint32_t port);
uint32_t vuart_waits(uint32_t port);         /* bytes that it could take */
bool vuart_has_room(uint32_t port);          /* the peer has read so much that a whole FIFO can be sent */

#endif
