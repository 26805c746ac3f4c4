/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a VM, on a recorded hypervisor: order of the calls, exit statuses, nothing left behind.
 * unit-sources: /dm/vm.c /dm/devices.c /dm/requests.c /dm/options.c /dm/host_pci.c /dm/keeper.c /dm/passthrough.c /dm/ivshmem.c /dm/mmio.c /dm/net.c /dm/net_link.c /dm/virtio_net.c /dm/image.c /dm/acpi.c /build/dm/dsdt.c /dm/memory.c /dm/console.c /dm/loop.c /dm/log.c /dm/iobus.c /dm/uart.c /dm/rtc.c /dm/pm.c /dm/legacy.c /dm/pci.c /dm/msix.c /dm/virtio.c /dm/virtio_pci.c /dm/virtqueue.c /dm/virtio_blk.c /dm/virtio_console.c /dm/virtio_rng.c /tests/unit/dm_fake_hsm.c */
#define _GNU_SOURCE
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include <asm/bootparam.h>

#include "abi/ioreq.h"
#include "dm/vm.h"
#include "dm_fake_hsm.h"

static char folder[] = "/tmp/test_dm_vm.XXXXXX";
static char kernel[64], disk[64], console[64], events[64];
static struct vm vm;
static struct options options;

static void write_file(const char *path, const void *data, size_t size)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    fclose(file);
}

static void make_kernel(void)
{
    static uint8_t image[4U * 512U + 4096U];
    struct setup_header *header = (struct setup_header *)(void *)(image + 0x1F1);

    *header = (struct setup_header){
        .setup_sects = 3, .syssize = 256, .boot_flag = 0xAA55, .jump = 0x66EB, .header = 0x53726448, .version = 0x020F, .loadflags = 1,
        .xloadflags = 1, .relocatable_kernel = 1, .kernel_alignment = 0x200000, .pref_address = 0x1000000, .init_size = 0x10000,
        .cmdline_size = 2047, .initrd_addr_max = 0x7FFFFFFF};
    write_file(kernel, image, sizeof(image));
}

