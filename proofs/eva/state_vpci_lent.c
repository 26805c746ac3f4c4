/* SPDX-License-Identifier: Apache-2.0 */
/* devices/vpci_lent.c: records name a VM and a function, also those that are free. */
#include "devices/vpci_lent.c"
#include "proofs/eva/eva.h"

void assume_lent(void)
{
    /*@ loop unroll LENT_FUNCTIONS; */
    for (uint32_t i = 0U; i < LENT_FUNCTIONS; i++) {
        vpci_lent_record[i].vm = any_below(MAX_VM);
        vpci_lent_record[i].function = any_below(MAX_PCI_FUNCTION);
    }
}

void check_lent(void)
{
    uint32_t i = any_below(LENT_FUNCTIONS);
    /*@ assert lent_vm: vpci_lent_record[i].vm < MAX_VM; */
    /*@ assert lent_function: vpci_lent_record[i].function < MAX_PCI_FUNCTION; */
    (void)i;
}
