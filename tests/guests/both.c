/* SPDX-License-Identifier: Apache-2.0 */
/* Starts its second vCPU, which counts and never leaves the guest by itself, and stops it again: its core has to be waked, and then to be kicked. */
#include "tests/guests/guest.h"

#define MSR_APIC_BASE  0x1BU
#define APIC_X2APIC    0xC00U /* enabled, in x2APIC mode */
#define MSR_X2APIC_ICR 0x830U
#define SECOND     1ULL       /* its APIC id */
#define ICR_INIT   0x4500U
#define ICR_SIPI   0x4600U
#define START_PAGE 0x8000U
#define COUNTER    0x8100U
#define ROUNDS     5U
#define PATIENCE   20000000U
#define STILL      100000U

/* inc word [0x8100]; jmp to it: in real mode, where a vCPU starts. */
static const uint8_t start_code[] = { 0xFF, 0x06, 0x00, 0x81, 0xEB, 0xFA };

static volatile uint16_t *counter(void)
{
    return (volatile uint16_t *)(uintptr_t)COUNTER;
}

static void second_send(uint32_t command)
{
    msr_set(MSR_X2APIC_ICR, (SECOND << 32) | command);
}

/* It counts on within the patience. */
static bool counts(void)
{
    const uint16_t before = *counter();
    bool moved = false;
    for (uint32_t i = 0U; (i < PATIENCE) && !moved; i++) {
        __asm__ volatile("pause");
        moved = *counter() != before;
    }
    return moved;
}

/* It does not count for a while, within the patience. */
static bool stands(void)
{
    uint16_t before = *counter();
    uint32_t still = 0U;
    for (uint32_t i = 0U; (i < PATIENCE) && (still < STILL); i++) {
        const uint16_t now = *counter();
        __asm__ volatile("pause");
        still = (now == before) ? (still + 1U) : 0U;
        before = now;
    }
    return still == STILL;
}

void guest_main(void)
{
    volatile uint8_t *page = (volatile uint8_t *)(uintptr_t)START_PAGE;
    uint32_t ran = 0U;
    uint32_t stood = 0U;
    for (uint32_t i = 0U; i < sizeof(start_code); i++) {
        page[i] = start_code[i];
    }
    print_text("both\r\n");
    msr_set(MSR_APIC_BASE, msr_get(MSR_APIC_BASE) | APIC_X2APIC);
    for (uint32_t i = 0U; i < ROUNDS; i++) {
        second_send(ICR_INIT);
        second_send(ICR_SIPI | (START_PAGE >> 12));
        ran += counts() ? 1U : 0U;
        second_send(ICR_INIT);
        stood += stands() ? 1U : 0U;
    }
    check("the-other-vcpu-runs", ran == ROUNDS, ran);
    check("and-stops", stood == ROUNDS, stood);
}
