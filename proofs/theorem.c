/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The isolation theorem. The program below starts from any partition table and any memory map, lets
 * the validator accept it and domain_build() make domains of it, sets stage 2 up and then
 * applies any sequence of hypercalls of the Service VM, with any registers and any memory content, and
 * of stage-2 operations with any arguments (what every other exit, a hypercall that lends devices, a reset or a boot may do). The
 * assertions at its end are about what the hardware's walks of the resulting tables can reach; WP proves
 * them from the contracts in hv/core, which it proves against the code, the hypercall dispatcher
 * included. hw_maps (core/stage2_spec.h) is the processor's walk. stage2_format is any word: it holds for entries of both vendors, and so does iommu_format. Functions of
 * the machine's PCI devices change hands in between, from any VM to any; iommu_maps (core/iommu_table_spec.h) is the IOMMU's walk.
 */
#include "core/domain.h"
#include "core/iommu_table_spec.h"
#include "core/partition_check.h"
#include "core/stage2.h"
#include "core/stage2_table.h"
#include "proofs/dispatcher.h"

/*@
  // What a VM reaches by e at hpa is allowed to it with this right and type.
  predicate reach_ok{L}(integer vm, integer hpa, integer e) =
    allowed(vm, hpa, 1, (e / 2) % 2, entry_type(e));

  // The right to write that an AMD IOMMU sees is the processor's.
  predicate amdvi_rights(integer e) = (e / 0x4000000000000000) % 2 == 1 ==> entry_write(e);

  lemma amdvi_high: \forall integer e; 0 <= e < 0x10000000000000000 && entry_high(e) == 512 + 1024 * ((e / 2) % 2) ==> amdvi_rights(e);
  // What the Service VM can lend: RAM, cached, or a device, not cached.
  predicate lent_ok{L}(integer hpa, integer e) =
    entry_type(e) == S2_WB ? owned(VM_SERVICE, hpa, 1, MEMORY_RAM) : owned(VM_SERVICE, hpa, 1, MEMORY_DEVICE);

  lemma slot_range: \forall integer g, l; 0 <= g && 1 <= l <= 4 ==> 0 <= slot_of(g, l) < 512;

  // A byte of an allowed page is allowed.
  lemma allowed_byte{L}: \forall integer vm, base, size, off, w, type;
    allowed(vm, base, size, w, type) && 0 <= off < size ==> allowed(vm, base + off, 1, w, type);

  // What a present entry of a well-formed table is.
  lemma wf_leaf{L}: \forall integer vm, t, j; 0 <= vm < MAX_VM && stage2_wf(vm) && 0 <= t < STAGE2_PAGES && 0 <= j < S2_SLOTS &&
    stage2_level[vm][t] != 0 && entry_present(stage2_table[vm][t][j]) && entry_leaf(stage2_table[vm][t][j], stage2_level[vm][t]) ==>
      leaf_ok(vm, stage2_level[vm][t], stage2_table[vm][t][j]);
  lemma wf_table{L}: \forall integer vm, t, j; 0 <= vm < MAX_VM && stage2_wf(vm) && 0 <= t < STAGE2_PAGES && 0 <= j < S2_SLOTS &&
    stage2_level[vm][t] != 0 && entry_present(stage2_table[vm][t][j]) && !entry_leaf(stage2_table[vm][t][j], stage2_level[vm][t]) ==>
      table_ok(vm, t, j, stage2_level[vm][t], stage2_table[vm][t][j]) && 0 <= child_of(vm, stage2_table[vm][t][j]) < STAGE2_PAGES;
  lemma wf_bits{L}: \forall integer vm, t, j; 0 <= vm < MAX_VM && stage2_wf(vm) && 0 <= t < STAGE2_PAGES && 0 <= j < S2_SLOTS &&
    stage2_level[vm][t] != 0 && entry_present(stage2_table[vm][t][j]) ==> entry_reserved_clear(stage2_table[vm][t][j], stage2_level[vm][t]);

  lemma reach1{L}: \forall integer vm, t, gpa, hpa, e; 0 <= vm < MAX_VM && 0 <= gpa && stage2_wf(vm) &&
    0 <= t < STAGE2_PAGES && stage2_level[vm][t] == 1 && hw_maps1(vm, t, gpa, hpa, e) ==> reach_ok(vm, hpa, e);
  lemma reach2_leaf{L}: \forall integer vm, t, gpa; 0 <= vm < MAX_VM && 0 <= gpa && stage2_wf(vm) &&
    0 <= t < STAGE2_PAGES && stage2_level[vm][t] == 2 && entry_present(stage2_table[vm][t][slot_of(gpa, 2)]) &&
    entry_large(stage2_table[vm][t][slot_of(gpa, 2)]) ==> reach_ok(vm, entry_address(stage2_table[vm][t][slot_of(gpa, 2)]) + gpa % 2097152, stage2_table[vm][t][slot_of(gpa, 2)]);
  lemma reach2_table{L}: \forall integer vm, t, gpa, hpa, e; 0 <= vm < MAX_VM && 0 <= gpa && stage2_wf(vm) &&
    0 <= t < STAGE2_PAGES && stage2_level[vm][t] == 2 && entry_present(stage2_table[vm][t][slot_of(gpa, 2)]) && !entry_large(stage2_table[vm][t][slot_of(gpa, 2)]) &&
    (in_pool(vm, stage2_table[vm][t][slot_of(gpa, 2)]) ==> hw_maps1(vm, child_of(vm, stage2_table[vm][t][slot_of(gpa, 2)]), gpa, hpa, e)) ==> reach_ok(vm, hpa, e);
  lemma reach2{L}: \forall integer vm, t, gpa, hpa, e; 0 <= vm < MAX_VM && 0 <= gpa && stage2_wf(vm) &&
    0 <= t < STAGE2_PAGES && stage2_level[vm][t] == 2 && hw_maps2(vm, t, gpa, hpa, e) ==> reach_ok(vm, hpa, e);
  lemma reach3_leaf{L}: \forall integer vm, t, gpa; 0 <= vm < MAX_VM && 0 <= gpa && stage2_wf(vm) &&
    0 <= t < STAGE2_PAGES && stage2_level[vm][t] == 3 && entry_present(stage2_table[vm][t][slot_of(gpa, 3)]) &&
    entry_large(stage2_table[vm][t][slot_of(gpa, 3)]) ==> reach_ok(vm, entry_address(stage2_table[vm][t][slot_of(gpa, 3)]) + gpa % 1073741824, stage2_table[vm][t][slot_of(gpa, 3)]);
  lemma reach3_table{L}: \forall integer vm, t, gpa, hpa, e; 0 <= vm < MAX_VM && 0 <= gpa && stage2_wf(vm) &&
    0 <= t < STAGE2_PAGES && stage2_level[vm][t] == 3 && entry_present(stage2_table[vm][t][slot_of(gpa, 3)]) && !entry_large(stage2_table[vm][t][slot_of(gpa, 3)]) &&
    (in_pool(vm, stage2_table[vm][t][slot_of(gpa, 3)]) ==> hw_maps2(vm, child_of(vm, stage2_table[vm][t][slot_of(gpa, 3)]), gpa, hpa, e)) ==> reach_ok(vm, hpa, e);
  lemma reach3{L}: \forall integer vm, t, gpa, hpa, e; 0 <= vm < MAX_VM && 0 <= gpa && stage2_wf(vm) &&
    0 <= t < STAGE2_PAGES && stage2_level[vm][t] == 3 && hw_maps3(vm, t, gpa, hpa, e) ==> reach_ok(vm, hpa, e);
  lemma reach4{L}: \forall integer vm, gpa, hpa, e; 0 <= vm < MAX_VM && 0 <= gpa && stage2_wf(vm) &&
    hw_maps(vm, gpa, hpa, e) ==> reach_ok(vm, hpa, e);

  // A byte of two domains lies in a declared region; one that the hypervisor has is read-only in the other.
  lemma walls{L}: \forall integer a, i, b, k, hpa; pair_apart(a, i, b, k) &&
    within(domain_base[a][i], domain_size[a][i], hpa, 1) && within(domain_base[b][k], domain_size[b][k], hpa, 1) ==>
      region_has(hpa) && (b == DOMAIN_HYPERVISOR ==> domain_type[a][i] == MEMORY_RAM_READ_ONLY);
  lemma apart_bytes{L}: \forall integer a, b, hpa; 0 <= a < b < DOMAIN_COUNT && domains_apart_all &&
    has_byte(a, hpa) && has_byte(b, hpa) ==> region_has(hpa);
  lemma user_in_service{L}: \forall integer vm, hpa, e; is_user(vm) && reach_ok(vm, hpa, e) ==> lent_ok(hpa, e);
  lemma owned_has{L}: \forall integer d, hpa, type; owned(d, hpa, 1, type) ==> has_byte(d, hpa);
  lemma reach_has{L}: \forall integer vm, hpa, e; reach_ok(vm, hpa, e) ==> has_byte(domain_of_vm(vm), hpa);
  // An AMD IOMMU's walk of stage 2 is the processor's.
  lemma amdvi1{L}: \forall integer vm, t, gpa, hpa, e; 0 <= vm < MAX_VM && 0 <= gpa && stage2_wf(vm) && stage2_format == S2_FORMAT_NPT_AMDVI &&
    0 <= t < STAGE2_PAGES && stage2_level[vm][t] == 1 && amdvi_maps1(vm, t, gpa, hpa, e) ==> hw_maps1(vm, t, gpa, hpa, e) && amdvi_rights(e);
  lemma amdvi2{L}: \forall integer vm, t, gpa, hpa, e; 0 <= vm < MAX_VM && 0 <= gpa && stage2_wf(vm) && stage2_format == S2_FORMAT_NPT_AMDVI &&
    0 <= t < STAGE2_PAGES && stage2_level[vm][t] == 2 && amdvi_maps2(vm, t, gpa, hpa, e) ==> hw_maps2(vm, t, gpa, hpa, e) && amdvi_rights(e);
  lemma amdvi3{L}: \forall integer vm, t, gpa, hpa, e; 0 <= vm < MAX_VM && 0 <= gpa && stage2_wf(vm) && stage2_format == S2_FORMAT_NPT_AMDVI &&
    0 <= t < STAGE2_PAGES && stage2_level[vm][t] == 3 && amdvi_maps3(vm, t, gpa, hpa, e) ==> hw_maps3(vm, t, gpa, hpa, e) && amdvi_rights(e);
  lemma amdvi4{L}: \forall integer vm, gpa, hpa, e; 0 <= vm < MAX_VM && 0 <= gpa && stage2_wf(vm) && stage2_format == S2_FORMAT_NPT_AMDVI &&
    amdvi_maps(vm, gpa, hpa, e) ==> hw_maps(vm, gpa, hpa, e) && amdvi_rights(e);
  // A request that a bus's table answers: the entry leads to its owner's root and nowhere else.
  lemma dma_root{L}: \forall integer bus, f, gpa, hpa, e; 0 <= bus < 256 && 0 <= f < 256 && iommu_wf &&
    iommu_maps(bus, f, gpa, hpa, e) ==> bus < IOMMU_BUSES && iommu_entry_maps(bus, f, gpa, hpa, e);
  lemma dma_entry{L}: \forall integer bus, f, gpa, hpa, e; 0 <= bus < IOMMU_BUSES && 0 <= f < 256 && iommu_wf &&
    iommu_entry_maps(bus, f, gpa, hpa, e) ==> 0 <= iommu_owner(bus, f) < MAX_VM && iommu_reads_stage2 && unit_maps(iommu_owner(bus, f), gpa, hpa, e);

  // The hypervisor's bytes: never writable memory or device of a VM's domain.
  lemma hypervisor_typed{L}: \forall integer a, hpa, type; 0 <= a < MAX_VM && domains_apart_all &&
    owned(a, hpa, 1, type) && has_byte(DOMAIN_HYPERVISOR, hpa) ==> type == MEMORY_RAM_READ_ONLY;
  lemma hypervisor_kept{L}: \forall integer vm, hpa, e; 0 <= vm < MAX_VM && domains_apart_all &&
    reach_ok(vm, hpa, e) && has_byte(DOMAIN_HYPERVISOR, hpa) ==>
      (e / 2) % 2 == 0 && entry_type(e) == S2_WB && region_has(hpa);
*/

