/* SPDX-License-Identifier: Apache-2.0 */
/*
 * devices/vpci_scan.c: functions are counted, and their capabilities lie in configuration space. The scan is
 * analysed in three layers, each with the contract of the one below: pci_scan.c, pci_function.c, pci_msix_table.c.
 * What a contract ensures is asserted where the body is analysed; what it assigns is by reading.
 */
#include "devices/vpci_function.h"
#include "proofs/eva/eva.h"

static uint32_t msix_used;

/*@ requires record: \valid(fn);
    requires msi_offset: fn->msi.offset <= PCI_LEGACY_SIZE - 0x18;
    requires msix_offset: fn->msix.offset <= PCI_LEGACY_SIZE - 12;
    requires sriov_offset: fn->sriov <= PCI_CONFIG_SIZE - 0x40;
    requires pool: msix_used <= VPCI_MSIX_POOL;
    assigns *fn \from *fn;
    assigns msix_used \from msix_used, *fn;
    assigns vpci_msix_entry[0 .. VPCI_MSIX_POOL - 1] \from msix_used;
    ensures msi_offset: fn->msi.offset <= PCI_LEGACY_SIZE - 0x18;
    ensures msix_offset: fn->msix.offset <= PCI_LEGACY_SIZE - 12;
    ensures sriov_offset: fn->sriov <= PCI_CONFIG_SIZE - 0x40;
    ensures pool: msix_used <= VPCI_MSIX_POOL; */
static void msix_scan(struct vpci_function *fn);

/*@ requires function_count: vpci_function_count <= MAX_PCI_FUNCTION;
    requires pool: msix_used <= VPCI_MSIX_POOL;
    assigns \result \from bdf, vpci_function_count;
    assigns vpci_function[0 .. MAX_PCI_FUNCTION - 1] \from bdf;
    assigns vpci_function_count \from vpci_function_count;
    assigns msix_used \from msix_used;
    assigns vpci_msix_entry[0 .. VPCI_MSIX_POOL - 1] \from msix_used;
    ensures status: \result == STATUS_OK || \result == STATUS_BUSY || \result == STATUS_NO_MEMORY;
    ensures function_count: vpci_function_count <= MAX_PCI_FUNCTION;
    ensures pool: msix_used <= VPCI_MSIX_POOL; */
static enum status function_scan(uint16_t bdf);

/*@ requires function_count: vpci_function_count <= MAX_PCI_FUNCTION;
    requires pool: msix_used <= VPCI_MSIX_POOL;
    assigns vpci_function[0 .. MAX_PCI_FUNCTION - 1] \from vpci_function_count;
    assigns vpci_function_count \from vpci_function_count;
    assigns msix_used \from msix_used;
    assigns vpci_msix_entry[0 .. VPCI_MSIX_POOL - 1] \from msix_used;
    ensures function_count: vpci_function_count <= MAX_PCI_FUNCTION;
    ensures pool: msix_used <= VPCI_MSIX_POOL; */
static void virtual_scan(void);

#include "devices/vpci_scan.c"

static void check_pool(void)
{
    /*@ assert pool: msix_used <= VPCI_MSIX_POOL; */
}

void scan_msix_table(struct vpci_function *fn)
{
    msix_used = any_below(VPCI_MSIX_POOL + 1U);
    /*@ split msix_used; */
    msix_scan(fn);
    check_pool();
}

void scan_function(void)
{
    enum status result;
    msix_used = any_below(VPCI_MSIX_POOL + 1U);
    /*@ split vpci_function_count; */
    result = function_scan((uint16_t)any);
    /*@ assert status: result == STATUS_OK || result == STATUS_BUSY || result == STATUS_NO_MEMORY; */
    (void)result;
    check_pool();
}

void assume_functions(void)
{
    vpci_function_count = any_below(MAX_PCI_FUNCTION + 1U);
    /*@ loop unroll MAX_PCI_FUNCTION; */
    for (uint32_t i = 0U; i < MAX_PCI_FUNCTION; i++) {
        vpci_function[i].msi.offset = any_below(PCI_LEGACY_SIZE - 0x17U);
        vpci_function[i].msix.offset = any_below(PCI_LEGACY_SIZE - 11U);
        vpci_function[i].sriov = (uint16_t)any_below(PCI_CONFIG_SIZE - 0x3FU);
    }
}

void assume_layout(struct vpci_function *fn)
{
    fn->msi.offset = 4U * any_below(59U);
    fn->msix.offset = 4U * any_below(62U);
    fn->msix.count = any_below(0x801U);
    fn->acs = (uint16_t)(4U * any_below(1023U));
    fn->sriov = (uint16_t)any_below(PCI_CONFIG_SIZE - 0x3FU);
    fn->closed_count = any_below(VPCI_CLOSED + 1U);
    /*@ loop unroll VPCI_CLOSED; */
    for (uint32_t k = 0U; k < VPCI_CLOSED; k++) {
        fn->closed[k].offset = 4U * any_below(1024U);
        fn->closed[k].size = any_below(65U);
    }
}

void check_layout(const struct vpci_function *fn)
{
    uint32_t k = any_below(VPCI_CLOSED);
    /*@ assert msi: fn->msi.offset <= 232 && fn->msi.offset % 4 == 0; */
    /*@ assert msix: fn->msix.offset <= 244 && fn->msix.offset % 4 == 0 && fn->msix.count <= 0x800; */
    /*@ assert acs: fn->acs <= 4088 && fn->acs % 4 == 0; */
    /*@ assert closed: fn->closed_count <= VPCI_CLOSED && fn->closed[k].offset <= 4092 && fn->closed[k].offset % 4 == 0 && fn->closed[k].size <= 64; */
    (void)k;
}

void check_functions(void)
{
    uint32_t i = any_below(MAX_PCI_FUNCTION);
    /*@ assert function_count: vpci_function_count <= MAX_PCI_FUNCTION; */
    /*@ assert msi_offset: vpci_function[i].msi.offset <= PCI_LEGACY_SIZE - 0x18; */
    /*@ assert msix_offset: vpci_function[i].msix.offset <= PCI_LEGACY_SIZE - 12; */
    /*@ assert sriov_offset: vpci_function[i].sriov <= PCI_CONFIG_SIZE - 0x40; */
    (void)i;
}
