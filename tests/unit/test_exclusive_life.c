/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: all */
/* What an exclusive VM's faults lead to: every policy, every step on the core whose step it is. */
#include "world.h"

#include "core/crash.h"
#include "core/exclusive.h"
#include "core/exclusive_life.h"
#include "core/fault_policy.h"
#include "core/safe_state.h"
#include "core/stats.h"
#include "core/vm_health.h"

#define KEEPER vcpu_id(RTVM, 0U)
#define SECOND vcpu_id(RTVM, 1U)
#define SAFE_PORT 0x3E9U
#define SAFE_HPA  0xFE000010U

static uint64_t entry;

static int boot(void **state)
{
    struct part_vm *config = &partition.table.vm[RTVM];
    memset(vms, 0, sizeof(vms));
    memset(vcpus, 0, sizeof(vcpus));
    (void)world_start(state);
    entry = vcpu_regs[KEEPER].rip;
    config->safe_count = 2U;
    config->safe[0] = (struct part_safe){ SAFE_PORT, 0x5AU, PART_SAFE_PORT, 1U };
    config->safe[1] = (struct part_safe){ SAFE_HPA, 0x12345678U, PART_SAFE_MEMORY, 4U };
    config->restart_limit = 2U;
    memset(config->on_fault, (int)PART_ON_FAULT_RESTART, sizeof(config->on_fault));
    return 0;
}

static enum run_action on(vcpu_id_t id)
{
    fake_current_pcpu = vcpus[id].pcpu;
    return core_exclusive_next(id);
}

static enum run_action fails(vcpu_id_t id, enum hv_exit_reason reason)
{
    struct vm_exit exit = { .reason = reason, .number = 18U, .gpa = 0xD0000000U };
    fake_current_pcpu = vcpus[id].pcpu;
    return core_exclusive_exit(id, &exit);
}

static void policy(uint32_t fault, uint32_t action)
{
    partition.table.vm[RTVM].on_fault[fault] = (uint8_t)action;
}

/* All cores have had their turn. */
static void settle(void)
{
    (void)on(KEEPER);
    (void)on(SECOND);
    (void)on(KEEPER);
}

static void expect_safe_state(bool applied)
{
    assert_int_equal(fake_port_value[SAFE_PORT], applied ? 0x5AU : 0U);
    assert_int_equal(hw_phys_read(SAFE_HPA, 4U), applied ? 0x12345678U : 0U);
}

/* REQ-LIF-034 */
static void the_policy_is_what_the_table_says(void **state)
{
    static const uint8_t stop[PART_FAULTS] = { 0 };
    struct part_vm vm = { .on_fault = { PART_ON_FAULT_RESTART, PART_ON_FAULT_SAFE_STATE, PART_ON_FAULT_HALT, PART_ON_FAULT_STOP }, .restart_limit = 2U };
    (void)state;
    assert_int_equal(fault_policy(&vm, 0U, 0U), FAULT_RESTART);
    assert_int_equal(fault_policy(&vm, 0U, 1U), FAULT_RESTART);
    assert_int_equal(fault_policy(&vm, 0U, 2U), FAULT_SAFE_STATE);
    assert_int_equal(fault_policy(&vm, 0U, 0xFFFFFFFFU), FAULT_SAFE_STATE);
    assert_int_equal(fault_policy(&vm, 1U, 0U), FAULT_SAFE_STATE);
    assert_int_equal(fault_policy(&vm, 2U, 0U), FAULT_HALT);
    assert_int_equal(fault_policy(&vm, 3U, 0U), FAULT_STOP);
    assert_int_equal(fault_policy(&vm, FAULT_RESET, 0U), FAULT_RESTART);
    assert_int_equal(fault_policy(&vm, FAULT_POWER_OFF, 0U), FAULT_STOP);
    vm.on_fault[0] = PART_ON_FAULT_LAST + 1U;
    assert_int_equal(fault_policy(&vm, 0U, 0U), FAULT_STOP);
    memcpy(vm.on_fault, stop, sizeof(stop));
    assert_int_equal(fault_policy(&vm, 0U, 0U), FAULT_STOP);
}

