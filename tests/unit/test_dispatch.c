/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/dispatch.c core/sched.c core/trace.c devices/vlapic.c devices/vlapic_regs.c devices/vlapic_access.c
   devices/vlapic_timer.c devices/vlapic_ipi.c devices/vlapic_pv_eoi.c devices/vlapic_lend.c devices/vpic.c fake/hw.c fake/memory.c fake/vcpu_hw.c */
/* A shared core: what it runs next, which event goes in, when its timer fires. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "abi/partition_table.h"
#include "core/cpuid.h"
#include "core/dispatch.h"
#include "core/log.h"
#include "core/instruction.h"
#include "core/io.h"
#include "core/iommu.h"
#include "core/irq.h"
#include "core/mmio.h"
#include "core/msr.h"
#include "core/sched.h"
#include "core/stage2.h"
#include "core/vm.h"
#include "devices/vioapic.h"
#include "devices/vlapic.h"
#include "devices/vpic.h"
#include "fake/fake.h"
#include "trace_reader.h"

#define CORE 1U
#define SERVICE vcpu_id(VM_SERVICE, 0U)
#define USER vcpu_id(4U, 0U)
#define RFLAGS_IF 0x200U
#define MS 1000000U

struct vm vms[MAX_VM];
struct vcpu vcpus[MAX_VCPU];
static enum { NONE, CPUID, HLT, IO, MSR, MMIO, HYPERCALL, CR, XSETBV, DOWN, EXCEPTION } handled;
static uint32_t irq_vector;

void cpuid_emulate(vcpu_id_t id) { (void)id; handled = CPUID; }
void instruction_hlt(vcpu_id_t id, uint32_t length)
{
    (void)length;
    handled = HLT;
    vcpus[id].state = VCPU_HALTED;
}
void instruction_hypercall(vcpu_id_t id, uint32_t length) { (void)id; (void)length; handled = HYPERCALL; }
void instruction_mov_cr(vcpu_id_t id, const struct vm_exit *exit) { (void)id; (void)exit; handled = CR; }
void instruction_xsetbv(vcpu_id_t id, uint32_t length) { (void)id; (void)length; handled = XSETBV; }
void instruction_exception(vcpu_id_t id, const struct vm_exit *exit) { (void)id; (void)exit; handled = EXCEPTION; }
void instruction_shutdown(vcpu_id_t id) { (void)id; handled = DOWN; }
void io_exit(vcpu_id_t id, const struct vm_exit *exit) { (void)id; (void)exit; handled = IO; }
void msr_exit(vcpu_id_t id, const struct vm_exit *exit) { (void)id; (void)exit; handled = MSR; }
void mmio_exit(vcpu_id_t id, const struct vm_exit *exit) { (void)id; (void)exit; handled = MMIO; }
uint64_t log_drain(uint64_t now) { (void)now; return TIME_NEVER; }
static uint64_t health_due = TIME_NEVER;
static uint64_t fault_due = TIME_NEVER; /* of the IOMMU */
static uint64_t doorbell_due = TIME_NEVER;
volatile bool ivshmem_waiting = true;
volatile bool vuart_waiting;
void vuart_look(void) { vuart_waiting = false; }
uint64_t ivshmem_look(uint64_t now) { (void)now; return doorbell_due; }
uint64_t health_check(pcpu_id_t pcpu, uint64_t now) { (void)pcpu; (void)now; return health_due; }
bool iommu_active;
static unsigned int settled;
void iommu_irq_settle(void) { settled++; }
bool vm_service_ends;
static uint64_t service_asked;
static uint64_t service_due;
uint64_t vm_service_end(uint64_t now) { service_asked = now; return service_due; }
uint64_t iommu_fault_check(pcpu_id_t pcpu, uint64_t now) { (void)pcpu; (void)now; return fault_due; }
void iommu_fault_arrived(void) { fault_due = 0U; }
void irq_arrived(pcpu_id_t pcpu, uint32_t vector) { (void)pcpu; irq_vector = vector; }
void vioapic_eoi(vm_id_t v, uint32_t vector) { (void)v; (void)vector; }
void vcpu_notify(vcpu_id_t id)
{
    if (vcpus[id].state == VCPU_HALTED) {
        sched_wake(id);
    }
}
struct stage2_mapping stage2_lookup(vm_id_t v, gpa_t gpa)
{
    (void)v;
    return (struct stage2_mapping){ true, gpa + 0x100000U, PAGE_SIZE, S2_READ | S2_WRITE };
}
void vcpu_receive_init(vcpu_id_t id) { (void)id; }
void vcpu_receive_sipi(vcpu_id_t id, uint32_t vector) { (void)id; (void)vector; }
void vcpu_receive_nmi(vcpu_id_t id) { (void)id; }

