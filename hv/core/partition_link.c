/* SPDX-License-Identifier: Apache-2.0 */
/* The serial lines of the partition table: each has its two ends in two VMs, at ports that nothing else there has. */
#include "core/interval.h"
#include "core/partition_check.h"

/* Of any end in the table: one that was not accepted has this, too. */
static const struct part_vm *end_vm(const struct part_uart *end)
{
    return &partition.table.vm[end->vm % PART_MAX_VM];
}

static bool is_uart_port(uint32_t port)
{
    return (port == 0x3F8U) || (port == 0x2F8U) || (port == 0x3E8U) || (port == 0x2E8U);
}

/* The VM has a device of the machine there. */
static bool meets_ports(const struct part_uart *end)
{
    const struct part_vm *vm = end_vm(end);
    bool meets = false;
    for (uint32_t p = 0U; p < vm->ports_count; p++) {
        meets = meets || interval_meets(vm->ports[p].base, vm->ports[p].count, end->port, PART_UART_PORTS);
    }
    return meets;
}

static bool pin_fits(const struct part_uart *end)
{
    bool exclusive = (end_vm(end)->flags & PART_VM_EXCLUSIVE) != 0U;
    return (end->gsi < IOAPIC_PINS) && (!exclusive || (end->gsi == 0U));
}

static bool end_valid(const struct part_uart *end)
{
    return (end->reserved == 0U) && (end->vm < partition.table.vm_count) && !partition_vm_absent(end->vm) && is_uart_port(end->port) && pin_fits(end);
}

/* One of the first k ends is of that VM, at that port; 0: at any. */
static bool is_taken(uint32_t first, uint32_t k, const struct part_uart *end, uint32_t port)
{
    bool taken = false;
    for (uint32_t j = first; j < k; j++) {
        const struct part_uart *other = &partition.table.link_end[j];
        taken = taken || ((other->vm == end->vm) && ((port == 0U) || (other->port == port)));
    }
    return taken;
}

/* k: among all ends. */
static bool check_end(uint32_t k)
{
    const struct part_uart *end = &partition.table.link_end[k];
    bool ok = true;
    if (!end_valid(end)) {
        ok = partition_refuse("a serial line ends at no UART of a VM: compile the scenario again", end->vm, end->port);
    } else if (meets_ports(end) || is_taken(0U, k, end, end->port)) {
        ok = partition_refuse("a serial line ends where its VM has a device or another line: use another UART", end->vm, end->port);
    } else if (is_taken(k - (k % 2U), k, end, 0U)) {
        ok = partition_refuse("a serial line connects a VM with itself", end->vm, end->port);
    } else {
        /* its own */
    }
    return ok;
}

/* REQ-CFG-060 */
bool partition_check_link(void)
{
    uint32_t count = partition.table.link_count;
    bool ok = true;
    if ((count > PART_MAX_LINK) || (partition.table.reserved2 != 0U)) {
        ok = partition_refuse("number of serial lines: at most 4", ID_NONE, count);
    } else {
        for (uint32_t k = 0U; ok && (k < (2U * count)); k++) {
            ok = check_end(k);
        }
    }
    return ok;
}
