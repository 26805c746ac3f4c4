/* SPDX-License-Identifier: Apache-2.0 */
#include "nic.h"

#include "cpu.h"
#include "device.h"
#include "nic_registers.h"
#include "nic_ring.h"
#include "pci.h"

#define ALL_ONES     0xFFFFFFFFU
#define RESET_US     100000U
#define NVM_US       10000U
#define PHY_US       10000U
#define LINK_US      5000000U /* auto-negotiation takes two or three seconds */
#define LOOP_US      1000000U
#define MICROSECONDS 1000000U

static const uint32_t known[] = { NIC_ID_82574, NIC_ID_82576 };

static uint64_t registers; /* BAR 0 */
static uint64_t tsc_hz;
static bool is_82576;
static enum nic_mode mode;
static struct nic_ring sending;
static struct nic_ring receiving;

struct nic_counts nic_counts;

static uint32_t reg_read(uint32_t offset) { return device_read(registers + offset); }

static void reg_write(uint32_t offset, uint32_t value) { device_write(registers + offset, value); }

const char *nic_words(enum nic_result result)
{
    const char *words = "ok";

    switch (result) {
    case NIC_OK:
        break;
    case NIC_MISSING:
        words = "no 82574 or 82576 here";
        break;
    case NIC_NO_REGISTERS:
        words = "its registers cannot be reached";
        break;
    case NIC_SILENT:
        words = "it does not answer";
        break;
    case NIC_NO_RESET:
        words = "its reset does not end";
        break;
    case NIC_NO_PHY:
        words = "its PHY does not answer";
        break;
    case NIC_NO_LINK:
        words = "no link";
        break;
    case NIC_NO_MESSAGES:
        words = "it has no such messages";
        break;
    case NIC_FULL:
        words = "it sends nothing";
        break;
    case NIC_BAD_LENGTH:
    default:
        words = "no such length of a frame";
        break;
    }
    return words;
}

const char *nic_model(void) { return is_82576 ? "82576" : "82574"; }

/* REQ-RT-062 */
/* Until these bits of the register have that value, or for so long; whether they have. */
static bool wait_for(uint32_t offset, uint32_t mask, uint32_t value, uint64_t timeout_us)
{
    uint64_t begin = device_time();
    uint64_t most = (tsc_hz / MICROSECONDS) * timeout_us;
    bool there = (reg_read(offset) & mask) == value;

    while (!there && ((device_time() - begin) < most)) {
        there = (reg_read(offset) & mask) == value;
    }
    return there;
}

/* Bus mastering is stopped first, so that a descriptor of an earlier life is not written afterwards (82574 datasheet, CTRL). */
static enum nic_result reset(void)
{
    enum nic_result result = NIC_OK;

    if (reg_read(REG_STATUS) == ALL_ONES) {
        result = NIC_SILENT;
    } else {
        reg_write(REG_IMC, ALL_ONES);
        reg_write(REG_RCTL, 0U);
        reg_write(REG_TCTL, 0U);
        reg_write(REG_CTRL, reg_read(REG_CTRL) | CTRL_MASTER_OFF);
        (void)wait_for(REG_STATUS, STATUS_MASTER, 0U, RESET_US);
        reg_write(REG_CTRL, reg_read(REG_CTRL) | CTRL_RESET);
        if (!wait_for(REG_CTRL, CTRL_RESET, 0U, RESET_US)) {
            result = NIC_NO_RESET;
        }
        (void)wait_for(REG_EECD, EECD_LOADED, EECD_LOADED, NVM_US); /* without an NVM it never comes */
        reg_write(REG_IMC, ALL_ONES);
        (void)reg_read(REG_ICR); /* clears it */
    }
    return result;
}

static bool phy_write(uint32_t phy_register, uint32_t value)
{
    reg_write(REG_MDIC, MDIC_WRITE | MDIC_PHY | (phy_register << MDIC_REGISTER) | value);
    return wait_for(REG_MDIC, MDIC_READY, MDIC_READY, PHY_US) && ((reg_read(REG_MDIC) & MDIC_ERROR) == 0U);
}

static bool link_up(uint64_t timeout_us) { return wait_for(REG_STATUS, STATUS_LINK, STATUS_LINK, timeout_us); }

