/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The theorem of interrupts. The program below starts with any partition table and any machine, sets entries of interrupt remapping, of Intel's table and of AMD's, and moves
 * functions and their views of AMD's in any order with any arguments: there is no other writer (proofs/assumptions.py). The assertion at its end is about what the
 * hardware makes of the tables, of whichever vendor it is: a message raises what its own function may, on a shared core, or on a core of the exclusive VM
 * that has the function, and nothing else. An entry of AMD's does not say who may use it: there it is the view that confines, and functions of
 * shared cores have one in common.
 */
#include "core/iommu_irte_spec.h"

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

  // ids and words of AMD's entries and views.
  lemma irte_read_low: \forall integer t; 0 <= t < 0x1000000 ==> \let low = 1 + 256 * t; low % 2 == 1 && (low / 2) % 128 == 0 && (low / 256) % 0x1000000 == t;
  lemma irte_read_high: \forall integer vector, r; 0 <= vector < 256 && 0 <= r ==>
    \let high = vector + 0x100000000000000 * r; high % 256 == vector && high / 0x100000000000000 == r;
  lemma irte_read_id: \forall integer id; 0 <= id ==> id == id % 0x1000000 + 0x1000000 * (id / 0x1000000);
  lemma irte_names_read{L}: \forall integer low, high, p, vector; 0 <= platform.apic_id[p] && irte_names(low, high, p, vector) ==>
    low % 2 == 1 && (low / 2) % 128 == 0 && high % 256 == vector &&
    (low / 256) % 0x1000000 + 0x1000000 * (high / 0x100000000000000) == platform.apic_id[p];
  lemma irte_words_read{L}: \forall integer i, low, high, vector, id; irte_words_ok(i, low, high) && irte_raises(low, high, vector, id) ==>
    \exists integer f, p; 0 <= p < MAX_PCPU && platform.apic_id[p] == id && remap_may(i, f, p, vector);

  lemma irte_read_flags: \forall integer page, n; 0 <= page < 0x10000000000 && (n == 1 || n == 2) ==>
    \let word = 0x2000000000000000 + 4096 * page + 15 + 2 * n; word % 2 == 1 && (word / 2) % 16 == 7 + n && (word / 0x100000000000000) % 16 == 0 &&
      word / 0x4000000000000000 == 0 && (word / 0x1000000000000000) % 4 == 2;
  lemma irte_read_root: \forall integer page, n; 0 <= page < 0x10000000000 && (n == 1 || n == 2) ==>
    \let word = 0x2000000000000000 + 4096 * page + 15 + 2 * n; word / 64 == 0x80000000000000 + 64 * page && irte_root(word) == 4096 * page;
  lemma irte_view_read{L}: \forall integer word, b, n; irte_base_ok && 0 <= iommu_irte_base && 0 <= b && b + n <= 32 && (n == 1 || n == 2) && irte_view_names(word, b, n) ==>
    irte_view_plain(word) && (word / 0x1000000000000000) % 4 == 2 && (word / 2) % 16 == 7 + n && irte_root(word) == iommu_irte_base + 4096 * b;
  // An entry of the view that a message chooses.
  lemma irte_view_entry{L}: \forall integer word, b, n, m, vector, id; irte_base_ok && 0 <= iommu_irte_base && 0 <= b && b + n <= 32 && (n == 1 || n == 2) &&
    irte_view_names(word, b, n) && 0 <= m && irte_view_raises(word, m, vector, id) ==>
    m < 256 * n && irte_raises(iommu_irte[256 * b + m][0], iommu_irte[256 * b + m][1], vector, id);

  // VMs have blocks of their own.
  lemma blocks_apart{L}: \forall integer v, w, b; 1 <= v < PART_MAX_VM && 1 <= w < PART_MAX_VM && remap_block_of(v, b) && remap_block_of(w, b) ==> v == w;
  // What some function may by an entry of a view, the function of the view may.
  lemma view_may{L}: \forall integer i, f, g, b, n, p, vector; irte_blocks_ok(f, b, n) && 256 * b <= i < 256 * (b + n) && remap_may(i, g, p, vector) ==>
    remap_may(i, f, p, vector);

  // A message of function f, by which it chooses entry m (Intel: of the table; AMD: of its view), raises this vector on the core with this id. A function on a bus behind
  // AMD's device table, or an index behind Intel's table, raises nothing.
  predicate message_raises{L}(integer m, integer f, integer vector, integer id) =
    (amdvi_unit ==> 0 <= m && f / 256 < IOMMU_BUSES && irte_view_raises(iommu_irqs(f / 256, f % 256), m, vector, id)) &&
    (!amdvi_unit ==> 0 <= m < IOMMU_REMAP_ENTRIES && remap_raises(iommu_remap[m][0], iommu_remap[m][1], f, vector, id));

  // It may, by some entry: Intel's are for one function each; of AMD's any function of shared cores chooses among all those of shared cores.
  predicate may_raise{L}(integer f, integer vector, integer id) = \exists integer i, p; 0 <= i < IOMMU_REMAP_ENTRIES && 0 <= p < MAX_PCPU &&
    platform.apic_id[p] == id && remap_may(i, f, p, vector);

  predicate interrupts_are_own{L} = iommu_remaps ==> \forall integer m, f, vector, id; 0 <= f < 65536 && message_raises(m, f, vector, id) ==>
    may_raise(f, vector, id);
