/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Virtual functions (PCI Express 5.0, chapter 9). The Service VM's driver of the physical function sizes and places their BARs, sets NumVFs and then
 * VF Enable, which gets to the hardware only when all of them have a slot in vpci_function[], a place of their own, BARs in the Service VM's device
 * memory that meet nothing, and an IOMMU entry. Their registers are looked at when one is asked for and the function is ready, which takes up to 100 ms (9.3.3.3.1):
 * until then they answer nothing. When VF Enable is cleared they go in reverse order; also when the physical function was reset and has forgotten them.
 */
#include "core/hw.h"
#include "core/iommu.h"
#include "core/partition.h"
#include "core/stage2.h"
#include "core/vm.h"
#include "devices/ivshmem.h"
#include "devices/vpci.h"
#include "devices/vpci_sriov.h"

#define SRIOV_SIZE     0x40U
#define CONTROL_ARI    0x10U

#define VFS_ON         1U /* there are some, */
#define VFS_LENT       2U /* and one is not the Service VM's */

static void control_put(const struct vpci_function *pf, uint32_t value)
{
    hw_pci_write(pf->bdf, sriov_at(pf, PCI_SRIOV_CONTROL), 2U, value);
}

bool vpci_sriov_covers(const struct vpci_function *fn, uint32_t offset)
{
    return (fn->sriov != 0U) && (offset >= fn->sriov) && (offset < (fn->sriov + SRIOV_SIZE));
}

/* BARs of the first virtual function from the capability. False: one has no address. */
static bool bars_take(const struct vpci_function *pf, struct vpci_function *vf)
{
    bool placed = true;
    uint32_t index = 0U;

    while (placed && (index < VPCI_BARS)) {
        const uint32_t at = sriov_at(pf, SRIOV_BARS + (4U * index));
        const uint32_t width = vpci_bar_scan(vf, index, pf->bdf, at);

        placed = (vpci_bar_base(vf, index) != 0U) || (vpci_dword_size(pf->bdf, at, PCI_WORD_ONES) == 0U);
        index += width;
    }
    return placed;
}

/* REQ-INT-191 */
static bool bars_fit(const struct vpci_function *vf)
{
    bool fit = true;

    for (uint32_t i = 0U; fit && (i < VPCI_BARS); i++) {
        if (vpci_bar_base(vf, i) != 0U) {
            fit = vpci_bar_of_service(vf, i);
            for (uint32_t b = 0U; fit && (b < i); b++) {
                fit = (vpci_bar_base(vf, b) == 0U) || !vpci_bar_pages_meet(vf, i, vf, b);
            }
        }
    }
    return fit;
}

/* Nobody else is there, and it is reached by the same bridges; its group is the physical function's where a bridge keeps neither apart. What is
 * behind no such bridge needs no access control: a device whose functions can reach each other has it (PCI Express 5.0, 6.12.1.2). */
static bool place_take(const struct vpci_function *pf, struct vpci_function *vf)
{
    bool ok = (vf->bdf != partition.table.board.hv_device_bdf) && (ivshmem_find(VM_SERVICE, vf->bdf) >= PART_MAX_IVSHMEM);

    for (uint32_t i = 0U; ok && (i < vpci_function_count); i++) {
        const struct vpci_function *other = &vpci_function[i];
        const bool leads = vpci_behind(other, pf);

        ok = (other->bdf != vf->bdf) && (leads == vpci_behind(other, vf));
        if (leads && (other->group == pf->group)) {
            vf->group = pf->group;
        }
    }
    return ok;
}

static uint32_t slot_find(void)
{
    uint32_t found = vpci_function_count;

    for (uint32_t i = 0U; i < vpci_function_count; i++) {
        found = (vpci_function[i].physical == PCI_SLOT_FREE) ? i : found;
    }
    return found;
}

static void bars_advance(struct vpci_function *vf, const struct vpci_function *first, uint32_t number)
{
    hpa_t base = 0U;

    for (uint32_t i = 0U; i < VPCI_BARS; i++) {
        if (vf->bar[i].upper) {
            vf->bar[i].value = (uint32_t)(base >> 32U);
        } else if (vpci_bar_base(first, i) != 0U) {
            base = vpci_bar_base(first, i) + (vpci_bar_size(first, i) * number);
            vf->bar[i].value = (uint32_t)base | (vf->bar[i].value & 15U);
        } else {
            /* none */
        }
    }
}

