/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One Ethernet controller, Intel 82574 (QEMU: e1000e) or 82576 (igb): one queue each way, polled or with messages. After nic_start()
 * neither configuration space nor the table of messages is touched: nothing of it needs a hypervisor. Every wait ends.
 */
#ifndef RTVM_NIC_H
#define RTVM_NIC_H

#include <stdbool.h>
#include <stdint.h>

enum nic_path {
    NIC_PHY,  /* the PHY loops what is sent back to the receiver */
    NIC_MAC,  /* the MAC does */
    NIC_WIRE  /* somebody on the network has to answer */
};

enum nic_mode { NIC_OFF, NIC_POLL, NIC_MSI, NIC_MSIX };

struct nic_settings {
    uint32_t function;  /* PCI_NONE: the first one that is found */
    enum nic_path path;
    enum nic_mode mode;
    uint32_t apic_id;   /* with messages: to which core, and which vector there */
    uint32_t vector;
    uint64_t tsc_hz;
};

enum nic_result {
    NIC_OK,
    NIC_MISSING,       /* no function with a known id */
    NIC_NO_REGISTERS,  /* its BAR is not placed, or it does not decode memory or master the bus */
    NIC_SILENT,        /* its registers read as all ones */
    NIC_NO_RESET,      /* the reset does not end */
    NIC_NO_PHY,        /* the PHY does not answer */
    NIC_NO_LINK,
    NIC_NO_MESSAGES,   /* no such capability */
    NIC_FULL,          /* of nic_put(): the ring is full, nothing was sent for long */
    NIC_BAD_LENGTH
};

const char *nic_words(enum nic_result result);

enum nic_result nic_start(const struct nic_settings *settings);
void nic_address(uint8_t address[6]);
const char *nic_model(void);

/* Puts the frame into the ring; nic_go() makes all that are there the controller's, by one write of a register. */
enum nic_result nic_put(const uint8_t *frame, uint32_t length);
void nic_go(void);
bool nic_arrived(void); /* reads memory only */
/* The next frame that arrived whole; false without one. frame: NIC_BUFFER bytes. */
bool nic_receive(uint8_t *frame, uint32_t *length);
/* After a message: the next frame may cause one again. */
void nic_listen(void);

struct nic_counts {
    uint64_t sent;
    uint64_t reported;  /* of these, by the controller as sent */
    uint64_t received;
    uint64_t broken;    /* received with an error, and not given to anybody */
};
extern struct nic_counts nic_counts;

#endif
