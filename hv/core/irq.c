/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who gets which physical interrupt.
 *
 * Pins have fixed vectors, the same on every core: nothing that a guest
 * reprograms can make an interrupt in flight look like another pin's. Message
 * sources get a vector of the core that runs their first target vCPU. A
 * source changes its core only while it is disabled, so the hardware never
 * sees half a message; its vector on the old core stays its own (retired)
 * until that core needs the vector, so that a message in flight is not lost.
 * Where interrupts are remapped, vectors and sources that were given up are
 * nobody else's before the units have forgotten them (iommu_irq_settle(), at
 * the end of the exit at the latest).
 *
 * All state is under the shared-side lock, except pin_level, which the
 * interrupt entry reads without it (irq_level_pin).
 */
#include "core/irq.h"
#include "core/boot_info.h"
#include "core/dispatch.h"
#include "core/hw.h"
#include "core/iommu.h"
#include "core/log.h"
#include "core/partition.h"
#include "core/vm.h"
#include "devices/vioapic.h"
#include "devices/vlapic.h"

#define MSI_VECTOR_BASE (VECTOR_IRQ_BASE + IOAPIC_PINS)
#define MSI_VECTORS     ((VECTOR_IRQ_LAST - MSI_VECTOR_BASE) + 1U)
#define SOURCE_NONE     0xFFFFU
#define USER_MSI_SOURCES 32U /* of one User VM: it cannot use up the machine's */

/* Intel SDM 3, 10.11.1: destination in bits 19:12, logical mode in bit 2. */
#define MSI_ADDRESS_BASE  0xFEE00000U
#define MSI_ADDRESS_MASK  0xFFFFFFFFFFF00000U
#define MSI_ADDRESS_LOGICAL 4U

#define PCI_PIN_FIRST 16U /* those below are wired to ISA devices, timers and ACPI */

#define PIC_MASTER_MASK 0x21U
#define PIC_SLAVE_MASK  0xA1U
#define PIC_ALL_MASKED  0xFFU

struct irq_pin {
    vm_id_t owner;
    uint32_t line;    /* of the owner's virtual IOAPIC, as vioapic_set_line() has it */
    pcpu_id_t pcpu;
    bool masked;      /* by the guest */
    bool active_low;
    bool in_service;  /* level: delivered, virtual EOI not yet seen; masked in hardware */
};

struct irq_source {
    bool used;
    bool enabled;
    bool complete;    /* was enabled once: address and data are a whole message */
    vm_id_t vm;
    uint16_t bdf;     /* whose it is */
    uint64_t address; /* as the guest wrote them, when last enabled */
    uint32_t data;
    pcpu_id_t pcpu;
    uint32_t vector;  /* 0: none yet */
    uint32_t settles; /* of the units when its entry changed */
};

static struct irq_pin pin_state[IOAPIC_PINS];
static uint8_t pin_of[MAX_VM][IOAPIC_PINS]; /* which pin of the machine may be behind that of the VM's; its state says whether it is */
static bool pin_level[IOAPIC_PINS];
static struct irq_source source_state[MAX_MSI_SOURCE];
static uint16_t vector_source[MAX_PCPU][MSI_VECTORS];
static uint32_t vector_next[MAX_PCPU]; /* where the search starts: a freed vector is reused last */
static uint64_t stray_count;
static bool no_vector_logged;

static void pins_give(vm_id_t v, const struct part_vm *part)
{
    for (uint32_t i = 0U; (i < part->gsi_count) && (i < PART_MAX_GSI); i++) {
        if (part->gsi[i] < IOAPIC_PINS) {
            pin_state[part->gsi[i]].owner = v;
        }
    }
}

