/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/irq.c devices/vpci.c devices/vpci_scan.c devices/vpci_stop.c core/irq_exclusive.c devices/vpci_bars.c devices/vpci_bridge.c
     devices/vpci_given.c devices/vpci_given_bus.c devices/vpci_group.c devices/vpci_message.c devices/vpci_header.c devices/vpci_msi.c devices/vpci_msix.c
     devices/vpci_hv.c fake/pci.c */
/* Functions of an exclusive VM: what it sees of them, where their registers lie, what their messages can be, and how they end. */
#include "vpci_machine.h"

#include "devices/vpci_function.h"

#define RT       1U
#define FIRST    0x0008U /* 00:01.0: the network card */
#define SECOND   0x0010U /* 00:02.0: the disk */
#define ECAM     0xB0000000ULL
#define HIGH_BAR 0x3800000000ULL

static void ranges(void)
{
    partition.table.vm[RT].range_count = 2U;
    partition.table.vm[RT].range[0] = (struct part_range){ FAKE_MMIO, FAKE_MMIO, 0x10000U, PART_RANGE_MMIO, PART_RANGE_WRITE };
    partition.table.vm[RT].range[1] = (struct part_range){ HIGH_BAR, HIGH_BAR, 0x4000U, PART_RANGE_MMIO, PART_RANGE_WRITE };
}

static enum status scan(void)
{
    irq_init();
    return vpci_scan();
}

static int given(void **state)
{
    assert_int_equal(setup(state), 0);
    machine();
    partition.table.vm[RT].pci_count = 2U;
    partition.table.vm[RT].pci[0] = NIC;
    partition.table.vm[RT].pci[1] = DISK;
    vms[RT].vcpu_count = 2U;
    vcpus[vcpu_id(RT, 0U)].pcpu = 5U;
    vcpus[vcpu_id(RT, 1U)].pcpu = 6U;
    ranges();
    assert_int_equal(scan(), STATUS_OK);
    return 0;
}

static uint32_t get(uint16_t bdf, uint32_t offset, uint32_t size) { return vpci_config_read(RT, bdf, offset, size); }
static void put(uint16_t bdf, uint32_t offset, uint32_t size, uint32_t value) { vpci_config_write(RT, bdf, offset, size, value); }
static void entry(uint32_t index, uint64_t address, uint32_t data, uint32_t masked)
{
    hpa_t at = TABLE + (16ULL * index);

    vpci_mmio_write(RT, at, 8U, address);
    vpci_mmio_write(RT, at + 8U, 8U, data | ((uint64_t)masked << 32U));
}
static bool sent_to(uint32_t index, uint32_t core, uint32_t vector)
{
    hpa_t at = TABLE + (16ULL * index);

    return (hw32(at) == (0xFEE00000U | (core << 12U))) && (hw32(at + 4U) == 0U) && (hw32(at + 8U) == vector) && (hw32(at + 12U) == 0U);
}
static bool silent(uint32_t index) { return (hw32(TABLE + (16ULL * index) + 12U) & 1U) == 1U; }

/* REQ-INT-053 */
static void it_sees_a_bus_with_a_host_bridge_and_its_own_functions(void **state)
{
    (void)state;
    assert_int_equal(get(0U, 0U, 4U), 0x0002B04DU);
    assert_int_equal(get(0U, 8U, 4U), 0x06000000U);
    assert_int_equal(get(0U, 0xCU, 4U), 0U);
    assert_int_equal(get(FIRST, 0U, 4U), 0x10D38086U);
    assert_int_equal(get(SECOND, 0U, 4U), 0x29228086U);
    for (uint32_t bdf = 1U; bdf <= 0xFFFFU; bdf++) {
        if ((bdf != FIRST) && (bdf != SECOND)) {
            assert_int_equal(get((uint16_t)bdf, 0U, 4U), ALL_ONES);
        }
    }
    put(0U, 4U, 2U, 7U);
    put(GIVEN, 4U, 2U, 7U);
    assert_int_equal(hw_pci_read(HOST_BRIDGE, 4U, 2U), 7U); /* the machine's, as it was */
    assert_int_equal(vpci_config_read(2U, 0U, 0U, 4U), ALL_ONES); /* a VM without functions has no bus */
    assert_int_equal(get(FIRST, 0x1000U, 4U), ALL_ONES);
    assert_int_equal(get(FIRST, 2U, 4U), ALL_ONES);
    put(FIRST, 0x1000U, 4U, 0U);
    assert_int_equal(rd(NIC, 0U, 4U), ALL_ONES); /* and the Service VM does not see them */
}

