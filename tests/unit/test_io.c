/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/io.c core/guest_walk.c fake/vcpu_hw.c */
/* Port I/O: which device gets an access, and what it leaves in the registers. */
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

void fake_vcpus_reset(void);

struct vm vms[MAX_VM];
struct vcpu vcpus[MAX_VCPU];
union partition_storage partition;
static vcpu_id_t cpu;
static uint8_t ram[RAM_SIZE];
static bool reset_on_write;

static struct access { uint32_t count; uint16_t port; uint32_t size; bool write; uint32_t value; } request, pci, pic, platform;
static uint32_t answer;

static void record(struct access *to, uint16_t port, uint32_t size, bool write, uint32_t value)
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

static void start(vcpu_id_t id)
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

static int setup_user(void **state)
{
    (void)state;
    start(vcpu_id(USER, 1U));
    return 0;
}

static int setup_service(void **state)
{
    (void)state;
    start(vcpu_id(VM_SERVICE, 0U));
    return 0;
}

static uint64_t *gpr(enum gpr which) { return &vcpu_regs[cpu].gpr[which]; }
static bool skipped(void) { return (vcpu_regs[cpu].rip == (RIP + 2U)) && !fake_vcpu[cpu].event_queued; }

static void access_port(uint16_t port, uint32_t size, bool write)
{
    struct vm_exit exit = { .reason = HV_EXIT_IO, .number = port, .size = size, .write = write, .length = 2U };

    io_exit(cpu, &exit);
}

static struct vm_exit string_exit(uint16_t port, uint32_t size, bool write, bool repeat)
{
    return (struct vm_exit){ .reason = HV_EXIT_IO, .number = port, .size = size, .write = write, .length = 2U,
                             .string = true, .repeat = repeat, .address_size = 8U, .segment = SEG_DS };
}

/* ---- who answers ---- */

/* REQ-IO-005 */
static void ports_of_a_user_vm_go_to_the_device_model(void **state)
{
    (void)state;
    *gpr(GPR_RAX) = 0x1122334455667788U;
    access_port(0x70U, 1U, true);
    assert_int_equal(request.count, 1U);
    assert_true(request.write && (request.port == 0x70U) && (request.size == 1U) && (request.value == 0x88U));
    assert_int_equal(vcpu_regs[cpu].rip, RIP);
    io_complete(cpu, 0U);
    assert_true(skipped());
    assert_true(*gpr(GPR_RAX) == 0x1122334455667788U);
}

/* REQ-INT-022 */
static void a_user_vm_has_no_platform_and_no_pci_of_the_hypervisor(void **state)
{
    (void)state;
    access_port(0xCF8U, 4U, true);
    access_port(PLATFORM_PORT, 2U, true);
    access_port(0xCF9U, 1U, true);
    assert_int_equal(request.count, 3U);
    assert_int_equal(pci.count + platform.count, 0U);
}

static void the_pics_are_the_hypervisors_in_every_vm(void **state)
{
    static const uint16_t ports[] = { 0x20U, 0x21U, 0xA0U, 0xA1U, 0x4D0U, 0x4D1U };
    (void)state;
    for (size_t i = 0U; i < 6U; i++) {
        vcpu_regs[cpu].rip = RIP;
        access_port(ports[i], 1U, false);
        assert_int_equal(pic.port, ports[i]);
        assert_int_equal(*gpr(GPR_RAX) & 0xFFU, ports[i] & 0xFFU);
        assert_true(skipped());
    }
    assert_int_equal(request.count, 0U);
}

static void a_wide_access_to_a_pic_reaches_its_ports_byte_by_byte(void **state)
{
    (void)state;
    access_port(0x20U, 4U, false);
    assert_true(*gpr(GPR_RAX) == 0xFFFF2120U);
    assert_int_equal(pic.count, 2U);
    *gpr(GPR_RAX) = 0xAABBU;
    access_port(0x20U, 2U, true);
    assert_int_equal(pic.count, 4U);
    assert_true(pic.write && (pic.port == 0x21U) && (pic.value == 0xAAU));
}

static void the_service_vm_reaches_pci_and_platform(void **state)
{
    (void)state;
    access_port(0xCFCU, 4U, false);
    assert_int_equal(pci.count, 1U);
    assert_true(*gpr(GPR_RAX) == 0xA1B2C3D4U);
    *gpr(GPR_RAX) = 0x2000U;
    access_port(PLATFORM_PORT, 2U, true);
    assert_true(platform.write && (platform.value == 0x2000U) && (platform.size == 2U));
}

