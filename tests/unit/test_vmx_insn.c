/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: x86/vmx/insn.c */
/* VMX instructions that fail. Outside VMX operation each is an undefined opcode: the handler of SIGILL is the CPU here. */
#define _GNU_SOURCE
#define REG_CR2 UCONTEXT_REG_CR2 /* the name is core/vcpu_hw.h's */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <ucontext.h>
#undef REG_CR2
#include <cmocka.h>

#include "x86/fatal.h"
#include "x86/vmx/vmx.h"

enum opcode { OP_NONE, OP_VMXON, OP_VMCLEAR, OP_VMPTRLD, OP_INVEPT, OP_INVVPID, OP_VMXOFF };
#define FLAG_CF 0x1
#define FLAG_ZF 0x40

static enum opcode fails;      /* this one */
static greg_t fails_by;        /* with this flag */
static enum opcode seen[4];
static uint32_t count;
static sigjmp_buf stopped;     /* 1: by an undefined opcode of our own, 2: in fatal_boot() */
static char said[128];

NORETURN void fatal_boot(const char *what, const char *detail)
{
    strcpy(said, what);
    strcat(said, detail);
    siglongjmp(stopped, 2);
}

/* Bytes of a ModRM byte with what belongs to it (Intel SDM 2, 2.1). */
static greg_t modrm_length(const uint8_t *modrm)
{
    const uint32_t mod = modrm[0] >> 6;
    const uint32_t rm = modrm[0] & 7U;
    greg_t length = 1;
    if ((mod != 3U) && (rm == 4U)) {
        length++;
    }
    if ((mod == 2U) || ((mod == 0U) && (rm == 5U))) {
        length += 4;
    } else if (mod == 1U) {
        length += 1;
    }
    return length;
}

static enum opcode decode(const uint8_t *at, greg_t *length)
{
    enum opcode found = OP_NONE;
    const uint8_t prefix = ((at[0] == 0x66U) || (at[0] == 0xF3U)) ? at[0] : 0U;
    const uint8_t *op = at + ((prefix != 0U) ? 1 : 0);
    op += ((op[0] & 0xF0U) == 0x40U) ? 1 : 0; /* REX */
    if ((op[0] == 0x0FU) && (op[1] == 0xC7U) && (((op[2] >> 3) & 7U) == 6U)) {
        found = (prefix == 0xF3U) ? OP_VMXON : ((prefix == 0x66U) ? OP_VMCLEAR : OP_VMPTRLD);
        *length = (op - at) + 2 + modrm_length(&op[2]);
    } else if ((op[0] == 0x0FU) && (op[1] == 0x38U) && ((op[2] & 0xFEU) == 0x80U)) {
        found = (op[2] == 0x80U) ? OP_INVEPT : OP_INVVPID;
        *length = (op - at) + 3 + modrm_length(&op[3]);
    } else if ((op[0] == 0x0FU) && (op[1] == 0x01U) && (op[2] == 0xC4U)) {
        found = OP_VMXOFF;
        *length = 3;
    } else {
        /* no instruction of VMX */
    }
    return found;
}

static void undefined_opcode(int number, siginfo_t *info, void *context)
{
    greg_t *const regs = ((ucontext_t *)context)->uc_mcontext.gregs;
    greg_t length = 0;
    const enum opcode op = decode((const uint8_t *)regs[REG_RIP], &length);
    (void)number;
    (void)info;
    if ((op == OP_NONE) || (count == 4U)) {
        siglongjmp(stopped, 1);
    }
    seen[count] = op;
    count++;
    regs[REG_RIP] += length;
    regs[REG_EFL] = (regs[REG_EFL] & ~(greg_t)(FLAG_CF | FLAG_ZF)) | ((op == fails) ? fails_by : 0);
}

/* In each test: cmocka has a handler of its own around them. */
static void become_the_cpu(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof(action));
    action.sa_sigaction = undefined_opcode;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    assert_int_equal(sigaction(SIGILL, &action, NULL), 0);
}

enum call { CALL_ON, CALL_LOAD, CALL_INVEPT, CALL_INVVPID, CALL_OFF };
/* How it ends: 0 comes back. */
static int ends(enum call call, enum opcode failing, greg_t flag)
{
    int how;
    become_the_cpu();
    how = sigsetjmp(stopped, 1);
    if (how == 0) {
        fails = failing;
        fails_by = flag;
        count = 0U;
        switch (call) {
        case CALL_ON: vmx_on(0x1000U); break;
        case CALL_LOAD: vmx_clear_and_load(0x2000U); break;
        case CALL_INVEPT: vmx_invept_one(0x301EU); break;
        case CALL_INVVPID: vmx_invvpid_one(7U); break;
        default: vmx_off(); break;
        }
    }
    return how;
}

/* REQ-ISO-033 */
static void vmx_that_cannot_be_switched_on_ends_the_boot(void **state)
{
    (void)state;
    assert_int_equal(ends(CALL_ON, OP_NONE, 0), 0);
    assert_int_equal(seen[0], OP_VMXON);
    assert_int_equal(ends(CALL_ON, OP_VMXON, FLAG_CF), 2);
    assert_string_equal(said, "VT-x instruction failed: VMXON");
    assert_int_equal(ends(CALL_LOAD, OP_NONE, 0), 0);
    assert_int_equal(count, 2U);
    assert_int_equal(ends(CALL_LOAD, OP_VMCLEAR, FLAG_ZF), 2);
    assert_string_equal(said, "VT-x instruction failed: VMCLEAR");
    assert_int_equal(ends(CALL_LOAD, OP_VMPTRLD, FLAG_CF), 2);
    assert_string_equal(said, "VT-x instruction failed: VMPTRLD");
}

/* The core may still have translations that a guest has lost: it must not go on, whichever flag says so. */
/* REQ-ISO-013 */
static void a_flush_that_fails_stops_the_core(void **state)
{
    (void)state;
    assert_int_equal(ends(CALL_INVEPT, OP_NONE, 0), 0);
    assert_int_equal(seen[0], OP_INVEPT);
    assert_int_equal(ends(CALL_INVEPT, OP_INVEPT, FLAG_CF), 1);
    assert_int_equal(ends(CALL_INVEPT, OP_INVEPT, FLAG_ZF), 1);
    assert_int_equal(ends(CALL_INVVPID, OP_NONE, 0), 0);
    assert_int_equal(seen[0], OP_INVVPID);
    assert_int_equal(ends(CALL_INVVPID, OP_INVVPID, FLAG_CF), 1);
    assert_int_equal(ends(CALL_INVVPID, OP_INVVPID, FLAG_ZF), 1);
}

/* REQ-LIF-007 */
static void vmx_is_left_whatever_comes_of_it(void **state)
{
    (void)state;
    assert_int_equal(ends(CALL_OFF, OP_NONE, 0), 0);
    assert_int_equal(seen[0], OP_VMXOFF);
    assert_int_equal(ends(CALL_OFF, OP_VMXOFF, FLAG_ZF), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vmx_that_cannot_be_switched_on_ends_the_boot),
        cmocka_unit_test(a_flush_that_fails_stops_the_core),
        cmocka_unit_test(vmx_is_left_whatever_comes_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
