/* SPDX-License-Identifier: Apache-2.0 */
/* Soft-off and reset of the machine. */
#include "core/boot_info.h"
#include "core/hw.h"
#include "x86/asm.h"
#include "x86/tsc.h"
#include "x86/vendor.h"

#define RESET_CONTROL 0xCF9U
#define KEYBOARD_CONTROL 0x64U
#define SETTLE_US 100000U

/* REQ-LIF-007 */
NORETURN void hw_poweroff(uint16_t pm1_value)
{
    if (platform.pm1a_control != 0U) {
        asm_out16(platform.pm1a_control, pm1_value);
    }
    asm_halt_forever();
}

/*
 * The FADT's register first, then the chipset's, then the keyboard controller's pulse, then a shutdown of the CPU. The pulse may be an INIT, which
 * waits for ever in VMX root operation (Intel SDM 3, 23.8): this core leaves that before. The others do not: what resets all of them is the first two.
 */
/* REQ-LIF-007 */
NORETURN void hw_reset(void)
{
    if (platform.reset_port != 0U) {
        asm_out8(platform.reset_port, platform.reset_value);
        tsc_wait_us(SETTLE_US);
    }
    asm_out8(RESET_CONTROL, 0x02U);
    asm_out8(RESET_CONTROL, 0x06U);
    tsc_wait_us(SETTLE_US);
    vendor->core_leave();
    asm_out8(KEYBOARD_CONTROL, 0xFEU);
    tsc_wait_us(SETTLE_US);
    asm_triple_fault();
    asm_halt_forever();
}
