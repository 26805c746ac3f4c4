/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walk of the guest's own page tables and fetch of its code (Intel SDM 3,
 * chapter 4; AMD APM 2, chapter 5). Tables are read as guest memory, so
 * whatever the guest writes there leads to its own memory or to STATUS_FAULT.
 * Where the processor checked the access before the exit, rights are not checked again.
 */
#include "core/decode.h"
#include "core/guest_locate.h"
#include "core/hw.h"
#include "core/vm.h"

#define CR0_PG    (1ULL << 31U)
#define CR0_PE    1ULL
#define CR0_WP    (1ULL << 16U)
#define CR4_PSE   (1ULL << 4U)
#define CR4_PAE   (1ULL << 5U)
#define CR4_LA57  (1ULL << 12U)
#define EFER_LMA  (1ULL << 10U)
#define EFER_NXE  (1ULL << 11U)
#define RFLAGS_VM (1ULL << 17U)

#define PTE_PRESENT 1ULL
#define PTE_WRITE   (1ULL << 1U)
#define PTE_USER    (1ULL << 2U)
#define PTE_RIGHTS  (PTE_WRITE | PTE_USER)
#define PTE_LARGE   (1ULL << 7U)
#define PTE_NX      (1ULL << 63U)
#define PTE_ADDRESS 0x000FFFFFFFFFF000ULL

#define SEGMENT_L 0x2000U /* access: 64-bit code */
#define SEGMENT_D 0x4000U /* access: 32-bit code */

/* Fixed for one walk. */
struct paging {
    uint32_t levels;
    uint32_t entry_size;
    uint32_t index_bits;
    uint32_t largest;  /* highest level at which PTE_LARGE maps a page; 1: none */
    uint64_t reserved; /* bits that must be zero in a present entry */
    uint64_t root;
};

static bool long_mode_active(vcpu_id_t id)
{
    return (hw_vcpu_get(id, REG_EFER) & EFER_LMA) != 0U;
}

static struct paging paging_of(vcpu_id_t id)
{
    uint64_t cr3 = hw_vcpu_get(id, REG_CR3);
    uint64_t cr4 = hw_vcpu_get(id, REG_CR4);
    bool no_execute = (hw_vcpu_get(id, REG_EFER) & EFER_NXE) != 0U;
    struct paging paging = { 0 };

    paging.entry_size = 8U;
    paging.index_bits = 9U;
    paging.reserved = no_execute ? 0U : PTE_NX;
    if (long_mode_active(id)) {
        paging.levels = ((cr4 & CR4_LA57) != 0U) ? 5U : 4U;
        paging.largest = 3U;
        paging.root = cr3 & PTE_ADDRESS;
    } else if ((cr4 & CR4_PAE) != 0U) {
        paging.levels = 3U;
        paging.largest = 2U;
        paging.root = cr3 & 0xFFFFFFE0U;
        paging.reserved |= 0x7FF0000000000000ULL;
    } else {
        paging.levels = 2U;
        paging.entry_size = 4U;
        paging.index_bits = 10U;
        paging.largest = ((cr4 & CR4_PSE) != 0U) ? 2U : 1U;
        paging.root = cr3 & 0xFFFFF000U;
        paging.reserved = 0U;
    }
    return paging;
}

/* Entries are aligned to their size: none lies on two pages. */
static bool walk_entry_read(vcpu_id_t id, uint32_t level, gpa_t address, uint32_t size, uint64_t *entry)
{
    hpa_t hpa = 0U;
    bool there = guest_locate(id, level, address, &hpa) == STATUS_OK;

    *entry = there ? hw_phys_read(hpa, size) : 0U;
    return there;
}

