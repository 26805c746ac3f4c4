/* SPDX-License-Identifier: Apache-2.0 */
/* The Service VM makes QEMU's edu device send interrupt messages: its own, then by DMA those of entries that are not its own, then whatever
 * is in its MSI capability each time that somebody outside says so in a word of memory. Where it has an Intel 82574, too, it writes that one's MSI-X
 * table: its own message, and such as would go elsewhere. */
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

#define CARD          0x10D38086U
#define BAR3          0x1CU
#define CAPABILITY_MSIX 0x11U
#define MSIX_ENABLE   0x80000000U
#define CAUSE_READ    0xC0U       /* registers of the card: causes of interrupts, which are set by software as well */
#define CAUSE_SET     0xC8U
#define CAUSE_MASK    0xD0U
#define CAUSE_ENTRY   0xE4U       /* which entry a cause raises; bit 3: it does */
#define CAUSE_RAISES  8U
#define RECEIVED      0x100000U   /* the cause that bits 0 to 3 of CAUSE_ENTRY are for */
#define CARD_VECTOR   0x62U
#define OTHER_CORE    0x3000U     /* the real-time VM's */
#define OTHER_MEMORY  0x40000000U
#define ENTRIES       4U

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

static uint32_t capability(uint32_t slot, uint32_t id)
{
    uint32_t at = config_read(slot, CAPABILITIES) & 0xFCU;
    while ((at != 0U) && ((config_read(slot, at) & 0xFFU) != id)) {
        at = (config_read(slot, at) >> 8) & 0xFCU;
    }
    return at;
}

static void msi_on(void)
{
    msi = capability(edu_slot, CAPABILITY_MSI);
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
        count += ((v == VECTOR) || (v == CARD_VECTOR)) ? 0U : interrupt_count[v];
    }
    return count;
}

static void card_raise(volatile uint32_t *registers, uint32_t entry)
{
    const uint64_t before = interrupt_count[CARD_VECTOR];
    const uint64_t start = tsc();
    registers[CAUSE_READ / 4U] = 0xFFFFFFFFU;
    registers[CAUSE_ENTRY / 4U] = CAUSE_RAISES | entry;
    registers[CAUSE_MASK / 4U] = RECEIVED;
    registers[CAUSE_SET / 4U] = RECEIVED;
    while ((entry == 0U) && (interrupt_count[CARD_VECTOR] == before) && ((tsc() - start) < PATIENCE)) {
        __asm__ volatile("sti; nop; nop; cli; pause");
    }
    __asm__ volatile("sti; nop; nop; cli");
}

/* What a guest writes into the table is what it reads there; the test looks at what the card has. */
static void table_rewrite(uint32_t slot)
{
    static const uint32_t rewritten[ENTRIES][2] = { { WINDOW, CARD_VECTOR }, { WINDOW | OTHER_CORE, 0x41U }, { WINDOW | OTHER_CORE, 0x400U }, { OTHER_MEMORY, 0xD0D0BEEFU } };
    const uint32_t msix = capability(slot, CAPABILITY_MSIX);
    volatile uint32_t *registers = (volatile uint32_t *)(uintptr_t)(config_read(slot, BAR0) & 0xFFFFFFF0U);
    volatile uint32_t *table = (volatile uint32_t *)(uintptr_t)((config_read(slot, BAR3) & 0xFFFFFFF0U) + (config_read(slot, msix + 4U) & 0xFFFFFFF8U));
    bool same = true;
    uint64_t own;
    config_write(slot, COMMAND, COMMAND_MEMORY_MASTER);
    config_write(slot, msix, MSIX_ENABLE);
    for (uint32_t i = 0U; i < ENTRIES; i++) {
        table[4U * i] = rewritten[i][0];
        table[(4U * i) + 1U] = 0U;
        table[(4U * i) + 2U] = rewritten[i][1];
        table[(4U * i) + 3U] = 0U;
        same = same && (table[4U * i] == rewritten[i][0]) && (table[(4U * i) + 2U] == rewritten[i][1]);
    }
    check("table-reads-as-written", same, 0U);
    card_raise(registers, 0U);
    own = interrupt_count[CARD_VECTOR];
    check("own-entrys-message", own != 0U, own);
    for (uint32_t i = 1U; i < ENTRIES; i++) {
        card_raise(registers, i);
    }
    own = interrupt_count[CARD_VECTOR];
    card_raise(registers, 0U);
    check("own-entrys-message-still", interrupt_count[CARD_VECTOR] > own, interrupt_count[CARD_VECTOR]);
    print_text("table at ");
    print_hex((uint64_t)(uintptr_t)table);
    print_text("\r\n");
}

static void card_find(void)
{
    for (uint32_t slot = 0U; slot < EDU_SLOTS; slot++) {
        if (config_read(slot, 0U) == CARD) {
            table_rewrite(slot);
        }
    }
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
    card_find();
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
