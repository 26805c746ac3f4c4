/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/crash.c core/crash_boot.c core/fault_policy.c fake/hw.c fake/memory.c fake/vcpu_hw.c */
/* Crash records: what is written, what a later boot makes of it, and which places are written over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "core/boot_info.h"
#include "core/crash.h"
#include "core/crc32.h"
#include "core/partition.h"
#include "core/stats.h"
#include "core/vm.h"
#include "fake/fake.h"
#include "stub_log.h"

#define BASE 0x3121000U
#define RTVM 1U
#define CORE 3U
#define EXCEPTION_AT(i) (BASE + HV_CRASH_EXCEPTION + ((i) * sizeof(struct hv_crash_exception)))
#define VM_AT(v) (BASE + HV_CRASH_VM + ((v) * sizeof(struct hv_crash_vm)))

struct boot_info boot_info;
union partition_storage partition;
struct vm vms[MAX_VM];
struct vcpu vcpus[MAX_VCPU];
struct vcpu_stats vcpu_stats[MAX_VCPU];
static const char *own_log;          /* of the core, as log_own_char() gives it */
static const struct hv_crash_frame registers = { .rax = 0xAAU, .vector = 14U, .error = 2U, .rip = 0x1001234U };
static struct hv_crash_exception exception;
static struct hv_crash_vm vm;
static struct hv_crash_header header;

char log_own_char(uint32_t back)
{
    size_t size = strlen(own_log);
    return (back <= size) ? own_log[size - back] : '\0';
}
void log_chars(const char *text, uint32_t size)
{
    char copy[64] = { 0 };
    memcpy(copy, text, (size < 63U) ? size : 63U);
    log_text(copy);
}

static void boot(void)
{
    log_lines = 0U;
    log_last[0] = '\0';
    crash_init(BASE);
}

static int setup(void **state)
{
    (void)state;
    fake_reset();
    memset(vms, 0, sizeof(vms));
    fake_tsc_hz = 1000000000U;
    fake_tsc = 5000000U;
    boot_info.entry_tsc = 1000000U;
    fake_current_pcpu = CORE;
    own_log = "one line\n";
    strcpy(vms[RTVM].name, "rtvm");
    boot();
    return 0;
}

static void read_all(uint32_t i)
{
    hw_phys_copy_in((uint8_t *)&exception, EXCEPTION_AT(i), (uint32_t)sizeof(exception));
    hw_phys_copy_in((uint8_t *)&header, BASE, (uint32_t)sizeof(header));
    hw_phys_copy_in((uint8_t *)&vm, VM_AT(RTVM), (uint32_t)sizeof(vm));
}

static void core_fails(uint32_t order)
{
    crash_exception(order, vcpu_id(RTVM, 1U), true, &registers, 0xC2U);
}

static void fail_vm(vm_id_t v)
{
    const struct crash_fault fault = { PART_FAULT_STAGE2, HV_CRASH_RESTARTED, 7U, 0x90000000U, 4000000U };
    crash_vm(vcpu_id(v, 1U), &fault);
}

/* The first test of the program: nothing is initialised yet. */
static void before_the_place_is_known_nothing_is_recorded(void **state)
{
    (void)state;
    own_log = "";
    fake_reset();
    core_fails(0U);
    fail_vm(RTVM);
    crash_seen();
    assert_int_equal(fake_pages_used(), 0U);
}

/* REQ-LIF-032 */
static void the_first_boot_finds_nothing_and_clears_what_ram_held(void **state)
{
    (void)state;
    hw_phys_write(BASE, 8U, 0x1234U);
    hw_phys_write(EXCEPTION_AT(0U), 4U, HV_CRASH_MAGIC);
    boot();
    assert_int_equal(log_lines, 0U);
    read_all(0U);
    assert_int_equal(header.magic, HV_CRASH_MAGIC);
    assert_int_equal(header.version, HV_CRASH_VERSION);
    assert_int_equal(header.boot, 1U);
    assert_int_equal(exception.magic, 0U);
}

/* REQ-LIF-032 */
static void an_exception_is_recorded_whole(void **state)
{
    (void)state;
    core_fails(0U);
    read_all(0U);
    assert_int_equal(exception.magic, HV_CRASH_MAGIC);
    assert_int_equal(exception.boot, 1U);
    assert_int_equal(exception.core, CORE);
    assert_int_equal(exception.tsc, fake_tsc);
    assert_int_equal(exception.uptime_us, 4000U);
    assert_int_equal(exception.exclusive, 1U);
    assert_int_equal(exception.vcpu, vcpu_id(RTVM, 1U));
    assert_string_equal(exception.name, "rtvm");
    assert_memory_equal(&exception.registers, &registers, sizeof(registers));
    assert_int_equal(exception.cr2, 0xC2U);
    assert_int_equal(exception.log[0], '\0');
    assert_memory_equal(&exception.log[HV_CRASH_LOG - 9U], "one line\n", 9U);
    assert_int_equal(fake_crash_flushed, HV_CRASH_EXCEPTION + sizeof(exception));
}

