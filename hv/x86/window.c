/* SPDX-License-Identifier: Apache-2.0 */
/* Access to physical memory and device registers through the calling core's windows. The trace, the crash records and, on a CPU without
 * x2APIC, the local APIC have pages of their own behind them. */
#include "x86/window.h"

#include "abi/crash.h"
#include "abi/trace.h"
#include "core/hw.h"
#include "core/limits.h"
#include "x86/address.h"
#include "x86/asm.h"
#include "x86/memory.h"

#define WINDOW_DEVICE 2U /* uncached; the first two: window.h */
#define WINDOWS       4U /* a core; the last stays unmapped */
#define TRACE_INDEX   64U /* behind all windows: the trace has the pages from here on, for good */

#define CRASH_INDEX   (TRACE_INDEX + (HV_TRACE_SIZE / PAGE_SIZE)) /* and the crash records */
#define CRASH_PAGES   (HV_CRASH_SIZE / PAGE_SIZE)
#define APIC_INDEX    511U
#define CPUID_CLFLUSH 0x80000U              /* of leaf 1, EDX */
#define LINE_SIZE     64U                   /* the smallest that a CPU with long mode has */

#define PTE_FLAGS     0x8000000000000003ULL /* NX, writable, present */
#define PTE_UNCACHED  0x18ULL               /* PCD and PWT: PAT entry 3, UC */

_Static_assert((MAX_PCPU * WINDOWS) <= TRACE_INDEX, "windows end before the trace");
_Static_assert((CRASH_INDEX + CRASH_PAGES) <= APIC_INDEX, "windows, trace, crash records and local APIC fit one page table");
uint64_t window_table[512] __attribute__((aligned(4096)));
static bool window_has_clflush;

static uint32_t window_index(uint32_t window)
{
    return (hw_pcpu() * WINDOWS) + window;
}

/* The PTE was not present, so nothing is to be flushed. */
/* REQ-ISO-015 */
uintptr_t window_open(uint32_t window, hpa_t pa)
{
    const uint32_t index = window_index(window);
    const uint64_t offset = pa % PAGE_SIZE;
    volatile uint64_t *entry = &window_table[index];
    *entry = (pa - offset) | PTE_FLAGS | ((window == WINDOW_DEVICE) ? PTE_UNCACHED : 0U);
    return (uintptr_t)(WINDOW_BASE + ((uint64_t)index * PAGE_SIZE) + offset);
}

void window_close(uint32_t window)
{
    const uint32_t index = window_index(window);
    volatile uint64_t *entry = &window_table[index];
    *entry = 0U;
    asm_invlpg(WINDOW_BASE + ((uint64_t)index * PAGE_SIZE));
}

static uint64_t access_read(uintptr_t at, uint32_t size)
{
    uint64_t value;
    switch (size) {
    case 1U:
        value = *(const volatile uint8_t *)at; /* DEV-004 */
        break;
    case 2U:
        value = *(const volatile uint16_t *)at; /* DEV-004 */
        break;
    case 4U:
        value = *(const volatile uint32_t *)at; /* DEV-004 */
        break;
    default:
        value = *(const volatile uint64_t *)at; /* DEV-004 */
        break;
    }
    return value;
}

static void access_write(uintptr_t at, uint32_t size, uint64_t value)
{
    switch (size) {
    case 1U:
        *(volatile uint8_t *)at = (uint8_t)value; /* DEV-004 */
        break;
    case 2U:
        *(volatile uint16_t *)at = (uint16_t)value; /* DEV-004 */
        break;
    case 4U:
        *(volatile uint32_t *)at = (uint32_t)value; /* DEV-004 */
        break;
    default:
        *(volatile uint64_t *)at = value; /* DEV-004 */
        break;
    }
}

/* No page was present there, so nothing is to be flushed on any core. */
/* REQ-ISO-015 */
static void map_for_good(uint32_t index, hpa_t base, uint32_t pages)
{
    for (uint32_t i = 0U; i < pages; i++) {
        window_table[index + i] = (base + ((uint64_t)i * PAGE_SIZE)) | PTE_FLAGS;
    }
}

