/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ram_clear.h"
#include "core/hw.h"
#include "core/partition.h"

#define VM_ROWS ((PART_MAX_VM - 1U) * PART_MAX_RANGE) /* the ranges of VMs 1 and on, then the shared regions */
#define ROWS    (VM_ROWS + PART_MAX_SHARED)

static uint32_t clear_row;
static uint64_t clear_done; /* bytes of that row */

void ram_clear_begin(void)
{
    clear_row = 0U;
    clear_done = 0U;
}

/* Bytes at *base that are to be cleared; 0: this row is none. */
static uint64_t row_size(uint32_t row, hpa_t *base)
{
    uint64_t size = 0U;
    if (row >= VM_ROWS) {
        const struct part_shared *shared = &partition.table.shared[row - VM_ROWS];
        const bool used = (row - VM_ROWS) < partition.table.shared_count;
        *base = shared->hpa;
        size = used ? shared->size : 0U;
    } else {
        const uint32_t v = 1U + (row / PART_MAX_RANGE);
        const struct part_vm *vm = &partition.table.vm[v];
        const struct part_range *range = &vm->range[row % PART_MAX_RANGE];
        /* Rows beyond vm_count are not validated. */
        const bool used = (v < partition.table.vm_count) && (vm->kind == PART_VM_PRELAUNCH) && ((row % PART_MAX_RANGE) < vm->range_count);
        *base = range->hpa;
        size = (used && (range->type == PART_RANGE_RAM)) ? range->size : 0U;
    }
    return size;
}

/* REQ-LIF-048 */
bool ram_clear_step(void)
{
    bool cleared = false;
    while ((clear_row < ROWS) && !cleared) {
        hpa_t base = 0U;
        const uint64_t size = row_size(clear_row, &base);
        if (clear_done < size) {
            const uint64_t rest = size - clear_done;
            const uint64_t part = (rest < RAM_CLEAR_STEP) ? rest : RAM_CLEAR_STEP;
            hw_phys_zero(base + clear_done, part);
            clear_done += part;
            cleared = true;
        } else {
            clear_row++;
            clear_done = 0U;
        }
    }
    return cleared;
}
