/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/cpuid.c fake/hw.c fake/memory.c fake/vcpu_hw.c */
/* What guests see of four Intel CPUs, leaf by leaf. The reasons stand in tools/evidence/cpuid.yaml. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "abi/partition_table.h"
#include "core/cpuid.h"
#include "core/vm.h"
#include "fake/fake.h"

#define RT 1U        /* two vCPUs on exclusive cores */
#define CPUS 5U

struct vm vms[MAX_VM];
struct vcpu vcpus[MAX_VCPU];

struct leaf { uint32_t leaf, subleaf, reg[CPUID_REGS]; };

/* As the CPUs answer, the parts that a policy could get wrong. */
static const struct leaf skylake[] = {
    { 0x00U, 0U, { 0x16U, 0x756E6547U, 0x6C65746EU, 0x49656E69U } },
    { 0x01U, 0U, { 0x00050654U, 0x12200800U, 0x77FEFBFFU, 0xBFEBFBFFU } },
    { 0x02U, 0U, { 0x76036301U, 0x00F0B5FFU, 0U, 0x00C30000U } },
    { 0x04U, 0U, { 0x7C004121U, 0x01C0003FU, 0x3FU, 0U } },
    { 0x04U, 1U, { 0x7C004122U, 0x01C0003FU, 0x3FU, 0U } },
    { 0x04U, 2U, { 0x7C004143U, 0x03C0003FU, 0x3FFU, 0U } },
    { 0x04U, 3U, { 0x7C07C163U, 0x0280003FU, 0x4FFFU, 4U } },
    { 0x05U, 0U, { 0x40U, 0x40U, 3U, 0x2020U } },
    { 0x06U, 0U, { 0x77U, 2U, 9U, 0U } },
    { 0x07U, 0U, { 0U, 0xD39FFFFBU, 0x18U, 0x9C002400U } },
    { 0x0AU, 0U, { 0x07300404U, 0U, 0U, 0x603U } },
    { 0x0BU, 0U, { 1U, 2U, 0x100U, 0x12U } }, { 0x0BU, 1U, { 5U, 0x14U, 0x201U, 0x12U } },
    { 0x0DU, 1U, { 0xFU, 0xA08U, 0x100U, 0U } }, { 0x0DU, 2U, { 256U, 576U, 0U, 0U } },
    { 0x0FU, 0U, { 0U, 0xDFU, 0U, 2U } }, { 0x0FU, 1U, { 0U, 0x1C000U, 0xDFU, 7U } },
    { 0x10U, 0U, { 0U, 0xAU, 0U, 0U } }, { 0x10U, 1U, { 0xAU, 0x600U, 4U, 0xFU } },
    { 0x14U, 0U, { 1U, 0xFU, 7U, 0U } },
    { 0x15U, 0U, { 2U, 0x114U, 0U, 0U } }, { 0x16U, 0U, { 0xCE4U, 0x1194U, 0x64U, 0U } },
    { 0x80000000U, 0U, { 0x80000008U, 0U, 0U, 0U } }, { 0x80000001U, 0U, { 0U, 0U, 0x121U, 0x2C100800U } },
    { 0x80000006U, 0U, { 0U, 0U, 0x01006040U, 0U } }, { 0x80000007U, 0U, { 0U, 0U, 0U, 0x100U } }, { 0x80000008U, 0U, { 0x302EU, 0U, 0U, 0U } },
};
static const struct leaf sapphire_rapids[] = {
    { 0x00U, 0U, { 0x20U, 0x756E6547U, 0x6C65746EU, 0x49656E69U } },
    { 0x01U, 0U, { 0x000806F8U, 0x00400800U, 0x7FFEFBFFU, 0xBFEBFBFFU } },
    { 0x02U, 0U, { 0x00FEFF01U, 0xF0U, 0U, 0U } },
    { 0x04U, 0U, { 0xFC004121U, 0x02C0003FU, 0x3FU, 0U } },
    { 0x04U, 3U, { 0xFC1FC163U, 0x0380003FU, 0x1BFFFU, 4U } },
    { 0x05U, 0U, { 0x40U, 0x40U, 3U, 0x2020U } },
    { 0x06U, 0U, { 0x9FFFF7U, 2U, 9U, 0U } },
    { 0x07U, 0U, { 2U, 0xF3BFBFFBU, 0xFB417FFEU, 0xFFDD4432U } },
    { 0x07U, 1U, { 0x1C30U, 0U, 0U, 0x40000U } }, { 0x07U, 2U, { 0U, 0U, 0U, 0x17U } },
    { 0x0AU, 0U, { 0x08300805U, 0U, 0xFU, 0x8604U } },
    { 0x0BU, 0U, { 1U, 2U, 0x100U, 0U } },
    { 0x0DU, 1U, { 0x1FU, 0x2B00U, 0x1900U, 0U } }, { 0x0DU, 2U, { 256U, 576U, 0U, 0U } }, { 0x0DU, 8U, { 128U, 0U, 1U, 0U } },
    { 0x0DU, 17U, { 64U, 0xAC0U, 2U, 0U } }, { 0x0DU, 18U, { 8192U, 0xB00U, 6U, 0U } },
    { 0x12U, 0U, { 0x403U, 0U, 0U, 0x381FU } }, { 0x12U, 2U, { 0x1U, 0U, 0x1U, 0U } },
    { 0x14U, 0U, { 1U, 0x5FU, 7U, 0U } }, { 0x14U, 1U, { 0x02490002U, 0x3F1FFFU, 0U, 0U } },
    { 0x18U, 0U, { 8U, 0U, 0U, 0U } }, { 0x18U, 1U, { 0U, 0x80001U, 0x20U, 0x4022U } },
    { 0x1BU, 0U, { 1U, 1U, 0U, 0U } }, { 0x1CU, 0U, { 0x4000000BU, 7U, 7U, 0U } },
    { 0x1DU, 0U, { 1U, 0U, 0U, 0U } }, { 0x1DU, 1U, { 0x4002000U, 0x80040U, 0x10U, 0U } }, { 0x1EU, 0U, { 0U, 0x4010U, 0U, 0U } },
    { 0x1FU, 0U, { 1U, 2U, 0x100U, 0U } }, { 0x1FU, 1U, { 7U, 0x70U, 0x201U, 0U } }, { 0x20U, 0U, { 0U, 1U, 0U, 0U } },
    { 0x80000000U, 0U, { 0x80000008U, 0U, 0U, 0U } }, { 0x80000001U, 0U, { 0U, 0U, 0x121U, 0x2C100800U } },
    { 0x80000006U, 0U, { 0U, 0U, 0x08007040U, 0U } }, { 0x80000007U, 0U, { 0U, 0U, 0U, 0x100U } }, { 0x80000008U, 0U, { 0x3934U, 0x200U, 0U, 0U } },
};
/* Both kinds of its cores show the same features; caches, counters and leaf 1AH differ. */
static const struct leaf alder_lake_p[] = {
    { 0x00U, 0U, { 0x20U, 0x756E6547U, 0x6C65746EU, 0x49656E69U } },
    { 0x01U, 0U, { 0x00090672U, 0x00800800U, 0x7FFAFBFFU, 0xBFEBFBFFU } },
    { 0x02U, 0U, { 0x00FEFF01U, 0xF0U, 0U, 0U } },
    { 0x04U, 0U, { 0xFC004121U, 0x02C0003FU, 0x3FU, 0U } },
    { 0x04U, 2U, { 0xFC01C143U, 0x0240003FU, 0x7FFU, 0U } },
    { 0x04U, 3U, { 0xFC1FC163U, 0x0240003FU, 0x9FFFU, 4U } },
    { 0x06U, 0U, { 0x00DF8FF7U, 2U, 0x409U, 0x00020003U } },
    { 0x07U, 0U, { 2U, 0x239CA7EBU, 0x98C027ACU, 0xFC1CC410U } },
    { 0x07U, 1U, { 0x00400810U, 0U, 0U, 0x40000U } }, { 0x07U, 2U, { 0U, 0U, 0U, 0x17U } },
    { 0x0AU, 0U, { 0x07300605U, 0U, 0U, 0x8603U } },
    { 0x0BU, 0U, { 1U, 2U, 0x100U, 0U } },
    { 0x0DU, 1U, { 0xFU, 0x998U, 0x9900U, 0U } }, { 0x0DU, 2U, { 256U, 576U, 0U, 0U } }, { 0x0DU, 9U, { 8U, 2688U, 0U, 0U } },
    { 0x14U, 0U, { 1U, 0x5FU, 7U, 0U } }, { 0x18U, 0U, { 8U, 0U, 0U, 0U } }, { 0x19U, 0U, { 7U, 0x14U, 3U, 0U } },
    { 0x1AU, 0U, { 0x40000001U, 0U, 0U, 0U } }, { 0x1CU, 0U, { 0x4000000BU, 7U, 7U, 0U } },
    { 0x1FU, 0U, { 1U, 2U, 0x100U, 0U } }, { 0x20U, 0U, { 0U, 1U, 0U, 0U } },
    { 0x80000000U, 0U, { 0x80000008U, 0U, 0U, 0U } }, { 0x80000001U, 0U, { 0U, 0U, 0x121U, 0x2C100800U } },
    { 0x80000006U, 0U, { 0U, 0U, 0x05007040U, 0U } }, { 0x80000007U, 0U, { 0U, 0U, 0U, 0x100U } }, { 0x80000008U, 0U, { 0x302EU, 0U, 0U, 0U } },
};
static const struct leaf alder_lake_e[] = {
    { 0x04U, 0U, { 0xFC004121U, 0x01C0003FU, 0x3FU, 0U } },
    { 0x04U, 2U, { 0xFC01C143U, 0x03C0003FU, 0x7FFU, 0U } },
    { 0x0AU, 0U, { 0x07300606U, 0U, 0U, 0x8603U } },
    { 0x1AU, 0U, { 0x20000001U, 0U, 0U, 0U } },
};
static const struct leaf goldmont[] = {
    { 0x00U, 0U, { 0x15U, 0x756E6547U, 0x6C65746EU, 0x49656E69U } },
    { 0x01U, 0U, { 0x000506C9U, 0x00100800U, 0x4FF8EBBFU, 0xBFEBFBFFU } },
    { 0x02U, 0U, { 0x61B3A001U, 0x0000FFC2U, 0U, 0U } },
    { 0x04U, 0U, { 0x3C000121U, 0x0140003FU, 0x3FU, 1U } }, { 0x04U, 2U, { 0x3C00C143U, 0x03C0003FU, 0x3FFU, 1U } },
    { 0x06U, 0U, { 0x77U, 2U, 9U, 0U } },
    { 0x07U, 0U, { 0U, 0x2294E283U, 0U, 0x2C000000U } },
    { 0x0AU, 0U, { 0x07300404U, 0U, 0U, 0x603U } },
    { 0x0BU, 0U, { 1U, 1U, 0x100U, 0U } },
    { 0x0DU, 1U, { 0xFU, 0x240U, 0x100U, 0U } },
    { 0x10U, 0U, { 0U, 4U, 0U, 0U } }, { 0x10U, 2U, { 7U, 0U, 0U, 3U } },
    { 0x14U, 0U, { 1U, 0xFU, 7U, 0U } }, { 0x15U, 0U, { 3U, 0xACU, 0x124F800U, 0U } },
    { 0x80000000U, 0U, { 0x80000008U, 0U, 0U, 0U } }, { 0x80000001U, 0U, { 0U, 0U, 0x101U, 0x2C100800U } },
    { 0x80000006U, 0U, { 0U, 0U, 0x04008040U, 0U } }, { 0x80000007U, 0U, { 0U, 0U, 0U, 0x100U } }, { 0x80000008U, 0U, { 0x3027U, 0U, 0U, 0U } },
};

