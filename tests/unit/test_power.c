/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: all */
/* Who may switch the machine off, and what goes with the Service VM. */
#include "world.h"

#include "core/exclusive_life.h"

static int boot(void **state)
{
    memset(vms, 0, sizeof(vms));
    memset(vcpus, 0, sizeof(vcpus));
    (void)world_start(state);
    return 0;
}

/* REQ-LIF-007 */
static void test_the_machine_goes_off_with_the_service_vm(void **state)
{
    enum fake_end end;
    (void)state;
    end = fake_catch();
    if (end == FAKE_NONE) {
        vm_service_off(0x2000U);
        fail_msg("came back");
    }
    assert_int_equal(end, FAKE_POWEROFF);
    assert_non_null(strstr(fake_log(), "summary: rtvm exits="));
    assert_non_null(strstr(fake_log(), "summary: service exits="));
}

/* REQ-LIF-007 */
static void test_a_vm_that_forbids_it_keeps_the_machine_on(void **state)
{
    enum fake_end end;
    (void)state;
    partition.table.vm[RTVM].flags |= PART_VM_FORBID_POWEROFF;
    end = fake_catch();
    if (end == FAKE_NONE) {
        vm_service_off(0x2000U);
    }
    assert_int_equal(end, FAKE_NONE);
    assert_int_equal(vms[VM_SERVICE].state, VM_STOPPED);
    assert_int_equal(vms[RTVM].state, VM_RUNNING);
    assert_int_equal(core_next(0U).action, RUN_IDLE);
}

/* REQ-LIF-008 */
static void test_user_vms_go_with_the_service_vm(void **state)
{
    vm_id_t v = world_running(3U);
    (void)state;
    partition.table.vm[RTVM].flags |= PART_VM_FORBID_POWEROFF;
    vm_service_reset();
    assert_int_equal(vms[v].state, VM_FREE);
    assert_int_equal(stage2_pages_used(v), stage2_pages_used(MAX_VM - 1U));
}

/* REQ-LIF-005 */
static void test_a_reset_restarts_the_service_vm_while_others_run(void **state)
{
    uint64_t entry = vcpu_regs[SERVICE_BSP].rip;
    uint32_t epoch = vcpus[SERVICE_BSP].epoch;
    (void)state;
    (void)core_next(0U);
    vcpu_regs[SERVICE_BSP].rip = 0x5555U;
    hw_phys_write(0x100000U, 4U, 0U);                 /* the guest overwrote its image, */
    hw_phys_write(acpi_table[0].address + 4U, 4U, 0U); /* and its copy of the MADT */
    fake_tsc += fake_tsc_hz * 11U;
    vm_service_reset();
    assert_int_equal(vms[VM_SERVICE].state, VM_RUNNING);
    assert_int_equal(vcpu_regs[SERVICE_BSP].rip, entry);
    assert_int_equal(vcpus[SERVICE_BSP].state, VCPU_RUNNABLE);
    assert_true(vcpus[SERVICE_BSP].epoch != epoch);
    assert_int_equal(vcpus[1].state, VCPU_OFF);
    assert_int_equal(hw_phys_read(0x100000U, 4U), 0x1BADB002U);
    assert_int_equal(hw_phys_read(acpi_table[0].address + 4U, 4U), 44U);
    assert_int_equal(vms[RTVM].state, VM_RUNNING);
    assert_int_equal(core_next(0U).vcpu, SERVICE_BSP);
}

/* REQ-LIF-006 */
static void test_a_service_vm_that_fails_at_once_is_not_restarted_for_ever(void **state)
{
    (void)state;
    (void)core_next(0U);
    vm_service_reset();
    assert_int_equal(vms[VM_SERVICE].state, VM_STOPPED);
    assert_int_equal(vms[RTVM].state, VM_RUNNING);
    assert_int_equal(core_next(0U).action, RUN_IDLE);
}

/* REQ-LIF-007 */
static void test_a_reset_with_nobody_else_resets_the_machine(void **state)
{
    enum fake_end end;
    (void)state;
    vms[RTVM].state = VM_STOPPED;
    end = fake_catch();
    if (end == FAKE_NONE) {
        vm_service_reset();
    }
    assert_int_equal(end, FAKE_RESET);
}

