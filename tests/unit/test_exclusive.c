/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/exclusive.c core/exclusive_life.c core/trace.c core/exclusive_lapic.c core/power_port.c core/fault_policy.c core/safe_state.c fake/hw.c fake/memory.c fake/vcpu_hw.c */
/* A VM on exclusive cores: its own life, its own interrupts, nothing of anybody else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "abi/partition_table.h"
#include "core/cpuid.h"
#include "core/crash.h"
#include "core/dispatch.h"
#include "core/exclusive.h"
#include "core/exclusive_lapic.h"
#include "core/exclusive_life.h"
#include "core/exclusive_pci.h"
#include "core/instruction.h"
#include "core/io.h"
#include "core/msr.h"
#include "core/msr_number.h"
#include "core/partition.h"
#include "core/stage2.h"
#include "core/stats.h"
#include "core/vm_health.h"
#include "core/vm.h"
#include "core/vm_reload.h"
#include "devices/vpci.h"
#include "devices/vpci_given.h"
#include "fake/fake.h"
#include "stub_log.h"

void crash_vm(vcpu_id_t id, const struct crash_fault *fault) { (void)id; (void)fault; }

#define CPU(n) vcpu_id(rt, (n))
#define PCPU(n) ((n) + 4U)
#define COUNT 3U
#define RIP 0x1000U

#define ICR 0x830U
#define NMI 0x400U
#define INIT 0x500U
#define SIPI 0x600U
#define LOGICAL 0x800U
#define TO_SELF 0x40000U
#define TO_ALL 0x80000U
#define TO_OTHERS 0xC0000U

union partition_storage partition;
struct vm_health vm_health[4];
struct vm vms[MAX_VM];
struct vcpu vcpus[MAX_VCPU];
static uint32_t closed;      /* doorbells of the VM */
static uint32_t device_resets;
bool vuart_port(vm_id_t v, const struct vm_exit *exit, uint32_t *value) { (void)v; (void)exit; (void)value; return false; }
void vuart_reset(vm_id_t v) { (void)v; }
void ivshmem_close(vm_id_t v) { (void)v; closed++; }
void ivshmem_reset(vm_id_t v) { (void)v; device_resets++; }
static enum { NONE, CPUID, IO, MSR, XSETBV, EXCEPTION, MMIO, PCI } handled;

void log_chars(const char *text, uint32_t size) { (void)text; (void)size; }
void cpuid_emulate(vcpu_id_t id) { (void)id; handled = CPUID; }
void io_closed(vcpu_id_t id, const struct vm_exit *exit) { (void)id; (void)exit; handled = IO; }
void msr_exit(vcpu_id_t id, const struct vm_exit *exit) { (void)id; (void)exit; handled = MSR; }
void instruction_xsetbv(vcpu_id_t id, uint32_t length) { (void)id; (void)length; handled = XSETBV; }
void instruction_exception(vcpu_id_t id, const struct vm_exit *exit) { (void)id; (void)exit; handled = EXCEPTION; }
static uint32_t summaries;
void stats_log_summary(vm_id_t v) { (void)v; summaries++; }
static uint32_t masters_stopped, devices_reset;
void vpci_masters_off(vm_id_t v) { assert_int_equal(v, 1U); masters_stopped++; }
void vpci_given_reset(vm_id_t v) { assert_int_equal(v, 1U); devices_reset++; }
bool exclusive_pci_memory(vcpu_id_t id, const struct vm_exit *exit)
{
    bool mine = exit->gpa == 0xB0008000U;
    assert_int_equal(vcpu_vm(id), 1U);
    handled = mine ? MMIO : handled;
    return mine;
}
bool exclusive_pci_port(vcpu_id_t id, const struct vm_exit *exit)
{
    bool mine = exit->number == 0xCFCU;
    assert_int_equal(vcpu_vm(id), 1U);
    handled = mine ? PCI : handled;
    return mine;
}
hpa_t stage2_root(vm_id_t v) { return 0x100000U * (v + 1U); }

