/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cpuid.h"
#include "abi/partition_table.h"
#include "core/hw.h"
#include "core/vcpu_hw.h"
#include "core/vm.h"

#define LEAF_BASIC_MAX    0x0DU
#define LEAF_CACHES       0x04U
#define LEAF_FACE         0x40000000U
#define LEAF_FACE_MAX     0x40000010U
#define LEAF_EXTENDED     0x80000000U
#define LEAF_EXTENDED_MAX 0x80000008U

#define CR4_OSXSAVE       0x40000U
#define FEATURE_X2APIC    0x00200000U /* 1:ECX */
#define FEATURE_DEADLINE  0x01000000U
#define FEATURE_XSAVE     0x04000000U
#define FEATURE_OSXSAVE   0x08000000U
#define FEATURE_HYPER     0x80000000U
#define FEATURE_HTT       0x10000000U /* 1:EDX */
#define XSAVE_LEGACY      576U        /* FXSAVE image and XSAVE header (Intel SDM 1, 13.4) */
#define CACHE_TYPE        0x1FU       /* 4:EAX */
#define CACHE_ITSELF      0x3FFFU     /* type, level, self-initialising, fully associative */
#define CACHE_LEVEL_3     0x60U
#define LINEAR_48         0x3000U     /* 8000_0008:EAX: linear addresses without LA57 */

/* What passes from the machine to every guest. Not listed: virtualisation, monitors, performance
 * counters, debug store, power management, memory encryption, mitigations' MSRs that are not
 * switched, and all that is unknown. tools/evidence/cpuid.yaml has the reason for each bit. */
struct cpuid_rule { uint32_t leaf; uint32_t subleaf; uint32_t mask[CPUID_REGS]; };
#define ALL 0xFFFFFFFFU
static const struct cpuid_rule cpuid_rules[] = {
    { 0x00000000U, 0U, { 0U, ALL, ALL, ALL } },
    /* SSE3 PCLMUL SSSE3 FMA CX16 PCID SSE4.1 SSE4.2 MOVBE POPCNT AES XSAVE AVX F16C RDRAND;
     * FPU VME DE PSE TSC MSR PAE MCE CX8 APIC SEP MTRR PGE MCA CMOV PAT PSE36 CLFSH MMX FXSR SSE SSE2 */
    { 0x00000001U, 0U, { ALL, 0x0000FF00U, 0x76DA3203U, 0x078BFBFFU } },
    { 0x00000002U, 0U, { ALL, ALL, ALL, ALL } },
    /* FSGSBASE BMI1 AVX2 SMEP BMI2 ERMS AVX512F/DQ RDSEED ADX SMAP IFMA CLFLUSHOPT CLWB CD SHA BW VL;
     * VBMI UMIP VBMI2 GFNI VAES VPCLMUL VNNI BITALG VPOPCNTDQ; FSRM MD_CLEAR ARCH_CAPABILITIES. Not INVPCID, PKU, LA57, RDPID */
    { 0x00000007U, 0U, { 0U, 0xF1BF03A9U, 0x00005F46U, 0x20000410U } },
    /* LAHF CMPLEGACY ALTMOVCR8 ABM SSE4A MISALIGN PREFETCH */
    { 0x80000001U, 0U, { ALL, ALL, 0x000001F3U, ALL } },
    { 0x80000002U, 0U, { ALL, ALL, ALL, ALL } },
    { 0x80000003U, 0U, { ALL, ALL, ALL, ALL } },
    { 0x80000004U, 0U, { ALL, ALL, ALL, ALL } },
    { 0x80000005U, 0U, { ALL, ALL, ALL, ALL } },
    { 0x80000006U, 0U, { ALL, ALL, ALL, ALL } },
    { 0x80000008U, 0U, { 0x0000FFFFU, 0x00000005U, 0U, 0U } }, /* CLZERO, XSAVEERPTR */
};
#define RULE_COUNT (sizeof(cpuid_rules) / sizeof(cpuid_rules[0]))

static void clear(uint32_t out[CPUID_REGS])
{
    out[CPUID_EAX] = 0U;
    out[CPUID_EBX] = 0U;
    out[CPUID_ECX] = 0U;
    out[CPUID_EDX] = 0U;
}

void cpuid_passed(uint32_t leaf, uint32_t out[CPUID_REGS])
{
    clear(out);
    for (uint32_t i = 0U; i < RULE_COUNT; i++) {
        if (cpuid_rules[i].leaf == leaf) {
            hw_cpuid(leaf, 0U, out);
            for (uint32_t r = 0U; r < (uint32_t)CPUID_REGS; r++) {
                out[r] &= cpuid_rules[i].mask[r];
            }
        }
    }
}

