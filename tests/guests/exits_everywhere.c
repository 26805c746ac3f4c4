/* SPDX-License-Identifier: Apache-2.0 */
/* Starts its other vCPUs; all leave the guest as often as they can, for ever. */
#include "tests/guests/guest.h"

#define MSR_APIC_BASE  0x1BU
#define APIC_X2APIC    0xC00U /* enabled, in x2APIC mode */
#define MSR_X2APIC_ICR 0x830U
#define OTHERS     2U
#define START_PAGE 0x8000U
#define ICR_INIT   0x4500U
#define ICR_SIPI   0x4600U
#define PIC_MASK   0x21U /* an emulated device: the exit takes the shared lock */

/* in $0x21, %al; jmp to it: in real mode, where a vCPU starts. */
static const uint8_t start_code[] = { 0xE4, PIC_MASK, 0xEB, 0xFC };

void guest_main(void)
{
    volatile uint8_t *page = (volatile uint8_t *)(uintptr_t)START_PAGE;
    for (uint32_t i = 0U; i < sizeof(start_code); i++) {
        page[i] = start_code[i];
    }
    msr_set(MSR_APIC_BASE, msr_get(MSR_APIC_BASE) | APIC_X2APIC);
    for (uint64_t i = 1U; i <= OTHERS; i++) {
        msr_set(MSR_X2APIC_ICR, (i << 32) | ICR_INIT);
        msr_set(MSR_X2APIC_ICR, (i << 32) | ICR_SIPI | (START_PAGE >> 12));
    }
    print_text("everywhere\r\n");
    for (;;) {
        (void)in8(PIC_MASK);
    }
}
