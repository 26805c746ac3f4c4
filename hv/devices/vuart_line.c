/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes between two ports. The ring is what the sender's and the receiver's FIFO would hold, and what a receiver that polls needs. */
#include "devices/vuart_line.h"
#include "core/ring.h"

struct vuart_line vuart_line[VUARTS];

uint32_t vuart_peer(uint32_t port) { return port ^ 1U; }

/* Of a port's bytes those that its peer has not read. A VM whose vCPUs access at once may have counted wrong: what cannot be is an empty ring,
 * so that its bytes are lost and the peer's counts come right with the next ones. */
static uint32_t unread(uint32_t port)
{
    uint32_t from = vuart_line[vuart_peer(port)].tail;
    uint32_t count = ring_distance(from, vuart_line[port].head);

    return (count <= VUART_RING) ? count : 0U;
}

/* REQ-IO-040 */
void vuart_send(uint32_t port, uint32_t byte)
{
    struct vuart_line *line = &vuart_line[port];
    uint32_t at = line->head;

    if (unread(port) < VUART_RING) {
        line->ring[at % VUART_RING] = (uint8_t)byte;
        line->head = ring_next(at);
    } else {
        at = line->lost;
        line->lost = ring_next(at);
    }
}

uint32_t vuart_take(uint32_t port)
{
    uint32_t at = vuart_line[port].tail;
    uint32_t byte = vuart_line[vuart_peer(port)].ring[at % VUART_RING];

    vuart_line[port].tail = ring_next(at);
    return byte;
}

void vuart_take_all(uint32_t port)
{
    vuart_line[port].tail = vuart_line[vuart_peer(port)].head;
}

uint32_t vuart_waits(uint32_t port)
{
    return unread(vuart_peer(port));
}

bool vuart_has_room(uint32_t port)
{
    return unread(port) <= (VUART_RING - VUART_FIFO);
}