*/

/*@ assigns \nothing;
    exits \false; */
extern uint32_t any32(void);

/*@ requires remap_wf && irte_wf && irte_views_wf;
    assigns \nothing;
    exits \false;
    ensures own: interrupts_are_own; */
static void conclude(void)
{
    /*@ assert words: \forall integer i; 0 <= i < IOMMU_REMAP_ENTRIES ==> remap_words_ok(i, iommu_remap[i][0], iommu_remap[i][1]); */
    /*@ assert intel: !amdvi_unit ==> \forall integer m, f, vector, id; 0 <= f < 65536 && message_raises(m, f, vector, id) ==> may_raise(f, vector, id); */
    /*@ assert entries: \forall integer i; 0 <= i < IOMMU_REMAP_ENTRIES ==> irte_words_ok(i, iommu_irte[i][0], iommu_irte[i][1]); */
    /*@ assert view: irte_base_ok ==> \forall integer f, word, m, vector, id; irte_view_ok(f, word) && 0 <= m && irte_view_raises(word, m, vector, id) ==>
          may_raise(f, vector, id); */
    /*@ assert views: iommu_remaps && amdvi_unit ==> irte_base_ok && \forall integer f; 0 <= f < 256 * IOMMU_BUSES ==> irte_view_ok(f, iommu_irqs(f / 256, f % 256)); */
}

/* One entry, one function that changes hands, or one view. */
/*@ requires remap_wf && irte_wf && irte_views_wf && irte_base_ok && iommu_wf;
    assigns REMAP_ALL, IRTE_ALL, IOMMU_ENTRIES;
    exits \false;
    ensures remap_wf && irte_wf && iommu_wf;
    ensures views: irte_views_wf; */
static void any_step(void)
{
    uint32_t what = any32();
    if (what == 0U) {
        (void)iommu_remap_set(any32(), (uint16_t)(any32() % 0x10000U), any32(), any32(), (any32() % 2U) == 1U);
    } else if (what == 1U) {
        (void)iommu_irte_set(any32(), (uint16_t)(any32() % 0x10000U), any32(), any32());
    } else if (what == 2U) {
        (void)iommu_table_set((uint16_t)(any32() % 0x10000U), any32());
    } else {
        iommu_irq_view(any32(), (uint16_t)(any32() % 0x10000U));
    }
}

/* entries, irqs: where iommu_entry and iommu_irte lie. */
/*@ requires pool_ok;
    requires entries % 4096 == 0 && entries + IOMMU_BUSES * 8192 <= 0x10000000000000;
    requires irqs % 4096 == 0 && irqs + IOMMU_REMAP_ENTRIES * 16 <= 0x10000000000000;
    assigns iommu_remap_wide, REMAP_ALL, iommu_irte_base, IRTE_ALL, IOMMU_TABLES;
    exits \false; */
/* proves REQ-ISO-101 */
void interrupt_theorem(hpa_t entries, hpa_t irqs)
{
    iommu_table_init(entries);
    iommu_remap_init((any32() % 2U) == 1U);
    iommu_irte_init(irqs);
    /*@ loop invariant wf: remap_wf && irte_wf;
        loop invariant base: irte_base_ok;
        loop invariant tables: iommu_wf;
        loop invariant views: irte_views_wf;
        loop assigns REMAP_ALL, IRTE_ALL, IOMMU_ENTRIES; */
    while (any32() != 0U) {
        any_step();
    }
    conclude();
    /*@ assert own: interrupts_are_own; */
}