static void every_fault_has_a_name(void **state)
{
    (void)state;
    for (uint32_t a = 0U; a <= FAULT_POWER_OFF; a++) {
        for (uint32_t b = 0U; b < a; b++) {
            assert_string_not_equal(fault_name(a), fault_name(b));
        }
    }
    assert_string_equal(fault_action_text(FAULT_RESTART), "it restarts");
    assert_string_equal(fault_action_text(FAULT_HALT), "the machine halts");
    assert_string_equal(fault_action_text(FAULT_SAFE_STATE), "it stops in its safe state");
    assert_string_equal(fault_action_text(FAULT_STOP), "it stops");
    assert_string_equal(fault_action_text((enum fault_action)99), "it stops"); /* none of them */
}

/* REQ-LIF-030 */
static void a_restart_waits_for_all_and_begins_as_at_boot(void **state)
{
    (void)state;
    exclusive_send_init(SECOND);
    exclusive_send_sipi(SECOND, 0x10U);
    assert_int_equal(on(KEEPER), RUN_VCPU);
    assert_int_equal(on(SECOND), RUN_VCPU);
    vms[RTVM].start_tsc = 1234U;
    vcpu_regs[KEEPER].rip = 0x5555U;
    hw_phys_write(RTVM_HPA + 0x80000U, 4U, 0xBADU);
    exclusive_send_nmi(KEEPER);
    exclusive_send_nmi(SECOND);

    assert_int_equal(fails(SECOND, HV_EXIT_SHUTDOWN), RUN_STOP);
    assert_int_equal(vms[RTVM].start_tsc, 1234U);
    assert_int_equal(on(KEEPER), RUN_STOP);                 /* all have left: it reloads, */
    assert_int_equal(vms[RTVM].state, VM_RUNNING);
    assert_int_equal(hw_phys_read(RTVM_HPA + 0x80000U, 4U), 0U);
    assert_int_equal(fake_vcpu[KEEPER].injections, 0U);
    assert_int_equal(on(SECOND), RUN_IDLE);                 /* waits for its SIPI, */
    assert_int_equal(on(KEEPER), RUN_VCPU);                 /* and runs from its run loop */
    assert_int_equal(vcpu_regs[KEEPER].rip, entry);
    assert_true((vms[RTVM].start_tsc != 0U) && (vms[RTVM].start_tsc != 1234U));
    assert_int_equal(fake_vcpu[KEEPER].injections, 0U);     /* messages of the life before are forgotten */
    assert_true(fake_pcpu[vcpus[KEEPER].pcpu].drains >= 2U);
    assert_int_equal(fake_pcpu[vcpus[SECOND].pcpu].drains, 3U); /* by INIT, by the start-up message, and when it left */
    assert_int_equal(vm_health[RTVM].restarts, 1U);
    assert_int_equal(vm_health[RTVM].last_fault, PART_FAULT_SHUTDOWN + 1U);
    assert_int_equal(vm_health[RTVM].faults[PART_FAULT_SHUTDOWN], 1U);
    log_flush();
    assert_non_null(strstr(fake_log(), "vm: rtvm: triple fault 0x0 at 0x"));
    assert_non_null(strstr(fake_log(), ": it restarts\n"));
    assert_non_null(strstr(fake_log(), "vm: rtvm: restart 1 of 2, 0 us after its fault\n"));
    expect_safe_state(false);
}

static void the_keeper_waits_until_the_others_have_left(void **state)
{
    (void)state;
    (void)on(KEEPER);
    assert_int_equal(fails(KEEPER, HV_EXIT_MMIO), RUN_STOP);
    assert_true(fake_pcpu[vcpus[SECOND].pcpu].kicks != 0U);
    assert_int_equal(on(KEEPER), RUN_STOP);
    assert_int_equal(vm_health[RTVM].restarts, 0U);
    fake_pcpu[vcpus[KEEPER].pcpu].kicks = 0U;
    assert_int_equal(on(SECOND), RUN_STOP);
    assert_int_equal(fake_pcpu[vcpus[KEEPER].pcpu].kicks, 1U);
    (void)on(KEEPER);
    assert_int_equal(vm_health[RTVM].restarts, 1U);
    assert_int_equal(vm_health[RTVM].last_fault, PART_FAULT_STAGE2 + 1U);
    assert_int_equal(on(KEEPER), RUN_VCPU);
}

