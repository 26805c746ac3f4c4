/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of partition_validate(). Each returns whether its checks pass; the first one that does
 * not calls partition_refuse(). They run in this order and rely on what those before have checked. */
#ifndef CORE_PARTITION_CHECK_H
#define CORE_PARTITION_CHECK_H

#include "core/partition.h"
#include "core/partition_spec.h"

#define PART_GPA_LIMIT 0x0001000000000000U /* 2^48 */
#define PART_HPA_LIMIT 0x0010000000000000U /* 2^52 */

extern struct partition_verdict partition_result; /* being formed */

/* Records why the table is refused; always false. reason says what to change. */
/*@ assigns partition_result;
    exits \false;
    ensures \result == \false; */
bool partition_refuse(const char *reason, uint32_t vm, uint64_t detail);
bool partition_vm_absent(uint32_t v); /* entry 0 of a scenario without a Service VM */
bool partition_text_ends(const char *text, uint32_t size);

bool partition_check_vms(void);       /* kinds, names, images, counts, cores */
/* Ranges one by one, then against each other. */
/*@ requires boot_ok && counts_ok && partition.table.total_size >= sizeof(struct part_table);
    assigns partition_result;
    exits \false;
    ensures \result ==> memory_ok; */
bool partition_check_memory(void);
bool partition_check_devices(void);   /* ports, interrupt lines, PCI functions */

#endif
