/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: all */
/* Hypercalls: who has them, what they take, what they refuse. */
#include "world.h"

#include "core/hypercall_parts.h"

#define NO_ANSWER 0x8000000000U /* no memory there */

/* REQ-HYP-001 */
static void test_only_the_service_vm_has_hypercalls(void **state)
{
    vm_id_t v = world_running(1U);
    (void)state;
    assert_int_equal(hypercall_dispatch(vcpu_id(v, 0U), HC_DESTROY_VM, v, 0U), -HC_ENOTTY);
    assert_int_equal(hypercall_dispatch(vcpu_id(RTVM, 0U), HC_CREATE_VM, SCRATCH, 0U), -HC_ENOTTY);
    world_destroy(v);
}

/* REQ-HYP-002 */
static void test_numbers_that_are_not_listed_are_no_hypercalls(void **state)
{
    static const uint64_t ids[] = { 0U, 1U, 0x10U, 0x80000000U, 0x80000003U, 0x80000014U, 0x80000032U, 0x80000041U,
                                    0x80000043U, 0x80000060U, 0x800000FFU, 0x180000010U, 0xFFFFFFFFFFFFFFFFU };
    (void)state;
    for (uint32_t i = 0U; i < (sizeof(ids) / sizeof(ids[0])); i++) {
        assert_int_equal(hypercall(ids[i], VM_FIRST_USER, 0U), -HC_ENOTTY);
    }
}

/* REQ-HYP-003 */
static void test_a_target_is_a_user_vm_that_exists(void **state)
{
    static const uint64_t targets[] = { VM_SERVICE, RTVM, 2U, 3U, VM_FIRST_USER, MAX_VM, 0xFFFFU, 0x100000004U };
    (void)state;
    for (uint32_t i = 0U; i < (sizeof(targets) / sizeof(targets[0])); i++) {
        assert_int_equal(hypercall(HC_START_VM, targets[i], 0U), -HC_EINVAL);
        assert_int_equal(hypercall(HC_PAUSE_VM, targets[i], 0U), -HC_EINVAL);
        assert_int_equal(hypercall(HC_DESTROY_VM, targets[i], 0U), -HC_EINVAL);
        assert_int_equal(hypercall(HC_INJECT_MSI, targets[i], SCRATCH), -HC_EINVAL);
        assert_int_equal(world_region((vm_id_t)targets[i], HC_REGION_ADD, WORLD_RWX_WB, 0U, LENT, 0x1000U), -HC_EINVAL);
    }
    assert_int_equal(vms[RTVM].state, VM_RUNNING);
}

/* REQ-HYP-004 */
static void test_a_parameter_that_is_not_memory_is_a_fault(void **state)
{
    vm_id_t v = world_create(1U);
    (void)state;
    assert_int_equal(hypercall(HC_CREATE_VM, NO_ANSWER, 0U), -HC_EFAULT);
    assert_int_equal(hypercall(HC_CREATE_VM, 0xFFFFFFFFFFFFFFF0U, 0U), -HC_EFAULT);
    assert_int_equal(hypercall(HC_CREATE_VM, RTVM_HPA, 0U), -HC_EFAULT);
    assert_int_equal(hypercall(HC_VM_SET_MEMORY_REGIONS, NO_ANSWER, 0U), -HC_EFAULT);
    assert_int_equal(hypercall(HC_SET_VCPU_REGS, v, NO_ANSWER), -HC_EFAULT);
    assert_int_equal(hypercall(HC_INJECT_MSI, v, NO_ANSWER), -HC_EFAULT);
    assert_int_equal(hypercall(HC_SET_IOREQ_BUFFER, v, NO_ANSWER), -HC_EFAULT);
    assert_int_equal(hypercall(HC_VM_INTR_MONITOR, v, NO_ANSWER), -HC_EFAULT);
    assert_int_equal(hypercall(HC_PM_GET_CPU_STATE, (uint64_t)v << 24, NO_ANSWER), -HC_EFAULT);
    world_destroy(v);
}