static void a_function_that_was_not_found_is_not_there(void **state)
{
    (void)state;
    partition.table.vm[RT].pci[1] = 0x0300U;
    assert_int_equal(get(SECOND, 0U, 4U), ALL_ONES);
    put(SECOND, 4U, 2U, 0U);
    partition.table.vm[RT].pci_count = PART_MAX_PCI + 9U;
    assert_int_equal(get((uint16_t)((PART_MAX_PCI + 1U) << 3U), 0U, 4U), ALL_ONES);
}

/* REQ-INT-053 */
static void ports_and_window_reach_the_same_registers(void **state)
{
    (void)state;
    vpci_port_write(RT, 0xCF8U, 4U, 0x80000000U | ((uint32_t)FIRST << 8U));
    vpci_port_write(VM_SERVICE, 0xCF8U, 4U, 0x80000000U); /* an address of its own */
    assert_int_equal(vpci_port_read(RT, 0xCFCU, 4U), 0x10D38086U);
    assert_int_equal(vpci_port_read(RT, 0xCF8U, 4U), 0x80000000U | ((uint32_t)FIRST << 8U));
    assert_true(vpci_mmio_claims(RT, ECAM + ((uint64_t)FIRST << 12U)));
    assert_int_equal(vpci_mmio_read(RT, ECAM + ((uint64_t)FIRST << 12U), 4U), 0x10D38086U);
    assert_false(vpci_mmio_claims(RT, ECAM + 0x100000U)); /* one bus */
    assert_false(vpci_mmio_claims(2U, ECAM));
    assert_false(vpci_mmio_claims(VM_FIRST_USER, ECAM));
    platform.mmconfig_base = 0U;
    assert_false(vpci_mmio_claims(RT, 0U));
    vpci_mmio_write(RT, ECAM + ((uint64_t)FIRST << 12U), 4U, 0U);
    assert_int_equal(vpci_port_read(VM_FIRST_USER, 0xCFCU, 4U), ALL_ONES);
    vpci_port_write(VM_FIRST_USER, 0xCFCU, 4U, 0U);
}

/* REQ-INT-053 */
static void a_vm_without_functions_finds_closed_ports(void **state)
{
    (void)state;
    partition.table.vm[RT].pci_count = 0U;
    vpci_port_write(RT, 0xCF8U, 4U, 0x80000000U);
    assert_int_equal(vpci_port_read(RT, 0xCF8U, 4U), ALL_ONES);
    assert_int_equal(vpci_port_read(RT, 0xCFCU, 4U), ALL_ONES);
}

/* REQ-INT-053 */
static void the_data_port_writes_where_the_address_port_says(void **state)
{
    (void)state;
    vpci_port_write(RT, 0xCF8U, 4U, 0x80000080U | ((uint32_t)FIRST << 8U));
    vpci_port_write(RT, 0xCFCU, 4U, 0x44332211U);
    assert_int_equal(hw_pci_read(NIC, 0x80U, 4U), 0x44332211U);
    vpci_port_write(RT, 0xCFEU, 2U, 0x6655U);
    assert_int_equal(hw_pci_read(NIC, 0x80U, 4U), 0x66552211U);
    assert_int_equal(vpci_port_read(RT, 0xCFEU, 2U), 0x6655U);
    vpci_port_write(RT, 0xCFDU, 2U, 0U);                /* across an aligned word: no register */
    assert_int_equal(vpci_port_read(RT, 0xCFDU, 2U), 0xFFFFU);
    vpci_port_write(RT, 0xCF8U, 2U, 0U);                /* the address is a dword only */
    vpci_port_write(RT, 0xCFAU, 4U, 0U);
    assert_int_equal(vpci_port_read(RT, 0xCF8U, 2U), 0xFFFFU);
    assert_int_equal(vpci_port_read(RT, 0xCF8U, 4U), 0x80000080U | ((uint32_t)FIRST << 8U));
    assert_int_equal(vpci_port_read(RT, 0xCFCU, 4U), 0x66552211U);
    vpci_port_write(RT, 0xCF8U, 4U, 0x00000080U | ((uint32_t)FIRST << 8U)); /* not enabled */
    vpci_port_write(RT, 0xCFCU, 4U, 0U);
    assert_int_equal(vpci_port_read(RT, 0xCFCU, 4U), ALL_ONES);
    assert_int_equal(hw_pci_read(NIC, 0x80U, 4U), 0x66552211U);
}

