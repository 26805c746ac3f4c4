/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: all */
/* Images from boot modules: what a good one leads to, and what every bad one is refused for. */
#include "world.h"

#include "core/guest_map.h"
#include "core/loader.h"

#define IMAGE MODULE_HPA
#define LINUX 0x3900000U

static struct part_vm config;

static int boot(void **state)
{
    memset(vms, 0, sizeof(vms));
    memset(vcpus, 0, sizeof(vcpus));
    (void)world_start(state);
    config = partition.table.vm[RTVM];
    strcpy(config.cmdline, "console=0x3e8 quiet");
    assert_true(guest_map_build(RTVM));
    return 0;
}

static void refuse(const char *reason)
{
    struct loader_verdict verdict = loader_multiboot(RTVM, &config);
    assert_false(verdict.ok);
    assert_string_equal(verdict.reason, reason);
}

static void test_a_multiboot_image_is_entered_as_the_specification_says(void **state)
{
    vcpu_id_t bsp = vcpu_id(RTVM, 0U);
    hpa_t info = RTVM_HPA + LOADER_LOW;
    (void)state;
    assert_true(loader_multiboot(RTVM, &config).ok);
    assert_int_equal(vcpu_regs[bsp].rip, 0x100000U);
    assert_int_equal(vcpu_regs[bsp].gpr[GPR_RBX], LOADER_LOW);
    assert_int_equal(fake_vcpu[bsp].reg[REG_CR0], 0x11U);
    assert_int_equal(fake_vcpu[bsp].segment[SEG_CS].access, 0xC09BU);
    assert_int_equal(hw_phys_read(RTVM_HPA + 0x100000U, 4U), 0x1BADB002U);
    assert_int_equal(hw_phys_read(info, 4U) & 0x45U, 0x45U);
    assert_int_equal(hw_phys_read(info + 8U, 4U), 3072U); /* KiB above 1 MiB */
    assert_int_equal(hw_phys_read(RTVM_HPA + hw_phys_read(info + 16U, 4U), 1U), 'c');
    assert_int_equal(hw_phys_read(info + 44U, 4U), 24U);
    assert_int_equal(hw_phys_read(RTVM_HPA + hw_phys_read(info + 48U, 4U) + 12U, 4U), 0x400000U);
}

static void test_memory_behind_the_file_part_is_cleared(void **state)
{
    (void)state;
    hw_phys_write(RTVM_HPA + 0x100010U, 8U, 0x5555555555555555U);
    assert_true(loader_multiboot(RTVM, &config).ok);
    assert_int_equal(hw_phys_read(RTVM_HPA + 0x100010U, 8U), 0U);
}

static void test_a_missing_module_is_named(void **state)
{
    (void)state;
    strcpy(config.kernel, "other");
    refuse("no boot module has the image's tag");
}

static void test_a_short_or_foreign_file_is_refused(void **state)
{
    (void)state;
    boot_info.module[0].size = 40U;
    refuse("image is too short");
    boot_info.module[0].size = 256U;
    put(IMAGE, 0x12345678U);
    refuse("image is not ELF32 for x86");
}

static void test_an_image_without_multiboot_header_is_refused(void **state)
{
    (void)state;
    put(IMAGE + 136U, 1U);
    refuse("image has no multiboot header");
}

/* REQ-CFG-017 */
static void test_program_headers_outside_the_file_are_refused(void **state)
{
    (void)state;
    hw_phys_write(IMAGE + 44U, 2U, 17U);
    refuse("image's program headers are out of bounds");
    hw_phys_write(IMAGE + 44U, 2U, 1U);
    put(IMAGE + 28U, 0xFFFFFFF0U);
    refuse("image's program headers are out of bounds");
}

/* REQ-CFG-017 */
static void test_a_segment_outside_the_file_is_refused(void **state)
{
    (void)state;
    put(IMAGE + 56U, 250U);
    refuse("image is cut off");
    put(IMAGE + 56U, 128U);
    put(IMAGE + 68U, 64U); /* longer in the file than in memory */
    refuse("image is cut off");
}

/* REQ-CFG-017 */
static void test_a_segment_outside_the_vms_ram_is_refused(void **state)
{
    (void)state;
    put(IMAGE + 64U, 0x3FFFF0U);
    refuse("image does not fit the VM's RAM");
    put(IMAGE + 64U, 0xFFFFFFF0U);
    refuse("image does not fit the VM's RAM");
}

static void test_a_segment_on_the_boot_information_is_refused(void **state)
{
    (void)state;
    put(IMAGE + 64U, LOADER_LOW + 0x100U);
    refuse("image overlaps the boot information at 64 KiB");
}

