/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the firmware's tables say about the machine (ACPI 6.4, chapter 5).
 * Firmware is trusted, but may be broken: every length is bounded before it is
 * used, and a table with a wrong checksum does not count.
 */
#include "x86/acpi.h"

#include <stddef.h>

#include "core/acpi_filter.h"
#include "core/boot_info.h"
#include "core/hw.h"
#include "core/log.h"

#define RSDP_SIZE_V1     20U
#define RSDP_SIZE_V2     36U
#define RSDP_STEP        16U
#define HEADER_SIZE      36U
#define HEADER_OEM_ID    10U
#define OEM_ID_QEMU      0x205348434F42U /* "BOCHS " */
#define TABLE_SIZE_MAX   0x100000U /* 1 MiB: larger is taken for garbage */
#define ADDRESS_MAX      0x400000000000U
#define EBDA_SEGMENT     0x40EU
#define EBDA_SIZE        0x400U
#define BIOS_AREA        0xE0000U
#define BIOS_AREA_SIZE   0x20000U

#define MADT_ENTRIES     44U
#define MADT_LAPIC       0U
#define MADT_IOAPIC      1U
#define MADT_OVERRIDE    2U
#define MADT_X2APIC      9U
#define MADT_CPU_ENABLED 1U

#define MCFG_ENTRIES     44U
#define MCFG_ENTRY_SIZE  16U

#define FADT_SMI_COMMAND 48U
#define FADT_ACPI_ENABLE 52U
#define FADT_PM1A_EVENT  56U
#define FADT_PM1A_CONTROL 64U
#define FADT_PM_TIMER    76U
#define FADT_FLAGS       112U
#define FADT_RESET_REG   116U
#define FADT_RESET_VALUE 128U
#define FADT_X_PM1A_EVENT 148U
#define FADT_X_PM1A_CONTROL 172U
#define FADT_X_PM_TIMER  208U
#define FADT_RESET_SUPPORTED 0x400U
#define GAS_SPACE_IO     1U
#define PM1_SCI_ENABLE   1U
#define ACPI_ENABLE_POLLS 100000U

#define APIC_ID_NEAR     254U /* what an IOAPIC entry or an MSI without remapping can address */
#define APIC_ID_NONE     0xFFFFFFFFU

struct acpi_table acpi_table[MAX_ACPI_TABLE];
uint32_t acpi_table_count;

uint64_t acpi_field(hpa_t pa, uint32_t size)
{
    uint8_t bytes[8] = { 0 };
    uint64_t value = 0U;

    hw_phys_copy_in(bytes, pa, size);
    for (uint32_t i = 0U; i < size; i++) {
        value |= (uint64_t)bytes[i] << (8U * i);
    }
    return value;
}

static bool checksum_good(hpa_t pa, uint32_t size)
{
    uint8_t chunk[64];
    uint32_t sum = 0U;

    for (uint32_t done = 0U; done < size; done += (uint32_t)sizeof(chunk)) {
        uint32_t part = ((size - done) < sizeof(chunk)) ? (size - done) : (uint32_t)sizeof(chunk);

        hw_phys_copy_in(chunk, pa + done, part);
        for (uint32_t i = 0U; i < part; i++) {
            sum += chunk[i];
        }
    }
    return (sum & 0xFFU) == 0U;
}

static bool rsdp_at(hpa_t pa)
{
    static const uint8_t signature[8] = { 'R', 'S', 'D', ' ', 'P', 'T', 'R', ' ' };
    uint8_t found[8] = { 0 };
    bool good = true;

    hw_phys_copy_in(found, pa, 8U);
    for (uint32_t i = 0U; i < 8U; i++) {
        good = good && (found[i] == signature[i]);
    }
    return good && checksum_good(pa, RSDP_SIZE_V1);
}

static hpa_t rsdp_scan(hpa_t base, uint32_t size)
{
    hpa_t found = 0U;

    for (uint32_t offset = 0U; (offset < size) && (found == 0U); offset += RSDP_STEP) {
        if (rsdp_at(base + offset)) {
            found = base + offset;
        }
    }
    return found;
}

/* From the boot loader, else the first KiB of the EBDA, else the BIOS area (ACPI 6.4, 5.2.5.1). */
static hpa_t rsdp_find(void)
{
    hpa_t found = 0U;

    if ((boot_info.rsdp != 0U) && rsdp_at(boot_info.rsdp)) {
        found = boot_info.rsdp;
    }
    if (found == 0U) {
        hpa_t ebda = acpi_field(EBDA_SEGMENT, 2U) << 4U;

        if ((ebda >= 0x400U) && (ebda < 0xA0000U)) {
            found = rsdp_scan(ebda, EBDA_SIZE);
        }
    }
    if (found == 0U) {
        found = rsdp_scan(BIOS_AREA, BIOS_AREA_SIZE);
    }
    return found;
}

