/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "dm/memory.h"

#include <errno.h>
#include <linux/mman.h>
#include <sys/mman.h>

#include "dm/machine.h"

static bool block_map_hugetlb(struct memory_block *block)
{
    void *mapping = mmap(NULL, block->size, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_HUGE_2MB, -1, 0);

    if (mapping != MAP_FAILED) {
        block->mapping = mapping;
        block->mapping_size = block->size;
        block->hva = mapping;
    }
    return mapping != MAP_FAILED;
}

static int block_map_anonymous(struct memory_block *block)
{
    size_t size = block->size + MEMORY_PAGE_2M;
    void *mapping = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int result = 0;

    if (mapping == MAP_FAILED) {
        result = -errno;
    } else {
        uintptr_t aligned = ((uintptr_t)mapping + MEMORY_PAGE_2M - 1U) & ~(uintptr_t)(MEMORY_PAGE_2M - 1U);

        block->mapping = mapping;
        block->mapping_size = size;
        block->hva = (uint8_t *)mapping + (aligned - (uintptr_t)mapping);
        /* Without transparent huge pages the guest runs all the same, on small ones. */
        (void)madvise(block->hva, block->size, MADV_HUGEPAGE);
    }
    return result;
}

static void block_unmap(struct memory_block *block)
{
    if (block->mapping != NULL) {
        munmap(block->mapping, block->mapping_size);
        *block = (struct memory_block){0};
    }
}

static bool map_hugetlb(struct guest_memory *memory)
{
    bool mapped = block_map_hugetlb(&memory->low);

    if (mapped && memory->high.size != 0U && !block_map_hugetlb(&memory->high)) {
        munmap(memory->low.mapping, memory->low.mapping_size);
        memory->low.mapping = NULL;
        mapped = false;
    }
    return mapped;
}

int memory_create(struct guest_memory *memory, uint64_t size, bool require_hugetlb)
{
    int result = 0;

    *memory = (struct guest_memory){0};
    memory->low.size = (size > MACHINE_LOW_RAM_LIMIT) ? MACHINE_LOW_RAM_LIMIT : size;
    memory->high.gpa = MACHINE_HIGH_RAM_BASE;
    memory->high.size = size - memory->low.size;
    memory->hugetlb = map_hugetlb(memory);
    if (!memory->hugetlb) {
        if (require_hugetlb) {
            result = -ENOMEM;
        } else {
            result = block_map_anonymous(&memory->low);
            if (result == 0 && memory->high.size != 0U) {
                result = block_map_anonymous(&memory->high);
            }
        }
    }
    if (result != 0) {
        memory_destroy(memory);
    }
    return result;
}

void memory_destroy(struct guest_memory *memory)
{
    block_unmap(&memory->low);
    block_unmap(&memory->high);
}

static void *block_range(const struct memory_block *block, uint64_t gpa, uint64_t size)
{
    void *hva = NULL;

    if (gpa >= block->gpa && size <= block->size && gpa - block->gpa <= block->size - size) {
        hva = block->hva + (gpa - block->gpa);
    }
    return hva;
}

/* REQ-DM-001 */
void *memory_range(const struct guest_memory *memory, uint64_t gpa, uint64_t size)
{
    void *hva = block_range(&memory->low, gpa, size);

    if (hva == NULL && memory->high.size != 0U) {
        hva = block_range(&memory->high, gpa, size);
    }
    return hva;
}
