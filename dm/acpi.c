/* SPDX-License-Identifier: Apache-2.0 */
#include "dm/acpi.h"

#include <string.h>

#include "dm/machine.h"

#define ALIGNMENT 64U /* the FACS needs it, the others do not mind */
#define PACKED    __attribute__((packed))
#define OEM_ID    "BULKHD"
#define OEM_TABLE "BHDM    "

struct header {
    char signature[4];
    uint32_t length;
    uint8_t revision;
    uint8_t checksum;
    char oem_id[6];
    char oem_table[8];
    uint32_t oem_revision;
    char creator[4];
    uint32_t creator_revision;
} PACKED;

struct rsdp {
    char signature[8];
    uint8_t checksum; /* of the first 20 bytes */
    char oem_id[6];
    uint8_t revision;
    uint32_t rsdt;
    uint32_t length;
    uint64_t xsdt;
    uint8_t extended_checksum;
    uint8_t reserved[3];
} PACKED;

struct xsdt {
    struct header header;
    uint64_t table[3];
} PACKED;

struct address { /* generic address structure, 5.2.3.2 */
    uint8_t space; /* 1: I/O */
    uint8_t bits;
    uint8_t offset;
    uint8_t access;
    uint64_t address;
} PACKED;

struct fadt { /* 5.2.9, revision 5 */
    struct header header;
    uint32_t facs, dsdt;
    uint8_t reserved0, profile;
    uint16_t sci;
    uint32_t smi_command;
    uint8_t acpi_enable, acpi_disable, s4bios, pstate;
    uint32_t pm1a_event, pm1b_event, pm1a_control, pm1b_control, pm2_control, pm_timer, gpe0, gpe1;
    uint8_t pm1_event_length, pm1_control_length, pm2_control_length, pm_timer_length;
    uint8_t gpe0_length, gpe1_length, gpe1_base, cst;
    uint16_t c2_latency, c3_latency, flush_size, flush_stride;
    uint8_t duty_offset, duty_width, day_alarm, month_alarm, century;
    uint16_t boot_architecture;
    uint8_t reserved1;
    uint32_t flags;
    struct address reset_register;
    uint8_t reset_value;
    uint16_t arm_boot;
    uint8_t minor;
    uint64_t x_facs, x_dsdt;
    struct address x_pm1a_event, x_pm1b_event, x_pm1a_control, x_pm1b_control, x_pm2_control, x_pm_timer, x_gpe0,
        x_gpe1, sleep_control, sleep_status;
} PACKED;

struct facs {
    char signature[4];
    uint32_t length;
    uint8_t rest[56];
} PACKED;

struct madt_lapic {
    uint8_t type, length, uid, apic_id;
    uint32_t flags;
} PACKED;

struct madt_ioapic {
    uint8_t type, length, id, reserved;
    uint32_t address, gsi_base;
} PACKED;

struct madt_override {
    uint8_t type, length, bus, irq;
    uint32_t gsi;
    uint16_t flags;
} PACKED;

struct madt_nmi {
    uint8_t type, length, uid;
    uint16_t flags;
    uint8_t lint;
} PACKED;

struct madt {
    struct header header;
    uint32_t lapic, flags;
    struct madt_ioapic ioapic;
    struct madt_override sci;
    struct madt_nmi nmi;
    struct madt_lapic cpu[MACHINE_VCPUS_MAX]; /* last: as many as there are */
} PACKED;

struct mcfg {
    struct header header;
    uint64_t reserved;
    uint64_t base;
    uint16_t segment;
    uint8_t first_bus, last_bus;
    uint32_t reserved1;
} PACKED;

_Static_assert(sizeof(struct header) == 36U, "5.2.6");
_Static_assert(sizeof(struct rsdp) == 36U, "5.2.5.3");
_Static_assert(sizeof(struct fadt) == 268U, "5.2.9, revision 5");
_Static_assert(sizeof(struct facs) == 64U, "5.2.10");
_Static_assert(sizeof(struct mcfg) == 60U, "PCI firmware specification 3.0, 4.1.2");

#define FADT_WBINVD       (1U << 0)
#define FADT_PROC_C1      (1U << 2)
#define FADT_NO_SLEEP_BUTTON (1U << 5)
#define FADT_NO_RTC_WAKE  (1U << 6)
#define FADT_RESET        (1U << 10)
#define FADT_HEADLESS     (1U << 12)
#define BOOT_LEGACY       (1U << 0) /* devices on the ISA bus: the UART */
#define BOOT_NO_VGA       (1U << 2) /* and, bit 1 clear, no keyboard controller */
#define MADT_PCAT         1U
#define LEVEL_HIGH        0x000DU
#define C2_NEVER          101U
#define C3_NEVER          1001U

struct builder {
    uint8_t *buffer;
    size_t size, used;
    uint64_t base;
};

static uint8_t checksum(const void *data, size_t size)
{
    const uint8_t *bytes = data;
    uint8_t sum = 0;

    for (size_t i = 0; i < size; i++) {
        sum = (uint8_t)(sum + bytes[i]);
    }
    return (uint8_t)(0U - sum);
}

/* Guest address of the copy; 0 when it does not fit, and then for all that follow. */
static uint64_t place(struct builder *builder, const void *table, size_t size)
{
    size_t at = (builder->used + ALIGNMENT - 1U) & ~(size_t)(ALIGNMENT - 1U);
    uint64_t address = 0;

    if (at <= builder->size && size <= builder->size - at) {
        memcpy(builder->buffer + at, table, size);
        builder->used = at + size;
        address = builder->base + at;
    } else {
        builder->size = 0;
    }
    return address;
}

