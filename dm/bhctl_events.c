// SPDX-License-Identifier: Apache-2.0
/* Names of what the trace records, and of the vCPUs that it is about. */
#include <string.h>

#include "bhctl_trace.h"

static const char *const kind_names[HV_TRACE_KINDS] = {
    "entry", "exit", "refused", "switch", "idle", "busy", "wake", "interrupt", "hypercall", "kick"
};

const char *trace_kind_name(uint32_t kind)
{
    return kind < HV_TRACE_KINDS ? kind_names[kind] : "gap";
}

bool trace_parse_events(const char *list, uint32_t *mask)
{
    bool good = list[0] != '\0';

    *mask = 0U;
    while (good && *list != '\0') {
        size_t length = strcspn(list, ",");
        uint32_t found = length == 3U && strncmp(list, "all", 3U) == 0 ? HV_TRACE_ALL : 0U;
        for (uint32_t kind = 0U; kind < HV_TRACE_KINDS; kind++) {
            if (strlen(kind_names[kind]) == length && strncmp(list, kind_names[kind], length) == 0) {
                found = 1U << kind;
            }
        }
        good = found != 0U;
        *mask |= found;
        list += length;
        list += *list == ',' && list[1] != '\0' ? 1 : 0;
        good = good && *list != ',';
    }
    return good;
}

const char *trace_vcpu_name(const struct trace_data *data, uint8_t vcpu, char *text, size_t size)
{
    uint32_t vm = vcpu / HV_STATS_VCPUS;

    if (vm >= HV_STATS_VMS) {
        (void)snprintf(text, size, "-");
    } else if (data->stats.vm[vm].name[0] != '\0') {
        (void)snprintf(text, size, "%.16s/%u", data->stats.vm[vm].name, vcpu % HV_STATS_VCPUS);
    } else {
        (void)snprintf(text, size, "vm%u/%u", vm, vcpu % HV_STATS_VCPUS);
    }
    return text;
}
