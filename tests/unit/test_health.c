/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: all */
/* The watchdog: a heartbeat that stops is found, one that goes on is left alone. */
#include "world.h"

#include "core/exclusive_life.h"
#include "core/health.h"
#include "core/stats.h"
#include "core/vm_health.h"

#define KEEPER  vcpu_id(RTVM, 0U)
#define COUNTER 0x8000U
#define PERIOD  5000000U /* ticks: 5 ms of the fake TSC's 1 GHz */
#define START   30U      /* seconds */

static uint64_t told(void)
{
    return fake_pcpu[vcpus[KEEPER].pcpu].kicks;
}

static void beat(void)
{
    hw_phys_write(RTVM_HPA + COUNTER, 8U, hw_phys_read(RTVM_HPA + COUNTER, 8U) + 1U);
}

/* Ticks until the next look. */
static uint64_t pass(uint64_t ticks)
{
    uint64_t due;
    fake_tsc += ticks;
    due = health_check(0U, fake_tsc);
    return (due == TIME_NEVER) ? TIME_NEVER : (due - fake_tsc);
}

static int boot(void **state)
{
    memset(vms, 0, sizeof(vms));
    memset(vcpus, 0, sizeof(vcpus));
    (void)world_start(state);
    partition.table.vm[RTVM].heartbeat_gpa = COUNTER;
    partition.table.vm[RTVM].heartbeat_us = 5000U;
    memset(partition.table.vm[RTVM].on_fault, (int)PART_ON_FAULT_RESTART, PART_FAULTS);
    partition.table.vm[RTVM].restart_limit = 5U;
    hw_phys_zero(RTVM_HPA + COUNTER, 8U);
    health_init();
    vms[RTVM].start_tsc = fake_tsc;
    fake_pcpu[vcpus[KEEPER].pcpu].kicks = 0U;
    return 0;
}

/* Its first look, its first beat. */
static void running(void)
{
    (void)pass(1U);
    beat();
    (void)pass(PERIOD);
}

/* REQ-LIF-035 */
static void a_vm_that_beats_is_never_disturbed(void **state)
{
    (void)state;
    running();
    for (uint32_t i = 0U; i < 1000U; i++) {
        beat();
        assert_int_equal(pass(PERIOD), PERIOD);
    }
    assert_int_equal(told(), 0U);
}

/* REQ-LIF-035 */
static void one_that_stops_is_found_after_one_to_two_periods(void **state)
{
    (void)state;
    running();
    beat();
    (void)pass(PERIOD);
    assert_int_equal(told(), 0U); /* it did beat since the look before */
    (void)pass(PERIOD - 1U);
    assert_int_equal(told(), 0U); /* too early to say */
    (void)pass(1U);
    assert_int_equal(told(), 1U);
    for (uint32_t i = 0U; i < 10U; i++) {
        (void)pass(PERIOD);
    }
    assert_int_equal(told(), 1U); /* once in a life */
}

/* Its runtime clears what the life before has left in a shared region. */
/* REQ-LIF-035 */
static void a_counter_that_is_set_to_zero_is_no_beat(void **state)
{
    (void)state;
    hw_phys_write(RTVM_HPA + COUNTER, 8U, 1000U);
    (void)pass(1U);
    hw_phys_zero(RTVM_HPA + COUNTER, 8U);
    for (uint32_t i = 0U; i < 10U; i++) {
        (void)pass(PERIOD);
    }
    assert_int_equal(told(), 0U);
    running();
    hw_phys_zero(RTVM_HPA + COUNTER, 8U);
    (void)pass(PERIOD);
    assert_int_equal(told(), 0U); /* it has changed all the same */
    (void)pass(PERIOD);
    assert_int_equal(told(), 1U);
}

/* The log may have been written since the time that the caller has. */
/* REQ-LIF-035 */
static void the_next_look_is_a_whole_period_after_this_one(void **state)
{
    (void)state;
    running();
    beat();
    fake_tsc += PERIOD + (PERIOD / 4U);
    assert_int_equal(health_check(0U, fake_tsc - (PERIOD / 4U)), fake_tsc + PERIOD);
}

