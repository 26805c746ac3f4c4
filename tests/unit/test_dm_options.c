/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of bhdm: what is not understood is refused.
 * unit-sources: /dm/options.c /dm/mmio.c /dm/net.c /tests/unit/dm_fake_hsm.c /dm/host_pci.c /dm/console.c /dm/loop.c /dm/log.c */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "dm/options.h"

static struct options options;

#define PARSE(...) parse((char *[]){"bhdm", __VA_ARGS__, NULL})
#define BASE "--name", "user1", "--kernel", "k", "--memory", "256M"

static enum options_result parse(char **arguments)
{
    int count = 0;

    while (arguments[count] != NULL) {
        count++;
    }
    return options_parse(&options, count, arguments);
}

static void takes_the_least(void **state)
{
    (void)state;
    assert_int_equal(PARSE(BASE), OPTIONS_RUN);
    assert_string_equal(options.name, "user1");
    assert_int_equal(options.memory_size, 256ULL << 20);
    assert_int_equal(options.vcpu_count, 1);
    assert_int_equal(options.affinity, 0); /* the hypervisor chooses the core */
    assert_string_equal(options.cmdline, "console=hvc0");
    assert_string_equal(options.console, "stdio");
    assert_string_equal(options.device, "/dev/acrn_hsm");
}

static void takes_everything(void **state)
{
    (void)state;
    assert_int_equal(PARSE("--name", "a.b-c_9", "--kernel=k", "--initrd", "i", "--cmdline", "quiet", "--memory", "2g", "--affinity", "0x6",
                           "--console", "pty", "--serial", "/dev/ttyS3", "--disk", "file=/a,b.img", "--disk", "file=/dev/vdb,ro", "--rng",
                           "--pci", "00:03.0", "--pci", "0000:1f:1F.7,as-is", "--ivshmem", "link", "--ivshmem", "region-of_15-ch",
                           "--net", "link:/run/a", "--net", "link:/run/b,mac=02:00:00:00:00:01",
                           "--mmio", "0xfed40000,20K", "--mmio", "0x80000000,0x1000,guest=0xe8000000", "--mmio", "4272947200,1m",
                           "--hugepages", "--pidfile", "p", "--status-file", "e", "--hsm", "/dev/x", "--stop-timeout", "0"), OPTIONS_RUN);
    assert_int_equal(options.memory_size, 2ULL << 30);
    assert_int_equal(options.affinity, 6);
    assert_int_equal(options.vcpu_count, 2);
    assert_int_equal(options.disk_count, 2);
    assert_string_equal(options.disk[0].path, "/a,b.img");
    assert_false(options.disk[0].read_only);
    assert_string_equal(options.disk[1].path, "/dev/vdb");
    assert_true(options.disk[1].read_only);
    assert_int_equal(options.net_count, 2);
    assert_string_equal(options.net[1].path, "/run/b");
    assert_true(options.net[1].has_mac);
    assert_int_equal(options.ivshmem_count, 2);
    assert_string_equal(options.ivshmem[0], "link");
    assert_string_equal(options.ivshmem[1], "region-of_15-ch");
    assert_int_equal(options.function_count, 2);
    assert_string_equal(options.function[0].address, "0000:00:03.0");
    assert_string_equal(options.function[1].address, "0000:1f:1f.7");
    assert_true(!options.function[0].as_is && options.function[1].as_is);
    assert_int_equal(options.mmio_count, 3);
    assert_int_equal(options.mmio[0].base, 0xFED40000);
    assert_int_equal(options.mmio[0].size, 0x5000);
    assert_int_equal(options.mmio[0].guest, 0xFED40000);
    assert_int_equal(options.mmio[1].base, 0x80000000);
    assert_int_equal(options.mmio[1].size, 0x1000);
    assert_int_equal(options.mmio[1].guest, 0xE8000000);
    assert_int_equal(options.mmio[2].base, 0xFEB00000);
    assert_int_equal(options.mmio[2].size, 1 << 20);
    assert_string_equal(options.events, "e");
    assert_int_equal(options.stop_timeout_s, 0);
}

static void prints_help_and_version(void **state)
{
    (void)state;
    assert_int_equal(PARSE("--help"), OPTIONS_DONE);
    assert_int_equal(PARSE("--version"), OPTIONS_DONE);
}

/* REQ-DM-009 */
static void refuses_what_is_missing(void **state)
{
    (void)state;
    assert_int_equal(options_parse(&options, 1, (char *[]){"bhdm", NULL}), OPTIONS_BAD);
    assert_int_equal(PARSE("--name", "a", "--kernel", "k"), OPTIONS_BAD);
    assert_int_equal(PARSE("--name", "a", "--memory", "64M"), OPTIONS_BAD);
    assert_int_equal(PARSE("--kernel", "k", "--memory", "64M"), OPTIONS_BAD);
    assert_int_equal(PARSE("--name"), OPTIONS_BAD);
}

