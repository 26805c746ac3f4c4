// SPDX-License-Identifier: Apache-2.0
/* bhctl crash: the records as text and as JSON. */
#include <stddef.h>
#include <string.h>

#include "bhctl_crash.h"

#define FRAME (sizeof(struct hv_crash_frame) / 8U)
#define REGISTERS (FRAME + 1U) /* and CR2 */

/* In the order of struct hv_crash_frame. */
static const char *const register_names[REGISTERS] = {
    "r15", "r14", "r13", "r12", "r11", "r10", "r9", "r8", "rdi", "rsi", "rbp", "rbx", "rdx", "rcx", "rax", "vector", "error", "rip", "cs",
    "rflags", "rsp", "ss", "cr2"
};
static const char *const gpr_names[16] = {
    "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"
};

static void print_time(FILE *out, uint32_t boot, uint64_t uptime_us)
{
    fprintf(out, "boot %u, %llu.%06llu s", boot, (unsigned long long)(uptime_us / 1000000U), (unsigned long long)(uptime_us % 1000000U));
}

/* Four to a line. */
static void print_registers(FILE *out, const char *const *names, const uint64_t *values, size_t count)
{
    for (size_t i = 0U; i < count; i++) {
        fprintf(out, "  %6s %016llx%s", names[i], (unsigned long long)values[i],
                i % 4U == 3U || i + 1U == count ? "\n" : "");
    }
}

/* Only what a terminal may be given. */
static void print_log(FILE *out, const struct hv_crash_exception *record)
{
    size_t size;
    const char *log = crash_log_begin(record, &size);
    bool fresh = true;

    for (size_t i = 0U; i < size; i++) {
        if (fresh) {
            fputs("    ", out);
        }
        fputc(log[i] == '\n' || (log[i] >= ' ' && log[i] <= '~') ? log[i] : '?', out);
        fresh = log[i] == '\n';
    }
    if (!fresh) {
        fputc('\n', out);
    }
}

static void print_exception(FILE *out, const struct hv_crash_exception *record)
{
    uint64_t values[REGISTERS];

    memcpy(values, &record->registers, sizeof(record->registers));
    values[FRAME] = record->cr2;
    print_time(out, record->boot, record->uptime_us);
    fprintf(out, ": exception of the hypervisor on core %u (%s): %s, error %#llx, at %#llx\n", record->core,
            record->exclusive != 0U ? "exclusive" : "shared", crash_exception_name(record->registers.vector),
            (unsigned long long)record->registers.error, (unsigned long long)record->registers.rip);
    if (record->vcpu != HV_CRASH_NO_VCPU) {
        fprintf(out, "  the core carried vCPU %u of VM %.16s\n", record->vcpu % HV_STATS_VCPUS, record->name);
    }
    print_registers(out, register_names, values, REGISTERS);
    fprintf(out, "  last log lines of the core:\n");
    print_log(out, record);
}

static void print_vm(FILE *out, const struct hv_crash_vm *record)
{
    print_time(out, record->boot, record->uptime_us);
    fprintf(out, ": VM %.16s: %s %#llx of vCPU %u at %#llx: %s; fault %u of that boot, %u restarts before, last exit %s\n", record->name,
            stats_fault_name(record->fault), (unsigned long long)record->detail, record->vcpu, (unsigned long long)record->rip,
            crash_action_name(record->action), record->count, record->restarts, stats_reason_name(record->exit_reason));
    print_registers(out, gpr_names, record->gpr, 16U);
}

void print_crash(FILE *out, const struct crash_data *data)
{
    bool any = false;

    for (uint32_t i = 0U; i < HV_CRASH_EXCEPTIONS; i++) {
        if (data->exception_finding[i] == CRASH_RECORD) {
            print_exception(out, &data->exception[i]);
            any = true;
        }
    }
    for (uint32_t i = 0U; i < HV_CRASH_VMS; i++) {
        if (data->vm_finding[i] == CRASH_RECORD) {
            print_vm(out, &data->vm[i]);
            any = true;
        }
    }
    fprintf(out, any ? "this is boot %u\n" : "no failure is on record; this is boot %u\n", data->header.boot);
}

