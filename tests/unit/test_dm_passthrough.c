/* SPDX-License-Identifier: Apache-2.0 */
/* PCI functions given to a User VM: what sysfs must say, which calls the hypervisor gets, and the way back to the driver, also when the
 * device model was killed.
 * unit-sources: /dm/passthrough.c /dm/host_pci.c /dm/keeper.c /dm/pci.c /dm/iobus.c /dm/log.c /tests/unit/dm_fake_hsm.c */
#define _GNU_SOURCE
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "dm/passthrough.h"
#include "dm_sysfs.h"

#define NVME "0000:00:03.0"
#define NIC  "0000:01:00.1"

static struct passthrough all;
static const struct function_option both[2] = {{.address = NVME}, {.address = NIC, .as_is = true}};

static void path_of(char path[256], const char *address, const char *file) { snprintf(path, 256, "%s/devices/%s/%s", root, address, file); }

static void write_file(const char *address, const char *file, const void *data, size_t size)
{
    char path[256];
    FILE *stream;

    path_of(path, address, file);
    stream = fopen(path, "w");
    assert_non_null(stream);
    assert_int_equal(fwrite(data, 1, size, stream), size);
    fclose(stream);
}

static void write_text(const char *address, const char *file, const char *text) { write_file(address, file, text, strlen(text)); }

static const char *text_at(const char *path)
{
    static char text[256];
    FILE *stream = fopen(path, "r");

    assert_non_null(stream);
    text[fread(text, 1, sizeof(text) - 1U, stream)] = '\0';
    fclose(stream);
    return text;
}

static const char *text_of(const char *address, const char *file)
{
    char path[256];

    path_of(path, address, file);
    return text_at(path);
}

static const char *bound_to(const char *driver)
{
    char path[256];

    snprintf(path, sizeof(path), "%s/drivers/%s/bind", root, driver);
    return text_at(path);
}

static void make_driver(const char *name)
{
    char path[256];

    snprintf(path, sizeof(path), "%s/drivers/%s", root, name);
    (void)mkdir(path, 0755);
    strcat(path, "/unbind");
    close(open(path, O_CREAT | O_WRONLY | O_TRUNC, 0644));
    snprintf(path, sizeof(path), "%s/drivers/%s/bind", root, name);
    close(open(path, O_CREAT | O_WRONLY | O_TRUNC, 0644));
}

static void make_function(const char *address, const char *driver, const char *resource, uint8_t capability)
{
    uint8_t config[256] = {0x36, 0x1B, 0x10, 0x00, 0x07, 0x00, 0x10, 0x00};
    char path[256], target[128];

    config[0x34] = 0x40;
    config[0x3D] = 1;
    config[0x40] = 0x01;
    config[0x41] = 0x50;
    config[0x50] = capability;
    path_of(path, address, "");
    assert_int_equal(mkdir(path, 0755), 0);
    path_of(path, address, "power");
    assert_int_equal(mkdir(path, 0755), 0);
    write_text(address, "power/control", "auto");
    write_file(address, "config", config, sizeof(config));
    write_text(address, "resource", resource);
    write_text(address, "irq", "23\n");
    write_text(address, "driver_override", "(null)\n");
    if (driver != NULL) {
        make_driver(driver);
        snprintf(target, sizeof(target), "../../drivers/%s", driver);
        path_of(path, address, "driver");
        assert_int_equal(symlink(target, path), 0);
    }
}

#define NO_BAR   "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
#define NVME_BAR "0x00000000febf0000 0x00000000febf3fff 0x0000000000140204\n"