/* REQ-HYP-009 */
static void test_a_vm_whose_id_cannot_be_written_back_is_not_created(void **state)
{
    (void)state;
    assert_int_equal(hypercall(HC_CREATE_VM, TELEMETRY_HPA, 0U), -HC_EFAULT);
    assert_int_equal(vms[VM_FIRST_USER].state, VM_FREE);
}

/* REQ-HYP-008 */
static void test_cores_outside_the_policy_are_refused(void **state)
{
    struct hc_vm_creation creation;
    static const uint64_t masks[] = { 4U, 8U, 7U, 0x8000000000000000U };
    (void)state;
    for (uint32_t i = 0U; i < 4U; i++) {
        memset(&creation, 0, sizeof(creation));
        creation.cpu_affinity = masks[i];
        hw_phys_copy_out(SCRATCH, (const uint8_t *)&creation, sizeof(creation));
        assert_int_equal(hypercall(HC_CREATE_VM, SCRATCH, 0U), -HC_EINVAL);
    }
    assert_int_equal(vms[VM_FIRST_USER].state, VM_FREE);
}

/* REQ-HYP-010 */
static void test_start_needs_a_created_vm_with_a_request_page(void **state)
{
    vm_id_t v = world_create(1U);
    (void)state;
    assert_int_equal(hypercall(HC_START_VM, v, 0U), -HC_EINVAL);
    assert_int_equal(world_ioreq_page(v, IOREQ_PAGE), 0);
    assert_int_equal(hypercall(HC_START_VM, v, 0U), 0);
    assert_int_equal(hypercall(HC_START_VM, v, 0U), -HC_EINVAL);
    assert_int_equal(hypercall(HC_DESTROY_VM, v, 0U), -HC_EINVAL);
    assert_int_equal(world_ioreq_page(v, IOREQ_PAGE), -HC_EINVAL);
    world_destroy(v);
}

/* REQ-IO-026 */
static void test_finish_and_wait_finishes_as_the_plain_call_does(void **state)
{
    vm_id_t v = world_running(1U);
    (void)state;
    assert_int_equal(hypercall(HC_FINISH_AND_WAIT, v, 0U), -HC_EINVAL);
    assert_int_equal(hypercall(HC_FINISH_AND_WAIT, v + 1U, 0U), -HC_EINVAL);
    assert_int_equal(hypercall(HC_FINISH_AND_WAIT, v, MAX_VCPU_PER_VM), -HC_EINVAL);
    ioreq_port(vcpu_id(v, 0U), 0x604U, 1U, true, 0U);
    assert_int_equal(hypercall(HC_FINISH_AND_WAIT, v, 0U), -HC_EINVAL);
    slot_answer(0U, 0U);
    assert_int_equal(hypercall(HC_FINISH_AND_WAIT, v, 0U), 0);
    assert_int_equal(vcpus[vcpu_id(v, 0U)].state, VCPU_RUNNABLE);
    (void)hypercall(HC_PAUSE_VM, v, 0U);
    world_destroy(v);
}

/* REQ-HYP-011 */
static void test_a_request_page_is_aligned_ram_of_the_service_vm(void **state)
{
    vm_id_t v = world_create(1U);
    (void)state;
    assert_int_equal(world_ioreq_page(v, IOREQ_PAGE + 8U), -HC_EINVAL);
    assert_int_equal(world_ioreq_page(v, RTVM_HPA), -HC_EINVAL);
    assert_int_equal(world_ioreq_page(v, IMAGE_HPA), -HC_EINVAL);
    assert_int_equal(world_ioreq_page(v, TELEMETRY_HPA), -HC_EINVAL);
    assert_int_equal(world_ioreq_page(v, NO_ANSWER), -HC_EINVAL);
    assert_int_equal(world_ioreq_page(v, 0xFEE00000U), -HC_EINVAL);
    world_destroy(v);
}

static int64_t set_regs(vm_id_t v, const struct hc_vcpu_regs *request)
{
    hw_phys_copy_out(SCRATCH, (const uint8_t *)request, sizeof(*request));
    return hypercall(HC_SET_VCPU_REGS, v, SCRATCH);
}

