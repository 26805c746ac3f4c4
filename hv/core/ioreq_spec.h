/* SPDX-License-Identifier: Apache-2.0 */
/* What the contracts inside ioreq.c speak of. Annotations only: the compiler sees nothing here.
 * WP proves them with the meaning of proofs/ioreq.c; Eva takes these words as true. */
#ifndef CORE_IOREQ_SPEC_H
#define CORE_IOREQ_SPEC_H

#ifdef __FRAMAC__
#ifndef PROOF_IOREQ
extern int proof_machine;
#define IOREQ_RECORD proof_machine
/*@ predicate ioreq_ready{L}(integer id) = \true;
    predicate ioreq_posted{L}(integer id) = \true;
    predicate ioreq_is{L}(integer id, integer state) = \true; */
#endif
#endif

#endif
