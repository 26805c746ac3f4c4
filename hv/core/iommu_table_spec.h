/* SPDX-License-Identifier: Apache-2.0 */
/* What the proofs say about the tables of the IOMMU: when they are well formed, and what the hardware makes of them. Annotations only:
 * the compiler sees nothing here. Not included by iommu_table.h: what calls these functions has no part in the proof. */
#ifndef CORE_IOMMU_TABLE_SPEC_H
#define CORE_IOMMU_TABLE_SPEC_H

#include "core/iommu_table.h"
#include "core/stage2_table.h"

#define IOMMU_ENTRIES iommu_entry[0 .. IOMMU_BUSES - 1][0 .. IOMMU_BUS_WORDS - 1]
#define IOMMU_TABLES  iommu_base, iommu_root[0 .. IOMMU_ROOT_WORDS - 1], IOMMU_ENTRIES

/*@
  predicate amdvi_unit{L} = iommu_format == IOMMU_FORMAT_AMDVI;

  // What follows speaks of function f (device * 8 + function) of a bus; what leads to its memory are two words, low and high.
  logic integer iommu_low{L}(integer bus, integer f) =
    iommu_format == IOMMU_FORMAT_AMDVI ? iommu_entry[bus][4 * f] : iommu_entry[bus][2 * f];
  logic integer iommu_high{L}(integer bus, integer f) =
    iommu_format == IOMMU_FORMAT_AMDVI ? iommu_entry[bus][4 * f + 1] : iommu_entry[bus][2 * f + 1];

  // AMD-Vi: the word about its interrupts.
  logic integer iommu_irqs{L}(integer bus, integer f) = iommu_entry[bus][4 * f + 2];

  // Whose it is.
  logic integer iommu_owner{L}(integer bus, integer f) = iommu_format == IOMMU_FORMAT_AMDVI ?
    (iommu_high(bus, f) == 0 ? IOMMU_NOBODY : iommu_high(bus, f) - 1) :
    (iommu_low(bus, f) == 0 ? IOMMU_NOBODY : iommu_high(bus, f) / 256 - 1);

  logic integer iommu_bus_table{L}(integer bus) = iommu_base + bus * 8192; // IOMMU_BUS_WORDS * 8

  predicate iommu_base_ok{L} = iommu_base % 4096 == 0 && iommu_base + IOMMU_BUSES * 8192 <= 0x10000000000000;

  // The root table leads to the bus's own table, and beyond IOMMU_BUSES nowhere.
  predicate iommu_root_ok{L}(integer bus) = iommu_root[2 * bus + 1] == 0 &&
    iommu_root[2 * bus] == (bus < IOMMU_BUSES ? iommu_bus_table(bus) + 1 : 0);

  // Stage 2 is written as the unit reads it.
  predicate iommu_reads_stage2{L} = amdvi_unit <==> stage2_format == S2_FORMAT_NPT_AMDVI;

  // An entry leads nowhere, or to the root of its owner, with the owner's domain id.
  logic integer iommu_low_of{L}(integer v) = iommu_format == IOMMU_FORMAT_AMDVI ?
    (v == IOMMU_NOBODY ? 3 : pool_of(v) + 0x6000000000000803) : (v == IOMMU_NOBODY ? 0 : pool_of(v) + 1);
  logic integer iommu_high_of{L}(integer v) = iommu_format == IOMMU_FORMAT_AMDVI ?
    (v == IOMMU_NOBODY ? 0 : v + 1) : (v == IOMMU_NOBODY ? 0 : 2 + 256 * (v + 1));
  predicate iommu_entry_ok{L}(integer bus, integer f) = 0 <= iommu_owner(bus, f) <= IOMMU_NOBODY &&
    (iommu_owner(bus, f) != IOMMU_NOBODY ==> iommu_reads_stage2) &&
    iommu_low(bus, f) == iommu_low_of(iommu_owner(bus, f)) && iommu_high(bus, f) == iommu_high_of(iommu_owner(bus, f));

  predicate iommu_wf{L} = pool_ok && iommu_base_ok &&
    (\forall integer bus; 0 <= bus < 256 ==> iommu_root_ok(bus)) &&
    (\forall integer bus, f; 0 <= bus < IOMMU_BUSES && 0 <= f < 256 ==> iommu_entry_ok(bus, f));

  // The walk of an AMD IOMMU through stage 2 (AMD IOMMU 3.08, 2.2.3), over-approximated like hw_maps: it goes by the level of the next table.
  predicate amdvi_maps1{L}(integer vm, integer t, integer gpa, integer hpa, integer e) =
    e == stage2_table[vm][t][slot_of(gpa, 1)] && entry_present(e) && (entry_next(e) == 0 ==> hpa == entry_address(e) + gpa % 4096);
  predicate amdvi_maps2{L}(integer vm, integer t, integer gpa, integer hpa, integer e) =
    \let d = stage2_table[vm][t][slot_of(gpa, 2)];
    entry_present(d) && (entry_next(d) == 0 ==> e == d && hpa == entry_address(d) + gpa % 2097152) &&
      (entry_next(d) == 1 && in_pool(vm, d) ==> amdvi_maps1(vm, child_of(vm, d), gpa, hpa, e));
  predicate amdvi_maps3{L}(integer vm, integer t, integer gpa, integer hpa, integer e) =
    \let d = stage2_table[vm][t][slot_of(gpa, 3)];
    entry_present(d) && (entry_next(d) == 0 ==> e == d && hpa == entry_address(d) + gpa % 1073741824) &&
      (entry_next(d) == 2 && in_pool(vm, d) ==> amdvi_maps2(vm, child_of(vm, d), gpa, hpa, e));
  predicate amdvi_maps{L}(integer vm, integer gpa, integer hpa, integer e) =
    \let d = stage2_table[vm][S2_ROOT][slot_of(gpa, 4)];
    entry_present(d) && (entry_next(d) == 3 && in_pool(vm, d) ==> amdvi_maps3(vm, child_of(vm, d), gpa, hpa, e));
  // VT-d goes as the processor does. Whether it may write there.
  predicate unit_maps{L}(integer vm, integer gpa, integer hpa, integer e) =
    (amdvi_unit ==> amdvi_maps(vm, gpa, hpa, e)) && (!amdvi_unit ==> hw_maps(vm, gpa, hpa, e));
  predicate unit_writes{L}(integer e) = (amdvi_unit ==> (e / 0x4000000000000000) % 2 == 1) && (!amdvi_unit ==> entry_write(e));

  // The hardware's walk for a request of function f of the bus, over-approximated: an entry that led elsewhere, or asked for another kind
  // of translation than by tables of four levels, would reach anything. The request for address gpa ends at the leaf entry e, which maps hpa.
  // VT-d (Intel VT-d 4.1, 3.4 and 9): the root table leads to the bus's table. AMD-Vi (AMD IOMMU 3.08, 2.2.2): one table for all buses that have one;
  // an entry whose bits are 3 refuses requests.
  predicate iommu_entry_maps{L}(integer bus, integer f, integer gpa, integer hpa, integer e) =
    (amdvi_unit ==> iommu_low(bus, f) != 3) && (!amdvi_unit ==> entry_present(iommu_low(bus, f))) &&
    \forall integer v; 0 <= v < MAX_VM && iommu_low(bus, f) == iommu_low_of(v) && (!amdvi_unit ==> iommu_high(bus, f) % 8 == 2) ==>
      unit_maps(v, gpa, hpa, e);
  predicate iommu_maps{L}(integer bus, integer f, integer gpa, integer hpa, integer e) =
    (amdvi_unit ==> bus < IOMMU_BUSES && iommu_entry_maps(bus, f, gpa, hpa, e)) &&
    (!amdvi_unit ==> entry_present(iommu_root[2 * bus]) &&
      \forall integer b; 0 <= b < IOMMU_BUSES && iommu_root[2 * bus] == iommu_bus_table(b) + 1 ==> iommu_entry_maps(b, f, gpa, hpa, e));
*/

