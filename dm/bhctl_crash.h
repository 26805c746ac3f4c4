/* SPDX-License-Identifier: Apache-2.0 */
/* bhctl crash: what was found in the region, and how it is shown. */
#ifndef DM_BHCTL_CRASH_H
#define DM_BHCTL_CRASH_H

#include "abi/crash.h"
#include "bhctl.h"

enum crash_finding { CRASH_NONE, CRASH_DAMAGED, CRASH_RECORD };

struct crash_data {
    struct hv_crash_header header;
    enum crash_finding vm_finding[HV_CRASH_VMS];
    struct hv_crash_vm vm[HV_CRASH_VMS];
    enum crash_finding exception_finding[HV_CRASH_EXCEPTIONS];
    struct hv_crash_exception exception[HV_CRASH_EXCEPTIONS];
};

/* bhctl_crash.c. False: no header. Without all, records that are marked as seen are left out. */
bool crash_collect(const void *region, bool all, struct crash_data *data);
const char *crash_action_name(uint32_t action);
const char *crash_exception_name(uint64_t vector);
const char *crash_log_begin(const struct hv_crash_exception *record, size_t *size);

/* bhctl_crash_print.c */
void print_crash(FILE *out, const struct crash_data *data);
void print_crash_json(FILE *out, const struct crash_data *data);

#endif