/* REQ-LIF-007 */
static void test_the_first_vm_that_forbids_it_is_named(void **state)
{
    (void)state;
    partition.table.vm[RTVM].flags |= PART_VM_FORBID_POWEROFF;
    partition.table.vm[2].flags |= PART_VM_FORBID_POWEROFF;
    vms[2].state = VM_RUNNING;
    strcpy(vms[2].name, "second");
    vm_service_off(0x2000U);
    log_flush();
    assert_non_null(strstr(fake_log(), "stays on for rtvm"));
    assert_null(strstr(fake_log(), "stays on for second"));
    vms[2].state = VM_FREE;
    partition.table.vm[2].flags = 0U;
}

static enum fake_end switch_off(void)
{
    enum fake_end end = fake_catch();
    if (end == FAKE_NONE) {
        vm_service_off(0x2000U);
    }
    return end;
}

/* REQ-LIF-013 */
static void test_pre_launched_vms_on_shared_cores_are_stopped_first(void **state)
{
    (void)state;
    vms[2].state = VM_RUNNING; /* shared cores */
    vms[2].vcpu_count = 1U;
    vcpus[vcpu_id(2U, 0U)].state = VCPU_RUNNABLE;
    partition.table.vm[2].safe_count = 1U;
    partition.table.vm[2].safe[0] = (struct part_safe){ 0x2F8U, 0x77U, PART_SAFE_PORT, 1U };
    assert_int_equal(switch_off(), FAKE_POWEROFF);
    assert_int_equal(vcpus[vcpu_id(2U, 0U)].state, VCPU_OFF);
    assert_int_equal(fake_port_value[0x2F8U], 0x77U); /* its safe state */
}

/* REQ-LIF-013 */
static void test_exclusive_vms_are_waited_for_but_not_for_ever(void **state)
{
    uint64_t before = fake_tsc;
    (void)state;
    assert_int_equal(switch_off(), FAKE_POWEROFF); /* its cores never leave the guest */
    assert_in_range(fake_tsc - before, fake_tsc_hz / 10U, (fake_tsc_hz / 10U) + 10U);
}

/* REQ-LIF-013 */
static void test_exclusive_vms_that_have_left_are_not_waited_for(void **state)
{
    uint64_t before = fake_tsc;
    (void)state;
    exclusive_stop(RTVM);
    assert_int_equal(core_exclusive_next(vcpu_id(RTVM, 0U)), RUN_STOP);
    assert_int_equal(core_exclusive_next(vcpu_id(RTVM, 1U)), RUN_STOP);
    assert_int_equal(core_exclusive_next(vcpu_id(RTVM, 0U)), RUN_STOP);
    vms[RTVM].state = VM_RUNNING; /* it ended just after the state was looked at */
    assert_int_equal(switch_off(), FAKE_POWEROFF);
    assert_int_equal(fake_tsc, before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_user_vms_go_with_the_service_vm, boot),
        cmocka_unit_test_setup(test_a_vm_that_forbids_it_keeps_the_machine_on, boot),
        cmocka_unit_test_setup(test_a_reset_restarts_the_service_vm_while_others_run, boot),
        cmocka_unit_test_setup(test_a_service_vm_that_fails_at_once_is_not_restarted_for_ever, boot),
        cmocka_unit_test_setup(test_a_reset_with_nobody_else_resets_the_machine, boot),
        cmocka_unit_test_setup(test_the_machine_goes_off_with_the_service_vm, boot),
        cmocka_unit_test_setup(test_the_first_vm_that_forbids_it_is_named, boot),
        cmocka_unit_test_setup(test_pre_launched_vms_on_shared_cores_are_stopped_first, boot),
        cmocka_unit_test_setup(test_exclusive_vms_are_waited_for_but_not_for_ever, boot),
        cmocka_unit_test_setup(test_exclusive_vms_that_have_left_are_not_waited_for, boot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