/* A bzImage for the Service VM: setup header, 64 KiB of payload. */
static void make_linux(void)
{
    hw_phys_zero(LINUX, 0x1000U);
    hw_phys_write(LINUX + 0x1F1U, 1U, 1U);
    hw_phys_write(LINUX + 0x1FEU, 2U, 0xAA55U);
    hw_phys_write(LINUX + 0x200U, 2U, 0x6AEBU);
    put(LINUX + 0x202U, 0x53726448U);
    hw_phys_write(LINUX + 0x206U, 2U, 0x20FU);
    put(LINUX + 0x22CU, 0x7FFFFFFFU);
    put(LINUX + 0x230U, 0x200000U);
    hw_phys_write(LINUX + 0x234U, 1U, 1U);
    hw_phys_write(LINUX + 0x236U, 2U, 1U);
    put(LINUX + 0x238U, 255U);
    put(LINUX + 0x260U, 0x100000U);
    put(LINUX + 0x400U, 0xCAFEU);
    boot_info.module[1].base = LINUX;
    boot_info.module[1].size = 0x400U + 0x10000U;
    strcpy(boot_info.module[1].tags, "linux x");
    boot_info.module[2].base = LINUX + 0x40000U;
    boot_info.module[2].size = 0x1800U;
    strcpy(boot_info.module[2].tags, "initrd");
    put(LINUX + 0x40000U, 0xF00DU);
    boot_info.module_count = 3U;
    config = partition.table.vm[VM_SERVICE];
    strcpy(config.kernel, "linux");
    strcpy(config.initrd, "initrd");
    strcpy(config.cmdline, "console=ttyS1");
    assert_true(guest_map_build(VM_SERVICE));
}

static void refuse_linux(const char *reason)
{
    struct loader_verdict verdict = loader_bzimage(VM_SERVICE, &config, 0U);
    assert_false(verdict.ok);
    assert_string_equal(verdict.reason, reason);
}

static void test_a_kernel_is_entered_by_the_64_bit_protocol(void **state)
{
    uint64_t load;
    (void)state;
    make_linux();
    assert_true(loader_bzimage(VM_SERVICE, &config, 0x1F000U).ok);
    load = vcpu_regs[0].rip - 0x200U;
    assert_int_equal(load % 0x200000U, 0U);
    assert_int_equal(hw_phys_read(load, 4U), 0xCAFEU);
    assert_int_equal(vcpu_regs[0].gpr[GPR_RSI], LOADER_LOW);
    assert_int_equal(fake_vcpu[0].reg[REG_CR3], LOADER_PML4);
    assert_int_equal(fake_vcpu[0].reg[REG_EFER], 0x500U);
    assert_int_equal(hw_phys_read(LOADER_LOW + 0x70U, 8U), 0x1F000U);
    assert_int_equal(hw_phys_read(LOADER_LOW + 0x210U, 1U), 0xFFU);
    assert_int_equal(hw_phys_read(LOADER_PDPT + 8U, 8U), LOADER_PD + PAGE_SIZE + 3U);
    assert_int_equal(hw_phys_read(LOADER_CMDLINE, 1U), 'c');
}

/* REQ-CFG-018 */
static void test_the_initrd_lies_in_ram_clear_of_the_kernel(void **state)
{
    uint64_t load;
    uint64_t at;
    (void)state;
    make_linux();
    assert_true(loader_bzimage(VM_SERVICE, &config, 0U).ok);
    load = vcpu_regs[0].rip - 0x200U;
    at = hw_phys_read(LOADER_LOW + 0x218U, 4U);
    assert_int_equal(hw_phys_read(LOADER_LOW + 0x21CU, 4U), 0x1800U);
    assert_int_equal(hw_phys_read(at, 4U), 0xF00DU);
    assert_true(guest_map_is_ram(VM_SERVICE, at, 0x1800U));
    assert_true((at >= (load + 0x100000U)) || ((at + 0x1800U) <= load));
}

