/* SPDX-License-Identifier: Apache-2.0 */
#ifndef X86_TSC_H
#define X86_TSC_H

#include "core/types.h"

/* A window of 10 ms or longer begins, in which the TSC is measured; false: the PM timer does not count. */
bool tsc_measure_begin(uint16_t pm_timer_port);
bool tsc_measure_over(void);              /* 10 ms have gone by */
bool tsc_measure_end(void);               /* once they have, and the rate is exact; false: the PM timer does not count */
void tsc_set_hz(uint64_t hz);             /* instead of begin: the board file knows it, nothing to measure */
uint32_t tsc_error_ppm(void);             /* bound of the measured rate's error, without the PM timer's own; 0: given */
void tsc_wait_us(uint64_t microseconds);

/* value * numerator / denominator without losing the high half; the result must fit. */
static inline uint64_t tsc_scale(uint64_t value, uint64_t numerator, uint64_t denominator)
{
    uint64_t low;
    uint64_t high;
    uint64_t remainder;
    uint64_t quotient;
    __asm__("mulq %3" : "=a"(low), "=d"(high) : "a"(value), "r"(numerator) : "cc");
    __asm__("divq %4" : "=a"(quotient), "=d"(remainder) : "a"(low), "d"(high), "r"(denominator) : "cc");
    (void)remainder;
    return quotient;
}

#endif
