/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A User VM without an operating system, for bhdm: TSC ticks around one read, of 1000 rounds the least, the mean and the most. The
 * first reads are answered in the hypervisor, the others by bhdm, by way of the Service VM and its kernel module.
 */
#include "dm/machine.h"
#include "tests/guests/guest.h"

#define ROUNDS 1000U
#define WARM_UP 10U
#define PIC_MASK 0x21U
#define UART_STATUS 5U
#define UART_SENT 0x20U
#define SLEEP (0x2000U | (MACHINE_SLEEP_S5 << 10)) /* SLP_EN, SLP_TYP */

enum kind { KIND_NOTHING, KIND_PORT, KIND_MMIO, KIND_DM_PORT, KIND_DM_MMIO };

void user_main(void);

static void put(char c)
{
    while ((in8(MACHINE_PORT_COM1 + UART_STATUS) & UART_SENT) == 0U) {
        /* transmitter busy */
    }
    out8(MACHINE_PORT_COM1, (uint8_t)c);
}

void print_text(const char *text)
{
    for (uint32_t i = 0U; text[i] != '\0'; i++) {
        put(text[i]);
    }
}

void print_hex(uint64_t value)
{
    for (uint32_t i = 0U; i < 16U; i++) {
        put("0123456789abcdef"[(value >> (60U - (4U * i))) & 0xFU]);
    }
}

static uint32_t load(uint64_t at)
{
    return *(const volatile uint32_t *)(uintptr_t)at;
}

static void one(enum kind kind)
{
    switch (kind) {
    case KIND_PORT:
        (void)in8(PIC_MASK);
        break;
    case KIND_MMIO:
        (void)load(MACHINE_IOAPIC_BASE);
        break;
    case KIND_DM_PORT:
        (void)in8(MACHINE_PORT_PM1_CTL);
        break;
    case KIND_DM_MMIO:
        (void)load(MACHINE_ECAM_BASE); /* vendor and device of the host bridge */
        break;
    case KIND_NOTHING:
    default:
        break;
    }
}

static void print_figure(const char *name, const char *which, uint64_t value)
{
    print_text(name);
    print_text(which);
    print_text(" ");
    print_hex(value);
    print_text("\r\n");
}

static void measure(const char *name, enum kind kind)
{
    uint64_t least = UINT64_MAX;
    uint64_t most = 0U;
    uint64_t sum = 0U;
    for (uint32_t i = 0U; i < (WARM_UP + ROUNDS); i++) {
        const uint64_t before = tsc();
        one(kind);
        const uint64_t ticks = tsc() - before;
        if (i >= WARM_UP) {
            least = (ticks < least) ? ticks : least;
            most = (ticks > most) ? ticks : most;
            sum += ticks;
        }
    }
    print_figure(name, "", least);
    print_figure(name, " mean", sum / ROUNDS);
    print_figure(name, " most", most);
}

void user_main(void)
{
    print_text("access\r\n");
    measure("nothing", KIND_NOTHING);
    measure("port", KIND_PORT);
    measure("mmio", KIND_MMIO);
    measure("dm_port", KIND_DM_PORT);
    measure("dm_mmio", KIND_DM_MMIO);
    print_text("done\r\n");
    for (;;) {
        __asm__ volatile("outw %0, %1" : : "a"((uint16_t)SLEEP), "Nd"((uint16_t)MACHINE_PORT_PM1_CTL));
    }
}
