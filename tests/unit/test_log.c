/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: all */
/* The log's lines and rings, what is published of them and of the counters, and module tags. */
#include "world.h"

#include "abi/hv_info.h"
#include "core/stats.h"

#define LOG_HPA   (TELEMETRY_HPA + HV_LOG_OFFSET)
#define STATS_HPA (TELEMETRY_HPA + HV_STATS_OFFSET)

static const char *drained(void)
{
    static size_t seen;
    const char *from;
    seen = strlen(fake_log());
    from = fake_log() + seen;
    log_flush();
    return from;
}

static void test_a_line_has_seconds_module_and_text(void **state)
{
    (void)state;
    (void)drained();
    fake_tsc = boot_info.entry_tsc + 12034567891U;
    log_begin("part");
    log_text("value ");
    log_dec(0U);
    log_text("/");
    log_dec(18446744073709551615U);
    log_text(" ");
    log_hex(0U);
    log_hex(0xFEE00000U);
    log_end();
    assert_string_equal(drained(), "[   12.034567] part: value 0/18446744073709551615 0x00xfee00000\n");
}

/* REQ-LIF-014 */
static void test_bytes_of_a_guest_are_made_printable(void **state)
{
    (void)state;
    (void)drained();
    log_begin("m");
    log_chars("a\n\x1B[2J\x80z", 7U);
    log_end();
    assert_non_null(strstr(drained(), "m: a??[2J?"));
}

/* REQ-LIF-014 */
static void test_an_endless_line_is_cut_and_says_so(void **state)
{
    const char *text;
    (void)state;
    (void)drained();
    log_begin("m");
    for (uint32_t i = 0U; i < 1000U; i++) {
        log_text("xxxxxxxxxx");
    }
    log_end();
    text = drained();
    assert_true(strlen(text) < 300U);
    assert_non_null(strstr(text, " [cut]\n"));
}

/* REQ-RT-007 */
static void test_a_full_ring_loses_lines_but_no_order(void **state)
{
    const char *text;
    uint32_t lines = 0U;
    (void)state;
    (void)drained();
    for (uint32_t i = 0U; i < 500U; i++) {
        log_line("m", "0123456789012345678901234567890123456789");
    }
    text = drained();
    for (uint32_t i = 0U; text[i] != '\0'; i++) {
        lines += (text[i] == '\n') ? 1U : 0U;
    }
    assert_in_range(strlen(text), 3800U, 4096U);
    assert_true(lines > 50U);
    log_line("m", "again");
    assert_non_null(strstr(drained(), "m: again\n"));
}

/* REQ-RT-007 */
static void test_a_core_writes_without_the_drainer_and_without_others(void **state)
{
    const char *text;
    (void)state;
    (void)drained();
    log_begin("zero");
    fake_current_pcpu = 3U;
    log_line("three", "whole");
    fake_current_pcpu = 0U;
    log_text("late");
    assert_non_null(strstr(drained(), "three: whole\n"));
    log_end();
    text = drained();
    assert_non_null(strstr(text, "zero: late\n"));
}

static void test_the_ring_in_memory_gets_what_the_uart_got(void **state)
{
    uint64_t written = hw_phys_read(LOG_HPA + 8U, 8U);
    char found[6] = { 0 };
    (void)state;
    (void)drained();
    written = hw_phys_read(LOG_HPA + 8U, 8U);
    log_line("m", "ring!");
    log_flush();
    assert_int_equal(hw_phys_read(LOG_HPA, 4U), HV_LOG_MAGIC);
    written = hw_phys_read(LOG_HPA + 8U, 8U);
    hw_phys_copy_in((uint8_t *)found, LOG_HPA + 16U + ((written - 6U) % hw_phys_read(LOG_HPA + 4U, 4U)), 5U);
    assert_string_equal(found, "ring!");
}

/* REQ-IO-012 */
static void test_the_information_page_names_what_the_service_vm_may_map(void **state)
{
    struct hv_info info;
    (void)state;
    hw_phys_copy_in((uint8_t *)&info, TELEMETRY_HPA, sizeof(info));
    assert_int_equal(info.magic, HV_INFO_MAGIC);
    assert_int_equal(info.region_count, 4U);
    assert_string_equal(info.region[0].name, "stats");
    assert_int_equal(info.region[0].gpa, STATS_HPA);
    assert_int_equal(info.region[1].kind, HV_REGION_LOG);
    assert_int_equal(info.region[1].gpa, LOG_HPA);
}

