/* SPDX-License-Identifier: Apache-2.0 */
/* A PCI bus with one 82574 or 82576 behind rtvm/device.h. It loops frames back at once; what it leaves undone is set by the test. */
#ifndef FAKE_NIC_H
#define FAKE_NIC_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "rtvm/device.h"

#define NIC_AT      0x0318U  /* bus 3, device 3, function 0 */
#define NIC_BASE    0xFEB00000ULL
#define NIC_TABLE   0xFEB20000ULL /* BAR 3, of the messages */
#define TABLE_AT    0x40U
#define NOBODY      0xFFFFFFFFU
#define CONFIG_MSI  0xD0U
#define CONFIG_MSIX 0xA0U

static struct {
    uint32_t config[64];
    uint32_t reg[0x8000];
    uint32_t table[32];
    uint64_t time;
    uint32_t messages;      /* that reached the core */
    uint32_t config_reads;
    bool dead;              /* reads as all ones */
    bool stuck_reset;
    bool no_phy;
    bool no_link;
    bool no_enable;
    bool mute;              /* takes frames, sends none */
    bool silent;            /* sends, and nothing comes back */
    uint32_t errors;        /* of what it receives */
} nic;

static bool is_82576(void) { return nic.config[0] == 0x10C98086U; }

static void nic_plug(uint32_t id)
{
    memset(&nic, 0, sizeof(nic));
    nic.config[0] = id;
    nic.config[1] = 0x00100000U; /* a list of capabilities */
    nic.config[4] = (uint32_t)NIC_BASE;
    nic.config[5] = 0x0000C001U; /* ports */
    nic.config[7] = (uint32_t)NIC_TABLE;
    nic.config[13] = CONFIG_MSI;
    nic.config[CONFIG_MSI / 4U] = 0x0080A005U; /* 64 bits; next */
    nic.config[CONFIG_MSIX / 4U] = 0x00040011U;
    nic.config[(CONFIG_MSIX / 4U) + 1U] = 3U | TABLE_AT;
    nic.reg[0x10 / 4] = 0x200U;
    nic.reg[0x8 / 4] = 0x80000U;
    nic.reg[0x5400 / 4] = 0x12005452U;
    nic.reg[0x5404 / 4] = 0x80005634U;
}

uint32_t device_config_read(uint32_t function, uint32_t offset)
{
    nic.config_reads++;
    return (function == NIC_AT) ? nic.config[offset / 4U] : NOBODY;
}

void device_config_write(uint32_t function, uint32_t offset, uint32_t value)
{
    if ((function == NIC_AT) && !((offset == 4U) && nic.no_enable)) {
        nic.config[offset / 4U] = (offset == 4U) ? ((value & 0xFFFFU) | (nic.config[1] & 0xFFFF0000U)) : value;
    }
}

uint64_t device_map(uint64_t bus_address) { return bus_address; }

uint64_t device_time(void)
{
    nic.time += 1000U;
    return nic.time;
}

static volatile uint64_t *descriptor(uint32_t ring, uint32_t index)
{
    uint64_t base = nic.reg[ring / 4U] | ((uint64_t)nic.reg[(ring / 4U) + 1U] << 32);
    return (volatile uint64_t *)(uintptr_t)(base + (index * 16ULL));
}

static uint32_t after(uint32_t ring, uint32_t index) { return (index + 1U) % (nic.reg[(ring + 8U) / 4U] / 16U); }

/* A message, if one is asked for and its cause is not masked. */
static void nic_message(void)
{
    bool queue = is_82576() ? ((nic.reg[0x1524 / 4] & 1U) != 0U) : ((nic.reg[0xD0 / 4] & 0x100000U) != 0U);

    if ((nic.config[CONFIG_MSIX / 4U] & 0x80000000U) != 0U) {
        if (queue) {
            nic.messages += nic.table[(TABLE_AT / 4U) + 3U] == 0U ? 1U : 0U;
            nic.reg[0x1524 / 4] &= ~nic.reg[0x1530 / 4];
            nic.reg[0xD0 / 4] &= ~nic.reg[0xDC / 4];
        }
    } else if ((nic.config[CONFIG_MSI / 4U] & 0x10000U) != 0U) {
        nic.messages += ((nic.reg[0xC0 / 4] == 0U) && ((nic.reg[0xD0 / 4] & 0x80U) != 0U)) ? 1U : 0U;
        nic.reg[0xC0 / 4] = 0x80U;
    } else {
        /* pin */
    }
}

