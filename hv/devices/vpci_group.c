/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Isolation groups: functions that could reach each other past the IOMMU have one owner, or the machine does not
 * start. A multi-function device, or a bridge, keeps its functions apart when it has access control services (PCI
 * Express 5.0, 6.12 and 7.7.8), which are switched on here and closed to guests; conventional PCI never does, and a
 * bridge to it sends in its own name.
 */
#include "core/boot_info.h"
#include "core/hw.h"
#include "core/log.h"
#include "core/partition.h"
#include "devices/vpci.h"
#include "devices/vpci_function.h"

#define PCIE_FLAGS       2U
#define PORT_ROOT        4U
#define PORT_DOWNSTREAM  6U
#define PORT_PCI         7U    /* a bridge from PCI Express to conventional PCI */
#define PORT_NONE        0xFFU /* conventional PCI */
#define PCI_BUS_LIMIT    256U
#define ACS_CAPABILITY   4U
#define ACS_CONTROL      6U
#define ACS_PLACES       (PCI_CONFIG_SIZE - 7U)
#define ACS_ISOLATE      0x1DU /* source validation, request and completion redirect, upstream forwarding */

static uint32_t port_type(const struct vpci_function *fn)
{
    uint32_t type = PORT_NONE;

    if (fn->pcie != 0U) {
        type = (hw_pci_read(fn->bdf, fn->pcie + PCIE_FLAGS, 2U) >> 4U) & 0xFU;
    }
    return type;
}

static bool express_port(const struct vpci_function *fn)
{
    uint32_t type = port_type(fn);

    return (type == PORT_ROOT) || (type == PORT_DOWNSTREAM);
}

/* What the capability does not offer, the function cannot do: it needs no control. */
void vpci_access_control_on(const struct vpci_function *fn)
{
    if (fn->acs != 0U) {
        uint32_t at = fn->acs % ACS_PLACES; /* it is below */
        uint32_t offered = hw_pci_read(fn->bdf, at + ACS_CAPABILITY, 2U);

        hw_pci_write(fn->bdf, at + ACS_CONTROL, 2U, offered & ACS_ISOLATE);
    }
}

static bool one_group(const struct vpci_function *a, const struct vpci_function *b)
{
    bool same_device = ((a->bdf ^ b->bdf) & 0xFFF8U) == 0U;
    bool below = a->bridge && !(express_port(a) && (a->acs != 0U)) &&
                 (((hw_pci_read(a->bdf, PCI_BUS_NUMBERS, 4U) >> 8U) & 0xFFU) == ((uint32_t)b->bdf >> 8U));

    /* A virtual function that could reach others would have access control (PCI Express 5.0, 6.12.1.2). */
    return (same_device && ((((uint32_t)a->acs | a->physical) == 0U) || (((uint32_t)b->acs | b->physical) == 0U))) || below;
}

static void group_join(uint32_t from, uint32_t into)
{
    for (uint32_t i = 0U; i < vpci_function_count; i++) {
        if (vpci_function[i].group == from) {
            vpci_function[i].group = (uint16_t)into;
        }
    }
}

static void groups_find(void)
{
    for (uint32_t i = 0U; i < vpci_function_count; i++) {
        vpci_function[i].group = (uint16_t)i;
    }
    for (uint32_t i = 0U; i < vpci_function_count; i++) {
        for (uint32_t k = 0U; k < vpci_function_count; k++) {
            if ((i != k) && one_group(&vpci_function[i], &vpci_function[k])) {
                group_join(vpci_function[k].group, vpci_function[i].group);
            }
        }
    }
}

static bool given_refuse(vm_id_t v, uint16_t bdf, const char *why, uint16_t other)
{
    log_begin("pci");
    log_chars(partition.table.vm[v].name, PART_NAME_SIZE);
    log_text(" cannot have function ");
    log_hex(bdf);
    log_text(why);
    log_hex(other);
    log_end();
    return false;
}

bool vpci_bridge_hides(const struct vpci_function *bridge)
{
    return (port_type(bridge) == PORT_NONE) || (port_type(bridge) > PORT_DOWNSTREAM);
}

