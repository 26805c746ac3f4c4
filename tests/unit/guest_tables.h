/* SPDX-License-Identifier: Apache-2.0 */
/* A guest's memory, registers and page tables. For one test program each. */
#ifndef UNIT_GUEST_TABLES_H
#define UNIT_GUEST_TABLES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "core/decode.h"
#include "core/guest_locate.h"
#include "core/hw.h"
#include "core/vm.h"

#define ID vcpu_id(4U, 1U)
#define RAM_SIZE 0x20000U

#define P  0x001U
#define PS 0x080U
#define NX (1ULL << 63U)

#define CR0_PE 0x1U
#define CR0_PG 0x80000001U
#define CR4_PSE 0x10U
#define CR4_PAE 0x20U
#define CR4_LA57 0x1000U
#define EFER_LMA 0x400U
#define EFER_NXE 0x800U

struct vm vms[MAX_VM];
struct vcpu vcpus[MAX_VCPU];
struct vcpu_regs vcpu_regs[MAX_VCPU];

static uint8_t ram[RAM_SIZE];
static uint64_t reg[REG_COUNT];
static struct segment code;
static uint32_t reads;

uint64_t hw_vcpu_get(vcpu_id_t id, enum vcpu_reg which)
{
    assert_int_equal(id, ID);
    return reg[which];
}

struct segment hw_vcpu_segment(vcpu_id_t id, enum segment_id segment)
{
    assert_int_equal(id, ID);
    assert_int_equal(segment, SEG_CS);
    return code;
}

enum status guest_locate(vcpu_id_t id, uint32_t place, gpa_t gpa, hpa_t *hpa)
{
    assert_int_equal(id, ID);
    assert_true(place < GUEST_PLACES);
    reads++;
    *hpa = gpa;
    return (gpa < RAM_SIZE) ? STATUS_OK : STATUS_FAULT;
}

uint64_t hw_phys_read(hpa_t pa, uint32_t size)
{
    uint64_t value = 0U;

    assert_true((pa < RAM_SIZE) && (size <= (RAM_SIZE - pa)) && ((pa % size) == 0U));
    memcpy(&value, &ram[pa], size);
    return value;
}

void hw_phys_copy_in(uint8_t *dst, hpa_t src, uint32_t size)
{
    assert_true((src < RAM_SIZE) && (size <= (RAM_SIZE - src)));
    memcpy(dst, &ram[src], size);
}

static inline int setup(void **state)
{
    (void)state;
    memset(ram, 0, sizeof(ram));
    memset(reg, 0, sizeof(reg));
    memset(vcpu_regs, 0, sizeof(vcpu_regs));
    memset(&code, 0, sizeof(code));
    reads = 0U;
    return 0;
}

static inline void put64(gpa_t table, uint32_t index, uint64_t entry) { memcpy(&ram[table + (index * 8U)], &entry, 8U); }
static inline void put32(gpa_t table, uint32_t index, uint32_t entry) { memcpy(&ram[table + (index * 4U)], &entry, 4U); }

static inline gpa_t translated(gva_t gva)
{
    gpa_t gpa = 0xBAD0BAD0U;

    assert_int_equal(guest_translate(ID, gva, &gpa), STATUS_OK);
    return gpa;
}

static inline bool faults(gva_t gva)
{
    gpa_t gpa = 0U;

    return guest_translate(ID, gva, &gpa) == STATUS_FAULT;
}

static inline void use_4_levels(void)
{
    reg[REG_CR0] = CR0_PG;
    reg[REG_CR4] = CR4_PAE;
    reg[REG_EFER] = EFER_LMA | EFER_NXE;
    reg[REG_CR3] = 0x1018U; /* PWT and PCD are no address bits */
    put64(0x1000U, 256U, 0x2000U | P);  /* 0xFFFF8000_00000000 */
    put64(0x2000U, 1U, 0x3000U | P);
    put64(0x3000U, 2U, 0x4000U | P);
    put64(0x4000U, 3U, 0x123456789000U | P | NX);
}

#define GVA_4 0xFFFF800040403ABCU

static inline void use_pae(void)
{
    reg[REG_CR0] = CR0_PG;
    reg[REG_CR4] = CR4_PAE;
    reg[REG_CR3] = 0x1020U; /* 32-byte aligned */
    put64(0x1020U, 3U, 0x2000U | P);
    put64(0x2000U, 2U, 0x3000U | P);
    put64(0x3000U, 5U, 0x8765432000U | P);
}

#define GVA_PAE 0xC0405123U

static inline void use_32_bit(void)
{
    reg[REG_CR0] = CR0_PG;
    reg[REG_CR4] = CR4_PSE;
    reg[REG_CR3] = 0x1018U;
    put32(0x1000U, 0x301U, 0x2000U | P);
    put32(0x2000U, 5U, 0xFEEFF000U | P);
}

#define GVA_32 0xC0405123U

#define T(name) cmocka_unit_test_setup(name, setup)

#endif