/* REQ-CFG-018 */
static void test_the_memory_map_is_sorted_disjoint_and_without_memory_of_others(void **state)
{
    (void)state;
    make_linux();
    for (uint32_t i = 0U; i < guest_map[VM_SERVICE].count; i++) {
        uint64_t end = guest_map[VM_SERVICE].entry[i].base + guest_map[VM_SERVICE].entry[i].size;
        assert_true((i + 1U == guest_map[VM_SERVICE].count) || (guest_map[VM_SERVICE].entry[i + 1U].base >= end));
        if (guest_map[VM_SERVICE].entry[i].type == BOOT_RAM) {
            assert_true((RTVM_HPA >= end) || (guest_map[VM_SERVICE].entry[i].base >= (RTVM_HPA + 0x400000U)));
            assert_true((IMAGE_HPA >= end) || (guest_map[VM_SERVICE].entry[i].base >= (IMAGE_HPA + 0x100000U)));
            assert_true((TELEMETRY_HPA >= end) || (guest_map[VM_SERVICE].entry[i].base >= (TELEMETRY_HPA + 0x20000U)));
        }
    }
    assert_false(guest_map_is_ram(VM_SERVICE, MODULE_HPA, 0x100U));
}

/* REQ-CFG-017 */
static void test_bad_kernels_are_refused_with_their_reason(void **state)
{
    (void)state;
    make_linux();
    put(LINUX + 0x202U, 0U);
    refuse_linux("kernel image is not a bzImage");
    make_linux();
    hw_phys_write(LINUX + 0x206U, 2U, 0x20BU);
    refuse_linux("kernel has no 64-bit entry (boot protocol 2.12)");
    make_linux();
    hw_phys_write(LINUX + 0x234U, 1U, 0U);
    refuse_linux("kernel is not relocatable");
    make_linux();
    hw_phys_write(LINUX + 0x1F1U, 1U, 255U);
    refuse_linux("kernel image is cut off");
    make_linux();
    put(LINUX + 0x230U, 0x300000U);
    refuse_linux("kernel alignment is not a power of two");
    make_linux();
    put(LINUX + 0x260U, 0xF0000000U);
    refuse_linux("no room for the kernel");
    make_linux();
    put(LINUX + 0x238U, 5U);
    refuse_linux("command line is longer than the kernel takes");
    make_linux();
    boot_info.module[1].size = 100U;
    refuse_linux("kernel image is too short");
    make_linux();
    boot_info.module[2].size = 0x10000000U;
    refuse_linux("no room for the initrd");
    make_linux();
    strcpy(config.initrd, "missing");
    refuse_linux("no boot module has the initrd's tag");
}

static void test_a_file_of_another_class_or_machine_is_refused(void **state)
{
    (void)state;
    hw_phys_write(IMAGE + 4U, 1U, 2U); /* ELF64 */
    refuse("image is not ELF32 for x86");
    hw_phys_write(IMAGE + 4U, 1U, 1U);
    hw_phys_write(IMAGE + 18U, 2U, 40U); /* ARM */
    refuse("image is not ELF32 for x86");
}

static void test_program_headers_of_another_size_or_none_are_refused(void **state)
{
    (void)state;
    hw_phys_write(IMAGE + 42U, 2U, 56U);
    refuse("image has segments of another size");
    hw_phys_write(IMAGE + 42U, 2U, 32U);
    hw_phys_write(IMAGE + 44U, 2U, 0U);
    refuse("image's program headers are out of bounds");
}

static void test_the_multiboot_header_is_sought_in_the_first_8_kib_only(void **state)
{
    (void)state;
    boot_info.module[0].size = 0x4000U;
    put(IMAGE + 128U, 0U);
    hw_phys_zero(IMAGE + 8192U, 16U);
    put(IMAGE + 8192U, 0x1BADB002U);
    put(IMAGE + 8200U, 0U - 0x1BADB002U);
    refuse("image has no multiboot header");
    put(IMAGE + 8180U, 0x1BADB002U);
    put(IMAGE + 8184U, 0U);
    put(IMAGE + 8188U, 0U - 0x1BADB002U);
    assert_true(loader_multiboot(RTVM, &config).ok);
}

static void segment(uint32_t index, uint32_t type, uint32_t address, uint32_t memory_size)
{
    hpa_t at = IMAGE + 52U + (index * 32U);
    put(at, type);
    put(at + 4U, 128U);
    put(at + 12U, address);
    put(at + 16U, (memory_size < 16U) ? memory_size : 16U);
    put(at + 20U, memory_size);
    hw_phys_write(IMAGE + 44U, 2U, index + 1U);
}

static void test_only_segments_with_memory_are_loaded(void **state)
{
    (void)state;
    segment(1U, 4U, 0x200000U, 16U); /* a note */
    hw_phys_write(RTVM_HPA + 0x200000U, 4U, 0x55555555U);
    assert_true(loader_multiboot(RTVM, &config).ok);
    assert_int_equal(hw_phys_read(RTVM_HPA + 0x200000U, 4U), 0x55555555U);
    segment(1U, 1U, 0xFFFFF000U, 0U); /* empty: its address does not matter */
    assert_true(loader_multiboot(RTVM, &config).ok);
}