const char *vm_reload(vm_id_t v) { (void)v; return ""; }

static const vm_id_t rt = 1U;

static int setup(void **state)
{
    (void)state;
    for (uint32_t i = 0U; i < COUNT; i++) {
        (void)core_exclusive_next(CPU(i)); /* takes what the test before has sent */
    }
    exclusive_life_init();
    fake_reset();
    memset(vms, 0, sizeof(vms));
    memset(vcpus, 0, sizeof(vcpus));
    for (uint32_t v = 0U; v < MAX_VM; v++) { /* neighbours that must not notice */
        vms[v].vcpu_count = COUNT;
        for (uint32_t i = 0U; i < COUNT; i++) {
            vcpus[vcpu_id(v, i)].pcpu = (v == rt) ? PCPU(i) : 12U;
        }
    }
    vcpus[vcpu_id(VM_SERVICE, 0U)].pcpu = 0U; /* writes the log out */
    vms[rt].exclusive = true;
    vms[rt].kind = VM_KIND_PRELAUNCH;
    vms[rt].state = VM_RUNNING;
    for (uint32_t i = 0U; i < COUNT; i++) {
        vcpus[CPU(i)].state = (i == 0U) ? VCPU_RUNNABLE : VCPU_OFF;
        vcpus[CPU(i)].sipi_wait = (i != 0U);
        vcpu_regs[CPU(i)].rip = RIP;
        exclusive_lapic_reset(CPU(i));
    }
    fake_current_pcpu = PCPU(0U);
    handled = NONE;
    log_lines = 0U;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    assert_int_equal(fake_pcpu[12].kicks + fake_pcpu[12].ipis, 0U);
    return 0;
}

static enum run_action leave(vcpu_id_t id, enum hv_exit_reason reason)
{
    struct vm_exit exit = { .reason = reason, .length = 2U, .gpa = 0xD0000000U };

    return core_exclusive_exit(id, &exit);
}

static uint64_t lapic(uint32_t msr)
{
    uint64_t value = 0xDEADU;

    assert_int_equal(exclusive_lapic_read(CPU(1), msr, &value), STATUS_OK);
    return value;
}

static enum status send(uint32_t dest, uint32_t low) { return exclusive_lapic_write(CPU(1), ICR, ((uint64_t)dest << 32U) | low); }

/* Bit i: the core of vCPU i got so many IPIs. */
static uint32_t ipi_set(uint32_t vector)
{
    uint32_t set = 0U;

    for (uint32_t i = 0U; i < COUNT; i++) {
        if (fake_pcpu[PCPU(i)].ipis == 1U) {
            assert_int_equal(fake_pcpu[PCPU(i)].last_ipi, vector);
            set |= 1U << i;
        }
    }
    memset(fake_pcpu, 0, sizeof(fake_pcpu));
    return set;
}

/* ---- life ---- */

static void the_boot_vcpu_runs_and_the_others_wait(void **state)
{
    (void)state;
    assert_int_equal(core_exclusive_next(CPU(0)), RUN_VCPU);
    assert_int_equal(core_exclusive_next(CPU(1)), RUN_IDLE);
    assert_true(vms[rt].start_tsc != 0U);
}

/* REQ-LIF-015 */
static void init_and_startup_start_a_vcpu_in_real_mode(void **state)
{
    (void)state;
    exclusive_send_init(CPU(1));
    assert_int_equal(fake_pcpu[PCPU(1)].kicks, 1U);
    exclusive_send_sipi(CPU(1), 0x9AU);
    assert_int_equal(core_exclusive_next(CPU(1)), RUN_VCPU);
    assert_int_equal(vcpu_regs[CPU(1)].rip, 0U);
    assert_int_equal(hw_vcpu_segment(CPU(1), SEG_CS).base, 0x9A000U);
    assert_int_equal(hw_vcpu_segment(CPU(1), SEG_CS).selector, 0x9A00U);
    assert_true(fake_vcpu[CPU(1)].exclusive);
    assert_int_equal(fake_vcpu[CPU(1)].asid, rt + 1U);
    assert_true(fake_vcpu[CPU(1)].stage2_root == stage2_root(rt));
}

