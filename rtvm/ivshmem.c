/* SPDX-License-Identifier: Apache-2.0 */
#include "ivshmem.h"

#include "device.h"

/* PCI Local Bus 3.0, 6.1, 6.2 and 6.8. */
#define FUNCTIONS      256U        /* of bus 0 */
#define IDS            0x11101AF4U
#define COMMAND        0x04U
#define COMMAND_ON     0x0406U     /* memory, bus master, no INTx */
#define BAR_REGISTERS  0x10U
#define BAR_TABLE      0x14U
#define BAR_MEMORY     0x18U       /* 64-bit */
#define BAR_HIGH       0x1CU
#define BAR_ADDRESS    0xFFFFFFF0U
#define CAPABILITIES   0x34U
#define CAP_POINTER    0xFCU
#define CAP_MSIX       0x11U
#define MSIX_ENABLE    0x80000000U
#define MSIX_SIZE      0x7FFU
#define STEPS          48U         /* capabilities that fit in configuration space */

#define REG_POSITION   0x8U
#define REG_DOORBELL   0xCU
#define ENTRY_SIZE     16U
#define MSI_ADDRESS    0xFEE00000U

/* Offset of the MSI-X capability; 0: none. */
static uint32_t msix_of(uint32_t bdf)
{
    uint32_t at = device_config_read(bdf, CAPABILITIES) & CAP_POINTER;

    for (uint32_t i = 0U; (i < STEPS) && (at != 0U) && ((device_config_read(bdf, at) & 0xFFU) != CAP_MSIX); i++) {
        at = (device_config_read(bdf, at) >> 8) & CAP_POINTER;
    }
    return at;
}

static uint64_t memory_bar(uint32_t bdf)
{
    uint64_t high = device_config_read(bdf, BAR_HIGH);

    return (high << 32) | (device_config_read(bdf, BAR_MEMORY) & BAR_ADDRESS);
}

/* All ones are answered by the bits of an address that the device decodes; it then goes back to where it was. */
static uint64_t memory_size(uint32_t bdf)
{
    uint32_t low = device_config_read(bdf, BAR_MEMORY);
    uint32_t high = device_config_read(bdf, BAR_HIGH);
    uint64_t mask;

    device_config_write(bdf, BAR_MEMORY, 0xFFFFFFFFU);
    device_config_write(bdf, BAR_HIGH, 0xFFFFFFFFU);
    mask = memory_bar(bdf);
    device_config_write(bdf, BAR_MEMORY, low);
    device_config_write(bdf, BAR_HIGH, high);
    return ~mask + 1U;
}

bool ivshmem_find(struct ivshmem *device, uint32_t n)
{
    uint32_t left = n;
    bool found = false;

    for (uint32_t bdf = 0U; (bdf < FUNCTIONS) && !found; bdf++) {
        if (device_config_read(bdf, 0U) == IDS) {
            found = (left == 0U);
            left--;
            device->bdf = bdf;
        }
    }
    if (found) {
        uint32_t bdf = device->bdf;

        device->registers = device_config_read(bdf, BAR_REGISTERS) & BAR_ADDRESS;
        device->table = device_config_read(bdf, BAR_TABLE) & BAR_ADDRESS;
        device->memory = memory_bar(bdf);
        device->size = memory_size(bdf);
        device_config_write(bdf, COMMAND, COMMAND_ON);
        device->vectors = ((device_config_read(bdf, msix_of(bdf)) >> 16) & MSIX_SIZE) + 1U;
        device->peer = device_read(device->registers + REG_POSITION);
    }
    return found;
}

void ivshmem_interrupt(const struct ivshmem *device, uint32_t n, uint32_t apic_id, uint8_t vector)
{
    uint64_t entry = device->table + ((uint64_t)n * ENTRY_SIZE);

    device_write(entry, MSI_ADDRESS | (apic_id << 12));
    device_write(entry + 4U, 0U);
    device_write(entry + 8U, vector);
    device_write(entry + 12U, 0U);
}

void ivshmem_enable(const struct ivshmem *device)
{
    uint32_t at = msix_of(device->bdf);

    device_config_write(device->bdf, at, device_config_read(device->bdf, at) | MSIX_ENABLE);
}

void ivshmem_ring(const struct ivshmem *device, uint32_t peer, uint32_t doorbell)
{
    device_write(device->registers + REG_DOORBELL, (peer << 16) | doorbell);
}
