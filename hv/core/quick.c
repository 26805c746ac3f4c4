/* SPDX-License-Identifier: Apache-2.0 */
#include "core/quick.h"
#include "core/emulate.h"
#include "core/exclusive_lapic.h"
#include "core/exclusive_pci.h"
#include "core/hypercall.h"
#include "core/power_port.h"
#include "core/vm.h"
#include "devices/vlapic.h"
#include "devices/vuart.h"

#define HYPERCALL_NUMBERS 0x100U /* all of them lie in HC_BASE and so many more */

/* A number that is none, or from a VM that has no hypercalls: refused. A shared vCPU's user mode gets #GP, elsewhere. */
/* REQ-RT-060 REQ-HYP-001 */
bool core_quick_hypercall(vcpu_id_t id, uint32_t cpl)
{
    const struct vm *vm = &vms[vcpu_vm(id)];
    uint64_t number = vcpu_regs[id].gpr[GPR_R8] - HC_BASE;
    bool none = (vm->kind != VM_KIND_SERVICE) || (number >= HYPERCALL_NUMBERS);
    bool refused = vm->exclusive || ((cpl == 0U) && none);
    if (refused) {
        vcpu_regs[id].gpr[GPR_RAX] = HYPERCALL_REFUSED;
    }
    return refused;
}

/* REQ-RT-060 */
bool core_quick_msr_write(vcpu_id_t id)
{
    return vms[vcpu_vm(id)].exclusive ? exclusive_lapic_quick(id)
                                      : vlapic_quick_write(id, (uint32_t)vcpu_regs[id].gpr[GPR_RCX], emulate_edx_eax(id));
}

/* An exclusive vCPU's ports that exit are closed: ones are read, and writes go nowhere, but for its reset and sleep registers and for those of
 * PCI configuration space and of UARTs, where it may have functions and lines to other VMs. */
/* REQ-RT-060 REQ-IO-005 */
bool core_quick_port(vcpu_id_t id, uint32_t port, uint32_t size, bool write)
{
    bool device = exclusive_pci_port_named(port) || vuart_port_named(port);
    bool closed = vms[vcpu_vm(id)].exclusive && !device && !(write && power_port_named(port));
    if (closed && !write) {
        emulate_port_read(id, size, 0xFFFFFFFFU);
    }
    return closed;
}
