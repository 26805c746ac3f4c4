/* SPDX-License-Identifier: Apache-2.0 */
/* The small machine of world.h with an IOMMU and a PCI bus whose functions can be lent. For one test program each. */
#ifndef UNIT_LENT_MACHINE_H
#define UNIT_LENT_MACHINE_H

#include "world.h"

#include "core/iommu.h"
#include "core/irq.h"
#include "devices/mmio_lent.h"
#include "devices/vlapic.h"
#include "devices/vpci.h"
#include "devices/vpci_function.h"
#include "devices/vpci_lent.h"
#include "devices/vpci_lent_state.h"
#include "fake/iommu.h"
#include "fake/pci.h"

#define HOST    0x0000U
#define NIC     0x0010U /* FLR; BAR 0 64 KiB with MSI-X table, ports, a 64-bit BAR 2, BAR 4 of 256 bytes */
#define DISK    0x0018U /* advanced features; MSI; BAR 0 of a page that is the MSI-X table of nobody */
#define USB     0x0020U /* resets by power states */
#define PLAIN   0x0028U /* no reset */
#define BRIDGE  0x0030U /* to conventional PCI, bus 1 */
#define BEHIND  0x0100U
#define TWIN    0x0038U /* and 0x39: no ACS */
#define SHARED  0x0040U /* a page for the registers of two */
#define SHARED2 0x0048U
#define OUTSIDE 0x0050U /* registers that the Service VM does not have */
#define TABLES  0x0058U /* BAR 0 is nothing but an MSI-X table */
#define GIVEN   0x0060U /* the RTVM's */
#define PORT    0x0068U /* a root port, bus 2 */
#define BELOW   0x0200U
#define ISA     0x00F8U
#define REGS    0x80000000U
#define HIGH    0x4000000000ULL
#define PLACE   0x0018U /* on the User VM's bus */
#define GUEST_RAM 0x0U
#define ROOT    0x70000000U
#define ENTRIES 0x70001000U
#define REMAP   0x70021000U

/* Ranges that the scenario lists for User VMs, where a test asks for them. */
#define MMIO    0xA0100000U /* two pages */
#define MMIO2   0xA0103000U /* one */
#define MMIO3   0xA0200000U /* a large page, and one more */
#define HPET    0xFED00000U /* the hypervisor's */

static bool machine_lends;
static bool machine_snoops = true; /* the unit looks into caches */
static struct fake_bus_function *nic, *disk, *usb, *plain;

