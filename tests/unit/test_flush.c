/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: all x86/vcpu.c x86/flush.c x86/exception.c x86/svm/svm.c x86/svm/exit.c x86/svm/event.c x86/svm/quick.c x86/svm/intercept.c x86/svm/bitmap.c x86/svm/state.c x86/memory.c x86/vmx/vmx.c x86/vmx/control.c x86/vmx/state.c x86/vmx/state_reset.c x86/vmx/event.c x86/vmx/exit.c x86/vmx/quick.c x86/vmx/bitmap.c x86/vmx/apic.c */
/*
 * No translation outlives what it stood for: every way in which core/ changes tables, VMs and vCPUs, on cores whose TLBs remember,
 * with both backends.
 */
#include "flush_machine.h"

#define USER      VM_FIRST_USER
#define BOOT_CPU  vcpu_id(USER, 0U)
#define SECOND    vcpu_id(USER, 1U)
#define OTHER_VM  (VM_FIRST_USER + 1U)
#define RTVM_BOOT vcpu_id(RTVM, 0U)
#define RTVM_NEXT vcpu_id(RTVM, 1U)
#define AT        0x3000U             /* in the first MiB, which is in small pages */
#define HIGH      0x200000U           /* large pages from here on */
#define HIGH_FROM (LENT + 0x200000U)
#define SPARE     (LENT + 0x100000U)  /* a MiB that nothing maps yet */
#define ON_CORE_0 1U
#define ON_CORE_1 2U
#define ON_BOTH   3U
#define WORLD_R_WB (HC_REGION_READ | HC_REGION_WB)

static void delete_first(void)
{
    assert_int_equal(world_region(USER, HC_REGION_DEL, 0U, 0U, 0U, 0x100000U), 0);
}

static void restrict_first(void)
{
    assert_int_equal(world_region(USER, HC_REGION_MODIFY, WORLD_R_WB, 0U, 0U, 0x100000U), 0);
}

static void add_high(void)
{
    assert_int_equal(world_region(USER, HC_REGION_ADD, WORLD_RWX_WB, HIGH, HIGH_FROM, 0x200000U), 0);
}

/* On core 1, having touched these. */
static void user_ran(gpa_t first, gpa_t second, gpa_t third)
{
    assert_int_equal(world_running(ON_CORE_1), USER);
    touch(first, second, third);
    runs(1U, BOOT_CPU);
}

static void expect(uint32_t number, bool present, hpa_t hpa)
{
    assert_int_equal(touched[number].present, present);
    assert_int_equal(present ? touched[number].hpa : 0U, present ? hpa : 0U);
}

/* The machine itself: it remembers, or no test here could fail. */
/* REQ-ISO-013 */
static void what_was_touched_is_remembered_until_a_flush(void **state)
{
    uint32_t flushes;
    (void)state;
    user_ran(AT, 0U, 0U);
    expect(0U, true, LENT + AT);
    cpu.core = 1U;
    assert_non_null(find(A_PAGE, AT));
    assert_non_null(find(A_TABLE, AT));
    assert_non_null(find(A_GUESTS, AT));
    flushes = dropped;
    runs(1U, BOOT_CPU);
    assert_int_equal(dropped, flushes);
    cpu.core = 0U;
    assert_null(find(A_PAGE, AT));
}

/* ---- memory that is taken away or restricted ---- */

/* REQ-ISO-012 */
static void deleted_memory_is_gone_for_a_vcpu_that_ran_before(void **state)
{
    (void)state;
    user_ran(AT, 0U, 0U);
    delete_first();
    runs(1U, BOOT_CPU);
    expect(0U, false, 0U);
}

/* REQ-ISO-012 */
static void deleted_memory_is_gone_for_a_vcpu_in_its_guest(void **state)
{
    (void)state;
    user_ran(AT, 0U, 0U);
    meanwhile = delete_first;
    runs(1U, BOOT_CPU);
    assert_int_equal(fake_pcpu[1].kicks, 2U); /* by its start, and by the shoot-down */
    meanwhile = NULL;
    runs(1U, BOOT_CPU);
    expect(0U, false, 0U);
}

/* REQ-ISO-012 */
static void deleted_memory_is_gone_for_a_vcpu_that_is_about_to_enter(void **state)
{
    (void)state;
    user_ran(AT, 0U, 0U);
    before_entry = delete_first;
    runs(1U, BOOT_CPU);
    assert_int_equal(entries, 1U); /* kicked before it entered */
    before_entry = NULL;
    runs(1U, BOOT_CPU);
    expect(0U, false, 0U);
}

