/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Boot: registers of functions against the partition table. A pre-launched VM has the device memory that its table lists, so a BAR of its
 * function lies there as a whole, at its own address, and no other function's registers share a page with it. Domains of different VMs do not
 * overlap (domain_verify()), so then nobody else reaches it.
 */
#include "core/domain.h"
#include "core/hw.h"
#include "core/log.h"
#include "core/partition.h"
#include "devices/vpci_function.h"

#define BAR_IO         1U
#define BAR_TYPE_64    4U
#define BAR_TYPE_MASK  6U

static bool bar_wide(const struct vpci_function *fn, uint32_t index)
{
    return ((fn->bar[index].value & BAR_TYPE_MASK) == BAR_TYPE_64) && ((index + 1U) < pci_bar_count(fn));
}

hpa_t vpci_bar_base(const struct vpci_function *fn, uint32_t index)
{
    hpa_t base = 0U;

    if ((index < pci_bar_count(fn)) && (fn->bar[index].mask != 0U) && !fn->bar[index].upper &&
        ((fn->bar[index].value & BAR_IO) == 0U)) {
        base = fn->bar[index].value & ~15U;
        if (bar_wide(fn, index)) {
            base |= (hpa_t)fn->bar[index + 1U].value << 32U;
        }
    }
    return base;
}

uint64_t vpci_bar_size(const struct vpci_function *fn, uint32_t index)
{
    uint64_t mask = 0xFFFFFFFF00000000U | fn->bar[index].mask;

    if (bar_wide(fn, index)) {
        mask = ((uint64_t)fn->bar[index + 1U].mask << 32U) | fn->bar[index].mask;
    }
    return ~mask + 1U;
}

void vpci_say(uint16_t bdf, const char *text, hpa_t at)
{
    log_begin("pci");
    log_hex(bdf);
    log_text(text);
    if (at != 0U) {
        log_hex(at);
    }
    log_end();
}

/* Ports and ROM of a given function stay closed. */
/* REQ-INT-054 */
static void bars_close(struct vpci_function *fn)
{
    for (uint32_t i = 0U; i < VPCI_BARS; i++) {
        if ((fn->bar[i].mask != 0U) && !fn->bar[i].upper && ((fn->bar[i].value & BAR_IO) != 0U)) {
            fn->bar[i] = (struct vpci_bar){ .value = 0U };
        }
    }
    if (fn->bar[VPCI_ROM].mask != 0U) {
        hw_pci_write(fn->bdf, pci_rom_offset(fn), 4U, fn->bar[VPCI_ROM].value); /* its enable bit is not in there */
        fn->bar[VPCI_ROM] = (struct vpci_bar){ .value = 0U };
    }
}

/* The pages of a BAR. */
static hpa_t first_page(const struct vpci_function *fn, uint32_t index)
{
    return vpci_bar_base(fn, index) & PAGE_MASK;
}

static uint64_t pages_size(const struct vpci_function *fn, uint32_t index)
{
    hpa_t last = vpci_bar_base(fn, index) + (vpci_bar_size(fn, index) - 1U);

    return ((last & PAGE_MASK) - first_page(fn, index)) + PAGE_SIZE;
}

bool vpci_bar_listed(vm_id_t v, hpa_t base, uint64_t size)
{
    bool found = false;

    for (uint32_t r = 0U; (r < partition.table.vm[v].range_count) && (r < PART_MAX_RANGE); r++) {
        const struct part_range *range = &partition.table.vm[v].range[r];

        found = found || ((range->type == PART_RANGE_MMIO) && (range->gpa == range->hpa) && (base >= range->hpa) &&
                          (size <= range->size) && ((base - range->hpa) <= (range->size - size)));
    }
    return found;
}

/* REQ-INT-055 */
static bool bar_given(vm_id_t v, const struct vpci_function *fn, uint32_t index)
{
    bool ok = true;

    if (!vpci_bar_listed(v, first_page(fn, index), pages_size(fn, index))) {
        vpci_say(fn->bdf, ": its registers are not in its VM's device memory at their own address; list these pages, or inspect the board again: ",
            first_page(fn, index));
        ok = false;
    }
    return ok;
}

bool vpci_bar_pages_meet(const struct vpci_function *fn, uint32_t index, const struct vpci_function *other, uint32_t bar)
{
    uint64_t first = vpci_bar_base(fn, index) / PAGE_SIZE;
    uint64_t last = (vpci_bar_base(fn, index) + (vpci_bar_size(fn, index) - 1U)) / PAGE_SIZE;
    uint64_t other_first = vpci_bar_base(other, bar) / PAGE_SIZE;
    uint64_t other_last = (vpci_bar_base(other, bar) + (vpci_bar_size(other, bar) - 1U)) / PAGE_SIZE;

    return (first <= other_last) && (other_first <= last);
}

/* Whether a page of a given BAR holds a register of somebody else's function. */
/* REQ-INT-055 */
static bool bar_alone(const struct vpci_function *fn, uint32_t index, const struct vpci_function *other)
{
    bool ok = true;

    for (uint32_t i = 0U; ok && (other->owner != fn->owner) && (i < pci_bar_count(other)); i++) {
        if ((vpci_bar_base(other, i) != 0U) && vpci_bar_pages_meet(fn, index, other, i)) {
            vpci_say(fn->bdf, ": its registers share a page with another VM's function; let the firmware place them apart: ", first_page(fn, index));
            ok = false;
        }
    }
    return ok;
}

static bool bars_of_given(vm_id_t v, struct vpci_function *fn)
{
    bool ok = true;

    bars_close(fn);
    for (uint32_t i = 0U; ok && (i < pci_bar_count(fn)); i++) {
        if (vpci_bar_base(fn, i) != 0U) {
            ok = bar_given(v, fn, i);
            for (uint32_t k = 0U; ok && (k < vpci_function_count); k++) {
                ok = bar_alone(fn, i, &vpci_function[k]);
            }
        }
    }
    return ok;
}

/* Of the Service VM, a BAR outside the device memory that the board gives it cannot be reached: the board's description is wrong
 * or incomplete. */
static void bars_of_service(const struct vpci_function *fn)
{
    for (uint32_t i = 0U; i < pci_bar_count(fn); i++) {
        hpa_t base = vpci_bar_base(fn, i);

        if ((base != 0U) && !domain_owns(domain_of(VM_SERVICE), base, vpci_bar_size(fn, i), MEMORY_DEVICE)) {
            vpci_say(fn->bdf, " has a BAR outside the board's device memory: ", base);
        }
    }
}

enum status vpci_bars_check(void)
{
    bool ok = true;

    for (uint32_t i = 0U; ok && (i < vpci_function_count); i++) {
        const vm_id_t v = vpci_function[i].owner;

        if (v == VM_SERVICE) {
            bars_of_service(&vpci_function[i]);
        } else if (v < PART_MAX_VM) {
            ok = bars_of_given(v, &vpci_function[i]);
        } else {
            /* nobody reaches it */
        }
    }
    return ok ? STATUS_OK : STATUS_DENIED;
}