/* REQ-RT-014 */
static void test_published_counters_are_those_of_the_run_loops(void **state)
{
    struct hv_stats stats;
    vm_id_t v = world_running(1U);
    (void)state;
    vcpu_stats[vcpu_id(v, 0U)].exits_total = 77U;
    vcpu_stats[vcpu_id(v, 0U)].exits[HV_EXIT_HLT] = 70U;
    stats_publish();
    hw_phys_copy_in((uint8_t *)&stats, STATS_HPA, sizeof(stats));
    assert_int_equal(stats.magic, HV_STATS_MAGIC);
    assert_int_equal(stats.sequence % 2U, 0U);
    assert_string_equal(stats.vm[v].name, "user");
    assert_int_equal(stats.vm[v].state, VM_RUNNING);
    assert_int_equal(stats.vm[v].kind, 3U);
    assert_int_equal(stats.vm[v].memory_size, 0x100000U);
    assert_int_equal(stats.vm[v].vcpu[0].exits_total, 77U);
    assert_int_equal(stats.vm[v].vcpu[0].exits[HV_EXIT_HLT], 70U);
    assert_int_equal(stats.vm[RTVM].exclusive, 1U);
    world_destroy(v);
    hw_phys_copy_in((uint8_t *)&stats, STATS_HPA, sizeof(stats));
    assert_int_equal(stats.vm[v].state, VM_FREE);
    assert_int_equal(stats.vm[v].name[0], 0);
}

static void test_a_new_life_counts_from_zero(void **state)
{
    vm_id_t v = world_create(1U);
    (void)state;
    assert_int_equal(vcpu_stats[vcpu_id(v, 0U)].exits_total, 0U);
    world_destroy(v);
}

/* REQ-LIF-014 */
static void test_a_guest_cannot_flood_the_log(void **state)
{
    uint32_t allowed = 0U;
    (void)state;
    for (uint32_t i = 0U; i < 1000U; i++) {
        allowed += vm_may_log(RTVM) ? 1U : 0U;
    }
    assert_in_range(allowed, 1U, 10U);
    fake_tsc += fake_tsc_hz;
    assert_true(vm_may_log(RTVM));
}

static void test_a_module_is_found_by_a_whole_word(void **state)
{
    (void)state;
    boot_info.module_count = 2U;
    strcpy(boot_info.module[1].tags, "path/rtvm service-kernel  last");
    assert_int_equal(boot_module_find("image"), 0U);
    assert_int_equal(boot_module_find("service-kernel"), 1U);
    assert_int_equal(boot_module_find("last"), 1U);
    assert_int_equal(boot_module_find("service"), ID_NONE);
    assert_int_equal(boot_module_find("kernel"), ID_NONE);
    assert_int_equal(boot_module_find("rtvm"), ID_NONE);
    assert_int_equal(boot_module_find(""), ID_NONE);
    memset(boot_info.module[1].tags, 'x', BOOT_STRING_SIZE);
    assert_int_equal(boot_module_find("xx"), ID_NONE);
    boot_info.module_count = 1U;
}

static size_t drain_once(uint64_t now)
{
    size_t had = strlen(fake_log());
    (void)log_drain(now);
    return strlen(fake_log()) - had;
}

static void test_one_pass_writes_what_the_uart_takes_at_once(void **state)
{
    uint64_t now = fake_tsc + fake_tsc_hz;
    uint64_t due;
    (void)state;
    (void)drained();
    log_line("m", "0123456789012345678901234567890123456789");
    assert_int_equal(drain_once(now), 16U);
    assert_int_equal(drain_once(now), 0U);
    due = log_drain(now);
    assert_in_range(due - now, fake_tsc_hz / 720U, fake_tsc_hz / 100U); /* 16 bytes take 1.39 ms at 115200 baud */
    assert_int_equal(drain_once(due - 1U), 0U);
    assert_int_equal(drain_once(due), 16U);
    (void)drained();
    assert_int_equal(log_drain(due + fake_tsc_hz), TIME_NEVER);
}

