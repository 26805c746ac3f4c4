/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: all */
/* Functions of the Service VM at a User VM: its configuration space, registers, messages, and that nobody else has them meanwhile. */
#include "lent_machine.h"

static vm_id_t user;

static int with_nic(void **state)
{
    (void)machine_start(state);
    user = world_create(1U);
    assert_int_equal(world_region(user, HC_REGION_ADD, WORLD_RWX_WB, GUEST_RAM, LENT, 0x200000U), 0);
    assert_int_equal(assign(user, NIC), 0);
    return 0;
}

static void decode_on(void) { set(user, PLACE, 4U, 2U, 6U); }

/* REQ-INT-080 */
static void it_answers_at_its_place(void **state)
{
    (void)state;
    assert_int_equal(get(user, PLACE, 0U, 4U), 0x10D38086U);
    assert_int_equal(get(user, PLACE, 2U, 2U), 0x10D3U);
    assert_int_equal(get(user, PLACE, 0x80U, 4U), 0U); /* reset */
    set(user, PLACE, 0x80U, 4U, 0x12345678U);
    set(user, PLACE, 0x81U, 1U, 0xAAU);
    assert_int_equal(hw_pci_read(NIC, 0x80U, 4U), 0x1234AA78U);
    assert_int_equal(get(user, PLACE, 0x30U, 4U), 0U);  /* no ROM */
    assert_int_equal(get(user, PLACE, 0x3CU, 4U), 0U);  /* no line */
    set(user, PLACE, 0x30U, 4U, 1U);
    set(user, PLACE, 0x3CU, 4U, 5U);
    assert_int_equal(hw_pci_read(NIC, 0x30U, 4U) & 1U, 0U);
    assert_int_equal(hw_pci_read(NIC, 0x3CU, 1U), 0U);
    nic->config[0xE] = 0x80U;
    assert_int_equal(get(user, PLACE, 0xCU, 4U), 0U);   /* alone on its device */
}

/* REQ-INT-080 */
static void what_is_not_lent_is_the_device_models(void **state)
{
    uint32_t value = 7U;
    (void)state;
    assert_false(vpci_lent_port_write(user, 0xCF8U, 4U, 0x80000000U | ((PLACE + 8U) << 8U)));
    assert_false(vpci_lent_port_read(user, 0xCFCU, 4U, &value));
    assert_false(vpci_lent_port_write(user, 0xCFCU, 4U, 0U));
    assert_false(vpci_lent_port_write(user, 0xCF8U, 4U, (uint32_t)PLACE << 8U)); /* not enabled */
    assert_false(vpci_lent_port_read(user, 0xCFCU, 4U, &value));
    assert_false(vpci_lent_port_write(user, 0xCF8U, 4U, 0x80000000U | (PLACE << 8U)));
    assert_false(vpci_lent_port_write(user, 0xCF9U, 1U, 0U));  /* the reset control */
    assert_false(vpci_lent_port_write(user, 0xCF8U, 2U, 0U));  /* part of the address */
    assert_false(vpci_lent_port_read(user, 0xCF8U, 4U, &value));
    assert_false(vpci_lent_port_read(user, 0xCFDU, 2U, &value)); /* not aligned */
    assert_int_equal(value, 7U);
    assert_false(vpci_lent_port_read(user + 1U, 0xCFCU, 4U, &value));
    (void)vpci_lent_port_write(user + 1U, 0xCF8U, 4U, 0x80000000U | (PLACE << 8U));
    assert_false(vpci_lent_port_read(user + 1U, 0xCFCU, 4U, &value)); /* another VM has nothing there */
}

