/* SPDX-License-Identifier: Apache-2.0 */
/* eva-sources: core/boot_info.c */
/* eva-without: state */
/* eva-options: -eva-precision 0 -eva-slevel-function word_equals:200,boot_module_find:100 -eva-ilevel 32 */
/* Any tag that ends, sought in any texts that the boot loader gave its modules. */
#include "core/boot_info.h"
#include "core/partition.h"
#include "proofs/eva/eva.h"

static char tag[PART_TAG_SIZE];

int main(void)
{
    tag[PART_TAG_SIZE - 1U] = '\0';
    uint32_t found = boot_module_find(tag);
    /*@ assert module_or_none: found < MAX_BOOT_MODULE || found == ID_NONE; */
    (void)found;
    return 0;
}
