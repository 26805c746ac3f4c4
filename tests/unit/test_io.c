/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/io.c core/guest_walk.c fake/vcpu_hw.c */
/* Port I/O: which device gets an access, and what it leaves in the registers. */
#include "io_machine.h"

/* ---- who answers ---- */

/* REQ-IO-005 */
static void ports_of_a_user_vm_go_to_the_device_model(void **state)
{
    (void)state;
    *gpr(GPR_RAX) = 0x1122334455667788U;
    access_port(0x70U, 1U, true);
    assert_int_equal(request.count, 1U);
    assert_true(request.write && (request.port == 0x70U) && (request.size == 1U) && (request.value == 0x88U));
    assert_int_equal(vcpu_regs[cpu].rip, RIP);
    io_complete(cpu, 0U);
    assert_true(skipped());
    assert_true(*gpr(GPR_RAX) == 0x1122334455667788U);
}

/* REQ-INT-022 */
static void a_user_vm_has_no_platform_and_no_pci_of_the_hypervisor(void **state)
{
    (void)state;
    access_port(0xCF8U, 4U, true);
    access_port(PLATFORM_PORT, 2U, true);
    access_port(0xCF9U, 1U, true);
    assert_int_equal(request.count, 3U);
    assert_int_equal(pci.count + platform.count, 0U);
}

static void the_pics_are_the_hypervisors_in_every_vm(void **state)
{
    static const uint16_t ports[] = { 0x20U, 0x21U, 0xA0U, 0xA1U, 0x4D0U, 0x4D1U };
    (void)state;
    for (size_t i = 0U; i < 6U; i++) {
        vcpu_regs[cpu].rip = RIP;
        access_port(ports[i], 1U, false);
        assert_int_equal(pic.port, ports[i]);
        assert_int_equal(*gpr(GPR_RAX) & 0xFFU, ports[i] & 0xFFU);
        assert_true(skipped());
    }
    assert_int_equal(request.count, 0U);
}

/* REQ-INT-080 */
static void a_function_lent_to_a_user_vm_is_answered_here(void **state)
{
    (void)state;
    cpu = vcpu_id(USER, 0U);
    vms[USER].kind = VM_KIND_USER;
    function_lent = true;
    vcpu_regs[cpu].rip = RIP;
    access_port(0xCFCU, 4U, false);
    assert_true(*gpr(GPR_RAX) == 0xA1B2C3D4U);
    assert_true(skipped());
    *gpr(GPR_RAX) = 0x77U;
    access_port(0xCFEU, 1U, true);
    assert_true(pci.write && (pci.port == 0xCFEU) && (pci.size == 1U) && (pci.value == 0x77U));
    assert_int_equal(request.count, 0U);
    function_lent = false;
    access_port(0xCFEU, 1U, true);
    assert_int_equal(request.count, 1U);
}

static void a_wide_access_to_a_pic_reaches_its_ports_byte_by_byte(void **state)
{
    (void)state;
    access_port(0x20U, 4U, false);
    assert_true(*gpr(GPR_RAX) == 0xFFFF2120U);
    assert_int_equal(pic.count, 2U);
    *gpr(GPR_RAX) = 0xAABBU;
    access_port(0x20U, 2U, true);
    assert_int_equal(pic.count, 4U);
    assert_true(pic.write && (pic.port == 0x21U) && (pic.value == 0xAAU));
}

static void the_service_vm_reaches_pci_and_platform(void **state)
{
    (void)state;
    access_port(0xCFCU, 4U, false);
    assert_int_equal(pci.count, 1U);
    assert_true(*gpr(GPR_RAX) == 0xA1B2C3D4U);
    *gpr(GPR_RAX) = 0x2000U;
    access_port(PLATFORM_PORT, 2U, true);
    assert_true(platform.write && (platform.value == 0x2000U) && (platform.size == 2U));
}

/* REQ-INT-018 */
static void the_reset_register_inside_the_pci_address_is_the_platforms(void **state)
{
    (void)state;
    access_port(0xCF9U, 1U, true);
    assert_int_equal(platform.count, 1U);
    access_port(0xCF8U, 4U, true);
    assert_int_equal(platform.count, 1U);
    assert_int_equal(pci.count, 1U);
}

/* REQ-IO-005 */
static void ports_of_nobody_read_ones(void **state)
{
    (void)state;
    *gpr(GPR_RAX) = 0x1111111111111111U;
    access_port(0x3E8U, 1U, false);
    assert_true(*gpr(GPR_RAX) == 0x11111111111111FFU);
    access_port(0x3E8U, 1U, true);
    assert_int_equal(request.count + pci.count + platform.count, 0U);
}

