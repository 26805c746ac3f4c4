/* SPDX-License-Identifier: Apache-2.0 */
/* The I/O request page of a User VM: 16 slots of 256 bytes, slot = vCPU (ACRN ABI). */
#ifndef ABI_IOREQ_H
#define ABI_IOREQ_H

#include <stdint.h>

#define IOREQ_SLOTS      16U
#define IOREQ_SLOT_SIZE  256U
#define IOREQ_TYPE_PIO   0U
#define IOREQ_TYPE_MMIO  1U
#define IOREQ_READ       0U
#define IOREQ_WRITE      1U

/* Values of the field "processed". */
#define IOREQ_PENDING    0U
#define IOREQ_COMPLETE   1U
#define IOREQ_PROCESSING 2U
#define IOREQ_FREE       3U

/* Byte offsets in a slot; PIO and MMIO requests share them. */
#define IOREQ_OFF_TYPE       0U
#define IOREQ_OFF_POLLING    4U
#define IOREQ_OFF_DIRECTION  64U
#define IOREQ_OFF_ADDRESS    72U
#define IOREQ_OFF_SIZE       80U
#define IOREQ_OFF_VALUE      88U /* 32 bits for PIO, 64 for MMIO */
#define IOREQ_OFF_KERNEL_HANDLED 132U
#define IOREQ_OFF_PROCESSED  136U

/* A triple fault: a 1-byte write of 0xFE to port 0x64, the keyboard controller's reset pulse, as
 * device models know it. The bits above the byte, which no access of a guest has, tell it
 * from a reset that the guest asked for. */
#define IOREQ_SHUTDOWN_PORT  0x64U
#define IOREQ_SHUTDOWN_VALUE 0x8F0000FEU

#endif
