/* SPDX-License-Identifier: Apache-2.0 */
/* Registers (QEMU's docs/specs/ivshmem-spec) and the MSI-X table (PCI Local Bus 3.0, 6.8.2). */
#include "devices/ivshmem.h"
#include "devices/ivshmem_state.h"

#define REG_MASK     0x0U
#define REG_POSITION 0x8U
#define REG_DOORBELL 0xCU

#define ENTRY_SIZE   16U
#define PENDING_BITS 0x800U
#define CONTROL_MASK 1U
#define HALF_ONES    0xFFFFFFFFU

struct ivshmem_device ivshmem_device[PART_MAX_IVSHMEM];
struct ivshmem_end ivshmem_end[PART_MAX_IVSHMEM];

/* REQ-LIF-060 */
void ivshmem_device_reset(uint32_t device)
{
    struct ivshmem_device *d = &ivshmem_device[device];

    *d = (struct ivshmem_device){ .command = 0U };
    for (uint32_t i = 0U; i < PART_IVSHMEM_VECTORS; i++) {
        d->vector[i].masked = true;
    }
    ivshmem_doorbells_reset(device);
}

void ivshmem_init(void)
{
    ivshmem_doorbells_init();
    for (uint32_t i = 0U; i < PART_MAX_IVSHMEM; i++) {
        const struct part_ivshmem *config = &partition.table.ivshmem[i];

        ivshmem_end[i] = (struct ivshmem_end){ .vm = ivshmem_open(i) ? ID_NONE : config->vm, .registers = config->registers_gpa, .memory = config->memory_gpa };
    }
    for (vm_id_t v = 0U; v < PART_MAX_VM; v++) {
        ivshmem_reset(v);
    }
}

void ivshmem_close(vm_id_t v)
{
    ivshmem_doorbells_open(v, false);
}

void ivshmem_reset(vm_id_t v)
{
    for (uint32_t i = 0U; i < partition.table.ivshmem_count; i++) {
        if (ivshmem_end[i].vm == v) {
            ivshmem_device_reset(i);
        }
    }
    ivshmem_doorbells_open(v, true);
}

uint32_t ivshmem_peer(uint32_t device, uint32_t v)
{
    uint32_t found = ID_NONE;

    for (uint32_t i = 0U; i < partition.table.ivshmem_count; i++) {
        if ((partition.table.ivshmem[i].vm == v) &&
            (partition.table.ivshmem[i].region == partition.table.ivshmem[device].region)) {
            found = i;
        }
    }
    return found;
}

/* The device with one of its two register pages at gpa, or ID_NONE. */
static uint32_t device_at(vm_id_t v, gpa_t gpa)
{
    uint32_t found = ID_NONE;

    for (uint32_t i = 0U; i < partition.table.ivshmem_count; i++) {
        gpa_t base = ivshmem_end[i].registers;

        if ((ivshmem_end[i].vm == v) && (gpa >= base) && ((gpa - base) < PART_IVSHMEM_REGISTERS)) {
            found = i;
        }
    }
    return found;
}

bool ivshmem_claims(vm_id_t v, gpa_t gpa)
{
    return device_at(v, gpa) != ID_NONE;
}

static uint32_t device_register_read(uint32_t device, uint32_t offset)
{
    uint32_t value = 0U; /* IntrStatus belongs to INTx */

    if (offset == REG_MASK) {
        value = ivshmem_device[device].mask;
    } else if (offset == REG_POSITION) {
        value = partition.table.ivshmem[device].vm;
    } else {
        /* reads as zero */
    }
    return value;
}

static void register_write(uint32_t device, uint32_t offset, uint32_t value)
{
    if (offset == REG_MASK) {
        ivshmem_device[device].mask = value;
    } else if (offset == REG_DOORBELL) {
        ivshmem_ring(device, value);
    } else {
        /* read-only */
    }
}

