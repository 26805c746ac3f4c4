/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/mmio.c core/decode.c core/insn_apply.c core/guest_walk.c fake/vcpu_hw.c */
/* String instructions on emulated memory, between the guest's memory and the device. */
#include "mmio_machine.h"

/* ---- strings ---- */

static void rep_stos_sends_one_element_at_a_time(void **state)
{
    (void)state;
    *gpr(GPR_RDI) = HOLE;
    *gpr(GPR_RCX) = 2U;
    EXECUTE(HOLE, true, 0xF3, 0xAB);
    mmio_complete(cpu, 0U);
    assert_true((*gpr(GPR_RDI) == (HOLE + 4U)) && (*gpr(GPR_RCX) == 1U));
    assert_int_equal(vcpu_regs[cpu].rip, CODE);
    EXECUTE(HOLE + 4U, true, 0xF3, 0xAB);
    mmio_complete(cpu, 0U);
    assert_true((*gpr(GPR_RDI) == (HOLE + 8U)) && (*gpr(GPR_RCX) == 0U));
    assert_true(skipped(2U));
}

static void strings_go_down_with_the_direction_flag(void **state)
{
    (void)state;
    vcpu_regs[cpu].rflags = 0x402U;
    *gpr(GPR_RDI) = VLAPIC_BASE + 0x80U;
    EXECUTE(VLAPIC_BASE + 0x80U, true, 0xAB);
    assert_true(*gpr(GPR_RDI) == (VLAPIC_BASE + 0x7CU));
    assert_true(skipped(1U));
}

static void movs_from_a_device_fills_memory(void **state)
{
    (void)state;
    *gpr(GPR_RSI) = HOLE;
    *gpr(GPR_RDI) = 0x2000U;
    EXECUTE(HOLE, false, 0xA5);
    assert_true(!request.write && (request.gpa == HOLE));
    mmio_complete(cpu, 0x55667788U);
    assert_int_equal(ram[0x2000], 0x88U);
    assert_int_equal(ram[0x2003], 0x55U);
    assert_true((*gpr(GPR_RSI) == (HOLE + 4U)) && (*gpr(GPR_RDI) == 0x2004U));
    assert_true(skipped(1U));
    assert_int_equal(request.count, 1U);
}

static void movs_to_a_device_reads_memory(void **state)
{
    (void)state;
    ram[0x3000] = 0x5AU;
    *gpr(GPR_RSI) = 0x3000U;
    *gpr(GPR_RDI) = HOLE;
    EXECUTE(HOLE, true, 0xA4);
    assert_true(request.write && (request.gpa == HOLE) && (request.value == 0x5AU) && (request.size == 1U));
    mmio_complete(cpu, 0U);
    assert_true(skipped(1U));
}

static void put_entry(gpa_t table, uint32_t index, uint64_t entry) { memcpy(&ram[table + (index * 8U)], &entry, 8U); }

/* User code at CODE; the device at HOLE is the user's; target: the entry of the page at 0x2000. */
static void use_paging(uint64_t target)
{
    hw_vcpu_set(cpu, REG_CR0, 0x80010001U);
    hw_vcpu_set(cpu, REG_CR3, 0x4000U);
    hw_vcpu_set(cpu, REG_CPL, 3U);
    put_entry(0x4000U, 0U, 0x5007U);
    put_entry(0x5000U, 0U, 0x6007U);
    put_entry(0x5000U, 3U, 0xC0000087U);
    put_entry(0x6000U, 0U, 0x7007U);
    put_entry(0x7000U, CODE / 4096U, CODE | 7U);
    put_entry(0x7000U, 2U, target);
    *gpr(GPR_RSI) = HOLE;
    *gpr(GPR_RDI) = 0x2000U;
}

/* User code with a device of its own must not write the kernel's memory by the hypervisor's hand. */
/* REQ-IO-006 */
static void movs_by_a_user_does_not_reach_the_kernels_memory(void **state)
{
    (void)state;
    use_paging(0x2003U);
    EXECUTE(HOLE, false, 0xA5);
    assert_int_equal(request.count, 0U);
    assert_int_equal(ram[0x2000], 0U);
    assert_int_equal(fake_vcpu[cpu].injected, 14U + 1U);
    assert_int_equal(fake_vcpu[cpu].error, 7U);
    assert_true(hw_vcpu_get(cpu, REG_CR2) == 0x2000U);
}

