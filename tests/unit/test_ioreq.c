/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/ioreq.c fake/hw.c fake/memory.c fake/vcpu_hw.c */
/* The I/O request page: a hostile Service VM writes what it likes there, at any time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "abi/ioreq.h"
#include "core/io.h"
#include "core/ioreq.h"
#include "core/mmio.h"
#include "core/request_wait.h"
#include "core/sched.h"
#include "core/stage2.h"
#include "core/vm.h"
#include "devices/vpci.h"
#include "fake/fake.h"

#define USER 5U
#define CPU(n) vcpu_id(USER, (n))
#define PAGE 0x234000U       /* of the Service VM */
#define HPA  0x90234000U

struct vm vms[MAX_VM];
struct vcpu vcpus[MAX_VCPU];

static uint32_t leaf_attr;
static bool leaf_present;
static uint32_t upcalls;
static uint32_t wakes;
static uint32_t notifies;
static uint32_t inits;
static struct { uint32_t port_count, mmio_count; vcpu_id_t id; uint64_t value; } done;
static bool second_request;
static bool waited_for;

struct stage2_mapping stage2_lookup(vm_id_t v, gpa_t gpa)
{
    struct stage2_mapping leaf = { leaf_present, HPA | (gpa & 0xFFFU), 4096U, leaf_attr };

    assert_int_equal(v, VM_SERVICE);
    return leaf;
}
void vpci_upcall(void) { upcalls++; }
bool request_wait_end(vm_id_t awaited)
{
    assert_int_equal(awaited, USER);
    return waited_for;
}
void vcpu_notify(vcpu_id_t id) { (void)id; notifies++; }
void vcpu_receive_init(vcpu_id_t id)
{
    vcpus[id].init_latched = false;
    inits++;
}
void sched_wake(vcpu_id_t id)
{
    vcpus[id].state = VCPU_RUNNABLE;
    wakes++;
}
void io_complete(vcpu_id_t id, uint32_t value)
{
    done.port_count++;
    done.id = id;
    done.value = value;
}
void mmio_complete(vcpu_id_t id, uint64_t value)
{
    done.mmio_count++;
    done.id = id;
    done.value = value;
    if (second_request) {
        second_request = false;
        ioreq_mmio(id, 0xD0000000U, 4U, true, 0x99U);
    }
}

static int setup(void **state)
{
    (void)state;
    fake_reset();
    memset(vms, 0, sizeof(vms));
    memset(vcpus, 0, sizeof(vcpus));
    memset(&done, 0, sizeof(done));
    for (uint32_t v = 0U; v < MAX_VM; v++) {
        ioreq_release(v);
    }
    vms[USER].kind = VM_KIND_USER;
    vms[USER].vcpu_count = 2U;
    leaf_present = true;
    leaf_attr = S2_READ | S2_WRITE;
    upcalls = 0U;
    wakes = 0U;
    notifies = 0U;
    inits = 0U;
    second_request = false;
    waited_for = false;
    assert_int_equal(ioreq_set_page(USER, PAGE), STATUS_OK);
    return 0;
}

static uint64_t field(uint32_t slot, uint32_t offset, uint32_t size)
{
    return hw_phys_read(HPA + (slot * IOREQ_SLOT_SIZE) + offset, size);
}

static void set_field(uint32_t slot, uint32_t offset, uint32_t size, uint64_t value)
{
    hw_phys_write(HPA + (slot * IOREQ_SLOT_SIZE) + offset, size, value);
}

static void answer(uint32_t slot, uint64_t value)
{
    set_field(slot, IOREQ_OFF_VALUE, 8U, value);
    set_field(slot, IOREQ_OFF_PROCESSED, 4U, IOREQ_COMPLETE);
}

static void the_page_starts_with_every_slot_free(void **state)
{
    (void)state;
    for (uint32_t slot = 0U; slot < IOREQ_SLOTS; slot++) {
        assert_int_equal(field(slot, IOREQ_OFF_PROCESSED, 4U), IOREQ_FREE);
    }
    assert_true(ioreq_has_page(USER));
    assert_false(ioreq_has_page(USER + 1U));
}

