/* SPDX-License-Identifier: Apache-2.0 */
/* Intel SDM 3, chapter 11 (x2APIC: 11.12). No lock: own arrays, and flags of the VM's own vCPUs. */
#include "core/exclusive_lapic.h"
#include "core/exclusive.h"
#include "core/hw.h"
#include "core/msr_number.h"
#include "core/quick_icr.h"
#include "core/vcpu_hw.h"
#include "core/vm.h"

#define APIC_BASE_VALUE 0xFEE00C00ULL /* enabled, x2APIC */
#define APIC_BASE_BSP   0x100ULL
#define APIC_VERSION    0x00050014U /* six LVT entries */

#define REG_ID          0x802U
#define REG_VERSION     0x803U
#define REG_LDR         0x80DU
#define REG_SVR         0x80FU
#define REG_ESR         0x828U
#define REG_CMCI        0x82FU
#define REG_ICR         QUICK_ICR_MSR
#define REG_LVT_FIRST   0x833U /* thermal, performance, LINT0, LINT1, error */
#define REG_LVT_LAST    0x837U
#define LVT_MASKED      0x10000U

#define MODE_FIXED      0U
#define MODE_LOWEST     1U
#define MODE_NMI        4U
#define MODE_INIT       5U
#define MODE_SIPI       6U
#define DEST_BROADCAST  0xFFFFFFFFU
#define SLOTS           7U /* SVR, CMCI, five LVTs */
#define SLOT_SVR        5U
#define SLOT_CMCI       6U

static uint64_t lapic_kept[MAX_VCPU][SLOTS];
struct exclusive_icr exclusive_icr[MAX_VCPU];

static void keep_icr(vcpu_id_t id, uint64_t value)
{
    exclusive_icr[id].low = (uint32_t)value;
    exclusive_icr[id].dest = (uint32_t)(value >> 32);
}

void exclusive_lapic_reset(vcpu_id_t id)
{
    for (uint32_t i = 0U; i < SLOTS; i++) {
        lapic_kept[id][i] = LVT_MASKED;
    }
    lapic_kept[id][SLOT_SVR] = 0x1FFU; /* software-enabled, as the hardware's is */
    keep_icr(id, 0U);
}

static uint64_t logical_id(uint32_t index)
{
    return ((uint64_t)(index >> 4) << 16) | ((uint64_t)1U << (index & 0xFU));
}

static bool addressed(uint32_t index, uint32_t self, uint64_t icr)
{
    uint32_t dest = (uint32_t)(icr >> 32);
    uint32_t shorthand = (uint32_t)(icr >> 18) & 3U;
    bool logical = (icr & 0x800U) != 0U;
    bool hit;
    if (shorthand == 1U) {
        hit = (index == self);
    } else if (shorthand == 2U) {
        hit = true;
    } else if (shorthand == 3U) {
        hit = (index != self);
    } else if (dest == DEST_BROADCAST) {
        hit = true;
    } else if (logical) {
        uint64_t own = logical_id(index);
        hit = ((own >> 16) == (dest >> 16)) && ((own & dest & 0xFFFFU) != 0U);
    } else {
        hit = (index == dest);
    }
    return hit;
}

/* REQ-INT-009 */
static void exclusive_send(vcpu_id_t target, uint32_t mode, uint32_t vector)
{
    switch (mode) {
    case MODE_FIXED:
    case MODE_LOWEST:
        if (vector >= 16U) {
            hw_send_ipi(vcpus[target].pcpu, vector);
        }
        break;
    case MODE_NMI:
        exclusive_send_nmi(target);
        break;
    case MODE_INIT:
        exclusive_send_init(target);
        break;
    case MODE_SIPI:
        exclusive_send_sipi(target, vector);
        break;
    default:
        /* SMI and reserved modes go nowhere */
        break;
    }
}

/* Lowest priority goes to the first vCPU addressed (11.6.2.4 leaves the choice to the system).
 * An INIT with level de-assert (bits 15 and 14: 10) is a no-op on all that have x2APIC. */
