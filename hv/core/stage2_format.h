/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How one stage-2 entry looks to the hardware. Nothing else knows these bits. Three formats: nested page tables of
 * AMD-V, which have the layout of long-mode page tables (AMD APM 2, 5.3.3 and 15.25), the same with what an AMD IOMMU reads in them besides
 * (AMD IOMMU 3.08, 2.2.3), and EPT of VT-x (Intel SDM 3, 28.3.2). They agree in what walks need: bit 0 present (EPT: readable, which every mapping is), bit 1 write, bit 7 leaf,
 * bits 12 to 51 address. They differ in execute, memory type and the constant bits: stage2_format says which one holds.
 *
 * NPT: U is always set, because nested walks are user accesses (15.25.5). A and D are preset, so that
 * the hardware never writes a table (15.25.10). The memory type comes from the host's PAT
 * (15.25.8): WB = entry 0, WC = PWT = entry 1, UC = PCD | PWT = entry 3.
 *
 * EPT: bit 2 execute, bits 3 to 5 the type (table 28-6: 6 WB, 1 WC, 0 UC), the guest's PAT counts (bit 6 clear). A and D are not
 * in use (EPTP bit 6 clear), so the hardware writes no table here either. In an entry that leads on, bits 3 to 7 are reserved.
 *
 * AMD IOMMU: it finds a leaf not by bit 7 but by the level of the next table in bits 9 to 11, which is 0 in a leaf; bits 61 and 62 are the rights
 * to read and write. The processor ignores all of these (AMD APM 2, 5.3.3, "available to software").
 *
 * Address fields are computed by division and remainder with constants: the compiler makes shifts
 * and masks of them, and the provers understand them.
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
#define S2_AMDVI_NEXT     0x200U /* the lowest of three bits: level of the table that the entry leads to */
#define S2_AMDVI_READ     0x200U /* these two: of the bits from 52 on */
#define S2_AMDVI_WRITE    0x400U
#define S2_EPT_EXEC       0x4U
#define S2_EPT_WC         0x8U
#define S2_EPT_WB         0x30U
#define S2_EPT_TYPE       0x8U  /* the lowest of three bits */
#define S2_HPA_LIMIT      0x0010000000000000U /* 2^52: bits 52 and above are not address */

/* The same as the hardware reads it (AMD APM 2, 5.4; Intel SDM 3, 28.3.2), for the proofs. */
/*@
  predicate entry_present(integer e) = e % 2 == 1;
  predicate entry_large(integer e) = (e / 128) % 2 == 1;
  predicate entry_leaf(integer e, integer level) = level == 1 || (level <= 3 && entry_large(e));
  predicate entry_write(integer e) = (e / 2) % 2 == 1;
  predicate entry_exec(integer e) = e < 0x8000000000000000;
  // Bits 52 to 62 are 0, but for an AMD IOMMU's rights, which are the processor's.
  logic integer entry_high(integer e) = (e % 0x8000000000000000) / 0x10000000000000;
  logic integer entry_next(integer e) = (e / 512) % 8;
  predicate entry_reserved_clear{L}(integer e, integer level) =
    entry_high(e) == (stage2_format == S2_FORMAT_NPT_AMDVI ? 512 + 1024 * ((e / 2) % 2) : 0) &&
    (stage2_format == S2_FORMAT_NPT_AMDVI && entry_leaf(e, level) ==> entry_next(e) == 0) &&
    (stage2_format == S2_FORMAT_NPT_AMDVI && !entry_leaf(e, level) ==> entry_next(e) == level - 1);
  logic integer entry_address(integer e) = ((e % 0x10000000000000) / 4096) * 4096;
  logic integer entry_type{L}(integer e) = stage2_format == S2_FORMAT_EPT ?
    ((e / 8) % 8 == 6 ? S2_WB : ((e / 8) % 8 == 1 ? S2_WC : S2_UC)) :
    ((e / 16) % 2 == 1 ? S2_UC : ((e / 8) % 2 == 1 ? S2_WC : S2_WB));
  logic integer entry_rights{L}(integer e) = 1 + 2 * ((e / 2) % 2) + (stage2_format == S2_FORMAT_EPT ?
    4 * ((e / 4) % 2) : (e < 0x8000000000000000 ? 4 : 0));
  // A predicate, so that no prover puts the sum in the place of attr everywhere.
  predicate entry_attr{L}(integer e, integer attr) = entry_rights(e) + entry_type(e) == attr;
*/

/*@ assigns \nothing;
    exits \false;
    ensures \result <==> entry_present(entry); */
static inline bool stage2_entry_present(uint64_t entry)
{
    return (entry % 2U) == 1U;
}