static void finish(struct header *header, const char *signature, uint8_t revision, size_t length)
{
    memcpy(header->signature, signature, 4);
    header->length = (uint32_t)length;
    header->revision = revision;
    memcpy(header->oem_id, OEM_ID, 6);
    memcpy(header->oem_table, OEM_TABLE, 8);
    header->oem_revision = 1;
    memcpy(header->creator, "BHDM", 4);
    header->creator_revision = 1;
    header->checksum = 0;
    header->checksum = checksum(header, length);
}

static struct address port(uint32_t address, uint8_t bits)
{
    uint8_t access = (bits == 8U) ? 1U : ((bits == 16U) ? 2U : 3U);

    return (struct address){.space = 1, .bits = bits, .access = access, .address = address};
}

static uint64_t build_fadt(struct builder *builder, uint64_t facs, uint64_t dsdt)
{
    struct fadt fadt = {
        .facs = (uint32_t)facs,
        .dsdt = (uint32_t)dsdt,
        .sci = MACHINE_GSI_SCI,
        .pm1a_event = MACHINE_PORT_PM1_EVENT,
        .pm1a_control = MACHINE_PORT_PM1_CTL,
        .pm_timer = MACHINE_PORT_PM_TIMER,
        .pm1_event_length = 4,
        .pm1_control_length = 2,
        .pm_timer_length = 4,
        .c2_latency = C2_NEVER,
        .c3_latency = C3_NEVER,
        .century = 0x32,
        .boot_architecture = BOOT_LEGACY | BOOT_NO_VGA,
        .flags = FADT_WBINVD | FADT_PROC_C1 | FADT_NO_SLEEP_BUTTON | FADT_NO_RTC_WAKE | FADT_RESET | FADT_HEADLESS,
        .reset_register = port(MACHINE_PORT_RESET, 8),
        .reset_value = MACHINE_RESET_VALUE,
        .x_dsdt = dsdt,
        .x_pm1a_event = port(MACHINE_PORT_PM1_EVENT, 32),
        .x_pm1a_control = port(MACHINE_PORT_PM1_CTL, 16),
        .x_pm_timer = port(MACHINE_PORT_PM_TIMER, 32),
    };

    fadt.x_pm1a_event.access = 2; /* two 16-bit registers */
    finish(&fadt.header, "FACP", 5, sizeof(fadt));
    return place(builder, &fadt, sizeof(fadt));
}

static uint64_t build_madt(struct builder *builder, unsigned vcpu_count)
{
    size_t size = offsetof(struct madt, cpu) + vcpu_count * sizeof(struct madt_lapic);
    struct madt madt = {
        .lapic = (uint32_t)MACHINE_LAPIC_BASE,
        .flags = MADT_PCAT,
        .ioapic = {.type = 1, .length = 12, .id = 0, .address = (uint32_t)MACHINE_IOAPIC_BASE},
        .sci = {.type = 2, .length = 10, .irq = MACHINE_GSI_SCI, .gsi = MACHINE_GSI_SCI, .flags = LEVEL_HIGH},
        .nmi = {.type = 4, .length = 6, .uid = 0xFF, .lint = 1},
    };

    for (unsigned i = 0; i < vcpu_count; i++) {
        madt.cpu[i] =
            (struct madt_lapic){.length = 8, .uid = (uint8_t)i, .apic_id = (uint8_t)i, .flags = 1};
    }
    finish(&madt.header, "APIC", 4, size);
    return place(builder, &madt, size);
}

static uint64_t build_mcfg(struct builder *builder)
{
    struct mcfg mcfg = {.base = MACHINE_ECAM_BASE};

    finish(&mcfg.header, "MCFG", 1, sizeof(mcfg));
    return place(builder, &mcfg, sizeof(mcfg));
}

static void write_rsdp(struct builder *builder, uint64_t xsdt)
{
    struct rsdp rsdp = {.revision = 2, .length = sizeof(rsdp), .xsdt = xsdt};

    memcpy(rsdp.signature, "RSD PTR ", 8);
    memcpy(rsdp.oem_id, OEM_ID, 6);
    rsdp.checksum = checksum(&rsdp, 20);
    rsdp.extended_checksum = checksum(&rsdp, sizeof(rsdp));
    memcpy(builder->buffer, &rsdp, sizeof(rsdp));
}

/* REQ-DM-008 */
size_t acpi_build(uint8_t *buffer, size_t size, uint64_t base, unsigned vcpu_count, bool mmconfig)
{
    struct builder builder = {.buffer = buffer, .size = size, .used = sizeof(struct rsdp), .base = base};
    struct facs facs = {.signature = {'F', 'A', 'C', 'S'}, .length = sizeof(facs)};
    struct xsdt xsdt = {0};
    size_t xsdt_size = sizeof(xsdt) - sizeof(xsdt.table[2]);
    uint64_t facs_gpa, dsdt_gpa, xsdt_gpa;

    facs.rest[24] = 2; /* version */
    facs_gpa = place(&builder, &facs, sizeof(facs));
    dsdt_gpa = place(&builder, acpi_dsdt, acpi_dsdt_size);
    xsdt.table[0] = build_fadt(&builder, facs_gpa, dsdt_gpa);
    xsdt.table[1] = build_madt(&builder, vcpu_count);
    if (mmconfig) {
        xsdt.table[2] = build_mcfg(&builder);
        xsdt_size = sizeof(xsdt);
    }
    finish(&xsdt.header, "XSDT", 1, xsdt_size);
    xsdt_gpa = place(&builder, &xsdt, xsdt_size);
    if (xsdt_gpa != 0U) {
        write_rsdp(&builder, xsdt_gpa);
    }
    return (xsdt_gpa != 0U) ? builder.used : 0U;
}
