/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trusted (A-EVA-HW): the machine. Each function of core/hw.h and core/vcpu_hw.h answers with any value
 * and changes what its prototype says and nothing else. What hv/x86 demands of its caller is asserted,
 * so that core/ and devices/ are shown to keep to it.
 */
#include "abi/crash.h"
#include "abi/partition_table.h"
#include "abi/trace.h"
#include "core/acpi_filter.h"
#include "core/hw.h"
#include "core/iommu_hw.h"
#include "core/vcpu_hw.h"
#include "proofs/eva/eva.h"

struct vcpu_regs vcpu_regs[MAX_VCPU];
struct acpi_table acpi_table[MAX_ACPI_TABLE];
uint32_t acpi_table_count;
volatile uint64_t any;

static void access(uint32_t size)
{
    /*@ assert access_size: size == 1 || size == 2 || size == 4 || size == 8; */
    (void)size;
}

static void port_access(uint32_t size)
{
    /*@ assert port_size: size == 1 || size == 2 || size == 4; */
    (void)size;
}

static void core(pcpu_id_t pcpu)
{
    /*@ assert core_id: pcpu < MAX_PCPU; */
    (void)pcpu;
}

static void of_vcpu(vcpu_id_t vcpu)
{
    /*@ assert vcpu_id: vcpu < MAX_VCPU; */
    (void)vcpu;
}

static uint64_t narrow(uint64_t value, uint32_t size)
{
    return (size == 8U) ? value : (value & (((uint64_t)1U << (size * 8U)) - 1U));
}

uint64_t hw_phys_read(hpa_t pa, uint32_t size) { (void)pa; access(size); return narrow(any, size); }
void hw_phys_write(hpa_t pa, uint32_t size, uint64_t value) { (void)pa; (void)value; access(size); }
/*@ requires in_buffer: \valid(dst + (0 .. size - 1));
    assigns dst[0 .. size - 1] \from src;
    ensures \initialized(dst + (0 .. size - 1)); */
void hw_phys_copy_in(uint8_t *dst, hpa_t src, uint32_t size);
/*@ requires in_buffer: \valid_read(src + (0 .. size - 1));
    requires filled: \initialized(src + (0 .. size - 1));
    assigns \nothing; */
void hw_phys_copy_out(hpa_t dst, const uint8_t *src, uint32_t size);
void hw_phys_move(hpa_t dst, hpa_t src, uint64_t size) { (void)dst; (void)src; (void)size; }
void hw_phys_zero(hpa_t dst, uint64_t size) { (void)dst; (void)size; }

void hw_trace_map(hpa_t base, uint32_t pages) { (void)base; (void)pages; }
void hw_trace_write(uint32_t offset, uint64_t value)
{
    (void)value;
    /*@ assert trace_region: offset <= HV_TRACE_SIZE - 8 && offset % 8 == 0; */
}

void hw_crash_map(hpa_t base) { (void)base; }
void hw_crash_write(uint32_t offset, uint64_t value)
{
    (void)value;
    /*@ assert crash_region: offset <= HV_CRASH_SIZE - 8 && offset % 8 == 0; */
}
void hw_crash_flush(uint32_t offset, uint32_t size)
{
    /*@ assert crash_region: offset + size <= HV_CRASH_SIZE; */
    (void)offset; (void)size;
}

bool hw_cache_split(uint32_t index)
{
    /*@ assert cache_index: index < 2; */
    (void)index;
    return any_bool();
}
void hw_cache_mask(uint32_t index, uint32_t number, uint32_t mask)
{
    /*@ assert cache_index: index < 2; */
    /*@ assert class: number < PART_MAX_VM; */
    (void)index; (void)number; (void)mask;
}
void hw_bandwidth_delay(uint32_t number, uint32_t delay)
{
    /*@ assert class: number < PART_MAX_VM; */
    (void)number; (void)delay;
}
void hw_bandwidth_rate(uint32_t number, uint32_t rate)
{
    /*@ assert class: number < PART_MAX_VM; */
    (void)number; (void)rate;
}
void hw_cache_class(uint32_t number)
{
    /*@ assert class: number < PART_MAX_VM; */
    (void)number;
}

uint64_t hw_mmio_read(hpa_t pa, uint32_t size) { (void)pa; access(size); return narrow(any, size); }
void hw_mmio_write(hpa_t pa, uint32_t size, uint64_t value) { (void)pa; (void)value; access(size); }
uint32_t hw_port_read(uint16_t port, uint32_t size)
{
    (void)port;
    port_access(size);
    return (uint32_t)narrow(any, size);
}
void hw_port_write(uint16_t port, uint32_t size, uint32_t value) { (void)port; (void)value; port_access(size); }

uint32_t hw_pci_read(uint16_t bdf, uint32_t offset, uint32_t size)
{
    (void)bdf;
    port_access(size);
    /*@ assert register_exists: offset < 4096; */
    return (uint32_t)narrow(any, size);
}
void hw_pci_write(uint16_t bdf, uint32_t offset, uint32_t size, uint32_t value)
{
    (void)bdf; (void)value;
    port_access(size);
    /*@ assert register_exists: offset < 4096; */
}

