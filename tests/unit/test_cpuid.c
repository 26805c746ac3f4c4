/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/cpuid.c fake/hw.c fake/memory.c fake/vcpu_hw.c */
/* What guests see of the CPU: nothing that is not on the list, and the faces of the hypervisor. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "abi/partition_table.h"
#include "core/cpuid.h"
#include "core/vm.h"
#include "fake/fake.h"

#define ALL 0xFFFFFFFFU
#define USER 4U
#define RT 1U
#define CPU(v, n) vcpu_id((v), (n))

struct vm vms[MAX_VM];
struct vcpu vcpus[MAX_VCPU];
static uint32_t out[CPUID_REGS];

/* A machine that has every feature there is. */
static int setup(void **state)
{
    (void)state;
    fake_reset();
    memset(vms, 0, sizeof(vms));
    memset(vcpus, 0, sizeof(vcpus));
    vms[VM_SERVICE].kind = VM_KIND_SERVICE;
    vms[VM_SERVICE].face = PART_FACE_KVM;
    vms[VM_SERVICE].vcpu_count = 3U;
    vms[RT].kind = VM_KIND_PRELAUNCH;
    vms[RT].exclusive = true;
    vms[RT].face = PART_FACE_KVM;
    vms[RT].vcpu_count = 1U;
    vms[USER].kind = VM_KIND_USER;
    vms[USER].face = PART_FACE_ACRN;
    vms[USER].vcpu_count = 2U;
    fake_cpuid_set(0U, 0U, 0x20U, 0x68747541U, 0x444D4163U, 0x69746E65U);
    fake_cpuid_set(0x80000000U, 0U, 0x80000028U, 0x68747541U, 0x444D4163U, 0x69746E65U);
    for (uint32_t leaf = 1U; leaf <= 0x20U; leaf++) {
        if (leaf != 0xDU) {
            fake_cpuid_set(leaf, 0U, ALL, ALL, ALL, ALL);
        }
    }
    fake_cpuid_set(0xDU, 1U, ALL, ALL, ALL, ALL);
    fake_cpuid_set(0xDU, 2U, 256U, 576U, 0U, ALL);
    for (uint32_t leaf = 0x80000001U; leaf <= 0x80000008U; leaf++) {
        fake_cpuid_set(leaf, 0U, ALL, ALL, ALL, ALL);
    }
    return 0;
}

static void ask(vcpu_id_t id, uint32_t leaf, uint32_t subleaf) { cpuid_query(id, leaf, subleaf, out); }
static bool bit(uint32_t reg, uint32_t number) { return ((out[reg] >> number) & 1U) != 0U; }

static void the_vendor_is_the_machines_and_the_maxima_are_ours(void **state)
{
    (void)state;
    ask(CPU(USER, 0), 0U, 0U);
    assert_int_equal(out[CPUID_EAX], 0x0DU);
    assert_int_equal(out[CPUID_EBX], 0x68747541U);
    ask(CPU(USER, 0), 0x80000000U, 0U);
    assert_int_equal(out[CPUID_EAX], 0x80000008U);
    assert_int_equal(out[CPUID_EBX], 0x68747541U);
}

/* REQ-ISO-025 */
static void virtualisation_and_what_needs_it_are_hidden(void **state)
{
    (void)state;
    for (uint32_t v = 0U; v < 5U; v += 1U) {
        if (vms[v].vcpu_count == 0U) {
            continue;
        }
        ask(CPU(v, 0), 1U, 0U);
        assert_false(bit(CPUID_ECX, 5U));  /* VMX */
        assert_false(bit(CPUID_ECX, 6U));  /* SMX */
        assert_false(bit(CPUID_ECX, 3U));  /* MONITOR */
        assert_false(bit(CPUID_ECX, 15U)); /* PDCM */
        assert_false(bit(CPUID_EDX, 21U)); /* DS */
        assert_false(bit(CPUID_EDX, 22U)); /* ACPI thermal */
        ask(CPU(v, 0), 0x80000001U, 0U);
        assert_false(bit(CPUID_ECX, 2U));  /* SVM */
        assert_false(bit(CPUID_ECX, 12U)); /* SKINIT */
        assert_false(bit(CPUID_ECX, 10U)); /* IBS */
        assert_false(bit(CPUID_ECX, 15U)); /* LWP */
        assert_false(bit(CPUID_ECX, 23U)); /* performance counters */
        ask(CPU(v, 0), 0x8000000AU, 0U);
        assert_int_equal(out[CPUID_EAX] | out[CPUID_EBX] | out[CPUID_ECX] | out[CPUID_EDX], 0U);
    }
}