static void a_core_logs_meanwhile(void)
{
    fake_on_fence = NULL;
    fake_current_pcpu = 3U;
    log_line("three", "has come meanwhile");
    fake_current_pcpu = 0U;
}

/* The drainer takes the word back that something waits; from then on a line counts as new, whether the look that follows finds it or not. */
static void test_a_line_that_comes_while_the_drainer_begins_is_not_forgotten(void **state)
{
    uint64_t now = fake_tsc + (5U * fake_tsc_hz);
    (void)state;
    (void)drained();
    log_line("zero", "first");
    fake_on_fence = a_core_logs_meanwhile;
    while (log_drain(now) != TIME_NEVER) {
        now += fake_tsc_hz;
    }
    assert_null(fake_on_fence);
    assert_non_null(strstr(fake_log(), "three: has come meanwhile\n"));
}

static void test_lines_of_two_cores_stay_whole_and_take_turns(void **state)
{
    const char *text;
    uint64_t now = fake_tsc + (10U * fake_tsc_hz);
    size_t had;
    (void)state;
    (void)drained();
    had = strlen(fake_log());
    log_line("zero", "a line that is longer than one pass of the drainer");
    log_line("zero", "second");
    fake_current_pcpu = 3U;
    log_line("three", "of another core");
    fake_current_pcpu = 0U;
    while (log_drain(now) != TIME_NEVER) {
        now += fake_tsc_hz;
    }
    text = fake_log() + had;
    assert_non_null(strstr(text, "zero: a line that is longer than one pass of the drainer\n"));
    assert_non_null(strstr(text, "three: of another core\n"));
    assert_true(strstr(text, "three:") < strstr(text, "second"));
}

static void test_a_core_comes_back_for_what_the_log_has_left(void **state)
{
    (void)state;
    (void)drained();
    fake_tsc += 1000U * fake_tsc_hz;
    log_line("m", "0123456789012345678901234567890123456789");
    (void)core_next(0U);
    assert_in_range(fake_pcpu[0].timer, fake_tsc + 1U, fake_tsc + (fake_tsc_hz / 100U));
    (void)drained();
}

static void test_a_text_or_name_without_end_is_cut(void **state)
{
    static char endless[300];
    (void)state;
    (void)drained();
    memset(endless, 'x', sizeof(endless) - 1U);
    log_begin("m");
    log_text(endless);
    log_end();
    assert_non_null(strstr(drained(), "xxx [cut]\n"));
    log_begin("m");
    log_chars(endless, sizeof(endless));
    log_end();
    assert_non_null(strstr(drained(), "xxx [cut]\n"));
}

/* REQ-LIF-014 */
static void test_bytes_above_the_printable_ones_are_replaced(void **state)
{
    (void)state;
    (void)drained();
    log_begin("m");
    log_chars("a\x7F~", 3U);
    log_end();
    assert_non_null(strstr(drained(), "m: a?~"));
}

static void test_time_is_zero_until_the_rate_is_known(void **state)
{
    uint64_t hz = fake_tsc_hz;
    (void)state;
    (void)drained();
    fake_tsc_hz = 0U;
    log_line("m", "early");
    fake_tsc_hz = hz;
    assert_string_equal(drained(), "[    0.000000] m: early\n");
}

static void test_microseconds_stay_below_a_second(void **state)
{
    uint64_t hz = fake_tsc_hz;
    uint64_t tsc = fake_tsc;
    (void)state;
    (void)drained();
    fake_tsc_hz = 1999999U; /* not a whole number of ticks a microsecond */
    fake_tsc = boot_info.entry_tsc + 1999998U;
    log_line("m", "slow");
    fake_tsc_hz = hz;
    fake_tsc = tsc;
    assert_string_equal(drained(), "[    0.999999] m: slow\n");
}

/* REQ-LIF-032 */
static void test_a_core_finds_its_own_last_lines_again(void **state)
{
    (void)state;
    fake_current_pcpu = 9U;
    assert_int_equal(log_own_char(1U), '\0');
    log_line("x", "before");
    (void)drained();
    fake_current_pcpu = 8U;
    log_line("x", "another's");
    fake_current_pcpu = 9U;
    log_begin("x");
    log_text("not yet ended");
    assert_int_equal(log_own_char(1U), '\n');
    assert_int_equal(log_own_char(2U), 'e');
    assert_int_equal(log_own_char(7U), 'b');
    fake_current_pcpu = 0U;
}

