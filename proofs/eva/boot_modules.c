/* SPDX-License-Identifier: Apache-2.0 */
/* eva-sources: core/boot_info.c */
/* eva-without: state */
/* eva-options: -eva-precision 0 -eva-slevel-function word_equals:200,boot_module_find:100 -eva-ilevel 32 */
/* Any tag that ends, sought in any texts that the boot loader gave its modules, and in one that nothing follows. */
#include "core/boot_info.h"
#include "core/partition.h"
#include "proofs/eva/eva.h"

bool text_has_tag(const char *tags, const char *tag); /* state_boot_info.c */

static char tag[PART_TAG_SIZE];
static char tags[BOOT_STRING_SIZE];

int main(void)
{
    uint32_t found;
    tag[PART_TAG_SIZE - 1U] = '\0';
    (void)text_has_tag(tags, tag);
    found = boot_module_find(tag);
    /*@ assert module_or_none: found < MAX_BOOT_MODULE || found == ID_NONE; */
    (void)found;
    return 0;
}