/* REQ-INT-018 */
static void the_reset_register_inside_the_pci_address_is_the_platforms(void **state)
{
    (void)state;
    access_port(0xCF9U, 1U, true);
    assert_int_equal(platform.count, 1U);
    access_port(0xCF8U, 4U, true);
    assert_int_equal(platform.count, 1U);
    assert_int_equal(pci.count, 1U);
}

/* REQ-IO-005 */
static void ports_of_nobody_read_ones(void **state)
{
    (void)state;
    *gpr(GPR_RAX) = 0x1111111111111111U;
    access_port(0x3E8U, 1U, false);
    assert_true(*gpr(GPR_RAX) == 0x11111111111111FFU);
    access_port(0x3E8U, 1U, true);
    assert_int_equal(request.count + pci.count + platform.count, 0U);
}

/* REQ-IO-005 */
static void what_the_service_vm_may_not_reach_is_withheld(void **state)
{
    (void)state;
    assert_true(io_port_withheld(0x3F8U));  /* log UART */
    assert_true(io_port_withheld(0x3FFU));
    assert_false(io_port_withheld(0x400U));
    assert_false(io_port_withheld(0x3F7U));
    assert_true(io_port_withheld(0x3E8U));  /* the RTVM's */
    assert_true(io_port_withheld(0x3EFU));
    assert_false(io_port_withheld(0x3E7U));
    assert_false(io_port_withheld(0x3F0U));
    assert_true(io_port_withheld(0xCF8U) && io_port_withheld(0xCFFU));
    assert_false(io_port_withheld(0xCF7U) || io_port_withheld(0xD00U));
    assert_true(io_port_withheld(0x20U) && io_port_withheld(0xA1U) && io_port_withheld(0x4D0U));
    assert_false(io_port_withheld(0x22U) || io_port_withheld(0x120U) || io_port_withheld(0x4D2U));
    assert_true(io_port_withheld(PLATFORM_PORT));
    assert_false(io_port_withheld(PLATFORM_PORT - 1U) || io_port_withheld(0x608U));
    partition.table.board.log_port = 0U;
    assert_false(io_port_withheld(0U) || io_port_withheld(7U));
}

/* ---- registers ---- */

static void in_merges_into_rax_by_its_width(void **state)
{
    (void)state;
    *gpr(GPR_RAX) = ONES;
    access_port(0xCFCU, 1U, false);
    assert_true(*gpr(GPR_RAX) == 0xFFFFFFFFFFFFFFD4U);
    access_port(0xCFCU, 2U, false);
    assert_true(*gpr(GPR_RAX) == 0xFFFFFFFFFFFFC3D4U);
    access_port(0xCFCU, 4U, false);
    assert_true(*gpr(GPR_RAX) == 0xA1B2C3D4U);
}

static void a_vcpu_that_was_reset_by_its_access_is_not_skipped(void **state)
{
    (void)state;
    reset_on_write = true;
    access_port(PLATFORM_PORT, 2U, true);
    assert_int_equal(vcpu_regs[cpu].rip, RIP);
}

/* ---- strings ---- */

static void outs_sends_memory(void **state)
{
    struct vm_exit exit = string_exit(0x10U, 2U, true, false);
    (void)state;
    ram[0x2000] = 0xCDU;
    ram[0x2001] = 0xABU;
    *gpr(GPR_RSI) = 0x2000U;
    io_exit(cpu, &exit);
    assert_true(request.write && (request.value == 0xABCDU));
    io_complete(cpu, 0U);
    assert_true(*gpr(GPR_RSI) == 0x2002U);
    assert_true(skipped());
}