/* What a guest with two vCPUs shall see. */
struct expected {
    const struct leaf *base, *over;
    size_t base_count, over_count;
    uint64_t xcr0;
    uint32_t ecx1, edx1, ebx7, ecx7, edx7, ecx_extended, sizes, l1d, last_cache; /* last two: leaf 4, EAX */
    uint32_t last_level;
};
#define OF(table) (table), NULL, sizeof(table) / sizeof((table)[0]), 0U
static const struct expected cpu[CPUS] = {
    { OF(skylake), 0xE7U, 0xF7FA3203U, 0x178BFBFFU, 0xD19F03A9U, 0U, 0x400U, 0x121U, 0x302EU, 0x04000121U, 0x04004163U, 3U },
    { OF(sapphire_rapids), 0xE7U, 0xF7FA3203U, 0x178BFBFFU, 0xF1BF03A9U, 0x5F46U, 0x20000410U, 0x121U, 0x3034U, 0x04000121U, 0x04004163U, 3U },
    { OF(alder_lake_p), 7U, 0xF7FA3203U, 0x178BFBFFU, 0x219C03A9U, 0x0704U, 0x20000410U, 0x121U, 0x302EU, 0x04000121U, 0x04004163U, 3U },
    { alder_lake_p, alder_lake_e, sizeof(alder_lake_p) / sizeof(alder_lake_p[0]), sizeof(alder_lake_e) / sizeof(alder_lake_e[0]),
      7U, 0xF7FA3203U, 0x178BFBFFU, 0x219C03A9U, 0x0704U, 0x20000410U, 0x121U, 0x302EU, 0x04000121U, 0x04004163U, 3U },
    { OF(goldmont), 3U, 0xC7F82203U, 0x178BFBFFU, 0x20940281U, 0U, 0x20000000U, 0x101U, 0x3027U, 0x04000121U, 0x04000143U, 2U },
};
static uint32_t out[CPUID_REGS];