static void boot(vcpu_id_t id)
{
    vm_id_t v = vcpu_vm(id);

    vms[v].state = VM_RUNNING;
    vms[v].vcpu_count = 1U;
    vcpus[id].pcpu = CORE;
    vcpus[id].state = VCPU_RUNNABLE;
    hw_vcpu_init(id, false);
    vcpu_regs[id].rflags = RFLAGS_IF;
    vlapic_reset(id);
    vpic_reset(v);
    assert_int_equal(vlapic_mmio_write(id, 0xF0U, 0x1FFU), STATUS_OK);
    sched_add(id, 100U);
}

static int setup(void **state)
{
    (void)state;
    fake_reset();
    (void)core_next(CORE); /* whatever the test before left is charged and forgotten */
    for (uint32_t v = 0U; v < MAX_VM; v++) {
        vcpus[vcpu_id(v, 0U)].pcpu = CORE;
        sched_remove(vcpu_id(v, 0U));
    }
    memset(vms, 0, sizeof(vms));
    memset(vcpus, 0, sizeof(vcpus));
    (void)core_next(CORE);
    handled = NONE;
    irq_vector = 0U;
    boot(SERVICE);
    return 0;
}

static bool injected(uint32_t vector) { return fake_vcpu[SERVICE].injected == (vector + 1U); }

static void enter(void)
{
    struct run_plan plan = core_next(CORE);

    assert_int_equal(plan.action, RUN_VCPU);
    assert_int_equal(plan.vcpu, SERVICE);
}

static void leave(enum hv_exit_reason reason)
{
    struct vm_exit exit = { .reason = reason, .length = 2U };

    fake_vcpu_ran(SERVICE);
    core_exit(SERVICE, &exit);
}

static void arm_timer(vcpu_id_t id, uint64_t deadline, uint32_t vector)
{
    assert_int_equal(vlapic_mmio_write(id, 0x320U, 0x40000U | vector), STATUS_OK);
    assert_int_equal(vlapic_msr_write(id, 0x6E0U, deadline), STATUS_OK);
}

static bool is_in_service(uint32_t vector)
{
    uint32_t value = 0U;
    assert_int_equal(vlapic_mmio_read(SERVICE, 0x100U + ((vector >> 5U) * 16U), &value), STATUS_OK);
    return ((value >> (vector & 31U)) & 1U) != 0U;
}

/* REQ-INT-031 */
static void an_eoi_in_memory_needs_no_exit(void **state)
{
    (void)state;
    vms[VM_SERVICE].face = PART_FACE_KVM;
    assert_int_equal(vlapic_eoi_word_write(SERVICE, 0x2001U), STATUS_OK);
    vlapic_post(SERVICE, 0x51U, false);
    enter();
    assert_int_equal(hw_phys_read(0x102000U, 4U), 1U);
    enter(); /* a kick came first: the guest did not run */
    assert_int_equal(hw_phys_read(0x102000U, 4U), 1U);
    assert_true(is_in_service(0x51U));
    leave(HV_EXIT_CPUID); /* not yet at its EOI */
    assert_int_equal(hw_phys_read(0x102000U, 4U), 0U);
    enter();
    assert_int_equal(hw_phys_read(0x102000U, 4U), 1U);
    hw_phys_write(0x102000U, 4U, 0U);
    leave(HV_EXIT_HLT);
    assert_false(is_in_service(0x51U));
}

/* ---- what runs ---- */

static void a_runnable_vcpu_runs_without_a_timer(void **state)
{
    (void)state;
    enter();
    assert_true(fake_pcpu[fake_current_pcpu].timer == TIME_NEVER);
    assert_false(fake_vcpu[SERVICE].event_queued);
    assert_true(vms[VM_SERVICE].start_tsc == fake_tsc);
    fake_tsc += MS;
    enter();
    assert_true(vms[VM_SERVICE].start_tsc == fake_tsc - MS); /* its first entry */
}

static void a_core_without_work_idles(void **state)
{
    (void)state;
    enter();
    leave(HV_EXIT_HLT);
    assert_int_equal(core_next(CORE).action, RUN_IDLE);
}

