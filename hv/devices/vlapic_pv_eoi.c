/* SPDX-License-Identifier: Apache-2.0 */
/*
 * KVM's paravirtual end of interrupt (Linux, Documentation/virt/kvm/x86/msr.rst, MSR_KVM_PV_EOI_EN): before a vCPU enters with one
 * edge-triggered interrupt in service and none requested, bit 0 of a word in its memory is set. The guest's EOI then
 * clears the bit and does not exit; the virtual APIC makes up for it at the next exit, whatever that is, before anything looks
 * at it. The bit is taken back at every such exit, so that it is only ever set while an EOI has no more to do than that.
 * The word is the guest's: what it writes there, and when, changes the service of its own interrupts only. Where it lies
 * is looked up as for guest_write(), in RAM that the VM may write, and kept until the VM's generation moves on: each change of
 * stage 2 that takes something away moves it, under the lock that is held here too, and settles what is offered before the memory
 * changes hands (vm_shootdown()). So an offer is never out where the guest cannot answer it.
 */
#include "abi/partition_table.h"
#include "core/hw.h"
#include "core/stage2.h"
#include "core/vm.h"
#include "devices/vlapic.h"
#include "devices/vlapic_state.h"

#define WORD_ENABLED  1U
#define WORD_RESERVED 2U
#define WORD_FLAGS    3U /* both */
#define BIT_OFFERED   1U

/* False: the guest's address is not, or no longer, RAM that it may write. Else eoi_hpa is where. */
static bool find_word(vcpu_id_t id)
{
    vm_id_t v = vcpu_vm(id);

    if (vlapic[id].eoi_seen != vms[v].generation) {
        struct stage2_mapping leaf = stage2_lookup(v, vlapic[id].eoi_word & ~(gpa_t)WORD_FLAGS);
        vlapic[id].eoi_seen = vms[v].generation;
        vlapic[id].eoi_there = leaf.present && (leaf.attr < S2_UC) && ((leaf.attr & S2_WRITE) != 0U);
        vlapic[id].eoi_hpa = leaf.hpa;
    }
    return vlapic[id].eoi_there;
}

enum status vlapic_eoi_word_read(vcpu_id_t id, uint64_t *value)
{
    *value = vlapic[id].eoi_word;
    return (vms[vcpu_vm(id)].face == PART_FACE_KVM) ? STATUS_OK : STATUS_UNKNOWN;
}

/* An address that is not RAM is the guest's loss: no bit is ever set there. */
/* REQ-INT-031 */
enum status vlapic_eoi_word_write(vcpu_id_t id, uint64_t value)
{
    enum status status = STATUS_UNKNOWN;

    if ((vms[vcpu_vm(id)].face == PART_FACE_KVM) && ((value & WORD_RESERVED) == 0U)) {
        vlapic[id].eoi_word = value;
        vlapic[id].eoi_seen = ~vms[vcpu_vm(id)].generation; /* not looked up yet */
        status = STATUS_OK;
    }
    return status;
}

/* REQ-INT-031 */
void vlapic_eoi_settle(vcpu_id_t id)
{
    if (vlapic[id].eoi_offered) {
        vlapic[id].eoi_offered = false;
        if ((hw_phys_read(vlapic[id].eoi_hpa, 4U) & BIT_OFFERED) != 0U) {
            hw_phys_write(vlapic[id].eoi_hpa, 4U, 0U);
        } else {
            vlapic_eoi_silent(id);
        }
    }
}

/* REQ-INT-031 */
void vlapic_eoi_offer(vcpu_id_t id)
{
    if (((vlapic[id].eoi_word & WORD_ENABLED) != 0U) && vlapic_eoi_is_silent(id)) {
        vlapic[id].eoi_offered = find_word(id);
        if (vlapic[id].eoi_offered) {
            hw_phys_write(vlapic[id].eoi_hpa, 4U, BIT_OFFERED);
        }
    }
}
