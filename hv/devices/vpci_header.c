/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first 64 bytes of a function's configuration space (PCI Local Bus 3.0,
 * chapter 6; PCI-to-PCI Bridge 1.2, chapter 3). BARs can be sized, not moved:
 * the only value that ever reaches a physical BAR is the firmware's.
 */
#include "core/hw.h"
#include "core/log.h"
#include "devices/vpci_function.h"

#define COMMAND_WRITABLE 0x057FU /* I/O, memory, master, special cycles, MWI, palette, parity, SERR, INTx disable */
#define COMMAND_DECODE   (PCI_COMMAND_IO | PCI_COMMAND_MEMORY)
#define ROM_ENABLE       1U
#define BRIDGE_CONTROL_WRITABLE 0x003FU /* not: secondary bus reset */

static uint32_t bar_flags(const struct vpci_function *fn, uint32_t index)
{
    return fn->bar[index].value & ~fn->bar[index].mask;
}

static uint32_t header_bar_read(const struct vpci_function *fn, uint32_t index)
{
    const struct vpci_bar *bar = &fn->bar[index];

    uint32_t value = bar->sizing ? (bar->mask | bar_flags(fn, index)) : bar->value;

    /* Those of virtual functions lie in the physical one's capability, which a pre-launched VM does not have. */
    return ((fn->physical != 0U) && (fn->owner == VM_SERVICE)) ? 0U : value;
}

/* REQ-INT-023 */
static void bar_write(struct vpci_function *fn, uint32_t index, uint32_t value)
{
    /*@ split index; */
    struct vpci_bar *bar = &fn->bar[index];

    if (bar->mask != 0U) {
        bar->sizing = (value & bar->mask) == bar->mask;
        if ((value & bar->mask) == (bar->value & bar->mask)) {
            bar->sizing = false;
            hw_pci_write(fn->bdf, PCI_BAR0 + (4U * index), 4U, bar->value);
        } else if (!bar->sizing) {
            vpci_refuse(VPCI_REFUSE_BAR, fn->bdf, PCI_BAR0 + (4U * index));
        } else {
            /* sizing: only the virtual register shows it */
        }
    }
}

static uint32_t rom_read(const struct vpci_function *fn)
{
    const struct vpci_bar *rom = &fn->bar[VPCI_ROM];
    uint32_t value = 0U;

    if (rom->mask != 0U) {
        uint32_t enabled = hw_pci_read(fn->bdf, pci_rom_offset(fn), 4U) & ROM_ENABLE;

        value = (rom->sizing ? rom->mask : rom->value) | enabled;
    }
    return value;
}

static void rom_write(struct vpci_function *fn, uint32_t value)
{
    struct vpci_bar *rom = &fn->bar[VPCI_ROM];

    if (rom->mask != 0U) {
        bool same = (value & rom->mask) == (rom->value & rom->mask);

        rom->sizing = !same && ((value & rom->mask) == rom->mask);
        if (!rom->sizing) {
            if (!same) {
                vpci_refuse(VPCI_REFUSE_BAR, fn->bdf, pci_rom_offset(fn));
            }
            hw_pci_write(fn->bdf, pci_rom_offset(fn), 4U, rom->value | (same ? (value & ROM_ENABLE) : 0U));
        }
    }
}

/* REQ-INT-023 */
void vpci_bars_restore(const struct vpci_function *fn)
{
    /*@ loop invariant i <= VPCI_BARS;
        loop assigns i;
        loop variant VPCI_BARS - i; */
    for (uint32_t i = 0U; i < pci_bar_count(fn); i++) {
        if (fn->bar[i].mask != 0U) {
            hw_pci_write(fn->bdf, PCI_BAR0 + (4U * i), 4U, fn->bar[i].value);
        }
    }
}

/* After a function-level reset or D3 the BARs are 0: they are put back before the function
 * may decode again, so that it never answers at an address that is not its own. */
static void header_command_write(const struct vpci_function *fn, uint32_t offset, uint32_t size, uint32_t value)
{
    uint32_t old = hw_pci_read(fn->bdf, PCI_COMMAND, 2U);
    uint32_t command = pci_merge(old, offset, size, value) & 0xFFFFU;
    uint32_t next = vpci_command_allowed(fn, (old & ~COMMAND_WRITABLE) | (command & COMMAND_WRITABLE));

    if (((next & ~old) & COMMAND_DECODE) != 0U) {
        vpci_bars_restore(fn);
    }
    vpci_access_control_on(fn); /* a reset by its guest switches it off, as it does what is allowed here */
    hw_pci_write(fn->bdf, PCI_COMMAND, 2U, next);
}

