/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proves the builder of the MSR and I/O bitmaps of VT-x (hv/x86/vmx/bitmap.c; Intel SDM 3, 24.6.4 and 24.6.9): closing sets every
 * bit, opening an MSR or a port clears its own bits and changes no other. As proofs/bitmap.c does for AMD-V, with another layout.
 */
#include "proofs/access_bit.h"
#include "x86/vmx/vmx.h"

/*@ // 24.6.9: 1 KiB each for reads of the low and of the high MSRs, then for writes of both; -1: no place, always exits.
    logic integer msr_place(integer msr) =
      0 <= msr < 0x2000 ? msr :
      0xC0000000 <= msr < 0xC0002000 ? 0x2000 + msr - 0xC0000000 : -1;
    // The access of VM vm to the MSR leaves the guest. write: 0 or 1.
    predicate msr_exits{L}(integer vm, integer msr, integer write) =
      msr_place(msr) < 0 || map_bit(access_msr_map[vm][2048 * write + msr_place(msr) / 8], msr_place(msr) % 8);
    // The second map, in use while the CPU has the vCPU's local APIC.
    predicate msr_exits_apic{L}(integer vm, integer msr, integer write) =
      msr_place(msr) < 0 || map_bit(access_msr_map[vm][4096 + 2048 * write + msr_place(msr) / 8], msr_place(msr) % 8);
    // 24.6.4: bitmap A is the first page, B the second, so that ports follow each other.
    predicate port_exits{L}(integer vm, integer port) = map_bit(access_io_map[vm][port / 8], port % 8); */

/* proves REQ-ISO-017 */
/*@ requires vm < MAX_VM;
    assigns access_msr_map[vm][0 .. 8191];
    exits \false;
    ensures read: \forall integer m; 0 <= m <= 0xFFFFFFFF ==>
      (msr_exits(vm, m, 0) <==> \old(msr_exits(vm, m, 0)) && !(m == msr && read && msr_place(m) >= 0));
    ensures write: \forall integer m; 0 <= m <= 0xFFFFFFFF ==>
      (msr_exits(vm, m, 1) <==> \old(msr_exits(vm, m, 1)) && !(m == msr && write && msr_place(m) >= 0));
    ensures read_apic: \forall integer m; 0 <= m <= 0xFFFFFFFF ==>
      (msr_exits_apic(vm, m, 0) <==> \old(msr_exits_apic(vm, m, 0)) && !(m == msr && read && msr_place(m) >= 0));
    ensures write_apic: \forall integer m; 0 <= m <= 0xFFFFFFFF ==>
      (msr_exits_apic(vm, m, 1) <==> \old(msr_exits_apic(vm, m, 1)) && !(m == msr && write && msr_place(m) >= 0)); */
void vmx_msr_open(vm_id_t vm, uint32_t msr, bool read, bool write);
/*@ requires vm < MAX_VM;
    assigns access_io_map[vm][0 .. 8191];
    exits \false;
    ensures port: \forall integer p; 0 <= p <= 0xFFFF ==> (port_exits(vm, p) <==> \old(port_exits(vm, p)) && p != port); */
void vmx_port_open(vm_id_t vm, uint16_t port);
/* Every bit of 0xFF is set. In the second map six bytes of MSRs 808 to 83F are not 0xFF: 257 to 260 for reads, 257 and 263 for writes. */
/*@ requires vm < MAX_VM;
    assigns access_msr_map[vm][0 .. 8191], access_io_map[vm][0 .. 8191];
    exits \false;
    ensures msrs: \forall integer i; 0 <= i < 4096 ==> access_msr_map[vm][i] == 0xFF;
    ensures msrs_apic: \forall integer i; 4096 <= i < 8192 ==> access_msr_map[vm][i] ==
      (i == 4353 ? 0xFA : 4354 <= i <= 4356 ? 0 : i == 6401 ? 0xF6 : i == 6407 ? 0x7F : 0xFF);
    ensures ports: \forall integer i; 0 <= i < 8192 ==> access_io_map[vm][i] == 0xFF; */
void vmx_bitmaps_close(vm_id_t vm);

#include "x86/vmx/bitmap.c"
