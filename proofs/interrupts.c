/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The theorem of interrupts. The program below starts with any partition table and any machine, and sets entries of interrupt remapping in any order
 * with any arguments: there is no other writer (proofs/assumptions.py). The assertion at its end is about what the hardware makes of the table: a
 * message raises what its own function may, on a shared core, or on a core of the exclusive VM that has the function, and nothing else.
 */
#include "core/iommu_remap_spec.h"

/*@
  lemma remap_read_wide{L}: \forall integer level, vector, id; (level == 0 || level == 16) && 0 <= vector < 256 && 0 <= id ==>
    \let low = 1 + level + 65536 * vector + 0x100000000 * id;
    low % 2 == 1 && (low / 4) % 4 == 0 && (low / 32) % 2048 == 0 && (low / 65536) % 256 == vector && low / 0x100000000 == id;
  lemma remap_read_narrow{L}: \forall integer level, vector, id; (level == 0 || level == 16) && 0 <= vector < 256 && 0 <= id ==>
    \let low = 1 + level + 65536 * vector + 0x10000000000 * id;
    low % 2 == 1 && (low / 4) % 4 == 0 && (low / 32) % 2048 == 0 && (low / 65536) % 256 == vector && low / 0x10000000000 == id;

  lemma remap_read_high: \forall integer f; 0 <= f < 65536 ==> (0x40000 + f) / 65536 == 4 && (0x40000 + f) % 65536 == f;
  lemma remap_names_wide{L}: \forall integer low, high, f, p, vector, level; iommu_remap_wide && 0 <= platform.apic_id[p] &&
    remap_names(low, high, f, p, vector, level) ==>
    low % 2 == 1 && remap_plain(low, high) && high % 65536 == f && (low / 65536) % 256 == vector && remap_id(low) == platform.apic_id[p];
  lemma remap_names_narrow{L}: \forall integer low, high, f, p, vector, level; !iommu_remap_wide && 0 <= platform.apic_id[p] &&
    remap_names(low, high, f, p, vector, level) ==>
    low % 2 == 1 && remap_plain(low, high) && high % 65536 == f && (low / 65536) % 256 == vector && remap_id(low) == platform.apic_id[p];
  lemma remap_words_read{L}: \forall integer i, low, high, f, vector, id; remap_words_ok(i, low, high) && remap_raises(low, high, f, vector, id) ==>
    \exists integer p; 0 <= p < MAX_PCPU && platform.apic_id[p] == id && remap_may(i, f, p, vector);

  predicate interrupts_are_own{L} = \forall integer i, f, vector, id; 0 <= i < IOMMU_REMAP_ENTRIES &&
    remap_raises(iommu_remap[i][0], iommu_remap[i][1], f, vector, id) ==>
    \exists integer p; 0 <= p < MAX_PCPU && platform.apic_id[p] == id && remap_may(i, f, p, vector);
*/

/*@ assigns \nothing;
    exits \false; */
extern uint32_t any32(void);

/*@ requires remap_wf;
    assigns \nothing;
    exits \false;
    ensures own: interrupts_are_own; */
static void conclude(void)
{
    /*@ assert words: \forall integer i; 0 <= i < IOMMU_REMAP_ENTRIES ==> remap_words_ok(i, iommu_remap[i][0], iommu_remap[i][1]); */
}

/*@ assigns iommu_remap_wide, REMAP_ALL;
    exits \false; */
/* proves REQ-ISO-101 */
void interrupt_theorem(void)
{
    iommu_remap_init((any32() % 2U) == 1U);
    /*@ loop invariant wf: remap_wf;
        loop assigns REMAP_ALL; */
    while (any32() != 0U) {
        (void)iommu_remap_set(any32(), (uint16_t)(any32() % 0x10000U), any32(), any32(), (any32() % 2U) == 1U);
    }
    conclude();
    /*@ assert own: interrupts_are_own; */
}