static void become(const struct expected *e)
{
    fake_reset();
    for (size_t i = 0U; i < e->base_count; i++) {
        const struct leaf *l = &e->base[i];
        fake_cpuid_set(l->leaf, l->subleaf, l->reg[0], l->reg[1], l->reg[2], l->reg[3]);
    }
    for (size_t i = 0U; i < e->over_count; i++) {
        const struct leaf *l = &e->over[i];
        fake_cpuid_set(l->leaf, l->subleaf, l->reg[0], l->reg[1], l->reg[2], l->reg[3]);
    }
    fake_xcr0_supported = e->xcr0;
    memset(vms, 0, sizeof(vms));
    vms[RT].kind = VM_KIND_PRELAUNCH;
    vms[RT].exclusive = true;
    vms[RT].vcpu_count = 2U;
}

static void ask(uint32_t leaf, uint32_t subleaf) { cpuid_query(vcpu_id(RT, 1U), leaf, subleaf, out); }
static uint32_t any_bit(void) { return out[CPUID_EAX] | out[CPUID_EBX] | out[CPUID_ECX] | out[CPUID_EDX]; }
#define EACH(e) for (const struct expected *e = cpu; e < &cpu[CPUS]; e++)

/* REQ-ISO-025 */
static void features_are_those_of_the_list(void **state)
{
    (void)state;
    EACH(e) {
        become(e);
        ask(0U, 0U);
        assert_int_equal(out[CPUID_EAX], 0x0DU);
        ask(1U, 0U);
        assert_int_equal(out[CPUID_EAX], e->base[1].reg[0]);
        assert_int_equal(out[CPUID_EBX], 0x01020800U); /* APIC id 1, 2 vCPUs */
        assert_int_equal(out[CPUID_ECX], e->ecx1);
        assert_int_equal(out[CPUID_EDX], e->edx1);
        ask(7U, 0U);
        assert_int_equal(out[CPUID_EAX], 0U);
        assert_int_equal(out[CPUID_EBX], e->ebx7);
        assert_int_equal(out[CPUID_ECX], e->ecx7);
        assert_int_equal(out[CPUID_EDX], e->edx7);
        ask(0x80000000U, 0U);
        assert_int_equal(out[CPUID_EAX], 0x80000008U);
        ask(0x80000001U, 0U);
        assert_int_equal(out[CPUID_ECX], e->ecx_extended);
        assert_int_equal(out[CPUID_EDX], 0x2C100800U);
    }
}

