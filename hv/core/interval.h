/* SPDX-License-Identifier: Apache-2.0 */
/* Half-open address intervals [base, base + size); no result depends on a sum that could wrap. */
#ifndef CORE_INTERVAL_H
#define CORE_INTERVAL_H

#include <stdbool.h>
#include <stdint.h>

/* Parameter names such as "as" and "is" are words of the provers' language: keep clear of them. */
/*@ predicate meets(integer a, integer a_size, integer b, integer b_size) = a < b + b_size && b < a + a_size;
    predicate within(integer out, integer out_size, integer inn, integer inn_size) =
      out <= inn && inn + inn_size <= out + out_size; */

/*@ requires a_size > 0 && b_size > 0;
    assigns \nothing;
    exits \false;
    ensures \result <==> meets(a, a_size, b, b_size); */
static inline bool interval_meets(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
    return (a <= b) ? ((b - a) < a_size) : ((a - b) < b_size);
}

/* The whole of the inner interval lies in the outer one. */
/*@ assigns \nothing;
    exits \false;
    ensures \result <==> within(outer, outer_size, inner, inner_size); */
/* REQ-ISO-027 */
/* proves REQ-ISO-027 */
static inline bool interval_within(uint64_t outer, uint64_t outer_size, uint64_t inner, uint64_t inner_size)
{
    return (inner >= outer) && ((inner - outer) <= outer_size) && (inner_size <= (outer_size - (inner - outer)));
}

#endif
