/* SPDX-License-Identifier: Apache-2.0 */
/* A machine with a network card, a disk, a bridge, an ISA bridge and another VM's function, scanned; what PCI calls in
 * core/ and the virtual interrupt controllers, recorded. For one test program each. */
#ifndef UNIT_VPCI_MACHINE_H
#define UNIT_VPCI_MACHINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "abi/hv_info.h"
#include "core/dispatch.h"
#include "core/domain.h"
#include "core/iommu.h"
#include "core/irq.h"
#include "core/partition.h"
#include "core/stats.h"
#include "core/vm.h"
#include "devices/vioapic.h"
#include "devices/vlapic.h"
#include "devices/vpci.h"
#include "devices/vpci_function.h"
#include "devices/vpci_given.h"
#include "devices/vpci_lent.h"
#include "fake_pci.h"
#include "ivshmem_stub.h"
#include "stub_log.h"

union partition_storage partition;
struct vm vms[MAX_VM];
struct vcpu vcpus[MAX_VCPU];

#define HOST_BRIDGE 0x0000U
#define NIC         0x0010U /* 00:02.0: MSI-X at 0x40, memory BAR 0 at FAKE_MMIO, I/O BAR 1, 64-bit BAR 2 */
#define DISK        0x0018U /* 00:03.0: MSI 64-bit maskable at 0x50, then SR-IOV in the extended space */
#define BRIDGE      0x0020U
#define GIVEN       0x0028U /* a pre-launched VM's */
#define ISA_BRIDGE  0x00F8U
#define HV_DEVICE   0x00F0U
#define TABLE       (FAKE_MMIO + 0x2000U)
#define PBA         (FAKE_MMIO + 0x2800U)
#define ENTRIES     4U
#define ALL_ONES    0xFFFFFFFFU

static unsigned int published;
static unsigned int crashes_seen;
static uint32_t traced;
static unsigned int delivered;
static uint64_t delivered_address;
static uint32_t delivered_data;
static unsigned int posted;
static uint32_t posted_vector;

void log_chars(const char *text, uint32_t size) { (void)size; log_append(text); }
void hw_port_write(uint16_t port, uint32_t size, uint32_t value) { (void)port; (void)size; (void)value; }
static uint64_t ticks;
static uint64_t relax_step = 1U;
uint64_t hw_tsc(void) { return ticks; }
uint64_t hw_tsc_hz(void) { return 1000U; }
void hw_relax(void) { ticks += relax_step; }
void hw_ioapic_mask(uint32_t pin, bool masked) { (void)pin; (void)masked; }
void hw_ioapic_route(uint32_t pin, uint32_t vector, pcpu_id_t t, bool l, bool a) { (void)pin; (void)vector; (void)t; (void)l; (void)a; }
uint64_t hw_msi_address(pcpu_id_t target) { return 0xFEE00000U | ((uint64_t)target << 12U); }
uint32_t hw_msi_data(uint32_t vector) { return vector; }
void vioapic_set_line(vm_id_t v, uint32_t pin, bool high) { (void)v; (void)pin; (void)high; }
void vioapic_pulse(vm_id_t v, uint32_t pin) { (void)v; (void)pin; }
void vioapic_refresh(vm_id_t v, uint32_t pin) { (void)v; (void)pin; }
void vlapic_deliver_msi(vm_id_t v, uint64_t address, uint32_t data)
{
    assert_int_equal(v, VM_SERVICE);
    delivered++;
    delivered_address = address;
    delivered_data = data;
}
void vlapic_post(vcpu_id_t id, uint32_t vector, bool level)
{
    assert_int_equal(id, 0U);
    assert_false(level);
    posted++;
    posted_vector = vector;
}
void vcpu_notify(vcpu_id_t id) { (void)id; }
bool iommu_remaps;
uint32_t iommu_irq_settles = 1U;
uint32_t routed = ID_NONE; /* whose entry was written last */
void iommu_irq_set(uint32_t index, uint16_t bdf, pcpu_id_t pcpu, uint32_t vector, bool level) { (void)index; routed = bdf; (void)pcpu; (void)vector; (void)level; }
void iommu_irq_settle(void) { }
uint32_t iommu_remap_first(vm_id_t vm, uint16_t bdf) { (void)vm; return (bdf == NIC) ? 0x400U : 0U; }
uint64_t iommu_remap_address(uint32_t index) { return 0xFEE00010U | ((uint64_t)index << 5U); }
uint32_t iommu_remap_data(uint32_t offset) { (void)offset; return 0U; }
uint32_t view = ID_NONE; /* entries that a function can choose among */
bool iommu_irte_in_view(uint32_t offset) { return offset < view; }
vcpu_id_t vlapic_target(vm_id_t v, uint32_t dest, bool logical) { return ((dest < 3U) && !logical) ? vcpu_id(v, dest) : ID_NONE; }
void stats_publish(void) { published++; }
void crash_seen(void) { crashes_seen++; }
void trace_select(uint32_t events) { traced = events; }
uint32_t trace_selected(void) { return traced; }
bool vpci_lent_page(vm_id_t v, gpa_t gpa, hpa_t *hpa) { (void)v; (void)gpa; (void)hpa; return false; }
uint32_t domain_of(vm_id_t v) { return v; }
bool domain_owns(uint32_t domain, hpa_t hpa, uint64_t size, uint32_t type)
{
    return (domain == VM_SERVICE) && (hpa >= 0x80000000U) && (size <= 0x8000000000U) && (type == MEMORY_DEVICE);
}