/* REQ-ISO-025 */
static void leaves_of_what_guests_do_not_have_are_empty(void **state)
{
    static const uint32_t hidden[] = { 3U, 5U, 8U, 9U, 0xAU, 0xCU, 0xEU, 0xFU, 0x10U, 0x11U, 0x12U, 0x13U, 0x14U, 0x15U, 0x16U, 0x17U, 0x18U, 0x19U, 0x1AU,
                                       0x1BU, 0x1CU, 0x1DU, 0x1EU, 0x1FU, 0x20U, 0x21U, 0x22U, 0x23U, 0x24U };
    (void)state;
    EACH(e) {
        become(e);
        for (size_t i = 0U; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
            for (uint32_t subleaf = 0U; subleaf < 4U; subleaf++) {
                ask(hidden[i], subleaf);
                assert_int_equal(any_bit(), 0U);
            }
        }
        ask(7U, 1U);
        assert_int_equal(any_bit(), 0U);
        ask(7U, 2U);
        assert_int_equal(any_bit(), 0U);
        ask(6U, 0U);
        assert_int_equal(out[CPUID_EAX], 4U); /* no HWP, no thread director */
        assert_int_equal(out[CPUID_EBX] | out[CPUID_ECX] | out[CPUID_EDX], 0U);
    }
}

