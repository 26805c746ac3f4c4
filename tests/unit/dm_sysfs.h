/* SPDX-License-Identifier: Apache-2.0 */
/* A device model whose sysfs is a folder of the test's own, with an empty PCI bus. For one test program each; needs dm_fake_hsm.c. */
#ifndef UNIT_DM_SYSFS_H
#define UNIT_DM_SYSFS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dm/pci.h"
#include "dm_fake_hsm.h"

static char root[64];
static struct pci_bus bus;
static struct hsm *hsm;

static inline void ignore_irq(void *owner, uint32_t gsi, bool high)
{
    (void)owner;
    (void)gsi;
    (void)high;
}

static inline void sysfs_create(void)
{
    strcpy(root, "/tmp/test_dm_sysfs.XXXXXX");
    assert_non_null(mkdtemp(root));
    fake_hsm_reset();
    pci_bus_create(&bus, ignore_irq, NULL);
    hsm = hsm_open("");
}

static inline int sysfs_remove(void **state)
{
    char command[96];

    (void)state;
    snprintf(command, sizeof(command), "rm -r %s", root);
    return system(command);
}

#endif