static int setup(void **state)
{
    char path[128];

    (void)state;
    sysfs_create();
    host_pci_root = root;
    snprintf(path, sizeof(path), "%s/devices", root);
    mkdir(path, 0755);
    snprintf(path, sizeof(path), "%s/drivers", root);
    mkdir(path, 0755);
    make_function(NVME, "nvme", NVME_BAR NO_BAR NO_BAR NO_BAR NO_BAR NO_BAR NO_BAR, 0x11);
    /* An I/O BAR, one of 256 bytes in the middle of a page, one of 1 MiB. */
    make_function(NIC, NULL, "0x000000000000c000 0x000000000000c01f 0x0000000000040101\n"
                             "0x00000000febf5100 0x00000000febf51ff 0x0000000000040200\n"
                             "0x00000000fea00000 0x00000000feafffff 0x0000000000042208\n" NO_BAR NO_BAR NO_BAR, 0x05);
    return 0;
}

static void start(unsigned count)
{
    assert_true(passthrough_prepare(&all, both, count));
    assert_int_equal(passthrough_start_keeper(&all), 0);
}

/* REQ-DM-013 */
static void a_function_gets_a_place_of_its_own(void **state)
{
    (void)state;
    start(2);
    assert_int_equal(passthrough_take(&all, &bus), 0);
    assert_int_equal(passthrough_assign(&all, hsm), 0);
    assert_string_equal(fake_hsm.log, "open assign assign ");
    /* the second one: bus 1, device 0, function 1 in slot 2, on its line */
    assert_int_equal(fake_hsm.pcidev.phys_bdf, 0x101);
    assert_int_equal(fake_hsm.pcidev.virt_bdf, 2U << 3);
    assert_int_equal(fake_hsm.pcidev.intr_line, MACHINE_GSI_PCI + 2U);
    assert_int_equal(fake_hsm.pcidev.intr_pin, 1);
    assert_int_equal(fake_hsm.pcidev.bar[0], 0); /* ports are not given */
    assert_int_equal(fake_hsm.pcidev.bar[1], MACHINE_PCI_MMIO_BASE + 0x4000U);
    assert_int_equal(fake_hsm.pcidev.bar[2], MACHINE_PCI_MMIO_BASE + 0x100008U);
    assert_int_equal(fake_hsm.pcidev.type, ACRN_PTDEV_QUIRK_ASSIGN);
    assert_int_equal(all.passed[0].bar[0], MACHINE_PCI_MMIO_BASE + 4U);
    assert_int_equal(all.passed[0].bar[1], 0);
    /* the device model's own bus is silent there */
    assert_int_equal(pci_config_read(&bus, 0, 0, 0, 2), 0x8086);
    assert_int_equal(pci_config_read(&bus, 1, 0, 0, 4), UINT32_MAX);
    passthrough_deassign(&all, hsm);
    passthrough_deassign(&all, hsm); /* nothing more to do */
    assert_string_equal(fake_hsm.log, "open assign assign deassign deassign ");
    passthrough_finish(&all);
}

/* REQ-DM-014 */
static void a_function_leaves_its_driver_and_comes_back(void **state)
{
    (void)state;
    write_text(NIC, "driver_override", "vfio-pci\n");
    start(2);
    assert_string_equal(text_of(NVME, "driver_override"), "(null)\n");
    assert_int_equal(passthrough_take(&all, &bus), 0);
    assert_string_equal(text_of(NVME, "driver/unbind"), NVME);
    assert_memory_equal(text_of(NVME, "driver_override"), "bulkhead-user-vm\n", 17);
    assert_memory_equal(text_of(NVME, "power/control"), "on", 2);
    assert_string_equal(bound_to("nvme"), "");
    passthrough_finish(&all);
    assert_string_equal(text_of(NVME, "power/control"), "auto");
    assert_memory_equal(text_of(NVME, "driver_override"), "\n", 1);
    assert_string_equal(bound_to("nvme"), NVME);
    assert_memory_equal(text_of(NIC, "driver_override"), "vfio-pci\n", 9);
    passthrough_finish(&all); /* nothing more to do */
}

/* REQ-DM-014 */
static void what_was_not_taken_stays_as_it_is(void **state)
{
    (void)state;
    start(1);
    passthrough_finish(&all);
    assert_string_equal(text_of(NVME, "driver_override"), "(null)\n");
    assert_string_equal(bound_to("nvme"), "");
    assert_true(passthrough_prepare(&all, both, 0));
    assert_int_equal(passthrough_start_keeper(&all), 0);
    assert_int_equal(passthrough_take(&all, &bus), 0);
    passthrough_finish(&all);
}