/* Bits between the attribute PAT (bit 12) and the frame of a large page must be zero. */
static bool large_frame_valid(const struct paging *paging, uint64_t entry, uint32_t shift)
{
    uint64_t low = ((1ULL << shift) - 1U) & ~0x1FFFULL;

    if (paging->entry_size == 4U) {
        low = 1ULL << 21U; /* PSE-36: bits 13..20 are address bits 32..39 */
    }
    return (entry & low) == 0U;
}

static gpa_t leaf_address(const struct paging *paging, uint64_t entry, uint32_t shift, gva_t gva)
{
    uint64_t offset = (1ULL << shift) - 1U;
    gpa_t frame = entry & PTE_ADDRESS & ~offset;

    if ((paging->entry_size == 4U) && (shift > 12U)) {
        frame |= ((entry >> 13U) & 0xFFU) << 32U;
    }
    return frame | (gva & offset);
}

/* The four entries at the top of PAE tables carry no rights (Intel SDM 3, table 4-8). */
static bool has_rights(const struct paging *paging, uint32_t level)
{
    return (paging->levels != 3U) || (level != 3U);
}

/* rights: those that every entry on the way gives. */
/* REQ-IO-007 */
static enum status walk(vcpu_id_t id, gva_t gva, gpa_t *gpa, uint64_t *rights)
{
    struct paging paging = paging_of(id);
    enum status status = STATUS_OK;
    uint64_t table = paging.root;
    bool found = false;

    for (uint32_t level = paging.levels; (level > 0U) && (status == STATUS_OK) && !found; level--) {
        uint32_t shift = 12U + ((level - 1U) * paging.index_bits);
        uint64_t index = (gva >> shift) & ((1ULL << paging.index_bits) - 1U);
        uint64_t entry = 0U;
        bool read = walk_entry_read(id, level, table + (index * paging.entry_size), paging.entry_size, &entry);
        /* With 4-byte entries and PSE off, bit 7 is ignored; above the largest page it is reserved. */
        bool large = ((entry & PTE_LARGE) != 0U) && (level > 1U);
        if (large && (paging.entry_size == 4U) && (paging.largest == 1U)) {
            large = false;
        }
        if (has_rights(&paging, level)) {
            *rights &= entry;
        }
        if (!read || ((entry & PTE_PRESENT) == 0U) || ((entry & paging.reserved) != 0U)) {
            status = STATUS_FAULT;
        } else if (large && ((level > paging.largest) || !large_frame_valid(&paging, entry, shift))) {
            status = STATUS_FAULT;
        } else if (large || (level == 1U)) {
            *gpa = leaf_address(&paging, entry, shift, gva);
            found = true;
        } else {
            table = entry & PTE_ADDRESS;
        }
    }
    return status;
}

static bool is_canonical(vcpu_id_t id, gva_t gva)
{
    uint32_t width = ((hw_vcpu_get(id, REG_CR4) & CR4_LA57) != 0U) ? 57U : 48U;
    uint64_t top = gva >> (width - 1U);

    return (top == 0U) || (top == (0xFFFFFFFFFFFFFFFFULL >> (width - 1U)));
}

static enum status translate(vcpu_id_t id, gva_t gva, gpa_t *gpa, uint64_t *rights)
{
    enum status status = STATUS_OK;
    bool long_mode = long_mode_active(id);
    gva_t linear = long_mode ? gva : (gva & 0xFFFFFFFFU);

    *rights = PTE_RIGHTS;
    if ((hw_vcpu_get(id, REG_CR0) & CR0_PG) == 0U) {
        *gpa = linear;
    } else if (long_mode && !is_canonical(id, linear)) {
        status = STATUS_FAULT;
    } else {
        status = walk(id, linear, gpa, rights);
    }
    return status;
}

enum status guest_translate(vcpu_id_t id, gva_t gva, gpa_t *gpa)
{
    uint64_t rights;

    return translate(id, gva, gpa, &rights);
}

