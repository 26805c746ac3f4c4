/* SPDX-License-Identifier: Apache-2.0 */
/* The Service VM makes QEMU's edu device send interrupt messages: its own, then by DMA those of entries that are not its own, then whatever
 * is in its MSI capability each time that somebody outside says so in a word of memory. */
#include "tests/guests/edu.h"

#define MSR_APIC_BASE 0x1BU
#define MSR_SVR       0x80FU
#define CAPABILITIES  0x34U
#define CAPABILITY_MSI 5U
#define MSI_ENABLE    0x10000U
#define VECTOR        0x61U
#define GO_ON         0xFFFFFFFFU
#define WINDOW        0xFEE00000U
#define REMAPPED      0x10U
#define INDEX_SHIFT   5U

static volatile uint32_t message __attribute__((aligned(4096)));
static volatile uint32_t told; /* written from outside */
static uint32_t msi;
static uint32_t shots;

static bool arrives(void)
{
    const uint64_t before = interrupt_count[VECTOR];
    const uint64_t start = tsc();
    *(volatile uint32_t *)edu(EDU_RAISE) = 1U;
    while ((interrupt_count[VECTOR] == before) && ((tsc() - start) < PATIENCE)) {
        __asm__ volatile("sti; nop; nop; cli; pause");
    }
    *(volatile uint32_t *)edu(EDU_ACKNOWLEDGE) = 1U;
    return interrupt_count[VECTOR] == (before + 1U);
}

static void msi_on(void)
{
    msi = config_read(edu_slot, CAPABILITIES) & 0xFCU;
    while ((msi != 0U) && ((config_read(edu_slot, msi) & 0xFFU) != CAPABILITY_MSI)) {
        msi = (config_read(edu_slot, msi) >> 8) & 0xFCU;
    }
    config_write(edu_slot, msi + 4U, WINDOW);
    config_write(edu_slot, msi + 8U, 0U);
    config_write(edu_slot, msi + 12U, VECTOR);
    config_write(edu_slot, msi, MSI_ENABLE);
}

static void shoot(uint64_t address, uint32_t data)
{
    if (message != data) {
        message = data;
        (void)edu_transfer((uint64_t)(uintptr_t)&message, DEVICE_BUFFER, sizeof(message), 0U);
    }
    shots += edu_transfer(DEVICE_BUFFER, address, sizeof(message), DMA_TO_MEMORY) ? 1U : 0U;
}

/* Entries that are nobody's, and behind the end of the table. QEMU 10.0.2 asks neither who writes by DMA nor whether a message names an entry at all, as a
 * unit does: what of that can be tried, the test does by the device's MSI capability. */
static void shoot_all(void)
{
    static const uint32_t data[] = { 0x41U, 0x61U, 0x400U };
    static const uint32_t entries[] = { 0U, 511U, 8191U, 8192U, 32767U };
    for (uint32_t d = 0U; d < (sizeof(data) / sizeof(data[0])); d++) {
        for (uint32_t e = 0U; e < (sizeof(entries) / sizeof(entries[0])); e++) {
            shoot(WINDOW | REMAPPED | (entries[e] << INDEX_SHIFT), data[d]);
        }
    }
}

static uint64_t strangers(void)
{
    uint64_t count = 0U;
    for (uint32_t v = 0U; v < 256U; v++) {
        count += (v == VECTOR) ? 0U : interrupt_count[v];
    }
    return count;
}

/* Raises what stands there now, once for each time that it is told. */
static void raise_when_told(void)
{
    uint32_t done = 0U;
    print_text("told at ");
    print_hex((uint64_t)(uintptr_t)&told);
    print_text(" msi ");
    print_hex(msi);
    print_text("\r\n");
    while (told != GO_ON) {
        if (told != done) {
            *(volatile uint32_t *)edu(EDU_RAISE) = 1U;
            *(volatile uint32_t *)edu(EDU_ACKNOWLEDGE) = 1U;
            done = told;
            print_text("raised ");
            print_hex(done);
            print_text("\r\n");
        }
        __asm__ volatile("sti; nop; nop; cli; pause");
    }
}

void guest_main(void)
{
    print_text("forge\r\n");
    edu_find();
    msr_set(MSR_APIC_BASE, msr_get(MSR_APIC_BASE) | 0xC00U);
    msr_set(MSR_SVR, 0x1FFU);
    msi_on();
    check("own-message", arrives(), interrupt_count[VECTOR]);
    shoot_all();
    print_text("shots ");
    print_hex(shots);
    print_text("\r\n");
    raise_when_told();
    check("no-other-vector", strangers() == 0U, strangers());
    config_write(edu_slot, msi, 0U);
    msi_on();
    check("own-message-still", arrives(), interrupt_count[VECTOR]);
    print_text("done\r\n");
}
