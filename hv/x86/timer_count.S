/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the timer's current count (x2APIC MSR 839H). QEMU with -icount stops with "Bad
 * icount read" unless this RDMSR ends its translation block, and a block ends with its
 * page: so RDMSR is the last instruction of a page, where hv/link.ld puts it.
 */
    .section .timer_count, "ax"
    .globl apic_timer_count
/* REQ-INT-015 */
apic_timer_count:
    mov $0x839, %ecx                    /* 5 bytes */
    rdmsr                               /* 2 bytes, the page's last */
    shl $32, %rdx
    or %rdx, %rax
    ret
