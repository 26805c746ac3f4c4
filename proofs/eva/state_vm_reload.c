/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core/vm_reload.c. That a copy of ACPI data stays within the partition table follows from a sum of two unknowns,
 * which Eva does not add up: shown here is that the copy happens only after the check of both.
 */
#include "core/partition.h"
#include "core/vm.h"
#include "proofs/eva/eva.h"

static enum status write_checked(vm_id_t v, bool inside)
{
    /*@ assert vm_id: v < MAX_VM; */
    /*@ assert checked: inside; */
    (void)v; (void)inside;
    return any_bool() ? STATUS_OK : STATUS_FAULT;
}

#define guest_write(v, gpa, src, size) write_checked(v, inside)
#include "core/vm_reload.c"