/* REQ-CFG-015 */
static bool table_sane(hpa_t pa, uint32_t *length)
{
    bool sane = (pa != 0U) && (pa < ADDRESS_MAX);

    if (sane) {
        *length = (uint32_t)acpi_field(pa + 4U, 4U);
        sane = (*length >= HEADER_SIZE) && (*length <= TABLE_SIZE_MAX) && checksum_good(pa, *length);
    }
    return sane;
}

static void table_log_bad(hpa_t pa)
{
    log_begin("acpi");
    log_text("table at ");
    log_hex(pa);
    log_text(" ignored: bad length or checksum");
    log_end();
}

static void table_add(hpa_t pa)
{
    uint32_t length = 0U;

    if (!table_sane(pa, &length)) {
        table_log_bad(pa);
    } else if (acpi_table_count < MAX_ACPI_TABLE) {
        acpi_table[acpi_table_count] =
            (struct acpi_table){ .address = pa, .signature = (uint32_t)acpi_field(pa, 4U), .length = length };
        acpi_table_count++;
    } else {
        log_line("acpi", "more tables than the limit; the rest is ignored");
    }
}

/* Fills acpi_table from the XSDT, or from the RSDT where there is none. */
static enum status tables_list(hpa_t rsdp)
{
    enum status result = STATUS_OK;
    uint32_t length = 0U;
    uint32_t entry_size = 8U;
    hpa_t root = 0U;

    if ((acpi_field(rsdp + 15U, 1U) >= 2U) && checksum_good(rsdp, RSDP_SIZE_V2)) {
        root = acpi_field(rsdp + 24U, 8U);
    }
    if (!table_sane(root, &length)) {
        root = acpi_field(rsdp + 16U, 4U);
        entry_size = 4U;
    }
    acpi_table_count = 0U;
    if (!table_sane(root, &length)) {
        log_line("acpi", "neither XSDT nor RSDT has a good length and checksum");
        result = STATUS_INVALID;
    } else {
        for (uint32_t at = HEADER_SIZE; (at + entry_size) <= length; at += entry_size) {
            table_add(acpi_field(root + at, entry_size));
        }
    }
    return result;
}

const struct acpi_table *acpi_find(uint32_t signature)
{
    const struct acpi_table *found = NULL;

    for (uint32_t i = 0U; (i < acpi_table_count) && (found == NULL); i++) {
        if (acpi_table[i].signature == signature) {
            found = &acpi_table[i];
        }
    }
    return found;
}

static void cpu_add(uint32_t apic_id, uint32_t flags)
{
    bool known = false;

    for (uint32_t i = 0U; i < platform.pcpu_count; i++) {
        known = known || (platform.apic_id[i] == apic_id);
    }
    if (((flags & MADT_CPU_ENABLED) != 0U) && (apic_id != APIC_ID_NONE) && !known) {
        if (platform.pcpu_count < MAX_PCPU) {
            platform.apic_id[platform.pcpu_count] = apic_id;
            platform.pcpu_count++;
        } else {
            log_line("acpi", "more cores than the limit; the rest is not used");
        }
    }
}

/* REQ-CFG-016 */
void acpi_keep_near_cores(void)
{
    uint32_t kept = 0U;

    for (uint32_t i = 0U; i < platform.pcpu_count; i++) {
        if (platform.apic_id[i] <= APIC_ID_NEAR) {
            platform.apic_id[kept] = platform.apic_id[i];
            kept++;
        }
    }
    if (kept < platform.pcpu_count) {
        log_line("acpi", "cores with an APIC id above 254 ignored: they need interrupts remapped to 32-bit ids");
        platform.pcpu_count = kept;
    }
}

static void override_add(hpa_t entry)
{
    uint32_t irq = (uint32_t)acpi_field(entry + 3U, 1U);
    uint32_t gsi = (uint32_t)acpi_field(entry + 4U, 4U);
    uint32_t flags = (uint32_t)acpi_field(entry + 8U, 2U);

    /* ACPI 6.4, table 5.26: polarity in bits 1:0, trigger in bits 3:2; 3 is low, level. */
    if ((irq < 16U) && (gsi < IOAPIC_PINS)) {
        platform.isa_gsi[irq] = (uint8_t)gsi;
        platform.isa_active_low[irq] = (flags & 3U) == 3U;
        platform.isa_level[irq] = ((flags >> 2U) & 3U) == 3U;
    }
}