/* REQ-INT-053 */
static void the_window_takes_two_registers_at_once(void **state)
{
    const gpa_t at = ECAM + ((uint64_t)FIRST << 12U);
    (void)state;
    fake_put(NIC, 0x84U, 4U, 0U, ALL_ONES);
    fake_put(NIC, 0x88U, 4U, 0x99999999U, ALL_ONES);
    vpci_mmio_write(RT, at + 0x80U, 8U, 0x8877665544332211ULL);
    assert_int_equal(hw_pci_read(NIC, 0x80U, 4U), 0x44332211U);
    assert_int_equal(hw_pci_read(NIC, 0x84U, 4U), 0x88776655U);
    assert_int_equal(vpci_mmio_read(RT, at + 0x80U, 8U), 0x8877665544332211ULL);
    vpci_mmio_write(RT, at + 0x84U, 4U, 0x1111111122222222ULL);
    assert_int_equal(hw_pci_read(NIC, 0x84U, 4U), 0x22222222U);
    assert_int_equal(hw_pci_read(NIC, 0x88U, 4U), 0x99999999U);
    assert_int_equal(vpci_mmio_read(RT, at + 0x84U, 4U), 0x22222222U);
    vpci_mmio_write(RT, at + 0x82U, 4U, 0U);            /* not aligned: no register */
    assert_int_equal(vpci_mmio_read(RT, at + 0x82U, 4U), ALL_ONES);
    assert_int_equal(hw_pci_read(NIC, 0x80U, 4U), 0x44332211U);
    assert_int_equal(hw_pci_read(NIC, 0x84U, 4U), 0x22222222U);
}

/* REQ-INT-053 */
static void a_function_ends_with_its_last_register(void **state)
{
    const gpa_t at = ECAM + ((uint64_t)FIRST << 12U);
    (void)state;
    fake_put(NIC, 0xFFCU, 4U, 0U, ALL_ONES);
    vpci_mmio_write(RT, at + 0xFFCU, 8U, 0x8877665544332211ULL);
    assert_int_equal(hw_pci_read(NIC, 0xFFCU, 4U), 0x44332211U);
    assert_int_equal(hw_pci_read(NIC, 0U, 4U), 0x10D38086U);
    assert_int_equal(vpci_mmio_read(RT, at + 0xFFCU, 8U), 0xFFFFFFFF44332211ULL);
}

static void memory_that_is_not_claimed_reads_as_ones(void **state)
{
    (void)state;
    assert_true(vpci_mmio_claims(RT, ECAM));
    assert_false(vpci_mmio_claims(RT, ECAM - 4U));      /* below the window */
    assert_int_equal(vpci_mmio_read(RT, ECAM - 4U, 4U), ~0ULL);
    assert_false(vpci_mmio_claims(RT, FAKE_MMIO));      /* a device's page without a table */
    assert_int_equal(vpci_mmio_read(RT, FAKE_MMIO, 4U), ~0ULL);
    vpci_mmio_write(RT, FAKE_MMIO, 4U, 0x1234U);
    assert_int_equal(hw32(FAKE_MMIO), 0U);
}

