/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/io.c core/guest_walk.c fake/vcpu_hw.c */
/* String instructions of port I/O: what moves between ports and memory. */
#include "io_machine.h"

/* ---- strings ---- */

static void outs_sends_memory(void **state)
{
    struct vm_exit exit = string_exit(0x10U, 2U, true, false);
    (void)state;
    ram[0x2000] = 0xCDU;
    ram[0x2001] = 0xABU;
    *gpr(GPR_RSI) = 0x2000U;
    io_exit(cpu, &exit);
    assert_true(request.write && (request.value == 0xABCDU));
    io_complete(cpu, 0U);
    assert_true(*gpr(GPR_RSI) == 0x2002U);
    assert_true(skipped());
}

/* REQ-IO-006 */
static void rep_ins_fills_memory_one_element_at_a_time(void **state)
{
    struct vm_exit exit = string_exit(0x10U, 4U, false, true);
    (void)state;
    *gpr(GPR_RDI) = 0x2000U;
    *gpr(GPR_RCX) = 2U;
    *gpr(GPR_RAX) = 0x77U;
    io_exit(cpu, &exit);
    io_complete(cpu, 0x11223344U);
    assert_int_equal(vcpu_regs[cpu].rip, RIP);
    assert_true((*gpr(GPR_RDI) == 0x2004U) && (*gpr(GPR_RCX) == 1U));
    io_exit(cpu, &exit);
    io_complete(cpu, 0x55667788U);
    assert_true(skipped());
    assert_true((*gpr(GPR_RDI) == 0x2008U) && (*gpr(GPR_RCX) == 0U) && (*gpr(GPR_RAX) == 0x77U));
    assert_memory_equal(&ram[0x2000], ((const uint8_t[]){ 0x44, 0x33, 0x22, 0x11, 0x88, 0x77, 0x66, 0x55, 0 }), 9U);
}

static void rep_with_zero_count_does_nothing(void **state)
{
    struct vm_exit exit = string_exit(0x10U, 1U, true, true);
    (void)state;
    io_exit(cpu, &exit);
    assert_int_equal(request.count, 0U);
    assert_true(skipped());
    vcpu_regs[cpu].rip = RIP;
    *gpr(GPR_RCX) = 0x100000000U;
    exit.address_size = 4U; /* ECX is zero */
    io_exit(cpu, &exit);
    assert_int_equal(request.count, 0U);
    assert_true(skipped());
}

static void the_direction_flag_counts_down(void **state)
{
    struct vm_exit exit = string_exit(0x10U, 4U, true, false);
    (void)state;
    vcpu_regs[cpu].rflags = 0x400U;
    *gpr(GPR_RSI) = 0x2000U;
    io_exit(cpu, &exit);
    io_complete(cpu, 0U);
    assert_true(*gpr(GPR_RSI) == 0x1FFCU);
}

static void sixteen_bit_addresses_wrap_and_keep_the_rest(void **state)
{
    struct vm_exit exit = string_exit(0x10U, 1U, true, false);
    (void)state;
    exit.address_size = 2U;
    hw_vcpu_set_segment(cpu, SEG_DS, (struct segment){ .base = 0x0U });
    *gpr(GPR_RSI) = 0xABCD2000U;
    io_exit(cpu, &exit);
    io_complete(cpu, 0U);
    assert_true(*gpr(GPR_RSI) == 0xABCD2001U);
    *gpr(GPR_RSI) = 0xABCDFFFFU;
    hw_vcpu_set_segment(cpu, SEG_DS, (struct segment){ .base = 0xFFFF3000U }); /* 0x2FFF after the 4 GiB wrap */
    io_exit(cpu, &exit);
    io_complete(cpu, 0U);
    assert_true(*gpr(GPR_RSI) == 0xABCD0000U);
}

static void segment_bases_count_outside_64_bit_and_for_fs_and_gs(void **state)
{
    struct vm_exit exit = string_exit(0x10U, 1U, true, false);
    (void)state;
    ram[0x2010] = 1U;
    ram[0x3010] = 2U;
    hw_vcpu_set_segment(cpu, SEG_DS, (struct segment){ .base = 0x1000U });
    hw_vcpu_set_segment(cpu, SEG_GS, (struct segment){ .base = 0x1000U });
    *gpr(GPR_RSI) = 0x2010U;
    io_exit(cpu, &exit);
    assert_int_equal(request.value, 1U);
    exit.segment = SEG_GS;
    io_exit(cpu, &exit);
    assert_int_equal(request.value, 2U);
    exit.segment = SEG_DS;
    exit.address_size = 4U;
    io_exit(cpu, &exit);
    assert_int_equal(request.value, 2U);
}

/* REQ-IO-006 */
static void a_string_in_unmapped_memory_is_a_page_fault(void **state)
{
    struct vm_exit exit = string_exit(0x10U, 1U, false, false);
    (void)state;
    hw_vcpu_set(cpu, REG_CR0, 0x80000001U); /* paging with empty tables */
    hw_vcpu_set(cpu, REG_CPL, 3U);
    *gpr(GPR_RDI) = 0x2345U;
    io_exit(cpu, &exit);
    assert_int_equal(request.count, 0U);
    assert_int_equal(fake_vcpu[cpu].injected, PF + 1U);
    assert_int_equal(fake_vcpu[cpu].error, 6U); /* write, user, not present */
    assert_int_equal(hw_vcpu_get(cpu, REG_CR2), 0x2345U);
    assert_int_equal(vcpu_regs[cpu].rip, RIP);
    exit.write = true;
    *gpr(GPR_RSI) = 0x4567U;
    hw_vcpu_set(cpu, REG_CPL, 0U);
    io_exit(cpu, &exit);
    assert_int_equal(fake_vcpu[cpu].error, 0U);
    assert_int_equal(hw_vcpu_get(cpu, REG_CR2), 0x4567U);
}