static void madt_entry(hpa_t entry, uint32_t type, uint32_t size, uint32_t *ioapics)
{
    if ((type == MADT_LAPIC) && (size >= 8U)) {
        const uint32_t id = (uint32_t)acpi_field(entry + 3U, 1U);

        cpu_add(id, (id <= APIC_ID_NEAR) ? (uint32_t)acpi_field(entry + 4U, 4U) : 0U);
    } else if ((type == MADT_X2APIC) && (size >= 16U)) {
        cpu_add((uint32_t)acpi_field(entry + 4U, 4U), (uint32_t)acpi_field(entry + 8U, 4U));
    } else if ((type == MADT_IOAPIC) && (size >= 12U)) {
        if (*ioapics == 0U) {
            platform.ioapic_id = (uint8_t)acpi_field(entry + 2U, 1U);
            platform.ioapic_base = acpi_field(entry + 4U, 4U);
            platform.ioapic_gsi_base = (uint32_t)acpi_field(entry + 8U, 4U);
        }
        *ioapics += 1U;
    } else if ((type == MADT_OVERRIDE) && (size >= 10U)) {
        override_add(entry);
    } else {
        /* NMI and address overrides do not concern the hypervisor */
    }
}

/* Intel SDM 2, CPUID leaf 0BH: EDX is the x2APIC id; leaf 1 EBX[31:24] the initial one. */
static uint32_t boot_core_apic_id(void)
{
    uint32_t r[4];
    uint32_t id;

    hw_cpuid(0U, 0U, r);
    if (r[0] >= 0xBU) {
        hw_cpuid(0xBU, 0U, r);
    } else {
        r[1] = 0U;
    }
    if (r[1] != 0U) {
        id = r[3];
    } else {
        hw_cpuid(1U, 0U, r);
        id = r[1] >> 24U;
    }
    return id;
}

static bool boot_core_first(void)
{
    uint32_t id = boot_core_apic_id();
    bool found = false;

    for (uint32_t i = 0U; (i < platform.pcpu_count) && !found; i++) {
        if (platform.apic_id[i] == id) {
            for (uint32_t k = i; k > 0U; k--) {
                platform.apic_id[k] = platform.apic_id[k - 1U];
            }
            platform.apic_id[0] = id;
            found = true;
        }
    }
    return found;
}

/* REQ-CFG-016 */
static enum status madt_judge(uint32_t ioapics)
{
    enum status result = STATUS_INVALID;

    if (!boot_core_first()) {
        log_line("acpi", "the MADT does not list the boot core");
    } else if (ioapics == 0U) {
        log_line("acpi", "the MADT lists no IOAPIC");
    } else if (ioapics > MAX_IOAPIC) {
        log_line("acpi", "the machine has more than one IOAPIC, which is not supported");
    } else if (platform.ioapic_gsi_base != 0U) {
        log_line("acpi", "the IOAPIC does not start at interrupt 0, which is not supported");
    } else if ((platform.ioapic_base == 0U) || ((platform.ioapic_base & 0xFFU) != 0U)) {
        log_line("acpi", "the IOAPIC's address is not usable");
    } else {
        result = STATUS_OK;
    }
    return result;
}

static enum status madt_read(void)
{
    enum status result = STATUS_NOT_FOUND;
    const struct acpi_table *madt = acpi_find(ACPI_SIGNATURE('A', 'P', 'I', 'C'));
    uint32_t ioapics = 0U;

    for (uint32_t irq = 0U; irq < 16U; irq++) {
        platform.isa_gsi[irq] = (uint8_t)irq;
    }
    if (madt == NULL) {
        log_line("acpi", "no valid MADT: cores and IOAPIC are unknown");
    } else {
        uint32_t at = MADT_ENTRIES;

        while ((at + 2U) <= madt->length) {
            uint32_t size = (uint32_t)acpi_field(madt->address + at + 1U, 1U);

            if ((size < 2U) || (size > (madt->length - at))) {
                log_line("acpi", "the MADT is cut short by a bad entry");
                at = madt->length;
            } else {
                madt_entry(madt->address + at, (uint32_t)acpi_field(madt->address + at, 1U), size, &ioapics);
                at += size;
            }
        }
        result = madt_judge(ioapics);
    }
    return result;
}

/* Segment 0 from bus 0 only; without it ports 0xCF8/0xCFC reach the first 256 bytes. */
static void mcfg_read(void)
{
    const struct acpi_table *mcfg = acpi_find(ACPI_SIGNATURE('M', 'C', 'F', 'G'));
    uint32_t length = (mcfg == NULL) ? 0U : mcfg->length;

    for (uint32_t at = MCFG_ENTRIES; (at + MCFG_ENTRY_SIZE) <= length; at += MCFG_ENTRY_SIZE) {
        hpa_t entry = mcfg->address + at;
        hpa_t base = acpi_field(entry, 8U);
        uint32_t segment = (uint32_t)acpi_field(entry + 8U, 2U);
        uint32_t first = (uint32_t)acpi_field(entry + 10U, 1U);
        uint32_t last = (uint32_t)acpi_field(entry + 11U, 1U);

        if ((segment == 0U) && (first == 0U) && ((base & 0xFFFFFU) == 0U) && (base < ADDRESS_MAX)) {
            platform.mmconfig_base = base;
            platform.mmconfig_buses = last + 1U;
        }
    }
}

