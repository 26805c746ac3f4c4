/* SPDX-License-Identifier: Apache-2.0 */
/* VM_SET_MEMORY_REGIONS: the Service VM lends its own RAM to a User VM. */
#include "abi/hypercall.h"
#include "core/domain.h"
#include "core/hypercall.h"
#include "core/hypercall_copy.h"
#include "core/hypercall_parts.h"
#include "core/hypercall_spec.h"
#include "core/stage2.h"
#include "core/vm.h"
#include "devices/vpci_lent.h"

/* What one execution of the hypercall does at most; then the lock is free, interrupts are served and it goes on. */
#define REGIONS_AT_ONCE  16U
#define BYTES_AT_ONCE    0x200000U   /* and never across a multiple of it: one large leaf, or one table of small ones */
#define REGIONS_MAX      0x100000U
#define GPA_LIMIT        0x8000000000U /* 512 GiB */
#define REQUEST_TYPES    7U            /* read, write, execute */

struct region_progress region_progress[MAX_VM];

void hypercall_memory_forget(vm_id_t v)
{
    region_progress[v].under_way = false;
}

/*@ assigns \nothing;
    exits \false; */
static bool overlaps(uint64_t base, uint64_t size, uint64_t page)
{
    return (page < (base + size)) && ((page + PAGE_SIZE) > base);
}

/* REQ-HYP-005 */
/*@ requires \valid_read(region);
    assigns \nothing;
    exits \false; */
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
/*@ requires sane;
    assigns \nothing;
    exits \false; */
static bool lender_has(uint64_t base, uint64_t size, uint32_t rights)
{
    bool has = ((base + size) > base) && domain_owns(domain_of(VM_SERVICE), base, size, MEMORY_RAM);
    uint64_t at = base;
    /*@ loop assigns at, has; */
    while (has && (at < (base + size))) {
        struct stage2_mapping leaf = stage2_lookup(VM_SERVICE, at);
        has = leaf.present && (leaf.hpa == at) && ((leaf.attr & (S2_UC | S2_WC)) == 0U)
              && ((leaf.attr & rights) == rights);
        at += (leaf.present && (leaf.span >= PAGE_SIZE)) ? (leaf.span - (at % leaf.span)) : PAGE_SIZE;
    }
    return has;
}

/* REQ-HYP-005 */
/*@ requires is_user(v) && \valid_read(region) && sane;
    assigns MACHINE, USER_TABLES;
    exits \false;
    ensures sane: sane; */
static int64_t add_region(vm_id_t v, const struct hc_memory_region *region)
{
    uint32_t rights = region->prot & REQUEST_TYPES;
    bool cached = (region->prot & ~REQUEST_TYPES) == HC_REGION_WB;
    int64_t result = -HC_EINVAL;
    if (cached && ((rights & S2_READ) != 0U) && lender_has(region->service_vm_gpa, region->size, rights)) {
        result = hypercall_errno(stage2_map(v, region->gpa, region->service_vm_gpa, region->size, rights | S2_WB));
        /*@ assert others: others_ok(v); */
        if (result == 0) {
            vms[v].memory_size += region->size;
        }
    }
    return result;
}

/*@ requires is_user(v) && \valid_read(region) && sane;
    assigns MACHINE, USER_TABLES;
    exits \false;
    ensures sane: sane; */
static int64_t modify_region(vm_id_t v, const struct hc_memory_region *region)
{
    uint32_t rights = region->prot & REQUEST_TYPES;
    int64_t result = -HC_EINVAL;
    if ((rights & S2_READ) != 0U) {
        result = hypercall_errno(stage2_protect(v, region->gpa, region->size, rights | S2_WB));
        /*@ assert others: others_ok(v); */
        vm_shootdown(v);
    }
    return result;
}

/* REQ-ISO-012 */
/*@ requires is_user(v) && \valid_read(region) && sane;
    assigns MACHINE, USER_TABLES;
    exits \false;
    ensures sane: sane; */
static int64_t delete_region(vm_id_t v, const struct hc_memory_region *region)
{
    int64_t result = hypercall_errno(stage2_unmap(v, region->gpa, region->size));
    /*@ assert others: others_ok(v); */
    vm_shootdown(v);
    if (result == 0) {
        uint64_t had = vms[v].memory_size;
        vms[v].memory_size = (had > region->size) ? (had - region->size) : 0U;
    }
    return result;
}

/*@ requires is_user(v) && \valid_read(piece) && sane;
    assigns MACHINE, USER_TABLES;
    exits \false;
    ensures sane: sane; */