/* REQ-ISO-080 */
static void the_service_vm_does_not_have_it(void **state)
{
    (void)state;
    assert_int_equal(vpci_config_read(VM_SERVICE, NIC, 0U, 4U), 0xFFFFFFFFU);
    vpci_config_write(VM_SERVICE, NIC, 0x80U, 4U, 0x12345678U);
    assert_int_equal(hw_pci_read(NIC, 0x80U, 4U), 0U);
    assert_int_equal(where(VM_SERVICE, REGS), 0U);
    assert_int_equal(where(VM_SERVICE, REGS + 0xF000U), 0U);
    assert_int_equal(where(VM_SERVICE, HIGH), 0U);
    assert_int_equal(where(VM_SERVICE, HIGH + 0x3000U), 0U);
    assert_int_equal(where(VM_SERVICE, HIGH + 0x4000U), HIGH + 0x4000U); /* its neighbours stay */
    assert_int_equal(where(VM_SERVICE, REGS + 0x10000U), REGS + 0x10000U);
    assert_int_equal(where(VM_SERVICE, REGS + 0x20000U), 0U);
    assert_false(vpci_mmio_claims(VM_SERVICE, REGS + 0x2000U));
}

/* REQ-INT-081 */
static void registers_are_where_the_guest_has_them_while_it_decodes(void **state)
{
    (void)state;
    assert_int_equal(get(user, PLACE, 0x10U, 4U), 0xC0000000U);
    assert_int_equal(get(user, PLACE, 0x14U, 4U), 0U);          /* no ports */
    assert_int_equal(get(user, PLACE, 0x18U, 4U), 0xC010000CU);
    assert_int_equal(get(user, PLACE, 0x24U, 4U), 0U);
    assert_int_equal(get(user, PLACE, 0x12U, 2U), 0xC000U);
    assert_int_equal(where(user, 0xC0000000U), 0U);
    decode_on();
    assert_int_equal(where(user, 0xC0000000U), REGS);
    assert_int_equal(stage2_lookup(user, 0xC0000000U).attr, S2_READ | S2_WRITE | S2_UC);
    assert_int_equal(where(user, 0xC0001000U), REGS + 0x1000U);
    assert_int_equal(where(user, 0xC0002000U), 0U);             /* the table */
    assert_int_equal(where(user, 0xC0003000U), REGS + 0x3000U);
    assert_int_equal(where(user, 0xC000F000U), REGS + 0xF000U);
    assert_int_equal(where(user, 0xC0010000U), 0U);
    assert_int_equal(where(user, 0xC0100000U), HIGH);
    assert_int_equal(where(user, 0xC0200000U), REGS + 0x20000U);
    assert_int_equal(where(user, 0xC0201000U), 0U);
    set(user, PLACE, 4U, 2U, 0U);
    assert_int_equal(where(user, 0xC0000000U), 0U);
    assert_int_equal(where(user, 0xC0100000U), 0U);
}

/* REQ-INT-081 REQ-INT-192 */
static void a_virtual_function_decodes_whatever_its_command_says(void **state)
{
    (void)state;
    for (uint32_t i = 0U; i < vpci_function_count; i++) {
        if (vpci_function[i].bdf == NIC) {
            vpci_function[i].physical = USB;
            vpci_function[i].device = 0x10CAU;
        }
    }
    assert_int_equal(get(user, PLACE, 0U, 4U), 0x10CA1B36U);
    set(user, PLACE, 0x10U, 4U, 0xC0300000U);
    assert_int_equal(get(user, PLACE, 0x10U, 4U), 0xC0300000U);
    assert_int_equal(where(user, 0xC0300000U), REGS);
    assert_int_equal(where(user, 0xC0100000U), HIGH);
    set(user, PLACE, 4U, 2U, 0U);
    assert_int_equal(where(user, 0xC0300000U), REGS);
}

