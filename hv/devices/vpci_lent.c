/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions that change hands between the Service VM and User VMs. From the first step on the function is the User VM's as far as the Service VM's view
 * goes (its owner in vpci_function), and it is that until the last step of the way back; in between the IOMMU lets it reach nothing.
 */
#include "core/hw.h"
#include "core/iommu.h"
#include "core/vm.h"
#include "devices/ivshmem.h"
#include "devices/vpci_lent_state.h"

struct lent vpci_lent_record[LENT_FUNCTIONS];
uint32_t vpci_user_count;
static bool lent_restarts[MAX_VM]; /* a reset was begun, and is not over */

/* The record with that place and function of the VM, or LENT_FUNCTIONS. */
uint32_t lent_find(vm_id_t v, uint16_t place, uint16_t bdf)
{
    uint32_t found = LENT_FUNCTIONS;

    for (uint32_t i = 0U; i < LENT_FUNCTIONS; i++) {
        if ((vpci_lent_record[i].state != LENT_FREE) && (vpci_lent_record[i].vm == v) && (vpci_lent_record[i].place == place) && (lent_function(&vpci_lent_record[i])->bdf == bdf)) {
            found = i;
        }
    }
    return found;
}

/* A free record, or LENT_FUNCTIONS: none, or the VM has its share. taken: a function or shared memory of the VM is in that place. */
static uint32_t find_free(vm_id_t v, uint16_t place, bool *taken)
{
    uint32_t found = LENT_FUNCTIONS;
    uint32_t count = 0U;

    *taken = ivshmem_find(v, place) != ID_NONE;
    for (uint32_t i = 0U; i < LENT_FUNCTIONS; i++) {
        if (vpci_lent_record[i].state == LENT_FREE) {
            found = i;
        } else if (vpci_lent_record[i].vm == v) {
            count++;
            if (vpci_lent_record[i].place == place) {
                *taken = true;
            }
        } else {
            /* another VM's */
        }
    }
    return (count < LENT_PER_VM) ? found : LENT_FUNCTIONS;
}

/* REQ-INT-083 */
bool vpci_lent_taken(vm_id_t v, uint16_t place)
{
    bool taken = false;

    (void)find_free(v, place, &taken);
    return taken;
}

/* REQ-INT-083 */
static const char *group_refused(const struct vpci_function *fn)
{
    const char *why = "";

    for (uint32_t i = 0U; i < vpci_function_count; i++) {
        const struct vpci_function *other = &vpci_function[i];

        if ((other != fn) && (other->group == fn->group) && !other->bridge && (other->owner != ID_NONE)) {
            why = " is not lent: nothing keeps it apart from a function that stays (no ACS)";
        } else if (vpci_behind(other, fn) && vpci_bridge_hides(other)) {
            why = " is not lent: it is behind a bridge to conventional PCI, which sends in its own name; use another slot";
        } else {
            /* nothing in common */
        }
    }
    return why;
}

/* What can be said of the function without touching it. */
/* REQ-INT-083 */
static const char *function_refused(const struct vpci_function *fn, bool unreset)
{
    const char *why = "";

    if (fn->bridge || (fn->class_code == PCI_CLASS_HOST_BRIDGE) || (fn->class_code == PCI_CLASS_ISA_BRIDGE)) {
        why = " is not lent: it is a bridge";
    } else if (hw_pci_read(fn->bdf, PCI_CLASS + 2U, 2U) == 0xFFFFU) { /* a virtual function's vendor reads so, too */
        why = " is not lent: it does not answer; the port above it may be asleep (write on to its power/control)";
    } else if (vpci_sriov_on(fn)) {
        why = " is not lent: its virtual functions are on; switch them off (sriov_numvfs)";
    } else if (!unreset && !lent_can_reset(fn)) {
        why = " is not lent: it has no function-level reset, and none by power states; with ,as-is it is";
    } else {
        why = group_refused(fn);
    }
    return why;
}

static enum status request_refused(vm_id_t v, const struct lent_request *request)
{
    const uint32_t index = vpci_function_at(request->bdf);
    bool taken = false;
    const bool room = find_free(v, request->place, &taken) < LENT_FUNCTIONS;
    enum status result = STATUS_DENIED;
    const char *why;

    if (vms[v].state != VM_CREATED) {
        why = " is not lent: its VM has started; assign before START_VM, or reset the VM";
    } else if (!iommu_active) {
        why = " is not lent: the machine has no IOMMU that could hold it to its VM's memory";
        result = STATUS_NO_DEVICE;
    } else if (index >= MAX_PCI_FUNCTION) {
        why = " is not lent: there is no such function";
    } else if (vpci_function[index].owner != VM_SERVICE) {
        why = " is not lent: it is not the Service VM's, or is lent already";
    } else if (taken) {
        why = " is not lent: another device of its VM is in its place";
        result = STATUS_BUSY;
    } else if (!room) {
        why = " is not lent: 4 functions for one VM, 8 in all";
        result = STATUS_NO_MEMORY;
    } else {
        why = function_refused(&vpci_function[index], request->unreset);
    }
    if (why[0] != '\0') {
        lent_say(v, request->bdf, why, 0U);
    } else {
        result = STATUS_OK;
    }
    return result;
}

/* The function is quiet and nobody's. Undoes nothing: what fails leaves it as it was but for that. */
/* REQ-ISO-080 */
static enum status lent_take(struct lent *l)
{
    const struct vpci_function *fn = lent_function(l);
    const char *why = lent_bars_refused(l);
    enum status result = STATUS_DENIED;

