/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/exclusive_pci.c core/decode.c core/insn_apply.c fake/hw.c fake/memory.c fake/vcpu_hw.c */
/* How the instructions of an exclusive VM reach its PCI bus: ports, the window, and the tables of its functions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "core/decode.h"
#include "core/exclusive_pci.h"
#include "core/vm.h"
#include "devices/vpci_given.h"
#include "fake/fake.h"

#define RT     1U
#define CPU    vcpu_id(RT, 1U)
#define WINDOW 0xB0008000ULL

struct vm vms[MAX_VM];
struct vcpu vcpus[MAX_VCPU];
static struct { uint32_t reads, writes, size; uint64_t at, value, answer; } bus;
static uint8_t code[INSN_MAX];

uint32_t vpci_given_port_read(vm_id_t vm, uint16_t port, uint32_t size)
{
    assert_int_equal(vm, RT);
    bus.reads++;
    bus.at = port;
    bus.size = size;
    return (uint32_t)bus.answer;
}
void vpci_given_port_write(vm_id_t vm, uint16_t port, uint32_t size, uint32_t value)
{
    assert_int_equal(vm, RT);
    bus.writes++;
    bus.at = port;
    bus.size = size;
    bus.value = value;
}
bool vpci_given_claims(vm_id_t vm, gpa_t gpa) { return (vm == RT) && ((gpa & PAGE_MASK) == WINDOW); }
uint64_t vpci_given_memory_read(vm_id_t vm, gpa_t gpa, uint32_t size)
{
    assert_int_equal(vm, RT);
    bus.reads++;
    bus.at = gpa;
    bus.size = size;
    return bus.answer;
}
void vpci_given_memory_write(vm_id_t vm, gpa_t gpa, uint32_t size, uint64_t value)
{
    assert_int_equal(vm, RT);
    bus.writes++;
    bus.at = gpa;
    bus.size = size;
    bus.value = value;
}
uint32_t guest_fetch(vcpu_id_t id, uint8_t bytes[INSN_MAX])
{
    (void)id;
    memcpy(bytes, code, INSN_MAX);
    return INSN_MAX;
}
uint32_t guest_code_mode(vcpu_id_t id) { (void)id; return 64U; }

static int setup(void **state)
{
    (void)state;
    fake_reset();
    memset(&bus, 0, sizeof(bus));
    memset(code, 0, sizeof(code));
    memset(&vcpu_regs[CPU], 0, sizeof(vcpu_regs[CPU]));
    vcpu_regs[CPU].rip = 0x1000U;
    return 0;
}

static bool port(uint32_t number, uint32_t size, bool write)
{
    struct vm_exit exit = { .reason = HV_EXIT_IO, .number = number, .size = size, .write = write, .length = 1U };
    return exclusive_pci_port(CPU, &exit);
}

/* The bytes of one instruction at RIP. */
static bool memory(const char *bytes, uint32_t count, uint64_t gpa)
{
    struct vm_exit exit = { .reason = HV_EXIT_MMIO, .gpa = gpa };
    memcpy(code, bytes, count);
    return exclusive_pci_memory(CPU, &exit);
}

/* REQ-INT-053 */
static void ports_take_and_give_what_the_instruction_says(void **state)
{
    (void)state;
    vcpu_regs[CPU].gpr[GPR_RAX] = 0x1122334480000810ULL;
    assert_true(port(0xCF8U, 4U, true));
    assert_int_equal(bus.value, 0x80000810U);
    assert_int_equal(vcpu_regs[CPU].rip, 0x1001U);
    assert_true(port(0xCFFU, 1U, true));
    assert_int_equal(bus.value, 0x10U);
    bus.answer = 0xFFFFFFFFU;
    assert_true(port(0xCFCU, 2U, false));
    assert_int_equal(vcpu_regs[CPU].gpr[GPR_RAX], 0x112233448000FFFFULL);
    assert_true(port(0xCFCU, 4U, false));
    assert_int_equal(vcpu_regs[CPU].gpr[GPR_RAX], 0xFFFFFFFFULL);
    assert_int_equal(bus.reads + bus.writes, 4U);
}

static void other_ports_and_strings_are_not_its_bus(void **state)
{
    struct vm_exit exit = { .reason = HV_EXIT_IO, .number = 0xCFCU, .size = 4U, .string = true, .length = 1U };
    (void)state;
    assert_false(port(0xCF7U, 1U, false));
    assert_false(port(0xD00U, 1U, false));
    assert_false(exclusive_pci_port(CPU, &exit));
    assert_int_equal(bus.reads + bus.writes, 0U);
    assert_int_equal(vcpu_regs[CPU].rip, 0x1000U);
}

