/* SPDX-License-Identifier: Apache-2.0 */
/* What a reader of the trace in memory sees (abi/trace.h). */
#ifndef TRACE_READER_H
#define TRACE_READER_H

#include "core/trace.h"
#include "fake/fake.h"

#define TRACE 0x7000000U

static inline uint64_t trace_written_by(pcpu_id_t core)
{
    return hw_phys_read(TRACE + 64U + (core * 64U), 8U);
}

static inline struct hv_trace_record trace_record_of(pcpu_id_t core, uint64_t number)
{
    struct hv_trace_record record;
    hw_phys_copy_in((uint8_t *)&record, TRACE + HV_TRACE_RINGS + (core * HV_TRACE_RING) + ((number % HV_TRACE_CAPACITY) * 16U),
                    (uint32_t)sizeof(record));
    return record;
}

static inline struct hv_trace_record trace_last(pcpu_id_t core)
{
    return trace_record_of(core, trace_written_by(core) - 1U);
}

/* How many records of this kind the core has written, of those that its ring still holds. */
static inline uint32_t trace_count(pcpu_id_t core, enum hv_trace_kind kind)
{
    uint64_t end = trace_written_by(core);
    uint32_t count = 0U;
    for (uint64_t n = (end > HV_TRACE_CAPACITY) ? (end - HV_TRACE_CAPACITY) : 0U; n < end; n++) {
        count += (trace_record_of(core, n).kind == (uint8_t)kind) ? 1U : 0U;
    }
    return count;
}

#endif
