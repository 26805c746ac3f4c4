/* SPDX-License-Identifier: Apache-2.0 */
/* Multiboot1 entry to 64-bit C with 4 GiB mapped one to one, and an entry for each vector. */
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
    mov %ebx, %ebp
    mov $stack_top, %esp
    mov $directories, %edi
    xor %ecx, %ecx
1:  mov %ecx, %eax
    shl $21, %eax
    or $0x83, %eax
    mov %eax, (%edi, %ecx, 8)
    inc %ecx
    cmp $2048, %ecx
    jb 1b
    xor %ecx, %ecx
    mov $directories + 3, %eax
2:  mov %eax, pointers(, %ecx, 8)
    add $4096, %eax
    inc %ecx
    cmp $4, %ecx
    jb 2b
    movl $pointers + 3, root
    mov $0x620, %eax                    /* PAE OSFXSR OSXMMEXCPT */
    mov %eax, %cr4
    mov $root, %eax
    mov %eax, %cr3
    mov $0xC0000080, %ecx
    rdmsr
    or $0x100, %eax                     /* LME */
    wrmsr
    mov $0x80000011, %eax
    mov %eax, %cr0
    lgdt gdt_pointer
    ljmp $8, $long_mode
    .code64
long_mode:
    mov $16, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    mov $stack_top, %esp
    mov %ebp, %edi
    call guest_entry
3:  cli
    hlt
    jmp 3b

    .balign 16
    .globl guest_vectors
guest_vectors:
    .set vector, 0
    .rept 256
    .balign 16
    .if (vector != 8) && (vector != 10) && (vector != 11) && (vector != 12) && (vector != 13) && (vector != 14) && (vector != 17)
    pushq $0
    .endif
    pushq $vector
    jmp vector_common
    .set vector, vector + 1
    .endr
vector_common:
    push %rax
    push %rcx
    push %rdx
    push %rsi
    push %rdi
    push %r8
    push %r9
    push %r10
    push %r11
    lea 72(%rsp), %rdi                  /* vector, error code, RIP, ... */
    cld
    call guest_trap
    pop %r11
    pop %r10
    pop %r9
    pop %r8
    pop %rdi
    pop %rsi
    pop %rdx
    pop %rcx
    pop %rax
    add $16, %rsp
    iretq

    .data
    .balign 16
gdt:
    .quad 0, 0x00AF9B000000FFFF, 0x00CF93000000FFFF
gdt_pointer:
    .short 3 * 8 - 1
    .long gdt, 0

    .bss
    .balign 4096
root:        .skip 4096
pointers:    .skip 4096
directories: .skip 16384
    .skip 16384
stack_top:
    .section .note.GNU-stack, "", @progbits
