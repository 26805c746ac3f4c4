// SPDX-License-Identifier: Apache-2.0
/* bhctl crash: records of failures that outlived a reset, or are of this boot. A record whose CRC is wrong is not shown. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "bhctl_crash.h"

#define COPY_ATTEMPTS 1000U
#define CRC_BEGINS 8U
#define FAULTS 4U

static const char *const action_names[HV_CRASH_ACTIONS] = { "stopped", "restarted", "safe_state", "halted", "reset", "reported" };
static const char *const exception_names[] = {
    "divide error", "debug", "NMI", "breakpoint", "overflow", "bound range", "invalid opcode", "no x87", "double fault", "x87 overrun",
    "invalid TSS", "segment not present", "stack fault", "general protection", "page fault", "reserved", "x87 error", "alignment check",
    "machine check", "SIMD error"
};

const char *crash_action_name(uint32_t action)
{
    return action < HV_CRASH_ACTIONS ? action_names[action] : "?";
}

const char *crash_exception_name(uint64_t vector)
{
    return vector < sizeof(exception_names) / sizeof(exception_names[0]) ? exception_names[vector] : "exception";
}

static uint32_t crc32_of(const unsigned char *bytes, size_t size)
{
    uint32_t crc = 0xFFFFFFFFU;

    for (size_t i = 0U; i < size; i++) {
        crc ^= bytes[i];
        for (unsigned int bit = 0U; bit < 8U; bit++) {
            crc = (crc & 1U) != 0U ? (crc >> 1U) ^ 0xEDB88320U : crc >> 1U;
        }
    }
    return ~crc;
}

/* The hypervisor may be writing it: only a record that stays damaged is. */
static enum crash_finding take(const unsigned char *source, void *record, size_t size)
{
    enum crash_finding finding = CRASH_DAMAGED;
    uint32_t head[2];

    for (unsigned int attempt = 0U; attempt < COPY_ATTEMPTS && finding == CRASH_DAMAGED; attempt++) {
        memcpy(record, source, size);
        memcpy(head, record, sizeof(head));
        if (head[0] != HV_CRASH_MAGIC) {
            finding = CRASH_NONE;
        } else if (crc32_of((const unsigned char *)record + CRC_BEGINS, size - CRC_BEGINS) == head[1]) {
            finding = CRASH_RECORD;
        }
    }
    return finding;
}

/* What else the printing takes for granted. */
static enum crash_finding sound(enum crash_finding finding, bool good)
{
    return finding == CRASH_RECORD && !good ? CRASH_DAMAGED : finding;
}

static bool is_new(const struct hv_crash_header *header, uint32_t boot, uint64_t tsc)
{
    return boot > header->seen_boot || (boot == header->seen_boot && tsc > header->seen_tsc);
}

/* REQ-LIF-032 */
bool crash_collect(const void *region, bool all, struct crash_data *data)
{
    const unsigned char *base = region;

    memset(data, 0, sizeof(*data));
    if (take(base, &data->header, sizeof(data->header)) != CRASH_RECORD || data->header.version != HV_CRASH_VERSION) {
        return false;
    }
    for (uint32_t i = 0U; i < HV_CRASH_VMS; i++) {
        struct hv_crash_vm *vm = &data->vm[i];
        enum crash_finding finding = take(base + HV_CRASH_VM + i * sizeof(*vm), vm, sizeof(*vm));
        finding = sound(finding, vm->vm == i && vm->fault >= 1U && vm->fault <= FAULTS);
        data->vm_finding[i] = finding == CRASH_RECORD && !all && !is_new(&data->header, vm->boot, vm->tsc) ? CRASH_NONE : finding;
    }
    for (uint32_t i = 0U; i < HV_CRASH_EXCEPTIONS; i++) {
        struct hv_crash_exception *exception = &data->exception[i];
        enum crash_finding finding = take(base + HV_CRASH_EXCEPTION + i * sizeof(*exception), exception, sizeof(*exception));
        data->exception_finding[i] =
            finding == CRASH_RECORD && !all && !is_new(&data->header, exception->boot, exception->tsc) ? CRASH_NONE : finding;
    }
    return true;
}

/* The ring may begin amid a line, which is left out, or before there was one. */
const char *crash_log_begin(const struct hv_crash_exception *record, size_t *size)
{
    const char *at = record->log;
    const char *end = record->log + HV_CRASH_LOG;

    if (*at == '\0') {
        while (at < end && *at == '\0') {
            at++;
        }
    } else if (*at != '[') {
        const char *newline = memchr(at, '\n', HV_CRASH_LOG);
        at = newline != NULL ? newline + 1 : at;
    }
    *size = (size_t)(end - at);
    return at;
}

static bool mark_seen(const struct bhctl_options *options)
{
    char directory[512];
    char path[1024];
    FILE *file;
    bool good = region_directory(options, directory, sizeof(directory));

    if (good) {
        (void)snprintf(path, sizeof(path), "%s/crash_seen", directory);
        file = fopen(path, "we");
        good = file != NULL && fprintf(file, "1\n") > 0;
        good = (file == NULL || fclose(file) == 0) && good;
        if (!good) {
            fprintf(stderr, "bhctl: %s: %s\n", path, strerror(errno));
        }
    }
    return good;
}

static bool complain(const struct crash_data *data)
{
    bool good = true;

    for (uint32_t i = 0U; i < HV_CRASH_VMS; i++) {
        if (data->vm_finding[i] == CRASH_DAMAGED) {
            fprintf(stderr, "bhctl: the record of VM %u is damaged and is not shown\n", i);
            good = false;
        }
    }
    for (uint32_t i = 0U; i < HV_CRASH_EXCEPTIONS; i++) {
        if (data->exception_finding[i] == CRASH_DAMAGED) {
            fprintf(stderr, "bhctl: the record of exception %u is damaged and is not shown\n", i);
            good = false;
        }
    }
    return good;
}

enum bhctl_exit command_crash(const struct bhctl_options *options)
{
    struct bhctl_region region;
    struct crash_data data;
    bool shown, good;

    if (!region_open(options, "crash", HV_CRASH_SIZE, &region)) {
        return BHCTL_FAILED;
    }
    shown = crash_collect(region.memory, options->all, &data);
    good = shown;
    if (!shown) {
        fprintf(stderr, "bhctl: region_crash holds no records of this version, or their header is damaged\n");
    } else {
        if (options->json) {
            print_crash_json(stdout, &data);
        } else {
            print_crash(stdout, &data);
        }
        good = complain(&data);
    }
    if (options->clear && shown) {
        good = mark_seen(options) && good;
    }
    region_close(&region);
    return good ? BHCTL_OK : BHCTL_FAILED;
}
