/* SPDX-License-Identifier: Apache-2.0 */
#include "core/io.h"
#include "core/decode.h"
#include "core/emulate.h"
#include "core/ioreq.h"
#include "core/partition.h"
#include "core/vm.h"
#include "devices/platform.h"
#include "devices/vpci.h"
#include "devices/vpci_lent.h"
#include "devices/vpic.h"
#include "devices/vuart.h"

#define PCI_PORT_FIRST 0xCF8U
#define PCI_PORT_LAST  0xCFFU
#define UART_PORTS     8U
#define RFLAGS_DF      0x400U

/* An IN, INS or OUTS under way for this vCPU: what to do with the answer. */
struct io_pending {
    struct vm_exit exit;
    gpa_t gpa;              /* INS: where the element goes; on one page, checked before the access */
};
static struct io_pending io_pending[MAX_VCPU];

static bool is_vpic_port(uint16_t port)
{
    return ((port & 0xFF7EU) == 0x20U) || ((port & 0xFFFEU) == 0x4D0U);
}

/* REQ-INT-022 */
static bool others_port(uint16_t port)
{
    bool found = false;
    for (uint32_t v = 1U; (v < partition.table.vm_count) && (v < PART_MAX_VM); v++) {
        const struct part_vm *other = &partition.table.vm[v];
        for (uint32_t i = 0U; (i < other->ports_count) && (i < PART_MAX_PORTS); i++) {
            uint32_t offset = (uint32_t)port - other->ports[i].base;
            found = found || ((port >= other->ports[i].base) && (offset < other->ports[i].count));
        }
    }
    return found;
}

bool io_port_withheld(uint16_t port)
{
    uint16_t log = partition.table.board.log_port;
    bool log_uart = (log != 0U) && (port >= log) && (((uint32_t)port - log) < UART_PORTS);
    bool pci = (port >= PCI_PORT_FIRST) && (port <= PCI_PORT_LAST);
    return log_uart || pci || vuart_claims(VM_SERVICE, port) || is_vpic_port(port) || platform_port_claims(port, 1U) || others_port(port);
}

/* A wider access to 8-bit registers reaches neighbouring ports, one byte each. */
static uint32_t vpic_access(vm_id_t v, const struct vm_exit *exit, uint32_t value)
{
    uint32_t result = 0U;
    for (uint32_t i = 0U; i < exit->size; i++) {
        uint16_t port = (uint16_t)(exit->number + i);
        if (!is_vpic_port(port)) {
            result |= 0xFFU << (i * 8U);
        } else if (exit->write) {
            vpic_port_write(v, port, (value >> (i * 8U)) & 0xFFU);
        } else {
            result |= (vpic_port_read(v, port) & 0xFFU) << (i * 8U);
        }
    }
    return result;
}

static uint32_t pci_access(vm_id_t v, const struct vm_exit *exit, uint32_t value)
{
    uint32_t result = 0U;
    if (exit->write) {
        vpci_port_write(v, (uint16_t)exit->number, exit->size, value);
    } else {
        result = vpci_port_read(v, (uint16_t)exit->number, exit->size);
    }
    return result;
}

/* REQ-INT-080 */
static bool lent_access(vm_id_t v, const struct vm_exit *exit, uint32_t *value)
{
    return exit->write ? vpci_lent_port_write(v, (uint16_t)exit->number, exit->size, *value)
                       : vpci_lent_port_read(v, (uint16_t)exit->number, exit->size, value);
}

static uint32_t platform_access(vm_id_t v, const struct vm_exit *exit, uint32_t value)
{
    uint32_t result = 0U;
    if (exit->write) {
        platform_port_write(v, (uint16_t)exit->number, exit->size, value);
    } else {
        result = platform_port_read(v, (uint16_t)exit->number, exit->size);
    }
    return result;
}

/* One access. True: *value is the answer. False: an I/O request was posted, the vCPU waits. */
static bool port_access(vcpu_id_t id, const struct vm_exit *exit, uint32_t *value)
{
    vm_id_t v = vcpu_vm(id);
    uint16_t port = (uint16_t)exit->number;
    uint32_t sent = *value;
    bool answered = true;
    if (is_vpic_port(port)) {
        *value = vpic_access(v, exit, sent);
    } else if ((vpci_user_count != 0U) && (vms[v].kind == VM_KIND_USER) && lent_access(v, exit, value)) {
        /* a function lent to it */
    } else if (vms[v].kind == VM_KIND_USER) {
        ioreq_port(id, port, exit->size, exit->write, sent);
        answered = false;
    } else if (vuart_port(v, exit, value)) {
        /* its end of a serial line */
    } else if ((vms[v].kind == VM_KIND_SERVICE) && platform_port_claims(port, exit->size)) {
        *value = platform_access(v, exit, sent); /* before PCI: the reset control is a byte inside 0xCF8 */
    } else if ((port >= PCI_PORT_FIRST) && (port <= PCI_PORT_LAST)) {
        *value = pci_access(v, exit, sent);
    } else {
        *value = 0xFFFFFFFFU;
    }
    return answered;
}

static uint64_t io_address_mask(uint32_t address_size)
{
    uint64_t mask = 0xFFFFFFFFFFFFFFFFU;
    if (address_size == 2U) {
        mask = 0xFFFFU;
    } else if (address_size == 4U) {
        mask = 0xFFFFFFFFU;
    } else {
        /* 64-bit addresses */
    }
    return mask;
}

