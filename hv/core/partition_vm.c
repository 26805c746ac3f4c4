/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of each VM of the partition table that have nothing to do with its memory or devices. */
#include "core/boot_info.h"
#include "core/partition_check.h"

#define VM_FLAGS (PART_VM_FORBID_POWEROFF | PART_VM_EXCLUSIVE)

/*@ requires v < PART_MAX_VM;
    assigns \nothing;
    exits \false; */
static bool vm_exclusive(uint32_t v)
{
    return (partition.table.vm[v].flags & PART_VM_EXCLUSIVE) != 0U;
}

/* REQ-CFG-004 REQ-CFG-032 */
/*@ requires v < PART_MAX_VM;
    assigns partition_result;
    exits \false; */
static bool check_kind(uint32_t v)
{
    bool ok = true;
    const struct part_vm *vm = &partition.table.vm[v];
    uint32_t wanted = (v == VM_SERVICE) ? PART_VM_SERVICE : PART_VM_PRELAUNCH;
    if (vm->kind != wanted) {
        ok = partition_refuse("the first VM must be the Service VM, all others pre-launched", v, vm->kind);
    } else if ((vm->face != PART_FACE_KVM) && (vm->face != PART_FACE_ACRN)) {
        ok = partition_refuse("face must be kvm or acrn", v, vm->face);
    } else if ((vm->flags & ~VM_FLAGS) != 0U) {
        ok = partition_refuse("unknown VM flag: compile the scenario again", v, vm->flags);
    } else if ((v == VM_SERVICE) && vm_exclusive(v)) {
        ok = partition_refuse("the Service VM cannot have exclusive cores: remove 'exclusive'", v, vm->flags);
    } else if (vm_exclusive(v) && !platform.x2apic) {
        ok = partition_refuse("an exclusive VM needs a CPU with x2APIC, which this one has not: remove 'exclusive', and share its cores",
                              v, vm->flags);
    } else if ((vm->image_type != PART_IMAGE_BZIMAGE) && (vm->image_type != PART_IMAGE_MULTIBOOT)) {
        ok = partition_refuse("image type must be bzimage or multiboot", v, vm->image_type);
    } else if ((vm->weight == 0U) || (vm->weight > 10000U)) {
        ok = partition_refuse("weight must be 1 to 10000", v, vm->weight);
    } else {
        /* usable */
    }
    return ok;
}

/* REQ-CFG-004 */
/*@ requires v < PART_MAX_VM;
    assigns partition_result;
    exits \false;
    ensures \result ==> vm_counts_ok(v); */
static bool check_counts(uint32_t v)
{
    bool ok = true;
    const struct part_vm *vm = &partition.table.vm[v];
    if ((vm->vcpu_count == 0U) || (vm->vcpu_count > PART_MAX_VCPU)) {
        ok = partition_refuse("a VM has 1 to 8 vCPUs", v, vm->vcpu_count);
    } else if (vm->range_count > PART_MAX_RANGE) {
        ok = partition_refuse("a VM has at most 16 memory ranges: join some", v, vm->range_count);
    } else if (vm->ports_count > PART_MAX_PORTS) {
        ok = partition_refuse("a VM has at most 16 port ranges: join some", v, vm->ports_count);
    } else if (vm->gsi_count > PART_MAX_GSI) {
        ok = partition_refuse("a VM has at most 16 interrupt lines", v, vm->gsi_count);
    } else if (vm->pci_count > PART_MAX_PCI) {
        ok = partition_refuse("a VM has at most 16 PCI functions", v, vm->pci_count);
    } else {
        /* all counts are within the arrays */
    }
    return ok;
}

/*@ requires v < PART_MAX_VM;
    assigns partition_result;
    exits \false; */
static bool check_texts(uint32_t v)
{
    bool ok = true;
    const struct part_vm *vm = &partition.table.vm[v];
    if ((vm->name[0] == '\0') || !partition_text_ends(vm->name, PART_NAME_SIZE)) {
        ok = partition_refuse("a VM's name has 1 to 15 characters", v, 0U);
    } else if (!partition_text_ends(vm->cmdline, PART_CMDLINE_SIZE)) {
        ok = partition_refuse("the kernel command line is too long: at most 1023 characters", v, 0U);
    } else if (!partition_text_ends(vm->kernel, PART_TAG_SIZE) || !partition_text_ends(vm->initrd, PART_TAG_SIZE)) {
        ok = partition_refuse("a boot module's tag is too long: at most 31 characters", v, 0U);
    } else if (vm->kernel[0] == '\0') {
        ok = partition_refuse("the VM has no kernel: name the tag of its boot module", v, 0U);
    } else if (boot_module_find(vm->kernel) == ID_NONE) {
        ok = partition_refuse("no boot module has the tag of this VM's kernel: add it to the boot loader's list", v, 0U);
    } else if ((vm->initrd[0] != '\0') && (boot_module_find(vm->initrd) == ID_NONE)) {
        ok = partition_refuse("no boot module has the tag of this VM's initrd: add it to the boot loader's list", v, 0U);
    } else {
        /* readable */
    }
    return ok;
}

/*@ requires a < PART_MAX_VM && b < PART_MAX_VM;
    assigns \nothing;
    exits \false; */
static bool same_name(uint32_t a, uint32_t b)
{
    bool same = true;
    bool end = false;
    /*@ loop invariant i <= PART_NAME_SIZE;
        loop assigns i, same, end;
        loop variant PART_NAME_SIZE - i; */
    for (uint32_t i = 0U; (i < PART_NAME_SIZE) && same && !end; i++) {
        same = (partition.table.vm[a].name[i] == partition.table.vm[b].name[i]);
        end = (partition.table.vm[a].name[i] == '\0');
    }
    return same;
}