static void test_a_segment_below_the_boot_information_is_loaded(void **state)
{
    (void)state;
    segment(0U, 1U, 0x8000U, 16U);
    assert_true(loader_multiboot(RTVM, &config).ok);
    assert_int_equal(hw_phys_read(RTVM_HPA + 0x8000U, 4U), hw_phys_read(IMAGE + 128U, 4U));
}

static void test_nothing_is_loaded_after_a_bad_segment(void **state)
{
    (void)state;
    segment(0U, 1U, 0x7000000U, 16U);
    segment(1U, 1U, 0x200000U, 16U);
    hw_phys_write(RTVM_HPA + 0x200000U, 4U, 0x55555555U);
    refuse("image does not fit the VM's RAM");
    assert_int_equal(hw_phys_read(RTVM_HPA + 0x200000U, 4U), 0x55555555U);
}

/* The map says RAM, but stage 2 has it not: never so after vm_memory_build(). */
static void test_an_image_on_memory_that_is_not_mapped_is_refused(void **state)
{
    (void)state;
    assert_int_equal(stage2_unmap(RTVM, 0x100000U, 0x1000U), STATUS_OK);
    refuse("image not loaded");
}

static void test_an_image_without_ram_for_its_information_is_refused(void **state)
{
    (void)state;
    guest_map[RTVM].entry[0].base = 0x20000U;
    guest_map[RTVM].entry[0].size -= 0x20000U;
    refuse("no RAM at 64 KiB for the boot information");
}

static void test_more_bad_kernels_are_refused_with_their_reason(void **state)
{
    (void)state;
    make_linux();
    hw_phys_write(LINUX + 0x1FEU, 2U, 0U);
    refuse_linux("kernel image is not a bzImage");
    make_linux();
    hw_phys_write(LINUX + 0x236U, 2U, 0U);
    refuse_linux("kernel has no 64-bit entry (boot protocol 2.12)");
    make_linux();
    hw_phys_write(LINUX + 0x201U, 1U, 0xFFU); /* a header longer than boot_params has room for */
    refuse_linux("kernel image is cut off");
    make_linux();
    strcpy(config.kernel, "missing");
    refuse_linux("no boot module has the kernel's tag");
    make_linux();
    memset(config.cmdline, 'x', PART_CMDLINE_SIZE); /* without an end */
    put(LINUX + 0x238U, PART_CMDLINE_SIZE - 1U);
    refuse_linux("command line is longer than the kernel takes");
}

static void test_a_kernel_that_reaches_above_2_gib_is_refused(void **state)
{
    (void)state;
    make_linux();
    guest_map[VM_SERVICE].entry[guest_map[VM_SERVICE].count - 1U].size = 0x100000000U;
    put(LINUX + 0x260U, 0x7FF00000U);
    refuse_linux("no room for the kernel");
}

/* Loaded lower, it would move itself there, over what lies behind its place. */
/* REQ-CFG-017 */
static void test_a_kernel_is_loaded_at_its_preferred_address_or_above(void **state)
{
    struct loader_verdict verdict;
    (void)state;
    make_linux();
    hw_phys_write(LINUX + 0x258U, 8U, 0x1500000U);
    verdict = loader_bzimage(VM_SERVICE, &config, 0U);
    assert_true(verdict.ok);
    assert_int_equal(vcpu_regs[vcpu_id(VM_SERVICE, 0U)].rip, 0x1600000U + 0x200U);
    make_linux();
    hw_phys_write(LINUX + 0x258U, 8U, 0xFFFFFFFFFFFFF000U);
    refuse_linux("no room for the kernel");
}

static void test_a_kernel_without_ram_for_its_parameters_is_refused(void **state)
{
    (void)state;
    make_linux();
    guest_map[VM_SERVICE].entry[0].base = 0x20000U;
    guest_map[VM_SERVICE].entry[0].size -= 0x20000U;
    refuse_linux("no RAM at 64 KiB for the boot parameters");
}

static void test_a_kernel_or_initrd_on_memory_that_is_not_mapped_is_refused(void **state)
{
    uint64_t initrd;
    (void)state;
    make_linux();
    assert_true(loader_bzimage(VM_SERVICE, &config, 0U).ok);
    initrd = hw_phys_read(LOADER_LOW + 0x218U, 4U);
    assert_int_equal(stage2_unmap(VM_SERVICE, initrd, 0x1000U), STATUS_OK);
    refuse_linux("initrd not loaded");
    assert_int_equal(stage2_unmap(VM_SERVICE, vcpu_regs[0].rip - 0x200U, 0x1000U), STATUS_OK);
    refuse_linux("kernel not loaded");
}