/* The ring wraps around; what is 768 characters back is still there. */
static void test_last_lines_go_round_the_ring(void **state)
{
    (void)state;
    fake_current_pcpu = 9U;
    for (uint32_t i = 0U; i < 200U; i++) {
        log_line("x", "a line that is neither long nor short");
        (void)drained();
    }
    assert_int_equal(log_own_char(1U), '\n');
    assert_int_equal(log_own_char(2U), 't');
    assert_true(log_own_char(768U) != '\0');
    fake_current_pcpu = 0U;
}

static void test_a_tag_may_fill_its_field(void **state)
{
    static char tag[BOOT_STRING_SIZE + 1U];
    struct boot_info before = boot_info;
    (void)state;
    memset(tag, 't', BOOT_STRING_SIZE);
    memset(boot_info.module[1].tags, 't', BOOT_STRING_SIZE);
    boot_info.module_count = 2U;
    assert_int_equal(boot_module_find(tag), 1U);
    boot_info = before;
}

static void test_no_more_modules_are_looked_at_than_there_can_be(void **state)
{
    struct boot_info before = boot_info;
    (void)state;
    boot_info.module_count = MAX_BOOT_MODULE + 1U;
    assert_int_equal(boot_module_find("nobody"), ID_NONE);
    boot_info = before;
}

static void test_a_flush_empties_full_rings_of_all_cores(void **state)
{
    (void)state;
    (void)drained();
    for (fake_current_pcpu = 0U; fake_current_pcpu < MAX_PCPU; fake_current_pcpu++) {
        for (uint32_t i = 0U; i < 100U; i++) {
            log_line("m", "0123456789012345678901234567890123456789012345678901234567890123456789");
        }
    }
    fake_current_pcpu = 0U;
    log_flush();
    assert_int_equal(log_drain(fake_tsc + (10U * fake_tsc_hz)), TIME_NEVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_line_has_seconds_module_and_text),
        cmocka_unit_test(test_bytes_of_a_guest_are_made_printable),
        cmocka_unit_test(test_an_endless_line_is_cut_and_says_so),
        cmocka_unit_test(test_a_full_ring_loses_lines_but_no_order),
        cmocka_unit_test(test_one_pass_writes_what_the_uart_takes_at_once),
        cmocka_unit_test(test_a_line_that_comes_while_the_drainer_begins_is_not_forgotten),
        cmocka_unit_test(test_lines_of_two_cores_stay_whole_and_take_turns),
        cmocka_unit_test(test_a_core_comes_back_for_what_the_log_has_left),
        cmocka_unit_test(test_a_core_writes_without_the_drainer_and_without_others),
        cmocka_unit_test(test_the_ring_in_memory_gets_what_the_uart_got),
        cmocka_unit_test(test_the_information_page_names_what_the_service_vm_may_map),
        cmocka_unit_test(test_published_counters_are_those_of_the_run_loops),
        cmocka_unit_test(test_a_new_life_counts_from_zero),
        cmocka_unit_test(test_a_guest_cannot_flood_the_log),
        cmocka_unit_test(test_a_module_is_found_by_a_whole_word),
        cmocka_unit_test(test_a_text_or_name_without_end_is_cut),
        cmocka_unit_test(test_bytes_above_the_printable_ones_are_replaced),
        cmocka_unit_test(test_time_is_zero_until_the_rate_is_known),
        cmocka_unit_test(test_microseconds_stay_below_a_second),
        cmocka_unit_test(test_a_core_finds_its_own_last_lines_again),
        cmocka_unit_test(test_last_lines_go_round_the_ring),
        cmocka_unit_test(test_a_tag_may_fill_its_field),
        cmocka_unit_test(test_no_more_modules_are_looked_at_than_there_can_be),
        cmocka_unit_test(test_a_flush_empties_full_rings_of_all_cores),
    };
    return cmocka_run_group_tests(tests, world_start, NULL);
}
