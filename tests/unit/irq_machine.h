/* SPDX-License-Identifier: Apache-2.0 */
/* The pins and virtual controllers behind core/irq.c, recorded. For one test program each. */
#ifndef UNIT_IRQ_MACHINE_H
#define UNIT_IRQ_MACHINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/boot_info.h"
#include "core/dispatch.h"
#include "core/hw.h"
#include "core/iommu.h"
#include "core/irq.h"
#include "core/partition.h"
#include "core/vm.h"
#include "devices/vioapic.h"
#include "devices/vlapic.h"
#include "stub_log.h"

#define BDF 0x0128U /* the function of a message source */

union partition_storage partition;
struct platform platform;
struct vm vms[MAX_VM];
struct vcpu vcpus[MAX_VCPU];

static struct { uint32_t vector; pcpu_id_t target; bool level, active_low, masked; unsigned int routes; } hw_pin[IOAPIC_PINS];
static bool line[VIOAPIC_LENT + IOAPIC_PINS]; /* those of the Service VM; lent ones of the first User VM */
static unsigned int rises[VIOAPIC_LENT + IOAPIC_PINS];
/* Entries of interrupt remapping, where a test switches it on. */
bool iommu_remaps;
uint32_t iommu_irq_settles;
static struct { uint16_t bdf; pcpu_id_t pcpu; uint32_t vector; bool level, masked; unsigned int sets; } entry[IOMMU_REMAP_SHARED];
static unsigned int settled;
static unsigned int delivered;
static uint64_t delivered_address;
static uint32_t delivered_data;

void hw_port_write(uint16_t port, uint32_t size, uint32_t value) { (void)port; (void)size; (void)value; }
void hw_ioapic_mask(uint32_t pin, bool masked) { hw_pin[pin].masked = masked; }
void hw_ioapic_route(uint32_t pin, uint32_t vector, pcpu_id_t target, bool level, bool active_low)
{
    hw_pin[pin].vector = vector;
    hw_pin[pin].target = target;
    hw_pin[pin].level = level;
    hw_pin[pin].active_low = active_low;
    hw_pin[pin].masked = false;
    hw_pin[pin].routes++;
}

void iommu_irq_set(uint32_t index, uint16_t bdf, pcpu_id_t pcpu, uint32_t vector, bool level)
{
    assert_true(index < IOMMU_REMAP_SHARED);
    entry[index].bdf = bdf;
    entry[index].pcpu = pcpu;
    entry[index].vector = vector;
    entry[index].level = level;
    entry[index].masked = (index < (VECTOR_IRQ_BASE + IOAPIC_PINS)) && hw_pin[index - VECTOR_IRQ_BASE].masked;
    entry[index].sets++;
}
void iommu_irq_settle(void) { settled++; iommu_irq_settles++; }
uint64_t iommu_remap_address(uint32_t index) { return 0xFEE00010U | ((uint64_t)index << 5U); }
uint32_t iommu_remap_data(uint32_t offset) { return offset; }
uint64_t hw_msi_address(pcpu_id_t target) { return 0xFEE00000U | ((uint64_t)target << 12U); }
uint32_t hw_msi_data(uint32_t vector) { return vector; }
static vm_id_t refreshed_vm;
static uint32_t refreshed_pin = ID_NONE;
void vioapic_refresh(vm_id_t v, uint32_t pin)
{
    refreshed_vm = v;
    refreshed_pin = pin;
}

void vioapic_set_line(vm_id_t v, uint32_t pin, bool high)
{
    assert_int_equal(v, (pin < IOAPIC_PINS) ? VM_SERVICE : VM_FIRST_USER);
    rises[pin] += (high && !line[pin]) ? 1U : 0U;
    line[pin] = high;
}

void vioapic_pulse(vm_id_t v, uint32_t pin)
{
    assert_int_equal(v, VM_SERVICE);
    rises[pin]++;
}

void vlapic_deliver_msi(vm_id_t v, uint64_t address, uint32_t data)
{
    assert_int_equal(v, VM_SERVICE);
    delivered++;
    delivered_address = address;
    delivered_data = data;
}

vcpu_id_t vlapic_target(vm_id_t v, uint32_t dest, bool logical)
{
    return ((dest < 3U) && !logical) ? vcpu_id(v, dest) : ID_NONE;
}

static inline pcpu_id_t core_of(const struct irq_msi_message *m) { return (pcpu_id_t)((m->address >> 12U) & 0xFFU); }

static inline int setup(void **state)
{
    (void)state;
    memset(&partition, 0, sizeof(partition));
    memset(hw_pin, 0, sizeof(hw_pin));
    memset(line, 0, sizeof(line));
    memset(entry, 0, sizeof(entry));
    iommu_remaps = false;
    iommu_irq_settles = 1U;
    memset(rises, 0, sizeof(rises));
    partition.table.vm_count = 2U;
    partition.table.vm[1].gsi_count = 1U;
    partition.table.vm[1].gsi[0] = 20U;
    vms[VM_SERVICE].vcpu_count = 3U;
    for (uint32_t i = 0U; i < 3U; i++) {
        vcpus[i].pcpu = i;
    }
    vms[VM_FIRST_USER].vcpu_count = 2U;
    vcpus[vcpu_id(VM_FIRST_USER, 0U)].pcpu = 1U;
    vcpus[vcpu_id(VM_FIRST_USER, 1U)].pcpu = 2U;
    delivered = 0U;
    log_lines = 0U;
    irq_init();
    return 0;
}

#endif