/* REQ-CFG-020 */
void irq_init(void)
{
    /* The 8259s never interrupt: every guest has virtual ones. */
    hw_port_write(PIC_MASTER_MASK, 1U, PIC_ALL_MASKED);
    hw_port_write(PIC_SLAVE_MASK, 1U, PIC_ALL_MASKED);
    for (uint32_t pin = 0U; pin < IOAPIC_PINS; pin++) {
        pin_state[pin] = (struct irq_pin){ .owner = VM_SERVICE, .line = pin, .masked = true };
        pin_of[VM_SERVICE][pin] = (uint8_t)pin;
        pin_level[pin] = false;
        hw_ioapic_mask(pin, true);
    }
    for (uint32_t s = 0U; s < MAX_MSI_SOURCE; s++) {
        source_state[s] = (struct irq_source){ .used = false };
    }
    for (uint32_t p = 0U; p < MAX_PCPU; p++) {
        vector_next[p] = 0U;
        for (uint32_t i = 0U; i < MSI_VECTORS; i++) {
            vector_source[p][i] = SOURCE_NONE;
        }
    }
    /* Lines of pre-launched VMs are taken from the Service VM and stay masked:
     * the partition table names no vector for them. */
    for (uint32_t v = 1U; (v < partition.table.vm_count) && (v < PART_MAX_VM); v++) {
        pins_give(v, &partition.table.vm[v]);
    }
    stray_count = 0U;
    no_vector_logged = false;
}

/* The core on which an interrupt for this vCPU arrives; vCPU 0's when nobody is addressed. */
static pcpu_id_t target_pcpu(vm_id_t vm_id, vcpu_id_t target)
{
    vcpu_id_t id = ((target < MAX_VCPU) && (vcpu_vm(target) == vm_id)) ? target : vcpu_id(vm_id, 0U);
    pcpu_id_t pcpu = vcpus[id].pcpu;

    return (pcpu < MAX_PCPU) ? pcpu : 0U;
}

/* The one place that programs a pin. */
/* REQ-INT-001 */
static void pin_apply(uint32_t pin)
{
    const struct irq_pin *p = &pin_state[pin];

    if (p->masked || p->in_service) {
        hw_ioapic_mask(pin, true);
    } else {
        iommu_irq_set(VECTOR_IRQ_BASE + pin, platform.ioapic_bdf, p->pcpu, VECTOR_IRQ_BASE + pin, pin_level[pin]);
        iommu_irq_settle();
        hw_ioapic_route(pin, VECTOR_IRQ_BASE + pin, p->pcpu, pin_level[pin], p->active_low);
    }
}

static bool in_service_group(vm_id_t v)
{
    return (v == VM_SERVICE) || (v >= VM_FIRST_USER);
}

/* The pin of the machine behind this one of the VM's, or IOAPIC_PINS. */
static uint32_t pin_behind(vm_id_t v, uint32_t own)
{
    const uint32_t line = (v == VM_SERVICE) ? own : (VIOAPIC_LENT + own);
    const uint32_t pin = (own < IOAPIC_PINS) ? pin_of[v][own] : IOAPIC_PINS;

    return ((pin < IOAPIC_PINS) && (pin_state[pin].owner == v) && (pin_state[pin].line == line)) ? pin : IOAPIC_PINS;
}

bool irq_has_line(vm_id_t vm_id, uint32_t own)
{
    return pin_behind(vm_id, own) < IOAPIC_PINS;
}

/* A User VM's entry says nothing about the line: it is level and active low whatever it says. Made an edge, the entry delivers nothing. */
/* REQ-INT-004 REQ-INT-084 */
void irq_pin_update(vm_id_t vm_id, uint32_t own, bool masked, bool level, bool active_low, vcpu_id_t target)
{
    const uint32_t pin = pin_behind(vm_id, own);

    if (pin < IOAPIC_PINS) {
        struct irq_pin *p = &pin_state[pin];

        p->masked = masked || ((vm_id != VM_SERVICE) && !level);
        p->active_low = active_low || (vm_id != VM_SERVICE);
        p->pcpu = target_pcpu(vm_id, target);
        if (level) {
            if (!pin_level[pin]) {
                hw_ioapic_mask(pin, true);
            }
            /* Before the route: an interrupt that arrives at once must find it. */
            pin_level[pin] = true;
            pin_apply(pin);
        } else {
            /* An edge entry has no remote IRR: whatever was in service is over (82093AA, 3.2.4). */
            if (p->in_service) {
                p->in_service = false;
                vioapic_set_line(vm_id, p->line, false);
            }
            hw_ioapic_mask(pin, true);
            pin_level[pin] = false;
            pin_apply(pin);
        }
    }
}

