/* SPDX-License-Identifier: Apache-2.0 */
/* From a pointer to the number that the hardware wants. */
#ifndef X86_ADDRESS_H
#define X86_ADDRESS_H

#include <stdint.h>

/* The image is mapped at VA = PA, so this is the physical address of its objects too. */
static inline uint64_t address_of(const volatile void *object)
{
    return (uint64_t)(uintptr_t)object; /* DEV-001 */
}

#endif