/* REQ-ISO-025 */
static void caches_are_shared_by_the_vms_own_vcpus(void **state)
{
    (void)state;
    EACH(e) {
        become(e);
        ask(4U, 0U);
        assert_int_equal(out[CPUID_EAX], e->l1d);
        assert_true(out[CPUID_EBX] != 0U);
        ask(4U, e->last_level);
        assert_int_equal(out[CPUID_EAX], e->last_cache);
        ask(4U, 9U); /* no further one: whatever else the machine says there */
        assert_int_equal(any_bit(), 0U);
    }
    become(&cpu[0]);
    vms[RT].vcpu_count = 5U;
    ask(4U, 3U);
    assert_int_equal(out[CPUID_EAX], 0x1C01C163U); /* numbers for eight */
    assert_int_equal(out[CPUID_EDX], 4U);
    fake_cpuid_set(0U, 0U, 3U, 0U, 0U, 0U); /* a CPU without the leaf answers with another's data */
    ask(4U, 3U);
    assert_int_equal(any_bit(), 0U);
}

/* REQ-ISO-025 */
static void topology_is_the_vms(void **state)
{
    (void)state;
    EACH(e) {
        become(e);
        ask(0xBU, 0U);
        assert_int_equal(out[CPUID_EBX], 1U);
        assert_int_equal(out[CPUID_EDX], 1U);
        ask(0xBU, 1U);
        assert_int_equal(out[CPUID_EAX], 1U);
        assert_int_equal(out[CPUID_EBX], 2U);
    }
}

/* REQ-ISO-025 */
static void state_components_are_those_that_are_switched(void **state)
{
    (void)state;
    EACH(e) {
        become(e);
        ask(0xDU, 0U);
        assert_int_equal(out[CPUID_EAX], (uint32_t)e->xcr0);
        assert_int_equal(out[CPUID_EDX], 0U);
        ask(0xDU, 1U);
        assert_int_equal(out[CPUID_EAX], 7U); /* neither XSAVES nor XFD */
        assert_int_equal(out[CPUID_ECX] | out[CPUID_EDX], 0U); /* IA32_XSS */
        for (uint32_t component = 8U; component < 20U; component++) { /* PT, PKRU, CET, LBR, AMX */
            ask(0xDU, component);
            assert_int_equal(any_bit(), 0U);
        }
    }
}

/* REQ-ISO-025 */
static void addresses_have_48_bits_without_five_level_paging(void **state)
{
    (void)state;
    EACH(e) {
        become(e);
        ask(0x80000008U, 0U);
        assert_int_equal(out[CPUID_EAX], e->sizes);
        assert_int_equal(out[CPUID_EBX] | out[CPUID_EDX], 0U);
        ask(0x80000007U, 0U);
        assert_int_equal(out[CPUID_EDX], 0x100U);
        ask(0x80000005U, 0U);
        assert_int_equal(any_bit(), 0U);
        ask(0x80000006U, 0U);
        assert_int_equal(out[CPUID_EAX] | out[CPUID_EBX] | out[CPUID_EDX], 0U);
        ask(0x80000009U, 0U);
        assert_int_equal(any_bit(), 0U);
    }
    fake_reset();
    ask(0x80000008U, 0U);
    assert_int_equal(out[CPUID_EAX], 0U);
}

/* The kept answers are those of a question. */
/* REQ-RT-060 */
static void the_instruction_tells_the_same(void **state)
{
    struct vcpu_regs *regs = &vcpu_regs[vcpu_id(RT, 1U)];
    (void)state;
    EACH(e) {
        become(e);
        vms[RT].vcpu_count = 2U + (uint32_t)(e - cpu); /* the table is made anew */
        cpuid_prepare(RT);
        for (uint32_t leaf = 0U; leaf < 0x21U; leaf++) {
            for (uint32_t subleaf = 0U; subleaf < 4U; subleaf++) {
                ask(leaf, subleaf);
                regs->gpr[GPR_RAX] = leaf;
                regs->gpr[GPR_RCX] = subleaf;
                cpuid_emulate(vcpu_id(RT, 1U));
                assert_int_equal(regs->gpr[GPR_RAX], out[CPUID_EAX]);
                assert_int_equal(regs->gpr[GPR_RBX], out[CPUID_EBX]);
                assert_int_equal(regs->gpr[GPR_RCX], out[CPUID_ECX]);
                assert_int_equal(regs->gpr[GPR_RDX], out[CPUID_EDX]);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(features_are_those_of_the_list), cmocka_unit_test(leaves_of_what_guests_do_not_have_are_empty),
        cmocka_unit_test(caches_are_shared_by_the_vms_own_vcpus), cmocka_unit_test(topology_is_the_vms),
        cmocka_unit_test(state_components_are_those_that_are_switched), cmocka_unit_test(addresses_have_48_bits_without_five_level_paging),
        cmocka_unit_test(the_instruction_tells_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