/* REQ-INT-054 */
static void pins_ports_and_roms_are_not_given(void **state)
{
    (void)state;
    fake_put(NIC, 0xEU, 1U, 0x80U, 0U);
    assert_int_equal(get(FIRST, 0xEU, 1U), 0U);        /* alone in its device */
    assert_int_equal(get(FIRST, 0x3CU, 2U), 0U);
    put(FIRST, 0x3CU, 1U, 7U);
    assert_int_equal(hw_pci_read(NIC, 0x3CU, 1U), 0x0BU);
    put(FIRST, 0x14U, 4U, ALL_ONES);
    assert_int_equal(get(FIRST, 0x14U, 4U), 0U);
    put(FIRST, 0x30U, 4U, 0xFFFFFFFFU);
    assert_int_equal(get(FIRST, 0x30U, 4U), 0U);
    put(FIRST, 0x10U, 4U, ALL_ONES);
    assert_int_equal(get(FIRST, 0x10U, 4U), 0xFFFF0000U);
    put(FIRST, 0x10U, 4U, 0xE0000000U);
    assert_int_equal(hw_pci_read(NIC, 0x10U, 4U), FAKE_MMIO);
}

/* REQ-INT-054 */
static void only_behind_the_iommu_it_is_a_bus_master(void **state)
{
    (void)state;
    assert_int_equal(hw_pci_read(NIC, 4U, 2U), 0x402U); /* as the scan left it: memory; no ports, no master, no pin */
    put(FIRST, 4U, 2U, 0x0007U);
    assert_int_equal(hw_pci_read(NIC, 4U, 2U), 0x402U);
    vpci_function[1].walled = true;
    assert_int_equal(vpci_function[1].bdf, NIC);
    put(FIRST, 4U, 2U, 0x0007U);
    assert_int_equal(hw_pci_read(NIC, 4U, 2U), 0x406U);
    put(FIRST, 4U, 1U, 0x00U);
    assert_int_equal(hw_pci_read(NIC, 4U, 2U), 0x400U);
}

/* REQ-INT-055 */
static void registers_lie_in_the_vms_device_memory_as_a_whole(void **state)
{
    (void)state;
    partition.table.vm[RT].range[1].size = 0x3000U;
    assert_int_equal(scan(), STATUS_DENIED);
    assert_non_null(strstr(log_last, "device memory"));
    ranges();
    partition.table.vm[RT].range[1].hpa += 0x1000U;
    partition.table.vm[RT].range[1].gpa += 0x1000U;
    assert_int_equal(scan(), STATUS_DENIED);
    ranges();
    partition.table.vm[RT].range[0].gpa = 0x10000000U; /* elsewhere in its own addresses */
    assert_int_equal(scan(), STATUS_DENIED);
    ranges();
    partition.table.vm[RT].range[0].type = PART_RANGE_RAM;
    assert_int_equal(scan(), STATUS_DENIED);
    ranges();
    partition.table.vm[RT].range_count = 1U;
    assert_int_equal(scan(), STATUS_DENIED);
    partition.table.vm[RT].range_count = 99U; /* as many as there are */
    assert_int_equal(scan(), STATUS_OK);
}

/* REQ-INT-055 */
static void registers_share_no_page_with_those_of_others(void **state)
{
    (void)state;
    fake_put(GIVEN, 0x10U, 4U, FAKE_MMIO + 0xF800U, 0xFFFFFF00U);
    assert_int_equal(scan(), STATUS_DENIED);
    assert_non_null(strstr(log_last, "page"));
    fake_put(GIVEN, 0x10U, 4U, FAKE_MMIO + 0x10000U, 0xFFFFFF00U);
    assert_int_equal(scan(), STATUS_OK);
    partition.table.vm[RT].pci_count = 3U;
    partition.table.vm[RT].pci[2] = GIVEN;             /* or they are its own, */
    fake_put(GIVEN, 0x10U, 4U, FAKE_MMIO + 0xF800U, 0xFFFFFF00U);
    assert_int_equal(scan(), STATUS_OK);
    fake_put(GIVEN, 0x10U, 4U, FAKE_MMIO + 0xFF80U, 0xFFFFFF80U); /* even at the end of its last page */
    assert_int_equal(scan(), STATUS_OK);
}