/* Only the first fault of a life counts. */
static void two_faults_at_once_are_one_restart(void **state)
{
    (void)state;
    (void)on(KEEPER);
    (void)fails(SECOND, HV_EXIT_SHUTDOWN);
    (void)fails(SECOND, HV_EXIT_MMIO);
    exclusive_missed_heartbeat(RTVM, vms[RTVM].start_tsc, 7U);
    (void)fails(KEEPER, HV_EXIT_MMIO);
    settle();
    assert_int_equal(vm_health[RTVM].restarts, 1U);
    assert_int_equal(on(KEEPER), RUN_VCPU);
    assert_int_equal(vm_health[RTVM].restarts, 1U);
}

/* REQ-LIF-034 */
static void beyond_the_limit_it_stops_in_its_safe_state(void **state)
{
    (void)state;
    for (uint32_t i = 0U; i < 3U; i++) {
        assert_int_equal(vms[RTVM].state, VM_RUNNING);
        expect_safe_state(false);
        (void)fails(KEEPER, HV_EXIT_SHUTDOWN);
        settle();
    }
    assert_int_equal(vm_health[RTVM].restarts, 2U);
    assert_int_equal(vm_health[RTVM].faults[PART_FAULT_SHUTDOWN], 3U);
    assert_int_equal(vms[RTVM].state, VM_STOPPED);
    assert_true(exclusive_stopped(RTVM));
    expect_safe_state(true);
    assert_int_equal(on(KEEPER), RUN_STOP);
}

/* REQ-LIF-034 */
static void stop_leaves_the_devices_alone(void **state)
{
    (void)state;
    policy(PART_FAULT_STAGE2, PART_ON_FAULT_STOP);
    (void)fails(KEEPER, HV_EXIT_MMIO);
    settle();
    assert_int_equal(vms[RTVM].state, VM_STOPPED);
    expect_safe_state(false);
    assert_int_equal(fake_halts, 0U);
}

/* REQ-LIF-031 */
static void safe_state_comes_when_all_have_left(void **state)
{
    (void)state;
    policy(PART_FAULT_MACHINE_CHECK, PART_ON_FAULT_SAFE_STATE);
    (void)fails(SECOND, HV_EXIT_EXCEPTION);
    expect_safe_state(false);
    settle();
    expect_safe_state(true);
    assert_int_equal(vms[RTVM].state, VM_STOPPED);
    log_flush();
    assert_non_null(strstr(fake_log(), "machine check 0xbe00000000000000 at"));
}

/* REQ-LIF-031 */
static void it_also_comes_when_the_machine_goes_off(void **state)
{
    (void)state;
    exclusive_stop(RTVM);
    settle();
    expect_safe_state(true);
    assert_true(exclusive_stopped(RTVM));
}

/* REQ-LIF-035 */
static void a_missed_heartbeat_is_the_keepers_business(void **state)
{
    (void)state;
    (void)on(KEEPER);
    fake_pcpu[vcpus[KEEPER].pcpu].kicks = 0U;
    fake_current_pcpu = 0U;
    exclusive_missed_heartbeat(RTVM, vms[RTVM].start_tsc, 99U);
    assert_int_equal(fake_pcpu[vcpus[KEEPER].pcpu].kicks, 1U);
    settle();
    assert_int_equal(vm_health[RTVM].faults[PART_FAULT_HEARTBEAT], 1U);
    assert_int_equal(vm_health[RTVM].restarts, 1U);
    assert_int_equal(on(KEEPER), RUN_VCPU);
}

/* REQ-LIF-035 */
static void a_heartbeat_missed_in_the_life_before_is_forgotten(void **state)
{
    (void)state;
    (void)on(KEEPER);
    exclusive_missed_heartbeat(RTVM, vms[RTVM].start_tsc - 1U, 99U);
    settle();
    assert_int_equal(vm_health[RTVM].faults[PART_FAULT_HEARTBEAT], 0U);
    assert_int_equal(on(KEEPER), RUN_VCPU);
}

/* A restart would take longer than the machine waits. */
/* REQ-LIF-031 */
static void a_stop_goes_before_a_restart(void **state)
{
    (void)state;
    (void)fails(SECOND, HV_EXIT_SHUTDOWN);
    exclusive_stop(RTVM);
    settle();
    assert_int_equal(vm_health[RTVM].restarts, 0U);
    expect_safe_state(true);
    assert_true(exclusive_stopped(RTVM));
}

