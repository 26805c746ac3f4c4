/* SPDX-License-Identifier: Apache-2.0 */
/* eva-sources: devices/vpci_scan.c devices/vpci_bars.c devices/vpci_given.c */
/* eva-without: state */
/* eva-stubs: wp log string */
/* eva-options: -eva-precision 0 -eva-split-limit 2100 */
/* Boot: an MSI-X capability with any table, in any function, and any number of entries taken before. */
#include "core/boot_info.h"
#include "core/partition.h"
#include "devices/vpci_function.h"
#include "proofs/eva/eva.h"

struct boot_info boot_info;
struct platform platform;
union partition_storage partition;
void scan_msix_table(struct vpci_function *fn); /* state_vpci_scan.c */
void vpci_hv_reset(void) { }

static struct vpci_function function;

int main(void)
{
    assume_layout(&function);
    scan_msix_table(&function);
    check_layout(&function);
    /*@ assert sriov_offset: function.sriov <= PCI_CONFIG_SIZE - 0x40; */
    return 0;
}
