/* SPDX-License-Identifier: Apache-2.0 */
/* Ports, interrupt lines and PCI functions of the partition table: each has one owner. */
#include "core/boot_info.h"
#include "core/interval.h"
#include "core/partition_check.h"

#define PORT_LIMIT    0x10000U
#define UART_PORTS    8U
#define PM1_CONTROL_PORTS 2U

/* Ports that no VM is given, whatever the machine. */
struct port_range { uint32_t base; uint32_t count; };
static const struct port_range kept_port[] = {
    { 0x20U, 2U },   /* primary PIC */
    { 0x64U, 1U },   /* keyboard controller: reset pulse */
    { 0x92U, 1U },   /* port A: fast reset */
    { 0xA0U, 2U },   /* secondary PIC */
    { 0xB2U, 2U },   /* SMI command */
    { 0x4D0U, 2U },  /* PIC edge/level control */
    { 0xCF8U, 8U },  /* PCI configuration, 0xCF9 reset */
};
#define KEPT_PORTS (sizeof(kept_port) / sizeof(kept_port[0]))

static bool meets_port(uint32_t kept, uint32_t kept_count, uint32_t base, uint32_t count)
{
    return (kept != 0U) && interval_meets(kept, kept_count, base, count);
}

/* The hypervisor's UART, the interrupt controllers and the platform's controls. */
/* REQ-CFG-007 */
static bool port_is_kept(uint32_t base, uint32_t count)
{
    bool kept = meets_port(partition.table.board.log_port, UART_PORTS, base, count) ||
                meets_port(platform.pm1a_control, PM1_CONTROL_PORTS, base, count) ||
                meets_port(platform.reset_port, 1U, base, count);
    for (uint32_t i = 0U; i < KEPT_PORTS; i++) {
        kept = kept || meets_port(kept_port[i].base, kept_port[i].count, base, count);
    }
    return kept;
}

static bool check_log_port(void)
{
    bool ok = true;
    uint32_t base = partition.table.board.log_port;
    bool kept = false;
    for (uint32_t i = 0U; (base != 0U) && (i < KEPT_PORTS); i++) {
        kept = kept || interval_meets(kept_port[i].base, kept_port[i].count, base, UART_PORTS);
    }
    if (kept || (base > (PORT_LIMIT - UART_PORTS))) {
        ok = partition_refuse("log_port is not the base of a 16550 UART: correct it, or set 0 for none", ID_NONE, base);
    }
    return ok;
}

/* Ports of the VM's entries before p, or of VMs before v. */
static bool port_is_taken(uint32_t v, uint32_t p, uint32_t base, uint32_t count)
{
    bool taken = false;
    for (uint32_t w = 0U; w <= v; w++) {
        uint32_t entries = (w == v) ? p : partition.table.vm[w].ports_count;
        for (uint32_t q = 0U; q < entries; q++) {
            taken = taken || interval_meets(partition.table.vm[w].ports[q].base, partition.table.vm[w].ports[q].count, base,
                                            count);
        }
    }
    return taken;
}

static bool check_ports(uint32_t v, uint32_t p)
{
    bool ok = true;
    uint32_t base = partition.table.vm[v].ports[p].base;
    uint32_t count = partition.table.vm[v].ports[p].count;
    if ((count == 0U) || (count > (PORT_LIMIT - base))) {
        ok = partition_refuse("a port range is empty or goes beyond 0xFFFF", v, base);
    } else if (port_is_kept(base, count)) {
        ok = partition_refuse("a port range covers ports that the hypervisor keeps (log UART, PIC, PCI configuration, "
                              "reset, power, SMI): split it around them", v, base);
    } else if (port_is_taken(v, p, base, count)) {
        ok = partition_refuse("two port ranges overlap: a port has one owner", v, base);
    } else {
        /* its own */
    }
    return ok;
}

