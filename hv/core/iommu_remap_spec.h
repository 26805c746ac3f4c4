/* SPDX-License-Identifier: Apache-2.0 */
/* What the proofs say about the table of interrupt remapping: when it is well formed, and what the hardware makes of it. Annotations only. */
#ifndef CORE_IOMMU_REMAP_SPEC_H
#define CORE_IOMMU_REMAP_SPEC_H

#include "core/boot_info.h"
#include "core/dispatch.h"
#include "core/iommu_remap.h"
#include "core/partition.h"

#define REMAP_ALL iommu_remap[0 .. IOMMU_REMAP_ENTRIES - 1][0 .. IOMMU_REMAP_WORDS - 1]

/*@
  predicate remap_shared_core{L}(integer p) = ((partition.table.board.shared_pcpu_mask >> p) & 1) != 0;
  predicate remap_core_of{L}(integer v, integer p) = \exists integer i; 0 <= i < PART_MAX_VCPU &&
    i < partition.table.vm[v].vcpu_count && partition.table.vm[v].pcpu[i] == p;
  predicate remap_function_of{L}(integer v, integer f) = \exists integer i; 0 <= i < PART_MAX_PCI &&
    i < partition.table.vm[v].pci_count && partition.table.vm[v].pci[i] == f;
  predicate remap_exclusive{L}(integer v) = v < partition.table.vm_count && (partition.table.vm[v].flags & PART_VM_EXCLUSIVE) != 0;

  // Blocks of c functions of the VM, of all that it has, and the first one of these: the VMs have theirs one behind the other.
  logic integer remap_times{L}(integer v, integer c) = partition.table.vm[v].vcpu_count > 4 ? 8 * c :
    partition.table.vm[v].vcpu_count > 2 ? 4 * c : partition.table.vm[v].vcpu_count > 1 ? 2 * c : c;
  logic integer remap_blocks{L}(integer v) = v >= partition.table.vm_count ? 0 : (partition.table.vm[v].flags & PART_VM_EXCLUSIVE) == 0 ? 0 :
    remap_times(v, partition.table.vm[v].pci_count < PART_MAX_PCI ? partition.table.vm[v].pci_count : PART_MAX_PCI);
  logic integer remap_start{L}(integer v) = 2 + (v > 1 ? remap_blocks(1) : 0) + (v > 2 ? remap_blocks(2) : 0) + (v > 3 ? remap_blocks(3) : 0);
  predicate remap_block_of{L}(integer v, integer b) = remap_start(v) <= b < remap_start(v) + remap_blocks(v);

  // Block b, function f and core p are of one exclusive VM.
  predicate remap_one_vm{L}(integer b, integer f, integer p) = \exists integer v; 1 <= v < PART_MAX_VM &&
    remap_block_of(v, b) && remap_core_of(v, p) && remap_function_of(v, f);
  // Blocks of one of the VM's functions begin with block b.
  predicate remap_view_of{L}(integer v, integer f, integer b) = 1 <= v < PART_MAX_VM && remap_function_of(v, f) &&
    remap_start(v) <= b && b + remap_times(v, 1) <= remap_start(v) + remap_blocks(v);

  // Function f may raise this vector on core p by entry i.
  predicate remap_may{L}(integer i, integer f, integer p, integer vector) = 0 <= p < MAX_PCPU &&
    (i < IOMMU_REMAP_SHARED ? VECTOR_IRQ_BASE <= vector <= VECTOR_IRQ_LAST && remap_shared_core(p) :
      IOMMU_VECTOR_FIRST <= vector && vector == i % IOMMU_REMAP_BLOCK && remap_one_vm(i / IOMMU_REMAP_BLOCK, f, p));

  // What follows speaks of an entry by its words, low and high.
  logic integer remap_target{L}(integer id) = iommu_remap_wide ? 0x100000000 * id : 0x10000000000 * id;
  logic integer remap_id{L}(integer low) = iommu_remap_wide ? low / 0x100000000 : low / 0x10000000000;
  predicate remap_names{L}(integer low, integer high, integer f, integer p, integer vector, integer level) =
    low == 1 + level + 65536 * vector + remap_target(platform.apic_id[p]) && high == 0x40000 + f &&
    0 <= f < 65536 && 0 <= vector < 256 && (level == 0 || level == 16) && (iommu_remap_wide || platform.apic_id[p] < 256);

  // It is blocked, or names a route that may be.
  predicate remap_words_ok{L}(integer i, integer low, integer high) = low == 0 ||
    \exists integer f, p, vector, level; remap_names(low, high, f, p, vector, level) && remap_may(i, f, p, vector);
  predicate remap_entry_ok{L}(integer i) = remap_words_ok(i, iommu_remap[i][0], iommu_remap[i][1]);
  predicate remap_wf{L} = \forall integer i; 0 <= i < IOMMU_REMAP_ENTRIES ==> remap_entry_ok(i);

  // What the hardware does with a message of function f that names an entry (Intel VT-d 4.1, 9.10), over-approximated: an entry that did not ask for its
  // requester, or that asked for another mode than fixed and a physical destination, would raise anything anywhere.
  predicate remap_plain(integer low, integer high) = high / 65536 == 4 && (low / 4) % 4 == 0 && (low / 32) % 2048 == 0;
  predicate remap_raises{L}(integer low, integer high, integer f, integer vector, integer id) = low % 2 == 1 &&
    (remap_plain(low, high) ==> f == high % 65536 && vector == (low / 65536) % 256 && id == remap_id(low));
*/

#ifdef __FRAMAC__ /* the compiler takes the declarations in iommu_remap.h */
/*@ assigns iommu_remap_wide, REMAP_ALL;
    exits \false;
    ensures wf: remap_wf;
    ensures blocked: \forall integer i; 0 <= i < IOMMU_REMAP_ENTRIES ==> iommu_remap[i][0] == 0; */
void iommu_remap_init(bool wide);
/*@ requires remap_wf;
    assigns REMAP_ALL;
    exits \false;
    ensures wf: remap_wf;
    ensures others: \forall integer i; 0 <= i < IOMMU_REMAP_ENTRIES && i != index ==>
      iommu_remap[i][0] == \old(iommu_remap[i][0]) && iommu_remap[i][1] == \old(iommu_remap[i][1]); */
bool iommu_remap_set(uint32_t index, uint16_t bdf, pcpu_id_t pcpu, uint32_t vector, bool level);
/*@ assigns \nothing;
    exits \false;
    ensures may: \result ==> remap_may(index, bdf, pcpu, vector);
    ensures id: \result ==> iommu_remap_wide || platform.apic_id[pcpu] < 256; */
bool iommu_remap_may(uint32_t index, uint16_t bdf, pcpu_id_t pcpu, uint32_t vector);
/*@ assigns \nothing;
    exits \false;
    ensures blocks: \result % IOMMU_REMAP_BLOCK == 0;
    ensures own: \result != 0 ==> remap_view_of(vm, bdf, \result / IOMMU_REMAP_BLOCK) &&
      \result / IOMMU_REMAP_BLOCK + remap_times(vm, 1) <= IOMMU_REMAP_ENTRIES / IOMMU_REMAP_BLOCK; */
uint32_t iommu_remap_first(vm_id_t vm, uint16_t bdf);
#endif

#endif