/* REQ-HYP-011 */
static void only_whole_pages_of_writable_memory_will_do(void **state)
{
    (void)state;
    ioreq_release(USER);
    assert_int_equal(ioreq_set_page(USER, PAGE + 8U), STATUS_INVALID);
    leaf_attr = S2_READ;
    assert_int_equal(ioreq_set_page(USER, PAGE), STATUS_INVALID);
    leaf_attr = S2_READ | S2_WRITE | S2_UC;
    assert_int_equal(ioreq_set_page(USER, PAGE), STATUS_INVALID);
    leaf_attr = S2_READ | S2_WRITE | S2_WC;
    assert_int_equal(ioreq_set_page(USER, PAGE), STATUS_INVALID);
    leaf_attr = S2_READ | S2_WRITE;
    leaf_present = false;
    assert_int_equal(ioreq_set_page(USER, PAGE), STATUS_INVALID);
    assert_false(ioreq_has_page(USER));
}

/* REQ-IO-004 */
static void a_port_write_fills_the_slot_of_its_vcpu(void **state)
{
    (void)state;
    memset(&done, 0, sizeof(done));
    set_field(1U, IOREQ_OFF_TYPE, 4U, 0x99U);
    set_field(1U, IOREQ_OFF_POLLING, 4U, 0x99U);
    set_field(1U, IOREQ_OFF_KERNEL_HANDLED, 4U, 0x99U);
    ioreq_port(CPU(1), 0x3F8U, 2U, true, 0xFFFF1234U);
    assert_int_equal(field(1U, IOREQ_OFF_POLLING, 4U), 0U);
    assert_int_equal(field(1U, IOREQ_OFF_KERNEL_HANDLED, 4U), 0U);
    assert_int_equal(field(1U, IOREQ_OFF_TYPE, 4U), IOREQ_TYPE_PIO);
    assert_int_equal(field(1U, IOREQ_OFF_DIRECTION, 4U), IOREQ_WRITE);
    assert_int_equal(field(1U, IOREQ_OFF_ADDRESS, 8U), 0x3F8U);
    assert_int_equal(field(1U, IOREQ_OFF_SIZE, 8U), 2U);
    assert_int_equal(field(1U, IOREQ_OFF_VALUE, 8U), 0x1234U);
    assert_int_equal(field(1U, IOREQ_OFF_PROCESSED, 4U), IOREQ_PENDING);
    assert_int_equal(field(0U, IOREQ_OFF_PROCESSED, 4U), IOREQ_FREE);
    assert_int_equal(vcpus[CPU(1)].state, VCPU_WAIT_IO);
    assert_int_equal(upcalls, 1U);
}

/* REQ-IO-026 */
static void a_request_that_is_waited_for_needs_no_upcall(void **state)
{
    (void)state;
    waited_for = true;
    ioreq_port(CPU(0), 0x604U, 1U, false, 0U);
    assert_int_equal(field(0U, IOREQ_OFF_PROCESSED, 4U), IOREQ_PENDING);
    assert_int_equal(upcalls, 0U);
}

/* REQ-IO-004 */
static void a_read_leaks_no_value(void **state)
{
    (void)state;
    set_field(0U, IOREQ_OFF_VALUE, 8U, 0x5555U);
    ioreq_mmio(CPU(0), 0xFED40000U, 8U, false, 0x1234U);
    assert_int_equal(field(0U, IOREQ_OFF_TYPE, 4U), IOREQ_TYPE_MMIO);
    assert_int_equal(field(0U, IOREQ_OFF_DIRECTION, 4U), IOREQ_READ);
    assert_int_equal(field(0U, IOREQ_OFF_ADDRESS, 8U), 0xFED40000U);
    assert_int_equal(field(0U, IOREQ_OFF_VALUE, 8U), 0U);
}

/* REQ-IO-003 */
static void an_answer_completes_the_instruction(void **state)
{
    (void)state;
    ioreq_mmio(CPU(1), 0xFED40000U, 8U, false, 0U);
    answer(1U, 0x1122334455667788U);
    assert_int_equal(ioreq_finish(USER, 1U), STATUS_OK);
    assert_int_equal(done.mmio_count, 1U);
    assert_int_equal(done.id, CPU(1));
    assert_true(done.value == 0x1122334455667788U);
    assert_int_equal(vcpus[CPU(1)].state, VCPU_RUNNABLE);
    assert_int_equal(field(1U, IOREQ_OFF_PROCESSED, 4U), IOREQ_FREE);
    assert_int_equal(notifies, 1U);
}

