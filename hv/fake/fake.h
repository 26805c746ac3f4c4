/* SPDX-License-Identifier: Apache-2.0 */
/* The machine that unit tests run core/ and devices/ on: sparse physical memory, vCPU registers
 * that are plain variables, and a record of what was asked of the hardware. Host only. */
#ifndef FAKE_FAKE_H
#define FAKE_FAKE_H

#include "core/hw.h"
#include "core/vcpu_hw.h"

struct fake_pcpu {
    bool in_guest;         /* a kick clears it, as the core would leave the guest ... */
    uint32_t slow;         /* ... after so many turns of the waiter */
    uint32_t kicks;
    uint32_t ipis;
    uint32_t last_ipi;     /* vector */
    uint32_t drains;
    bool stuck;            /* its local APIC never becomes empty */
    uint64_t timer;        /* TSC deadline, TIME_NEVER: disarmed */
};
extern struct fake_pcpu fake_pcpu[MAX_PCPU];
extern pcpu_id_t fake_current_pcpu;
extern void (*fake_on_fence)(void);    /* what another core does at that moment */
extern void (*fake_on_raise)(void);    /* and just before hw_raise() */
extern uint64_t fake_tsc;
extern uint64_t fake_tsc_hz;

struct fake_vcpu {
    uint64_t reg[REG_COUNT];
    struct segment segment[10];
    bool exclusive;
    bool shadow;           /* interrupt shadow */
    bool event_queued;
    bool window;
    bool nmi_masked;       /* in the handler of an NMI; tests set it */
    uint32_t injected;     /* last vector + 1, 0: none; NMI is vector 2 */
    uint32_t injections;
    uint32_t error;
    bool has_error;
    uint32_t flushes;
    uint32_t inits;
    hpa_t stage2_root;
    uint32_t asid;
    bool apic_lent;        /* the registers that follow are the CPU's: fake_apic_takes() and fake_apic_ends() are what it does */
    uint32_t apic_tpr;
    uint32_t apic_isr[8];
    uint32_t apic_tmr[8];
    uint32_t apic_irr[8];
};
extern bool fake_apic_present;
extern struct fake_vcpu fake_vcpu[MAX_VCPU];

/* Ports: a read gives the last byte written there, or fake_port_value[] as the test set it. */
extern uint32_t fake_port_value[0x10000];
extern uint32_t fake_port_writes;
extern uint32_t fake_machine_checks;   /* calls of hw_machine_check() */
extern bool fake_halts_in_time;        /* what hw_halt() says: the shared side had not ended before */
extern uint32_t fake_halts;             /* calls of hw_halt() */
extern uint8_t fake_msr_open[MAX_VM][0x4000]; /* folded index; bit 0 read, bit 1 write */
extern uint8_t fake_port_open[MAX_VM][0x10000];
uint32_t fake_msr_index(uint32_t msr);
extern uint64_t fake_xcr0_supported;   /* 7 after a reset; 0: no XSAVE */

extern uint32_t fake_ioapic_vector[IOAPIC_PINS];
extern bool fake_ioapic_masked[IOAPIC_PINS];

extern uint32_t fake_crash_flushed;     /* end of what hw_crash_flush() last got */

/* Classes of service: what the registers hold, all ones until they are written. */
#define FAKE_CLASSES 16U
extern bool fake_cache_split[2];
extern uint32_t fake_cache_mask[2][FAKE_CLASSES];
extern uint32_t fake_bandwidth_delay[FAKE_CLASSES];
extern uint32_t fake_bandwidth_rate[FAKE_CLASSES];
extern uint32_t fake_class;            /* of the core that was last given one, ID_NONE: none was */
extern uint32_t fake_class_writes;     /* of all these registers */

extern bool fake_has_arch_capabilities;
extern uint64_t fake_arch_capabilities;

/* CPUID that the machine answers; leaves that are not set are zeros. */
void fake_cpuid_set(uint32_t leaf, uint32_t subleaf, uint32_t a, uint32_t b, uint32_t c, uint32_t d);

/* hw_poweroff() and hw_reset() do not return: they jump back to the place where the
 * test said fake_catch(), which then yields what happened. */
enum fake_end { FAKE_NONE, FAKE_POWEROFF, FAKE_RESET };
#include <setjmp.h>
extern jmp_buf fake_end_jump;
#define fake_catch() ((enum fake_end)setjmp(fake_end_jump))

void fake_reset(void);                 /* memory empty, all records zero */
uint32_t fake_pages_used(void);
const char *fake_log(void);            /* what hw_log_char() got */
void fake_vcpu_ran(vcpu_id_t id);      /* the event that was injected has been delivered */
/* A CPU with a local APIC for guests: the vector that the guest with its interrupts open is given now, or 0; an EOI of it: true, it exits. */
uint32_t fake_apic_takes(vcpu_id_t id);
bool fake_apic_ends(vcpu_id_t id);

#endif
