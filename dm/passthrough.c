/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "dm/passthrough.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "dm/log.h"

#define PAGE_4K   4096U
#define BAR_64    4U /* the register pair of a 64-bit address; the type field's value */
#define BAR_TYPES 6U

static size_t shared_size(void)
{
    return MACHINE_FUNCTIONS_MAX * sizeof(struct host_function);
}

static bool open_all(struct passthrough *all, const struct function_option *options, unsigned count)
{
    bool opened = true;

    for (unsigned i = 0; i < count && opened; i++) {
        const char *problem = host_pci_open(&all->host[i], options[i].address);

        opened = problem == NULL;
        if (opened) {
            all->passed[i].as_is = options[i].as_is;
            all->count++;
        } else {
            log_message("--pci %s: %s", options[i].address, problem);
        }
    }
    return opened;
}

/* REQ-DM-013 */
bool passthrough_prepare(struct passthrough *all, const struct function_option *options, unsigned count)
{
    bool prepared = true;

    *all = (struct passthrough){.keeper.pipe = -1};
    if (count != 0U) {
        void *shared = mmap(NULL, shared_size(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

        prepared = shared != MAP_FAILED;
        if (prepared) {
            all->host = shared;
            prepared = open_all(all, options, count);
        } else {
            log_message("--pci: %s", strerror(errno));
        }
    }
    return prepared;
}

int passthrough_start_keeper(struct passthrough *all)
{
    return (all->count != 0U) ? keeper_start(&all->keeper, all->host, all->count) : 0;
}

/* Registers count in whole pages. */
static bool place_bars(struct passed_function *passed, const struct host_function *host, struct pci_bus *bus)
{
    bool fits = true;

    for (unsigned i = 0; i < HOST_PCI_BARS && fits; i++) {
        const struct host_bar *bar = &host->bar[i];

        if (bar->size != 0U) {
            uint64_t address = 0;

            fits = pci_bus_place(bus, (bar->size < PAGE_4K) ? PAGE_4K : bar->size, &address);
            passed->bar[i] = (uint32_t)address | bar->type;
            i += ((bar->type & BAR_TYPES) == BAR_64) ? 1U : 0U; /* the upper half is 0 */
        }
    }
    return fits;
}

/* REQ-DM-013 */
int passthrough_take(struct passthrough *all, struct pci_bus *bus)
{
    int result = 0;

    for (unsigned i = 0; i < all->count && result == 0; i++) {
        struct host_function *host = &all->host[i];
        struct passed_function *passed = &all->passed[i];

        passed->slot = pci_bus_reserve(bus);
        if (passed->slot == 0U) {
            log_message("--pci %s: the VM's bus has %u slots, and all are taken", host->address, MACHINE_PCI_SLOTS);
            result = -ENOSPC;
        } else if (!place_bars(passed, host, bus)) {
            log_message("--pci %s: its registers do not fit into the %llu MiB that a User VM has for them", host->address,
                        MACHINE_PCI_MMIO_SIZE >> 20);
            result = -ENOSPC;
        } else {
            result = host_pci_take(host);
            if (result != 0) {
                log_message("--pci %s: cannot be taken from its driver %s: %s", host->address, host->driver, strerror(-result));
            }
        }
    }
    return result;
}

static struct acrn_pcidev call_of(const struct passed_function *passed, const struct host_function *host)
{
    struct acrn_pcidev call = {
        .type = passed->as_is ? ACRN_PTDEV_QUIRK_ASSIGN : 0U,
        .virt_bdf = (uint16_t)(passed->slot << 3),
        .phys_bdf = host->bdf,
        .intr_line = (uint8_t)pci_slot_line(passed->slot),
        .intr_pin = host->pin,
    };

    memcpy(call.bar, passed->bar, sizeof(call.bar));
    return call;
}

static struct acrn_ptdev_irq line_of(const struct passed_function *passed, const struct host_function *host)
{
    return (struct acrn_ptdev_irq){
        .type = ACRN_PTDEV_IRQ_INTX,
        .virt_bdf = (uint16_t)(passed->slot << 3),
        .phys_bdf = host->bdf,
        .intx = {.virt_pin = pci_slot_line(passed->slot), .phys_pin = host->line},
    };
}

static const char *reason_of(int result)
{
    const char *reason = strerror(-result);

    switch (result) {
    case -EINVAL:
        reason = "the hypervisor does not give it to a User VM";
        break;
    case -EBUSY:
        reason = "another device of the VM is at its place on the VM's bus";
        break;
    case -ENODEV:
        reason = "the machine has no IOMMU that could hold it to the VM's memory; switch VT-d or AMD-Vi on in the firmware's setup";
        break;
    case -ENOMEM:
        reason = "the hypervisor gives 4 functions to one User VM and 8 in all, and has no page tables for more";
        break;
    case -ENOTTY:
        reason = "this hypervisor gives no functions to User VMs";
        break;
    default:
        break;
    }
    return reason;
}

/* Messages need nothing. A function without them gets its line, or nothing would tell the guest of its work; as it is it may come without. */
static int assign_line(struct passed_function *passed, const struct host_function *host, struct hsm *hsm)
{
    struct acrn_ptdev_irq line = line_of(passed, host);
    int result = 0;

    if (!host->messages) {
        result = (host->pin != 0U) ? hsm_set_ptdev_intr(hsm, &line) : -ENODEV;
        passed->has_line = result == 0;
    }
    if (result != 0) {
        log_message("--pci %s: it has no MSI, and its interrupt line cannot be given (%s; 'bhctl log' says more); %s", host->address, strerror(-result),
                    passed->as_is ? "it comes without interrupts" : "with ,as-is it comes without interrupts");
    }
    return passed->as_is ? 0 : result;
}

/* REQ-DM-013 */
int passthrough_assign(struct passthrough *all, struct hsm *hsm)
{
    int result = 0;

    for (unsigned i = 0; i < all->count && result == 0; i++) {
        const struct host_function *host = &all->host[i];
        struct passed_function *passed = &all->passed[i];
        struct acrn_pcidev call = call_of(passed, host);

        result = hsm_assign_pcidev(hsm, &call);
        passed->assigned = result == 0;
        if (result == 0) {
            result = assign_line(passed, host, hsm);
            events_write("pci function given", ",\"function\":\"%s\",\"as\":\"00:%02x.0\"", host->address, passed->slot);
        } else {
            log_message("--pci %s: %s; 'bhctl log' says more", host->address, reason_of(result));
        }
    }
    return result;
}

void passthrough_deassign(struct passthrough *all, struct hsm *hsm)
{
    for (unsigned i = all->count; i != 0U; i--) {
        const struct host_function *host = &all->host[i - 1U];
        struct passed_function *passed = &all->passed[i - 1U];

        if (passed->has_line) {
            struct acrn_ptdev_irq line = line_of(passed, host);

            (void)hsm_reset_ptdev_intr(hsm, &line);
            passed->has_line = false;
        }
        if (passed->assigned) {
            struct acrn_pcidev call = call_of(passed, host);
            int result = hsm_deassign_pcidev(hsm, &call);

            if (result != 0) {
                log_message("--pci %s: the hypervisor does not take it back: %s", host->address, strerror(-result));
            }
            passed->assigned = false;
        }
    }
}

/* REQ-DM-014 */
void passthrough_finish(struct passthrough *all)
{
    keeper_finish(&all->keeper);
    while (all->count != 0U) {
        all->count--;
        host_pci_close(&all->host[all->count]);
    }
    if (all->host != NULL) {
        (void)munmap(all->host, shared_size());
        all->host = NULL;
    }
}