/* REQ-INT-008 */
static void interrupt_command(vcpu_id_t id, uint64_t icr)
{
    vm_id_t v = vcpu_vm(id);
    uint32_t mode = (uint32_t)(icr >> 8) & 7U;
    bool deassert = (mode == MODE_INIT) && ((icr & 0xC000U) == 0x8000U);
    bool done = deassert;
    for (uint32_t i = 0U; (i < vms[v].vcpu_count) && !done; i++) {
        if (addressed(i, vcpu_index(id), icr)) {
            exclusive_send(vcpu_id(v, i), mode, (uint32_t)icr & 0xFFU);
            done = (mode == MODE_LOWEST);
        }
    }
}

/* A fixed interrupt for one vCPU by its id: all that a write of ICR is, but for what starts and stops vCPUs. */
/* REQ-RT-060 REQ-INT-008 */
bool exclusive_lapic_quick(vcpu_id_t id)
{
    const uint64_t *gpr = vcpu_regs[id].gpr;
    pcpu_id_t target = 0U;
    uint32_t vector = 0U;
    if ((uint32_t)gpr[GPR_RCX] == REG_ICR) {
        vector = core_quick_icr(id, (uint32_t)gpr[GPR_RAX], (uint32_t)gpr[GPR_RDX], &target);
    }
    if (vector >= QUICK_ICR_FIRST) {
        hw_send_ipi(target, vector);
    }
    return vector >= QUICK_ICR_FIRST;
}

enum status exclusive_lapic_read(vcpu_id_t id, uint32_t msr, uint64_t *value)
{
    enum status result = STATUS_OK;
    if (msr == MSR_APIC_BASE) {
        *value = APIC_BASE_VALUE | ((vcpu_index(id) == 0U) ? APIC_BASE_BSP : 0U);
    } else if (msr == REG_ID) {
        *value = vcpu_index(id);
    } else if (msr == REG_VERSION) {
        *value = APIC_VERSION;
    } else if (msr == REG_LDR) {
        *value = logical_id(vcpu_index(id));
    } else if (msr == REG_SVR) {
        *value = lapic_kept[id][SLOT_SVR];
    } else if (msr == REG_CMCI) {
        *value = lapic_kept[id][SLOT_CMCI];
    } else if (msr == REG_ICR) {
        *value = ((uint64_t)exclusive_icr[id].dest << 32) | exclusive_icr[id].low;
    } else if ((msr >= REG_LVT_FIRST) && (msr <= REG_LVT_LAST)) {
        *value = lapic_kept[id][msr - REG_LVT_FIRST];
    } else if (msr == REG_ESR) {
        *value = 0U;
    } else {
        result = STATUS_UNKNOWN;
    }
    return result;
}

/* LVT: mode fixed only, no reserved bits; SVR: vector and enable bit; the hardware's stay. */
/* REQ-INT-010 */
enum status exclusive_lapic_write(vcpu_id_t id, uint32_t msr, uint64_t value)
{
    enum status result = STATUS_OK;
    uint64_t base = APIC_BASE_VALUE | ((vcpu_index(id) == 0U) ? APIC_BASE_BSP : 0U);
    if (msr == MSR_APIC_BASE) {
        result = (value == base) ? STATUS_OK : STATUS_INVALID;
    } else if (msr == REG_ICR) {
        keep_icr(id, value);
        interrupt_command(id, value);
    } else if (value > 0xFFFFFFFFU) {
        result = STATUS_INVALID;
    } else if (msr == REG_SVR) {
        lapic_kept[id][SLOT_SVR] = value & 0x11FFU;
    } else if (msr == REG_CMCI) {
        lapic_kept[id][SLOT_CMCI] = value & 0x107FFU;
    } else if ((msr >= REG_LVT_FIRST) && (msr <= REG_LVT_LAST)) {
        lapic_kept[id][msr - REG_LVT_FIRST] = value & 0x1A7FFU;
    } else if (msr == REG_ESR) {
        result = (value == 0U) ? STATUS_OK : STATUS_INVALID;
    } else {
        result = STATUS_UNKNOWN;
    }
    return result;
}
