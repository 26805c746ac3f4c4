/* SPDX-License-Identifier: Apache-2.0 */
/*
 * QEMU's "edu" device (docs/specs/edu.rst of QEMU) as function of an exclusive VM, which ends with a triple fault: what it sees of its bus, its registers,
 * DMA into its own memory and beside it, count=0x... message interrupts, and messages that it must not send. As Service VM: that there is no such device.
 */
#include "tests/guests/gates.h"
#include "tests/guests/statistics.h"

#define EDU        0x11E81234U
#define BRIDGE     (HV_PCI_VENDOR | (HV_PCI_HOST_BRIDGE << 16))
#define MINE       0x08U        /* 00:01.0 */
#define MMCONFIG   0xB0000000U  /* of the board */
#define BAR_MASK   0xFFFFFFF0U
#define COMMAND    0x04U
#define MASTER_MEMORY 0x06U
#define BAR0       0x10U
#define LIST       0x34U
#define CAP_MSI    0x05U
#define MESSAGE    0xFEE00000U  /* vCPU 0 */
#define VECTOR     0x41U
#define NMI        0x0400U
#define EDU_ID     0x00U
#define EDU_LIVE   0x04U
#define EDU_RAISE  0x60U
#define EDU_ACK    0x64U
#define EDU_FROM   0x80U
#define EDU_TO     0x88U
#define EDU_LENGTH 0x90U
#define EDU_DMA    0x98U
#define EDU_BUFFER 0x40000U
#define DMA_START  1U
#define DMA_TO_RAM 2U
#define SIZE       64U
#define BESIDE     0x8000000U   /* 128 MiB: within what the device can address, and not this VM's */

static volatile uint8_t *registers;
static uint32_t msi;
static uint8_t memory[2][SIZE];

static void config_write(uint32_t bdf, uint32_t offset, uint32_t value)
{
    out32(0xCF8U, 0x80000000U | (bdf << 8) | offset);
    out32(0xCFCU, value);
}
static uint32_t window_read(uint32_t bdf, uint32_t offset)
{
    return *(volatile uint32_t *)(uintptr_t)(MMCONFIG + (bdf << 12) + offset);
}
static uint32_t get(uint32_t offset) { return *(volatile uint32_t *)(registers + offset); }
static void put(uint32_t offset, uint32_t value) { *(volatile uint32_t *)(registers + offset) = value; }
static void put64(uint32_t offset, uint64_t value) { *(volatile uint64_t *)(registers + offset) = value; }

static uint32_t number_of(const char *key)
{
    uint32_t value = 0U;
    for (uint32_t i = 0U; guest_line[i] != '\0'; i++) {
        uint32_t k = 0U;
        while ((key[k] != '\0') && (guest_line[i + k] == key[k])) {
            k++;
        }
        if (key[k] == '\0') {
            for (i += k; (guest_line[i] != '\0') && (guest_line[i] != ' '); i++) {
                uint32_t digit = (guest_line[i] <= '9') ? ((uint32_t)guest_line[i] - '0') : (((uint32_t)guest_line[i] | 0x20U) - 'a' + 10U);
                value = (value * 16U) + digit;
            }
            break;
        }
    }
    return value;
}

static void see(void)
{
    uint32_t others = 0U;
    for (uint32_t bdf = 1U; bdf < 0x10000U; bdf += (bdf < FUNCTIONS) ? 1U : FUNCTIONS) { /* bus 0, then a function of each bus */
        others += ((bdf != MINE) && (config_read(bdf, 0U) != 0xFFFFFFFFU)) ? 1U : 0U;
    }
    check("a host bridge", config_read(0U, 0U) == BRIDGE, config_read(0U, 0U));
    check("its own function", config_read(MINE, 0U) == EDU, config_read(MINE, 0U));
    check("nothing else", others == 0U, others);
    check("the same in the window", (window_read(MINE, 0U) == EDU) && (window_read(0U, 0U) == BRIDGE) && (window_read(0x10U, 0U) == 0xFFFFFFFFU),
          window_read(MINE, 0U));
    config_write(MINE, BAR0, 0xFFFFFFFFU);
    check("a BAR is sized", config_read(MINE, BAR0) == 0xFFF00000U, config_read(MINE, BAR0));
    config_write(MINE, BAR0, 0x10000000U);
    registers = (volatile uint8_t *)(uintptr_t)(config_read(MINE, BAR0) & BAR_MASK);
    check("and does not move", (uintptr_t)registers > 0x80000000U, (uintptr_t)registers);
    config_write(MINE, COMMAND, MASTER_MEMORY);
    check("bus master", (config_read(MINE, COMMAND) & 7U) == MASTER_MEMORY, config_read(MINE, COMMAND));
    check("its registers", (get(EDU_ID) & 0xFFFFU) == 0xEDU, get(EDU_ID));
    put(EDU_LIVE, 0x12345678U);
    check("they work", get(EDU_LIVE) == ~0x12345678U, get(EDU_LIVE));
}