/* Intel SDM 3, 4.6.1: supervisor code writes where it is told not to unless CR0.WP is set. */
static enum status translate_allowed(vcpu_id_t id, gva_t gva, bool write, gpa_t *gpa)
{
    uint64_t rights = 0U;
    enum status status = translate(id, gva, gpa, &rights);
    bool user = hw_vcpu_get(id, REG_CPL) == 3U;
    bool protects = user || ((hw_vcpu_get(id, REG_CR0) & CR0_WP) != 0U);
    bool hidden = user && ((rights & PTE_USER) == 0U);
    bool read_only = write && protects && ((rights & PTE_WRITE) == 0U);

    if ((status == STATUS_OK) && (hidden || read_only)) {
        status = STATUS_DENIED;
    }
    return status;
}

/* REQ-IO-006 */
enum status guest_translate_data(vcpu_id_t id, const struct operand *operand, gpa_t *gpa, gva_t *fault)
{
    gva_t last = operand->gva + operand->size - 1U;
    gpa_t last_gpa = 0U;
    enum status status = translate_allowed(id, operand->gva, operand->write, gpa);

    *fault = operand->gva;
    if ((status == STATUS_OK) && ((last / PAGE_SIZE) != (operand->gva / PAGE_SIZE))) {
        *fault = last & PAGE_MASK;
        status = translate_allowed(id, last, operand->write, &last_gpa);
        if ((status == STATUS_OK) && (last_gpa != (*gpa + operand->size - 1U))) {
            status = STATUS_INVALID;
        }
    }
    return status;
}

uint32_t guest_code_mode(vcpu_id_t id)
{
    struct segment code = hw_vcpu_segment(id, SEG_CS);
    bool protected_mode = (hw_vcpu_get(id, REG_CR0) & CR0_PE) != 0U;
    bool virtual_8086 = (vcpu_regs[id].rflags & RFLAGS_VM) != 0U;
    uint32_t mode = 16U;

    if (long_mode_active(id) && ((code.access & SEGMENT_L) != 0U)) {
        mode = 64U;
    } else if (protected_mode && !virtual_8086 && ((code.access & SEGMENT_D) != 0U)) {
        mode = 32U;
    } else {
        mode = 16U;
    }
    return mode;
}

/* The linear address of the byte at CS:RIP + offset. */
static gva_t code_address(vcpu_id_t id, uint32_t offset)
{
    gva_t address = vcpu_regs[id].rip + offset;

    if (guest_code_mode(id) != 64U) {
        address = (hw_vcpu_segment(id, SEG_CS).base + address) & 0xFFFFFFFFU;
    }
    return address;
}

/* What is mapped from this linear address to the end of its page, at most INSN_MAX bytes. */
static uint32_t fetch_in_page(vcpu_id_t id, gva_t address, uint8_t bytes[INSN_MAX])
{
    uint32_t size = PAGE_SIZE - (uint32_t)(address & (PAGE_SIZE - 1U));
    gpa_t gpa = 0U;
    hpa_t hpa = 0U;
    bool mapped = guest_translate(id, address, &gpa) == STATUS_OK;

    if (size > INSN_MAX) {
        size = INSN_MAX;
    }
    if (mapped) {
        mapped = guest_locate(id, 0U, gpa, &hpa) == STATUS_OK;
    }
    if (mapped) {
        hw_phys_copy_in(bytes, hpa, size);
    }
    return mapped ? size : 0U;
}

/* At most two pages hold 15 bytes. */
uint32_t guest_fetch(vcpu_id_t id, uint8_t bytes[INSN_MAX])
{
    uint8_t rest[INSN_MAX] = { 0 };
    uint32_t count = fetch_in_page(id, code_address(id, 0U), bytes);

    if ((count > 0U) && (count < INSN_MAX)) {
        uint32_t more = fetch_in_page(id, code_address(id, count), rest);
        for (uint32_t i = 0U; (i < more) && (count < INSN_MAX); i++) {
            bytes[count] = rest[i];
            count++;
        }
    }
    return count;
}
