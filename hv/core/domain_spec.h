/* SPDX-License-Identifier: Apache-2.0 */
/* What the proofs say about domains. Annotations only: the compiler sees nothing here. Included by
 * domain.h once the state is declared. */
#ifndef CORE_DOMAIN_SPEC_H
#define CORE_DOMAIN_SPEC_H

#include "core/interval.h"
#include "core/limits.h"

/* All state of one domain, or of a range of domains, and of the regions, for assigns clauses. */
#define DOMAIN_OF(d) \
    domain_base[d][0 .. DOMAIN_RANGES - 1], domain_size[d][0 .. DOMAIN_RANGES - 1], \
    domain_type[d][0 .. DOMAIN_RANGES - 1], domain_count[d]
#define DOMAIN_REGIONS_ALL domain_region_base[0 .. DOMAIN_REGIONS - 1], domain_region_size[0 .. DOMAIN_REGIONS - 1]

/*@
  // Domain d owns the whole of [hpa, hpa + size) with this type, in one range.
  predicate owned{L}(integer d, integer hpa, integer size, integer type) =
    \exists integer r; 0 <= r < domain_count[d] && domain_type[d][r] == type &&
      within(domain_base[d][r], domain_size[d][r], hpa, size);

  predicate domain_ok{L}(integer d) =
    domain_count[d] <= DOMAIN_RANGES &&
    \forall integer r; 0 <= r < domain_count[d] ==>
      domain_size[d][r] > 0 && domain_base[d][r] % 4096 == 0 && domain_size[d][r] % 4096 == 0 &&
      domain_base[d][r] + domain_size[d][r] <= 0x10000000000000;

  predicate domains_ok{L} = \forall integer d; 0 <= d < DOMAIN_COUNT ==> domain_ok(d);

  // The range lies wholly in one declared region.
  predicate declared{L}(integer d, integer r) =
    \exists integer s; 0 <= s < DOMAIN_REGIONS &&
      within(domain_region_base[s], domain_region_size[s], domain_base[d][r], domain_size[d][r]);

  predicate region_has{L}(integer hpa) =
    \exists integer s; 0 <= s < DOMAIN_REGIONS &&
      within(domain_region_base[s], domain_region_size[s], hpa, 1);

  predicate pair_apart{L}(integer a, integer i, integer b, integer k) =
    !meets(domain_base[a][i], domain_size[a][i], domain_base[b][k], domain_size[b][k]) ||
    ((b != DOMAIN_HYPERVISOR || domain_type[a][i] == MEMORY_RAM_READ_ONLY) && declared(a, i));

  predicate domain_apart{L}(integer a, integer b) =
    \forall integer i, k; 0 <= i < domain_count[a] && 0 <= k < domain_count[b] ==> pair_apart(a, i, b, k);

  predicate domains_apart_all{L} = \forall integer a, b; 0 <= a < b < DOMAIN_COUNT ==> domain_apart(a, b);

  // Inside one domain, no byte has two types.
  predicate domain_single{L}(integer d) =
    \forall integer i, k; 0 <= k < i < domain_count[d] ==>
      !meets(domain_base[d][i], domain_size[d][i], domain_base[d][k], domain_size[d][k]);

  predicate domains_single{L} = \forall integer d; 0 <= d < DOMAIN_COUNT ==> domain_single(d);

  // The byte belongs to the domain, with whatever type.
  predicate has_byte{L}(integer d, integer hpa) =
    \exists integer r; 0 <= r < domain_count[d] && within(domain_base[d][r], domain_size[d][r], hpa, 1);

  logic integer domain_of_vm(integer vm) = vm < VM_FIRST_USER ? vm : VM_SERVICE;
*/

#endif
