/* SPDX-License-Identifier: Apache-2.0 */
/* devices/vpci_scan.c: functions are counted, and their capabilities lie in configuration space. */
#include "devices/vpci_scan.c"
#include "proofs/eva/eva.h"

void assume_functions(void)
{
    vpci_function_count = any_below(MAX_PCI_FUNCTION + 1U);
    /*@ loop unroll MAX_PCI_FUNCTION; */
    for (uint32_t i = 0U; i < MAX_PCI_FUNCTION; i++) {
        vpci_function[i].msi.offset = any_below(PCI_LEGACY_SIZE - 0x17U);
        vpci_function[i].msix.offset = any_below(PCI_LEGACY_SIZE - 11U);
    }
}

void check_functions(void)
{
    uint32_t i = any_below(MAX_PCI_FUNCTION);
    /*@ assert function_count: vpci_function_count <= MAX_PCI_FUNCTION; */
    /*@ assert msi_offset: vpci_function[i].msi.offset <= PCI_LEGACY_SIZE - 0x18; */
    /*@ assert msix_offset: vpci_function[i].msix.offset <= PCI_LEGACY_SIZE - 12; */
    (void)i;
}