/*@ assigns \nothing;
    exits \false; */
extern uint32_t any32(void);
/*@ assigns \nothing;
    exits \false; */
extern uint64_t any64(void);

/*@ requires vm < MAX_VM && sane;
    assigns STAGE2_OF(vm);
    exits \false;
    ensures sane: sane; */
static void any_operation(vm_id_t vm)
{
    uint32_t operation = any32();
    if (operation == 0U) {
        (void)stage2_map(vm, any64(), any64(), any64(), any32());
        /*@ assert others: others_ok(vm); */
    } else if (operation == 1U) {
        (void)stage2_unmap(vm, any64(), any64());
        /*@ assert others: others_ok(vm); */
    } else if (operation == 2U) {
        (void)stage2_protect(vm, any64(), any64(), any32());
        /*@ assert others: others_ok(vm); */
    } else if (operation == 3U) {
        stage2_reset(vm);
        /*@ assert others: others_ok(vm); */
    } else {
        (void)stage2_lookup(vm, any64());
    }
}

/* One hypercall, one operation, or a function that changes hands. */
/*@ requires sane && iommu_wf;
    assigns MACHINE, STAGE2_OF(0 .. MAX_VM - 1), IOMMU_ENTRIES;
    exits \false;
    ensures sane: sane;
    ensures iommu: iommu_wf; */
