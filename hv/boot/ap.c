/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Application processors: started one after the other through a page below 1 MiB that
 * is put back as it was, before any VM exists. The trampoline is never used again, and
 * no core gets a physical INIT after this. All get INIT first, so that the 10 ms in which
 * a core must be left alone then pass once, and the boot core measures its clocks in them.
 */
#include "boot/ap.h"

#include "core/boot_info.h"
#include "core/cache_share.h"
#include "core/core_kind.h"
#include "core/partition.h"
#include "core/vm.h"
#include "x86/address.h"
#include "x86/apic.h"
#include "x86/asm.h"
#include "x86/cpu.h"
#include "x86/pcpu.h"
#include "x86/run.h"
#include "x86/speculation.h"
#include "x86/tsc.h"
#include "x86/vcpu_state.h"
#include "x86/vendor.h"

#define LOW_FIRST   0x8000U
#define LOW_END     0x9F000U
#define SIPI_WAIT_US  200U
#define WAKE_WAIT_US  200U
#define START_LIMIT_US 2000000U

/* trampoline.S: only their addresses mean something. */
extern const uint8_t ap_trampoline;
extern const uint8_t ap_trampoline_end;
extern uint64_t ap_stack;                /* for entry.S */
uint64_t ap_stack;
static pcpu_id_t ap_starting;
static shared_u32_t ap_online;       /* how many have come */
static shared_u32_t ap_released;     /* bit n: core n enters its run loop */
static uint64_t ap_tsc;                  /* of the starting core, on its way in */
static uint8_t saved_page[PAGE_SIZE];

void ap_main(void);

static bool is_ram(hpa_t page)
{
    bool found = false;
    for (uint32_t i = 0U; i < boot_info.range_count; i++) {
        const struct boot_range *const range = &boot_info.range[i];
        found = found || ((range->type == BOOT_RAM) && (page >= range->base) && ((page + PAGE_SIZE) <= (range->base + range->size)));
    }
    return found;
}

static hpa_t low_page_find(void)
{
    hpa_t page = LOW_FIRST;
    while ((page < LOW_END) && (!is_ram(page))) {
        page += PAGE_SIZE;
    }
    return (page < LOW_END) ? page : 0U;
}

/* The boot core sleeps meanwhile: the core that comes wakes it, or its timer does (hw_kick() has the order of the looks). */
static bool ap_came(uint32_t expected, uint64_t limit_us)
{
    struct pcpu *const self = &pcpus[0];
    const uint64_t limit = hw_tsc() + tsc_scale(limit_us, hw_tsc_hz(), 1000000U);
    while ((atomic_load(&ap_online) != expected) && (hw_tsc() < limit)) {
        atomic_store(&self->kick, 0U);
        hw_timer_arm(limit);
        if (atomic_load(&ap_online) != expected) {
            pcpu_wait(self);
        }
        pcpu_discard_arrived(self);
        self->timer_deadline = TIME_NEVER; /* it has fired, or is armed anew */
    }
    return atomic_load(&ap_online) == expected;
}

void ap_init_all(void)
{
    for (pcpu_id_t id = 1U; id < platform.pcpu_count; id++) {
        pcpus[id].apic_id = platform.apic_id[id];
        apic_send_init(platform.apic_id[id]);
    }
}

/* REQ-RT-010 */
static enum ap_result ap_start(pcpu_id_t id, hpa_t page)
{
    const uint32_t vector = (uint32_t)(page / PAGE_SIZE);
    const uint64_t before = hw_tsc();
    enum ap_result result = AP_ABSENT;
    bool came;
    ap_starting = id;
    ap_stack = address_of(&pcpu_stacks[id].main[STACK_SIZE]);
    atomic_thread_fence(memory_order_seq_cst);
    apic_send_sipi(platform.apic_id[id], vector);
    came = ap_came(id, SIPI_WAIT_US);
    if (!came) {
        apic_send_sipi(platform.apic_id[id], vector); /* ignored by a core that already runs */
        came = ap_came(id, START_LIMIT_US);
    }
    if (came) {
        /* Deadlines are compared across cores: all count the same time. */
        result = ((ap_tsc >= before) && (ap_tsc <= hw_tsc())) ? AP_STARTED : AP_TSC_DIFFERS;
    }
    return result;
}

