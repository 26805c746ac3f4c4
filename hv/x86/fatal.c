/* SPDX-License-Identifier: Apache-2.0 */
/* The ends of the road. */
#include "x86/fatal.h"

#include "core/hw.h"
#include "core/log.h"
#include "x86/asm.h"
#include "x86/pcpu.h"

shared_u32_t fatal_shared_stop;

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

/* A core that carries an exclusive VM stops alone; a shared one stops the shared side, which has nobody
 * then to write out what the log holds. */
/* REQ-LIF-012 */
static NORETURN void fatal_stop(void)
{
    if (!pcpus[hw_pcpu()].exclusive) {
        const bool first = atomic_exchange(&fatal_shared_stop, 1U) == 0U;
        for (pcpu_id_t i = 0U; i < MAX_PCPU; i++) {
            if ((i != hw_pcpu()) && (!pcpus[i].exclusive) && (atomic_load(&pcpus[i].state) != PCPU_OFFLINE)) {
                hw_kick(i);
            }
        }
        if (first) {
            log_flush();
        }
    }
    atomic_store(&pcpus[hw_pcpu()].state, PCPU_IN_HV);
    asm_halt_forever();
}

/* REQ-LIF-017 */
NORETURN void fatal_exception(const struct idt_frame *frame)
{
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
    fatal_stop();
}

NORETURN void hw_panic(const char *invariant)
{
    fatal_text("\r\npanic: core ");
    fatal_hex(hw_pcpu());
    fatal_text(": ");
    fatal_text(invariant);
    fatal_text("\r\n");
    fatal_stop();
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