/* Else what a sibling has sent meanwhile would be its first interrupt. */
/* REQ-LIF-015 REQ-LIF-030 */
static void a_start_begins_with_an_empty_local_apic(void **state)
{
    (void)state;
    assert_int_equal(fake_pcpu[PCPU(1)].drains, 0U);
    exclusive_send_sipi(CPU(1), 0x9AU);
    fake_current_pcpu = PCPU(1);
    assert_int_equal(core_exclusive_next(CPU(1)), RUN_VCPU);
    assert_int_equal(fake_pcpu[PCPU(1)].drains, 1U);
    exclusive_send_sipi(CPU(1), 0x10U); /* it runs: nothing of it is lost */
    assert_int_equal(core_exclusive_next(CPU(1)), RUN_VCPU);
    assert_int_equal(fake_pcpu[PCPU(1)].drains, 1U);
}

static void a_second_startup_message_is_ignored(void **state)
{
    (void)state;
    exclusive_send_init(CPU(1));
    exclusive_send_sipi(CPU(1), 0x9AU);
    (void)core_exclusive_next(CPU(1));
    vcpu_regs[CPU(1)].rip = 0x5555U;
    exclusive_send_sipi(CPU(1), 0x10U);
    assert_int_equal(core_exclusive_next(CPU(1)), RUN_VCPU);
    assert_int_equal(vcpu_regs[CPU(1)].rip, 0x5555U);
}

static void init_stops_a_running_vcpu(void **state)
{
    (void)state;
    exclusive_send_init(CPU(1));
    exclusive_send_sipi(CPU(1), 0x9AU);
    (void)core_exclusive_next(CPU(1));
    exclusive_send_init(CPU(1));
    assert_int_equal(leave(CPU(1), HV_EXIT_NMI), RUN_IDLE);
    assert_int_equal(core_exclusive_next(CPU(1)), RUN_IDLE);
}

/* REQ-LIF-015 */
static void the_boot_vcpu_ignores_init(void **state)
{
    (void)state;
    exclusive_send_init(CPU(0));
    assert_int_equal(core_exclusive_next(CPU(0)), RUN_VCPU);
    assert_int_equal(vcpu_regs[CPU(0)].rip, RIP);
}

/* REQ-RT-008 */
static void an_nmi_is_injected_when_nothing_else_is_queued(void **state)
{
    (void)state;
    exclusive_send_nmi(CPU(0));
    fake_vcpu[CPU(0)].event_queued = true;
    (void)core_exclusive_next(CPU(0));
    assert_int_equal(fake_vcpu[CPU(0)].injections, 0U);
    fake_vcpu_ran(CPU(0));
    (void)core_exclusive_next(CPU(0));
    assert_int_equal(fake_vcpu[CPU(0)].injected, 2U + 1U);
    fake_vcpu_ran(CPU(0));
    (void)core_exclusive_next(CPU(0));
    assert_int_equal(fake_vcpu[CPU(0)].injections, 1U);
}

/* REQ-RT-008 */
static void an_nmi_that_must_wait_asks_for_an_exit(void **state)
{
    (void)state;
    exclusive_send_nmi(CPU(0));
    fake_vcpu[CPU(0)].nmi_masked = true;
    (void)core_exclusive_next(CPU(0));
    assert_int_equal(fake_vcpu[CPU(0)].injections, 0U);
    assert_true(fake_vcpu[CPU(0)].window);
    fake_vcpu[CPU(0)].nmi_masked = false;
    (void)core_exclusive_next(CPU(0));
    assert_int_equal(fake_vcpu[CPU(0)].injections, 1U);
    assert_false(fake_vcpu[CPU(0)].window);
}