static void any_step(void)
{
    uint32_t what = any32();
    if (what == 0U) {
        any_operation(any32() % MAX_VM);
    } else if (what == 1U) {
        (void)iommu_table_set((uint16_t)(any32() % 0x10000U), any32());
    } else if (what == 2U) {
        iommu_table_irqs((uint16_t)(any32() % 0x10000U), any64());
    } else {
        (void)hypercall_dispatch(any32() % MAX_VCPU, any64(), any64(), any64());
    }
}

/*@
  // The theorem says this of every state that the machine can be in.
  predicate isolation{L} = \forall integer vm, gpa, hpa, e; 0 <= vm < MAX_VM && 0 <= gpa < S2_GPA_LIMIT &&
    hw_maps(vm, gpa, hpa, e) ==> reach_ok(vm, hpa, e);
  predicate separation{L} = \forall integer vm, d, gpa, hpa, e; 0 <= vm < MAX_VM && 0 <= gpa < S2_GPA_LIMIT &&
    0 <= d < DOMAIN_COUNT && d != domain_of_vm(vm) && hw_maps(vm, gpa, hpa, e) && has_byte(d, hpa) ==> region_has(hpa);
  predicate user_is_lent{L} = \forall integer vm, gpa, hpa, e; is_user(vm) && 0 <= gpa < S2_GPA_LIMIT &&
    hw_maps(vm, gpa, hpa, e) ==> lent_ok(hpa, e);
  predicate hypervisor_closed{L} = \forall integer vm, gpa, hpa, e; 0 <= vm < MAX_VM && 0 <= gpa < S2_GPA_LIMIT &&
    hw_maps(vm, gpa, hpa, e) && has_byte(DOMAIN_HYPERVISOR, hpa) ==>
      !entry_write(e) && entry_type(e) == S2_WB && region_has(hpa);
  predicate closed{L}(integer base, integer size) = (\forall integer a; base <= a < base + size ==> has_byte(DOMAIN_HYPERVISOR, a)) ==>
    \forall integer vm, gpa, hpa, e; 0 <= vm < MAX_VM && 0 <= gpa < S2_GPA_LIMIT &&
    hw_maps(vm, gpa, hpa, e) && base <= hpa < base + size ==> !entry_write(e);
  predicate dma_is_owners{L} = \forall integer bus, f, gpa, hpa, e; 0 <= bus < 256 && 0 <= f < 256 && 0 <= gpa < S2_GPA_LIMIT &&
    iommu_maps(bus, f, gpa, hpa, e) ==> bus < IOMMU_BUSES && 0 <= iommu_owner(bus, f) < MAX_VM &&
      hw_maps(iommu_owner(bus, f), gpa, hpa, e) && reach_ok(iommu_owner(bus, f), hpa, e) && (unit_writes(e) ==> entry_write(e));
  // Bytes of the tables, wherever each of them lies.
  predicate tables_closed{L}(integer pool, integer root, integer entries) =
    closed(pool, 20971520) && closed(root, 4096) && closed(entries, IOMMU_BUSES * 8192);
*/