void hw_ioapic_route(uint32_t pin, uint32_t vector, pcpu_id_t target, bool level, bool active_low)
{
    (void)level; (void)active_low;
    /*@ assert pin_exists: pin < IOAPIC_PINS; */
    /*@ assert host_vector: vector <= 0xDF; */
    (void)vector;
    core(target);
}
void hw_ioapic_mask(uint32_t pin, bool masked)
{
    (void)masked;
    /*@ assert pin_exists: pin < IOAPIC_PINS; */
    (void)pin;
}
uint64_t hw_msi_address(pcpu_id_t target) { core(target); return any; }
uint32_t hw_msi_data(uint32_t vector)
{
    /*@ assert vector: vector <= 0xFF; */ /* of an exclusive VM: its own */
    (void)vector;
    return (uint32_t)any;
}

static bool any_truth(void) { return any_below(2U) != 0U; }
uint32_t hw_iommu_format(void) { return any_below(2U); }
bool hw_iommu_enable(hpa_t root, hpa_t entries, hpa_t remap) { (void)root; (void)entries; (void)remap; return any_truth(); }
bool hw_iommu_reserved(uint32_t index, uint16_t *bdf, hpa_t *base, uint64_t *size)
{
    *bdf = (uint16_t)any;
    *base = any;
    *size = any;
    return (index < 128U) && any_truth();
}
bool hw_iommu_covers(uint16_t bdf) { (void)bdf; return any_truth(); }
bool hw_iommu_registers(uint32_t index, hpa_t *base, uint64_t *size)
{
    *base = any;
    *size = any;
    return (index < MAX_IOMMU) && any_truth();
}
bool hw_iommu_snoops(void) { return any_truth(); }
void hw_iommu_write_back(hpa_t base, uint32_t size) { (void)base; (void)size; }
bool hw_iommu_flush_domain(uint32_t domain) { (void)domain; return any_truth(); }
bool hw_iommu_flush_function(uint16_t bdf, uint32_t domain) { (void)bdf; (void)domain; return any_truth(); }
bool hw_iommu_fault_next(struct iommu_fault *fault)
{
    fault->bdf = (uint16_t)any;
    fault->write = any_truth();
    fault->interrupt = any_truth();
    fault->reason = (uint32_t)any;
    fault->address = any;
    return any_truth();
}
void hw_iommu_fault_event(pcpu_id_t pcpu, uint32_t vector) { (void)pcpu; (void)vector; }
bool hw_iommu_remaps(void) { return any_truth(); }
bool hw_iommu_wide_ids(void) { return any_truth(); }
bool hw_iommu_flush_irqs(uint32_t bdf) { (void)bdf; return any_truth(); }

uint64_t hw_tsc(void) { return any; }
uint64_t hw_tsc_hz(void) { return any; }
pcpu_id_t hw_pcpu(void) { return any_below(MAX_PCPU); }
uint64_t hw_timer_armed(void) { return any; }
void hw_timer_arm(uint64_t tsc_deadline) { (void)tsc_deadline; }
void hw_exclusive_start(void) { }
void hw_kick(pcpu_id_t pcpu) { core(pcpu); }
bool hw_pcpu_in_guest(pcpu_id_t pcpu) { core(pcpu); return any_bool(); }
void hw_send_ipi(pcpu_id_t pcpu, uint32_t vector)
{
    core(pcpu);
    /*@ assert ipi_vector: 16 <= vector <= 255; */
    (void)vector;
}
bool hw_lapic_drain(void) { return any_bool(); }
uint64_t hw_machine_check(void) { return any; }
bool hw_halt(void) { return any_bool(); }
void hw_fence(void) { }
bool hw_raise(volatile bool *flag)
{
    bool was = *flag;
    *flag = true;
    return was || any_truth();
}
void hw_relax(void) { }
void hw_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
    (void)leaf; (void)subleaf;
    out[0] = (uint32_t)any;
    out[1] = (uint32_t)any;
    out[2] = (uint32_t)any;
    out[3] = (uint32_t)any;
}
void hw_log_char(char c) { (void)c; }
/*@ assigns \nothing; exits \false; ensures \false; */
NORETURN void hw_poweroff(uint16_t pm1_value);
/*@ assigns \nothing; exits \false; ensures \false; */
NORETURN void hw_reset(void);

