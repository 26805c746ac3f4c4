/* SPDX-License-Identifier: Apache-2.0 */
/* Publishes abi/hv_info.h in the telemetry range. The Service VM only reads it. */
#include "core/stats.h"
#include "core/boot_info.h"
#include "core/hw.h"
#include "core/iommu.h"
#include "core/log.h"
#include "core/partition.h"
#include "core/stage2.h"
#include "core/string.h"
#include "core/trace.h"
#include "core/vm.h"
#include "core/vm_health.h"

#define LOG_CAPACITY 32768U /* a power of two that fits behind the ring's header */
#define LOG_HEADER   16U    /* sizeof(struct hv_log_ring) without text[] */
#define VM_HEADER    96U    /* sizeof(struct hv_vm_stats) without vcpu[] */

_Static_assert(sizeof(struct hv_vm_stats) == (VM_HEADER + (HV_STATS_VCPUS * sizeof(struct hv_vcpu_stats))), "VM_HEADER");

struct vcpu_stats vcpu_stats[MAX_VCPU];
struct vm_health vm_health[4];

/* The ring's content of this boot, kept here until the telemetry range is known. */
static char stats_log[LOG_CAPACITY];
static uint64_t stats_log_written;
static bool stats_ready;
static uint32_t stats_sequence;
static struct hv_info stats_info;
static struct hv_vm_stats stats_vm; /* one VM's record while it is filled; too big for a stack */

static void stats_add_region(const char *name, uint64_t gpa, uint64_t size, uint32_t kind, uint32_t flags)
{
    if (stats_info.region_count < HV_MAX_REGION) {
        struct hv_region *region = &stats_info.region[stats_info.region_count];
        for (uint32_t i = 0U; (i < 15U) && (name[i] != '\0'); i++) {
            region->name[i] = name[i];
        }
        region->gpa = gpa;
        region->size = size;
        region->kind = kind;
        region->flags = flags;
        stats_info.region_count++;
    }
}

/* Shared regions that the Service VM maps, with the rights it has there. */
static void add_shared_regions(void)
{
    const struct part_vm *service = &partition.table.vm[0];
    for (uint32_t i = 0U; (i < partition.table.shared_count) && (i < PART_MAX_SHARED); i++) {
        const struct part_shared *shared = &partition.table.shared[i];
        for (uint32_t r = 0U; (r < service->range_count) && (r < PART_MAX_RANGE); r++) {
            const struct part_range *range = &service->range[r];
            if ((range->type == PART_RANGE_SHARED) && (range->hpa == shared->hpa)) {
                uint32_t flags = ((range->flags & PART_RANGE_WRITE) != 0U) ? HV_REGION_WRITE : 0U;
                stats_add_region(shared->name, range->gpa, range->size, HV_REGION_SHARED, flags);
            }
        }
    }
}

/* REQ-IO-012 */
void stats_init(void)
{
    hpa_t base = partition.table.telemetry_hpa;
    (void)memset(&stats_info, 0, sizeof(stats_info));
    stats_info.magic = HV_INFO_MAGIC;
    stats_info.version = HV_INFO_VERSION;
    stats_info.tsc_hz = hw_tsc_hz();
    for (uint32_t i = 0U; i < 31U; i++) {
        stats_info.scenario[i] = partition.table.scenario[i];
    }
    /* whole pages: that is what the Service VM can map */
    stats_add_region("stats", base + HV_STATS_OFFSET, HV_LOG_OFFSET - HV_STATS_OFFSET, HV_REGION_STATS, 0U);
    stats_add_region("log", base + HV_LOG_OFFSET, HV_TRACE_OFFSET - HV_LOG_OFFSET, HV_REGION_LOG, 0U);
    stats_add_region("trace", base + HV_TRACE_OFFSET, HV_TRACE_SIZE, HV_REGION_TRACE, 0U);
    stats_add_region("crash", base + HV_CRASH_OFFSET, HV_CRASH_SIZE, HV_REGION_CRASH, 0U);
    add_shared_regions();
    hw_phys_zero(base, HV_CRASH_OFFSET); /* what is behind it outlives a reset */
    hw_phys_copy_out(base, (const uint8_t *)&stats_info, (uint32_t)sizeof(stats_info));
    hw_phys_write(base + HV_LOG_OFFSET, 4U, HV_LOG_MAGIC);
    hw_phys_write(base + HV_LOG_OFFSET + 4U, 4U, LOG_CAPACITY);
    hw_phys_write(base + HV_LOG_OFFSET + 8U, 8U, stats_log_written);
    for (uint32_t at = 0U; at < LOG_CAPACITY; at += PAGE_SIZE) {
        /* in pieces: a copy may not be longer than the window allows */
        hw_phys_copy_out(base + HV_LOG_OFFSET + LOG_HEADER + at, (const uint8_t *)&stats_log[at], PAGE_SIZE);
    }
    trace_init(base + HV_TRACE_OFFSET);
    stats_ready = true;
    stats_publish();
}

