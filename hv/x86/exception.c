/* SPDX-License-Identifier: Apache-2.0 */
#include "x86/exception.h"

/* APM 2, 15.12, and SDM 3, 24.6.3: a bit a vector. */
/* REQ-ISO-019 REQ-ISO-026 */
const struct exception_policy exception_policies[EXCEPTION_POLICY_COUNT] = {
    { 0U, 0U, WANT_OFF, WANT_OFF, "#DE", "the guest's" },
    { 1U, 1U, WANT_REQUIRED, WANT_REQUIRED, "#DB", "a guest can make the CPU deliver it for ever, and no NMI comes in between (CVE-2015-8104)" },
    { 2U, 2U, WANT_OFF, WANT_OFF, "vector 2", "an NMI is no exception: it has a bit of its own" },
    { 3U, 5U, WANT_OFF, WANT_OFF, "#BP, #OF, #BR", "the guest's" },
    { 6U, 6U, WANT_ON_DEMAND, WANT_OFF, "#UD", "AMD-V, Service VM: VMCALL, which is no instruction there, is the hypercall of the ACRN ABI" },
    { 7U, 16U, WANT_OFF, WANT_OFF, "#NM to #MF", "the guest's; with nested paging #PF is, too" },
    { 17U, 17U, WANT_REQUIRED, WANT_REQUIRED, "#AC", "a guest can make the CPU deliver it for ever (CVE-2015-5307)" },
    { 18U, 18U, WANT_REQUIRED, WANT_REQUIRED, "#MC", "the machine's" },
    { 19U, 31U, WANT_OFF, WANT_OFF, "#XM and above", "the guest's" },
};

/* REQ-ISO-019 */
uint32_t exception_bitmap(bool exclusive)
{
    uint32_t bits = 0U;
    for (uint32_t i = 0U; i < EXCEPTION_POLICY_COUNT; i++) {
        const struct exception_policy *const row = &exception_policies[i];
        if (want_set(exclusive ? row->exclusive : row->shared)) {
            bits |= want_mask(row->first, row->last);
        }
    }
    return bits;
}
