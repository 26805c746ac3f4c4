/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/vm.c core/guest_copy.c fake/hw.c fake/memory.c fake/vcpu_hw.c */
/* Guest memory through stage 2, and what the rest of the hypervisor does to a vCPU. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "core/cpuid.h"
#include "core/iommu.h"
#include "core/sched.h"
#include "core/stage2.h"
#include "core/vm.h"
#include "devices/vlapic.h"
#include "fake/fake.h"

#define GUEST 4U
#define OTHER_CORE 2U
#define SHIFT 0x10000000U
#define HPA(gpa) (SHIFT + ((gpa) ^ 0x1000U)) /* neighbours in the guest's memory are none in the machine's */
#define RFLAGS_IF 0x200U
#define BOOT_CPU vcpu_id(GUEST, 0U)
#define SECOND   vcpu_id(GUEST, 1U)

static struct { gpa_t page; bool present; uint32_t attr; } special; /* one page unlike the others */
static uint32_t lookups;
static uint32_t lookups_good;   /* so many answers, then none; 0: no limit */
static uint32_t woken;
static uint32_t pending;        /* interrupt */
static vm_id_t devices_told;    /* of this VM */
static uint32_t vlapic_inits;
static uint32_t settled[2];     /* of GUEST's vCPUs */
static bool settled_in_guest;  /* one was, on a core that was in the guest */
static uint32_t vlapic_resets;

struct stage2_mapping stage2_lookup(vm_id_t v, gpa_t gpa)
{
    struct stage2_mapping leaf = { true, HPA(gpa), PAGE_SIZE, S2_READ | S2_WRITE };
    assert_int_equal(v, GUEST);
    if (((gpa / PAGE_SIZE) * PAGE_SIZE) == special.page) {
        leaf.present = special.present;
        leaf.attr = special.attr;
    }
    lookups++;
    if ((lookups_good != 0U) && (lookups > lookups_good)) {
        leaf.present = false;
    }
    return leaf;
}
hpa_t stage2_root(vm_id_t v) { return 0x100000U + (v * 0x1000U); }
void sched_wake(vcpu_id_t id) { woken |= 1U << (id - BOOT_CPU); vcpus[id].state = VCPU_RUNNABLE; }
uint32_t vlapic_pending(vcpu_id_t id) { (void)id; return pending; }
void iommu_flush_vm(vm_id_t v) { devices_told = v; }
void vlapic_eoi_settle(vcpu_id_t id)
{
    settled[vcpu_index(id) % 2U]++;
    settled_in_guest = settled_in_guest || ((vcpus[id].pcpu != 0U) && fake_pcpu[vcpus[id].pcpu].in_guest);
}
void vlapic_init(vcpu_id_t id) { (void)id; vlapic_inits++; }
static uint32_t prepared; /* times that CPUID answers were made */
void cpuid_prepare(vm_id_t v) { assert_int_equal(v, GUEST); prepared++; }
void vlapic_reset(vcpu_id_t id) { (void)id; vlapic_resets++; }

static int setup(void **state)
{
    (void)state;
    fake_reset();
    memset(vms, 0, sizeof(vms));
    memset(vcpus, 0, sizeof(vcpus));
    special.page = 1U; /* none */
    lookups = 0U;
    lookups_good = 0U;
    woken = 0U;
    pending = VECTOR_NONE;
    vlapic_inits = 0U;
    memset(settled, 0, sizeof(settled));
    settled_in_guest = false;
    vlapic_resets = 0U;
    prepared = 0U;
    vms[GUEST].vcpu_count = 2U;
    vcpus[BOOT_CPU].state = VCPU_RUNNABLE;
    vcpus[BOOT_CPU].pcpu = 0U;
    vcpus[SECOND].pcpu = OTHER_CORE;
    return 0;
}

