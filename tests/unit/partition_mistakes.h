/* SPDX-License-Identifier: Apache-2.0 */
/* One mistake a line in a partition table that is sound otherwise, and what the validator says of it. For one test program each. */
/* REQ-CFG-009 */
#ifndef UNIT_PARTITION_MISTAKES_H
#define UNIT_PARTITION_MISTAKES_H

#include "partition_machine.h"

static const char *expected;
static const char *what;
#define CASE(text, change) case __LINE__: what = #change; expected = text; change; break;

/* make(line) makes that line's mistake, or false: there is none. Returns how many there are before the line last; each is refused by its name. */
static inline unsigned int mistakes_refused(int (*start)(void **state), bool (*make)(int line), int last)
{
    unsigned int found = 0U;
    for (int line = 1; line < last; line++) {
        (void)start(NULL);
        if (make(line)) {
            struct partition_verdict verdict = validate();
            if (verdict.valid || (strstr(verdict.reason, expected) == NULL)) {
                fail_msg("line %d: %s: expected \"%s\", got \"%s\"", line, what, expected, verdict.valid ? "accepted" : verdict.reason);
            }
            found++;
        }
    }
    return found;
}

#endif
