/* SPDX-License-Identifier: Apache-2.0 */
#include "x86/flush.h"

static bool wanted[MAX_VCPU];

/* Every cause costs a whole flush of the vCPU: a cause that needs less would be a case that emulators, which flush always, cannot test. */
/* REQ-ISO-012 REQ-ISO-013 */
void flush_note(vcpu_id_t vcpu, enum flush_cause cause)
{
    switch (cause) {
    case FLUSH_RESET:
    case FLUSH_CORE:
    case FLUSH_STAGE2:
    case FLUSH_CHANGED:
    default:
        wanted[vcpu] = true;
        break;
    }
}

bool flush_wanted(vcpu_id_t vcpu)
{
    return wanted[vcpu];
}

void flush_done(vcpu_id_t vcpu)
{
    wanted[vcpu] = false;
}

/* REQ-ISO-013 */
uint32_t flush_tag(uint32_t number, uint32_t count)
{
    const uint32_t usable = (count > 1U) ? (count - 1U) : 1U;
    return (number % usable) + 1U;
}
