/* SPDX-License-Identifier: Apache-2.0 */
/* Stage 2: the tables that translate a VM's guest-physical to host-physical addresses. */
#ifndef CORE_STAGE2_H
#define CORE_STAGE2_H

#include "core/limits.h"
#include "core/types.h"

#define S2_READ   1U  /* every mapping has it */
#define S2_WRITE  2U
#define S2_EXEC   4U
#define S2_WB     0U  /* memory type, bits 3-4 */
#define S2_UC     8U
#define S2_WC     16U

#define S2_GPA_LIMIT 0x0001000000000000U /* 2^48: four levels */
#define S2_SLOTS     512U                /* entries of one table */
#define S2_ROOT      0U                  /* index of a VM's root table */

/* How entries look to the hardware (stage2_format.h). Set at boot before stage2_init(), and never again. */
#define S2_FORMAT_NPT 0U
#define S2_FORMAT_EPT 1U
#define S2_FORMAT_NPT_AMDVI 2U /* NPT that an AMD IOMMU reads as well */
extern uint32_t stage2_format;

extern uint64_t stage2_table[MAX_VM][STAGE2_PAGES][S2_SLOTS];
extern uint32_t stage2_level[MAX_VM][STAGE2_PAGES]; /* 1..4, 0: free */

struct stage2_mapping {
    bool present;
    hpa_t hpa;        /* of the address asked for */
    uint64_t span;    /* size of the leaf: 4 KiB, 2 MiB, 1 GiB */
    uint32_t attr;    /* S2_* */
};

/* pool: host-physical address of stage2_table[0][0], 4 KiB aligned. After domain_build(). */
void stage2_init(hpa_t pool);
/* Adds gpa..gpa+size -> hpa.. ; 4 KiB granular, largest pages that fit. The target must lie in
 * one range of the VM's domain with a matching type. Fails without effect when any page is mapped
 * already (STATUS_BUSY), not owned (STATUS_DENIED), or the quota is too small (STATUS_NO_MEMORY). */
enum status stage2_map(vm_id_t vm, gpa_t gpa, hpa_t hpa, uint64_t size, uint32_t attr);
/* Removes what is mapped in the range, splitting large pages at its ends. STATUS_NO_MEMORY,
 * without effect, when the quota is too small to split. Tables that become empty are free at once:
 * the caller calls vm_shootdown() before it changes this VM's stage 2 again. */
enum status stage2_unmap(vm_id_t vm, gpa_t gpa, uint64_t size);
/* Changes the rights of what is mapped in the range; the memory type stays. STATUS_DENIED, without
 * effect, when write is asked for where the domain is read-only, or anything where registers are
 * mapped, which keep the rights that they came with. Shoot-down as above. */
enum status stage2_protect(vm_id_t vm, gpa_t gpa, uint64_t size, uint32_t attr);
struct stage2_mapping stage2_lookup(vm_id_t vm, gpa_t gpa);
void stage2_reset(vm_id_t vm);   /* nothing mapped, all its pages free */
hpa_t stage2_root(vm_id_t vm);
uint32_t stage2_pages_used(vm_id_t vm);

#endif