#ifdef __FRAMAC__ /* the compiler takes the declarations in iommu_table.h */
/*@ requires pool_ok && entries % 4096 == 0 && entries + IOMMU_BUSES * 8192 <= 0x10000000000000;
    assigns IOMMU_TABLES;
    exits \false;
    ensures wf: iommu_wf;
    ensures base: iommu_base == entries;
    ensures nobody: \forall integer bus, f; 0 <= bus < IOMMU_BUSES && 0 <= f < 256 ==> iommu_owner(bus, f) == IOMMU_NOBODY; */
void iommu_table_init(hpa_t entries);
/*@ requires iommu_wf;
    assigns IOMMU_ENTRIES;
    exits \false;
    ensures wf: iommu_wf;
    ensures done: \result <==> bdf / 256 < IOMMU_BUSES && (vm == IOMMU_NOBODY || (vm < MAX_VM && iommu_reads_stage2));
    ensures owner: \result ==> iommu_owner(bdf / 256, bdf % 256) == vm;
    ensures others: \forall integer bus, f; 0 <= bus < IOMMU_BUSES && 0 <= f < 256 && !(\result && bus == bdf / 256 && f == bdf % 256) ==>
      iommu_low(bus, f) == \old(iommu_low(bus, f)) && iommu_high(bus, f) == \old(iommu_high(bus, f));
    ensures irqs: amdvi_unit ==> \forall integer bus, f; 0 <= bus < IOMMU_BUSES && 0 <= f < 256 ==> iommu_irqs(bus, f) == \old(iommu_irqs(bus, f)); */
bool iommu_table_set(uint16_t bdf, vm_id_t vm);
/*@ requires iommu_wf;
    assigns IOMMU_ENTRIES;
    exits \false;
    ensures wf: iommu_wf;
    ensures same: \forall integer bus, f; 0 <= bus < IOMMU_BUSES && 0 <= f < 256 ==>
      iommu_low(bus, f) == \old(iommu_low(bus, f)) && iommu_high(bus, f) == \old(iommu_high(bus, f));
    ensures irqs: amdvi_unit && bdf / 256 < IOMMU_BUSES ==> iommu_irqs(bdf / 256, bdf % 256) == word;
    ensures others: amdvi_unit ==> \forall integer bus, f; 0 <= bus < IOMMU_BUSES && 0 <= f < 256 && !(bus == bdf / 256 && f == bdf % 256) ==>
      iommu_irqs(bus, f) == \old(iommu_irqs(bus, f)); */
void iommu_table_irqs(uint16_t bdf, uint64_t word);
/*@ requires iommu_wf;
    assigns \nothing;
    exits \false;
    ensures \result == (bdf / 256 < IOMMU_BUSES ? iommu_owner(bdf / 256, bdf % 256) : IOMMU_NOBODY); */
vm_id_t iommu_table_owner(uint16_t bdf);
#endif

#endif
