// SPDX-License-Identifier: GPL-2.0
/* hsm/NAME below the hypervisor's PCI device: the module's counters, one number each. */
#include <linux/sysfs.h>

#include "hvdev.h"
#include "stats.h"

struct hsm_stats hsm_stats;

#define HSM_COUNTER(name) \
static ssize_t name##_show(struct device *dev, struct device_attribute *attribute, char *buffer) \
{ \
	return sysfs_emit(buffer, "%lld\n", atomic64_read(&hsm_stats.name)); \
} \
static DEVICE_ATTR_RO(name)

HSM_COUNTER(vms);
HSM_COUNTER(pinned_pages);
HSM_COUNTER(ioeventfds);
HSM_COUNTER(irqfds);
HSM_COUNTER(abandoned_pages);
HSM_COUNTER(upcalls);
HSM_COUNTER(requests);
HSM_COUNTER(requests_in_kernel);

static struct attribute *hsm_counters[] = {
	&dev_attr_vms.attr,
	&dev_attr_pinned_pages.attr,
	&dev_attr_ioeventfds.attr,
	&dev_attr_irqfds.attr,
	&dev_attr_abandoned_pages.attr,
	&dev_attr_upcalls.attr,
	&dev_attr_requests.attr,
	&dev_attr_requests_in_kernel.attr,
	NULL
};

static const struct attribute_group hsm_counter_group = { .name = "hsm", .attrs = hsm_counters };

const struct attribute_group *hvdev_attribute_groups[] = { &hsm_counter_group, NULL };