/* REQ-INT-081 */
static void bars_are_sized_and_moved(void **state)
{
    (void)state;
    set(user, PLACE, 0x10U, 4U, 0xFFFFFFFFU);
    assert_int_equal(get(user, PLACE, 0x10U, 4U), 0xFFFF0000U);
    set(user, PLACE, 0x18U, 4U, 0xFFFFFFFFU);
    set(user, PLACE, 0x1CU, 4U, 0xFFFFFFFFU);
    assert_int_equal(get(user, PLACE, 0x18U, 4U), 0xFFFFC00CU);
    assert_int_equal(get(user, PLACE, 0x1CU, 4U), 0xFFFFFFFFU);
    set(user, PLACE, 0x20U, 4U, 0xFFFFFFFFU);
    assert_int_equal(get(user, PLACE, 0x20U, 4U), 0xFFFFF000U); /* a page, though it has 256 bytes */
    set(user, PLACE, 0x10U, 4U, 0xD0000000U);
    set(user, PLACE, 0x18U, 4U, 0x00004000U);
    set(user, PLACE, 0x1CU, 4U, 0x8U);
    set(user, PLACE, 0x20U, 4U, 0xD0100000U);
    decode_on();
    assert_int_equal(where(user, 0xD0000000U), REGS);
    assert_int_equal(where(user, 0x800004000ULL), HIGH);
    assert_int_equal(where(user, 0xD0100000U), REGS + 0x20000U);
    set(user, PLACE, 0x10U, 4U, 0xD0100000U); /* where another one is: neither moves there nor stays */
    assert_int_equal(where(user, 0xD0000000U), 0U);
    assert_int_equal(where(user, 0xD0100000U), REGS + 0x20000U);
    assert_true(told("0x10: this place of a BAR meets other memory"));
    set(user, PLACE, 0x20U, 4U, 0xD0200000U); /* and now there is room */
    assert_int_equal(where(user, 0xD0100000U), REGS);
    assert_int_equal(where(user, 0xD0200000U), REGS + 0x20000U);
    set(user, PLACE, 0x12U, 2U, 0U); /* part of a BAR: not written */
    assert_int_equal(get(user, PLACE, 0x10U, 4U), 0xD0100000U);
    assert_int_equal(hw_pci_read(NIC, 0x10U, 4U), REGS); /* the machine's never moves */
}

/* REQ-ISO-081 */
static void a_bar_lies_on_nothing_else(void **state)
{
    static const uint32_t places[] = { 0x00100000U, 0xFEC00000U, 0xFEE00000U, 0xFEB00000U, 0U };
    (void)state;
    decode_on();
    for (uint32_t i = 0U; i < 5U; i++) {
        const gpa_t at = places[i];
        set(user, PLACE, 0x10U, 4U, places[i]);
        assert_int_equal(where(user, at), (i == 0U) ? (LENT + 0x100000U) : (i == 3U) ? REGS : (i == 4U) ? LENT : 0U);
        assert_int_equal(where(user, at + 0x3000U), (i == 0U) ? (LENT + 0x103000U) : (i == 3U) ? (REGS + 0x3000U) : (i == 4U) ? (LENT + 0x3000U) : 0U);
    }
    for (uint32_t i = 0U; i < 20U; i++) {
        set(user, PLACE, 0x10U, 4U, 0x00100000U); /* as often as it likes: the log has a limit */
    }
    set(user, PLACE, 0x18U, 4U, 0U);
    set(user, PLACE, 0x1CU, 4U, 0x80U); /* 512 GiB: beyond what User VMs have */
    assert_int_equal(where(user, 0x8000000000ULL), 0U);
    set(user, PLACE, 0x1CU, 4U, 0x7FU);
    assert_int_equal(where(user, 0x7F00000000ULL), HIGH);
    set(user, PLACE, 0x1CU, 4U, 0x10000U);
    assert_int_equal(where(user, 0x7F00000000ULL), 0U);
}