/* Levels: 1 maps 4 KiB, 2 maps 2 MiB, 3 maps 1 GiB, 4 is the root. */
/*@ assigns \nothing;
    exits \false;
    ensures \result <==> entry_leaf(entry, level); */
static inline bool stage2_entry_leaf(uint64_t entry, uint32_t level)
{
    return (level == 1U) || ((level <= 3U) && (((entry / S2_ENTRY_LARGE) % 2U) == 1U));
}

/*@ assigns \nothing;
    exits \false;
    ensures \result == entry_address(entry);
    ensures \result % 4096 == 0 && \result < S2_HPA_LIMIT; */
static inline uint64_t stage2_entry_address(uint64_t entry)
{
    return ((entry % S2_HPA_LIMIT) / PAGE_SIZE) * PAGE_SIZE;
}

/*@ assigns \nothing;
    exits \false;
    ensures \result == entry_rights(entry); */
static inline uint32_t stage2_entry_rights(uint64_t entry)
{
    uint32_t rights = S2_READ;
    if (((entry / S2_ENTRY_WRITE) % 2U) == 1U) {
        rights += S2_WRITE;
    }
    if (stage2_format == S2_FORMAT_EPT) {
        rights += (((entry / S2_EPT_EXEC) % 2U) == 1U) ? S2_EXEC : 0U;
    } else if (entry < S2_ENTRY_NX) {
        rights += S2_EXEC;
    } else {
        /* NX */
    }
    return rights;
}

/*@ assigns \nothing;
    exits \false;
    ensures \result == entry_type(entry); */
static inline uint32_t stage2_entry_type(uint64_t entry)
{
    uint32_t type = S2_WB;
    if (stage2_format == S2_FORMAT_EPT) {
        uint64_t bits = ((entry / S2_EPT_TYPE) % 8U) * S2_EPT_TYPE;
        if (bits == S2_EPT_WC) {
            type = S2_WC;
        } else if (bits != S2_EPT_WB) {
            type = S2_UC;
        } else {
            /* write-back */
        }
    } else if (((entry / S2_ENTRY_PCD) % 2U) == 1U) {
        type = S2_UC;
    } else if (((entry / S2_ENTRY_PWT) % 2U) == 1U) {
        type = S2_WC;
    } else {
        /* write-back */
    }
    return type;
}

/*@ requires rights < 8 && rights % 2 == 1;
    requires type == S2_WB || type == S2_UC || type == S2_WC;
    assigns \nothing;
    exits \false;
    ensures \result == 1 + 2 * ((rights / 2) % 2) + 4 * ((rights / 4) % 2) + (type == S2_WB ? 48 : (type == S2_WC ? 8 : 0)); */
static inline uint64_t stage2_ept_flags(uint32_t rights, uint32_t type)
{
    uint64_t flags = S2_ENTRY_PRESENT;
    if (((rights / S2_WRITE) % 2U) == 1U) {
        flags += S2_ENTRY_WRITE;
    }
    if (((rights / S2_EXEC) % 2U) == 1U) {
        flags += S2_EPT_EXEC;
    }
    if (type == S2_WB) {
        flags += S2_EPT_WB;
    } else if (type == S2_WC) {
        flags += S2_EPT_WC;
    } else {
        /* uncached: no bit */
    }
    return flags;
}

/*@ requires rights < 8 && rights % 2 == 1;
    requires type == S2_WB || type == S2_UC || type == S2_WC;
    assigns \nothing;
    exits \false;
    ensures \result == 101 + 2 * ((rights / 2) % 2) + (type == S2_UC ? 24 : (type == S2_WC ? 8 : 0)); */
static inline uint64_t stage2_npt_flags(uint32_t rights, uint32_t type)
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

/* What an AMD IOMMU needs above the address, as a number that begins at bit 52. */
/*@ assigns \nothing;
    exits \false;
    ensures \result == (stage2_format == S2_FORMAT_NPT_AMDVI ? (write ? 1536 : 512) : 0); */
static inline uint64_t stage2_amdvi_rights(bool write)
{
    uint64_t rights = 0U;
    if (stage2_format == S2_FORMAT_NPT_AMDVI) {
        rights = S2_AMDVI_READ;
        if (write) {
            rights += S2_AMDVI_WRITE;
        }
    }
    return rights;
}

/* The bits of a leaf below the address. rights: S2_READ set, others optional. */
/*@ requires rights < 8 && rights % 2 == 1;
    requires type == S2_WB || type == S2_UC || type == S2_WC;
    requires 1 <= level <= 3;
    assigns \nothing;
    exits \false;
    ensures \result < 256;
    ensures present: entry_present(\result);
    ensures leaf: entry_leaf(\result, level);
    ensures write: entry_write(\result) <==> (rights / 2) % 2 == 1;
    ensures exec: stage2_format == S2_FORMAT_EPT ==> ((\result / 4) % 2 == 1 <==> (rights / 4) % 2 == 1);
    ensures type: entry_type(\result) == type; */
