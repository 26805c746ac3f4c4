/* SPDX-License-Identifier: Apache-2.0 */
/* The end of the road: whom a lost core takes with it, in which order, and what becomes of one that faults again on the way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

/* Instead of the privileged instructions of x86/asm.h. */
#define X86_ASM_H
#include "core/types.h"
static jmp_buf halted;
static uint32_t pauses;

static uint64_t asm_read_cr2(void) { return 0xC2U; }
static void asm_pause(void);
static NORETURN void asm_halt_forever(void) { longjmp(halted, 1); }

#include "x86/fatal.c"
#include "x86/lock.c"

struct pcpu pcpus[MAX_PCPU];
static pcpu_id_t current;
static uint64_t tsc;
static char printed[4096];
static uint32_t kicked;          /* bit per core */
static uint32_t stops_after;     /* pauses until the other shared cores have stopped; 0: at once */
static uint32_t others_running;  /* shared cores besides the lost one, when the bus masters stopped */
static uint32_t masters_stopped; /* 1 + bytes printed before */
static uint32_t flushed;
static uint32_t faults_in_print; /* so many calls of hw_log_char() fault */
static bool lost_gs;             /* even hw_pcpu() faults */
static bool faults_in_masters;
static bool faults_in_record;
static uint32_t recorded;        /* exceptions */
static uint32_t record_order;
static uint32_t record_masters;  /* masters_stopped at the last one */
static struct hv_crash_frame recorded_registers;
static uint32_t depth;
static uint32_t deepest;
#define REPORT_LINES 5U
static const struct hv_crash_frame frame = { .r15 = 0x15U, .vector = 14U, .rip = 0x1234U, .ss = 0x55U };

static NORETURN void fault(void)
{
    depth++;
    deepest = (depth > deepest) ? depth : deepest;
    assert_true(depth < 1000U);
    fatal_exception(&frame);
}

static void stop_others(void)
{
    for (pcpu_id_t i = 0U; i < MAX_PCPU; i++) {
        if ((i != current) && !pcpus[i].exclusive) {
            atomic_store(&pcpus[i].state, PCPU_OFFLINE);
        }
    }
}

static void asm_pause(void)
{
    pauses++;
    tsc += 1000U;
    if (pauses == stops_after) {
        stop_others();
    }
}

pcpu_id_t hw_pcpu(void)
{
    if (lost_gs) {
        fault();
    }
    return current;
}

void hw_kick(pcpu_id_t target)
{
    kicked |= (atomic_load(&pcpus[target].state) != PCPU_OFFLINE) ? (1U << target) : 0U;
    if (stops_after == 0U) {
        atomic_store(&pcpus[target].state, PCPU_OFFLINE);
    }
}

void hw_log_char(char c)
{
    const size_t used = strlen(printed);
    if (faults_in_print != 0U) {
        faults_in_print--;
        fault();
    }
    assert_true(used + 1U < sizeof(printed));
    printed[used] = c;
}

void vpci_shared_masters_off(void)
{
    if (faults_in_masters) {
        fault();
    }
    masters_stopped = 1U + (uint32_t)strlen(printed);
    for (pcpu_id_t i = 0U; i < MAX_PCPU; i++) {
        others_running += ((i != current) && !pcpus[i].exclusive && (atomic_load(&pcpus[i].state) != PCPU_OFFLINE)) ? 1U : 0U;
    }
}

void crash_exception(uint32_t order, vcpu_id_t vcpu, bool exclusive, const struct hv_crash_frame *registers, uint64_t cr2)
{
    if (faults_in_record) {
        fault();
    }
    assert_int_equal(vcpu, pcpus[current].loaded);
    assert_int_equal(exclusive, pcpus[current].exclusive);
    recorded++;
    record_order = order;
    record_masters = masters_stopped;
    recorded_registers = *registers;
    assert_int_equal(cr2, 0xC2U);
}

static uint32_t lost_exclusive;  /* calls */
static bool faults_when_lost;
void exclusive_lost(void)
{
    assert_true(pcpus[current].exclusive);
    lost_exclusive++;
    if (faults_when_lost) {
        faults_when_lost = false;
        fault();
    }
}