/* REQ-IO-006 */
static void rep_ins_fills_memory_one_element_at_a_time(void **state)
{
    struct vm_exit exit = string_exit(0x10U, 4U, false, true);
    (void)state;
    *gpr(GPR_RDI) = 0x2000U;
    *gpr(GPR_RCX) = 2U;
    *gpr(GPR_RAX) = 0x77U;
    io_exit(cpu, &exit);
    io_complete(cpu, 0x11223344U);
    assert_int_equal(vcpu_regs[cpu].rip, RIP);
    assert_true((*gpr(GPR_RDI) == 0x2004U) && (*gpr(GPR_RCX) == 1U));
    io_exit(cpu, &exit);
    io_complete(cpu, 0x55667788U);
    assert_true(skipped());
    assert_true((*gpr(GPR_RDI) == 0x2008U) && (*gpr(GPR_RCX) == 0U) && (*gpr(GPR_RAX) == 0x77U));
    assert_memory_equal(&ram[0x2000], ((const uint8_t[]){ 0x44, 0x33, 0x22, 0x11, 0x88, 0x77, 0x66, 0x55, 0 }), 9U);
}

static void rep_with_zero_count_does_nothing(void **state)
{
    struct vm_exit exit = string_exit(0x10U, 1U, true, true);
    (void)state;
    io_exit(cpu, &exit);
    assert_int_equal(request.count, 0U);
    assert_true(skipped());
    vcpu_regs[cpu].rip = RIP;
    *gpr(GPR_RCX) = 0x100000000U;
    exit.address_size = 4U; /* ECX is zero */
    io_exit(cpu, &exit);
    assert_int_equal(request.count, 0U);
    assert_true(skipped());
}

static void the_direction_flag_counts_down(void **state)
{
    struct vm_exit exit = string_exit(0x10U, 4U, true, false);
    (void)state;
    vcpu_regs[cpu].rflags = 0x400U;
    *gpr(GPR_RSI) = 0x2000U;
    io_exit(cpu, &exit);
    io_complete(cpu, 0U);
    assert_true(*gpr(GPR_RSI) == 0x1FFCU);
}

static void sixteen_bit_addresses_wrap_and_keep_the_rest(void **state)
{
    struct vm_exit exit = string_exit(0x10U, 1U, true, false);
    (void)state;
    exit.address_size = 2U;
    hw_vcpu_set_segment(cpu, SEG_DS, (struct segment){ .base = 0x0U });
    *gpr(GPR_RSI) = 0xABCD2000U;
    io_exit(cpu, &exit);
    io_complete(cpu, 0U);
    assert_true(*gpr(GPR_RSI) == 0xABCD2001U);
    *gpr(GPR_RSI) = 0xABCDFFFFU;
    hw_vcpu_set_segment(cpu, SEG_DS, (struct segment){ .base = 0xFFFF3000U }); /* 0x2FFF after the 4 GiB wrap */
    io_exit(cpu, &exit);
    io_complete(cpu, 0U);
    assert_true(*gpr(GPR_RSI) == 0xABCD0000U);
}

static void segment_bases_count_outside_64_bit_and_for_fs_and_gs(void **state)
{
    struct vm_exit exit = string_exit(0x10U, 1U, true, false);
    (void)state;
    ram[0x2010] = 1U;
    ram[0x3010] = 2U;
    hw_vcpu_set_segment(cpu, SEG_DS, (struct segment){ .base = 0x1000U });
    hw_vcpu_set_segment(cpu, SEG_GS, (struct segment){ .base = 0x1000U });
    *gpr(GPR_RSI) = 0x2010U;
    io_exit(cpu, &exit);
    assert_int_equal(request.value, 1U);
    exit.segment = SEG_GS;
    io_exit(cpu, &exit);
    assert_int_equal(request.value, 2U);
    exit.segment = SEG_DS;
    exit.address_size = 4U;
    io_exit(cpu, &exit);
    assert_int_equal(request.value, 2U);
}

/* REQ-IO-006 */
static void a_string_in_unmapped_memory_is_a_page_fault(void **state)
{
    struct vm_exit exit = string_exit(0x10U, 1U, false, false);
    (void)state;
    hw_vcpu_set(cpu, REG_CR0, 0x80000001U); /* paging with empty tables */
    hw_vcpu_set(cpu, REG_CPL, 3U);
    *gpr(GPR_RDI) = 0x2345U;
    io_exit(cpu, &exit);
    assert_int_equal(request.count, 0U);
    assert_int_equal(fake_vcpu[cpu].injected, PF + 1U);
    assert_int_equal(fake_vcpu[cpu].error, 6U); /* write, user, not present */
    assert_int_equal(hw_vcpu_get(cpu, REG_CR2), 0x2345U);
    assert_int_equal(vcpu_regs[cpu].rip, RIP);
    exit.write = true;
    *gpr(GPR_RSI) = 0x4567U;
    hw_vcpu_set(cpu, REG_CPL, 0U);
    io_exit(cpu, &exit);
    assert_int_equal(fake_vcpu[cpu].error, 0U);
    assert_int_equal(hw_vcpu_get(cpu, REG_CR2), 0x4567U);
}

