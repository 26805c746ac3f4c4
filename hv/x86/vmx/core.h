/* SPDX-License-Identifier: Apache-2.0 */
/* What a core does once: VT-x on, its VMCS current, host state written. */
#ifndef X86_VMX_CORE_H
#define X86_VMX_CORE_H

#include "core/types.h"

void vmx_core_enable(void);
const char *vmx_core_missing(uint32_t *cursor); /* as vmx_control_missing(), of the calling core */

#endif
