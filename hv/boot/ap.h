/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BOOT_AP_H
#define BOOT_AP_H

#include "core/types.h"

enum ap_result { AP_STARTED, AP_NO_LOW_PAGE, AP_ABSENT, AP_TSC_DIFFERS };

/* INIT to every other core. ap_start_all() may follow after 10 ms. */
void ap_init_all(void);
/* Starts every other core of the platform, once; they wait. *which: the core that the result is about. */
enum ap_result ap_start_all(pcpu_id_t *which);
/* Lets all that still wait enter their run loops. */
void ap_release_all(void);
/* Enters the run loop of the calling core's role in the partition table. */
NORETURN void core_run(void);

#endif