/* REQ-HYP-007 */
static void test_registers_are_set_while_the_vm_does_not_run(void **state)
{
    vm_id_t v = world_create(1U);
    vcpu_id_t bsp = vcpu_id(v, 0U);
    struct hc_vcpu_regs request;
    (void)state;
    memset(&request, 0, sizeof(request));
    request.regs.rip = 0x100000U;
    request.regs.cr0 = 0x80000011U;
    request.regs.cr4 = 0x20U;
    request.regs.efer = 0x100U;
    request.regs.cr3 = 0x3000U;
    request.regs.cs_ar = 0xA09BU;
    request.regs.cs_sel = 0x10U;
    request.regs.gpr[GPR_RSI] = 0x10000U;
    assert_int_equal(set_regs(v, &request), 0);
    assert_int_equal(vcpu_regs[bsp].rip, 0x100000U);
    assert_int_equal(vcpu_regs[bsp].rflags, 2U);
    assert_int_equal(vcpu_regs[bsp].gpr[GPR_RSI], 0x10000U);
    assert_int_equal(fake_vcpu[bsp].reg[REG_EFER], 0x500U);
    assert_int_equal(fake_vcpu[bsp].segment[SEG_CS].access, 0xA09BU);
    assert_int_equal(fake_vcpu[bsp].segment[SEG_DS].limit, 0xFFFFFFFFU);
    request.vcpu_id = 1U;
    assert_int_equal(set_regs(v, &request), -HC_EINVAL);
    world_destroy(v);
    v = world_running(1U);
    request.vcpu_id = 0U;
    assert_int_equal(set_regs(v, &request), -HC_EINVAL);
    world_destroy(v);
}

/* REQ-HYP-007 */
static void test_register_values_that_make_no_mode_are_refused(void **state)
{
    vm_id_t v = world_create(1U);
    struct hc_vcpu_regs request;
    (void)state;
    memset(&request, 0, sizeof(request));
    request.regs.cr0 = 0x80000000U; /* paging without protection */
    assert_int_equal(set_regs(v, &request), -HC_EINVAL);
    request.regs.cr0 = 0x80000001U;
    request.regs.efer = 0x100U;     /* long mode without PAE */
    assert_int_equal(set_regs(v, &request), -HC_EINVAL);
    request.regs.cr4 = 0x20U;
    assert_int_equal(set_regs(v, &request), 0);
    request.regs.efer = 0x1100U;    /* SVME */
    assert_int_equal(set_regs(v, &request), -HC_EINVAL);
    request.regs.efer = 0x100U;
    request.regs.cr4 = 0x2020U;     /* VMXE */
    assert_int_equal(set_regs(v, &request), -HC_EINVAL);
    request.regs.cr4 = 0x20U;
    request.regs.cr0 = 0x100000001U;
    assert_int_equal(set_regs(v, &request), -HC_EINVAL);
    request.regs.cr0 = 0x20000001U; /* NW without CD */
    assert_int_equal(set_regs(v, &request), -HC_EINVAL);
    request.regs.cr0 = 0x60000001U; /* with CD it turns the caches off */
    assert_int_equal(set_regs(v, &request), 0);
    request.regs.cr0 = 1U;
    request.regs.cr3 = 0x10000000000000U;
    assert_int_equal(set_regs(v, &request), -HC_EINVAL);
    world_destroy(v);
}

/* REQ-HYP-012 */
static void test_an_msi_and_a_line_reach_the_virtual_interrupt_controllers(void **state)
{
    vm_id_t v = world_running(1U);
    struct hc_msi msi = { 0xFEE00000U, 0x41U };
    (void)state;
    hw_phys_copy_out(SCRATCH, (const uint8_t *)&msi, sizeof(msi));
    assert_int_equal(hypercall(HC_INJECT_MSI, v, SCRATCH), 0);
    assert_int_equal(hypercall(HC_SET_IRQLINE, v, 4U), 0);
    assert_int_equal(hypercall(HC_SET_IRQLINE, v, 4U | (1ULL << 32)), 0);
    assert_int_equal(hypercall(HC_SET_IRQLINE, v, 4U | (2ULL << 32)), 0);
    assert_int_equal(hypercall(HC_SET_IRQLINE, v, 4U | (3ULL << 32)), 0);
    assert_int_equal(hypercall(HC_SET_IRQLINE, v, 4U | (4ULL << 32)), -HC_EINVAL);
    assert_int_equal(hypercall(HC_SET_IRQLINE, v, IOAPIC_PINS), -HC_EINVAL);
    world_destroy(v);
}

