/* SPDX-License-Identifier: Apache-2.0 */
/* How a kernel or firmware drives its pair of 8259As, in words. */
#ifndef UNIT_VPIC_HELPERS_H
#define UNIT_VPIC_HELPERS_H

#include "device_stubs.h"

#include "devices/vpic.h"

#define MASTER 0x20U
#define SLAVE  0xA0U
#define EOI    0x20U
#define READ_IRR 0x0AU
#define READ_ISR 0x0BU
#define POLL   0x0CU

static inline void out(uint32_t port, uint32_t value) { vpic_port_write(GUEST, (uint16_t)port, value); }
static inline uint32_t in(uint32_t port) { return vpic_port_read(GUEST, (uint16_t)port); }

static inline void chip_init(uint32_t port, uint32_t base, uint32_t icw3, uint32_t icw4)
{
    out(port, 0x11U);
    out(port + 1U, base);
    out(port + 1U, icw3);
    out(port + 1U, icw4);
}

static inline int setup(void **state)
{
    (void)state;
    stubs_reset();
    vpic_reset(GUEST);
    vpic_reset(GUEST + 1U);
    chip_init(MASTER, 0x30U, 4U, 1U);
    chip_init(SLAVE, 0x38U, 2U, 1U);
    return 0;
}

static inline void raise_irq(uint32_t irq) { vpic_set_line(GUEST, irq, true); }
static inline void pulse(uint32_t irq)
{
    vpic_set_line(GUEST, irq, true);
    vpic_set_line(GUEST, irq, false);
}

static inline uint32_t in_service(uint32_t port)
{
    out(port, READ_ISR);
    return in(port);
}

static inline uint32_t requests(uint32_t port)
{
    out(port, READ_IRR);
    return in(port);
}

#define T(name) cmocka_unit_test_setup(name, setup)

#endif
