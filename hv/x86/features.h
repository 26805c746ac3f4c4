/* SPDX-License-Identifier: Apache-2.0 */
/* What the CPU must have, by name, and what it may have. */
#ifndef X86_FEATURES_H
#define X86_FEATURES_H

#include "core/types.h"

/* Logs every missing required feature by name; false when there is one. */
bool features_check(void);
uint64_t features_xcr0(void); /* state components that guests may use */
void features_missing_text(char *text, uint32_t size); /* names, blank-separated */

#endif
