/* SPDX-License-Identifier: Apache-2.0 */
/* Multiboot1 entry (32-bit, no paging) to 64-bit C, exception and interrupt entries. */
    .set MB_MAGIC, 0x1BADB002
    .set MB_FLAGS, 0x3            /* page-align modules, memory map */

    .section .multiboot, "a"
    .align 4
    .long MB_MAGIC, MB_FLAGS, -(MB_MAGIC + MB_FLAGS)

    .text
    .code32
    .globl _start
_start:
    cli
    cld
    mov %eax, %esi                /* multiboot magic */
    mov %ebx, %ebp                /* multiboot information */
    mov $boot_stack_top, %esp

    /* Identity map of 4 GiB with 2 MiB pages; no 1 GiB pages needed of the CPU. */
    mov $page_directory, %edi
    xor %ecx, %ecx
1:  mov %ecx, %eax
    shl $21, %eax
    or $0x83, %eax                /* present, writable, large */
    mov %eax, (%edi, %ecx, 8)
    movl $0, 4(%edi, %ecx, 8)
    inc %ecx
    cmp $2048, %ecx
    jb 1b
    mov $page_pointers, %edi
    mov $page_directory + 3, %eax
    xor %ecx, %ecx
2:  mov %eax, (%edi, %ecx, 8)
    add $4096, %eax
    inc %ecx
    cmp $4, %ecx
    jb 2b
    movl $page_pointers + 3, page_root

    mov $0x620, %eax              /* CR4: PAE, OSFXSR, OSXMMEXCPT */
    mov %eax, %cr4
    mov $page_root, %eax
    mov %eax, %cr3
    mov $0xC0000080, %ecx         /* EFER.LME */
    rdmsr
    or $0x100, %eax
    wrmsr
    mov $0x80000011, %eax         /* CR0: PG, ET, PE */
    mov %eax, %cr0
    lgdt gdt_pointer
    ljmp $8, $long_mode

    .code64
long_mode:
    mov $16, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    mov $boot_stack_top, %esp
    mov %esi, %edi
    mov %ebp, %esi
    call rtvm_main
3:  cli
    hlt
    jmp 3b

    /* Entry of the periodic timer: the first thing it does is read the clock. */
    .globl timer_entry
timer_entry:
    push %rax
    push %rdx
    push %rcx
    rdtsc
    shl $32, %rdx
    or %rdx, %rax
    mov %rax, timer_tsc(%rip)
    incq timer_interrupts(%rip)
    mov $0x80B, %ecx              /* x2APIC EOI */
    xor %eax, %eax
    xor %edx, %edx
    wrmsr
    pop %rcx
    pop %rdx
    pop %rax
    iretq

    .globl ipi_entry
ipi_entry:
    push %rax
    push %rdx
    push %rcx
    incq ipi_interrupts(%rip)
    mov $0x80B, %ecx
    xor %eax, %eax
    xor %edx, %edx
    wrmsr
    pop %rcx
    pop %rdx
    pop %rax
    iretq

    /* Entry of the Ethernet controller's message, likewise. Its registers are not touched: a message is an edge. */
    .globl nic_entry
nic_entry:
    push %rax
    push %rdx
    push %rcx
    rdtsc
    shl $32, %rdx
    or %rdx, %rax
    mov %rax, nic_tsc(%rip)
    incq nic_interrupts(%rip)
    mov $0x80B, %ecx
    xor %eax, %eax
    xor %edx, %edx
    wrmsr
    pop %rcx
    pop %rdx
    pop %rax
    iretq

    .globl spurious_entry
spurious_entry:
    iretq

    /* Exceptions are fatal: vector, error code and RIP go to the console. */
    .macro EXCEPTION vector has_error
    .align 16
    .if \has_error == 0
    pushq $0
    .endif
    pushq $\vector
    jmp exception_common
    .endm
    .align 16
    .globl exception_entries
exception_entries:
    .irp vector, 0, 1, 2, 3, 4, 5, 6, 7
    EXCEPTION \vector, 0
    .endr
    EXCEPTION 8, 1
    EXCEPTION 9, 0
    .irp vector, 10, 11, 12, 13, 14
    EXCEPTION \vector, 1
    .endr
    .irp vector, 15, 16
    EXCEPTION \vector, 0
    .endr
    EXCEPTION 17, 1
    .irp vector, 18, 19, 20
    EXCEPTION \vector, 0
    .endr
    EXCEPTION 21, 1
    .irp vector, 22, 23, 24, 25, 26, 27, 28
    EXCEPTION \vector, 0
    .endr
    EXCEPTION 29, 1
    EXCEPTION 30, 1
    EXCEPTION 31, 0
exception_common:
    pop %rdi
    pop %rsi
    mov (%rsp), %rdx
    and $-16, %rsp
    call exception_fatal
4:  cli
    hlt
    jmp 4b

    .data
    .align 16
gdt:
    .quad 0, 0x00AF9B000000FFFF, 0x00CF93000000FFFF
gdt_pointer:
    .short 3 * 8 - 1
    .long gdt, 0

    .bss
    .align 4096
page_root:
    .skip 4096
    .globl page_pointers             /* device.c adds a fifth for registers above 4 GiB */
page_pointers:
    .skip 4096
page_directory:
    .skip 4 * 4096
boot_stack:                      /* how deep it can get: docs/specification.md */
    .skip 16384
boot_stack_top:

    .section .note.GNU-stack, "", @progbits