/* REQ-IO-002 */
static void port_answers_are_32_bits(void **state)
{
    (void)state;
    ioreq_port(CPU(0), 0x70U, 1U, false, 0U);
    answer(0U, 0xFFFFFFFF00000012U);
    assert_int_equal(ioreq_finish(USER, 0U), STATUS_OK);
    assert_int_equal(done.port_count, 1U);
    assert_true(done.value == 0x12U);
}

/* REQ-IO-001 */
static void nothing_pending_cannot_be_finished(void **state)
{
    (void)state;
    answer(0U, 1U);
    assert_int_equal(ioreq_finish(USER, 0U), STATUS_INVALID);
    assert_int_equal(done.mmio_count + done.port_count, 0U);
    assert_int_equal(wakes, 0U);
}

/* REQ-IO-001 */
static void a_request_is_finished_once(void **state)
{
    (void)state;
    ioreq_port(CPU(0), 0x70U, 1U, false, 0U);
    answer(0U, 1U);
    assert_int_equal(ioreq_finish(USER, 0U), STATUS_OK);
    answer(0U, 2U);
    assert_int_equal(ioreq_finish(USER, 0U), STATUS_INVALID);
    assert_int_equal(done.port_count, 1U);
}

/* REQ-IO-001 */
static void only_complete_counts(void **state)
{
    static const uint32_t other[] = { IOREQ_PENDING, IOREQ_PROCESSING, IOREQ_FREE, 4U, 0xFFFFFFFFU, 0x101U };
    (void)state;
    ioreq_port(CPU(0), 0x70U, 1U, false, 0U);
    for (size_t i = 0U; i < sizeof(other) / sizeof(other[0]); i++) {
        set_field(0U, IOREQ_OFF_PROCESSED, 4U, other[i]);
        assert_int_equal(ioreq_finish(USER, 0U), STATUS_INVALID);
    }
    assert_int_equal(vcpus[CPU(0)].state, VCPU_WAIT_IO);
}

/* REQ-IO-002 */
static void what_the_page_says_of_type_and_address_does_not_matter(void **state)
{
    (void)state;
    ioreq_port(CPU(0), 0x70U, 1U, false, 0U);
    set_field(0U, IOREQ_OFF_TYPE, 4U, IOREQ_TYPE_MMIO);
    set_field(0U, IOREQ_OFF_SIZE, 8U, 0xFFFFU);
    answer(0U, 7U);
    assert_int_equal(ioreq_finish(USER, 0U), STATUS_OK);
    assert_int_equal(done.port_count, 1U);
    assert_int_equal(done.mmio_count, 0U);
}

/* REQ-IO-001 */
static void slots_without_a_vcpu_are_refused(void **state)
{
    (void)state;
    for (uint32_t slot = 2U; slot < 40U; slot++) {
        if (slot < IOREQ_SLOTS) {
            answer(slot, 1U);
        }
        assert_int_equal(ioreq_finish(USER, slot), STATUS_INVALID);
    }
    assert_int_equal(ioreq_finish(USER, 0xFFFFFFFFU), STATUS_INVALID);
}

/* REQ-IO-003 */
static void an_answer_may_lead_to_a_second_request(void **state)
{
    (void)state;
    ioreq_mmio(CPU(0), 0xD0000000U, 4U, false, 0U);
    second_request = true;
    answer(0U, 1U);
    assert_int_equal(ioreq_finish(USER, 0U), STATUS_OK);
    assert_int_equal(vcpus[CPU(0)].state, VCPU_WAIT_IO);
    assert_int_equal(field(0U, IOREQ_OFF_PROCESSED, 4U), IOREQ_PENDING);
    assert_int_equal(field(0U, IOREQ_OFF_VALUE, 8U), 0x99U);
    answer(0U, 0U);
    assert_int_equal(ioreq_finish(USER, 0U), STATUS_OK);
    assert_int_equal(done.mmio_count, 2U);
    assert_int_equal(vcpus[CPU(0)].state, VCPU_RUNNABLE);
}

/* REQ-IO-003 */
static void an_init_waits_for_the_answer(void **state)
{
    (void)state;
    ioreq_port(CPU(1), 0x70U, 1U, false, 0U);
    vcpus[CPU(1)].init_latched = true;
    answer(1U, 0U);
    assert_int_equal(ioreq_finish(USER, 1U), STATUS_OK);
    assert_int_equal(inits, 1U);
}