/* REQ-ISO-025 */
static void leaves_that_are_not_listed_are_zero(void **state)
{
    static const uint32_t none[] = { 3U, 5U, 8U, 9U, 0xAU, 0xCU, 0xEU, 0x14U, 0x15U, 0x16U, 0x20U, 0x3FFFFFFFU,
                                     0x40000002U, 0x40000011U, 0x40000100U, 0x80000009U, 0x8000001DU, 0x8000001FU, ALL };
    (void)state;
    for (size_t i = 0U; i < sizeof(none) / sizeof(none[0]); i++) {
        ask(CPU(VM_SERVICE, 0), none[i], 0U);
        assert_int_equal(out[CPUID_EAX] | out[CPUID_EBX] | out[CPUID_ECX] | out[CPUID_EDX], 0U);
    }
}

/* REQ-RT-054 */
static void shares_of_caches_are_hidden(void **state)
{
    (void)state;
    fake_cpuid_set(0xFU, 1U, ALL, ALL, ALL, ALL);
    fake_cpuid_set(0x80000020U, 0U, ALL, ALL, ALL, ALL);
    for (uint32_t resource = 1U; resource < 4U; resource++) {
        fake_cpuid_set(0x10U, resource, ALL, ALL, ALL, ALL);
    }
    for (uint32_t v = 0U; v <= USER; v++) {
        for (uint32_t subleaf = 0U; subleaf < 4U; subleaf++) {
            ask(CPU(v, 0), 0x10U, subleaf);
            assert_int_equal(out[CPUID_EAX] | out[CPUID_EBX] | out[CPUID_ECX] | out[CPUID_EDX], 0U);
            ask(CPU(v, 0), 0xFU, subleaf);
            assert_int_equal(out[CPUID_EAX] | out[CPUID_EBX] | out[CPUID_ECX] | out[CPUID_EDX], 0U);
            ask(CPU(v, 0), 0x80000020U, subleaf);
            assert_int_equal(out[CPUID_EAX] | out[CPUID_EBX] | out[CPUID_ECX] | out[CPUID_EDX], 0U);
        }
        ask(CPU(v, 0), 7U, 0U);
        assert_false(bit(CPUID_EBX, 15U)); /* allocation */
        ask(CPU(v, 0), 0x80000008U, 0U);
        assert_false(bit(CPUID_EBX, 6U));  /* AMD's bandwidth enforcement */
    }
}

static void leaf_7_has_one_subleaf(void **state)
{
    (void)state;
    fake_cpuid_set(7U, 1U, ALL, ALL, ALL, ALL);
    ask(CPU(USER, 0), 7U, 1U);
    assert_int_equal(out[CPUID_EAX] | out[CPUID_EBX] | out[CPUID_ECX] | out[CPUID_EDX], 0U);
    ask(CPU(USER, 0), 7U, 0U);
    assert_int_equal(out[CPUID_EAX], 0U);
    assert_false(bit(CPUID_EBX, 2U));  /* SGX */
    assert_false(bit(CPUID_EBX, 12U)); /* PQM */
    assert_false(bit(CPUID_EBX, 25U)); /* PT */
    assert_false(bit(CPUID_ECX, 3U));  /* PKU */
    assert_false(bit(CPUID_ECX, 16U)); /* LA57 */
    assert_false(bit(CPUID_EDX, 26U)); /* SPEC_CTRL */
    assert_true(bit(CPUID_EBX, 7U));   /* SMEP */
    assert_true(bit(CPUID_EBX, 20U));  /* SMAP */
}

