/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/partition.c core/partition_vm.c core/partition_memory.c core/partition_policy.c core/partition_health.c core/partition_device.c core/partition_ivshmem.c core/partition_link.c */
/* What the validator says of serial lines. */
#include "partition_mistakes.h"

static struct part_uart end(uint16_t v, uint16_t port, uint16_t gsi)
{
    struct part_uart u = { .vm = v, .port = port, .gsi = gsi };
    return u;
}

static int connected(void **state)
{
    (void)setup(state);
    T.link_count = 2U;
    T.link_end[0] = end(0U, 0x2E8U, 3U);
    T.link_end[1] = end(1U, 0x2F8U, 0U);
    T.link_end[2] = end(1U, 0x2E8U, 0U);
    T.link_end[3] = end(2U, 0x3F8U, 4U); /* where the hypervisor's log goes in the machine */
    return 0;
}

/* REQ-CFG-060 */
static void lines_between_vms_are_accepted(void **state)
{
    (void)state;
    assert_true(validate().valid);
    T.link_count = 4U;
    T.link_end[4] = end(2U, 0x3E8U, 0U); /* polled; rtvm has the machine's */
    T.link_end[5] = end(0U, 0x3E8U, 23U);
    T.link_end[6] = end(2U, 0x2F8U, 3U);
    T.link_end[7] = end(0U, 0x3F8U, 4U);
    assert_true(validate().valid);
    T.link_count = 0U;
    assert_true(validate().valid);
}

static bool make_mistake(int line)
{
    bool made = true;
    switch (line) {
    CASE("at most 4", T.link_count = 5U)
    CASE("at most 4", T.reserved2 = 1U)
    CASE("no UART of a VM", T.link_end[3].reserved = 1U)
    CASE("no UART of a VM", T.link_end[3].vm = 3U)
    CASE("no UART of a VM", (memset(&SERVICE, 0, sizeof(SERVICE)), T.user.max_vms = 0U))
    CASE("no UART of a VM", T.link_end[0].port = 0x2E9U)
    CASE("no UART of a VM", T.link_end[0].port = 0x60U)
    CASE("where its VM has a device or another line", T.link_end[1].port = 0x3E8U)
    CASE("where its VM has a device or another line", T.link_end[0].port = 0x2F8U)
    CASE("where its VM has a device or another line", (T.link_end[1].port = 0x3E8U, RTVM.ports_count = 2U, RTVM.ports[1].base = 0x100U, RTVM.ports[1].count = 1U))
    CASE("where its VM has a device or another line", (SERVICE.ports_count = 0U, RTVM.ports[0].base = 0x2FFU, RTVM.ports[0].count = 1U))
    CASE("no UART of a VM", T.link_end[0].gsi = 24U)
    CASE("no UART of a VM", T.link_end[1].gsi = 3U)
    CASE("where its VM has a device or another line", T.link_end[2].port = 0x2F8U)
    CASE("where its VM has a device or another line", T.link_end[1] = T.link_end[0])
    CASE("where its VM has a device or another line", T.link_end[3] = T.link_end[0])
    CASE("a VM with itself", T.link_end[3] = end(1U, 0x3F8U, 0U))
    default:
        made = false;
        break;
    }
    return made;
}

/* REQ-CFG-060 REQ-CFG-009 */
static void each_mistake_is_refused_by_name(void **state)
{
    (void)state;
    assert_int_equal(mistakes_refused(connected, make_mistake, __LINE__), 17U);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(lines_between_vms_are_accepted, connected),
        cmocka_unit_test(each_mistake_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