/* REQ-LIF-011 */
static void stopping_ends_every_vcpu_for_good(void **state)
{
    (void)state;
    exclusive_stop(rt);
    assert_int_equal(fake_pcpu[PCPU(0)].kicks, 1U);
    for (uint32_t i = 0U; i < COUNT; i++) {
        assert_false(exclusive_stopped(rt));
        assert_int_equal(core_exclusive_next(CPU(i)), RUN_STOP);
    }
    assert_int_equal(core_exclusive_next(CPU(0)), RUN_STOP);
    assert_true(exclusive_stopped(rt));
    exclusive_send_init(CPU(1));
    exclusive_send_sipi(CPU(1), 1U);
    assert_int_equal(core_exclusive_next(CPU(1)), RUN_STOP);
}

/* ---- exits ---- */

static void exits_reach_their_handlers(void **state)
{
    static const struct { enum hv_exit_reason reason; int handler; } route[] = {
        { HV_EXIT_CPUID, CPUID }, { HV_EXIT_IO, IO }, { HV_EXIT_MSR_READ, MSR }, { HV_EXIT_MSR_WRITE, MSR },
        { HV_EXIT_XSETBV, XSETBV }, { HV_EXIT_EXCEPTION, EXCEPTION }, { HV_EXIT_NMI, NONE },
        { HV_EXIT_INTERRUPT, NONE }, { HV_EXIT_WINDOW, NONE }, { HV_EXIT_WBINVD, NONE }, { HV_EXIT_HLT, NONE },
    };
    (void)state;
    for (size_t i = 0U; i < sizeof(route) / sizeof(route[0]); i++) {
        handled = NONE;
        assert_int_equal(leave(CPU(0), route[i].reason), RUN_VCPU);
        assert_int_equal((int)handled, route[i].handler);
        assert_false(fake_vcpu[CPU(0)].event_queued);
    }
}

/* REQ-HYP-001 */
static void hypercalls_are_refused(void **state)
{
    (void)state;
    assert_int_equal(leave(CPU(0), HV_EXIT_HYPERCALL), RUN_VCPU);
    assert_true(vcpu_regs[CPU(0)].gpr[GPR_RAX] == (uint64_t)-25); /* -ENOTTY */
    assert_int_equal(vcpu_regs[CPU(0)].rip, RIP + 2U);
}

static void unknown_exits_are_undefined_instructions(void **state)
{
    (void)state;
    (void)leave(CPU(0), HV_EXIT_OTHER);
    assert_int_equal(fake_vcpu[CPU(0)].injected, 6U + 1U);
    fake_vcpu_ran(CPU(0));
    (void)leave(CPU(0), HV_EXIT_CR);
    assert_int_equal(fake_vcpu[CPU(0)].injected, 6U + 1U);
}

/* REQ-LIF-011 REQ-IO-009 */
static void an_access_to_nothing_stops_the_whole_vm_with_one_message(void **state)
{
    uint32_t kicks = fake_pcpu[0].kicks;
    (void)state;
    summaries = 0U;
    closed = 0U;
    assert_int_equal(leave(CPU(0), HV_EXIT_MMIO), RUN_STOP);
    assert_int_equal(closed, 1U);
    assert_int_equal(log_lines, 1U);
    assert_int_equal(summaries, 1U);
    assert_int_equal(fake_pcpu[0].kicks, kicks + 1U); /* the Service VM's core, which writes the log out */
    assert_non_null(strstr(log_last, "unmapped address"));
    assert_int_equal(core_exclusive_next(CPU(1)), RUN_STOP);
    assert_int_equal(leave(CPU(2), HV_EXIT_MMIO), RUN_STOP);
    assert_int_equal(vms[rt].state, VM_RUNNING); /* until its keeper has seen that all have left */
    assert_int_equal(core_exclusive_next(CPU(0)), RUN_STOP);
    assert_int_equal(vms[rt].state, VM_STOPPED);
    assert_int_equal(log_lines, 1U);
    assert_int_equal(summaries, 1U);
    assert_true(exclusive_stopped(rt));
}