/* REQ-INT-081 REQ-INT-082 */
static void a_bar_may_be_a_table_alone_and_the_last_one(void **state)
{
    (void)state;
    assert_int_equal(assign_as(user, 0x20U, TABLES, HC_PCIDEV_QUIRK), 0);
    set(user, 0x20U, 0x14U, 4U, 0xC1000000U);
    set(user, 0x20U, 4U, 2U, 2U);
    assert_int_equal(where(user, 0xC1000000U), REGS + 0x50000U);
    assert_int_equal(where(user, 0xC0000000U), 0U);
    assert_true(vpci_mmio_claims(user, 0xC0000000U));
    assert_int_equal(assign_as(user, 0x28U, PLAIN, HC_PCIDEV_QUIRK), 0);
    set(user, 0x28U, 0x10U, 4U, 0xC2000000U);
    set(user, 0x28U, 4U, 2U, 2U);
    assert_int_equal(where(user, 0xC0300000U), REGS + 0x70000U);
    assert_int_equal(where(user, 0xC20FF000U), REGS + 0x1FF000U);
}

/* REQ-ISO-081 */
static void memory_where_a_table_would_be_stays(void **state)
{
    (void)state;
    assert_int_equal(assign_as(user, 0x20U, TABLES, HC_PCIDEV_QUIRK), 0);
    assert_int_equal(world_region(user, HC_REGION_ADD, WORLD_RWX_WB, 0xD0000000U, LENT + 0x200000U, 0x1000U), 0);
    set(user, 0x20U, 4U, 2U, 2U);
    set(user, 0x20U, 0x10U, 4U, 0xD0000000U); /* the table alone */
    assert_true(told("meets other memory"));
    assert_false(vpci_mmio_claims(user, 0xD0000000U));
    set(user, 0x20U, 0x10U, 4U, 0xC0000000U);
    assert_int_equal(where(user, 0xD0000000U), LENT + 0x200000U);
}

/* REQ-INT-080 */
static void what_the_link_shares_is_not_the_user_vms(void **state)
{
    (void)state;
    set(user, PLACE, 0x48U, 2U, 0x582FU);  /* reports, no relaxed order, payload 256 bytes, wide tags, requests of 4 KiB */
    assert_int_equal(hw_pci_read(NIC, 0x48U, 2U), 0x5800U);
    set(user, PLACE, 0x49U, 1U, 0x27U);
    assert_int_equal(hw_pci_read(NIC, 0x48U, 2U), 0x2000U);
    assert_int_equal(assign_as(user, 0x28U, PLAIN, HC_PCIDEV_QUIRK), 0);
    fake_bus_put(plain, 0x80U, 4U, 0U, 0xFFFFFFFFU);
    set(user, 0x28U, 0x80U, 4U, 0x12345678U); /* not PCI Express: registers of its own */
    assert_int_equal(hw_pci_read(PLAIN, 0x80U, 4U), 0x12345678U);
}

/* REQ-ISO-081 */
static void half_a_bar_is_not_left_mapped(void **state)
{
    (void)state;
    assert_int_equal(world_region(user, HC_REGION_ADD, WORLD_RWX_WB, 0xD000F000U, LENT + 0x200000U, 0x1000U), 0);
    decode_on();
    set(user, PLACE, 0x10U, 4U, 0xD0000000U); /* the part before the table fits */
    assert_int_equal(where(user, 0xD0000000U), 0U);
    assert_int_equal(where(user, 0xD000F000U), LENT + 0x200000U);
    assert_true(told("meets other memory"));
}

static void entry_set(gpa_t table, uint32_t index, uint64_t address, uint32_t data, uint32_t masked)
{
    vpci_mmio_write(user, table + (16ULL * index), 8U, address);
    vpci_mmio_write(user, table + (16ULL * index) + 8U, 8U, data | ((uint64_t)masked << 32U));
}