static void the_timer_of_a_halted_vcpu_wakes_it(void **state)
{
    (void)state;
    enter();
    arm_timer(SERVICE, fake_tsc + (5U * MS), 0x41U);
    leave(HV_EXIT_HLT);
    assert_int_equal(core_next(CORE).action, RUN_IDLE);
    assert_true(fake_pcpu[fake_current_pcpu].timer == fake_tsc + (5U * MS));
    fake_tsc += 5U * MS;
    enter();
    assert_true(injected(0x41U));
}

static void timers_of_vcpus_that_do_not_run_count_too(void **state)
{
    (void)state;
    boot(USER);
    vcpus[USER].state = VCPU_HALTED;
    arm_timer(USER, fake_tsc + MS, 0x41U);
    enter();
    assert_true(fake_pcpu[fake_current_pcpu].timer == fake_tsc + MS);
}

/* REQ-LIF-035 */
static void a_look_at_a_heartbeat_that_is_due_wakes_the_core(void **state)
{
    (void)state;
    boot(USER);
    vcpus[USER].state = VCPU_HALTED;
    arm_timer(USER, fake_tsc + (2U * MS), 0x41U);
    health_due = fake_tsc + MS;
    enter();
    assert_true(fake_pcpu[fake_current_pcpu].timer == health_due);
    health_due = TIME_NEVER;

    iommu_active = true;
    core_host_interrupt(CORE, VECTOR_IOMMU);
    (void)core_next(CORE);
    assert_true(fake_pcpu[fake_current_pcpu].timer == fault_due);
    iommu_active = false; /* nobody to ask */
    (void)core_next(fake_current_pcpu);
    assert_true(fake_pcpu[fake_current_pcpu].timer != fault_due);
    fault_due = TIME_NEVER;
}

/* REQ-ISO-041 */
static void what_an_iommu_must_forget_is_settled_before_a_core_goes_on(void **state)
{
    (void)state;
    settled = 0U;
    (void)core_next(CORE);
    assert_int_equal(settled, 0U);
    iommu_active = true;
    (void)core_next(CORE);
    assert_int_equal(settled, 1U);
    iommu_active = false;
}

/* REQ-LIF-081 */
static void the_end_of_the_service_vm_is_looked_at_and_asked_when_again(void **state)
{
    (void)state;
    service_asked = 0U;
    service_due = fake_tsc + MS;
    vm_service_ends = true;
    (void)core_next(CORE);
    assert_int_equal(service_asked, 0U); /* without an IOMMU nothing was lent */
    iommu_active = true;
    (void)core_next(CORE);
    assert_int_equal(service_asked, fake_tsc);
    assert_int_equal(fake_pcpu[fake_current_pcpu].timer, service_due);
    vm_service_ends = false;
    iommu_active = false;
    service_asked = 0U;
    (void)core_next(CORE);
    assert_int_equal(service_asked, 0U);
}

/* REQ-INT-071 */
static void a_doorbell_that_waits_wakes_the_core(void **state)
{
    (void)state;
    boot(USER);
    vcpus[USER].state = VCPU_HALTED;
    arm_timer(USER, fake_tsc + (2U * MS), 0x41U);
    doorbell_due = fake_tsc + MS;
    enter();
    assert_true(fake_pcpu[fake_current_pcpu].timer == doorbell_due);
    doorbell_due = TIME_NEVER;
}

static void timers_of_paused_vms_stand_still(void **state)
{
    (void)state;
    arm_timer(SERVICE, fake_tsc + MS, 0x41U);
    vms[VM_SERVICE].state = VM_PAUSED;
    assert_int_equal(core_next(CORE).action, RUN_IDLE);
    assert_true(fake_pcpu[fake_current_pcpu].timer == TIME_NEVER);
    fake_tsc += 2U * MS;
    vms[VM_SERVICE].state = VM_RUNNING;
    enter();
    assert_true(injected(0x41U)); /* late, not lost */
}

/* REQ-RT-016 */
static void two_busy_vms_take_turns(void **state)
{
    uint32_t turns[2] = { 0U, 0U };
    (void)state;
    boot(USER);
    for (uint32_t i = 0U; i < 100U; i++) {
        struct run_plan plan = core_next(CORE);
        assert_int_equal(plan.action, RUN_VCPU);
        assert_true(fake_pcpu[fake_current_pcpu].timer <= fake_tsc + (4U * MS));
        fake_tsc = fake_pcpu[fake_current_pcpu].timer;
        turns[(plan.vcpu == USER) ? 1U : 0U]++;
    }
    assert_in_range(turns[0], 45U, 55U);
}