    if ((why[0] == '\0') && (iommu_would_give(fn->bdf, l->vm) != STATUS_OK)) {
        why = " is not lent: the firmware reserves memory for it, no unit of the IOMMU stands before it, or its bus is beyond the IOMMU's tables";
    }
    if (why[0] != '\0') {
        lent_say(l->vm, fn->bdf, why, 0U);
    } else {
        result = lent_bars_take(l);
        (void)iommu_give(fn->bdf, (result == STATUS_OK) ? IOMMU_NOBODY : VM_SERVICE);
    }
    return result;
}

/* REQ-INT-083 REQ-ISO-080 */
enum status vpci_lend(vm_id_t v, const struct lent_request *request)
{
    enum status result = request_refused(v, request);

    if (result == STATUS_OK) {
        bool taken = false;
        struct lent *l = &vpci_lent_record[find_free(v, request->place, &taken) % LENT_FUNCTIONS];
        struct vpci_function *fn;
        uint32_t command;

        *l = (struct lent){ .state = LENT_FREE, .vm = v, .place = request->place, .function = vpci_function_at(request->bdf) % MAX_PCI_FUNCTION };
        for (uint32_t i = 0U; i < LENT_BARS; i++) {
            l->first[i] = request->bar[i];
            l->bar[i] = request->bar[i];
        }
        fn = lent_function(l);
        lent_registers_save(l);
        command = hw_pci_read(fn->bdf, PCI_COMMAND, 2U);
        hw_pci_write(fn->bdf, PCI_COMMAND, 2U, command & ~PCI_COMMAND_MASTER);
        result = lent_take(l);
        if (result == STATUS_OK) {
            fn->owner = v;
            fn->walled = false;
            vpci_user_count++;
            lent_reset_begin(l);
        } else {
            hw_pci_write(fn->bdf, PCI_COMMAND, 2U, command);
        }
    }
    return result;
}

/* Out of the VM's hands: no messages, no mapping, no DMA. */
/* REQ-ISO-081 */
static void withdraw(struct lent *l, bool leaves)
{
    struct vpci_function *fn = lent_function(l);

    l->leaves = leaves;
    if (l->state == LENT_THERE) {
        lent_reset_begin(l);
        lent_bars_update(l);
        (void)iommu_give(fn->bdf, IOMMU_NOBODY);
        fn->walled = false;
    }
    if (leaves) {
        lent_line_take(l);
    }
}

enum status vpci_lent_return(vm_id_t v, uint16_t place, uint16_t bdf)
{
    const uint32_t index = lent_find(v, place, bdf);

    if (index < LENT_FUNCTIONS) {
        withdraw(&vpci_lent_record[index], true);
    }
    return (index < LENT_FUNCTIONS) ? STATUS_OK : STATUS_NOT_FOUND;
}

void vpci_lent_return_all(vm_id_t v)
{
    lent_restarts[v] = false;
    for (uint32_t i = 0U; i < LENT_FUNCTIONS; i++) {
        if ((vpci_lent_record[i].state != LENT_FREE) && (vpci_lent_record[i].vm == v)) {
            withdraw(&vpci_lent_record[i], true);
        }
    }
    ivshmem_drop_all(v);
    lent_address_reset(v);
}

/* REQ-LIF-081 */
void vpci_lent_restart(vm_id_t v)
{
    for (uint32_t i = 0U; (i < LENT_FUNCTIONS) && !lent_restarts[v]; i++) {
        if ((vpci_lent_record[i].state != LENT_FREE) && (vpci_lent_record[i].vm == v)) {
            withdraw(&vpci_lent_record[i], vpci_lent_record[i].leaves);
            for (uint32_t k = 0U; k < LENT_BARS; k++) {
                vpci_lent_record[i].bar[k] = vpci_lent_record[i].first[k];
            }
        }
    }
    ivshmem_reset(v);
    lent_restarts[v] = true;
    lent_address_reset(v);
}

/* The last step: the function is reset. */
/* REQ-ISO-081 REQ-LIF-081 */
static void arrive(struct lent *l)
{
    struct vpci_function *fn = lent_function(l);
    const vm_id_t owner = l->leaves ? VM_SERVICE : l->vm;

    fn->owner = owner;
    lent_registers_restore(l);
    fn->walled = iommu_give(fn->bdf, owner) == STATUS_OK;
    if (l->leaves) {
        lent_bars_give_back(l);
        lent_say(l->vm, fn->bdf, " is the Service VM's again", 0U);
        l->state = LENT_FREE;
        vpci_user_count--;
    } else {
        vpci_bridges_open(); /* its ports forward, whatever the Service VM left there */
        l->state = LENT_THERE;
        lent_say(l->vm, fn->bdf, " is lent", 0U);
    }
}

/* True: it is where it goes. */
static bool proceed(struct lent *l)
{
    bool over = (l->state == LENT_FREE) || (l->state == LENT_THERE);

    if (!over && lent_reset_over(l)) {
        arrive(l);
        over = true;
    }
    return over;
}

bool vpci_lent_settled(vm_id_t v)
{
    bool settled = true;

    for (uint32_t i = 0U; i < LENT_FUNCTIONS; i++) {
        settled = ((vpci_lent_record[i].vm != v) || proceed(&vpci_lent_record[i])) && settled;
    }
    lent_restarts[v] = lent_restarts[v] && !settled;
    return settled;
}

bool vpci_lent_arrived(vm_id_t v, uint16_t place, uint16_t bdf)
{
    const uint32_t index = lent_find(v, place, bdf);

    return proceed(&vpci_lent_record[index % LENT_FUNCTIONS]);
}

bool vpci_lent_arriving(vm_id_t v, uint16_t place, uint16_t bdf)
{
    const uint32_t index = lent_find(v, place, bdf);

    return (index < LENT_FUNCTIONS) && (vpci_lent_record[index % LENT_FUNCTIONS].state != LENT_THERE) && !vpci_lent_record[index % LENT_FUNCTIONS].leaves;
}

