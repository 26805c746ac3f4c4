/* SPDX-License-Identifier: Apache-2.0 */
/* An exclusive VM's accesses to its own PCI bus, and to the MSI-X tables of its functions: start-up, mostly. Own core, no lock. */
#include "core/exclusive_pci.h"
#include "core/decode.h"
#include "core/emulate.h"
#include "core/hw.h"
#include "core/vm.h"
#include "devices/vpci_given.h"



/* REQ-INT-053 */
bool exclusive_pci_port(vcpu_id_t id, const struct vm_exit *exit)
{
    bool mine = exclusive_pci_port_named(exit->number) && !exit->string;

    if (mine) {
        if (exit->write) {
            vpci_given_port_write(vcpu_vm(id), (uint16_t)exit->number, exit->size, (uint32_t)vcpu_regs[id].gpr[GPR_RAX] & emulate_port_mask(exit->size));
        } else {
            emulate_port_read(id, exit->size, vpci_given_port_read(vcpu_vm(id), (uint16_t)exit->number, exit->size));
        }
        emulate_skip(id, exit->length);
    }
    return mine;
}

static bool only_stores(const struct insn *insn)
{
    return (insn->op == INSN_STORE) || (insn->op == INSN_STORE_IMM);
}

/* Strings and exchanges with other memory: no driver has them there. */
static bool usable(const struct insn *insn)
{
    return (insn->op != INSN_INVALID) && (insn->op != INSN_MOV_CR) && (insn->op != INSN_STOS) && (insn->op != INSN_MOVS);
}

static void access(vcpu_id_t id, const struct insn *insn, gpa_t gpa)
{
    vm_id_t v = vcpu_vm(id);

    if (only_stores(insn)) {
        vpci_given_memory_write(v, gpa, insn->size, insn_memory_value(id, insn, 0U));
    } else {
        uint64_t value = vpci_given_memory_read(v, gpa, insn->size);

        if (insn_writes_back(insn)) {
            vpci_given_memory_write(v, gpa, insn->size, insn_memory_value(id, insn, value));
        } else {
            insn_complete_read(id, insn, value);
        }
    }
    emulate_skip(id, insn->length);
}

/* REQ-INT-053 */
bool exclusive_pci_memory(vcpu_id_t id, const struct vm_exit *exit)
{
    bool mine = !exit->execute && !exit->table_walk && (exit->cut == CUT_NOTHING) && vpci_given_claims(vcpu_vm(id), exit->gpa);

    if (mine) {
        uint8_t bytes[INSN_MAX] = { 0 };
        uint32_t count = guest_fetch(id, bytes);
        struct insn insn = insn_decode(bytes, count, guest_code_mode(id));

        if (usable(&insn)) {
            access(id, &insn, exit->gpa);
        } else {
            emulate_gp(id);
        }
    }
    return mine;
}
