/* SPDX-License-Identifier: Apache-2.0 */
/* The machine's 8259A pair is not used: all its lines stay masked, for ever. */
#include "x86/pic.h"

#include "x86/asm.h"

#define PIC_MASTER_MASK 0x21U
#define PIC_SLAVE_MASK  0xA1U

/* REQ-ISO-032 REQ-CFG-020 */
void pic_mask_all(void)
{
    asm_out8(PIC_MASTER_MASK, 0xFFU);
    asm_out8(PIC_SLAVE_MASK, 0xFFU);
}
