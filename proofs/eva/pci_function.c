/* SPDX-License-Identifier: Apache-2.0 */
/* eva-sources: devices/vpci_scan.c devices/vpci_bars.c devices/vpci_given.c */
/* eva-without: state */
/* eva-stubs: wp log string */
/* eva-options: -eva-precision 0 -eva-split-limit 200 -eva-use-spec msix_scan */
/* Boot: one more PCI function with any configuration space, after any number of others, and where the capabilities of one lie. pci_msix_table.c has its table. */
#include "core/boot_info.h"
#include "core/domain.h"
#include "core/partition.h"
#include "devices/vpci_function.h"
#include "proofs/eva/eva.h"

struct boot_info boot_info;
struct platform platform;
union partition_storage partition;
void scan_function(void); /* state_vpci_scan.c */
void vpci_hv_reset(void) { }

static struct vpci_function function;

int main(void)
{
    domain_count[VM_SERVICE] = any_below(DOMAIN_RANGES + 1U);
    assume_functions();
    scan_function();
    check_functions();
    assume_layout(&function);
    vpci_capabilities_scan(&function);
    check_layout(&function);
    return 0;
}