/* REQ-LIF-040 */
static void a_vm_switches_itself_off_and_resets_itself_by_its_registers(void **state)
{
    static const struct { uint32_t port; uint64_t value; const char *says; } wish[] = {
        { PART_PORT_SLEEP_CONTROL, 0x34U, "power off" }, { PART_PORT_RESET, PART_RESET_VALUE, "reset" } };
    for (size_t i = 0U; i < 2U; i++) {
        struct vm_exit exit = { .reason = HV_EXIT_IO, .number = wish[i].port, .size = 1U, .write = true, .length = 2U };
        handled = NONE;
        vcpu_regs[CPU(0)].gpr[GPR_RAX] = wish[i].value;
        assert_int_equal(core_exclusive_exit(CPU(0), &exit), RUN_STOP);
        assert_int_equal(handled, NONE);
        assert_non_null(strstr(log_last, wish[i].says));
        assert_int_equal(core_exclusive_next(CPU(1)), RUN_STOP);
        assert_int_equal(core_exclusive_next(CPU(2)), RUN_STOP);
        assert_int_equal(core_exclusive_next(CPU(0)), RUN_STOP);
        assert_int_equal(vms[rt].state, VM_STOPPED);
        (void)setup(state);
    }
}

/* REQ-LIF-011 */
static void a_triple_fault_stops_the_whole_vm(void **state)
{
    (void)state;
    assert_int_equal(leave(CPU(0), HV_EXIT_SHUTDOWN), RUN_STOP);
    assert_int_equal(core_exclusive_next(CPU(1)), RUN_STOP);
    assert_int_equal(core_exclusive_next(CPU(2)), RUN_STOP);
    assert_int_equal(core_exclusive_next(CPU(0)), RUN_STOP);
    assert_int_equal(vms[rt].state, VM_STOPPED);
    for (uint32_t v = 0U; v < MAX_VM; v++) {
        assert_true((v == rt) || (vms[v].state != VM_STOPPED));
    }
}

/* ---- the closed part of the local APIC ---- */

/* REQ-INT-010 */
static void ids_are_those_of_the_vm(void **state)
{
    (void)state;
    assert_int_equal(lapic(0x802U), 1U);
    assert_int_equal(lapic(0x80DU), 2U);
    assert_int_equal(lapic(0x803U), 0x50014U);
    assert_int_equal(lapic(MSR_APIC_BASE), 0xFEE00C00U);
}

/* REQ-INT-010 */
static void apic_base_stays(void **state)
{
    (void)state;
    assert_int_equal(exclusive_lapic_write(CPU(1), MSR_APIC_BASE, 0xFEE00C00U), STATUS_OK);
    assert_int_equal(exclusive_lapic_write(CPU(1), MSR_APIC_BASE, 0xFEE00800U), STATUS_INVALID);
    assert_int_equal(exclusive_lapic_write(CPU(1), MSR_APIC_BASE, 0xFEE00000U), STATUS_INVALID);
    assert_int_equal(exclusive_lapic_write(CPU(1), MSR_APIC_BASE, 0xFEE01C00U), STATUS_INVALID);
    assert_int_equal(exclusive_lapic_write(CPU(0), MSR_APIC_BASE, 0xFEE00D00U), STATUS_OK);
}

