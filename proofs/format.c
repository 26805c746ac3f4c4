/* SPDX-License-Identifier: Apache-2.0 */
/* Proves the entry format. The lemmas are kept out of the header because they slow every other proof down. */
#include <stdint.h>

/*@ // The bits below a page-aligned address do not depend on it.
    lemma divided2: \forall integer k, f; 0 <= k && 0 <= f < 4096 ==> (4096 * k + f) / 2 == 2048 * k + f / 2;
    lemma divided4: \forall integer k, f; 0 <= k && 0 <= f < 4096 ==> (4096 * k + f) / 4 == 1024 * k + f / 4;
    lemma divided8: \forall integer k, f; 0 <= k && 0 <= f < 4096 ==> (4096 * k + f) / 8 == 512 * k + f / 8;
    lemma divided16: \forall integer k, f; 0 <= k && 0 <= f < 4096 ==> (4096 * k + f) / 16 == 256 * k + f / 16;
    lemma divided128: \forall integer k, f; 0 <= k && 0 <= f < 4096 ==> (4096 * k + f) / 128 == 32 * k + f / 128; */

#include "core/stage2_format.h"
