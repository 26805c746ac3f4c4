/* SPDX-License-Identifier: Apache-2.0 */
/* What the firmware's IVRS table says about the machine's AMD IOMMUs (AMD IOMMU 3.08, 5.2). */
#ifndef X86_AMDVI_IVRS_H
#define X86_AMDVI_IVRS_H

#include "core/limits.h"
#include "core/types.h"

#define IVRS_MEMORY 16U
#define IVRS_FUNCTIONS (IOMMU_BUSES * 256U)
#define IVRS_BITS   (IVRS_FUNCTIONS / 8U)

struct ivrs_unit {
    hpa_t registers;
    uint16_t bdf;       /* the unit's own PCI function */
    uint8_t flags;      /* of its IVHD block: how its links are run */
};

struct ivrs_memory {    /* memory that the firmware's use of functions first..last needs (IVMD) */
    uint16_t first;
    uint16_t last;
    hpa_t base;
    uint64_t size;
};

struct ivrs {
    struct ivrs_unit unit[MAX_IOMMU];
    uint32_t unit_count;
    struct ivrs_memory memory[IVRS_MEMORY];
    uint32_t memory_count;
    bool has_ioapic;            /* it says as which function the IOAPIC asks */
    uint16_t ioapic_bdf;
    uint8_t covered[IVRS_BITS]; /* a bit for each function that a unit stands before */
    uint8_t aliased[IVRS_BITS]; /* and for each that asks under another one's number */
};
extern struct ivrs ivrs;

/* STATUS_NOT_FOUND: there is no such table. STATUS_INVALID: it is broken, or beyond a limit; the log says how. */
enum status ivrs_read(void);
bool ivrs_covers(uint16_t bdf);

#endif
