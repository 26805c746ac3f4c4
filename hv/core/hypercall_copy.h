/* SPDX-License-Identifier: Apache-2.0 */
/* What hypercalls hand over in the Service VM's memory: each structure is copied once, as a whole.
 * STATUS_FAULT when it is not all RAM of the Service VM; what was read is all zero then. */
#ifndef CORE_HYPERCALL_COPY_H
#define CORE_HYPERCALL_COPY_H

#include "abi/hypercall.h"
#include "core/types.h"

enum status hypercall_read_creation(gpa_t gpa, struct hc_vm_creation *creation);
enum status hypercall_write_creation(gpa_t gpa, const struct hc_vm_creation *creation);
enum status hypercall_read_regs(gpa_t gpa, struct hc_vcpu_regs *regs);
enum status hypercall_read_msi(gpa_t gpa, struct hc_msi *msi);
enum status hypercall_read_regions(gpa_t gpa, struct hc_memory_regions *regions);
enum status hypercall_read_region(gpa_t gpa, struct hc_memory_region *region);
enum status hypercall_read_pcidev(gpa_t gpa, struct hc_pcidev *device);
enum status hypercall_read_vdev(gpa_t gpa, struct hc_vdev *device);
enum status hypercall_read_mmiodev(gpa_t gpa, struct hc_mmiodev *device);
enum status hypercall_read_ptdev_irq(gpa_t gpa, struct hc_ptdev_irq *irq);
enum status hypercall_read_word(gpa_t gpa, uint64_t *word);
enum status hypercall_write_word(gpa_t gpa, uint64_t word);

#endif
