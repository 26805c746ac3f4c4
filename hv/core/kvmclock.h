/* SPDX-License-Identifier: Apache-2.0 */
/* The KVM clock page, written once when the guest names it: its scale tells a stock kernel the TSC's rate. */
#ifndef CORE_KVMCLOCK_H
#define CORE_KVMCLOCK_H

#include "core/types.h"

void kvmclock_init(void);  /* boot: reads the real-time clock */
void kvmclock_reset(vcpu_id_t id);
enum status kvmclock_msr_read(vcpu_id_t id, uint32_t msr, uint64_t *value);
enum status kvmclock_msr_write(vcpu_id_t id, uint32_t msr, uint64_t value);

struct kvmclock_scale { uint32_t multiplier; uint8_t shift; };
/* ns = ((ticks << shift) * multiplier) >> 32 */
struct kvmclock_scale kvmclock_scale(uint64_t hz);
uint64_t kvmclock_unix_time(uint32_t year, uint32_t month, const uint32_t day_h_m_s[4]);

#endif
