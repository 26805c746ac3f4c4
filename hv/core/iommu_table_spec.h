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
  // What follows speaks of function f (device * 8 + function) of a bus; its entry is two words, low and high.
  logic integer iommu_low{L}(integer bus, integer f) = iommu_entry[bus][2 * f];
  logic integer iommu_high{L}(integer bus, integer f) = iommu_entry[bus][2 * f + 1];

  // Whose it is.
  logic integer iommu_owner{L}(integer bus, integer f) =
    iommu_low(bus, f) % 2 == 0 ? IOMMU_NOBODY : iommu_high(bus, f) / 256 - 1;

  logic integer iommu_bus_table{L}(integer bus) = iommu_base + bus * 8192; // IOMMU_BUS_WORDS * 8

  predicate iommu_base_ok{L} = iommu_base % 4096 == 0 && iommu_base + IOMMU_BUSES * 8192 <= 0x10000000000000;

  // The root table leads to the bus's own table, and beyond IOMMU_BUSES nowhere.
  predicate iommu_root_ok{L}(integer bus) = iommu_root[2 * bus + 1] == 0 &&
    iommu_root[2 * bus] == (bus < IOMMU_BUSES ? iommu_bus_table(bus) + 1 : 0);

  // An entry is not present, or leads to the root of its owner, with the owner's domain id.
  predicate iommu_entry_ok{L}(integer bus, integer f) = \let v = iommu_owner(bus, f);
    v == IOMMU_NOBODY ? iommu_low(bus, f) == 0 && iommu_high(bus, f) == 0 :
      0 <= v < MAX_VM && iommu_low(bus, f) == pool_of(v) + 1 && iommu_high(bus, f) == 2 + 256 * (v + 1);

  predicate iommu_wf{L} = pool_ok && iommu_base_ok &&
    (\forall integer bus; 0 <= bus < 256 ==> iommu_root_ok(bus)) &&
    (\forall integer bus, f; 0 <= bus < IOMMU_BUSES && 0 <= f < 256 ==> iommu_entry_ok(bus, f));

  // The hardware's walk for a request of function f of the bus (Intel VT-d 4.1, 3.4 and 9), over-approximated: an entry that led
  // elsewhere, or that asked for another kind of translation than by second-level tables of four levels, would reach anything.
  // The request for address gpa ends at the leaf entry e, which maps hpa.
  predicate iommu_entry_maps{L}(integer bus, integer f, integer gpa, integer hpa, integer e) =
    entry_present(iommu_low(bus, f)) &&
    \forall integer v; 0 <= v < MAX_VM && iommu_low(bus, f) % 4096 == 1 && iommu_high(bus, f) % 8 == 2 &&
      iommu_low(bus, f) - 1 == pool_of(v) ==> hw_maps(v, gpa, hpa, e);
  predicate iommu_maps{L}(integer bus, integer f, integer gpa, integer hpa, integer e) =
    entry_present(iommu_root[2 * bus]) &&
    \forall integer b; 0 <= b < IOMMU_BUSES && iommu_root[2 * bus] % 4096 == 1 && iommu_root[2 * bus] - 1 == iommu_bus_table(b) ==>
      iommu_entry_maps(b, f, gpa, hpa, e);
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
    ensures done: \result <==> bdf / 256 < IOMMU_BUSES && vm <= IOMMU_NOBODY;
    ensures owner: \result ==> iommu_owner(bdf / 256, bdf % 256) == vm;
    ensures others: \forall integer bus, f; 0 <= bus < IOMMU_BUSES && 0 <= f < 256 && !(\result && bus == bdf / 256 && f == bdf % 256) ==>
      iommu_low(bus, f) == \old(iommu_low(bus, f)) && iommu_high(bus, f) == \old(iommu_high(bus, f)); */
bool iommu_table_set(uint16_t bdf, vm_id_t vm);
/*@ requires iommu_wf;
    assigns \nothing;
    exits \false;
    ensures \result == (bdf / 256 < IOMMU_BUSES ? iommu_owner(bdf / 256, bdf % 256) : IOMMU_NOBODY); */
vm_id_t iommu_table_owner(uint16_t bdf);
#endif

#endif
