/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Linux by the 64-bit boot protocol (Documentation/arch/x86/boot.rst): checks a bzImage and what
 * goes with it, plans where all of it lies, and puts it there. Checking touches no guest.
 */
#ifndef DM_IMAGE_H
#define DM_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/acrn.h>

#include "dm/memory.h"

struct image_file {
    uint8_t *data;
    size_t size;
};

struct image_plan {
    uint64_t payload_offset; /* in the bzImage */
    uint64_t payload_size;
    uint64_t kernel_gpa;
    uint64_t initrd_gpa; /* 0: none */
    uint64_t memory_size;
    bool ports_only; /* PCI configuration space is reached by ports, not in memory */
};

int image_read(struct image_file *file, const char *path); /* the whole file; 0 or -errno */
void image_free(struct image_file *file);
/* NULL: plan is filled in. Else: what is wrong, in words. initrd may be empty (size 0). */
const char *image_plan(const struct image_file *kernel, const struct image_file *initrd, const char *cmdline,
                       uint64_t memory_size, struct image_plan *plan);
/* Memory must be of plan->memory_size. False: the ACPI tables do not fit (a defect of ours). */
bool image_load(const struct guest_memory *memory, const struct image_file *kernel, const struct image_file *initrd,
                const char *cmdline, const struct image_plan *plan, unsigned vcpu_count);
/* The boot processor's registers at the kernel's 64-bit entry. */
void image_entry_regs(const struct image_plan *plan, struct acrn_vcpu_regs *regs);

#endif