static int setup(void **state)
{
    static const char sectors[4096];
    sigset_t signals;

    (void)state;
    strcpy(folder, "/tmp/test_dm_vm.XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(kernel, sizeof(kernel), "%s/kernel", folder);
    snprintf(disk, sizeof(disk), "%s/disk", folder);
    snprintf(console, sizeof(console), "file:%s/console", folder);
    snprintf(events, sizeof(events), "%s/events", folder);
    make_kernel();
    write_file(disk, sectors, sizeof(sectors));
    fake_hsm_reset();
    options = (struct options){.name = "user1", .kernel = kernel, .cmdline = "console=hvc0", .console = console, .serial = "none",
                               .memory_size = 64ULL << 20, .affinity = 2, .vcpu_count = 1, .events = events, .rng = true,
                               .stop_timeout_s = 20, .disk_count = 1};
    snprintf(options.disk[0].path, sizeof(options.disk[0].path), "%s", disk);
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    return 0;
}

static int teardown(void **state)
{
    char command[64];

    (void)state;
    snprintf(command, sizeof(command), "rm -r %s", folder);
    return system(command);
}

static unsigned open_files(void)
{
    DIR *directory = opendir("/proc/self/fd");
    unsigned count = 0;

    while (readdir(directory) != NULL) {
        count++;
    }
    closedir(directory);
    return count;
}

static enum vm_exit live(void)
{
    unsigned before = open_files();
    enum vm_exit result = vm_prepare(&vm, &options);

    if (result == VM_POWERED_OFF) {
        result = vm_create(&vm);
    }
    if (result == VM_POWERED_OFF) {
        result = vm_run(&vm);
    }
    vm_destroy(&vm);
    assert_int_equal(open_files(), before);
    assert_int_equal(fake_hsm.irqfds + fake_hsm.ioeventfds, 0);
    return result;
}

static bool events_have(const char *word)
{
    char text[2048] = "";
    FILE *file = fopen(events, "r");
    size_t size = (file != NULL) ? fread(text, 1, sizeof(text) - 1U, file) : 0U;

    if (file != NULL) {
        fclose(file);
    }
    text[size] = '\0';
    return strstr(text, word) != NULL;
}

static void power_off(void) { fake_hsm_play_pio(ACRN_IOREQ_DIR_WRITE, 0x604, 2, 0x2000U | (MACHINE_SLEEP_S5 << 10)); }

/* REQ-DM-006 */
static void powers_off(void **state)
{
    (void)state;
    fake_hsm_play_pio(ACRN_IOREQ_DIR_READ, 0xCFC, 3, 0);
    fake_hsm_play_pio(ACRN_IOREQ_DIR_READ, 0x1234, 2, 0);
    power_off();
    assert_int_equal(live(), VM_POWERED_OFF);
    assert_string_equal(fake_hsm.log, "open create map client regs start pause noclient close ");
    assert_int_equal(fake_hsm.answer[0], 0xFFFFFFFF); /* no such size */
    assert_int_equal(fake_hsm.answer[1], 0xFFFF);
    assert_true(events_have("\"event\":\"created\",\"vmid\":4,\"vcpus\":1"));
    assert_true(events_have("\"event\":\"started\""));
    assert_true(events_have("\"event\":\"poweroff\""));
}

static void maps_memory_above_the_hole(void **state)
{
    (void)state;
    options.memory_size = 4ULL << 30;
    power_off();
    assert_int_equal(live(), VM_POWERED_OFF);
    assert_string_equal(fake_hsm.log, "open create map map client regs start pause noclient close ");
}

/* REQ-DM-006 */
static void restarts_in_place(void **state)
{
    (void)state;
    fake_hsm_play_pio(ACRN_IOREQ_DIR_WRITE, 0x64, 1, 0xFE);
    power_off();
    assert_int_equal(live(), VM_POWERED_OFF);
    assert_string_equal(fake_hsm.log, "open create map client regs start pause clear reset regs start pause noclient close ");
    assert_true(events_have("\"event\":\"reset\""));
}

static void make_function(void)
{
    static const uint8_t config[64];
    char path[128];

    host_pci_root = folder;
    snprintf(path, sizeof(path), "%s/devices", folder);
    assert_int_equal(mkdir(path, 0755), 0);
    strcat(path, "/0000:00:03.0");
    assert_int_equal(mkdir(path, 0755), 0);
    strcat(path, "/config");
    write_file(path, config, sizeof(config));
    strcpy(strrchr(path, '/'), "/driver_override");
    write_file(path, "", 0);
    strcpy(strrchr(path, '/'), "/resource");
    write_file(path, "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0", 35);
}

/* REQ-DM-013 REQ-DM-014 */
static void a_function_stays_for_the_next_life(void **state)
{
    (void)state;
    make_function();
    options.function_count = 1;
    options.function[0] = (struct function_option){.address = "0000:00:03.0", .as_is = true};
    fake_hsm_play_pio(ACRN_IOREQ_DIR_WRITE, 0x64, 1, 0xFE);
    power_off();
    assert_int_equal(live(), VM_POWERED_OFF);
    assert_string_equal(fake_hsm.log, "open create map assign client regs start pause clear reset regs start pause noclient deassign close ");
    assert_true(events_have("\"event\":\"pci function given\",\"function\":\"0000:00:03.0\",\"as\":\"00:04.0\""));
    options.function[0].address[6] = '1';
    assert_int_equal(live(), VM_BAD_ARGUMENT);
}

/* REQ-DM-016 */
static void registers_are_given_before_the_start_and_taken_back_at_the_end(void **state)
{
    (void)state;
    options.mmio_count = 2;
    options.mmio[0] = (struct mmio_option){.base = 0xFED40000, .size = 0x5000, .guest = 0xFED40000};
    options.mmio[1] = (struct mmio_option){.base = 0x80000000, .size = 0x1000, .guest = 0xE8000000};
    power_off();
    assert_int_equal(live(), VM_POWERED_OFF);
    assert_string_equal(fake_hsm.log, "open create map mmio mmio client regs start pause noclient nommio nommio close ");
    assert_true(events_have("\"event\":\"mmio given\",\"base\":\"0x80000000\",\"size\":4096,\"as\":\"0xe8000000\""));
    assert_int_equal(fake_hsm.mmiodev.res[0].user_vm_pa, 0xFED40000); /* of the last call */
    assert_int_equal(fake_hsm.mmiodev.res[0].service_vm_pa, 0xFED40000);
    assert_int_equal(fake_hsm.mmiodev.res[0].size, 0x5000);
    assert_int_equal(fake_hsm.mmiodev.res[1].size, 0);
    fake_hsm_reset();
    fake_hsm.fail = "mmio";
    assert_int_equal(live(), VM_HYPERVISOR_ERROR);
    assert_string_equal(fake_hsm.log, "open create map mmio close ");
    fake_hsm_reset();
    fake_hsm.fail = "nommio"; /* said, and the rest goes on */
    power_off();
    assert_int_equal(live(), VM_POWERED_OFF);
}

/* REQ-DM-006 */
static void tells_a_crash(void **state)
{
    (void)state;
    fake_hsm_play_pio(ACRN_IOREQ_DIR_WRITE, IOREQ_SHUTDOWN_PORT, 1, IOREQ_SHUTDOWN_VALUE);
    assert_int_equal(live(), VM_CRASHED);
    assert_true(events_have("\"event\":\"crashed\""));
}

static void answers_configuration_requests(void **state)
{
    struct acrn_io_request *request = &fake_hsm.script[0];

    (void)state;
    request->type = ACRN_IOREQ_TYPE_PCICFG;
    request->reqs.pci_request = (struct acrn_pci_request){.direction = ACRN_IOREQ_DIR_READ, .size = 4, .dev = 1};
    fake_hsm.script[1] = *request;
    fake_hsm.script[1].reqs.pci_request.bus = 1;
    fake_hsm.script[2].type = ACRN_IOREQ_TYPE_MMIO;
    fake_hsm.script[2].reqs.mmio_request = (struct acrn_mmio_request){.direction = ACRN_IOREQ_DIR_READ, .address = MACHINE_ECAM_BASE, .size = 2};
    fake_hsm.script[3].type = 77;
    fake_hsm.script_size = 4;
    power_off();
    assert_int_equal(live(), VM_POWERED_OFF);
    assert_int_equal(fake_hsm.answer[0], 0x10431AF4);
    assert_int_equal(fake_hsm.answer[1], 0xFFFFFFFF);
    assert_int_equal((uint32_t)fake_hsm.answer[2], 0x8086);
    assert_int_equal(fake_hsm.answered, 4);
}

static void a_signal_stops_a_deaf_guest(void **state)
{
    (void)state;
    kill(getpid(), SIGTERM);
    assert_int_equal(live(), VM_POWERED_OFF);
    assert_true(events_have("\"event\":\"stopped\""));
}

static void a_signal_presses_the_button(void **state)
{
    (void)state;
    options.stop_timeout_s = 1;
    fake_hsm_play_pio(ACRN_IOREQ_DIR_WRITE, 0x602, 2, 0x100);
    assert_int_equal(vm_prepare(&vm, &options), VM_POWERED_OFF);
    assert_int_equal(vm_create(&vm), VM_POWERED_OFF);
    requests_handle(&vm, &fake_hsm.script[0]); /* the guest listens before the signal comes */
    kill(getpid(), SIGTERM);
    assert_int_equal(vm_run(&vm), VM_POWERED_OFF); /* and does nothing: the timer ends it */
    assert_true(fake_hsm.line[MACHINE_GSI_SCI]);
    vm_destroy(&vm);
    assert_true(events_have("\"event\":\"stopped\""));
}

/* REQ-DM-004 */
static void bad_images_create_nothing(void **state)
{
    static const char *const bad[] = {"/nonexistent", "/etc/passwd", "/dev/null", "/tmp"};

    (void)state;
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        options.kernel = bad[i];
        assert_int_equal(live(), VM_BAD_ARGUMENT);
    }
    options.kernel = kernel;
    options.initrd = "/nonexistent";
    assert_int_equal(live(), VM_BAD_ARGUMENT);
    options.initrd = NULL;
    assert_int_equal(truncate(kernel, 4000), 0);
    assert_int_equal(live(), VM_BAD_ARGUMENT);
    assert_string_equal(fake_hsm.log, "");
}

