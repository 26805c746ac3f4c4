/* SPDX-License-Identifier: Apache-2.0 */
/* A test guest as User VM: what it finds as multiboot guest (tests/guests/start.S), made from the 64-bit entry of Linux. It powers off at its end. */
    .text
    .code64
    .globl user_main
user_main:
    lgdt pointer(%rip)
    mov $16, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    pushq $8
    lea 1f(%rip), %rax
    pushq %rax
    lretq
1:  mov 0x228(%rsi), %eax               /* cmd_line_ptr of the boot parameters */
    mov %eax, information + 16(%rip)
    lea information(%rip), %rdi
    sub $8, %rsp
    call guest_entry
2:  mov $0x604, %dx                     /* MACHINE_PORT_PM1_CTL: SLP_EN, SLP_TYP 5 */
    mov $0x3400, %ax
    outw %ax, %dx
    jmp 2b

    .data
    .balign 16
gdt:
    .quad 0, 0x00AF9B000000FFFF, 0x00CF93000000FFFF
pointer:
    .short 3 * 8 - 1
    .quad gdt
    .balign 8
information:                            /* of multiboot: flags, ..., the command line in word 4 */
    .long 4, 0, 0, 0, 0
    .section .note.GNU-stack, "", @progbits
