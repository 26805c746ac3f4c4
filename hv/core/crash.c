/* SPDX-License-Identifier: Apache-2.0 */
/* Writing the records. Word by word, with the CRC on the way: the end of the road has no room for a copy. */
#include "core/crash.h"
#include "core/boot_info.h"
#include "core/crc32.h"
#include "core/hw.h"
#include "core/log.h"
#include "core/stats.h"
#include "core/vcpu_hw.h"
#include "core/vm.h"

#define WORD 8U
#define MICROS 1000000U

_Static_assert(HV_CRASH_VMS == MAX_VM, "a place for each VM");
_Static_assert((HV_CRASH_LOG % WORD) == 0U, "the log is whole words");

struct writer {
    uint32_t base;
    uint32_t at;
    uint32_t crc;
};
static bool crash_ready;
static struct crash_plan crash_plan;
static uint32_t crash_count[MAX_VM]; /* each written by the writer of that VM's place */

/* Until it is complete it is a damaged record, should the machine stop in between. */
static struct writer writer_begin(uint32_t base)
{
    const struct writer w = { base, WORD, CRC32_BEGIN };
    hw_crash_write(base, HV_CRASH_MAGIC);
    return w;
}

static void put(struct writer *w, uint64_t value)
{
    for (uint32_t i = 0U; i < WORD; i++) {
        w->crc = crc32_step(w->crc, (uint32_t)(value >> (8U * i)) & 0xFFU);
    }
    hw_crash_write(w->base + w->at, value);
    w->at += WORD;
}

static void put_pair(struct writer *w, uint32_t first, uint32_t second)
{
    put(w, first | ((uint64_t)second << 32U));
}

static void put_name(struct writer *w, vm_id_t v)
{
    for (uint32_t word = 0U; word < (sizeof(vms[0].name) / WORD); word++) {
        uint64_t value = 0U;
        for (uint32_t i = 0U; (i < WORD) && (v < MAX_VM); i++) {
            value |= (uint64_t)(uint8_t)vms[v].name[(word * WORD) + i] << (8U * i);
        }
        put(w, value);
    }
}

static void put_time(struct writer *w, uint64_t tsc)
{
    const uint64_t ticks = tsc - boot_info.entry_tsc;
    const uint64_t per_micro = hw_tsc_hz() / MICROS; /* 0 before it is measured */
    put(w, tsc);
    put(w, (per_micro == 0U) ? 0U : (ticks / per_micro));
}

static void writer_end(const struct writer *w)
{
    hw_crash_write(w->base, HV_CRASH_MAGIC | ((uint64_t)(w->crc ^ CRC32_BEGIN) << 32U));
    hw_crash_flush(w->base, w->at);
}

static void write_header(void)
{
    struct writer w = writer_begin(HV_CRASH_HEADER);
    put_pair(&w, HV_CRASH_VERSION, crash_plan.boot);
    put_pair(&w, crash_plan.seen_boot, 0U);
    put(&w, crash_plan.seen_tsc);
    writer_end(&w);
}

void crash_begin(const struct crash_plan *plan)
{
    crash_plan = *plan;
    crash_ready = true;
    write_header();
}

void crash_seen(void)
{
    if (crash_ready) {
        crash_plan.seen_boot = crash_plan.boot;
        crash_plan.seen_tsc = hw_tsc();
        write_header();
    }
}

static void put_frame(struct writer *w, const struct hv_crash_frame *frame)
{
    put(w, frame->r15);
    put(w, frame->r14);
    put(w, frame->r13);
    put(w, frame->r12);
    put(w, frame->r11);
    put(w, frame->r10);
    put(w, frame->r9);
    put(w, frame->r8);
    put(w, frame->rdi);
    put(w, frame->rsi);
    put(w, frame->rbp);
    put(w, frame->rbx);
    put(w, frame->rdx);
    put(w, frame->rcx);
    put(w, frame->rax);
    put(w, frame->vector);
    put(w, frame->error);
    put(w, frame->rip);
    put(w, frame->cs);
    put(w, frame->rflags);
    put(w, frame->rsp);
    put(w, frame->ss);
}

/* The core's own last lines, whether they have been written out or not. */
static void put_log(struct writer *w)
{
    for (uint32_t word = 0U; word < (HV_CRASH_LOG / WORD); word++) {
        uint64_t value = 0U;
        for (uint32_t i = 0U; i < WORD; i++) {
            value |= (uint64_t)(uint8_t)log_own_char(HV_CRASH_LOG - ((word * WORD) + i)) << (8U * i);
        }
        put(w, value);
    }
}

/* REQ-LIF-032 */
void crash_exception(uint32_t order, vcpu_id_t vcpu, bool exclusive, const struct hv_crash_frame *frame, uint64_t cr2)
{
    if (crash_ready && (order < crash_plan.places)) {
        const bool known = vcpu < MAX_VCPU;
        struct writer w = writer_begin(HV_CRASH_EXCEPTION + (crash_plan.place[order] * (uint32_t)sizeof(struct hv_crash_exception)));
        put_pair(&w, crash_plan.boot, hw_pcpu());
        put_time(&w, hw_tsc());
        put_pair(&w, exclusive ? 1U : 0U, known ? vcpu : HV_CRASH_NO_VCPU);
        put(&w, 0U);
        put_name(&w, known ? vcpu_vm(vcpu) : MAX_VM);
        put_frame(&w, frame);
        put(&w, cr2);
        put(&w, 0U);
        put_log(&w);
        writer_end(&w);
    }
}

/* REQ-LIF-046 */
void crash_vm(vcpu_id_t id, const struct crash_fault *fault)
{
    const vm_id_t v = vcpu_vm(id);
    crash_count[v]++;
    if (crash_ready) {
        const struct vcpu_regs *regs = &vcpu_regs[id];
        struct writer w = writer_begin(HV_CRASH_VM + (v * (uint32_t)sizeof(struct hv_crash_vm)));
        put_pair(&w, crash_plan.boot, fault->fault + 1U);
        put_time(&w, fault->tsc);
        put_name(&w, v);
        put_pair(&w, v, vcpu_index(id));
        put_pair(&w, hw_pcpu(), fault->action);
        put_pair(&w, crash_count[v], fault->restarts);
        put_pair(&w, (uint32_t)vcpu_stats[id].last_reason, 0U);
        put(&w, fault->detail);
        put(&w, regs->rip);
        put(&w, regs->rflags);
        for (uint32_t i = 0U; i < (uint32_t)GPR_COUNT; i++) {
            put(&w, regs->gpr[i]);
        }
        put_pair(&w, 0U, 0U);
        put_pair(&w, 0U, 0U);
        put_pair(&w, 0U, 0U);
        writer_end(&w);
    }
}
