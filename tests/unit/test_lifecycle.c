/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: all */
#include "world.h"

#define LIVES 1000U

/* REQ-ISO-029 REQ-RT-001 */
static void test_the_partitions_of_the_table_run_after_boot(void **state)
{
    (void)state;
    assert_int_equal(vms[VM_SERVICE].state, VM_RUNNING);
    assert_int_equal(vms[RTVM].state, VM_RUNNING);
    assert_true(vms[RTVM].exclusive);
    assert_int_equal(vcpu_regs[SERVICE_BSP].rip, 0x100000U);
    assert_int_equal(vcpu_regs[SERVICE_BSP].gpr[GPR_RAX], 0x2BADB002U);
    assert_int_equal(vcpus[vcpu_id(VM_SERVICE, 1U)].state, VCPU_OFF);
}

/* REQ-ISO-028 */
static void test_the_service_vm_has_no_page_of_others(void **state)
{
    (void)state;
    assert_true(stage2_lookup(VM_SERVICE, SCRATCH).present);
    assert_false(stage2_lookup(VM_SERVICE, RTVM_HPA).present);
    assert_false(stage2_lookup(VM_SERVICE, IMAGE_HPA).present);
    assert_false(stage2_lookup(VM_SERVICE, MODULE_HPA).present);
    assert_false(stage2_lookup(VM_SERVICE, 0xFEE00000U).present);
    assert_int_equal(stage2_lookup(VM_SERVICE, TELEMETRY_HPA).attr & S2_WRITE, 0U);
}

/* REQ-ISO-017 */
static void test_the_service_vm_may_not_touch_withheld_ports(void **state)
{
    (void)state;
    assert_int_equal(fake_port_open[VM_SERVICE][0x2F8], 1U);
    assert_int_equal(fake_port_open[VM_SERVICE][0x3F8], 0U);
    assert_int_equal(fake_port_open[VM_SERVICE][0x3E8], 0U);
    assert_int_equal(fake_port_open[VM_SERVICE][0x20], 0U);
    assert_int_equal(fake_port_open[VM_SERVICE][0xCF8], 0U);
    assert_int_equal(fake_port_open[VM_SERVICE][0xCFC], 0U);
    assert_int_equal(fake_port_open[VM_SERVICE][0x604], 0U);
    assert_int_equal(fake_port_open[RTVM][0x3E8], 1U);
    assert_int_equal(fake_port_open[RTVM][0x2F8], 0U);
}

/* REQ-LIF-002 */
static void test_a_thousand_lives_leave_nothing_behind(void **state)
{
    uint32_t pages = 0U;
    uint32_t memory = 0U;
    (void)state;
    for (uint32_t i = 0U; i < LIVES; i++) {
        vm_id_t v = world_running((i % 2U) == 0U ? 3U : 0U);
        assert_int_equal(v, VM_FIRST_USER);
        world_destroy(v);
        if (i == 0U) {
            memory = fake_pages_used();
            pages = stage2_pages_used(v);
        }
        assert_int_equal(stage2_pages_used(v), pages);
        assert_int_equal(fake_pages_used(), memory);
        assert_int_equal(sched_member(0U, v), ID_NONE);
        assert_int_equal(sched_member(1U, v), ID_NONE);
    }
}

/* REQ-HYP-008 */
static void test_the_policy_limits_the_number_of_user_vms(void **state)
{
    vm_id_t v[4];
    struct hc_vm_creation creation;
    (void)state;
    for (uint32_t i = 0U; i < 4U; i++) {
        v[i] = world_create(1U);
    }
    memset(&creation, 0, sizeof(creation));
    hw_phys_copy_out(SCRATCH, (const uint8_t *)&creation, sizeof(creation));
    assert_int_equal(hypercall(HC_CREATE_VM, SCRATCH, 0U), -HC_ENOMEM);
    for (uint32_t i = 0U; i < 4U; i++) {
        world_destroy(v[i]);
    }
}

/* REQ-HYP-008 */
static void test_a_vm_without_affinity_gets_one_vcpu_on_the_emptier_core(void **state)
{
    vm_id_t first = world_create(2U);
    vm_id_t second = world_create(0U);
    (void)state;
    assert_int_equal(vms[second].vcpu_count, 1U);
    assert_int_equal(vcpus[vcpu_id(second, 0U)].pcpu, 0U);
    world_destroy(first);
    world_destroy(second);
}

