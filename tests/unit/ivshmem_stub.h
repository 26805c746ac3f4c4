/* SPDX-License-Identifier: Apache-2.0 */
/* No shared-memory device, but for one that a test puts somewhere; for tests of what asks for one. */
#ifndef UNIT_IVSHMEM_STUB_H
#define UNIT_IVSHMEM_STUB_H

#include "devices/ivshmem.h"

static uint16_t ivshmem_stub_at; /* 0: nowhere */
uint32_t ivshmem_find(vm_id_t v, uint16_t bdf) { (void)v; return ((bdf == ivshmem_stub_at) && (bdf != 0U)) ? 0U : ID_NONE; }
bool ivshmem_present(vm_id_t v) { (void)v; return false; }
uint32_t ivshmem_register_read(vm_id_t v, uint16_t bdf, uint32_t offset, uint32_t size) { (void)v; (void)bdf; (void)offset; (void)size; return 0U; }
void ivshmem_register_write(vm_id_t v, uint16_t bdf, uint32_t offset, uint32_t size, uint32_t value)
{
    (void)v; (void)bdf; (void)offset; (void)size; (void)value;
}
bool ivshmem_claims(vm_id_t v, gpa_t gpa) { (void)v; (void)gpa; return false; }
uint64_t ivshmem_read(vm_id_t v, gpa_t gpa, uint32_t size) { (void)v; (void)gpa; (void)size; return 0U; }
void ivshmem_write(vm_id_t v, gpa_t gpa, uint32_t size, uint64_t value) { (void)v; (void)gpa; (void)size; (void)value; }
void ivshmem_reset(vm_id_t v) { (void)v; }
void ivshmem_drop_all(vm_id_t v) { (void)v; }

#endif
