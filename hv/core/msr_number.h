/* SPDX-License-Identifier: Apache-2.0 */
/* MSRs that the core handles by name. */
#ifndef CORE_MSR_NUMBER_H
#define CORE_MSR_NUMBER_H

#define MSR_TSC             0x10U
#define MSR_APIC_BASE       0x1BU
#define MSR_ARCH_CAPABILITIES 0x10AU
#define MSR_PAT             0x277U
#define MSR_TSC_DEADLINE    0x6E0U
#define MSR_X2APIC          0x800U
#define MSR_X2APIC_LAST     0x8FFU
#define MSR_KVM_WALL_CLOCK  0x4B564D00U
#define MSR_KVM_SYSTEM_TIME 0x4B564D01U
#define MSR_KVM_PV_EOI      0x4B564D04U
#define MSR_EFER            0xC0000080U
#define MSR_TSC_AUX         0xC0000103U

#endif
