/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's own page tables: the image at VA = PA in 4 KiB pages with W^X, no page
 * under a stack, and the copy windows (window.c). Nothing else is mapped, so guest RAM
 * is reachable only through a window.
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
#define IMAGE_TABLES 32U /* 64 MiB */

#define CR4_OSXSAVE 0x00040000ULL
#define CR4_SMEP    0x00100000ULL
#define CR4_SMAP    0x00200000ULL

extern uint64_t host_pml4[ENTRIES]; /* for entry.S */
uint64_t host_pml4[ENTRIES] __attribute__((aligned(4096)));
static uint64_t host_pdpt[ENTRIES] __attribute__((aligned(4096)));
static uint64_t image_pd[ENTRIES] __attribute__((aligned(4096)));
static uint64_t image_pt[IMAGE_TABLES][ENTRIES] __attribute__((aligned(4096)));
static uint64_t window_pd[ENTRIES] __attribute__((aligned(4096)));

static void image_map(const void *start, const void *end, uint64_t flags)
{
    const uint64_t last = address_of(end);
    for (uint64_t page = address_of(start) & PAGE_MASK; page < last; page += PAGE_SIZE) {
        const uint64_t index = page / PAGE_SIZE;
        image_pt[index / ENTRIES][index % ENTRIES] = (flags == 0U) ? 0U : (page | flags);
    }
}

/* REQ-ISO-015 REQ-ISO-016 */
void paging_init(void)
{
    for (uint32_t i = 0U; i < IMAGE_TABLES; i++) {
        image_pd[i] = address_of(image_pt[i]) | PTE_PRESENT | PTE_WRITE;
    }
    image_map(&image_start, &rodata_start, PTE_PRESENT);
    image_map(&rodata_start, &data_start, PTE_PRESENT | PTE_NX);
    image_map(&data_start, &image_end, PTE_PRESENT | PTE_WRITE | PTE_NX);
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
