/* SPDX-License-Identifier: Apache-2.0 */
/* What earlier boots left: checked, told, and in which order its places are written over. Nothing that counts is cleared. */
#include "core/crash.h"
#include "core/crc32.h"
#include "core/fault_policy.h"
#include "core/hw.h"
#include "core/log.h"
#include "core/string.h"

#define CRC_AT     4U /* in a record, after the magic */
#define CRC_BEGINS 8U /* what it is of */
#define MICROS 1000000U

enum finding { FOUND_NOTHING, FOUND_DAMAGED, FOUND_RECORD };

/* What is looked at, one of a kind at a time; too big for a stack. */
static struct hv_crash_header crash_header;
static struct hv_crash_vm crash_vm_copy;
static struct hv_crash_exception crash_exception_copy;

static enum finding examine(hpa_t place, uint8_t *copy, uint32_t size)
{
    enum finding finding = FOUND_NOTHING;
    hw_phys_copy_in(copy, place, size);
    if (hw_phys_read(place, 4U) == HV_CRASH_MAGIC) {
        uint32_t crc = CRC32_BEGIN;
        for (uint32_t i = CRC_BEGINS; i < size; i++) {
            crc = crc32_step(crc, copy[i]);
        }
        finding = ((crc ^ CRC32_BEGIN) == hw_phys_read(place + CRC_AT, 4U)) ? FOUND_RECORD : FOUND_DAMAGED;
    }
    return finding;
}

static enum finding examine_vm(hpa_t base, uint32_t i)
{
    return examine(base + HV_CRASH_VM + ((uint64_t)i * sizeof(crash_vm_copy)), (uint8_t *)&crash_vm_copy, (uint32_t)sizeof(crash_vm_copy));
}

static enum finding examine_exception(hpa_t base, uint32_t i)
{
    return examine(base + HV_CRASH_EXCEPTION + ((uint64_t)i * sizeof(crash_exception_copy)), (uint8_t *)&crash_exception_copy,
                (uint32_t)sizeof(crash_exception_copy));
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
    const struct hv_crash_vm *record = &crash_vm_copy;
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
    const struct hv_crash_exception *record = &crash_exception_copy;
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
        const enum finding finding = examine_vm(base, i);
        if (finding == FOUND_DAMAGED) {
            say_damaged("VM", i);
        } else if (finding == FOUND_RECORD) {
            *last = (crash_vm_copy.boot > *last) ? crash_vm_copy.boot : *last;
            if (!seen(plan, crash_vm_copy.boot, crash_vm_copy.tsc)) {
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
        const enum finding finding = examine_exception(base, i);
        age[i] = 0U;
        if (finding == FOUND_DAMAGED) {
            say_damaged("exception", i);
        } else if (finding == FOUND_RECORD) {
            age[i] = crash_exception_copy.boot;
            *last = (age[i] > *last) ? age[i] : *last;
            if (!seen(plan, crash_exception_copy.boot, crash_exception_copy.tsc)) {
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
    bool taken[HV_CRASH_EXCEPTIONS] = { false, false, false, false, false };
    for (uint32_t n = 0U; n < HV_CRASH_EXCEPTIONS; n++) {
        uint32_t best = 0U;
        for (uint32_t i = 1U; i < HV_CRASH_EXCEPTIONS; i++) {
            if (taken[best] || (!taken[i] && (age[i] < age[best]))) {
                best = i;
            }
        }
        taken[best] = true;
        plan->place[n] = best;
    }
    plan->places = HV_CRASH_EXCEPTIONS;
}

/* Without a header RAM lost its content; with a damaged one the records still count, though nobody knows which were seen. */
/* REQ-LIF-032 */
void crash_init(hpa_t base)
{
    struct crash_plan plan;
    uint32_t age[HV_CRASH_EXCEPTIONS] = { 0U, 0U, 0U, 0U, 0U };
    uint32_t last = 0U;
    const enum finding finding = examine(base, (uint8_t *)&crash_header, (uint32_t)sizeof(crash_header));
    (void)memset(&plan, 0, sizeof(plan));
    if (finding == FOUND_NOTHING) {
        hw_phys_zero(base, HV_CRASH_SIZE);
    } else if ((finding == FOUND_DAMAGED) || (crash_header.version != HV_CRASH_VERSION)) {
        log_line("crash", "the records' header is damaged: all records count as not seen");
    } else {
        last = crash_header.boot;
        plan.seen_boot = crash_header.seen_boot;
        plan.seen_tsc = crash_header.seen_tsc;
    }
    tell_vms(base, &plan, &last);
    tell_exceptions(base, &plan, age, &last);
    order_places(&plan, age);
    plan.boot = last + 1U;
    hw_crash_map(base);
    crash_begin(&plan);
}
