/* SPDX-License-Identifier: GPL-2.0 */
/* The hypervisor's PCI device: upcall, information page and the regions that it names. */
#ifndef HSM_HVDEV_H
#define HSM_HVDEV_H

#include <linux/device.h>
#include <linux/pci.h>
#include <linux/types.h>

#include "abi/hv_info.h"

struct hvdev_region {
	struct hsm_hvdev *hvdev;
	char name[24];
	phys_addr_t start;
	size_t size;
	u32 kind;		/* HV_REGION_* */
	bool writable;
	void *memory;
	struct bin_attribute attribute;
	bool published;
};

struct hsm_hvdev {
	struct pci_dev *pci;
	int capability;		/* offset of the vendor-specific capability */
	struct hv_info *info;
	unsigned int region_count;
	struct hvdev_region region[HV_MAX_REGION];
};

int hvdev_register(void);
void hvdev_unregister(void);
/* True when the range lies in one region: reserved RAM, cached like all RAM. */
bool hvdev_region_contains(u64 start, u64 size);

/* region.c */
int hvdev_regions_publish(struct hsm_hvdev *hvdev);
void hvdev_regions_withdraw(struct hsm_hvdev *hvdev);
/* Has the hypervisor refresh the statistics before it returns. */
int hvdev_publish_stats(struct hsm_hvdev *hvdev);

/* attributes.c */
extern const struct attribute_group *hvdev_attribute_groups[];

#endif
