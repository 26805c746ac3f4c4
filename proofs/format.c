/* SPDX-License-Identifier: Apache-2.0 */
/* Proves the entry format. The lemmas are kept out of the header because they slow every other proof down. */
#include <stdint.h>

/*@ // The bits below a page-aligned address do not depend on it.
    lemma divided2: \forall integer k, f; 0 <= k && 0 <= f < 4096 ==> (4096 * k + f) / 2 == 2048 * k + f / 2;
    lemma divided4: \forall integer k, f; 0 <= k && 0 <= f < 4096 ==> (4096 * k + f) / 4 == 1024 * k + f / 4;
    lemma divided8: \forall integer k, f; 0 <= k && 0 <= f < 4096 ==> (4096 * k + f) / 8 == 512 * k + f / 8;
    lemma divided16: \forall integer k, f; 0 <= k && 0 <= f < 4096 ==> (4096 * k + f) / 16 == 256 * k + f / 16;
    lemma divided128: \forall integer k, f; 0 <= k && 0 <= f < 4096 ==> (4096 * k + f) / 128 == 32 * k + f / 128;
    lemma low_bits8: \forall integer k, f; 0 <= k && 0 <= f ==> (512 * k + f) % 8 == f % 8;
    lemma divided512: \forall integer k, f; 0 <= k && 0 <= f < 512 ==> (4096 * k + f) / 512 == 8 * k;
    lemma below52: \forall integer k, r; 0 <= k && 0 <= r < 0x10000000000000 ==> (0x10000000000000 * k + r) % 0x10000000000000 == r;
    lemma above52: \forall integer k, r; 0 <= k < 4096 && 0 <= r < 0x10000000000000 ==>
      ((0x10000000000000 * k + r) % 0x8000000000000000) / 0x10000000000000 == k % 2048; */

#include "core/stage2_format.h"
