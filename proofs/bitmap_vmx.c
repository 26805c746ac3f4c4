/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proves the builder of the MSR and I/O bitmaps of VT-x (hv/x86/vmx/bitmap.c; Intel SDM 3, 24.6.4 and 24.6.9): closing sets every
 * bit, opening an MSR or a port clears its own bits and changes no other. As proofs/bitmap.c does for AMD-V, with another layout.
 */
#include "x86/access_maps.h"
#include "x86/vmx/vmx.h"

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
      (map_bit(new, k) <==> k != bit && map_bit(old, k));

    // 24.6.9: 1 KiB each for reads of the low and of the high MSRs, then for writes of both; -1: no place, always exits.
    logic integer msr_place(integer msr) =
      0 <= msr < 0x2000 ? msr :
      0xC0000000 <= msr < 0xC0002000 ? 0x2000 + msr - 0xC0000000 : -1;
    // The access of VM vm to the MSR leaves the guest. write: 0 or 1.
    predicate msr_exits{L}(integer vm, integer msr, integer write) =
      msr_place(msr) < 0 || map_bit(access_msr_map[vm][2048 * write + msr_place(msr) / 8], msr_place(msr) % 8);
    // 24.6.4: bitmap A is the first page, B the second, so that ports follow each other.
    predicate port_exits{L}(integer vm, integer port) = map_bit(access_io_map[vm][port / 8], port % 8); */

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
static uint8_t vmx_without_bit(uint8_t byte, uint32_t bit);
/* proves REQ-ISO-017 */
/*@ requires vm < MAX_VM;
    assigns access_msr_map[vm][0 .. 4095];
    exits \false;
    ensures read: \forall integer m; 0 <= m <= 0xFFFFFFFF ==>
      (msr_exits(vm, m, 0) <==> \old(msr_exits(vm, m, 0)) && !(m == msr && read && msr_place(m) >= 0));
    ensures write: \forall integer m; 0 <= m <= 0xFFFFFFFF ==>
      (msr_exits(vm, m, 1) <==> \old(msr_exits(vm, m, 1)) && !(m == msr && write && msr_place(m) >= 0)); */
void vmx_msr_open(vm_id_t vm, uint32_t msr, bool read, bool write);
/*@ requires vm < MAX_VM;
    assigns access_io_map[vm][0 .. 8191];
    exits \false;
    ensures port: \forall integer p; 0 <= p <= 0xFFFF ==> (port_exits(vm, p) <==> \old(port_exits(vm, p)) && p != port); */
void vmx_port_open(vm_id_t vm, uint16_t port);
/* Every bit of 0xFF is set. */
/*@ requires vm < MAX_VM;
    assigns access_msr_map[vm][0 .. 4095], access_io_map[vm][0 .. 8191];
    exits \false;
    ensures msrs: \forall integer i; 0 <= i < 4096 ==> access_msr_map[vm][i] == 0xFF;
    ensures ports: \forall integer i; 0 <= i < 8192 ==> access_io_map[vm][i] == 0xFF; */
void vmx_bitmaps_close(vm_id_t vm);

#include "x86/vmx/bitmap.c"