/* REQ-INT-052 */
static void a_message_is_the_guests_vector_on_the_core_of_its_vcpu(void **state)
{
    (void)state;
    put(FIRST, 0x42U, 2U, 0x8000U);
    entry(0U, 0xFEE00000U, 0x41U, 0U);
    entry(1U, 0xFEE01000U, 0xEFU, 0U);
    entry(2U, 0xFEE02004U, 0x0110U, 0U);               /* logical: the second; lowest priority */
    entry(3U, 0xFEE03004U, 0xC0FFU, 0U);               /* both: the first; level makes no difference */
    assert_true(sent_to(0U, 5U, 0x41U));
    assert_true(sent_to(1U, 6U, 0xEFU));
    assert_true(sent_to(2U, 6U, 0x10U));
    assert_true(sent_to(3U, 5U, 0xFFU));
    assert_int_equal(vpci_mmio_read(RT, TABLE + 0x10U, 4U), 0xFEE01000U); /* it reads back what it wrote */
    entry(0U, 0xFEE00000U, 0x41U, 1U);
    assert_true(silent(0U));
    entry(0U, 0xFEE01000U, 0x42U, 0U);
    assert_true(sent_to(0U, 6U, 0x42U));
    irq_arrived(5U, 0x41U);
    assert_int_equal(delivered, 0U);                   /* nothing of it goes by way of core/irq.c */
}

/* REQ-INT-052 */
static void what_would_be_no_interrupt_of_its_own_is_not_sent(void **state)
{
    static const struct { uint64_t address; uint32_t data; } forged[] = {
        { 0xFEE02000U, 0x41U },           /* nobody's id */
        { 0xFEE05000U, 0x41U },           /* the machine's id of its core */
        { 0xFEEFF000U, 0x41U },           /* all */
        { 0xFEE04004U, 0x41U },           /* logical: nobody */
        { 0xFEE00000U, 0x0FU },           /* below the first vector */
        { 0xFEE00000U, 0x0241U },         /* SMI */
        { 0xFEE00000U, 0x0441U },         /* NMI */
        { 0xFEE00000U, 0x0541U },         /* INIT */
        { 0xFEE00000U, 0x0741U },         /* ExtINT */
        { 0xFED00000U, 0x41U },           /* a write to memory */
        { 0x1FEE00000U, 0x41U },
    };
    (void)state;
    put(FIRST, 0x42U, 2U, 0x8000U);
    for (uint32_t i = 0U; i < (sizeof(forged) / sizeof(forged[0])); i++) {
        entry(0U, 0xFEE00000U, 0x41U, 0U);
        assert_true(sent_to(0U, 5U, 0x41U));
        entry(0U, forged[i].address, forged[i].data, 0U);
        assert_true(silent(0U));
    }
}

/* REQ-INT-052 REQ-ISO-041 */
static void a_remapped_message_names_an_entry_of_its_functions_blocks(void **state)
{
    (void)state;
    iommu_remaps = true; /* NIC has blocks from entry 0x400 on, DISK has none (vpci_machine.h) */
    put(FIRST, 0x42U, 2U, 0x8000U);
    entry(0U, 0xFEE01000U, 0x41U, 0U);
    assert_int_equal(hw32(TABLE), iommu_remap_address(0x541U)); /* second vCPU */
    assert_int_equal(hw32(TABLE + 8U), 0U);
    assert_int_equal(hw32(TABLE + 12U), 0U);
    entry(1U, 0xFEE00000U, 0x0FU, 0U);
    assert_true(silent(1U));
    put(SECOND, 0x54U, 4U, 0xFEE01000U);
    put(SECOND, 0x5CU, 2U, 0x51U);
    put(SECOND, 0x52U, 2U, 1U);
    assert_int_equal(hw_pci_read(DISK, 0x60U, 4U) & 1U, 1U); /* masked */
    view = 0x142U;
    entry(0U, 0xFEE01000U, 0x41U, 0U);
    assert_false(silent(0U));
    entry(0U, 0xFEE01000U, 0x42U, 0U); /* beyond what the hardware lets it choose */
    assert_true(silent(0U));
    view = ID_NONE;
    iommu_remaps = false;
}

