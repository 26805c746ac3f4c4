/* SPDX-License-Identifier: Apache-2.0 */
/* The ends of the road. */
#include "x86/fatal.h"

#include "core/crash.h"
#include "core/exclusive_life.h"
#include "core/hw.h"
#include "core/log.h"
#include "core/safe_state.h"
#include "devices/vpci.h"
#include "x86/asm.h"
#include "x86/pcpu.h"

#define STOPS_PER_SECOND 100U /* the other shared cores have 10 ms to stop */
/* How often a core comes here: for its fault, for one of the report, for one of the line about that. */
#define ENTRIES_MOST 3U

shared_u32_t fatal_shared_stop;
static shared_u32_t fatal_halt_wanted;
static shared_u32_t fatal_entries;          /* of all cores */
static shared_u32_t fatal_recorded;         /* exceptions, of all cores */
static uint32_t fatal_entered[MAX_PCPU];    /* each core its own */
static bool fatal_owes[MAX_PCPU];           /* likewise: it ends the shared side, and safe states may have to follow */

void fatal_text(const char *text)
{
    for (uint32_t i = 0U; text[i] != '\0'; i++) {
        hw_log_char(text[i]);
    }
}

void fatal_hex(uint64_t value)
{
    fatal_text("0x");
    for (uint32_t i = 0U; i < 16U; i++) {
        hw_log_char("0123456789abcdef"[(value >> (60U - (4U * i))) & 0xFU]);
    }
}

static void fatal_register(const char *name, uint64_t value)
{
    fatal_text(name);
    fatal_hex(value);
}

NORETURN void fatal_join(void)
{
    atomic_store(&pcpus[hw_pcpu()].state, PCPU_OFFLINE);
    asm_halt_forever();
}

static bool shared_cores_stopped(void)
{
    bool stopped = true;
    for (pcpu_id_t i = 0U; i < MAX_PCPU; i++) {
        stopped = stopped && (pcpus[i].exclusive || (atomic_load(&pcpus[i].state) == PCPU_OFFLINE));
    }
    return stopped;
}

/*
 * The shared side ends: its cores, then its bus masters. Whoever is inside the hypervisor may be between
 * the two accesses that one register of the configuration space takes, so it is waited for; not for
 * ever, as it may be lost as well.
 */
/* REQ-LIF-012 REQ-LIF-033 */
static void shared_side_stop(void)
{
    const uint64_t start = hw_tsc();
    const uint64_t limit = hw_tsc_hz() / STOPS_PER_SECOND; /* 0 at boot, where there is nobody to wait for yet */
    for (pcpu_id_t i = 0U; i < MAX_PCPU; i++) {
        if (!pcpus[i].exclusive) {
            hw_kick(i);
        }
    }
    while (!shared_cores_stopped() && ((hw_tsc() - start) < limit)) {
        asm_pause();
    }
    vpci_shared_masters_off();
}

/* A core that carries an exclusive VM: that goes on without it, as far as it can. */
/* REQ-LIF-047 */
static void leave_exclusive_vm(void)
{
    if (pcpus[hw_pcpu()].exclusive) {
        exclusive_lost();
    }
}

/* Once, by the core that ends the shared side: not before nothing of their VMs runs. */
static void owed_safe_states(void)
{
    const bool owes = fatal_owes[hw_pcpu()];
    fatal_owes[hw_pcpu()] = false;
    if (owes && (atomic_load(&fatal_halt_wanted) != 0U)) {
        safe_state_apply_shared();
    }
}

/* True once: for the core that ends the shared side. */
static bool contain(void)
{
    bool first = false;
    if (!pcpus[hw_pcpu()].exclusive) {
        atomic_store(&pcpus[hw_pcpu()].state, PCPU_OFFLINE);
        first = atomic_exchange(&fatal_shared_stop, 1U) == 0U;
        if (first) {
            fatal_owes[hw_pcpu()] = true;
            shared_side_stop();
        }
        owed_safe_states(); /* also of a core that faulted in there and comes again */
    }
    return first;
}