/* REQ-LIF-031 */
static void a_stop_that_comes_while_it_leaves_prevents_the_restart(void **state)
{
    (void)state;
    (void)on(SECOND);
    (void)fails(KEEPER, HV_EXIT_SHUTDOWN);
    exclusive_stop(RTVM);
    settle();
    assert_int_equal(vm_health[RTVM].faults[PART_FAULT_SHUTDOWN], 1U);
    assert_int_equal(vm_health[RTVM].restarts, 0U);
    expect_safe_state(true);
    assert_true(exclusive_stopped(RTVM));
}

/* REQ-LIF-036 */
static void halt_is_for_all_and_ends_with_the_machine(void **state)
{
    vm_id_t other = RTVM + 1U;
    (void)state;
    vms[other] = vms[RTVM];
    vcpus[vcpu_id(other, 0U)].pcpu = 5U;
    vcpus[vcpu_id(other, 1U)].pcpu = 6U;
    partition.table.vm[RTVM + 2U].safe_count = 1U; /* shares cores */
    partition.table.vm[RTVM + 2U].safe[0] = (struct part_safe){ 0x2F8U, 0x77U, PART_SAFE_PORT, 1U };
    policy(PART_FAULT_SHUTDOWN, PART_ON_FAULT_HALT);
    (void)fails(KEEPER, HV_EXIT_SHUTDOWN);
    settle();
    expect_safe_state(true);
    assert_int_equal(vms[RTVM].state, VM_STOPPED);
    assert_int_equal(fake_halts, 0U); /* the other one still runs */
    assert_int_equal(fake_port_value[0x2F8U], 0U);
    assert_true(fake_pcpu[5].kicks != 0U);
    (void)on(vcpu_id(other, 0U));
    (void)on(vcpu_id(other, 1U));
    (void)on(vcpu_id(other, 0U));
    assert_int_equal(vms[other].state, VM_STOPPED);
    assert_int_equal(fake_halts, 1U);
    assert_int_equal(fake_port_value[0x2F8U], 0U); /* it may still run: the shared cores see to it */
}

/* REQ-LIF-036 */
static void a_halt_without_a_shared_side_is_completed_here(void **state)
{
    (void)state;
    partition.table.vm[RTVM + 2U].safe_count = 1U;
    partition.table.vm[RTVM + 2U].safe[0] = (struct part_safe){ 0x2F8U, 0x77U, PART_SAFE_PORT, 1U };
    policy(PART_FAULT_SHUTDOWN, PART_ON_FAULT_HALT);
    fake_halts_in_time = false;
    partition.table.vm_count = RTVM + 3U;
    (void)fails(KEEPER, HV_EXIT_SHUTDOWN);
    settle();
    assert_int_equal(fake_halts, 1U);
    assert_int_equal(fake_port_value[0x2F8U], 0x77U);
}

/* Rows that the validator did not look at. */
/* REQ-LIF-036 */
static void a_vm_that_the_table_does_not_count_has_no_safe_state(void **state)
{
    (void)state;
    partition.table.vm_count = RTVM + 1U;
    partition.table.vm[RTVM + 1U].safe_count = 1U;
    partition.table.vm[RTVM + 1U].safe[0] = (struct part_safe){ 0x2F8U, 0x77U, PART_SAFE_PORT, 1U };
    safe_state_apply_shared();
    assert_int_equal(fake_port_value[0x2F8U], 0U);
}

static void loses(vcpu_id_t id)
{
    fake_current_pcpu = vcpus[id].pcpu;
    exclusive_lost();
}

/* REQ-LIF-047 */
static void a_lost_core_ends_its_vm_when_the_others_have_left(void **state)
{
    (void)state;
    (void)on(KEEPER);
    fake_pcpu[vcpus[KEEPER].pcpu].kicks = 0U;
    loses(SECOND);
    assert_int_equal(fake_pcpu[vcpus[KEEPER].pcpu].kicks, 1U);
    expect_safe_state(false);
    assert_int_equal(vms[RTVM].state, VM_RUNNING);
    assert_int_equal(on(KEEPER), RUN_STOP);
    expect_safe_state(true);
    assert_int_equal(vms[RTVM].state, VM_STOPPED);
    assert_true(exclusive_stopped(RTVM));
    log_flush();
    assert_non_null(strstr(fake_log(), "a core of it is lost: it stops in its safe state"));
}

