/* SPDX-License-Identifier: Apache-2.0 */
/* One User VM: everything it consists of, and its life. */
#ifndef DM_VM_H
#define DM_VM_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "dm/console.h"
#include "dm/hsm.h"
#include "dm/image.h"
#include "dm/iobus.h"
#include "dm/loop.h"
#include "dm/memory.h"
#include "dm/mmio.h"
#include "dm/net_link.h"
#include "dm/options.h"
#include "dm/ivshmem.h"
#include "dm/passthrough.h"
#include "dm/pci.h"
#include "dm/pm.h"
#include "dm/rtc.h"
#include "dm/uart.h"
#include "dm/virtio_blk.h"
#include "dm/virtio_console.h"
#include "dm/virtio_net.h"

enum vm_exit { VM_POWERED_OFF = 0, VM_BAD_ARGUMENT = 2, VM_HYPERVISOR_ERROR = 3, VM_CRASHED = 4 };

struct vm {
    const struct options *options;
    struct image_file kernel, initrd;
    struct image_plan plan;
    struct console console, serial;
    struct hsm *hsm; /* NULL: no VM yet */
    uint16_t vmid, vcpu_count;
    struct guest_memory memory;

    struct io_bus ports, mmio;
    struct pci_bus pci;
    struct uart uart;
    struct rtc rtc;
    struct pm pm;
    uint8_t system_b;
    struct virtio_console virtio_console;
    struct virtio_device rng;
    struct virtio_blk disk[MACHINE_DISKS_MAX];
    unsigned disks_open;
    struct net_link link[MACHINE_NETS_MAX];
    struct virtio_net net[MACHINE_NETS_MAX];
    unsigned links_open, net_count;
    struct virtio_device *virtio[MACHINE_DISKS_MAX + MACHINE_NETS_MAX + 2U]; /* those that exist */
    unsigned virtio_count;
    struct passthrough passthrough;
    struct ivshmem ivshmem;
    struct mmio_ranges mmio_ranges;

    struct loop loop; /* the main thread's: signals, serial input, the end */
    bool has_loop;
    int finished; /* eventfd: the request thread has ended */
    pthread_t requests;
    bool requests_running;
    bool has_client;
    atomic_bool stop;
    enum power_request power; /* what the request in hand has asked for; request thread only */
    enum vm_exit exit;
};

/* vm.c. Reads and checks images, opens disks, links and consoles; creates no VM. */
enum vm_exit vm_prepare(struct vm *vm, const struct options *options);
enum vm_exit vm_create(struct vm *vm);
enum vm_exit vm_run(struct vm *vm); /* from start to end */
void vm_destroy(struct vm *vm);     /* after any of the above, also a failed one */

/* devices.c */
int vm_create_devices(struct vm *vm); /* 0 or -errno */
void vm_reset_devices(struct vm *vm);
void vm_destroy_devices(struct vm *vm);

/* requests.c: the thread that answers the guest's I/O requests. */
int requests_start(struct vm *vm);
void requests_stop(struct vm *vm); /* and joins */
void requests_handle(struct vm *vm, struct acrn_io_request *request); /* for the tests */

/* vm.c, on the request thread. */
int vm_boot(struct vm *vm);    /* load and start */
int vm_restart(struct vm *vm); /* reset in place */

#endif
