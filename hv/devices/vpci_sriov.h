/* SPDX-License-Identifier: Apache-2.0 */
/* The capability for virtual functions (PCI Express 5.0, 9.3.3). Only vpci_sriov*.c include this. */
#ifndef DEVICES_VPCI_SRIOV_H
#define DEVICES_VPCI_SRIOV_H

#include "core/hw.h"
#include "devices/vpci_function.h"

#define SRIOV_TOTAL    0x0EU
#define SRIOV_NUMBER   0x10U
#define SRIOV_FIRST    0x14U
#define SRIOV_STRIDE   0x16U
#define SRIOV_DEVICE   0x1AU
#define SRIOV_PAGES    0x20U
#define SRIOV_BARS     0x24U
#define SRIOV_BARS_END 0x3CU

#define CONTROL_ENABLE 0x01U
#define CONTROL_MEMORY 0x08U
#define PAGES_4K       1U

static inline uint32_t sriov_at(const struct vpci_function *pf, uint32_t at)
{
    return (uint32_t)pf->sriov + at;
}
static inline uint32_t sriov_half(const struct vpci_function *pf, uint32_t at)
{
    return hw_pci_read(pf->bdf, sriov_at(pf, at), 2U);
}

/* NumVFs of them, with their BARs as they are. Returns the register at fault, or 0. */
uint32_t sriov_enable(const struct vpci_function *pf, uint32_t ari);

#endif
