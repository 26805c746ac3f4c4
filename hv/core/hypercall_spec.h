/* SPDX-License-Identifier: Apache-2.0 */
/* What the contracts of the hypercall files speak of. Annotations only: the compiler sees nothing
 * here. WP (-DPROOF_WP) proves them with the meaning of proofs/dispatcher.h. Eva cannot judge what
 * page tables look like and takes "sane" as true. */
#ifndef CORE_HYPERCALL_SPEC_H
#define CORE_HYPERCALL_SPEC_H

#ifdef __FRAMAC__
#ifdef PROOF_WP
#include "proofs/dispatcher.h"
#else
#include "core/limits.h"
extern int proof_machine;
#define MACHINE proof_machine
#define USER_TABLES proof_machine
/*@ predicate sane = \true;
    predicate others_ok{L}(integer v) = \true;
    predicate is_user(integer v) = VM_FIRST_USER <= v < MAX_VM; */
#endif
#endif

#endif