/* REQ-INT-082 */
static void its_messages_are_the_guests_own(void **state)
{
    const gpa_t table = 0xC0002000U;
    uint32_t vector;
    (void)state;
    assert_false(vpci_mmio_claims(user, table)); /* nothing is decoded */
    decode_on();
    assert_true(vpci_mmio_claims(user, table));
    assert_false(vpci_mmio_claims(user, table + 0x1000U));
    assert_false(vpci_mmio_claims(user, 0xC0000000U));
    assert_false(vpci_mmio_claims(user, 0xC0010000U));
    assert_false(vpci_mmio_claims(user + 1U, table));
    set(user, PLACE, 0x60U, 4U, 0x80000000U);
    assert_int_equal(get(user, PLACE, 0x62U, 2U), 0x8003U);
    entry_set(table, 1U, 0xFEE00000U, 0x55U, 0U);
    assert_int_equal(vpci_mmio_read(user, table + 0x18U, 4U), 0x55U);
    assert_int_equal(hw_mmio_read(REGS + 0x201CU, 4U), 0U);
    vector = (uint32_t)hw_mmio_read(REGS + 0x2018U, 4U);
    assert_true((vector >= VECTOR_IRQ_BASE) && (vector <= VECTOR_IRQ_LAST)); /* the hypervisor's choice */
    assert_int_equal(vlapic_mmio_write(vcpu_id(user, 0U), 0xF0U, 0x1FFU), STATUS_OK); /* software enable */
    core_host_interrupt(0U, vector);
    assert_int_equal(vlapic_pending(vcpu_id(user, 0U)), 0x55U);
    vpci_mmio_write(user, table + 0x800U, 4U, 0x77U); /* a register of the device in the same page */
    assert_int_equal(hw_mmio_read(REGS + 0x2800U, 4U), 0x77U);
    assert_int_equal(vpci_mmio_read(user, 0xC0100000U, 4U), 0xFFFFFFFFFFFFFFFFU);
    vpci_mmio_write(user, 0xC0100000U, 4U, 1U);
    assert_int_equal(deassign(user, NIC), 0);
    core_host_interrupt(0U, vector);
    assert_int_equal(irq_stray_count(), 1U); /* it is nobody's now */
}

/* REQ-INT-082 */
static void msi_works_likewise_and_sources_are_limited(void **state)
{
    const uint16_t place = 0x20U;
    uint32_t source = 0U;
    uint32_t n = 0U;
    (void)state;
    assert_int_equal(assign_as(user, place, DISK, 0U), 0);
    set(user, place, 0x54U, 4U, 0xFEE00000U);
    set(user, place, 0x5CU, 2U, 0x66U);
    set(user, place, 0x52U, 2U, 1U);
    assert_true(hw_pci_read(DISK, 0x5CU, 2U) >= VECTOR_IRQ_BASE);
    assert_int_equal(get(user, place, 0x5CU, 2U), 0x66U);
    while ((n < MAX_MSI_SOURCE) && (irq_msi_alloc(user, NIC, &source) == STATUS_OK)) {
        n++;
    }
    assert_int_equal(n, 31U); /* and the one above */
    assert_int_equal(source, ID_NONE);
    assert_int_equal(irq_msi_alloc(VM_SERVICE, NIC, &source), STATUS_OK); /* others have theirs */
    irq_vm_reset(user);
}

/* REQ-INT-080 */
static void it_is_a_master_with_its_lines_and_ports_off(void **state)
{
    (void)state;
    assert_int_equal(hw_pci_read(NIC, 4U, 2U), 0x400U);
    set(user, PLACE, 4U, 2U, 0x7U);
    assert_int_equal(hw_pci_read(NIC, 4U, 2U), 0x406U);
    assert_true(reaches(NIC, GUEST_RAM + 0x1000U));
    assert_false(reaches(NIC, 0x1000000U));
}