static void leaf_1_numbers_the_vcpu(void **state)
{
    (void)state;
    ask(CPU(VM_SERVICE, 2), 1U, 0U);
    assert_int_equal(out[CPUID_EBX] >> 24U, 2U);
    assert_int_equal((out[CPUID_EBX] >> 16U) & 0xFFU, 3U);
    assert_true(bit(CPUID_EDX, 28U));
    ask(CPU(RT, 0), 1U, 0U);
    assert_int_equal(out[CPUID_EBX] >> 24U, 0U);
    assert_false(bit(CPUID_EDX, 28U)); /* HTT: alone */
}

static void x2apic_and_hypervisor_bits_are_always_set(void **state)
{
    (void)state;
    fake_reset(); /* a machine without any feature */
    ask(CPU(USER, 0), 1U, 0U);
    assert_true(bit(CPUID_ECX, 21U) && bit(CPUID_ECX, 31U));
}

static void the_deadline_timer_is_virtual_or_the_machines(void **state)
{
    (void)state;
    ask(CPU(RT, 0), 1U, 0U);
    assert_true(bit(CPUID_ECX, 24U));
    fake_reset();
    ask(CPU(RT, 0), 1U, 0U);
    assert_false(bit(CPUID_ECX, 24U));
    ask(CPU(USER, 0), 1U, 0U);
    assert_true(bit(CPUID_ECX, 24U));
}

static void osxsave_follows_cr4(void **state)
{
    (void)state;
    ask(CPU(USER, 1), 1U, 0U);
    assert_false(bit(CPUID_ECX, 27U));
    hw_vcpu_set(CPU(USER, 1), REG_CR4, 0x40000U);
    ask(CPU(USER, 1), 1U, 0U);
    assert_true(bit(CPUID_ECX, 27U));
    ask(CPU(USER, 0), 1U, 0U);
    assert_false(bit(CPUID_ECX, 27U));
}

/* REQ-RT-009 */
static void the_tsc_is_invariant_and_the_apic_timer_never_stops(void **state)
{
    (void)state;
    ask(CPU(USER, 0), 0x80000007U, 0U);
    assert_int_equal(out[CPUID_EDX], 0x100U);
    assert_int_equal(out[CPUID_EAX] | out[CPUID_EBX] | out[CPUID_ECX], 0U);
    ask(CPU(USER, 0), 6U, 0U);
    assert_int_equal(out[CPUID_EAX], 4U);
    assert_int_equal(out[CPUID_ECX], 0U);
}

static void topology_is_one_package_of_single_threads(void **state)
{
    (void)state;
    ask(CPU(VM_SERVICE, 2), 0xBU, 0U);
    assert_int_equal(out[CPUID_EAX], 0U);
    assert_int_equal(out[CPUID_EBX], 1U);
    assert_int_equal(out[CPUID_ECX], 0x100U);
    assert_int_equal(out[CPUID_EDX], 2U);
    ask(CPU(VM_SERVICE, 2), 0xBU, 1U);
    assert_int_equal(out[CPUID_EAX], 2U); /* two bits number three vCPUs */
    assert_int_equal(out[CPUID_EBX], 3U);
    assert_int_equal(out[CPUID_ECX], 0x201U);
    ask(CPU(VM_SERVICE, 2), 0xBU, 2U);
    assert_int_equal(out[CPUID_EAX] | out[CPUID_EBX], 0U);
    assert_int_equal(out[CPUID_ECX], 2U);
    ask(CPU(VM_SERVICE, 0), 0x80000008U, 0U);
    assert_int_equal(out[CPUID_ECX], 0x2002U);
    assert_int_equal(out[CPUID_EAX], 0x30FFU);
}