/* REQ-HYP-015 */
static void test_power_states_and_monitors_answer_that_there_are_none(void **state)
{
    vm_id_t v = world_create(1U);
    (void)state;
    hw_phys_write(SCRATCH, 8U, 0x55U);
    assert_int_equal(hypercall(HC_PM_GET_CPU_STATE, (uint64_t)v << 24, SCRATCH), 0);
    assert_int_equal(hw_phys_read(SCRATCH, 1U), 0U);
    assert_int_equal(hypercall(HC_PM_GET_CPU_STATE, ((uint64_t)v << 24) | 1U, SCRATCH), -HC_EINVAL);
    assert_int_equal(hypercall(HC_PM_GET_CPU_STATE, 0U, SCRATCH), -HC_EINVAL);
    hw_phys_write(SCRATCH, 8U, 7ULL << 32);
    assert_int_equal(hypercall(HC_VM_INTR_MONITOR, v, SCRATCH), 0);
    assert_int_equal(hw_phys_read(SCRATCH + 4U, 4U), 0U);
    hw_phys_write(SCRATCH, 4U, 1U);
    assert_int_equal(hypercall(HC_VM_INTR_MONITOR, v, SCRATCH), -HC_EINVAL);
    world_destroy(v);
}

/* REQ-HYP-017 */
static void test_the_callback_vector_is_a_usable_vector(void **state)
{
    (void)state;
    assert_int_equal(hypercall(HC_SET_CALLBACK_VECTOR, 0x1FU, 0U), -HC_EINVAL);
    assert_int_equal(hypercall(HC_SET_CALLBACK_VECTOR, 0x100U, 0U), -HC_EINVAL);
    assert_int_equal(hypercall(HC_SET_CALLBACK_VECTOR, 0x1000000F0U, 0U), -HC_EINVAL);
    assert_int_equal(hypercall(HC_SET_CALLBACK_VECTOR, 0xF0U, 0U), 0);
}

/* REQ-HYP-014 */
static void test_a_service_vcpu_goes_offline_but_never_the_first(void **state)
{
    (void)state;
    assert_int_equal(hypercall(HC_SERVICE_VM_OFFLINE_CPU, 0U, 0U), -HC_EINVAL);
    assert_int_equal(hypercall(HC_SERVICE_VM_OFFLINE_CPU, 2U, 0U), -HC_EINVAL);
    assert_int_equal(hypercall(HC_SERVICE_VM_OFFLINE_CPU, 1U, 0U), 0);
    assert_int_equal(vcpus[1].state, VCPU_OFF);
}

static void test_every_result_has_its_error_number(void **state)
{
    static const struct { enum status status; int64_t number; } expected[] = {
        { STATUS_OK, 0 }, { STATUS_INVALID, -HC_EINVAL }, { STATUS_NO_MEMORY, -HC_ENOMEM }, { STATUS_DENIED, -HC_EINVAL },
        { STATUS_NOT_FOUND, -HC_EINVAL }, { STATUS_BUSY, -HC_EINVAL }, { STATUS_FAULT, -HC_EFAULT },
        { STATUS_NO_DEVICE, -HC_ENODEV }, { STATUS_UNKNOWN, -HC_EINVAL }, { (enum status)99, -HC_EINVAL },
    };
    (void)state;
    for (uint32_t i = 0U; i < (sizeof(expected) / sizeof(expected[0])); i++) {
        assert_int_equal(hypercall_errno(expected[i].status), expected[i].number);
    }
}

/* REQ-HYP-012 */
static void test_lines_above_15_reach_the_ioapic_alone(void **state)
{
    vm_id_t v = world_running(1U);
    (void)state;
    assert_int_equal(hypercall(HC_SET_IRQLINE, v, 20U), 0);
    assert_int_equal(hypercall(HC_SET_IRQLINE, v, 20U | (1ULL << 32)), 0);
    world_destroy(v);
}

