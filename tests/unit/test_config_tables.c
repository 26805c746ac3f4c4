/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/partition.c core/partition_vm.c core/partition_memory.c core/partition_policy.c core/partition_health.c core/partition_device.c core/partition_ivshmem.c core/partition_link.c */
/* unit-needs: build/configs/demo.part build/configs/rt-only.part build/configs/service-only.part build/configs/minimal.part build/configs/rt-linux.part build/configs/rt-linux-smp.part */
/* The hypervisor's validator accepts what the config compiler wrote for the shipped scenarios. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/boot_info.h"
#include "core/partition.h"

struct boot_info boot_info;
struct platform platform;

/* Every tag is there: this test is about tables. */
uint32_t boot_module_find(const char *tag)
{
    (void)tag;
    return 0U;
}

/* QEMU q35 with 4 cores and 4 GiB, as its firmware describes it. */
static void machine_q35(void)
{
    static const struct boot_range map[] = {
        { 0x0U, 0x9FC00U, BOOT_RAM },
        { 0x9FC00U, 0x400U, BOOT_RESERVED },
        { 0xF0000U, 0x10000U, BOOT_RESERVED },
        { 0x100000U, 0x7FEDF000U, BOOT_RAM },
        { 0x7FFDF000U, 0x21000U, BOOT_RESERVED },
        { 0xB0000000U, 0x10000000U, BOOT_RESERVED },
        { 0x100000000U, 0x80000000U, BOOT_RAM },
    };
    memset(&boot_info, 0, sizeof(boot_info));
    memset(&platform, 0, sizeof(platform));
    memcpy(boot_info.range, map, sizeof(map));
    boot_info.range_count = sizeof(map) / sizeof(map[0]);
    boot_info.image_base = 0x200000U;
    boot_info.image_size = 0x4000000U;
    platform.pcpu_count = 4U;
    platform.x2apic = true;
    platform.ioapic_base = 0xFEC00000U;
    platform.mmconfig_base = 0xB0000000U;
    platform.mmconfig_buses = 256U;
    platform.pm1a_control = 0x604U;
}

static void accepts(const char *name)
{
    char path[128];
    machine_q35();
    memset(&partition, 0, sizeof(partition));
    (void)snprintf(path, sizeof(path), "build/configs/%s.part", name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(partition.bytes, 1U, sizeof(partition.bytes), file);
    (void)fclose(file);
    struct partition_verdict verdict = partition_validate((uint32_t)size);
    assert_string_equal(verdict.reason, "");
    assert_true(verdict.valid);
}

/* REQ-CFG-002 REQ-TOO-002 */
static void demo_table_is_valid(void **state) { (void)state; accepts("demo"); }
/* REQ-RT-013 */
static void rt_only_table_is_valid(void **state) { (void)state; accepts("rt-only"); }
static void service_only_table_is_valid(void **state) { (void)state; accepts("service-only"); }
static void minimal_table_is_valid(void **state) { (void)state; accepts("minimal"); }
/* REQ-TOO-002 */
static void rt_linux_table_is_valid(void **state) { (void)state; accepts("rt-linux"); }
static void rt_linux_smp_table_is_valid(void **state) { (void)state; accepts("rt-linux-smp"); }

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(demo_table_is_valid), cmocka_unit_test(rt_only_table_is_valid),
        cmocka_unit_test(service_only_table_is_valid), cmocka_unit_test(minimal_table_is_valid), cmocka_unit_test(rt_linux_table_is_valid),
        cmocka_unit_test(rt_linux_smp_table_is_valid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
