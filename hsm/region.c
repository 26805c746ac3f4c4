// SPDX-License-Identifier: GPL-2.0
/*
 * The regions of the information page as files of the PCI device: region_stats,
 * region_log, region_trace, region_crash and region_NAME for shared memory; read, mmap, and write where
 * the scenario allows it. The first bytes of region_stats are fresh: reading at
 * offset 0 has the hypervisor publish first. All are reserved RAM, so they are
 * mapped write-back.
 */
#include <linux/ctype.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "compat.h"
#include "hvdev.h"

int hvdev_publish_stats(struct hsm_hvdev *hvdev)
{
	return pcibios_err_to_errno(pci_write_config_dword(hvdev->pci, hvdev->capability +
				    (HV_PCI_COMMAND - HV_PCI_CAP_VENDOR), HV_COMMAND_PUBLISH));
}

static ssize_t region_read(struct file *file, struct kobject *kobject, struct bin_attribute *attribute,
			   char *buffer, loff_t offset, size_t count)
{
	struct hvdev_region *region = attribute->private;
	int ret = 0;

	if (region->kind == HV_REGION_STATS && offset == 0)
		ret = hvdev_publish_stats(region->hvdev);
	return ret ? ret : memory_read_from_buffer(buffer, count, &offset, region->memory, region->size);
}

/* REQ-HSM-009 */
static ssize_t region_write(struct file *file, struct kobject *kobject, struct bin_attribute *attribute,
			    char *buffer, loff_t offset, size_t count)
{
	struct hvdev_region *region = attribute->private;

	/* sysfs has cut offset and count to the file's size. */
	memcpy((char *)region->memory + offset, buffer, count);
	return count;
}

/* REQ-HSM-009 */
static int region_mmap(struct file *file, struct kobject *kobject, struct bin_attribute *attribute,
		       struct vm_area_struct *vma)
{
	struct hvdev_region *region = attribute->private;
	unsigned long size = vma->vm_end - vma->vm_start;
	unsigned long offset;

	/* The hypervisor's regions own their last page whole. */
	if (check_shl_overflow(vma->vm_pgoff, PAGE_SHIFT, &offset) || offset > PAGE_ALIGN(region->size) ||
	    size > PAGE_ALIGN(region->size) - offset)
		return -EINVAL;
	if (!region->writable) {
		/* Stage 2 is read-only there: a write would not be a mere page fault. */
		if (vma->vm_flags & VM_WRITE)
			return -EACCES;
		hsm_vma_forbid_write(vma);
	}
	return remap_pfn_range(vma, vma->vm_start, PHYS_PFN(region->start + offset), size, vma->vm_page_prot);
}

static bool region_name_valid(const char *name, size_t size)
{
	size_t length = strnlen(name, size);
	size_t i;

	for (i = 0; i < length; i++)
		if (!isalnum(name[i]) && name[i] != '-' && name[i] != '_')
			return false;
	return length > 0 && length < size;
}

static const char *region_suffix(const struct hv_region *source)
{
	switch (source->kind) {
	case HV_REGION_STATS:
		return "stats";
	case HV_REGION_LOG:
		return "log";
	case HV_REGION_TRACE:
		return "trace";
	case HV_REGION_CRASH:
		return "crash";
	case HV_REGION_SHARED:
		return region_name_valid(source->name, sizeof(source->name)) ? source->name : NULL;
	default:
		return NULL;
	}
}

/* Mapping the kernel's own memory would alias it; a region is never that. */
static bool region_place_valid(const struct hv_region *source)
{
	u64 end;

	return source->size && PAGE_ALIGNED(source->gpa) &&
		!check_add_overflow(source->gpa, source->size, &end) &&
		region_intersects(source->gpa, source->size, IORESOURCE_SYSTEM_RAM, IORES_DESC_NONE) ==
			REGION_DISJOINT;
}

static int region_publish(struct hsm_hvdev *hvdev, struct hvdev_region *region, const struct hv_region *source)
{
	struct device *dev = &hvdev->pci->dev;
	const char *suffix = region_suffix(source);
	struct bin_attribute *attribute = &region->attribute;

	if (!suffix || !region_place_valid(source)) {
		dev_err(dev, "ignoring region %.16s: kind %u at %#llx, %#llx bytes\n", source->name, source->kind,
			source->gpa, source->size);
		return -EINVAL;
	}
	snprintf(region->name, sizeof(region->name), "region_%s", suffix);
	region->hvdev = hvdev;
	region->start = source->gpa;
	region->size = source->size;
	region->kind = source->kind;
	region->writable = source->flags & HV_REGION_WRITE;
	region->memory = memremap(source->gpa, source->size, MEMREMAP_WB);
	if (!region->memory)
		return -ENOMEM;
	sysfs_bin_attr_init(attribute);
	attribute->attr.name = region->name;
	attribute->attr.mode = region->writable ? 0600 : 0400;
	attribute->size = region->size;
	attribute->private = region;
	attribute->read = region_read;
	attribute->write = region->writable ? region_write : NULL;
	attribute->mmap = region_mmap;
	return sysfs_create_bin_file(&dev->kobj, attribute);
}

/* A region that cannot be shown is reported and left out; the others are worth having. */
int hvdev_regions_publish(struct hsm_hvdev *hvdev)
{
	unsigned int i, count = min(hvdev->info->region_count, HV_MAX_REGION);

	for (i = 0; i < count; i++) {
		struct hvdev_region *region = &hvdev->region[hvdev->region_count];
		int ret = region_publish(hvdev, region, &hvdev->info->region[i]);

		if (!ret)
			hvdev->region_count++;
		else if (region->memory)
			memunmap(region->memory);
		if (ret)
			memset(region, 0, sizeof(*region));
	}
	return 0;
}

void hvdev_regions_withdraw(struct hsm_hvdev *hvdev)
{
	while (hvdev->region_count) {
		struct hvdev_region *region = &hvdev->region[--hvdev->region_count];

		sysfs_remove_bin_file(&hvdev->pci->dev.kobj, &region->attribute);
		memunmap(region->memory);
	}
}
