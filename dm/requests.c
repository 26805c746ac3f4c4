/* SPDX-License-Identifier: Apache-2.0 */
/* Answers the I/O requests of all vCPUs, one after the other, on one thread. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "abi/ioreq.h"
#include "dm/log.h"
#include "dm/vm.h"

#define PIO_SIZE_MAX  4U
#define MMIO_SIZE_MAX 8U

/* Only naturally sized accesses exist; anything else is answered with all ones, so that the vCPU
 * goes on. */
/* REQ-DM-007 */
static bool size_valid(uint64_t size, uint32_t max)
{
    return size != 0U && size <= max && (size & (size - 1U)) == 0U;
}

static void handle_pio(struct vm *vm, struct acrn_pio_request *pio)
{
    uint32_t size = (uint32_t)pio->size;

    if (!size_valid(pio->size, PIO_SIZE_MAX)) {
        pio->value = UINT32_MAX;
    } else if (pio->address == IOREQ_SHUTDOWN_PORT && pio->value == IOREQ_SHUTDOWN_VALUE) {
        vm->power = POWER_CRASH;
    } else if (pio->direction == ACRN_IOREQ_DIR_READ) {
        pio->value = (uint32_t)io_bus_read(&vm->ports, pio->address, size);
    } else {
        io_bus_write(&vm->ports, pio->address, size, pio->value);
    }
}

static void handle_mmio(struct vm *vm, struct acrn_mmio_request *mmio)
{
    uint32_t size = (uint32_t)mmio->size;

    if (!size_valid(mmio->size, MMIO_SIZE_MAX)) {
        mmio->value = UINT64_MAX;
    } else if (mmio->direction == ACRN_IOREQ_DIR_READ) {
        mmio->value = io_bus_read(&vm->mmio, mmio->address, size);
    } else {
        io_bus_write(&vm->mmio, mmio->address, size, mmio->value);
    }
}

static void handle_pci(struct vm *vm, struct acrn_pci_request *pci)
{
    uint32_t size = (uint32_t)pci->size;

    if (!size_valid(pci->size, PIO_SIZE_MAX) || pci->bus != 0U) {
        pci->value = UINT32_MAX;
    } else if (pci->direction == ACRN_IOREQ_DIR_READ) {
        pci->value = pci_config_read(&vm->pci, pci->dev, pci->func, pci->reg, size);
    } else {
        pci_config_write(&vm->pci, pci->dev, pci->func, pci->reg, size, pci->value);
    }
}

void requests_handle(struct vm *vm, struct acrn_io_request *request)
{
    switch (request->type) {
    case ACRN_IOREQ_TYPE_PORTIO:
        handle_pio(vm, &request->reqs.pio_request);
        break;
    case ACRN_IOREQ_TYPE_MMIO:
        handle_mmio(vm, &request->reqs.mmio_request);
        break;
    case ACRN_IOREQ_TYPE_PCICFG:
        handle_pci(vm, &request->reqs.pci_request);
        break;
    default: /* finished unanswered */
        break;
    }
}

/* What the guest has asked of its machine, after the access that did so. True: go on. */
static bool act(struct vm *vm, enum power_request power, unsigned slot)
{
    bool go_on = false;
    int result = 0;

    switch (power) {
    case POWER_RESET:
        events_write("reset", "%s", "");
        result = hsm_pause_vm(vm->hsm);
        (void)hsm_finish_request(vm->hsm, slot);
        result = (result == 0) ? vm_restart(vm) : result;
        go_on = result == 0;
        break;
    case POWER_OFF:
        events_write("poweroff", "%s", "");
        vm->exit = VM_POWERED_OFF;
        break;
    case POWER_CRASH:
        log_message("the guest crashed (triple fault)");
        events_write("crashed", "%s", "");
        vm->exit = VM_CRASHED;
        break;
    case POWER_NONE:
    default:
        go_on = true;
        break;
    }
    if (result != 0) {
        log_message("cannot restart the guest: %s", strerror(-result));
        vm->exit = VM_HYPERVISOR_ERROR;
    }
    return go_on;
}

/* 0: there may be a request. Any error but a signal's ends the service. */
static bool waited(struct vm *vm, int result)
{
    bool go_on = (result == 0) || (result == -EINTR);

    if (!go_on && !atomic_load(&vm->stop)) {
        log_message("lost the request client: %s", strerror(-result));
        vm->exit = VM_HYPERVISOR_ERROR;
    }
    return go_on;
}

/* *more: after an answer the thread has waited, and there may be another request. */
static bool serve_slot(struct vm *vm, unsigned slot, bool *more)
{
    struct acrn_io_request *shared = hsm_request(vm->hsm, slot);
    uint32_t processed = __atomic_load_n(&shared->processed, __ATOMIC_ACQUIRE);
    bool go_on = true;

    if (processed == ACRN_IOREQ_STATE_PROCESSING && shared->kernel_handled == 0U) {
        struct acrn_io_request request = *shared;
        enum power_request power;

        vm->power = POWER_NONE;
        requests_handle(vm, &request);
        power = vm->power;
        if (power == POWER_NONE) {
            int result;

            shared->reqs = request.reqs;
            result = hsm_finish_and_wait(vm->hsm, slot);
            *more = *more || result == 0;
            go_on = (result != -ENODEV) || waited(vm, result);
        } else {
            go_on = act(vm, power, slot);
        }
    }
    return go_on;
}

static void *serve(void *argument)
{
    struct vm *vm = argument;
    bool go_on = true;
    bool more = false; /* without it the thread waits first */

    while (go_on && !atomic_load(&vm->stop)) {
        if (!more) {
            go_on = waited(vm, hsm_wait_requests(vm->hsm));
        }
        more = false;
        for (unsigned slot = 0; slot < vm->vcpu_count && go_on; slot++) {
            go_on = serve_slot(vm, slot, &more);
        }
    }
    event_signal(vm->finished);
    return NULL;
}

int requests_start(struct vm *vm)
{
    int result = hsm_create_client(vm->hsm);

    if (result == 0) {
        vm->has_client = true;
        result = -pthread_create(&vm->requests, NULL, serve, vm);
        vm->requests_running = (result == 0);
    }
    return result;
}

void requests_stop(struct vm *vm)
{
    atomic_store(&vm->stop, true);
    if (vm->has_client) {
        (void)hsm_destroy_client(vm->hsm); /* the waiting thread returns with -ENODEV */
        vm->has_client = false;
    }
    if (vm->requests_running) {
        pthread_join(vm->requests, NULL);
        vm->requests_running = false;
    }
}
