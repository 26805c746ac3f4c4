/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The smallest bzImage (Documentation/arch/x86/boot.rst, protocol 2.15): bhdm enters it at its 64-bit entry point, with 4 GiB mapped one to
 * one. Entered in real mode, as a boot loader of a PC does, it prints its TSC on COM2 and halts: where a kernel's first instruction is.
 */
    .section .setup, "ax"
    .code16
    .org 0x1F1
    .byte 1                             /* setup_sects */
    .word 0                             /* root_flags */
    .long payload_paragraphs            /* syssize */
    .word 0, 0, 0                       /* ram_size, vid_mode, root_dev */
    .word 0xAA55
    .byte 0xEB, header_end - header     /* jump over the header; its end is told by this */
header:
    .ascii "HdrS"
    .word 0x020F
    .long 0                             /* realmode_swtch */
    .word 0, 0                          /* start_sys_seg, kernel_version */
    .byte 0, 1                          /* type_of_loader; loadflags: LOADED_HIGH */
    .word 0x8000                        /* setup_move_size */
    .long 0x100000, 0, 0, 0             /* code32_start, ramdisk_image, ramdisk_size, bootsect_kludge */
    .word 0                             /* heap_end_ptr */
    .byte 0, 0                          /* ext_loader_ver, ext_loader_type */
    .long 0, 0x7FFFFFFF, 0x200000       /* cmd_line_ptr, initrd_addr_max, kernel_alignment */
    .byte 0, 21                         /* relocatable_kernel, min_alignment */
    .word 1                             /* xloadflags: XLF_KERNEL_64 */
    .long 255, 0                        /* cmdline_size, hardware_subarch */
    .quad 0                             /* hardware_subarch_data */
    .long 0, 0                          /* payload_offset, payload_length */
    .quad 0, 0x1000000                  /* setup_data, pref_address */
    .long 0x100000, 0, 0                /* init_size, handover_offset, kernel_info_offset */
header_end:
    cli
    rdtsc
    mov %eax, %esi
    mov %edx, %ebp
    mov $0x2F8, %dx
    mov %cs, %ax
    mov %ax, %ds
    call text
    mov %ebp, %ebx
    call hex
    mov %esi, %ebx
    call hex
    mov $13, %al
    out %al, %dx
    mov $10, %al
    out %al, %dx
1:  hlt
    jmp 1b

text:
    mov $(words - .setup - 0x200), %di  /* CS is 0x200 bytes beyond the sector's start */
2:  mov (%di), %al
    test %al, %al
    jz 3f
    out %al, %dx
    inc %di
    jmp 2b
3:  ret

hex:
    mov $8, %cx
4:  rol $4, %ebx
    mov %bl, %al
    and $15, %al
    add $'0', %al
    cmp $'9', %al
    jbe 5f
    add $39, %al
5:  out %al, %dx
    loop 4b
    ret
words:
    .asciz "entry "

    .section .entry, "ax"
    .code64
    .org 0x200
    mov $stack_top, %rsp
    call user_main
6:  cli
    hlt
    jmp 6b

    .section .stack, "aw"
    .balign 16
    .skip 4096
stack_top:
    .section .note.GNU-stack, "", @progbits
