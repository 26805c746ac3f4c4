// SPDX-License-Identifier: GPL-2.0
/*
 * Below the hypervisor's PCI device: hsm/NAME, the module's counters, one number each; trace_events, what the
 * hypervisor's trace records, a mask of 1 << enum hv_trace_kind.
 */
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

static int trace_register(struct device *dev)
{
	struct hsm_hvdev *hvdev = dev_get_drvdata(dev);

	return hvdev->capability + (HV_PCI_TRACE - HV_PCI_CAP_VENDOR);
}

static ssize_t trace_events_show(struct device *dev, struct device_attribute *attribute, char *buffer)
{
	u32 events;
	int ret = pci_read_config_dword(to_pci_dev(dev), trace_register(dev), &events);

	return ret ? pcibios_err_to_errno(ret) : sysfs_emit(buffer, "%#x\n", events);
}

/* REQ-RT-031 */
static ssize_t trace_events_store(struct device *dev, struct device_attribute *attribute, const char *buffer,
				  size_t count)
{
	u32 events;
	int ret = kstrtou32(buffer, 0, &events);

	if (!ret && (events & ~HV_TRACE_ALL))
		ret = -EINVAL;
	if (!ret)
		ret = pcibios_err_to_errno(pci_write_config_dword(to_pci_dev(dev), trace_register(dev), events));
	return ret ? ret : count;
}
static DEVICE_ATTR_ADMIN_RW(trace_events);

static struct attribute *hsm_controls[] = { &dev_attr_trace_events.attr, NULL };

static const struct attribute_group hsm_control_group = { .attrs = hsm_controls };

const struct attribute_group *hvdev_attribute_groups[] = { &hsm_counter_group, &hsm_control_group, NULL };