/* The 64-bit generic address when the table has one in I/O space, else the 32-bit field. */
static uint16_t fadt_port(const struct acpi_table *fadt, uint32_t legacy, uint32_t extended)
{
    uint64_t port = 0U;

    if ((legacy + 4U) <= fadt->length) {
        port = acpi_field(fadt->address + legacy, 4U);
    }
    if (((extended + 12U) <= fadt->length) && (acpi_field(fadt->address + extended, 1U) == GAS_SPACE_IO)) {
        uint64_t wide = acpi_field(fadt->address + extended + 4U, 8U);

        port = (wide != 0U) ? wide : port;
    }
    return (port <= 0xFFFFU) ? (uint16_t)port : 0U;
}

static void fadt_reset(const struct acpi_table *fadt)
{
    if (((FADT_RESET_VALUE + 1U) <= fadt->length) &&
        ((acpi_field(fadt->address + FADT_FLAGS, 4U) & FADT_RESET_SUPPORTED) != 0U) &&
        (acpi_field(fadt->address + FADT_RESET_REG, 1U) == GAS_SPACE_IO)) {
        uint64_t port = acpi_field(fadt->address + FADT_RESET_REG + 4U, 8U);

        if (port <= 0xFFFFU) {
            platform.reset_port = (uint16_t)port;
            platform.reset_value = (uint8_t)acpi_field(fadt->address + FADT_RESET_VALUE, 1U);
        }
    }
}

static void acpi_mode_enable(const struct acpi_table *fadt)
{
    uint32_t port = (uint32_t)acpi_field(fadt->address + FADT_SMI_COMMAND, 4U);
    uint32_t value = (uint32_t)acpi_field(fadt->address + FADT_ACPI_ENABLE, 1U);
    bool on = (hw_port_read(platform.pm1a_control, 2U) & PM1_SCI_ENABLE) != 0U;

    if (!on && (port != 0U) && (port <= 0xFFFFU) && (value != 0U)) {
        hw_port_write((uint16_t)port, 1U, value);
        for (uint32_t i = 0U; (i < ACPI_ENABLE_POLLS) && !on; i++) {
            on = (hw_port_read(platform.pm1a_control, 2U) & PM1_SCI_ENABLE) != 0U;
        }
    }
    if (!on) {
        log_line("acpi", "the machine does not enter ACPI mode");
    }
}

static enum status fadt_read(void)
{
    enum status result = STATUS_NOT_FOUND;
    const struct acpi_table *fadt = acpi_find(ACPI_SIGNATURE('F', 'A', 'C', 'P'));

    if (fadt == NULL) {
        log_line("acpi", "no valid FADT: power management ports are unknown");
    } else {
        platform.pm1a_event = fadt_port(fadt, FADT_PM1A_EVENT, FADT_X_PM1A_EVENT);
        platform.pm1a_control = fadt_port(fadt, FADT_PM1A_CONTROL, FADT_X_PM1A_CONTROL);
        platform.pm_timer_port = fadt_port(fadt, FADT_PM_TIMER, FADT_X_PM_TIMER);
        fadt_reset(fadt);
        if (platform.pm1a_control == 0U) {
            log_line("acpi", "the FADT names no PM1a control port");
            result = STATUS_INVALID;
        } else {
            acpi_mode_enable(fadt);
            result = STATUS_OK;
        }
    }
    return result;
}

/* QEMU has control ports that no table names (devices/platform.c); its tables carry the OEM id
 * of their common ancestor. */
static void qemu_find(void)
{
    const struct acpi_table *fadt = acpi_find(ACPI_SIGNATURE('F', 'A', 'C', 'P'));

    if ((fadt != NULL) && (acpi_field(fadt->address + HEADER_OEM_ID, 6U) == OEM_ID_QEMU)) {
        platform.qemu = true;
    }
}

/* REQ-CFG-015 */
enum status acpi_init(void)
{
    enum status result = STATUS_NOT_FOUND;
    hpa_t rsdp = rsdp_find();

    platform = (struct platform){ .pcpu_count = 0U };
    if (rsdp == 0U) {
        log_line("acpi", "no RSDP: the firmware gives no ACPI tables");
    } else {
        result = tables_list(rsdp);
    }
    if (result == STATUS_OK) {
        result = madt_read();
    }
    if (result == STATUS_OK) {
        result = fadt_read();
    }
    if (result == STATUS_OK) {
        mcfg_read();
        qemu_find();
    }
    return result;
}