void hw_trace_map(hpa_t base, uint32_t pages)
{
    map_for_good(TRACE_INDEX, base, pages);
}

void hw_trace_write(uint32_t offset, uint64_t value)
{
    access_write((uintptr_t)(WINDOW_BASE + ((uint64_t)TRACE_INDEX * PAGE_SIZE) + offset), 8U, value);
}

void hw_crash_map(hpa_t base)
{
    uint32_t leaf[4];
    asm_cpuid(1U, 0U, leaf);
    window_has_clflush = (leaf[3] & CPUID_CLFLUSH) != 0U;
    map_for_good(CRASH_INDEX, base, CRASH_PAGES);
}

static uintptr_t crash_address(uint32_t offset)
{
    return (uintptr_t)(WINDOW_BASE + ((uint64_t)TRACE_INDEX * PAGE_SIZE) + HV_TRACE_SIZE + offset);
}

void hw_crash_write(uint32_t offset, uint64_t value)
{
    access_write(crash_address(offset), 8U, value);
}

/* CLFLUSH is ordered with the stores to its line (Intel SDM 2, CLFLUSH). */
/* REQ-LIF-032 */
void hw_crash_flush(uint32_t offset, uint32_t size)
{
    for (uint32_t i = 0U; i < (HV_CRASH_SIZE / LINE_SIZE); i++) {
        if (window_has_clflush && ((i * LINE_SIZE) < size)) {
            asm_clflush(crash_address(offset + (i * LINE_SIZE)));
        }
    }
}

/* All cores' local APICs are at the same address: each reaches its own. */
void window_apic_map(hpa_t base)
{
    window_table[APIC_INDEX] = base | PTE_FLAGS | PTE_UNCACHED;
}

uint32_t window_apic_read(uint32_t offset)
{
    return (uint32_t)access_read((uintptr_t)(WINDOW_BASE + ((uint64_t)APIC_INDEX * PAGE_SIZE) + offset), 4U);
}

void window_apic_write(uint32_t offset, uint32_t value)
{
    access_write((uintptr_t)(WINDOW_BASE + ((uint64_t)APIC_INDEX * PAGE_SIZE) + offset), 4U, value);
}

uint64_t hw_phys_read(hpa_t pa, uint32_t size)
{
    const uint64_t value = access_read(window_open(WINDOW_SOURCE, pa), size);
    window_close(WINDOW_SOURCE);
    return value;
}

void hw_phys_write(hpa_t pa, uint32_t size, uint64_t value)
{
    access_write(window_open(WINDOW_DEST, pa), size, value);
    window_close(WINDOW_DEST);
}

uint64_t hw_mmio_read(hpa_t pa, uint32_t size)
{
    const uint64_t value = access_read(window_open(WINDOW_DEVICE, pa), size);
    window_close(WINDOW_DEVICE);
    return value;
}

void hw_mmio_write(hpa_t pa, uint32_t size, uint64_t value)
{
    access_write(window_open(WINDOW_DEVICE, pa), size, value);
    window_close(WINDOW_DEVICE);
}

uint64_t window_page_part(hpa_t pa, uint64_t size)
{
    const uint64_t rest = PAGE_SIZE - (pa % PAGE_SIZE);
    return (size < rest) ? size : rest;
}

void hw_phys_copy_in(uint8_t *dst, hpa_t src, uint32_t size)
{
    uint32_t done = 0U;
    while (done < size) {
        const uint64_t part = window_page_part(src + done, size - done);
        memory_copy(address_of(&dst[done]), window_open(WINDOW_SOURCE, src + done), part);
        window_close(WINDOW_SOURCE);
        done += (uint32_t)part;
    }
}

void hw_phys_copy_out(hpa_t dst, const uint8_t *src, uint32_t size)
{
    uint32_t done = 0U;
    while (done < size) {
        const uint64_t part = window_page_part(dst + done, size - done);
        memory_copy(window_open(WINDOW_DEST, dst + done), address_of(&src[done]), part);
        window_close(WINDOW_DEST);
        done += (uint32_t)part;
    }
}
