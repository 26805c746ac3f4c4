/* SPDX-License-Identifier: Apache-2.0 */
#include "core/power_port.h"
#include "abi/partition_table.h"

#define SLEEP_TYPE  0x1CU /* SLP_TYPx, bits 2 to 4 */
#define SLEEP_SHIFT 2U
#define SLEEP_NOW   0x20U /* SLP_EN */
#define RESET_NOW   0x04U /* as a PC's port 0xCF9 has it: the other bits choose how much else is reset */

bool power_port_named(uint32_t port)
{
    return (port == PART_PORT_RESET) || (port == PART_PORT_SLEEP_CONTROL);
}

/* REQ-LIF-040 */
enum power_request power_port_request(const struct vm_exit *exit, uint64_t value)
{
    enum power_request request = POWER_NONE;
    if (!exit->write || exit->string || (exit->size != 1U)) {
        /* reads answer as closed ports do */
    } else if (exit->number == PART_PORT_RESET) {
        request = ((value & RESET_NOW) != 0U) ? POWER_RESET : POWER_NONE;
    } else if (exit->number == PART_PORT_SLEEP_CONTROL) {
        bool off = ((value & SLEEP_TYPE) >> SLEEP_SHIFT) == PART_SLEEP_TYPE_OFF;
        request = (off && ((value & SLEEP_NOW) != 0U)) ? POWER_OFF : POWER_NONE;
    } else {
        /* no such register */
    }
    return request;
}