/* REQ-DM-005 */
static void bad_disks_and_consoles_create_nothing(void **state)
{
    (void)state;
    strcpy(options.disk[0].path, "/nonexistent");
    assert_int_equal(live(), VM_BAD_ARGUMENT);
    strcpy(options.disk[0].path, disk);
    options.console = "file:/nonexistent/file";
    assert_int_equal(live(), VM_BAD_ARGUMENT);
    options.console = "/dev/nonexistent";
    assert_int_equal(live(), VM_BAD_ARGUMENT);
    options.console = console;
    options.serial = "unix:/nonexistent/socket";
    assert_int_equal(live(), VM_BAD_ARGUMENT);
    options.serial = "none";
    options.events = "/nonexistent/events";
    assert_int_equal(live(), VM_BAD_ARGUMENT);
    assert_string_equal(fake_hsm.log, "");
}

/* REQ-DM-005 */
static void each_failing_call_is_undone(void **state)
{
    static const char *const calls[] = {"open", "create", "map", "client", "regs", "start"};

    (void)state;
    for (unsigned i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        fake_hsm_reset();
        fake_hsm.fail = calls[i];
        assert_int_equal(live(), VM_HYPERVISOR_ERROR);
        assert_true(i == 0U || strstr(fake_hsm.log, "close ") != NULL);
    }
    assert_true(events_have("\"event\":\"failed\""));
}