uint64_t hw_vcpu_get(vcpu_id_t vcpu, enum vcpu_reg reg)
{
    of_vcpu(vcpu);
    /*@ assert register_exists: 0 <= reg < REG_COUNT; */
    (void)reg;
    return any;
}
void hw_vcpu_set(vcpu_id_t vcpu, enum vcpu_reg reg, uint64_t value)
{
    of_vcpu(vcpu);
    (void)value;
    /*@ assert register_exists: 0 <= reg < REG_COUNT; */
    (void)reg;
}
struct segment hw_vcpu_segment(vcpu_id_t vcpu, enum segment_id seg)
{
    struct segment value = { (uint16_t)any, (uint16_t)any, (uint32_t)any, any };
    of_vcpu(vcpu);
    /*@ assert segment_exists: 0 <= seg <= SEG_IDTR; */
    (void)seg;
    return value;
}
void hw_vcpu_set_segment(vcpu_id_t vcpu, enum segment_id seg, struct segment value)
{
    of_vcpu(vcpu);
    (void)value;
    /*@ assert segment_exists: 0 <= seg <= SEG_IDTR; */
    (void)seg;
}
/* The registers that core/ sees are in their power-on state afterwards: anything, here. */
void hw_vcpu_init(vcpu_id_t vcpu, bool exclusive)
{
    of_vcpu(vcpu);
    (void)exclusive;
    for (uint32_t i = 0U; i < (uint32_t)GPR_COUNT; i++) {
        vcpu_regs[vcpu].gpr[i] = any;
    }
    vcpu_regs[vcpu].rip = any;
    vcpu_regs[vcpu].rflags = any;
}
void hw_vcpu_set_stage2(vcpu_id_t vcpu, hpa_t root, uint32_t asid)
{
    of_vcpu(vcpu);
    (void)root;
    /*@ assert asid_exists: 1 <= asid <= MAX_VM; */
    (void)asid;
}
bool hw_vcpu_can_accept_interrupt(vcpu_id_t vcpu) { of_vcpu(vcpu); return any_bool(); }
bool hw_vcpu_event_queued(vcpu_id_t vcpu) { of_vcpu(vcpu); return any_bool(); }
bool hw_vcpu_can_accept_nmi(vcpu_id_t vcpu) { of_vcpu(vcpu); return any_bool(); }
void hw_vcpu_inject_interrupt(vcpu_id_t vcpu, uint32_t vector)
{
    of_vcpu(vcpu);
    /*@ assert vector_byte: vector <= 255; */
    (void)vector;
}
void hw_vcpu_inject_nmi(vcpu_id_t vcpu) { of_vcpu(vcpu); }
void hw_vcpu_inject_exception(vcpu_id_t vcpu, uint32_t vector, bool has_error, uint32_t error)
{
    of_vcpu(vcpu);
    (void)has_error; (void)error;
    /*@ assert exception_vector: vector < 32; */
    (void)vector;
}
void hw_vcpu_skipped(vcpu_id_t vcpu) { of_vcpu(vcpu); }
void hw_vcpu_request_window(vcpu_id_t vcpu, bool wanted) { of_vcpu(vcpu); (void)wanted; }
bool hw_apic_present(void) { return any_bool(); }
void hw_vcpu_apic_lend(vcpu_id_t vcpu, uint32_t tpr, const uint32_t isr[8], const uint32_t tmr[8], const uint32_t irr[8])
{
    of_vcpu(vcpu);
    (void)tpr;
    /*@ assert sets: \valid_read(isr + (0 .. 7)) && \valid_read(tmr + (0 .. 7)) && \valid_read(irr + (0 .. 7)); */
    (void)isr; (void)tmr; (void)irr;
}
uint32_t hw_vcpu_apic_take(vcpu_id_t vcpu, uint32_t isr[8], uint32_t irr[8])
{
    of_vcpu(vcpu);
    /*@ loop unroll 8; */
    for (uint32_t i = 0U; i < 8U; i++) {
        isr[i] = (uint32_t)any;
        irr[i] = (uint32_t)any;
    }
    return (uint32_t)any;
}

static void of_vm(vm_id_t vm)
{
    /*@ assert vm_id: vm < MAX_VM; */
    (void)vm;
}

void hw_msr_open(vm_id_t vm, uint32_t msr, bool read, bool write) { of_vm(vm); (void)msr; (void)read; (void)write; }
void hw_port_open(vm_id_t vm, uint16_t base, uint32_t count)
{
    of_vm(vm);
    (void)base;
    /*@ assert ports_exist: count <= 0x10000; */
    (void)count;
}
void hw_bitmaps_close(vm_id_t vm) { of_vm(vm); }
void hw_vcpu_flush(vcpu_id_t vcpu) { of_vcpu(vcpu); }
bool hw_arch_capabilities(uint64_t *value)
{
    *value = any;
    return any != 0U;
}
uint64_t hw_xcr0_supported(void) { return any; }

struct vm_exit any_exit(void)
{
    struct vm_exit exit = { HV_EXIT_OTHER };
    exit.reason = (enum hv_exit_reason)any_below((uint32_t)HV_EXIT_REASONS);
    exit.length = any_below(16U);
    exit.number = (uint32_t)any;
    exit.size = any_size(4U);
    exit.write = any_bool();
    exit.execute = any_bool();
    exit.table_walk = any_bool();
    exit.string = any_bool();
    exit.repeat = any_bool();
    exit.address_size = 2U * any_below(8U);
    exit.segment = any_below(8U);
    exit.gpr = any_below((uint32_t)GPR_COUNT + 1U);
    exit.error = (uint32_t)any;
    exit.gpa = any;
    exit.cut = (enum exit_cut)any_below((uint32_t)CUT_DOUBLE_FAULT + 1U);
    return exit;
}
