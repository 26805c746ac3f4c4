/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What core/ and devices/ need from the machine. hv/x86 provides it on
 * hardware, hv/fake on the host for unit tests. Nothing here decides.
 * Contracts are assumptions of the proofs (proofs/assumptions.yaml).
 */
#ifndef CORE_HW_H
#define CORE_HW_H

#include "core/types.h"

/* Physical memory, through the calling core's copy window. Little-endian.
 * read/write: size 1, 2, 4 or 8, naturally aligned or within one page. */
uint64_t hw_phys_read(hpa_t pa, uint32_t size);
void hw_phys_write(hpa_t pa, uint32_t size, uint64_t value);
void hw_phys_copy_in(uint8_t *dst, hpa_t src, uint32_t size);
void hw_phys_copy_out(hpa_t dst, const uint8_t *src, uint32_t size);
void hw_phys_move(hpa_t dst, hpa_t src, uint64_t size); /* boot and reload only */
void hw_phys_zero(hpa_t dst, uint64_t size);

/* The trace (core/trace.h): maps its pages for good, once at boot; then 8-byte stores into them, any core, at a
 * multiple of 8 below HV_TRACE_SIZE. They need no window, so they cost a store. */
void hw_trace_map(hpa_t base, uint32_t pages);
void hw_trace_write(uint32_t offset, uint64_t value);

/* Crash records (core/crash.h): the same for their pages, at a multiple of 8 below HV_CRASH_SIZE. What is flushed is in RAM
 * itself: a reset discards what caches hold. */
void hw_crash_map(hpa_t base);
void hw_crash_write(uint32_t offset, uint64_t value);
void hw_crash_flush(uint32_t offset, uint32_t size);

/* Device registers: uncached, one access of exactly that size. */
uint64_t hw_mmio_read(hpa_t pa, uint32_t size);
void hw_mmio_write(hpa_t pa, uint32_t size, uint64_t value);
uint32_t hw_port_read(uint16_t port, uint32_t size);
void hw_port_write(uint16_t port, uint32_t size, uint32_t value);

/* PCI configuration space of the machine; bdf = bus << 8 | device << 3 | function. */
uint32_t hw_pci_read(uint16_t bdf, uint32_t offset, uint32_t size);
void hw_pci_write(uint16_t bdf, uint32_t offset, uint32_t size, uint32_t value);

/* IOAPIC pin: fixed delivery, physical destination, vector 0 masks. */
void hw_ioapic_route(uint32_t pin, uint32_t vector, pcpu_id_t target, bool level, bool active_low);
void hw_ioapic_mask(uint32_t pin, bool masked);
/* Address and data that make an MSI arrive as this vector on that core. */
uint64_t hw_msi_address(pcpu_id_t target);
uint32_t hw_msi_data(uint32_t vector);

uint64_t hw_tsc(void);
uint64_t hw_tsc_hz(void);
pcpu_id_t hw_pcpu(void);                     /* the calling core */
void hw_timer_arm(uint64_t tsc_deadline);    /* calling core; TIME_NEVER disarms */
uint64_t hw_timer_armed(void);               /* what it was armed with; TIME_NEVER: disarmed, or it has fired */
void hw_exclusive_start(void);               /* at boot: the cores of exclusive VMs enter their guests; not the calling core */
void hw_kick(pcpu_id_t target);              /* make it leave the guest or its idle wait, soon */
bool hw_pcpu_in_guest(pcpu_id_t pcpu);       /* marked in-guest now */
void hw_send_ipi(pcpu_id_t target, uint32_t vector); /* fixed, physical; to a core of an exclusive VM, for its guest */
/* Calling core, exclusive: the timer and its LVT off, then every interrupt that is pending or in service taken and ended,
 * whatever its vector. False: some were still there after a bounded number of steps. No guest runs on the core. */
bool hw_lapic_drain(void);
uint64_t hw_machine_check(void);             /* calling core: status of the first bank that has one; all are cleared */
void hw_fence(void);                         /* others see what was stored before it, before what follows is loaded */
bool hw_raise(volatile bool *flag);           /* sets it, and a fence; whether it was set. No other core comes between */
void hw_relax(void);                         /* body of a wait loop (PAUSE) */
void hw_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t out[4]); /* EAX EBX ECX EDX */
bool hw_arch_capabilities(uint64_t *value);  /* what an Intel CPU says of its own flaws; false: CPUID has no such register, *value is 0 */

/* Classes of service of the calling core (core/cache_share.h); index 0: L2, 1: L3. */
bool hw_cache_split(uint32_t index);         /* code and data have masks of their own */
void hw_cache_mask(uint32_t index, uint32_t number, uint32_t mask); /* of class number */
void hw_bandwidth_delay(uint32_t number, uint32_t delay);
void hw_bandwidth_rate(uint32_t number, uint32_t rate);
void hw_cache_class(uint32_t number);        /* the core's class from now on */

void hw_log_char(char c);                    /* hypervisor's UART */
NORETURN void hw_poweroff(uint16_t pm1_value); /* soft-off by PM1_CNT */
NORETURN void hw_reset(void);
/* The shared cores stop, the last one after safe_state_apply_shared(); the machine stays on. Exclusive core; false: they had stopped before. */
bool hw_halt(void);

#endif
