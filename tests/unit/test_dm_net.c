/* SPDX-License-Identifier: Apache-2.0 */
/* Network devices on the command line, and the addresses that they have without one.
 * unit-sources: /dm/net.c */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "dm/net.h"

static struct net_option option;

static void takes_a_path_and_an_address(void **state)
{
    static const uint8_t mac[] = {0x02, 0xAB, 0xCD, 0xEF, 0x00, 0x19};

    (void)state;
    assert_null(net_parse("link:/run/a,b:c", &option));
    assert_string_equal(option.path, "/run/a,b:c");
    assert_false(option.has_mac);
    assert_null(net_parse("link:x,mac=02:ab:CD:ef:00:19", &option));
    assert_string_equal(option.path, "x");
    assert_true(option.has_mac);
    assert_memory_equal(option.mac, mac, sizeof(mac));
}

/* REQ-DM-009 REQ-DM-017 */
static void refuses_what_is_neither(void **state)
{
    static const char *const bad[] = {
        "", "/run/x", "link:", "link", "tap:x", "link:a\"b", "link:a\\b", "link:a\nb", "link:,mac=02:00:00:00:00:01",
        "link:x,mac=", "link:x,mac=02:00:00:00:00", "link:x,mac=02:00:00:00:00:01:", "link:x,mac=02:00:00:00:00:0g",
        "link:x,mac=02-00-00-00-00-01", "link:x,mac=2:00:00:00:00:001", "link:x,mac=+2:00:00:00:00:01", "link:x,mac= 2:00:00:00:00:01",
        "link:x,mac=00:00:00:00:00:00", "link:x,mac=01:00:5e:00:00:01", "link:x,mac=ff:ff:ff:ff:ff:ff", "link:x,mac=02:00:00:00:00:01,mac=02:00:00:00:00:02",
    };
    char longest[5U + NET_PATH_SIZE + 1U] = "link:";

    (void)state;
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_non_null(net_parse(bad[i], &option));
    }
    memset(longest + 5, 'x', NET_PATH_SIZE - 1U);
    assert_null(net_parse(longest, &option));
    assert_int_equal(strlen(option.path), NET_PATH_SIZE - 1U);
    longest[5U + NET_PATH_SIZE - 1U] = 'x';
    assert_non_null(net_parse(longest, &option));
}

/* REQ-DM-017 */
static void addresses_differ_and_are_local(void **state)
{
    static uint8_t mac[1024][NET_MAC_SIZE];
    unsigned count = 0;

    (void)state;
    for (unsigned vm = 0; vm < 256U; vm++) {
        char name[16];

        snprintf(name, sizeof(name), "user%u", vm);
        for (unsigned number = 0; number < 4U; number++) {
            uint8_t again[NET_MAC_SIZE];

            net_default_mac(name, number, mac[count]);
            net_default_mac(name, number, again);
            assert_memory_equal(mac[count], again, NET_MAC_SIZE);
            assert_int_equal(mac[count][0] & 3U, 2);
            for (unsigned other = 0; other < count; other++) {
                assert_memory_not_equal(mac[count], mac[other], NET_MAC_SIZE);
            }
            count++;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_a_path_and_an_address), cmocka_unit_test(refuses_what_is_neither), cmocka_unit_test(addresses_differ_and_are_local),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