/* What a pre-launched VM's lacks is told when all functions are known (vpci_bars.c, vpci_group.c, vpci_dma.c). */
/* REQ-ISO-090 REQ-ISO-093 */
/* Returns the register at fault, or 0. */
static uint32_t vf_add(const struct vpci_function *pf, struct vpci_function *first, uint32_t number)
{
    const uint32_t bdf = pf->bdf + sriov_half(pf, SRIOV_FIRST) + (sriov_half(pf, SRIOV_STRIDE) * number);
    const uint32_t slot = slot_find();
    const vm_id_t home = iommu_home((uint16_t)bdf);
    uint32_t fault = SRIOV_FIRST;

    first->bdf = (uint16_t)bdf;
    first->group = (uint16_t)slot;
    if ((slot < MAX_PCI_FUNCTION) && (bdf <= 0xFFFFU) && place_take(pf, first)) {
        vpci_function[slot] = *first;
        vpci_function[slot].owner = (home == VM_SERVICE) ? ID_NONE : home;
        vpci_function[slot].silent = home == VM_SERVICE;
        bars_advance(&vpci_function[slot], first, number);
        vpci_function_count += (slot == vpci_function_count) ? 1U : 0U;
        if (home != VM_SERVICE) {
            fault = 0U;
        } else if (!bars_fit(&vpci_function[slot])) {
            fault = SRIOV_BARS;
        } else if (!iommu_active || (iommu_give(first->bdf, VM_SERVICE) == STATUS_OK)) {
            fault = 0U;
        } else {
            /* no unit, or no table */
        }
    }
    return fault;
}

static uint32_t vfs_have(const struct vpci_function *pf)
{
    uint32_t have = 0U;

    for (uint32_t i = 0U; i < vpci_function_count; i++) {
        const struct vpci_function *vf = &vpci_function[i];

        if (vf->physical == pf->bdf) {
            have |= ((vf->owner != VM_SERVICE) && !vf->silent) ? (VFS_ON | VFS_LENT) : VFS_ON;
        }
    }
    return have;
}

/* REQ-ISO-093 */
bool vpci_sriov_held(const struct vpci_function *pf)
{
    return (pf->sriov != 0U) && ((vfs_have(pf) & VFS_LENT) != 0U);
}

bool vpci_sriov_on(const struct vpci_function *pf)
{
    return vfs_have(pf) != 0U;
}

/* REQ-ISO-090 REQ-LIF-090 */
static void vfs_drop(const struct vpci_function *pf)
{
    control_put(pf, 0U);
    for (uint32_t i = 0U; i < vpci_function_count; i++) {
        struct vpci_function *vf = &vpci_function[i];

        if (vf->physical == pf->bdf) {
            vpci_msi_reset(vf);
            if (vf->msix.offset != 0U) {
                uint64_t size = 0U;
                const hpa_t base = vpci_msix_pages(vf, &size);

                vpci_msix_reset(vf);
                (void)stage2_map(VM_SERVICE, base, base, size, S2_READ | S2_WRITE | S2_UC); /* as it was: no tables are needed */
            }
            (void)iommu_give(vf->bdf, IOMMU_NOBODY);
            *vf = (struct vpci_function){ .owner = ID_NONE, .silent = true, .physical = PCI_SLOT_FREE, .msi.source = ID_NONE };
        }
    }
    vm_shootdown(VM_SERVICE); /* units that do not look into caches */
}

/* Returns the register at fault, or 0. */
uint32_t sriov_enable(const struct vpci_function *pf, uint32_t ari)
{
    struct vpci_function first = { .owner = ID_NONE, .physical = pf->bdf, .class_code = pf->class_code, .silent = true,
                                   .walled = iommu_active, .msi.source = ID_NONE, .device = (uint16_t)sriov_half(pf, SRIOV_DEVICE) };
    const uint32_t number = sriov_half(pf, SRIOV_NUMBER);
    uint32_t fault = SRIOV_NUMBER;

    hw_pci_write(pf->bdf, sriov_at(pf, SRIOV_PAGES), 4U, PAGES_4K);
    control_put(pf, ari); /* routing ids depend on it */
    if (number != 0U) {
        fault = bars_take(pf, &first) ? 0U : SRIOV_BARS;
        for (uint32_t i = 0U; (fault == 0U) && (i < number); i++) {
            fault = vf_add(pf, &first, i);
        }
    }
    if (fault != 0U) {
        vfs_drop(pf);
    } else {
        control_put(pf, ari | CONTROL_ENABLE | CONTROL_MEMORY);
    }
    return fault;
}

static uint32_t control_write(const struct vpci_function *pf, uint32_t value, uint32_t have)
{
    const bool enable = (value & CONTROL_ENABLE) != 0U;
    uint32_t fault = 0U;

    if (have == 0U) {
        if (enable) {
            fault = sriov_enable(pf, value & CONTROL_ARI);
        } else {
            control_put(pf, value & CONTROL_ARI);
        }
    } else if (enable) {
        /* they are on, and what they are stays */
    } else if (have == VFS_ON) {
        vfs_drop(pf);
    } else {
        fault = PCI_SRIOV_CONTROL;
    }
    return fault;
}

