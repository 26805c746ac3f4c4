/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/partition.c core/partition_vm.c core/partition_memory.c core/partition_policy.c core/partition_health.c core/partition_device.c core/partition_ivshmem.c core/partition_link.c */
/* What the validator of partition tables refuses, each mistake with its reason. */
#include "partition_mistakes.h"

/* REQ-CFG-003 */
static void refuses_modules_of_the_wrong_size(void **state)
{
    (void)state;
    T.crc32 = crc(T.total_size);
    assert_non_null(strstr(partition_validate(sizeof(struct part_table) - 1U).reason, "its size is wrong"));
    assert_non_null(strstr(partition_validate(PART_MAX_SIZE + 1U).reason, "its size is wrong"));
    assert_non_null(strstr(partition_validate(T.total_size - 1U).reason, "cut short"));
}

/* REQ-CFG-003 */
static void refuses_a_damaged_table(void **state)
{
    (void)state;
    T.crc32 = crc(T.total_size);
    partition.bytes[T.total_size - 1U] ^= 1U;
    assert_non_null(strstr(partition_validate(T.total_size).reason, "CRC"));
}

/* REQ-CFG-009 */
static void names_the_vm_and_the_value(void **state)
{
    (void)state;
    RTVM.range[0].hpa += 1U;
    struct partition_verdict verdict = validate();
    assert_false(verdict.valid);
    assert_int_equal(verdict.vm, 1);
    assert_int_equal(verdict.detail, 0x20000001U);
}

