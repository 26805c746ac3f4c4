/* SPDX-License-Identifier: Apache-2.0 */
/* VM_SET_MEMORY_REGIONS: the Service VM lends its own RAM to a User VM. */
#include "abi/hypercall.h"
#include "core/domain.h"
#include "core/hypercall.h"
#include "core/hypercall_parts.h"
#include "core/stage2.h"
#include "core/string.h"
#include "core/vm.h"

#define REGIONS_AT_ONCE  64U         /* then interrupts are served and the hypercall goes on */
#define REGIONS_MAX      0x100000U
#define GPA_LIMIT        0x8000000000U /* 512 GiB */
#define REQUEST_TYPES    7U            /* read, write, execute */

/* Where a long list for this VM was left off: valid while the same hypercall is repeated, on any
 * vCPU, since the caller's thread may move in between. */
struct region_progress {
    uint64_t gpa;   /* of the request */
    uint32_t next;  /* 0: nothing under way */
};
static struct region_progress region_progress[MAX_VM];

static bool overlaps(uint64_t base, uint64_t size, uint64_t page)
{
    return (page < (base + size)) && ((page + PAGE_SIZE) > base);
}

/* REQ-HYP-005 */
static bool range_valid(const struct hc_memory_region *region)
{
    bool aligned = ((region->gpa | region->service_vm_gpa | region->size) % PAGE_SIZE) == 0U;
    bool sized = (region->size != 0U) && (region->size <= GPA_LIMIT);
    bool within = sized && (region->gpa <= (GPA_LIMIT - region->size));
    bool own = within && !overlaps(region->gpa, region->size, 0xFEC00000U)
               && !overlaps(region->gpa, region->size, 0xFEE00000U);
    return aligned && own;
}

/* Identity: the Service VM's address is the host's. The memory must be RAM of its domain, and the
 * Service VM itself must have the rights that it passes on: read-only memory stays read-only. */
/* REQ-ISO-007 REQ-ISO-008 */
static bool lender_has(uint64_t base, uint64_t size, uint32_t rights)
{
    bool has = ((base + size) > base) && domain_owns(domain_of(VM_SERVICE), base, size, MEMORY_RAM);
    uint64_t at = base;
    while (has && (at < (base + size))) {
        struct stage2_mapping leaf = stage2_lookup(VM_SERVICE, at);
        has = leaf.present && (leaf.hpa == at) && ((leaf.attr & (S2_UC | S2_WC)) == 0U)
              && ((leaf.attr & rights) == rights);
        at += (leaf.present && (leaf.span >= PAGE_SIZE)) ? (leaf.span - (at % leaf.span)) : PAGE_SIZE;
    }
    return has;
}

/* REQ-HYP-005 */
static int64_t add_region(vm_id_t v, const struct hc_memory_region *region)
{
    uint32_t rights = region->prot & REQUEST_TYPES;
    bool cached = (region->prot & ~REQUEST_TYPES) == HC_REGION_WB;
    int64_t result = -HC_EINVAL;
    if (cached && ((rights & S2_READ) != 0U) && lender_has(region->service_vm_gpa, region->size, rights)) {
        result = hypercall_errno(stage2_map(v, region->gpa, region->service_vm_gpa, region->size, rights | S2_WB));
        if (result == 0) {
            vms[v].memory_size += region->size;
        }
    }
    return result;
}

static int64_t modify_region(vm_id_t v, const struct hc_memory_region *region)
{
    uint32_t rights = region->prot & REQUEST_TYPES;
    int64_t result = -HC_EINVAL;
    if ((rights & S2_READ) != 0U) {
        result = hypercall_errno(stage2_protect(v, region->gpa, region->size, rights | S2_WB));
        vm_shootdown(v);
    }
    return result;
}

/* REQ-ISO-012 */
static int64_t delete_region(vm_id_t v, const struct hc_memory_region *region)
{
    int64_t result = hypercall_errno(stage2_unmap(v, region->gpa, region->size));
    vm_shootdown(v);
    if (result == 0) {
        uint64_t had = vms[v].memory_size;
        vms[v].memory_size = (had > region->size) ? (had - region->size) : 0U;
    }
    return result;
}

static int64_t apply_region(vm_id_t v, const struct hc_memory_region *region)
{
    int64_t result = -HC_EINVAL;
    if (range_valid(region)) {
        switch (region->type) {
        case HC_REGION_ADD:
            result = add_region(v, region);
            break;
        case HC_REGION_DEL:
            result = delete_region(v, region);
            break;
        case HC_REGION_MODIFY:
            result = modify_region(v, region);
            break;
        default:
            break;
        }
    }
    return result;
}

static int64_t apply_some(vm_id_t v, const struct hc_memory_regions *request, uint32_t first, uint32_t end)
{
    int64_t result = 0;
    for (uint32_t i = first; (i < end) && (result == 0); i++) {
        struct hc_memory_region region;
        uint64_t at = request->regions_gpa + ((uint64_t)i * sizeof(region));
        memset(&region, 0, sizeof(region));
        result = hypercall_errno(guest_read(VM_SERVICE, at, (uint8_t *)&region, (uint32_t)sizeof(region)));
        if (result == 0) {
            result = apply_region(v, &region);
        }
    }
    return result;
}

/* REQ-HYP-006 */
static int64_t apply_chunk(vm_id_t v, const struct hc_memory_regions *request, uint64_t gpa)
{
    struct region_progress *progress = &region_progress[v];
    bool goes_on = (progress->gpa == gpa) && (progress->next < request->count);
    uint32_t first = goes_on ? progress->next : 0U;
    uint32_t end = ((request->count - first) > REGIONS_AT_ONCE) ? (first + REGIONS_AT_ONCE) : request->count;
    int64_t result = apply_some(v, request, first, end);
    progress->next = 0U;
    if ((result == 0) && (end < request->count)) {
        progress->gpa = gpa;
        progress->next = end;
        result = HYPERCALL_AGAIN;
    }
    return result;
}

/* REQ-HYP-004 */
int64_t hypercall_set_memory_regions(uint64_t gpa)
{
    struct hc_memory_regions request;
    int64_t result = -HC_EFAULT;
    memset(&request, 0, sizeof(request));
    if (guest_read(VM_SERVICE, gpa, (uint8_t *)&request, (uint32_t)sizeof(request)) == STATUS_OK) {
        vm_id_t v = hypercall_target(request.vmid);
        result = -HC_EINVAL;
        if ((v != ID_NONE) && (request.count <= REGIONS_MAX)) {
            result = apply_chunk(v, &request, gpa);
        }
    }
    return result;
}