static void command_status_write(const struct vpci_function *fn, uint32_t offset, uint32_t size, uint32_t value)
{
    if (offset < PCI_STATUS) {
        header_command_write(fn, offset, size, value);
    }
    if (offset >= PCI_STATUS) {
        hw_pci_write(fn->bdf, offset, size, value);
    } else if (size == 4U) {
        /* Status bits are cleared by writing one: what the guest wrote is what it meant. */
        hw_pci_write(fn->bdf, PCI_STATUS, 2U, value >> 16U);
    } else {
        /* command only */
    }
}

static void interrupt_write(const struct vpci_function *fn, uint32_t offset, uint32_t size, uint32_t value)
{
    if (offset == PCI_INTERRUPT) {
        hw_pci_write(fn->bdf, PCI_INTERRUPT, 1U, value & 0xFFU);
    }
    if (fn->bridge && ((offset == PCI_BRIDGE_CONTROL) || ((offset == PCI_INTERRUPT) && (size == 4U)))) {
        uint32_t old = hw_pci_read(fn->bdf, PCI_BRIDGE_CONTROL, 2U);
        uint32_t wanted = (offset == PCI_BRIDGE_CONTROL) ? value : (value >> 16U);

        if (((wanted & ~old) & ~BRIDGE_CONTROL_WRITABLE & 0xFFFFU) != 0U) {
            vpci_refuse(VPCI_REFUSE_BRIDGE, fn->bdf, PCI_BRIDGE_CONTROL);
        }
        hw_pci_write(fn->bdf, PCI_BRIDGE_CONTROL, 2U,
                     (old & ~BRIDGE_CONTROL_WRITABLE) | (wanted & BRIDGE_CONTROL_WRITABLE));
    }
}

/* The BAR that this dword of the header is, or VPCI_BARS. */
static uint32_t bar_at(const struct vpci_function *fn, uint32_t dword)
{
    uint32_t index = (dword - PCI_BAR0) / 4U; /* of what lies before the BARs: huge */

    return (index < pci_bar_count(fn)) ? index : VPCI_BARS;
}

uint32_t vpci_header_read(const struct vpci_function *fn, uint32_t offset, uint32_t size)
{
    uint32_t dword = pci_dword(offset);
    uint32_t bar = bar_at(fn, dword);
    uint32_t value;

    if (fn->class_code == PCI_CLASS_HOST_BRIDGE) {
        value = hw_pci_read(fn->bdf, offset, size);
    } else if ((dword == 0U) && (fn->physical != 0U)) { /* the hardware says all ones (PCI Express 5.0, 9.3.4.1.1) */
        value = pci_extract(((uint32_t)fn->device << 16U) | hw_pci_read(fn->physical, 0U, 2U), offset, size);
    } else if (bar < VPCI_BARS) {
        value = pci_extract(header_bar_read(fn, bar), offset, size);
    } else if (dword == pci_rom_offset(fn)) {
        value = pci_extract(rom_read(fn), offset, size);
    } else {
        value = hw_pci_read(fn->bdf, offset, size);
    }
    return value;
}

void vpci_header_write(struct vpci_function *fn, uint32_t offset, uint32_t size, uint32_t value)
{
    uint32_t dword = pci_dword(offset);
    uint32_t bar = bar_at(fn, dword);

    if ((bar >= VPCI_BARS) && vpci_bridge_shared(fn)) {
        /* All ones is a probe for writable bits; writing back what is there changes nothing. */
        if ((value != pci_ones(size)) && (value != hw_pci_read(fn->bdf, offset, size))) {
            vpci_refuse(VPCI_REFUSE_BRIDGE, fn->bdf, offset);
        }
    } else if (dword == PCI_COMMAND) {
        command_status_write(fn, offset, size, value);
    } else if (dword == PCI_HEADER) {
        /* Cache line size and latency timer; BIST is not for guests. */
        if (offset < PCI_HEADER_TYPE) {
            hw_pci_write(fn->bdf, offset, (size == 4U) ? 2U : size, value & 0xFFFFU);
        }
    } else if (bar < VPCI_BARS) {
        if (size == 4U) {
            bar_write(fn, bar, value);
        }
    } else if (dword == pci_rom_offset(fn)) {
        if (size == 4U) {
            rom_write(fn, value);
        }
    } else if (dword == PCI_INTERRUPT) {
        interrupt_write(fn, offset, size, value);
    } else if (fn->bridge && (dword >= PCI_BUS_NUMBERS)) {
        /* All ones is a probe for writable bits; writing back what is there changes nothing. */
        if ((value != pci_ones(size)) && (value != hw_pci_read(fn->bdf, offset, size))) {
            vpci_refuse(VPCI_REFUSE_BRIDGE, fn->bdf, offset);
        }
    } else {
        /* read-only registers: ignored, as the device would */
    }
}