static void movs_into_read_only_or_absent_memory_is_a_page_fault(void **state)
{
    (void)state;
    use_paging(0x2005U);
    EXECUTE(HOLE, false, 0xA5);
    assert_int_equal(fake_vcpu[cpu].error, 7U);
    use_paging(0U);
    EXECUTE(HOLE, false, 0xA5);
    assert_int_equal(fake_vcpu[cpu].error, 6U);
    assert_int_equal(request.count, 0U);
    fake_vcpu[cpu].event_queued = false;
    use_paging(0x2007U);
    EXECUTE(HOLE, false, 0xA5);
    assert_int_equal(request.count, 1U);
    mmio_complete(cpu, 0x55U);
    assert_int_equal(ram[0x2000], 0x55U);
}

static void an_address_size_prefix_narrows_the_registers(void **state)
{
    (void)state;
    *gpr(GPR_RDI) = 0xFFFFFFFF00000000U | HOLE;
    *gpr(GPR_RCX) = 0xFFFFFFFF00000001U;
    EXECUTE(HOLE, true, 0xF3, 0x67, 0xAA);
    mmio_complete(cpu, 0U);
    assert_true(*gpr(GPR_RDI) == (HOLE + 1U));
    assert_true(*gpr(GPR_RCX) == 0U);
    assert_true(skipped(3U));
}

static void sixteen_bit_strings_keep_the_upper_halves(void **state)
{
    struct segment code = { .access = 0U };
    (void)state;
    hw_vcpu_set_segment(cpu, SEG_CS, code);
    hw_vcpu_set(cpu, REG_EFER, 0U);
    *gpr(GPR_RDI) = 0xABCDFFFFU;
    EXECUTE(VLAPIC_BASE, true, 0xAA);
    assert_true(*gpr(GPR_RDI) == 0xABCD0000U);
}

static void a_segment_override_moves_the_source(void **state)
{
    struct segment fs = { .base = 0x3000U };
    (void)state;
    hw_vcpu_set_segment(cpu, SEG_FS, fs);
    hw_vcpu_set_segment(cpu, SEG_DS, (struct segment){ .base = 0x7000U }); /* no base in 64-bit code */
    hw_vcpu_set_segment(cpu, SEG_ES, (struct segment){ .base = 0x7000U });
    ram[0x3010] = 0x5AU;
    ram[0x10] = 0xA5U;
    *gpr(GPR_RSI) = 0x10U;
    *gpr(GPR_RDI) = HOLE;
    EXECUTE(HOLE, true, 0x64, 0xA4);
    assert_int_equal(request.value, 0x5AU);
    EXECUTE(HOLE, true, 0xA4);
    assert_int_equal(request.value, 0xA5U);
}

static void gs_moves_the_source_as_fs_does(void **state)
{
    (void)state;
    hw_vcpu_set_segment(cpu, SEG_GS, (struct segment){ .base = 0x3000U });
    ram[0x3010] = 0x5AU;
    *gpr(GPR_RSI) = 0x10U;
    *gpr(GPR_RDI) = HOLE;
    EXECUTE(HOLE, true, 0x65, 0xA4);
    assert_int_equal(request.value, 0x5AU);
}

/* REQ-IO-006 */
static void movs_from_or_to_two_pages_that_are_apart_is_refused(void **state)
{
    (void)state;
    use_paging(0x2007U);
    put_entry(0x7000U, 3U, 0x8007U); /* behind 0x2000 in linear, not in physical memory */
    *gpr(GPR_RDI) = 0x2FFEU;
    EXECUTE(HOLE, false, 0xA5);
    assert_true(got_gp());
    fake_vcpu[cpu].event_queued = false;
    fake_vcpu[cpu].injected = 0U;
    *gpr(GPR_RSI) = 0x2FFEU;
    *gpr(GPR_RDI) = HOLE;
    EXECUTE(HOLE, true, 0xA5);
    assert_true(got_gp());
    assert_int_equal(request.count, 0U);
}

#define T(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(rep_stos_sends_one_element_at_a_time), T(strings_go_down_with_the_direction_flag), T(movs_from_a_device_fills_memory),
        T(movs_to_a_device_reads_memory), T(movs_by_a_user_does_not_reach_the_kernels_memory),
        T(movs_into_read_only_or_absent_memory_is_a_page_fault), T(an_address_size_prefix_narrows_the_registers),
        T(sixteen_bit_strings_keep_the_upper_halves), T(a_segment_override_moves_the_source),
        cmocka_unit_test_setup(gs_moves_the_source_as_fs_does, setup),
        cmocka_unit_test_setup(movs_from_or_to_two_pages_that_are_apart_is_refused, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
