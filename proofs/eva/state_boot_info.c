/* SPDX-License-Identifier: Apache-2.0 */
/* core/boot_info.c: the search in one text, so that a driver can pass one that nothing follows. */
#include "core/boot_info.c"

bool text_has_tag(const char *tags, const char *tag);
bool text_has_tag(const char *tags, const char *tag) { return has_tag(tags, tag); }
