/* SPDX-License-Identifier: Apache-2.0 */
#include "core/core_kind.h"
#include "core/cpuid.h"
#include "core/hw.h"
#include "core/partition.h"
#include "core/vcpu_hw.h"

#define LEAF_XSAVE   0x0DU
#define LEAF_KIND    0x1AU
#define FEATURE_HYBRID 0x8000U /* 7:EDX */
#define KIND_SHIFT   24U       /* 1AH:EAX */

/* Registers of features. Not family and model, nor caches, which CPUID may state of each kind. */
static const struct { uint32_t leaf; uint32_t reg; } common[] = {
    { 0x01U, CPUID_ECX }, { 0x01U, CPUID_EDX }, { 0x07U, CPUID_EBX }, { 0x07U, CPUID_ECX }, { 0x07U, CPUID_EDX },
    { 0x80000001U, CPUID_ECX }, { 0x80000001U, CPUID_EDX }, { 0x80000008U, CPUID_EAX }, { 0x80000008U, CPUID_EBX },
};
#define COMMON_COUNT ((uint32_t)(sizeof(common) / sizeof(common[0])))

static uint32_t boot_word[COMMON_COUNT];
static uint64_t boot_xcr0;
static bool boot_seen;
static uint32_t kind_of[MAX_PCPU];
static pcpu_id_t odd_pcpu = ID_NONE;
static uint32_t odd_leaf;

static void note_odd(pcpu_id_t pcpu, uint32_t leaf)
{
    if (odd_pcpu == ID_NONE) {
        odd_pcpu = pcpu;
        odd_leaf = leaf;
    }
}

static uint32_t own_kind(void)
{
    uint32_t out[CPUID_REGS];
    uint32_t kind = 0U;
    hw_cpuid(0U, 0U, out);
    if (out[CPUID_EAX] >= LEAF_KIND) {
        hw_cpuid(7U, 0U, out);
        if ((out[CPUID_EDX] & FEATURE_HYBRID) != 0U) {
            hw_cpuid(LEAF_KIND, 0U, out);
            kind = out[CPUID_EAX] >> KIND_SHIFT;
        }
    }
    return kind;
}

/* REQ-CFG-040 */
void core_kind_add(pcpu_id_t pcpu)
{
    const uint64_t xcr0 = hw_xcr0_supported();
    for (uint32_t i = 0U; i < COMMON_COUNT; i++) {
        uint32_t out[CPUID_REGS];
        cpuid_passed(common[i].leaf, out);
        if (!boot_seen) {
            boot_word[i] = out[common[i].reg];
        } else if (boot_word[i] != out[common[i].reg]) {
            note_odd(pcpu, common[i].leaf);
        } else {
            /* alike */
        }
    }
    if (!boot_seen) {
        boot_xcr0 = xcr0;
    } else if (boot_xcr0 != xcr0) {
        note_odd(pcpu, LEAF_XSAVE);
    } else {
        /* alike */
    }
    boot_seen = true;
    kind_of[pcpu % MAX_PCPU] = own_kind();
}

static bool is_mixed(const struct part_vm *vm)
{
    bool mixed = false;
    for (uint32_t i = 1U; i < vm->vcpu_count; i++) {
        mixed = mixed || (kind_of[vm->pcpu[i] % MAX_PCPU] != kind_of[vm->pcpu[0] % MAX_PCPU]);
    }
    return mixed;
}

/* REQ-CFG-040 */
struct core_kind_verdict core_kind_check(void)
{
    struct core_kind_verdict verdict = { true, "", ID_NONE, odd_pcpu, odd_leaf };
    if (odd_pcpu != ID_NONE) {
        verdict.valid = false;
        verdict.reason = "a core shows guests other features than the boot core";
    }
    for (uint32_t v = 0U; verdict.valid && (v < partition.table.vm_count); v++) {
        const struct part_vm *const vm = &partition.table.vm[v];
        if (((vm->flags & PART_VM_EXCLUSIVE) != 0U) && is_mixed(vm)) {
            verdict.valid = false;
            verdict.reason = "performance and efficiency cores in one exclusive VM: ";
            verdict.vm = v;
        }
    }
    return verdict;
}
