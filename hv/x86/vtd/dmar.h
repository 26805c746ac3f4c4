/* SPDX-License-Identifier: Apache-2.0 */
/* The firmware's description of Intel's IOMMU: the DMAR table. */
#ifndef X86_VTD_DMAR_H
#define X86_VTD_DMAR_H

#include "core/limits.h"
#include "core/types.h"

#define DMAR_REGIONS 16U
#define DMAR_SCOPES  MAX_PCI_FUNCTION

struct dmar_region { uint16_t bdf; hpa_t base; uint64_t size; };

struct dmar_scope { uint16_t bdf; bool bridge; };

struct dmar {
    uint32_t unit_count;
    hpa_t unit[MAX_IOMMU];                   /* registers, page aligned */
    uint8_t unit_order[MAX_IOMMU];           /* two to that power is the number of their pages */
    uint32_t region_count;
    struct dmar_region region[DMAR_REGIONS]; /* one for each function that uses a reserved region */
    bool covers_all;                         /* a unit answers for every function that no other names */
    uint32_t scope_count;
    struct dmar_scope scope[DMAR_SCOPES];    /* functions that units name; of a bridge, all behind it as well */
    bool has_ioapic;
};
extern struct dmar dmar;

/* STATUS_NOT_FOUND: there is no such table. STATUS_INVALID: what makes it useless is named in the log. */
enum status dmar_read(void);
/* A unit answers for the function. */
bool dmar_covers(uint16_t bdf);

#endif