static uint32_t safe_states;
static uint32_t running_then;    /* shared cores besides this one */
void safe_state_apply_shared(void)
{
    safe_states++;
    assert_int_equal(flushed, 0U);
    for (pcpu_id_t i = 0U; i < MAX_PCPU; i++) {
        running_then += ((i != current) && !pcpus[i].exclusive && (atomic_load(&pcpus[i].state) != PCPU_OFFLINE)) ? 1U : 0U;
    }
}

uint64_t hw_tsc(void) { return tsc; }
uint64_t hw_tsc_hz(void) { return 100000000U; }
void log_begin(const char *module) { (void)module; }
void log_text(const char *text) { (void)text; }
void log_line(const char *module, const char *text) { (void)module; (void)text; }
void log_end(void) {}
void log_flush(void) { flushed++; }
void vga_line(uint32_t row, const char *text, const char *detail) { (void)row; (void)text; (void)detail; }

/* Cores 0 to 2 are shared, 3 carries an exclusive VM, the others were not started. */
static int setup(void **state)
{
    (void)state;
    memset(pcpus, 0, sizeof(pcpus));
    memset(printed, 0, sizeof(printed));
    memset(fatal_entered, 0, sizeof(fatal_entered));
    atomic_store(&fatal_entries, 0U);
    atomic_store(&fatal_shared_stop, 0U);
    atomic_store(&fatal_halt_wanted, 0U);
    lost_exclusive = 0U;
    faults_when_lost = false;
    safe_states = 0U;
    running_then = 0U;
    atomic_store(&lock_held, 0U);
    for (pcpu_id_t i = 0U; i < 4U; i++) {
        atomic_store(&pcpus[i].state, PCPU_IN_GUEST);
    }
    atomic_store(&pcpus[0].state, PCPU_IN_HV);
    pcpus[3].exclusive = true;
    current = 0U;
    kicked = 0U;
    pauses = 0U;
    stops_after = 0U;
    others_running = 0U;
    masters_stopped = 0U;
    flushed = 0U;
    faults_in_print = 0U;
    faults_in_masters = false;
    faults_in_record = false;
    recorded = 0U;
    atomic_store(&fatal_recorded, 0U);
    lost_gs = false;
    depth = 0U;
    deepest = 0U;
    return 0;
}

static void lose_core(void)
{
    if (setjmp(halted) == 0) {
        fault();
    }
}

static uint32_t lines(void)
{
    uint32_t count = 0U;
    for (const char *at = strstr(printed, "panic: "); at != NULL; at = strstr(at + 1, "panic: ")) {
        count++;
    }
    return count;
}

/* REQ-LIF-012 REQ-LIF-017 */
static void a_shared_core_takes_the_shared_side_with_it(void **state)
{
    (void)state;
    lose_core();
    assert_int_equal(kicked, 0x6U);
    assert_int_equal(atomic_load(&fatal_shared_stop), 1U);
    assert_int_equal(atomic_load(&pcpus[0].state), PCPU_OFFLINE);
    assert_non_null(strstr(printed, "vector 0x000000000000000e"));
    assert_non_null(strstr(printed, "rip 0x0000000000001234"));
    assert_int_equal(flushed, 1U);
}

/* REQ-LIF-032 */
static void it_is_recorded_once_the_shared_side_has_stopped_and_before_the_report(void **state)
{
    (void)state;
    pcpus[0].loaded = 5U;
    lose_core();
    assert_int_equal(recorded, 1U);
    assert_int_equal(record_order, 0U);
    assert_int_equal(record_masters, 1U); /* stopped before a byte was printed */
    assert_int_equal(recorded_registers.vector, 14U);
    assert_int_equal(recorded_registers.rip, 0x1234U);
    assert_int_equal(recorded_registers.r15, 0x15U);
    assert_int_equal(recorded_registers.ss, 0x55U);
    current = 3U;
    lose_core();
    assert_int_equal(recorded, 2U);
    assert_int_equal(record_order, 1U);
}

/* REQ-LIF-045 */
static void a_fault_of_the_record_ends_with_one_line(void **state)
{
    (void)state;
    faults_in_record = true;
    lose_core();
    assert_int_equal(deepest, 2U);
    assert_int_equal(lines(), 1U);
    assert_int_equal(masters_stopped, 1U);
}

/* REQ-LIF-033 */
static void its_bus_masters_stop_before_the_report_and_after_its_cores(void **state)
{
    (void)state;
    stops_after = 5U;
    lose_core();
    assert_int_equal(masters_stopped, 1U);
    assert_int_equal(others_running, 0U);
    assert_int_equal(pauses, 5U);
}