static void kick_core_1(void)
{
    hw_kick(1U);
}

/* REQ-ISO-012 */
static void a_flush_is_owed_until_the_guest_was_entered(void **state)
{
    (void)state;
    user_ran(AT, 0U, 0U);
    delete_first();
    before_entry = kick_core_1;
    runs(1U, BOOT_CPU);
    runs(1U, BOOT_CPU);
    assert_int_equal(entries, 1U);
    before_entry = NULL;
    runs(1U, BOOT_CPU);
    expect(0U, false, 0U);
}

/* REQ-ISO-012 */
static void deleted_memory_is_gone_on_every_core_of_the_vm(void **state)
{
    (void)state;
    assert_int_equal(world_running(ON_BOTH), USER);
    vcpus[SECOND].sipi_wait = false;
    sched_wake(SECOND);
    touch(AT, 0U, 0U);
    runs(0U, BOOT_CPU);
    runs(1U, SECOND);
    meanwhile = delete_first;
    runs(1U, SECOND);
    meanwhile = NULL;
    runs(0U, BOOT_CPU);
    expect(0U, false, 0U);
    runs(1U, SECOND);
    expect(0U, false, 0U);
}

/* REQ-ISO-012 */
static void restricted_memory_is_restricted_for_a_vcpu_that_ran_before(void **state)
{
    (void)state;
    user_ran(AT, 0U, 0U);
    restrict_first();
    runs(1U, BOOT_CPU);
    expect(0U, true, LENT + AT);
    assert_int_equal(touched[0].rights, S2_READ);
}

/* REQ-ISO-012 */
static void restricted_memory_is_restricted_for_a_vcpu_in_its_guest(void **state)
{
    (void)state;
    user_ran(AT, 0U, 0U);
    meanwhile = restrict_first;
    runs(1U, BOOT_CPU);
    meanwhile = NULL;
    runs(1U, BOOT_CPU);
    assert_int_equal(touched[0].rights, S2_READ);
}

/* REQ-ISO-010 */
static void a_right_that_is_given_back_can_be_used_at_once(void **state)
{
    (void)state;
    user_ran(AT, 0U, 0U);
    restrict_first();
    runs(1U, BOOT_CPU);
    assert_int_equal(world_region(USER, HC_REGION_MODIFY, WORLD_RWX_WB, 0U, 0U, 0x100000U), 0);
    runs(1U, BOOT_CPU);
    assert_int_equal(touched[0].rights, S2_READ | S2_WRITE | S2_EXEC);
}

/* REQ-ISO-012 */
static void a_page_deleted_out_of_a_large_one_is_gone(void **state)
{
    (void)state;
    assert_int_equal(world_running(ON_CORE_1), USER);
    add_high();
    touch(HIGH + 0x1000U, HIGH + 0x5000U, 0U);
    runs(1U, BOOT_CPU);
    assert_int_equal(touched[0].span, 0x200000U);
    assert_int_equal(world_region(USER, HC_REGION_DEL, 0U, HIGH + 0x5000U, 0U, 0x1000U), 0);
    runs(1U, BOOT_CPU);
    expect(0U, true, HIGH_FROM + 0x1000U);
    expect(1U, false, 0U);
}

/* REQ-ISO-012 */
static void a_page_restricted_out_of_a_large_one_is_restricted(void **state)
{
    (void)state;
    assert_int_equal(world_running(ON_CORE_1), USER);
    add_high();
    touch(HIGH + 0x1000U, HIGH + 0x5000U, 0U);
    runs(1U, BOOT_CPU);
    assert_int_equal(world_region(USER, HC_REGION_MODIFY, WORLD_R_WB, HIGH + 0x5000U, 0U, 0x1000U), 0);
    runs(1U, BOOT_CPU);
    assert_int_equal(touched[0].rights, S2_READ | S2_WRITE | S2_EXEC);
    assert_int_equal(touched[1].rights, S2_READ);
}

/* Mapping takes nothing away: what was absent is not cached, and nothing is flushed for it. */
/* REQ-ISO-012 */
static void added_memory_is_there_at_once(void **state)
{
    (void)state;
    user_ran(AT, HIGH + 0x1000U, 0U);
    expect(1U, false, 0U);
    meanwhile = add_high;
    runs(1U, BOOT_CPU);
    expect(1U, true, HIGH_FROM + 0x1000U);
}

