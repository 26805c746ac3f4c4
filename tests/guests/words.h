/* SPDX-License-Identifier: Apache-2.0 */
/* Words of a test guest's command line, and its screen beside its console. */
#ifndef TESTS_GUESTS_WORDS_H
#define TESTS_GUESTS_WORDS_H

#include "tests/guests/guest.h"

/* What stands behind this name on the command line, to its end; "" when it is not there. */
static inline const char *word_of(const char *name)
{
    const char *found = "";
    for (uint32_t at = 0U; guest_line[at] != '\0'; at++) {
        uint32_t matched = 0U;
        while ((name[matched] != '\0') && (guest_line[at + matched] == name[matched])) {
            matched++;
        }
        found = (name[matched] == '\0') ? &guest_line[at + matched] : found;
    }
    return found;
}

#endif
