/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of the partition table: every range by itself, against the machine's memory map, against
 * the hypervisor's memory, and against every other range. domain_build() checks the walls once
 * more on its result; here is where a mistake gets its name.
 */
#include "core/boot_info.h"
#include "core/domain.h"
#include "core/interval.h"
#include "core/partition_check.h"
#include "abi/hv_info.h"

#define LOCAL_APIC_BASE 0xFEE00000U /* and the MSI address range: Intel SDM 3, 11.11; AMD APM 2, 16.9 */
#define LOCAL_APIC_SIZE 0x100000U
#define MMCONFIG_BUS_SIZE 0x100000U /* 4 KiB for each of 256 functions of a bus */

/* listed: entry r of VM v exists; range_ok: its pages are good. */
/*@ predicate listed{L}(integer v, integer r) =
      counts_ok && 0 <= v < partition.table.vm_count && 0 <= r < partition.table.vm[v].range_count;
    predicate range_ok{L}(integer v, integer r) =
      pages(partition.table.vm[v].range[r].hpa, partition.table.vm[v].range[r].size) &&
      partition.table.vm[v].range[r].gpa + partition.table.vm[v].range[r].size <= 0x1000000000000;
    predicate telemetry_ok{L} = pages(partition.table.telemetry_hpa, partition.table.telemetry_size);
    predicate regions_ok{L} = \forall integer s; 0 <= s < partition.table.shared_count ==>
      pages(partition.table.shared[s].hpa, partition.table.shared[s].size);
    predicate vm_ok{L}(integer v) =
      \forall integer r; 0 <= r < partition.table.vm[v].range_count ==> range_ok(v, r); */

/*@ requires listed(v, r);
    assigns \nothing;
    exits \false;
    ensures \result == partition.table.vm[v].range[r].hpa; */
static hpa_t range_hpa(uint32_t v, uint32_t r)
{
    return partition.table.vm[v].range[r].hpa;
}

/*@ requires listed(v, r);
    assigns \nothing;
    exits \false;
    ensures \result == partition.table.vm[v].range[r].gpa; */
static gpa_t range_gpa(uint32_t v, uint32_t r)
{
    return partition.table.vm[v].range[r].gpa;
}

/*@ requires listed(v, r);
    assigns \nothing;
    exits \false;
    ensures \result == partition.table.vm[v].range[r].size; */
static uint64_t range_size(uint32_t v, uint32_t r)
{
    return partition.table.vm[v].range[r].size;
}

/*@ requires listed(v, r);
    assigns \nothing;
    exits \false;
    ensures \result == partition.table.vm[v].range[r].type; */
static uint32_t range_type(uint32_t v, uint32_t r)
{
    return partition.table.vm[v].range[r].type;
}

/*@ requires listed(v, r);
    assigns \nothing;
    exits \false;
    ensures \result == partition.table.vm[v].range[r].flags; */
static uint32_t range_flags(uint32_t v, uint32_t r)
{
    return partition.table.vm[v].range[r].flags;
}

/*@ assigns \nothing;
    exits \false;
    ensures \result ==> size > 0 && base % 4096 == 0 && size % 4096 == 0 && base + size <= limit; */
static bool paged(uint64_t base, uint64_t size, uint64_t limit)
{
    return ((base % PAGE_SIZE) == 0U) && ((size % PAGE_SIZE) == 0U) && (size != 0U) && (base < limit) &&
           (size <= (limit - base));
}

/* Lies wholly in adjoining RAM entries of the memory map, which is sorted. */
/*@ requires boot_ok && base + size <= PART_HPA_LIMIT;
    assigns \nothing;
    exits \false; */
