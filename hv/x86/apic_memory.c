/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sending by a local APIC whose registers are in memory (Intel SDM 3, 11.6.1): its ICR is two registers, of which the low one sends,
 * and is free once the last message has left. Only an end in a panic can come between the two writes.
 */
#include "x86/apic.h"
#include "x86/asm.h"
#include "x86/window.h"

#define ICR_HIGH          0x310U
#define ICR_LOW           0x300U
#define DESTINATION_SHIFT 24U
#define ICR_PENDING       0x1000U
#define POLLS             100000U /* milliseconds: a message that never leaves is lost */

/* REQ-CFG-032 */
void apic_memory_send(uint32_t destination, uint32_t command)
{
    for (uint32_t i = 0U; (i < POLLS) && ((window_apic_read(ICR_LOW) & ICR_PENDING) != 0U); i++) {
        asm_pause();
    }
    window_apic_write(ICR_HIGH, destination << DESTINATION_SHIFT);
    window_apic_write(ICR_LOW, command);
}
