/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How one stage-2 entry looks to the hardware: nested page tables of AMD-V, which have the layout
 * of long-mode page tables (AMD APM 2, 5.3.3 and 15.25). Nothing else knows these bits.
 *
 * U is always set, because nested walks are user accesses (15.25.5). A and D are preset, so that
 * the hardware never writes a table (15.25.10). The memory type comes from the host's PAT
 * (15.25.8): WB = entry 0, WC = PWT = entry 1, UC = PCD | PWT = entry 3.
 */
#ifndef CORE_STAGE2_FORMAT_H
#define CORE_STAGE2_FORMAT_H

#include "core/stage2.h"

#define S2_ENTRY_PRESENT  0x1U
#define S2_ENTRY_WRITE    0x2U
#define S2_ENTRY_USER     0x4U
#define S2_ENTRY_PWT      0x8U
#define S2_ENTRY_PCD      0x10U
#define S2_ENTRY_ACCESSED 0x20U
#define S2_ENTRY_DIRTY    0x40U
#define S2_ENTRY_LARGE    0x80U
#define S2_ENTRY_NX       0x8000000000000000U
#define S2_HPA_LIMIT      0x0010000000000000U /* 2^52: bits 52 and above are not address */

static inline bool stage2_entry_present(uint64_t entry)
{
    return (entry % 2U) == 1U;
}

/* Levels: 1 maps 4 KiB, 2 maps 2 MiB, 3 maps 1 GiB, 4 is the root. */
static inline bool stage2_entry_leaf(uint64_t entry, uint32_t level)
{
    return (level == 1U) || ((level <= 3U) && (((entry / S2_ENTRY_LARGE) % 2U) == 1U));
}

static inline uint64_t stage2_entry_address(uint64_t entry)
{
    return ((entry % S2_HPA_LIMIT) / PAGE_SIZE) * PAGE_SIZE;
}

static inline bool stage2_entry_writable(uint64_t entry)
{
    return ((entry / S2_ENTRY_WRITE) % 2U) == 1U;
}

static inline uint32_t stage2_entry_rights(uint64_t entry)
{
    uint32_t rights = S2_READ;
    if (stage2_entry_writable(entry)) {
        rights += S2_WRITE;
    }
    if (entry < S2_ENTRY_NX) {
        rights += S2_EXEC;
    }
    return rights;
}

static inline uint32_t stage2_entry_type(uint64_t entry)
{
    uint32_t type = S2_WB;
    if (((entry / S2_ENTRY_PCD) % 2U) == 1U) {
        type = S2_UC;
    } else if (((entry / S2_ENTRY_PWT) % 2U) == 1U) {
        type = S2_WC;
    } else {
        /* write-back */
    }
    return type;
}

/* The bits of a leaf that hold rights and type. rights: S2_READ set, others optional. */
static inline uint64_t stage2_leaf_flags(uint32_t rights, uint32_t type)
{
    uint64_t flags = S2_ENTRY_PRESENT + S2_ENTRY_USER + S2_ENTRY_ACCESSED + S2_ENTRY_DIRTY;
    if (((rights / S2_WRITE) % 2U) == 1U) {
        flags += S2_ENTRY_WRITE;
    }
    if (type == S2_UC) {
        flags += S2_ENTRY_PCD + S2_ENTRY_PWT;
    } else if (type == S2_WC) {
        flags += S2_ENTRY_PWT;
    } else {
        /* write-back: no bit */
    }
    return flags;
}

static inline uint64_t stage2_make_leaf(hpa_t hpa, uint32_t rights, uint32_t type, uint32_t level)
{
    uint64_t entry = hpa + stage2_leaf_flags(rights, type);
    if (level > 1U) {
        entry += S2_ENTRY_LARGE;
    }
    if (((rights / S2_EXEC) % 2U) == 0U) {
        entry += S2_ENTRY_NX;
    }
    return entry;
}

/* An entry that leads to the next table: all rights, the leaf decides. */
static inline uint64_t stage2_make_table(hpa_t table)
{
    return table + S2_ENTRY_PRESENT + S2_ENTRY_WRITE + S2_ENTRY_USER + S2_ENTRY_ACCESSED;
}

#endif