static bool in_ram(hpa_t base, uint64_t size)
{
    hpa_t next = base;
    uint64_t left = size;
    /*@ loop invariant 0 <= i <= boot_info.range_count && next + left == base + size;
        loop assigns i, next, left;
        loop variant boot_info.range_count - i; */
    for (uint32_t i = 0U; i < boot_info.range_count; i++) {
        hpa_t start = boot_info.range[i].base;
        uint64_t length = boot_info.range[i].size;
        if ((boot_info.range[i].type == BOOT_RAM) && (next >= start) && ((next - start) < length)) {
            uint64_t here = length - (next - start);
            uint64_t part = (here < left) ? here : left;
            next += part;
            left -= part;
        }
    }
    return left == 0U;
}

/* Any byte is RAM, or holds ACPI tables. */
/*@ requires boot_ok && size > 0;
    assigns \nothing;
    exits \false; */
static bool meets_ram(hpa_t base, uint64_t size)
{
    bool meets = false;
    /*@ loop invariant 0 <= i <= boot_info.range_count;
        loop assigns i, meets;
        loop variant boot_info.range_count - i; */
    for (uint32_t i = 0U; i < boot_info.range_count; i++) {
        bool ram = (boot_info.range[i].type == BOOT_RAM) || (boot_info.range[i].type == BOOT_ACPI) ||
                   (boot_info.range[i].type == BOOT_NVS);
        meets = meets || (ram && (boot_info.range[i].size != 0U) &&
                          interval_meets(boot_info.range[i].base, boot_info.range[i].size, base, size));
    }
    return meets;
}

/* REQ-ISO-028 */
bool partition_meets_controller(uint64_t base, uint64_t size)
{
    bool meets = interval_meets(LOCAL_APIC_BASE, LOCAL_APIC_SIZE, base, size) ||
                 ((platform.ioapic_base != 0U) &&
                  interval_meets((platform.ioapic_base / PAGE_SIZE) * PAGE_SIZE, PAGE_SIZE, base, size));
    if ((platform.mmconfig_base != 0U) && (platform.mmconfig_buses != 0U)) {
        meets = meets || interval_meets(platform.mmconfig_base, (uint64_t)platform.mmconfig_buses * MMCONFIG_BUS_SIZE,
                                        base, size);
    }
    return meets;
}

/* Pages of the image, the pools and the boot modules. */
/*@ requires boot_ok && size > 0;
    assigns \nothing;
    exits \false; */
static bool meets_hypervisor(hpa_t base, uint64_t size)
{
    bool meets = (boot_info.image_size != 0U) && interval_meets(boot_info.image_base, boot_info.image_size, base, size);
    /*@ loop invariant 0 <= i <= boot_info.module_count;
        loop assigns i, meets;
        loop variant boot_info.module_count - i; */
    for (uint32_t i = 0U; i < boot_info.module_count; i++) {
        hpa_t first = (boot_info.module[i].base / PAGE_SIZE) * PAGE_SIZE;
        uint64_t bytes = (boot_info.module[i].base - first) + boot_info.module[i].size;
        meets = meets || ((bytes != 0U) && interval_meets(first, ((bytes + PAGE_SIZE) - 1U) / PAGE_SIZE * PAGE_SIZE,
                                                          base, size));
    }
    return meets;
}

/*@ requires telemetry_ok && size > 0;
    assigns \nothing;
    exits \false; */
static bool meets_telemetry(hpa_t base, uint64_t size)
{
    return interval_meets(partition.table.telemetry_hpa, partition.table.telemetry_size, base, size);
}

/*@ requires boot_ok;
    assigns partition_result;
    exits \false;
    ensures \result ==> telemetry_ok; */
static bool check_telemetry(void)
{
    bool ok = true;
    hpa_t base = partition.table.telemetry_hpa;
    if (!paged(base, partition.table.telemetry_size, PART_HPA_LIMIT) ||
        (partition.table.telemetry_size != HV_TELEMETRY_SIZE)) {
        ok = partition_refuse("the telemetry range must be 1164 KiB on a page boundary: compile the scenario for this version", ID_NONE, base);
    } else if (!in_ram(base, HV_TELEMETRY_SIZE)) {
        ok = partition_refuse("the telemetry range is not RAM on this machine: move it", ID_NONE, base);
    } else if (meets_hypervisor(base, HV_TELEMETRY_SIZE)) {
        ok = partition_refuse("the telemetry range overlaps the hypervisor or a boot module: move it", ID_NONE, base);
    } else {
        /* free RAM */
    }
    return ok;
}

