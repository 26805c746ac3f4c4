/* SPDX-License-Identifier: Apache-2.0 */
/* Shared memory of a User VM: which regions there are, which calls the hypervisor gets, and what is said of a refusal.
 * unit-sources: /dm/ivshmem.c /dm/pci.c /dm/iobus.c /dm/log.c /tests/unit/dm_fake_hsm.c */
#define _GNU_SOURCE
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "dm/ivshmem.h"
#include "dm_sysfs.h"

static char said[1024];
static struct ivshmem all;
static const char both[2][IVSHMEM_NAME] = {"link", "wide"};

static void make_region(const char *name, off_t size)
{
    char path[128];
    int file;

    snprintf(path, sizeof(path), "%s/region_%s", root, name);
    file = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0644);
    assert_int_equal(ftruncate(file, size), 0);
    close(file);
}

static int setup(void **state)
{
    (void)state;
    sysfs_create();
    ivshmem_regions = root;
    make_region("stats", 4096);
    make_region("log", 4096);
    make_region("link", 1 << 20);
    make_region("wide", 16 << 20);
    return 0;
}

/* What goes to standard error meanwhile is in said. */
static int hush(void)
{
    char path[128];
    int kept = dup(2), file;

    snprintf(path, sizeof(path), "%s/said", root);
    file = open(path, O_CREAT | O_RDWR | O_TRUNC, 0644);
    dup2(file, 2);
    close(file);
    return kept;
}

static void speak(int kept)
{
    ssize_t size;

    (void)lseek(2, 0, SEEK_SET);
    size = read(2, said, sizeof(said) - 1U);
    said[size < 0 ? 0 : size] = '\0';
    dup2(kept, 2);
    close(kept);
}

/* REQ-DM-015 */
static void a_region_gets_a_place_of_its_own(void **state)
{
    (void)state;
    assert_true(ivshmem_prepare(&all, both, 2));
    assert_int_equal(ivshmem_create(&all, &bus, hsm), 0);
    assert_string_equal(fake_hsm.log, "open vdev vdev ");
    assert_int_equal(fake_hsm.vdev.id.value, 0x11101AF4);
    assert_int_equal(fake_hsm.vdev.slot, 2U << 3);
    assert_int_equal(fake_hsm.vdev.io_addr[2], MACHINE_PCI_MMIO_BASE + 0x100000CU); /* a multiple of 16 MiB */
    assert_int_equal(fake_hsm.vdev.io_addr[3], 0);
    assert_int_equal(fake_hsm.vdev.io_size[2], 16 << 20);
    assert_int_equal(fake_hsm.vdev.io_addr[0], MACHINE_PCI_MMIO_BASE + 0x2000000U);
    assert_int_equal(fake_hsm.vdev.io_addr[1], MACHINE_PCI_MMIO_BASE + 0x2001000U);
    assert_string_equal(fake_hsm.vdev.args, "wide");
    assert_int_equal(all.device[0].call.io_addr[2], MACHINE_PCI_MMIO_BASE + 0xCU);
    assert_int_equal(pci_config_read(&bus, 1, 0, 0, 4), UINT32_MAX); /* not the device model's */
    ivshmem_destroy(&all, hsm);
    ivshmem_destroy(&all, hsm); /* nothing more to do */
    assert_string_equal(fake_hsm.log, "open vdev vdev novdev novdev ");
    assert_string_equal(fake_hsm.vdev.args, "link");
}

/* REQ-DM-015 */
static void without_regions_nothing_is_looked_for(void **state)
{
    (void)state;
    ivshmem_regions = "/nonexistent";
    assert_true(ivshmem_prepare(&all, both, 0));
    assert_int_equal(ivshmem_create(&all, &bus, hsm), 0);
    ivshmem_destroy(&all, hsm);
    assert_string_equal(fake_hsm.log, "open ");
}

static void expect_unknown(const char *name, const char *why)
{
    char names[IVSHMEM_NAME] = "";
    int kept = hush();
    bool prepared;

    strcpy(names, name);
    prepared = ivshmem_prepare(&all, &names, 1);
    speak(kept);
    assert_false(prepared);
    assert_non_null(strstr(said, why));
}

/* REQ-DM-015 */
static void an_unknown_region_is_refused_with_those_that_there_are(void **state)
{
    (void)state;
    expect_unknown("lnk", "--ivshmem lnk: the scenario has no such region of shared memory; there are: link, wide\n");
    expect_unknown("stats", "there are: link, wide"); /* the hypervisor's own */
    make_region("link", 0);
    expect_unknown("link", "there are:");
    ivshmem_regions = "/nonexistent";
    expect_unknown("link", "no regions; is this the Service VM");
}

/* REQ-DM-015 */
static void where_only_the_hypervisors_regions_are_there_are_none(void **state)
{
    char command[160];

    (void)state;
    snprintf(command, sizeof(command), "rm %s/region_link %s/region_wide", root, root);
    assert_int_equal(system(command), 0);
    expect_unknown("link", "there are: none");
}

static void expect_refusal(int error, const char *why)
{
    int kept, result;

    fake_hsm_reset();
    fake_hsm.fail = "vdev";
    fake_hsm.error = error;
    assert_true(ivshmem_prepare(&all, both, 2));
    kept = hush();
    result = ivshmem_create(&all, &bus, hsm);
    speak(kept);
    assert_int_equal(result, error);
    assert_non_null(strstr(said, why));
    assert_string_equal(fake_hsm.log, "vdev "); /* and the second is not tried */
    ivshmem_destroy(&all, hsm);
    assert_string_equal(fake_hsm.log, "vdev ");
}

/* REQ-DM-015 */
static void a_refusal_of_the_hypervisor_is_explained(void **state)
{
    (void)state;
    expect_refusal(-ENOENT, "--ivshmem link: the scenario does not open this region to User VMs: name it in shared of user_vms");
    expect_refusal(-EBUSY, "another User VM has it");
    expect_refusal(-ENODEV, "this hypervisor has no shared memory for User VMs");
    expect_refusal(-ENOTTY, "this hypervisor has no shared memory for User VMs");
    expect_refusal(-EINVAL, "Invalid argument; 'bhctl log' says more");
}

/* REQ-DM-015 */
static void what_does_not_fit_is_refused(void **state)
{
    int kept, result;

    (void)state;
    make_region("wide", (off_t)1 << 30);
    assert_true(ivshmem_prepare(&all, both, 2));
    kept = hush();
    result = ivshmem_create(&all, &bus, hsm);
    speak(kept);
    assert_int_equal(result, -ENOSPC);
    assert_non_null(strstr(said, "--ivshmem wide: no slot left on the VM's bus, or the region does not fit into the 512 MiB"));
    ivshmem_destroy(&all, hsm);
    assert_string_equal(fake_hsm.log, "open vdev novdev ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_region_gets_a_place_of_its_own, setup, sysfs_remove),
        cmocka_unit_test_setup_teardown(without_regions_nothing_is_looked_for, setup, sysfs_remove),
        cmocka_unit_test_setup_teardown(an_unknown_region_is_refused_with_those_that_there_are, setup, sysfs_remove),
        cmocka_unit_test_setup_teardown(where_only_the_hypervisors_regions_are_there_are_none, setup, sysfs_remove),
        cmocka_unit_test_setup_teardown(a_refusal_of_the_hypervisor_is_explained, setup, sysfs_remove),
        cmocka_unit_test_setup_teardown(what_does_not_fit_is_refused, setup, sysfs_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