/* REQ-INT-052 */
static void an_msi_capability_works_as_well(void **state)
{
    (void)state;
    put(SECOND, 0x54U, 4U, 0xFEE01000U);
    put(SECOND, 0x5CU, 2U, 0x51U);
    put(SECOND, 0x52U, 2U, 1U);
    assert_int_equal(hw_pci_read(DISK, 0x54U, 4U), 0xFEE06000U);
    assert_int_equal(hw_pci_read(DISK, 0x5CU, 2U), 0x51U);
    assert_int_equal(hw_pci_read(DISK, 0x52U, 2U) & 1U, 1U);
    assert_int_equal(hw_pci_read(DISK, 0x60U, 4U) & 1U, 0U);
    put(SECOND, 0x5CU, 2U, 0x0451U);
    assert_int_equal(hw_pci_read(DISK, 0x60U, 4U) & 1U, 1U);
    put(SECOND, 0x52U, 2U, 0U);
    assert_int_equal(hw_pci_read(DISK, 0x52U, 2U) & 1U, 0U);
}

/* REQ-INT-027 */
static void its_table_is_left_out_of_its_memory_and_of_nobody_elses(void **state)
{
    gpa_t base = 0U;
    uint64_t size = 0U;
    (void)state;
    assert_true(vpci_hole(RT, 0U, &base, &size));
    assert_int_equal(base, TABLE);
    assert_int_equal(size, PAGE_SIZE);
    assert_false(vpci_hole(RT, 1U, &base, &size));
    assert_true(vpci_hole(VM_SERVICE, 5U, &base, &size));
    assert_false(vpci_hole(VM_SERVICE, 6U, &base, &size));
    assert_true(vpci_mmio_claims(RT, TABLE + 0x900U));
    assert_false(vpci_mmio_claims(VM_SERVICE, TABLE));
    vpci_mmio_write(RT, TABLE + 0x900U, 4U, 0x1234U);  /* a register of the device in that page */
    assert_int_equal(hw32(TABLE + 0x900U), 0x1234U);
    vpci_mmio_write(VM_SERVICE, TABLE + 0x900U, 4U, 0U);
    assert_int_equal(hw32(TABLE + 0x900U), 0x1234U);
}

static void express(uint16_t bdf, uint32_t capabilities)
{
    fake_put(bdf, 0x34U, 4U, 0xA0U, 0U);
    fake_put(bdf, 0xA0U, 4U, 0x00024010U, 0U); /* next at 0x40 */
    fake_put(bdf, 0xA4U, 4U, capabilities, 0U);
    fake_put(bdf, 0xA8U, 4U, 0U, 0x0000FFFFU);
}

/* REQ-LIF-050 */
static void its_devices_are_quiet_before_it_starts_again(void **state)
{
    (void)state;
    express(NIC, 0x10000000U);
    assert_int_equal(scan(), STATUS_OK);
    vpci_function[1].walled = true;
    put(FIRST, 4U, 2U, 0x0006U);
    put(FIRST, 0x42U, 2U, 0x8000U);
    entry(0U, 0xFEE00000U, 0x41U, 0U);
    vpci_port_write(RT, 0xCF8U, 4U, 0x80000800U);
    fake_put(NIC, 0x10U, 4U, 0U, 0xFFFF0000U);          /* as the reset leaves it */
    ticks = 0U;
    vpci_given_reset(RT);
    assert_true(ticks >= 100U);                         /* 100 ms */
    assert_true(ticks < 110U);
    assert_int_equal(hw_pci_read(NIC, 0xA8U, 2U) & 0x8000U, 0x8000U);
    assert_int_equal(hw_pci_read(NIC, 4U, 2U), 0x402U);
    assert_int_equal(hw_pci_read(NIC, 0x42U, 2U) & 0x8000U, 0U);
    assert_int_equal(hw_pci_read(NIC, 0x10U, 4U), FAKE_MMIO);
    assert_int_equal(hw_pci_read(DISK, 4U, 2U), 0x402U);
    assert_int_equal(get(FIRST, 0x42U, 2U) & 0x8000U, 0U);
    assert_int_equal(vpci_port_read(RT, 0xCF8U, 4U), 0U);
    assert_int_equal(vpci_mmio_read(RT, TABLE, 4U), 0U);
}