/* REQ-LIF-033 */
static void a_core_that_hangs_is_not_waited_for_longer_than_ten_milliseconds(void **state)
{
    (void)state;
    stops_after = UINT32_MAX;
    lose_core();
    assert_int_equal(pauses, 1000U); /* of 1000 ticks at 100 MHz */
    assert_int_equal(masters_stopped, 1U);
    assert_int_equal(others_running, 2U);
    assert_int_equal(lines(), REPORT_LINES);
}

/* REQ-LIF-012 */
static void a_second_lost_core_only_reports(void **state)
{
    (void)state;
    lose_core();
    masters_stopped = 0U;
    current = 1U;
    lose_core();
    assert_int_equal(masters_stopped, 0U);
    assert_int_equal(flushed, 1U);
    assert_int_equal(lines(), 2U * REPORT_LINES);
}

/* REQ-LIF-012 REQ-LIF-033 */
static void a_core_that_carries_an_exclusive_vm_stops_alone(void **state)
{
    (void)state;
    current = 3U;
    lose_core();
    assert_int_equal(kicked, 0U);
    assert_int_equal(masters_stopped, 0U);
    assert_int_equal(atomic_load(&fatal_shared_stop), 0U);
    assert_int_equal(lines(), REPORT_LINES);
}

/* REQ-LIF-047 */
static void its_vm_is_told_before_the_report(void **state)
{
    (void)state;
    current = 3U;
    faults_in_print = 1U;
    lose_core();
    assert_int_equal(lost_exclusive, 2U); /* the report has not come to an end */
    (void)setup(state);
    current = 3U;
    lose_core();
    assert_int_equal(lost_exclusive, 1U);
    assert_int_equal(lines(), REPORT_LINES);
    (void)setup(state);
    current = 3U;
    faults_when_lost = true;
    lose_core();
    assert_int_equal(lost_exclusive, 2U);
    assert_int_equal(lines(), 1U);
    (void)setup(state);
    lose_core(); /* a shared one */
    assert_int_equal(lost_exclusive, 0U);
}

/* REQ-LIF-036 */
static void a_halt_stops_the_shared_cores_before_the_safe_states(void **state)
{
    (void)state;
    stops_after = 5U;
    fatal_halt_if_wanted(); /* not yet */
    current = 3U;
    assert_true(hw_halt());
    assert_int_equal(kicked, 0x7U);
    assert_int_equal(safe_states, 0U);
    current = 0U;
    if (setjmp(halted) == 0) {
        fatal_halt_if_wanted();
    }
    assert_int_equal(atomic_load(&pcpus[0].state), PCPU_OFFLINE);
    assert_int_equal(safe_states, 1U);
    assert_int_equal(running_then, 0U);
    assert_int_equal(flushed, 1U);
    current = 1U;
    if (setjmp(halted) == 0) {
        fatal_halt_if_wanted();
    }
    assert_int_equal(safe_states, 1U);
    assert_int_equal(flushed, 1U);
}

/* REQ-LIF-036 */
static void a_halt_and_a_fault_at_the_same_time(void **state)
{
    (void)state;
    lose_core();
    assert_int_equal(safe_states, 0U);
    current = 3U;
    assert_false(hw_halt()); /* too late: the exclusive core does it */
    assert_true(hw_halt());  /* and once is enough */
    (void)setup(state);
    current = 3U;
    assert_true(hw_halt());
    current = 0U;
    lose_core();
    assert_int_equal(safe_states, 1U);
    assert_int_equal(running_then, 0U);
}

/* REQ-LIF-012 */
static void the_others_halt_at_the_lock_held_or_free(void **state)
{
    (void)state;
    lose_core();
    current = 1U;
    for (uint32_t held = 0U; held < 2U; held++) {
        atomic_store(&lock_held, held);
        atomic_store(&pcpus[1].state, PCPU_IN_HV);
        if (setjmp(halted) == 0) {
            lock_shared();
            fail();
        }
        assert_int_equal(atomic_load(&pcpus[1].state), PCPU_OFFLINE);
    }
}

/* REQ-LIF-012 */
static void the_lock_is_taken_and_given_back(void **state)
{
    (void)state;
    lock_shared();
    assert_int_equal(atomic_load(&lock_held), 1U);
    unlock_shared();
    assert_int_equal(atomic_load(&lock_held), 0U);
}

