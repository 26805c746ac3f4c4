/* SPDX-License-Identifier: Apache-2.0 */
#include "fake/fake.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGES 8192U

uint32_t fake_crash_flushed;
static hpa_t page_address[PAGES]; /* address + 1; 0: not in use */
static uint8_t page_bytes[PAGES][PAGE_SIZE];
static uint32_t page_count;

void fake_memory_reset(void);
void fake_memory_reset(void)
{
    memset(page_address, 0, sizeof(page_address));
    page_count = 0U;
}

uint32_t fake_pages_used(void)
{
    return page_count;
}

static uint8_t *byte_at(hpa_t pa)
{
    hpa_t page = pa & PAGE_MASK;
    uint32_t at = (uint32_t)((page >> 12) * 2654435761U) % PAGES;
    uint32_t tries = 0U;
    while ((page_address[at] != 0U) && (page_address[at] != (page + 1U)) && (tries < PAGES)) {
        at = (at + 1U) % PAGES;
        tries++;
    }
    if (tries == PAGES) {
        fprintf(stderr, "fake memory is full\n");
        abort();
    }
    if (page_address[at] == 0U) {
        page_address[at] = page + 1U;
        page_count++;
        memset(page_bytes[at], 0, PAGE_SIZE);
    }
    return &page_bytes[at][pa % PAGE_SIZE];
}

void hw_phys_copy_in(uint8_t *dst, hpa_t src, uint32_t size)
{
    for (uint32_t i = 0U; i < size; i++) {
        dst[i] = *byte_at(src + i);
    }
}

void hw_phys_copy_out(hpa_t dst, const uint8_t *src, uint32_t size)
{
    for (uint32_t i = 0U; i < size; i++) {
        *byte_at(dst + i) = src[i];
    }
}

uint64_t hw_phys_read(hpa_t pa, uint32_t size)
{
    uint8_t bytes[8] = { 0 };
    uint64_t value = 0U;
    hw_phys_copy_in(bytes, pa, size);
    for (uint32_t i = 0U; i < size; i++) {
        value |= (uint64_t)bytes[i] << (8U * i);
    }
    return value;
}

void hw_phys_write(hpa_t pa, uint32_t size, uint64_t value)
{
    for (uint32_t i = 0U; i < size; i++) {
        *byte_at(pa + i) = (uint8_t)(value >> (8U * i));
    }
}

void hw_phys_move(hpa_t dst, hpa_t src, uint64_t size)
{
    for (uint64_t i = 0U; i < size; i++) {
        *byte_at(dst + i) = *byte_at(src + i);
    }
}

/* Memory that was never written reads as zero: pages that do not exist stay so. */
void hw_phys_zero(hpa_t dst, uint64_t size)
{
    for (uint64_t i = 0U; i < size; i++) {
        if ((((dst + i) % PAGE_SIZE) == 0U) && ((size - i) >= PAGE_SIZE)) {
            hpa_t page = dst + i;
            uint32_t at = (uint32_t)((page >> 12) * 2654435761U) % PAGES;
            while ((page_address[at] != 0U) && (page_address[at] != (page + 1U))) {
                at = (at + 1U) % PAGES;
            }
            if (page_address[at] != 0U) {
                memset(page_bytes[at], 0, PAGE_SIZE);
            }
            i += PAGE_SIZE - 1U;
        } else {
            *byte_at(dst + i) = 0U;
        }
    }
}

static hpa_t trace_base;

void hw_trace_map(hpa_t base, uint32_t pages)
{
    (void)pages;
    trace_base = base;
}

void hw_trace_write(uint32_t offset, uint64_t value)
{
    hw_phys_write(trace_base + offset, 8U, value);
}

static hpa_t crash_base;

void hw_crash_map(hpa_t base)
{
    crash_base = base;
}

void hw_crash_write(uint32_t offset, uint64_t value)
{
    hw_phys_write(crash_base + offset, 8U, value);
}

void hw_crash_flush(uint32_t offset, uint32_t size)
{
    fake_crash_flushed = offset + size;
}

uint64_t hw_mmio_read(hpa_t pa, uint32_t size)
{
    return hw_phys_read(pa, size);
}

void hw_mmio_write(hpa_t pa, uint32_t size, uint64_t value)
{
    hw_phys_write(pa, size, value);
}
