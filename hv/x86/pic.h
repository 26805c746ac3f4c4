/* SPDX-License-Identifier: Apache-2.0 */
#ifndef X86_PIC_H
#define X86_PIC_H

void pic_mask_all(void);

#endif