/* It holds of any well-formed tables and domains that are apart. */
/*@ requires all_wf && domains_apart_all && iommu_wf;
    assigns \nothing;
    exits \false;
    ensures isolation: isolation;
    ensures separation: separation;
    ensures user: user_is_lent;
    ensures hypervisor: hypervisor_closed;
    ensures tables: tables_closed(pool, root, entries);
    ensures dma: dma_is_owners; */
static void conclude(hpa_t pool, hpa_t root, hpa_t entries)
{
    (void)pool;
    (void)root;
    (void)entries;
    /*@ assert isolation: isolation; */
    /*@ assert hypervisor: hypervisor_closed; */
}

/* pool, root, entries: where stage2_table, iommu_root and iommu_entry lie. */
/*@ requires pool % 4096 == 0 && pool + 20971520 <= 0x10000000000000;
    requires entries % 4096 == 0 && entries + IOMMU_BUSES * 8192 <= 0x10000000000000;
    requires boot_ok && vms_ok;
    assigns MACHINE, partition_result, DOMAIN_OF(0 .. DOMAIN_COUNT - 1),
            DOMAIN_REGIONS_ALL, stage2_pool, STAGE2_OF(0 .. MAX_VM - 1), IOMMU_TABLES;
    exits \false; */
/* proves REQ-ISO-001 REQ-ISO-002 REQ-ISO-003 REQ-ISO-004 REQ-ISO-005 REQ-ISO-006 REQ-ISO-007 REQ-ISO-042 REQ-ISO-043 REQ-ISO-050 */
void isolation_theorem(hpa_t pool, hpa_t root, hpa_t entries)
{
    struct partition_verdict verdict = partition_validate(any32());
    if (verdict.valid && (domain_build() == STATUS_OK)) {
        stage2_init(pool);
        iommu_table_init(entries);
        /*@ loop invariant sane: sane;
            loop invariant pool: stage2_pool == pool;
            loop invariant apart: domains_apart_all;
            loop invariant iommu: iommu_wf;
            loop assigns MACHINE, STAGE2_OF(0 .. MAX_VM - 1), IOMMU_ENTRIES; */
        while (any32() != 0U) {
            any_step();
        }
        conclude(pool, root, entries);
        /*@ assert isolation: isolation; */
        /*@ assert separation: separation; */
        /*@ assert user: user_is_lent; */
        /*@ assert hypervisor: hypervisor_closed; */
        /*@ assert tables: tables_closed(pool, root, entries); */
        /*@ assert dma: dma_is_owners; */
    }
}