/* On the wire speed and duplex are negotiated, also when an earlier life has left a loop. */
static enum nic_result link_wire(void)
{
    enum nic_result result = NIC_OK;

    reg_write(REG_CTRL, (reg_read(REG_CTRL) & ~CTRL_MASTER_OFF) | CTRL_LINK | CTRL_DUPLEX);
    if (!phy_write(PHY_CONTROL, PHY_NEGOTIATE)) {
        result = NIC_NO_PHY;
    } else if (!link_up(LINK_US)) {
        result = NIC_NO_LINK;
    } else {
        /* up */
    }
    return result;
}

/* A loop is forced to 1 Gbit/s, since there is nobody to negotiate with; it needs no cable. The first wait is for controllers, as QEMU's 82576,
 * that have no link at all before a negotiation ended; where it does not end, the loop makes its own. */
static enum nic_result link_loop(enum nic_path path)
{
    uint32_t control = (reg_read(REG_CTRL) & ~(CTRL_MASTER_OFF | CTRL_SPEED)) | CTRL_LINK | CTRL_DUPLEX;
    enum nic_result result = NIC_OK;

    if (((reg_read(REG_STATUS) & STATUS_LINK) == 0U) && phy_write(PHY_CONTROL, PHY_NEGOTIATE)) {
        (void)link_up(LOOP_US);
    }
    if ((path == NIC_PHY) && !phy_write(PHY_CONTROL, PHY_LOOP_1000)) {
        result = NIC_NO_PHY;
    } else {
        reg_write(REG_CTRL, control | CTRL_SPEED_1000 | CTRL_FORCE_SPEED | CTRL_FORCE_DUPLEX);
        result = link_up(LOOP_US) ? NIC_OK : NIC_NO_LINK;
    }
    return result;
}

static void ring_registers(uint32_t base, const struct nic_ring *ring)
{
    uint64_t address = address_of(&ring->descriptor[0]);

    reg_write(base + RING_ADDRESS, (uint32_t)address);
    reg_write(base + RING_ADDRESS_HIGH, (uint32_t)(address >> 32));
    reg_write(base + RING_BYTES, NIC_RING * (uint32_t)sizeof(struct nic_descriptor));
    reg_write(base + RING_HEAD, 0U);
    reg_write(base + RING_TAIL, 0U);
}

static bool rings(enum nic_path path)
{
    uint32_t receive = RCTL_ENABLE | RCTL_BROADCAST | RCTL_STRIP | ((path == NIC_MAC) ? RCTL_LOOP : 0U);
    enum nic_format format = is_82576 ? NIC_ADVANCED : NIC_LEGACY;
    bool good = true;

    nic_ring_init_send(&sending, format);
    nic_ring_init_receive(&receiving, format);
    ring_registers(REG_SEND, &sending);
    ring_registers(REG_RECEIVE, &receiving);
    if (is_82576) {
        reg_write(REG_SRRCTL, SRRCTL_ADVANCED);
        reg_write(REG_SEND + RING_CONTROL, RING_ENABLE);
        reg_write(REG_RECEIVE + RING_CONTROL, RING_ENABLE);
        good = wait_for(REG_SEND + RING_CONTROL, RING_ENABLE, RING_ENABLE, RESET_US)
               && wait_for(REG_RECEIVE + RING_CONTROL, RING_ENABLE, RING_ENABLE, RESET_US);
    }
    reg_write(REG_TIPG, TIPG_COPPER);
    reg_write(REG_TCTL, TCTL_ENABLE | TCTL_PAD | TCTL_COLLISIONS);
    reg_write(REG_RCTL, receive);
    reg_write(REG_RECEIVE + RING_TAIL, NIC_RING - 1U);
    return good;
}

void nic_listen(void)
{
    if (mode == NIC_MSI) {
        (void)reg_read(REG_ICR); /* clears the cause */
    } else if ((mode == NIC_MSIX) && is_82576) {
        reg_write(REG_EIMS, EICR_VECTOR_0);
    } else if (mode == NIC_MSIX) {
        reg_write(REG_IMS, ICR_RECEIVE_QUEUE); /* sending the message cleared cause and mask */
    } else {
        /* polled */
    }
}

