/* SPDX-License-Identifier: Apache-2.0 */
/* Instructions as bytes, and the registers that they work on. For one test program each. */
#ifndef UNIT_DECODE_HELPERS_H
#define UNIT_DECODE_HELPERS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/decode.h"

#define ID 5U
#define IMM ((uint32_t)GPR_COUNT)
#define CF 0x001U
#define PF 0x004U
#define AF 0x010U
#define ZF 0x040U
#define SF 0x080U
#define OF 0x800U
#define STATUS_FLAGS (CF | PF | AF | ZF | SF | OF)

struct vcpu_regs vcpu_regs[MAX_VCPU];

static inline int setup(void **state)
{
    (void)state;
    memset(vcpu_regs, 0, sizeof(vcpu_regs));
    return 0;
}

/* A copy of exactly that size: the sanitizer sees every byte read past it. */
static inline struct insn decode_exact(const uint8_t *bytes, uint32_t size, uint32_t mode)
{
    uint8_t *copy = malloc((size == 0U) ? 1U : size);
    struct insn insn;

    assert_non_null(copy);
    if (size != 0U) {
        memcpy(copy, bytes, size);
    }
    insn = insn_decode(copy, size, mode);
    free(copy);
    return insn;
}

#define DECODE(mode, ...) decode_exact((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }), (mode))

static uint64_t random_state;

static inline uint64_t random_next64(void)
{
    random_state ^= random_state << 13U;
    random_state ^= random_state >> 7U;
    random_state ^= random_state << 17U;
    return random_state * 0x2545F4914F6CDD1DU;
}

static inline uint32_t random_next(void) { return (uint32_t)(random_next64() >> 32U); }

#define T(name) cmocka_unit_test_setup(name, setup)

#endif