/*@ requires counts_ok && s < partition.table.shared_count;
    requires pages(partition.table.shared[s].hpa, partition.table.shared[s].size);
    requires \forall integer t; 0 <= t < s ==> pages(partition.table.shared[t].hpa, partition.table.shared[t].size);
    assigns partition_result;
    exits \false; */
static bool check_region_apart(uint32_t s)
{
    bool ok = true;
    /*@ loop invariant 0 <= t <= s;
        loop assigns t, ok, partition_result;
        loop variant s - t; */
    for (uint32_t t = 0U; ok && (t < s); t++) {
        if (interval_meets(partition.table.shared[s].hpa, partition.table.shared[s].size, partition.table.shared[t].hpa,
                           partition.table.shared[t].size)) {
            ok = partition_refuse("two shared regions overlap: move one", ID_NONE, partition.table.shared[s].hpa);
        }
    }
    return ok;
}

/*@ requires boot_ok && counts_ok && telemetry_ok && s < partition.table.shared_count;
    requires \forall integer t; 0 <= t < s ==> pages(partition.table.shared[t].hpa, partition.table.shared[t].size);
    assigns partition_result;
    exits \false;
    ensures \result ==> pages(partition.table.shared[s].hpa, partition.table.shared[s].size); */
static bool check_region(uint32_t s)
{
    bool ok = true;
    hpa_t base = partition.table.shared[s].hpa;
    uint64_t size = partition.table.shared[s].size;
    if (!paged(base, size, PART_HPA_LIMIT)) {
        ok = partition_refuse("a shared region must have whole pages: align hpa and size to 4 KiB", ID_NONE, base);
    } else if (!in_ram(base, size)) {
        ok = partition_refuse("a shared region is not RAM on this machine: move it", ID_NONE, base);
    } else if (meets_hypervisor(base, size) || meets_telemetry(base, size)) {
        ok = partition_refuse("a shared region overlaps the hypervisor, a boot module or the telemetry range: move it",
                              ID_NONE, base);
    } else {
        ok = check_region_apart(s);
    }
    return ok;
}

/*@ requires boot_ok && counts_ok && telemetry_ok;
    assigns partition_result;
    exits \false;
    ensures \result ==> regions_ok; */
static bool check_regions(void)
{
    bool ok = true;
    /*@ loop invariant 0 <= s <= partition.table.shared_count;
        loop invariant ok ==> \forall integer t; 0 <= t < s ==>
          pages(partition.table.shared[t].hpa, partition.table.shared[t].size);
        loop assigns s, ok, partition_result;
        loop variant partition.table.shared_count - s; */
    for (uint32_t s = 0U; ok && (s < partition.table.shared_count); s++) {
        ok = check_region(s);
    }
    return ok;
}

/*@ requires listed(v, r);
    assigns partition_result;
    exits \false;
    ensures \result ==> range_ok(v, r); */
static bool check_shape(uint32_t v, uint32_t r)
{
    bool ok = true;
    if (!paged(range_gpa(v, r), range_size(v, r), PART_GPA_LIMIT) ||
        !paged(range_hpa(v, r), range_size(v, r), PART_HPA_LIMIT)) {
        ok = partition_refuse("a memory range must have whole pages below 2^48: align gpa, hpa and size to 4 KiB", v,
                              range_hpa(v, r));
    } else if (partition_meets_controller(range_gpa(v, r), range_size(v, r))) {
        ok = partition_refuse("a memory range hides the interrupt controllers or PCI configuration from its VM: "
                              "leave these guest addresses out", v, range_gpa(v, r));
    } else if ((v == VM_SERVICE) && (range_gpa(v, r) != range_hpa(v, r))) {
        ok = partition_refuse("the Service VM is identity mapped: set gpa to hpa", v, range_gpa(v, r));
    } else if ((range_flags(v, r) & ~(PART_RANGE_WRITE | PART_RANGE_EXEC | PART_RANGE_WC | ((v == VM_SERVICE) ? PART_RANGE_LEND : 0U))) != 0U) {
        ok = partition_refuse("unknown flag of a memory range: compile the scenario again", v, range_flags(v, r));
    } else {
        /* well formed */
    }
    return ok;
}

