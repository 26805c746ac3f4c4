/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/mmio.c core/decode.c core/insn_apply.c core/guest_walk.c fake/vcpu_hw.c */
/* Accesses to emulated memory, from the guest's code bytes to the device and back; those of string instructions: test_mmio_strings.c. */
#include "mmio_machine.h"

static int setup_service(void **state)
{
    (void)state;
    start(vcpu_id(VM_SERVICE, 2U));
    return 0;
}

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
        T(a_narrow_load_takes_its_part_of_the_register), T(an_apic_page_that_does_not_answer_reads_all_ones),
        T(the_table_of_a_lent_function_is_answered_here), T(the_ioapic_is_reached_by_its_window),
        T(a_read_modify_write_reads_and_writes_once), T(every_operation_on_memory_writes_back),
        T(operations_on_a_register_do_not_write_memory), T(a_compare_only_reads), T(xchg_swaps_register_and_device),
        S(configuration_pages_take_every_width), S(where_nothing_is_the_service_vm_reads_ones_and_writes_are_dropped),
        T(a_load_waits_for_the_device_model), T(a_store_sends_its_value), T(a_read_modify_write_is_two_requests),
        T(a_write_to_read_only_memory_is_dropped), T(unknown_instructions_get_a_gp_and_one_log_line),
        T(code_and_page_tables_in_device_memory_are_refused), T(an_access_that_is_allowed_by_now_is_repeated),
        T(code_that_cannot_be_fetched_is_refused),
        cmocka_unit_test_setup(a_store_to_the_ioapic_page_is_32_bits_and_aligned, setup),
        cmocka_unit_test_setup(faults_in_the_delivery_of_events_add_up_to_a_shutdown, setup),
        cmocka_unit_test_setup(an_access_of_the_delivery_is_not_taken_for_the_instruction, setup),
        cmocka_unit_test_setup(an_instruction_without_a_memory_operand_is_refused, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