static void outs_from_device_memory_is_refused(void **state)
{
    struct vm_exit exit = string_exit(0x10U, 1U, true, false);
    (void)state;
    *gpr(GPR_RSI) = 0xFEC00000U;
    io_exit(cpu, &exit);
    assert_int_equal(request.count, 0U);
    assert_int_equal(fake_vcpu[cpu].injected, GP + 1U);
}

/* ---- exclusive cores ---- */

static void closed_port_strings_advance(void **state)
{
    struct vm_exit exit = string_exit(0x10U, 4U, false, true);
    (void)state;
    *gpr(GPR_RDI) = 0x2000U;
    *gpr(GPR_RCX) = 1U;
    io_closed(cpu, &exit);
    assert_int_equal(ram[0x2003], 0xFFU);
    assert_true(*gpr(GPR_RDI) == 0x2004U);
    assert_true(skipped());
    vcpu_regs[cpu].rip = RIP;
    io_closed(cpu, &exit); /* count is zero now */
    assert_true(skipped());
    assert_true(*gpr(GPR_RDI) == 0x2004U);
    vcpu_regs[cpu].rip = RIP;
    exit.write = true;
    *gpr(GPR_RCX) = 2U;
    io_closed(cpu, &exit);
    assert_int_equal(vcpu_regs[cpu].rip, RIP);
    assert_true((*gpr(GPR_RSI) == 4U) && (*gpr(GPR_RCX) == 1U));
}

/* 32-bit paging: the pages at 0x2000 and 0x3000 are apart in memory. */
static void split_pages(void)
{
    static const uint32_t entry[][2] = { { 0x4000U, 0x5007U }, { 0x5000U + (4U * 2U), 0x2007U }, { 0x5000U + (4U * 3U), 0x6007U } };
    for (size_t i = 0U; i < 3U; i++) {
        memcpy(&ram[entry[i][0]], &entry[i][1], 4U);
    }
    hw_vcpu_set(cpu, REG_CR0, 0x80000001U);
    hw_vcpu_set(cpu, REG_CR3, 0x4000U);
}

/* REQ-IO-006 */
static void an_element_on_two_pages_that_are_apart_is_refused(void **state)
{
    struct vm_exit exit = string_exit(0x10U, 4U, false, false);
    (void)state;
    split_pages();
    *gpr(GPR_RDI) = 0x2FFEU;
    io_exit(cpu, &exit);
    assert_int_equal(fake_vcpu[cpu].injected, GP + 1U);
    assert_int_equal(request.count, 0U);
    assert_int_equal(vcpu_regs[cpu].rip, RIP);
}

static void closed_strings_fault_as_open_ones(void **state)
{
    struct vm_exit exit = string_exit(0x10U, 1U, false, false);
    (void)state;
    split_pages();
    *gpr(GPR_RDI) = 0x7000U; /* not there */
    io_closed(cpu, &exit);
    assert_int_equal(fake_vcpu[cpu].injected, PF + 1U);
    assert_int_equal(vcpu_regs[cpu].rip, RIP);
}

static void a_closed_string_without_rep_is_one_element(void **state)
{
    struct vm_exit exit = string_exit(0x10U, 2U, false, false);
    (void)state;
    *gpr(GPR_RDI) = 0x2000U;
    *gpr(GPR_RCX) = 0U; /* does not count */
    io_closed(cpu, &exit);
    assert_int_equal(ram[0x2001], 0xFFU);
    assert_int_equal(ram[0x2002], 0U);
    assert_true(*gpr(GPR_RDI) == 0x2002U);
    assert_true(skipped());
}

/* No processor reports one; if it did, four bytes move and nothing behind them. */
static void an_element_of_more_than_four_bytes_moves_four(void **state)
{
    struct vm_exit exit = string_exit(0x10U, 8U, true, false);
    (void)state;
    memset(&ram[0x2000], 0x11, 8U);
    *gpr(GPR_RSI) = 0x2000U;
    io_exit(cpu, &exit);
    assert_int_equal(request.value, 0x11111111U);
    exit.write = false;
    *gpr(GPR_RDI) = 0x3000U;
    io_exit(cpu, &exit);
    io_complete(cpu, 0xFFFFFFFFU);
    assert_int_equal(ram[0x3003], 0xFFU);
    assert_int_equal(ram[0x3004], 0U);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        U(outs_sends_memory), U(rep_ins_fills_memory_one_element_at_a_time), U(rep_with_zero_count_does_nothing),
        U(the_direction_flag_counts_down), U(sixteen_bit_addresses_wrap_and_keep_the_rest),
        U(segment_bases_count_outside_64_bit_and_for_fs_and_gs), U(a_string_in_unmapped_memory_is_a_page_fault),
        U(outs_from_device_memory_is_refused), S(closed_port_strings_advance),
        cmocka_unit_test_setup(an_element_on_two_pages_that_are_apart_is_refused, setup_user),
        cmocka_unit_test_setup(closed_strings_fault_as_open_ones, setup_user),
        cmocka_unit_test_setup(a_closed_string_without_rep_is_one_element, setup_user),
        cmocka_unit_test_setup(an_element_of_more_than_four_bytes_moves_four, setup_user),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
