/* SPDX-License-Identifier: Apache-2.0 */
/* The two run loops. A core enters one of them after boot and stays. */
#ifndef X86_RUN_H
#define X86_RUN_H

#include "core/types.h"

NORETURN void run_shared(void);
NORETURN void run_exclusive(vcpu_id_t vcpu);

#endif
