/* SPDX-License-Identifier: Apache-2.0 */
/* The guest's RAM in this process. */
#ifndef DM_MEMORY_H
#define DM_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MEMORY_PAGE_2M 0x200000ULL

struct memory_block {
    uint64_t gpa;
    uint64_t size; /* 0: not there */
    uint8_t *hva;
    void *mapping; /* what to unmap: may start below hva */
    size_t mapping_size;
};

struct guest_memory {
    struct memory_block low;  /* from 0, below MACHINE_LOW_RAM_LIMIT */
    struct memory_block high; /* from MACHINE_HIGH_RAM_BASE */
    bool hugetlb;
};

/* size: a multiple of 2 MiB. Huge pages from hugetlbfs if they suffice (or fail, when they are
 * required), else transparent ones. 0 or -errno. */
int memory_create(struct guest_memory *memory, uint64_t size, bool require_hugetlb);
void memory_destroy(struct guest_memory *memory);
/* Address of [gpa, gpa + size) if all of it is RAM of one block, else NULL. */
void *memory_range(const struct guest_memory *memory, uint64_t gpa, uint64_t size);

#endif
