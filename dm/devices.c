/* SPDX-License-Identifier: Apache-2.0 */
/* Puts the machine of machine.h together. */
#define _GNU_SOURCE
#include <errno.h>

#include "dm/legacy.h"
#include "dm/log.h"
#include "dm/machine.h"
#include "dm/virtio_rng.h"
#include "dm/vm.h"

static void set_line(void *owner, uint32_t gsi, bool high)
{
    struct vm *vm = owner;

    (void)hsm_set_irq_line(vm->hsm, gsi, high);
}

static void set_com1(void *owner, bool high)
{
    set_line(owner, MACHINE_GSI_COM1, high);
}

static void set_sci(void *owner, bool high)
{
    set_line(owner, MACHINE_GSI_SCI, high);
}

static void serial_input(void *owner, const uint8_t *data, size_t size)
{
    struct vm *vm = owner;

    uart_receive(&vm->uart, data, size);
}

/* Called in the middle of an access; requests.c acts on it afterwards. */
static void power(void *owner, enum power_request request)
{
    struct vm *vm = owner;

    vm->power = request;
}

static void create_ports(struct vm *vm)
{
    struct io_bus *ports = &vm->ports;

    io_bus_add(ports, MACHINE_PORT_COM1, UART_PORTS, &uart_ops, &vm->uart);
    io_bus_add(ports, MACHINE_PORT_PM1_EVENT, PM_EVENT_PORTS, &pm_event_ops, &vm->pm);
    io_bus_add(ports, MACHINE_PORT_PM1_CTL, PM_CONTROL_PORTS, &pm_control_ops, &vm->pm);
    io_bus_add(ports, MACHINE_PORT_PM_TIMER, PM_TIMER_PORTS, &pm_timer_ops, &vm->pm);
    io_bus_add(ports, MACHINE_PORT_RESET, 1, &pm_reset_ops, &vm->pm);
    io_bus_add(ports, MACHINE_PORT_CF8, 4, &pci_cf8_ops, &vm->pci);
    io_bus_add(ports, MACHINE_PORT_CFC, 4, &pci_cfc_ops, &vm->pci);
    io_bus_add(ports, MACHINE_PORT_RTC, RTC_PORTS, &rtc_ops, &vm->rtc);
    io_bus_add(ports, MACHINE_PORT_SYSTEM_B, 1, &legacy_system_b_ops, &vm->system_b);
    io_bus_add(ports, MACHINE_PORT_I8042, 1, &legacy_zero_ops, NULL);
    io_bus_add(ports, MACHINE_PORT_I8042 + 4U, 1, &legacy_i8042_ops, &vm->pm);
    io_bus_add(ports, MACHINE_PORT_PIT, 4, &legacy_zero_ops, NULL);
    io_bus_add(ports, MACHINE_PORT_POST, 1, &legacy_zero_ops, NULL);
    io_bus_add(&vm->mmio, MACHINE_PCI_MMIO_BASE, MACHINE_PCI_MMIO_SIZE, &pci_mmio_ops, &vm->pci);
    io_bus_add(&vm->mmio, MACHINE_ECAM_BASE, MACHINE_ECAM_SIZE, &pci_ecam_ops, &vm->pci);
}

static int keep(struct vm *vm, int result, struct virtio_device *device)
{
    if (result == 0) {
        vm->virtio[vm->virtio_count] = device;
        vm->virtio_count++;
    }
    return result;
}

static int create_virtio(struct vm *vm)
{
    struct virtio_setup setup = {.hsm = vm->hsm, .memory = &vm->memory, .bus = &vm->pci};
    int result = 0;

    if (vm->console.kind != CONSOLE_NONE) {
        result = keep(vm, virtio_console_create(&vm->virtio_console, &setup, &vm->console),
                      &vm->virtio_console.device);
    }
    for (unsigned i = 0; i < vm->disks_open && result == 0; i++) {
        result = keep(vm, virtio_blk_create(&vm->disk[i], &setup), &vm->disk[i].device);
    }
    if (result == 0 && vm->options->rng) {
        result = keep(vm, virtio_rng_create(&vm->rng, &setup), &vm->rng);
    }
    for (unsigned i = 0; i < vm->links_open && result == 0; i++) {
        const struct net_option *option = &vm->options->net[i];
        uint8_t mac[NET_MAC_SIZE];

        net_default_mac(vm->options->name, i, mac);
        result = keep(vm, virtio_net_create(&vm->net[i], &setup, option->has_mac ? option->mac : mac, &vm->link[i].backend),
                      &vm->net[i].device);
        vm->net_count += (result == 0) ? 1U : 0U;
    }
    return result;
}

int vm_create_devices(struct vm *vm)
{
    int result;

    uart_create(&vm->uart, &vm->serial, set_com1, vm);
    rtc_create(&vm->rtc);
    pm_create(&vm->pm, set_sci, power, vm);
    pci_bus_create(&vm->pci, set_line, vm);
    create_ports(vm);
    result = create_virtio(vm);
    for (unsigned i = 0; i < vm->virtio_count && result == 0; i++) {
        result = virtio_start_worker(vm->virtio[i]);
    }
    result = (result == 0) ? passthrough_take(&vm->passthrough, &vm->pci) : result;
    result = (result == 0) ? passthrough_assign(&vm->passthrough, vm->hsm) : result;
    result = (result == 0) ? ivshmem_create(&vm->ivshmem, &vm->pci, vm->hsm) : result;
    result = (result == 0) ? mmio_assign(&vm->mmio_ranges, vm->options->mmio, vm->options->mmio_count, vm->hsm) : result;
    return (result == 0) ? console_attach(&vm->serial, &vm->loop, serial_input, vm) : result;
}

void vm_reset_devices(struct vm *vm)
{
    for (unsigned i = 0; i < vm->virtio_count; i++) {
        virtio_reset(vm->virtio[i]);
    }
    pci_bus_reset(&vm->pci);
    uart_reset(&vm->uart);
    pm_reset(&vm->pm);
}

void vm_destroy_devices(struct vm *vm)
{
    if (vm->hsm != NULL) {
        mmio_deassign(&vm->mmio_ranges, vm->options->mmio, vm->hsm);
        ivshmem_destroy(&vm->ivshmem, vm->hsm);
        passthrough_deassign(&vm->passthrough, vm->hsm);
    }
    while (vm->virtio_count != 0U) {
        vm->virtio_count--;
        virtio_destroy(vm->virtio[vm->virtio_count]);
    }
    while (vm->net_count != 0U) {
        vm->net_count--;
        virtio_net_report(&vm->net[vm->net_count], vm->link[vm->net_count].path);
    }
}