static uint32_t pending_bits(uint32_t device)
{
    uint32_t bits = 0U;

    for (uint32_t i = 0U; i < PART_IVSHMEM_VECTORS; i++) {
        bits |= ivshmem_held(device, i) ? ((uint32_t)1U << i) : 0U;
    }
    return bits;
}

static uint32_t table_read(uint32_t device, uint32_t offset)
{
    const uint32_t number = offset / ENTRY_SIZE;
    uint32_t value = 0U;

    if ((number < PART_IVSHMEM_VECTORS) && (number < partition.table.ivshmem[device].vectors)) {
        const struct ivshmem_vector *entry = &ivshmem_device[device].vector[number];

        switch (offset % ENTRY_SIZE) {
        case 0U:
            value = (uint32_t)entry->address;
            break;
        case 4U:
            value = (uint32_t)(entry->address >> 32U);
            break;
        case 8U:
            value = entry->data;
            break;
        default:
            value = entry->masked ? CONTROL_MASK : 0U;
            break;
        }
    } else if (offset == PENDING_BITS) {
        value = pending_bits(device);
    } else {
        /* reads as zero */
    }
    return value;
}

/* REQ-INT-070 */
static void table_write(uint32_t device, uint32_t offset, uint32_t value)
{
    const uint32_t number = offset / ENTRY_SIZE;

    if ((number < PART_IVSHMEM_VECTORS) && (number < partition.table.ivshmem[device].vectors)) {
        struct ivshmem_vector *entry = &ivshmem_device[device].vector[number];

        switch (offset % ENTRY_SIZE) {
        case 0U:
            entry->address = (entry->address & ~(uint64_t)HALF_ONES) | (value & ~3U);
            break;
        case 4U:
            entry->address = (entry->address & HALF_ONES) | ((uint64_t)value << 32U);
            break;
        case 8U:
            entry->data = value;
            break;
        default:
            entry->masked = (value & CONTROL_MASK) != 0U;
            break;
        }
        ivshmem_routes_update(device);
    }
}

static uint32_t dword_read(uint32_t device, uint32_t offset)
{
    return (offset < PAGE_SIZE) ? device_register_read(device, offset) : table_read(device, offset - PAGE_SIZE);
}

static void dword_write(uint32_t device, uint32_t offset, uint32_t value)
{
    if (offset < PAGE_SIZE) {
        register_write(device, offset, value);
    } else {
        table_write(device, offset - PAGE_SIZE, value);
    }
}

/* Dwords, aligned; of the table also both halves at once. */
static bool device_access_valid(uint32_t offset, uint32_t size)
{
    return ((size == 4U) && ((offset % 4U) == 0U)) || ((size == 8U) && ((offset % 8U) == 0U) && (offset >= PAGE_SIZE));
}

/* REQ-IO-020 */
uint64_t ivshmem_read(vm_id_t v, gpa_t gpa, uint32_t size)
{
    uint32_t device = device_at(v, gpa);
    uint64_t value = 0xFFFFFFFFFFFFFFFFU;

    if (device < PART_MAX_IVSHMEM) {
        uint32_t offset = (uint32_t)(gpa - ivshmem_end[device].registers);

        if (device_access_valid(offset, size)) {
            value = dword_read(device, offset);
            if (size == 8U) {
                value |= (uint64_t)dword_read(device, offset + 4U) << 32U;
            }
        }
    }
    return value;
}

/* REQ-IO-020 */
void ivshmem_write(vm_id_t v, gpa_t gpa, uint32_t size, uint64_t value)
{
    uint32_t device = device_at(v, gpa);

    if (device < PART_MAX_IVSHMEM) {
        uint32_t offset = (uint32_t)(gpa - ivshmem_end[device].registers);

        if (device_access_valid(offset, size)) {
            dword_write(device, offset, (uint32_t)value);
            if (size == 8U) {
                dword_write(device, offset + 4U, (uint32_t)(value >> 32U));
            }
        }
    }
}
