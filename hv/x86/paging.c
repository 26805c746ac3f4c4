/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's own page tables: the image at VA = PA with W^X, no page under a stack, and
 * the copy windows (window.c). Nothing else is mapped, so guest RAM is reachable only
 * through a window. Pages are of 4 KiB, but of 2 MiB within the pool of stage-2 tables,
 * which is nine tenths of the image: else its own tables would be a tenth of the rest.
 */
#include "core/limits.h"
#include "x86/address.h"
#include "x86/asm.h"
#include "x86/cpu.h"
#include "x86/fatal.h"
#include "x86/window.h"

#define PTE_PRESENT 0x1ULL
#define PTE_WRITE   0x2ULL
#define PTE_NX      0x8000000000000000ULL
#define ENTRIES     512U
#define PTE_LARGE   0x80ULL
#define IMAGE_TABLES 4U /* one below the pool, three from its end on: link.ld sees that they suffice */

#define CR4_OSXSAVE 0x00040000ULL
#define CR4_SMEP    0x00100000ULL
#define CR4_SMAP    0x00200000ULL

extern uint64_t host_pml4[ENTRIES]; /* for entry.S */
uint64_t host_pml4[ENTRIES] __attribute__((aligned(4096)));
static uint64_t host_pdpt[ENTRIES] __attribute__((aligned(4096)));
static uint64_t image_pd[ENTRIES] __attribute__((aligned(4096)));
static uint64_t image_pt[IMAGE_TABLES][ENTRIES] __attribute__((aligned(4096)));
static uint64_t window_pd[ENTRIES] __attribute__((aligned(4096)));

static uint64_t *table_of(uint64_t page)
{
    const uint64_t tail = address_of(&pool_end) / PAGE_SIZE_2M;
    const uint64_t index = page / PAGE_SIZE_2M;
    return image_pt[(index < tail) ? 0U : (1U + (index - tail))];
}

static void pages_map(uint64_t start, uint64_t end, uint64_t flags)
{
    for (uint64_t page = start & PAGE_MASK; page < end; page += PAGE_SIZE) {
        uint64_t *const table = table_of(page);
        image_pd[page / PAGE_SIZE_2M] = address_of(table) | PTE_PRESENT | PTE_WRITE;
        table[(page / PAGE_SIZE) % ENTRIES] = (flags == 0U) ? 0U : (page | flags);
    }
}

static void image_map(const void *start, const void *end, uint64_t flags)
{
    pages_map(address_of(start), address_of(end), flags);
}

static void data_map(void)
{
    const uint64_t flags = PTE_PRESENT | PTE_WRITE | PTE_NX;
    const uint64_t first = (address_of(&pool_start) + (PAGE_SIZE_2M - 1U)) / PAGE_SIZE_2M;
    const uint64_t end = address_of(&pool_end) / PAGE_SIZE_2M;
    pages_map(address_of(&data_start), first * PAGE_SIZE_2M, flags);
    for (uint64_t i = first; i < end; i++) {
        image_pd[i] = (i * PAGE_SIZE_2M) | PTE_LARGE | flags;
    }
    pages_map(end * PAGE_SIZE_2M, address_of(&image_end), flags);
}

/* REQ-ISO-015 REQ-ISO-016 */
void paging_init(void)
{
    image_map(&image_start, &rodata_start, PTE_PRESENT);
    image_map(&rodata_start, &data_start, PTE_PRESENT | PTE_NX);
    data_map();
    for (uint32_t i = 0U; i < MAX_PCPU; i++) {
        image_map(pcpu_stacks[i].guard_fatal, pcpu_stacks[i].fatal, 0U);
        image_map(pcpu_stacks[i].guard_nmi, pcpu_stacks[i].nmi, 0U);
        image_map(pcpu_stacks[i].guard_main, pcpu_stacks[i].main, 0U);
    }
    window_pd[0] = address_of(window_table) | PTE_PRESENT | PTE_WRITE | PTE_NX;
    host_pdpt[0] = address_of(image_pd) | PTE_PRESENT | PTE_WRITE;
    host_pdpt[WINDOW_BASE / PAGE_SIZE_1G] = address_of(window_pd) | PTE_PRESENT | PTE_WRITE | PTE_NX;
    host_pml4[0] = address_of(host_pdpt) | PTE_PRESENT | PTE_WRITE;
    paging_load();
}

void paging_load(void)
{
    uint32_t leaf1[4];
    uint32_t leaf7[4];
    uint64_t cr4 = asm_read_cr4();
    asm_cpuid(1U, 0U, leaf1);
    asm_cpuid(7U, 0U, leaf7);
    cr4 |= ((leaf1[2] & 0x4000000U) != 0U) ? CR4_OSXSAVE : 0U; /* missing: features.c stops the boot */
    cr4 |= ((leaf7[1] & 0x80U) != 0U) ? CR4_SMEP : 0U;
    cr4 |= ((leaf7[1] & 0x100000U) != 0U) ? CR4_SMAP : 0U;
    asm_write_cr4(cr4);
    asm_write_cr3(address_of(host_pml4));
}

/* REQ-ISO-016 */
void paging_seal(void)
{
    image_map(&sealed_start, &sealed_end, PTE_PRESENT | PTE_NX);
    asm_write_cr3(address_of(host_pml4));
}