static int64_t apply_piece(vm_id_t v, const struct hc_memory_region *piece)
{
    int64_t result = -HC_EINVAL;
    switch (piece->type) {
    case HC_REGION_ADD:
        result = add_region(v, piece);
        break;
    case HC_REGION_DEL:
        result = delete_region(v, piece);
        break;
    case HC_REGION_MODIFY:
        result = modify_region(v, piece);
        break;
    default:
        break;
    }
    return result;
}

/* The part of a region from done on that is changed in one step. The region is read anew for each
 * step, so it may have shrunk. */
/*@ requires \valid_read(region);
    assigns \nothing;
    exits \false; */
static struct hc_memory_region piece_of(const struct hc_memory_region *region, uint64_t done)
{
    struct hc_memory_region piece = *region;
    uint64_t rest = (region->size > done) ? (region->size - done) : 0U;
    uint64_t most = BYTES_AT_ONCE - ((region->gpa + done) % BYTES_AT_ONCE);
    piece.gpa = region->gpa + done;
    piece.service_vm_gpa = (region->type == HC_REGION_ADD) ? (region->service_vm_gpa + done) : 0U;
    piece.size = (rest < most) ? rest : most;
    return piece;
}

/* What is lent must be the Service VM's as a whole, or not even its first piece is mapped. */
/*@ requires \valid_read(region) && sane;
    assigns \nothing;
    exits \false; */
static bool region_valid(const struct hc_memory_region *region)
{
    uint64_t base = region->service_vm_gpa;
    bool lends = region->type == HC_REGION_ADD;
    bool owned = ((base + region->size) > base) && domain_owns(domain_of(VM_SERVICE), base, region->size, MEMORY_RAM);
    return range_valid(region) && (owned || !lends);
}

/* One step of the list. Where a lent function has registers nothing is changed. */
/* REQ-ISO-081 */
/*@ requires is_user(v) && \valid_read(request) && sane;
    assigns MACHINE, USER_TABLES;
    exits \false;
    ensures sane: sane; */
static int64_t apply_step(vm_id_t v, const struct hc_memory_regions *request)
{
    struct hc_memory_region region;
    uint64_t at = request->regions_gpa + ((uint64_t)region_progress[v].next * sizeof(region));
    int64_t result = hypercall_errno(hypercall_read_region(at, &region));
    if ((result == 0) && (!region_valid(&region) || vpci_lent_meets(v, region.gpa, region.size))) {
        result = -HC_EINVAL;
    }
    if (result == 0) {
        struct hc_memory_region piece = piece_of(&region, region_progress[v].done);
        if (piece.size != 0U) {
            result = apply_piece(v, &piece);
        }
        region_progress[v].done += piece.size;
        region_progress[v].bytes += piece.size;
        if (region_progress[v].done >= region.size) {
            region_progress[v].done = 0U;
            region_progress[v].next++;
        }
    }
    return result;
}

/* REQ-HYP-006 */
/*@ requires is_user(v) && \valid_read(request) && sane;
    assigns MACHINE, USER_TABLES;
    exits \false;
    ensures sane: sane; */
static int64_t apply_some(vm_id_t v, const struct hc_memory_regions *request, uint64_t gpa)
{
    int64_t result = 0;
    if (!region_progress[v].under_way || (region_progress[v].gpa != gpa)) {
        region_progress[v].gpa = gpa;
        region_progress[v].next = 0U;
        region_progress[v].done = 0U;
    }
    region_progress[v].bytes = 0U;
    /*@ loop invariant i <= REGIONS_AT_ONCE && sane;
        loop assigns i, result, MACHINE, USER_TABLES;
        loop variant REGIONS_AT_ONCE - i; */
    for (uint32_t i = 0U; (i < REGIONS_AT_ONCE) && (region_progress[v].bytes < BYTES_AT_ONCE)
                          && (region_progress[v].next < request->count) && (result == 0); i++) {
        result = apply_step(v, request);
    }
    region_progress[v].under_way = (result == 0) && (region_progress[v].next < request->count);
    return region_progress[v].under_way ? HYPERCALL_AGAIN : result;
}

/* REQ-HYP-004 */
int64_t hypercall_set_memory_regions(uint64_t gpa)
{
    struct hc_memory_regions request;
    int64_t result = -HC_EFAULT;
    if (hypercall_read_regions(gpa, &request) == STATUS_OK) {
        vm_id_t v = hypercall_target(request.vmid);
        result = -HC_EINVAL;
        if ((v != ID_NONE) && (request.count <= REGIONS_MAX)) {
            result = apply_some(v, &request, gpa);
        }
    }
    return result;
}
