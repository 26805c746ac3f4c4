/* SPDX-License-Identifier: Apache-2.0 */
/* The boot order. A step that fails says so once and stops the machine before any VM started (but see vm_boot_all()). */
#include "abi/hv_info.h"
#include "boot/ap.h"
#include "boot/multiboot.h"
#include "core/boot_info.h"
#include "core/cache_share.h"
#include "core/core_kind.h"
#include "core/crash.h"
#include "core/domain.h"
#include "core/iommu.h"
#include "core/iommu_hw.h"
#include "core/iommu_irte.h"
#include "core/irq.h"
#include "core/log.h"
#include "core/partition.h"
#include "core/ram_clear.h"
#include "core/stage2.h"
#include "core/vm.h"
#include "devices/vpci.h"
#include "x86/acpi.h"
#include "x86/address.h"
#include "x86/apic.h"
#include "x86/asm.h"
#include "x86/cpu.h"
#include "x86/fatal.h"
#include "x86/iommu.h"
#include "x86/features.h"
#include "x86/pcpu.h"
#include "x86/pic.h"
#include "x86/speculation.h"
#include "x86/tsc.h"
#include "x86/uart.h"
#include "x86/vcpu_state.h"
#include "x86/vendor.h"

#define EARLY_LOG_PORT 0x3F8U /* until the partition table names another */
#define TAG_TABLE "partition-table"

void boot_main(uint32_t magic, uint32_t info);

static void boot_cpu(void)
{
    char missing[128];
    if (!features_check()) {
        features_missing_text(missing, sizeof(missing));
        fatal_boot("this CPU lacks: ", missing);
    }
    pic_mask_all();
    apic_find();
    apic_enable();
    pcpus[0].apic_id = apic_own_id();
    vendor->core_enable();
    vcpu_state_core_init();
    speculation_init(&pcpus[0]);
    core_kind_add(0U);
    cache_offer_add();
}

static void boot_loader(uint32_t magic, hpa_t info)
{
    switch (multiboot_parse(magic, info)) {
    case STATUS_OK:
        break;
    case STATUS_NO_MEMORY:
        fatal_boot("the boot loader's memory map or module list is too long", "");
        break;
    case STATUS_UNKNOWN:
        fatal_boot("not started by a Multiboot 1 or 2 loader", "");
        break;
    default:
        fatal_boot("the boot loader gave no usable memory map", "");
        break;
    }
    if (!multiboot_image_in_ram()) {
        fatal_boot("the boot loader put the hypervisor over memory that the firmware keeps", "");
    }
}

/* Takes the time for which the other cores must be left alone after their INIT (Intel SDM 3, 9.4.4.1). There is nothing to do then but
 * to clear RAM; what is left of that is done afterwards. */
/* REQ-RT-040 */
static void boot_clocks(void)
{
    const uint64_t given = partition.table.board.tsc_hz;
    bool counts = true;
    bool more = true;
    apic_timer_measure_begin();
    if (given != 0U) {
        tsc_set_hz(given);
    } else {
        counts = (platform.pm_timer_port != 0U) && tsc_measure_begin(platform.pm_timer_port);
    }
    while (counts && more && !tsc_measure_over()) {
        more = ram_clear_step();
    }
    if (!counts || !tsc_measure_end()) {
        fatal_boot("the ACPI PM timer does not count", "");
    }
    if (!apic_timer_measure_end()) {
        fatal_boot("the local APIC timer does not count", "");
    }
}

static void boot_cores(void)
{
    static const char *const reasons[4] = {
        [AP_STARTED] = "", [AP_NO_LOW_PAGE] = "no RAM below 640 KiB to start the other cores from",
        [AP_ABSENT] = "a core does not start", [AP_TSC_DIFFERS] = "a core's TSC is not in step with the boot core's" };
    pcpu_id_t which = 0U;
    enum ap_result result;
    bool more = true;
    ram_clear_begin();
    ap_init_all();
    boot_clocks();
    result = ap_start_all(&which);
    while (more) {
        more = ram_clear_step();
    }
    if (result != AP_STARTED) {
        log_begin("boot");
        log_text("core ");
        log_dec(which);
        log_end();
        fatal_boot(reasons[result], "");
    }
    log_begin("boot");
    log_dec(platform.pcpu_count);
    log_text(" cores with ");
    log_text(vendor->name);
    log_text(", TSC ");
    log_dec(hw_tsc_hz() / 1000U);
    log_text(" kHz (within ");
    log_dec(tsc_error_ppm());
    log_text(" ppm), APIC timer ");
    log_dec(apic_timer_hz() / 1000U);
    log_text(" kHz");
    log_end();
    speculation_say(&pcpus[0]);
}