/*@ requires boot_ok && listed(v, r) && range_ok(v, r);
    assigns partition_result;
    exits \false; */
static bool check_ram(uint32_t v, uint32_t r)
{
    bool ok = true;
    if (v == VM_SERVICE) {
        ok = partition_refuse("the Service VM gets the RAM that is left over: remove its RAM ranges", v,
                              range_hpa(v, r));
    } else if ((range_flags(v, r) & PART_RANGE_WC) != 0U) {
        ok = partition_refuse("RAM is write-back: remove 'wc'", v, range_hpa(v, r));
    } else if (!in_ram(range_hpa(v, r), range_size(v, r))) {
        ok = partition_refuse("a RAM range is not RAM on this machine: move or shrink it", v, range_hpa(v, r));
    } else {
        /* RAM */
    }
    return ok;
}

/*@ requires boot_ok && listed(v, r) && range_ok(v, r);
    assigns partition_result;
    exits \false; */
static bool check_mmio(uint32_t v, uint32_t r)
{
    bool ok = true;
    if ((range_flags(v, r) & PART_RANGE_EXEC) != 0U) {
        ok = partition_refuse("device registers are not executable: remove 'exec'", v, range_hpa(v, r));
    } else if (meets_ram(range_hpa(v, r), range_size(v, r))) {
        ok = partition_refuse("an MMIO range covers RAM: shrink it", v, range_hpa(v, r));
    } else if (partition_meets_controller(range_hpa(v, r), range_size(v, r))) {
        ok = partition_refuse("an MMIO range covers the IOAPIC, the local APIC or MMCONFIG, which the hypervisor keeps: "
                              "split it around them", v, range_hpa(v, r));
    } else {
        /* device registers */
    }
    return ok;
}

/*@ requires listed(v, r);
    assigns partition_result;
    exits \false; */
static bool check_shared(uint32_t v, uint32_t r)
{
    bool ok = false;
    /*@ loop invariant 0 <= s <= partition.table.shared_count;
        loop assigns s, ok;
        loop variant partition.table.shared_count - s; */
    for (uint32_t s = 0U; s < partition.table.shared_count; s++) {
        ok = ok || interval_within(partition.table.shared[s].hpa, partition.table.shared[s].size, range_hpa(v, r),
                                   range_size(v, r));
    }
    if (!ok) {
        ok = partition_refuse("a shared range lies in no shared region: declare the region or correct hpa and size", v,
                              range_hpa(v, r));
    } else if ((range_flags(v, r) & PART_RANGE_WC) != 0U) {
        ok = partition_refuse("shared memory is write-back: remove 'wc'", v, range_hpa(v, r));
    } else {
        /* declared */
    }
    return ok;
}

/* What nobody but its owner may list: the hypervisor's memory and shared regions. */
/*@ requires boot_ok && listed(v, r) && range_ok(v, r) && telemetry_ok && regions_ok;
    assigns partition_result;
    exits \false; */
