/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Linux, Documentation/virt/kvm/x86/msr.rst. The TSC is invariant and the same on all cores, so
 * one write of the page at the time of the MSR write is right for ever (flag TSC_STABLE).
 */
#include "core/kvmclock.h"
#include "abi/partition_table.h"
#include "core/boot_info.h"
#include "core/hw.h"
#include "core/msr_number.h"
#include "core/vm.h"

#define NS_PER_SECOND   1000000000U
#define TIME_INFO_SIZE  32U
#define WALL_CLOCK_SIZE 12U
#define FLAG_TSC_STABLE 1U
#define RTC_INDEX       0x70U
#define RTC_DATA        0x71U

static uint64_t kvmclock_msr[MAX_VCPU][2];
static uint64_t kvmclock_boot_s;  /* Unix time at entry_tsc */

/* REQ-RT-011 */
struct kvmclock_scale kvmclock_scale(uint64_t hz)
{
    struct kvmclock_scale scale = { 0U, 0U };
    if (hz != 0U) {
        /* 10^9 * 2^32 < 2^64; at 10^9 Hz and below the quotient is halved until it fits */
        uint64_t quotient = ((uint64_t)NS_PER_SECOND << 32) / hz;
        while (quotient > 0xFFFFFFFFU) {
            quotient >>= 1;
            scale.shift++;
        }
        scale.multiplier = (uint32_t)quotient;
    }
    return scale;
}

/* day_h_m_s: day of the month, hour, minute, second. Gregorian days by the usual formula. */
uint64_t kvmclock_unix_time(uint32_t year, uint32_t month, const uint32_t day_h_m_s[4])
{
    uint64_t y = (month <= 2U) ? ((uint64_t)year - 1U) : year;
    uint64_t m = (month <= 2U) ? ((uint64_t)month + 9U) : ((uint64_t)month - 3U);
    uint64_t days = (365U * y) + (y / 4U) - (y / 100U) + (y / 400U) + (((153U * m) + 2U) / 5U)
                    + day_h_m_s[0] - 1U;
    days -= 719468U; /* 1970-01-01 */
    return (((((days * 24U) + day_h_m_s[1]) * 60U) + day_h_m_s[2]) * 60U) + day_h_m_s[3];
}

static uint32_t rtc_read(uint32_t reg, bool binary)
{
    uint32_t value;
    hw_port_write(RTC_INDEX, 1U, reg);
    value = hw_port_read(RTC_DATA, 1U) & 0xFFU;
    return binary ? value : (((value >> 4) * 10U) + (value & 0xFU));
}

/* MC146818: register 0xA bit 7 while an update is under way; 0xB bit 2 binary, bit 1 24 hours. The
 * century is taken as 20. Good to a second, which is what a wall clock at boot is for. */
void kvmclock_init(void)
{
    uint32_t control;
    bool binary;
    uint32_t day_h_m_s[4];
    uint64_t hz = hw_tsc_hz();
    uint64_t since_entry_s = (hz != 0U) ? ((hw_tsc() - boot_info.entry_tsc) / hz) : 0U;
    bool updating = true;
    for (uint32_t i = 0U; (i < 100000U) && updating; i++) {
        updating = (rtc_read(0xAU, true) & 0x80U) != 0U;
    }
    control = rtc_read(0xBU, true);
    binary = (control & 4U) != 0U;
    day_h_m_s[0] = rtc_read(7U, binary);
    day_h_m_s[1] = rtc_read(4U, binary);
    day_h_m_s[2] = rtc_read(2U, binary);
    day_h_m_s[3] = rtc_read(0U, binary);
    kvmclock_boot_s = kvmclock_unix_time(2000U + rtc_read(9U, binary), rtc_read(8U, binary), day_h_m_s)
                      - since_entry_s;
}

static void put32(uint8_t *at, uint32_t value)
{
    for (uint32_t i = 0U; i < 4U; i++) {
        at[i] = (uint8_t)(value >> (8U * i));
    }
}

static void put64(uint8_t *at, uint64_t value)
{
    put32(at, (uint32_t)value);
    put32(&at[4], (uint32_t)(value >> 32));
}

/* struct pvclock_vcpu_time_info: version, pad, tsc_timestamp, system_time, multiplier, shift, flags */
static enum status write_time_info(vcpu_id_t id, gpa_t gpa)
{
    uint8_t info[TIME_INFO_SIZE] = { 0 };
    struct kvmclock_scale scale = kvmclock_scale(hw_tsc_hz());
    put32(&info[0], 2U); /* even: complete */
    put64(&info[8], boot_info.entry_tsc);
    put64(&info[16], 0U);
    put32(&info[24], scale.multiplier);
    info[28] = scale.shift;
    info[29] = FLAG_TSC_STABLE;
    return guest_write(vcpu_vm(id), gpa, info, TIME_INFO_SIZE);
}

/* struct pvclock_wall_clock: version, seconds, nanoseconds; the time when system_time was 0 */
static enum status write_wall_clock(vcpu_id_t id, gpa_t gpa)
{
    uint8_t clock[WALL_CLOCK_SIZE] = { 0 };
    put32(&clock[0], 2U);
    put32(&clock[4], (uint32_t)kvmclock_boot_s);
    return guest_write(vcpu_vm(id), gpa, clock, WALL_CLOCK_SIZE);
}

/* REQ-ISO-023 */
void kvmclock_reset(vcpu_id_t id)
{
    kvmclock_msr[id][0] = 0U;
    kvmclock_msr[id][1] = 0U;
}

enum status kvmclock_msr_read(vcpu_id_t id, uint32_t msr, uint64_t *value)
{
    *value = kvmclock_msr[id][msr & 1U];
    return (vms[vcpu_vm(id)].face == PART_FACE_KVM) ? STATUS_OK : STATUS_UNKNOWN;
}

/* Bit 0 of the system-time MSR enables the page; an address that is not RAM is the guest's loss:
 * the write succeeds as on KVM, and nothing is written. */
enum status kvmclock_msr_write(vcpu_id_t id, uint32_t msr, uint64_t value)
{
    enum status result = STATUS_UNKNOWN;
    if (vms[vcpu_vm(id)].face == PART_FACE_KVM) {
        kvmclock_msr[id][msr & 1U] = value;
        result = STATUS_OK;
        if (msr == MSR_KVM_WALL_CLOCK) {
            (void)write_wall_clock(id, value);
        } else if ((value & 1U) != 0U) {
            (void)write_time_info(id, value & ~(gpa_t)1U);
        } else {
            /* disabled */
        }
    }
    return result;
}
