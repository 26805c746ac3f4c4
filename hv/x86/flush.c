/* SPDX-License-Identifier: Apache-2.0 */
#include "x86/flush.h"

static enum flush_cause wanted[MAX_VCPU]; /* the last one */

/* Every cause costs a whole flush of the vCPU: a cause that needs less would be a case that emulators, which flush always, cannot test. */
/* REQ-ISO-012 REQ-ISO-013 */
void flush_note(vcpu_id_t vcpu, enum flush_cause cause)
{
    wanted[vcpu] = cause;
}

bool flush_wanted(vcpu_id_t vcpu)
{
    return wanted[vcpu] != FLUSH_NONE;
}

void flush_done(vcpu_id_t vcpu)
{
    wanted[vcpu] = FLUSH_NONE;
}

/* REQ-ISO-013 */
uint32_t flush_tag(uint32_t number, uint32_t count)
{
    const uint32_t usable = (count > 1U) ? (count - 1U) : 1U;
    return (number % usable) + 1U;
}