/* Of the BAR at that place in the capability; 0: there is none. */
static uint8_t sizing_bit(uint32_t at)
{
    return ((at >= SRIOV_BARS) && (at < SRIOV_BARS_END)) ? (uint8_t)(1U << ((at - SRIOV_BARS) / 4U)) : 0U;
}

/* BARs of virtual functions that are on can still be sized. */
/* REQ-ISO-093 */
uint32_t vpci_sriov_read(const struct vpci_function *pf, uint32_t dword)
{
    const uint32_t at = dword - pf->sriov;
    uint32_t value = hw_pci_read(pf->bdf, dword, 4U);

    if ((sizing_bit(at) & pf->vf_sizing) != 0U) {
        const uint32_t first = vpci_function_at((uint16_t)(pf->bdf + sriov_half(pf, SRIOV_FIRST)));

        value |= vpci_function[first % MAX_PCI_FUNCTION].bar[((at - SRIOV_BARS) / 4U) % VPCI_BARS].mask; /* the address is in there */
    }
    return value;
}

/* REQ-INT-190 */
void vpci_sriov_write(struct vpci_function *pf, uint32_t offset, uint32_t size, uint32_t value)
{
    const uint32_t old = hw_pci_read(pf->bdf, offset & ~3U, 4U);
    const uint32_t next = pci_merge(old, offset, size, value);
    const uint32_t at = (offset & ~3U) - pf->sriov;
    const uint8_t bit = sizing_bit(at);
    uint32_t have = vfs_have(pf);
    uint32_t fault = at;

    if ((have == VFS_ON) && ((sriov_half(pf, PCI_SRIOV_CONTROL) & CONTROL_ENABLE) == 0U)) {
        vfs_drop(pf); /* a reset of the physical function has ended them */
        have = 0U;
    }
    pf->vf_sizing &= (uint8_t)~bit;
    if (at == PCI_SRIOV_CONTROL) {
        fault = control_write(pf, next, have);
    } else if (next == old) {
        fault = 0U;
    } else if ((have == 0U) && (at == SRIOV_NUMBER) && ((next & 0xFFFFU) <= sriov_half(pf, SRIOV_TOTAL))) {
        hw_pci_write(pf->bdf, offset & ~3U, 2U, next & 0xFFFFU);
        fault = 0U;
    } else if ((have == 0U) && (bit != 0U)) {
        hw_pci_write(pf->bdf, offset & ~3U, 4U, next);
        fault = 0U;
    } else if ((next == PCI_WORD_ONES) && (bit != 0U)) {
        pf->vf_sizing |= bit;
        fault = 0U;
    } else {
        /* read-only, or beyond what the function has */
    }
    if (fault != 0U) {
        vpci_refuse(VPCI_REFUSE_SRIOV, pf->bdf, sriov_at(pf, fault));
    }
}

/* The first that many entries that no function uses. */
static uint32_t entries_find(uint32_t count)
{
    uint32_t at = 0U;
    uint32_t i = 0U;

    while (i < vpci_function_count) {
        const struct vpci_msix *used = &vpci_function[i].msix;
        const bool taken = (used->offset != 0U) && (at < (used->first + used->count)) && (used->first < (at + count));

        at = taken ? (used->first + used->count) : at;
        i = taken ? 0U : (i + 1U);
    }
    return at;
}

/* REQ-INT-192 */
static void vf_open(uint32_t slot)
{
    struct vpci_function vf = vpci_function[slot];

    vf.owner = VM_SERVICE;
    vpci_capabilities_scan(&vf);
    vpci_access_control_on(&vf);
    if (vpci_msix_place(&vf, entries_find(vf.msix.count))) {
        uint64_t size = 0U;
        const hpa_t base = vpci_msix_pages(&vf, &size);

        if (stage2_unmap(VM_SERVICE, base, size) != STATUS_OK) {
            vf.owner = ID_NONE; /* no tables left to keep its guest from the real one */
        }
        vm_shootdown(VM_SERVICE);
    }
    vf.silent = vf.owner != VM_SERVICE;
    vf.device = vf.silent ? 0U : vf.device;
    vpci_function[slot] = vf;
}

void vpci_sriov_wake(uint16_t bdf)
{
    for (uint32_t i = 0U; i < vpci_function_count; i++) {
        const struct vpci_function *vf = &vpci_function[i];

        /* The class is the physical function's (9.3.4.1.5); a function that is not ready, or gone, reads as ones. */
        if ((vf->bdf == bdf) && vf->silent && (vf->device != 0U) && (hw_pci_read(bdf, PCI_CLASS + 2U, 2U) == vf->class_code)) {
            vf_open(i);
        }
    }
}
