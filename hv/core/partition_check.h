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
/*@ requires v < PART_MAX_VM;
    assigns \nothing;
    exits \false; */
bool partition_vm_absent(uint32_t v); /* entry 0 of a scenario without a Service VM */
/*@ requires \valid_read(text + (0 .. size - 1));
    assigns \nothing;
    exits \false; */
bool partition_text_ends(const char *text, uint32_t size);
/* An address that no VM's memory or device has: interrupt controllers and PCI configuration. */
/*@ requires size > 0;
    assigns \nothing;
    exits \false; */
bool partition_meets_controller(uint64_t base, uint64_t size);

/* Kinds, names, images, counts, cores. */
/*@ requires boot_ok && header_ok && partition.table.board.pcpu_count <= MAX_PCPU;
    assigns partition_result;
    exits \false;
    ensures \result ==> counts_ok; */
bool partition_check_vms(void);
/* Modules, what follows faults, shares of caches. */
/*@ requires boot_ok && header_ok;
    assigns partition_result;
    exits \false;
    ensures \result ==> shares_ok; */
bool partition_check_policy(void);
/* Policies, safe states, heartbeats. */
/*@ requires header_ok;
    assigns partition_result;
    exits \false; */
bool partition_check_health(void);
/* Ranges one by one, then against each other. */
/*@ requires boot_ok && counts_ok && partition.table.total_size >= sizeof(struct part_table);
    assigns partition_result;
    exits \false;
    ensures \result ==> memory_ok; */
bool partition_check_memory(void);
/*@ requires boot_ok && counts_ok && memory_ok;
    assigns partition_result;
    exits \false; */
bool partition_check_devices(void);   /* ports, interrupt lines, PCI functions, and the next: */
bool partition_check_ivshmem(void);   /* shared-memory devices, and: */
bool partition_check_link(void);      /* lines between UARTs */

#ifdef __FRAMAC__ /* contracts of what others declare */
/* Valid: the counts are within the arrays, all memory is whole pages of existing addresses. */
/*@ requires boot_ok;
    assigns partition_result;
    exits \false;
    ensures \result.valid ==> header_ok && counts_ok && memory_ok; */
struct partition_verdict partition_validate(uint32_t table_size);

/*@ assigns \nothing;
    exits \false; */
uint32_t boot_module_find(const char *tag);
#endif

#endif
