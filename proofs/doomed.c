/* SPDX-License-Identifier: Apache-2.0 */
/* A contradiction of each kind. The smoke tests run with this file added to each unit, and count only when they find all of these. */
#include <stdint.h>

/*@ ghost extern int doomed_at[10]; */

/* No call can satisfy this; it takes a prover to see it. */
/*@ requires \forall integer i; 0 <= i < 10 ==> doomed_at[i] < i;
    requires doomed_at[n % 10U] > 9;
    assigns \nothing; */
uint32_t doomed_requires(uint32_t n);
uint32_t doomed_requires(uint32_t n)
{
    return n;
}

/* The contract excludes a branch. */
/*@ requires n < 10;
    assigns \nothing; */
uint32_t doomed_branch(uint32_t n);
uint32_t doomed_branch(uint32_t n)
{
    uint32_t answer = 0U;
    if (n > 20U) {
        answer = 1U;
    }
    return answer;
}

/* The contract of what is called says that it does not come back. */
/*@ assigns \nothing;
    exits \false;
    ensures \result < n && \result > n; */
extern uint32_t doomed_callee(uint32_t n);

/*@ assigns \nothing; */
uint32_t doomed_call(uint32_t n);
uint32_t doomed_call(uint32_t n)
{
    uint32_t answer = doomed_callee(n);
    return answer;
}

/* The loop's invariant is false. */
/*@ assigns \nothing; */
uint32_t doomed_loop(uint32_t n);
uint32_t doomed_loop(uint32_t n)
{
    uint32_t i = 0U;
    /*@ loop invariant i > n && i < n;
        loop assigns i;
        loop variant n - i; */
    while (i < n) {
        i++;
    }
    return i;
}