/* REQ-CFG-021 */
enum ap_result ap_start_all(pcpu_id_t *which)
{
    enum ap_result result = AP_STARTED;
    const hpa_t page = low_page_find();
    *which = 1U;
    if (platform.pcpu_count > 1U) {
        result = (page == 0U) ? AP_NO_LOW_PAGE : AP_STARTED;
    }
    if ((page != 0U) && (platform.pcpu_count > 1U)) {
        apic_timer_init();
        hw_phys_copy_in(saved_page, page, PAGE_SIZE);
        hw_phys_move(page, address_of(&ap_trampoline), address_of(&ap_trampoline_end) - address_of(&ap_trampoline));
        for (pcpu_id_t id = 1U; (id < platform.pcpu_count) && (result == AP_STARTED); id++) {
            *which = id;
            result = ap_start(id, page);
        }
        hw_phys_copy_out(page, saved_page, PAGE_SIZE);
        apic_timer_stop();
    }
    return result;
}

/* Kicks only cores that still wait: one that runs a guest is not disturbed. */
static void ap_release(uint32_t cores)
{
    const uint32_t before = atomic_load(&ap_released);
    atomic_store(&ap_released, before | cores);
    for (pcpu_id_t id = 1U; id < platform.pcpu_count; id++) {
        if ((((cores & (~before)) >> id) & 1U) != 0U) {
            hw_kick(id);
        }
    }
}

static bool ap_may_go(pcpu_id_t id)
{
    return ((atomic_load(&ap_released) >> id) & 1U) != 0U;
}

void ap_release_all(void)
{
    /* The last core that came may have waked a boot core that was awake: nothing of it is left for a guest. */
    asm_sti_nop_cli();
    pcpu_discard_arrived(&pcpus[0]);
    ap_release(UINT32_MAX);
}

/* Entered from entry.S on the core's own stack, with the final page tables. */
/* REQ-ISO-016 */
void ap_main(void)
{
    const pcpu_id_t id = ap_starting;
    ap_tsc = hw_tsc();
    pcpu_init(id);
    paging_load();
    apic_enable();
    vendor->core_enable();
    vcpu_state_core_init();
    speculation_init(&pcpus[id]);
    core_kind_add(id);
    cache_offer_add();
    atomic_store(&ap_online, id);
    hw_kick(0U);
    while (!ap_may_go(id)) {
        atomic_store(&pcpus[id].kick, 0U);
        if (!ap_may_go(id)) {
            pcpu_wait(&pcpus[id]);
        }
        pcpu_discard_arrived(&pcpus[id]);
    }
    paging_load(); /* forgets what it may have cached before paging_seal() */
    core_run();
}

/* The vCPU that owns this core alone, or ID_NONE. */
static vcpu_id_t exclusive_vcpu(pcpu_id_t id)
{
    const struct part_table *const table = &partition.table;
    vcpu_id_t found = ID_NONE;
    for (uint32_t v = 0U; v < table->vm_count; v++) {
        for (uint32_t i = 0U; i < table->vm[v].vcpu_count; i++) {
            if (((table->vm[v].flags & PART_VM_EXCLUSIVE) != 0U) && (table->vm[v].pcpu[i] == id)) {
                found = vcpu_id(v, i);
            }
        }
    }
    return found;
}

/* Each that is waked is seen to go, in microseconds; where cores take turns, as in an emulator, this one gives way. */
/* REQ-RT-040 */
void hw_exclusive_start(void)
{
    const uint64_t limit = hw_tsc() + tsc_scale(WAKE_WAIT_US, hw_tsc_hz(), 1000000U);
    uint32_t cores = 0U;
    for (pcpu_id_t id = 1U; id < platform.pcpu_count; id++) {
        cores |= (exclusive_vcpu(id) != ID_NONE) ? (1U << id) : 0U;
    }
    ap_release(cores);
    for (pcpu_id_t id = 1U; id < platform.pcpu_count; id++) {
        while ((((cores >> id) & 1U) != 0U) && (atomic_load(&pcpus[id].state) == PCPU_IDLE) && (hw_tsc() < limit)) {
            asm_pause();
        }
    }
}

/* REQ-RT-053 */
NORETURN void core_run(void)
{
    const pcpu_id_t id = hw_pcpu();
    const vcpu_id_t owned = exclusive_vcpu(id);
    cache_share_apply(id);
    if (owned != ID_NONE) {
        pcpus[id].exclusive = true;
        run_exclusive(owned);
    } else if (((partition.table.board.shared_pcpu_mask >> id) & 1U) != 0U) {
        run_shared();
    } else {
        atomic_store(&pcpus[id].state, PCPU_OFFLINE); /* no one's core */
        asm_halt_forever();
    }
}