static void outs_from_device_memory_is_refused(void **state)
{
    struct vm_exit exit = string_exit(0x10U, 1U, true, false);
    (void)state;
    *gpr(GPR_RSI) = 0xFEC00000U;
    io_exit(cpu, &exit);
    assert_int_equal(request.count, 0U);
    assert_int_equal(fake_vcpu[cpu].injected, GP + 1U);
}

/* ---- exclusive cores ---- */

/* REQ-IO-005 */
static void closed_ports_read_ones_and_ignore_writes(void **state)
{
    struct vm_exit exit = { .reason = HV_EXIT_IO, .number = 0x70U, .size = 2U, .length = 2U };
    (void)state;
    io_closed(cpu, &exit);
    assert_true(*gpr(GPR_RAX) == 0xFFFFU);
    assert_true(skipped());
    vcpu_regs[cpu].rip = RIP;
    exit.write = true;
    io_closed(cpu, &exit);
    assert_true(skipped());
    assert_int_equal(request.count + pci.count + platform.count + pic.count, 0U);
}

static void closed_port_strings_advance(void **state)
{
    struct vm_exit exit = string_exit(0x10U, 4U, false, true);
    (void)state;
    *gpr(GPR_RDI) = 0x2000U;
    *gpr(GPR_RCX) = 1U;
    io_closed(cpu, &exit);
    assert_int_equal(ram[0x2003], 0xFFU);
    assert_true(*gpr(GPR_RDI) == 0x2004U);
    assert_true(skipped());
    vcpu_regs[cpu].rip = RIP;
    io_closed(cpu, &exit); /* count is zero now */
    assert_true(skipped());
    assert_true(*gpr(GPR_RDI) == 0x2004U);
    vcpu_regs[cpu].rip = RIP;
    exit.write = true;
    *gpr(GPR_RCX) = 2U;
    io_closed(cpu, &exit);
    assert_int_equal(vcpu_regs[cpu].rip, RIP);
    assert_true((*gpr(GPR_RSI) == 4U) && (*gpr(GPR_RCX) == 1U));
}

#define U(name) cmocka_unit_test_setup(name, setup_user)
#define S(name) cmocka_unit_test_setup(name, setup_service)

/* 32-bit paging: the pages at 0x2000 and 0x3000 are apart in memory. */
static void split_pages(void)
{
    static const uint32_t entry[][2] = { { 0x4000U, 0x5007U }, { 0x5000U + (4U * 2U), 0x2007U }, { 0x5000U + (4U * 3U), 0x6007U } };
    for (size_t i = 0U; i < 3U; i++) {
        memcpy(&ram[entry[i][0]], &entry[i][1], 4U);
    }
    hw_vcpu_set(cpu, REG_CR0, 0x80000001U);
    hw_vcpu_set(cpu, REG_CR3, 0x4000U);
}

/* REQ-IO-006 */
static void an_element_on_two_pages_that_are_apart_is_refused(void **state)
{
    struct vm_exit exit = string_exit(0x10U, 4U, false, false);
    (void)state;
    split_pages();
    *gpr(GPR_RDI) = 0x2FFEU;
    io_exit(cpu, &exit);
    assert_int_equal(fake_vcpu[cpu].injected, GP + 1U);
    assert_int_equal(request.count, 0U);
    assert_int_equal(vcpu_regs[cpu].rip, RIP);
}

static void closed_strings_fault_as_open_ones(void **state)
{
    struct vm_exit exit = string_exit(0x10U, 1U, false, false);
    (void)state;
    split_pages();
    *gpr(GPR_RDI) = 0x7000U; /* not there */
    io_closed(cpu, &exit);
    assert_int_equal(fake_vcpu[cpu].injected, PF + 1U);
    assert_int_equal(vcpu_regs[cpu].rip, RIP);
}

static void a_closed_string_without_rep_is_one_element(void **state)
{
    struct vm_exit exit = string_exit(0x10U, 2U, false, false);
    (void)state;
    *gpr(GPR_RDI) = 0x2000U;
    *gpr(GPR_RCX) = 0U; /* does not count */
    io_closed(cpu, &exit);
    assert_int_equal(ram[0x2001], 0xFFU);
    assert_int_equal(ram[0x2002], 0U);
    assert_true(*gpr(GPR_RDI) == 0x2002U);
    assert_true(skipped());
}

