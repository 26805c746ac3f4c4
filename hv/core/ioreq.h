/* SPDX-License-Identifier: Apache-2.0 */
/* I/O requests of User VMs (abi/ioreq.h). The hypervisor keeps its own state of each slot; the
 * shared page's "processed" counts only while that state is PENDING, and each field is read once. */
#ifndef CORE_IOREQ_H
#define CORE_IOREQ_H

#include "core/limits.h"
#include "core/types.h"

enum ioreq_state { IOREQ_SLOT_FREE, IOREQ_SLOT_PENDING };

enum status ioreq_set_page(vm_id_t vm, gpa_t service_gpa);   /* RAM of the Service VM */
bool ioreq_has_page(vm_id_t vm);
void ioreq_clear(vm_id_t vm);   /* every slot free, nothing pending; the page stays */
void ioreq_release(vm_id_t vm); /* the same, and the page is forgotten */
/* Posts the request and blocks the vCPU; the instruction is completed by ioreq_finish. */
void ioreq_port(vcpu_id_t id, uint16_t port, uint32_t size, bool write, uint32_t value);
void ioreq_mmio(vcpu_id_t id, gpa_t gpa, uint32_t size, bool write, uint64_t value);
/* The vCPU met a triple fault: tells the device model by IOREQ_SHUTDOWN_VALUE in the
 * vCPU's own slot; it never runs again before the VM is reset. */
void ioreq_report_shutdown(vcpu_id_t id);
/* NOTIFY_REQUEST_FINISH; STATUS_INVALID when nothing is pending or it is not complete. */
enum status ioreq_finish(vm_id_t vm, uint32_t slot);

#endif
