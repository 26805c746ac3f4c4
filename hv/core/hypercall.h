/* SPDX-License-Identifier: Apache-2.0 */
/* Hypercalls of the Service VM (abi/hypercall.h): copied once, checked, applied. */
#ifndef CORE_HYPERCALL_H
#define CORE_HYPERCALL_H

#include "abi/hypercall.h"
#include "core/types.h"

#define HYPERCALL_REFUSED ((uint64_t)-HC_ENOTTY) /* RAX of a guest that has none */

/* Not a result: the hypercall did a bounded part and is to be executed again. */
#define HYPERCALL_AGAIN 1

/* Result for RAX. Caller has checked CPL. Any VM but the Service VM gets -ENOTTY. */
int64_t hypercall_dispatch(vcpu_id_t caller, uint64_t id, uint64_t param1, uint64_t param2);

#endif
