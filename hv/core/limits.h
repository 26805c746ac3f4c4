/* SPDX-License-Identifier: Apache-2.0 */
/* Every capacity of the hypervisor, in one place. */
#ifndef CORE_LIMITS_H
#define CORE_LIMITS_H

#define MAX_PCPU          16U
#define MAX_VM            8U  /* 0 Service VM, 1..3 pre-launched, 4..7 User VMs */
#define VM_SERVICE        0U
#define VM_FIRST_USER     4U
#define MAX_VCPU_PER_VM   8U
#define MAX_VCPU          64U /* vCPU i of VM v has the id v * MAX_VCPU_PER_VM + i */

#define STAGE2_PAGES      640U /* page-table pages of one VM: 2.5 MiB */
#define DOMAIN_RANGES     48U  /* ranges of one domain */

#define MAX_BOOT_RANGE    128U /* memory-map entries read from the boot loader */
#define MAX_BOOT_MODULE   16U
#define BOOT_STRING_SIZE  128U

#define IOAPIC_PINS       24U
#define MAX_IOAPIC        1U   /* more is refused at boot, by name */
#define MAX_PCI_FUNCTION  128U
#define MAX_MSI_SOURCE    256U /* MSI and MSI-X vectors of all functions */
#define IOMMU_BUSES       16U  /* with tables of an IOMMU; functions on higher buses reach nothing */
#define MAX_IOMMU         8U   /* units; a machine with more counts as one without */

#endif