/* REQ-ISO-025 */
static void xsave_sizes_fit_the_components(void **state)
{
    (void)state;
    hw_vcpu_set(CPU(USER, 0), REG_XCR0, 1U);
    ask(CPU(USER, 0), 0xDU, 0U);
    assert_int_equal(out[CPUID_EAX], 7U);
    assert_int_equal(out[CPUID_EBX], 576U);
    assert_int_equal(out[CPUID_ECX], 832U);
    hw_vcpu_set(CPU(USER, 0), REG_XCR0, 7U);
    ask(CPU(USER, 0), 0xDU, 0U);
    assert_int_equal(out[CPUID_EBX], 832U);
    ask(CPU(USER, 0), 0xDU, 1U);
    assert_int_equal(out[CPUID_EAX], 7U); /* no XSAVES */
    assert_int_equal(out[CPUID_EBX], 832U);
    ask(CPU(USER, 0), 0xDU, 2U);
    assert_int_equal(out[CPUID_EAX], 256U);
    ask(CPU(USER, 0), 0xDU, 9U); /* not offered */
    assert_int_equal(out[CPUID_EAX], 0U);
    ask(CPU(USER, 0), 0xDU, 64U);
    assert_int_equal(out[CPUID_EAX], 0U);
}

/* REQ-RT-011 */
static void the_kvm_face_tells_the_clock_rates(void **state)
{
    (void)state;
    fake_tsc_hz = 2595124000U;
    ask(CPU(VM_SERVICE, 0), 0x40000000U, 0U);
    assert_int_equal(out[CPUID_EAX], 0x40000010U);
    assert_memory_equal(&out[CPUID_EBX], "KVMKVMKVM\0\0\0", 12U);
    ask(CPU(VM_SERVICE, 0), 0x40000001U, 0U);
    assert_int_equal(out[CPUID_EAX], 0x01000048U);
    ask(CPU(RT, 0), 0x40000001U, 0U);
    assert_int_equal(out[CPUID_EAX], 0x01000008U); /* its EOI is the hardware's */
    ask(CPU(VM_SERVICE, 0), 0x40000010U, 0U);
    assert_int_equal(out[CPUID_EAX], 2595124U);
    assert_int_equal(out[CPUID_EBX], 2595124U);
}

static void the_acrn_face_names_the_service_vm(void **state)
{
    (void)state;
    ask(CPU(USER, 0), 0x40000000U, 0U);
    assert_memory_equal(&out[CPUID_EBX], "ACRNACRNACRN", 12U);
    ask(CPU(USER, 0), 0x40000001U, 0U);
    assert_int_equal(out[CPUID_EAX], 0U);
    vms[VM_SERVICE].face = PART_FACE_ACRN;
    ask(CPU(VM_SERVICE, 0), 0x40000001U, 0U);
    assert_int_equal(out[CPUID_EAX], 1U);
    ask(CPU(VM_SERVICE, 0), 0x40000010U, 0U);
    assert_int_equal(out[CPUID_EAX], fake_tsc_hz / 1000U);
}

static void the_instruction_fills_four_registers_with_32_bits(void **state)
{
    struct vcpu_regs *regs = &vcpu_regs[CPU(VM_SERVICE, 0)];
    (void)state;
    regs->gpr[GPR_RAX] = 0xFFFFFFFF40000000U;
    regs->gpr[GPR_RBX] = 0xFFFFFFFFFFFFFFFFU;
    regs->gpr[GPR_RCX] = 0xFFFFFFFF00000000U;
    regs->gpr[GPR_RDX] = 0xFFFFFFFFFFFFFFFFU;
    cpuid_emulate(CPU(VM_SERVICE, 0));
    assert_true(regs->gpr[GPR_RAX] == 0x40000010U);
    assert_true(regs->gpr[GPR_RBX] == 0x4B4D564BU);
    assert_true(regs->gpr[GPR_RCX] == 0x564B4D56U);
    assert_true(regs->gpr[GPR_RDX] == 0x4DU);
}

#define T(name) cmocka_unit_test_setup(name, setup)

static void a_machine_with_less_than_the_list_shows_its_own_maxima(void **state)
{
    (void)state;
    fake_cpuid_set(0U, 0U, 0x0BU, 0U, 0U, 0U);
    fake_cpuid_set(0x80000000U, 0U, 0x80000004U, 0U, 0U, 0U);
    ask(CPU(VM_SERVICE, 0), 0U, 0U);
    assert_int_equal(out[CPUID_EAX], 0x0BU);
    ask(CPU(VM_SERVICE, 0), 0x80000000U, 0U);
    assert_int_equal(out[CPUID_EAX], 0x80000004U);
}