/* A table that became empty is pruned and serves another place: who remembers where it was would read that place's pages. */
/* REQ-ISO-012 REQ-ISO-014 */
static void a_table_that_serves_another_place_is_forgotten(void **state)
{
    (void)state;
    assert_int_equal(world_running(ON_CORE_1), USER);
    assert_int_equal(world_region(USER, HC_REGION_ADD, WORLD_RWX_WB, HIGH, SPARE, 0x1000U), 0);
    touch(HIGH, 0U, 0U);
    runs(1U, BOOT_CPU);
    expect(0U, true, SPARE);
    assert_int_equal(world_region(USER, HC_REGION_DEL, 0U, HIGH, 0U, 0x1000U), 0);
    assert_int_equal(world_region(USER, HC_REGION_ADD, WORLD_RWX_WB, 0x40000000U, SPARE + 0x4000U, 0x8000U), 0);
    assert_int_equal(world_region(USER, HC_REGION_ADD, WORLD_RWX_WB, HIGH + 0x1000U, SPARE + 0x1000U, 0x1000U), 0);
    touch(HIGH, HIGH + 0x1000U, HIGH + 0x2000U);
    runs(1U, BOOT_CPU);
    expect(0U, false, 0U);
    expect(1U, true, SPARE + 0x1000U);
    expect(2U, false, 0U);
}

/* One hypercall takes a MiB away and puts another in its place. */
static void exchange_first(void)
{
    struct hc_memory_region list[2] = { { HC_REGION_DEL, 0U, 0U, 0U, 0x100000U }, { HC_REGION_ADD, WORLD_RWX_WB, 0U, SPARE, 0x100000U } };
    struct hc_memory_regions request = { USER, 0U, 0U, 2U, 0U, SCRATCH + 0x100U };
    hw_phys_copy_out(SCRATCH, (const uint8_t *)&request, sizeof(request));
    hw_phys_copy_out(SCRATCH + 0x100U, (const uint8_t *)list, sizeof(list));
    assert_int_equal(hypercall(HC_VM_SET_MEMORY_REGIONS, SCRATCH, 0U), 0);
}

/* REQ-ISO-012 */
static void memory_put_in_the_place_of_other_memory_is_what_is_seen(void **state)
{
    (void)state;
    user_ran(AT, 0U, 0U);
    exchange_first();
    runs(1U, BOOT_CPU);
    expect(0U, true, SPARE + AT);
    delete_first();
    assert_int_equal(world_region(USER, HC_REGION_ADD, WORLD_RWX_WB, 0U, LENT, 0x100000U), 0);
    meanwhile = exchange_first;
    runs(1U, BOOT_CPU);
    meanwhile = NULL;
    runs(1U, BOOT_CPU);
    expect(0U, true, SPARE + AT);
}

static void delete_some_of_high(void)
{
    assert_int_equal(world_region(USER, HC_REGION_DEL, 0U, HIGH, 0U, 0x400000U), HYPERCALL_AGAIN);
}

/* A long hypercall gives the lock back between its steps, and the guests run. */
/* REQ-ISO-012 REQ-HYP-006 */
static void what_one_step_of_a_long_hypercall_deletes_is_gone_before_the_next(void **state)
{
    (void)state;
    assert_int_equal(world_running(ON_CORE_1), USER);
    assert_int_equal(world_region(USER, HC_REGION_ADD, WORLD_RWX_WB, HIGH, HIGH_FROM, 0x400000U), HYPERCALL_AGAIN);
    assert_int_equal(world_region(USER, HC_REGION_ADD, WORLD_RWX_WB, HIGH, HIGH_FROM, 0x400000U), 0);
    touch(HIGH + 0x1000U, HIGH + 0x201000U, 0U);
    runs(1U, BOOT_CPU);
    expect(1U, true, HIGH_FROM + 0x201000U);
    meanwhile = delete_some_of_high;
    runs(1U, BOOT_CPU);
    meanwhile = NULL;
    runs(1U, BOOT_CPU);
    expect(0U, false, 0U);
    expect(1U, true, HIGH_FROM + 0x201000U);
    assert_int_equal(world_region(USER, HC_REGION_DEL, 0U, HIGH, 0U, 0x400000U), 0);
    runs(1U, BOOT_CPU);
    expect(1U, false, 0U);
}

/* ---- lives of VMs ---- */

