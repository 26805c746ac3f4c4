/* SPDX-License-Identifier: Apache-2.0 */
/* hsm.h for the tests: records calls, plays requests. */
#ifndef UNIT_DM_FAKE_HSM_H
#define UNIT_DM_FAKE_HSM_H

#include "dm/hsm.h"

#define FAKE_FDS      32U
#define FAKE_REQUESTS 16U

struct fake_hsm {
    char log[1024];      /* calls, as words: "open create map start ..." */
    const char *fail;    /* the call that fails */
    int error;           /* with -EIO, or this */
    bool line[24];       /* interrupt lines */
    unsigned line_changes;
    unsigned msi_count;
    uint64_t msi_address;
    uint32_t msi_data;
    bool no_irqfd;       /* IRQFD fails: MSIs must come by INJECT_MSI */
    unsigned irqfds, ioeventfds;
    uint64_t irqfd_address, ioeventfd_gpa;
    int irqfd_fd;
    struct acrn_vcpu_regs regs;
    struct acrn_pcidev pcidev; /* of the last call */
    struct acrn_ptdev_irq ptdev_irq;
    struct acrn_vdev vdev;
    struct acrn_mmiodev mmiodev;
    /* Played one after the other by hsm_wait_requests, on slot 0; answers are kept. */
    struct acrn_io_request script[FAKE_REQUESTS];
    unsigned script_size, script_next, answered;
    uint64_t answer[FAKE_REQUESTS];
};
extern struct fake_hsm fake_hsm;

void fake_hsm_reset(void);
void fake_hsm_play_pio(uint32_t direction, uint64_t port, uint64_t size, uint32_t value);

#endif
