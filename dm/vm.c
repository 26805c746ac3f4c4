/* SPDX-License-Identifier: Apache-2.0 */
/* The life of the VM: prepare, create, run, destroy. */
#define _GNU_SOURCE
#include "dm/vm.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "dm/log.h"

static bool read_images(struct vm *vm)
{
    const struct options *options = vm->options;
    const char *problem = NULL;
    int result = image_read(&vm->kernel, options->kernel);

    if (result != 0) {
        log_message("%s: %s", options->kernel, strerror(-result));
    } else if (options->initrd != NULL && (result = image_read(&vm->initrd, options->initrd)) != 0) {
        log_message("%s: %s", options->initrd, strerror(-result));
    } else {
        problem = image_plan(&vm->kernel, &vm->initrd, options->cmdline, options->memory_size, &vm->plan);
        if (problem != NULL) {
            log_message("%s: %s", options->kernel, problem);
            result = -EINVAL;
        }
        vm->plan.ports_only = options->function_count != 0U || options->ivshmem_count != 0U; /* the hypervisor answers for them at the ports */
    }
    return result == 0;
}

static const char *disk_problem(int error)
{
    return (error == -EWOULDBLOCK) ? "is in use by another process"
                                   : ((error == -ENODATA) ? "holds no whole sector" : strerror(-error));
}

static bool open_disks(struct vm *vm)
{
    bool opened = true;

    for (unsigned i = 0; i < vm->options->disk_count && opened; i++) {
        const struct disk_option *disk = &vm->options->disk[i];
        int result = virtio_blk_open(&vm->disk[i], disk->path, disk->read_only);

        opened = result == 0;
        if (opened) {
            vm->disks_open++;
        } else {
            log_message("disk %s: %s", disk->path, disk_problem(result));
        }
    }
    return opened;
}

static const char *link_problem(int error)
{
    return (error == -EEXIST || error == -EPROTOTYPE) ? "something else than a link is there" : strerror(-error);
}

static bool open_links(struct vm *vm)
{
    bool opened = true;

    for (unsigned i = 0; i < vm->options->net_count && opened; i++) {
        const char *path = vm->options->net[i].path;
        int result = net_link_open(&vm->link[i], path);

        opened = result == 0;
        if (opened) {
            vm->links_open++;
        } else {
            log_message("--net link:%s: %s", path, link_problem(result));
        }
    }
    return opened;
}

static bool open_console(struct console *console, const char *text)
{
    int result = console_open(console, text);

    if (result != 0) {
        log_message("console %s: %s", text, strerror(-result));
    } else if (console->kind == CONSOLE_PTY || console->kind == CONSOLE_UNIX) {
        log_message("console at %s", console->path);
    } else {
        /* opened */
    }
    return result == 0;
}

enum vm_exit vm_prepare(struct vm *vm, const struct options *options)
{
    bool ready;
    int result = 0;

    *vm = (struct vm){.options = options, .finished = -1};
    vm->console.kind = CONSOLE_NONE;
    vm->console = (struct console){.in = -1, .out = -1, .listener = -1, .hold = -1};
    vm->serial = vm->console;
    ready = passthrough_prepare(&vm->passthrough, vm->options->function, vm->options->function_count) &&
            ivshmem_prepare(&vm->ivshmem, vm->options->ivshmem, vm->options->ivshmem_count) && read_images(vm) && open_disks(vm);
    if (ready) {
        result = events_open(options->events, options->name);
        if (result != 0) {
            log_message("%s: %s", options->events, strerror(-result));
        }
    }
    ready = ready && result == 0 && open_console(&vm->console, options->console) &&
            open_console(&vm->serial, options->serial) && open_links(vm);
    return ready ? VM_POWERED_OFF : VM_BAD_ARGUMENT;
}

static int map_memory(struct vm *vm)
{
    const struct memory_block *high = &vm->memory.high;
    const struct memory_block *low = &vm->memory.low;
    int result = hsm_map_memory(vm->hsm, low->gpa, low->hva, low->size);

    if (result == 0 && high->size != 0U) {
        result = hsm_map_memory(vm->hsm, high->gpa, high->hva, high->size);
    }
    return result;
}

static int create_vm(struct vm *vm)
{
    int result = hsm_create_vm(vm->hsm, vm->options->name, vm->options->affinity, &vm->vmid, &vm->vcpu_count);

    if (result == 0 && vm->vcpu_count != vm->options->vcpu_count) {
        log_message("asked for %u vCPUs, got %u", vm->options->vcpu_count, vm->vcpu_count);
        result = -EINVAL;
    }
    return result;
}

static enum vm_exit failed(const char *step, int result)
{
    log_message("%s: %s", step, strerror(-result));
    events_write("failed", ",\"step\":\"%s\",\"error\":\"%s\"", step, strerror(-result));
    return VM_HYPERVISOR_ERROR;
}

enum vm_exit vm_create(struct vm *vm)
{
    const struct options *options = vm->options;
    enum vm_exit result = VM_POWERED_OFF;
    int error = 0;

