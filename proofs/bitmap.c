/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proves the builder of the permission maps of AMD-V (hv/x86/svm/bitmap.c; AMD APM 2, 15.10 and 15.11): closing sets every
 * bit, opening an MSR or a port clears its own bits and changes no other.
 */
#include "proofs/access_bit.h"
#include "x86/svm/svm.h"

/*@ // APM 2, 15.11: two bits for each MSR of three ranges, read and then write; -1: no place in the map.
    logic integer msr_place(integer msr) =
      0 <= msr < 0x2000 ? msr :
      0xC0000000 <= msr < 0xC0002000 ? 0x2000 + msr - 0xC0000000 :
      0xC0010000 <= msr < 0xC0012000 ? 0x4000 + msr - 0xC0010000 : -1;
    // The access of VM vm to the MSR leaves the guest. write: 0 or 1.
    predicate msr_exits{L}(integer vm, integer msr, integer write) =
      msr_place(msr) < 0 || map_bit(access_msr_map[vm][msr_place(msr) / 4], (msr_place(msr) % 4) * 2 + write);
    predicate port_exits{L}(integer vm, integer port) = map_bit(access_io_map[vm][port / 8], port % 8); */

/*@ assigns \nothing;
    exits \false;
    ensures msr_place(msr) >= 0 ==> \result == msr_place(msr) && \result < 0x6000;
    ensures msr_place(msr) < 0 ==> \result == 0xFFFFFFFF; */
static uint32_t msr_index(uint32_t msr);
/* proves REQ-ISO-017 */
/*@ requires vm < MAX_VM;
    assigns access_msr_map[vm][0 .. 6143];
    exits \false;
    ensures read: \forall integer m; 0 <= m <= 0xFFFFFFFF ==>
      (msr_exits(vm, m, 0) <==> \old(msr_exits(vm, m, 0)) && !(m == msr && read && msr_place(m) >= 0));
    ensures write: \forall integer m; 0 <= m <= 0xFFFFFFFF ==>
      (msr_exits(vm, m, 1) <==> \old(msr_exits(vm, m, 1)) && !(m == msr && write && msr_place(m) >= 0)); */
void svm_msr_open(vm_id_t vm, uint32_t msr, bool read, bool write);
/*@ requires vm < MAX_VM;
    assigns access_io_map[vm][0 .. 8191];
    exits \false;
    ensures port: \forall integer p; 0 <= p <= 0xFFFF ==> (port_exits(vm, p) <==> \old(port_exits(vm, p)) && p != port); */
void svm_port_open(vm_id_t vm, uint16_t port);
/* Every bit of 0xFF is set. */
/*@ requires vm < MAX_VM;
    assigns access_msr_map[vm][0 .. 8191], access_io_map[vm][0 .. 12287];
    exits \false;
    ensures msrs: \forall integer i; 0 <= i < 8192 ==> access_msr_map[vm][i] == 0xFF;
    ensures ports: \forall integer i; 0 <= i < 12288 ==> access_io_map[vm][i] == 0xFF; */
void svm_bitmaps_close(vm_id_t vm);

#include "x86/svm/bitmap.c"
