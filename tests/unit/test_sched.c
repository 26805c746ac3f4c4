/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/sched.c core/trace.c fake/hw.c fake/memory.c fake/vcpu_hw.c */
/* The scheduler of a shared core: shares by weight, no starvation, quick wake-ups. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "core/sched.h"
#include "core/vm.h"
#include "fake/fake.h"

#define MS 1000000U /* ticks at 1 GHz */
#define SLICE (1000000000U / 333U)
#define CORE 2U
#define CPU(v) vcpu_id((v), 0U)

struct vm vms[MAX_VM];
struct vcpu vcpus[MAX_VCPU];

static void add(vm_id_t v, uint32_t weight)
{
    vms[v].state = VM_RUNNING;
    vcpus[CPU(v)].pcpu = CORE;
    vcpus[CPU(v)].state = VCPU_RUNNABLE;
    sched_add(CPU(v), weight);
}

static int setup(void **state)
{
    (void)state;
    fake_reset();
    for (uint32_t v = 0U; v < MAX_VM; v++) {
        vcpus[CPU(v)].pcpu = CORE;
        sched_remove(CPU(v));
    }
    memset(vms, 0, sizeof(vms));
    memset(vcpus, 0, sizeof(vcpus));
    return 0;
}

/* Runs the core for a while in steps of a tenth of a millisecond; ran[v]: ticks of VM v. */
static void run(uint64_t ticks, uint64_t ran[MAX_VM])
{
    const uint64_t step = MS / 10U;

    memset(ran, 0, MAX_VM * sizeof(ran[0]));
    for (uint64_t t = 0U; t < ticks; t += step) {
        vcpu_id_t id = sched_pick(CORE, fake_tsc);
        fake_tsc += step;
        if (id != ID_NONE) {
            sched_charge(id, step);
            ran[vcpu_vm(id)] += step;
        }
    }
}

static void an_empty_core_is_idle(void **state)
{
    (void)state;
    assert_int_equal(sched_pick(CORE, fake_tsc), ID_NONE);
    assert_true(sched_slice_end(CORE) == TIME_NEVER);
}

static void alone_it_runs_without_end(void **state)
{
    (void)state;
    add(0U, 100U);
    assert_int_equal(sched_pick(CORE, fake_tsc), CPU(0U));
    assert_true(sched_slice_end(CORE) == TIME_NEVER);
    fake_tsc += 1000U * (uint64_t)MS;
    assert_int_equal(sched_pick(CORE, fake_tsc), CPU(0U));
}

static void only_what_is_runnable_runs(void **state)
{
    (void)state;
    add(0U, 100U);
    add(4U, 100U);
    vcpus[CPU(0U)].state = VCPU_HALTED;
    assert_int_equal(sched_pick(CORE, fake_tsc), CPU(4U));
    vcpus[CPU(4U)].state = VCPU_WAIT_IO;
    assert_int_equal(sched_pick(CORE, fake_tsc), ID_NONE);
    vcpus[CPU(4U)].state = VCPU_RUNNABLE;
    vms[4].state = VM_PAUSED;
    assert_int_equal(sched_pick(CORE, fake_tsc), ID_NONE);
    vms[4].state = VM_RUNNING;
    vcpus[CPU(4U)].state = VCPU_OFF;
    assert_int_equal(sched_pick(CORE, fake_tsc), ID_NONE);
}

static void the_slice_ends_when_others_could_run(void **state)
{
    (void)state;
    add(0U, 100U);
    add(4U, 100U);
    (void)sched_pick(CORE, fake_tsc);
    assert_true(sched_slice_end(CORE) == fake_tsc + SLICE);
    vcpus[CPU(0U)].state = VCPU_HALTED;
    (void)sched_pick(CORE, fake_tsc);
    assert_true(sched_slice_end(CORE) == TIME_NEVER);
}

/* REQ-RT-016 */
static void equal_weights_share_equally(void **state)
{
    uint64_t ran[MAX_VM];
    (void)state;
    add(0U, 100U);
    add(4U, 100U);
    add(5U, 100U);
    run(900U * (uint64_t)MS, ran);
    for (uint32_t v = 0U; v < MAX_VM; v++) {
        bool member = (v == 0U) || (v == 4U) || (v == 5U);
        assert_in_range(ran[v], member ? 290U * (uint64_t)MS : 0U, member ? 310U * (uint64_t)MS : 0U);
    }
}

/* REQ-RT-016 */
static void weights_divide_the_core(void **state)
{
    uint64_t ran[MAX_VM];
    (void)state;
    add(0U, 300U);
    add(4U, 100U);
    run(800U * (uint64_t)MS, ran);
    assert_in_range(ran[0], 590U * (uint64_t)MS, 610U * (uint64_t)MS);
    assert_in_range(ran[4], 190U * (uint64_t)MS, 210U * (uint64_t)MS);
}