/* REQ-INT-003 */
void irq_pin_eoi(vm_id_t vm_id, uint32_t own)
{
    const uint32_t pin = pin_behind(vm_id, own);

    if ((pin < IOAPIC_PINS) && pin_state[pin].in_service) {
        pin_state[pin].in_service = false;
        vioapic_set_line(vm_id, pin_state[pin].line, false);
        pin_apply(pin);
    }
}

/* Its next owner begins with a masked line that is low; what that one's virtual IOAPIC says comes behind. */
static void pin_hand_over(uint32_t pin, vm_id_t owner, uint32_t line)
{
    hw_ioapic_mask(pin, true);
    vioapic_set_line(pin_state[pin].owner, pin_state[pin].line, false);
    pin_state[pin] = (struct irq_pin){ .owner = owner, .line = line, .masked = true };
    pin_of[owner][line % VIOAPIC_LENT] = (uint8_t)pin;
    vioapic_refresh(owner, line % VIOAPIC_LENT);
}

/* REQ-INT-084 */
enum status irq_line_lend(vm_id_t vm_id, uint32_t pin, uint32_t line)
{
    enum status result = STATUS_INVALID;

    if ((pin < PCI_PIN_FIRST) || (pin >= IOAPIC_PINS) || (line >= IOAPIC_PINS)) {
        /* nothing that could be given */
    } else if ((pin_state[pin].owner != VM_SERVICE) || (pin_behind(vm_id, line) < IOAPIC_PINS)) {
        result = STATUS_DENIED;
    } else if (!pin_state[pin].masked) {
        result = STATUS_BUSY;
    } else {
        pin_hand_over(pin, vm_id, VIOAPIC_LENT + line);
        result = STATUS_OK;
    }
    return result;
}

/* REQ-INT-084 */
void irq_line_return(uint32_t pin)
{
    if ((pin < IOAPIC_PINS) && (pin_state[pin].owner >= VM_FIRST_USER)) {
        pin_hand_over(pin, VM_SERVICE, pin);
    }
}

/* Units may still raise what the source raised before. */
static bool source_unsettled(uint32_t source)
{
    return iommu_remaps && (source_state[source].settles == iommu_irq_settles);
}

static void source_forget(uint32_t source)
{
    for (uint32_t p = 0U; p < MAX_PCPU; p++) {
        for (uint32_t i = 0U; i < MSI_VECTORS; i++) {
            if (vector_source[p][i] == source) {
                vector_source[p][i] = SOURCE_NONE;
            }
        }
    }
}

/* REQ-INT-004 */
enum status irq_msi_alloc(vm_id_t vm_id, uint16_t bdf, uint32_t *source)
{
    enum status result = STATUS_NO_MEMORY;

    *source = ID_NONE;
    if ((vm_id >= MAX_VM) || vms[vm_id].exclusive) { /* core/irq_exclusive.c */
        result = STATUS_UNKNOWN;
    } else {
        uint32_t has = 0U;

        for (uint32_t s = 0U; s < MAX_MSI_SOURCE; s++) {
            has += (source_state[s].used && (source_state[s].vm == vm_id)) ? 1U : 0U;
        }
        for (uint32_t s = 0U; (s < MAX_MSI_SOURCE) && (result != STATUS_OK); s++) {
            if (!source_state[s].used && !source_unsettled(s) && ((vm_id < VM_FIRST_USER) || (has < USER_MSI_SOURCES))) {
                source_forget(s);
                source_state[s] = (struct irq_source){ .used = true, .vm = vm_id, .bdf = bdf };
                *source = s;
                result = STATUS_OK;
            }
        }
    }
    return result;
}

