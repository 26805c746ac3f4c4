/* SPDX-License-Identifier: Apache-2.0 */
/* eva-sources: core/string.c */
/* eva-without: state */
/* Any contents, any size within the buffers; memmove() within one object, see DEV-010. */
#include "core/string.h"
#include "proofs/eva/eva.h"

#define SIZE 64U

static uint8_t left[SIZE];
static uint8_t right[SIZE];

int main(void)
{
    uint32_t size = any_below(SIZE + 1U);
    (void)memcpy(left, right, size);
    (void)memset(left, (int)any_below(256U), size);
    (void)memcmp(left, right, size);
    (void)memmove(left, left, size);
    (void)memmove(&left[8], left, SIZE - 8U);
    (void)memmove(left, &left[8], SIZE - 8U);
    return 0;
}