/* Into the next buffer; lost when there is none, or the receiver is off. */
static void nic_deliver(const volatile uint8_t *bytes, uint32_t length)
{
    uint32_t head = nic.reg[0x2810 / 4];
    volatile uint64_t *to = descriptor(0x2800U, head);

    if ((head != nic.reg[0x2818 / 4]) && ((nic.reg[0x100 / 4] & 2U) != 0U)) {
        volatile uint8_t *buffer = (volatile uint8_t *)(uintptr_t)to[0];
        for (uint32_t i = 0U; i < length; i++) {
            buffer[i] = bytes[i];
        }
        if (is_82576()) {
            to[0] = 0U;
            to[1] = 3ULL | ((uint64_t)nic.errors << 20) | ((uint64_t)length << 32);
        } else {
            to[1] = length | (3ULL << 32) | ((uint64_t)nic.errors << 40);
        }
        nic.reg[0x2810 / 4] = after(0x2800U, head);
        nic_message();
    }
}

static void nic_transmit(void)
{
    while (!nic.mute && (nic.reg[0x3810 / 4] != nic.reg[0x3818 / 4])) {
        volatile uint64_t *from = descriptor(0x3800U, nic.reg[0x3810 / 4]);
        if (!nic.silent) {
            nic_deliver((const volatile uint8_t *)(uintptr_t)from[0], (uint32_t)from[1] & 0xFFFFU);
        }
        from[1] |= 1ULL << 32;
        nic.reg[0x3810 / 4] = after(0x3800U, nic.reg[0x3810 / 4]);
    }
}

uint32_t device_read(uint64_t address)
{
    uint32_t value = nic.dead ? NOBODY : nic.reg[(address - NIC_BASE) / 4U];

    if (address == (NIC_BASE + 0xC0U)) {
        nic.reg[0xC0 / 4] = 0U;
    }
    return value;
}

/* Software reset: all registers but the NVM's. */
static void nic_reset(void)
{
    uint32_t low = nic.reg[0x5400 / 4];
    uint32_t high = nic.reg[0x5404 / 4];

    memset(nic.reg, 0, sizeof(nic.reg));
    nic.reg[0x10 / 4] = 0x200U;
    nic.reg[0x5400 / 4] = low;
    nic.reg[0x5404 / 4] = high;
    nic.reg[0] = nic.stuck_reset ? 0x4000000U : 0U;
}

static void nic_control(uint32_t value)
{
    nic.reg[0] = value;
    if ((value & 0x4000000U) != 0U) {
        nic_reset();
    } else if ((value & 4U) != 0U) {
        nic.reg[2] &= ~0x80000U;
    } else if (((value & 0x40U) != 0U) && !nic.no_link) {
        nic.reg[2] |= 2U;
    } else {
        /* no link */
    }
}

void device_write(uint64_t address, uint32_t value)
{
    if (address >= NIC_TABLE) {
        nic.table[(address - NIC_TABLE) / 4U] = value;
    } else {
        uint32_t offset = (uint32_t)(address - NIC_BASE);
        if (offset == 0U) {
            nic_control(value);
        } else if (offset == 0x20U) {
            nic.reg[offset / 4U] = nic.no_phy ? value : (value | 0x10000000U);
        } else if ((offset == 0xD0U) || (offset == 0x1524U)) {
            nic.reg[offset / 4U] |= value;
        } else if (offset == 0xD8U) {
            nic.reg[0xD0 / 4] &= ~value;
        } else {
            nic.reg[offset / 4U] = value;
        }
        if (offset == 0x3818U) {
            nic_transmit();
        }
    }
}

#endif