static void fill_vcpu(struct hv_vcpu_stats *out, vcpu_id_t id)
{
    const struct vcpu_stats *in = &vcpu_stats[id];
    out->exits_total = in->exits_total;
    out->last_exit_tsc = in->last_exit_tsc;
    out->run_ticks = in->run_ticks;
    for (uint32_t r = 0U; r < (uint32_t)HV_EXIT_REASONS; r++) {
        out->exits[r] = in->exits[r];
        out->worst_ticks[r] = in->worst[r];
    }
    out->worst_tsc = in->worst_tsc;
    out->pcpu = vcpus[id].pcpu;
    out->state = (uint32_t)vcpus[id].state;
}

static void fill_health(vm_id_t v)
{
    const struct vm_health *health = &vm_health[v % PART_MAX_VM];
    bool has = v < PART_MAX_VM;
    stats_vm.last_fault_tsc = has ? health->last_fault_tsc : 0U;
    stats_vm.last_fault = has ? health->last_fault : 0U;
    stats_vm.restarts = has ? health->restarts : 0U;
    for (uint32_t i = 0U; i < PART_FAULTS; i++) {
        stats_vm.faults[i] = has ? health->faults[i] : 0U;
    }
}

/* Fills stats_vm; returns how many of its bytes say something, the rest being zeros. */
static uint32_t fill_vm(vm_id_t v)
{
    uint32_t used = VM_HEADER;
    for (uint32_t i = 0U; i < 16U; i++) {
        stats_vm.name[i] = vms[v].name[i];
    }
    stats_vm.state = (uint32_t)vms[v].state;
    stats_vm.kind = (uint32_t)vms[v].kind;
    stats_vm.vcpu_count = vms[v].vcpu_count;
    stats_vm.pages_used = stage2_pages_used(v);
    stats_vm.pages_quota = STAGE2_PAGES;
    stats_vm.exclusive = vms[v].exclusive ? 1U : 0U;
    stats_vm.start_tsc = vms[v].start_tsc;
    stats_vm.memory_size = vms[v].memory_size;
    stats_vm.dma_faults = iommu_fault_count(v);
    fill_health(v);
    for (uint32_t i = 0U; (i < vms[v].vcpu_count) && (i < HV_STATS_VCPUS); i++) {
        fill_vcpu(&stats_vm.vcpu[i], vcpu_id(v, i));
        used += (uint32_t)sizeof(stats_vm.vcpu[i]);
    }
    return used;
}

/* Zeros are not copied but made: most records are empty, and that is cheaper. */
static void publish_vm(vm_id_t v, hpa_t to)
{
    uint32_t used = 0U;
    if (vms[v].state != VM_FREE) {
        used = fill_vm(v);
        hw_phys_copy_out(to, (const uint8_t *)&stats_vm, used);
    }
    hw_phys_zero(to + used, (uint32_t)sizeof(stats_vm) - used);
}

/* REQ-RT-014 */
void stats_publish(void)
{
    hpa_t base = partition.table.telemetry_hpa + HV_STATS_OFFSET;
    if (stats_ready) {
        stats_sequence++;
        hw_phys_write(base, 4U, HV_STATS_MAGIC);
        hw_phys_write(base + 4U, 4U, HV_INFO_VERSION);
        hw_phys_write(base + 8U, 4U, stats_sequence);
        hw_phys_write(base + 12U, 4U, HV_STATS_VMS);
        hw_phys_write(base + 16U, 8U, hw_tsc());
        hw_phys_write(base + 24U, 8U, hw_tsc_hz());
        hw_phys_write(base + 32U, 8U, boot_info.entry_tsc);
        for (vm_id_t v = 0U; v < HV_STATS_VMS; v++) {
            publish_vm(v, base + 40U + (v * sizeof(stats_vm)));
        }
        stats_sequence++;
        hw_phys_write(base + 8U, 4U, stats_sequence);
    }
}

void stats_reset_vm(vm_id_t v)
{
    (void)memset(&vcpu_stats[vcpu_id(v, 0U)], 0, sizeof(vcpu_stats[0]) * MAX_VCPU_PER_VM);
    if (v >= VM_FIRST_USER) {
        iommu_fault_forget(v); /* another VM's, whose place this one has */
    }
}

void stats_log_char(char c)
{
    uint32_t at = (uint32_t)(stats_log_written % LOG_CAPACITY);
    stats_log_written++;
    stats_log[at] = c;
    if (stats_ready) {
        hpa_t ring = partition.table.telemetry_hpa + HV_LOG_OFFSET;
        hw_phys_write(ring + LOG_HEADER + at, 1U, (uint64_t)(uint8_t)c);
    }
}

void stats_log_told(void)
{
    if (stats_ready) {
        hw_phys_write(partition.table.telemetry_hpa + HV_LOG_OFFSET + 8U, 8U, stats_log_written);
    }
}

void stats_log_summary(vm_id_t v)
{
    uint64_t exits = 0U;
    uint64_t last = 0U;
    for (uint32_t i = 0U; i < vms[v].vcpu_count; i++) {
        const struct vcpu_stats *in = &vcpu_stats[vcpu_id(v, i)];
        exits += in->exits_total;
        last = (in->last_exit_tsc > last) ? in->last_exit_tsc : last;
    }
    log_begin("summary");
    log_chars(vms[v].name, sizeof(vms[v].name));
    log_text(" exits=");
    log_dec(exits);
    log_text(" last_exit_tsc=");
    log_dec(last);
    log_text(" start_tsc=");
    log_dec(vms[v].start_tsc);
    log_text(" tsc=");
    log_dec(hw_tsc());
    log_end();
}