/* REQ-ISO-082 */
static void memory_that_comes_and_goes_is_what_it_reaches(void **state)
{
    (void)state;
    machine_snoops = false;
    assert_int_equal(with_nic(state), 0);
    machine_snoops = true;
    assert_int_equal(hypercall(HC_VM_SET_MEMORY_REGIONS, SCRATCH + 0x800U, 0U), -HC_EINVAL);
    assert_false(reaches(NIC, 0x400000U));
    assert_int_equal(world_region(user, HC_REGION_ADD, WORLD_RWX_WB, 0x400000U, LENT + 0x200000U, 0x1000U), 0);
    assert_true(reaches(NIC, 0x400000U));
    assert_int_equal(world_region(user, HC_REGION_ADD, WORLD_RWX_WB, 0x401000U, LENT + 0x201000U, 0x1000U), 0);
    assert_int_equal(world_region(user, HC_REGION_DEL, 0U, 0x401000U, 0U, 0x1000U), 0);
    assert_true(reaches(NIC, 0x400000U));
    assert_false(reaches(NIC, 0x401000U));
    set(user, PLACE, 4U, 2U, 6U);
    assert_true(reaches(NIC, 0xC0000000U)); /* its own registers are memory of its VM */
    set(user, PLACE, 4U, 2U, 4U);
    assert_false(reaches(NIC, 0xC0000000U));
}

#define MOVED 0x30000000U

static uint32_t reached; /* while a table is on its way to memory */

static void all_of_the_new_table_is_asked(void)
{
    for (gpa_t at = MOVED; at < (MOVED + 0x200000U); at += PAGE_SIZE) {
        hpa_t hpa = 0U;
        if (fake_iommu_dma(NIC, at, true, &hpa)) {
            assert_int_equal(hpa, where(user, at));
            reached++;
        }
    }
}

/* REQ-ISO-051 */
static void a_table_is_in_memory_before_anything_leads_to_it(void **state)
{
    (void)state;
    machine_snoops = false;
    assert_int_equal(with_nic(state), 0);
    machine_snoops = true;
    set(user, PLACE, 0x18U, 4U, 0U);
    set(user, PLACE, 0x1CU, 4U, 0x40U); /* two tables of its own */
    decode_on();
    assert_int_equal(where(user, HIGH), HIGH);
    set(user, PLACE, 0x1CU, 4U, 0U);    /* which are free then, and in memory what they were */
    reached = 0U;
    fake_iommu_meanwhile = all_of_the_new_table_is_asked;
    set(user, PLACE, 0x18U, 4U, MOVED); /* one of them, for pages */
    fake_iommu_meanwhile = NULL;
    assert_int_equal(where(user, MOVED), HIGH);
    assert_true(reached != 0U);
}

/* REQ-INT-080 */
static void errors_and_the_link_are_not_the_user_vms(void **state)
{
    static const uint32_t same[] = { 0x50U, 0x68U, 0x70U }; /* Link Control, Device Control 2, Link Control 2 */
    (void)state;
    set(user, PLACE, 4U, 2U, 0x57FU);
    assert_int_equal(hw_pci_read(NIC, 4U, 2U), 0x416U);     /* no SERR#, no parity, no special cycles, no palette */
    set(user, PLACE, 5U, 1U, 0x05U);
    assert_int_equal(hw_pci_read(NIC, 4U, 2U), 0x416U);
    for (uint32_t i = 0U; i < 3U; i++) {
        fake_bus_put(nic, same[i], 4U, 0x12345678U, 0xFFFFFFFFU);
        set(user, PLACE, same[i], 2U, 0xFFFFU);
        set(user, PLACE, same[i] + 2U, 2U, 0xFFFFU);
        set(user, PLACE, same[i], 4U, 0U);
        assert_int_equal(hw_pci_read(NIC, same[i], 4U), 0x12345678U);
        assert_int_equal(get(user, PLACE, same[i], 4U), 0x12345678U);
    }
    assert_int_equal(assign_as(user, 0x28U, PLAIN, HC_PCIDEV_QUIRK), 0);
    fake_bus_put(plain, 0x50U, 4U, 0U, 0xFFFFFFFFU);
    set(user, 0x28U, 0x50U, 4U, 0x12345678U);               /* not PCI Express */
    assert_int_equal(hw_pci_read(PLAIN, 0x50U, 4U), 0x12345678U);
}

