/* SPDX-License-Identifier: Apache-2.0 */
/* What the proofs say about AMD's table of interrupt remapping and the views of it: when they are well formed, and what the hardware makes of them.
 * Annotations only. */
#ifndef CORE_IOMMU_IRTE_SPEC_H
#define CORE_IOMMU_IRTE_SPEC_H

#include "core/iommu.h"
#include "core/iommu_irte.h"
#include "core/iommu_remap_spec.h"
#include "core/iommu_table_spec.h"

#define IRTE_ALL iommu_irte[0 .. IOMMU_REMAP_ENTRIES - 1][0 .. IOMMU_REMAP_WORDS - 1]

/*@
  // The id of a core stands in two parts: 24 bits in the low word of an entry, eight in the high one.
  predicate irte_names{L}(integer low, integer high, integer p, integer vector) = 0 <= vector < 256 &&
    low == 1 + 256 * (platform.apic_id[p] % 0x1000000) && high == vector + 0x100000000000000 * (platform.apic_id[p] / 0x1000000);

  // It is blocked, or names a route that may be, of some function.
  predicate irte_words_ok{L}(integer i, integer low, integer high) = low == 0 ||
    \exists integer f, p, vector; irte_names(low, high, p, vector) && remap_may(i, f, p, vector);
  predicate irte_entry_ok{L}(integer i) = irte_words_ok(i, iommu_irte[i][0], iommu_irte[i][1]);
  predicate irte_wf{L} = \forall integer i; 0 <= i < IOMMU_REMAP_ENTRIES ==> irte_entry_ok(i);

  // A view: a word of the function's entry in the device table. None, or the n blocks from b on: those of shared cores, or of the function's exclusive VM.
  predicate irte_base_ok{L} = iommu_irte_base % 4096 == 0 && iommu_irte_base + IOMMU_REMAP_ENTRIES * 16 <= 0x10000000000000;
  predicate irte_view_names{L}(integer word, integer b, integer n) = word == 0x2000000000000000 + iommu_irte_base + 4096 * b + 15 + 2 * n;
  predicate irte_blocks_ok{L}(integer f, integer b, integer n) = (b == 0 && n == 2) ||
    ((n == 1 || n == 2) && 2 <= b && b + n <= IOMMU_REMAP_ENTRIES / IOMMU_REMAP_BLOCK &&
      \exists integer v; 1 <= v < PART_MAX_VM && remap_function_of(v, f) && remap_start(v) <= b && b + n <= remap_start(v) + remap_blocks(v));
  predicate irte_view_ok{L}(integer f, integer word) = word == 1 || \exists integer b, n; irte_view_names(word, b, n) && irte_blocks_ok(f, b, n);
  predicate irte_views_wf{L} = iommu_remaps && amdvi_unit ==> irte_base_ok &&
    \forall integer bus, f; 0 <= bus < IOMMU_BUSES && 0 <= f < 256 ==> irte_view_ok(256 * bus + f, iommu_irqs(bus, f));

  // What the hardware makes of an entry (AMD IOMMU 3.08, 2.2.5.2), over-approximated: one that asked for another mode than fixed and a physical
  // destination, or for more (bits 1 to 7), would raise anything anywhere.
  predicate irte_raises(integer low, integer high, integer vector, integer id) = low % 2 == 1 &&
    ((low / 2) % 128 == 0 ==> vector == high % 256 && id == (low / 256) % 0x1000000 + 0x1000000 * (high / 0x100000000000000));

  // What it does with a message of a function with this view, whose data is m (2.2.2.1 and 2.2.5.1), over-approximated: a view that is not valid, lets messages
  // of any kind pass as they are, has a length of its own kind, or leads to no entry of the table, would raise anything anywhere.
  logic integer irte_root(integer word) = 64 * ((word / 64) % 0x400000000000);
  predicate irte_view_plain(integer word) = word % 2 == 1 && (word / 0x100000000000000) % 16 == 0 && word / 0x4000000000000000 == 0 &&
    ((word / 0x1000000000000000) % 4 == 0 || ((word / 0x1000000000000000) % 4 == 2 && ((word / 2) % 16 == 8 || (word / 2) % 16 == 9)));
  predicate irte_view_raises{L}(integer word, integer m, integer vector, integer id) = irte_view_plain(word) ==>
    (word / 0x1000000000000000) % 4 == 2 && m < ((word / 2) % 16 == 8 ? 256 : 512) &&
    \forall integer i; 0 <= i < IOMMU_REMAP_ENTRIES && iommu_irte_base + 16 * i == irte_root(word) + 16 * m ==>
      irte_raises(iommu_irte[i][0], iommu_irte[i][1], vector, id);
*/

#ifdef __FRAMAC__ /* the compiler takes the declarations in iommu_irte.h and iommu.h */
/*@ requires iommu_wf && base % 4096 == 0 && base + IOMMU_REMAP_ENTRIES * 16 <= 0x10000000000000;
    assigns iommu_irte_base, IRTE_ALL, IOMMU_ENTRIES;
    exits \false;
    ensures tables: iommu_wf;
    ensures base: iommu_irte_base == base;
    ensures wf: irte_wf;
    ensures views: irte_views_wf; */
void iommu_irte_init(hpa_t base);
/*@ requires irte_wf;
    assigns IRTE_ALL;
    exits \false;
    ensures wf: irte_wf;
    ensures others: \forall integer i; 0 <= i < IOMMU_REMAP_ENTRIES && i != index ==>
      iommu_irte[i][0] == \old(iommu_irte[i][0]) && iommu_irte[i][1] == \old(iommu_irte[i][1]); */
bool iommu_irte_set(uint32_t index, uint16_t bdf, pcpu_id_t pcpu, uint32_t vector);
/*@ requires irte_base_ok;
    assigns \nothing;
    exits \false;
    ensures view: irte_view_ok(bdf, \result); */
uint64_t iommu_irte_view(vm_id_t vm, uint16_t bdf);
/*@ requires iommu_wf && irte_base_ok;
    assigns IOMMU_ENTRIES;
    exits \false;
    ensures tables: iommu_wf;
    ensures view: iommu_remaps && amdvi_unit && bdf / 256 < IOMMU_BUSES ==> irte_view_ok(bdf, iommu_irqs(bdf / 256, bdf % 256));
    ensures others: amdvi_unit ==> \forall integer bus, f; 0 <= bus < IOMMU_BUSES && 0 <= f < 256 && !(bus == bdf / 256 && f == bdf % 256) ==>
      iommu_irqs(bus, f) == \old(iommu_irqs(bus, f)); */
void iommu_irq_view(vm_id_t vm, uint16_t bdf);
#endif

#endif
