/* SPDX-License-Identifier: Apache-2.0 */
/* What the loops of msr_open_bitmap() speak of. Annotations only: the compiler sees nothing here.
 * WP proves them with the meaning of proofs/msr_policy.c; elsewhere these words are true. */
#ifndef CORE_MSR_SPEC_H
#define CORE_MSR_SPEC_H

#include "core/types.h"

#ifdef __FRAMAC__
extern uint32_t proof_opened;
#ifndef PROOF_MSR_POLICY
/*@ predicate msr_opened_by{L}(integer v, integer rules) = \true;
    predicate msr_opened_within{L1, L2}(integer first, integer msr, integer read, integer write) = \true; */
#endif
#endif

#endif
