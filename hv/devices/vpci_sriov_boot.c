/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Virtual functions of pre-launched VMs. The partition table names a function that no scan finds: it is a virtual one where First VF Offset and VF Stride of
 * a function of the Service VM lead to it. Those of one card are its numbers 0 to n - 1. They are switched on here, before any VM runs, with their BARs in
 * device memory of their VMs, and stay on as they are: vpci_sriov.c refuses what the Service VM writes to the capability, vpci.c a reset of the card.
 */
#include "core/hw.h"
#include "core/iommu.h"
#include "core/partition.h"
#include "devices/vpci_sriov.h"

#define BAR_FLAGS  15U
#define BAR_WIDE   4U
#define READY_TSC  500000000U /* 100 ms (9.3.3.3.1) at 5 GHz: the clock is not measured yet */

static uint16_t function_place(const struct vpci_function *pf, uint32_t number)
{
    return (uint16_t)(pf->bdf + sriov_half(pf, SRIOV_FIRST) + (sriov_half(pf, SRIOV_STRIDE) * number));
}

/* How many the table names. */
static uint32_t named_count(const struct vpci_function *pf)
{
    uint32_t count = 0U;

    while ((count < sriov_half(pf, SRIOV_TOTAL)) && (iommu_home(function_place(pf, count)) != VM_SERVICE) && (vpci_function_at(function_place(pf, count)) == ID_NONE)) {
        count++;
    }
    return count;
}

static hpa_t aligned_up(hpa_t at, uint64_t size)
{
    return (at + (size - 1U)) & ~(size - 1U);
}

/* The lowest place in device memory of the VM of the first function that the BARs before it leave, or 0. Whether the parts of all functions are in
 * device memory of their VMs, vpci_bars_check() sees. */
static hpa_t bar_place(const struct vpci_function *first, uint32_t index, uint64_t size, uint32_t count)
{
    const struct part_vm *part = &partition.table.vm[first->owner % PART_MAX_VM];
    hpa_t found = 0U;

    for (uint32_t r = 0U; (found == 0U) && (r < part->range_count) && (r < PART_MAX_RANGE); r++) {
        hpa_t at = aligned_up(part->range[r].hpa, size);

        for (uint32_t k = 0U; k < index; k++) {
            const hpa_t base = vpci_bar_base(first, k);
            const hpa_t end = base + (vpci_bar_size(first, k) * count);

            if ((base != 0U) && (base < (at + (size * count))) && (at < end)) {
                at = aligned_up(end, size);
            }
        }
        found = vpci_bar_listed(first->owner, at, size) ? at : 0U;
    }
    return found;
}

/* REQ-ISO-093 */
static void bars_place(const struct vpci_function *pf, uint32_t count)
{
    struct vpci_function first = { .owner = iommu_home(function_place(pf, 0U)) };
    uint32_t index = 0U;

    while (index < VPCI_BARS) {
        const uint32_t at = sriov_at(pf, SRIOV_BARS + (4U * index));
        const uint32_t mask = vpci_dword_size(pf->bdf, at, PCI_WORD_ONES);

        if (mask != 0U) {
            const uint32_t last = ~(mask & ~BAR_FLAGS);
            const hpa_t base = bar_place(&first, index, (uint64_t)last + 1U, count);

            hw_pci_write(pf->bdf, at, 4U, (uint32_t)base);
            if ((mask & BAR_WIDE) != 0U) {
                hw_pci_write(pf->bdf, at + 4U, 4U, (uint32_t)(base >> 32U));
            }
        }
        index += vpci_bar_scan(&first, index, pf->bdf, at);
    }
}

/* REQ-ISO-093 */
static bool card_open(const struct vpci_function *pf, uint32_t count)
{
    uint32_t fault;

    hw_pci_write(pf->bdf, sriov_at(pf, SRIOV_NUMBER), 2U, count);
    bars_place(pf, count);
    fault = sriov_enable(pf, 0U);
    if (fault != 0U) {
        vpci_say(pf->bdf, ": virtual functions of pre-launched VMs do not fit; does the board file list room for their BARs (register 0x24)? At fault is register ", fault);
    }
    return fault == 0U;
}

/* Those behind the first so many functions go again if one of them does not answer. */
/* REQ-ISO-093 */
static void card_check(const struct vpci_function *pf, uint32_t before)
{
    bool ok = true;

    for (uint32_t i = before; i < vpci_function_count; i++) {
        ok = ok && (hw_pci_read(vpci_function[i].bdf, PCI_CLASS + 2U, 2U) == pf->class_code);
    }
    if (!ok) {
        vpci_say(pf->bdf, ": virtual functions of pre-launched VMs do not answer; behind a port they may need ARI, which is not used", 0U);
        hw_pci_write(pf->bdf, sriov_at(pf, PCI_SRIOV_CONTROL), 2U, 0U);
        vpci_function_count = before;
    }
}

/* REQ-ISO-093 */
void vpci_sriov_boot(void)
{
    const uint32_t found = vpci_function_count;

    for (uint32_t i = 0U; i < found; i++) {
        const struct vpci_function *pf = &vpci_function[i];
        const uint32_t before = vpci_function_count;
        const uint32_t count = (pf->sriov != 0U) ? named_count(pf) : 0U;

        if ((count != 0U) && card_open(pf, count)) {
            const uint64_t start = hw_tsc();

            while ((hw_tsc() - start) < READY_TSC) {
                hw_relax();
            }
            card_check(pf, before);
        }
    }
}

/* What the Service VM sees there, so that its driver of the card can count the function as switched on: a class, and nothing that can be used. */
/* REQ-ISO-093 */
uint32_t vpci_sriov_shadow(uint16_t bdf, uint32_t offset, uint32_t size)
{
    const uint32_t index = vpci_function_at(bdf);
    uint32_t value = pci_ones(size);

    if ((index < MAX_PCI_FUNCTION) && (vpci_function[index].physical != 0U) && (vpci_function[index].owner < PART_MAX_VM)) {
        value = ((offset & ~3U) == PCI_CLASS) ? hw_pci_read(bdf, offset, size) : 0U;
    }
    return value;
}
