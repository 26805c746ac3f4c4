/* SPDX-License-Identifier: Apache-2.0 */
#include "rtvm/ivshmem.h"

#define CONFIG_ADDRESS 0xCF8U
#define CONFIG_DATA    0xCFCU
#define CONFIG_ENABLE  0x80000000U
#define FUNCTIONS      256U        /* of bus 0 */
#define IDS            0x11101AF4U
#define COMMAND        0x04U
#define COMMAND_ON     0x0406U     /* memory, bus master, no INTx */
#define BAR(n)         (0x10U + (4U * (n)))
#define BAR_ADDRESS    0xFFFFFFF0U
#define CAPABILITIES   0x34U
#define CAP_MSIX       0x11U
#define MSIX_ENABLE    0x80000000U
#define STEPS          48U         /* capabilities that fit in configuration space */

#define REG_POSITION   0x8U
#define REG_DOORBELL   0xCU
#define ENTRY_SIZE     16U
#define MSI_ADDRESS    0xFEE00000U

static void out32(uint16_t port, uint32_t value)
{
    __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static uint32_t in32(uint16_t port)
{
    uint32_t value;
    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

static uint32_t config_read(uint32_t bdf, uint32_t offset)
{
    out32(CONFIG_ADDRESS, CONFIG_ENABLE | (bdf << 8) | (offset & 0xFCU));
    return in32(CONFIG_DATA);
}

static void config_write(uint32_t bdf, uint32_t offset, uint32_t value)
{
    out32(CONFIG_ADDRESS, CONFIG_ENABLE | (bdf << 8) | (offset & 0xFCU));
    out32(CONFIG_DATA, value);
}

static uint32_t register_read(uint64_t address)
{
    return *(const volatile uint32_t *)address; /* DEV-003 */
}

static void register_write(uint64_t address, uint32_t value)
{
    *(volatile uint32_t *)address = value; /* DEV-003 */
}

/* Offset of the MSI-X capability; 0: none. */
static uint32_t msix_of(uint32_t bdf)
{
    uint32_t at = config_read(bdf, CAPABILITIES) & 0xFCU;

    for (uint32_t i = 0U; (i < STEPS) && (at != 0U) && ((config_read(bdf, at) & 0xFFU) != CAP_MSIX); i++) {
        at = (config_read(bdf, at) >> 8) & 0xFCU;
    }
    return at;
}

/* All ones are answered by the bits of an address that the device decodes; it then goes back to where it was. */
static uint64_t bar2_size(uint32_t bdf)
{
    uint32_t low = config_read(bdf, BAR(2U));
    uint32_t high = config_read(bdf, BAR(3U));
    uint64_t mask;

    config_write(bdf, BAR(2U), 0xFFFFFFFFU);
    config_write(bdf, BAR(3U), 0xFFFFFFFFU);
    mask = ((uint64_t)config_read(bdf, BAR(3U)) << 32) | (config_read(bdf, BAR(2U)) & BAR_ADDRESS);
    config_write(bdf, BAR(2U), low);
    config_write(bdf, BAR(3U), high);
    return ~mask + 1U;
}

bool ivshmem_find(struct ivshmem *device, uint32_t n)
{
    uint32_t left = n;
    bool found = false;

    for (uint32_t bdf = 0U; (bdf < FUNCTIONS) && !found; bdf++) {
        if (config_read(bdf, 0U) == IDS) {
            found = (left == 0U);
            left--;
            device->bdf = bdf;
        }
    }
    if (found) {
        uint32_t bdf = device->bdf;

        device->registers = config_read(bdf, BAR(0U)) & BAR_ADDRESS;
        device->table = config_read(bdf, BAR(1U)) & BAR_ADDRESS;
        device->memory = ((uint64_t)config_read(bdf, BAR(3U)) << 32) | (config_read(bdf, BAR(2U)) & BAR_ADDRESS);
        device->size = bar2_size(bdf);
        config_write(bdf, COMMAND, COMMAND_ON);
        device->vectors = ((config_read(bdf, msix_of(bdf)) >> 16) & 0x7FFU) + 1U;
        device->peer = register_read(device->registers + REG_POSITION);
    }
    return found;
}

void ivshmem_interrupt(const struct ivshmem *device, uint32_t n, uint32_t apic_id, uint8_t vector)
{
    uint64_t entry = device->table + ((uint64_t)n * ENTRY_SIZE);

    register_write(entry, MSI_ADDRESS | (apic_id << 12));
    register_write(entry + 4U, 0U);
    register_write(entry + 8U, vector);
    register_write(entry + 12U, 0U);
}

void ivshmem_enable(const struct ivshmem *device)
{
    uint32_t at = msix_of(device->bdf);

    config_write(device->bdf, at, config_read(device->bdf, at) | MSIX_ENABLE);
}

void ivshmem_ring(const struct ivshmem *device, uint32_t peer, uint32_t doorbell)
{
    register_write(device->registers + REG_DOORBELL, (peer << 16) | doorbell);
}