/*@ requires v < PART_MAX_VM;
    assigns partition_result;
    exits \false; */
static bool check_name_unique(uint32_t v)
{
    bool ok = true;
    /*@ loop invariant w <= v;
        loop assigns w, ok, partition_result;
        loop variant v - w; */
    for (uint32_t w = 0U; ok && (w < v); w++) {
        if (same_name(v, w)) {
            ok = partition_refuse("two VMs have the same name: rename one", v, w);
        }
    }
    return ok;
}

/*@ requires core < MAX_PCPU;
    assigns \nothing;
    exits \false; */
static bool core_is_shared(uint32_t core)
{
    return ((partition.table.board.shared_pcpu_mask >> core) & 1U) != 0U;
}

/* vCPUs before this one, of any VM, that run on the core. */
/*@ requires v < PART_MAX_VM && i < PART_MAX_VCPU && \forall integer w; 0 <= w < v ==> vm_counted(w);
    assigns \nothing;
    exits \false; */
static bool core_taken(uint32_t core, uint32_t v, uint32_t i)
{
    bool taken = false;
    /*@ loop invariant w <= v + 1;
        loop assigns w, taken;
        loop variant v - w; */
    for (uint32_t w = 0U; w <= v; w++) {
        uint32_t count = (w == v) ? i : partition.table.vm[w].vcpu_count;
        /*@ loop invariant k <= count;
            loop assigns k, taken;
            loop variant count - k; */
        for (uint32_t k = 0U; k < count; k++) {
            taken = taken || (partition.table.vm[w].pcpu[k] == core);
        }
    }
    return taken;
}

/* REQ-RT-001 REQ-CFG-006 */
/*@ requires v < PART_MAX_VM && i < PART_MAX_VCPU && partition.table.board.pcpu_count <= MAX_PCPU;
    requires \forall integer w; 0 <= w < v ==> vm_counted(w);
    assigns partition_result;
    exits \false; */
static bool check_core(uint32_t v, uint32_t i)
{
    bool ok = true;
    uint32_t core = partition.table.vm[v].pcpu[i];
    if (core >= partition.table.board.pcpu_count) {
        ok = partition_refuse("a vCPU is on a core that the board does not have", v, core);
    } else if (vm_exclusive(v) && core_is_shared(core)) {
        ok = partition_refuse("an exclusive vCPU is on a shared core: take the core out of shared_pcpus", v, core);
    } else if (!vm_exclusive(v) && !core_is_shared(core)) {
        ok = partition_refuse("a vCPU of a VM that is not exclusive must be on a shared core: add the core to "
                              "shared_pcpus or move the vCPU", v, core);
    } else if (vm_exclusive(v) && core_taken(core, v, i)) {
        ok = partition_refuse("an exclusive core runs one vCPU only: move one of them", v, core);
    } else {
        /* this core, and nobody else's */
    }
    return ok;
}

/*@ requires v < PART_MAX_VM && vm_counts_ok(v) && partition.table.board.pcpu_count <= MAX_PCPU;
    requires \forall integer w; 0 <= w < v ==> vm_counted(w);
    assigns partition_result;
    exits \false; */
static bool check_cores(uint32_t v)
{
    bool ok = true;
    /*@ loop invariant i <= PART_MAX_VCPU;
        loop assigns i, ok, partition_result;
        loop variant PART_MAX_VCPU - i; */
    for (uint32_t i = 0U; ok && (i < partition.table.vm[v].vcpu_count); i++) {
        ok = check_core(v, i);
    }
    return ok;
}

/* Entry 0 without a Service VM owns nothing. */
/*@ requires v < PART_MAX_VM;
    assigns partition_result;
    exits \false;
    ensures \result ==> vm_counted(v); */
static bool check_absent(uint32_t v)
{
    bool ok = true;
    const struct part_vm *vm = &partition.table.vm[v];
    if ((vm->vcpu_count != 0U) || (vm->range_count != 0U) || (vm->ports_count != 0U) || (vm->gsi_count != 0U) ||
        (vm->pci_count != 0U)) {
        ok = partition_refuse("there is no Service VM, but its entry has cores, memory or devices: compile the scenario "
                              "again", v, vm->range_count);
    } else if (partition.table.user.max_vms != 0U) {
        ok = partition_refuse("user VMs need a Service VM: add it, or set max_vms to 0", v, partition.table.user.max_vms);
    } else {
        /* empty */
    }
    return ok;
}

/*@ requires v < PART_MAX_VM && partition.table.board.pcpu_count <= MAX_PCPU;
    requires \forall integer w; 0 <= w < v ==> vm_counted(w);
    assigns partition_result;
    exits \false;
    ensures \result ==> vm_counted(v); */
static bool check_present(uint32_t v)
{
    return check_kind(v) && check_counts(v) && check_texts(v) && check_name_unique(v) && check_cores(v);
}

bool partition_check_vms(void)
{
    bool ok = true;
    /*@ loop invariant v <= PART_MAX_VM && v <= partition.table.vm_count;
        loop invariant ok ==> \forall integer w; 0 <= w < v ==> vm_counted(w);
        loop assigns v, ok, partition_result;
        loop variant PART_MAX_VM - v; */
    for (uint32_t v = 0U; ok && (v < partition.table.vm_count); v++) {
        ok = partition_vm_absent(v) ? check_absent(v) : check_present(v);
    }
    return ok;
}
