/* SPDX-License-Identifier: Apache-2.0 */
/* Words that every module shares: addresses, ids, results. */
#ifndef CORE_TYPES_H
#define CORE_TYPES_H

#include <stdbool.h>
#include <stdint.h>

#define NORETURN __attribute__((noreturn)) /* C11's own word is a feature that MISRA rule 1.4 keeps out */

typedef uint64_t hpa_t; /* host-physical address */
typedef uint64_t gpa_t; /* guest-physical address */
typedef uint64_t gva_t; /* guest-virtual (linear) address */

typedef uint32_t vm_id_t;
typedef uint32_t vcpu_id_t; /* global: see MAX_VCPU */
typedef uint32_t pcpu_id_t; /* index in MADT order, the boot core is 0 */

#define ID_NONE  0xFFFFFFFFU
#define TIME_NEVER 0xFFFFFFFFFFFFFFFFU /* TSC value of a deadline that is not set */
#define PAGE_SIZE 4096U
#define PAGE_MASK 0xFFFFFFFFFFFFF000ULL /* of an address: its page */
#define PAGE_SIZE_2M 0x200000U
#define PAGE_SIZE_1G 0x40000000U

enum status {
    STATUS_OK = 0,
    STATUS_INVALID,     /* an argument is out of its range */
    STATUS_NO_MEMORY,   /* a pool is exhausted */
    STATUS_DENIED,      /* the owner of the resource is someone else */
    STATUS_NOT_FOUND,
    STATUS_BUSY,        /* already there, or in the wrong state */
    STATUS_FAULT,       /* a guest address does not translate */
    STATUS_NO_DEVICE,
    STATUS_UNKNOWN      /* no such call, register or port */
};

#endif
