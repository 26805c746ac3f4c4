/* SPDX-License-Identifier: Apache-2.0 */
/* iommu_remap_set() is the only writer of entries (Intel VT-d 4.1, 9.10). One that is blocked still asks for a requester, so that in whatever
 * order a unit sees the two words change, no other function can use it. */
#include "core/iommu_remap.h"

#include "core/boot_info.h"
#include "core/dispatch.h"
#include "core/iommu_remap_spec.h" /* the words of the contracts */
#include "core/iommu_table.h"
#include "core/partition.h"

#define PRESENT     1U
#define LEVEL       16U
#define VECTOR      65536U         /* bits 16 to 23; fixed, physical destination */
#define TARGET_WIDE 0x100000000U   /* bits 32 to 63 */
#define TARGET      0x10000000000U /* bits 40 to 47 */
#define ID_NARROW   256U
#define BLOCK_FIRST (IOMMU_REMAP_SHARED / IOMMU_REMAP_BLOCK)
#define BLOCK_END   (IOMMU_REMAP_ENTRIES / IOMMU_REMAP_BLOCK)
#define VERIFY      0x40000U       /* of the high word: all 16 bits of the requester's id must be those in its bits 0 to 15 */

_Static_assert(PART_MAX_VM == 4U, "remap_start() adds up what three VMs have");
_Static_assert((VECTOR_IRQ_BASE + IOAPIC_PINS + MAX_MSI_SOURCE) <= IOMMU_REMAP_SHARED, "entries for pins and message sources");

/* Aligned to its size (VT-d 4.1, 11.4.10); link.ld has its place. */
_Static_assert(sizeof(uint64_t[IOMMU_REMAP_ENTRIES][IOMMU_REMAP_WORDS]) == 131072U, "the table's alignment is its size");
__attribute__((aligned(131072))) uint64_t iommu_remap[IOMMU_REMAP_ENTRIES][IOMMU_REMAP_WORDS];
bool iommu_remap_wide;

void iommu_remap_init(bool wide)
{
    iommu_remap_wide = wide;
    /*@ loop invariant 0 <= i <= IOMMU_REMAP_ENTRIES;
        loop invariant \forall integer k; 0 <= k < i ==> iommu_remap[k][0] == 0;
        loop assigns i, REMAP_ALL;
        loop variant IOMMU_REMAP_ENTRIES - i; */
    for (uint32_t i = 0U; i < IOMMU_REMAP_ENTRIES; i++) {
        iommu_remap[i][0] = 0U;
        iommu_remap[i][1] = VERIFY;
    }
}

/*@ requires vm < PART_MAX_VM;
    assigns \nothing;
    exits \false;
    ensures \result <==> remap_core_of(vm, pcpu); */
static bool vm_has_core(vm_id_t vm, pcpu_id_t pcpu)
{
    bool found = false;
    /*@ loop invariant 0 <= i <= PART_MAX_VCPU;
        loop invariant found <==> \exists integer k; 0 <= k < i && k < partition.table.vm[vm].vcpu_count && partition.table.vm[vm].pcpu[k] == pcpu;
        loop assigns i, found;
        loop variant PART_MAX_VCPU - i; */
    for (uint32_t i = 0U; i < PART_MAX_VCPU; i++) {
        found = found || ((i < partition.table.vm[vm].vcpu_count) && (partition.table.vm[vm].pcpu[i] == pcpu));
    }
    return found;
}

/*@ requires vm < PART_MAX_VM;
    assigns \nothing;
    exits \false;
    ensures \result <==> remap_function_of(vm, bdf); */
static bool vm_has_function(vm_id_t vm, uint16_t bdf)
{
    bool found = false;
    /*@ loop invariant 0 <= i <= PART_MAX_PCI;
        loop invariant found <==> \exists integer k; 0 <= k < i && k < partition.table.vm[vm].pci_count && partition.table.vm[vm].pci[k] == bdf;
        loop assigns i, found;
        loop variant PART_MAX_PCI - i; */
    for (uint32_t i = 0U; i < PART_MAX_PCI; i++) {
        found = found || ((i < partition.table.vm[vm].pci_count) && (partition.table.vm[vm].pci[i] == bdf));
    }
    return found;
}

/*@ requires vm < PART_MAX_VM;
    assigns \nothing;
    exits \false;
    ensures \result <==> remap_exclusive(vm); */
static bool vm_is_exclusive(vm_id_t vm)
{
    return (vm < partition.table.vm_count) && ((partition.table.vm[vm].flags & PART_VM_EXCLUSIVE) != 0U);
}

/* For each function of the VM: as many as it has vCPUs, or more, a power of two: hardware that gives each function a table of its own can count in these only. */
/*@ requires vm < PART_MAX_VM;
    assigns \nothing;
    exits \false;
    ensures \result == remap_times(vm, 1); */
static uint32_t blocks_each(vm_id_t vm)
{
    const uint32_t needed = partition.table.vm[vm].vcpu_count;
    uint32_t count = 1U;
    if (needed > 4U) {
        count = 8U;
    } else if (needed > 2U) {
        count = 4U;
    } else if (needed > 1U) {
        count = 2U;
    } else {
        /* one */
    }
    return count;
}

/*@ requires vm < PART_MAX_VM;
    assigns \nothing;
    exits \false;
    ensures \result == remap_blocks(vm); */