/* The bridge next to the root counts. One from PCI Express to conventional PCI asks as function 0 of device 0 of the bus behind it (PCI Express to PCI/PCI-X Bridge 1.0,
 * 2.3), any other in its own name (VT-d 4.1, 3.4.1). */
/* REQ-ISO-091 */
uint16_t vpci_requester(const struct vpci_function *fn)
{
    uint16_t id = fn->bdf;
    uint32_t nearest = PCI_BUS_LIMIT;

    for (uint32_t i = 0U; i < vpci_function_count; i++) {
        const struct vpci_function *bridge = &vpci_function[i];

        /* One that the firmware left alone has bus 0 on both sides. */
        if (vpci_behind(bridge, fn) && vpci_bridge_hides(bridge) && (((bridge->bdf ^ fn->bdf) & 0xFF00U) != 0U)) {
            const uint32_t bus = (hw_pci_read(bridge->bdf, PCI_BUS_NUMBERS, 4U) >> 8U) & 0xFFU;

            if (bus < nearest) {
                nearest = bus;
                id = (port_type(bridge) == PORT_PCI) ? (uint16_t)(bus << 8U) : bridge->bdf;
            }
        }
    }
    return id;
}

/* A bridge in the group only forwards: what its owner may write is in vpci_bridge.c. A function without an owner is silent. */
static bool apart_from(vm_id_t v, const struct vpci_function *fn, const struct vpci_function *other)
{
    bool ok = true;

    if ((other->group == fn->group) && !other->bridge && (other->owner != v) && (other->owner != ID_NONE)) {
        ok = given_refuse(v, fn->bdf, ": nothing keeps it apart from a function of another VM (no ACS); give that VM's to it, too, or neither: ",
                    other->bdf);
    } else if (vpci_behind(other, fn) && vpci_bridge_hides(other)) {
        ok = given_refuse(v, fn->bdf, ": it is behind a bridge to conventional PCI, which sends in its own name; use another slot: ",
                    other->bdf);
    } else {
        /* nothing in common */
    }
    return ok;
}

/* REQ-INT-051 */
static bool given_check(vm_id_t v, uint16_t bdf)
{
    uint32_t index = vpci_function_at(bdf);
    bool ok = true;

    if (index >= MAX_PCI_FUNCTION) {
        ok = given_refuse(v, bdf, ": it does not exist on this machine; look at the board's list of functions: ", bdf);
    } else if ((platform.mmconfig_base == 0U) || (((uint32_t)bdf >> 8U) >= platform.mmconfig_buses)) {
        ok = given_refuse(v, bdf, ": it has no place in the machine's PCI configuration window (MMCONFIG): ", bdf);
    } else if (((uint32_t)bdf >> 8U) >= IOMMU_BUSES) {
        ok = given_refuse(v, bdf, ": its bus is beyond the tables of the IOMMU; use a slot on a lower one: ", bdf);
    } else if ((vpci_function[index].owner != v) || vpci_function[index].bridge ||
               (vpci_function[index].class_code == PCI_CLASS_HOST_BRIDGE) || (vpci_function[index].class_code == PCI_CLASS_ISA_BRIDGE)) {
        ok = given_refuse(v, bdf, ": it is a bridge, or has more capabilities to close than the limit: ", bdf);
    } else {
        for (uint32_t i = 0U; ok && (i < vpci_function_count); i++) {
            ok = apart_from(v, &vpci_function[index], &vpci_function[i]);
        }
    }
    return ok;
}

/* REQ-INT-051 */
enum status vpci_groups_check(void)
{
    bool ok = true;

    for (uint32_t i = 0U; (i < vpci_function_count) && platform.iommu_present; i++) {
        vpci_access_control_on(&vpci_function[i]);
    }
    groups_find();
    for (vm_id_t v = 1U; ok && (v < partition.table.vm_count) && (v < PART_MAX_VM); v++) {
        for (uint32_t i = 0U; ok && (i < partition.table.vm[v].pci_count) && (i < PART_MAX_PCI); i++) {
            ok = given_check(v, partition.table.vm[v].pci[i]);
        }
    }
    return ok ? STATUS_OK : STATUS_DENIED;
}
