/* SPDX-License-Identifier: Apache-2.0 */
/* Bits of the access maps of both vendors, for bitmap.c and bitmap_vmx.c, which both prove the function that clears one. */
#ifndef PROOFS_ACCESS_BIT_H
#define PROOFS_ACCESS_BIT_H

#include "core/types.h"

/* Bit k of the new byte, of weight w: as before, but that the one of this number is clear. */
#define AS_BEFORE(new, old, bit, k, w) ((((new) & w) != 0) <==> ((bit) != k && ((old) & w) != 0))
#define ONE_CLEAR(new, old, bit) (AS_BEFORE(new, old, bit, 0, 1) && AS_BEFORE(new, old, bit, 1, 2) && AS_BEFORE(new, old, bit, 2, 4) && \
    AS_BEFORE(new, old, bit, 3, 8) && AS_BEFORE(new, old, bit, 4, 16) && AS_BEFORE(new, old, bit, 5, 32) && \
    AS_BEFORE(new, old, bit, 6, 64) && AS_BEFORE(new, old, bit, 7, 128))

/*@ predicate map_bit(integer byte, integer k) =
      k == 0 ? (byte & 1) != 0 : k == 1 ? (byte & 2) != 0 : k == 2 ? (byte & 4) != 0 : k == 3 ? (byte & 8) != 0 :
      k == 4 ? (byte & 16) != 0 : k == 5 ? (byte & 32) != 0 : k == 6 ? (byte & 64) != 0 : (byte & 128) != 0;
    predicate one_clear(integer new, integer old, integer bit) =
      (bit == 0 ==> ONE_CLEAR(new, old, 0)) && (bit == 1 ==> ONE_CLEAR(new, old, 1)) && (bit == 2 ==> ONE_CLEAR(new, old, 2)) &&
      (bit == 3 ==> ONE_CLEAR(new, old, 3)) && (bit == 4 ==> ONE_CLEAR(new, old, 4)) && (bit == 5 ==> ONE_CLEAR(new, old, 5)) &&
      (bit == 6 ==> ONE_CLEAR(new, old, 6)) && (bit == 7 ==> ONE_CLEAR(new, old, 7));
    lemma one_clear_any: \forall integer new, old, bit, k; 0 <= bit < 8 && 0 <= k < 8 && one_clear(new, old, bit) ==>
      (map_bit(new, k) <==> k != bit && map_bit(old, k)); */

/*@ requires bit < 8;
    assigns \nothing;
    exits \false;
    ensures bit_0: bit == 0 ==> ONE_CLEAR(\result, byte, 0);
    ensures bit_1: bit == 1 ==> ONE_CLEAR(\result, byte, 1);
    ensures bit_2: bit == 2 ==> ONE_CLEAR(\result, byte, 2);
    ensures bit_3: bit == 3 ==> ONE_CLEAR(\result, byte, 3);
    ensures bit_4: bit == 4 ==> ONE_CLEAR(\result, byte, 4);
    ensures bit_5: bit == 5 ==> ONE_CLEAR(\result, byte, 5);
    ensures bit_6: bit == 6 ==> ONE_CLEAR(\result, byte, 6);
    ensures bit_7: bit == 7 ==> ONE_CLEAR(\result, byte, 7); */
static inline uint8_t access_without_bit(uint8_t byte, uint32_t bit);

#include "x86/access_maps.h"

#endif
