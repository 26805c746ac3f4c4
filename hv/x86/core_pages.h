/* SPDX-License-Identifier: Apache-2.0 */
/* Two pages a core for the extension that is in use: host save area and host VMCB of AMD-V, VMXON region and VMCS of VT-x. */
#ifndef X86_CORE_PAGES_H
#define X86_CORE_PAGES_H

#include "core/limits.h"
#include "core/types.h"

extern uint8_t core_pages[MAX_PCPU][2][PAGE_SIZE];

#endif
