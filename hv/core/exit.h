/* SPDX-License-Identifier: Apache-2.0 */
/* The normalised exit: the same record from AMD-V and VT-x. */
#ifndef CORE_EXIT_H
#define CORE_EXIT_H

#include "abi/hv_info.h"
#include "core/types.h"

/* The event whose delivery to the guest the exit cut short, by what a fault in the middle of it makes
 * (AMD APM 2, table 8-6; Intel SDM 3, table 6-5): that fault, a double fault, or the end. */
enum exit_cut { CUT_NOTHING, CUT_BENIGN, CUT_CONTRIBUTORY, CUT_DOUBLE_FAULT }; /* contributory: page faults, too */

/* Fields that do not belong to the reason hold anything. What an HV_EXIT_CR / HV_EXIT_EXCEPTION record means is in "number". */
struct vm_exit {
    enum hv_exit_reason reason;
    uint32_t length;        /* bytes to the next instruction; 0: not known, or not to be skipped */
    uint32_t number;        /* MSR index, port, control-register number, exception vector */
    uint32_t size;          /* IO: 1, 2, 4 bytes */
    bool write;             /* IO, MMIO, CR: direction */
    bool execute;           /* MMIO: instruction fetch */
    bool table_walk;        /* MMIO: the guest's own page-table walk faulted */
    bool string;            /* IO: INS or OUTS */
    bool repeat;            /* IO: REP prefix */
    uint32_t address_size;  /* IO string: 2, 4, 8 bytes */
    uint32_t segment;       /* IO string: enum segment_id of OUTS's source */
    uint32_t gpr;           /* CR: enum gpr of the other operand; 16: not known, decode */
    uint32_t error;         /* EXCEPTION: error code */
    gpa_t gpa;              /* MMIO: full address */
    enum exit_cut cut;
};

#endif