/* REQ-HYP-004 */
static void guest_memory_is_read_and_written_across_pages(void **state)
{
    uint8_t bytes[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    uint8_t back[8] = { 0 };
    (void)state;

    assert_int_equal(guest_write(GUEST, 0x1FFDU, bytes, 8U), STATUS_OK);
    assert_int_equal(guest_read(GUEST, 0x1FFDU, back, 8U), STATUS_OK);

    assert_memory_equal(bytes, back, 8U);
    assert_int_equal(hw_phys_read(HPA(0x1FFDU), 2U), 0x0201U);
    assert_int_equal(hw_phys_read(HPA(0x2000U), 4U), 0x07060504U);
    assert_int_equal(guest_read(GUEST, 0x2000U, back, 0U), STATUS_OK); /* nothing is always there */
}

static void expect_fault(uint8_t *bytes, bool readable)
{
    assert_int_equal(guest_read(GUEST, 0x1FFDU, bytes, 8U), readable ? STATUS_OK : STATUS_FAULT);
    assert_int_equal(guest_write(GUEST, 0x1FFDU, bytes, 8U), STATUS_FAULT);
    assert_int_equal(hw_phys_read(HPA(0x1FFDU), 2U), 0U); /* not even the part before it */
}

/* REQ-HYP-004 */
static void a_page_that_is_not_mapped_faults_before_a_byte_moves(void **state)
{
    uint8_t bytes[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    (void)state;
    special.page = 0x2000U;
    expect_fault(bytes, false);
    assert_int_equal(bytes[0], 1U);
}

static void devices_are_not_guest_memory(void **state)
{
    uint8_t bytes[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    (void)state;
    special.page = 0x2000U;
    special.present = true;
    special.attr = S2_READ | S2_WRITE | S2_UC;
    expect_fault(bytes, false);
    special.attr = S2_READ | S2_WRITE | S2_WC;
    expect_fault(bytes, false);
}

static void read_only_memory_is_not_written(void **state)
{
    uint8_t bytes[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    (void)state;
    special.page = 0x2000U;
    special.present = true;
    special.attr = S2_READ;
    expect_fault(bytes, true);
}

static void an_address_range_does_not_wrap(void **state)
{
    uint8_t byte[2] = { 0U };
    (void)state;
    assert_int_equal(guest_read(GUEST, UINT64_MAX, byte, 2U), STATUS_FAULT);
    assert_int_equal(guest_write(GUEST, UINT64_MAX, byte, 2U), STATUS_FAULT);
    assert_int_equal(lookups, 0U);
}

/* No one changes stage 2 between check and copy, as the lock is held; if it were so, nothing stray is touched. */
static void a_page_that_goes_away_after_the_check_is_not_touched(void **state)
{
    uint8_t bytes[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    uint8_t back[8] = { 0xEE, 0xEE, 0xEE, 0xEE, 0xEE, 0xEE, 0xEE, 0xEE };
    (void)state;
    lookups_good = 3U; /* two for the check, one for the first part */
    assert_int_equal(guest_write(GUEST, 0x1FFDU, bytes, 8U), STATUS_FAULT);
    assert_int_equal(hw_phys_read(HPA(0x2000U), 4U), 0U);
    lookups = 0U;
    assert_int_equal(guest_read(GUEST, 0x1FFDU, back, 8U), STATUS_FAULT);
    assert_int_equal(back[3], 0xEEU);
}

/* REQ-ISO-012 */
static void a_shootdown_waits_for_cores_in_the_guest_only(void **state)
{
    (void)state;
    fake_pcpu[0].in_guest = true;          /* the caller's own core */
    fake_pcpu[OTHER_CORE].in_guest = true;

    vm_shootdown(GUEST);

    assert_int_equal(devices_told, GUEST);
    assert_int_equal(vms[GUEST].generation, 1U);
    assert_int_equal(fake_pcpu[0].kicks, 0U);
    assert_int_equal(fake_pcpu[OTHER_CORE].kicks, 1U);

    vm_shootdown(GUEST);                   /* now it is in the hypervisor */
    assert_int_equal(fake_pcpu[OTHER_CORE].kicks, 1U);

    assert_int_equal(settled[0], 2U);
    assert_int_equal(settled[1], 2U);

    vms[GUEST].vcpu_count = 1U;            /* the second is not its own any more */
    fake_pcpu[OTHER_CORE].in_guest = true;
    vm_shootdown(GUEST);
    assert_int_equal(fake_pcpu[OTHER_CORE].kicks, 1U);
}

/* REQ-LIF-014 */
static void a_vm_may_log_some_lines_each_second(void **state)
{
    uint32_t allowed = 0U;
    (void)state;
    fake_tsc = 5U * fake_tsc_hz;
    for (uint32_t i = 0U; i < 20U; i++) {
        allowed += vm_may_log(GUEST) ? 1U : 0U;
    }
    assert_int_equal(allowed, 8U);

    fake_tsc += fake_tsc_hz;
    assert_true(vm_may_log(GUEST));
}

static void a_rate_that_is_not_known_yet_ends_no_second(void **state)
{
    uint32_t allowed = 0U;
    (void)state;
    fake_tsc_hz = 0U;
    for (uint32_t i = 0U; i < 20U; i++) {
        fake_tsc += 1000000000U;
        allowed += vm_may_log(GUEST) ? 1U : 0U;
    }
    assert_int_equal(allowed, 8U);
}

static void an_nmi_or_an_enabled_interrupt_is_an_event(void **state)
{
    (void)state;
    assert_false(vcpu_has_event(SECOND));
    pending = 0x40U;
    assert_false(vcpu_has_event(SECOND));   /* RFLAGS.IF is clear */
    vcpu_regs[SECOND].rflags = RFLAGS_IF;
    assert_true(vcpu_has_event(SECOND));
    pending = VECTOR_NONE;
    assert_false(vcpu_has_event(SECOND));
    vcpus[SECOND].nmi_pending = true;
    assert_true(vcpu_has_event(SECOND));
}

static void a_halted_vcpu_wakes_for_an_event(void **state)
{
    (void)state;
    vcpus[SECOND].state = VCPU_HALTED;
    vcpu_notify(SECOND);
    assert_int_equal(woken, 0U);
    assert_int_equal(fake_pcpu[OTHER_CORE].kicks, 0U);

    vcpu_receive_nmi(SECOND);
    assert_int_equal(woken, 2U);
    assert_int_equal(fake_pcpu[OTHER_CORE].kicks, 1U);
}

/* REQ-IO-026 */
static void a_vcpu_that_waits_for_a_request_wakes_for_an_event(void **state)
{
    (void)state;
    vcpus[SECOND].state = VCPU_WAIT_REQUEST;
    vcpu_notify(SECOND);
    assert_int_equal(woken, 0U);
    vcpu_receive_nmi(SECOND);
    assert_int_equal(woken, 2U);
}

static void a_running_vcpu_is_kicked_unless_it_is_on_this_core(void **state)
{
    (void)state;
    vcpu_receive_nmi(BOOT_CPU);
    assert_int_equal(fake_pcpu[0].kicks, 0U);
    vcpus[SECOND].state = VCPU_RUNNABLE;
    vcpu_receive_nmi(SECOND);
    assert_int_equal(fake_pcpu[OTHER_CORE].kicks, 1U);
    assert_int_equal(woken, 0U);
}

static void power_on_leaves_all_but_the_first_waiting(void **state)
{
    (void)state;
    vcpus[SECOND].nmi_pending = true;
    vcpus[SECOND].init_latched = true;
    vcpu_power_on(BOOT_CPU);
    vcpu_power_on(SECOND);
    assert_int_equal(vcpus[BOOT_CPU].state, VCPU_RUNNABLE);
    assert_int_equal(vcpus[SECOND].state, VCPU_OFF);
    assert_true(vcpus[SECOND].sipi_wait);
    assert_false(vcpus[SECOND].nmi_pending);
    assert_false(vcpus[SECOND].init_latched);
    assert_int_equal(vlapic_resets, 2U);
    assert_int_equal(prepared, 1U);
    assert_int_equal(fake_vcpu[SECOND].stage2_root, stage2_root(GUEST));
    assert_int_equal(fake_vcpu[SECOND].asid, GUEST + 1U);
}

static void an_exclusive_vcpu_has_no_virtual_apic(void **state)
{
    (void)state;
    vms[GUEST].exclusive = true;
    vcpu_power_on(BOOT_CPU);
    assert_true(fake_vcpu[BOOT_CPU].exclusive);
    assert_int_equal(vlapic_resets, 0U);
}

/* REQ-LIF-015 */
static void init_stops_a_vcpu_until_sipi_starts_it(void **state)
{
    (void)state;
    vcpus[SECOND].state = VCPU_RUNNABLE;
    vcpus[SECOND].nmi_pending = true;
    vcpus[SECOND].init_latched = true;
    uint32_t epoch = vcpus[SECOND].epoch;

    vcpu_receive_init(SECOND);
    assert_int_equal(vcpus[SECOND].state, VCPU_OFF);
    assert_true(vcpus[SECOND].sipi_wait);
    assert_int_equal(vlapic_inits, 1U);
    assert_false(vcpus[SECOND].nmi_pending || vcpus[SECOND].init_latched);
    assert_false(fake_vcpu[SECOND].exclusive);
    assert_int_equal(fake_vcpu[SECOND].stage2_root, stage2_root(GUEST));
    assert_int_equal(fake_vcpu[SECOND].asid, GUEST + 1U);
    assert_int_not_equal(vcpus[SECOND].epoch, epoch);

    vcpu_receive_sipi(SECOND, 0x9AU);
    assert_int_equal(vcpus[SECOND].state, VCPU_RUNNABLE);
    assert_int_equal(fake_vcpu[SECOND].segment[SEG_CS].selector, 0x9A00U);
    assert_int_equal(fake_vcpu[SECOND].segment[SEG_CS].base, 0x9A000U);
    assert_int_equal(vcpu_regs[SECOND].rip, 0U);
    assert_false(vcpus[SECOND].sipi_wait);
}

static void sipi_counts_only_once_and_only_after_init(void **state)
{
    (void)state;
    vcpus[SECOND].state = VCPU_OFF;         /* stopped, but not by INIT */
    vcpu_receive_sipi(SECOND, 0x9AU);
    assert_int_equal(woken, 0U);
    vcpus[SECOND].sipi_wait = true;
    vcpus[SECOND].state = VCPU_HALTED;
    vcpu_receive_sipi(SECOND, 0x9AU);
    assert_int_equal(woken, 0U);
}

/* REQ-IO-003 */
static void init_waits_for_an_io_request(void **state)
{
    (void)state;
    vcpus[SECOND].state = VCPU_WAIT_IO;
    vcpu_receive_init(SECOND);
    assert_true(vcpus[SECOND].init_latched);
    assert_int_equal(vcpus[SECOND].state, VCPU_WAIT_IO);
    assert_int_equal(vlapic_inits, 0U);
}

static void the_boot_vcpu_ignores_init(void **state)
{
    (void)state;
    vcpu_receive_init(BOOT_CPU);
    assert_int_equal(vcpus[BOOT_CPU].state, VCPU_RUNNABLE);
    vcpus[BOOT_CPU].state = VCPU_WAIT_IO;
    vcpu_receive_init(BOOT_CPU);
    assert_false(vcpus[BOOT_CPU].init_latched);
    assert_int_equal(vlapic_inits, 0U);
}

/* REQ-INT-031 */
static void a_shootdown_waits_until_the_core_has_left(void **state)
{
    (void)state;
    fake_pcpu[OTHER_CORE].in_guest = true;
    fake_pcpu[OTHER_CORE].slow = 5U;
    uint64_t before = fake_tsc;

    vm_shootdown(GUEST);

    assert_false(fake_pcpu[OTHER_CORE].in_guest);
    assert_int_equal(fake_pcpu[OTHER_CORE].kicks, 1U);
    assert_int_equal(fake_tsc - before, 5U);
    assert_false(settled_in_guest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(guest_memory_is_read_and_written_across_pages, setup),
        cmocka_unit_test_setup(a_page_that_is_not_mapped_faults_before_a_byte_moves, setup),
        cmocka_unit_test_setup(devices_are_not_guest_memory, setup),
        cmocka_unit_test_setup(read_only_memory_is_not_written, setup),
        cmocka_unit_test_setup(an_address_range_does_not_wrap, setup),
        cmocka_unit_test_setup(a_page_that_goes_away_after_the_check_is_not_touched, setup),
        cmocka_unit_test_setup(a_shootdown_waits_for_cores_in_the_guest_only, setup),
        cmocka_unit_test_setup(a_vm_may_log_some_lines_each_second, setup),
        cmocka_unit_test_setup(a_rate_that_is_not_known_yet_ends_no_second, setup),
        cmocka_unit_test_setup(an_nmi_or_an_enabled_interrupt_is_an_event, setup),
        cmocka_unit_test_setup(a_halted_vcpu_wakes_for_an_event, setup),
        cmocka_unit_test_setup(a_running_vcpu_is_kicked_unless_it_is_on_this_core, setup),
        cmocka_unit_test_setup(power_on_leaves_all_but_the_first_waiting, setup),
        cmocka_unit_test_setup(an_exclusive_vcpu_has_no_virtual_apic, setup),
        cmocka_unit_test_setup(init_stops_a_vcpu_until_sipi_starts_it, setup),
        cmocka_unit_test_setup(sipi_counts_only_once_and_only_after_init, setup),
        cmocka_unit_test_setup(a_vcpu_that_waits_for_a_request_wakes_for_an_event, setup),
        cmocka_unit_test_setup(init_waits_for_an_io_request, setup),
        cmocka_unit_test_setup(the_boot_vcpu_ignores_init, setup),
        cmocka_unit_test_setup(a_shootdown_waits_until_the_core_has_left, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
