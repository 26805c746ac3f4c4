/* SPDX-License-Identifier: Apache-2.0 */
/* Required CPU features: one row each; all that are missing are named before boot stops. */
#include "x86/features.h"

#include <stddef.h>

#include "core/hw.h"
#include "core/log.h"
#include "core/vcpu_hw.h"
#include "x86/asm.h"
#include "x86/vendor.h"

enum cpuid_register { REG_EAX, REG_EBX, REG_ECX, REG_EDX };

struct feature {
    const char *name;
    uint32_t leaf;
    enum cpuid_register reg;
    uint32_t bit;
};

static const struct feature required[] = {
    { "tsc", 1U, REG_EDX, 4U },
    { "msr", 1U, REG_EDX, 5U },
    { "apic", 1U, REG_EDX, 9U },
    { "pge", 1U, REG_EDX, 13U },
    { "pat", 1U, REG_EDX, 16U },
    { "fxsr", 1U, REG_EDX, 24U },
    { "sse2", 1U, REG_EDX, 26U },
    { "xsave", 1U, REG_ECX, 26U },
    { "lm", 0x80000001U, REG_EDX, 29U },
    { "nx", 0x80000001U, REG_EDX, 20U },
};
#define REQUIRED_COUNT (sizeof(required) / sizeof(required[0]))

/* Architectural state components (Intel SDM 1, 13.1): x87, SSE, AVX, AVX-512 (three), PKRU.
 * Their standard-format area ends at byte 2696, within the area of a vCPU (xstate.c). */
#define XCR0_ALLOWED 0x2E7U
#define XCR0_PKRU    0x200ULL

void hw_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
    asm_cpuid(leaf, subleaf, out);
}

/* A leaf beyond the highest one answers with some other leaf's data: it has no features. */
static bool feature_present(const struct feature *feature)
{
    uint32_t highest[4];
    uint32_t leaf[4];
    bool present = false;
    asm_cpuid(feature->leaf & 0x80000000U, 0U, highest);
    if (highest[0] >= feature->leaf) {
        asm_cpuid(feature->leaf, 0U, leaf);
        present = ((leaf[feature->reg] >> feature->bit) & 1U) != 0U;
    }
    return present;
}

static uint32_t text_append(char *text, uint32_t size, uint32_t at, const char *word)
{
    uint32_t end = at;
    for (uint32_t i = 0U; (word[i] != '\0') && ((end + 1U) < size); i++) {
        text[end] = word[i];
        end++;
    }
    text[end] = '\0';
    return end;
}

/* REQ-CFG-010 */
void features_missing_text(char *text, uint32_t size)
{
    uint32_t at = 0U;
    uint32_t cursor = 0U;
    text[0] = '\0';
    for (uint32_t i = 0U; i < REQUIRED_COUNT; i++) {
        if (!feature_present(&required[i])) {
            at = text_append(text, size, at, required[i].name);
            at = text_append(text, size, at, " ");
        }
    }
    for (const char *name = vendor->missing(&cursor); name != NULL; name = vendor->missing(&cursor)) {
        at = text_append(text, size, at, name);
        at = text_append(text, size, at, " ");
    }
}

/* REQ-CFG-010 */
bool features_check(void)
{
    uint32_t cursor = 0U;
    bool complete = vendor->missing(&cursor) == NULL;
    for (uint32_t i = 0U; i < REQUIRED_COUNT; i++) {
        complete = complete && feature_present(&required[i]);
    }
    return complete;
}

uint64_t features_xcr0(void)
{
    uint32_t leaf[4];
    asm_cpuid(0xDU, 0U, leaf);
    return (((uint64_t)leaf[3] << 32) | leaf[0]) & XCR0_ALLOWED;
}

/* A guest's: not PKRU, which is switched all the same, as AMD-V lets a guest set CR4.PKE whatever CPUID shows. */
uint64_t hw_xcr0_supported(void)
{
    return features_xcr0() & ~XCR0_PKRU;
}