static void an_init_waits_for_the_second_answer_too(void **state)
{
    (void)state;
    ioreq_mmio(CPU(1), 0xD0000000U, 4U, false, 0U);
    vcpus[CPU(1)].init_latched = true;
    second_request = true;
    answer(1U, 0U);
    assert_int_equal(ioreq_finish(USER, 1U), STATUS_OK);
    assert_int_equal(inits, 0U);
    answer(1U, 0U);
    assert_int_equal(ioreq_finish(USER, 1U), STATUS_OK);
    assert_int_equal(inits, 1U);
}

/* REQ-LIF-010 */
static void a_triple_fault_is_reported_and_stops_the_vcpu(void **state)
{
    (void)state;
    ioreq_report_shutdown(CPU(0));
    assert_int_equal(field(0U, IOREQ_OFF_TYPE, 4U), IOREQ_TYPE_PIO);
    assert_int_equal(field(0U, IOREQ_OFF_ADDRESS, 8U), IOREQ_SHUTDOWN_PORT);
    assert_int_equal(field(0U, IOREQ_OFF_VALUE, 4U), IOREQ_SHUTDOWN_VALUE);
    answer(0U, 0U);
    assert_int_equal(ioreq_finish(USER, 0U), STATUS_OK);
    assert_int_equal(vcpus[CPU(0)].state, VCPU_OFF);
    assert_int_equal(done.port_count, 0U);
}

/* REQ-LIF-010 */
static void no_access_of_a_guest_looks_like_a_triple_fault(void **state)
{
    (void)state;
    for (uint32_t size = 1U; size <= 2U; size *= 2U) {
        ioreq_port(CPU(0), IOREQ_SHUTDOWN_PORT, size, true, IOREQ_SHUTDOWN_VALUE);
        assert_int_not_equal(field(0U, IOREQ_OFF_VALUE, 4U), IOREQ_SHUTDOWN_VALUE);
    }
    ioreq_port(CPU(0), IOREQ_SHUTDOWN_PORT, 4U, true, IOREQ_SHUTDOWN_VALUE);
    assert_int_not_equal(field(0U, IOREQ_OFF_SIZE, 8U), 1U); /* a shutdown has one byte */
}

/* REQ-IO-003 */
static void without_a_page_the_vcpu_waits_and_nothing_is_written(void **state)
{
    (void)state;
    ioreq_release(USER);
    ioreq_port(CPU(0), 0x70U, 1U, true, 1U);
    assert_int_equal(vcpus[CPU(0)].state, VCPU_WAIT_IO);
    assert_int_equal(upcalls, 0U);
    assert_int_equal(ioreq_finish(USER, 0U), STATUS_INVALID);
}

static void clearing_forgets_what_was_pending(void **state)
{
    (void)state;
    ioreq_port(CPU(0), 0x70U, 1U, false, 0U);
    ioreq_clear(USER);
    assert_int_equal(field(0U, IOREQ_OFF_PROCESSED, 4U), IOREQ_FREE);
    answer(0U, 1U);
    assert_int_equal(ioreq_finish(USER, 0U), STATUS_INVALID);
    assert_true(ioreq_has_page(USER));
}

#define T(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_page_starts_with_every_slot_free), T(only_whole_pages_of_writable_memory_will_do),
        T(a_request_that_is_waited_for_needs_no_upcall), T(a_port_write_fills_the_slot_of_its_vcpu), T(a_read_leaks_no_value), T(an_answer_completes_the_instruction),
        T(port_answers_are_32_bits), T(nothing_pending_cannot_be_finished), T(a_request_is_finished_once),
        T(only_complete_counts), T(what_the_page_says_of_type_and_address_does_not_matter),
        T(slots_without_a_vcpu_are_refused), T(an_answer_may_lead_to_a_second_request),
        T(an_init_waits_for_the_answer), T(an_init_waits_for_the_second_answer_too),
        T(a_triple_fault_is_reported_and_stops_the_vcpu), T(no_access_of_a_guest_looks_like_a_triple_fault),
        T(without_a_page_the_vcpu_waits_and_nothing_is_written), T(clearing_forgets_what_was_pending),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