static void pause(void)
{
    assert_int_equal(hypercall(HC_PAUSE_VM, USER, 0U), 0);
    assert_false(fake_pcpu[1].in_guest);
}

/* REQ-LIF-003 REQ-ISO-012 */
static void a_paused_vm_has_left_its_guest(void **state)
{
    (void)state;
    user_ran(AT, 0U, 0U);
    meanwhile = pause;
    runs(1U, BOOT_CPU);
}

static void destroy(void)
{
    world_destroy(USER);
}

/* The next VM has the number, the tag and the root of the one that was destroyed, and other memory. */
static void next_vm_runs_on(pcpu_id_t core, hpa_t memory)
{
    assert_int_equal(world_create((uint64_t)1U << core), USER);
    assert_int_equal(world_region(USER, HC_REGION_ADD, WORLD_RWX_WB, 0U, memory, 0x100000U), 0);
    assert_int_equal(world_ioreq_page(USER, IOREQ_PAGE), 0);
    assert_int_equal(hypercall(HC_START_VM, USER, 0U), 0);
    runs(core, BOOT_CPU);
    expect(0U, true, memory + AT);
}

/* REQ-ISO-012 REQ-ISO-013 REQ-LIF-002 */
static void a_new_vm_sees_nothing_of_the_one_that_had_its_number(void **state)
{
    (void)state;
    user_ran(AT, 0U, 0U);
    destroy();
    next_vm_runs_on(1U, SPARE);
}

/* REQ-ISO-012 REQ-LIF-002 */
static void a_vm_is_destroyed_while_it_is_in_its_guest(void **state)
{
    (void)state;
    user_ran(AT, 0U, 0U);
    meanwhile = destroy;
    runs(1U, BOOT_CPU);
    meanwhile = NULL;
    next_vm_runs_on(1U, SPARE);
}

/* The core that is left keeps what it remembers, until a later life comes back to it. */
/* REQ-ISO-013 REQ-LIF-002 */
static void a_vcpu_that_comes_back_to_a_core_finds_nothing_of_an_earlier_stay(void **state)
{
    (void)state;
    user_ran(AT, 0U, 0U);
    destroy();
    next_vm_runs_on(0U, SPARE);
    destroy();
    next_vm_runs_on(1U, HIGH_FROM);
}

/* REQ-ISO-013 REQ-LIF-001 */
static void a_reset_vm_has_nothing_of_its_guests_own_translations(void **state)
{
    (void)state;
    user_ran(AT, 0U, 0U);
    assert_int_equal(hypercall(HC_PAUSE_VM, USER, 0U), 0);
    assert_int_equal(hypercall(HC_RESET_VM, USER, 0U), 0);
    assert_int_equal(hypercall(HC_START_VM, USER, 0U), 0);
    runs(1U, BOOT_CPU);
    expect(0U, true, LENT + AT);
}

/* REQ-ISO-013 REQ-LIF-015 */
static void init_ends_the_guests_own_translations(void **state)
{
    (void)state;
    assert_int_equal(world_running(ON_BOTH), USER);
    vcpus[SECOND].sipi_wait = false;
    sched_wake(SECOND);
    touch(AT, 0U, 0U);
    runs(1U, SECOND);
    vcpu_receive_init(SECOND);
    vcpu_receive_sipi(SECOND, 8U);
    runs(1U, SECOND);
    expect(0U, true, LENT + AT);
}

/* Its tables stay as boot built them; its vCPUs begin anew. */
/* REQ-ISO-013 REQ-LIF-005 */
static void a_reloaded_service_vm_has_nothing_of_its_guests_own_translations(void **state)
{
    (void)state;
    vcpus[SERVICE_BSP].state = VCPU_RUNNABLE;
    touch(LENT, 0U, 0U);
    runs(0U, SERVICE_BSP);
    vcpu_stop(SERVICE_BSP);
    assert_int_equal(vm_boot_service(), STATUS_OK);
    runs(0U, SERVICE_BSP);
    expect(0U, true, LENT);
}

/* ---- exclusive VMs: their tables never change, their vCPUs begin anew ---- */

static void rtvm_ran(void)
{
    leaves_by = HV_EXIT_NMI;
    touch(AT, 0U, 0U);
    assert_int_equal(runs_exclusive(RTVM_BOOT), RUN_VCPU);
    expect(0U, true, RTVM_HPA + AT);
}