/* REQ-HYP-015 */
static void test_there_are_no_idle_states_either(void **state)
{
    vm_id_t v = world_create(1U);
    (void)state;
    hw_phys_write(SCRATCH, 1U, 0x55U);
    assert_int_equal(hypercall(HC_PM_GET_CPU_STATE, ((uint64_t)v << 24) | 2U, SCRATCH), 0);
    assert_int_equal(hw_phys_read(SCRATCH, 1U), 0U);
    world_destroy(v);
}

/* REQ-HYP-007 */
static void test_paging_without_long_mode_is_a_mode(void **state)
{
    vm_id_t v = world_create(1U);
    struct hc_vcpu_regs request;
    (void)state;
    memset(&request, 0, sizeof(request));
    request.regs.cr0 = 0x80000011U;
    request.regs.cr3 = 0x3000U;
    assert_int_equal(set_regs(v, &request), 0);
    assert_int_equal(fake_vcpu[vcpu_id(v, 0U)].reg[REG_EFER], 0U);
    world_destroy(v);
}

/* REQ-HYP-008 */
static void test_the_policy_bounds_vms_and_vcpus(void **state)
{
    struct part_user_policy policy = partition.table.user;
    vm_id_t v;
    vm_id_t id = 0U;
    static const uint8_t name[16] = "user";
    (void)state;
    partition.table.user.max_vms = 1U;
    v = world_create(1U);
    assert_int_equal(vm_create_user(name, 1U, &id), STATUS_NO_MEMORY);
    world_destroy(v);

    partition.table.user.max_vcpus = 1U;
    assert_int_equal(vm_create_user(name, 3U, &id), STATUS_INVALID);
    partition.table.user.pcpu_mask = 0U; /* no core to choose from */
    assert_int_equal(vm_create_user(name, 0U, &id), STATUS_INVALID);

    partition.table.user.pcpu_mask = 0x1FFU;
    partition.table.user.max_vcpus = MAX_VCPU_PER_VM + 1U; /* more than there can be */
    assert_int_equal(vm_create_user(name, 0x1FFU, &id), STATUS_INVALID);
    assert_int_equal(vm_create_user(name, 0xFFU, &id), STATUS_OK);
    assert_int_equal(vms[id].vcpu_count, MAX_VCPU_PER_VM);
    assert_int_equal(vm_destroy(id), STATUS_OK);
    partition.table.user = policy;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_the_service_vm_has_hypercalls),
        cmocka_unit_test(test_numbers_that_are_not_listed_are_no_hypercalls),
        cmocka_unit_test(test_a_target_is_a_user_vm_that_exists),
        cmocka_unit_test(test_a_parameter_that_is_not_memory_is_a_fault),
        cmocka_unit_test(test_a_vm_whose_id_cannot_be_written_back_is_not_created),
        cmocka_unit_test(test_cores_outside_the_policy_are_refused),
        cmocka_unit_test(test_start_needs_a_created_vm_with_a_request_page),
        cmocka_unit_test(test_a_request_page_is_aligned_ram_of_the_service_vm),
        cmocka_unit_test(test_registers_are_set_while_the_vm_does_not_run),
        cmocka_unit_test(test_register_values_that_make_no_mode_are_refused),
        cmocka_unit_test(test_an_msi_and_a_line_reach_the_virtual_interrupt_controllers),
        cmocka_unit_test(test_power_states_and_monitors_answer_that_there_are_none),
        cmocka_unit_test(test_the_callback_vector_is_a_usable_vector),
        cmocka_unit_test(test_a_service_vcpu_goes_offline_but_never_the_first),
        cmocka_unit_test(test_every_result_has_its_error_number),
        cmocka_unit_test(test_lines_above_15_reach_the_ioapic_alone),
        cmocka_unit_test(test_finish_and_wait_finishes_as_the_plain_call_does),
        cmocka_unit_test(test_there_are_no_idle_states_either),
        cmocka_unit_test(test_paging_without_long_mode_is_a_mode),
        cmocka_unit_test(test_the_policy_bounds_vms_and_vcpus),
    };

    return cmocka_run_group_tests(tests, world_start, NULL);
}
