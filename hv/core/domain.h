/* SPDX-License-Identifier: Apache-2.0 */
/* Domains: which host-physical ranges each partition owns, with their memory type. */
#ifndef CORE_DOMAIN_H
#define CORE_DOMAIN_H

#include "core/limits.h"
#include "core/types.h"

#define DOMAIN_HYPERVISOR MAX_VM       /* pseudo-domain: image, pools, module copies, telemetry */
#define DOMAIN_COUNT      (MAX_VM + 1U)
#define DOMAIN_REGIONS    5U           /* declared shared regions, and the telemetry range last */
#define MEMORY_RAM        1U           /* write-back only */
#define MEMORY_DEVICE     2U           /* uncached or write-combining only */
#define MEMORY_RAM_READ_ONLY 3U        /* write-back only, never writable: telemetry, read-only shared memory */

extern hpa_t domain_base[DOMAIN_COUNT][DOMAIN_RANGES];
extern uint64_t domain_size[DOMAIN_COUNT][DOMAIN_RANGES];
extern uint32_t domain_type[DOMAIN_COUNT][DOMAIN_RANGES];
extern uint32_t domain_count[DOMAIN_COUNT];
/* Where ranges of different domains may meet. Size 0: not declared. */
extern hpa_t domain_region_base[DOMAIN_REGIONS];
extern uint64_t domain_region_size[DOMAIN_REGIONS];

#include "core/domain_spec.h" /* the words of the contracts below */ /* DEV-009 */

/* Builds all domains from the validated partition table, boot_info and platform. The
 * Service VM gets the RAM that nobody else owns, its ranges from the table, the ACPI areas, and
 * the telemetry range read-only. User VMs have no ranges of their own: domain_of(user) is the
 * Service VM's. STATUS_NO_MEMORY when the limits are too small for this memory map,
 * STATUS_DENIED when domain_verify() refuses the result. */
enum status domain_build(void);
/* Ranges are page-granular and do not wrap; inside a domain they are disjoint; those of different
 * domains meet only in a declared region, and nobody may write the hypervisor's. */
/*@ assigns \nothing;
    exits \false;
    ensures ok: \result ==> domains_ok;
    ensures single: \result ==> domains_single;
    ensures apart: \result ==> domains_apart_all; */
bool domain_verify(void);
/*@ assigns \nothing;
    exits \false;
    ensures \result == domain_of_vm(vm) && \result < VM_FIRST_USER; */
uint32_t domain_of(vm_id_t vm);
/* The whole of [hpa, hpa + size) lies in one range of that domain and has that type. */
/*@ requires domain < DOMAIN_COUNT;
    requires domain_count[domain] <= DOMAIN_RANGES;
    assigns \nothing;
    exits \false;
    ensures \result <==> owned(domain, hpa, size, memory_type); */
bool domain_owns(uint32_t domain, hpa_t hpa, uint64_t size, uint32_t memory_type);

#endif
