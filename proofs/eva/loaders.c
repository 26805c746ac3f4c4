/* SPDX-License-Identifier: Apache-2.0 */
/* eva-sources: core/loader_bzimage.c core/loader_multiboot.c core/loader_modules.c core/guest_map.c */
/* eva-without: state */
/* eva-stubs: wp */
/* Any image in any boot module, any memory map, any accepted partition table. */
#include "core/boot_info.h"
#include "core/domain.h"
#include "core/guest_map.h"
#include "core/health.h"
#include "core/loader.h"
#include "core/partition.h"
#include "proofs/eva/eva.h"

struct boot_info boot_info;
struct platform platform;
union partition_storage partition;

uint64_t health_check(pcpu_id_t pcpu, uint64_t now)
{
    /*@ assert core_id: pcpu < MAX_PCPU; */
    (void)pcpu; (void)now;
    return any;
}
uint32_t boot_module_find(const char *tag) { (void)tag; return any_id(MAX_BOOT_MODULE); }

int main(void)
{
    uint32_t v = any_below(PART_MAX_VM);
    boot_info.range_count = any_below(MAX_BOOT_RANGE + 1U);
    domain_count[VM_SERVICE] = any_below(DOMAIN_RANGES + 1U);
    /*@ split v; */
    guest_map[v].count = any_below(GUEST_MAP_ENTRIES + 1U);
    partition.table.vm[v].range_count = any_below(PART_MAX_RANGE + 1U);
    switch (any_below(4U)) {
    case 0U: (void)guest_map_build(v); break;
    case 1U: (void)guest_map_carve(v, any, any, (uint32_t)any); break;
    case 2U: (void)loader_bzimage(v, &partition.table.vm[v], any); break;
    default: (void)loader_multiboot(v, &partition.table.vm[v]); break;
    }
    /*@ assert map_count: guest_map[v].count <= GUEST_MAP_ENTRIES; */
    return 0;
}
