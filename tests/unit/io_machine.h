/* SPDX-License-Identifier: Apache-2.0 */
/* A guest at a port instruction, and the devices behind core/io.c, recorded. For one test program each. */
#ifndef UNIT_IO_MACHINE_H
#define UNIT_IO_MACHINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "core/io.h"
#include "core/ioreq.h"
#include "core/partition.h"
#include "core/vm.h"
#include "devices/platform.h"
#include "devices/vpci.h"
#include "devices/vpci_lent.h"
#include "devices/vpic.h"
#include "fake/fake.h"

#define USER 4U
#define RTVM 1U
#define RAM_SIZE 0x8000U
#define RIP 0x1000U
#define PLATFORM_PORT 0x604U
#define GP 13U
#define PF 14U
#define ONES 0xFFFFFFFFFFFFFFFFU

#include "flat_ram.h"

void fake_vcpus_reset(void);

struct vm vms[MAX_VM];
struct vcpu vcpus[MAX_VCPU];
union partition_storage partition;
static vcpu_id_t cpu;
static bool reset_on_write;

static struct access { uint32_t count; uint16_t port; uint32_t size; bool write; uint32_t value; } request, pci, pic, platform;
static uint32_t answer;

static inline void record(struct access *to, uint16_t port, uint32_t size, bool write, uint32_t value)
{
    to->count++;
    to->port = port;
    to->size = size;
    to->write = write;
    to->value = value;
}

void ioreq_port(vcpu_id_t id, uint16_t port, uint32_t size, bool write, uint32_t value)
{
    assert_int_equal(id, cpu);
    record(&request, port, size, write, value);
}

static bool function_lent; /* to the guest, where its address register points */
uint32_t vpci_user_count = 1U;
bool vpci_lent_port_read(vm_id_t v, uint16_t port, uint32_t size, uint32_t *value)
{
    assert_int_equal(v, vcpu_vm(cpu));
    if (function_lent) {
        record(&pci, port, size, false, 0U);
        *value = answer;
    }
    return function_lent;
}
bool vpci_lent_port_write(vm_id_t v, uint16_t port, uint32_t size, uint32_t value)
{
    assert_int_equal(v, vcpu_vm(cpu));
    if (function_lent) {
        record(&pci, port, size, true, value);
    }
    return function_lent;
}
bool vuart_claims(vm_id_t v, uint32_t port) { (void)v; (void)port; return false; }
bool vuart_port(vm_id_t v, const struct vm_exit *exit, uint32_t *value) { (void)v; (void)exit; (void)value; return false; }

uint32_t vpci_port_read(vm_id_t v, uint16_t port, uint32_t size)
{
    assert_int_equal(v, vcpu_vm(cpu));
    record(&pci, port, size, false, 0U);
    return answer;
}

void vpci_port_write(vm_id_t v, uint16_t port, uint32_t size, uint32_t value)
{
    assert_int_equal(v, vcpu_vm(cpu));
    record(&pci, port, size, true, value);
}

uint32_t vpic_port_read(vm_id_t v, uint16_t port)
{
    (void)v;
    record(&pic, port, 1U, false, 0U);
    return port & 0xFFU;
}

void vpic_port_write(vm_id_t v, uint16_t port, uint32_t value)
{
    (void)v;
    record(&pic, port, 1U, true, value);
}

bool platform_port_claims(uint16_t port, uint32_t size)
{
    return ((port <= PLATFORM_PORT) && ((PLATFORM_PORT - port) < size)) || ((port == 0xCF9U) && (size == 1U));
}

uint32_t platform_port_read(vm_id_t v, uint16_t port, uint32_t size)
{
    (void)v;
    record(&platform, port, size, false, 0U);
    return answer;
}

void platform_port_write(vm_id_t v, uint16_t port, uint32_t size, uint32_t value)
{
    (void)v;
    record(&platform, port, size, true, value);
    if (reset_on_write) {
        vcpus[cpu].epoch++;
    }
}

enum status guest_read(vm_id_t v, gpa_t gpa, uint8_t *dst, uint32_t size)
{
    bool ok = (gpa < RAM_SIZE) && (size <= (RAM_SIZE - gpa));

    (void)v;
    if (ok) {
        memcpy(dst, &ram[gpa], size);
    }
    return ok ? STATUS_OK : STATUS_FAULT;
}

enum status guest_write(vm_id_t v, gpa_t gpa, const uint8_t *src, uint32_t size)
{
    bool ok = (gpa < RAM_SIZE) && (size <= (RAM_SIZE - gpa));

    (void)v;
    if (ok) {
        memcpy(&ram[gpa], src, size);
    }
    return ok ? STATUS_OK : STATUS_FAULT;
}

static inline void start(vcpu_id_t id)
{
    cpu = id;
    fake_vcpus_reset();
    memset(vms, 0, sizeof(vms));
    memset(vcpus, 0, sizeof(vcpus));
    memset(ram, 0, sizeof(ram));
    memset(&partition, 0, sizeof(partition));
    memset(&request, 0, sizeof(request));
    memset(&pci, 0, sizeof(pci));
    memset(&pic, 0, sizeof(pic));
    memset(&platform, 0, sizeof(platform));
    reset_on_write = false;
    answer = 0xA1B2C3D4U;
    vms[VM_SERVICE].kind = VM_KIND_SERVICE;
    vms[RTVM].kind = VM_KIND_PRELAUNCH;
    vms[USER].kind = VM_KIND_USER;
    partition.table.board.log_port = 0x3F8U;
    partition.table.vm_count = 2U;
    partition.table.vm[RTVM].ports_count = 1U;
    partition.table.vm[RTVM].ports[0].base = 0x3E8U;
    partition.table.vm[RTVM].ports[0].count = 8U;
    vcpu_regs[id].rip = RIP;
}

static inline int setup_user(void **state)
{
    (void)state;
    start(vcpu_id(USER, 1U));
    return 0;
}

static inline int setup_service(void **state)
{
    (void)state;
    start(vcpu_id(VM_SERVICE, 0U));
    return 0;
}

static inline uint64_t *gpr(enum gpr which) { return &vcpu_regs[cpu].gpr[which]; }
static inline bool skipped(void) { return (vcpu_regs[cpu].rip == (RIP + 2U)) && !fake_vcpu[cpu].event_queued; }

static inline void access_port(uint16_t port, uint32_t size, bool write)
{
    struct vm_exit exit = { .reason = HV_EXIT_IO, .number = port, .size = size, .write = write, .length = 2U };

    io_exit(cpu, &exit);
}

static inline struct vm_exit string_exit(uint16_t port, uint32_t size, bool write, bool repeat)
{
    return (struct vm_exit){ .reason = HV_EXIT_IO, .number = port, .size = size, .write = write, .length = 2U,
                             .string = true, .repeat = repeat, .address_size = 8U, .segment = SEG_DS };
}

#define U(name) cmocka_unit_test_setup(name, setup_user)
#define S(name) cmocka_unit_test_setup(name, setup_service)

#endif