static inline uint64_t stage2_leaf_flags(uint32_t rights, uint32_t type, uint32_t level)
{
    uint64_t flags = (stage2_format == S2_FORMAT_EPT) ? stage2_ept_flags(rights, type) : stage2_npt_flags(rights, type);
    if (level > 1U) {
        flags += S2_ENTRY_LARGE;
    }
    return flags;
}

/*@ requires rights < 8 && rights % 2 == 1;
    requires type == S2_WB || type == S2_UC || type == S2_WC;
    requires 1 <= level <= 3;
    requires hpa % 4096 == 0 && hpa < S2_HPA_LIMIT;
    assigns \nothing;
    exits \false;
    ensures present: entry_present(\result);
    ensures leaf: entry_leaf(\result, level);
    ensures address: entry_address(\result) == hpa;
    ensures rights: entry_rights(\result) == rights;
    ensures write: entry_write(\result) <==> (rights / 2) % 2 == 1;
    ensures type: entry_type(\result) == type;
    ensures reserved: entry_reserved_clear(\result, level); */
static inline uint64_t stage2_make_leaf(hpa_t hpa, uint32_t rights, uint32_t type, uint32_t level)
{
    uint64_t flags = stage2_leaf_flags(rights, type, level);
    uint64_t high = stage2_amdvi_rights(((rights / S2_WRITE) % 2U) == 1U);
    if ((stage2_format != S2_FORMAT_EPT) && (((rights / S2_EXEC) % 2U) == 0U)) {
        high += S2_ENTRY_NX / S2_HPA_LIMIT;
    }
    uint64_t page = (high * (S2_HPA_LIMIT / PAGE_SIZE)) + (hpa / PAGE_SIZE);
    uint64_t entry = (page * PAGE_SIZE) + flags;
    /*@ assert high: high % 2048 == (stage2_format == S2_FORMAT_NPT_AMDVI ? (((rights / 2) % 2 == 1) ? 1536 : 512) : 0); */
    /*@ assert nx: high < 2048 <==> stage2_format == S2_FORMAT_EPT || (rights / 4) % 2 == 1; */
    /*@ assert whole: entry == 0x10000000000000 * high + (hpa + flags); */
    /*@ assert low52: entry % 0x10000000000000 == hpa + flags; */
    /*@ assert above52: entry_high(entry) == high % 2048; */
    /*@ assert low1: entry == 4096 * page + flags; */
    /*@ assert low2: entry / 2 == 2048 * page + flags / 2; */
    /*@ assert low4: entry / 4 == 1024 * page + flags / 4; */
    /*@ assert bit4: (entry / 4) % 2 == (flags / 4) % 2; */
    /*@ assert low8: entry / 8 == 512 * page + flags / 8; */
    /*@ assert type8: (entry / 8) % 8 == (flags / 8) % 8; */
    /*@ assert low16: entry / 16 == 256 * page + flags / 16; */
    /*@ assert bit8: (entry / 8) % 2 == (flags / 8) % 2; */
    /*@ assert bit16: (entry / 16) % 2 == (flags / 16) % 2; */
    /*@ assert low128: entry / 128 == 32 * page + flags / 128; */
    /*@ assert low512: entry / 512 == 8 * page; */
    /*@ assert write: (entry / 2) % 2 == (flags / 2) % 2; */
    return entry;
}

/* An entry of this level that leads to the next table: all rights, the leaf decides. */
/*@ requires table % 4096 == 0 && table < S2_HPA_LIMIT;
    requires 2 <= level <= 4;
    assigns \nothing;
    exits \false;
    ensures entry_present(\result) && !entry_large(\result);
    ensures entry_address(\result) == table;
    ensures entry_reserved_clear(\result, level); */
static inline uint64_t stage2_make_table(hpa_t table, uint32_t level)
{
    uint64_t flags = S2_ENTRY_PRESENT + S2_ENTRY_WRITE;
    flags += (stage2_format == S2_FORMAT_EPT) ? S2_EPT_EXEC : (S2_ENTRY_USER + S2_ENTRY_ACCESSED);
    if (stage2_format == S2_FORMAT_NPT_AMDVI) {
        flags += S2_AMDVI_NEXT * ((uint64_t)level - 1U);
    }
    return (stage2_amdvi_rights(true) * S2_HPA_LIMIT) + table + flags;
}

#endif