/* REQ-INT-010 */
static void closed_registers_are_memory(void **state)
{
    (void)state;
    for (uint32_t msr = 0x833U; msr <= 0x837U; msr++) {
        assert_int_equal(lapic(msr), 0x10000U);
        assert_int_equal(exclusive_lapic_write(CPU(1), msr, 0xFFFFFFFFU), STATUS_OK);
        assert_int_equal(lapic(msr), 0x1A7FFU);
        assert_int_equal(exclusive_lapic_write(CPU(1), msr, 0x100000000U), STATUS_INVALID);
    }
    assert_int_equal(lapic(0x80FU), 0x1FFU);
    assert_int_equal(exclusive_lapic_write(CPU(1), 0x80FU, 0xF0U), STATUS_OK);
    assert_int_equal(lapic(0x80FU), 0xF0U);
    assert_int_equal(exclusive_lapic_write(CPU(1), 0x82FU, 0x55U), STATUS_OK);
    assert_int_equal(lapic(0x82FU), 0x55U);
    assert_int_equal(lapic(0x828U), 0U);
    assert_int_equal(exclusive_lapic_write(CPU(1), 0x828U, 0U), STATUS_OK);
    assert_int_equal(exclusive_lapic_write(CPU(1), 0x828U, 1U), STATUS_INVALID);
}

/* REQ-INT-010 */
static void other_registers_are_refused(void **state)
{
    uint64_t value = 0U;
    (void)state;
    assert_int_equal(exclusive_lapic_write(CPU(1), 0x802U, 0U), STATUS_UNKNOWN);
    assert_int_equal(exclusive_lapic_write(CPU(1), 0x803U, 0U), STATUS_UNKNOWN);
    assert_int_equal(exclusive_lapic_write(CPU(1), 0x80DU, 0U), STATUS_UNKNOWN);
    assert_int_equal(exclusive_lapic_read(CPU(1), 0x831U, &value), STATUS_UNKNOWN);
    assert_int_equal(exclusive_lapic_write(CPU(1), 0x831U, 0U), STATUS_UNKNOWN);
    assert_int_equal(exclusive_lapic_read(CPU(1), 0x80EU, &value), STATUS_UNKNOWN);
}

/* REQ-INT-008 */
static void fixed_ipis_reach_the_cores_of_the_vm_only(void **state)
{
    (void)state;
    (void)send(2U, 0x51U);
    assert_int_equal(ipi_set(0x51U), 0x4U);
    (void)send(3U, 0x51U);
    (void)send(0xFFU, 0x51U);
    assert_int_equal(ipi_set(0x51U), 0U);
    (void)send(0xFFFFFFFFU, 0x52U);
    assert_int_equal(ipi_set(0x52U), 0x7U);
    (void)send(0x5U, 0x53U | LOGICAL);
    assert_int_equal(ipi_set(0x53U), 0x5U);
    (void)send(0x10001U, 0x53U | LOGICAL); /* another cluster */
    assert_int_equal(ipi_set(0x53U), 0U);
    (void)send(0xFFFFFFFFU, 0x54U | LOGICAL);
    assert_int_equal(ipi_set(0x54U), 0x7U);
    (void)send(0U, 0x55U | TO_SELF);
    assert_int_equal(ipi_set(0x55U), 0x2U);
    (void)send(0U, 0x56U | TO_ALL);
    assert_int_equal(ipi_set(0x56U), 0x7U);
    (void)send(0U, 0x57U | TO_OTHERS);
    assert_int_equal(ipi_set(0x57U), 0x5U);
    (void)send(2U, 0x8051U); /* the level bit means nothing but for INIT */
    assert_int_equal(ipi_set(0x51U), 0x4U);
    (void)send(0xFFFFFFFFU, 0x158U); /* lowest priority: one */
    assert_int_equal(ipi_set(0x58U), 0x1U);
}

/* REQ-INT-009 */
static void illegal_vectors_and_modes_send_nothing(void **state)
{
    (void)state;
    (void)send(2U, 0x0FU);
    (void)send(2U, 0x251U); /* SMI */
    (void)send(2U, 0x351U);
    (void)send(2U, 0x751U);
    assert_int_equal(ipi_set(0U), 0U);
    (void)send(2U, 0x10U);
    assert_int_equal(ipi_set(0x10U), 0x4U);
}