static void dma(uint64_t from, uint64_t to, uint32_t command)
{
    put64(EDU_FROM, from);
    put64(EDU_TO, to);
    put64(EDU_LENGTH, SIZE);
    put64(EDU_DMA, command | DMA_START);
    while ((*(volatile uint64_t *)(registers + EDU_DMA) & DMA_START) != 0U) {
        /* the device works */
    }
}

static void transfer(void)
{
    uint32_t wrong = 0U;
    for (uint32_t i = 0U; i < SIZE; i++) {
        memory[0][i] = (uint8_t)(i * 7U);
        memory[1][i] = 0xEEU;
    }
    dma((uintptr_t)memory[0], EDU_BUFFER, 0U);
    dma(EDU_BUFFER, (uintptr_t)memory[1], DMA_TO_RAM);
    for (uint32_t i = 0U; i < SIZE; i++) {
        wrong += (*(volatile uint8_t *)&memory[1][i] != (uint8_t)(i * 7U)) ? 1U : 0U;
    }
    check("DMA in its own memory", wrong == 0U, wrong);
    dma(EDU_BUFFER, BESIDE, DMA_TO_RAM);
    print_text("beside\r\n");
}

static void message(uint64_t address, uint32_t data)
{
    config_write(MINE, msi + 4U, (uint32_t)address);
    config_write(MINE, msi + 8U, (uint32_t)(address >> 32));
    config_write(MINE, msi + 12U, data);
}

static void raise(void)
{
    put(EDU_RAISE, 1U);
    wait_for_interrupt();
    put(EDU_ACK, 1U);
}

static void interrupts(uint32_t count)
{
    uint32_t missed = 0U;
    msi = config_read(MINE, LIST) & 0xFCU;
    while ((msi != 0U) && ((config_read(MINE, msi) & 0xFFU) != CAP_MSI)) {
        msi = (config_read(MINE, msi) >> 8) & 0xFCU;
    }
    check("an MSI capability", msi != 0U, 0U);
    message(MESSAGE, VECTOR);
    config_write(MINE, msi, config_read(MINE, msi) | 0x10000U);
    for (uint32_t i = 0U; i < count; i++) { /* no instruction in here exits */
        raise();
        missed += (interrupt_count[VECTOR] != (i + 1U)) ? 1U : 0U;
    }
    check("each interrupt", missed == 0U, missed);
    message(MESSAGE, VECTOR | NMI);         /* it stays silent: */
    put(EDU_RAISE, 1U);
    put(EDU_ACK, 1U);
    message(MESSAGE + 0x1000U, VECTOR);     /* nobody of this VM */
    put(EDU_RAISE, 1U);
    put(EDU_ACK, 1U);
    message(MESSAGE, VECTOR + 1U);
    raise();
    check("and no other", (interrupt_count[2] == 0U) && (interrupt_count[VECTOR] == count) && (interrupt_count[VECTOR + 1U] == 1U), interrupt_count[2]);
}

static void as_service(void)
{
    uint32_t seen = 0U;
    for (uint32_t bdf = 0U; bdf < 0x10000U; bdf++) {
        seen += (config_read(bdf, 0U) == EDU) ? 1U : 0U;
    }
    check("no device of another VM", seen == 0U, seen);
    check("nor its registers", *(volatile uint32_t *)(uintptr_t)number_of("bar=0x") == 0xFFFFFFFFU, 0U);
    print_text("seen\r\n");
}

void guest_main(void)
{
    if (number_of("bar=0x") != 0U) {
        as_service();
    } else {
        msr_set(0x80FU, 0x1FFU);
        see();
        transfer();
        interrupts(number_of("count=0x"));
        print_text("triple fault\r\n");
        triple_fault();
    }
}