static void machine_bus(void)
{
    fake_bus_reset();
    (void)fake_bus_add(HOST, 0x29C08086U, 0x0600U);
    nic = fake_bus_add(NIC, 0x10D38086U, 0x0200U);
    nic->express = 0x40U;
    fake_bus_put(nic, 0x10U, 4U, REGS, 0xFFFF0000U);
    fake_bus_put(nic, 0x14U, 4U, 0x0000C001U, 0x0000FFE0U);
    fake_bus_put(nic, 0x18U, 4U, 0x0000000CU, 0xFFFFC000U);
    fake_bus_put(nic, 0x1CU, 4U, (uint32_t)(HIGH >> 32U), 0xFFFFFFFFU);
    fake_bus_put(nic, 0x20U, 4U, REGS + 0x20000U, 0xFFFFFF00U);
    fake_bus_put(nic, 0x30U, 4U, REGS + 0x80000U, 0xFFFF0001U);
    fake_bus_put(nic, 0x34U, 4U, 0x40U, 0U);
    fake_bus_put(nic, 0x40U, 4U, 0x00026010U, 0U);       /* PCI Express, next 0x60 */
    fake_bus_put(nic, 0x44U, 4U, 0x10000000U, 0U);       /* FLR */
    fake_bus_put(nic, 0x48U, 4U, 0x00002810U, 0x0000FFFFU);
    fake_bus_put(nic, 0x48U, 2U, 0x2810U, 0x7FFFU);
    fake_bus_put(nic, 0x60U, 4U, 0x00030011U, 0xC0000000U);
    fake_bus_put(nic, 0x64U, 4U, 0x2000U, 0U);
    fake_bus_put(nic, 0x68U, 4U, 0x3000U, 0U);
    fake_bus_put(nic, 0x80U, 4U, 0x12345678U, 0xFFFFFFFFU);
    disk = fake_bus_add(DISK, 0x29228086U, 0x0106U);
    disk->advanced = 0x70U;
    fake_bus_put(disk, 0x10U, 4U, REGS + 0x30000U, 0xFFFFF000U);
    fake_bus_put(disk, 0x34U, 4U, 0x50U, 0U);
    fake_bus_put(disk, 0x50U, 4U, 0x00807005U, 0x00010000U);
    fake_bus_put(disk, 0x54U, 4U, 0U, 0xFFFFFFFCU);
    fake_bus_put(disk, 0x58U, 4U, 0U, 0xFFFFFFFFU);
    fake_bus_put(disk, 0x5CU, 4U, 0U, 0xFFFFU);
    fake_bus_put(disk, 0x70U, 4U, 0x03060013U, 0U);
    usb = fake_bus_add(USB, 0x000D1B36U, 0x0C03U);
    usb->power = 0x40U;
    fake_bus_put(usb, 0x34U, 4U, 0x40U, 0U);
    fake_bus_put(usb, 0x40U, 4U, 0x00035001U, 0U);
    fake_bus_put(usb, 0x50U, 4U, 0x00000009U, 0U);
    fake_bus_put(usb, 0x44U, 4U, 3U, 3U);                /* asleep */
    plain = fake_bus_add(PLAIN, 0x11E81234U, 0x00FFU);
    fake_bus_put(plain, 4U, 4U, 0U, 0xFFFFU);            /* no list of capabilities */
    fake_bus_put(plain, 0x10U, 4U, REGS + 0x100000U, 0xFFF00000U);
    fake_bus_put(plain, 0x24U, 4U, REGS + 0x70000U, 0xFFFFF000U);
    fake_bus_put(fake_bus_add(BRIDGE, 0x00011B36U, 0x0604U), 0x0CU, 4U, 0x00010000U, 0U);
    fake_bus_put(&fake_bus[5], 0x18U, 4U, 0x00010100U, 0U);
    (void)fake_bus_add(BEHIND, 0x100E8086U, 0x0200U);
    fake_bus_put(fake_bus_add(TWIN, 0x10098086U, 0x0200U), 0x0CU, 4U, 0x00800000U, 0U);
    (void)fake_bus_add(TWIN + 1U, 0x10098086U, 0x0200U);
    fake_bus_put(fake_bus_add(SHARED, 0x10011AF4U, 0x0200U), 0x10U, 4U, REGS + 0x40000U, 0xFFFFFF00U);
    fake_bus_put(fake_bus_add(SHARED2, 0x10021AF4U, 0x0200U), 0x10U, 4U, REGS + 0x40100U, 0xFFFFFF00U);
    fake_bus_put(fake_bus_add(OUTSIDE, 0x10031AF4U, 0x0200U), 0x10U, 4U, 0xA0000000U, 0xFFFFF000U);
    fake_bus_put(fake_bus_add(TABLES, 0x10041AF4U, 0x0200U), 0x10U, 4U, REGS + 0x60000U, 0xFFFFF000U);
    fake_bus_put(&fake_bus[12], 0x34U, 4U, 0x60U, 0U);
    fake_bus_put(&fake_bus[12], 0x60U, 4U, 0x00000011U, 0xC0000000U);
    (void)fake_bus_add(GIVEN, 0x10051AF4U, 0x0200U);
    fake_bus_put(&fake_bus[12], 0x14U, 4U, REGS + 0x50000U, 0xFFFFF000U);
    fake_bus_put(fake_bus_add(PORT, 0x000C1B36U, 0x0604U), 0x0CU, 4U, 0x00010000U, 0U);
    fake_bus_put(&fake_bus[14], 0x18U, 4U, 0x00020200U, 0xFFFFFFFFU);
    fake_bus_put(&fake_bus[14], 0x34U, 4U, 0x40U, 0U);
    fake_bus_put(&fake_bus[14], 0x40U, 4U, 0x00420010U, 0U);
    fake_bus_put(&fake_bus[14], 0x100U, 4U, 0x0001000DU, 0U); /* ACS */
    (void)fake_bus_add(BELOW, 0x10061AF4U, 0x0200U);
    (void)fake_bus_add(ISA, 0x29188086U, 0x0601U);
}

static void machine_range(uint32_t i, hpa_t base, uint64_t size)
{
    partition.table.vm[VM_SERVICE].range[i] = (struct part_range){ base, base, size, PART_RANGE_MMIO, PART_RANGE_WRITE };
    partition.table.vm[VM_SERVICE].range_count = i + 1U;
}