/* Without throttling, as the controller starts. */
static bool messages(const struct nic_settings *settings, uint32_t function)
{
    bool good = true;

    mode = settings->mode;
    if (mode == NIC_MSI) {
        good = pci_msi(function, settings->apic_id, settings->vector);
        reg_write(REG_IMS, ICR_RECEIVE_TIMER);
    } else if (mode == NIC_MSIX) {
        good = pci_msix(function, settings->apic_id, settings->vector);
        if (is_82576) {
            reg_write(REG_GPIE, GPIE_MSIX);
            reg_write(REG_IVAR0, IVAR0_RECEIVE_0);
            reg_write(REG_EIAC, EICR_VECTOR_0);
            reg_write(REG_EIAM, EICR_VECTOR_0);
        } else {
            reg_write(REG_CTRL_EXT, reg_read(REG_CTRL_EXT) | CTRL_EXT_PENDING);
            reg_write(REG_IVAR, IVAR_RECEIVE_0);
            reg_write(REG_AUTO_CLEAR, ICR_RECEIVE_QUEUE);
        }
        nic_listen();
    } else {
        /* polled */
    }
    return good;
}

static enum nic_result reach(uint32_t function)
{
    enum nic_result result = NIC_OK;
    uint32_t id = (function == PCI_NONE) ? ALL_ONES : pci_id(function);

    is_82576 = id == NIC_ID_82576;
    if ((id != NIC_ID_82574) && !is_82576) {
        result = NIC_MISSING;
    } else {
        registers = pci_bar(function, 0U);
        if ((registers == 0U) || !pci_enable(function)) {
            result = NIC_NO_REGISTERS;
        }
    }
    return result;
}

enum nic_result nic_start(const struct nic_settings *settings)
{
    uint32_t count = (uint32_t)(sizeof(known) / sizeof(known[0]));
    uint32_t function = (settings->function == PCI_NONE) ? pci_find(known, count) : settings->function;
    enum nic_result result = reach(function);

    tsc_hz = settings->tsc_hz;
    nic_counts = (struct nic_counts){ .sent = 0U };
    if (result == NIC_OK) {
        result = reset();
    }
    if (result == NIC_OK) {
        result = (settings->path == NIC_WIRE) ? link_wire() : link_loop(settings->path);
    }
    if ((result == NIC_OK) && !rings(settings->path)) {
        result = NIC_SILENT;
    }
    if ((result == NIC_OK) && !messages(settings, function)) {
        result = NIC_NO_MESSAGES;
    }
    return result;
}

void nic_address(uint8_t address[6])
{
    uint32_t low = reg_read(REG_ADDRESS);
    uint32_t high = reg_read(REG_ADDRESS + 4U);

    for (uint32_t i = 0U; i < 4U; i++) {
        address[i] = (uint8_t)(low >> (8U * i));
    }
    address[4] = (uint8_t)high;
    address[5] = (uint8_t)(high >> 8);
}

enum nic_result nic_put(const uint8_t *frame, uint32_t length)
{
    enum nic_result result = NIC_OK;

    nic_counts.reported += nic_ring_reap(&sending);
    if ((length < NIC_FRAME_LEAST) || (length > NIC_FRAME_MOST)) {
        result = NIC_BAD_LENGTH;
    } else if (!nic_ring_put(&sending, frame, length)) {
        result = NIC_FULL;
    } else {
        nic_counts.sent++;
    }
    return result;
}

void nic_go(void) { reg_write(REG_SEND + RING_TAIL, sending.next); }

bool nic_arrived(void) { return nic_ring_filled(&receiving); }

bool nic_receive(uint8_t *frame, uint32_t *length)
{
    bool whole = false;
    uint32_t tail = 0U;

    for (uint32_t i = 0U; (i < NIC_RING) && !whole && nic_ring_filled(&receiving); i++) {
        whole = nic_ring_take(&receiving, frame, length, &tail) == NIC_TAKEN;
        reg_write(REG_RECEIVE + RING_TAIL, tail);
        if (whole) {
            nic_counts.received++;
        } else {
            nic_counts.broken++;
        }
    }
    return whole;
}