/* REQ-RT-018 */
static void idle_time_is_charged_to_nobody(void **state)
{
    struct run_plan plan;
    (void)state;
    boot(USER);
    vcpus[USER].state = VCPU_HALTED;
    vcpus[SERVICE].state = VCPU_HALTED;
    assert_int_equal(core_next(CORE).action, RUN_IDLE);
    fake_tsc += 1000U * (uint64_t)MS;
    sched_wake(SERVICE);
    plan = core_next(CORE);
    assert_int_equal(plan.vcpu, SERVICE);
    fake_tsc += MS / 10U;
    sched_wake(USER);
    plan = core_next(CORE);
    assert_int_equal(plan.vcpu, SERVICE); /* it has hardly run */
}

/* REQ-ISO-012 */
static void a_changed_generation_flushes_before_entry(void **state)
{
    uint32_t before = fake_vcpu[SERVICE].flushes;
    (void)state;
    enter();
    assert_int_equal(fake_vcpu[SERVICE].flushes, before);
    vms[VM_SERVICE].generation++;
    enter();
    assert_int_equal(fake_vcpu[SERVICE].flushes, before + 1U);
    enter();
    assert_int_equal(fake_vcpu[SERVICE].flushes, before + 1U);
}

/* ---- events ---- */

static void an_interrupt_goes_in_when_it_can(void **state)
{
    (void)state;
    vlapic_post(SERVICE, 0x51U, false);
    enter();
    assert_true(injected(0x51U));
    assert_false(fake_vcpu[SERVICE].window);
}

/* REQ-INT-016 */
static void one_event_an_entry_and_a_window_for_the_next(void **state)
{
    (void)state;
    vlapic_post(SERVICE, 0x51U, false);
    vlapic_post(SERVICE, 0x61U, false);
    vlapic_post(SERVICE, 0x71U, false);
    enter();
    assert_true(injected(0x71U));
    assert_int_equal(fake_vcpu[SERVICE].injections, 1U);
    leave(HV_EXIT_WINDOW);
    enter();
    assert_int_equal(fake_vcpu[SERVICE].injections, 1U); /* lower classes wait for the EOI */
    assert_int_equal(vlapic_mmio_write(SERVICE, 0xB0U, 0U), STATUS_OK);
    enter();
    assert_true(injected(0x61U));
}

static void with_interrupts_disabled_a_window_is_asked_for(void **state)
{
    (void)state;
    vcpu_regs[SERVICE].rflags = 0U;
    vlapic_post(SERVICE, 0x51U, false);
    enter();
    assert_false(fake_vcpu[SERVICE].event_queued);
    assert_true(fake_vcpu[SERVICE].window);
    vcpu_regs[SERVICE].rflags = RFLAGS_IF;
    leave(HV_EXIT_WINDOW);
    enter();
    assert_true(injected(0x51U));
    assert_false(fake_vcpu[SERVICE].window);
}

/* REQ-INT-017 */
static void the_shadow_of_sti_is_respected(void **state)
{
    (void)state;
    fake_vcpu[SERVICE].shadow = true;
    vlapic_post(SERVICE, 0x51U, false);
    enter();
    assert_false(fake_vcpu[SERVICE].event_queued);
    assert_true(fake_vcpu[SERVICE].window);
}

/* REQ-INT-016 */
static void an_event_that_was_interrupted_goes_first(void **state)
{
    (void)state;
    fake_vcpu[SERVICE].event_queued = true;
    fake_vcpu[SERVICE].injected = 14U + 1U;
    vlapic_post(SERVICE, 0x51U, false);
    enter();
    assert_true(injected(14U));
    assert_true(fake_vcpu[SERVICE].window);
    leave(HV_EXIT_WINDOW);
    enter();
    assert_true(injected(0x51U));
}

static void an_nmi_goes_before_interrupts(void **state)
{
    (void)state;
    vcpus[SERVICE].nmi_pending = true;
    vlapic_post(SERVICE, 0x51U, false);
    vcpu_regs[SERVICE].rflags = 0U; /* it does not ask for IF */
    enter();
    assert_true(injected(2U));
    assert_false(vcpus[SERVICE].nmi_pending);
    assert_true(fake_vcpu[SERVICE].window);
}