/* REQ-IO-005 */
static void what_the_service_vm_may_not_reach_is_withheld(void **state)
{
    (void)state;
    assert_true(io_port_withheld(0x3F8U));  /* log UART */
    assert_true(io_port_withheld(0x3FFU));
    assert_false(io_port_withheld(0x400U));
    assert_false(io_port_withheld(0x3F7U));
    assert_true(io_port_withheld(0x3E8U));  /* the RTVM's */
    assert_true(io_port_withheld(0x3EFU));
    assert_false(io_port_withheld(0x3E7U));
    assert_false(io_port_withheld(0x3F0U));
    assert_true(io_port_withheld(0xCF8U) && io_port_withheld(0xCFFU));
    assert_false(io_port_withheld(0xCF7U) || io_port_withheld(0xD00U));
    assert_true(io_port_withheld(0x20U) && io_port_withheld(0xA1U) && io_port_withheld(0x4D0U));
    assert_false(io_port_withheld(0x22U) || io_port_withheld(0x120U) || io_port_withheld(0x4D2U));
    assert_true(io_port_withheld(PLATFORM_PORT));
    assert_false(io_port_withheld(PLATFORM_PORT - 1U) || io_port_withheld(0x608U));
    partition.table.board.log_port = 0U;
    assert_false(io_port_withheld(0U) || io_port_withheld(7U));
}

/* ---- registers ---- */

static void in_merges_into_rax_by_its_width(void **state)
{
    (void)state;
    *gpr(GPR_RAX) = ONES;
    access_port(0xCFCU, 1U, false);
    assert_true(*gpr(GPR_RAX) == 0xFFFFFFFFFFFFFFD4U);
    access_port(0xCFCU, 2U, false);
    assert_true(*gpr(GPR_RAX) == 0xFFFFFFFFFFFFC3D4U);
    access_port(0xCFCU, 4U, false);
    assert_true(*gpr(GPR_RAX) == 0xA1B2C3D4U);
}

static void a_vcpu_that_was_reset_by_its_access_is_not_skipped(void **state)
{
    (void)state;
    reset_on_write = true;
    access_port(PLATFORM_PORT, 2U, true);
    assert_int_equal(vcpu_regs[cpu].rip, RIP);
}

/* ---- exclusive cores ---- */

/* REQ-IO-005 */
static void closed_ports_read_ones_and_ignore_writes(void **state)
{
    struct vm_exit exit = { .reason = HV_EXIT_IO, .number = 0x70U, .size = 2U, .length = 2U };
    (void)state;
    io_closed(cpu, &exit);
    assert_true(*gpr(GPR_RAX) == 0xFFFFU);
    assert_true(skipped());
    vcpu_regs[cpu].rip = RIP;
    exit.write = true;
    io_closed(cpu, &exit);
    assert_true(skipped());
    assert_int_equal(request.count + pci.count + platform.count + pic.count, 0U);
}

static void every_range_of_every_listed_vm_is_withheld(void **state)
{
    struct part_vm *last = &partition.table.vm[PART_MAX_VM - 1U];
    (void)state;
    partition.table.vm_count = PART_MAX_VM + 1U; /* more than a table holds */
    last->ports_count = PART_MAX_PORTS + 1U;
    last->ports[PART_MAX_PORTS - 1U].base = 0x2E8U;
    last->ports[PART_MAX_PORTS - 1U].count = 8U;
    assert_true(io_port_withheld(0x2E8U));
    assert_true(io_port_withheld(0x3E8U));
    assert_false(io_port_withheld(0x2F0U));
}

static void a_withheld_port_of_nobody_reads_ones(void **state)
{
    (void)state;
    access_port(0xD00U, 4U, false);
    assert_true(*gpr(GPR_RAX) == 0xFFFFFFFFU);
    assert_int_equal(pci.count + platform.count, 0U);
}

static int setup_shared_rtvm(void **state)
{
    (void)state;
    start(vcpu_id(RTVM, 0U));
    return 0;
}

/* REQ-INT-022 */
static void a_pre_launched_vm_has_no_platform(void **state)
{
    (void)state;
    access_port(PLATFORM_PORT, 2U, true);
    access_port(PLATFORM_PORT, 2U, false);
    assert_int_equal(platform.count + request.count, 0U);
    assert_true(*gpr(GPR_RAX) == 0xFFFFU);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        U(ports_of_a_user_vm_go_to_the_device_model), U(a_user_vm_has_no_platform_and_no_pci_of_the_hypervisor),
        U(the_pics_are_the_hypervisors_in_every_vm), S(a_function_lent_to_a_user_vm_is_answered_here),
        U(the_pics_are_the_hypervisors_in_every_vm), S(a_wide_access_to_a_pic_reaches_its_ports_byte_by_byte),
        S(the_service_vm_reaches_pci_and_platform), S(the_reset_register_inside_the_pci_address_is_the_platforms),
        S(ports_of_nobody_read_ones), S(what_the_service_vm_may_not_reach_is_withheld),
        S(in_merges_into_rax_by_its_width), S(a_vcpu_that_was_reset_by_its_access_is_not_skipped),
        S(closed_ports_read_ones_and_ignore_writes),
        cmocka_unit_test_setup(every_range_of_every_listed_vm_is_withheld, setup_service),
        cmocka_unit_test_setup(a_withheld_port_of_nobody_reads_ones, setup_service),
        cmocka_unit_test_setup(a_pre_launched_vm_has_no_platform, setup_shared_rtvm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