/* REQ-LIF-050 */
static void a_vms_devices_on_shared_cores_are_reset_too(void **state)
{
    (void)state;
    express(NIC, 0x10000000U);
    assert_int_equal(scan(), STATUS_OK);
    vms[RT].exclusive = false;
    hw_pci_write(NIC, 4U, 2U, 0x0006U);
    vpci_given_reset(RT);
    assert_int_equal(hw_pci_read(NIC, 0xA8U, 2U) & 0x8000U, 0x8000U);
    assert_int_equal(hw_pci_read(NIC, 4U, 2U), 0x402U);
}

/* REQ-LIF-050 */
static void a_device_that_never_ends_is_waited_for_no_longer_than_it_may_take(void **state)
{
    (void)state;
    express(NIC, 0x10000000U);
    assert_int_equal(scan(), STATUS_OK);
    fake_put(NIC, 0xAAU, 2U, 0x20U, 0U);
    ticks = 0U;
    vpci_given_reset(RT);
    assert_true(ticks >= 200U);
    assert_true(ticks < 220U);
    express(NIC, 0U);                                   /* without function-level reset nothing is waited for */
    ticks = 0U;
    vpci_given_reset(RT);
    assert_int_equal(ticks, 0U);
    assert_int_equal(hw_pci_read(NIC, 0xA8U, 2U) & 0x8000U, 0U);
}

/* REQ-LIF-033 */
static void the_end_of_the_shared_side_is_not_theirs(void **state)
{
    (void)state;
    hw_pci_write(NIC, 4U, 2U, 7U);
    vpci_shared_masters_off();
    assert_int_equal(hw_pci_read(NIC, 4U, 2U), 7U);
    vms[RT].exclusive = false;
    vpci_shared_masters_off();
    assert_int_equal(hw_pci_read(NIC, 4U, 2U), 3U);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(it_sees_a_bus_with_a_host_bridge_and_its_own_functions, given),
        cmocka_unit_test_setup(a_function_that_was_not_found_is_not_there, given),
        cmocka_unit_test_setup(ports_and_window_reach_the_same_registers, given),
        cmocka_unit_test_setup(a_vm_without_functions_finds_closed_ports, given),
        cmocka_unit_test_setup(the_data_port_writes_where_the_address_port_says, given),
        cmocka_unit_test_setup(the_window_takes_two_registers_at_once, given),
        cmocka_unit_test_setup(a_function_ends_with_its_last_register, given),
        cmocka_unit_test_setup(memory_that_is_not_claimed_reads_as_ones, given),
        cmocka_unit_test_setup(pins_ports_and_roms_are_not_given, given),
        cmocka_unit_test_setup(only_behind_the_iommu_it_is_a_bus_master, given),
        cmocka_unit_test_setup(registers_lie_in_the_vms_device_memory_as_a_whole, given),
        cmocka_unit_test_setup(registers_share_no_page_with_those_of_others, given),
        cmocka_unit_test_setup(a_message_is_the_guests_vector_on_the_core_of_its_vcpu, given),
        cmocka_unit_test_setup(what_would_be_no_interrupt_of_its_own_is_not_sent, given),
        cmocka_unit_test_setup(a_remapped_message_names_an_entry_of_its_functions_blocks, given),
        cmocka_unit_test_setup(an_msi_capability_works_as_well, given),
        cmocka_unit_test_setup(its_table_is_left_out_of_its_memory_and_of_nobody_elses, given),
        cmocka_unit_test_setup(its_devices_are_quiet_before_it_starts_again, given),
        cmocka_unit_test_setup(a_vms_devices_on_shared_cores_are_reset_too, given),
        cmocka_unit_test_setup(a_device_that_never_ends_is_waited_for_no_longer_than_it_may_take, given),
        cmocka_unit_test_setup(the_end_of_the_shared_side_is_not_theirs, given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
