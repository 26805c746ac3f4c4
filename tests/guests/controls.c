/* SPDX-License-Identifier: Apache-2.0 */
/* A pre-launched VM goes for the platform's global controls: none of them answers. At the end its reset control resets this VM. */
#include "tests/guests/guest.h"

#define PM1_CONTROL   0x604U
#define RESET_CONTROL 0xCF9U
#define KEYBOARD      0x64U
#define PORT_92       0x92U
#define SMI_COMMAND   0xB2U
#define PCI_ADDRESS   0xCF8U
#define HV_LOG        0x3F8U

void guest_main(void)
{
    print_text("controls\r\n");
    out8(HV_LOG, (uint8_t)'!');
    out8(RESET_CONTROL, 0x02U);
    check("reset-control", true, 0U);
    out8(KEYBOARD, 0xFEU);
    check("keyboard-pulse", true, 0U);
    out8(PORT_92, 0x01U);
    check("port-92", true, 0U);
    out8(SMI_COMMAND, 0x03U);
    check("smi-command", true, 0U);
    out8(PM1_CONTROL + 1U, 0x20U); /* SLP_EN, SLP_TYP 0 */
    check("soft-off", true, 0U);
    check("no-pci-configuration", in32(PCI_ADDRESS) == 0xFFFFFFFFU, in32(PCI_ADDRESS));
    check("closed-port-reads-ones", in32(0x500U) == 0xFFFFFFFFU, in32(0x500U));
    out8(RESET_CONTROL, 0x06U);
    check("after-its-reset", false, 0U);
}
