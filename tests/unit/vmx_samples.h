/* SPDX-License-Identifier: Apache-2.0 */
/* What CPUs say of themselves. */
#ifndef TESTS_UNIT_VMX_SAMPLES_H
#define TESTS_UNIT_VMX_SAMPLES_H

#include "x86/vmx/control.h"

/* IA32_VMX_* of Bochs' corei7_skylake_x (2.7): the least that the hypervisor is made for. */
static const struct vmx_caps skylake = {
    .basic = 0x00D810000000002BU, .misc = 0x600401E0U, .ept_vpid = 0x00000F0106334141U,
    .controls = { [FIELD_PIN] = 0x0000007F00000016U, [FIELD_PRIMARY] = 0xF7F9FFFE04006172U, [FIELD_SECONDARY] = 0x02177FFF00000000U,
                  [FIELD_EXIT] = 0x007FFFFF00036DFBU, [FIELD_ENTRY] = 0x0000FFFF000011FBU } };

#endif