/* REQ-DM-009 */
static void refuses_bad_values(void **state)
{
    static char *bad[][2] = {
        {"--name", ""}, {"--name", "sixteen-letters-"}, {"--name", "a b"}, {"--name", "a\"b"}, {"--memory", "0M"}, {"--memory", "64"},
        {"--memory", "-64M"}, {"--memory", "65M"}, {"--memory", "99999999999999999999G"}, {"--memory", "512G"}, {"--memory", "M"},
        {"--memory", "64MB"}, {"--cpus", "0"}, {"--cpus", "9"}, {"--cpus", "1x"}, {"--cpus", "-1"}, {"--affinity", "0"},
        {"--affinity", "0x1ff"}, {"--affinity", "x"}, {"--console", "file:"}, {"--console", "unix:"}, {"--console", "screen"},
        {"--serial", ""}, {"--disk", "/a"}, {"--disk", "file="}, {"--disk", "file=,ro"}, {"--stop-timeout", "-1"}, {"--unknown", "1"},
        {"--pci", ""}, {"--pci", "03.0"}, {"--pci", "00:20.0"}, {"--pci", "00:03.8"}, {"--pci", "00:03.0x"}, {"--pci", "0001:00:03.0"}, {"--pci", "nvme0"},
        {"--pci", "00:03.0,"}, {"--pci", "00:03.0,as"}, {"--pci", "00000000000:00:03.0"}, {"--pci", ",as-is"},
        {"--net", ""}, {"--net", "/run/a"}, {"--net", "link:/run/a,mac=01:00:00:00:00:00"},
        {"--ivshmem", ""}, {"--ivshmem", "region_of_16_chr"}, {"--ivshmem", "hv:/link"}, {"--ivshmem", "a/b"},
        {"--mmio", ""}, {"--mmio", "0xfed40000"}, {"--mmio", "0xfed40000,"}, {"--mmio", "0xfed40000,x"}, {"--mmio", "0xfed40000,4Kb"}, {"--mmio", "-4096,4K"}, {"--mmio", "0xfed40000;4K"},
        {"--mmio", "0xfed40000,0"}, {"--mmio", "0xfed40000,4k,at=0"}, {"--mmio", "0xfed40000,4K,guest="}, {"--mmio", "0xfed40000,4K,guest=0xfed40000x"}, {"--mmio", "0xfffffffffffffffff,4K"},
        {"--mmio", "0xfed40800,4K"}, {"--mmio", "0xfed40000,2K"}, {"--mmio", "0xfed40000,4K,guest=0xfed40800"}, {"--mmio", "0xfed40000,99999999999999999999K"}, {"--mmio", "0xfed40000,17592186044416M"},
        {"--mmio", "0x80000000,4K"}, {"--mmio", "0xe00ff000,8K"}, {"--mmio", "0xfffff000,8K"}, {"--mmio", "0x100000000,4K"}, {"--mmio", "0xe0100000,4096M"},
        {"--mmio", "0xfec00000,4K"}, {"--mmio", "0xfebff000,8K"}, {"--mmio", "0xfeeff000,4K"}, {"--mmio", "0xfedff000,8K"},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(PARSE(BASE, bad[i][0], bad[i][1]), OPTIONS_BAD);
    }
}

/* REQ-DM-009 */
static void refuses_contradictions(void **state)
{
    (void)state;
    assert_int_equal(PARSE(BASE, "--cpus", "1", "--affinity", "6"), OPTIONS_BAD);
    assert_int_equal(PARSE(BASE, "--serial", "stdio"), OPTIONS_BAD);
    assert_int_equal(PARSE(BASE, "extra"), OPTIONS_BAD);
    assert_int_equal(PARSE(BASE, "--pci", "00:03.0", "--pci", "0000:00:03.0"), OPTIONS_BAD);
    assert_int_equal(PARSE(BASE, "--net", "link:a", "--net", "link:a,mac=02:00:00:00:00:01"), OPTIONS_BAD);
    assert_int_equal(PARSE(BASE, "--ivshmem", "link", "--ivshmem", "link"), OPTIONS_BAD);
    assert_int_equal(PARSE(BASE, "--ivshmem", "a", "--ivshmem", "b", "--ivshmem", "c", "--ivshmem", "d", "--ivshmem", "e"), OPTIONS_BAD);
}

static void refuses_a_fifth_range(void **state)
{
    (void)state;
    assert_int_equal(PARSE(BASE, "--mmio", "0xfed40000,4K", "--mmio", "0xfed40000,4K", "--mmio", "0xfed40000,4K", "--mmio", "0xfed40000,4K"), OPTIONS_RUN);
    assert_int_equal(PARSE(BASE, "--mmio", "0xfed40000,4K", "--mmio", "0xfed40000,4K", "--mmio", "0xfed40000,4K", "--mmio", "0xfed40000,4K", "--mmio", "0xfed40000,4K"), OPTIONS_BAD);
}

static void refuses_a_fifth_network_device(void **state)
{
    (void)state;
    assert_int_equal(PARSE(BASE, "--net", "link:a", "--net", "link:b", "--net", "link:c", "--net", "link:d"), OPTIONS_RUN);
    assert_int_equal(PARSE(BASE, "--net", "link:a", "--net", "link:b", "--net", "link:c", "--net", "link:d", "--net", "link:e"), OPTIONS_BAD);
}

static void refuses_a_ninth_disk(void **state)
{
    char *arguments[32] = {"bhdm", BASE};

    (void)state;
    for (unsigned i = 0; i <= MACHINE_DISKS_MAX; i++) {
        arguments[7U + 2U * i] = "--disk";
        arguments[8U + 2U * i] = "file=/a";
    }
    assert_int_equal(parse(arguments), OPTIONS_BAD);
    arguments[7U + 2U * MACHINE_DISKS_MAX] = NULL;
    assert_int_equal(parse(arguments), OPTIONS_RUN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_the_least), cmocka_unit_test(takes_everything), cmocka_unit_test(prints_help_and_version),
        cmocka_unit_test(refuses_what_is_missing), cmocka_unit_test(refuses_bad_values), cmocka_unit_test(refuses_contradictions),
        cmocka_unit_test(refuses_a_ninth_disk), cmocka_unit_test(refuses_a_fifth_range), cmocka_unit_test(refuses_a_fifth_network_device),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
