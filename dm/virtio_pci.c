/* SPDX-License-Identifier: Apache-2.0 */
/* The registers of the modern PCI transport (virtio 1.1, 4.1.4). */
#define _GNU_SOURCE
#include "dm/virtio_pci.h"

#include <stddef.h>
#include <string.h>

#define VENDOR_VIRTIO   0x1AF4U
#define DEVICE_MODERN   0x1040U
#define CAP_ID_VENDOR   0x09U
#define CAP_SIZE        16U
#define CAP_NOTIFY_SIZE 20U /* with the multiplier */
#define CAP_PCI_SIZE    20U /* with the data window */
#define CAP_COMMON      1U
#define CAP_NOTIFY      2U
#define CAP_ISR         3U
#define CAP_DEVICE      4U
#define CAP_PCI         5U
#define REGION_SIZE     0x1000U
#define BAR_REGISTERS   0U
#define BAR_MSIX        1U

/* struct virtio_pci_common_cfg: little-endian, so on x86 a plain struct. */
struct common_config {
    uint32_t device_feature_select;
    uint32_t device_feature;
    uint32_t driver_feature_select;
    uint32_t driver_feature;
    uint16_t msix_config;
    uint16_t num_queues;
    uint8_t device_status;
    uint8_t config_generation;
    uint16_t queue_select;
    uint16_t queue_size;
    uint16_t queue_msix_vector;
    uint16_t queue_enable;
    uint16_t queue_notify_off;
    uint64_t queue_desc;
    uint64_t queue_driver;
    uint64_t queue_device;
};

_Static_assert(sizeof(struct common_config) == 56U, "virtio 1.1, 4.1.4.3");

#define AT(field) offsetof(struct common_config, field)

static uint32_t feature_half(uint64_t features, uint32_t select)
{
    return (select == 0U) ? (uint32_t)features : ((select == 1U) ? (uint32_t)(features >> 32) : 0U);
}

static struct common_config common_snapshot(const struct virtio_device *device)
{
    struct common_config config = {
        .device_feature_select = device->device_feature_select,
        .device_feature = feature_half(device->features, device->device_feature_select),
        .driver_feature_select = device->driver_feature_select,
        .driver_feature = feature_half(device->driver_features, device->driver_feature_select),
        .msix_config = device->config_vector,
        .num_queues = device->model->queue_count,
        .device_status = device->status,
        .config_generation = device->config_generation,
        .queue_select = device->queue_select,
        .queue_msix_vector = VIRTIO_NO_VECTOR,
    };

    if (device->queue_select < device->model->queue_count) {
        const struct virtqueue *queue = &device->queue[device->queue_select];

        config.queue_size = queue->size;
        config.queue_msix_vector = device->queue_vector[device->queue_select];
        config.queue_enable = queue->enabled ? 1 : 0;
        config.queue_notify_off = device->queue_select;
        config.queue_desc = queue->desc_gpa;
        config.queue_driver = queue->driver_gpa;
        config.queue_device = queue->device_gpa;
    }
    return config;
}

static void set_half(uint64_t *field, bool high, uint32_t value)
{
    uint64_t kept = high ? (*field & 0xFFFFFFFFULL) : (*field & ~0xFFFFFFFFULL);

    *field = kept | ((uint64_t)value << (high ? 32 : 0));
}

static uint16_t valid_vector(const struct virtio_device *device, uint16_t vector)
{
    return (vector < device->msix.count) ? vector : VIRTIO_NO_VECTOR;
}

static void write_queue(struct virtio_device *device, uint64_t offset, uint16_t value)
{
    if (device->queue_select < device->model->queue_count) {
        struct virtqueue *queue = &device->queue[device->queue_select];

        switch (offset) {
        case AT(queue_size):
            if (!queue->enabled && value <= device->model->queue_size) {
                queue->size = value;
            }
            break;
        case AT(queue_msix_vector):
            device->queue_vector[device->queue_select] = valid_vector(device, value);
            break;
        case AT(queue_enable):
            if (value == 1U) {
                virtio_enable_queue(device);
            }
            break;
        default: /* read-only */
            break;
        }
    }
}