/* REQ-LIF-001 */
static void test_reset_needs_a_paused_vm_and_makes_it_as_created(void **state)
{
    vm_id_t v = world_running(3U);
    vcpu_id_t bsp = vcpu_id(v, 0U);
    (void)state;
    assert_int_equal(hypercall(HC_RESET_VM, v, 0U), -HC_EINVAL);
    vcpu_regs[bsp].rip = 0x1234U;
    assert_int_equal(hypercall(HC_PAUSE_VM, v, 0U), 0);
    assert_int_equal(hypercall(HC_RESET_VM, v, 0U), 0);
    assert_int_equal(vms[v].state, VM_CREATED);
    assert_int_equal(vcpu_regs[bsp].rip, 0xFFF0U);
    assert_int_equal(vcpus[bsp].state, VCPU_RUNNABLE);
    assert_int_equal(hypercall(HC_START_VM, v, 0U), 0);
    world_destroy(v);
}

/* REQ-LIF-003 */
static void test_pause_takes_the_vcpu_off_a_core_that_runs_it(void **state)
{
    vm_id_t v = world_running(2U);
    (void)state;
    fake_pcpu[1].in_guest = true;
    assert_int_equal(hypercall(HC_PAUSE_VM, v, 0U), 0);
    assert_false(fake_pcpu[1].in_guest);
    world_destroy(v);
}

/* REQ-LIF-004 */
static void test_the_exit_of_an_earlier_life_counts_for_nothing(void **state)
{
    vm_id_t v = world_running(1U);
    vcpu_id_t bsp = vcpu_id(v, 0U);
    struct vm_exit exit;
    (void)state;
    memset(&exit, 0, sizeof(exit));
    exit.reason = HV_EXIT_CPUID;
    exit.length = 2U;
    vcpus[SERVICE_BSP].state = VCPU_HALTED;
    assert_int_equal(core_next(0U).vcpu, bsp);
    assert_int_equal(hypercall(HC_PAUSE_VM, v, 0U), 0);
    assert_int_equal(hypercall(HC_RESET_VM, v, 0U), 0);
    assert_int_equal(hypercall(HC_START_VM, v, 0U), 0);
    core_exit(bsp, &exit);
    assert_int_equal(vcpu_regs[bsp].rip, 0xFFF0U);
    vcpus[SERVICE_BSP].state = VCPU_RUNNABLE;
    world_destroy(v);
}

/* REQ-LIF-015 */
static void test_init_and_sipi_start_a_second_vcpu_in_real_mode(void **state)
{
    vm_id_t v = world_running(3U);
    vcpu_id_t ap = vcpu_id(v, 1U);
    (void)state;
    vcpu_receive_init(ap);
    assert_int_equal(vcpus[ap].state, VCPU_OFF);
    vcpu_receive_sipi(ap, 0x9AU);
    assert_int_equal(vcpus[ap].state, VCPU_RUNNABLE);
    assert_int_equal(fake_vcpu[ap].segment[SEG_CS].base, 0x9A000U);
    assert_int_equal(fake_vcpu[ap].segment[SEG_CS].selector, 0x9A00U);
    assert_int_equal(vcpu_regs[ap].rip, 0U);
    vcpu_receive_sipi(ap, 0x10U);
    assert_int_equal(fake_vcpu[ap].segment[SEG_CS].base, 0x9A000U);
    world_destroy(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_partitions_of_the_table_run_after_boot),
        cmocka_unit_test(test_the_service_vm_has_no_page_of_others),
        cmocka_unit_test(test_the_service_vm_may_not_touch_withheld_ports),
        cmocka_unit_test(test_a_thousand_lives_leave_nothing_behind),
        cmocka_unit_test(test_the_policy_limits_the_number_of_user_vms),
        cmocka_unit_test(test_a_vm_without_affinity_gets_one_vcpu_on_the_emptier_core),
        cmocka_unit_test(test_reset_needs_a_paused_vm_and_makes_it_as_created),
        cmocka_unit_test(test_pause_takes_the_vcpu_off_a_core_that_runs_it),
        cmocka_unit_test(test_the_exit_of_an_earlier_life_counts_for_nothing),
        cmocka_unit_test(test_init_and_sipi_start_a_second_vcpu_in_real_mode),
    };
    return cmocka_run_group_tests(tests, world_start, NULL);
}