/* REQ-INT-053 */
static void loads_and_stores_reach_the_window(void **state)
{
    (void)state;
    bus.answer = 0x10D38086U;
    assert_true(memory("\x8B\x03", 2U, WINDOW));                       /* mov eax, [rbx] */
    assert_int_equal(vcpu_regs[CPU].gpr[GPR_RAX], 0x10D38086U);
    assert_int_equal(vcpu_regs[CPU].rip, 0x1002U);
    vcpu_regs[CPU].gpr[GPR_RCX] = 0x55AAU;
    assert_true(memory("\x66\x89\x0B", 3U, WINDOW + 4U));              /* mov [rbx], cx */
    assert_int_equal(bus.at, WINDOW + 4U);
    assert_int_equal(bus.size, 2U);
    assert_int_equal(bus.value, 0x55AAU);
    assert_true(memory("\xC7\x03\x06\x04\x00\x00", 6U, WINDOW + 4U));  /* mov dword [rbx], 0x406 */
    assert_int_equal(bus.value, 0x406U);
    assert_int_equal(bus.reads, 1U);
}

static void a_read_modify_write_does_both(void **state)
{
    (void)state;
    bus.answer = 0xF0U;
    assert_true(memory("\x83\x0B\x01", 3U, WINDOW));                   /* or dword [rbx], 1 */
    assert_int_equal(bus.reads, 1U);
    assert_int_equal(bus.value, 0xF1U);
    vcpu_regs[CPU].gpr[GPR_RAX] = 7U;
    assert_true(memory("\x87\x03", 2U, WINDOW));                       /* xchg [rbx], eax */
    assert_int_equal(bus.value, 7U);
    assert_int_equal(vcpu_regs[CPU].gpr[GPR_RAX], 0xF0U);
    bus.writes = 0U;
    static const char *const write_back[] = { "\x21\x0B", "\x31\x0B", "\x01\x0B", "\x29\x0B" }; /* and, xor, add, sub [rbx], ecx */
    for (uint32_t i = 0U; i < 4U; i++) {
        assert_true(memory(write_back[i], 2U, WINDOW));
        assert_int_equal(bus.writes, i + 1U);
    }
    assert_true(memory("\x23\x03", 2U, WINDOW));                       /* and eax, [rbx]: reads only */
    assert_int_equal(bus.writes, 4U);
}

static void what_cannot_be_emulated_is_a_fault_of_the_guest(void **state)
{
    (void)state;
    assert_true(memory("\xAB", 1U, WINDOW));                           /* stosd */
    assert_int_equal(fake_vcpu[CPU].injected, 14U); /* #GP */
    assert_true(memory("\xA5", 1U, WINDOW));                           /* movsd */
    assert_true(memory("\x0F\x0B", 2U, WINDOW));                       /* ud2 */
    assert_true(memory("\x0F\x20\xC0", 3U, WINDOW));                   /* mov rax, cr0 */
    assert_int_equal(bus.reads + bus.writes, 0U);
    assert_int_equal(vcpu_regs[CPU].rip, 0x1000U);
}

static void other_memory_is_not_its_bus(void **state)
{
    struct vm_exit exit = { .reason = HV_EXIT_MMIO, .gpa = WINDOW, .execute = true };
    (void)state;
    assert_false(memory("\x8B\x03", 2U, WINDOW + PAGE_SIZE));
    assert_false(exclusive_pci_memory(CPU, &exit));
    exit = (struct vm_exit){ .reason = HV_EXIT_MMIO, .gpa = WINDOW, .table_walk = true };
    assert_false(exclusive_pci_memory(CPU, &exit));
    exit = (struct vm_exit){ .reason = HV_EXIT_MMIO, .gpa = WINDOW, .cut = CUT_CONTRIBUTORY };
    assert_false(exclusive_pci_memory(CPU, &exit));
    assert_int_equal(bus.reads + bus.writes, 0U);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(ports_take_and_give_what_the_instruction_says, setup),
        cmocka_unit_test_setup(other_ports_and_strings_are_not_its_bus, setup),
        cmocka_unit_test_setup(loads_and_stores_reach_the_window, setup),
        cmocka_unit_test_setup(a_read_modify_write_does_both, setup),
        cmocka_unit_test_setup(what_cannot_be_emulated_is_a_fault_of_the_guest, setup),
        cmocka_unit_test_setup(other_memory_is_not_its_bus, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