static void write_common16(struct virtio_device *device, uint64_t offset, uint16_t value)
{
    if (offset == AT(msix_config)) {
        device->config_vector = valid_vector(device, value);
    } else if (offset == AT(queue_select)) {
        device->queue_select = value;
    } else {
        write_queue(device, offset, value);
    }
}

static void write_address(struct virtio_device *device, uint64_t offset, uint32_t value)
{
    if (device->queue_select < device->model->queue_count && !device->queue[device->queue_select].enabled) {
        struct virtqueue *queue = &device->queue[device->queue_select];
        uint64_t field = (offset - AT(queue_desc)) / 8U;
        uint64_t *addresses[] = {&queue->desc_gpa, &queue->driver_gpa, &queue->device_gpa};

        set_half(addresses[field], (offset & 4U) != 0U, value);
    }
}

static void write_common32(struct virtio_device *device, uint64_t offset, uint32_t value)
{
    if (offset == AT(device_feature_select)) {
        device->device_feature_select = value;
    } else if (offset == AT(driver_feature_select)) {
        device->driver_feature_select = value;
    } else if (offset == AT(driver_feature)) {
        bool frozen = (device->status & VIRTIO_STATUS_FEATURES_OK) != 0U;

        if (!frozen && device->driver_feature_select <= 1U) {
            set_half(&device->driver_features, device->driver_feature_select == 1U, value);
        }
    } else if (offset >= AT(queue_desc) && offset < sizeof(struct common_config) && offset % 4U == 0U) {
        write_address(device, offset, value);
    } else {
        /* read-only, or not a 32-bit field */
    }
}

/* Drivers must use the width of the field (4.1.3.1); other widths are ignored. */
static void write_common(struct virtio_device *device, uint64_t offset, uint32_t size, uint64_t value)
{
    if (size == 1U && offset == AT(device_status)) {
        virtio_write_status(device, (uint8_t)value);
    } else if (size == 2U) {
        write_common16(device, offset, (uint16_t)value);
    } else if (size == 4U) {
        write_common32(device, offset, (uint32_t)value);
    } else if (size == 8U && offset >= AT(queue_desc) && offset % 8U == 0U) {
        write_common32(device, offset, (uint32_t)value);
        write_common32(device, offset + 4U, (uint32_t)(value >> 32));
    } else {
        /* nothing there */
    }
}

static uint64_t read_bytes(const void *from, uint32_t from_size, uint64_t offset, uint32_t size)
{
    uint64_t value = 0;

    if (from_size >= size && offset <= from_size - size) {
        memcpy(&value, (const uint8_t *)from + offset, size);
    }
    return value;
}

static uint64_t read_isr(struct virtio_device *device)
{
    uint8_t isr = device->isr;

    device->isr = 0; /* reading acknowledges (4.1.4.5) */
    pci_set_intx(&device->pci, false);
    return isr;
}

static uint64_t bar_read(void *owner, uint64_t offset, uint32_t size)
{
    struct virtio_device *device = owner;
    uint64_t within = offset % REGION_SIZE;
    uint64_t value = 0;

    pthread_mutex_lock(&device->lock);
    switch (offset - within) {
    case VIRTIO_BAR_COMMON: {
        struct common_config config = common_snapshot(device);

        value = read_bytes(&config, sizeof(config), within, size);
        break;
    }
    case VIRTIO_BAR_ISR:
        value = (within == 0U) ? read_isr(device) : 0U;
        break;
    case VIRTIO_BAR_DEVICE:
        value = read_bytes(device->config, device->config_size, within, size);
        break;
    default: /* notify: reads as zero */
        break;
    }
    pthread_mutex_unlock(&device->lock);
    return value;
}

static void bar_write(void *owner, uint64_t offset, uint32_t size, uint64_t value)
{
    struct virtio_device *device = owner;
    uint64_t within = offset % REGION_SIZE;
    uint64_t queue = within / VIRTIO_NOTIFY_MULTIPLIER;

    if (offset - within == VIRTIO_BAR_COMMON) {
        pthread_mutex_lock(&device->lock);
        write_common(device, within, size, value);
        pthread_mutex_unlock(&device->lock);
    } else if (offset - within == VIRTIO_BAR_NOTIFY && queue < device->model->queue_count) {
        virtio_kick_again(device, (unsigned)queue);
    } else {
        /* no device here has writable configuration */
    }
}

