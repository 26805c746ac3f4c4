// SPDX-License-Identifier: GPL-2.0
/*
 * Below the hypervisor's PCI device: hsm/NAME, the module's counters, one number each; trace_events, what the
 * hypervisor's trace records, a mask of 1 << enum hv_trace_kind; crash_seen, which marks all crash records so far as seen
 * when 1 is written to it.
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

/* REQ-LIF-032 */
static ssize_t crash_seen_store(struct device *dev, struct device_attribute *attribute, const char *buffer, size_t count)
{
	struct hsm_hvdev *hvdev = dev_get_drvdata(dev);
	u32 value;
	int ret = kstrtou32(buffer, 0, &value);

	if (!ret && value != 1)
		ret = -EINVAL;
	if (!ret)
		ret = pcibios_err_to_errno(pci_write_config_dword(to_pci_dev(dev),
								  hvdev->capability + (HV_PCI_COMMAND - HV_PCI_CAP_VENDOR),
								  HV_COMMAND_CRASH_SEEN));
	return ret ? ret : count;
}
static struct device_attribute dev_attr_crash_seen = __ATTR(crash_seen, 0200, NULL, crash_seen_store);

static struct attribute *hsm_controls[] = { &dev_attr_trace_events.attr, &dev_attr_crash_seen.attr, NULL };

static const struct attribute_group hsm_control_group = { .attrs = hsm_controls };

const struct attribute_group *hvdev_attribute_groups[] = { &hsm_counter_group, &hsm_control_group, NULL };
