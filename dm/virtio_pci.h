/* SPDX-License-Identifier: Apache-2.0 */
/* Between the registers (virtio_pci.c) and the device behind them (virtio.c). */
#ifndef DM_VIRTIO_PCI_H
#define DM_VIRTIO_PCI_H

#include "dm/virtio.h"

#define VIRTIO_NO_VECTOR  0xFFFFU
#define VIRTIO_ISR_QUEUE  1U
#define VIRTIO_ISR_CONFIG 2U

extern const struct io_ops virtio_bar_ops;

void virtio_pci_setup(struct virtio_device *device); /* identity, capabilities, BARs */

/* In virtio.c, with the lock held. */
void virtio_write_status(struct virtio_device *device, uint8_t value);
void virtio_enable_queue(struct virtio_device *device);
void virtio_update_notify(struct virtio_device *device);

#endif