static void masked_host(uint32_t leaf, uint32_t subleaf, uint32_t out[CPUID_REGS])
{
    if ((leaf != 7U) || (subleaf == 0U)) {
        cpuid_passed(leaf, out);
    } else {
        clear(out);
    }
}

static uint32_t host_max(uint32_t base)
{
    uint32_t out[CPUID_REGS];
    hw_cpuid(base, 0U, out);
    return out[CPUID_EAX];
}

/* Bits of an APIC id that number the vCPUs of one VM. */
static uint32_t core_shift(uint32_t vcpu_count)
{
    uint32_t shift = 0U;
    while ((shift < 8U) && ((1U << shift) < vcpu_count)) {
        shift++;
    }
    return shift;
}

/* The bit that tells whether the guest's kernel has switched XSAVE on. */
static uint32_t osxsave(vcpu_id_t id, uint32_t features_ecx)
{
    bool on = ((features_ecx & FEATURE_XSAVE) != 0U) && ((hw_vcpu_get(id, REG_CR4) & CR4_OSXSAVE) != 0U);
    return on ? FEATURE_OSXSAVE : 0U;
}

static void features(vcpu_id_t id, uint32_t out[CPUID_REGS])
{
    uint32_t host[CPUID_REGS];
    const struct vm *owner = &vms[vcpu_vm(id)];
    hw_cpuid(1U, 0U, host);
    out[CPUID_EBX] |= (vcpu_index(id) << 24) | (owner->vcpu_count << 16);
    out[CPUID_ECX] |= FEATURE_X2APIC | FEATURE_HYPER;
    out[CPUID_ECX] |= owner->exclusive ? (host[CPUID_ECX] & FEATURE_DEADLINE) : FEATURE_DEADLINE;
    out[CPUID_ECX] |= osxsave(id, out[CPUID_ECX]);
    out[CPUID_EDX] |= (owner->vcpu_count > 1U) ? FEATURE_HTT : 0U;
}

/* Intel SDM 2, CPUID leaf 0BH: one thread per core, all vCPUs in one package. */
static void topology(vcpu_id_t id, uint32_t subleaf, uint32_t out[CPUID_REGS])
{
    uint32_t count = vms[vcpu_vm(id)].vcpu_count;
    clear(out);
    out[CPUID_ECX] = subleaf & 0xFFU;
    out[CPUID_EDX] = vcpu_index(id);
    if (subleaf == 0U) {
        out[CPUID_EBX] = 1U;
        out[CPUID_ECX] |= 0x100U;
    } else if (subleaf == 1U) {
        out[CPUID_EAX] = core_shift(count);
        out[CPUID_EBX] = count;
        out[CPUID_ECX] |= 0x200U;
    } else {
        /* no further level */
    }
}

/* Intel SDM 2, CPUID leaf 4: the machine's caches; those of levels 1 and 2 a vCPU's own, the others of all vCPUs. */
static void caches(vcpu_id_t id, uint32_t subleaf, uint32_t out[CPUID_REGS])
{
    uint32_t last = (1U << core_shift(vms[vcpu_vm(id)].vcpu_count)) - 1U;
    clear(out);
    if (host_max(0U) >= LEAF_CACHES) {
        hw_cpuid(LEAF_CACHES, subleaf, out);
    }
    if ((out[CPUID_EAX] & CACHE_TYPE) == 0U) {
        clear(out); /* no further cache */
    } else {
        uint32_t sharing = ((out[CPUID_EAX] & 0xE0U) >= CACHE_LEVEL_3) ? last : 0U;
        out[CPUID_EAX] = (out[CPUID_EAX] & CACHE_ITSELF) | (sharing << 14) | ((last & 0x3FU) << 26);
        out[CPUID_EDX] &= 0x7U;
    }
}

/* Size of the XSAVE area for these components, standard or compacted (Intel SDM 1, 13.4.2, 13.4.3). */
static uint32_t xsave_size(uint64_t components, bool compacted)
{
    uint32_t size = XSAVE_LEGACY;
    for (uint32_t i = 2U; i < 63U; i++) {
        if (((components >> i) & 1U) != 0U) {
            uint32_t out[CPUID_REGS];
            uint32_t offset;
            hw_cpuid(0x0DU, i, out);
            offset = size;
            if (compacted && ((out[CPUID_ECX] & 2U) != 0U)) {
                offset = (offset + 63U) & ~63U;
            }
            offset = compacted ? offset : out[CPUID_EBX];
            size = ((offset + out[CPUID_EAX]) > size) ? (offset + out[CPUID_EAX]) : size;
        }
    }
    return size;
}

