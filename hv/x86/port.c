/* SPDX-License-Identifier: Apache-2.0 */
/* Port I/O. */
#include "core/hw.h"
#include "x86/asm.h"

/* REQ-ISO-032 */
uint32_t hw_port_read(uint16_t port, uint32_t size)
{
    uint32_t value;
    switch (size) {
    case 1U:
        value = asm_in8(port);
        break;
    case 2U:
        value = asm_in16(port);
        break;
    default:
        value = asm_in32(port);
        break;
    }
    return value;
}

void hw_port_write(uint16_t port, uint32_t size, uint32_t value)
{
    switch (size) {
    case 1U:
        asm_out8(port, (uint8_t)value);
        break;
    case 2U:
        asm_out16(port, (uint16_t)value);
        break;
    default:
        asm_out32(port, value);
        break;
    }
}
