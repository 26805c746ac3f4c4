/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BOOT_AP_H
#define BOOT_AP_H

#include "core/types.h"

/* Starts every other core of the platform, once; they wait. The core that did not come, or ID_NONE. */
pcpu_id_t ap_start_all(void);
/* Lets them enter their run loops. */
void ap_release_all(void);
/* Enters the run loop of the calling core's role in the partition table. */
_Noreturn void core_run(void);

#endif
