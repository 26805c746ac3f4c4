/* SPDX-License-Identifier: Apache-2.0 */
/* What earlier boots left: checked, told, and in which order its places are written over. Nothing that counts is cleared. */
#include "core/crash.h"
#include "core/crc32.h"
#include "core/fault_policy.h"
#include "core/hw.h"
#include "core/log.h"
#include "core/string.h"

#define CRC_BEGINS 8U /* magic and CRC are not in it */
#define MICROS 1000000U

enum finding { FOUND_NOTHING, FOUND_DAMAGED, FOUND_RECORD };

/* One at a time is copied here; too big for a stack. */
static union {
    uint8_t bytes[sizeof(struct hv_crash_exception)];
    struct hv_crash_header header;
    struct hv_crash_vm vm;
    struct hv_crash_exception exception;
} crash_copy;

static enum finding look(hpa_t place, uint32_t size)
{
    enum finding finding = FOUND_NOTHING;
    hw_phys_copy_in(crash_copy.bytes, place, size);
    if (crash_copy.header.magic == HV_CRASH_MAGIC) {
        uint32_t crc = CRC32_BEGIN;
        for (uint32_t i = CRC_BEGINS; i < size; i++) {
            crc = crc32_step(crc, crash_copy.bytes[i]);
        }
        finding = ((crc ^ CRC32_BEGIN) == crash_copy.header.crc32) ? FOUND_RECORD : FOUND_DAMAGED;
    }
    return finding;
}

static enum finding look_vm(hpa_t base, uint32_t i)
{
    return look(base + HV_CRASH_VM + ((uint64_t)i * sizeof(struct hv_crash_vm)), (uint32_t)sizeof(struct hv_crash_vm));
}

static enum finding look_exception(hpa_t base, uint32_t i)
{
    return look(base + HV_CRASH_EXCEPTION + ((uint64_t)i * sizeof(struct hv_crash_exception)), (uint32_t)sizeof(struct hv_crash_exception));
}

static bool seen(const struct crash_plan *plan, uint32_t boot, uint64_t tsc)
{
    return (boot < plan->seen_boot) || ((boot == plan->seen_boot) && (tsc <= plan->seen_tsc));
}

static void say_when(uint32_t boot, uint64_t uptime_us)
{
    log_begin("crash");
    log_text("boot ");
    log_dec(boot);
    log_text(", ");
    log_dec(uptime_us / MICROS);
    log_text(" s: ");
}

static void say_damaged(const char *what, uint32_t i)
{
    log_begin("crash");
    log_text("the record of ");
    log_text(what);
    log_text(" ");
    log_dec(i);
    log_text(" is damaged and does not count");
    log_end();
}

static void say_vm(void)
{
    const struct hv_crash_vm *record = &crash_copy.vm;
    say_when(record->boot, record->uptime_us);
    log_text("VM ");
    log_chars(record->name, sizeof(record->name));
    log_text(": ");
    log_text(fault_name(record->fault - 1U));
    log_text(" ");
    log_hex(record->detail);
    log_text(" at ");
    log_hex(record->rip);
    log_text(", fault ");
    log_dec(record->count);
    log_text(" of that boot");
    log_end();
}

static void say_exception(void)
{
    const struct hv_crash_exception *record = &crash_copy.exception;
    say_when(record->boot, record->uptime_us);
    log_text("exception of the hypervisor on core ");
    log_dec(record->core);
    log_text(": vector ");
    log_dec(record->registers.vector);
    log_text(" error ");
    log_hex(record->registers.error);
    log_text(" cr2 ");
    log_hex(record->cr2);
    log_text(" rip ");
    log_hex(record->registers.rip);
    log_end();
}

/* last: the latest boot of a record; oldest first is also the order in which places are taken. */
static void tell_vms(hpa_t base, const struct crash_plan *plan, uint32_t *last)
{
    for (uint32_t i = 0U; i < HV_CRASH_VMS; i++) {
        const enum finding finding = look_vm(base, i);
        if (finding == FOUND_DAMAGED) {
            say_damaged("VM", i);
        } else if (finding == FOUND_RECORD) {
            *last = (crash_copy.vm.boot > *last) ? crash_copy.vm.boot : *last;
            if (!seen(plan, crash_copy.vm.boot, crash_copy.vm.tsc)) {
                say_vm();
            }
        } else {
            /* this VM never failed */
        }
    }
}

/* age[i]: the boot of place i, 0: free. */
static void tell_exceptions(hpa_t base, const struct crash_plan *plan, uint32_t age[HV_CRASH_EXCEPTIONS], uint32_t *last)
{
    for (uint32_t i = 0U; i < HV_CRASH_EXCEPTIONS; i++) {
        const enum finding finding = look_exception(base, i);
        age[i] = 0U;
        if (finding == FOUND_DAMAGED) {
            say_damaged("exception", i);
        } else if (finding == FOUND_RECORD) {
            age[i] = crash_copy.exception.boot;
            *last = (age[i] > *last) ? age[i] : *last;
            if (!seen(plan, crash_copy.exception.boot, crash_copy.exception.tsc)) {
                say_exception();
            }
        } else {
            /* free */
        }
    }
}

/* Free and damaged places first, then those of the oldest boot. */
static void order_places(struct crash_plan *plan, const uint32_t age[HV_CRASH_EXCEPTIONS])
{
    bool taken[HV_CRASH_EXCEPTIONS] = { false };
    for (plan->places = 0U; plan->places < HV_CRASH_EXCEPTIONS; plan->places++) {
        uint32_t best = 0U;
        for (uint32_t i = 1U; i < HV_CRASH_EXCEPTIONS; i++) {
            if (taken[best] || (!taken[i] && (age[i] < age[best]))) {
                best = i;
            }
        }
        taken[best] = true;
        plan->place[plan->places] = best;
    }
}

/* Without a header RAM lost its content; with a damaged one the records still count, though nobody knows which were seen. */
/* REQ-LIF-032 */
void crash_init(hpa_t base)
{
    struct crash_plan plan;
    uint32_t age[HV_CRASH_EXCEPTIONS] = { 0U };
    uint32_t last = 0U;
    const enum finding finding = look(base, (uint32_t)sizeof(struct hv_crash_header));
    (void)memset(&plan, 0, sizeof(plan));
    if (finding == FOUND_NOTHING) {
        hw_phys_zero(base, HV_CRASH_SIZE);
    } else if ((finding == FOUND_DAMAGED) || (crash_copy.header.version != HV_CRASH_VERSION)) {
        log_line("crash", "the records' header is damaged: all records count as not seen");
    } else {
        last = crash_copy.header.boot;
        plan.seen_boot = crash_copy.header.seen_boot;
        plan.seen_tsc = crash_copy.header.seen_tsc;
    }
    tell_vms(base, &plan, &last);
    tell_exceptions(base, &plan, age, &last);
    order_places(&plan, age);
    plan.boot = last + 1U;
    hw_crash_map(base);
    crash_begin(&plan);
}