/* REQ-LIF-032 */
static void a_core_without_a_vcpu_and_without_a_clock_is_recorded_too(void **state)
{
    (void)state;
    fake_tsc_hz = 0U;
    crash_exception(0U, ID_NONE, false, &registers, 0xC2U);
    read_all(0U);
    assert_int_equal(exception.uptime_us, 0U);
    assert_int_equal(exception.exclusive, 0U);
    assert_int_equal(exception.vcpu, HV_CRASH_NO_VCPU);
    assert_string_equal(exception.name, "");
    boot();
    assert_string_equal(log_last, "crash: boot 1, 0 s: exception of the hypervisor on core 3: vector 14 error 0x2 cr2 0xc2 rip 0x1001234");
}

/* REQ-LIF-032 */
static void the_next_boot_tells_it_and_so_does_every_further_one_until_it_is_seen(void **state)
{
    (void)state;
    boot_info.entry_tsc = 0U;
    fake_tsc = 12345678901U;
    core_fails(0U);
    for (uint32_t i = 0U; i < 2U; i++) {
        boot();
        assert_int_equal(log_lines, 1U);
        assert_string_equal(log_last, "crash: boot 1, 12 s: exception of the hypervisor on core 3: vector 14 error 0x2 cr2 0xc2 rip 0x1001234");
    }
    crash_seen();
    boot();
    assert_int_equal(log_lines, 0U);
    read_all(0U);
    assert_int_equal(exception.magic, HV_CRASH_MAGIC); /* seen is not erased */
    assert_int_equal(header.boot, 4U);
    assert_int_equal(header.seen_boot, 3U);
}

/* REQ-LIF-032 */
static void what_fails_after_it_was_seen_is_new(void **state)
{
    (void)state;
    core_fails(0U);
    crash_seen();
    fake_tsc++;
    core_fails(1U);
    boot();
    assert_int_equal(log_lines, 1U);
}

/* REQ-LIF-046 */
static void a_vm_keeps_its_latest_fault_and_their_number(void **state)
{
    (void)state;
    vcpu_stats[vcpu_id(RTVM, 1U)].last_reason = HV_EXIT_MMIO;
    vcpu_regs[vcpu_id(RTVM, 1U)].rip = 0x4000U;
    vcpu_regs[vcpu_id(RTVM, 1U)].rflags = 0x202U;
    vcpu_regs[vcpu_id(RTVM, 1U)].gpr[GPR_R15] = 15U;
    fail_vm(RTVM);
    read_all(0U);
    const uint32_t count = vm.count;
    fail_vm(RTVM);
    fail_vm(RTVM + 1U);
    read_all(0U);
    assert_int_equal(vm.magic, HV_CRASH_MAGIC);
    assert_int_equal(vm.boot, 1U);
    assert_int_equal(vm.fault, PART_FAULT_STAGE2 + 1U);
    assert_int_equal(vm.tsc, 4000000U);
    assert_int_equal(vm.uptime_us, 3000U);
    assert_string_equal(vm.name, "rtvm");
    assert_int_equal(vm.vm, RTVM);
    assert_int_equal(vm.vcpu, 1U);
    assert_int_equal(vm.core, CORE);
    assert_int_equal(vm.action, HV_CRASH_RESTARTED);
    assert_int_equal(vm.count, count + 1U);
    assert_int_equal(vm.restarts, 7U);
    assert_int_equal(vm.exit_reason, HV_EXIT_MMIO);
    assert_int_equal(vm.detail, 0x90000000U);
    assert_int_equal(vm.rip, 0x4000U);
    assert_int_equal(vm.rflags, 0x202U);
    assert_int_equal(vm.gpr[GPR_R15], 15U);
    boot();
    assert_int_equal(log_lines, 2U);
    crash_seen();
    boot();
    assert_int_equal(log_lines, 0U);
}

/* REQ-LIF-046 */
static void the_log_says_which_vm_failed_and_where(void **state)
{
    (void)state;
    vcpu_regs[vcpu_id(RTVM, 1U)].rip = 0x4000U;
    fail_vm(RTVM);
    read_all(0U);
    boot();
    char wanted[128];
    (void)snprintf(wanted, sizeof(wanted), "crash: boot 1, 0 s: VM rtvm: access to unmapped address 0x90000000 at 0x4000, fault %u of that boot", vm.count);
    assert_string_equal(log_last, wanted);
}

/* REQ-LIF-032 */
static void damaged_records_are_refused_by_name_and_their_places_are_free(void **state)
{
    (void)state;
    core_fails(0U);
    core_fails(1U);
    hw_phys_write(EXCEPTION_AT(1U) + 500U, 1U, 0xFFU);
    boot();
    assert_int_equal(log_lines, 2U);
    assert_string_equal(log_last, "crash: the record of exception 1 is damaged and does not count");
    core_fails(0U); /* into place 1, as one that is damaged goes first; all free ones count as much */
    boot();
    assert_int_equal(log_lines, 2U);
    assert_true(strstr(log_last, "boot 2") != NULL);
}

