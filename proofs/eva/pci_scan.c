/* SPDX-License-Identifier: Apache-2.0 */
/* eva-sources: devices/vpci_scan.c devices/vpci_group.c devices/vpci_bars.c devices/vpci_bridge.c devices/vpci_given.c devices/vpci_hv.c core/trace.c */
/* eva-without: state */
/* eva-stubs: wp log string */
/* eva-options: -eva-precision 0 -eva-use-spec function_scan -eva-use-spec virtual_scan */
/* Boot: any PCI functions at any places; pci_function.c analyses one of them. */
#include "core/boot_info.h"
#include "core/domain.h"
#include "core/partition.h"
#include "devices/vpci.h"
#include "devices/vpci_function.h"
#include "proofs/eva/eva.h"

struct boot_info boot_info;
struct platform platform;
union partition_storage partition;

int main(void)
{
    domain_count[VM_SERVICE] = any_below(DOMAIN_RANGES + 1U);
    (void)vpci_scan();
    /*@ assert function_count: vpci_function_count <= MAX_PCI_FUNCTION; */
    return 0;
}