/* REQ-CFG-001 REQ-CFG-002 */
static void boot_partition(void)
{
    const uint32_t module = boot_module_find(TAG_TABLE);
    struct partition_verdict verdict;
    uint64_t size;
    if (module == ID_NONE) {
        fatal_boot("no boot module is tagged ", TAG_TABLE);
    }
    size = boot_info.module[module].size;
    if (size > PART_MAX_SIZE) {
        fatal_boot("the partition table is larger than its limit", "");
    }
    hw_phys_copy_in(partition.bytes, boot_info.module[module].base, (uint32_t)size);
    verdict = partition_validate((uint32_t)size);
    if (!verdict.valid) {
        log_begin("boot");
        log_text("partition table: VM ");
        log_hex(verdict.vm);
        log_text(", value ");
        log_hex(verdict.detail);
        log_end();
        fatal_boot("partition table refused: ", verdict.reason);
    }
    paging_seal();
    uart_init(partition.table.board.log_port);
}

/* Once all cores have said what they are, and before any VM. */
/* REQ-CFG-040 */
static void boot_kinds(void)
{
    const struct core_kind_verdict verdict = core_kind_check();
    if (!verdict.valid) {
        if (verdict.vm == ID_NONE) {
            log_begin("boot");
            log_text("core ");
            log_dec(verdict.pcpu);
            log_text(", CPUID leaf ");
            log_hex(verdict.leaf);
            log_end();
        }
        fatal_boot(verdict.reason, (verdict.vm == ID_NONE) ? "" : partition.table.vm[verdict.vm].name);
    }
}

/* Once all cores have said what they offer, and before any VM. */
/* REQ-RT-051 */
static void boot_shares(void)
{
    const struct cache_verdict verdict = cache_share_plan();
    if (!verdict.valid) {
        fatal_boot(verdict.reason, partition.table.vm[verdict.vm].name);
    }
}

/* REQ-ISO-040 */
static void boot_iommu(enum status found)
{
    switch (found) {
    case STATUS_OK:
    case STATUS_NO_DEVICE:
        break;
    case STATUS_DENIED:
        fatal_boot("the registers of an IOMMU are in memory that the table gives to a VM: run the board inspector on this machine", "");
        break;
    default:
        fatal_boot("an IOMMU does not answer", "");
        break;
    }
}

/* Of interrupts, as the kind of unit reads it. */
static hpa_t remap_table(void)
{
    return platform.irqs_by_sender ? address_of(iommu_remap) : address_of(iommu_irte);
}

/* Before any other core is there, and before this one takes an interrupt. */
static void boot_devices(void)
{
    if (domain_build() != STATUS_OK) {
        fatal_boot("the memory map has too many pieces", "");
    }
    stage2_format = iommu_entry_format(vendor->entry_format);
    stage2_init(address_of(stage2_table));
    if (vpci_scan() != STATUS_OK) {
        fatal_boot("the PCI functions are refused: see the line before", "");
    }
    irq_init(); /* before interrupts are remapped: what the firmware left on would be reported */
    boot_iommu(iommu_init(address_of(iommu_root), address_of(iommu_entry), remap_table()));
}

/* From entry.S, on the main stack of core 0, with the loader's identity map of the first GiB. */
void boot_main(uint32_t magic, uint32_t info)
{
    boot_info.entry_tsc = asm_rdtsc();
    uart_init(EARLY_LOG_PORT);
    vendor_select();
    idt_init();
    pcpu_init(0U);
    paging_init();
    log_line("boot", "Bulkhead hypervisor");
    boot_cpu();
    boot_loader(magic, info);
    if (acpi_init() != STATUS_OK) {
        fatal_boot("no usable ACPI tables", "");
    }
    platform.x2apic = apic_is_x2apic();
    platform.iommu_present = hw_iommu_find();
    platform.irqs_remapped = hw_iommu_remaps();
    platform.irqs_by_sender = platform.iommu_present && (hw_iommu_format() == IOMMU_FORMAT_VTD);
    if (!platform.iommu_present || !hw_iommu_wide_ids()) {
        acpi_keep_near_cores();
    }
    boot_partition();
    crash_init(partition.table.telemetry_hpa + HV_CRASH_OFFSET);
    boot_devices();
    boot_cores();
    boot_kinds();
    boot_shares();
    if (vm_boot_all() != STATUS_OK) {
        fatal_boot("a VM of the partition table cannot be built", "");
    }
    log_flush();
    ap_release_all();
    core_run();
}