/* REQ-ISO-081 */
static void memory_regions_do_not_cut_a_bar(void **state)
{
    (void)state;
    decode_on();
    assert_int_equal(where(user, 0xC0000000U), REGS);
    assert_int_equal(world_region(user, HC_REGION_DEL, 0U, 0xC0000000U, 0U, 0x1000U), -HC_EINVAL);
    assert_int_equal(world_region(user, HC_REGION_DEL, 0U, 0xC000F000U, 0U, 0x2000U), -HC_EINVAL);
    assert_int_equal(world_region(user, HC_REGION_DEL, 0U, 0xBFFFF000U, 0U, 0x2000U), -HC_EINVAL);
    assert_int_equal(world_region(user, HC_REGION_MODIFY, WORLD_RWX_WB, 0xC0000000U, 0U, 0x1000U), -HC_EINVAL);
    assert_int_equal(world_region(user, HC_REGION_ADD, WORLD_RWX_WB, 0xC0002000U, LENT + 0x200000U, 0x1000U), -HC_EINVAL); /* its table */
    assert_int_equal(where(user, 0xC0000000U), REGS);
    assert_int_equal(where(user, 0xC000F000U), REGS + 0xF000U);
    assert_true(vpci_lent_meets(user, 0xC0000000U, 1U));
    assert_false(vpci_lent_meets(user, 0xC0000000U, 0U));
    assert_int_equal(world_region(user, HC_REGION_ADD, WORLD_RWX_WB, 0xC0010000U, LENT + 0x200000U, 0x1000U), 0);  /* behind it */
    assert_int_equal(world_region(user, HC_REGION_DEL, 0U, 0xC0010000U, 0U, 0x1000U), 0);
    set(user, PLACE, 4U, 2U, 0U);
    assert_int_equal(where(user, 0xC0000000U), 0U);
    assert_int_equal(world_region(user, HC_REGION_ADD, WORLD_RWX_WB, 0xC0000000U, LENT + 0x200000U, 0x1000U), 0);
    vm_id_t other = world_create(2U);
    assert_int_equal(world_region(other, HC_REGION_ADD, WORLD_RWX_WB, 0xC0100000U, LENT + 0x400000U, 0x1000U), 0);
}

