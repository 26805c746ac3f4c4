/* SPDX-License-Identifier: Apache-2.0 */
/* A Service VM's view of what the hypervisor counts (abi/hv_info.h), by way of its PCI function. */
#ifndef TESTS_GUESTS_STATISTICS_H
#define TESTS_GUESTS_STATISTICS_H

#include "abi/hv_info.h"
#include "tests/guests/guest.h"

#define FUNCTIONS 256U /* of bus 0 */

static inline void out32(uint16_t port, uint32_t value)
{
    __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint32_t config_read(uint32_t bdf, uint32_t offset)
{
    out32(0xCF8U, 0x80000000U | (bdf << 8) | offset);
    return in32(0xCFCU);
}

/* The hypervisor's PCI function; FUNCTIONS when there is none. */
static inline uint32_t find_function(void)
{
    uint32_t bdf = 0U;
    while ((bdf < FUNCTIONS) && (config_read(bdf, 0U) != (HV_PCI_VENDOR | (HV_PCI_DEVICE << 16)))) {
        bdf++;
    }
    return bdf;
}

/* Where the region of this kind is; 0 when there is none. */
static inline uint64_t region_of(uint32_t bdf, uint32_t kind)
{
    const uint64_t at = config_read(bdf, HV_PCI_INFO_GPA) | ((uint64_t)config_read(bdf, HV_PCI_INFO_GPA + 4U) << 32);
    const struct hv_info *const info = (const struct hv_info *)(uintptr_t)at;
    uint64_t gpa = 0U;
    for (uint32_t i = 0U; (i < info->region_count) && (i < HV_MAX_REGION); i++) {
        gpa = (info->region[i].kind == kind) ? info->region[i].gpa : gpa;
    }
    return gpa;
}

/* The statistics as of now. */
static inline const struct hv_stats *statistics(uint32_t bdf)
{
    out32(0xCF8U, 0x80000000U | (bdf << 8) | HV_PCI_COMMAND);
    out32(0xCFCU, HV_COMMAND_PUBLISH);
    __asm__ volatile("" : : : "memory");
    return (const struct hv_stats *)(uintptr_t)region_of(bdf, HV_REGION_STATS);
}

/* 0 on the bare machine. */
static inline uint64_t exits_of_service(uint32_t bdf)
{
    return (bdf < FUNCTIONS) ? statistics(bdf)->vm[0].vcpu[0].exits_total : 0U;
}

static inline void print_figure(const char *name, uint64_t value)
{
    print_text(name);
    print_text(" ");
    print_hex(value);
    print_text("\r\n");
}

#endif
