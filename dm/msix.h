/* SPDX-License-Identifier: Apache-2.0 */
/* MSI-X of an emulated device (PCI 3.0, 6.8.2). The table lives here; each vector reaches the
 * guest by an irqfd, made at the first use of its present address and data. */
#ifndef DM_MSIX_H
#define DM_MSIX_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "dm/hsm.h"
#include "dm/pci.h"

#define MSIX_VECTORS_MAX 8U
#define MSIX_BAR_SIZE    0x1000U
#define MSIX_PBA_OFFSET  0x800U
#define MSIX_CAP_SIZE    12U

struct msix_vector {
    uint64_t address;
    uint32_t data;
    uint32_t control; /* bit 0: masked */
    bool pending;
    int fd;           /* -1: none yet */
    bool routed;      /* fd injects address/data */
};

struct msix {
    struct hsm *hsm;
    pthread_mutex_t lock;
    unsigned count;
    uint8_t capability; /* its offset in configuration space */
    bool enabled, masked;
    struct msix_vector vector[MSIX_VECTORS_MAX];
};

extern const struct io_ops msix_ops; /* the BAR */

void msix_create(struct msix *msix, struct hsm *hsm, struct pci_device *device, unsigned bar, unsigned count);
void msix_destroy(struct msix *msix);
void msix_reset(struct msix *msix);
void msix_config_written(struct msix *msix, const struct pci_device *device);
bool msix_enabled(struct msix *msix);
void msix_signal(struct msix *msix, unsigned vector); /* any thread; a vector that is not there: nothing */

#endif