static void a_life_may_take_its_time_to_begin(void **state)
{
    uint64_t end = fake_tsc + (START * fake_tsc_hz);
    (void)state;
    while ((fake_tsc + PERIOD) <= end) {
        (void)pass(PERIOD);
    }
    assert_int_equal(told(), 0U);
    (void)pass(2U * PERIOD);
    assert_int_equal(told(), 1U);
}

/* REQ-LIF-035 */
static void after_a_restart_it_is_watched_again(void **state)
{
    (void)state;
    running();
    (void)pass(PERIOD);
    assert_int_equal(told(), 1U);
    fake_current_pcpu = vcpus[KEEPER].pcpu;
    (void)core_exclusive_next(KEEPER);
    fake_current_pcpu = vcpus[KEEPER + 1U].pcpu;
    (void)core_exclusive_next(KEEPER + 1U);
    fake_current_pcpu = vcpus[KEEPER].pcpu;
    (void)core_exclusive_next(KEEPER);
    assert_int_equal(vm_health[RTVM].faults[PART_FAULT_HEARTBEAT], 1U);
    fake_pcpu[vcpus[KEEPER].pcpu].kicks = 0U;
    (void)pass(PERIOD); /* between two lives there is no heart */
    (void)pass(PERIOD);
    assert_int_equal(told(), 0U);
    assert_int_equal(core_exclusive_next(KEEPER), RUN_VCPU);
    (void)pass(PERIOD); /* the first look at the new life */
    running();
    (void)pass(PERIOD);
    assert_int_equal(told(), 1U);
}

static void one_that_has_stopped_has_no_heart(void **state)
{
    (void)state;
    running();
    vms[RTVM].state = VM_STOPPED;
    for (uint32_t i = 0U; i < 10U; i++) {
        (void)pass(PERIOD);
    }
    assert_int_equal(told(), 0U);
}

static void one_core_keeps_the_time(void **state)
{
    (void)state;
    assert_int_equal(health_check(0U, fake_tsc), fake_tsc + PERIOD);
    assert_int_equal(health_check(1U, fake_tsc), TIME_NEVER);
    partition.table.board.shared_pcpu_mask = 0xEU;
    health_init();
    assert_int_equal(health_check(0U, fake_tsc), TIME_NEVER);
    assert_int_equal(health_check(1U, fake_tsc), fake_tsc + PERIOD);
    partition.table.board.shared_pcpu_mask = 0U;
    health_init();
    assert_int_equal(health_check(0U, fake_tsc), TIME_NEVER);
}

static void without_heartbeats_nothing_is_due(void **state)
{
    (void)state;
    partition.table.vm[RTVM].heartbeat_us = 0U;
    health_init();
    assert_int_equal(pass(PERIOD), TIME_NEVER);
    assert_int_equal(pass(START * fake_tsc_hz), TIME_NEVER);
    assert_int_equal(told(), 0U);
}

static void the_next_look_is_the_earliest(void **state)
{
    vm_id_t other = RTVM + 1U;
    (void)state;
    vms[other] = vms[RTVM];
    partition.table.vm[other].heartbeat_us = 2000U;
    health_init();
    assert_int_equal(pass(0U), 2000000U);
    assert_int_equal(pass(2000000U), 2000000U);
    assert_int_equal(pass(2000000U), 1000000U);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, boot)
    const struct CMUnitTest tests[] = {
        T(a_vm_that_beats_is_never_disturbed), T(one_that_stops_is_found_after_one_to_two_periods),
        T(a_counter_that_is_set_to_zero_is_no_beat), T(the_next_look_is_a_whole_period_after_this_one),
        T(a_life_may_take_its_time_to_begin), T(after_a_restart_it_is_watched_again), T(one_that_has_stopped_has_no_heart),
        T(one_core_keeps_the_time), T(without_heartbeats_nothing_is_due), T(the_next_look_is_the_earliest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