/* REQ-ISO-081 REQ-HYP-006 */
static void regions_of_a_list_are_looked_at_as_its_turn_comes(void **state)
{
    struct hc_memory_region list[20];
    struct hc_memory_regions request = { (uint16_t)user, 0U, 0U, 20U, 0U, SCRATCH + 0x100U };
    (void)state;
    decode_on();
    for (uint32_t i = 0U; i < 20U; i++) {
        list[i] = (struct hc_memory_region){ HC_REGION_ADD, WORLD_RWX_WB, 0x400000U + (i * 0x1000U), LENT + 0x200000U + (i * 0x1000U), 0x1000U };
    }
    list[18] = (struct hc_memory_region){ HC_REGION_DEL, 0U, 0xC0000000U, 0U, 0x1000U };
    hw_phys_copy_out(SCRATCH, (const uint8_t *)&request, sizeof(request));
    hw_phys_copy_out(SCRATCH + 0x100U, (const uint8_t *)list, sizeof(list));
    assert_int_equal(hypercall(HC_VM_SET_MEMORY_REGIONS, SCRATCH, 0U), HYPERCALL_AGAIN); /* the first 16 */
    assert_int_equal(where(user, 0x40F000U), LENT + 0x20F000U);
    const struct hc_memory_regions one = { (uint16_t)user, 0U, 0U, 1U, 0U, SCRATCH + 0x100U + (18U * sizeof(list[0])) };
    hw_phys_copy_out(SCRATCH + 0x80U, (const uint8_t *)&one, sizeof(one));
    assert_int_equal(hypercall(HC_VM_SET_MEMORY_REGIONS, SCRATCH + 0x80U, 0U), -HC_EINVAL); /* another list, from its beginning */
    assert_int_equal(where(user, 0xC0000000U), REGS);
    for (uint32_t i = 0U; i < 16U; i++) {
        list[i].type = HC_REGION_DEL;
    }
    hw_phys_copy_out(SCRATCH + 0x100U, (const uint8_t *)list, sizeof(list));
    assert_int_equal(hypercall(HC_VM_SET_MEMORY_REGIONS, SCRATCH, 0U), HYPERCALL_AGAIN);
    assert_int_equal(hypercall(HC_VM_SET_MEMORY_REGIONS, SCRATCH, 0U), -HC_EINVAL);
    assert_int_equal(where(user, 0xC0000000U), REGS);
    assert_int_equal(where(user, 0x411000U), LENT + 0x211000U); /* those before it are done */
    assert_int_equal(where(user, 0x413000U), 0U);
    list[0] = (struct hc_memory_region){ HC_REGION_ADD, WORLD_RWX_WB, 0x400000U, LENT + 0x200000U, 0x1000U };
    list[1] = (struct hc_memory_region){ HC_REGION_ADD, WORLD_RWX_WB, 0U, 0U, 0U };      /* refused as ever */
    hw_phys_copy_out(SCRATCH + 0x100U, (const uint8_t *)list, sizeof(list));
    assert_int_equal(hypercall(HC_VM_SET_MEMORY_REGIONS, SCRATCH, 0U), -HC_EINVAL);      /* begins anew */
    assert_int_equal(where(user, 0x400000U), LENT + 0x200000U);
    assert_int_equal(hypercall(HC_VM_SET_MEMORY_REGIONS, 0x8000000000U, 0U), -HC_EFAULT);
    request.vmid = 0U;
    hw_phys_copy_out(SCRATCH, (const uint8_t *)&request, sizeof(request));
    assert_int_equal(hypercall(HC_VM_SET_MEMORY_REGIONS, SCRATCH, 0U), -HC_EINVAL);
    request = (struct hc_memory_regions){ (uint16_t)user, 0U, 0U, 1U, 0U, 0x8000000000U };
    hw_phys_copy_out(SCRATCH, (const uint8_t *)&request, sizeof(request));
    assert_int_equal(hypercall(HC_VM_SET_MEMORY_REGIONS, SCRATCH, 0U), -HC_EFAULT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(it_answers_at_its_place, with_nic),
        cmocka_unit_test_setup(what_is_not_lent_is_the_device_models, with_nic),
        cmocka_unit_test_setup(the_service_vm_does_not_have_it, with_nic),
        cmocka_unit_test_setup(registers_are_where_the_guest_has_them_while_it_decodes, with_nic),
        cmocka_unit_test_setup(a_virtual_function_decodes_whatever_its_command_says, with_nic),
        cmocka_unit_test_setup(bars_are_sized_and_moved, with_nic),
        cmocka_unit_test_setup(a_bar_lies_on_nothing_else, with_nic),
        cmocka_unit_test_setup(a_bar_may_be_a_table_alone_and_the_last_one, with_nic),
        cmocka_unit_test_setup(memory_where_a_table_would_be_stays, with_nic),
        cmocka_unit_test_setup(what_the_link_shares_is_not_the_user_vms, with_nic),
        cmocka_unit_test_setup(half_a_bar_is_not_left_mapped, with_nic),
        cmocka_unit_test_setup(its_messages_are_the_guests_own, with_nic),
        cmocka_unit_test_setup(msi_works_likewise_and_sources_are_limited, with_nic),
        cmocka_unit_test_setup(it_is_a_master_with_its_lines_and_ports_off, with_nic),
        cmocka_unit_test_setup(memory_that_comes_and_goes_is_what_it_reaches, with_nic),
        cmocka_unit_test_setup(a_table_is_in_memory_before_anything_leads_to_it, with_nic),
        cmocka_unit_test_setup(errors_and_the_link_are_not_the_user_vms, with_nic),
        cmocka_unit_test_setup(memory_regions_do_not_cut_a_bar, with_nic),
        cmocka_unit_test_setup(regions_of_a_list_are_looked_at_as_its_turn_comes, with_nic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
