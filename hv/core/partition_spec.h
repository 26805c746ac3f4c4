/* SPDX-License-Identifier: Apache-2.0 */
/* What the proofs say about the partition table, the boot information, and what is made of them. */
#ifndef CORE_PARTITION_SPEC_H
#define CORE_PARTITION_SPEC_H

#include "core/boot_info.h"
#include "core/domain.h"
#include "core/partition.h"

/*@
  // Whole pages of existing addresses.
  predicate pages(integer base, integer size) =
    size > 0 && base % 4096 == 0 && size % 4096 == 0 && base + size <= 0x10000000000000;

  // The boot information is what it should be: within its arrays, no address wraps.
  predicate boot_ok{L} =
    boot_info.range_count <= MAX_BOOT_RANGE && boot_info.module_count <= MAX_BOOT_MODULE &&
    boot_info.image_base + boot_info.image_size <= 0x10000000000000 &&
    (\forall integer i; 0 <= i < MAX_BOOT_RANGE ==>
      boot_info.range[i].base + boot_info.range[i].size <= 0x10000000000000) &&
    (\forall integer i; 0 <= i < MAX_BOOT_MODULE ==>
      boot_info.module[i].base + boot_info.module[i].size <= 0x10000000000000);

  // What partition_check_header() leaves true: the counts of the table itself.
  predicate header_ok{L} =
    partition.table.total_size >= sizeof(struct part_table) && 1 <= partition.table.vm_count <= PART_MAX_VM &&
    partition.table.shared_count <= PART_MAX_SHARED;

  predicate vm_counts_ok{L}(integer v) =
    1 <= partition.table.vm[v].vcpu_count <= PART_MAX_VCPU && partition.table.vm[v].range_count <= PART_MAX_RANGE;

  predicate vm_counted{L}(integer v) =
    partition.table.vm[v].vcpu_count <= PART_MAX_VCPU && partition.table.vm[v].range_count <= PART_MAX_RANGE;

  // No way of a cache is two VMs' own.
  predicate share_apart{L}(integer u, integer v) =
    (partition.table.vm[u].cache.l2_mask & partition.table.vm[v].cache.l2_mask) == 0 &&
    (partition.table.vm[u].cache.l3_mask & partition.table.vm[v].cache.l3_mask) == 0;
  predicate shares_apart{L}(integer v) = \forall integer u; 0 <= u < v ==> share_apart(u, v);
  predicate shares_ok{L} = \forall integer v; 0 <= v < partition.table.vm_count ==> shares_apart(v);

  predicate counts_ok{L} =
    partition.table.vm_count <= PART_MAX_VM && partition.table.shared_count <= PART_MAX_SHARED &&
    (\forall integer v; 0 <= v < partition.table.vm_count ==> partition.table.vm[v].range_count <= PART_MAX_RANGE);

  predicate memory_ok{L} =
    pages(partition.table.telemetry_hpa, partition.table.telemetry_size) &&
    (\forall integer s; 0 <= s < partition.table.shared_count ==>
      pages(partition.table.shared[s].hpa, partition.table.shared[s].size)) &&
    (\forall integer v, r; 0 <= v < partition.table.vm_count && 0 <= r < partition.table.vm[v].range_count ==>
      pages(partition.table.vm[v].range[r].hpa, partition.table.vm[v].range[r].size));
*/

#ifdef __FRAMAC__ /* the compiler takes the declaration in domain.h */
/*@ requires boot_ok && counts_ok && memory_ok && 1 <= partition.table.vm_count;
    assigns DOMAIN_OF(0 .. DOMAIN_COUNT - 1),
            DOMAIN_REGIONS_ALL;
    exits \false;
    ensures ok: \result == STATUS_OK ==> domains_ok;
    ensures single: \result == STATUS_OK ==> domains_single;
    ensures apart: \result == STATUS_OK ==> domains_apart_all; */
enum status domain_build(void);
#endif

#endif
