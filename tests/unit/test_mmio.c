/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/mmio.c core/decode.c core/insn_apply.c core/guest_walk.c fake/vcpu_hw.c */
/* Accesses to emulated memory, from the guest's code bytes to the device and back. */
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
uint32_t vpci_lent_count = 1U;
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

static int setup_service(void **state)
{
    (void)state;
    start(vcpu_id(VM_SERVICE, 2U));
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

/* ---- the hypervisor's own devices ---- */

static void a_load_from_the_apic_page_fills_the_register(void **state)
{
    (void)state;
    apic_reg[3] = 0x50014U;
    *gpr(GPR_RAX) = 0xFFFFFFFFFFFFFFFFU;
    EXECUTE(VLAPIC_BASE + 0x30U, false, 0x8B, 0x07);
    assert_true(*gpr(GPR_RAX) == 0x50014U);
    assert_true(skipped(2U));
    assert_int_equal(request.count, 0U);
}

static void a_store_to_the_apic_page_is_32_bits_and_aligned(void **state)
{
    (void)state;
    *gpr(GPR_RAX) = 0x12345678U;
    EXECUTE(VLAPIC_BASE + 0x80U, true, 0x89, 0x07);
    assert_int_equal(apic_reg[8], 0x12345678U);
    vcpu_regs[cpu].rip = CODE;
    EXECUTE(VLAPIC_BASE + 0x90U, true, 0x88, 0x07);
    assert_int_equal(apic_reg[9], 0U);
    assert_true(skipped(2U));
    vcpu_regs[cpu].rip = CODE;
    EXECUTE(VLAPIC_BASE + 0x92U, true, 0x89, 0x07);
    assert_int_equal(apic_reg[9], 0U);
}

static void a_narrow_load_takes_its_part_of_the_register(void **state)
{
    (void)state;
    apic_reg[3] = 0xAABBCCDDU;
    EXECUTE(VLAPIC_BASE + 0x32U, false, 0x0F, 0xB6, 0x07);
    assert_true(*gpr(GPR_RAX) == 0xBBU);
}

/* REQ-INT-082 */
static void the_table_of_a_lent_function_is_answered_here(void **state)
{
    (void)state;
    EXECUTE(TABLE_PAGE + 0x10U, true, 0xC7, 0x07, 0x10, 0, 0, 0);
    assert_true(config.write && (config.gpa == (TABLE_PAGE + 0x10U)) && (config.value == 0x10U));
    vcpu_regs[cpu].rip = CODE;
    EXECUTE(TABLE_PAGE + 0x18U, false, 0x8B, 0x07);
    assert_true(*gpr(GPR_RAX) == 0x55667788U);
    assert_int_equal(request.count, 0U);
}

static void an_apic_page_that_does_not_answer_reads_all_ones(void **state)
{
    (void)state;
    apic_answers = false;
    EXECUTE(VLAPIC_BASE + 0x30U, false, 0x8B, 0x07);
    assert_true(*gpr(GPR_RAX) == 0xFFFFFFFFU);
}

static void the_ioapic_is_reached_by_its_window(void **state)
{
    (void)state;
    EXECUTE(VIOAPIC_BASE, true, 0xC7, 0x07, 0x10, 0, 0, 0);
    assert_int_equal(ioapic_reg[0], 0x10U);
    assert_true(skipped(6U));
}

/* REQ-IO-010 */
static void a_read_modify_write_reads_and_writes_once(void **state)
{
    (void)state;
    apic_reg[0xF] = 0x0FFU;
    EXECUTE(VLAPIC_BASE + 0xF0U, true, 0x81, 0x0F, 0, 1, 0, 0); /* orl $0x100 */
    assert_int_equal(apic_reg[0xF], 0x1FFU);
    assert_true(skipped(6U));
}

static void every_operation_on_memory_writes_back(void **state)
{
    static const struct { uint8_t opcode; uint32_t result; } step[] = {
        { 0x01U, 0x12CU }, { 0x09U, 0xFCU }, { 0x21U, 0x30U }, { 0x29U, 0xB4U }, { 0x31U, 0xCCU },
    };
    (void)state;
    for (size_t i = 0U; i < sizeof(step) / sizeof(step[0]); i++) {
        vcpu_regs[cpu].rip = CODE;
        apic_reg[8] = 0xF0U;
        *gpr(GPR_RAX) = 0x3CU;
        EXECUTE(VLAPIC_BASE + 0x80U, true, step[i].opcode, 0x07);
        assert_int_equal(apic_reg[8], step[i].result);
        assert_true(*gpr(GPR_RAX) == 0x3CU);
    }
}

static void operations_on_a_register_do_not_write_memory(void **state)
{
    static const uint8_t opcode[] = { 0x03U, 0x0BU, 0x23U, 0x2BU, 0x33U };
    (void)state;
    for (size_t i = 0U; i < sizeof(opcode); i++) {
        vcpu_regs[cpu].rip = CODE;
        apic_reg[8] = 0xF0U;
        *gpr(GPR_RAX) = 0x3CU;
        EXECUTE(VLAPIC_BASE + 0x80U, false, opcode[i], 0x07);
        assert_int_equal(apic_reg[8], 0xF0U);
        assert_true(*gpr(GPR_RAX) != 0x3CU);
    }
}

static void a_compare_only_reads(void **state)
{
    (void)state;
    apic_reg[8] = 5U;
    EXECUTE(VLAPIC_BASE + 0x80U, false, 0x83, 0x3F, 0x05); /* cmpl $5 */
    assert_int_equal(vcpu_regs[cpu].rflags & 0x40U, 0x40U);
    assert_int_equal(apic_reg[8], 5U);
}

static void xchg_swaps_register_and_device(void **state)
{
    (void)state;
    apic_reg[8] = 5U;
    *gpr(GPR_RAX) = 7U;
    EXECUTE(VLAPIC_BASE + 0x80U, true, 0x87, 0x07);
    assert_int_equal(apic_reg[8], 7U);
    assert_true(*gpr(GPR_RAX) == 5U);
}

/* ---- the Service VM ---- */

static void configuration_pages_take_every_width(void **state)
{
    (void)state;
    EXECUTE(CONFIG_PAGE + 8U, false, 0x48, 0x8B, 0x07);
    assert_true(*gpr(GPR_RAX) == 0x1122334455667788U);
    assert_int_equal(config.size, 8U);
    vcpu_regs[cpu].rip = CODE;
    EXECUTE(CONFIG_PAGE + 5U, true, 0xC6, 0x07, 0x99);
    assert_true(config.write && (config.gpa == (CONFIG_PAGE + 5U)) && (config.size == 1U) && (config.value == 0x99U));
}

/* REQ-IO-009 */
static void where_nothing_is_the_service_vm_reads_ones_and_writes_are_dropped(void **state)
{
    (void)state;
    EXECUTE(HOLE, false, 0x8A, 0x07);
    assert_true(*gpr(GPR_RAX) == 0xFFU);
    vcpu_regs[cpu].rip = CODE;
    EXECUTE(HOLE, true, 0x89, 0x07);
    assert_true(skipped(2U));
    assert_int_equal(request.count, 0U);
    assert_int_equal(config.count, 0U);
}

/* ---- I/O requests of a User VM ---- */

/* REQ-IO-009 */
static void a_load_waits_for_the_device_model(void **state)
{
    (void)state;
    *gpr(GPR_RAX) = 0x77U;
    EXECUTE(HOLE + 4U, false, 0x8B, 0x07);
    assert_int_equal(request.count, 1U);
    assert_true(!request.write && (request.gpa == (HOLE + 4U)) && (request.size == 4U));
    assert_true(*gpr(GPR_RAX) == 0x77U);
    assert_int_equal(vcpu_regs[cpu].rip, CODE);
    mmio_complete(cpu, 0xFFFFFFFF12345678U);
    assert_true(*gpr(GPR_RAX) == 0x12345678U);
    assert_true(skipped(2U));
}

static void a_store_sends_its_value(void **state)
{
    (void)state;
    *gpr(GPR_RAX) = 0x1122334455667788U;
    EXECUTE(HOLE, true, 0x66, 0x89, 0x07);
    assert_true(request.write && (request.size == 2U) && (request.value == 0x7788U));
    assert_int_equal(vcpu_regs[cpu].rip, CODE);
    mmio_complete(cpu, 0U);
    assert_true(skipped(3U));
}

/* REQ-IO-010 */
static void a_read_modify_write_is_two_requests(void **state)
{
    (void)state;
    *gpr(GPR_RCX) = 0xF0U;
    EXECUTE(HOLE, true, 0x21, 0x0F); /* and %ecx,(%rdi) */
    assert_false(request.write);
    mmio_complete(cpu, 0xABU);
    assert_int_equal(request.count, 2U);
    assert_true(request.write && (request.value == 0xA0U));
    assert_int_equal(vcpu_regs[cpu].rip, CODE);
    mmio_complete(cpu, 0xFFU);
    assert_true(skipped(2U));
    assert_int_equal(request.count, 2U);
}

/* REQ-IO-009 */
static void a_write_to_read_only_memory_is_dropped(void **state)
{
    (void)state;
    *gpr(GPR_RAX) = 1U;
    EXECUTE(ROM + 4U, true, 0x89, 0x07);
    assert_int_equal(request.count, 0U);
    assert_int_equal(ram[ROM + 4U], 0U);
    assert_true(skipped(2U));
}

/* ---- strings ---- */

static void rep_stos_sends_one_element_at_a_time(void **state)
{
    (void)state;
    *gpr(GPR_RDI) = HOLE;
    *gpr(GPR_RCX) = 2U;
    EXECUTE(HOLE, true, 0xF3, 0xAB);
    mmio_complete(cpu, 0U);
    assert_true((*gpr(GPR_RDI) == (HOLE + 4U)) && (*gpr(GPR_RCX) == 1U));
    assert_int_equal(vcpu_regs[cpu].rip, CODE);
    EXECUTE(HOLE + 4U, true, 0xF3, 0xAB);
    mmio_complete(cpu, 0U);
    assert_true((*gpr(GPR_RDI) == (HOLE + 8U)) && (*gpr(GPR_RCX) == 0U));
    assert_true(skipped(2U));
}

static void strings_go_down_with_the_direction_flag(void **state)
{
    (void)state;
    vcpu_regs[cpu].rflags = 0x402U;
    *gpr(GPR_RDI) = VLAPIC_BASE + 0x80U;
    EXECUTE(VLAPIC_BASE + 0x80U, true, 0xAB);
    assert_true(*gpr(GPR_RDI) == (VLAPIC_BASE + 0x7CU));
    assert_true(skipped(1U));
}

static void movs_from_a_device_fills_memory(void **state)
{
    (void)state;
    *gpr(GPR_RSI) = HOLE;
    *gpr(GPR_RDI) = 0x2000U;
    EXECUTE(HOLE, false, 0xA5);
    assert_true(!request.write && (request.gpa == HOLE));
    mmio_complete(cpu, 0x55667788U);
    assert_int_equal(ram[0x2000], 0x88U);
    assert_int_equal(ram[0x2003], 0x55U);
    assert_true((*gpr(GPR_RSI) == (HOLE + 4U)) && (*gpr(GPR_RDI) == 0x2004U));
    assert_true(skipped(1U));
    assert_int_equal(request.count, 1U);
}

static void movs_to_a_device_reads_memory(void **state)
{
    (void)state;
    ram[0x3000] = 0x5AU;
    *gpr(GPR_RSI) = 0x3000U;
    *gpr(GPR_RDI) = HOLE;
    EXECUTE(HOLE, true, 0xA4);
    assert_true(request.write && (request.gpa == HOLE) && (request.value == 0x5AU) && (request.size == 1U));
    mmio_complete(cpu, 0U);
    assert_true(skipped(1U));
}

static void put_entry(gpa_t table, uint32_t index, uint64_t entry) { memcpy(&ram[table + (index * 8U)], &entry, 8U); }

/* User code at CODE; the device at HOLE is the user's; target: the entry of the page at 0x2000. */
static void use_paging(uint64_t target)
{
    hw_vcpu_set(cpu, REG_CR0, 0x80010001U);
    hw_vcpu_set(cpu, REG_CR3, 0x4000U);
    hw_vcpu_set(cpu, REG_CPL, 3U);
    put_entry(0x4000U, 0U, 0x5007U);
    put_entry(0x5000U, 0U, 0x6007U);
    put_entry(0x5000U, 3U, 0xC0000087U);
    put_entry(0x6000U, 0U, 0x7007U);
    put_entry(0x7000U, CODE / 4096U, CODE | 7U);
    put_entry(0x7000U, 2U, target);
    *gpr(GPR_RSI) = HOLE;
    *gpr(GPR_RDI) = 0x2000U;
}

/* User code with a device of its own must not write the kernel's memory by the hypervisor's hand. */
/* REQ-IO-006 */
static void movs_by_a_user_does_not_reach_the_kernels_memory(void **state)
{
    (void)state;
    use_paging(0x2003U);
    EXECUTE(HOLE, false, 0xA5);
    assert_int_equal(request.count, 0U);
    assert_int_equal(ram[0x2000], 0U);
    assert_int_equal(fake_vcpu[cpu].injected, 14U + 1U);
    assert_int_equal(fake_vcpu[cpu].error, 7U);
    assert_true(hw_vcpu_get(cpu, REG_CR2) == 0x2000U);
}

static void movs_into_read_only_or_absent_memory_is_a_page_fault(void **state)
{
    (void)state;
    use_paging(0x2005U);
    EXECUTE(HOLE, false, 0xA5);
    assert_int_equal(fake_vcpu[cpu].error, 7U);
    use_paging(0U);
    EXECUTE(HOLE, false, 0xA5);
    assert_int_equal(fake_vcpu[cpu].error, 6U);
    assert_int_equal(request.count, 0U);
    fake_vcpu[cpu].event_queued = false;
    use_paging(0x2007U);
    EXECUTE(HOLE, false, 0xA5);
    assert_int_equal(request.count, 1U);
    mmio_complete(cpu, 0x55U);
    assert_int_equal(ram[0x2000], 0x55U);
}

static void an_address_size_prefix_narrows_the_registers(void **state)
{
    (void)state;
    *gpr(GPR_RDI) = 0xFFFFFFFF00000000U | HOLE;
    *gpr(GPR_RCX) = 0xFFFFFFFF00000001U;
    EXECUTE(HOLE, true, 0xF3, 0x67, 0xAA);
    mmio_complete(cpu, 0U);
    assert_true(*gpr(GPR_RDI) == (HOLE + 1U));
    assert_true(*gpr(GPR_RCX) == 0U);
    assert_true(skipped(3U));
}

static void sixteen_bit_strings_keep_the_upper_halves(void **state)
{
    struct segment code = { .access = 0U };
    (void)state;
    hw_vcpu_set_segment(cpu, SEG_CS, code);
    hw_vcpu_set(cpu, REG_EFER, 0U);
    *gpr(GPR_RDI) = 0xABCDFFFFU;
    EXECUTE(VLAPIC_BASE, true, 0xAA);
    assert_true(*gpr(GPR_RDI) == 0xABCD0000U);
}

static void a_segment_override_moves_the_source(void **state)
{
    struct segment fs = { .base = 0x3000U };
    (void)state;
    hw_vcpu_set_segment(cpu, SEG_FS, fs);
    hw_vcpu_set_segment(cpu, SEG_DS, (struct segment){ .base = 0x7000U }); /* no base in 64-bit code */
    hw_vcpu_set_segment(cpu, SEG_ES, (struct segment){ .base = 0x7000U });
    ram[0x3010] = 0x5AU;
    ram[0x10] = 0xA5U;
    *gpr(GPR_RSI) = 0x10U;
    *gpr(GPR_RDI) = HOLE;
    EXECUTE(HOLE, true, 0x64, 0xA4);
    assert_int_equal(request.value, 0x5AU);
    EXECUTE(HOLE, true, 0xA4);
    assert_int_equal(request.value, 0xA5U);
}

/* ---- what is refused ---- */

/* REQ-IO-008 */
static void unknown_instructions_get_a_gp_and_one_log_line(void **state)
{
    (void)state;
    EXECUTE(HOLE, true, 0x0F, 0xB1, 0x07); /* CMPXCHG */
    assert_true(got_gp());
    assert_int_equal(log_lines, 1U);
    may_log = false;
    EXECUTE(HOLE, true, 0x0F, 0xB1, 0x07);
    assert_int_equal(log_lines, 1U);
    assert_int_equal(request.count, 0U);
}

static void code_and_page_tables_in_device_memory_are_refused(void **state)
{
    struct vm_exit exit = { .reason = HV_EXIT_MMIO, .gpa = HOLE, .execute = true };
    (void)state;
    mmio_exit(cpu, &exit);
    assert_true(got_gp());
    fake_vcpu_ran(cpu);
    exit.execute = false;
    exit.table_walk = true;
    mmio_exit(cpu, &exit);
    assert_true(got_gp());
    assert_int_equal(request.count, 0U);
}

/* REQ-IO-024 */
static void faults_in_the_delivery_of_events_add_up_to_a_shutdown(void **state)
{
    struct vm_exit exit = { .reason = HV_EXIT_MMIO, .gpa = HOLE, .table_walk = true, .cut = CUT_BENIGN };
    (void)state;
    shutdowns = 0U;
    mmio_exit(cpu, &exit);
    assert_true(got_gp());
    fake_vcpu_ran(cpu);
    exit.cut = CUT_CONTRIBUTORY;
    mmio_exit(cpu, &exit);
    assert_int_equal(fake_vcpu[cpu].injected, DF + 1U);
    assert_true(fake_vcpu[cpu].has_error);
    assert_int_equal(fake_vcpu[cpu].error, 0U);
    assert_int_equal(shutdowns, 0U);
    fake_vcpu_ran(cpu);
    exit.cut = CUT_DOUBLE_FAULT;
    mmio_exit(cpu, &exit);
    assert_int_equal(shutdowns, 1U);
    assert_int_equal(fake_vcpu[cpu].injected, 0U);
}

/* REQ-IO-024: the instruction at RIP has nothing to do with such an access. */
static void an_access_of_the_delivery_is_not_taken_for_the_instruction(void **state)
{
    struct vm_exit exit = { .reason = HV_EXIT_MMIO, .gpa = HOLE, .cut = CUT_BENIGN };
    const uint8_t store[] = { 0x89, 0x07 };
    (void)state;
    memcpy(&ram[CODE], store, sizeof(store));
    mmio_exit(cpu, &exit);
    assert_true(got_gp());
    assert_int_equal(request.count, 0U);
    assert_int_equal(vcpu_regs[cpu].rip, CODE);
}

static void an_access_that_is_allowed_by_now_is_repeated(void **state)
{
    (void)state;
    EXECUTE(0x4000U, true, 0x89, 0x07);
    assert_int_equal(vcpu_regs[cpu].rip, CODE);
    assert_false(fake_vcpu[cpu].event_queued);
    assert_int_equal(fake_vcpu[cpu].flushes, 1U);
}

static void code_that_cannot_be_fetched_is_refused(void **state)
{
    struct vm_exit exit = { .reason = HV_EXIT_MMIO, .gpa = HOLE };
    (void)state;
    vcpu_regs[cpu].rip = RAM_SIZE;
    mmio_exit(cpu, &exit);
    assert_int_equal(fake_vcpu[cpu].injected, GP + 1U);
}

#define T(name) cmocka_unit_test_setup(name, setup)
#define S(name) cmocka_unit_test_setup(name, setup_service)

static void a_store_to_the_ioapic_page_is_32_bits_and_aligned(void **state)
{
    (void)state;
    *gpr(GPR_RAX) = 0x11111111U;
    EXECUTE(VIOAPIC_BASE + 2U, true, 0x89, 0x07);
    vcpu_regs[cpu].rip = CODE;
    EXECUTE(VIOAPIC_BASE, true, 0x66, 0x89, 0x07);
    assert_int_equal(ioapic_reg[0], 0U);
    vcpu_regs[cpu].rip = CODE;
    EXECUTE(VIOAPIC_BASE, true, 0x89, 0x07);
    assert_int_equal(ioapic_reg[0], 0x11111111U);
}

static void gs_moves_the_source_as_fs_does(void **state)
{
    (void)state;
    hw_vcpu_set_segment(cpu, SEG_GS, (struct segment){ .base = 0x3000U });
    ram[0x3010] = 0x5AU;
    *gpr(GPR_RSI) = 0x10U;
    *gpr(GPR_RDI) = HOLE;
    EXECUTE(HOLE, true, 0x65, 0xA4);
    assert_int_equal(request.value, 0x5AU);
}

/* REQ-IO-006 */
static void movs_from_or_to_two_pages_that_are_apart_is_refused(void **state)
{
    (void)state;
    use_paging(0x2007U);
    put_entry(0x7000U, 3U, 0x8007U); /* behind 0x2000 in linear, not in physical memory */
    *gpr(GPR_RDI) = 0x2FFEU;
    EXECUTE(HOLE, false, 0xA5);
    assert_true(got_gp());
    fake_vcpu[cpu].event_queued = false;
    fake_vcpu[cpu].injected = 0U;
    *gpr(GPR_RSI) = 0x2FFEU;
    *gpr(GPR_RDI) = HOLE;
    EXECUTE(HOLE, true, 0xA5);
    assert_true(got_gp());
    assert_int_equal(request.count, 0U);
}

/* REQ-IO-008 */
static void an_instruction_without_a_memory_operand_is_refused(void **state)
{
    (void)state;
    EXECUTE(HOLE, true, 0x0F, 0x22, 0xC0); /* MOV CR0, RAX: never makes such an exit */
    assert_true(got_gp());
    assert_int_equal(request.count, 0U);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_load_from_the_apic_page_fills_the_register), T(a_store_to_the_apic_page_is_32_bits_and_aligned),
        T(a_narrow_load_takes_its_part_of_the_register), T(an_apic_page_that_does_not_answer_reads_all_ones), T(the_table_of_a_lent_function_is_answered_here),
        T(the_ioapic_is_reached_by_its_window), T(a_read_modify_write_reads_and_writes_once),
        T(every_operation_on_memory_writes_back), T(operations_on_a_register_do_not_write_memory),
        T(a_compare_only_reads), T(xchg_swaps_register_and_device), S(configuration_pages_take_every_width),
        S(where_nothing_is_the_service_vm_reads_ones_and_writes_are_dropped), T(a_load_waits_for_the_device_model),
        T(a_store_sends_its_value), T(a_read_modify_write_is_two_requests), T(a_write_to_read_only_memory_is_dropped),
        T(rep_stos_sends_one_element_at_a_time), T(strings_go_down_with_the_direction_flag),
        T(movs_from_a_device_fills_memory), T(movs_to_a_device_reads_memory),
        T(movs_by_a_user_does_not_reach_the_kernels_memory), T(movs_into_read_only_or_absent_memory_is_a_page_fault),
        T(an_address_size_prefix_narrows_the_registers), T(sixteen_bit_strings_keep_the_upper_halves),
        T(a_segment_override_moves_the_source), T(unknown_instructions_get_a_gp_and_one_log_line),
        T(code_and_page_tables_in_device_memory_are_refused), T(an_access_that_is_allowed_by_now_is_repeated),
        T(code_that_cannot_be_fetched_is_refused),
        cmocka_unit_test_setup(a_store_to_the_ioapic_page_is_32_bits_and_aligned, setup),
        cmocka_unit_test_setup(gs_moves_the_source_as_fs_does, setup),
        cmocka_unit_test_setup(faults_in_the_delivery_of_events_add_up_to_a_shutdown, setup),
        cmocka_unit_test_setup(an_access_of_the_delivery_is_not_taken_for_the_instruction, setup),
        cmocka_unit_test_setup(movs_from_or_to_two_pages_that_are_apart_is_refused, setup),
        cmocka_unit_test_setup(an_instruction_without_a_memory_operand_is_refused, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