#ifndef VPCI_MACHINE_SRIOV /* tests of other things than virtual functions */
bool vpci_sriov_covers(const struct vpci_function *fn, uint32_t offset) { (void)fn; (void)offset; return false; }
void vpci_sriov_write(struct vpci_function *pf, uint32_t offset, uint32_t size, uint32_t value) { (void)pf; (void)offset; (void)size; (void)value; }
void vpci_sriov_wake(uint16_t bdf) { (void)bdf; }
void vpci_sriov_boot(void) { }
bool vpci_sriov_held(const struct vpci_function *pf) { (void)pf; return false; }
uint32_t vpci_sriov_read(const struct vpci_function *pf, uint32_t dword) { (void)pf; (void)dword; return 0U; }
uint32_t vpci_sriov_shadow(uint16_t bdf, uint32_t offset, uint32_t size) { (void)bdf; (void)offset; return pci_ones(size); }
#else
vm_id_t iommu_home(uint16_t bdf)
{
    vm_id_t home = VM_SERVICE;
    for (vm_id_t v = 1U; (v < partition.table.vm_count) && (v < PART_MAX_VM); v++) {
        for (uint32_t i = 0U; (i < partition.table.vm[v].pci_count) && (i < PART_MAX_PCI); i++) {
            home = (partition.table.vm[v].pci[i] == bdf) ? v : home;
        }
    }
    return home;
}
#endif

static inline uint32_t rd(uint16_t bdf, uint32_t offset, uint32_t size) { return vpci_config_read(VM_SERVICE, bdf, offset, size); }
static inline void wr(uint16_t bdf, uint32_t offset, uint32_t size, uint32_t value) { vpci_config_write(VM_SERVICE, bdf, offset, size, value); }
static inline uint32_t hw32(hpa_t pa) { return (uint32_t)hw_mmio_read(pa, 4U); }

