/* SPDX-License-Identifier: Apache-2.0 */
/* Where the pages lie that an instruction under emulation is fetched through: the code and the guest's own tables. */
#ifndef CORE_GUEST_LOCATE_H
#define CORE_GUEST_LOCATE_H

#include "core/types.h"

#define GUEST_PLACES 6U /* 0: the code; else the level of a table, at most 5 */

/* As for guest_read(): STATUS_FAULT where the VM has no RAM. Good for the rest of gpa's page, and under the lock only. */
enum status guest_locate(vcpu_id_t id, uint32_t place, gpa_t gpa, hpa_t *hpa);

#endif
