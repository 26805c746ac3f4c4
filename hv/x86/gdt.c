/* SPDX-License-Identifier: Apache-2.0 */
/* Each core's GDT and TSS; the TSS serves the stacks of NMI and of what is fatal. */
#include <stddef.h>

#include "core/limits.h"
#include "x86/address.h"
#include "x86/asm.h"
#include "x86/cpu.h"
#include "x86/layout.h"

struct tss { /* Intel SDM 3, figure 8-11 */
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t reserved1;
    uint64_t ist[7];
    uint64_t reserved2;
    uint16_t reserved3;
    uint16_t io_map;
} __attribute__((packed));
_Static_assert(sizeof(struct tss) == 104U, "64-bit TSS layout");

_Static_assert(sizeof(struct pcpu_stacks) == (size_t)PCPU_STACKS_SIZE, "entry.S starts on the main stack of core 0");

#define GDT_ENTRIES 5U /* null, code, data, TSS (two) */

struct pcpu_stacks pcpu_stacks[MAX_PCPU] __attribute__((aligned(4096)));
static struct tss tss[MAX_PCPU] __attribute__((aligned(16)));
static uint64_t gdt[MAX_PCPU][GDT_ENTRIES] __attribute__((aligned(16)));

/* REQ-LIF-017 */
void gdt_load(pcpu_id_t id)
{
    const uint64_t base = address_of(&tss[id]);
    const uint64_t limit = sizeof(struct tss) - 1U;
    const struct asm_table_pointer pointer = {
        (uint16_t)(sizeof(gdt[id]) - 1U), address_of(gdt[id]) };

    tss[id].ist[0] = address_of(&pcpu_stacks[id].fatal[IST_STACK_SIZE]);
    tss[id].ist[1] = address_of(&pcpu_stacks[id].nmi[IST_STACK_SIZE]);
    tss[id].io_map = (uint16_t)sizeof(struct tss);

    gdt[id][0] = 0U;
    gdt[id][(uint32_t)GDT_CODE / 8U] = 0x00AF9B000000FFFFULL;
    gdt[id][(uint32_t)GDT_DATA / 8U] = 0x00CF93000000FFFFULL;
    /* Available 64-bit TSS: type 9, present (Intel SDM 3, figure 8-4). */
    gdt[id][(uint32_t)GDT_TSS / 8U] = limit | ((base & 0xFFFFFFU) << 16) | (0x89ULL << 40) | (((base >> 24) & 0xFFU) << 56);
    gdt[id][((uint32_t)GDT_TSS / 8U) + 1U] = base >> 32;

    asm_lgdt(&pointer);
    asm_load_segments(GDT_CODE, GDT_DATA);
    asm_ltr(GDT_TSS);
}

uint64_t gdt_base(pcpu_id_t id)
{
    return address_of(gdt[id]);
}

uint64_t gdt_tss_base(pcpu_id_t id)
{
    return address_of(&tss[id]);
}
