/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registers of lent functions in the address spaces of the Service VM, at their own address, and of the User VM, where its BAR registers say. Pages that hold
 * the function's MSI-X table are mapped to nobody. BARs count in whole pages here, which belong to no other function.
 */
#include "core/domain.h"
#include "core/interval.h"
#include "core/iommu.h"
#include "core/stage2.h"
#include "core/vm.h"
#include "devices/vpci_lent_state.h"

#define GPA_LIMIT    0x8000000000U /* 512 GiB, as for memory (core/hypercall_memory.c) */
#define IOAPIC_PAGE  0xFEC00000U
#define LAPIC_PAGE   0xFEE00000U
#define PAGE_BITS    0xFFFU
#define BAR_FLAGS    15U

/* Part of a BAR, from its start: the pages of the MSI-X table; at its end and empty where there is none. */
struct table_pages { uint64_t from; uint64_t to; };

static uint64_t span(const struct vpci_function *fn, uint32_t index)
{
    uint64_t size = vpci_bar_size(fn, index % LENT_BARS);

    return (size < PAGE_SIZE) ? PAGE_SIZE : size;
}

static struct table_pages lent_table(const struct vpci_function *fn, uint32_t index)
{
    const hpa_t base = vpci_bar_base(fn, index);
    const uint64_t size = span(fn, index);
    struct table_pages pages = { .from = size, .to = size };

    if ((fn->msix.offset != 0U) && (fn->msix.table >= base) && ((fn->msix.table - base) < size)) {
        pages.from = (fn->msix.table - base) & PAGE_MASK;
        pages.to = (((fn->msix.table - base) + (16U * (uint64_t)fn->msix.count)) + PAGE_BITS) & PAGE_MASK;
    }
    return pages;
}

static bool alone(const struct vpci_function *fn, uint32_t index)
{
    bool ok = (vpci_bar_base(fn, index) & PAGE_BITS) == 0U;

    for (uint32_t k = 0U; k < vpci_function_count; k++) {
        for (uint32_t i = 0U; (&vpci_function[k] != fn) && (i < pci_bar_count(&vpci_function[k])); i++) {
            ok = ok && !((vpci_bar_base(&vpci_function[k], i) != 0U) && vpci_bar_pages_meet(fn, index, &vpci_function[k], i));
        }
    }
    return ok;
}

/* How the Service VM has the BAR's pages: the same for all, or 0. */
static uint32_t service_attr(const struct vpci_function *fn, uint32_t index)
{
    const hpa_t base = vpci_bar_base(fn, index);
    const uint64_t size = span(fn, index);
    const struct table_pages table = lent_table(fn, index);
    bool same = domain_owns(domain_of(VM_SERVICE), base, size, MEMORY_DEVICE);
    uint32_t attr = 0U;
    uint64_t at = (table.from == 0U) ? table.to : 0U;

    while (same && (at < size)) {
        const struct stage2_mapping leaf = stage2_lookup(VM_SERVICE, base + at);
        const bool has = leaf.present && (leaf.hpa == (base + at)) && ((leaf.attr & S2_WRITE) != 0U);

        same = has && ((attr == 0U) || (attr == leaf.attr));
        attr = leaf.attr;
        at += (leaf.span >= PAGE_SIZE) ? (leaf.span - ((base + at) % leaf.span)) : PAGE_SIZE;
        at = ((at >= table.from) && (at < table.to)) ? table.to : at;
    }
    if (attr == 0U) {
        attr = S2_READ | S2_WRITE | S2_UC; /* nothing but a table */
    }
    return same ? attr : 0U;
}

/* REQ-INT-191 */
bool vpci_bar_of_service(const struct vpci_function *fn, uint32_t index)
{
    return alone(fn, index) && (service_attr(fn, index) != 0U);
}

/* REQ-ISO-080 */
const char *lent_bars_refused(struct lent *l)
{
    const struct vpci_function *fn = lent_function(l);
    const char *why = "";

    for (uint32_t i = 0U; i < LENT_BARS; i++) {
        l->attr[i] = 0U;
        if (vpci_bar_base(fn, i) != 0U) {
            l->attr[i] = service_attr(fn, i);
            if (!alone(fn, i)) {
                why = ": a page of its registers is another function's, too; let the firmware place them apart";
            } else if (l->attr[i] == 0U) {
                why = ": not all of its registers are the Service VM's device memory; inspect the board again";
            } else {
                /* as it should be */
            }
        }
    }
    return why;
}

/* Both runs; their ends are ends of leaves, as each was mapped as one. Between them lies nothing of the function's. */
static void pages_unmap(vm_id_t v, const struct vpci_function *fn, uint32_t index, gpa_t gpa)
{
    const struct table_pages table = lent_table(fn, index);

    if (table.from != 0U) {
        (void)stage2_unmap(v, gpa, table.from);
    }
    if (table.to < span(fn, index)) {
        (void)stage2_unmap(v, gpa + table.to, span(fn, index) - table.to);
    }
    vm_shootdown(v);
}

/* Nothing is where the table's accesses are answered. */
static bool table_free(vm_id_t v, const struct table_pages *table, gpa_t gpa)
{
    bool unused = true;

    for (uint64_t at = table->from; at < table->to; at += PAGE_SIZE) {
        if (stage2_lookup(v, gpa + at).present) {
            unused = false;
        }
    }
    return unused;
}

/* In at most two runs, around the table. */
static enum status lent_pages_map(vm_id_t v, const struct vpci_function *fn, uint32_t index, gpa_t gpa, uint32_t attr)
{
    const hpa_t base = vpci_bar_base(fn, index);
    const uint64_t size = span(fn, index);
    const struct table_pages table = lent_table(fn, index);
    enum status result = table_free(v, &table, gpa) ? STATUS_OK : STATUS_BUSY;