static bool gsi_is_taken(uint32_t v, uint32_t g, uint32_t gsi)
{
    bool taken = false;
    for (uint32_t w = 0U; w <= v; w++) {
        uint32_t entries = (w == v) ? g : partition.table.vm[w].gsi_count;
        for (uint32_t q = 0U; q < entries; q++) {
            taken = taken || (partition.table.vm[w].gsi[q] == gsi);
        }
    }
    return taken;
}

static bool check_gsi(uint32_t v, uint32_t g)
{
    bool ok = true;
    uint32_t gsi = partition.table.vm[v].gsi[g];
    if (v == VM_SERVICE) {
        ok = partition_refuse("the Service VM gets the interrupt lines that are left over: remove its list", v, gsi);
    } else if ((gsi < platform.ioapic_gsi_base) || ((gsi - platform.ioapic_gsi_base) >= IOAPIC_PINS)) {
        ok = partition_refuse("an interrupt line is no pin of the IOAPIC", v, gsi);
    } else if (gsi_is_taken(v, g, gsi)) {
        ok = partition_refuse("an interrupt line is listed twice: it has one owner", v, gsi);
    } else {
        /* its own */
    }
    return ok;
}

static bool pci_is_taken(uint32_t v, uint32_t p, uint32_t bdf)
{
    bool taken = false;
    for (uint32_t w = 0U; w <= v; w++) {
        uint32_t entries = (w == v) ? p : partition.table.vm[w].pci_count;
        for (uint32_t q = 0U; q < entries; q++) {
            taken = taken || (partition.table.vm[w].pci[q] == bdf);
        }
    }
    return taken;
}

/* REQ-CFG-008 */
static bool check_pci(uint32_t v, uint32_t p)
{
    bool ok = true;
    uint32_t bdf = partition.table.vm[v].pci[p];
    if (v == VM_SERVICE) {
        ok = partition_refuse("the Service VM gets the PCI functions that are left over: remove its list", v, bdf);
    } else if (!platform.iommu_present || (!platform.irqs_remapped && ((partition.table.flags & PART_ALLOW_NO_IOMMU) == 0U))) {
        ok = partition_refuse("a PCI function can be given to a VM only on a machine with an IOMMU (one that remaps interrupts, or set "
                              "allow_no_iommu): remove it", v, bdf);
    } else if (!platform.irqs_by_sender && ((partition.table.vm[v].flags & PART_VM_EXCLUSIVE) == 0U)) {
        ok = partition_refuse("AMD's IOMMU cannot keep the interrupts of a VM on shared cores apart from the Service VM's: remove its PCI function, "
                              "or make the VM exclusive", v, bdf);
    } else if ((bdf == 0U) || ((bdf / 8U) == ((uint32_t)partition.table.board.hv_device_bdf / 8U))) {
        ok = partition_refuse("the host bridge and the hypervisor's own device cannot be given to a VM", v, bdf);
    } else if (pci_is_taken(v, p, bdf)) {
        ok = partition_refuse("a PCI function is listed twice: it has one owner", v, bdf);
    } else {
        /* its own */
    }
    return ok;
}

static bool check_vm_devices(uint32_t v)
{
    bool ok = true;
    for (uint32_t i = 0U; ok && (i < partition.table.vm[v].ports_count); i++) {
        ok = check_ports(v, i);
    }
    for (uint32_t i = 0U; ok && (i < partition.table.vm[v].gsi_count); i++) {
        ok = check_gsi(v, i);
    }
    for (uint32_t i = 0U; ok && (i < partition.table.vm[v].pci_count); i++) {
        ok = check_pci(v, i);
    }
    return ok;
}

/* REQ-CFG-007 */
bool partition_check_devices(void)
{
    bool ok = check_log_port();
    for (uint32_t v = 0U; ok && (v < partition.table.vm_count); v++) {
        ok = check_vm_devices(v);
    }
    return ok && partition_check_ivshmem() && partition_check_link();
}