/* REQ-ISO-013 REQ-LIF-030 */
static void a_restarted_exclusive_vm_has_nothing_of_its_guests_own_translations(void **state)
{
    (void)state;
    memset(partition.table.vm[RTVM].on_fault, (int)PART_ON_FAULT_RESTART, sizeof(partition.table.vm[RTVM].on_fault));
    partition.table.vm[RTVM].restart_limit = 1U;
    rtvm_ran();
    leaves_by = HV_EXIT_SHUTDOWN;
    assert_int_equal(runs_exclusive(RTVM_BOOT), RUN_VCPU);
    leaves_by = HV_EXIT_NMI;
    assert_int_not_equal(runs_exclusive(RTVM_BOOT), RUN_VCPU);
    assert_int_not_equal(runs_exclusive(RTVM_NEXT), RUN_VCPU);
    assert_int_not_equal(runs_exclusive(RTVM_BOOT), RUN_VCPU); /* all have left: it is loaded anew */
    assert_int_equal(runs_exclusive(RTVM_BOOT), RUN_VCPU);
    expect(0U, true, RTVM_HPA + AT);
}

/* REQ-ISO-013 REQ-LIF-015 */
static void init_of_an_exclusive_vcpu_ends_the_guests_own_translations(void **state)
{
    (void)state;
    leaves_by = HV_EXIT_NMI;
    touch(AT, 0U, 0U);
    for (uint32_t i = 0U; i < 2U; i++) {
        exclusive_send_init(RTVM_NEXT);
        exclusive_send_sipi(RTVM_NEXT, 8U);
        assert_int_equal(runs_exclusive(RTVM_NEXT), RUN_VCPU);
        expect(0U, true, RTVM_HPA + AT);
    }
}

/* ---- tags ---- */

/* Each turn is one VM's alone. */
static void turn_of(vcpu_id_t id)
{
    vcpus[SERVICE_BSP].state = VCPU_HALTED;
    vcpus[BOOT_CPU].state = VCPU_HALTED;
    vcpus[vcpu_id(OTHER_VM, 0U)].state = VCPU_HALTED;
    vcpus[id].state = VCPU_RUNNABLE;
    runs(0U, id);
}

static void three_vms_take_turns(void)
{
    assert_int_equal(world_create(ON_CORE_0), USER);
    assert_int_equal(world_create(ON_CORE_0), OTHER_VM);
    assert_int_equal(world_region(USER, HC_REGION_ADD, WORLD_RWX_WB, SCRATCH, LENT, 0x100000U), 0);
    assert_int_equal(world_region(OTHER_VM, HC_REGION_ADD, WORLD_RWX_WB, SCRATCH, SPARE, 0x100000U), 0);
    vms[USER].state = VM_RUNNING;
    vms[OTHER_VM].state = VM_RUNNING;
    touch(SCRATCH, 0U, 0U);
    for (uint32_t i = 0U; i < 3U; i++) {
        turn_of(BOOT_CPU);
        expect(0U, true, LENT);
        turn_of(vcpu_id(OTHER_VM, 0U));
        expect(0U, true, SPARE);
        turn_of(SERVICE_BSP);
        expect(0U, true, SCRATCH);
    }
}

/* REQ-ISO-013 */
static void vms_that_take_turns_on_a_core_see_their_own_memory(void **state)
{
    (void)state;
    three_vms_take_turns();
}

/* A CPU with one tag for all guests. */
/* REQ-ISO-013 */
static void vms_that_share_a_tag_see_their_own_memory(void **state)
{
    (void)state;
    svm_features.asid_count = 2U;
    svm_features.flush_by_asid = true;
    vcpu_power_on(SERVICE_BSP); /* its tag again, of the fewer */
    three_vms_take_turns();
}

/* The flush of one ASID is enough, too. */
/* REQ-ISO-012 */
static void a_cpu_that_flushes_by_asid_forgets_what_was_deleted(void **state)
{
    (void)state;
    svm_features.flush_by_asid = true;
    user_ran(AT, 0U, 0U);
    meanwhile = delete_first;
    runs(1U, BOOT_CPU);
    meanwhile = NULL;
    runs(1U, BOOT_CPU);
    expect(0U, false, 0U);
    destroy();
    next_vm_runs_on(1U, SPARE);
}