/* Writes the low part of a register as the address size has it: 16 bits keep the rest. */
static uint64_t merge_address(uint64_t old, uint64_t value, uint32_t address_size)
{
    return (address_size == 2U) ? ((old & ~(uint64_t)0xFFFFU) | (value & 0xFFFFU))
                                : (value & io_address_mask(address_size));
}

static void advance_string(vcpu_id_t id, const struct vm_exit *exit)
{
    struct vcpu_regs *regs = &vcpu_regs[id];
    uint32_t index = exit->write ? (uint32_t)GPR_RSI : (uint32_t)GPR_RDI;
    uint64_t step = ((regs->rflags & RFLAGS_DF) != 0U) ? (0U - (uint64_t)exit->size) : exit->size;
    uint64_t left = 0U;
    regs->gpr[index] = merge_address(regs->gpr[index], regs->gpr[index] + step, exit->address_size);
    if (exit->repeat) {
        left = (regs->gpr[GPR_RCX] & io_address_mask(exit->address_size)) - 1U;
        regs->gpr[GPR_RCX] = merge_address(regs->gpr[GPR_RCX], left, exit->address_size);
    }
    /* While elements are left, RIP stays: the next entry executes the rest. */
    if (left == 0U) {
        emulate_skip(id, exit->length);
    }
}

static void io_finish(vcpu_id_t id, const struct vm_exit *exit, gpa_t gpa, uint32_t value)
{
    if (exit->string) {
        if (!exit->write) {
            uint8_t bytes[4];
            for (uint32_t i = 0U; i < 4U; i++) {
                bytes[i] = (uint8_t)(value >> (i * 8U));
            }
            (void)guest_write(vcpu_vm(id), gpa, bytes, (exit->size <= 4U) ? exit->size : 4U);
        }
        advance_string(id, exit);
    } else {
        if (!exit->write) {
            emulate_port_read(id, exit->size, value);
        }
        emulate_skip(id, exit->length);
    }
}

/* Address of the string element. False: the guest got a fault. An element on two pages that are apart
 * is refused: no driver has unaligned port strings. */
/* REQ-IO-006 */
static bool string_address(vcpu_id_t id, const struct vm_exit *exit, gpa_t *gpa)
{
    struct vcpu_regs *regs = &vcpu_regs[id];
    uint32_t seg = exit->write ? exit->segment : (uint32_t)SEG_ES;
    uint64_t offset = regs->gpr[exit->write ? GPR_RSI : GPR_RDI] & io_address_mask(exit->address_size);
    bool flat = (exit->address_size == 8U) && (seg != (uint32_t)SEG_FS) && (seg != (uint32_t)SEG_GS);
    gva_t gva = flat ? offset : (hw_vcpu_segment(id, (enum segment_id)seg).base + offset); /* DEV-011 */
    struct operand element = { gva, exit->size, !exit->write };
    gva_t fault = gva;
    enum status status = guest_translate_data(id, &element, gpa, &fault);
    if (status == STATUS_INVALID) {
        emulate_gp(id);
    } else if (status != STATUS_OK) {
        emulate_pf(id, fault, !exit->write, status == STATUS_DENIED);
    } else {
        /* there */
    }
    return status == STATUS_OK;
}

static bool outs_element(vcpu_id_t id, const struct vm_exit *exit, gpa_t gpa, uint32_t *value)
{
    uint8_t bytes[4] = { 0U, 0U, 0U, 0U };
    bool ok = guest_read(vcpu_vm(id), gpa, bytes, (exit->size <= 4U) ? exit->size : 4U) == STATUS_OK;
    *value = (uint32_t)bytes[0] | ((uint32_t)bytes[1] << 8) | ((uint32_t)bytes[2] << 16) | ((uint32_t)bytes[3] << 24);
    if (!ok) {
        emulate_gp(id); /* port strings from device memory are not supported */
    }
    return ok;
}

/* REQ-IO-005 */
void io_exit(vcpu_id_t id, const struct vm_exit *exit)
{
    uint32_t value = (uint32_t)vcpu_regs[id].gpr[GPR_RAX] & emulate_port_mask(exit->size);
    gpa_t gpa = 0U;
    bool ok = true;
    if (exit->string && exit->repeat
        && ((vcpu_regs[id].gpr[GPR_RCX] & io_address_mask(exit->address_size)) == 0U)) {
        emulate_skip(id, exit->length);
        ok = false;
    } else if (exit->string) {
        ok = string_address(id, exit, &gpa);
        if (ok && exit->write) {
            ok = outs_element(id, exit, gpa, &value);
        }
    } else {
        /* plain IN or OUT */
    }
    if (ok) {
        uint32_t epoch = vcpus[id].epoch;
        io_pending[id].exit = *exit;
        io_pending[id].gpa = gpa;
        if (port_access(id, exit, &value) && (vcpus[id].epoch == epoch)) {
            io_finish(id, exit, gpa, value);
        }
    }
}

void io_complete(vcpu_id_t id, uint32_t value)
{
    io_finish(id, &io_pending[id].exit, io_pending[id].gpa, value);
}

/* REQ-INT-022 REQ-IO-005 */
void io_closed(vcpu_id_t id, const struct vm_exit *exit)
{
    gpa_t gpa = 0U;
    if (!exit->string) {
        io_finish(id, exit, gpa, 0xFFFFFFFFU);
    } else if (exit->repeat && ((vcpu_regs[id].gpr[GPR_RCX] & io_address_mask(exit->address_size)) == 0U)) {
        emulate_skip(id, exit->length);
    } else if (exit->write || string_address(id, exit, &gpa)) {
        io_finish(id, exit, gpa, 0xFFFFFFFFU);
    } else {
        /* the guest has its page fault */
    }
}