static void xsave(vcpu_id_t id, uint32_t subleaf, uint32_t out[CPUID_REGS])
{
    uint64_t supported = hw_xcr0_supported();
    clear(out);
    if (supported == 0U) {
        /* the CPU has no XSAVE */
    } else if (subleaf == 0U) {
        out[CPUID_EAX] = (uint32_t)supported;
        out[CPUID_EBX] = xsave_size(hw_vcpu_get(id, REG_XCR0), false);
        out[CPUID_ECX] = xsave_size(supported, false);
        out[CPUID_EDX] = (uint32_t)(supported >> 32);
    } else if (subleaf == 1U) {
        hw_cpuid(0x0DU, 1U, out);
        out[CPUID_EAX] &= 0x7U; /* XSAVEOPT, XSAVEC, XGETBV with ECX = 1; not XSAVES */
        out[CPUID_EBX] = xsave_size(hw_vcpu_get(id, REG_XCR0), true);
        out[CPUID_ECX] = 0U;
        out[CPUID_EDX] = 0U;
    } else if ((subleaf < 63U) && (((supported >> subleaf) & 1U) != 0U)) {
        hw_cpuid(0x0DU, subleaf, out);
    } else {
        /* component not offered */
    }
}

static void basic(vcpu_id_t id, uint32_t leaf, uint32_t subleaf, uint32_t out[CPUID_REGS])
{
    masked_host(leaf, subleaf, out);
    switch (leaf) {
    case 0U: {
        uint32_t max = host_max(0U);
        out[CPUID_EAX] = (max < LEAF_BASIC_MAX) ? max : LEAF_BASIC_MAX;
        break;
    }
    case 1U:
        features(id, out);
        break;
    case LEAF_CACHES:
        caches(id, subleaf, out);
        break;
    case 6U:
        out[CPUID_EAX] = 4U; /* ARAT: the local APIC timer never stops */
        break;
    case 0x0BU:
        topology(id, subleaf, out);
        break;
    case 0x0DU:
        xsave(id, subleaf, out);
        break;
    default:
        /* as masked */
        break;
    }
}

static void extended(vcpu_id_t id, uint32_t leaf, uint32_t out[CPUID_REGS])
{
    uint32_t count = vms[vcpu_vm(id)].vcpu_count;
    masked_host(leaf, 0U, out);
    if (leaf == LEAF_EXTENDED) {
        uint32_t max = host_max(LEAF_EXTENDED);
        hw_cpuid(LEAF_EXTENDED, 0U, out);
        out[CPUID_EAX] = (max < LEAF_EXTENDED_MAX) ? max : LEAF_EXTENDED_MAX;
    } else if (leaf == 0x80000007U) {
        out[CPUID_EDX] = 0x100U; /* the TSC is invariant */
    } else if (leaf == 0x80000008U) {
        out[CPUID_EAX] = (out[CPUID_EAX] & 0xFFU) | ((out[CPUID_EAX] != 0U) ? LINEAR_48 : 0U);
        out[CPUID_ECX] = (count - 1U) | (core_shift(count) << 12); /* AMD APM 3, E.4.7 */
    } else {
        /* as masked */
    }
}

static void kvm_face(vm_id_t v, uint32_t leaf, uint32_t out[CPUID_REGS])
{
    uint32_t khz = (uint32_t)(hw_tsc_hz() / 1000U);
    if (leaf == LEAF_FACE) {
        out[CPUID_EAX] = LEAF_FACE_MAX;
        out[CPUID_EBX] = 0x4B4D564BU; /* "KVMKVMKVM" */
        out[CPUID_ECX] = 0x564B4D56U;
        out[CPUID_EDX] = 0x0000004DU;
    } else if (leaf == (LEAF_FACE + 1U)) {
        out[CPUID_EAX] = 0x8U | 0x1000000U; /* CLOCKSOURCE2, CLOCKSOURCE_STABLE */
        out[CPUID_EAX] |= vms[v].exclusive ? 0U : 0x40U; /* PV_EOI: its own local APIC needs none */
    } else if (leaf == LEAF_FACE_MAX) {
        out[CPUID_EAX] = khz;
        out[CPUID_EBX] = khz; /* the virtual local APIC timer counts at the TSC's rate */
    } else {
        /* nothing else */
    }
}

