/* SPDX-License-Identifier: Apache-2.0 */
/* The way into hypercalls: those about devices of User VMs, and all others (core/hypercall.h), with what lent devices need before and after. */
#ifndef CORE_HYPERCALL_DEVICE_H
#define CORE_HYPERCALL_DEVICE_H

#include "core/hypercall.h"

/* As hypercall_dispatch(). HYPERCALL_AGAIN also while a function that changes hands is being reset. */
int64_t hypercall_call(vcpu_id_t caller, uint64_t id, uint64_t param1, uint64_t param2);
/* hypercall_vdev.c: CREATE_VDEV and DESTROY_VDEV. */
int64_t hypercall_vdev(vm_id_t v, uint64_t id, uint64_t gpa);

#endif