/* REQ-LIF-045 */
static void a_fault_of_the_report_ends_with_one_line(void **state)
{
    (void)state;
    faults_in_print = 1U;
    lose_core();
    assert_string_equal(printed, "\r\npanic: and again, while it was reported: the core stops here\r\n");
    assert_int_equal(deepest, 2U);
    assert_int_equal(atomic_load(&fatal_shared_stop), 1U);
    assert_int_equal(masters_stopped, 1U);
}

/* REQ-LIF-045 */
static void a_fault_of_that_line_ends_without_one(void **state)
{
    (void)state;
    faults_in_print = UINT32_MAX;
    lose_core();
    assert_string_equal(printed, "");
    assert_int_equal(deepest, 3U);
}

/* REQ-LIF-045 */
static void a_fault_of_the_containment_leaves_the_others_told(void **state)
{
    (void)state;
    faults_in_masters = true;
    lose_core();
    assert_int_equal(deepest, 2U);
    assert_int_equal(kicked, 0x6U);
    assert_int_equal(atomic_load(&fatal_shared_stop), 1U);
    assert_int_equal(lines(), 1U);
}

/* REQ-LIF-036 */
static void a_fault_on_the_way_to_the_safe_states_does_not_skip_them(void **state)
{
    (void)state;
    faults_in_masters = true;
    atomic_store(&fatal_halt_wanted, 1U);
    lose_core();                            /* a fault of its own, then the one of the bus masters */
    assert_int_equal(safe_states, 1U);
    assert_int_equal(deepest, 2U);
}

/* REQ-LIF-036 */
static void nor_does_one_while_it_halts_as_it_was_told(void **state)
{
    (void)state;
    faults_in_masters = true;
    atomic_store(&fatal_halt_wanted, 1U);
    if (setjmp(halted) == 0) {
        fatal_halt_if_wanted();
    }
    assert_int_equal(safe_states, 1U);
    assert_int_equal(deepest, 1U);
}

/* REQ-LIF-045 */
static void a_core_that_lost_its_own_number_stops_too(void **state)
{
    (void)state;
    lost_gs = true;
    lose_core();
    assert_string_equal(printed, "");
    assert_int_equal(deepest, (ENTRIES_MOST * MAX_PCPU) + 1U);
}

/* REQ-CFG-011 */
static void what_stops_the_boot_halts(void **state)
{
    (void)state;
    if (setjmp(halted) == 0) {
        fatal_boot("what", "detail");
    }
    assert_int_equal(flushed, 1U);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_shared_core_takes_the_shared_side_with_it, setup),
        cmocka_unit_test_setup(it_is_recorded_once_the_shared_side_has_stopped_and_before_the_report, setup),
        cmocka_unit_test_setup(a_fault_of_the_record_ends_with_one_line, setup),
        cmocka_unit_test_setup(its_bus_masters_stop_before_the_report_and_after_its_cores, setup),
        cmocka_unit_test_setup(a_core_that_hangs_is_not_waited_for_longer_than_ten_milliseconds, setup),
        cmocka_unit_test_setup(a_second_lost_core_only_reports, setup),
        cmocka_unit_test_setup(a_core_that_carries_an_exclusive_vm_stops_alone, setup),
        cmocka_unit_test_setup(its_vm_is_told_before_the_report, setup),
        cmocka_unit_test_setup(a_halt_stops_the_shared_cores_before_the_safe_states, setup),
        cmocka_unit_test_setup(a_halt_and_a_fault_at_the_same_time, setup),
        cmocka_unit_test_setup(the_others_halt_at_the_lock_held_or_free, setup),
        cmocka_unit_test_setup(the_lock_is_taken_and_given_back, setup),
        cmocka_unit_test_setup(a_fault_of_the_report_ends_with_one_line, setup),
        cmocka_unit_test_setup(a_fault_of_that_line_ends_without_one, setup),
        cmocka_unit_test_setup(a_fault_of_the_containment_leaves_the_others_told, setup),
        cmocka_unit_test_setup(a_fault_on_the_way_to_the_safe_states_does_not_skip_them, setup),
        cmocka_unit_test_setup(nor_does_one_while_it_halts_as_it_was_told, setup),
        cmocka_unit_test_setup(a_core_that_lost_its_own_number_stops_too, setup),
        cmocka_unit_test_setup(what_stops_the_boot_halts, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