/* No processor reports one; if it did, four bytes move and nothing behind them. */
static void an_element_of_more_than_four_bytes_moves_four(void **state)
{
    struct vm_exit exit = string_exit(0x10U, 8U, true, false);
    (void)state;
    memset(&ram[0x2000], 0x11, 8U);
    *gpr(GPR_RSI) = 0x2000U;
    io_exit(cpu, &exit);
    assert_int_equal(request.value, 0x11111111U);
    exit.write = false;
    *gpr(GPR_RDI) = 0x3000U;
    io_exit(cpu, &exit);
    io_complete(cpu, 0xFFFFFFFFU);
    assert_int_equal(ram[0x3003], 0xFFU);
    assert_int_equal(ram[0x3004], 0U);
}

static void every_range_of_every_listed_vm_is_withheld(void **state)
{
    struct part_vm *last = &partition.table.vm[PART_MAX_VM - 1U];
    (void)state;
    partition.table.vm_count = PART_MAX_VM + 1U; /* more than a table holds */
    last->ports_count = PART_MAX_PORTS + 1U;
    last->ports[PART_MAX_PORTS - 1U].base = 0x2E8U;
    last->ports[PART_MAX_PORTS - 1U].count = 8U;
    assert_true(io_port_withheld(0x2E8U));
    assert_true(io_port_withheld(0x3E8U));
    assert_false(io_port_withheld(0x2F0U));
}

static void a_withheld_port_of_nobody_reads_ones(void **state)
{
    (void)state;
    access_port(0xD00U, 4U, false);
    assert_true(*gpr(GPR_RAX) == 0xFFFFFFFFU);
    assert_int_equal(pci.count + platform.count, 0U);
}

static int setup_shared_rtvm(void **state)
{
    (void)state;
    start(vcpu_id(RTVM, 0U));
    return 0;
}

/* REQ-INT-022 */
static void a_pre_launched_vm_has_no_platform(void **state)
{
    (void)state;
    access_port(PLATFORM_PORT, 2U, true);
    access_port(PLATFORM_PORT, 2U, false);
    assert_int_equal(platform.count + request.count, 0U);
    assert_true(*gpr(GPR_RAX) == 0xFFFFU);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        U(ports_of_a_user_vm_go_to_the_device_model), U(a_user_vm_has_no_platform_and_no_pci_of_the_hypervisor),
        U(the_pics_are_the_hypervisors_in_every_vm), S(a_wide_access_to_a_pic_reaches_its_ports_byte_by_byte),
        S(the_service_vm_reaches_pci_and_platform), S(the_reset_register_inside_the_pci_address_is_the_platforms),
        S(ports_of_nobody_read_ones), S(what_the_service_vm_may_not_reach_is_withheld),
        S(in_merges_into_rax_by_its_width), S(a_vcpu_that_was_reset_by_its_access_is_not_skipped),
        U(outs_sends_memory), U(rep_ins_fills_memory_one_element_at_a_time), U(rep_with_zero_count_does_nothing),
        U(the_direction_flag_counts_down), U(sixteen_bit_addresses_wrap_and_keep_the_rest),
        U(segment_bases_count_outside_64_bit_and_for_fs_and_gs), U(a_string_in_unmapped_memory_is_a_page_fault),
        U(outs_from_device_memory_is_refused), S(closed_ports_read_ones_and_ignore_writes),
        S(closed_port_strings_advance),
        cmocka_unit_test_setup(an_element_on_two_pages_that_are_apart_is_refused, setup_user),
        cmocka_unit_test_setup(closed_strings_fault_as_open_ones, setup_user),
        cmocka_unit_test_setup(a_closed_string_without_rep_is_one_element, setup_user),
        cmocka_unit_test_setup(an_element_of_more_than_four_bytes_moves_four, setup_user),
        cmocka_unit_test_setup(every_range_of_every_listed_vm_is_withheld, setup_service),
        cmocka_unit_test_setup(a_withheld_port_of_nobody_reads_ones, setup_service),
        cmocka_unit_test_setup(a_pre_launched_vm_has_no_platform, setup_shared_rtvm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
