/* SPDX-License-Identifier: Apache-2.0 */
/* Ranges of physical memory, moved and cleared through the calling core's windows: at boot, when a VM begins, and of what is published. */
#include "core/hw.h"
#include "x86/memory.h"
#include "x86/window.h"

/* REQ-ISO-015 */
void hw_phys_move(hpa_t dst, hpa_t src, uint64_t size)
{
    uint64_t done = 0U;
    while (done < size) {
        const uint64_t part = window_page_part(dst + done, window_page_part(src + done, size - done));
        memory_copy(window_open(WINDOW_DEST, dst + done), window_open(WINDOW_SOURCE, src + done), part);
        window_close(WINDOW_SOURCE);
        window_close(WINDOW_DEST);
        done += part;
    }
}

void hw_phys_zero(hpa_t dst, uint64_t size)
{
    uint64_t done = 0U;
    while (done < size) {
        const uint64_t part = window_page_part(dst + done, size - done);
        memory_fill(window_open(WINDOW_DEST, dst + done), 0U, part);
        window_close(WINDOW_DEST);
        done += part;
    }
}
