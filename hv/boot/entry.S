/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the boot loader (Multiboot 0.6.96 section 3.2, Multiboot2 section 3.3: 32-bit
 * protected mode, paging off) or from the AP trampoline to 64-bit C.
 */
#include "x86/layout.h"

#define MB1_MAGIC 0x1BADB002
#define MB1_FLAGS 0x00000003            /* modules on page boundaries; memory map wanted */
#define MB2_MAGIC 0xE85250D6

#define CR0_BOOT  0x80010033            /* PG WP NE ET MP PE */
#define CR4_BOOT  0x000006E0            /* OSXMMEXCPT OSFXSR PGE MCE PAE */
#define MSR_EFER  0xC0000080
#define EFER_BOOT 0x00000901            /* NXE LME SCE */

    .section .multiboot, "a"
    .balign 8
    .long MB1_MAGIC, MB1_FLAGS, -(MB1_MAGIC + MB1_FLAGS)
    .balign 8
mb2_header:
    .long MB2_MAGIC, 0, mb2_header_end - mb2_header, -(MB2_MAGIC + (mb2_header_end - mb2_header))
    .short 0, 0
    .long 8
mb2_header_end:

    .text
    .code32
    .globl boot_start
/* REQ-CFG-001 REQ-CFG-010 */
boot_start:
    cli
    cld
    mov %eax, %edi                      /* kept until boot_main(magic, info) */
    mov %ebx, %esi
    mov $0x80000000, %eax               /* without long mode nothing else here works */
    cpuid
    cmp $0x80000001, %eax
    jb no_long_mode
    mov $0x80000001, %eax
    cpuid
    mov $0x20100000, %eax               /* EDX: LM and NX */
    and %eax, %edx
    cmp %eax, %edx
    jne no_long_mode

    movl $(boot_pdpt + 3), boot_pml4    /* identity map of the first GiB in 2 MiB pages */
    movl $(boot_pd + 3), boot_pdpt
    xor %ecx, %ecx
1:  mov %ecx, %eax
    shl $21, %eax
    or $0x83, %eax
    mov %eax, boot_pd(,%ecx,8)
    inc %ecx
    cmp $512, %ecx
    jb 1b
    mov $boot_pml4, %ebx
    xor %ebp, %ebp                      /* boot core */
    jmp enter_long_mode

    .globl ap_start32
ap_start32:
    mov $GDT_BOOT_DATA, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    mov $host_pml4, %ebx
    mov $1, %ebp                        /* an application processor */

enter_long_mode:
    mov $CR4_BOOT, %eax
    mov %eax, %cr4
    mov %ebx, %cr3
    mov $MSR_EFER, %ecx
    mov $EFER_BOOT, %eax
    xor %edx, %edx
    wrmsr
    mov $CR0_BOOT, %eax
    mov %eax, %cr0
    lgdtl boot_gdt_pointer
    ljmp $GDT_BOOT_CODE64, $long_mode

    .code64
long_mode:
    mov $GDT_BOOT_DATA, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    xor %eax, %eax
    mov %eax, %fs
    mov %eax, %gs
    test %ebp, %ebp
    jnz 2f
    lea pcpu_stacks + PCPU_STACKS_SIZE(%rip), %rsp  /* core 0 stays on its own main stack */
    xor %ebp, %ebp
    call boot_main
1:  hlt
    jmp 1b
2:  mov ap_stack(%rip), %rsp
    xor %ebp, %ebp
    call ap_main
    jmp 1b

    .code32
no_long_mode:                           /* to the first serial port and the VGA text screen */
    mov $no_long_mode_text, %esi
    mov $0xB8000, %edi
    mov $0x3FB, %edx
    mov $3, %al                         /* line control: 8 bits; a reset leaves 5 */
    out %al, %dx
1:  lodsb
    test %al, %al
    jz 2f
    mov %eax, %ebx
    mov $0x10000, %ecx                  /* the UART has room for the next (LSR.THRE), or there is none */
    mov $0x3FD, %edx
3:  in %dx, %al
    test $0x20, %al
    loopz 3b
    mov %ebx, %eax
    mov $0x3F8, %edx
    out %al, %dx
    mov $0x4F, %ah
    stosw
    jmp 1b
2:  hlt
    jmp 2b

    .section .rodata
no_long_mode_text:
    .asciz "Bulkhead: cannot start: this CPU lacks long mode or NX"

    .balign 8
    .globl boot_gdt, boot_gdt_pointer
boot_gdt:                               /* null, 32-bit code, data, 64-bit code */
    .quad 0, 0x00CF9B000000FFFF, 0x00CF93000000FFFF, 0x00AF9B000000FFFF
boot_gdt_pointer:
    .short 4 * 8 - 1
    .quad boot_gdt

    .bss
    .balign 4096
boot_pml4: .skip 4096
boot_pdpt: .skip 4096
boot_pd:   .skip 4096