/* REQ-DM-014 */
static void a_killed_device_model_does_not_keep_a_function(void **state)
{
    int ready[2], status;
    char byte;
    pid_t child;
    struct host_function function;

    (void)state;
    assert_int_equal(pipe(ready), 0);
    child = fork();
    if (child == 0) {
        start(1);
        (void)passthrough_take(&all, &bus);
        (void)!write(ready[1], "", 1);
        pause();
        _exit(1);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_string_equal(bound_to("nvme"), "");
    assert_string_equal(host_pci_open(&function, NVME), "another User VM has it; stop that one first");
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &status, 0), child);
    while (host_pci_open(&function, NVME) != NULL) { /* the keeper's lock goes last */
        sched_yield();
    }
    host_pci_close(&function);
    assert_string_equal(bound_to("nvme"), NVME);
    close(ready[0]);
    close(ready[1]);
}

static void refused(const char *address, const char *why)
{
    struct host_function function;
    const char *problem = host_pci_open(&function, address);

    assert_non_null(problem);
    assert_non_null(strstr(problem, why));
    assert_int_equal(function.lock, -1);
}

/* REQ-DM-013 */
static void what_cannot_be_given_is_refused_by_name(void **state)
{
    static const struct function_option missing[1] = {{.address = "0000:00:04.0"}};
    uint8_t config[256] = {0x36, 0x1B};

    (void)state;
    refused("nonsense", "is no PCI function");
    refused("0000:00:04.0", "no such PCI function");
    assert_false(passthrough_prepare(&all, missing, 1));
    passthrough_finish(&all);
    write_text(NIC, "sriov_numvfs", "2\n");
    refused(NIC, "its virtual functions are on");
    write_text(NIC, "sriov_numvfs", "0\n");
    assert_true(passthrough_prepare(&all, &both[1], 1));
    passthrough_finish(&all);
    config[0x0E] = 0x81;
    write_file(NVME, "config", config, sizeof(config));
    refused(NVME, "is a bridge");
    config[0x0E] = 0x80;
    write_file(NVME, "config", config, 16);
    refused(NVME, "cannot be read");
    config[0] = 0x4D;
    config[1] = 0xB0;
    write_file(NVME, "config", config, sizeof(config));
    refused(NVME, "the hypervisor's own device");
    write_text(NVME, "resource", "words\n");
    refused(NVME, "cannot be read");
}

/* REQ-DM-013 REQ-DM-014 */
static void a_refusal_of_the_hypervisor_ends_it_all(void **state)
{
    (void)state;
    fake_hsm.fail = "assign";
    start(2);
    assert_int_equal(passthrough_take(&all, &bus), 0);
    assert_int_equal(passthrough_assign(&all, hsm), -EIO);
    passthrough_deassign(&all, hsm);
    assert_string_equal(fake_hsm.log, "open assign ");
    passthrough_finish(&all);
    assert_string_equal(bound_to("nvme"), NVME);
}

/* REQ-DM-013 */
static void a_line_is_needed_only_without_messages(void **state)
{
    (void)state;
    start(1);
    all.host[0].messages = false;
    assert_int_equal(passthrough_take(&all, &bus), 0);
    assert_int_equal(passthrough_assign(&all, hsm), 0);
    assert_int_equal(fake_hsm.pcidev.type, 0);
    assert_int_equal(fake_hsm.ptdev_irq.type, ACRN_PTDEV_IRQ_INTX);
    assert_int_equal(fake_hsm.ptdev_irq.intx.phys_pin, 23);
    assert_int_equal(fake_hsm.ptdev_irq.intx.virt_pin, MACHINE_GSI_PCI + 1U);
    passthrough_deassign(&all, hsm);
    fake_hsm.fail = "line";
    assert_int_equal(passthrough_assign(&all, hsm), -EIO);
    passthrough_deassign(&all, hsm);
    assert_string_equal(fake_hsm.log, "open assign line noline deassign assign line deassign ");
    all.host[0].pin = 0;
    assert_int_equal(passthrough_assign(&all, hsm), -ENODEV);
    passthrough_deassign(&all, hsm);
    all.passed[0].as_is = true;
    assert_int_equal(passthrough_assign(&all, hsm), 0);
    passthrough_deassign(&all, hsm);
    all.host[0].pin = 1;
    assert_int_equal(passthrough_assign(&all, hsm), 0); /* without interrupts */
    passthrough_deassign(&all, hsm);
    fake_hsm_reset();
    assert_int_equal(passthrough_assign(&all, hsm), 0); /* with */
    passthrough_deassign(&all, hsm);
    assert_string_equal(fake_hsm.log, "assign line noline deassign ");
    passthrough_finish(&all);
}

/* REQ-DM-013 */
static void the_line_is_what_acpi_says_once_the_function_is_on(void **state)
{
    (void)state;
    write_text(NVME, "enable", "0");
    start(1);
    all.host[0].line = 11; /* as the firmware had it */
    assert_int_equal(passthrough_take(&all, &bus), 0);
    assert_int_equal(all.host[0].line, 11); /* it has messages */
    assert_string_equal(text_of(NVME, "enable"), "0");
    all.host[0].messages = false;
    all.host[0].pin = 0;
    pci_bus_create(&bus, ignore_irq, NULL);
    assert_int_equal(passthrough_take(&all, &bus), 0);
    assert_int_equal(all.host[0].line, 11);
    all.host[0].pin = 1;
    pci_bus_create(&bus, ignore_irq, NULL);
    write_text(NVME, "enable", "x");
    assert_int_equal(passthrough_take(&all, &bus), 0);
    assert_int_equal(all.host[0].line, 23);
    assert_string_equal(text_of(NVME, "enable"), "0"); /* and off again */
    passthrough_finish(&all);
}

/* REQ-DM-013 */
static void a_function_that_does_not_fit_is_refused(void **state)
{
    static struct pci_device other[MACHINE_PCI_SLOTS];

    (void)state;
    write_text(NVME, "resource", "0x0000000800000000 0x000000083fffffff 0x000000000014220c\n" NO_BAR NO_BAR NO_BAR NO_BAR NO_BAR);
    start(1);
    assert_int_equal(passthrough_take(&all, &bus), -ENOSPC);
    passthrough_finish(&all);
    assert_string_equal(bound_to("nvme"), "");
    pci_bus_create(&bus, ignore_irq, NULL);
    for (unsigned i = 1; i < MACHINE_PCI_SLOTS; i++) {
        pci_device_init(&other[i], 1, 1, 0, 0);
        assert_true(pci_bus_add(&bus, &other[i]));
    }
    start(1);
    assert_int_equal(passthrough_take(&all, &bus), -ENOSPC);
    passthrough_finish(&all);
}

/* REQ-DM-014 */
static void a_driver_that_does_not_let_go_is_named(void **state)
{
    char path[256];

    (void)state;
    start(1);
    path_of(path, NVME, "driver/unbind");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(passthrough_take(&all, &bus), -ENOENT);
    passthrough_finish(&all);
    assert_string_equal(bound_to("nvme"), NVME);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, sysfs_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_function_gets_a_place_of_its_own), TEST(a_function_leaves_its_driver_and_comes_back), TEST(what_was_not_taken_stays_as_it_is),
        TEST(a_killed_device_model_does_not_keep_a_function), TEST(what_cannot_be_given_is_refused_by_name),
        TEST(a_refusal_of_the_hypervisor_ends_it_all), TEST(a_line_is_needed_only_without_messages), TEST(the_line_is_what_acpi_says_once_the_function_is_on),
        TEST(a_function_that_does_not_fit_is_refused), TEST(a_driver_that_does_not_let_go_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
