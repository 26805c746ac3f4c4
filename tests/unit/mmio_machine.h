/* SPDX-License-Identifier: Apache-2.0 */
/* Memory, devices and the Service VM's side around core/mmio.c, and a vCPU that executes one instruction. For one test program each. */
#ifndef UNIT_MMIO_MACHINE_H
#define UNIT_MMIO_MACHINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "core/decode.h"
#include "core/ioreq.h"
#include "core/mmio.h"
#include "core/stage2.h"
#include "core/vm.h"
#include "devices/vioapic.h"
#include "devices/vlapic.h"
#include "devices/vpci.h"
#include "fake/fake.h"
#include "stub_log.h"

#define USER 4U
#define RAM_SIZE 0x10000U
#define CODE 0x1000U
#define HOLE 0xD0000000U     /* nothing mapped */
#define ROM 0x8000U          /* readable, not writable */
#define CONFIG_PAGE 0xE0000000U
#define TABLE_PAGE 0xC0000000U /* of the User VM: an MSI-X table of a function lent to it */
#define LONG_CODE 0x2000U
#define GP 13U
#define DF 8U

#include "flat_ram.h"

void fake_vcpus_reset(void);

struct vm vms[MAX_VM];
struct vcpu vcpus[MAX_VCPU];
static vcpu_id_t cpu; /* the one that executes */
static bool may_log;

/* What reached the devices. */
static struct { uint32_t count; bool write; gpa_t gpa; uint32_t size; uint64_t value; } request, config;
static uint32_t apic_reg[0x100];
static uint32_t ioapic_reg[0x20];
static bool apic_answers;

void log_chars(const char *text, uint32_t size) { (void)text; (void)size; }
static uint32_t shutdowns;
void instruction_shutdown(vcpu_id_t id) { assert_int_equal(id, cpu); shutdowns++; }
bool vm_may_log(vm_id_t v) { (void)v; return may_log; }

struct stage2_mapping stage2_lookup(vm_id_t v, gpa_t gpa)
{
    struct stage2_mapping leaf = { .present = gpa < RAM_SIZE, .hpa = gpa, .span = 4096U, .attr = S2_READ | S2_WRITE };

    (void)v;
    if ((gpa & ~0xFFFULL) == ROM) {
        leaf.attr = S2_READ;
    }
    return leaf;
}

enum status guest_read(vm_id_t v, gpa_t gpa, uint8_t *dst, uint32_t size)
{
    bool ok = (gpa < RAM_SIZE) && (size <= (RAM_SIZE - gpa));

    assert_int_equal(v, vcpu_vm(cpu));
    if (ok) {
        memcpy(dst, &ram[gpa], size);
    }
    return ok ? STATUS_OK : STATUS_FAULT;
}

enum status guest_write(vm_id_t v, gpa_t gpa, const uint8_t *src, uint32_t size)
{
    bool ok = (gpa < RAM_SIZE) && (size <= (RAM_SIZE - gpa)) && ((gpa & ~0xFFFULL) != ROM);

    assert_int_equal(v, vcpu_vm(cpu));
    if (ok) {
        memcpy(&ram[gpa], src, size);
    }
    return ok ? STATUS_OK : STATUS_FAULT;
}

void ioreq_mmio(vcpu_id_t id, gpa_t gpa, uint32_t size, bool write, uint64_t value)
{
    assert_int_equal(id, cpu);
    request.count++;
    request.gpa = gpa;
    request.size = size;
    request.write = write;
    request.value = value;
}

enum status vlapic_mmio_read(vcpu_id_t id, uint32_t offset, uint32_t *value)
{
    assert_int_equal(id, cpu);
    *value = apic_reg[offset >> 4U];
    return apic_answers ? STATUS_OK : STATUS_INVALID;
}

enum status vlapic_mmio_write(vcpu_id_t id, uint32_t offset, uint32_t value)
{
    assert_int_equal(id, cpu);
    apic_reg[offset >> 4U] = value;
    return STATUS_OK;
}

uint32_t vioapic_mmio_read(vm_id_t v, uint32_t offset) { (void)v; return ioapic_reg[offset >> 2U]; }
void vioapic_mmio_write(vm_id_t v, uint32_t offset, uint32_t value) { (void)v; ioapic_reg[offset >> 2U] = value; }
uint32_t vpci_user_count = 1U;
bool vpci_mmio_claims(vm_id_t v, gpa_t gpa) { return ((v == VM_SERVICE) && ((gpa & ~0xFFFULL) == CONFIG_PAGE)) || ((v == USER) && ((gpa & ~0xFFFULL) == TABLE_PAGE)); }

uint64_t vpci_mmio_read(vm_id_t v, gpa_t gpa, uint32_t size)
{
    (void)v;
    config.count++;
    config.gpa = gpa;
    config.size = size;
    return 0x1122334455667788U;
}

void vpci_mmio_write(vm_id_t v, gpa_t gpa, uint32_t size, uint64_t value)
{
    (void)v;
    config.count++;
    config.write = true;
    config.gpa = gpa;
    config.size = size;
    config.value = value;
}

static void start(vcpu_id_t id)
{
    struct segment code = { .selector = 8U, .access = LONG_CODE, .limit = 0xFFFFFFFFU, .base = 0U };

    cpu = id;
    fake_vcpus_reset();
    memset(vms, 0, sizeof(vms));
    memset(vcpus, 0, sizeof(vcpus));
    memset(ram, 0, sizeof(ram));
    memset(&request, 0, sizeof(request));
    memset(&config, 0, sizeof(config));
    memset(apic_reg, 0, sizeof(apic_reg));
    memset(ioapic_reg, 0, sizeof(ioapic_reg));
    apic_answers = true;
    may_log = true;
    log_lines = 0U;
    vms[VM_SERVICE].kind = VM_KIND_SERVICE;
    vms[USER].kind = VM_KIND_USER;
    hw_vcpu_set(id, REG_CR0, 1U);     /* 64-bit code without paging does not exist; it keeps the tests short */
    hw_vcpu_set(id, REG_EFER, 0x400U);
    hw_vcpu_set_segment(id, SEG_CS, code);
    vcpu_regs[id].rip = CODE;
}

static int setup(void **state)
{
    (void)state;
    start(vcpu_id(USER, 1U));
    return 0;
}

static void execute_exit(const uint8_t *bytes, uint32_t size, struct vm_exit exit)
{
    exit.reason = HV_EXIT_MMIO;
    memcpy(&ram[CODE], bytes, size);
    mmio_exit(cpu, &exit);
}

#define EXECUTE(gpa_, write_, ...)                                                                          \
    execute_exit((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }),                \
                 (struct vm_exit){ .gpa = (gpa_), .write = (write_) })

static uint64_t *gpr(enum gpr which) { return &vcpu_regs[cpu].gpr[which]; }
static bool skipped(uint32_t length) { return (vcpu_regs[cpu].rip == (CODE + length)) && !fake_vcpu[cpu].event_queued; }
static bool got_gp(void) { return (vcpu_regs[cpu].rip == CODE) && (fake_vcpu[cpu].injected == (GP + 1U)); }

#endif