    if ((error = passthrough_start_keeper(&vm->passthrough)) != 0) {
        result = failed("start the keeper of PCI functions", error);
    } else if ((vm->hsm = hsm_open(options->device)) == NULL) {
        result = failed(options->device, -errno);
    } else if ((error = loop_create(&vm->loop)) != 0) {
        result = failed("event loop", error);
    } else {
        vm->has_loop = true;
        vm->finished = event_create();
        if ((error = create_vm(vm)) != 0) {
            result = failed("create VM", error);
        } else if ((error = memory_create(&vm->memory, options->memory_size, options->hugepages)) != 0) {
            result = failed("guest memory", error);
        } else if ((error = map_memory(vm)) != 0) {
            result = failed("map guest memory", error);
        } else if ((error = vm_create_devices(vm)) != 0) {
            result = failed("create devices", error);
        } else {
            events_write("created", ",\"vmid\":%u,\"vcpus\":%u,\"memory_mib\":%llu,\"hugetlb\":%s", vm->vmid,
                         vm->vcpu_count, (unsigned long long)(options->memory_size >> 20),
                         vm->memory.hugetlb ? "true" : "false");
        }
    }
    return result;
}

/* REQ-DM-005 */
int vm_boot(struct vm *vm)
{
    struct acrn_vcpu_regs regs;
    int result = -ENOSPC;

    if (image_load(&vm->memory, &vm->kernel, &vm->initrd, vm->options->cmdline, &vm->plan, vm->vcpu_count)) {
        image_entry_regs(&vm->plan, &regs);
        result = hsm_set_vcpu_regs(vm->hsm, &regs);
    }
    if (result == 0) {
        result = hsm_start_vm(vm->hsm);
    }
    if (result == 0) {
        events_write("started", "%s", "");
    }
    return result;
}

/* The VM is paused. Requests that other vCPUs had in flight are forgotten with the rest; the hypervisor resets PCI functions. */
int vm_restart(struct vm *vm)
{
    int result = hsm_clear_requests(vm->hsm);

    vm_reset_devices(vm);
    result = (result == 0) ? hsm_reset_vm(vm->hsm) : result;
    return (result == 0) ? vm_boot(vm) : result;
}

struct stopper {
    struct vm *vm;
    struct loop_source signals, finished, timer;
    bool asked;
};

static void pull_the_plug(struct stopper *stopper)
{
    events_write("stopped", "%s", "");
    loop_stop(&stopper->vm->loop);
}

static void arm_timer(struct stopper *stopper)
{
    struct itimerspec when = {.it_value.tv_sec = stopper->vm->options->stop_timeout_s, .it_value.tv_nsec = 1};

    (void)timerfd_settime(stopper->timer.fd, 0, &when, NULL);
}

static void signal_ready(void *owner, uint32_t events)
{
    struct stopper *stopper = owner;
    struct signalfd_siginfo info;

    (void)events;
    if (read(stopper->signals.fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (!stopper->asked && pm_press_power_button(&stopper->vm->pm)) {
            stopper->asked = true;
            arm_timer(stopper);
        } else {
            pull_the_plug(stopper);
        }
    }
}

static void timer_ready(void *owner, uint32_t events)
{
    struct stopper *stopper = owner;

    (void)events;
    log_message("the guest did not power off in time");
    loop_remove(&stopper->vm->loop, &stopper->timer);
    pull_the_plug(stopper);
}

static void finished_ready(void *owner, uint32_t events)
{
    struct stopper *stopper = owner;

    (void)events;
    (void)event_take(stopper->finished.fd);
    loop_stop(&stopper->vm->loop);
}

static int watch(struct stopper *stopper)
{
    struct loop *loop = &stopper->vm->loop;
    sigset_t signals;
    int result;

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    stopper->signals = (struct loop_source){
        .fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK), .ready = signal_ready, .owner = stopper};
    stopper->timer = (struct loop_source){
        .fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), .ready = timer_ready, .owner = stopper};
    stopper->finished =
        (struct loop_source){.fd = stopper->vm->finished, .ready = finished_ready, .owner = stopper};
    result = loop_add(loop, &stopper->signals, EPOLLIN);
    result = (result == 0) ? loop_add(loop, &stopper->timer, EPOLLIN) : result;
    return (result == 0) ? loop_add(loop, &stopper->finished, EPOLLIN) : result;
}

/* REQ-DM-006 */
enum vm_exit vm_run(struct vm *vm)
{
    struct stopper stopper = {.vm = vm};
    int result = watch(&stopper);

    vm->exit = VM_POWERED_OFF;
    result = (result == 0) ? requests_start(vm) : result;
    result = (result == 0) ? vm_boot(vm) : result;
    if (result != 0) {
        vm->exit = failed("start VM", result);
    } else {
        loop_run(&vm->loop);
        (void)hsm_pause_vm(vm->hsm);
    }
    requests_stop(vm);
    if (stopper.signals.fd >= 0) {
        close(stopper.signals.fd);
    }
    if (stopper.timer.fd >= 0) {
        close(stopper.timer.fd);
    }
    return vm->exit;
}

/* Reverse order of creation. The VM goes before its devices' memory does. */
void vm_destroy(struct vm *vm)
{
    vm_destroy_devices(vm);
    if (vm->hsm != NULL) {
        hsm_close(vm->hsm);
        vm->hsm = NULL;
    }
    passthrough_finish(&vm->passthrough);
    memory_destroy(&vm->memory);
    if (vm->has_loop) {
        loop_destroy(&vm->loop);
    }
    if (vm->finished >= 0) {
        close(vm->finished);
    }
    console_close(&vm->serial);
    console_close(&vm->console);
    while (vm->disks_open != 0U) {
        vm->disks_open--;
        virtio_blk_close(&vm->disk[vm->disks_open]);
    }
    while (vm->links_open != 0U) {
        vm->links_open--;
        net_link_close(&vm->link[vm->links_open]);
    }
    events_close();
    image_free(&vm->kernel);
    image_free(&vm->initrd);
}