static void acrn_face(vm_id_t v, uint32_t leaf, uint32_t out[CPUID_REGS])
{
    if (leaf == LEAF_FACE) {
        out[CPUID_EAX] = LEAF_FACE_MAX;
        out[CPUID_EBX] = 0x4E524341U; /* "ACRN" */
        out[CPUID_ECX] = 0x4E524341U;
        out[CPUID_EDX] = 0x4E524341U;
    } else if (leaf == (LEAF_FACE + 1U)) {
        out[CPUID_EAX] = (vms[v].kind == VM_KIND_SERVICE) ? 1U : 0U; /* privileged VM */
    } else if (leaf == LEAF_FACE_MAX) {
        out[CPUID_EAX] = (uint32_t)(hw_tsc_hz() / 1000U);
    } else {
        /* nothing else */
    }
}

/* A leaf above the maximum reads as zeros, as AMD CPUs have it (AMD APM 3, CPUID). */
/* REQ-ISO-025 REQ-RT-054 */
void cpuid_query(vcpu_id_t id, uint32_t leaf, uint32_t subleaf, uint32_t out[CPUID_REGS])
{
    vm_id_t v = vcpu_vm(id);
    clear(out);
    if (leaf <= LEAF_BASIC_MAX) {
        basic(id, leaf, subleaf, out);
    } else if ((leaf >= LEAF_EXTENDED) && (leaf <= LEAF_EXTENDED_MAX)) {
        extended(id, leaf, out);
    } else if ((leaf >= LEAF_FACE) && (leaf <= LEAF_FACE_MAX)) {
        if (vms[v].face == PART_FACE_ACRN) {
            acrn_face(v, leaf, out);
        } else {
            kvm_face(v, leaf, out);
        }
    } else {
        /* zeros */
    }
}

/* The leaves that kernels ask for by the thousand, answered once for the vCPU 0 of each VM. Not in it: what has
 * subleaves, and the hypervisor's leaves. */
#define ROWS_BASIC    0x0BU
#define ROWS_EXTENDED ((LEAF_EXTENDED_MAX - LEAF_EXTENDED) + 1U)
#define ROWS          (ROWS_BASIC + ROWS_EXTENDED)
static uint32_t cpuid_table[MAX_VM][ROWS][CPUID_REGS];
static uint32_t cpuid_table_like[MAX_VM]; /* what the answers depend on, besides the machine; 0: none yet */

/* Row of the table, or ROWS. */
static uint32_t row_of(uint32_t leaf, uint32_t subleaf)
{
    uint32_t row = ROWS;
    if (leaf < ROWS_BASIC) {
        row = (((leaf == 7U) || (leaf == LEAF_CACHES)) && (subleaf != 0U)) ? ROWS : leaf;
    } else if ((leaf >= LEAF_EXTENDED) && (leaf <= LEAF_EXTENDED_MAX)) {
        row = ROWS_BASIC + (leaf - LEAF_EXTENDED);
    } else {
        /* not kept */
    }
    return row;
}

void cpuid_prepare(vm_id_t v)
{
    uint32_t like = (vms[v].vcpu_count << 1) | (vms[v].exclusive ? 1U : 0U);
    for (uint32_t row = 0U; (row < ROWS) && (cpuid_table_like[v] != like); row++) {
        uint32_t leaf = (row < ROWS_BASIC) ? row : (LEAF_EXTENDED + (row - ROWS_BASIC));
        cpuid_query(vcpu_id(v, 0U), leaf, 0U, cpuid_table[v][row]);
    }
    cpuid_table[v][1][CPUID_ECX] &= ~FEATURE_OSXSAVE;
    cpuid_table_like[v] = like;
}

/* REQ-RT-060 */
void cpuid_emulate(vcpu_id_t id)
{
    uint32_t out[CPUID_REGS];
    const uint32_t *found = out;
    struct vcpu_regs *regs = &vcpu_regs[id];
    uint32_t leaf = (uint32_t)regs->gpr[GPR_RAX];
    uint32_t row = row_of(leaf, (uint32_t)regs->gpr[GPR_RCX]);
    if (row < ROWS) {
        found = cpuid_table[vcpu_vm(id)][row];
    } else {
        cpuid_query(id, leaf, (uint32_t)regs->gpr[GPR_RCX], out);
    }
    regs->gpr[GPR_RAX] = found[CPUID_EAX];
    regs->gpr[GPR_RBX] = found[CPUID_EBX];
    regs->gpr[GPR_RCX] = found[CPUID_ECX];
    regs->gpr[GPR_RDX] = found[CPUID_EDX];
    if (row == 1U) { /* what differs between the vCPUs of a VM and from time to time */
        regs->gpr[GPR_RBX] |= vcpu_index(id) << 24;
        regs->gpr[GPR_RCX] |= osxsave(id, found[CPUID_ECX]);
    }
}