/* REQ-LIF-032 */
static void a_record_that_was_never_completed_is_damaged(void **state)
{
    (void)state;
    fail_vm(RTVM);
    hw_phys_write(VM_AT(RTVM) + 4U, 4U, 0U); /* as writer_begin() leaves it */
    boot();
    assert_int_equal(log_lines, 1U);
    assert_string_equal(log_last, "crash: the record of VM 1 is damaged and does not count");
}

/* REQ-LIF-032 */
static void without_its_header_records_still_count(void **state)
{
    (void)state;
    core_fails(0U);
    crash_seen();
    hw_phys_write(BASE + 16U, 1U, 0xFFU);
    boot();
    assert_int_equal(log_lines, 2U); /* the header, and the exception as not seen */
    read_all(0U);
    assert_int_equal(header.boot, 2U);
    assert_int_equal(header.seen_boot, 0U);
}

static void take_all_places(void)
{
    for (uint32_t i = 0U; i < HV_CRASH_EXCEPTIONS; i++) {
        core_fails(i);
    }
}

/* REQ-LIF-032 */
static void the_first_exceptions_of_a_boot_stay_and_those_of_the_oldest_boot_go_first(void **state)
{
    (void)state;
    take_all_places();
    fake_current_pcpu = CORE + 1U;
    core_fails(HV_CRASH_EXCEPTIONS);
    for (uint32_t i = 0U; i < HV_CRASH_EXCEPTIONS; i++) {
        read_all(i);
        assert_int_equal(exception.core, CORE);
    }
    boot();
    core_fails(0U); /* over place 0 */
    boot();
    core_fails(0U); /* over place 1: place 0 is of a younger boot */
    read_all(0U);
    assert_int_equal(exception.boot, 2U);
    read_all(1U);
    assert_int_equal(exception.boot, 3U);
    read_all(2U);
    assert_int_equal(exception.boot, 1U);
}

/* REQ-LIF-032 */
static void a_boot_number_is_above_all_that_are_on_record(void **state)
{
    (void)state;
    boot();
    boot();
    core_fails(0U);
    fail_vm(RTVM);
    hw_phys_write(BASE + 8U, 4U, HV_CRASH_VERSION + 1U); /* a damaged header does not know the boot */
    boot();
    read_all(0U);
    assert_int_equal(header.boot, 4U);
}

/* REQ-LIF-032 */
static void a_header_of_another_version_is_not_believed(void **state)
{
    struct hv_crash_header other = { .magic = HV_CRASH_MAGIC, .version = HV_CRASH_VERSION + 1U, .boot = 77U, .seen_boot = 77U };
    uint32_t crc = CRC32_BEGIN;
    (void)state;
    core_fails(0U);
    for (uint32_t i = 8U; i < sizeof(other); i++) {
        crc = crc32_step(crc, ((const uint8_t *)&other)[i]);
    }
    other.crc32 = ~crc;
    hw_phys_copy_out(BASE, (const uint8_t *)&other, (uint32_t)sizeof(other));
    boot();
    assert_int_equal(log_lines, 2U); /* it, and the exception as not seen */
    read_all(0U);
    assert_int_equal(header.boot, 2U);
    assert_int_equal(header.version, HV_CRASH_VERSION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(before_the_place_is_known_nothing_is_recorded),
        cmocka_unit_test_setup(the_first_boot_finds_nothing_and_clears_what_ram_held, setup),
        cmocka_unit_test_setup(an_exception_is_recorded_whole, setup),
        cmocka_unit_test_setup(a_core_without_a_vcpu_and_without_a_clock_is_recorded_too, setup),
        cmocka_unit_test_setup(the_next_boot_tells_it_and_so_does_every_further_one_until_it_is_seen, setup),
        cmocka_unit_test_setup(what_fails_after_it_was_seen_is_new, setup),
        cmocka_unit_test_setup(a_vm_keeps_its_latest_fault_and_their_number, setup),
        cmocka_unit_test_setup(the_log_says_which_vm_failed_and_where, setup),
        cmocka_unit_test_setup(damaged_records_are_refused_by_name_and_their_places_are_free, setup),
        cmocka_unit_test_setup(a_record_that_was_never_completed_is_damaged, setup),
        cmocka_unit_test_setup(without_its_header_records_still_count, setup),
        cmocka_unit_test_setup(the_first_exceptions_of_a_boot_stay_and_those_of_the_oldest_boot_go_first, setup),
        cmocka_unit_test_setup(a_header_of_another_version_is_not_believed, setup),
        cmocka_unit_test_setup(a_boot_number_is_above_all_that_are_on_record, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
