/* SPDX-License-Identifier: Apache-2.0 */
/*
 * First instructions of an application processor: real mode at CS:0 of the page that
 * the SIPI named (Intel SDM 3, 9.4.4). Copied to that page, so nothing here depends on
 * where it runs; the far jump goes to the linked image, with paging still off.
 */
#include "x86/layout.h"

    .section .rodata
    .code16
    .globl ap_trampoline, ap_trampoline_end
/* REQ-CFG-021 */
ap_trampoline:
    cli
    cld
    mov %cs, %ax
    mov %ax, %ds
    lgdtl trampoline_gdt_pointer - ap_trampoline
    mov $0x11, %eax                     /* ET PE */
    mov %eax, %cr0
    ljmpl $GDT_BOOT_CODE32, $ap_start32
    .balign 4
trampoline_gdt_pointer:
    .short 4 * 8 - 1
    .long boot_gdt
ap_trampoline_end:
