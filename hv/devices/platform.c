/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The platform's global controls, as the Service VM sees them. What would reset
 * or power off the machine resets or stops the VM; what concerns the machine
 * alone (A20 gate, SMI, watchdog, core hot-plug) does nothing. Ports are those
 * of the PC (ISA, Intel ICH) and of the FADT. An access that covers a control
 * and something else is refused whole.
 */
#include "devices/platform.h"
#include "core/boot_info.h"
#include "core/hw.h"
#include "core/log.h"
#include "core/partition.h"
#include "core/vm.h"

#define PORT_KEYBOARD_DATA    0x60U
#define PORT_KEYBOARD_COMMAND 0x64U
#define PORT_SYSTEM_CONTROL_A 0x92U
#define PORT_SMI_COMMAND      0xB2U
#define PORT_SMI_STATUS       0xB3U
#define PORT_PCI_ADDRESS      0xCF8U
#define PORT_RESET_CONTROL    0xCF9U

/* 8042 commands (IBM PS/2 technical reference; Intel ICH9 data sheet, 13.5). */
#define KEYBOARD_WRITE_OUTPUT 0xD1U /* the next data byte drives reset and A20 */
#define KEYBOARD_A20_OFF      0xDDU
#define KEYBOARD_A20_ON       0xDFU
#define KEYBOARD_PULSE        0xF0U /* .. 0xFF: bits that are 0 are pulsed; bit 0 is reset */

#define SYSTEM_FAST_RESET     0x01U
#define SYSTEM_A20            0x02U
#define RESET_CPU             0x04U /* 0xCF9: reset when this bit rises */

/* ACPI 6.4, 4.8.3.2.1 */
#define PM1_SCI_ENABLE        0x0001U
#define PM1_BUS_MASTER_RELOAD 0x0002U
#define PM1_SLEEP_TYPE        0x1C00U
#define PM1_SLEEP_TYPE_SHIFT  10U
#define PM1_SLEEP_ENABLE      0x2000U
#define PM1_SIZE              4U

/* Intel ICH9 data sheet, 13.8.3 and 13.9: offsets from PMBASE. Processor control throttles, and reads
 * of the level registers stop, the clock of all cores. */
#define ICH_PROCESSOR         0x10U
#define ICH_PROCESSOR_SIZE    8U
#define ICH_SMI_ENABLE        0x30U
#define ICH_SMI_SIZE          8U
#define ICH_TCO               0x60U
#define ICH_TCO_SIZE          0x20U
/* QEMU, docs/specs: fw_cfg (its DMA register reaches all of memory), PCI and core hot-plug. */
#define QEMU_FW_CFG           0x510U
#define QEMU_FW_CFG_SIZE      12U
#define QEMU_HOTPLUG          0xCC0U
#define QEMU_HOTPLUG_SIZE     36U

enum control {
    CONTROL_NONE, CONTROL_KEYBOARD_DATA, CONTROL_KEYBOARD_COMMAND, CONTROL_SYSTEM_A, CONTROL_RESET,
    CONTROL_PM1, CONTROL_FADT_RESET, CONTROL_INERT
};

static bool output_write_pending;  /* a swallowed KEYBOARD_WRITE_OUTPUT waits for its byte */
static uint32_t reset_control;
static uint32_t pm1_sleep_type;
static bool inert_logged;
static bool sleep_logged;

static bool within(uint32_t port, uint32_t base, uint32_t size)
{
    return (base != 0U) && (port >= base) && (port < (base + size));
}

/* Ports that concern the machine alone. */
static bool is_inert(uint32_t port)
{
    uint32_t ich = platform.ich_pm_base;
    bool inert = (port == PORT_SMI_COMMAND) || (port == PORT_SMI_STATUS);

    if (ich != 0U) {
        inert = inert || within(port, ich + ICH_SMI_ENABLE, ICH_SMI_SIZE) || within(port, ich + ICH_TCO, ICH_TCO_SIZE)
                || within(port, ich + ICH_PROCESSOR, ICH_PROCESSOR_SIZE);
    }
    if (platform.qemu) {
        inert = inert || within(port, QEMU_FW_CFG, QEMU_FW_CFG_SIZE) || within(port, QEMU_HOTPLUG, QEMU_HOTPLUG_SIZE);
    }
    return inert;
}

static enum control control_at(uint32_t port)
{
    enum control kind = CONTROL_NONE;

    if (port == PORT_KEYBOARD_DATA) {
        kind = CONTROL_KEYBOARD_DATA;
    } else if (port == PORT_KEYBOARD_COMMAND) {
        kind = CONTROL_KEYBOARD_COMMAND;
    } else if (port == PORT_SYSTEM_CONTROL_A) {
        kind = CONTROL_SYSTEM_A;
    } else if (port == PORT_RESET_CONTROL) {
        kind = CONTROL_RESET;
    } else if (within(port, platform.pm1a_control, PM1_SIZE)) {
        kind = CONTROL_PM1;
    } else if ((platform.reset_port != 0U) && (port == platform.reset_port)) {
        kind = CONTROL_FADT_RESET;
    } else if (is_inert(port)) {
        kind = CONTROL_INERT;
    } else {
        /* not a control */
    }
    return kind;
}

static uint32_t ones(uint32_t size)
{
    return (size >= 4U) ? 0xFFFFFFFFU : (((uint32_t)1U << (8U * size)) - 1U);
}