/* Of interrupt remapping: behind those of the pins. */
static uint32_t entry_of_source(uint32_t source)
{
    return MSI_VECTOR_BASE + source;
}

void irq_msi_free(uint32_t source)
{
    if (source < MAX_MSI_SOURCE) {
        iommu_irq_set(entry_of_source(source), source_state[source].bdf, 0U, 0U, false);
        source_state[source] = (struct irq_source){ .used = false, .settles = iommu_irq_settles };
    }
}

/* A slot may be taken when it is free, or when its source is no more or has moved, and no unit knows it there. */
/* REQ-INT-002 */
static bool slot_available(pcpu_id_t pcpu, uint32_t slot)
{
    uint32_t s = vector_source[pcpu][slot];

    return (s >= MAX_MSI_SOURCE) || (((source_state[s].vector != (MSI_VECTOR_BASE + slot)) || (source_state[s].pcpu != pcpu)) && !source_unsettled(s));
}

/* The source's own slot on this core, else a free one, else a retired one, else MSI_VECTORS. */
static uint32_t slot_choose(pcpu_id_t pcpu, uint32_t source)
{
    uint32_t own = MSI_VECTORS;
    uint32_t unused = MSI_VECTORS;
    uint32_t retired = MSI_VECTORS;
    uint32_t chosen;

    for (uint32_t n = 0U; n < MSI_VECTORS; n++) {
        uint32_t slot = (vector_next[pcpu] + n) % MSI_VECTORS;

        if (vector_source[pcpu][slot] == source) {
            own = slot;
        } else if ((vector_source[pcpu][slot] == SOURCE_NONE) && (unused == MSI_VECTORS)) {
            unused = slot;
        } else if (slot_available(pcpu, slot) && (retired == MSI_VECTORS)) {
            retired = slot;
        } else {
            /* in use */
        }
    }
    if (own != MSI_VECTORS) {
        chosen = own;
    } else if (unused != MSI_VECTORS) {
        chosen = unused;
    } else {
        chosen = retired;
    }
    return chosen;
}

/* REQ-INT-002 */
static bool source_place(uint32_t source, pcpu_id_t pcpu)
{
    uint32_t slot = slot_choose(pcpu, source);
    bool placed = false;

    if (slot < MSI_VECTORS) {
        if (vector_source[pcpu][slot] != source) {
            vector_next[pcpu] = (slot + 1U) % MSI_VECTORS;
        }
        vector_source[pcpu][slot] = (uint16_t)source;
        source_state[source].pcpu = pcpu;
        source_state[source].vector = MSI_VECTOR_BASE + slot;
        placed = true;
    }
    return placed;
}

/* On the wanted core, else on any core of the VM, else where it is. */
static void source_place_near(uint32_t source, pcpu_id_t wanted)
{
    vm_id_t v = source_state[source].vm;
    bool placed = source_place(source, wanted);

    for (uint32_t i = 0U; (i < vms[v].vcpu_count) && (i < MAX_VCPU_PER_VM) && !placed; i++) {
        placed = source_place(source, target_pcpu(v, vcpu_id(v, i)));
    }
    if (!placed && !no_vector_logged) {
        no_vector_logged = true;
        log_line("irq", "no host vector left for a message-signalled interrupt");
    }
}

static struct irq_msi_message source_message(uint32_t source)
{
    const struct irq_source *s = &source_state[source];
    struct irq_msi_message message = { .address = hw_msi_address(s->pcpu), .data = hw_msi_data(s->vector), .enabled = s->enabled };

    if (iommu_remaps) {
        uint32_t index = entry_of_source(source);

        iommu_irq_set(index, s->bdf, s->pcpu, s->vector, false);
        source_state[source].settles = iommu_irq_settles;
        message.address = iommu_remap_address(index);
        message.data = iommu_remap_data(index);
    }
    return message;
}

