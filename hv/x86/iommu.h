/* SPDX-License-Identifier: Apache-2.0 */
/* The two kinds of IOMMU behind core/iommu_hw.h, as x86/vendor.h is for CPUs. All functions are those of core/iommu_hw.h. */
#ifndef X86_IOMMU_H
#define X86_IOMMU_H

#include "core/iommu_hw.h"

struct iommu_ops {
    uint32_t format;
    bool (*find)(void);
    bool (*enable)(hpa_t root, hpa_t entries, hpa_t remap);
    bool (*reserved)(uint32_t index, uint16_t *bdf, hpa_t *base, uint64_t *size);
    bool (*covers)(uint16_t bdf);
    bool (*registers)(uint32_t index, hpa_t *base, uint64_t *size);
    bool (*snoops)(void);
    bool (*flush_domain)(uint32_t domain);
    bool (*flush_function)(uint16_t bdf, uint32_t domain);
    bool (*remaps)(void);
    bool (*wide_ids)(void);
    bool (*flush_irqs)(uint32_t bdf);
    bool (*fault_next)(struct iommu_fault *fault);
    void (*fault_event)(pcpu_id_t pcpu, uint32_t vector);
};

extern const struct iommu_ops vtd_iommu;
extern const struct iommu_ops amdvi_iommu;
extern const struct iommu_ops *iommu_driver;

/* How stage 2 is written: as the CPU asks for it (vendor.h), and so that the unit reads it as well. After hw_iommu_find(). */
uint32_t iommu_entry_format(uint32_t of_cpu);

#endif
