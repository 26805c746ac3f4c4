/* SPDX-License-Identifier: Apache-2.0 */
#include "core/boot_info.h"

struct boot_info boot_info;
struct platform platform;

/* The blank-separated word of tags that begins at start equals tag. */
static bool word_equals(const char *tags, uint32_t start, const char *tag)
{
    uint32_t at = start;
    uint32_t i = 0U;
    while ((at < BOOT_STRING_SIZE) && (tag[i] != '\0') && (tags[at] == tag[i])) {
        at++;
        i++;
    }
    return (tag[i] == '\0') && ((at == BOOT_STRING_SIZE) || (tags[at] == '\0') || (tags[at] == ' '));
}

static bool has_tag(const char *tags, const char *tag)
{
    bool found = false;
    bool word_start = true;
    for (uint32_t at = 0U; (at < BOOT_STRING_SIZE) && (tags[at] != '\0') && !found; at++) {
        found = word_start && (tags[at] != ' ') && word_equals(tags, at, tag);
        word_start = (tags[at] == ' ');
    }
    return found;
}

/* REQ-CFG-017 */
uint32_t boot_module_find(const char *tag)
{
    uint32_t found = ID_NONE;
    for (uint32_t i = 0U; (i < boot_info.module_count) && (i < MAX_BOOT_MODULE) && (found == ID_NONE); i++) {
        if (has_tag(boot_info.module[i].tags, tag)) {
            found = i;
        }
    }
    return found;
}