/* REQ-INT-001 REQ-INT-005 */
struct irq_msi_message irq_msi_update(uint32_t source, uint64_t address, uint32_t data, bool enabled)
{
    struct irq_msi_message message = { .address = hw_msi_address(0U), .data = 0U, .enabled = false };

    if ((source < MAX_MSI_SOURCE) && source_state[source].used) {
        struct irq_source *s = &source_state[source];
        /* Anything else would be a DMA write to that address, not an interrupt. */
        bool deliverable = enabled && ((address & MSI_ADDRESS_MASK) == MSI_ADDRESS_BASE);

        if (deliverable) {
            if (!s->enabled) {
                bool logical = (address & MSI_ADDRESS_LOGICAL) != 0U;
                vcpu_id_t first = vlapic_target(s->vm, (uint32_t)(address >> 12U) & 0xFFU, logical);

                source_place_near(source, target_pcpu(s->vm, first));
            }
            s->address = address;
            s->data = data;
            s->complete = true;
        }
        s->enabled = deliverable && (s->vector != 0U);
        if (s->vector != 0U) {
            message = source_message(source);
        }
    }
    return message;
}

/* REQ-LIF-009 */
void irq_vm_reset(vm_id_t vm_id)
{
    for (uint32_t pin = 0U; pin < IOAPIC_PINS; pin++) {
        if (pin_state[pin].owner == vm_id) {
            pin_state[pin].masked = true;
            pin_state[pin].in_service = false;
            pin_apply(pin);
        }
    }
    for (uint32_t s = 0U; s < MAX_MSI_SOURCE; s++) {
        if (source_state[s].used && (source_state[s].vm == vm_id)) {
            irq_msi_free(s);
        }
    }
}

/* REQ-INT-006 */
static void stray_count_one(pcpu_id_t pcpu, uint32_t vector)
{
    if (stray_count == 0U) {
        log_begin("irq");
        log_text("stray vector ");
        log_hex(vector);
        log_text(" on core ");
        log_dec(pcpu);
        log_text("; further ones are only counted");
        log_end();
    }
    stray_count++;
}

static void pin_arrived(uint32_t pin)
{
    struct irq_pin *p = &pin_state[pin];

    if (pin_level[pin]) {
        p->in_service = true;
        hw_ioapic_mask(pin, true);
        vioapic_set_line(p->owner, p->line, true);
    } else {
        vioapic_pulse(p->owner, p->line % VIOAPIC_LENT);
    }
}

/* REQ-INT-007 */
void irq_arrived(pcpu_id_t pcpu, uint32_t vector)
{
    if ((pcpu >= MAX_PCPU) || (vector < VECTOR_IRQ_BASE) || (vector > VECTOR_IRQ_LAST)) {
        stray_count_one(pcpu, vector);
    } else if (vector < MSI_VECTOR_BASE) {
        uint32_t pin = vector - VECTOR_IRQ_BASE;

        if (in_service_group(pin_state[pin].owner)) {
            pin_arrived(pin);
        } else {
            hw_ioapic_mask(pin, true);
            stray_count_one(pcpu, vector);
        }
    } else {
        uint32_t s = vector_source[pcpu][vector - MSI_VECTOR_BASE];

        /* A disabled source may have sent just before: the message in flight counts. */
        if ((s < MAX_MSI_SOURCE) && source_state[s].complete) {
            vlapic_deliver_msi(source_state[s].vm, source_state[s].address, source_state[s].data);
        } else {
            stray_count_one(pcpu, vector);
        }
    }
}

/* REQ-INT-003 */
uint32_t irq_level_pin(uint32_t vector)
{
    uint32_t pin = ID_NONE;

    if ((vector >= VECTOR_IRQ_BASE) && (vector < MSI_VECTOR_BASE) && pin_level[vector - VECTOR_IRQ_BASE]) {
        pin = vector - VECTOR_IRQ_BASE;
    }
    return pin;
}

uint64_t irq_stray_count(void)
{
    return stray_count;
}