static bool check_private(uint32_t v, uint32_t r)
{
    bool ok = true;
    if (meets_hypervisor(range_hpa(v, r), range_size(v, r))) {
        ok = partition_refuse("a memory range overlaps the hypervisor or a boot module: move it", v, range_hpa(v, r));
    } else if (meets_telemetry(range_hpa(v, r), range_size(v, r))) {
        ok = partition_refuse("a memory range overlaps the telemetry range: move one of them", v, range_hpa(v, r));
    } else {
        /*@ loop invariant 0 <= s <= partition.table.shared_count;
            loop assigns s, ok, partition_result;
            loop variant partition.table.shared_count - s; */
        for (uint32_t s = 0U; ok && (range_type(v, r) != PART_RANGE_SHARED) &&
                              (s < partition.table.shared_count); s++) {
            if (interval_meets(partition.table.shared[s].hpa, partition.table.shared[s].size, range_hpa(v, r),
                               range_size(v, r))) {
                ok = partition_refuse("a memory range overlaps a shared region: move it, or give it the type 'shared'", v,
                                      range_hpa(v, r));
            }
        }
    }
    return ok;
}

/*@ requires boot_ok && listed(v, r) && range_ok(v, r);
    assigns partition_result;
    exits \false; */
static bool check_type(uint32_t v, uint32_t r)
{
    bool ok;
    if (range_type(v, r) == PART_RANGE_RAM) {
        ok = check_ram(v, r);
    } else if (range_type(v, r) == PART_RANGE_MMIO) {
        ok = check_mmio(v, r);
    } else if (range_type(v, r) == PART_RANGE_SHARED) {
        ok = check_shared(v, r);
    } else {
        ok = partition_refuse("a memory range must be ram, mmio or shared", v, range_type(v, r));
    }
    return ok;
}

/* Two ranges, of one VM or of two. Shared ranges of two VMs may meet: both lie in a shared region. */
/*@ requires listed(v, r) && range_ok(v, r) && listed(w, q) && range_ok(w, q);
    assigns partition_result;
    exits \false; */
static bool check_pair(uint32_t v, uint32_t r, uint32_t w, uint32_t q)
{
    bool ok = true;
    bool shared = (v != w) && (range_type(v, r) == PART_RANGE_SHARED) && (range_type(w, q) == PART_RANGE_SHARED);
    if ((v == w) && interval_meets(range_gpa(v, r), range_size(v, r), range_gpa(w, q), range_size(w, q))) {
        ok = partition_refuse("two memory ranges of one VM overlap in its own addresses: change gpa", v,
                              range_gpa(v, r));
    } else if (!shared && interval_meets(range_hpa(v, r), range_size(v, r), range_hpa(w, q), range_size(w, q))) {
        ok = partition_refuse("two memory ranges use the same machine memory: change hpa, or declare a shared region", v,
                              range_hpa(v, r));
    } else {
        /* apart */
    }
    return ok;
}

/* Against the ranges before it in the table. */
/*@ requires listed(v, r) && range_ok(v, r);
    requires \forall integer w, q; 0 <= w <= v && 0 <= q < (w == v ? r : partition.table.vm[w].range_count) ==>
      range_ok(w, q);
    assigns partition_result;
    exits \false; */
static bool check_range_apart(uint32_t v, uint32_t r)
{
    bool ok = true;
    /*@ loop invariant 0 <= w <= v + 1;
        loop assigns w, ok, partition_result;
        loop variant v + 1 - w; */
    for (uint32_t w = 0U; ok && (w <= v); w++) {
        uint32_t count = (w == v) ? r : partition.table.vm[w].range_count;
        /*@ loop invariant 0 <= q <= count;
            loop assigns q, ok, partition_result;
            loop variant count - q; */
        for (uint32_t q = 0U; ok && (q < count); q++) {
            ok = check_pair(v, r, w, q);
        }
    }
    return ok;
}

/*@ requires boot_ok && counts_ok && v < partition.table.vm_count && telemetry_ok && regions_ok;
    requires \forall integer w; 0 <= w < v ==> vm_ok(w);
    assigns partition_result;
    exits \false;
    ensures \result ==> vm_ok(v); */