static uint32_t blocks_of(vm_id_t vm)
{
    const uint32_t functions = partition.table.vm[vm].pci_count;
    return vm_is_exclusive(vm) ? (blocks_each(vm) * ((functions < PART_MAX_PCI) ? functions : PART_MAX_PCI)) : 0U;
}

/* Block, function and core are of one exclusive VM. */
/*@ assigns \nothing;
    exits \false;
    ensures \result <==> remap_one_vm(block, bdf, pcpu); */
static bool in_one_vm(uint32_t block, uint16_t bdf, pcpu_id_t pcpu)
{
    uint32_t at = BLOCK_FIRST;
    bool found = false;
    /*@ loop invariant 1 <= v <= PART_MAX_VM;
        loop invariant start: at == remap_start(v);
        loop invariant found: found <==> \exists integer w; 1 <= w < v && remap_block_of(w, block) && remap_core_of(w, pcpu) && remap_function_of(w, bdf);
        loop assigns v, at, found;
        loop variant PART_MAX_VM - v; */
    for (vm_id_t v = 1U; v < PART_MAX_VM; v++) {
        const uint32_t end = at + blocks_of(v);
        found = found || ((block >= at) && (block < end) && vm_has_core(v, pcpu) && vm_has_function(v, bdf));
        at = end;
    }
    return found;
}

uint32_t iommu_remap_first(vm_id_t vm, uint16_t bdf)
{
    uint32_t found = 0U;
    if ((vm != VM_SERVICE) && (vm < PART_MAX_VM) && vm_is_exclusive(vm)) {
        const uint32_t each = blocks_each(vm);
        uint32_t at = BLOCK_FIRST;
        /*@ loop invariant 1 <= v <= vm;
            loop invariant start: at == remap_start(v);
            loop assigns v, at;
            loop variant vm - v; */
        for (vm_id_t v = 1U; v < vm; v++) {
            at += blocks_of(v);
        }
        /*@ loop invariant 0 <= i <= PART_MAX_PCI;
            loop invariant at: at == remap_start(vm) + remap_times(vm, i);
            loop invariant own: found != 0 ==> remap_view_of(vm, bdf, found) && found + remap_times(vm, 1) <= BLOCK_END;
            loop assigns i, at, found;
            loop variant PART_MAX_PCI - i; */
        for (uint32_t i = 0U; i < PART_MAX_PCI; i++) {
            found = ((i < partition.table.vm[vm].pci_count) && (partition.table.vm[vm].pci[i] == bdf) && ((at + each) <= BLOCK_END)) ? at : found;
            at += each;
        }
    }
    return IOMMU_REMAP_BLOCK * found;
}

/* REQ-ISO-041 */
bool iommu_remap_may(uint32_t index, uint16_t bdf, pcpu_id_t pcpu, uint32_t vector)
{
    bool allowed = pcpu < MAX_PCPU;
    if (allowed && (index < IOMMU_REMAP_SHARED)) {
        allowed = (vector >= VECTOR_IRQ_BASE) && (vector <= VECTOR_IRQ_LAST) && (((partition.table.board.shared_pcpu_mask >> pcpu) & 1U) != 0U);
    } else if (allowed) {
        allowed = (vector >= IOMMU_VECTOR_FIRST) && (vector == (index % IOMMU_REMAP_BLOCK)) && in_one_vm(index / IOMMU_REMAP_BLOCK, bdf, pcpu);
    } else {
        /* no core */
    }
    return allowed && (iommu_remap_wide || (platform.apic_id[pcpu] < ID_NARROW));
}

/*@ lemma remap_route{L}: \forall integer i, low, high, f, p, vector, level;
      remap_names(low, high, f, p, vector, level) && remap_may(i, f, p, vector) ==> remap_words_ok(i, low, high); */

/* REQ-ISO-041 REQ-ISO-101 */
bool iommu_remap_set(uint32_t index, uint16_t bdf, pcpu_id_t pcpu, uint32_t vector, bool level)
{
    bool changed = false;
    if (index < IOMMU_REMAP_ENTRIES) {
        uint64_t low = 0U;
        uint64_t high = VERIFY;
        if ((iommu_format == IOMMU_FORMAT_VTD) && iommu_remap_may(index, bdf, pcpu, vector)) {
            const uint64_t id = platform.apic_id[pcpu];
            const uint64_t target = iommu_remap_wide ? (TARGET_WIDE * id) : (TARGET * id);
            const uint64_t trigger = level ? LEVEL : 0U;
            low = trigger + PRESENT + (VECTOR * (uint64_t)vector) + target;
            high = VERIFY + (uint64_t)bdf;
            /*@ assert names: remap_names(low, high, bdf, pcpu, vector, level ? 16 : 0); */
            /*@ assert route: remap_words_ok(index, low, high); */
        }
        /*@ assert words: remap_words_ok(index, low, high); */
        changed = (iommu_remap[index][0] != low) || (iommu_remap[index][1] != high);
        iommu_remap[index][1] = high;
        iommu_remap[index][0] = low;
        /*@ assert entry: remap_entry_ok(index); */
        /*@ assert others: \forall integer i; 0 <= i < IOMMU_REMAP_ENTRIES && i != index ==> remap_entry_ok(i); */
    }
    return changed;
}