/* Booted; a User VM's first vCPU is on core 0. */
static int machine_start(void **state)
{
    static uint64_t seconds; /* lines of the log are counted by the second */
    (void)state;
    memset(vms, 0, sizeof(vms));
    memset(vcpus, 0, sizeof(vcpus));
    memset(vpci_lent_record, 0, sizeof(vpci_lent_record));
    fake_iommu_reset();
    fake_iommu_snoops = machine_snoops;
    fake_iommu_remaps = false; /* a message has its vector in it */
    machine_bus();
    world_machine();
    seconds++;
    fake_tsc += seconds * fake_tsc_hz * 100U;
    world_table();
    machine_range(0U, REGS, 0x10000000U);
    machine_range(1U, HIGH, 0x40000000U);
    if (machine_lends) {
        machine_range(2U, MMIO, 0x2000U);
        machine_range(3U, MMIO2, 0x1000U);
        machine_range(4U, MMIO3, 0x201000U);
        machine_range(5U, 0xA0000000U, 0x1000U);
        machine_range(6U, HPET, 0x1000U);
        machine_range(7U, 0xA2000000U, 0x1001000U);
        machine_range(8U, 0xA0500000U, 0x1000U);
        for (uint32_t i = 2U; i < 8U; i++) {
            partition.table.vm[VM_SERVICE].range[i].flags |= PART_RANGE_LEND;
        }
    }
    partition.table.vm[RTVM].pci_count = 1U;
    partition.table.vm[RTVM].pci[0] = GIVEN;
    platform.iommu_present = true;
    platform.mmconfig_base = 0xE0000000U;
    platform.mmconfig_buses = 2U;
    stage2_init(0x100000000U);
    assert_int_equal(domain_build(), STATUS_OK);
    irq_init();
    assert_int_equal(vpci_scan(), STATUS_OK);
    assert_int_equal(iommu_init(ROOT, ENTRIES, REMAP), STATUS_OK);
    assert_int_equal(vm_boot_all(), STATUS_OK);
    vpci_dma_open(VM_SERVICE);
    log_flush();
    return 0;
}

/* Until it is done, 5 ms at a time; how often it was executed. */
static inline int64_t call_through(uint64_t id, uint64_t p1, uint64_t p2, uint32_t *times)
{
    int64_t result = hypercall(id, p1, p2);
    *times = 1U;
    while ((result == HYPERCALL_AGAIN) && (*times < 200U)) {
        fake_tsc += fake_tsc_hz / 200U;
        result = hypercall(id, p1, p2);
        (*times)++;
    }
    return result;
}

static inline void device_arg(uint16_t place, uint16_t bdf, uint32_t type, uint32_t bar0)
{
    struct hc_pcidev device;
    memset(&device, 0, sizeof(device));
    device.type = type;
    device.virt_bdf = place;
    device.phys_bdf = bdf;
    device.bar[0] = bar0;
    device.bar[2] = 0xC0100000U;
    device.bar[4] = 0xC0200000U;
    device.bar[5] = 0xC0300000U;
    hw_phys_copy_out(SCRATCH, (const uint8_t *)&device, sizeof(device));
}

static inline int64_t assign_as(vm_id_t v, uint16_t place, uint16_t bdf, uint32_t type)
{
    uint32_t times = 0U;
    device_arg(place, bdf, type, 0xC0000000U);
    return call_through(HC_ASSIGN_PCIDEV, v, SCRATCH, &times);
}

static inline int64_t assign(vm_id_t v, uint16_t bdf) { return assign_as(v, PLACE, bdf, 0U); }

static inline int64_t deassign_as(vm_id_t v, uint16_t place, uint16_t bdf)
{
    uint32_t times = 0U;
    device_arg(place, bdf, 0U, 0U);
    return call_through(HC_DEASSIGN_PCIDEV, v, SCRATCH, &times);
}

static inline int64_t deassign(vm_id_t v, uint16_t bdf) { return deassign_as(v, PLACE, bdf); }

static inline bool told(const char *text)
{
    log_flush();
    return strstr(fake_log(), text) != NULL;
}

/* The User VM's registers, as by IN and OUT. */
static inline uint32_t get(vm_id_t v, uint16_t place, uint32_t offset, uint32_t size)
{
    uint32_t value = 0x5A5A5A5AU;
    (void)vpci_lent_port_write(v, 0xCF8U, 4U, 0x80000000U | ((uint32_t)place << 8U) | (offset & 0xFCU));
    assert_true(vpci_lent_port_read(v, (uint16_t)(0xCFCU + (offset & 3U)), size, &value));
    return value;
}

static inline void set(vm_id_t v, uint16_t place, uint32_t offset, uint32_t size, uint32_t value)
{
    (void)vpci_lent_port_write(v, 0xCF8U, 4U, 0x80000000U | ((uint32_t)place << 8U) | (offset & 0xFCU));
    assert_true(vpci_lent_port_write(v, (uint16_t)(0xCFCU + (offset & 3U)), size, value));
}

static inline hpa_t where(vm_id_t v, gpa_t gpa)
{
    const struct stage2_mapping at = stage2_lookup(v, gpa);
    return at.present ? at.hpa : 0U;
}

static inline bool reaches(uint16_t bdf, gpa_t address)
{
    hpa_t hpa = 0U;
    return fake_iommu_dma(bdf, address, true, &hpa);
}

#endif