    if ((result == STATUS_OK) && (table.from != 0U)) {
        result = stage2_map(v, gpa, base, table.from, attr);
    }
    if ((result == STATUS_OK) && (table.to < size)) {
        result = stage2_map(v, gpa + table.to, base + table.to, size - table.to, attr);
        if (result != STATUS_OK) {
            (void)stage2_unmap(v, gpa, table.from);
            vm_shootdown(v);
        }
    }
    return result;
}

void lent_say(vm_id_t v, uint16_t bdf, const char *text, hpa_t at)
{
    if (vm_may_log(v)) {
        vpci_say(bdf, text, at);
    }
}

static void service_map(const struct lent *l, uint32_t index)
{
    const struct vpci_function *fn = lent_function(l);

    if (lent_pages_map(VM_SERVICE, fn, index, vpci_bar_base(fn, index), l->attr[index]) != STATUS_OK) {
        lent_say(l->vm, fn->bdf, ": the Service VM does not get these registers back, as its tables are used up: ", vpci_bar_base(fn, index));
    }
    iommu_flush_vm(VM_SERVICE);
}

/* REQ-ISO-080 */
enum status lent_bars_take(const struct lent *l)
{
    const struct vpci_function *fn = lent_function(l);
    enum status result = STATUS_OK;
    uint32_t taken = 0U;

    while ((taken < LENT_BARS) && (result == STATUS_OK)) {
        if (l->attr[taken] != 0U) {
            result = stage2_unmap(VM_SERVICE, vpci_bar_base(fn, taken), span(fn, taken));
            vm_shootdown(VM_SERVICE);
        }
        taken += (result == STATUS_OK) ? 1U : 0U;
    }
    for (uint32_t i = 0U; (i < taken) && (result != STATUS_OK); i++) {
        if (l->attr[i] != 0U) {
            service_map(l, i);
        }
    }
    return result;
}

void lent_bars_give_back(const struct lent *l)
{
    for (uint32_t i = 0U; i < LENT_BARS; i++) {
        if (l->attr[i] != 0U) {
            service_map(l, i);
        }
    }
}

static uint32_t low_mask(const struct vpci_function *fn, uint32_t index)
{
    return fn->bar[index].mask & (uint32_t)PAGE_MASK;
}

/* REQ-INT-081 */
uint32_t lent_bar_read(const struct lent *l, uint32_t index)
{
    const struct vpci_function *fn = lent_function(l);
    uint32_t value = 0U;

    if (fn->bar[index].upper) {
        value = l->bar[index] & fn->bar[index].mask;
    } else if (l->attr[index] != 0U) {
        value = (l->bar[index] & low_mask(fn, index)) | (fn->bar[index].value & BAR_FLAGS);
    } else {
        /* not there, or ports: hidden */
    }
    return value;
}

static bool meets(gpa_t base, uint64_t size, gpa_t page)
{
    return (page < (base + size)) && ((page + PAGE_SIZE) > base);
}

/* Where the registers say that the BAR is, or 0. */
static gpa_t lent_wanted(const struct lent *l, uint32_t index)
{
    const struct vpci_function *fn = lent_function(l);
    const uint64_t size = span(fn, index);
    gpa_t at = 0U;

    if ((l->state == LENT_THERE) && vpci_decodes_memory(fn)) {
        at = (uint64_t)l->bar[index] & low_mask(fn, index);
        if (((index + 1U) < LENT_BARS) && fn->bar[index + 1U].upper) {
            at |= (uint64_t)(l->bar[index + 1U] & fn->bar[index + 1U].mask) << 32U;
        }
    }
    if ((at > (GPA_LIMIT - size)) || meets(at, size, IOAPIC_PAGE) || meets(at, size, LAPIC_PAGE)) {
        at = 0U;
    }
    return at;
}

/* REQ-ISO-081 */
bool vpci_lent_meets(vm_id_t v, gpa_t base, uint64_t size)
{
    bool found = false;

    for (uint32_t k = 0U; (size != 0U) && (k < LENT_FUNCTIONS); k++) {
        const struct lent *l = &vpci_lent_record[k];

        for (uint32_t i = 0U; (l->state == LENT_THERE) && (l->vm == v) && (i < LENT_BARS); i++) {
            found = found || ((l->at[i] != 0U) && interval_meets(base, size, l->at[i], span(lent_function(l), i)));
        }
    }
    return found;
}

/* What moves leaves its old place before anything takes a new one. */
/* REQ-INT-081 REQ-ISO-081 */
void lent_bars_update(struct lent *l)
{
    const struct vpci_function *fn = lent_function(l);

    for (uint32_t i = 0U; i < LENT_BARS; i++) {
        if ((l->at[i] != 0U) && (l->at[i] != lent_wanted(l, i))) {
            pages_unmap(l->vm, fn, i, l->at[i]);
            l->at[i] = 0U;
        }
    }
    for (uint32_t i = 0U; i < LENT_BARS; i++) {
        const gpa_t at = (l->attr[i] != 0U) ? lent_wanted(l, i) : 0U;

        if (at != l->at[i]) {
            if (lent_pages_map(l->vm, fn, i, at, l->attr[i] & ~S2_EXEC) == STATUS_OK) {
                l->at[i] = at;
                iommu_flush_vm(l->vm); /* for units that do not look into caches */
            } else {
                lent_say(l->vm, fn->bdf, ": this place of a BAR meets other memory of its VM, or the VM's tables are used up: ", at);
            }
        }
    }
}