/* REQ-LIF-047 */
static void when_the_keeper_is_lost_the_next_core_keeps_the_vm(void **state)
{
    (void)state;
    (void)on(SECOND);
    fake_pcpu[vcpus[SECOND].pcpu].kicks = 0U;
    loses(KEEPER);
    assert_int_equal(fake_pcpu[vcpus[SECOND].pcpu].kicks, 1U);
    expect_safe_state(false);
    assert_int_equal(on(SECOND), RUN_STOP);
    expect_safe_state(true);
    assert_int_equal(vms[RTVM].state, VM_STOPPED);
}

/* REQ-LIF-047 */
static void a_restart_without_one_of_the_cores_is_none(void **state)
{
    (void)state;
    (void)fails(KEEPER, HV_EXIT_SHUTDOWN); /* the policy is to restart */
    loses(SECOND);
    assert_int_equal(on(KEEPER), RUN_STOP);
    assert_int_equal(vm_health[RTVM].restarts, 0U);
    assert_int_equal(vms[RTVM].state, VM_STOPPED);
    expect_safe_state(true);
}

/* REQ-LIF-047 */
static void a_restart_without_any_core_is_a_stop_in_the_safe_state(void **state)
{
    (void)state;
    (void)fails(KEEPER, HV_EXIT_SHUTDOWN);
    loses(SECOND);
    loses(KEEPER); /* before it has begun the new life */
    assert_int_equal(vm_health[RTVM].restarts, 0U);
    assert_int_equal(vms[RTVM].state, VM_STOPPED);
    expect_safe_state(true);
}

/* REQ-LIF-047 */
static void what_the_keeper_had_decided_is_carried_out(void **state)
{
    (void)state;
    policy(PART_FAULT_SHUTDOWN, PART_ON_FAULT_STOP);
    (void)fails(KEEPER, HV_EXIT_SHUTDOWN);
    loses(KEEPER);
    loses(SECOND);
    assert_int_equal(vms[RTVM].state, VM_STOPPED);
    expect_safe_state(false);
}

/* REQ-LIF-047 REQ-LIF-036 */
static void a_halt_does_not_wait_for_a_vm_whose_cores_are_lost(void **state)
{
    vm_id_t other = RTVM + 1U;
    (void)state;
    vms[other] = vms[RTVM];
    vcpus[vcpu_id(other, 0U)].pcpu = 5U;
    vcpus[vcpu_id(other, 1U)].pcpu = 6U;
    partition.table.vm[other].safe_count = 1U;
    partition.table.vm[other].safe[0] = (struct part_safe){ 0x2F8U, 0x77U, PART_SAFE_PORT, 1U };
    loses(vcpu_id(other, 0U));
    loses(vcpu_id(other, 1U));
    assert_int_equal(vms[other].state, VM_STOPPED);
    assert_int_equal(fake_port_value[0x2F8U], 0x77U);
    assert_int_equal(fake_halts, 0U);
    policy(PART_FAULT_SHUTDOWN, PART_ON_FAULT_HALT);
    (void)fails(KEEPER, HV_EXIT_SHUTDOWN);
    settle();
    assert_int_equal(fake_halts, 1U);
}

/* REQ-LIF-047 REQ-LIF-036 */
static void the_last_core_that_is_lost_halts_the_machine(void **state)
{
    (void)state;
    policy(PART_FAULT_SHUTDOWN, PART_ON_FAULT_HALT);
    (void)fails(KEEPER, HV_EXIT_SHUTDOWN);
    (void)on(KEEPER);
    loses(SECOND);
    loses(KEEPER);
    assert_int_equal(vms[RTVM].state, VM_STOPPED);
    expect_safe_state(true);
    assert_int_equal(fake_halts, 1U);
}