static inline void machine(void)
{
    fake_bus_reset();
    memset(fake_mmio, 0, sizeof(fake_mmio));
    fake_add(HOST_BRIDGE, 0x29C08086U, 0x0600U);
    fake_put(HOST_BRIDGE, 0x60U, 4U, 0xB0000001U, ALL_ONES);
    fake_add(NIC, 0x10D38086U, 0x0200U);
    fake_put(NIC, 0x10U, 4U, FAKE_MMIO, 0xFFFF0000U);
    fake_put(NIC, 0x14U, 4U, 0x0000C001U, 0x0000FFE0U);
    fake_put(NIC, 0x18U, 4U, 0x0000000CU, 0xFFFFC000U);
    fake_put(NIC, 0x1CU, 4U, 0x00000038U, ALL_ONES);
    fake_put(NIC, 0x20U, 4U, 0U, 0xFFFFF000U);       /* never placed by the firmware */
    fake_put(NIC, 0x30U, 4U, 0xFEBC0000U, 0xFFFC0001U);
    fake_put(NIC, 0x34U, 4U, 0x40U, 0U);
    fake_put(NIC, 0x40U, 4U, 0x80000011U | ((ENTRIES - 1U) << 16U), 0xC0000000U); /* enabled by the firmware */
    fake_put(NIC, 0x44U, 4U, 0x2000U, 0U);
    fake_put(NIC, 0x48U, 4U, 0x2800U, 0U);
    fake_put(NIC, 0x80U, 4U, 0U, ALL_ONES);          /* a register of its own */
    fake_add(DISK, 0x29228086U, 0x0106U);
    fake_put(DISK, 0x34U, 4U, 0x50U, 0U);
    fake_put(DISK, 0x50U, 4U, 0x01870005U, 0x00710000U); /* MSI: 64-bit, maskable, 8 messages, enabled */
    fake_put(DISK, 0x54U, 4U, 0U, 0xFFFFFFFCU);
    fake_put(DISK, 0x58U, 4U, 0U, ALL_ONES);
    fake_put(DISK, 0x5CU, 4U, 0U, 0xFFFFU);
    fake_put(DISK, 0x60U, 4U, 0U, 0xFFU);
    fake_put(DISK, 0x100U, 4U, 0x14010001U, 0U);     /* AER, next 0x140 */
    fake_put(DISK, 0x140U, 4U, 0x00010010U, 0U);     /* SR-IOV */
    fake_put(DISK, 0x148U, 4U, 0U, ALL_ONES);
    fake_add(BRIDGE, 0x000C1B36U, 0x0604U);
    fake_put(BRIDGE, 0x0CU, 4U, 0x00010000U, 0U);
    fake_put(BRIDGE, 0x18U, 4U, 0x00010100U, ALL_ONES);
    fake_put(BRIDGE, 0x34U, 4U, 0x40U, 0U);
    fake_put(BRIDGE, 0x40U, 4U, 0x00420010U, 0U);    /* PCI Express root port */
    fake_put(BRIDGE, 0x100U, 4U, 0x0001000DU, 0U);   /* ACS */
    fake_put(BRIDGE, 0x20U, 4U, 0xFE90FE80U, ALL_ONES);
    fake_add(GIVEN, 0x10001AF4U, 0x0200U);
    fake_add(ISA_BRIDGE, 0x29188086U, 0x0601U);
    fake_put(ISA_BRIDGE, 0x40U, 4U, 0x601U, 0xFF80U);
    fake_put(ISA_BRIDGE, 0x60U, 4U, 0U, ALL_ONES);
    fake_put(ISA_BRIDGE, 0xF0U, 4U, 0xFED1C001U, ALL_ONES);
}

static inline int setup(void **state)
{
    (void)state;
    machine();
    memset(&partition, 0, sizeof(partition));
    memset(&platform, 0, sizeof(platform));
    platform.mmconfig_base = 0xB0000000U;
    platform.mmconfig_buses = 256U;
    platform.ioapic_base = 0xFEC00000U;
    platform.pm1a_event = 0x600U;
    partition.table.vm_count = 2U;
    partition.table.vm[0].face = PART_FACE_KVM;
    partition.table.vm[1].pci_count = 1U;
    partition.table.vm[1].pci[0] = GIVEN;
    for (uint32_t v = 1U; v < PART_MAX_VM; v++) { /* whatever a test gives them, but for what domains say */
        partition.table.vm[v].range_count = 1U;
        partition.table.vm[v].range[0] = (struct part_range){ 0x80000000U, 0x80000000U, 0x8000000000ULL, PART_RANGE_MMIO, PART_RANGE_WRITE };
    }
    partition.table.telemetry_hpa = 0x144100000U;
    partition.table.board.hv_device_bdf = HV_DEVICE;
    vms[VM_SERVICE].vcpu_count = 3U;
    for (uint32_t i = 0U; i < 3U; i++) {
        vcpus[i].pcpu = i;
    }
    memset(vms, 0, sizeof(vms));
    vms[VM_SERVICE].vcpu_count = 3U;
    vms[1].exclusive = true;
    delivered = 0U;
    posted = 0U;
    published = 0U;
    crashes_seen = 0U;
    fake_decode_seen_off = false;
    irq_init();
    assert_int_equal(vpci_scan(), STATUS_OK);
    return 0;
}

/* REQ-CFG-020 */

#endif