/* REQ-DM-005 */
static void a_failing_restart_ends_the_vm(void **state)
{
    (void)state;
    fake_hsm.fail = "reset";
    fake_hsm_play_pio(ACRN_IOREQ_DIR_WRITE, 0xCF9, 1, 6);
    assert_int_equal(live(), VM_HYPERVISOR_ERROR);
}

/* REQ-DM-017 REQ-DM-018 */
static void network_devices_come_and_go_with_the_vm(void **state)
{
    struct stat status;
    char *path[] = {options.net[0].path, options.net[1].path};

    (void)state;
    options.net_count = 2;
    snprintf(path[0], NET_PATH_SIZE, "%s/link0", folder);
    snprintf(path[1], NET_PATH_SIZE, "%s/link1", folder);
    options.net[1].has_mac = true;
    options.net[1].mac[5] = 0x19;
    for (uint64_t slot = 4; slot < 6U; slot++) {
        fake_hsm_play_pio(ACRN_IOREQ_DIR_WRITE, 0xCF8, 4, (uint32_t)(0x80000000U | (slot << 11)));
        fake_hsm_play_pio(ACRN_IOREQ_DIR_READ, 0xCFC, 4, 0);
    }
    power_off();
    assert_int_equal(live(), VM_POWERED_OFF);
    assert_int_equal(fake_hsm.answer[1], 0x10411AF4);
    assert_int_equal(fake_hsm.answer[3], 0x10411AF4);
    assert_memory_equal(vm.net[1].config.mac, options.net[1].mac, NET_MAC_SIZE);
    assert_int_equal(vm.net[0].config.mac[0], 2);
    assert_int_equal(stat(path[0], &status), -1);
    assert_int_equal(stat(path[1], &status), -1);
    fake_hsm_reset();
    write_file(path[1], "", 0); /* not ours */
    assert_int_equal(live(), VM_BAD_ARGUMENT);
    assert_string_equal(fake_hsm.log, "");
    assert_int_equal(stat(path[0], &status), -1);
    assert_int_equal(stat(path[1], &status), 0);
    strcpy(path[1], "/nonexistent/link");
    assert_int_equal(live(), VM_BAD_ARGUMENT);
}

static void consoles_of_each_kind_come_and_go(void **state)
{
    char socket[80];
    struct stat status;

    (void)state;
    snprintf(socket, sizeof(socket), "unix:%s/socket", folder);
    options.console = socket;
    options.serial = "pty";
    power_off();
    assert_int_equal(live(), VM_POWERED_OFF);
    assert_int_equal(stat(socket + 5, &status), -1);
    fake_hsm_reset();
    options.console = "none";
    power_off();
    assert_int_equal(live(), VM_POWERED_OFF);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(powers_off), TEST(maps_memory_above_the_hole), TEST(restarts_in_place), TEST(a_function_stays_for_the_next_life), TEST(registers_are_given_before_the_start_and_taken_back_at_the_end), TEST(tells_a_crash),
        TEST(answers_configuration_requests), TEST(a_signal_stops_a_deaf_guest), TEST(a_signal_presses_the_button),
        TEST(bad_images_create_nothing), TEST(bad_disks_and_consoles_create_nothing), TEST(each_failing_call_is_undone),
        TEST(a_failing_restart_ends_the_vm), TEST(consoles_of_each_kind_come_and_go), TEST(network_devices_come_and_go_with_the_vm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
