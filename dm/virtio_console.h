/* SPDX-License-Identifier: Apache-2.0 */
/* Console device with one port (virtio 1.1, 5.3). */
#ifndef DM_VIRTIO_CONSOLE_H
#define DM_VIRTIO_CONSOLE_H

#include "dm/console.h"
#include "dm/virtio.h"

#define VIRTIO_CONSOLE_INPUT 4096U

struct virtio_console {
    struct virtio_device device;
    struct console *console;
    bool announced;
    uint8_t input[VIRTIO_CONSOLE_INPUT]; /* waits for receive buffers */
    uint32_t input_size;
};

int virtio_console_create(struct virtio_console *self, const struct virtio_setup *setup, struct console *console);

#endif