static void test_a_kernel_that_names_no_sectors_has_four(void **state)
{
    (void)state;
    make_linux();
    hw_phys_write(LINUX + 0x1F1U, 1U, 0U);
    put(LINUX + 0xA00U, 0xBEEFU); /* behind the boot sector and four more */
    put(LINUX + 0x230U, 0x1000U); /* a smaller alignment than large pages have */
    assert_true(loader_bzimage(VM_SERVICE, &config, 0U).ok);
    assert_int_equal(hw_phys_read(vcpu_regs[0].rip - 0x200U, 4U), 0xBEEFU);
    assert_int_equal((vcpu_regs[0].rip - 0x200U) % 0x200000U, 0U);
}

static void test_a_kernel_may_come_without_initrd(void **state)
{
    (void)state;
    make_linux();
    config.initrd[0] = '\0';
    assert_true(loader_bzimage(VM_SERVICE, &config, 0U).ok);
    assert_int_equal(hw_phys_read(LOADER_LOW + 0x21CU, 4U), 0U);
}

static void test_the_initrd_stays_below_what_the_kernel_can_reach(void **state)
{
    (void)state;
    make_linux();
    put(LINUX + 0x22CU, 0x17FFFFFU);
    assert_true(loader_bzimage(VM_SERVICE, &config, 0U).ok);
    assert_true((hw_phys_read(LOADER_LOW + 0x218U, 4U) + 0x1800U) <= 0x1800000U);
    put(LINUX + 0x22CU, 0x1AFFFU); /* only where the boot parameters are */
    refuse_linux("no room for the initrd");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_a_multiboot_image_is_entered_as_the_specification_says, boot),
        cmocka_unit_test_setup(test_memory_behind_the_file_part_is_cleared, boot),
        cmocka_unit_test_setup(test_a_missing_module_is_named, boot),
        cmocka_unit_test_setup(test_a_short_or_foreign_file_is_refused, boot),
        cmocka_unit_test_setup(test_an_image_without_multiboot_header_is_refused, boot),
        cmocka_unit_test_setup(test_program_headers_outside_the_file_are_refused, boot),
        cmocka_unit_test_setup(test_a_segment_outside_the_file_is_refused, boot),
        cmocka_unit_test_setup(test_a_segment_outside_the_vms_ram_is_refused, boot),
        cmocka_unit_test_setup(test_a_segment_on_the_boot_information_is_refused, boot),
        cmocka_unit_test_setup(test_a_kernel_is_entered_by_the_64_bit_protocol, boot),
        cmocka_unit_test_setup(test_the_initrd_lies_in_ram_clear_of_the_kernel, boot),
        cmocka_unit_test_setup(test_the_memory_map_is_sorted_disjoint_and_without_memory_of_others, boot),
        cmocka_unit_test_setup(test_bad_kernels_are_refused_with_their_reason, boot),
        cmocka_unit_test_setup(test_a_file_of_another_class_or_machine_is_refused, boot),
        cmocka_unit_test_setup(test_program_headers_of_another_size_or_none_are_refused, boot),
        cmocka_unit_test_setup(test_the_multiboot_header_is_sought_in_the_first_8_kib_only, boot),
        cmocka_unit_test_setup(test_only_segments_with_memory_are_loaded, boot),
        cmocka_unit_test_setup(test_a_segment_below_the_boot_information_is_loaded, boot),
        cmocka_unit_test_setup(test_nothing_is_loaded_after_a_bad_segment, boot),
        cmocka_unit_test_setup(test_an_image_on_memory_that_is_not_mapped_is_refused, boot),
        cmocka_unit_test_setup(test_an_image_without_ram_for_its_information_is_refused, boot),
        cmocka_unit_test_setup(test_more_bad_kernels_are_refused_with_their_reason, boot),
        cmocka_unit_test_setup(test_a_kernel_is_loaded_at_its_preferred_address_or_above, boot),
        cmocka_unit_test_setup(test_a_kernel_that_reaches_above_2_gib_is_refused, boot),
        cmocka_unit_test_setup(test_a_kernel_without_ram_for_its_parameters_is_refused, boot),
        cmocka_unit_test_setup(test_a_kernel_or_initrd_on_memory_that_is_not_mapped_is_refused, boot),
        cmocka_unit_test_setup(test_a_kernel_that_names_no_sectors_has_four, boot),
        cmocka_unit_test_setup(test_a_kernel_may_come_without_initrd, boot),
        cmocka_unit_test_setup(test_the_initrd_stays_below_what_the_kernel_can_reach, boot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
