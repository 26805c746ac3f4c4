/* SPDX-License-Identifier: Apache-2.0 */
/*
 * At boot, before anything is loaded: the RAM of pre-launched VMs and shared regions becomes zero, as a reset may have left in it
 * what another system, or a boot with another scenario, had there (docs/decisions/0018-boot-time.md). In steps, for the
 * time in which other cores must be left alone.
 */
#ifndef CORE_RAM_CLEAR_H
#define CORE_RAM_CLEAR_H

#include "core/types.h"

void ram_clear_begin(void);  /* partition table valid */
bool ram_clear_step(void);   /* the next RAM_CLEAR_STEP bytes or fewer; false: nothing was left */

#define RAM_CLEAR_STEP 0x4000U

#endif
