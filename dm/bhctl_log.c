// SPDX-License-Identifier: Apache-2.0
/* bhctl log: the hypervisor's log ring. Positions count bytes ever written; the ring keeps the last capacity bytes. */
#define _POSIX_C_SOURCE 200809L
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "bhctl.h"

#define FOLLOW_MS 200UL

static uint64_t written(const struct hv_log_ring *ring)
{
    uint64_t value = *(const volatile uint64_t *)&ring->written;

    atomic_thread_fence(memory_order_acquire);
    return value;
}

/* REQ-DM-011 */
static bool ring_valid(const struct hv_log_ring *ring, size_t size)
{
    return ring->magic == HV_LOG_MAGIC && ring->capacity != 0U && (ring->capacity & (ring->capacity - 1U)) == 0U &&
           ring->capacity <= size - sizeof(*ring);
}

static uint64_t oldest(const struct hv_log_ring *ring, uint64_t end)
{
    return end > ring->capacity ? end - ring->capacity : 0U;
}

/* The writer goes on while the text is copied: what it has overwritten meanwhile is left out. */
uint64_t log_print(FILE *out, const struct hv_log_ring *ring, size_t size, uint64_t position)
{
    uint64_t end;
    uint64_t start = position;
    char *copy;

    if (!ring_valid(ring, size)) {
        return position;
    }
    end = written(ring);
    if (start < oldest(ring, end)) {
        start = oldest(ring, end);
    }
    copy = malloc(ring->capacity);
    if (copy == NULL || start >= end) {
        free(copy);
        return end;
    }
    for (uint64_t at = start; at < end; at++) {
        copy[at - start] = ring->text[at & (ring->capacity - 1U)];
    }
    atomic_thread_fence(memory_order_acquire);
    for (uint64_t at = start; at < end; at++) {
        if (at >= oldest(ring, written(ring))) {
            (void)fwrite(copy + (at - start), 1U, (size_t)(end - at), out);
            break;
        }
    }
    free(copy);
    return end;
}

uint64_t log_position_of_last_lines(const struct hv_log_ring *ring, size_t size, unsigned long lines)
{
    uint64_t end;
    uint64_t at;
    unsigned long seen = 0UL;

    if (!ring_valid(ring, size) || lines == 0UL) {
        return 0U;
    }
    end = written(ring);
    at = end;
    while (at > oldest(ring, end)) {
        /* The newline that ends the last line starts no line. */
        if (at != end && ring->text[(at - 1U) & (ring->capacity - 1U)] == '\n') {
            seen++;
            if (seen == lines) {
                break;
            }
        }
        at--;
    }
    return at;
}

void log_print_json(FILE *out, const char *text, size_t size)
{
    size_t begin = 0U;

    for (size_t at = 0U; at < size; at++) {
        if (text[at] == '\n') {
            fputs("{\"line\":", out);
            print_json_string(out, text + begin, at - begin);
            fputs("}\n", out);
            begin = at + 1U;
        }
    }
}

/* Whole lines only: what a core is still writing is left out. */
static bool print_json(const struct hv_log_ring *ring, size_t size, uint64_t position)
{
    char *text = NULL;
    size_t length = 0U;
    FILE *memory = open_memstream(&text, &length);
    bool good = memory != NULL;

    if (good) {
        (void)log_print(memory, ring, size, position);
        good = fclose(memory) == 0;
    }
    if (good) {
        log_print_json(stdout, text, length);
    }
    free(text);
    return good;
}

enum bhctl_exit command_log(const struct bhctl_options *options)
{
    struct bhctl_region region;
    const struct hv_log_ring *ring;
    uint64_t position;
    bool good = !(options->json && options->follow);

    if (!good) {
        fprintf(stderr, "bhctl: log: --json and --follow do not go together (bhctl log --help)\n");
        return BHCTL_USAGE;
    }
    good = region_open(options, "log", sizeof(struct hv_log_ring), &region);

    if (!good) {
        return BHCTL_FAILED;
    }
    ring = region.memory;
    good = ring_valid(ring, region.size);
    if (!good) {
        fprintf(stderr, "bhctl: region_log holds no log\n");
    } else if (options->json) {
        good = print_json(ring, region.size, log_position_of_last_lines(ring, region.size, options->count));
    } else {
        position = log_print(stdout, ring, region.size, log_position_of_last_lines(ring, region.size, options->count));
        while (options->follow && fflush(stdout) == 0 && bhctl_wait(FOLLOW_MS)) {
            position = log_print(stdout, ring, region.size, position);
        }
    }
    region_close(&region);
    return good ? BHCTL_OK : BHCTL_FAILED;
}