static bool check_ranges(uint32_t v)
{
    bool ok = true;
    /*@ loop invariant 0 <= r <= partition.table.vm[v].range_count;
        loop invariant ok ==> \forall integer q; 0 <= q < r ==> range_ok(v, q);
        loop assigns r, ok, partition_result;
        loop variant partition.table.vm[v].range_count - r; */
    for (uint32_t r = 0U; ok && (r < partition.table.vm[v].range_count); r++) {
        ok = check_shape(v, r) && check_type(v, r) && check_private(v, r) && check_range_apart(v, r);
    }
    return ok;
}

/*@ requires counts_ok && v < partition.table.vm_count;
    assigns \nothing;
    exits \false; */
static bool in_vm_ram(uint32_t v, uint64_t gpa, uint64_t size)
{
    bool inside = false;
    /*@ loop invariant 0 <= r <= partition.table.vm[v].range_count;
        loop assigns r, inside;
        loop variant partition.table.vm[v].range_count - r; */
    for (uint32_t r = 0U; r < partition.table.vm[v].range_count; r++) {
        inside = inside || ((range_type(v, r) == PART_RANGE_RAM) &&
                            interval_within(range_gpa(v, r), range_size(v, r), gpa, size));
    }
    return inside;
}

/* A pre-launched VM lives in its RAM ranges. */
/*@ requires counts_ok && v < partition.table.vm_count;
    assigns partition_result;
    exits \false; */
static bool check_has_ram(uint32_t v)
{
    bool has = (v == VM_SERVICE);
    /*@ loop invariant 0 <= r <= partition.table.vm[v].range_count;
        loop assigns r, has;
        loop variant partition.table.vm[v].range_count - r; */
    for (uint32_t r = 0U; r < partition.table.vm[v].range_count; r++) {
        has = has || (range_type(v, r) == PART_RANGE_RAM);
    }
    return has ? true : partition_refuse("the VM has no RAM: give it a memory range of type ram", v, 0U);
}

/*@ requires counts_ok && v < partition.table.vm_count && partition.table.total_size >= sizeof(struct part_table);
    assigns partition_result;
    exits \false; */
static bool check_acpi(uint32_t v)
{
    bool ok = true;
    if (partition.table.vm[v].acpi_offset == 0U) {
        ok = (partition.table.vm[v].acpi_size == 0U) ? true : partition_refuse("ACPI size without data: compile the scenario again", v,
                                                             partition.table.vm[v].acpi_size);
    } else if (v == VM_SERVICE) {
        ok = partition_refuse("the Service VM gets the machine's ACPI tables: remove its own", v,
                              partition.table.vm[v].acpi_offset);
    } else if ((partition.table.vm[v].acpi_size == 0U) ||
               !interval_within(sizeof(struct part_table), partition.table.total_size - sizeof(struct part_table),
                                partition.table.vm[v].acpi_offset, partition.table.vm[v].acpi_size)) {
        ok = partition_refuse("the ACPI data is not inside the table: compile the scenario again", v,
                              partition.table.vm[v].acpi_offset);
    } else if (!in_vm_ram(v, partition.table.vm[v].acpi_gpa, partition.table.vm[v].acpi_size)) {
        ok = partition_refuse("acpi_gpa is not in the VM's RAM: correct it", v, partition.table.vm[v].acpi_gpa);
    } else {
        /* can be copied */
    }
    return ok;
}

/* REQ-CFG-005 */
/* proves REQ-CFG-005 */
bool partition_check_memory(void)
{
    bool ok = check_telemetry() && check_regions();
    /*@ loop invariant 0 <= v <= partition.table.vm_count;
        loop invariant ok ==> telemetry_ok && regions_ok && \forall integer w; 0 <= w < v ==> vm_ok(w);
        loop assigns v, ok, partition_result;
        loop variant partition.table.vm_count - v; */
    for (uint32_t v = 0U; ok && (v < partition.table.vm_count); v++) {
        ok = check_ranges(v) && check_has_ram(v) && check_acpi(v);
    }
    return ok;
}
