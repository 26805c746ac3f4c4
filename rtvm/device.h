/* SPDX-License-Identifier: Apache-2.0 */
/* What drivers touch beside memory. Unit tests put a device of their own behind these. */
#ifndef RTVM_DEVICE_H
#define RTVM_DEVICE_H

#include <stdint.h>

/* Configuration space, by the ports CF8 and CFC. function: bus * 256 + device * 8 + function; offset: of a dword. */
uint32_t device_config_read(uint32_t function, uint32_t offset);
void device_config_write(uint32_t function, uint32_t offset, uint32_t value);

/* Where the runtime reaches the registers at this address of the bus, to the end of their 2 MiB: the address itself below 4 GiB, else a
 * window. 0: no window is left. */
uint64_t device_map(uint64_t bus_address);

/* A register in memory. Firmware (MTRR) or hypervisor (stage 2) make it uncached, whatever the runtime's own tables say. */
uint32_t device_read(uint64_t address);
void device_write(uint64_t address, uint32_t value);

uint64_t device_time(void); /* TSC */

#endif