static void a_machine_without_xsave_has_no_components(void **state)
{
    (void)state;
    fake_xcr0_supported = 0U;
    for (uint32_t subleaf = 0U; subleaf < 3U; subleaf++) {
        ask(CPU(VM_SERVICE, 0), 0xDU, subleaf);
        assert_int_equal(out[CPUID_EAX] | out[CPUID_EBX] | out[CPUID_ECX] | out[CPUID_EDX], 0U);
    }
}

static void compacted_components_are_aligned_where_they_ask_for_it(void **state)
{
    (void)state;
    fake_cpuid_set(0xDU, 2U, 100U, 576U, 0U, 0U);
    fake_cpuid_set(0xDU, 9U, 8U, 640U, 2U, 0U);
    hw_vcpu_set(CPU(VM_SERVICE, 0), REG_XCR0, 0x207U);
    ask(CPU(VM_SERVICE, 0), 0xDU, 1U);
    assert_int_equal(out[CPUID_EBX], 704U + 8U); /* 576 + 100, up to a multiple of 64 */
    fake_cpuid_set(0xDU, 9U, 8U, 640U, 0U, 0U);
    ask(CPU(VM_SERVICE, 0), 0xDU, 1U);
    assert_int_equal(out[CPUID_EBX], 676U + 8U);
}

static void the_standard_area_ends_with_its_last_component(void **state)
{
    (void)state;
    fake_cpuid_set(0xDU, 2U, 256U, 832U, 0U, 0U);
    fake_cpuid_set(0xDU, 9U, 8U, 640U, 0U, 0U); /* a later number, an earlier place */
    hw_vcpu_set(CPU(VM_SERVICE, 0), REG_XCR0, 0x207U);
    ask(CPU(VM_SERVICE, 0), 0xDU, 0U);
    assert_int_equal(out[CPUID_EBX], 832U + 256U);
}

static void the_acrn_face_has_three_leaves(void **state)
{
    (void)state;
    ask(CPU(USER, 0), 0x40000005U, 0U);
    assert_int_equal(out[CPUID_EAX] | out[CPUID_EBX] | out[CPUID_ECX] | out[CPUID_EDX], 0U);
}

static void apic_ids_never_number_more_than_8_bits(void **state)
{
    (void)state;
    vms[USER].vcpu_count = 300U; /* no VM has so many */
    ask(CPU(USER, 0), 0x0BU, 1U);
    assert_int_equal(out[CPUID_EAX], 8U);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_vendor_is_the_machines_and_the_maxima_are_ours), T(virtualisation_and_what_needs_it_are_hidden),
        T(leaves_that_are_not_listed_are_zero), T(shares_of_caches_are_hidden), T(leaf_7_has_one_subleaf), T(leaf_1_numbers_the_vcpu),
        T(x2apic_and_hypervisor_bits_are_always_set), T(the_deadline_timer_is_virtual_or_the_machines),
        T(osxsave_follows_cr4), T(the_tsc_is_invariant_and_the_apic_timer_never_stops),
        T(topology_is_one_package_of_single_threads), T(xsave_sizes_fit_the_components),
        T(the_kvm_face_tells_the_clock_rates), T(the_acrn_face_names_the_service_vm),
        T(the_instruction_fills_four_registers_with_32_bits),
        cmocka_unit_test_setup(a_machine_with_less_than_the_list_shows_its_own_maxima, setup),
        cmocka_unit_test_setup(a_machine_without_xsave_has_no_components, setup),
        cmocka_unit_test_setup(compacted_components_are_aligned_where_they_ask_for_it, setup),
        cmocka_unit_test_setup(the_standard_area_ends_with_its_last_component, setup),
        cmocka_unit_test_setup(the_acrn_face_has_three_leaves, setup),
        cmocka_unit_test_setup(apic_ids_never_number_more_than_8_bits, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
