// SPDX-License-Identifier: GPL-2.0
/*
 * Shared memory with doorbells, PCI device 1af4:1110, as a UIO device: the module bulkhead_ivshmem.
 * uio_pci_generic gives user space no interrupt of a device that has MSI-X alone; this driver does.
 *
 * /dev/uioN: reading waits for the next doorbell and returns how many there were since the driver took
 * the device, those of all vectors together. Map 0 are the registers (IVPosition at 8, Doorbell at 12),
 * map 1 is the shared memory. QEMU's ivshmem-doorbell is the same device.
 */
#include <linux/io.h>
#include <linux/interrupt.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/uio_driver.h>

#define IVSHMEM_VECTORS_MAX 8

enum { IVSHMEM_BAR_REGISTERS = 0, IVSHMEM_BAR_MEMORY = 2 };

struct ivshmem {
	struct uio_info uio;
	int vectors;
};

static irqreturn_t ivshmem_interrupt(int irq, void *data)
{
	uio_event_notify(data);
	return IRQ_HANDLED;
}

static void ivshmem_map(struct pci_dev *pci, struct uio_mem *map, int bar, const char *name, int type)
{
	map->name = name;
	map->addr = pci_resource_start(pci, bar);
	map->size = pci_resource_len(pci, bar);
	map->memtype = type;
}

static void ivshmem_interrupts_free(struct pci_dev *pci, struct ivshmem *device)
{
	while (device->vectors > 0)
		free_irq(pci_irq_vector(pci, --device->vectors), &device->uio);
	pci_free_irq_vectors(pci);
}

/* The UIO device is there by now: a doorbell may come at once. */
static int ivshmem_interrupts_get(struct pci_dev *pci, struct ivshmem *device)
{
	int count = pci_alloc_irq_vectors(pci, 1, IVSHMEM_VECTORS_MAX, PCI_IRQ_MSIX);
	int ret = count < 0 ? count : 0;

	while (!ret && device->vectors < count) {
		ret = request_irq(pci_irq_vector(pci, device->vectors), ivshmem_interrupt, 0, "bulkhead_ivshmem",
				  &device->uio);
		if (!ret)
			device->vectors++;
	}
	if (ret)
		ivshmem_interrupts_free(pci, device);
	return ret;
}

static int ivshmem_probe(struct pci_dev *pci, const struct pci_device_id *id)
{
	struct ivshmem *device;
	int ret;

	device = devm_kzalloc(&pci->dev, sizeof(*device), GFP_KERNEL);
	if (!device)
		return -ENOMEM;
	ret = pcim_enable_device(pci);
	if (ret)
		return ret;
	ret = pci_request_regions(pci, "bulkhead_ivshmem");
	if (ret)
		return ret;
	ivshmem_map(pci, &device->uio.mem[0], IVSHMEM_BAR_REGISTERS, "registers", UIO_MEM_PHYS);
	ivshmem_map(pci, &device->uio.mem[1], IVSHMEM_BAR_MEMORY, "memory", UIO_MEM_IOVA);
	device->uio.name = "bulkhead_ivshmem";
	device->uio.version = "1";
	device->uio.irq = UIO_IRQ_CUSTOM;
	pci_set_drvdata(pci, device);
	ret = uio_register_device(&pci->dev, &device->uio);
	if (ret)
		goto regions;
	pci_set_master(pci);	/* a doorbell is a write by the device */
	ret = ivshmem_interrupts_get(pci, device);
	if (ret) {
		dev_err(&pci->dev, "no MSI-X vectors: %d\n", ret);
		goto registered;
	}
	return 0;

registered:
	uio_unregister_device(&device->uio);
regions:
	pci_release_regions(pci);
	return ret;
}

static void ivshmem_remove(struct pci_dev *pci)
{
	struct ivshmem *device = pci_get_drvdata(pci);

	ivshmem_interrupts_free(pci, device);
	uio_unregister_device(&device->uio);
	pci_release_regions(pci);
}

static const struct pci_device_id ivshmem_ids[] = {
	{ PCI_DEVICE(0x1af4, 0x1110) },
	{ }
};
MODULE_DEVICE_TABLE(pci, ivshmem_ids);

static struct pci_driver ivshmem_driver = {
	.name = "bulkhead_ivshmem",
	.id_table = ivshmem_ids,
	.probe = ivshmem_probe,
	.remove = ivshmem_remove,
};
module_pci_driver(ivshmem_driver);

MODULE_DESCRIPTION("Shared memory with doorbells between virtual machines, for user space");
MODULE_LICENSE("GPL");
