// SPDX-License-Identifier: GPL-2.0
/*
 * The hypervisor's PCI device. Its presence is what says that hypercalls work;
 * its MSI is the upcall: some User VM has posted an I/O request.
 *
 * VMs do not depend on the device: when it is removed by force they get no more
 * upcalls, and are destroyed as always when their files are closed.
 */
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "hsm.h"
#include "hvdev.h"
#include "stats.h"

static DEFINE_MUTEX(hvdev_lock);	/* hvdev_present; taken alone */
static struct hsm_hvdev *hvdev_present;

static struct miscdevice hsm_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "acrn_hsm",
	.fops = &hsm_file_operations,
	.mode = 0600,
};

bool hvdev_region_contains(u64 start, u64 size)
{
	bool found = false;
	unsigned int i;

	mutex_lock(&hvdev_lock);
	for (i = 0; hvdev_present && i < hvdev_present->region_count; i++) {
		const struct hvdev_region *region = &hvdev_present->region[i];

		if (start >= region->start && size <= region->size && start - region->start <= region->size - size)
			found = true;
	}
	mutex_unlock(&hvdev_lock);
	return found;
}

/* Takes what was posted and wakes who answers it; a thread in between would only have to be scheduled. */
static irqreturn_t hvdev_interrupt(int irq, void *data)
{
	atomic64_inc(&hsm_stats.upcalls);
	hsm_vm_scan_all();
	return IRQ_HANDLED;
}

static int hvdev_map_info(struct hsm_hvdev *hvdev)
{
	int offset = hvdev->capability + (HV_PCI_INFO_GPA - HV_PCI_CAP_VENDOR);
	struct device *dev = &hvdev->pci->dev;
	u32 low, high;

	if (pci_read_config_dword(hvdev->pci, offset, &low) ||
	    pci_read_config_dword(hvdev->pci, offset + 4, &high))
		return -EIO;
	if (!PAGE_ALIGNED(low) || !(low | high))
		return dev_err_probe(dev, -ENODEV, "no information page\n");
	hvdev->info = memremap((u64)high << 32 | low, PAGE_SIZE, MEMREMAP_WB);
	if (!hvdev->info)
		return dev_err_probe(dev, -ENOMEM, "cannot map the information page\n");
	if (hvdev->info->magic != HV_INFO_MAGIC || hvdev->info->version != HV_INFO_VERSION) {
		dev_err(dev, "information page has magic %#x, version %u\n", hvdev->info->magic,
			hvdev->info->version);
		memunmap(hvdev->info);
		return -ENODEV;
	}
	return 0;
}

static int hvdev_request_upcall(struct hsm_hvdev *hvdev)
{
	int ret = pci_alloc_irq_vectors(hvdev->pci, 1, 1, PCI_IRQ_MSI);

	if (ret < 0)
		return dev_err_probe(&hvdev->pci->dev, ret, "no MSI\n");
	pci_set_master(hvdev->pci);
	ret = request_irq(pci_irq_vector(hvdev->pci, 0), hvdev_interrupt, 0, "bulkhead-upcall", hvdev);
	if (ret)
		pci_free_irq_vectors(hvdev->pci);
	return ret;
}

static void hvdev_release_upcall(struct hsm_hvdev *hvdev)
{
	free_irq(pci_irq_vector(hvdev->pci, 0), hvdev);
	pci_clear_master(hvdev->pci);
	pci_free_irq_vectors(hvdev->pci);
}

static int hvdev_start(struct hsm_hvdev *hvdev)
{
	int ret = hvdev_map_info(hvdev);

	if (ret)
		return ret;
	ret = hvdev_request_upcall(hvdev);
	if (ret)
		goto out_info;
	ret = hvdev_regions_publish(hvdev);
	if (ret)
		goto out_upcall;
	ret = misc_register(&hsm_misc);
	if (ret)
		goto out_regions;
	return 0;
out_regions:
	hvdev_regions_withdraw(hvdev);
out_upcall:
	hvdev_release_upcall(hvdev);
out_info:
	memunmap(hvdev->info);
	return ret;
}

/* REQ-HSM-001 */
static int hvdev_probe(struct pci_dev *pci, const struct pci_device_id *id)
{
	struct hsm_hvdev *hvdev;
	int ret;

	if (hvdev_present)
		return dev_err_probe(&pci->dev, -EBUSY, "a second hypervisor device\n");
	hvdev = kzalloc(sizeof(*hvdev), GFP_KERNEL);
	if (!hvdev)
		return -ENOMEM;
	hvdev->pci = pci;
	hvdev->capability = pci_find_capability(pci, PCI_CAP_ID_VNDR);
	ret = hvdev->capability ? pci_enable_device(pci) : -ENODEV;
	if (ret)
		goto out_free;
	ret = hvdev_start(hvdev);
	if (ret)
		goto out_disable;
	pci_set_drvdata(pci, hvdev);
	mutex_lock(&hvdev_lock);
	hvdev_present = hvdev;
	mutex_unlock(&hvdev_lock);
	dev_info(&pci->dev, "Bulkhead, scenario %.32s, %u regions\n", hvdev->info->scenario, hvdev->region_count);
	return 0;
out_disable:
	pci_disable_device(pci);
out_free:
	kfree(hvdev);
	return ret;
}

static void hvdev_remove(struct pci_dev *pci)
{
	struct hsm_hvdev *hvdev = pci_get_drvdata(pci);

	mutex_lock(&hvdev_lock);
	hvdev_present = NULL;
	mutex_unlock(&hvdev_lock);
	misc_deregister(&hsm_misc);
	hvdev_regions_withdraw(hvdev);
	hvdev_release_upcall(hvdev);
	memunmap(hvdev->info);
	pci_disable_device(pci);
	kfree(hvdev);
}

static const struct pci_device_id hvdev_ids[] = {
	{ PCI_DEVICE(HV_PCI_VENDOR, HV_PCI_DEVICE) },
	{ }
};
MODULE_DEVICE_TABLE(pci, hvdev_ids);

static struct pci_driver hvdev_driver = {
	.name = "bulkhead_hsm",
	.id_table = hvdev_ids,
	.probe = hvdev_probe,
	.remove = hvdev_remove,
	.dev_groups = hvdev_attribute_groups,
	/* There is nothing to unbind it for, and VMs would lose their upcall. */
	.driver.suppress_bind_attrs = true,
};

int hvdev_register(void)
{
	return pci_register_driver(&hvdev_driver);
}

void hvdev_unregister(void)
{
	pci_unregister_driver(&hvdev_driver);
}
