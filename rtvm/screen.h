/* SPDX-License-Identifier: Apache-2.0 */
/* VGA text screen, 80 columns and 25 rows; a machine without one (UEFI) drops the writes. */
#ifndef RTVM_SCREEN_H
#define RTVM_SCREEN_H

void screen_clear(void);
void screen_char(char c); /* from the top; what does not fit is left out */

#endif
