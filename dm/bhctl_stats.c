// SPDX-License-Identifier: Apache-2.0
/* Reading the statistics consistently, and the names of what they count. */
#define _POSIX_C_SOURCE 200809L
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "bhctl.h"

#define COPY_ATTEMPTS 1000U

static const char *const reason_names[HV_EXIT_REASONS] = {
    "cpuid", "hlt", "io", "rdmsr", "wrmsr", "mmio", "hypercall", "interrupt",
    "nmi", "window", "cr", "xsetbv", "shutdown", "exception", "wbinvd", "other"
};
static const char *const vm_state_names[] = { "free", "created", "running", "paused", "stopped" };
static const char *const vm_kind_names[] = { "-", "service", "pre-launched", "user" };
static const char *const fault_names[] = { "none", "triple_fault", "stage2_violation", "machine_check", "heartbeat", "reset", "power_off" };
static const char *const vcpu_state_names[] = { "off", "runnable", "halted", "io" };

static const char *name_of(const char *const *names, size_t count, uint32_t value)
{
    return value < count ? names[value] : "?";
}

const char *stats_reason_name(unsigned int reason)
{
    return name_of(reason_names, sizeof(reason_names) / sizeof(reason_names[0]), reason);
}

const char *stats_vm_state_name(uint32_t state)
{
    return name_of(vm_state_names, sizeof(vm_state_names) / sizeof(vm_state_names[0]), state);
}

const char *stats_fault_name(uint32_t fault)
{
    return name_of(fault_names, sizeof(fault_names) / sizeof(fault_names[0]), fault);
}

const char *stats_vm_kind_name(uint32_t kind)
{
    return name_of(vm_kind_names, sizeof(vm_kind_names) / sizeof(vm_kind_names[0]), kind);
}

const char *stats_vcpu_state_name(uint32_t state)
{
    return name_of(vcpu_state_names, sizeof(vcpu_state_names) / sizeof(vcpu_state_names[0]), state);
}

uint64_t stats_ticks_to(uint64_t ticks, uint64_t hz, uint64_t per_second)
{
    if (hz == 0U) {
        return 0U;
    }
    /* Whole seconds apart, so that the product stays small. */
    return ((ticks / hz) * per_second) + (uint64_t)((((double)(ticks % hz) * (double)per_second) / (double)hz) + 0.5);
}

uint64_t stats_run_ticks(const struct hv_stats *stats, const struct hv_vm_stats *vm, uint32_t index)
{
    const struct hv_vcpu_stats *vcpu = &vm->vcpu[index];
    uint64_t ticks = vcpu->run_ticks;

    if (vm->exclusive != 0U && vcpu->state == 1U && stats->tsc > vcpu->last_exit_tsc) {
        ticks += stats->tsc - vcpu->last_exit_tsc;
    }
    return ticks;
}

uint64_t stats_vm_exits(const struct hv_vm_stats *vm)
{
    uint64_t exits = 0U;

    for (uint32_t i = 0U; i < vm->vcpu_count && i < HV_STATS_VCPUS; i++) {
        exits += vm->vcpu[i].exits_total;
    }
    return exits;
}

/* REQ-RT-030 */
unsigned int stats_worst_reason(const struct hv_vcpu_stats *vcpu)
{
    unsigned int worst = 0U;

    for (unsigned int reason = 1U; reason < HV_EXIT_REASONS; reason++) {
        if (vcpu->worst_ticks[reason] > vcpu->worst_ticks[worst]) {
            worst = reason;
        }
    }
    return worst;
}

/* REQ-DM-011 */
bool stats_copy(const struct hv_stats *source, struct hv_stats *copy)
{
    const volatile uint32_t *sequence = &source->sequence;

    for (unsigned int attempt = 0U; attempt < COPY_ATTEMPTS; attempt++) {
        uint32_t start = *sequence;
        atomic_thread_fence(memory_order_acquire);
        memcpy(copy, source, sizeof(*copy));
        atomic_thread_fence(memory_order_acquire);
        if ((start & 1U) == 0U && *sequence == start) {
            return true;
        }
    }
    return false;
}

/* Reading the file's first byte is what has the hypervisor bring the region up to date. */
bool stats_read(const struct bhctl_region *region, struct hv_stats *stats)
{
    char first;
    const char *problem = NULL;

    if (pread(region->fd, &first, 1U, 0) != 1) {
        problem = "the hypervisor did not publish its statistics";
    } else if (!stats_copy(region->memory, stats)) {
        problem = "the statistics are being written without end";
    } else if (stats->magic != HV_STATS_MAGIC || stats->version != HV_INFO_VERSION) {
        problem = "region_stats holds no statistics of this version";
    }
    if (problem != NULL) {
        fprintf(stderr, "bhctl: %s\n", problem);
    }
    return problem == NULL;
}