/* REQ-ISO-012 REQ-ISO-013 */
static void a_cpu_without_vpids_forgets_what_was_deleted(void **state)
{
    (void)state;
    vmx_caps.ept_vpid &= ~(1ULL << 41); /* INVVPID cannot drop one */
    user_ran(AT, 0U, 0U);
    meanwhile = delete_first;
    runs(1U, BOOT_CPU);
    meanwhile = NULL;
    runs(1U, BOOT_CPU);
    expect(0U, false, 0U);
    destroy();
    next_vm_runs_on(1U, SPARE);
}

/* REQ-INT-033 */
static void a_local_apic_for_guests_is_the_vendors_to_offer(void **state)
{
    const uint32_t none[8] = { 0U };
    uint32_t isr[8] = { 1U };
    uint32_t irr[8] = { 2U };
    (void)state;
    vmx_has_apic = true;
    assert_int_equal(hw_apic_present(), vendor->entry_format == S2_FORMAT_EPT);
    if (hw_apic_present()) {
        hw_vcpu_apic_lend(BOOT_CPU, 0x40U, none, none, none);
        assert_int_equal(hw_vcpu_apic_take(BOOT_CPU, isr, irr), 0x40U);
        assert_int_equal(isr[0], 0U);
        assert_int_equal(irr[0], 2U);
    }
    vmx_has_apic = false;
    assert_false(hw_apic_present());
}

#define ON_BOTH_VENDORS(test) \
    { "AMD-V: " #test, test, on_svm, end_users, NULL }, { "VT-x: " #test, test, on_vmx, end_users, NULL }

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH_VENDORS(what_was_touched_is_remembered_until_a_flush),
        ON_BOTH_VENDORS(deleted_memory_is_gone_for_a_vcpu_that_ran_before),
        ON_BOTH_VENDORS(deleted_memory_is_gone_for_a_vcpu_in_its_guest),
        ON_BOTH_VENDORS(deleted_memory_is_gone_for_a_vcpu_that_is_about_to_enter),
        ON_BOTH_VENDORS(a_flush_is_owed_until_the_guest_was_entered),
        ON_BOTH_VENDORS(deleted_memory_is_gone_on_every_core_of_the_vm),
        ON_BOTH_VENDORS(restricted_memory_is_restricted_for_a_vcpu_that_ran_before),
        ON_BOTH_VENDORS(restricted_memory_is_restricted_for_a_vcpu_in_its_guest),
        ON_BOTH_VENDORS(a_right_that_is_given_back_can_be_used_at_once),
        ON_BOTH_VENDORS(a_page_deleted_out_of_a_large_one_is_gone),
        ON_BOTH_VENDORS(a_page_restricted_out_of_a_large_one_is_restricted),
        ON_BOTH_VENDORS(added_memory_is_there_at_once),
        ON_BOTH_VENDORS(a_table_that_serves_another_place_is_forgotten),
        ON_BOTH_VENDORS(memory_put_in_the_place_of_other_memory_is_what_is_seen),
        ON_BOTH_VENDORS(what_one_step_of_a_long_hypercall_deletes_is_gone_before_the_next),
        ON_BOTH_VENDORS(a_paused_vm_has_left_its_guest),
        ON_BOTH_VENDORS(a_new_vm_sees_nothing_of_the_one_that_had_its_number),
        ON_BOTH_VENDORS(a_vm_is_destroyed_while_it_is_in_its_guest),
        ON_BOTH_VENDORS(a_vcpu_that_comes_back_to_a_core_finds_nothing_of_an_earlier_stay),
        ON_BOTH_VENDORS(a_reset_vm_has_nothing_of_its_guests_own_translations),
        ON_BOTH_VENDORS(init_ends_the_guests_own_translations),
        ON_BOTH_VENDORS(a_reloaded_service_vm_has_nothing_of_its_guests_own_translations),
        ON_BOTH_VENDORS(a_restarted_exclusive_vm_has_nothing_of_its_guests_own_translations),
        ON_BOTH_VENDORS(init_of_an_exclusive_vcpu_ends_the_guests_own_translations),
        ON_BOTH_VENDORS(vms_that_take_turns_on_a_core_see_their_own_memory),
        ON_BOTH_VENDORS(vms_that_share_a_tag_see_their_own_memory),
        ON_BOTH_VENDORS(a_local_apic_for_guests_is_the_vendors_to_offer),
        cmocka_unit_test_setup_teardown(a_cpu_that_flushes_by_asid_forgets_what_was_deleted, on_svm, end_users),
        cmocka_unit_test_setup_teardown(a_cpu_without_vpids_forgets_what_was_deleted, on_vmx, end_users),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