static void the_pics_vector_is_fetched_at_delivery(void **state)
{
    (void)state;
    assert_int_equal(vlapic_mmio_write(SERVICE, 0x350U, 0x700U), STATUS_OK);
    vpic_port_write(VM_SERVICE, 0x20U, 0x11U);
    vpic_port_write(VM_SERVICE, 0x21U, 0x30U);
    vpic_port_write(VM_SERVICE, 0x21U, 4U);
    vpic_port_write(VM_SERVICE, 0x21U, 1U);
    vpic_set_line(VM_SERVICE, 4U, true);
    vcpu_regs[SERVICE].rflags = 0U;
    enter();
    assert_false(fake_vcpu[SERVICE].event_queued);
    vpic_set_line(VM_SERVICE, 1U, true); /* a higher priority came meanwhile */
    vcpu_regs[SERVICE].rflags = RFLAGS_IF;
    enter();
    assert_true(injected(0x31U));
}

/* ---- exits ---- */

static void exits_reach_their_handlers(void **state)
{
    static const struct { enum hv_exit_reason reason; int handler; } route[] = {
        { HV_EXIT_CPUID, CPUID }, { HV_EXIT_HLT, HLT }, { HV_EXIT_IO, IO }, { HV_EXIT_MSR_READ, MSR },
        { HV_EXIT_MSR_WRITE, MSR }, { HV_EXIT_MMIO, MMIO }, { HV_EXIT_HYPERCALL, HYPERCALL }, { HV_EXIT_CR, CR },
        { HV_EXIT_XSETBV, XSETBV }, { HV_EXIT_SHUTDOWN, DOWN }, { HV_EXIT_EXCEPTION, EXCEPTION },
        { HV_EXIT_INTERRUPT, NONE }, { HV_EXIT_NMI, NONE }, { HV_EXIT_WINDOW, NONE }, { HV_EXIT_WBINVD, NONE },
    };
    (void)state;
    enter();
    for (size_t i = 0U; i < sizeof(route) / sizeof(route[0]); i++) {
        handled = NONE;
        vcpus[SERVICE].state = VCPU_RUNNABLE;
        leave(route[i].reason);
        assert_int_equal((int)handled, route[i].handler);
        assert_false(fake_vcpu[SERVICE].event_queued);
    }
}

/* REQ-ISO-020 */
static void wbinvd_is_skipped(void **state)
{
    (void)state;
    enter();
    vcpu_regs[SERVICE].rip = 0x1000U;
    leave(HV_EXIT_WBINVD);
    assert_int_equal(vcpu_regs[SERVICE].rip, 0x1002U);
}

static void unknown_exits_are_undefined_instructions(void **state)
{
    (void)state;
    enter();
    leave(HV_EXIT_OTHER);
    assert_true(injected(6U));
    leave((enum hv_exit_reason)99);
    assert_true(injected(6U));
}

/* REQ-LIF-004 */
static void exits_of_an_earlier_life_are_dropped(void **state)
{
    (void)state;
    enter();
    vcpus[SERVICE].epoch++;
    leave(HV_EXIT_IO);
    assert_int_equal(handled, NONE);
    enter();
    leave(HV_EXIT_IO);
    assert_int_equal(handled, IO);
}

/* REQ-LIF-004 */
static void exits_of_a_paused_vm_are_executed_again(void **state)
{
    (void)state;
    enter();
    vms[VM_SERVICE].state = VM_PAUSED;
    leave(HV_EXIT_HYPERCALL);
    assert_int_equal(handled, NONE);
    vms[VM_SERVICE].state = VM_RUNNING;
    vcpus[SERVICE].state = VCPU_OFF;
    leave(HV_EXIT_HYPERCALL);
    assert_int_equal(handled, NONE);
}

/* ---- host interrupts ---- */

/* REQ-INT-006 */
static void only_vectors_of_sources_reach_the_interrupt_policy(void **state)
{
    (void)state;
    core_host_interrupt(CORE, VECTOR_TIMER);
    core_host_interrupt(CORE, VECTOR_WAKE);
    core_host_interrupt(CORE, VECTOR_IRQ_BASE - 1U);
    core_host_interrupt(CORE, VECTOR_IRQ_LAST + 1U);
    assert_int_equal(irq_vector, 0U);
    core_host_interrupt(CORE, VECTOR_IRQ_BASE);
    assert_int_equal(irq_vector, VECTOR_IRQ_BASE);
    core_host_interrupt(CORE, VECTOR_IRQ_LAST);
    assert_int_equal(irq_vector, VECTOR_IRQ_LAST);
}

