/* SPDX-License-Identifier: Apache-2.0 */
/* The partition table of this boot: validated once, read-only afterwards. */
#ifndef CORE_PARTITION_H
#define CORE_PARTITION_H

#include "abi/partition_table.h"
#include "core/types.h"

union partition_storage { /* the copy: the struct and its blob area */ /* DEV-007 */
    struct part_table table;
    uint8_t bytes[PART_MAX_SIZE];
};
extern union partition_storage partition; /* DEV-007 */

struct partition_verdict {
    bool valid;
    const char *reason;   /* what is wrong, for the boot log */
    uint32_t vm;          /* which VM, or ID_NONE */
    uint64_t detail;      /* the offending value */
};

/* Checks partition.table against limits, itself, boot_info and platform:
 * lengths, names, cores, ranges, ports, interrupts, devices, overlap between
 * partitions and with the hypervisor's image and boot modules, board match. */
struct partition_verdict partition_validate(uint32_t table_size);

#endif