const struct io_ops virtio_bar_ops = {.read = bar_read, .write = bar_write};

/* The window of VIRTIO_PCI_CAP_PCI_CFG (4.1.4.8): BAR accesses by way of configuration space. */
static bool window(const struct virtio_device *device, uint32_t reg, uint32_t access, uint64_t *offset,
                   uint32_t *size)
{
    const uint8_t *cap = &device->pci.config[device->cfg_capability];
    uint32_t data = device->cfg_capability + CAP_SIZE;

    *offset = pci_get32(cap, 8);
    *size = pci_get32(cap, 12);
    return reg < data + 4U && reg + access > data && cap[4] == BAR_REGISTERS &&
           (*size == 1U || *size == 2U || *size == 4U) && *offset % *size == 0U &&
           *offset <= VIRTIO_BAR_SIZE - *size;
}

static void config_before_read(void *owner, uint32_t reg, uint32_t access)
{
    struct virtio_device *device = owner;
    uint64_t offset;
    uint32_t size;

    if (window(device, reg, access, &offset, &size)) {
        pci_put32(device->pci.config, device->cfg_capability + CAP_SIZE, (uint32_t)bar_read(device, offset, size));
    }
}

static void config_after_write(void *owner, uint32_t reg, uint32_t access)
{
    struct virtio_device *device = owner;
    uint64_t offset;
    uint32_t size;

    if (window(device, reg, access, &offset, &size)) {
        uint32_t value = pci_get32(device->pci.config, device->cfg_capability + CAP_SIZE);

        bar_write(device, offset, size, value & io_size_mask(size));
    } else if (reg < PCI_REG_BAR0 + 4U * PCI_BARS) {
        pthread_mutex_lock(&device->lock);
        virtio_update_notify(device);
        pthread_mutex_unlock(&device->lock);
    } else {
        msix_config_written(&device->msix, &device->pci);
    }
}

static uint8_t add_capability(struct pci_device *pci, uint8_t type, uint8_t size, uint32_t offset)
{
    uint8_t at = pci_add_capability(pci, CAP_ID_VENDOR, size);

    pci->config[at + 2U] = size;
    pci->config[at + 3U] = type;
    pci->config[at + 4U] = BAR_REGISTERS;
    pci_put32(pci->config, at + 8U, offset);
    pci_put32(pci->config, at + 12U, (type == CAP_PCI) ? 0U : REGION_SIZE);
    return at;
}

void virtio_pci_setup(struct virtio_device *device)
{
    struct pci_device *pci = &device->pci;
    uint8_t at;

    pci_device_init(pci, VENDOR_VIRTIO, (uint16_t)(DEVICE_MODERN + device->model->id), device->model->class_code, 1);
    pci_put16(pci->config, PCI_REG_SUBSYSTEM, VENDOR_VIRTIO);
    pci_put16(pci->config, PCI_REG_SUBSYSTEM + 2U, device->model->id);
    pci->bar[BAR_REGISTERS] =
        (struct pci_bar){.size = VIRTIO_BAR_SIZE, .ops = &virtio_bar_ops, .device = device};
    /* One vector for each queue and one for configuration changes. */
    msix_create(&device->msix, device->hsm, pci, BAR_MSIX, device->model->queue_count + 1U);
    add_capability(pci, CAP_COMMON, CAP_SIZE, VIRTIO_BAR_COMMON);
    add_capability(pci, CAP_ISR, CAP_SIZE, VIRTIO_BAR_ISR);
    add_capability(pci, CAP_DEVICE, CAP_SIZE, VIRTIO_BAR_DEVICE);
    at = add_capability(pci, CAP_NOTIFY, CAP_NOTIFY_SIZE, VIRTIO_BAR_NOTIFY);
    pci_put32(pci->config, at + 16U, VIRTIO_NOTIFY_MULTIPLIER);
    device->cfg_capability = add_capability(pci, CAP_PCI, CAP_PCI_SIZE, 0);
    memset(&pci->writable[device->cfg_capability + 4U], 0xFF, 1);
    memset(&pci->writable[device->cfg_capability + 8U], 0xFF, 12);
    pci->before_read = config_before_read;
    pci->after_write = config_after_write;
    pci->owner = device;
}