/* One mistake each, and a word of the reason that must come. */
static bool make_mistake(int line)
{
    bool made = true;
    switch (line) {
    CASE("magic", T.magic++)
    CASE("another version", T.version++)
    CASE("cut short", T.total_size = sizeof(struct part_table) - 1U)
    CASE("cut short", T.total_size = 0xFFFFFFFFU)
    CASE("reserved", T.reserved = 1U)
    CASE("shared-memory devices: at most 8", T.ivshmem_count = PART_MAX_IVSHMEM + 1U)
    CASE("unknown flag", T.flags = 2U)
    CASE("scenario's name", memset(T.scenario, 'x', PART_TAG_SIZE))
    CASE("number of VMs", T.vm_count = 0U)
    CASE("number of VMs", T.vm_count = PART_MAX_VM + 1U)
    CASE("number of shared", T.shared_count = PART_MAX_SHARED + 1U)
    /* board */
    CASE("board's name", memset(T.board.name, 'x', PART_TAG_SIZE))
    CASE("more cores", T.board.pcpu_count = 0U)
    CASE("more cores", T.board.pcpu_count = 5U)
    CASE("more cores", (platform.pcpu_count = 32U, T.board.pcpu_count = 17U))
    CASE("shared cores", T.board.shared_pcpu_mask = 0x17U)
    CASE("more RAM", T.board.ram_size = 0x3FF9F001U)
    CASE("no IOMMU", platform.irqs_remapped = platform.iommu_present = false)
    CASE("does not remap interrupts", platform.irqs_remapped = false)
    CASE("CPU with x2APIC", platform.x2apic = false)
    CASE("mmconfig_base differs", T.board.mmconfig_base = 0xE0000000U)
    CASE("tsc_hz", T.board.tsc_hz = 1U)
    CASE("tsc_hz", T.board.tsc_hz = 30000000000U)
    CASE("PCI device must be function 0", T.board.hv_device_bdf = 0xF1U)
    CASE("PCI device must be function 0", T.board.hv_device_bdf = 0U)
    CASE("s5_slp_typ", T.board.s5_slp_typ = 8U)
    CASE("user VMs: at most", T.user.max_vms = 5U)
    CASE("shared cores only", T.user.pcpu_mask = 9U)
    CASE("1 to 8 vCPUs", T.user.max_vcpus = 0U)
    CASE("1 to 8 vCPUs", T.user.max_vcpus = 9U)
    CASE("have no core", T.user.pcpu_mask = 0U)
    CASE("user VMs: weight", T.user.weight = 0U)
    CASE("user VMs: weight", T.user.weight = 10001U)
    /* VMs */
    CASE("must be the Service VM", SERVICE.kind = PART_VM_PRELAUNCH)
    CASE("must be the Service VM", RTVM.kind = PART_VM_SERVICE)
    CASE("has cores, memory or devices", SERVICE.kind = 0U)
    CASE("has cores, memory or devices", (memset(&SERVICE, 0, sizeof(SERVICE)), SERVICE.range_count = 1U))
    CASE("has cores, memory or devices", (memset(&SERVICE, 0, sizeof(SERVICE)), SERVICE.ports_count = 1U))
    CASE("has cores, memory or devices", (memset(&SERVICE, 0, sizeof(SERVICE)), SERVICE.gsi_count = 1U))
    CASE("has cores, memory or devices", (memset(&SERVICE, 0, sizeof(SERVICE)), SERVICE.pci_count = 1U))
    CASE("need a Service VM", memset(&SERVICE, 0, sizeof(SERVICE)))
    CASE("face", SERVICE.face = 0U)
    CASE("unknown VM flag", RTVM.flags |= 4U)
    CASE("cannot have exclusive", SERVICE.flags = PART_VM_EXCLUSIVE)
    CASE("image type", RTVM.image_type = 3U)
    CASE("weight", SERVICE.weight = 0U)
    CASE("weight", SERVICE.weight = 10001U)
    CASE("1 to 8 vCPUs", SERVICE.vcpu_count = 0U)
    CASE("1 to 8 vCPUs", SERVICE.vcpu_count = 9U)
    CASE("16 memory ranges", SERVICE.range_count = 17U)
    CASE("16 port ranges", SERVICE.ports_count = 17U)
    CASE("16 interrupt lines", SERVICE.gsi_count = 17U)
    CASE("16 PCI functions", SERVICE.pci_count = 17U)
    CASE("VM's name", SERVICE.name[0] = '\0')
    CASE("VM's name", memset(SERVICE.name, 'x', PART_NAME_SIZE))
    CASE("command line", memset(SERVICE.cmdline, 'x', PART_CMDLINE_SIZE))
    CASE("tag is too long", memset(SERVICE.kernel, 'x', PART_TAG_SIZE))
    CASE("tag is too long", memset(SERVICE.initrd, 'x', PART_TAG_SIZE))
    CASE("has no kernel", SERVICE.kernel[0] = '\0')
    CASE("this VM's kernel", strcpy(SERVICE.kernel, "missing"))
    CASE("this VM's initrd", strcpy(SERVICE.initrd, "missing"))
    CASE("same name", strcpy(OTHER.name, "rtvm"))
    CASE("board does not have", SERVICE.pcpu[1] = 4U)
    CASE("board does not have", SERVICE.pcpu[1] = 0xFFFFFFFFU)
    CASE("is on a shared core", RTVM.pcpu[0] = 1U)
    CASE("must be on a shared core", SERVICE.pcpu[1] = 3U)
    CASE("one vCPU only", (RTVM.vcpu_count = 2U, RTVM.pcpu[1] = 3U))
    CASE("one vCPU only", (OTHER.flags = PART_VM_EXCLUSIVE, OTHER.pcpu[0] = 3U))
    /* policy */
    CASE("at most 4 modules", (RTVM.image_type = PART_IMAGE_MULTIBOOT, RTVM.module_count = PART_MAX_MODULE + 1U))
    CASE("only a multiboot image", (strcpy(RTVM.module[0], "kernel"), RTVM.module_count = 1U))
    CASE("module's tag has", (RTVM.image_type = PART_IMAGE_MULTIBOOT, RTVM.module_count = 1U))
    CASE("module's tag has", (RTVM.image_type = PART_IMAGE_MULTIBOOT, RTVM.module_count = 1U, memset(RTVM.module[0], 'x', PART_TAG_SIZE)))
    CASE("this VM's module", (RTVM.image_type = PART_IMAGE_MULTIBOOT, RTVM.module_count = 1U, strcpy(RTVM.module[0], "missing")))
    CASE("what follows a fault", RTVM.on_fault[PART_FAULTS - 1U] = PART_ON_FAULT_LAST + 1U)
    CASE("only a pre-launched VM has a policy", SERVICE.on_fault[0] = PART_ON_FAULT_RESTART)
    CASE("at most 16 writes", RTVM.safe_count = PART_MAX_SAFE + 1U)
    CASE("reserved fields", RTVM.reserved = 1U)
    CASE("1 to 100 per cent", RTVM.cache.bandwidth = 101U)
    CASE("reserved fields", RTVM.cache.reserved = 1U)
    CASE("only an exclusive VM has a policy", OTHER.on_fault[PART_FAULTS - 1U] = PART_ON_FAULT_HALT)
    CASE("1, 2 or 4 bytes", (RTVM.safe_count = 1U, RTVM.safe[0] = (struct part_safe){ 0x3F0U, 0U, PART_SAFE_PORT, 8U }))
    CASE("1, 2 or 4 bytes", (RTVM.safe_count = 1U, RTVM.safe[0] = (struct part_safe){ 0x3F0U, 0U, PART_SAFE_PORT, 0U }))
    CASE("aligned to its size", (RTVM.safe_count = 1U, RTVM.safe[0] = (struct part_safe){ 0x3F1U, 0U, PART_SAFE_PORT, 2U }))
    CASE("to a port or to memory", (RTVM.safe_count = 1U, RTVM.safe[0] = (struct part_safe){ 0x3F0U, 0U, 3U, 1U }))
    CASE("own ports only", (RTVM.safe_count = 1U, RTVM.safe[0] = (struct part_safe){ 0x80U, 0U, PART_SAFE_PORT, 1U }))
    CASE("own ports only", (RTVM.safe_count = 1U, RTVM.safe[0] = (struct part_safe){ 0x103E8U, 0U, PART_SAFE_PORT, 1U }))
    CASE("own ports only", (RTVM.safe_count = 1U, RTVM.safe[0] = (struct part_safe){ 0x3F0U, 0U, PART_SAFE_PORT, 1U }))
    CASE("device memory", (RTVM.safe_count = 1U, RTVM.safe[0] = (struct part_safe){ RTVM.range[0].hpa, 0U, PART_SAFE_MEMORY, 1U }))
    CASE("only an exclusive VM has a heartbeat", OTHER.heartbeat_us = 1U)
    CASE("heartbeat counter", (RTVM.heartbeat_us = 1U, RTVM.heartbeat_gpa = 4U))
    CASE("no other VM may write", (RTVM.heartbeat_us = 1U, RTVM.heartbeat_gpa = 0x24000028U))
    CASE("no other VM may write", (RTVM.heartbeat_us = 1U, RTVM.heartbeat_gpa = 0x24000028U, SERVICE.range[1].hpa -= 0x1000U))
    CASE("no other VM may write", (RTVM.heartbeat_us = 1U, RTVM.heartbeat_gpa = 0x24000028U, SERVICE.range[2] = SERVICE.range[1], SERVICE.range_count = 3U))
    CASE("needs a shared core", (RTVM.heartbeat_us = 1U, RTVM.heartbeat_gpa = 8U, T.board.shared_pcpu_mask = 0U, T.user.max_vms = 0U, T.user.pcpu_mask = 0U, SERVICE.vcpu_count = 0U, memset(&SERVICE, 0, sizeof(SERVICE)), T.vm_count = 2U))
    CASE("heartbeat counter", (RTVM.heartbeat_us = 1U, RTVM.heartbeat_gpa = 0xFFFFFFFFFFFFFFF8U))
    CASE("not neighbours", RTVM.cache.l2_mask = 0x5U)
    CASE("not neighbours", RTVM.cache.l3_mask = 0x80000001U)
    CASE("same way of the L2", (SERVICE.cache.l2_mask = 0x6U, RTVM.cache.l2_mask = 0xCU))
    CASE("same way of the L3", (SERVICE.cache.l3_mask = 0xFFFFFFFFU, RTVM.cache.l3_mask = 0x80000000U))
    CASE("same way of the L3", (T.board.shared_pcpu_mask = 3U, OTHER.flags = PART_VM_EXCLUSIVE, OTHER.pcpu[0] = 2U,
                                RTVM.cache.l3_mask = 1U, OTHER.cache.l3_mask = 1U))
    CASE("the Service VM's share", OTHER.cache.l2_mask = 1U)
    CASE("the Service VM's share", OTHER.cache.l3_mask = 1U)
    CASE("the Service VM's share", OTHER.cache.bandwidth = 1U)
    CASE("entry has a share", (memset(&SERVICE, 0, sizeof(SERVICE)), T.user.max_vms = 0U, SERVICE.cache.bandwidth = 1U))
    /* memory */
    CASE("telemetry range must", T.telemetry_size = 0x1000U)
    CASE("telemetry range must", T.telemetry_hpa += 8U)
    CASE("telemetry range must", T.telemetry_hpa = 0xFFFFFFFFFFFFF000U)
    CASE("telemetry range is not RAM", T.telemetry_hpa = 0xC0000000U)
    CASE("telemetry range overlaps", T.telemetry_hpa = 0x1F0000U)
    CASE("telemetry range overlaps", T.telemetry_hpa = 0x401000U)
    CASE("shared region's name", T.shared[0].name[0] = '\0')
    CASE("shared region's name", memset(T.shared[0].name, 'x', PART_NAME_SIZE))
    CASE("shared region must have whole pages", T.shared[0].hpa += 1U)
    CASE("shared region must have whole pages", T.shared[0].size = 0U)
    CASE("shared region is not RAM", T.shared[0].hpa = 0x80000000U)
    CASE("shared region overlaps", T.shared[0].hpa = 0x200000U)
    CASE("shared region overlaps", T.shared[0].hpa = 0x24110000U)
    CASE("two shared regions", (T.shared_count = 2U, T.shared[1] = T.shared[0]))
    CASE("whole pages below", RTVM.range[0].gpa = 1U)
    CASE("whole pages below", RTVM.range[0].size += 1U)
    CASE("whole pages below", RTVM.range[0].size = 0U)
    CASE("whole pages below", RTVM.range[0].gpa = 0xFFFFFFFFFFFFF000U)
    CASE("whole pages below", RTVM.range[0].hpa = 0xFFFFFFFFFFFFF000U)
    CASE("whole pages below", RTVM.range[0].gpa = PART_GPA_LIMIT)
    CASE("whole pages below", RTVM.range[0].hpa = PART_HPA_LIMIT)
    CASE("hides the interrupt controllers", RTVM.range[2].gpa = 0xFEE00000U)
    CASE("hides the interrupt controllers", RTVM.range[2].gpa = 0xFEC00000U)
    CASE("hides the interrupt controllers", RTVM.range[2].gpa = 0xB0000000U)
    CASE("identity mapped", SERVICE.range[0].gpa = 0xD0000000U)
    CASE("unknown flag of a memory range", RTVM.range[0].flags |= 8U)
    CASE("unknown flag of a memory range", SERVICE.range[0].flags |= 16U)
    CASE("must be ram, mmio or shared", RTVM.range[0].type = 4U)
    CASE("RAM that is left over", range(&SERVICE, 0x10000000U, 0x10000000U, 0x1000U, PART_RANGE_RAM, WRITE))
    CASE("RAM is write-back", RTVM.range[0].flags |= PART_RANGE_WC)
    CASE("is not RAM", RTVM.range[0].hpa = 0x3E000000U)
    CASE("is not RAM", RTVM.range[0].hpa = 0x80000000U)
    CASE("not executable", RTVM.range[2].flags |= PART_RANGE_EXEC)
    CASE("MMIO range covers RAM", RTVM.range[2].hpa = 0x10000000U)
    CASE("MMIO range covers RAM", RTVM.range[2].hpa = 0x40008000U)
    CASE("MMIO range covers RAM", RTVM.range[2].hpa = 0x40018000U)
    CASE("MMIO range covers the IOAPIC", RTVM.range[2].hpa = 0xFEC00000U)
    CASE("MMIO range covers the IOAPIC", RTVM.range[2].hpa = 0xFEEFF000U)
    CASE("MMIO range covers the IOAPIC", RTVM.range[2].hpa = 0xBFFFF000U)
    CASE("lies in no shared region", RTVM.range[1].size += 0x1000U)
    CASE("lies in no shared region", T.shared_count = 0U)
    CASE("shared memory is write-back", RTVM.range[1].flags |= PART_RANGE_WC)
    CASE("overlaps the hypervisor", RTVM.range[0].hpa = 0x200000U)
    CASE("overlaps the hypervisor", RTVM.range[0].hpa = 0x401000U)
    CASE("overlaps the telemetry", RTVM.range[0].hpa = 0x24110000U)
    CASE("overlaps a shared region", RTVM.range[0].hpa = 0x240FF000U - 0x3FFF000U)
    CASE("overlap in its own addresses", RTVM.range[2].gpa = 0x3FFF000U)
    CASE("same machine memory", OTHER.range[0].hpa = 0x23FFF000U - 0xFFF000U)
    CASE("same machine memory", RTVM.range[2].hpa = 0xC0000000U)
    CASE("same machine memory", range(&RTVM, 0x10000000U, 0x20000000U, 0x1000U, PART_RANGE_RAM, WRITE))
    CASE("same machine memory", range(&RTVM, 0x30000000U, 0x24000000U, 0x1000U, PART_RANGE_SHARED, WRITE))
    CASE("VM has no RAM", OTHER.range_count = 0U)
    CASE("ACPI size without data", RTVM.acpi_offset = 0U)
    CASE("machine's ACPI tables", SERVICE.acpi_offset = sizeof(struct part_table))
    CASE("ACPI data is not inside", RTVM.acpi_size = 0U)
    CASE("ACPI data is not inside", RTVM.acpi_size = 4097U)
    CASE("ACPI data is not inside", RTVM.acpi_offset = 16U)
    CASE("ACPI data is not inside", RTVM.acpi_offset = 0xFFFFFFFFU)
    CASE("acpi_gpa is not", RTVM.acpi_gpa = 0x3FFFFFFU)
    CASE("acpi_gpa is not", RTVM.acpi_gpa = 0xFFFFFFFFFFFFFFFFU)
    CASE("acpi_gpa is not", RTVM.acpi_gpa = 0x24000000U)
    /* devices */
    CASE("log_port", T.board.log_port = 0xFFFFU)
    CASE("log_port", T.board.log_port = 0xCF4U)
    CASE("port range is empty", SERVICE.ports[0].count = 0U)
    CASE("port range is empty", (SERVICE.ports[0].base = 0xFFF9U, SERVICE.ports[0].count = 8U))
    CASE("hypervisor keeps", SERVICE.ports[0].base = 0x3F4U)
    CASE("hypervisor keeps", SERVICE.ports[0].base = 0xCFFU)
    CASE("hypervisor keeps", SERVICE.ports[0].base = 0x1AU)
    CASE("hypervisor keeps", SERVICE.ports[0].base = 0x60U)
    CASE("hypervisor keeps", SERVICE.ports[0].base = 0x92U)
    CASE("hypervisor keeps", SERVICE.ports[0].base = 0xA1U)
    CASE("hypervisor keeps", SERVICE.ports[0].base = 0xB3U)
    CASE("hypervisor keeps", SERVICE.ports[0].base = 0x4D1U)
    CASE("hypervisor keeps", SERVICE.ports[0].base = 0x605U)
    CASE("hypervisor keeps", (platform.reset_port = 0x440U, SERVICE.ports[0].base = 0x43AU))
    CASE("port has one owner", SERVICE.ports[0].base = 0x3E1U)
    CASE("port has one owner", (RTVM.ports_count = 2U, RTVM.ports[1] = RTVM.ports[0]))
    CASE("interrupt lines that are left over", SERVICE.gsi_count = 1U)
    CASE("no pin of the IOAPIC", RTVM.gsi[0] = 24U)
    CASE("no pin of the IOAPIC", platform.ioapic_gsi_base = 8U)
    CASE("interrupt line is listed twice", (OTHER.gsi_count = 1U, OTHER.gsi[0] = 4U))
    CASE("interrupt line is listed twice", (RTVM.gsi_count = 2U, RTVM.gsi[1] = 4U))
    CASE("PCI functions that are left over", SERVICE.pci_count = 1U)
    CASE("machine with an IOMMU", (T.flags = PART_ALLOW_NO_IOMMU, platform.iommu_present = false))
    CASE("machine with an IOMMU", (memset(&SERVICE, 0, sizeof(SERVICE)), memset(&T.user, 0, sizeof(T.user)), T.board.shared_pcpu_mask = 4U, platform.irqs_remapped = false))
    CASE("of a VM on shared cores apart", (OTHER.pci_count = 1U, OTHER.pci[0] = 0x20U, platform.irqs_by_sender = false))
    CASE("host bridge", RTVM.pci[0] = 0U)
    CASE("host bridge", RTVM.pci[0] = 0xF3U)
    CASE("PCI function is listed twice", (OTHER.pci_count = 1U, OTHER.pci[0] = 0x18U))
    CASE("PCI function is listed twice", (RTVM.pci_count = 2U, RTVM.pci[1] = 0x18U))
    CASE("log_port is not the base", T.board.log_port = 0x20U)
    CASE("port has one owner", (SERVICE.ports_count = 2U, SERVICE.ports[1].base = 0x500U, SERVICE.ports[1].count = 8U,
                                RTVM.ports[0].base = 0x2F8U))
    CASE("interrupt line is listed twice", (RTVM.gsi_count = 2U, RTVM.gsi[1] = 5U, OTHER.gsi_count = 1U, OTHER.gsi[0] = 4U))
    CASE("PCI function is listed twice", (RTVM.pci_count = 2U, RTVM.pci[1] = 0x20U, OTHER.pci_count = 1U, OTHER.pci[0] = 0x18U))
    CASE("whole pages below 2^48", (RTVM.range[2].hpa = 0xFFFFFFFFFF000U, RTVM.range[2].size = 0x2000U))
    CASE("has no RAM", (OTHER.range[0].type = PART_RANGE_MMIO, OTHER.range[0].hpa = 0xE0002000U, OTHER.range[0].flags = WRITE,
                        OTHER.range[0].size = 0x1000U))
    CASE("runs one vCPU only", (T.board.shared_pcpu_mask = 3U, RTVM.vcpu_count = 2U, RTVM.pcpu[1] = 2U,
                                OTHER.flags = PART_VM_EXCLUSIVE, OTHER.pcpu[0] = 3U))
    default:
        made = false;
        break;
    }
    return made;
}

/* REQ-ISO-028 REQ-RT-001 REQ-CFG-004 REQ-CFG-005 REQ-CFG-006 REQ-CFG-007 REQ-CFG-008 REQ-CFG-009 */
static void every_mistake_has_its_reason(void **state)
{
    (void)state;
    assert_true(mistakes_refused(setup, make_mistake, __LINE__) > 140U);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(refuses_modules_of_the_wrong_size, setup),
        cmocka_unit_test_setup(refuses_a_damaged_table, setup),
        cmocka_unit_test_setup(names_the_vm_and_the_value, setup),
        cmocka_unit_test(every_mistake_has_its_reason),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