/* REQ-RT-016 */
static void the_smallest_weight_is_not_starved(void **state)
{
    uint64_t ran[MAX_VM];
    (void)state;
    add(0U, 10000U);
    add(4U, 1U);
    run(40000U * (uint64_t)MS, ran);
    assert_true(ran[4] > 0U);
}

static void one_keeps_the_core_for_its_slice(void **state)
{
    vcpu_id_t first;
    (void)state;
    add(0U, 100U);
    add(4U, 100U);
    first = sched_pick(CORE, fake_tsc);
    sched_charge(first, MS / 2U);
    fake_tsc += MS / 2U;
    assert_int_equal(sched_pick(CORE, fake_tsc), first);
}

/* REQ-RT-017 */
static void a_woken_vcpu_takes_over_from_one_that_ran_long(void **state)
{
    (void)state;
    add(0U, 100U);
    add(4U, 100U);
    vcpus[CPU(4U)].state = VCPU_HALTED;
    assert_int_equal(sched_pick(CORE, fake_tsc), CPU(0U));
    sched_charge(CPU(0U), 100U * (uint64_t)MS);
    fake_tsc += 100U * (uint64_t)MS;
    assert_int_equal(sched_pick(CORE, fake_tsc), CPU(0U));
    sched_wake(CPU(4U));
    assert_int_equal(vcpus[CPU(4U)].state, VCPU_RUNNABLE);
    assert_int_equal(sched_pick(CORE, fake_tsc), CPU(4U));
}

/* REQ-RT-017 */
static void sleeping_earns_no_more_than_a_slice(void **state)
{
    uint64_t ran[MAX_VM];
    (void)state;
    add(0U, 100U);
    add(4U, 100U);
    vcpus[CPU(4U)].state = VCPU_HALTED;
    run(10000U * (uint64_t)MS, ran); /* ten seconds asleep */
    sched_wake(CPU(4U));
    run(60U * (uint64_t)MS, ran);
    assert_in_range(ran[4], 28U * (uint64_t)MS, 35U * (uint64_t)MS);
}

static void a_newcomer_starts_level_with_the_rest(void **state)
{
    uint64_t ran[MAX_VM];
    (void)state;
    add(0U, 100U);
    run(10000U * (uint64_t)MS, ran);
    add(4U, 100U);
    run(100U * (uint64_t)MS, ran);
    assert_in_range(ran[0], 45U * (uint64_t)MS, 55U * (uint64_t)MS);
}

static void what_is_removed_runs_no_more(void **state)
{
    (void)state;
    add(0U, 100U);
    add(4U, 100U);
    assert_int_equal(sched_member(CORE, 4U), CPU(4U));
    sched_remove(CPU(4U));
    assert_int_equal(sched_member(CORE, 4U), ID_NONE);
    assert_int_equal(sched_pick(CORE, fake_tsc), CPU(0U));
    sched_remove(CPU(0U));
    assert_int_equal(sched_pick(CORE, fake_tsc), ID_NONE);
}

static void removing_leaves_another_member_alone(void **state)
{
    (void)state;
    add(4U, 100U);
    vcpus[vcpu_id(4U, 1U)].pcpu = CORE; /* a second vCPU that was never added */
    sched_remove(vcpu_id(4U, 1U));
    assert_int_equal(sched_pick(CORE, fake_tsc), CPU(4U));
}

/* REQ-RT-016 */
static void cores_are_apart(void **state)
{
    (void)state;
    add(0U, 100U);
    assert_int_equal(sched_pick(CORE + 1U, fake_tsc), ID_NONE);
    assert_true(sched_slice_end(CORE + 1U) == TIME_NEVER);
}

/* REQ-RT-018 */
static void a_huge_charge_does_not_overflow(void **state)
{
    (void)state;
    add(0U, 1U);
    add(4U, 100U);
    sched_charge(CPU(0U), TIME_NEVER);
    assert_int_equal(sched_pick(CORE, fake_tsc), CPU(4U));
}

static void a_zero_weight_counts_as_one(void **state)
{
    (void)state;
    add(0U, 0U);
    sched_charge(CPU(0U), MS);
    assert_int_equal(sched_pick(CORE, fake_tsc), CPU(0U));
}

#define T(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(an_empty_core_is_idle), T(alone_it_runs_without_end), T(only_what_is_runnable_runs),
        T(the_slice_ends_when_others_could_run), T(equal_weights_share_equally), T(weights_divide_the_core),
        T(the_smallest_weight_is_not_starved), T(one_keeps_the_core_for_its_slice),
        T(a_woken_vcpu_takes_over_from_one_that_ran_long), T(sleeping_earns_no_more_than_a_slice),
        T(a_newcomer_starts_level_with_the_rest), T(what_is_removed_runs_no_more),
        T(removing_leaves_another_member_alone), T(cores_are_apart), T(a_huge_charge_does_not_overflow),
        T(a_zero_weight_counts_as_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
