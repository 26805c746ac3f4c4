/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hypervisor's own PCI device (abi/hv_info.h): its MSI is the I/O request
 * upcall to the Service VM, its vendor capability names the information page.
 * With the ACRN face and no MSI, the upcall is a vector on vCPU 0.
 */
#include "abi/hv_info.h"
#include "abi/hypercall.h"
#include "abi/partition_table.h"
#include "core/crash.h"
#include "core/partition.h"
#include "core/stats.h"
#include "core/trace.h"
#include "core/vm.h"
#include "devices/ivshmem.h"
#include "devices/vlapic.h"
#include "devices/vpci.h"
#include "devices/vpci_function.h"

#define HV_STATUS_LIST  0x00100000U /* capabilities list, in the high half of the command dword */
#define HV_COMMAND_BITS (PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_INTX_OFF)
#define HV_REVISION     1U
#define HV_MULTIFUNCTION 0x00800000U
#define MSI_CAP_HEADER  (0x00800005U | ((uint32_t)HV_PCI_CAP_VENDOR << 8U)) /* 64-bit, one message */
#define MSI_ENABLE      0x00010000U
#define VENDOR_HEADER   0x02140009U /* last; length 0x14; revision 2 */
#define MSI_ADDRESS_HIGH (HV_PCI_CAP_MSI + 8U)
#define MSI_DATA        (HV_PCI_CAP_MSI + 12U)

struct hv_device {
    uint32_t command;
    uint32_t line;
    bool msi_enabled;
    uint64_t msi_address;
    uint32_t msi_data;
};
static struct hv_device hv_device;
static uint32_t callback_vector;

void vpci_hv_reset(void)
{
    hv_device = (struct hv_device){ .command = 0U };
    trace_select(0U);
    callback_vector = (partition.table.vm[VM_SERVICE].face == PART_FACE_ACRN) ? HC_VCPU_UPCALL_VECTOR : 0U;
}

/* Other functions in the same slot: scanners then look for them. */
static uint32_t header_type(void)
{
    uint32_t shared = (ivshmem_find(VM_SERVICE, (uint16_t)(partition.table.board.hv_device_bdf + 1U)) != ID_NONE) ? HV_MULTIFUNCTION : 0U;

    for (uint32_t i = 0U; i < vpci_function_count; i++) {
        if (((vpci_function[i].bdf ^ partition.table.board.hv_device_bdf) & 0xFFF8U) == 0U) {
            shared = HV_MULTIFUNCTION;
        }
    }
    return shared;
}

uint32_t vpci_hv_read(uint32_t offset)
{
    uint32_t value;

    switch (offset) {
    case 0U:
    case 0x2CU: /* subsystem */
        value = ((uint32_t)HV_PCI_DEVICE << 16U) | HV_PCI_VENDOR;
        break;
    case PCI_COMMAND:
        value = HV_STATUS_LIST | hv_device.command;
        break;
    case PCI_CLASS:
        value = ((uint32_t)HV_PCI_CLASS << 8U) | HV_REVISION;
        break;
    case PCI_HEADER:
        value = header_type();
        break;
    case PCI_CAPABILITIES:
        value = HV_PCI_CAP_MSI;
        break;
    case PCI_INTERRUPT:
        value = hv_device.line;
        break;
    case HV_PCI_CAP_MSI:
        value = MSI_CAP_HEADER | (hv_device.msi_enabled ? MSI_ENABLE : 0U);
        break;
    case HV_PCI_CAP_MSI + 4U:
        value = (uint32_t)hv_device.msi_address;
        break;
    case MSI_ADDRESS_HIGH:
        value = (uint32_t)(hv_device.msi_address >> 32U);
        break;
    case MSI_DATA:
        value = hv_device.msi_data;
        break;
    case HV_PCI_CAP_VENDOR:
        value = VENDOR_HEADER;
        break;
    case HV_PCI_INFO_GPA:
        value = (uint32_t)partition.table.telemetry_hpa;
        break;
    case HV_PCI_INFO_GPA + 4U:
        value = (uint32_t)(partition.table.telemetry_hpa >> 32U);
        break;
    case HV_PCI_TRACE:
        value = trace_selected();
        break;
    default:
        value = 0U;
        break;
    }
    return value;
}

/* value: the whole dword; written: the bits that the guest's access covered. */
/* REQ-IO-011 REQ-LIF-032 REQ-RT-031 */
void vpci_hv_write(uint32_t offset, uint32_t value, uint32_t written)
{
    switch (offset) {
    case PCI_COMMAND:
        hv_device.command = value & HV_COMMAND_BITS;
        break;
    case PCI_INTERRUPT:
        hv_device.line = value & 0xFFU;
        break;
    case HV_PCI_CAP_MSI:
        hv_device.msi_enabled = (value & MSI_ENABLE) != 0U;
        break;
    case HV_PCI_CAP_MSI + 4U:
        hv_device.msi_address = (hv_device.msi_address & 0xFFFFFFFF00000000U) | (value & 0xFFFFFFFCU);
        break;
    case MSI_ADDRESS_HIGH:
        hv_device.msi_address = (hv_device.msi_address & 0xFFFFFFFFU) | ((uint64_t)value << 32U);
        break;
    case MSI_DATA:
        hv_device.msi_data = value & 0xFFFFU;
        break;
    case HV_PCI_COMMAND:
        if ((written == PCI_WORD_ONES) && (value == HV_COMMAND_PUBLISH)) {
            stats_publish();
        } else if ((written == PCI_WORD_ONES) && (value == HV_COMMAND_CRASH_SEEN)) {
            crash_seen();
        } else {
            /* no such command */
        }
        break;
    case HV_PCI_TRACE:
        if (written == PCI_WORD_ONES) {
            trace_select(value);
        }
        break;
    default:
        /* read-only */
        break;
    }
}

/* REQ-HYP-017 */
enum status vpci_set_callback_vector(uint32_t vector)
{
    enum status result = STATUS_INVALID;

    if ((vector >= 0x20U) && (vector <= 0xFFU)) {
        callback_vector = vector;
        result = STATUS_OK;
    }
    return result;
}

/* REQ-IO-011 */
void vpci_upcall(void)
{
    if (hv_device.msi_enabled) {
        vlapic_deliver_msi(VM_SERVICE, hv_device.msi_address, hv_device.msi_data);
    } else if (callback_vector != 0U) {
        vlapic_post(vcpu_id(VM_SERVICE, 0U), callback_vector, false);
        vcpu_notify(vcpu_id(VM_SERVICE, 0U));
    } else {
        /* no driver listens yet */
    }
}