/* A core that faults again on its way out stops where it is, with one line, and with the safe states that it did not come to; so does, without
 * them, a core that one of these kills, or that does not even know which it is. */
/* REQ-LIF-045 */
static void once(void)
{
    if (atomic_fetch_add(&fatal_entries, 1U) >= (ENTRIES_MOST * MAX_PCPU)) {
        asm_halt_forever();
    }
    fatal_entered[hw_pcpu()]++;
    if (fatal_entered[hw_pcpu()] > 1U) {
        atomic_store(&pcpus[hw_pcpu()].state, PCPU_OFFLINE);
        if (fatal_entered[hw_pcpu()] < ENTRIES_MOST) {
            leave_exclusive_vm();
            owed_safe_states();
            fatal_text("\r\npanic: and again, while it was reported: the core stops here\r\n");
        }
        asm_halt_forever();
    }
}

/* Before the report, which may take the UART seconds. */
/* REQ-LIF-032 */
static void record(const struct hv_crash_frame *frame)
{
    const struct pcpu *self = &pcpus[hw_pcpu()];
    crash_exception(atomic_fetch_add(&fatal_recorded, 1U), self->loaded, self->exclusive, frame, asm_read_cr2());
}

/* A core that carries an exclusive VM stops alone; a shared one stops the shared side, which has nobody
 * then to write out what the log holds. */
/* REQ-LIF-017 */
NORETURN void fatal_exception(const struct hv_crash_frame *frame)
{
    once();
    const bool ends_shared_side = contain();
    record(frame);
    leave_exclusive_vm();
    fatal_text("\r\npanic: exception of the hypervisor on core ");
    fatal_hex(hw_pcpu());
    fatal_register("\r\npanic: vector ", frame->vector);
    fatal_register(" error ", frame->error);
    fatal_register(" cr2 ", asm_read_cr2());
    fatal_register("\r\npanic: rip ", frame->rip);
    fatal_register(" rsp ", frame->rsp);
    fatal_register(" rflags ", frame->rflags);
    fatal_register("\r\npanic: rax ", frame->rax);
    fatal_register(" rbx ", frame->rbx);
    fatal_register(" rcx ", frame->rcx);
    fatal_register(" rdx ", frame->rdx);
    fatal_register("\r\npanic: rsi ", frame->rsi);
    fatal_register(" rdi ", frame->rdi);
    fatal_register(" rbp ", frame->rbp);
    fatal_register(" r8 ", frame->r8);
    fatal_text("\r\n");
    if (ends_shared_side) {
        log_flush();
    }
    fatal_join();
}

/* An exclusive core asks, and goes on; the shared core that sees it first does it. When the shared side ends by a fault just now, its core sees
 * the wish, or the end is seen here, or both: then the safe states are written twice. Whoever asks again leaves it to the first. */
/* REQ-LIF-036 */
bool hw_halt(void)
{
    const bool asked_before = atomic_exchange(&fatal_halt_wanted, 1U) != 0U;
    const bool ended_before = atomic_load(&fatal_shared_stop) != 0U;
    for (pcpu_id_t i = 0U; i < MAX_PCPU; i++) {
        if (!pcpus[i].exclusive) {
            hw_kick(i);
        }
    }
    return asked_before || !ended_before;
}

void fatal_halt_if_wanted(void)
{
    if (atomic_load(&fatal_halt_wanted) != 0U) {
        if (contain()) {
            log_flush();
        }
        fatal_join();
    }
}

/* REQ-CFG-011 */
NORETURN void fatal_boot(const char *what, const char *detail)
{
    log_begin("boot");
    log_text(what);
    log_text(detail);
    log_end();
    log_line("boot", "cannot start: no VM was started, machine halted");
    log_flush();
    vga_line(0U, "Bulkhead cannot start: no VM was started, machine halted", "");
    vga_line(1U, what, detail);
    asm_halt_forever();
}
