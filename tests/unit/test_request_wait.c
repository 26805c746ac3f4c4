/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/request_wait.c */
/* A vCPU that waits for the next I/O request of a VM: when it does, and what the request then needs no more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "core/limits.h"
#include "core/request_wait.h"
#include "core/sched.h"
#include "core/vm.h"

#define WAITER vcpu_id(VM_SERVICE, 1U)
#define OTHER  vcpu_id(VM_SERVICE, 2U)
#define USER   4U
#define NEXT   5U

struct vm vms[MAX_VM];
struct vcpu vcpus[MAX_VCPU];
static bool event;
static vcpu_id_t woken, notified; /* id + 1 */

bool vcpu_has_event(vcpu_id_t id) { (void)id; return event; }
void sched_wake(vcpu_id_t id)
{
    vcpus[id].state = VCPU_RUNNABLE;
    woken = id + 1U;
}
void vcpu_notify(vcpu_id_t id) { notified = id + 1U; }

static int setup(void **state)
{
    (void)state;
    memset(vcpus, 0, sizeof(vcpus));
    vcpus[WAITER].state = VCPU_RUNNABLE;
    vcpus[OTHER].state = VCPU_RUNNABLE;
    for (vm_id_t v = 0U; v < MAX_VM; v++) {
        (void)request_wait_end(v);
    }
    event = false;
    woken = 0U;
    notified = 0U;
    return 0;
}

/* REQ-IO-026 */
static void a_request_wakes_who_waits_for_it_in_place_of_an_upcall(void **state)
{
    (void)state;
    request_wait_begin(WAITER, USER);
    assert_int_equal(vcpus[WAITER].state, VCPU_WAIT_REQUEST);
    assert_false(request_wait_end(NEXT));
    assert_int_equal(woken, 0U);
    assert_true(request_wait_end(USER));
    assert_int_equal(woken, WAITER + 1U);
    assert_int_equal(notified, WAITER + 1U); /* it may be on another core */
    assert_false(request_wait_end(USER));
}

/* REQ-IO-026 */
static void nobody_waits_with_an_event_pending(void **state)
{
    (void)state;
    event = true;
    request_wait_begin(WAITER, USER);
    assert_int_equal(vcpus[WAITER].state, VCPU_RUNNABLE);
    assert_false(request_wait_end(USER));
    event = false;
    request_wait_begin(WAITER, MAX_VM); /* no VM */
    assert_int_equal(vcpus[WAITER].state, VCPU_RUNNABLE);
}

/* REQ-IO-026 */
static void after_an_interrupt_has_ended_the_wait_requests_have_upcalls_again(void **state)
{
    (void)state;
    request_wait_begin(WAITER, USER);
    sched_wake(WAITER);
    assert_false(request_wait_end(USER));
    request_wait_begin(WAITER, USER);
    vcpus[WAITER].state = VCPU_HALTED; /* has gone on, and halts for another reason */
    assert_false(request_wait_end(USER));
    assert_int_equal(vcpus[WAITER].state, VCPU_HALTED);
}

/* REQ-IO-026 */
static void only_the_vm_that_is_waited_for_last_ends_the_wait(void **state)
{
    (void)state;
    request_wait_begin(WAITER, USER);
    sched_wake(WAITER);
    request_wait_begin(WAITER, NEXT);
    woken = 0U;
    assert_false(request_wait_end(USER));
    assert_int_equal(woken, 0U);
    assert_true(request_wait_end(NEXT));
}

/* REQ-IO-026 */
static void of_two_that_wait_for_a_vm_the_last_one_gets_the_request(void **state)
{
    (void)state;
    request_wait_begin(WAITER, USER);
    request_wait_begin(OTHER, USER);
    assert_true(request_wait_end(USER));
    assert_int_equal(woken, OTHER + 1U);
    assert_int_equal(vcpus[WAITER].state, VCPU_WAIT_REQUEST); /* until its next interrupt */
    assert_false(request_wait_end(USER));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_request_wakes_who_waits_for_it_in_place_of_an_upcall, setup),
        cmocka_unit_test_setup(nobody_waits_with_an_event_pending, setup),
        cmocka_unit_test_setup(after_an_interrupt_has_ended_the_wait_requests_have_upcalls_again, setup),
        cmocka_unit_test_setup(only_the_vm_that_is_waited_for_last_ends_the_wait, setup),
        cmocka_unit_test_setup(of_two_that_wait_for_a_vm_the_last_one_gets_the_request, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
