/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What devices tried and were not allowed to. The units' event is an interrupt to the first shared core; it is then off for 10 ms, after
 * which that core looks again: a device that faults without end costs a hundred interrupts a second, and no core of a real-time VM any time.
 */
#include "core/dispatch.h"
#include "core/hw.h"
#include "core/iommu.h"
#include "core/iommu_hw.h"
#include "core/log.h"
#include "core/partition.h"
#include "core/vm.h"

#define LOOKS_PER_SECOND 100U
#define FAULTS_AT_ONCE   16U
#define LINES_PER_SECOND 8U /* for each VM */

static uint64_t fault_due; /* when to look next; TIME_NEVER: the event is on */
static uint64_t fault_count[MAX_VM + 1U];
static uint64_t line_second[MAX_VM + 1U];
static uint32_t line_count[MAX_VM + 1U];

/* The first shared core, or MAX_PCPU where all are exclusive: then nobody looks. */
static pcpu_id_t fault_core(void)
{
    pcpu_id_t pcpu = 0U;
    while ((pcpu < MAX_PCPU) && (((partition.table.board.shared_pcpu_mask >> pcpu) & 1U) == 0U)) {
        pcpu++;
    }
    return pcpu;
}

static bool may_log(vm_id_t vm, uint64_t now)
{
    const uint64_t hz = hw_tsc_hz();
    const uint64_t second = (hz != 0U) ? (now / hz) : 0U;
    if (line_second[vm] != second) {
        line_second[vm] = second;
        line_count[vm] = 0U;
    }
    line_count[vm]++;
    return line_count[vm] <= LINES_PER_SECOND;
}

static void fault_log(vm_id_t vm, const struct iommu_fault *fault)
{
    log_begin("iommu");
    log_text("PCI function ");
    log_hex(fault->bdf);
    log_text(" of ");
    if (vm == IOMMU_NOBODY) {
        log_text("nobody");
    } else {
        log_chars(vms[vm].name, sizeof(vms[vm].name));
    }
    if (fault->interrupt) {
        log_text(": interrupt message blocked, entry ");
    } else {
        log_text(fault->write ? ": DMA write blocked, address " : ": DMA read blocked, address ");
    }
    log_hex(fault->address);
    log_text(", reason ");
    log_hex(fault->reason);
    log_end();
}

/* True: there was one. */
/* REQ-ISO-052 */
static bool fault_take(uint64_t now)
{
    bool taken = false;
    bool more = true;
    for (uint32_t n = 0U; more && (n < FAULTS_AT_ONCE); n++) {
        struct iommu_fault fault = { .bdf = 0U };
        more = hw_iommu_fault_next(&fault);
        if (more) {
            const vm_id_t vm = iommu_table_owner(fault.bdf);
            taken = true;
            fault_count[vm]++;
            if (may_log(vm, now)) {
                fault_log(vm, &fault);
            }
        }
    }
    return taken;
}

static uint64_t look_again(uint64_t now)
{
    return now + (hw_tsc_hz() / LOOKS_PER_SECOND);
}

void iommu_fault_forget(vm_id_t vm)
{
    fault_count[vm] = 0U;
    line_count[vm] = 0U;
}

void iommu_fault_begin(void)
{
    fault_due = 0U;
    for (vm_id_t v = 0U; v <= MAX_VM; v++) {
        iommu_fault_forget(v);
    }
}

/* REQ-ISO-052 */
void iommu_fault_arrived(void)
{
    hw_iommu_fault_event(fault_core(), 0U);
    fault_due = 0U;
}

uint64_t iommu_fault_check(pcpu_id_t pcpu, uint64_t now)
{
    const pcpu_id_t core = fault_core();
    uint64_t due = TIME_NEVER;
    if (iommu_active && (pcpu == core)) {
        if (now >= fault_due) {
            if (fault_take(now)) {
                fault_due = look_again(now);
            } else {
                hw_iommu_fault_event(core, VECTOR_IOMMU);
                fault_due = fault_take(now) ? look_again(now) : TIME_NEVER; /* one that came in between has raised nothing */
            }
        }
        due = fault_due;
    }
    return due;
}

uint64_t iommu_fault_count(vm_id_t vm)
{
    return fault_count[vm];
}
