/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starts its other vCPUs; all leave the guest as often as they can, for ever. In between each calls the next of 65,536 returns: Bochs keeps
 * decoded instructions, one for each value of the address's low 16 bits, and does not forget them when its debugger writes to the
 * memory. So what a test writes into the hypervisor's code is executed after a round of these calls at the latest.
 */
#include "tests/guests/guest.h"

#define MSR_APIC_BASE  0x1BU
#define APIC_X2APIC    0xC00U /* enabled, in x2APIC mode */
#define MSR_X2APIC_ICR 0x830U
#define OTHERS     2U
#define START_PAGE 0x8000U
#define ICR_INIT   0x4500U
#define ICR_SIPI   0x4600U
#define PIC_MASK   0x21U /* an emulated device: the exit takes the shared lock */

#define RETURNS    0x10000U
#define NEAR       0x400000U /* address of that many */
#define FAR        0x20000U
#define NEAR_RET   0xC3U
#define FAR_RET    0xCBU
#define POINTER    0x7000U   /* offset, segment: what the other vCPUs call */

/* In real mode, where a vCPU starts: in $0x21, %al; lcall *0x7000; incw 0x7000; jmp to the first. */
static const uint8_t start_code[] = { 0xE4, PIC_MASK, 0xFF, 0x1E, 0x00, 0x70, 0xFF, 0x06, 0x00, 0x70, 0xEB, 0xF4 };

static void fill(uint32_t address, uint8_t value)
{
    for (uint32_t i = 0U; i < RETURNS; i++) {
        ((volatile uint8_t *)(uintptr_t)address)[i] = value;
    }
}

void guest_main(void)
{
    volatile uint8_t *page = (volatile uint8_t *)(uintptr_t)START_PAGE;
    for (uint32_t i = 0U; i < sizeof(start_code); i++) {
        page[i] = start_code[i];
    }
    fill(NEAR, NEAR_RET);
    fill(FAR, FAR_RET);
    *(volatile uint32_t *)(uintptr_t)POINTER = (FAR >> 4) << 16;
    msr_set(MSR_APIC_BASE, msr_get(MSR_APIC_BASE) | APIC_X2APIC);
    for (uint64_t i = 1U; i <= OTHERS; i++) {
        msr_set(MSR_X2APIC_ICR, (i << 32) | ICR_INIT);
        msr_set(MSR_X2APIC_ICR, (i << 32) | ICR_SIPI | (START_PAGE >> 12));
    }
    print_text("everywhere\r\n");
    for (uint32_t i = 0U;; i = (i + 1U) % RETURNS) {
        (void)in8(PIC_MASK);
        __asm__ volatile("call *%0" : : "r"((uintptr_t)NEAR + i) : "memory");
    }
}
