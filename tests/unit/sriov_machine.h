/* SPDX-License-Identifier: Apache-2.0 */
/* The machine with PCI functions, and a card with virtual functions; which changes of stage 2 and of the IOMMU they bring, recorded. For one test program each. */
#ifndef UNIT_SRIOV_MACHINE_H
#define UNIT_SRIOV_MACHINE_H

#define VPCI_MACHINE_SRIOV
#include "core/iommu.h"
#include "core/stage2.h"
#include "vpci_machine.h"
#include "devices/vpci_lent_state.h"

#define CARD      0x0030U        /* 00:06.0, as an 82576 */
#define VF0       0x00B0U        /* First VF Offset 0x80, VF Stride 2 */
#define VF1       0x00B2U
#define SRIOV     0x100U
#define CONTROL   (SRIOV + 0x08U)
#define NUMBER    (SRIOV + 0x10U)
#define FIRST     (SRIOV + 0x14U)
#define PAGES     (SRIOV + 0x20U)
#define BAR(n)    (SRIOV + 0x24U + (4U * (n)))
#define VF_ENTRIES 3U
#define VF_ID     0x10CA8086U
#define ON        0x09U
#define CALLS     64U

enum call_kind { GAVE, MAPPED, UNMAPPED };
static struct { enum call_kind kind; uint64_t what; uint64_t who_or_size; uint32_t control; } calls[CALLS];
static uint32_t call_count;
static uint32_t shootdowns;
static uint16_t give_fails; /* for this function */
static enum status unmap_status;
bool iommu_active;
struct lent vpci_lent_record[LENT_FUNCTIONS];
uint32_t vpci_user_count;

static inline void called(enum call_kind kind, uint64_t what, uint64_t who_or_size)
{
    calls[call_count % CALLS].kind = kind;
    calls[call_count % CALLS].what = what;
    calls[call_count % CALLS].who_or_size = who_or_size;
    calls[call_count % CALLS].control = hw_pci_read(CARD, CONTROL, 2U);
    call_count++;
}
enum status iommu_give(uint16_t bdf, vm_id_t vm)
{
    called(GAVE, bdf, vm);
    return ((bdf == give_fails) && (vm != IOMMU_NOBODY)) ? STATUS_NOT_FOUND : STATUS_OK;
}
enum status stage2_map(vm_id_t vm, gpa_t gpa, hpa_t hpa, uint64_t size, uint32_t attr)
{
    assert_int_equal(vm, VM_SERVICE);
    assert_int_equal(gpa, hpa);
    assert_int_equal(attr, S2_READ | S2_WRITE | S2_UC);
    called(MAPPED, gpa, size);
    return STATUS_OK;
}
enum status stage2_unmap(vm_id_t vm, gpa_t gpa, uint64_t size)
{
    assert_int_equal(vm, VM_SERVICE);
    called(UNMAPPED, gpa, size);
    return unmap_status;
}
struct stage2_mapping stage2_lookup(vm_id_t vm, gpa_t gpa)
{
    const bool hole = ((gpa >= 0xB0000000U) && (gpa < 0xC0000000U)) || ((gpa >= 0xFEE00000U) && (gpa < 0xFEF00000U));
    assert_int_equal(vm, VM_SERVICE);
    return (struct stage2_mapping){ .present = !hole, .hpa = gpa, .span = PAGE_SIZE, .attr = S2_READ | S2_WRITE | S2_UC };
}
void iommu_flush_vm(vm_id_t vm) { (void)vm; }
bool vm_may_log(vm_id_t v) { (void)v; return true; }
void vm_shootdown(vm_id_t v) { assert_int_equal(v, VM_SERVICE); shootdowns++; }

static inline void capability(uint16_t bdf, uint32_t at)
{
    fake_put(bdf, at, 4U, 0x00010010U, 0U);
    fake_put(bdf, at + 0x04U, 4U, 2U, 0U);
    fake_put(bdf, at + 0x08U, 4U, 0U, 0x0000001FU);
    fake_put(bdf, at + 0x0CU, 4U, 0x00080008U, 0U);
    fake_put(bdf, at + 0x10U, 4U, 0U, 0x0000FFFFU);
    fake_put(bdf, at + 0x14U, 4U, 0x00020080U, 0U);
    fake_put(bdf, at + 0x18U, 4U, 0x10CA0000U, 0U);
    fake_put(bdf, at + 0x1CU, 4U, 0x553U, 0U);
    fake_put(bdf, at + 0x20U, 4U, 1U, 0x553U);
    fake_put(bdf, at + 0x24U, 4U, 0x0000000CU, 0xFFFFC000U);
    fake_put(bdf, at + 0x28U, 4U, 0U, ALL_ONES);
    fake_put(bdf, at + 0x30U, 4U, 0x0000000CU, 0xFFFFC000U);
    fake_put(bdf, at + 0x34U, 4U, 0U, ALL_ONES);
}

/* What the hardware shows at the place of a virtual function. */
static inline void appear(uint16_t bdf)
{
    fake_add(bdf, ALL_ONES, 0x0200U);
    fake_put(bdf, 4U, 4U, 0x00100000U, 0x00000404U); /* it decodes memory whatever its command says */
    fake_put(bdf, 0x3CU, 4U, 0U, 0U);
    fake_put(bdf, 0x34U, 4U, 0x70U, 0U);
    fake_put(bdf, 0x70U, 4U, 0x0000A011U | ((VF_ENTRIES - 1U) << 16U), 0xC0000000U);
    fake_put(bdf, 0x74U, 4U, 3U, 0U);
    fake_put(bdf, 0x78U, 4U, 0x2003U, 0U);
    fake_put(bdf, 0xA0U, 4U, 0x00020010U, 0U);
    fake_put(bdf, 0xA4U, 4U, 0x10000000U, 0U);
    fake_put(bdf, 0x100U, 4U, 0x0001000DU, 0U);      /* access control */
    fake_put(bdf, 0x104U, 4U, 0x005FU, 0x00FF0000U);
}

/* The machine of tests/unit/vpci_machine.h, and a card whose virtual functions are off. */
static inline void card_add(void)
{
    give_fails = 0U;
    unmap_status = STATUS_OK;
    fake_add(CARD, 0x10C98086U, 0x0200U);
    fake_put(CARD, 0x34U, 4U, 0x40U, 0U);
    fake_put(CARD, 0x40U, 4U, 0x00020010U, 0U);
    capability(CARD, SRIOV);
}

#endif
