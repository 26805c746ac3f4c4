/* SPDX-License-Identifier: Apache-2.0 */
/*
 * virtio 1.x over PCI, modern transport only (virtio 1.1, 4.1). Each device has a worker thread:
 * queue notifications reach it by ioeventfd without passing the request loop, completions leave
 * by irqfd. Lock order: device, then MSI-X or PCI bus.
 */
#ifndef DM_VIRTIO_H
#define DM_VIRTIO_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "dm/loop.h"
#include "dm/memory.h"
#include "dm/msix.h"
#include "dm/pci.h"
#include "dm/virtqueue.h"

#define VIRTIO_QUEUES_MAX 2U

/* Layout of BAR 0. */
#define VIRTIO_BAR_SIZE   0x4000U
#define VIRTIO_BAR_COMMON 0x0000U
#define VIRTIO_BAR_ISR    0x1000U
#define VIRTIO_BAR_DEVICE 0x2000U
#define VIRTIO_BAR_NOTIFY 0x3000U
#define VIRTIO_NOTIFY_MULTIPLIER 4U

#define VIRTIO_STATUS_FEATURES_OK 0x08U
#define VIRTIO_STATUS_DRIVER_OK   0x04U
#define VIRTIO_STATUS_NEEDS_RESET 0x40U

#define VIRTIO_ID_NETWORK 1U
#define VIRTIO_ID_BLOCK   2U
#define VIRTIO_ID_CONSOLE 3U
#define VIRTIO_ID_RNG     4U

struct virtio_device;

/* What a kind of device adds to the transport. All run with the device's lock held. */
struct virtio_model {
    const char *name;
    uint16_t id;
    uint32_t class_code;
    uint16_t queue_count;
    uint16_t queue_size;
    /* The driver put something into the queue. */
    void (*kick)(struct virtio_device *device, unsigned queue);
    void (*reset)(struct virtio_device *device);   /* optional */
    void (*started)(struct virtio_device *device); /* DRIVER_OK; optional */
};

struct virtio_kick {
    struct virtio_device *device;
    unsigned queue;
    int fd;
    struct loop_source source;
    bool assigned; /* as an ioeventfd, at gpa */
    uint64_t gpa;
};

struct virtio_device {
    const struct virtio_model *model;
    void *state;
    const void *config; /* device configuration space, read-only to the driver */
    uint32_t config_size;
    uint64_t features;
    struct hsm *hsm;
    const struct guest_memory *memory;
    struct pci_device pci;
    struct msix msix;
    struct loop loop;
    struct virtio_kick kick[VIRTIO_QUEUES_MAX];

    pthread_mutex_t lock; /* all below */
    struct virtqueue queue[VIRTIO_QUEUES_MAX];
    uint16_t queue_vector[VIRTIO_QUEUES_MAX];
    uint16_t config_vector;
    uint16_t queue_select;
    uint32_t device_feature_select, driver_feature_select;
    uint64_t driver_features;
    uint8_t status, isr;
    uint8_t config_generation;
    uint8_t cfg_capability; /* offset of VIRTIO_PCI_CAP_PCI_CFG */
};

struct virtio_setup {
    struct hsm *hsm;
    const struct guest_memory *memory;
    struct pci_bus *bus;
};

/* features: beyond those of the transport. 0 or -errno. */
int virtio_create(struct virtio_device *device, const struct virtio_setup *setup, const struct virtio_model *model,
                  uint64_t features, void *state);
int virtio_start_worker(struct virtio_device *device);
void virtio_reset(struct virtio_device *device);
void virtio_destroy(struct virtio_device *device); /* joins the worker */

/* For models, with the lock held. */
bool virtio_running(const struct virtio_device *device, unsigned queue);
/* Next chain; a broken ring stops the device until the driver resets it. */
bool virtio_pop(struct virtio_device *device, unsigned queue, struct vq_chain *chain);
void virtio_complete(struct virtio_device *device, unsigned queue); /* interrupts, if wanted */
void virtio_config_changed(struct virtio_device *device); /* device configuration space has another content */
void virtio_kick_again(struct virtio_device *device, unsigned queue);
void virtio_fail(struct virtio_device *device, const char *why);

#endif
