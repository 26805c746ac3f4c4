/* SPDX-License-Identifier: Apache-2.0 */
/* Words that cores share without a lock. */
#ifndef X86_ATOMIC_H
#define X86_ATOMIC_H

#include <stdatomic.h> /* DEV-002 */
#include <stdint.h>

typedef _Atomic uint32_t shared_u32_t; /* DEV-002 */

#endif