/* REQ-INT-021 */
bool platform_port_claims(uint16_t port, uint32_t size)
{
    bool claimed = false;

    /* A dword at 0xCF8 is the PCI address register, not the reset control inside it. */
    if ((port != PORT_PCI_ADDRESS) || (size != 4U)) {
        for (uint32_t i = 0U; (i < size) && (i < 4U); i++) {
            claimed = claimed || (control_at((uint32_t)port + i) != CONTROL_NONE);
        }
    }
    return claimed;
}

/* The control that the whole access lies in, or CONTROL_NONE. */
/* REQ-INT-020 */
static enum control control_of(uint16_t port, uint32_t size)
{
    enum control kind = control_at(port);

    for (uint32_t i = 1U; (i < size) && (i < 4U); i++) {
        if (control_at((uint32_t)port + i) != kind) {
            kind = CONTROL_NONE;
        }
    }
    return kind;
}

static uint32_t pm1_value(void)
{
    return (hw_port_read(platform.pm1a_control, 2U) & ~(PM1_SLEEP_TYPE | PM1_SLEEP_ENABLE)) | pm1_sleep_type;
}

/* Where a port of the register lies in it. */
static uint32_t pm1_shift(uint16_t port)
{
    return 8U * (((uint32_t)port - platform.pm1a_control) % PM1_SIZE);
}

uint32_t platform_port_read(vm_id_t owner, uint16_t port, uint32_t size)
{
    uint32_t value = ones(size);

    if (owner == VM_SERVICE) {
        switch (control_of(port, size)) {
        case CONTROL_KEYBOARD_DATA:
        case CONTROL_KEYBOARD_COMMAND:
            value = hw_port_read(port, 1U);
            break;
        case CONTROL_SYSTEM_A:
            value = SYSTEM_A20;
            break;
        case CONTROL_RESET:
            value = reset_control;
            break;
        case CONTROL_PM1:
            value = (pm1_value() >> pm1_shift(port)) & ones(size);
            break;
        case CONTROL_FADT_RESET:
        case CONTROL_INERT:
            value = 0U;
            break;
        default:
            /* straddles: all ones */
            break;
        }
    }
    return value;
}

static void keyboard_command(uint32_t value)
{
    output_write_pending = false;
    if (value == KEYBOARD_WRITE_OUTPUT) {
        output_write_pending = true;
    } else if (value >= KEYBOARD_PULSE) {
        if ((value & 1U) == 0U) {
            vm_service_reset();
        }
    } else if ((value == KEYBOARD_A20_OFF) || (value == KEYBOARD_A20_ON)) {
        /* A20 stays enabled */
    } else {
        hw_port_write(PORT_KEYBOARD_COMMAND, 1U, value);
    }
}

static void keyboard_data(uint32_t value)
{
    if (output_write_pending) {
        output_write_pending = false;
        if ((value & 1U) == 0U) {
            vm_service_reset();
        }
    } else {
        hw_port_write(PORT_KEYBOARD_DATA, 1U, value);
    }
}

/* REQ-INT-019 */
static void sleep_request(uint32_t value)
{
    uint32_t type = (value & PM1_SLEEP_TYPE) >> PM1_SLEEP_TYPE_SHIFT;

    if (type == partition.table.board.s5_slp_typ) {
        vm_service_off((uint16_t)(value & 0xFFFFU));
    } else if (!sleep_logged) {
        sleep_logged = true;
        log_begin("platform");
        log_text("sleep state refused: SLP_TYP ");
        log_dec(type);
        log_end();
    } else {
        /* refused again */
    }
}

/* SCI_EN stays on and GBL_RLS off: both would raise SMIs. */
static void pm1_write(uint16_t port, uint32_t size, uint32_t value)
{
    uint32_t shift = pm1_shift(port);
    uint32_t mask = ones(size) << shift;
    uint32_t merged = (pm1_value() & ~mask) | ((value << shift) & mask);

    pm1_sleep_type = merged & PM1_SLEEP_TYPE;
    if ((merged & PM1_SLEEP_ENABLE) != 0U) {
        sleep_request((merged & (PM1_SLEEP_TYPE | PM1_SLEEP_ENABLE)) | PM1_SCI_ENABLE);
    } else {
        hw_port_write(platform.pm1a_control, 2U, (merged & PM1_BUS_MASTER_RELOAD) | PM1_SCI_ENABLE);
    }
}

/* REQ-INT-018 */
static void reset_control_write(uint32_t value)
{
    bool rises = ((value & ~reset_control) & RESET_CPU) != 0U;

    reset_control = value & ~RESET_CPU & 0xFFU;
    if (rises) {
        vm_service_reset();
    }
}

/* REQ-INT-020 */
static void inert_write(uint16_t port)
{
    if (!inert_logged) {
        inert_logged = true;
        log_begin("platform");
        log_text("write dropped: port ");
        log_hex(port);
        log_text(" is the hypervisor's; further ones are dropped silently");
        log_end();
    }
}

void platform_port_write(vm_id_t owner, uint16_t port, uint32_t size, uint32_t value)
{
    if (owner == VM_SERVICE) {
        switch (control_of(port, size)) {
        case CONTROL_KEYBOARD_DATA:
            keyboard_data(value & 0xFFU);
            break;
        case CONTROL_KEYBOARD_COMMAND:
            keyboard_command(value & 0xFFU);
            break;
        case CONTROL_SYSTEM_A:
            if ((value & SYSTEM_FAST_RESET) != 0U) {
                vm_service_reset();
            }
            break;
        case CONTROL_RESET:
            reset_control_write(value);
            break;
        case CONTROL_PM1:
            pm1_write(port, size, value);
            break;
        case CONTROL_FADT_RESET:
            if ((value & 0xFFU) == platform.reset_value) {
                vm_service_reset();
            }
            break;
        default:
            inert_write(port);
            break;
        }
    }
}
