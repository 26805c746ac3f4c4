/* SPDX-License-Identifier: Apache-2.0 */
/* Ports that PC software touches whether or not the device is there. */
#ifndef DM_LEGACY_H
#define DM_LEGACY_H

#include "dm/iobus.h"

/* Reads as zero, ignores writes: PIT, POST code, keyboard data. */
extern const struct io_ops legacy_zero_ops;
/* Port 0x61: the refresh toggle (bit 4) flips with each read and PIT channel 2 has always run
 * out (bit 5), so that loops which wait for either end. device: uint8_t of state. */
extern const struct io_ops legacy_system_b_ops;
/* Port 0x64: never busy; command 0xFE pulses the reset line. device: struct pm. */
extern const struct io_ops legacy_i8042_ops;

#endif
