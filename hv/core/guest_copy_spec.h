/* SPDX-License-Identifier: Apache-2.0 */
/* What the loops of guest_read() and guest_write() speak of. Annotations only: the compiler sees nothing here.
 * WP proves them with the meaning of proofs/guest_copy.c; elsewhere these words are true. */
#ifndef CORE_GUEST_COPY_SPEC_H
#define CORE_GUEST_COPY_SPEC_H

#include "core/types.h"

#ifdef __FRAMAC__
extern uint64_t proof_copied; /* bytes of this copy that have moved */
#ifndef PROOF_GUEST_COPY
/*@ predicate guest_all{L}(integer v, integer gpa, integer size, integer right) = \true;
    predicate guest_copied{L}(integer done) = \true; */
#endif
#endif

#endif
