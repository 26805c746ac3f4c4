/* SPDX-License-Identifier: Apache-2.0 */
/* The only place where structures of hypercalls are bytes: the files that decide see typed copies. */
#include "core/hypercall_copy.h"
#include "core/string.h"
#include "core/vm.h"

/* REQ-HYP-004 */
static enum status read_service(gpa_t gpa, uint8_t *dst, uint32_t size)
{
    const enum status status = guest_read(VM_SERVICE, gpa, dst, size);
    if (status != STATUS_OK) {
        (void)memset(dst, 0, size);
    }
    return status;
}

static enum status write_service(gpa_t gpa, const uint8_t *src, uint32_t size)
{
    return guest_write(VM_SERVICE, gpa, src, size);
}

enum status hypercall_read_creation(gpa_t gpa, struct hc_vm_creation *creation)
{
    return read_service(gpa, (uint8_t *)creation, (uint32_t)sizeof(*creation));
}

enum status hypercall_write_creation(gpa_t gpa, const struct hc_vm_creation *creation)
{
    return write_service(gpa, (const uint8_t *)creation, (uint32_t)sizeof(*creation));
}

enum status hypercall_read_regs(gpa_t gpa, struct hc_vcpu_regs *regs)
{
    return read_service(gpa, (uint8_t *)regs, (uint32_t)sizeof(*regs));
}

enum status hypercall_read_msi(gpa_t gpa, struct hc_msi *msi)
{
    return read_service(gpa, (uint8_t *)msi, (uint32_t)sizeof(*msi));
}

enum status hypercall_read_regions(gpa_t gpa, struct hc_memory_regions *regions)
{
    return read_service(gpa, (uint8_t *)regions, (uint32_t)sizeof(*regions));
}

enum status hypercall_read_region(gpa_t gpa, struct hc_memory_region *region)
{
    return read_service(gpa, (uint8_t *)region, (uint32_t)sizeof(*region));
}

enum status hypercall_read_pcidev(gpa_t gpa, struct hc_pcidev *device)
{
    return read_service(gpa, (uint8_t *)device, (uint32_t)sizeof(*device));
}

enum status hypercall_read_vdev(gpa_t gpa, struct hc_vdev *device)
{
    return read_service(gpa, (uint8_t *)device, (uint32_t)sizeof(*device));
}

enum status hypercall_read_mmiodev(gpa_t gpa, struct hc_mmiodev *device)
{
    return read_service(gpa, (uint8_t *)device, (uint32_t)sizeof(*device));
}

enum status hypercall_read_ptdev_irq(gpa_t gpa, struct hc_ptdev_irq *irq)
{
    return read_service(gpa, (uint8_t *)irq, (uint32_t)sizeof(*irq));
}

enum status hypercall_read_word(gpa_t gpa, uint64_t *word)
{
    return read_service(gpa, (uint8_t *)word, (uint32_t)sizeof(*word));
}

enum status hypercall_write_word(gpa_t gpa, uint64_t word)
{
    return write_service(gpa, (const uint8_t *)&word, (uint32_t)sizeof(word));
}