#define T(name) cmocka_unit_test_setup(name, setup)

/* REQ-INT-016 */
static void an_nmi_that_must_wait_asks_for_an_exit(void **state)
{
    (void)state;
    vcpus[SERVICE].nmi_pending = true;
    fake_vcpu[SERVICE].nmi_masked = true; /* in the handler of another */
    enter();
    assert_int_equal(fake_vcpu[SERVICE].injections, 0U);
    assert_true(fake_vcpu[SERVICE].window);
    fake_vcpu[SERVICE].nmi_masked = false;
    enter();
    assert_true(injected(2U));
    assert_false(fake_vcpu[SERVICE].window);
}

/* REQ-RT-031 */
static void scheduling_and_events_are_traced(void **state)
{
    (void)state;
    trace_init(TRACE);
    fake_current_pcpu = CORE;
    trace_select(HV_TRACE_ALL);
    vlapic_post(SERVICE, 0x51U, false);
    enter();
    assert_int_equal(trace_last(CORE).kind, HV_TRACE_INTERRUPT);
    assert_int_equal(trace_last(CORE).arg, 0x51U);
    assert_int_equal(trace_last(CORE).vcpu, SERVICE);
    assert_int_equal(trace_count(CORE, HV_TRACE_SWITCH), 1U);
    leave(HV_EXIT_CPUID);
    enter();
    assert_int_equal(trace_count(CORE, HV_TRACE_SWITCH), 1U); /* the same goes on */
    leave(HV_EXIT_HLT);
    boot(USER);
    vcpus[SERVICE].nmi_pending = true;
    (void)core_next(CORE);
    assert_int_equal(trace_last(CORE).kind, HV_TRACE_SWITCH);
    assert_int_equal(trace_last(CORE).vcpu, USER);
    assert_int_equal(trace_last(CORE).arg, SERVICE);
    vcpus[USER].state = VCPU_OFF;
    assert_int_equal(core_next(CORE).action, RUN_IDLE);
    sched_wake(SERVICE);
    assert_int_equal(trace_last(CORE).kind, HV_TRACE_WAKE);
    assert_int_equal(trace_last(CORE).vcpu, SERVICE);
    enter();
    assert_int_equal(trace_last(CORE).kind, HV_TRACE_INTERRUPT);
    assert_int_equal(trace_last(CORE).arg, HV_TRACE_NMI);
    assert_int_equal(trace_count(CORE, HV_TRACE_SWITCH), 3U);
    trace_select(0U);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_runnable_vcpu_runs_without_a_timer), T(a_core_without_work_idles), T(the_timer_of_a_halted_vcpu_wakes_it),
        T(an_eoi_in_memory_needs_no_exit), T(a_core_without_work_idles), T(the_timer_of_a_halted_vcpu_wakes_it),
        T(timers_of_vcpus_that_do_not_run_count_too), T(a_look_at_a_heartbeat_that_is_due_wakes_the_core), T(the_end_of_the_service_vm_is_looked_at_and_asked_when_again), T(what_an_iommu_must_forget_is_settled_before_a_core_goes_on), T(a_doorbell_that_waits_wakes_the_core), T(timers_of_paused_vms_stand_still), T(two_busy_vms_take_turns),
        T(idle_time_is_charged_to_nobody), T(a_changed_generation_flushes_before_entry),
        T(an_interrupt_goes_in_when_it_can), T(one_event_an_entry_and_a_window_for_the_next),
        T(with_interrupts_disabled_a_window_is_asked_for), T(the_shadow_of_sti_is_respected),
        T(an_event_that_was_interrupted_goes_first), T(an_nmi_goes_before_interrupts),
        T(the_pics_vector_is_fetched_at_delivery), T(exits_reach_their_handlers), T(wbinvd_is_skipped),
        T(unknown_exits_are_undefined_instructions), T(exits_of_an_earlier_life_are_dropped),
        T(exits_of_a_paused_vm_are_executed_again), T(only_vectors_of_sources_reach_the_interrupt_policy),
        T(scheduling_and_events_are_traced),
        cmocka_unit_test_setup(an_nmi_that_must_wait_asks_for_an_exit, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