/* REQ-INT-009 */
static void nmi_init_and_startup_never_reach_the_hardware(void **state)
{
    (void)state;
    (void)send(2U, INIT | 0x4000U);
    (void)send(2U, SIPI | 0x20U);
    (void)send(0U, NMI);
    assert_int_equal(fake_pcpu[PCPU(0)].ipis + fake_pcpu[PCPU(2)].ipis, 0U);
    assert_int_equal(core_exclusive_next(CPU(2)), RUN_VCPU);
    assert_int_equal(hw_vcpu_segment(CPU(2), SEG_CS).base, 0x20000U);
    (void)core_exclusive_next(CPU(0));
    assert_int_equal(fake_vcpu[CPU(0)].injected, 2U + 1U);
}

static void init_level_deassert_does_nothing(void **state)
{
    (void)state;
    exclusive_send_init(CPU(2));
    exclusive_send_sipi(CPU(2), 1U);
    assert_int_equal(core_exclusive_next(CPU(2)), RUN_VCPU);
    (void)send(2U, INIT | 0x8000U);
    assert_int_equal(core_exclusive_next(CPU(2)), RUN_VCPU);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static void an_nmi_waits_until_its_vcpu_has_started(void **state)
{
    (void)state;
    exclusive_send_nmi(CPU(1));
    assert_int_equal(core_exclusive_next(CPU(1)), RUN_IDLE);
    assert_int_equal(fake_vcpu[CPU(1)].injections, 0U);
    exclusive_send_sipi(CPU(1), 0x10U);
    assert_int_equal(core_exclusive_next(CPU(1)), RUN_VCPU);
    assert_int_equal(fake_vcpu[CPU(1)].injected, 3U);
}

/* REQ-ISO-020 */
static void exits_that_have_no_name_are_undefined_instructions(void **state)
{
    static const uint32_t reason[] = { HV_EXIT_OTHER, HV_EXIT_REASONS, 99U };
    (void)state;
    for (uint32_t i = 0U; i < 3U; i++) {
        fake_vcpu[CPU(0)].injected = 0U;
        (void)leave(CPU(0), (enum hv_exit_reason)reason[i]);
        assert_int_equal(fake_vcpu[CPU(0)].injected, 7U);
        assert_int_equal(vcpu_regs[CPU(0)].rip, RIP);
    }
}

static void the_interrupt_command_reads_back(void **state)
{
    (void)state;
    assert_int_equal(send(2U, TO_SELF | 0x41U), STATUS_OK);
    assert_true(lapic(ICR) == (0x200000000U | TO_SELF | 0x41U));
}

static void registers_behind_the_lvts_are_unknown(void **state)
{
    uint64_t value = 0U;
    (void)state;
    assert_int_equal(exclusive_lapic_read(CPU(1), 0x838U, &value), STATUS_UNKNOWN);
    assert_int_equal(exclusive_lapic_write(CPU(1), 0x838U, 0U), STATUS_UNKNOWN);
}

static void apic_base_shows_the_boot_processor(void **state)
{
    uint64_t value = 0U;
    (void)state;
    assert_int_equal(exclusive_lapic_read(CPU(0), MSR_APIC_BASE, &value), STATUS_OK);
    assert_true(value == 0xFEE00D00U);
    assert_true(lapic(MSR_APIC_BASE) == 0xFEE00C00U);
}

/* REQ-INT-053 */
static void its_configuration_space_is_answered_and_other_memory_is_a_fault(void **state)
{
    struct vm_exit exit = { .reason = HV_EXIT_MMIO, .length = 3U, .gpa = 0xB0008000U };
    (void)state;
    assert_int_equal(core_exclusive_exit(CPU(0U), &exit), RUN_VCPU);
    assert_int_equal(handled, MMIO);
    handled = NONE;
    exit = (struct vm_exit){ .reason = HV_EXIT_IO, .length = 1U, .number = 0xCFCU, .size = 4U };
    assert_int_equal(core_exclusive_exit(CPU(0U), &exit), RUN_VCPU);
    assert_int_equal(handled, PCI);
    exit.number = 0xCF7U;
    (void)core_exclusive_exit(CPU(0U), &exit);
    assert_int_equal(handled, IO);
    handled = NONE;
    exit.number = 0xD00U;
    (void)core_exclusive_exit(CPU(0U), &exit);
    assert_int_equal(handled, IO);
    handled = NONE;
    exit = (struct vm_exit){ .reason = HV_EXIT_MMIO, .length = 3U, .gpa = 0xB0009000U };
    assert_int_equal(core_exclusive_exit(CPU(0U), &exit), RUN_STOP);
    assert_int_equal(handled, NONE);
}

/* REQ-LIF-050 */
static void its_devices_stop_when_it_ends_and_are_reset_before_it_starts_again(void **state)
{
    (void)state;
    masters_stopped = 0U;
    devices_reset = 0U;
    memset(partition.table.vm[rt].on_fault, (int)PART_ON_FAULT_RESTART, PART_FAULTS);
    partition.table.vm[rt].restart_limit = 1U;
    (void)leave(CPU(0U), HV_EXIT_SHUTDOWN);
    assert_int_equal(masters_stopped, 1U);             /* at once: no core has left yet but this */
    assert_int_equal(devices_reset, 0U);
    (void)core_exclusive_next(CPU(1U));
    (void)core_exclusive_next(CPU(2U));
    (void)core_exclusive_next(CPU(0U));
    assert_int_equal(devices_reset, 1U);
    assert_int_equal(masters_stopped, 1U);
    exclusive_stop(rt);
    (void)core_exclusive_next(CPU(0U));
    (void)core_exclusive_next(CPU(1U));
    (void)core_exclusive_next(CPU(2U));
    (void)core_exclusive_next(CPU(0U));
    assert_true(exclusive_stopped(rt));
    assert_int_equal(masters_stopped, 3U);
    assert_int_equal(devices_reset, 1U);
    memset(&partition, 0, sizeof(partition));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_boot_vcpu_runs_and_the_others_wait), T(init_and_startup_start_a_vcpu_in_real_mode),
        T(a_start_begins_with_an_empty_local_apic), T(a_second_startup_message_is_ignored), T(init_stops_a_running_vcpu), T(the_boot_vcpu_ignores_init),
        T(an_nmi_is_injected_when_nothing_else_is_queued), T(an_nmi_that_must_wait_asks_for_an_exit),
        T(stopping_ends_every_vcpu_for_good),
        T(ids_are_those_of_the_vm), T(exits_reach_their_handlers), T(hypercalls_are_refused),
        T(unknown_exits_are_undefined_instructions), T(an_access_to_nothing_stops_the_whole_vm_with_one_message),
        T(apic_base_stays), T(closed_registers_are_memory), T(a_triple_fault_stops_the_whole_vm),
        T(a_vm_switches_itself_off_and_resets_itself_by_its_registers),
        T(other_registers_are_refused), T(fixed_ipis_reach_the_cores_of_the_vm_only),
        T(illegal_vectors_and_modes_send_nothing), T(nmi_init_and_startup_never_reach_the_hardware),
        T(init_level_deassert_does_nothing),
        cmocka_unit_test_setup(an_nmi_waits_until_its_vcpu_has_started, setup),
        cmocka_unit_test_setup(exits_that_have_no_name_are_undefined_instructions, setup),
        cmocka_unit_test_setup(the_interrupt_command_reads_back, setup),
        cmocka_unit_test_setup(registers_behind_the_lvts_are_unknown, setup),
        cmocka_unit_test_setup(apic_base_shows_the_boot_processor, setup),
        cmocka_unit_test_setup(its_configuration_space_is_answered_and_other_memory_is_a_fault, setup),
        cmocka_unit_test_setup(its_devices_stop_when_it_ends_and_are_reset_before_it_starts_again, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
