/* SPDX-License-Identifier: Apache-2.0 */
/* Starts as Zephyr's 32-bit x86 port does: a multiboot1 header in the first 8 KiB, entry in 32-bit protected mode without paging,
 * EAX and EBX as the specification has them, a GDT and a stack of its own. It stays in 32-bit mode. */
    .set MB_MAGIC, 0x1BADB002
    .set MB_FLAGS, 0x3

    .section .multiboot, "a"
    .balign 4
    .long MB_MAGIC, MB_FLAGS, -(MB_MAGIC + MB_FLAGS)

    .text
    .code32
    .globl guest_start
guest_start:
    cli
    cld
    mov $stack_top, %esp
    lgdt gdt_pointer
    ljmp $8, $1f
1:  mov $16, %ecx
    mov %ecx, %ds
    mov %ecx, %es
    mov %ecx, %ss
    push %ebx
    push %eax
    call rtos_main
2:  cli
    hlt
    jmp 2b

    .globl timer_entry
timer_entry:
    push %eax
    push %ecx
    push %edx
    incl timer_count
    mov $0x80B, %ecx                    /* end of interrupt, x2APIC */
    xor %eax, %eax
    xor %edx, %edx
    wrmsr
    pop %edx
    pop %ecx
    pop %eax
    iret

    .data
    .balign 16
gdt:
    .quad 0, 0x00CF9B000000FFFF, 0x00CF93000000FFFF
gdt_pointer:
    .short 3 * 8 - 1
    .long gdt

    .bss
    .balign 16
    .skip 8192
stack_top:
    .section .note.GNU-stack, "", @progbits