/* A write of the safe state faults. */
/* REQ-LIF-047 */
static void a_core_that_is_lost_again_leaves_it_at_that(void **state)
{
    vm_id_t other = RTVM + 1U;
    (void)state;
    vms[other] = vms[RTVM];
    vms[other].vcpu_count = 1U;
    vcpus[vcpu_id(other, 0U)].pcpu = 5U;
    partition.table.vm[other].safe_count = 1U;
    partition.table.vm[other].safe[0] = (struct part_safe){ 0x2F8U, 0x77U, PART_SAFE_PORT, 1U };
    loses(KEEPER);
    loses(SECOND);
    expect_safe_state(true);
    fake_port_value[SAFE_PORT] = 0U;
    loses(SECOND); /* it has ended */
    assert_int_equal(fake_port_value[SAFE_PORT], 0U);
    vms[other].vcpu_count = 2U;
    vcpus[vcpu_id(other, 1U)].pcpu = 6U;
    loses(vcpu_id(other, 0U)); /* vCPU 1 ends it ... */
    assert_int_equal(fake_port_value[0x2F8U], 0U);
    vms[other].vcpu_count = 1U; /* ... as if the last one had been lost while it did */
    loses(vcpu_id(other, 0U));
    assert_int_equal(vms[other].state, VM_STOPPED);
    assert_int_equal(fake_port_value[0x2F8U], 0U);
}

static void a_core_that_carries_no_exclusive_vm_ends_none(void **state)
{
    (void)state;
    fake_current_pcpu = 0U;
    exclusive_lost();
    fake_current_pcpu = 15U;
    exclusive_lost();
    settle();
    assert_int_equal(vms[RTVM].state, VM_RUNNING);
}

/* REQ-LIF-030 */
static void a_local_apic_that_does_not_drain_ends_it(void **state)
{
    (void)state;
    fake_pcpu[vcpus[SECOND].pcpu].stuck = true;
    (void)fails(KEEPER, HV_EXIT_SHUTDOWN);
    settle();
    assert_int_equal(vms[RTVM].state, VM_STOPPED);
    assert_int_equal(vm_health[RTVM].restarts, 0U);
    expect_safe_state(true);
    log_flush();
    assert_non_null(strstr(fake_log(), "cannot restart: its local APIC is not empty"));
}

static void the_keepers_own_local_apic_too(void **state)
{
    (void)state;
    fake_pcpu[vcpus[KEEPER].pcpu].stuck = true;
    (void)fails(KEEPER, HV_EXIT_SHUTDOWN);
    settle();
    assert_int_equal(vms[RTVM].state, VM_STOPPED);
}

static void an_image_that_is_gone_ends_it(void **state)
{
    (void)state;
    put(boot_info.module[0].base, 0U);
    (void)fails(KEEPER, HV_EXIT_SHUTDOWN);
    settle();
    assert_int_equal(vms[RTVM].state, VM_STOPPED);
    log_flush();
    assert_non_null(strstr(fake_log(), "cannot restart: image is not ELF32"));
}

static void what_it_shares_with_others_stays(void **state)
{
    struct part_vm *config = &partition.table.vm[RTVM];
    (void)state;
    config->range[config->range_count] = (struct part_range){ 0x90000000U, 0x2800000U, 0x1000U, PART_RANGE_SHARED, PART_RANGE_WRITE };
    config->range_count++;
    put(0x2800000U, 0x1234U);
    (void)fails(KEEPER, HV_EXIT_SHUTDOWN);
    settle();
    assert_int_equal(vm_health[RTVM].restarts, 1U);
    assert_int_equal(hw_phys_read(0x2800000U, 4U), 0x1234U);
}

/* REQ-LIF-031 */
static void a_safe_state_may_fill_its_list(void **state)
{
    struct part_vm *config = &partition.table.vm[RTVM];
    (void)state;
    for (uint32_t i = 0U; i < PART_MAX_SAFE; i++) {
        config->safe[i] = (struct part_safe){ SAFE_PORT + i, i + 1U, PART_SAFE_PORT, 1U };
    }
    config->safe_count = PART_MAX_SAFE;
    exclusive_stop(RTVM);
    settle();
    assert_int_equal(fake_port_value[SAFE_PORT + PART_MAX_SAFE - 1U], PART_MAX_SAFE);
}

/* REQ-LIF-046 */
static void a_fault_is_on_record_and_what_it_asks_for_itself_is_not(void **state)
{
    const hpa_t base = TELEMETRY_HPA + HV_CRASH_OFFSET;
    struct hv_crash_vm record;
    (void)state;
    crash_init(base);
    policy(PART_FAULT_STAGE2, PART_ON_FAULT_STOP);
    vcpu_regs[SECOND].rip = 0x4321U;
    exclusive_fault(KEEPER, FAULT_RESET, 0U);
    settle();
    hw_phys_copy_in((uint8_t *)&record, base + HV_CRASH_VM + (RTVM * sizeof(record)), (uint32_t)sizeof(record));
    assert_int_equal(record.magic, 0U);
    vcpu_regs[SECOND].rip = 0x4321U;
    (void)fails(SECOND, HV_EXIT_MMIO);
    settle();
    hw_phys_copy_in((uint8_t *)&record, base + HV_CRASH_VM + (RTVM * sizeof(record)), (uint32_t)sizeof(record));
    assert_int_equal(record.magic, HV_CRASH_MAGIC);
    assert_int_equal(record.fault, PART_FAULT_STAGE2 + 1U);
    assert_int_equal(record.vcpu, 1U);
    assert_int_equal(record.rip, 0x4321U);
    assert_int_equal(record.detail, 0xD0000000U);
    assert_int_equal(record.action, HV_CRASH_STOPPED);
    assert_int_equal(record.restarts, 1U); /* by the reset */
    assert_int_equal(record.core, vcpus[KEEPER].pcpu);
}

static void a_restart_is_told_even_without_a_clock(void **state)
{
    (void)state;
    fake_tsc_hz = 0U;
    fake_current_pcpu = vcpus[KEEPER].pcpu;
    exclusive_log_restart(RTVM);
    log_flush();
    assert_non_null(strstr(fake_log(), "restart 0 of 2, 0 us after its fault"));
}

static void ram_that_is_not_mapped_ends_it(void **state)
{
    (void)state;
    partition.table.vm[RTVM].range[0].size += 0x10000000U;
    (void)fails(KEEPER, HV_EXIT_SHUTDOWN);
    settle();
    assert_int_equal(vms[RTVM].state, VM_STOPPED);
    log_flush();
    assert_non_null(strstr(fake_log(), "its RAM cannot be cleared"));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, boot)
    const struct CMUnitTest tests[] = {
        T(the_policy_is_what_the_table_says), T(every_fault_has_a_name), T(a_restart_waits_for_all_and_begins_as_at_boot),
        T(the_keeper_waits_until_the_others_have_left), T(two_faults_at_once_are_one_restart),
        T(beyond_the_limit_it_stops_in_its_safe_state), T(stop_leaves_the_devices_alone), T(safe_state_comes_when_all_have_left),
        T(it_also_comes_when_the_machine_goes_off), T(a_missed_heartbeat_is_the_keepers_business),
        T(a_heartbeat_missed_in_the_life_before_is_forgotten), T(a_stop_goes_before_a_restart),
        T(a_stop_that_comes_while_it_leaves_prevents_the_restart), T(halt_is_for_all_and_ends_with_the_machine), T(a_local_apic_that_does_not_drain_ends_it),
        T(the_keepers_own_local_apic_too), T(an_image_that_is_gone_ends_it), T(ram_that_is_not_mapped_ends_it),
        T(what_it_shares_with_others_stays), T(a_safe_state_may_fill_its_list), T(a_restart_is_told_even_without_a_clock), T(a_fault_is_on_record_and_what_it_asks_for_itself_is_not),
        T(a_halt_without_a_shared_side_is_completed_here), T(a_vm_that_the_table_does_not_count_has_no_safe_state), T(a_lost_core_ends_its_vm_when_the_others_have_left), T(a_restart_without_any_core_is_a_stop_in_the_safe_state),
        T(when_the_keeper_is_lost_the_next_core_keeps_the_vm), T(a_restart_without_one_of_the_cores_is_none),
        T(what_the_keeper_had_decided_is_carried_out), T(a_halt_does_not_wait_for_a_vm_whose_cores_are_lost),
        T(the_last_core_that_is_lost_halts_the_machine), T(a_core_that_is_lost_again_leaves_it_at_that),
        T(a_core_that_carries_no_exclusive_vm_ends_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
