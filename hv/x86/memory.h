/* SPDX-License-Identifier: Apache-2.0 */
/* Block copy and fill by the string instructions, for windows. */
#ifndef X86_MEMORY_H
#define X86_MEMORY_H

#include <stdint.h>

void memory_copy(uintptr_t dst, uintptr_t src, uint64_t size);
void memory_fill(uintptr_t dst, uint8_t value, uint64_t size);

#endif