static void json_registers(FILE *out, const char *const *names, const uint64_t *values, size_t count)
{
    fputs(",\"registers\":{", out);
    for (size_t i = 0U; i < count; i++) {
        fprintf(out, "%s\"%s\":\"%#llx\"", i == 0U ? "" : ",", names[i], (unsigned long long)values[i]);
    }
    fputs("}", out);
}

static void json_exception(FILE *out, const struct hv_crash_exception *record)
{
    uint64_t values[REGISTERS];
    size_t size;
    const char *log = crash_log_begin(record, &size);

    memcpy(values, &record->registers, sizeof(record->registers));
    values[FRAME] = record->cr2;
    fprintf(out, "{\"boot\":%u,\"uptime_us\":%llu,\"tsc\":%llu,\"core\":%u,\"exclusive\":%s,\"vcpu\":", record->boot,
            (unsigned long long)record->uptime_us, (unsigned long long)record->tsc, record->core, record->exclusive != 0U ? "true" : "false");
    if (record->vcpu == HV_CRASH_NO_VCPU) {
        fputs("null,\"vm\":null", out);
    } else {
        fprintf(out, "%u,\"vm\":", record->vcpu % HV_STATS_VCPUS);
        print_json_string(out, record->name, sizeof(record->name));
    }
    fprintf(out, ",\"exception\":\"%s\"", crash_exception_name(record->registers.vector));
    json_registers(out, register_names, values, REGISTERS);
    fputs(",\"log\":", out);
    print_json_string(out, log, size);
    fputs("}", out);
}

static void json_vm(FILE *out, const struct hv_crash_vm *record)
{
    fprintf(out, "{\"boot\":%u,\"uptime_us\":%llu,\"tsc\":%llu,\"vm\":%u,\"name\":", record->boot, (unsigned long long)record->uptime_us,
            (unsigned long long)record->tsc, record->vm);
    print_json_string(out, record->name, sizeof(record->name));
    fprintf(out, ",\"vcpu\":%u,\"core\":%u,\"fault\":\"%s\",\"action\":\"%s\",\"count\":%u,\"restarts\":%u,\"last_exit\":\"%s\"",
            record->vcpu, record->core, stats_fault_name(record->fault), crash_action_name(record->action), record->count, record->restarts,
            stats_reason_name(record->exit_reason));
    fprintf(out, ",\"detail\":\"%#llx\",\"rip\":\"%#llx\",\"rflags\":\"%#llx\"", (unsigned long long)record->detail,
            (unsigned long long)record->rip, (unsigned long long)record->rflags);
    json_registers(out, gpr_names, record->gpr, 16U);
    fputs("}", out);
}

static void json_damaged(FILE *out, const enum crash_finding *finding, size_t count)
{
    const char *separator = "";

    for (uint32_t i = 0U; i < count; i++) {
        if (finding[i] == CRASH_DAMAGED) {
            fprintf(out, "%s%u", separator, i);
            separator = ",";
        }
    }
}

/* REQ-LIF-032 */
void print_crash_json(FILE *out, const struct crash_data *data)
{
    const char *separator = "";

    fprintf(out, "{\"boot\":%u,\"exceptions\":[", data->header.boot);
    for (uint32_t i = 0U; i < HV_CRASH_EXCEPTIONS; i++) {
        if (data->exception_finding[i] == CRASH_RECORD) {
            fputs(separator, out);
            json_exception(out, &data->exception[i]);
            separator = ",";
        }
    }
    fputs("],\"vms\":[", out);
    separator = "";
    for (uint32_t i = 0U; i < HV_CRASH_VMS; i++) {
        if (data->vm_finding[i] == CRASH_RECORD) {
            fputs(separator, out);
            json_vm(out, &data->vm[i]);
            separator = ",";
        }
    }
    fputs("],\"damaged_exceptions\":[", out);
    json_damaged(out, data->exception_finding, HV_CRASH_EXCEPTIONS);
    fputs("],\"damaged_vms\":[", out);
    json_damaged(out, data->vm_finding, HV_CRASH_VMS);
    fputs("]}\n", out);
}
