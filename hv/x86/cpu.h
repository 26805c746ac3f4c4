/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptor tables, stacks, paging of the host. */
#ifndef X86_CPU_H
#define X86_CPU_H

#include "core/limits.h"
#include "core/types.h"

#define STACK_SIZE     8192U /* twice what docs/specification.md promises */
#define IST_STACK_SIZE 4096U

/* A guard page below each stack; the image starts with one and the next entry's first ends the last. */
struct pcpu_stacks {
    uint8_t guard_fatal[PAGE_SIZE];
    uint8_t fatal[IST_STACK_SIZE];   /* #DF, #MC */
    uint8_t guard_nmi[PAGE_SIZE];
    uint8_t nmi[IST_STACK_SIZE];
    uint8_t guard_main[PAGE_SIZE];
    uint8_t main[STACK_SIZE];
};
extern struct pcpu_stacks pcpu_stacks[MAX_PCPU];

void gdt_load(pcpu_id_t id);
uint64_t gdt_base(pcpu_id_t id);
uint64_t gdt_tss_base(pcpu_id_t id);
void idt_init(void);
void idt_load(void);
uint64_t idt_base(void);
void idt_load_sinks(void);     /* interrupts of any vector from 16 on are ended and forgotten; exceptions as ever */
void paging_init(void);        /* boot core: builds the final tables and switches to them */
void paging_load(void);        /* any core: per-core paging controls */
void paging_seal(void);        /* the partition table is read-only from now on */

/* Linker symbols: only their addresses mean something. */
extern const uint8_t image_start;
extern const uint8_t rodata_start;
extern const uint8_t data_start;
extern const uint8_t sealed_start; /* the partition table, alone on its pages */
extern const uint8_t sealed_end;
extern const uint8_t pool_start;   /* the page tables of stage 2, 20 MiB */
extern const uint8_t pool_end;
extern const uint8_t image_end;

#endif
